"""WeCom as a channel of the outbox: application messages, as cards with buttons where the text asks something.

A card that WeCom will not have (an old client, a text too long for it) goes as plain text, whose words say which digit
to answer. WeCom has neither look-ups nor receipts: what it takes, the person has; what is in doubt stays so.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict, deque
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from bots.choices import Choice, CodesOf, callback_data, choices
from bots.wecom.api import NoAnswer, NotConnected, WeComApi
from gateway.outbox.carriers import Accepted, Evidence, Handover, LookUp, Outcome, Refused, Throttled, Unknown

NAME: Final = "wecom"
#: Calls a second that one application may make, kept by the lane.
OVERALL: Final = 20.0
#: To one person: messages in a span of seconds.
QUOTAS: Final = ((30, 60.0), (1000, 3600.0))
_PEOPLE_REMEMBERED: Final = 10_000
_MOST_BUTTONS: Final = 6
#: Characters of a card's text, bytes of a plain one.
_CARD: Final = 400
_PLAIN: Final = 2048


@dataclass(frozen=True, slots=True)
class _Meaning:
    verdict: str
    why: str
    evidence: Evidence = Evidence.NONE


#: What WeCom's error codes mean: `refused` for good, `later` (not taken, to be tried again), `throttled`.
ERROR_CODES: Final = {
    40003: _Meaning("refused", "there is no such person", Evidence.GONE),
    60111: _Meaning("refused", "there is no such person", Evidence.GONE),
    81013: _Meaning("refused", "the person may not use the application", Evidence.GONE),
    82001: _Meaning("refused", "nobody to send it to", Evidence.GONE),
    40008: _Meaning("refused", "this kind of message is not allowed"),
    44004: _Meaning("refused", "the text is empty"),
    45002: _Meaning("refused", "the text is too long"),
    48002: _Meaning("later", "the application may not send"),
    60011: _Meaning("later", "the application may not send"),
    60020: _Meaning("later", "our address is not trusted"),
    40013: _Meaning("later", "the company's id is wrong"),
    45009: _Meaning("throttled", "too many calls"),
    45033: _Meaning("throttled", "too many calls at once"),
    45047: _Meaning("throttled", "too much to one person"),
}
#: Codes that say: the card is not taken, and was not sent.
_NO_CARD: Final = frozenset((40008, 40058, 45002, 84014, 85054))
_WAIT: Final = 60.0


class WeComChannel:
    """A way to people through one application."""

    def __init__(self, api: WeComApi, agent_id: int, codes_of: CodesOf) -> None:
        self._api = api
        self._agent_id = agent_id
        self._codes_of = codes_of
        self._sent: OrderedDict[str, deque[float]] = OrderedDict()

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
        """Send one message: a card where it asks something, else text."""
        if not re.fullmatch(r"[A-Za-z0-9_.@-]{1,64}", handover.to):
            return Refused(code="no_chat", for_good=True, why="this is nobody of WeCom's")
        wait = self._quota(handover.to, time.monotonic())
        if wait > 0:
            return Throttled(after=wait, code="quota", recipient_only=True)
        buttons = [one for row in choices(handover.template, handover.template_version, self._codes_of) for one in row]
        try:
            if buttons and len(buttons) <= _MOST_BUTTONS and len(handover.body) <= _CARD:
                answer = await self._send(handover, card(handover, buttons))
                if answer.get("errcode") not in _NO_CARD:
                    return _outcome(answer)
            if len(handover.body.encode()) > _PLAIN:
                return Refused(code="too_long", for_good=True, why="the text is too long")
            return _outcome(await self._send(handover, {"msgtype": "text", "text": {"content": handover.body}}))
        except NotConnected as error:
            return Refused(code="not_connected", for_good=False, why=str(error))
        except NoAnswer as error:
            return Unknown(why=str(error))

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
        """Nobody can ask WeCom what it has."""
        return Unknown(why="WeCom cannot be asked about a message")

    async def _send(self, handover: Handover, content: dict[str, Any]) -> dict[str, Any]:
        return await self._api.call("message/send", {"touser": handover.to, "agentid": self._agent_id, **content})

    def _quota(self, person: str, now: float) -> float:
        """Seconds until one more may go to a person; counts it where it may go now."""
        sent = self._sent.setdefault(person, deque(maxlen=max(most for most, _ in QUOTAS)))
        self._sent.move_to_end(person)
        while len(self._sent) > _PEOPLE_REMEMBERED:
            self._sent.popitem(last=False)
        for most, span in QUOTAS:
            within = [at for at in sent if now - at < span]
            if len(within) >= most:
                return span - (now - within[-most])
        sent.append(now)
        return 0


def card(handover: Handover, buttons: list[Choice]) -> dict[str, Any]:
    """A card with buttons, which say what the digits say."""
    return {
        "msgtype": "template_card",
        "template_card": {
            "card_type": "button_interaction",
            "main_title": {"title": " ", "desc": handover.body},
            "task_id": handover.message_id.hex,
            "button_list": [
                {"text": one.label[:10], "style": 1, "key": callback_data(handover.message_id, one.code)}
                for one in buttons
            ],
        },
    }


def _outcome(answer: dict[str, Any]) -> Outcome:
    code = int(answer["errcode"])
    if code == 0:
        if answer.get("invaliduser"):
            return Refused(code="invaliduser", for_good=True, why="there is no such person", evidence=Evidence.GONE)
        return Accepted(carrier_id=str(answer.get("msgid") or "-"), delivered=True)
    meaning = ERROR_CODES.get(code)
    if meaning is None:
        # -1 is "busy", which says nothing of what was done; nor does a code that nobody knows.
        return Unknown(why=f"errcode {code}")
    if meaning.verdict == "throttled":
        return Throttled(after=_WAIT, code=str(code))
    return Refused(code=str(code), for_good=meaning.verdict == "refused", why=meaning.why, evidence=meaning.evidence)
