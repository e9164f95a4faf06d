"""Settling what is uncertain (promise P2): by asking the carrier, never by sending again blindly.

A look-up that finds the message makes it `sent` or further. One that finds nothing is believed only when the
hand-over can no longer be under way; then the carrier surely never had it, and it goes back to the queue. What
the carrier cannot tell stays `uncertain`, for receipts and people.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gateway.kernel.clock import Clock
from gateway.kernel.database import AWAY, Database
from gateway.kernel.logs import logger
from gateway.outbox.carriers import Channel, Found, LookUp, NotThere, Receipt
from gateway.outbox.messages import WAKE
from gateway.outbox.settling import apply_receipts

log = logger(__name__)

#: Seconds between rounds, and how many messages one round asks about.
ROUND: Final = 2.0
AT_ONCE: Final = 200
#: One node at a time asks.
_LOCK: Final = 0x4C616D72


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A message of which nobody here knows whether the carrier has it."""

    id: UUID
    to: str
    body: str
    carrier_id: str | None
    since: datetime
    #: Seconds it has been in doubt, in the database's own time.
    age: float
    carrier: str
    #: Carrier ids of other messages with the same text to the same number.
    taken: tuple[str, ...]


class Resolver:
    """Asks carriers about uncertain messages.

    `grace` is the number of seconds after which a carrier that does not know a message never will: longer than
    a call may take.
    """

    def __init__(self, database: Database, clock: Clock, channels: Mapping[str, Channel], *, grace: float) -> None:
        self._database = database
        self._clock = clock
        self._channels = channels
        self._grace = grace

    async def run(self) -> None:
        """Ask round after round until cancelled."""
        while True:
            try:
                await self.round()
            except AWAY as error:
                log.warning("look-ups put off", error=type(error).__name__)
            await asyncio.sleep(ROUND)

    async def round(self) -> int:
        """Ask about every message whose doubt is old enough; how many were asked about."""
        async with self._database.connection() as connection:
            if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
                return 0
            try:
                doubtful = await self._doubtful(connection)
                for start in range(0, len(doubtful), 20):
                    asked = doubtful[start : start + 20]
                    answers = await asyncio.gather(*(self._ask(item) for item in asked))
                    await self._record(list(zip(asked, answers, strict=True)))
            finally:
                await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK)
        return len(doubtful)

    async def _doubtful(self, connection: Any) -> list[Doubtful]:
        rows = await connection.fetch(
            """SELECT m.id, m.to_address AS to, m.body, m.carrier_id, coalesce(m.claimed_at, m.created_at) AS since,
                      extract(epoch FROM clock_timestamp() - m.doubt_since)::float8 AS age, lane.carrier,
                      ARRAY(SELECT other.carrier_id FROM message other
                            WHERE other.contact_point_id = m.contact_point_id AND other.body = m.body
                              AND other.id <> m.id AND other.carrier_id IS NOT NULL
                            ORDER BY other.id DESC LIMIT 50) AS taken
               FROM message m JOIN lane ON lane.id = m.lane_id
               WHERE m.state = 'uncertain' AND m.doubt_since < clock_timestamp() - make_interval(secs => $1)
                 AND lane.carrier = ANY($2::text[])
               ORDER BY random() LIMIT $3""",
            self._grace,
            list(self._channels),
            AT_ONCE,
        )
        return [Doubtful(**{**dict(row), "taken": tuple(row["taken"])}) for row in rows]

    async def _ask(self, item: Doubtful) -> LookUp:
        return await self._channels[item.carrier].look_up(
            item.id, item.to, item.body, item.carrier_id, item.since, self._clock.now(), item.taken
        )

    async def _record(self, answers: list[tuple[Doubtful, LookUp]]) -> None:
        now = self._clock.now()
        found = [
            (
                Receipt(
                    message_id=item.id,
                    carrier_id=answer.carrier_id,
                    state=answer.receipt.state or "sent",
                    error_code=answer.receipt.error_code,
                    raw_status=f"found at the carrier: {answer.receipt.raw_status}",
                    evidence=answer.receipt.evidence,
                ),
                now,
            )
            for item, answer in answers
            if isinstance(answer, Found)
        ]
        absent = [item.id for item, answer in answers if isinstance(answer, NotThere)]
        async with self._database.work() as work:
            if found:
                await apply_receipts(work.connection, found)
            if absent:
                await work.execute(
                    """WITH back AS (
                         UPDATE message SET state = 'queued', node_id = NULL, doubt_since = NULL
                         WHERE id = ANY($1::uuid[]) AND state = 'uncertain' RETURNING id)
                       INSERT INTO message_event (id, at, kind, detail)
                       SELECT id, $2, 'requeued', 'the carrier never had it' FROM back""",
                    absent,
                    now,
                )
                await work.execute("SELECT pg_notify($1, '')", WAKE)
            await work.commit()
