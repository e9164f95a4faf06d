"""Telegram as a channel of the outbox: one `sendMessage` a hand-over, with buttons where the text asks something.

The Bot API has neither idempotency keys nor look-ups: a call whose answer was lost stays in doubt until a person
decides, and is never made again blindly. It sends no receipts either; what it takes is in the chat.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from bots.channel import ChatChannel, Pacing
from bots.choices import CodesOf, callback_data, choices
from bots.pace import Quota
from bots.telegram import NAME
from bots.telegram.api import BotApi, Reply
from gateway.outbox.carriers import Accepted, Evidence, Handover, Outcome, Refused, Throttled, Unknown

#: What Telegram allows: messages a second overall, and to one chat, where it bears short bursts. Messages keep to one
#: a second; the screens of a dialogue, which somebody waits for, use the burst.
OVERALL: Final = 30.0
SCREENS: Final = (Quota(most=3, span=3),)
MESSAGES: Final = (Quota(most=1, span=1), *SCREENS)


@dataclass(frozen=True, slots=True)
class _Meaning:
    status: int
    says: re.Pattern[str]
    for_good: bool
    evidence: Evidence
    why: str


def _means(status: int, says: str, why: str, evidence: Evidence = Evidence.NONE, *, for_good: bool = True) -> _Meaning:
    return _Meaning(status, re.compile(says, re.IGNORECASE), for_good, evidence, why)


#: What the Bot API's refusals mean; the first that fits. Descriptions are all it tells them apart by.
REFUSALS: Final = (
    _means(403, r"blocked by the user", "the person blocked the bot", Evidence.GONE),
    _means(403, r"deactivated", "the account was deleted", Evidence.GONE),
    _means(403, r"", "the bot may not write there", Evidence.GONE),
    _means(400, r"chat not found|user not found|PEER_ID_INVALID", "there is no such chat", Evidence.GONE),
    _means(400, r"", "the message is not allowed"),
    _means(413, r"", "the message is too large"),
    _means(401, r"", "the token is not valid", for_good=False),
    _means(404, r"", "there is no such bot", for_good=False),
)


class TelegramChannel(ChatChannel):
    """A way to people's chats through one bot."""

    def __init__(self, api: BotApi, codes_of: CodesOf, pace: Pacing, name: str = NAME) -> None:
        super().__init__(name, api, pace, MESSAGES, r"-?\d{1,19}")
        self._bot = api
        self._codes_of = codes_of

    async def _send(self, handover: Handover) -> Outcome:
        params: dict[str, Any] = {"chat_id": int(handover.to), "text": handover.body}
        rows = choices(handover.template, handover.template_version, self._codes_of)
        if rows:
            params["reply_markup"] = {
                "inline_keyboard": [
                    [{"text": one.label, "callback_data": callback_data(handover.message_id, one.code)} for one in row]
                    for row in rows
                ]
            }
        return _outcome(await self._bot.call("sendMessage", params), handover.to)


def _outcome(reply: Reply, chat: str) -> Outcome:
    if reply.ok:
        number = reply.result.get("message_id") if isinstance(reply.result, dict) else None
        if not isinstance(number, int):
            return Unknown(why="taken, but the answer names no message")
        return Accepted(carrier_id=f"{chat}:{number}", delivered=True)
    if reply.status == 429 or reply.retry_after is not None:
        return Throttled(after=reply.retry_after or 1.0, code="429")
    for one in REFUSALS:
        if one.status == reply.status and one.says.search(reply.description):
            return Refused(code=str(reply.status), for_good=one.for_good, why=one.why, evidence=one.evidence)
    return Unknown(why=f"http_{reply.status}")
