"""Intake: what carriers report is committed before it is acknowledged (promises P1, P5).

Webhooks that come at the same time share one commit. A repeat of what is stored already changes nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from gateway.kernel.batching import Grouped
from gateway.kernel.clock import Clock
from gateway.kernel.database import Database
from gateway.kernel.ids import new_id
from gateway.kernel.logs import logger
from gateway.kernel.phones import InvalidPhone, parse
from gateway.outbox.carriers import InboundText, Receipt
from gateway.outbox.settling import Reported, Told, apply_receipts

log = logger(__name__)

#: Channel on which readers are told that something came in.
WAKE: Final = "inbox_wake"
_SMS: Final = "sms"

_STORE: Final = """
WITH stored AS (
  INSERT INTO inbound (id, channel, carrier_id, sender, recipient, text, raw, received_at, state, remark,
                       contact_point_id, replies_to, account_id)
  SELECT i.id, i.channel, i.carrier_id, i.sender, i.recipient, i.text, i.raw, i.received_at, i.state, i.remark, p.id,
         i.replies_to, i.account_id
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[],
              $8::timestamptz[], $9::text[], $10::text[], $12::uuid[], $13::bigint[])
    AS i(id, channel, carrier_id, sender, recipient, text, raw, received_at, state, remark, replies_to, account_id)
  LEFT JOIN contact_point p ON p.address = i.sender
    AND p.kind = CASE i.channel WHEN 'sms' THEN 'phone' ELSE i.channel END
  ON CONFLICT (channel, carrier_id) DO NOTHING RETURNING id
), woken AS (SELECT pg_notify($11, '') WHERE EXISTS (SELECT FROM stored))
SELECT id FROM stored, (SELECT count(*) FROM woken) AS told
"""
_UNKNOWN: Final = """
INSERT INTO unknown_receipt (at, carrier, message_id, receipt)
SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::jsonb[]) ON CONFLICT DO NOTHING
"""

#: Hears what carriers say about numbers, in the transaction of the receipts.
Hear = Callable[[Any, Sequence[Told]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Incoming:
    id: UUID
    channel: str
    carrier_id: str
    sender: str | None
    recipient: str | None
    text: str
    raw: bytes | None
    at: datetime
    state: str = "received"
    remark: str | None = None
    replies_to: UUID | None = None
    account_id: int | None = None


class Intake:
    """Takes in texts, receipts and what cannot be understood. Run it, and close it before its database."""

    def __init__(
        self, database: Database, clock: Clock, hear: Hear, *, region: str = "CN", carrier: str = "twilio"
    ) -> None:
        self._database = database
        self._clock = clock
        self._hear = hear
        self._region = region
        self._carrier = carrier
        self._texts = Grouped(self._store)
        self._receipts = Grouped(self._apply, at_once=2)

    async def run(self) -> None:
        """Commit groups until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._texts.run())
            group.create_task(self._receipts.run())

    async def close(self) -> None:
        """Take nothing more and commit what waits."""
        await asyncio.gather(self._texts.close(), self._receipts.close())

    async def text(self, text: InboundText, *, channel: str = _SMS) -> None:
        """Store a text once by (channel, carrier id); returns when it is committed."""
        await self._texts.submit(self._incoming(text, channel))

    async def put(self, connection: Any, text: InboundText, *, channel: str, remark: str | None = None) -> bool:
        """The same in a transaction of the caller's, who keeps what it came with; False for a repeat.

        With a `remark`, which says why, nobody reads it: it waits for a person at once.
        """
        incoming = self._incoming(text, channel)
        if remark is not None:
            incoming = replace(incoming, state="triage", remark=remark)
        return bool(await _insert(connection, [incoming]))

    async def keep(self, connection: Any, raw: bytes, *, channel: str) -> None:
        """What `unreadable` does, in a transaction of the caller's."""
        await _insert(connection, [self._unread(raw, channel)])

    def _incoming(self, text: InboundText, channel: str) -> _Incoming:
        now = self._clock.now()
        said = storable(text.text)
        return _Incoming(
            id=new_id(now),
            channel=channel,
            carrier_id=storable(text.carrier_id),
            sender=self._number(text.sender) if channel == _SMS else storable(text.sender),
            recipient=storable(text.recipient),
            text=said,
            # Where a character had to be replaced, the fields are kept as they came.
            raw=json.dumps(dict(text.raw)).encode() if "\ufffd" in said else None,
            at=now,
            replies_to=text.replies_to,
            account_id=text.account_id,
        )

    async def receipt(self, receipt: Receipt) -> None:
        """Apply a receipt, or keep it where no message of ours is meant; returns when that is committed."""
        await self._receipts.submit((receipt, self._clock.now()))

    async def unreadable(self, raw: bytes, *, channel: str) -> None:
        """Keep what no text could be made of for a person, once for the same bytes."""
        await self._texts.submit(self._unread(raw, channel))

    def _unread(self, raw: bytes, channel: str) -> _Incoming:
        now = self._clock.now()
        return _Incoming(
            id=new_id(now),
            channel=channel,
            carrier_id=f"sha256:{sha256(raw).hexdigest()}",
            sender=None,
            recipient=None,
            text="",
            raw=raw,
            at=now,
            state="triage",
            remark="a webhook that could not be understood",
        )

    def _number(self, sender: str) -> str:
        try:
            return parse(sender, self._region).e164
        except InvalidPhone:
            return storable(sender)

    async def _store(self, items: list[_Incoming]) -> list[None]:
        async with self._database.work() as work:
            new = await _insert(work.connection, items)
            await work.commit()
        if len(new) < len(items):
            log.info("inbound repeated", repeats=len(items) - len(new))
        return [None] * len(items)

    async def _apply(self, items: list[tuple[Receipt, datetime]]) -> list[None]:
        # What is heard of a number stands or falls with the receipt that tells of it.
        async with self._database.work() as work:
            reported = await apply_receipts(work.connection, items, carrier=self._carrier)
            if reported.told:
                await self._hear(work.connection, reported.told)
            await self._keep(work.connection, _unknown(items, reported))
            await work.commit()
        return [None] * len(items)

    async def _keep(self, connection: Any, unknown: Sequence[tuple[Receipt, datetime]]) -> None:
        if not unknown:
            return
        await connection.execute(
            _UNKNOWN,
            [at for _, at in unknown],
            [self._carrier] * len(unknown),
            [str(receipt.message_id or receipt.carrier_id) for receipt, _ in unknown],
            [
                json.dumps(
                    {
                        "carrier_id": receipt.carrier_id,
                        "state": receipt.state,
                        "error_code": receipt.error_code,
                        "raw_status": receipt.raw_status,
                    }
                )
                for receipt, _ in unknown
            ],
        )


async def _insert(connection: Any, items: Sequence[_Incoming]) -> list[Any]:
    """Write what came in, each once; the rows that are new."""
    new: list[Any] = await connection.fetch(
        _STORE,
        [item.id for item in items],
        [item.channel for item in items],
        [item.carrier_id for item in items],
        [item.sender for item in items],
        [item.recipient for item in items],
        [item.text for item in items],
        [item.raw for item in items],
        [item.at for item in items],
        [item.state for item in items],
        [item.remark for item in items],
        WAKE,
        [item.replies_to for item in items],
        [item.account_id for item in items],
    )
    return new


def _unknown(items: Sequence[tuple[Receipt, datetime]], reported: Reported) -> list[tuple[Receipt, datetime]]:
    """Receipts that say something about no message of ours."""
    return [
        (receipt, at)
        for receipt, at in items
        if receipt.message_id not in reported.known and (receipt.state or receipt.message_id is None)
    ]


def storable(text: str) -> str:
    """`text` with what PostgreSQL cannot hold (NUL, lone surrogates) replaced by U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\x00", "\ufffd")
