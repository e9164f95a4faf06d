"""Rows of the outbox: lanes, nodes, messages and what befell them.

`message`, `message_account` and `message_event` are partitioned by month on the message's identifier, which
carries its time (`gateway.kernel.ids`). The queue's index covers only what is queued, so a claim costs the same
however many rows wait for later or were ever sent.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, Double, Identity, Index, Integer, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gateway.archive.tables import one_of
from gateway.kernel.database import Base
from gateway.kernel.tables import Instant

#: Contract §6. `sending` is claimed by a node; `uncertain` means handed over or not is unknown.
STATES = (
    "queued",
    "sending",
    "sent",
    "delivered",
    "undelivered",
    "withheld",
    "expired",
    "cancelled",
    "failed",
    "uncertain",
)
WITHHELD_REASONS = (
    "opted_out",
    "misdirected",
    "revoked",
    "unreachable",
    "invalid_number",
    "no_contact",
    "frequency_cap",
    "paid",
    "superseded",
    "recovered",
    "visit_instead",
    "duplicate",
    "surveyed_recently",
    "shared_number",
    "not_consented",
)
#: Safety and verification, replies, outages, the rest.
PRIORITIES = (0, 1, 2, 3)

#: What the queue is fair between: a notice each, and everything that belongs to none.
STREAM = "coalesce(notice_id, '00000000-0000-0000-0000-000000000000'::uuid)"

#: What may still go on on another channel.
MAY_GO_ON = "fallback IS NOT NULL AND state IN ('sent', 'failed', 'undelivered')"

_BY_MONTH = {"postgresql_partition_by": "RANGE (id)"}


class Lane(Base):
    """A channel and a sender with a rate and a concurrency. Tokens are kept here, so all nodes share the rate."""

    __tablename__ = "lane"

    id: Mapped[int] = mapped_column(SmallInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    #: What it carries: `sms`, or a chat platform.
    channel: Mapped[str] = mapped_column(Text)
    #: The carrier it hands over to (`gateway.outbox.carriers.Channel.name`).
    carrier: Mapped[str] = mapped_column(Text)
    sender: Mapped[str] = mapped_column(Text)
    #: Messages a second over all nodes; 0 is without limit.
    rate: Mapped[float] = mapped_column(Double, server_default="0")
    concurrency: Mapped[int] = mapped_column(server_default="256")
    #: A lane takes what is due only while no lane of a lower rank of its channel can: 0 is the first choice.
    rank: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    #: Whether the carrier takes texts alone that it has approved (`carrier_template`).
    approved_templates: Mapped[bool] = mapped_column(server_default=text("false"))
    tokens: Mapped[float] = mapped_column(Double, server_default="0")
    refilled_at: Mapped[datetime] = mapped_column(Instant, server_default=text("clock_timestamp()"))


class LaneBreaker(Base):
    """What a node thinks of a lane's carrier, written down whenever it changes its mind, for people to see."""

    __tablename__ = "lane_breaker"

    lane_id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    node_id: Mapped[UUID] = mapped_column(primary_key=True)
    #: `closed` (all is well), `open` (nothing is handed over) or `half_open` (one message tries).
    state: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(Instant, server_default=text("clock_timestamp()"))
    reason: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (one_of("state", ("closed", "open", "half_open"), "state"),)


class CarrierTemplate(Base):
    """What a carrier said when it was asked to approve a version of a text."""

    __tablename__ = "carrier_template"

    carrier: Mapped[str] = mapped_column(Text, primary_key=True)
    template: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[str] = mapped_column(Text, primary_key=True)
    #: How the carrier names it.
    carrier_template_id: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[str] = mapped_column(Text)

    __table_args__ = (one_of("state", ("submitted", "approved", "refused"), "state"),)


class Node(Base):
    """A running process. Its lease is renewed while it lives; what a dead node had claimed becomes uncertain."""

    __tablename__ = "node"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    roles: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(Instant, server_default=text("clock_timestamp()"))
    leased_until: Mapped[datetime] = mapped_column(Instant)


