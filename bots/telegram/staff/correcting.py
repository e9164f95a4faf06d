"""Corrections: the next case with its evidence, decided link by link, a new number proposed, a proof asked for.

Whatever has changed since a card (`cards.py`) was drawn, it is drawn anew and nothing is done. What is decided is a
draft in the conversation until it is carried out, which is asked once more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from aiogram import F, Router
from aiogram.filters import StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.methods import TelegramMethod
from aiogram.types import CallbackQuery, Message

from bots.telegram.staff.cards import CHECK, ID, Card, card_of, head, keep, screen
from bots.telegram.staff.duty import Duty, asking, long, masked, quotes_another, short
from gateway.archive.reading.corrections import next_to_decide
from gateway.archive.reading.corrections import to_prove as waiting_for_proof
from gateway.archive.tables import ROLES
from gateway.kernel.acting import require
from gateway.kernel.phones import InvalidPhone, parse

router = Router(name="staff correcting")

#: Contacts that are listed for a proof.
_MOST_PROOFS: Final = 10


class Correcting(StatesGroup):
    """Proposing a number for a case."""

    number = State()


@router.callback_query(F.data == "correction")
@router.callback_query(F.data.regexp(rf"^cs:{ID}$"))
async def next_case(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """The case that is due first, or the one behind another."""
    require(duty.session, "corrections:decide")
    behind = long((query.data or "")[3:]) if query.data != "correction" else None
    found = await next_to_decide(duty.session, after=behind)
    if found is None:
        return duty.show(query, duty.words("nothing"), [[(duty.words("correction"), "correction")]] if behind else [])
    card = await card_of(state, duty, found)
    await keep(state, card)
    return duty.show(query, *await screen(duty, card))


async def _pressed(query: CallbackQuery, state: FSMContext, duty: Duty) -> tuple[Card, int | None, bool]:
    """The card whose button was pressed, as it is by now; which link; and whether that is what was shown."""
    require(duty.session, "corrections:decide")
    _, case, check, *behind = (query.data or "").split(":")
    card = await card_of(state, duty, long(case))
    place = int(behind[0]) if behind else None
    return card, place, card.check == check and card.open


async def _anew(query: CallbackQuery, state: FSMContext, duty: Duty, card: Card) -> list[TelegramMethod[Any]]:
    """What the card showed is not so any more: nothing is done but to show it as it is."""
    await keep(state, card)
    return duty.show(query, *await screen(duty, card), said=duty.words("card_changed"))


@router.callback_query(F.data.regexp(rf"^c[kr]:{ID}:{CHECK}:\d{{1,4}}$"))
async def decide(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """One link is decided; nothing happens before the whole is carried out."""
    card, place, fits = await _pressed(query, state, duty)
    if not fits or place is None or place >= len(card.case.links):
        return await _anew(query, state, duty, card)
    decision = "keep" if (query.data or "").startswith("ck") else "revoke"
    card = replace(card, decided={**card.decided, str(place): decision})
    await keep(state, card)
    return duty.show(query, *await screen(duty, card))


@router.callback_query(F.data.regexp(rf"^ct:{ID}:{CHECK}:\d{{1,4}}(:\d)?$"))
async def other_role(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """One link stays in another role, which is chosen first; nothing happens before the whole is carried out."""
    card, place, fits = await _pressed(query, state, duty)
    chosen = next((int(at) for at in (query.data or "").split(":")[4:]), None)
    if not fits or place is None or place >= len(card.case.links) or (chosen or 0) >= len(ROLES):
        return await _anew(query, state, duty, card)
    link = card.case.links[place]
    if chosen is None:
        rows = [
            [(duty.term("link_roles", role), card.data("ct", place, at))]
            for at, role in enumerate(ROLES)
            if role != link.role
        ]
        asked = duty.words("which_role", number=masked(link.number), account=link.account_no)
        return duty.show(query, asked, [*rows, [(duty.words("back_card"), card.data("cb"))]])
    card = replace(card, decided={**card.decided, str(place): f"change_role:{ROLES[chosen]}"})
    await keep(state, card)
    return duty.show(query, *await screen(duty, card))


@router.callback_query(F.data.regexp(rf"^cm:{ID}:{CHECK}:\d{{1,4}}$"))
async def further_links(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """Another page of the links."""
    card, place, fits = await _pressed(query, state, duty)
    if not fits or place is None or place >= len(card.case.links):
        return await _anew(query, state, duty, card)
    card = replace(card, first=place)
    await keep(state, card)
    return duty.show(query, *await screen(duty, card))


@router.callback_query(F.data.regexp(rf"^cn:{ID}:{CHECK}(:\d{{1,4}})?$"))
async def propose(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """A new number is asked for, and before that for which account where there are several."""
    card, place, fits = await _pressed(query, state, duty)
    if not fits or (place is not None and place >= len(card.accounts)):
        return await _anew(query, state, duty, card)
    if place is None and len(card.accounts) > 1:
        rows = [[(account, card.data("cn", at))] for at, account in enumerate(card.accounts)]
        return duty.show(query, duty.words("which_of_case"), [*rows, [(duty.words("back_card"), card.data("cb"))]])
    account = card.accounts[place or 0]
    await keep(state, card, account=account, **asking(query))
    await state.set_state(Correcting.number)
    rows = [[(duty.words("back_card"), card.data("cb"))]]
    return duty.show(query, duty.words("say_number", account=account), rows)


@router.message(StateFilter(Correcting.number), F.text, ~F.text.startswith("/"))
async def proposed(message: Message, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """The number: it is added with the decision, unproven, and asked."""
    require(duty.session, "corrections:decide")
    data = await state.get_data()
    account = data["account"]
    card = await card_of(state, duty, long(data["case"]))
    home = [(duty.words("back"), "home")]
    if quotes_another(message, data):
        await keep(state, card)
        await state.set_state(None)
        text, rows = await screen(duty, card)
        return [duty.say(f"{duty.words('other_quoted')}\n{text}", [*rows, home])]
    try:
        number = parse(message.text or "", duty.rooms.settings.region).e164
    except InvalidPhone:
        # Whoever quotes these words answers the same question, so nothing is asked of quotes from here on.
        await keep(state, card, account=account)
        return [duty.say(duty.words("no_number", account=account))]
    await state.set_state(None)
    known = {(link.number, link.account_no) for link in card.case.links}
    if (number, account) in known | {(one, of) for one, of, _ in card.proposed}:
        await keep(state, card)
        text, rows = await screen(duty, card)
        refused = duty.words("there_already", number=masked(number), account=account)
        return [duty.say(f"{refused}\n{text}", [*rows, home])]
    card = replace(card, proposed=[*card.proposed, (number, account, ROLES[0])])
    await keep(state, card)
    rows = [[(duty.term("link_roles", role), card.data("cw", place))] for place, role in enumerate(ROLES)]
    asked = duty.words("which_role", number=masked(number), account=account)
    return [duty.say(asked, [*rows, [(duty.words("back_card"), card.data("cb"))], home])]


@router.callback_query(F.data.regexp(rf"^cw:{ID}:{CHECK}:\d$"))
async def role_given(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """Who the number that was proposed last is for its account."""
    card, place, fits = await _pressed(query, state, duty)
    if not fits or place is None or place >= len(ROLES) or not card.proposed:
        return await _anew(query, state, duty, card)
    number, account, _ = card.proposed[-1]
    card = replace(card, proposed=[*card.proposed[:-1], (number, account, ROLES[place])])
    await keep(state, card)
    return duty.show(query, *await screen(duty, card))


@router.callback_query(F.data.regexp(rf"^cx:{ID}:{CHECK}:\d{{1,4}}$"))
async def take_off(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """A number that was proposed is not proposed any more."""
    card, place, fits = await _pressed(query, state, duty)
    if not fits or place is None or place >= len(card.proposed):
        return await _anew(query, state, duty, card)
    card = replace(card, proposed=[*card.proposed[:place], *card.proposed[place + 1 :]])
    await keep(state, card)
    return duty.show(query, *await screen(duty, card))


@router.callback_query(F.data.regexp(rf"^cb:{ID}:{CHECK}$"))
async def back_to_card(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """The card again."""
    card, _, _ = await _pressed(query, state, duty)
    await keep(state, card)
    return duty.show(query, *await screen(duty, card))


@router.callback_query(F.data.regexp(rf"^c[ad]:{ID}:{CHECK}$"))
async def sure(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """To be carried out, or dropped: what that means is said, and asked once more."""
    card, _, fits = await _pressed(query, state, duty)
    carry_out = (query.data or "").startswith("ca")
    if not fits or (carry_out and not card.whole):
        return await _anew(query, state, duty, card)
    lines = [*await head(duty, card), duty.words("sure_apply" if carry_out else "sure_dismiss")]
    rows = [
        [(duty.words("sure"), card.data("cA" if carry_out else "cD"))],
        [(duty.words("back_card"), card.data("cb"))],
    ]
    return duty.show(query, "\n".join(lines), rows)


@router.callback_query(F.data.regexp(rf"^cA:{ID}:{CHECK}$"))
async def apply(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """The decisions are carried out, as the console would."""
    card, _, fits = await _pressed(query, state, duty)
    if not fits or not card.whole:
        return await _anew(query, state, duty, card)
    await duty.rooms.corrections.apply(
        duty.session,
        card.case.id,
        links=card.decisions(),
        new_contacts=card.contacts(),
        note=None,
        actor=duty.actor,
    )
    await state.clear()
    return duty.show(query, duty.words("kept"), [[(duty.words("correction"), "correction")]])


@router.callback_query(F.data.regexp(rf"^cD:{ID}:{CHECK}$"))
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


@router.callback_query(F.data.regexp(rf"^cp:{ID}:\w{{1,8}}:\d{{4}}$"))
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
