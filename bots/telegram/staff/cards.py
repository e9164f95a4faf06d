"""A card of a correction: the case with its evidence, and what is decided and proposed but not carried out.

Every button of a card names its case and what the card shows of it, so that one of another time is known as such.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from aiogram.fsm.context import FSMContext

from bots.telegram.customer.talk import Button
from bots.telegram.staff.duty import Duty, masked, short
from gateway.archive.reading.case_files import case_evidence
from gateway.archive.reading.corrections import Correction, CorrectionLink, correction
from gateway.archive.tables import ROLES

#: Of a case, and what a card showed of it, as a button names them.
ID: Final = r"[A-Za-z0-9_-]{22}"
CHECK: Final = r"[A-Za-z0-9_-]{6}"
_UNDECIDED: Final = ("open", "reverted")
#: Links on a page of a card, lines of evidence, and characters of each.
_PAGE: Final = 10
_MOST_HINTS: Final = 6
_MOST_SIGNS: Final = 4
_LONGEST: Final = 200
#: What somebody named as the right contact: it stands on the card as a proposal.
_NAMED: Final = "new_contact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What is to become of a link."""

    account_no: str
    number: str
    decision: str
    role: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A number to be reached instead."""

    number: str
    role: str
    account_no: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A case as a card shows it: the case, and what is decided and proposed but not carried out."""

    case: Correction
    #: Decisions by the place of the link (`keep`, `revoke`, `change_role:tenant`), and numbers with the account that
    #: each is for and in which role.
    decided: Mapping[str, str]
    proposed: Sequence[tuple[str, str, str]]
    #: From which link on it shows them.
    first: int = 0

    @property
    def open(self) -> bool:
        """Whether it waits for a decision."""
        return self.case.state in _UNDECIDED

    @property
    def whole(self) -> bool:
        """Whether every link is decided."""
        return all(link.decision or str(place) in self.decided for place, link in enumerate(self.case.links))

    @property
    def accounts(self) -> list[str]:
        """The accounts that the case concerns, each once."""
        listed = [link.account_no for link in self.case.links]
        return list(dict.fromkeys([*([self.case.account_no] if self.case.account_no else []), *listed]))

    @property
    def check(self) -> str:
        """Six characters that are others when anything is other than the card shows."""
        links = [(link.account_no, link.number, link.role, link.state, link.decision) for link in self.case.links]
        shown = json.dumps([self.case.state, links, sorted(self.decided.items()), list(self.proposed)])
        return urlsafe_b64encode(hashlib.sha256(shown.encode()).digest()).decode()[:6]

    @property
    def page(self) -> list[tuple[int, CorrectionLink]]:
        """The links that it shows, with their places."""
        return list(enumerate(self.case.links))[self.first : self.first + _PAGE]

    def data(self, kind: str, place: int | None = None, choice: int | None = None) -> str:
        """What a button of the card says."""
        behind = "".join("" if one is None else f":{one}" for one in (place, choice))
        return f"{kind}:{short(self.case.id)}:{self.check}{behind}"

    def decisions(self) -> list[Decided]:
        """What is decided, as it is carried out."""
        found = []
        for place, link in enumerate(self.case.links):
            if str(place) in self.decided:
                decision, _, role = self.decided[str(place)].partition(":")
                found.append(
                    Decided(account_no=link.account_no, number=link.number, decision=decision, role=role or None)
                )
        return found

    def contacts(self) -> list[Proposed]:
        """What is proposed, as it is carried out."""
        return [Proposed(number=number, account_no=account, role=role) for number, account, role in self.proposed]


async def card_of(state: FSMContext, duty: Duty, case: UUID) -> Card:
    """A case with its draft. What is no draft of this case is none: then it proposes what somebody named."""
    data = await state.get_data()
    found = await correction(duty.session, case)
    if data.get("case") != short(case):
        return Card(case=found, decided={}, proposed=_named(found))
    return Card(
        case=found,
        decided=dict(data.get("decided", {})),
        proposed=[(number, account, (*role, ROLES[0])[0]) for number, account, *role in data.get("proposed", [])],
        first=data.get("first", 0),
    )


async def keep(state: FSMContext, card: Card, **more: Any) -> None:
    """Keep the draft of a card, and what else the dialogue knows."""
    kept = {
        "case": short(card.case.id),
        "decided": dict(card.decided),
        "proposed": list(card.proposed),
        "first": card.first,
    }
    await state.set_data(kept | more)


