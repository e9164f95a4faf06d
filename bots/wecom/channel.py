"""WeCom as a channel of the outbox: application messages, as cards with buttons where the text asks something.

A text longer than a card shows, and a card that WeCom will not have (an old client), goes as plain text, whose words
say which digit to answer. WeCom has neither look-ups nor receipts: what it takes, the person has; what is in doubt
stays so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from bots.channel import ChatChannel, Pacing
from bots.choices import Choice, CodesOf, callback_data, choices
from bots.pace import Quota
from bots.wecom.api import WeComApi
from gateway.outbox.carriers import Accepted, Evidence, Handover, Outcome, Refused, Throttled, Unknown

NAME: Final = "wecom"
#: Calls a second that one application may make, kept by the lane.
OVERALL: Final = 20.0
#: What one application may send to one person.
QUOTAS: Final = (Quota(most=30, span=60), Quota(most=1000, span=3600))
_MOST_BUTTONS: Final = 6
#: Characters that a card shows of its text and on a button, bytes of a plain text.
_CARD: Final = 160
_LABEL: Final = 20
_PLAIN: Final = 2048
#: What stands above a card's text.
_TITLE: Final = {"zh": "请选择", "en": "Please choose"}


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
#: The code that says one person had too much, while everybody else may be told.
_ONE_PERSON: Final = 45047


class WeComChannel(ChatChannel):
    """A way to people through one application."""

    def __init__(self, api: WeComApi, agent_id: int, codes_of: CodesOf, pace: Pacing) -> None:
        super().__init__(NAME, api, pace, QUOTAS, r"[A-Za-z0-9_.@-]{1,64}")
        self._application = api
        self._agent_id = agent_id
        self._codes_of = codes_of

    async def _send(self, handover: Handover) -> Outcome:
        buttons = [one for row in choices(handover.template, handover.template_version, self._codes_of) for one in row]
        if (
            buttons
            and len(buttons) <= _MOST_BUTTONS
            and len(handover.body) <= _CARD
            and all(len(one.label) <= _LABEL for one in buttons)
        ):
            answer = await self._call(handover, card(handover, buttons, self._title(handover)))
            if answer.get("errcode") not in _NO_CARD:
                return _outcome(answer)
        if len(handover.body.encode()) > _PLAIN:
            return Refused(code="too_long", for_good=True, why="the text is too long")
        return _outcome(await self._call(handover, {"msgtype": "text", "text": {"content": handover.body}}))

    def _title(self, handover: Handover) -> str:
        found = self._codes_of(handover.template, handover.template_version)
        return _TITLE["zh" if found is None or found[1].startswith("zh") else "en"]

    async def _call(self, handover: Handover, content: dict[str, Any]) -> dict[str, Any]:
        params = {"touser": handover.to, "agentid": self._agent_id, **content}
        return await self._application.call("message/send", params)


def card(handover: Handover, buttons: list[Choice], title: str) -> dict[str, Any]:
    """A card with buttons, which say what the digits say."""
    return {
        "msgtype": "template_card",
        "template_card": {
            "card_type": "button_interaction",
            "main_title": {"title": title},
            "sub_title_text": handover.body,
            "task_id": handover.message_id.hex,
            "button_list": [
                {"text": one.label, "style": 1, "key": callback_data(handover.message_id, one.code)} for one in buttons
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
        return Throttled(after=_WAIT, code=str(code), recipient_only=code == _ONE_PERSON)
    return Refused(code=str(code), for_good=meaning.verdict == "refused", why=meaning.why, evidence=meaning.evidence)
