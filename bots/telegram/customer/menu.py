"""The customer bot's menu and its screens. Each reads what is so at this moment, and changes through the house's use
cases."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Final

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.methods import TelegramMethod
from aiogram.types import CallbackQuery, Message

from bots import binding, desk
from bots.choices import CodesOf, callback_data, choices, codes_in
from bots.telegram.customer.talk import Button, Talk
from gateway.archive import chats
from gateway.archive.chats import ChatRow
from gateway.outbox import give_up_at

router = Router(name="menu")

#: The menu, row by row: the words of each button, which name its screen too.
_ROWS = (
    ("accounts", "bills"),
    ("outages", "rate"),
    ("report", "hazard"),
    ("person", "prefs"),
    ("not_mine", "unbind"),
    ("language",),
)


def with_chat(talk: Talk, chat: ChatRow) -> Talk:
    """The same step, with the chat as it is by now."""
    return replace(talk, chat=chat, words=binding.words_for(chat, talk.words.language[:2], talk.rooms))


def _menu(talk: Talk) -> list[list[Button]]:
    return [[(talk.words(name), f"m:{name}") for name in row] for row in _ROWS]


def unbound(talk: Talk) -> list[list[Button]]:
    """What there is for whoever is not bound: the code, what is heard from anybody, the other language."""
    heard = [(talk.words(name), f"m:{name}") for name in ("report", "hazard", "person")]
    return [[(talk.words("by_code"), "b:code")], heard[:2], heard[2:], [(talk.words("language"), "m:language")]]


def home(talk: Talk) -> list[TelegramMethod[Any]]:
    """The menu as a new message."""
    return [talk.say(talk.words("menu"), _menu(talk))]


def _back(talk: Talk) -> list[Button]:
    return [(talk.words("back"), "m:home")]


@router.message(Command("menu"))
async def open_menu(_message: Message, state: FSMContext, talk: Talk) -> list[TelegramMethod[Any]]:
    """`/menu`."""
    await state.clear()
    return home(talk) if talk.chat.phones else [talk.say(talk.words("not_bound")), talk.say("/start")]


@router.callback_query(F.data == "m:home")
async def back_home(query: CallbackQuery, state: FSMContext, talk: Talk) -> list[TelegramMethod[Any]]:
    """Back to the menu."""
    await state.clear()
    if not talk.chat.phones:
        return talk.show(query, talk.words("hello"), unbound(talk))
    return talk.show(query, talk.words("menu"), _menu(talk))


@router.callback_query(F.data == "m:language")
async def other_language(query: CallbackQuery, talk: Talk) -> list[TelegramMethod[Any]]:
    """The other language, from now on."""
    language = "en" if talk.words.language == "zh-CN" else "zh-CN"
    await chats.speak(talk.connection, talk.chat.point, language)
    talk = with_chat(talk, replace(talk.chat, language=language))
    if talk.chat.phones:
        return talk.show(query, talk.words("menu"), _menu(talk))
    return talk.show(query, talk.words("hello"), unbound(talk))


#: Buttons that are heard from anybody: whoever tells of danger or of a fault is not asked first who he is.
_FROM_ANYBODY: Final = ("m:hazard", "m:report", "m:person")


async def _nobody_here(query: CallbackQuery, talk: Talk) -> bool:
    return not talk.chat.phones and query.data not in _FROM_ANYBODY


@router.callback_query(_nobody_here)
async def not_bound(query: CallbackQuery, talk: Talk) -> list[TelegramMethod[Any]]:
    """Whoever has unlinked sees and changes nothing any more, whatever button is still there."""
    return [talk.tell(query, talk.words("not_bound"))]


@router.callback_query(F.data == "m:accounts")
async def accounts(query: CallbackQuery, talk: Talk) -> list[TelegramMethod[Any]]:
    """The accounts that the chat's numbers stand for, masked."""
    lines = [
        talk.words("account", tail=one.tail, holder=one.holder, address=one.address) for one in await talk.accounts()
    ]
    rows = [[(talk.words("another_number"), "b:code")], _back(talk)]
    return talk.show(query, "\n".join(lines) or talk.words("no_accounts"), rows)


@router.callback_query(F.data == "m:bills")
async def bills(query: CallbackQuery, talk: Talk) -> list[TelegramMethod[Any]]:
    """What is owed, account by account."""
    seen = await talk.accounts()
    lines = await desk.bills_in_words(talk.connection, seen, talk.words)
    return talk.show(query, "\n".join(lines) or talk.words("no_accounts"), [_back(talk)])


@router.callback_query(F.data == "m:outages")
async def outages(query: CallbackQuery, talk: Talk) -> list[TelegramMethod[Any]]:
    """Outages at the chat's addresses, in the words of the texts about them, and where they are told."""
    said: list[str] = []
    for one in await talk.accounts():
        known = await talk.rooms.tools.outages.known(talk.connection, [one.id], talk.now)
        if known is None:
            continue
        text = talk.rooms.tools.outages.say(known, talk.words.language, talk.now)
        template = talk.rooms.wording.named(text.template, talk.words.language)
        words = template.fill(text.values, talk.rooms.settings.zone)
        if words not in said:
            said.append(words)
    here = "outage" in talk.chat.wants
    subscribe = (talk.words("unsubscribe"), "w:outage:0") if here else (talk.words("subscribe"), "w:outage:1")
    return talk.show(query, "\n\n".join(said) or talk.words("no_outage"), [[subscribe], _back(talk)])


@router.callback_query(F.data == "m:rate")
async def rate(query: CallbackQuery, talk: Talk) -> list[TelegramMethod[Any]]:
    """The newest survey that waits for an answer, whether it went here or by SMS."""
    asked = await desk.survey(talk.connection, talk.chat.point, talk.now)
    if asked is None:
        return talk.show(query, talk.words("nothing_to_rate"), [_back(talk)])
    rows = [
        [(one.label, callback_data(asked.id, one.code)) for one in row]
        for row in choices(asked.template, asked.version, codes_of(talk))
    ]
    return talk.show(query, asked.body, [*rows, _back(talk)])


def codes_of(talk: Talk) -> CodesOf:
    """How the codes of a text of the house are found."""
    return partial(codes_in, talk.rooms.wording)


@router.callback_query(F.data == "m:unbind")
async def sure_to_unbind(query: CallbackQuery, talk: Talk) -> list[TelegramMethod[Any]]:
    """Unlinking, asked once more."""
    return talk.show(query, talk.words("sure_unbind"), [[(talk.words("yes"), "m:unbind!")], _back(talk)])


@router.callback_query(F.data == "m:unbind!")
async def unbind(query: CallbackQuery, talk: Talk) -> list[TelegramMethod[Any]]:
    """Unlink: what waits for this chat goes on by SMS where it may."""
    await chats.unbind(talk.connection, talk.chat.point, why="asked for in the chat", actor="customer", at=talk.now)
    await give_up_at(
        talk.connection, talk.chat.point, code="unbound", at=talk.now, words="the chat was unlinked by its person"
    )
    return talk.show(query, talk.words("unbound"))
