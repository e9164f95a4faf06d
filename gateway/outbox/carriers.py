"""The port between the outbox and the channels: what is handed over, and what a carrier may answer.

A channel answers with a value and decides nothing; the outbox alone knows what state follows.

    hand_over ── Accepted    the carrier has it, under this id
              ├─ Refused     the carrier surely did not take it, and says why
              ├─ Throttled   the carrier surely did not take it: too much at once
              └─ Unknown     taken or not: only a look-up or a receipt can tell

    look_up ──── Found       the carrier has it: its id and how far it is
              ├─ NotThere    the carrier answered, and has no such message
              └─ Unknown     the carrier could not be asked

`Refused` and `Throttled` are promises: a channel gives them only when the carrier cannot have taken
the message. Whatever is in doubt is `Unknown`, for what is sent twice cannot be taken back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal, Protocol
from uuid import UUID

#: The kind of contact point that a channel reaches; a chat platform's is named as the platform is.
_KINDS: Final = {"sms": "phone"}
_CHANNELS: Final = {kind: channel for channel, kind in _KINDS.items()}

ReceiptState = Literal["sent", "delivered", "undelivered", "failed"]


def kind_of_point(channel: str) -> str:
    """The kind of contact point that `channel` reaches: `phone` for `sms`."""
    return _KINDS.get(channel, channel)


def channel_to(kind: str) -> str:
    """The channel that reaches contact points of a kind: `sms` for `phone`."""
    return _CHANNELS.get(kind, kind)


class Evidence(StrEnum):
    """What a carrier's error code says about the number. Evidence to be weighed, never a verdict."""

    #: Nothing: the trouble is ours, the carrier's, or unexplained.
    NONE = "none"
    #: Switched off or out of coverage: weak, counts only when repeated over weeks.
    TEMPORARY = "temporary"
    #: Not allocated or out of service: strong for a dead number, says nothing about whose it was.
    UNALLOCATED = "unallocated"
    #: A landline, or a line that takes no SMS: strong for "no SMS", nothing about whose it is.
    NO_SMS = "no_sms"
    #: Not a telephone number at all: a slip of the pen somewhere.
    MALFORMED = "malformed"
    #: The person has refused with the carrier: a refusal, never a sign of a wrong number.
    OPTED_OUT = "opted_out"
    #: Blocked by the person or the operator: possibly a refusal.
    BLOCKED = "blocked"
    #: The chat cannot be written to any more (the bot was blocked, the account is gone); the person's number may.
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """One message as it goes out."""

    message_id: UUID
    #: E.164.
    to: str = field(repr=False)
    body: str = field(repr=False)
    #: Where the carrier reports how it went; carries our message id.
    status_callback: str
    #: Seconds the carrier may keep trying; None leaves it to the carrier.
    valid_for: int | None = None
    #: Which text of the house it is: a channel with buttons finds there what may be answered.
    template: str = ""
    template_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The carrier has it."""

    carrier_id: str
    #: None when the carrier does not say yet.
    segments: int | None = None
    #: What the carrier has, the person has: it sends no receipts.
    delivered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The carrier surely did not take it."""

    #: The carrier's error code, or a word of ours where it gave none (`http_404`, `not_connected`).
    code: str
    #: True: the same message to the same number will be refused again.
    for_good: bool
    why: str
    evidence: Evidence = Evidence.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttled:
    """The carrier surely did not take it, because too much came at once."""

    #: Seconds to leave the lane alone.
    after: float
    code: str
    #: It is too much for this one recipient; the lane goes on.
    recipient_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Nobody can say from here whether the carrier has it."""

    why: str


Outcome = Accepted | Refused | Throttled | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the carrier reports about a message it took, by callback or by look-up."""

    #: None when the report does not name our message (then `carrier_id` binds it).
    message_id: UUID | None
    carrier_id: str
    #: None: no movement to record (still queued at the carrier, or a status we do not know).
    state: ReceiptState | None
    error_code: str | None
    #: The carrier's own word, as it was.
    raw_status: str
    evidence: Evidence = Evidence.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundText:
    """A text from a customer, as it came; only what no database can hold is replaced, by U+FFFD."""

    #: Unique at the carrier: what makes a repeated webhook harmless.
    carrier_id: str
    sender: str = field(repr=False)
    recipient: str
    text: str = field(repr=False)
    #: Every field as it came, repeated names with all their values.
    raw: Mapping[str, list[str]] = field(repr=False)
    #: The message of ours that it answers, where the carrier says so.
    replies_to: UUID | None = None
    #: The account that it is about, where its sender chose one in a dialogue.
    account_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The carrier has the message; `receipt` says how far it is."""

    carrier_id: str
    segments: int | None
    receipt: Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class NotThere:
    """The carrier answered, and has no such message.

    A call still under way can make this untrue a moment later, so it is proof only when the
    hand-over ended longer ago than a carrier takes to finish what it has begun.
    """

    why: str


LookUp = Found | NotThere | Unknown


class Channel(Protocol):
    """A way to one carrier. Its calls never raise for what a carrier or a network does."""

    @property
    def name(self) -> str:
        """How lanes and messages name this channel: `twilio`."""
        ...

    async def start(self) -> None:
        """Open what is needed; call once, inside the running loop, before anything else."""
        ...

    async def close(self) -> None:
        """Let go of every connection; calls under way end as `Unknown`."""
        ...

    async def hand_over(self, handover: Handover) -> Outcome:
        """Offer one message to the carrier, once: a channel never tries again by itself."""
        ...

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
        """Ask the carrier whether it has a message.

        `since` is when the hand-over began and `now` the present, both by the caller's clock: only
        their distance is used, so a test clock that is months away from the carrier's does no harm.
        `taken` are carrier ids known to belong to other messages with the same text to this number.
        """
        ...
