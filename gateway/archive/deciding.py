"""Checking what a person decided on a correction, before any of it is carried out. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, Protocol, TypeVar

from gateway.archive.tables import ROLES
from gateway.kernel.errors import FieldError, InvalidInput

DECISIONS: Final = ("revoke", "keep", "change_role")


class Decided(Protocol):
    """What is to become of a link: `revoke`, `keep` or `change_role` (with `role`). `number` is E.164."""

    @property
    def account_no(self) -> str: ...
    @property
    def number(self) -> str: ...
    @property
    def decision(self) -> str: ...
    @property
    def role(self) -> str | None: ...


class Proposed(Protocol):
    """A number to be reached instead, as E.164; without `account_no` that of the case."""

    @property
    def number(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def account_no(self) -> str | None: ...


D = TypeVar("D", bound=Decided)


def match(decisions: Sequence[D], listed: Mapping[tuple[str, str], int], settled: Collection[int] = ()) -> dict[int, D]:
    """Decisions by link id. Raises InvalidInput naming each fault and each link left undecided.

    `listed` are the links of the case by (account_no, number); those `settled` in an earlier round need none.
    """
    faults: list[FieldError] = []
    found: dict[int, D] = {}
    for index, decided in enumerate(decisions):
        link = listed.get((decided.account_no, decided.number))
        if link is None:
            faults.append(FieldError(f"links[{index}]", "the case does not list this link", "unknown_link"))
            continue
        if decided.decision not in DECISIONS:
            told = f"one of {', '.join(DECISIONS)}"
            faults.append(FieldError(f"links[{index}].decision", told, "unknown_decision"))
        if decided.decision == "change_role" and decided.role not in ROLES:
            faults.append(FieldError(f"links[{index}].role", f"one of {', '.join(ROLES)}", "unknown_role"))
        if link in found:
            faults.append(FieldError(f"links[{index}]", "this link is decided twice", "decided_twice"))
        found[link] = decided
    faults += [
        FieldError("links", f"undecided: account {account_no}, number {number}", "undecided")
        for (account_no, number), link in sorted(listed.items())
        if link not in found and link not in settled
    ]
    if faults:
        raise InvalidInput("every link that the case lists needs one decision", errors=faults)
    return found


def check_roles(contacts: Sequence[Proposed]) -> None:
    """Raise InvalidInput where a new contact has a role that is none."""
    faults = [
        FieldError(f"new_contacts[{index}].role", f"one of {', '.join(ROLES)}", "unknown_role")
        for index, contact in enumerate(contacts)
        if contact.role not in ROLES
    ]
    if faults:
        raise InvalidInput("a new contact needs a role", errors=faults)
