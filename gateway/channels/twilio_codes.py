"""What Twilio's codes and statuses mean for us: its error dictionary, and the states of its Messages resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple
from uuid import UUID

from gateway.outbox.carriers import Evidence, Receipt, ReceiptState


class Meaning(NamedTuple):
    """What one of Twilio's error codes means for us."""

    #: `refused`: this message will never go; `later`: it may go once something is put right, on our
    #: side or theirs; `throttled`: too much at once.
    verdict: Literal["refused", "later", "throttled"]
    evidence: Evidence
    why: str


_NONE = Evidence.NONE
#: Twilio asks that nobody programs on codes, for causes get re-coded: so they are evidence to weigh.
ERROR_CODES: Final[Mapping[str, Meaning]] = {
    "14107": Meaning("throttled", _NONE, "sending too fast"),
    "20003": Meaning("later", _NONE, "our credentials are refused"),
    "20005": Meaning("later", _NONE, "our account is not active"),
    "20404": Meaning("later", _NONE, "no such account or resource"),
    "20429": Meaning("throttled", _NONE, "too many requests"),
    "20500": Meaning("later", _NONE, "an error of Twilio's own"),
    "21211": Meaning("refused", Evidence.MALFORMED, "not a valid number"),
    "21408": Meaning("refused", _NONE, "our account may not send to that region"),
    "21602": Meaning("refused", _NONE, "the text is empty"),
    "21606": Meaning("later", _NONE, "our sender may not be used for this"),
    "21608": Meaning("refused", _NONE, "a trial account sends to verified numbers only"),
    "21609": Meaning("later", _NONE, "our status callback is not a valid address"),
    "21610": Meaning("refused", Evidence.OPTED_OUT, "the person has opted out with the carrier"),
    "21611": Meaning("throttled", _NONE, "the sender's queue is full"),
    "21612": Meaning("refused", _NONE, "no route from our sender to that number"),
    "21614": Meaning("refused", Evidence.NO_SMS, "not a mobile number"),
    "21617": Meaning("refused", _NONE, "the text is longer than 1,600 characters"),
    "21635": Meaning("refused", Evidence.NO_SMS, "a landline"),
    "30001": Meaning("later", _NONE, "the carrier's queue overflowed"),
    "30002": Meaning("later", _NONE, "our account is suspended"),
    "30003": Meaning("later", Evidence.TEMPORARY, "the handset is off or out of coverage"),
    "30004": Meaning("refused", Evidence.BLOCKED, "blocked by the person or the operator"),
    "30005": Meaning("refused", Evidence.UNALLOCATED, "the number is unknown or out of service"),
    "30006": Meaning("refused", Evidence.NO_SMS, "a landline, or an operator that takes no SMS"),
    "30007": Meaning("refused", _NONE, "filtered for its content or sender"),
    "30008": Meaning("later", _NONE, "not delivered, no reason given"),
    "30034": Meaning("later", _NONE, "our sender is not registered with the operators"),
    "30036": Meaning("refused", _NONE, "the validity ended before it could be delivered"),
    "63014": Meaning("refused", Evidence.OPTED_OUT, "the person has blocked us"),
    "63016": Meaning("refused", _NONE, "outside the conversation window"),
}

#: Twilio's message statuses that move a message; any other says nothing new.
STATUSES: Final[Mapping[str, ReceiptState]] = {
    "sent": "sent",
    "partially_delivered": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "undelivered",
    "failed": "failed",
    "canceled": "failed",
}


def receipt(message_id: UUID | None, sid: str, status: str, error_code: object) -> Receipt:
    """What a message's status at Twilio says, whether it was posted or asked for."""
    state = STATUSES.get(status)
    code = storable(str(error_code))[:16] if error_code and error_code != "0" else None
    if code is None and status == "canceled":
        code = "canceled"
    meaning = ERROR_CODES.get(code or "")
    return Receipt(
        message_id=message_id,
        carrier_id=sid,
        state=state,
        error_code=code,
        raw_status=status[:32],
        evidence=meaning.evidence if meaning is not None else Evidence.NONE,
    )


def is_id(sid: str) -> bool:
    """Whether this may be a Sid: whatever is printable and fits a column; Twilio's own are 34 characters."""
    return 0 < len(sid) <= 64 and sid.isascii() and sid.isprintable()


def storable(text: str) -> str:
    """Replace what PostgreSQL cannot hold: NUL, and bytes that were not UTF-8."""
    if text.isprintable():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\x00", "\ufffd")
