"""Signing in and out, and the menu of what one's roles may do."""

from __future__ import annotations

from typing import Any, Final

from aiogram import F, Router
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.fsm.context import FSMContext
from aiogram.methods import TelegramMethod
from aiogram.types import CallbackQuery, Message

from bots.telegram.customer.talk import Button
from bots.telegram.staff.duty import PLATFORM, Duty
from bots.telegram.staff.words import StaffWords
from gateway.staff import chat_sign_in

router = Router(name="staff door")

#: What there is, and the scope that it needs; None is for everybody.
_ENTRIES: Final[tuple[tuple[str, str | None], ...]] = (
    ("today", "followups:write"),
    ("ten_days", "followups:write"),
    ("plan", "followups:write"),
    ("signals", "followups:write"),
    ("correction", "corrections:decide"),
    ("to_prove", "corrections:decide"),
    ("broken", "cases:review"),
    ("warnings", "cases:review"),
    ("tasks", "cases:review"),
    ("alerts", None),
)


#: Of these, what goes over the whole utility: nothing for whoever acts for a part of it.
_OF_THE_WHOLE: Final = ("warnings",)


async def _is_nobody(_event: Any, duty: Duty) -> bool:
    return duty.person is None


def _menu(duty: Duty) -> list[list[Button]]:
    rows = [
        [(duty.words(name), name)]
        for name, scope in _ENTRIES
        if (scope is None or duty.me.may(scope)) and (duty.me.acting.whole or name not in _OF_THE_WHOLE)
    ]
    return [*rows, [(duty.words("sign_out"), "sign_out")]]


@router.message(_is_nobody)
async def sign_in(message: Message, duty: Duty) -> list[TelegramMethod[Any]]:
    """Whoever is nobody yet can only show a code, bare or behind `/start`."""
    words = (message.text or "").split()
    code = words[-1] if words else ""
    if not code.isdigit():
        return [duty.say(duty.words("who"))]
    person = await chat_sign_in.sign_in(duty.connection, PLATFORM, duty.chat, code, at=duty.now)
    if person is None:
        return [duty.say(duty.words("wrong_code"))]
    words_now = StaffWords(person.language or duty.words.language)
    signed = Duty(
        session=duty.session, connection=duty.connection, rooms=duty.rooms, chat=duty.chat, person=person, now=duty.now,
        words=words_now,
    )  # fmt: skip
    return [signed.say(f"{words_now('signed_in', name=person.name)}\n{words_now('menu')}", _menu(signed))]


@router.callback_query(_is_nobody)
async def nobody_presses(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """A button of somebody who is not signed in any more does nothing."""
    return duty.tell(query, duty.words("who"))


@router.message(CommandStart())
@router.message(Command("menu"))
async def open_menu(
    _message: Message, state: FSMContext, duty: Duty, command: CommandObject
) -> list[TelegramMethod[Any]]:
    """The menu."""
    await state.clear()
    return [duty.say(duty.words("menu"), _menu(duty))]


@router.callback_query(F.data == "home")
async def back(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """Back to the menu."""
    await state.clear()
    return duty.show(query, duty.words("menu"), _menu(duty), way_back=False)


@router.callback_query(F.data == "sign_out")
async def sign_out(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """Sign out."""
    await state.clear()
    await chat_sign_in.sign_out(duty.connection, PLATFORM, duty.chat, at=duty.now)
    return [*duty.tell(query, duty.words("signed_out")), duty.say(duty.words("signed_out"))]


@router.callback_query(F.data == "-")
async def nothing(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """A cell of the calendar that cannot be chosen."""
    return duty.tell(query, "")
