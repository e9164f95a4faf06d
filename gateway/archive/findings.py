"""Findings of the sweep, decided many at a time: each is its own correction, and carried out as one.

A finding is a case that the sweep opened and nobody has decided yet. Its hints name the links in doubt; what else
the case lists came along with the number or the customer. "Wrong" takes the links in doubt off and keeps the others;
"right" dismisses the case. What needs more than that (a new number, another role) is decided on the case itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.corrections import Corrections
from gateway.archive.reading.corrections import Correction, correction
from gateway.archive.trust.sweeping import ACTOR
from gateway.kernel.acting import needs
from gateway.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound

#: Who opens what is listed here.
OPENED_BY: Final = ACTOR
#: Decided in one go: each is carried out by itself, in one transaction.
MOST: Final = 100

Answer = Literal["wrong", "right"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingDecision:
    """What somebody says of a finding: the number is `wrong` for the accounts in doubt, or all is `right`."""

    id: UUID
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What became of a decision; `error` in words where it could not be carried out and the case stands as it did."""

    id: UUID
    done: bool
    error: str | None = None


@dataclass(frozen=True, slots=True)
class _OfLink:
    account_no: str
    number: str
    decision: str
    role: str | None = None


def in_doubt(case: Correction) -> set[tuple[str, str]]:
    """The links (account, number) that the sweep doubts, of those that the case lists."""
    named = {
        (str(hint.get("account_no")), str(hint.get("number"))) for hint in case.hints if hint.get("kind") == "finding"
    }
    return {(link.account_no, link.number) for link in case.links} & named


class Findings:
    """Decides many findings at once."""

    def __init__(self, corrections: Corrections) -> None:
        self._corrections = corrections

    @needs("corrections:decide")
    async def decide(
        self, session: AsyncSession, decisions: Sequence[FindingDecision], *, note: str | None, actor: str
    ) -> list[Decided]:
        """Carry the decisions out, each or not at all; what became of each, in their order.

        One that cannot be carried out (decided by another meanwhile, accounts of another part) leaves the others
        be. Raises InvalidInput for too many, and for a case that is named twice.
        """
        if len(decisions) > MOST:
            raise InvalidInput(f"{MOST} at a time at most", field="decisions")
        if len({one.id for one in decisions}) < len(decisions):
            raise InvalidInput("a case is named twice", field="decisions")
        done: list[Decided] = []
        for one in decisions:
            try:
                async with session.begin_nested():
                    await self._decide(session, one, note, actor)
            except (InvalidInput, Conflict, NotFound, Forbidden) as error:
                done.append(Decided(id=one.id, done=False, error=str(error)))
            else:
                done.append(Decided(id=one.id, done=True))
        return done

    async def _decide(self, session: AsyncSession, decision: FindingDecision, note: str | None, actor: str) -> None:
        case = await correction(session, decision.id)
        if case.opened_by != OPENED_BY:
            raise NotFound("There is no finding with this id.")
        if case.state != "open":
            raise Conflict(f"a correction that is {case.state} cannot be decided as a finding")
        if decision.answer == "right":
            await self._corrections.dismiss(session, case.id, note=note, actor=actor)
            return
        doubted = in_doubt(case)
        if not doubted:
            raise Conflict("the links that the sweep doubted are gone; look at the case itself")
        links = [
            _OfLink(link.account_no, link.number, "revoke" if (link.account_no, link.number) in doubted else "keep")
            for link in case.links
            if link.decision is None
        ]
        await self._corrections.apply(session, case.id, links=links, new_contacts=[], note=note, actor=actor)
