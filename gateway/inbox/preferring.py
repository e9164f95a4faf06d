"""Preferences by text command: the language, the purposes that alone are wanted, the channel, one's own hours."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from gateway.archive import chats, opt_outs, own_hours
from gateway.inbox import consenting
from gateway.inbox.answers import Recipient
from gateway.inbox.heard import Heard, Reaction, Tools
from gateway.inbox.wished_hours import AtAnyHour, HoursWish, hours_asked
from gateway.kernel import audit
from gateway.outbox import new_openings

_LANGUAGES: Final[Mapping[str, str]] = {
    "英文": "en", "英语": "en", "english": "en", "english please": "en", "in english": "en", "in english please": "en",
    "中文": "zh", "汉语": "zh", "chinese": "zh", "chinese please": "zh", "in chinese": "zh",
}  # fmt: skip
_LANGUAGE: Final = re.compile(
    r"^(?:请|麻烦)?(?:以后|今后)?(?:都|请)?(?:用|发|换成|改成|改用)(?P<which>英文|英语|中文|汉语)(?:的)?(?:短信|通知|消息)?"
    r"(?:发给我|发|写|通知我?)?(?:就行|即可|就好|就可以)?(?:了|吧)?$"
)
_ONLY: Final = re.compile(
    r"^(?:请|我)?(?:以后|今后)?(?:只|仅)(?:要|收|接收|发|需要|想收)(?:送)?"
    r"(?P<what>停电|停复电|停送电|停电复电|电费|账单|欠费)(?:的)?(?:通知|短信|信息|消息|提醒)?(?:就行|即可|就好|就可以)?(?:了)?$"
    r"|^only (?:send (?:me )?)?(?P<english>outage|outages|power cut|bill|bills|billing)(?: (?:texts|messages|notices))?"
    r"(?: please)?$"
)
_PURPOSE: Final[Mapping[str, str]] = {
    "停电": "outage", "停复电": "outage", "停送电": "outage", "停电复电": "outage",
    "电费": "billing", "账单": "billing", "欠费": "billing",
    "outage": "outage", "outages": "outage", "power cut": "outage", "bill": "billing", "bills": "billing",
    "billing": "billing",
}  # fmt: skip


#: Where texts are wanted alone: by SMS, or in a chat of the platform.
_CHANNELS: Final[Mapping[str, str]] = {
    "短信": "sms", "手机短信": "sms", "sms": "sms", "text": "sms", "texts": "sms", "text messages": "sms",
    "微信": "wecom", "企业微信": "wecom", "wechat": "wecom", "电报": "telegram", "telegram": "telegram",
}  # fmt: skip
_CHANNEL: Final = re.compile(
    r"^(?:请|麻烦)?(?:以后|今后)?(?:(?:都|只|仅)(?:用|要|走|收|通过|发到?)|用|走|通过)(?P<where>手机短信|短信|企业微信|微信|电报)"
    r"(?:上)?(?:发给我|发|通知我?|联系我?|就行|即可|就好|就可以)?(?:了|吧)?$"
    r"|^(?:please )?(?:only )?(?:use|by|via|on|send (?:it |them )?(?:by|via|on)) (?:only )?"
    r"(?P<english>sms|texts?|text messages|wechat|telegram)(?: only)?(?: please)?$"
    r"|^(?:please )?only (?P<only>sms|text messages|wechat|telegram)(?: please)?$"
    r"|^(?P<alone>sms|text messages|wechat|telegram) only(?: please)?$"
)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip(" \t\r\n。.!！~,，\"'“”").casefold()


def language_asked(text: str) -> str | None:
    """The language that a text asks for and says nothing else. Pure."""
    plain = _plain(text)
    found = _LANGUAGE.match(plain)
    return _LANGUAGES.get(plain if found is None else found["which"])


def only_wanted(text: str) -> str | None:
    """The purpose that a text says is the only one wanted. Pure."""
    found = _ONLY.match(_plain(text))
    return None if found is None else _PURPOSE[found["what"] or found["english"]]


def channel_asked(text: str) -> str | None:
    """The channel that a text says texts are wanted on: `sms`, or the platform of a chat. Pure."""
    found = _CHANNEL.match(_plain(text))
    return None if found is None else _CHANNELS[next(word for word in found.groups() if word)]


async def react(connection: Any, heard: Heard, tools: Tools) -> Reaction | None:
    """Do what a command asks for; None for any other text."""
    if heard.contact_point_id is None or heard.by_code:
        return None
    if (language := language_asked(heard.text)) is not None:
        return await _speak(connection, heard, language, tools)
    if (purpose := only_wanted(heard.text)) is not None:
        return await _keep_to(connection, heard, purpose, tools)
    if (channel := channel_asked(heard.text)) is not None:
        return await _tell_on(connection, heard, channel, tools)
    if (wish := hours_asked(heard.text)) is not None:
        return await _keep_hours(connection, heard, wish, tools)
    return None


async def _speak(connection: Any, heard: Heard, language: str, tools: Tools) -> Reaction:
    """Write to the accounts of the number, and to the chat that it is said in, in a language from now on."""
    reaction = Reaction(answers=heard.thread.answers.id if heard.thread.answers else None)
    point = heard.contact_point_id
    assert point is not None, "only a number we know has preferences"
    spoken = await chats.speak(connection, point, "zh-CN" if language == "zh" else language)
    rows = await connection.fetch(
        """UPDATE account SET language = $2 WHERE id IN (
             SELECT account_id FROM contact_link
             WHERE contact_point_id = ANY($1::int[]) AND state IN ('unverified', 'verified'))
           RETURNING account_no""",
        await chats.numbers_behind(connection, point),
        language,
    )
    if not rows and not spoken:
        reaction.leave("asks for another language, but no account is reached at the number")
        return reaction
    accounts = sorted(row["account_no"] for row in rows)
    await audit.write(
        connection,
        at=heard.at,
        actor=heard.actor,
        action="language.chosen",
        subject=f"contact_point:{point}",
        after={"language": language, "accounts": accounts, "inbound_id": str(heard.id)},
    )
    reaction.caused("language_chosen", language=language, accounts=accounts)
    return reaction


async def _keep_to(connection: Any, heard: Heard, purpose: str, tools: Tools) -> Reaction:
    """Refuse every purpose but one; confirmed once."""
    reaction = Reaction(answers=heard.thread.answers.id if heard.thread.answers else None)
    point = heard.contact_point_id
    assert point is not None, "only a number we know has preferences"
    stopped = [
        other
        for other in opt_outs.PURPOSES
        if other != purpose
        and await consenting.stop(connection, point, other, at=heard.at, source="reply", actor=heard.actor) is not None
    ]
    if not stopped:
        reaction.caused("already_refused", purpose=f"all but {purpose}")
        return reaction
    reaction.caused("opted_out", purpose=", ".join(stopped))
    refused = await opt_outs.refused(connection, point)
    to = Recipient(number=heard.sender, contact_point_id=point, language=heard.language)
    message = await tools.answers.confirm_refusal(connection, to, stopped, opt_outs.still_sent(refused), heard.at)
    reaction.caused("confirmation_queued", message_id=str(message))
    return reaction


async def _tell_on(connection: Any, heard: Heard, channel: str, tools: Tools) -> Reaction:
    """Tell the person on one channel where a notice leaves it open; confirmed once."""
    reaction = Reaction(answers=heard.thread.answers.id if heard.thread.answers else None)
    assert heard.contact_point_id is not None, "only a number we know has preferences"
    chosen = await chats.want_only(connection, heard.contact_point_id, channel, at=heard.at, actor=heard.actor)
    if not chosen:
        reaction.leave("wants to be told in a chat, but none of theirs is known there: how it is bound")
        return reaction
    reaction.caused("channel_chosen", channel=channel)
    message = await tools.answers.confirm_wish(connection, heard.to, "channel_confirm", {"channel": channel}, heard.at)
    reaction.caused("confirmation_queued", message_id=str(message))
    return reaction


async def _keep_hours(connection: Any, heard: Heard, wish: HoursWish, tools: Tools) -> Reaction:
    """Keep or take back the hours in which the person wants nothing; what waits is put off too. Confirmed once."""
    reaction = Reaction(answers=heard.thread.answers.id if heard.thread.answers else None)
    point = heard.contact_point_id
    assert point is not None, "only a number we know has preferences"
    if isinstance(wish, AtAnyHour):
        points = await own_hours.set_any(connection, point, at=heard.at, actor=heard.actor)
        reaction.caused("hours_taken_back", contact_points=len(points))
        template, values = "hours_any", {}
    else:
        points = await own_hours.set_quiet(
            connection, point, wish.begins, wish.ends, at=heard.at, source=heard.channel, actor=heard.actor
        )
        put_off = await new_openings(connection, points, heard.at)
        values = {"begins": f"{wish.begins:%H:%M}", "ends": f"{wish.ends:%H:%M}"}
        reaction.caused("hours_chosen", quiet=str(wish), messages_put_off=put_off)
        template = "hours_confirm"
    message = await tools.answers.confirm_wish(connection, heard.to, template, values, heard.at)
    reaction.caused("confirmation_queued", message_id=str(message))
    return reaction