def _named(case: Correction) -> list[tuple[str, str, str]]:
    """The contacts that were named for accounts of the case, each once, which are not among its links."""
    accounts = {link.account_no for link in case.links} | {case.account_no}
    known = {(link.number, link.account_no) for link in case.links}
    named: dict[tuple[str, str], str] = {}
    for hint in case.hints:
        number, account = str(hint.get("number") or ""), str(hint.get("account_no") or "")
        if hint.get("kind") == _NAMED and account in accounts and number and (number, account) not in known:
            role = str(hint.get("role"))
            named.setdefault((number, account), role if role in ROLES else ROLES[0])
    return [(number, account, role) for (number, account), role in named.items()]


async def _evidence(duty: Duty, case: Correction) -> list[str]:
    """What was said and found: of other accounts than those of the case nothing, they may be another part's."""
    near = {link.account_no for link in case.links} | {case.account_no}
    lines = []
    for hint in case.hints:
        if hint.get("kind") == _NAMED or not (hint.get("account_no") is None or hint["account_no"] in near):
            continue
        named = [str(hint.get("account_no") or ""), masked(str(hint["number"])) if hint.get("number") else ""]
        said = duty.told(_plainly(hint.get("words") or "")) or " ".join(filter(None, named))
        lines.append((duty.term("hint_kinds", str(hint.get("kind"))), said))
    lines = lines[:_MOST_HINTS]
    for sign in (await case_evidence(duty.session, case.id))[:_MOST_SIGNS]:
        words = sign.evidence.get("words")
        said = f"{duty.moment(sign.at)} {duty.told(_plainly(words)) if words else ''}".strip()
        lines.append((duty.term("signal_kinds", sign.kind), said))
    return [duty.words("evidence", kind=kind, words=said[:_LONGEST]) for kind, said in lines]


def _plainly(said: Any) -> str:
    return "; ".join(map(str, said)) if isinstance(said, list | tuple) else str(said)


async def head(duty: Duty, card: Card) -> list[str]:
    """What a card says: the case, its evidence, the links of its page, what is proposed."""
    case = card.case
    reason = duty.term("correction_reasons", case.reason)
    lines = [
        duty.words("case", number=masked(case.number or "…"), reason=reason, due=duty.moment(case.due_at)),
        *await _evidence(duty, case),
    ]
    for place, link in card.page:
        decision, _, role = (card.decided.get(str(place)) or link.decision or "undecided").partition(":")
        said = duty.words(decision)
        lines.append(
            duty.words(
                "link",
                account=link.account_no,
                number=masked(link.number),
                role=duty.term("link_roles", link.role),
                decision=f"{said} → {duty.term('link_roles', role)}" if role else said,
            )
        )
    lines += [
        duty.words("proposed", number=masked(number), account=account, role=duty.term("link_roles", role))
        for number, account, role in card.proposed
    ]
    if len(case.links) > _PAGE:
        left = sum(not link.decision and str(place) not in card.decided for place, link in enumerate(case.links))
        last = card.first + len(card.page)
        lines.append(duty.words("page_of_links", first=card.first + 1, last=last, count=len(case.links), left=left))
    return lines


async def screen(duty: Duty, card: Card) -> tuple[str, list[list[Button]]]:
    """A card with its buttons."""
    text = "\n".join(await head(duty, card))
    following = [(duty.words("next_case"), f"cs:{short(card.case.id)}")]
    if not card.open:
        return f"{text}\n{duty.words('case_over')}", [following]
    rows: list[list[Button]] = []
    for place, link in card.page:
        if link.decision is None:
            tail = f"{link.account_no[-4:]}/{link.number[-4:]}"
            rows.append(
                [
                    (f"{duty.words('keep')} {tail}", card.data("ck", place)),
                    (f"{duty.words('revoke')} {tail}", card.data("cr", place)),
                    (duty.words("change_role"), card.data("ct", place)),
                ]
            )
    if len(card.case.links) > _PAGE:
        further = card.first + _PAGE if card.first + _PAGE < len(card.case.links) else 0
        rows.append([(duty.words("more_links"), card.data("cm", further))])
    for place, (number, _, _) in enumerate(card.proposed):
        rows.append([(duty.words("take_off", tail=f"…{number[-4:]}"), card.data("cx", place))])
    if card.accounts:
        rows.append([(duty.words("propose"), card.data("cn"))])
    if card.whole:
        rows.append([(duty.words("apply"), card.data("ca"))])
    rows.append([(duty.words("dismiss"), card.data("cd"))])
    rows.append(following)
    return text, rows
