"""Preferences by text command: the language, and the purposes that alone are wanted."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from gateway.archive import opt_outs
from gateway.inbox import consenting
from gateway.inbox.answers import Recipient
from gateway.inbox.heard import Heard, Reaction, Tools
from gateway.kernel import audit

_LANGUAGES: Final[Mapping[str, str]] = {
    "英文": "en", "英语": "en", "english": "en", "english please": "en", "in english": "en", "in english please": "en",
    "中文": "zh", "汉语": "zh", "chinese": "zh", "chinese please": "zh", "in chinese": "zh",
}  # fmt: skip
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


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip(" \t\r\n。.!！~,，\"'“”").casefold()


def language_asked(text: str) -> str | None:
    """The language that a text asks for and says nothing else. Pure."""
    return _LANGUAGES.get(_plain(text))


def only_wanted(text: str) -> str | None:
    """The purpose that a text says is the only one wanted. Pure."""
    found = _ONLY.match(_plain(text))
    return None if found is None else _PURPOSE[found["what"] or found["english"]]


async def react(connection: Any, heard: Heard, tools: Tools) -> Reaction | None:
    """Do what a command asks for; None for any other text."""
    if heard.contact_point_id is None or heard.by_code:
        return None
    if (language := language_asked(heard.text)) is not None:
        return await _speak(connection, heard, language, tools)
    if (purpose := only_wanted(heard.text)) is not None:
        return await _keep_to(connection, heard, purpose, tools)
    return None


async def _speak(connection: Any, heard: Heard, language: str, tools: Tools) -> Reaction:
    """Write to the accounts of the number in a language from now on."""
    reaction = Reaction(answers=heard.thread.answers.id if heard.thread.answers else None)
    rows = await connection.fetch(
        """UPDATE account SET language = $2 WHERE id IN (
             SELECT account_id FROM contact_link WHERE contact_point_id = $1 AND state IN ('unverified', 'verified'))
           RETURNING account_no""",
        heard.contact_point_id,
        language,
    )
    if not rows:
        reaction.leave("asks for another language, but no account is reached at the number")
        return reaction
    accounts = sorted(row["account_no"] for row in rows)
    await audit.write(
        connection,
        at=heard.at,
        actor=heard.actor,
        action="language.chosen",
        subject=f"contact_point:{heard.contact_point_id}",
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
