"""Messages as they are written: one row for the text, one for each account it speaks for.

A message is written in the transaction of what caused it (design §3): callers pass that transaction's
connection.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.kernel.database import copy

#: Columns of `message` in the order of `NewMessage.row`.
COLUMNS: Final = (
    "id", "notice_id", "contact_point_id", "to_address", "channel", "template", "template_version", "kind", "klass",
    "purpose", "priority", "body", "segments", "state", "withheld_reason", "decision", "reference", "hours", "zone",
    "created_at", "not_before", "closes_at", "expires_at", "fallback", "fallback_minutes",
)  # fmt: skip
ACCOUNT_COLUMNS: Final = ("id", "position", "account_id", "account_no", "link_id", "ground")

#: Channel on which nodes tell one another that something is due now.
WAKE: Final = "outbox_wake"

#: Kinds that answer what a person just wrote: a refusal must be confirmed, a wrong number apologised for.
ANSWERS: Final = ("apology", "opt_out_confirm", "clarification", "verification")

#: How long a carrier may try to deliver a text that may go on on another channel. It is told so, and stops trying.
GIVES_UP: Final = timedelta(minutes=10)

_PRIORITY: Final = {
    "verification": 0,
    "apology": 1,
    "opt_out_confirm": 1,
    "clarification": 1,
    "outage_planned": 2,
    "outage_fault": 2,
    "outage_update": 2,
    "restoration": 2,
}


def priority_of(kind: str) -> int:
    """0 verification and safety, 1 replies, 2 outages, 3 the rest."""
    return _PRIORITY.get(kind, 3)


@dataclass(frozen=True, slots=True)
class AccountPart:
    """An account that a text speaks for: through which link, on what ground."""

    account_id: int
    account_no: str
    link_id: int | None
    ground: str | None = None


# Not frozen, unlike other values: composing makes a million of them, and a frozen one takes four times as long to make.
@dataclass(slots=True, kw_only=True)
class NewMessage:
    """A message about to be written: `queued`, `withheld` or `expired`. It is not changed once it is made."""

    id: UUID
    kind: str
    klass: str
    purpose: str
    template: str
    template_version: str
    body: str
    segments: int
    created_at: datetime
    not_before: datetime
    hours: str
    zone: str
    to_address: str | None
    contact_point_id: int | None
    channel: str = "sms"
    accounts: Sequence[AccountPart] = ()
    notice_id: UUID | None = None
    withheld_reason: str | None = None
    #: Its validity ended before it could leave.
    expired: bool = False
    decision: str | None = None
    reference: str | None = None
    closes_at: datetime | None = None
    expires_at: datetime | None = None
    priority: int | None = None
    #: Channels on which it may go on where its own fails, in order.
    fallback: Sequence[str] | None = None
    #: Minutes that its channel may try before it goes on; None means the usual ten.
    fallback_minutes: int | None = None

    @property
    def state(self) -> str:
        """The state it is written in."""
        return "withheld" if self.withheld_reason else "expired" if self.expired else "queued"

    def row(self) -> tuple[Any, ...]:
        """The values of `COLUMNS`."""
        return (
            self.id, self.notice_id, self.contact_point_id, self.to_address, self.channel, self.template,
            self.template_version, self.kind, self.klass, self.purpose,
            priority_of(self.kind) if self.priority is None else self.priority,
            self.body, self.segments, self.state, self.withheld_reason, self.decision, self.reference, self.hours,
            self.zone, self.created_at, self.not_before, self.closes_at, self.expires_at,
            self.fallback, self.fallback_minutes,
        )  # fmt: skip

    def account_rows(self) -> list[tuple[Any, ...]]:
        """The values of `ACCOUNT_COLUMNS`, one row an account."""
        return [
            (self.id, position, part.account_id, part.account_no, part.link_id, part.ground)
            for position, part in enumerate(self.accounts)
        ]


async def insert(connection: Any, messages: Iterable[NewMessage], *, wake: bool = True) -> None:
    """Write messages with COPY in the connection's transaction.

    With `wake` dispatchers are told with its commit; whoever commits many a second tells them beside it
    (`gateway.outbox.waking`).
    """
    listed = messages if isinstance(messages, list) else list(messages)
    await insert_rows(
        connection,
        [message.row() for message in listed],
        [row for message in listed for row in message.account_rows()],
        wake=wake,
    )


async def insert_rows(
    connection: Any, messages: Sequence[tuple[Any, ...]], accounts: Sequence[tuple[Any, ...]], *, wake: bool = True
) -> None:
    """Write rows of `COLUMNS` and `ACCOUNT_COLUMNS` in the connection's transaction, and wake the dispatchers."""
    if not messages:
        return
    await copy(connection, "message", COLUMNS, messages)
    if accounts:
        await copy(connection, "message_account", ACCOUNT_COLUMNS, accounts)
    if wake:
        await connection.execute("SELECT pg_notify($1, '')", WAKE)