class Message(Base):
    """One text on its way to one contact point. Withheld recipients are messages too, with the reason."""

    __tablename__ = "message"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    notice_id: Mapped[UUID | None]
    contact_point_id: Mapped[int | None] = mapped_column(BigInteger)
    to_address: Mapped[str | None] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text, server_default="sms")
    #: The lane that took it; a queued message belongs to its channel, so that any lane of it may.
    lane_id: Mapped[int | None] = mapped_column(SmallInteger)
    template: Mapped[str] = mapped_column(Text)
    template_version: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    #: N service, L legal, C commercial-adjacent, S survey, V verification.
    klass: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="3")
    body: Mapped[str] = mapped_column(Text)
    segments: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(Text)
    withheld_reason: Mapped[str | None] = mapped_column(Text)
    #: Set by the first release while a notice was paused; the sweeper clears it, for a pause is its ground's alone.
    held: Mapped[bool] = mapped_column(server_default=text("false"))
    #: Why it goes when it goes, or why it does not, in words.
    decision: Mapped[str | None] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(Text)
    #: The window class of its hours (`gateway.outbox.hours`) and the zone of the service address.
    hours: Mapped[str] = mapped_column(Text)
    zone: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    not_before: Mapped[datetime] = mapped_column(Instant)
    #: When the sending window that `not_before` lies in closes; a claim after it is put off, not sent.
    closes_at: Mapped[datetime | None] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    node_id: Mapped[UUID | None]
    claimed_at: Mapped[datetime | None] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    #: Since when it is uncertain, in the database's own time: doubt is about networks, not about the test clock.
    doubt_since: Mapped[datetime | None] = mapped_column(Instant)
    #: Not asked about again before this moment, in the database's own time.
    look_at: Mapped[datetime | None] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    delivered_at: Mapped[datetime | None] = mapped_column(Instant)
    carrier_id: Mapped[str | None] = mapped_column(Text)
    error_code: Mapped[str | None] = mapped_column(Text)
    #: Channels on which it may go on where this one fails, in order; empty once that is decided.
    fallback: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    #: Minutes that its channel may try before it goes on; empty means the usual ten.
    fallback_minutes: Mapped[int | None] = mapped_column(SmallInteger)
    #: The message that went on in its place, and the one whose place it took.
    replaced_by: Mapped[UUID | None]
    replaces: Mapped[UUID | None]

    __table_args__ = (
        Index(
            "ix_message_queue",
            "channel",
            "priority",
            text(STREAM),
            "not_before",
            "id",
            postgresql_where=text("state = 'queued' AND NOT held"),
        ),
        Index(
            "ix_message_expiry",
            "expires_at",
            postgresql_where=text("state = 'queued' AND expires_at IS NOT NULL"),
        ),
        Index(
            "ix_message_unfinished",
            "notice_id",
            postgresql_where=text("notice_id IS NOT NULL AND state IN ('queued', 'sending', 'uncertain')"),
        ),
        Index(
            "ix_message_failed",
            "notice_id",
            postgresql_where=text("notice_id IS NOT NULL AND state IN ('failed', 'undelivered')"),
        ),
        Index("ix_message_sending", "node_id", postgresql_where=text("state = 'sending'")),
        Index("ix_message_uncertain", "id", postgresql_where=text("state = 'uncertain'")),
        Index(None, "contact_point_id", "id"),
        Index(None, "notice_id", "id", postgresql_where=text("notice_id IS NOT NULL")),
        Index(None, "reference", postgresql_where=text("reference IS NOT NULL")),
        Index("ix_message_fallback", "state", "sent_at", postgresql_where=text(MAY_GO_ON)),
        Index("ix_message_notice_fallback", "notice_id", postgresql_where=text(MAY_GO_ON)),
        Index("ix_message_held", "id", postgresql_where=text("held")),
        one_of("state", STATES, "state"),
        _BY_MONTH,
    )


class MessageAccount(Base):
    """An account that a message speaks for, on what ground. A text for several accounts has several of these."""

    __tablename__ = "message_account"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    #: Order within the text; the first is the message's own `account_no`.
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger)
    account_no: Mapped[str] = mapped_column(Text)
    link_id: Mapped[int | None] = mapped_column(BigInteger)
    #: What the text rests on (`bill:ACCOUNT:202503`, `outage:PO25…`): stopping the ground stops the text.
    ground: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index(None, "account_id", "id"),
        Index(None, "ground", postgresql_where=text("ground IS NOT NULL")),
        _BY_MONTH,
    )


class MessageEvent(Base):
    """What befell a message, append-only."""

    __tablename__ = "message_event"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    #: Orders the events of one message.
    number: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(Text)
    detail: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (_BY_MONTH,)


class GroundStop(Base):
    """A ground that no longer holds (a paid bill, a paused or cancelled notice): nothing on it may leave."""

    __tablename__ = "ground_stop"

    ground: Mapped[str] = mapped_column(Text, primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    #: How far the texts on it have followed the stop, while there are more that may have to.
    sweep_after: Mapped[UUID | None]

    __table_args__ = (Index("ix_ground_stop_sweep", "at", "ground", postgresql_where=text("sweep_after IS NOT NULL")),)


class UnknownReceipt(Base):
    """A receipt for a message this gateway does not know; kept, so that nothing the carrier said is dropped."""

    __tablename__ = "unknown_receipt"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    carrier: Mapped[str] = mapped_column(Text)
    message_id: Mapped[str] = mapped_column(Text)
    receipt: Mapped[dict[str, Any]] = mapped_column(JSONB)

    __table_args__ = (UniqueConstraint("carrier", "message_id", "receipt"),)


class DeliveryTally(Base):
    """How many texts were delivered on a day that is over, by the organisation of the first account of each."""

    __tablename__ = "delivery_tally"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    organisation: Mapped[str] = mapped_column(Text, primary_key=True)
    delivered: Mapped[int] = mapped_column(Integer)


class DeliveryTallyDay(Base):
    """A day that was counted, whether or not anything was delivered on it."""

    __tablename__ = "delivery_tally_day"

    day: Mapped[date] = mapped_column(Date, primary_key=True)


#: The tables that are partitioned by month, parents of the partitions that `partitions.ensure` makes.
PARTITIONED = ("message", "message_account", "message_event")
