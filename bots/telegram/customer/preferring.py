"""What the person receives, and where: purposes refused or taken back, chat or SMS."""

from __future__ import annotations

from typing import Any

from aiogram import F, Router
from aiogram.methods import TelegramMethod
from aiogram.types import CallbackQuery

from bots.telegram.customer.menu import with_chat
from bots.telegram.customer.talk import Button, Talk
from gateway.archive import chats, opt_outs, own_hours
from gateway.inbox import resume_purpose, stop_purpose
from gateway.outbox.hours import HoursClass, describe

router = Router(name="preferring")

_HOURS = {
    "billing": HoursClass.ARREARS,
    "outage": HoursClass.OUTAGE,
    "service": HoursClass.SERVICE,
    "advice": HoursClass.ADVICE,
}
#: What a person would write who wants nothing in a span of the day.
_QUIET = {
    "zh-CN": {
        "night": "晚上8点到早上9点别发",
        "late": "晚上10点到早上8点别发",
        "noon": "中午别发",
        "day": "上午9点到下午6点别发",
        "never": "随时都可以发",
    },
    "en": {
        "night": "no texts between 8 pm and 9 am",
        "late": "no texts between 10 pm and 8 am",
        "noon": "no texts at noon",
        "day": "no texts between 9 am and 6 pm",
        "never": "text me any time",
    },
}


async def _screen(query: CallbackQuery, talk: Talk) -> list[TelegramMethod[Any]]:
    refused = await opt_outs.refused(talk.connection, talk.chat.point)
    rows: list[list[Button]] = []
    for purpose in opt_outs.PURPOSES:
        told = purpose not in refused and opt_outs.ALL not in refused
        here = purpose in talk.chat.wants
        rows.append(
            [
                (f"{'✅' if told else '🚫'} {talk.words(purpose)}", f"p:{purpose}:{int(not told)}"),
                (f"{'💬' if here else '✉️'} {talk.words(purpose)}", f"w:{purpose}:{int(not here)}"),
            ]
        )
    rows.append([(talk.words("hours"), "m:hours")])
    rows.append([(talk.words("back"), "m:home")])
    table = talk.rooms.policy.hours()
    hours = {purpose: describe(kind, table).partition(",")[0] for purpose, kind in _HOURS.items()}
    return talk.show(query, f"{talk.words('prefs_are', **hours)}\n{await _own(talk)}", rows)


async def _own(talk: Talk) -> str:
    """When the person wants nothing, as they chose."""
    chosen = await own_hours.quiet(talk.connection, talk.chat.point)
    if chosen is None:
        return talk.words("quiet_none")
    return talk.words("quiet_is", begins=f"{chosen[0]:%H:%M}", ends=f"{chosen[1]:%H:%M}")


@router.callback_query(F.data == "m:prefs")
async def preferences(query: CallbackQuery, talk: Talk) -> list[TelegramMethod[Any]]:
    """What is told and where, with a button each."""
    return await _screen(query, talk)


@router.callback_query(F.data == "m:hours")
async def hours(query: CallbackQuery, talk: Talk) -> list[TelegramMethod[Any]]:
    """When nothing is to be sent: spans to choose from."""
    rows: list[list[Button]] = [[(talk.words(f"quiet_{name}"), f"h:{name}")] for name in _QUIET["zh-CN"]]
    return talk.show(
        query, f"{await _own(talk)}\n{talk.words('which_hours')}", [*rows, [(talk.words("back"), "m:prefs")]]
    )


@router.callback_query(F.data.regexp(r"^h:(night|late|noon|day|never)$"))
async def quiet(query: CallbackQuery, talk: Talk) -> list[TelegramMethod[Any]]:
    """A span is chosen: said as by SMS, so it is kept and confirmed by the same hand."""
    await talk.hear(_QUIET[talk.words.language][(query.data or "")[2:]])
    return talk.show(query, talk.words("taken"), [[(talk.words("back"), "m:prefs")]])


@router.callback_query(F.data.regexp(r"^p:(billing|outage|service|advice):[01]$"))
async def purpose(query: CallbackQuery, talk: Talk) -> list[TelegramMethod[Any]]:
    """Refuse a purpose, or take the refusal back: for the person, at every number and chat."""
    _, name, told = (query.data or "").split(":")
    change = resume_purpose if told == "1" else stop_purpose
    await change(talk.connection, talk.chat.point, name, at=talk.now, source="chat", actor="customer")
    return await _screen(query, talk)


@router.callback_query(F.data.regexp(r"^w:(billing|outage|service|advice):[01]$"))
async def where(query: CallbackQuery, talk: Talk) -> list[TelegramMethod[Any]]:
    """Have a purpose told here, or by SMS."""
    _, name, here = (query.data or "").split(":")
    await chats.want(talk.connection, talk.chat.point, name, here=here == "1", at=talk.now)
    again = await chats.find(talk.connection, talk.chat.platform, talk.chat.address)
    assert again is not None
    return await _screen(query, with_chat(talk, again))
