"""Answers to "is it solved?": yes closes the case, no opens it again (domain notes S2.12, §4.1 "Solved?").

The question is open, so short words mean what they answer, whatever they may mean elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final

from gateway.archive.misdirection import DISOWNING
from gateway.cases import asked_by_message, confirm, thank
from gateway.inbox import raising
from gateway.inbox.heard import Heard, Reaction, Tools, quoted

#: The text that asks.
TEMPLATE: Final = "case_progress_closed"
_NO: Final = re.compile(
    r"(?:不|否|没有?|还?没有?(?:解决|修好|弄好|办好|处理好?|好)|没(?:人|谁)来.*|还是(?:老样子|一样|不行)|"
    r"no|nope|not (?:yet|solved|fixed|resolved|done)|still not .*)(?:[,，、 ]*(?:谢谢|thanks?))?",
    re.IGNORECASE,
)
_YES: Final = re.compile(
    r"(?:谢谢?了?[,，!！ ]*)?(?:是|是的|对|对的|嗯|已?经?(?:全部?)?(?:解决|修好|弄好|办好|处理好|搞定)了?|好了|可以了|"
    r"都?好了|没问题了?|yes|yep|(?:it is |it's )?(?:solved|fixed|resolved|done|sorted)(?: now)?)"
    r"(?:[,，、!！。 ]*(?:谢谢|多谢|感谢|辛苦了|thanks?|thank you))*",
    re.IGNORECASE,
)
#: Words that are meant for whoever did the work.
_PRAISE: Final = re.compile(
    r"表扬|点赞|好评|(?:师傅|服务|态度|速度|人员|同志|小哥)[^但就可]{0,6}(?:好|不错|棒|快|及时|辛苦|专业|负责)|"
    r"(?:great|excellent|good|friendly|helpful) (?:service|work|job|crew|team|people)|well done",
    re.IGNORECASE,
)
#: Readings that answer it in words of their own.
_DENYING: Final = frozenset(("false_closure", "repeat_appeal", "not_restored", "complaint", "broken_commitment"))
_AFFIRMING: Final = frozenset(("ack", "restored_confirm"))
QUIET: Final = _AFFIRMING | {"thanks", "comment"}


def solved(text: str, intents: frozenset[str], *, abstained: bool) -> bool | None:
    """Whether an answer says that it is solved; None where it does not say."""
    plain = unicodedata.normalize("NFKC", text).strip(" \t\r\n。.!！~～")
    if _NO.fullmatch(plain):
        return False
    if _YES.fullmatch(plain):
        return True
    if abstained:
        return None
    if intents & _DENYING:
        return False
    pleased = bool(intents & _AFFIRMING or _PRAISE.search(plain))
    return True if pleased and intents <= QUIET else None


async def answer(connection: Any, heard: Heard, tools: Tools) -> tuple[Reaction, set[str]] | None:
    """Take a text as the answer to the question, where it is one; the reaction and the intents that it settles."""
    thread = heard.thread
    # Thanks may have answered it before: words may still speak of it, a digit only answers what is open.
    candidates = (thread.question,) if heard.by_code else (thread.question, thread.about)
    asked = next((one for one in candidates if one is not None and one.template == TEMPLATE), None)
    intents = frozenset(heard.reading.intents)
    if asked is None or heard.reading.urgent:
        return None
    said = solved(heard.text, intents, abstained=heard.reading.abstain)
    if said is not False and intents & set(DISOWNING):
        return None
    case = await asked_by_message(connection, asked.id)
    if case is None:
        return None
    if said is False and case["state"] != "open":
        return await raising.not_solved(connection, heard, tools, case), set(intents)
    if said is True and case["state"] == "asked":
        reaction = Reaction(answers=asked.id)
        await confirm(
            connection,
            case["id"],
            "confirmed",
            words=quoted(heard.text),
            actor=heard.actor,
            at=heard.at,
            inbound_id=heard.id,
        )
        reaction.caused("case_confirmed", id=str(case["id"]))
        if _PRAISE.search(heard.text):
            await thank(
                connection,
                case["id"],
                words=quoted(heard.text),
                inbound_id=heard.id,
                actor=heard.actor,
                at=heard.at,
            )
            reaction.caused("praise_passed_on", id=str(case["id"]))
        return reaction, set(intents)
    return None
