"""Telegram as a channel of the outbox: one `sendMessage` a hand-over, with buttons where the text asks something.

The Bot API has neither idempotency keys nor look-ups: a call whose answer was lost stays in doubt until a person
decides, and is never made again blindly. It sends no receipts either; what it takes is in the chat.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from bots.choices import CodesOf, callback_data, choices
from bots.telegram import NAME
from bots.telegram.api import BotApi, NoAnswer, NotConnected, Reply
from gateway.outbox.carriers import (
    Accepted,
    Evidence,
    Handover,
    LookUp,
    Outcome,
    Refused,
    Throttled,
    Unknown,
)

#: What Telegram allows: messages a second overall, and to one chat.
OVERALL: Final = 30.0
_EVERY: Final = 1.0
_CHATS_REMEMBERED: Final = 10_000


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


class TelegramChannel:
    """A way to people's chats through one bot."""

    def __init__(self, api: BotApi, codes_of: CodesOf) -> None:
        self._api = api
        self._codes_of = codes_of
        #: When a chat was last written to, the longest ago first.
        self._written: OrderedDict[str, float] = OrderedDict()

    @property
    def name(self) -> str:
        """How lanes and messages name this channel."""
        return NAME

    async def start(self) -> None:
        """Open what is needed."""
        await self._api.start()

    async def close(self) -> None:
        """Let go of every connection."""
        await self._api.close()

    async def hand_over(self, handover: Handover) -> Outcome:
        """Send one message, once."""
        if not re.fullmatch(r"-?\d{1,19}", handover.to):
            return Refused(code="no_chat", for_good=True, why="this is no chat of Telegram's")
        now = time.monotonic()
        since = now - self._written.get(handover.to, float("-inf"))
        if since < _EVERY:
            return Throttled(after=_EVERY - since, code="one_a_second", recipient_only=True)
        self._remember(handover.to, now)
        params: dict[str, Any] = {"chat_id": int(handover.to), "text": handover.body}
        rows = choices(handover.template, handover.template_version, self._codes_of)
        if rows:
            params["reply_markup"] = {
                "inline_keyboard": [
                    [{"text": one.label, "callback_data": callback_data(handover.message_id, one.code)} for one in row]
                    for row in rows
                ]
            }
        try:
            reply = await self._api.call("sendMessage", params)
        except NotConnected as error:
            return Refused(code="not_connected", for_good=False, why=str(error))
        except NoAnswer as error:
            return Unknown(why=str(error))
        return _outcome(reply, handover.to)

    async def look_up(
        self,
        message_id: UUID,
        to: str,
        body: str,
        carrier_id: str | None,
        since: datetime,
        now: datetime,
        taken: Collection[str] = (),
    ) -> LookUp:
        """Nobody can ask the Bot API what it has."""
        return Unknown(why="the Bot API cannot be asked about a message")

    def _remember(self, chat: str, now: float) -> None:
        self._written[chat] = now
        self._written.move_to_end(chat)
        while len(self._written) > _CHATS_REMEMBERED:
            self._written.popitem(last=False)


def _outcome(reply: Reply, chat: str) -> Outcome:
    if reply.ok:
        number = reply.result.get("message_id") if isinstance(reply.result, dict) else None
        if not isinstance(number, int):
            return Unknown(why="taken, but the answer names no message")
        return Accepted(carrier_id=f"{chat}:{number}", delivered=True)
    if reply.status == 429 or reply.retry_after is not None:
        return Throttled(after=reply.retry_after or _EVERY, code="429")
    for one in REFUSALS:
        if one.status == reply.status and one.says.search(reply.description):
            return Refused(code=str(reply.status), for_good=one.for_good, why=one.why, evidence=one.evidence)
    return Unknown(why=f"http_{reply.status}")
