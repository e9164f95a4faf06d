"""Corrections: the next case with its evidence, decided link by link, a new number proposed, a proof asked for.

Every button of a card names its case and what the card shows of it: whatever has changed since, it is drawn anew and
nothing is done. What is decided is a draft in the conversation until it is carried out, which is asked once more.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from aiogram import F, Router
from aiogram.filters import StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.methods import TelegramMethod
from aiogram.types import CallbackQuery, Message

from bots.telegram.customer.talk import Button
from bots.telegram.staff.duty import Duty, asking, long, masked, quotes_another, short
from gateway.archive.reading.corrections import Correction, CorrectionLink, correction, next_to_decide
from gateway.archive.reading.corrections import to_prove as waiting_for_proof
from gateway.archive.tables import ROLES
from gateway.kernel.acting import require
from gateway.kernel.phones import InvalidPhone, parse

router = Router(name="staff correcting")

_ID: Final = r"[A-Za-z0-9_-]{22}"
_CHECK: Final = r"[A-Za-z0-9_-]{6}"
_UNDECIDED: Final = ("open", "reverted")
#: Links on a page of a card, and contacts that are listed for a proof.
_PAGE: Final = 10
_MOST_PROOFS: Final = 10


class Correcting(StatesGroup):
    """Proposing a number for a case."""

    number = State()


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
    #: Decisions by the place of the link, and numbers with the account that each is for and in which role.
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

    def data(self, kind: str, place: int | None = None) -> str:
        """What a button of the card says."""
        behind = "" if place is None else f":{place}"
        return f"{kind}:{short(self.case.id)}:{self.check}{behind}"


async def _card(state: FSMContext, duty: Duty, case: UUID) -> Card:
    """A case with its draft. What is no draft of this case is none."""
    data = await state.get_data()
    mine = data if data.get("case") == short(case) else {}
    return Card(
        case=await correction(duty.session, case),
        decided=dict(mine.get("decided", {})),
        proposed=[(number, account, (*role, ROLES[0])[0]) for number, account, *role in mine.get("proposed", [])],
        first=mine.get("first", 0),
    )


async def _draft(state: FSMContext, card: Card, **more: Any) -> None:
    kept = {
        "case": short(card.case.id),
        "decided": dict(card.decided),
        "proposed": list(card.proposed),
        "first": card.first,
    }
    await state.set_data(kept | more)


def _evidence(duty: Duty, case: Correction) -> list[str]:
    words = [_plainly(hint.get("words") or hint.get("number") or "") for hint in case.hints]
    return [duty.words("evidence", words=duty.told(one)[:200]) for one in words if one][:6]


def _plainly(said: Any) -> str:
    return "; ".join(map(str, said)) if isinstance(said, list | tuple) else str(said)


def _head(duty: Duty, card: Card) -> list[str]:
    case = card.case
    reason = duty.term("correction_reasons", case.reason)
    lines = [
        duty.words("case", number=masked(case.number or "…"), reason=reason, due=duty.moment(case.due_at)),
        *_evidence(duty, case),
    ]
    for place, link in card.page:
        decision = card.decided.get(str(place)) or link.decision
        lines.append(
            duty.words(
                "link",
                account=link.account_no,
                number=masked(link.number),
                role=duty.term("link_roles", link.role),
                decision=duty.words(decision or "undecided"),
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


def _screen(duty: Duty, card: Card) -> tuple[str, list[list[Button]]]:
    following = [(duty.words("next_case"), f"cs:{short(card.case.id)}")]
    if not card.open:
        return "\n".join([*_head(duty, card), duty.words("case_over")]), [following]
    rows: list[list[Button]] = []
    for place, link in card.page:
        if link.decision is None:
            tail = f"{link.account_no[-4:]}/{link.number[-4:]}"
            rows.append(
                [
                    (f"{duty.words('keep')} {tail}", card.data("ck", place)),
                    (f"{duty.words('revoke')} {tail}", card.data("cr", place)),
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
    return "\n".join(_head(duty, card)), rows


@router.callback_query(F.data == "correction")
@router.callback_query(F.data.regexp(rf"^cs:{_ID}$"))
async def next_case(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """The case that is due first, or the one behind another."""
    require(duty.session, "corrections:decide")
    behind = long((query.data or "")[3:]) if query.data != "correction" else None
    found = await next_to_decide(duty.session, after=behind)
    if found is None:
        return duty.show(query, duty.words("nothing"), [[(duty.words("correction"), "correction")]] if behind else [])
    card = await _card(state, duty, found)
    await _draft(state, card)
    return duty.show(query, *_screen(duty, card))


async def _pressed(query: CallbackQuery, state: FSMContext, duty: Duty) -> tuple[Card, int | None, bool]:
    """The card whose button was pressed, as it is by now; which link; and whether that is what was shown."""
    require(duty.session, "corrections:decide")
    _, case, check, *behind = (query.data or "").split(":")
    card = await _card(state, duty, long(case))
    place = int(behind[0]) if behind else None
    return card, place, card.check == check and card.open


async def _anew(query: CallbackQuery, state: FSMContext, duty: Duty, card: Card) -> list[TelegramMethod[Any]]:
    """What the card showed is not so any more: nothing is done but to show it as it is."""
    await _draft(state, card)
    return duty.show(query, *_screen(duty, card), said=duty.words("card_changed"))


@router.callback_query(F.data.regexp(rf"^c[kr]:{_ID}:{_CHECK}:\d{{1,3}}$"))
async def decide(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """One link is decided; nothing happens before the whole is carried out."""
    card, place, fits = await _pressed(query, state, duty)
    if not fits or place is None or place >= len(card.case.links):
        return await _anew(query, state, duty, card)
    decision = "keep" if (query.data or "").startswith("ck") else "revoke"
    card = replace(card, decided={**card.decided, str(place): decision})
    await _draft(state, card)
    return duty.show(query, *_screen(duty, card))


@router.callback_query(F.data.regexp(rf"^cm:{_ID}:{_CHECK}:\d{{1,3}}$"))
async def further_links(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """Another page of the links."""
    card, place, fits = await _pressed(query, state, duty)
    if not fits or place is None or place >= len(card.case.links):
        return await _anew(query, state, duty, card)
    card = replace(card, first=place)
    await _draft(state, card)
    return duty.show(query, *_screen(duty, card))


@router.callback_query(F.data.regexp(rf"^cn:{_ID}:{_CHECK}(:\d{{1,3}})?$"))
async def propose(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """A new number is asked for, and before that for which account where there are several."""
    card, place, fits = await _pressed(query, state, duty)
    if not fits or (place is not None and place >= len(card.accounts)):
        return await _anew(query, state, duty, card)
    if place is None and len(card.accounts) > 1:
        rows = [[(account, card.data("cn", at))] for at, account in enumerate(card.accounts)]
        return duty.show(query, duty.words("which_of_case"), [*rows, [(duty.words("back_card"), card.data("cb"))]])
    account = card.accounts[place or 0]
    await _draft(state, card, account=account, **asking(query))
    await state.set_state(Correcting.number)
    rows = [[(duty.words("back_card"), card.data("cb"))]]
    return duty.show(query, duty.words("say_number", account=account), rows)


@router.message(StateFilter(Correcting.number), F.text, ~F.text.startswith("/"))
async def proposed(message: Message, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """The number: it is added with the decision, unproven, and asked."""
    require(duty.session, "corrections:decide")
    data = await state.get_data()
    account = data["account"]
    card = await _card(state, duty, long(data["case"]))
    home = [(duty.words("back"), "home")]
    if quotes_another(message, data):
        await _draft(state, card)
        await state.set_state(None)
        text, rows = _screen(duty, card)
        return [duty.say(f"{duty.words('other_quoted')}\n{text}", [*rows, home])]
    try:
        number = parse(message.text or "", duty.rooms.settings.region).e164
    except InvalidPhone:
        # Whoever quotes these words answers the same question, so nothing is asked of quotes from here on.
        await _draft(state, card, account=account)
        return [duty.say(duty.words("no_number", account=account))]
    await state.set_state(None)
    known = {(link.number, link.account_no) for link in card.case.links}
    if (number, account) in known | {(one, of) for one, of, _ in card.proposed}:
        await _draft(state, card)
        text, rows = _screen(duty, card)
        refused = duty.words("there_already", number=masked(number), account=account)
        return [duty.say(f"{refused}\n{text}", [*rows, home])]
    card = replace(card, proposed=[*card.proposed, (number, account, ROLES[0])])
    await _draft(state, card)
    rows = [[(duty.term("link_roles", role), card.data("cw", place))] for place, role in enumerate(ROLES)]
    asked = duty.words("which_role", number=masked(number), account=account)
    return [duty.say(asked, [*rows, [(duty.words("back_card"), card.data("cb"))], home])]


@router.callback_query(F.data.regexp(rf"^cw:{_ID}:{_CHECK}:\d$"))
async def role_given(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """Who the number that was proposed last is for its account."""
    card, place, fits = await _pressed(query, state, duty)
    if not fits or place is None or place >= len(ROLES) or not card.proposed:
        return await _anew(query, state, duty, card)
    number, account, _ = card.proposed[-1]
    card = replace(card, proposed=[*card.proposed[:-1], (number, account, ROLES[place])])
    await _draft(state, card)
    return duty.show(query, *_screen(duty, card))


@router.callback_query(F.data.regexp(rf"^cx:{_ID}:{_CHECK}:\d{{1,3}}$"))
async def take_off(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """A number that was proposed is not proposed any more."""
    card, place, fits = await _pressed(query, state, duty)
    if not fits or place is None or place >= len(card.proposed):
        return await _anew(query, state, duty, card)
    card = replace(card, proposed=[*card.proposed[:place], *card.proposed[place + 1 :]])
    await _draft(state, card)
    return duty.show(query, *_screen(duty, card))


@router.callback_query(F.data.regexp(rf"^cb:{_ID}:{_CHECK}$"))
async def back_to_card(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """The card again."""
    card, _, _ = await _pressed(query, state, duty)
    await _draft(state, card)
    return duty.show(query, *_screen(duty, card))


@router.callback_query(F.data.regexp(rf"^c[ad]:{_ID}:{_CHECK}$"))
async def sure(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """To be carried out, or dropped: what that means is said, and asked once more."""
    card, _, fits = await _pressed(query, state, duty)
    carry_out = (query.data or "").startswith("ca")
    if not fits or (carry_out and not card.whole):
        return await _anew(query, state, duty, card)
    lines = [*_head(duty, card), duty.words("sure_apply" if carry_out else "sure_dismiss")]
    rows = [
        [(duty.words("sure"), card.data("cA" if carry_out else "cD"))],
        [(duty.words("back_card"), card.data("cb"))],
    ]
    return duty.show(query, "\n".join(lines), rows)


@router.callback_query(F.data.regexp(rf"^cA:{_ID}:{_CHECK}$"))
async def apply(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """The decisions are carried out, as the console would."""
    card, _, fits = await _pressed(query, state, duty)
    if not fits or not card.whole:
        return await _anew(query, state, duty, card)
    await duty.rooms.corrections.apply(
        duty.session,
        card.case.id,
        links=[
            Decided(account_no=link.account_no, number=link.number, decision=card.decided[str(place)])
            for place, link in enumerate(card.case.links)
            if str(place) in card.decided
        ],
        new_contacts=[
            Proposed(number=number, account_no=account, role=role) for number, account, role in card.proposed
        ],
        note=None,
        actor=duty.actor,
    )
    await state.clear()
    return duty.show(query, duty.words("kept"), [[(duty.words("correction"), "correction")]])


@router.callback_query(F.data.regexp(rf"^cD:{_ID}:{_CHECK}$"))
async def dismiss(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """The doubt was unfounded."""
    card, _, fits = await _pressed(query, state, duty)
    if not fits:
        return await _anew(query, state, duty, card)
    await duty.rooms.corrections.dismiss(duty.session, card.case.id, note=None, actor=duty.actor)
    await state.clear()
    return duty.show(query, duty.words("kept"), [[(duty.words("correction"), "correction")]])


@router.callback_query(F.data == "to_prove")
async def to_prove(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """Contacts that corrections brought and that nobody has proven."""
    require(duty.session, "corrections:decide")
    rows = [
        [
            (
                duty.words("prove", account=one.account_no, number=masked(one.number)),
                f"cp:{short(one.correction_id)}:{one.account_no[-8:]}:{one.number[-4:]}",
            )
        ]
        for one in await waiting_for_proof(duty.session, limit=_MOST_PROOFS)
    ]
    return duty.show(query, duty.words("to_prove" if rows else "nothing"), rows)


@router.callback_query(F.data.regexp(rf"^cp:{_ID}:\w{{1,8}}:\d{{4}}$"))
async def prove(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """A code is sent to the contact."""
    require(duty.session, "corrections:decide")
    _, case, account, number = (query.data or "").split(":")
    meant = [
        one
        for one in await waiting_for_proof(duty.session, limit=1000)
        if one.correction_id == long(case) and one.account_no.endswith(account) and one.number.endswith(number)
    ]
    if len(meant) != 1:
        # Proven meanwhile; or two end alike, which the console tells apart.
        return duty.tell(query, duty.words("stale"))
    (one,) = meant
    await duty.rooms.proofs.prove(
        duty.session, one.correction_id, account_no=one.account_no, number=one.number, how="code", code=None,
        note=None, actor=duty.actor,
    )  # fmt: skip
    return duty.show(query, duty.words("code_sent"), [[(duty.words("to_prove"), "to_prove")]])
