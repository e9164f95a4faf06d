"""Binding a chat to the number that its person holds: shared, proven by a code, or by a link from an SMS."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final

from aiogram import F, Router
from aiogram.filters import CommandObject, CommandStart, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.methods import SendMessage, TelegramMethod
from aiogram.types import (
    CallbackQuery,
    KeyboardButton,
    Message,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

from bots import binding
from bots.telegram.customer import menu
from bots.telegram.customer.hearing import hear_words
from bots.telegram.customer.talk import Talk
from gateway.archive import chats
from gateway.archive.proving import MOST_TRIES, figures

router = Router(name="binding")

#: What may be meant as a telephone number, and as a code. Anything else that is written meanwhile is heard.
_NUMBER: Final = re.compile(r"\+?[\d\s()./-]{7,25}")
_CODE: Final = re.compile(r"[\d\s-]{4,12}")
_CODE_DIGITS: Final = range(4, 9)


class Bind(StatesGroup):
    """Binding by a code: which number, then the code that was sent there."""

    number = State()
    code = State()


def how_to(talk: Talk, text: str) -> list[TelegramMethod[Any]]:
    """Offer the ways to bind: a keyboard that shares the number, a button for the code; and what needs no binding."""
    share = ReplyKeyboardMarkup(
        keyboard=[[KeyboardButton(text=talk.words("share"), request_contact=True)]],
        resize_keyboard=True,
        one_time_keyboard=True,
    )
    return [
        SendMessage(chat_id=talk.id, text=text, reply_markup=share),
        talk.say(talk.words("how_to_bind"), menu.unbound(talk)),
    ]


@router.message(CommandStart(deep_link=True))
async def by_link(
    _message: Message, command: CommandObject, state: FSMContext, talk: Talk
) -> list[TelegramMethod[Any]]:
    """`/start TOKEN`: the link that an SMS brought proves the number that the SMS went to."""
    await state.clear()
    phone = await chats.redeem_link(talk.connection, command.args or "", at=talk.now)
    if phone is None:
        return how_to(talk, talk.words("link_over")) if not talk.chat.phones else [*menu.home(talk)]
    return await _bound(talk, phone, "link")


@router.message(CommandStart())
async def start(_message: Message, state: FSMContext, talk: Talk) -> list[TelegramMethod[Any]]:
    """`/start`: the menu, or how to bind."""
    await state.clear()
    return menu.home(talk) if talk.chat.phones else how_to(talk, talk.words("hello"))


@router.message(F.contact)
async def shared(message: Message, state: FSMContext, talk: Talk) -> list[TelegramMethod[Any]]:
    """A contact was shared: only the sharer's own number counts, for which Telegram vouches by his id."""
    assert message.contact is not None
    if message.from_user is None or message.contact.user_id != message.from_user.id or message.forward_origin:
        return how_to(talk, talk.words("foreign_contact"))
    await state.clear()
    number = message.contact.phone_number
    phone = await binding.known_number(talk.connection, f"+{number.lstrip('+')}", talk.rooms)
    if phone is None:
        return [
            SendMessage(
                chat_id=talk.id,
                text=talk.words("unknown_number"),
                reply_markup=ReplyKeyboardRemove(remove_keyboard=True),
            )
        ]
    return await _bound(talk, phone.point, "contact")


async def _bound(talk: Talk, phone: int, how: str) -> list[TelegramMethod[Any]]:
    new = await chats.bind(talk.connection, talk.chat.point, phone, how=how, at=talk.now)
    again = await chats.find(talk.connection, talk.chat.platform, talk.chat.address)
    assert again is not None
    bound = menu.with_chat(talk, again)
    count = len(await bound.accounts())
    text = bound.words("bound", count=count) if new else bound.words("bound_already")
    return [
        SendMessage(chat_id=talk.id, text=text, reply_markup=ReplyKeyboardRemove(remove_keyboard=True)),
        *menu.home(bound),
    ]


@router.callback_query(F.data == "b:code")
async def by_code(query: CallbackQuery, state: FSMContext, talk: Talk) -> list[TelegramMethod[Any]]:
    """Binding by a code begins."""
    await state.clear()
    await state.set_state(Bind.number)
    return [talk.tell(query, ""), talk.say(talk.words("which_number"))]


def _plain(message: Message) -> str:
    return unicodedata.normalize("NFKC", message.text or "").strip()


@router.message(StateFilter(Bind.number), F.text, ~F.text.startswith("/"))
async def number_given(message: Message, state: FSMContext, talk: Talk) -> list[TelegramMethod[Any]]:
    """The number to prove; what is answered does not tell whether anybody knows it.

    Words are heard: whoever is in danger is heard before he is known.
    """
    if not _NUMBER.fullmatch(_plain(message)):
        return [*await hear_words(message, talk), talk.say(talk.words("type_number"))]
    asked = await binding.ask_for_code(talk.connection, talk.rooms, talk.chat, message.text or "", now=talk.now)
    if asked == "not_a_number":
        return [talk.say(talk.words("not_a_number"))]
    if asked == "too_many":
        await state.clear()
        return [talk.say(talk.words("too_many_codes"))]
    await state.set_state(Bind.code)
    return [talk.say(talk.words("code_sent"))]


@router.message(StateFilter(Bind.code), F.text, ~F.text.startswith("/"))
async def code_given(message: Message, state: FSMContext, talk: Talk) -> list[TelegramMethod[Any]]:
    """The code that the number was sent. Words are heard, and use up no try."""
    typed = _plain(message)
    if not _CODE.fullmatch(typed) or sum(map(str.isdigit, typed)) not in _CODE_DIGITS:
        return [*await hear_words(message, talk), talk.say(talk.words("type_code"))]
    code = next(iter(figures(re.sub(r"[\s-]", "", typed))), "")
    phone, _ = await chats.redeem_code(talk.connection, talk.chat.point, code, at=talk.now)
    if phone is not None:
        await state.clear()
        return await _bound(talk, phone, "code")
    tries = (await state.get_data()).get("tries", 0) + 1
    await state.update_data(tries=tries)
    # The same for a number that nobody was sent a code at.
    if tries < MOST_TRIES:
        return [talk.say(talk.words("wrong_code"))]
    await state.clear()
    return [talk.say(talk.words("code_over")), *how_to(talk, talk.words("how_to_bind"))]
