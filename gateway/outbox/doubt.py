"""Settling what is uncertain (promise P2): by asking the carrier, never by sending again blindly.

A look-up that finds the message makes it `sent` or further. One that finds nothing is believed only when the
hand-over can no longer be under way; then the carrier surely never had it, and it goes back to the queue. What
the carrier cannot tell stays `uncertain`, is asked about again ever more rarely, and past a limit is shown to a
person, who decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gateway.kernel import audit
from gateway.kernel.cancelling import unless_cancelled
from gateway.kernel.clock import Clock
from gateway.kernel.database import Database
from gateway.kernel.errors import Conflict
from gateway.kernel.logs import logger
from gateway.outbox.carriers import Channel, Found, LookUp, NotThere, Receipt, Unknown
from gateway.outbox.hot import PASSING
from gateway.outbox.locking import lock
from gateway.outbox.messages import WAKE
from gateway.outbox.settler import Hear, hear_nothing
from gateway.outbox.settling import apply_receipts, storable

log = logger(__name__)

#: Seconds between rounds, how many messages one round asks about, and how many at the same time.
ROUND: Final = 2.0
AT_ONCE: Final = 200
_TOGETHER: Final = 20
#: Seconds after which doubt is shown to a person.
LIMIT: Final = 900.0
#: Seconds for which a round keeps others from asking about the same messages.
_ASKING: Final = 120
#: Seconds between look-ups of one message at most; they grow with its doubt.
_RAREST: Final = 600.0
#: Serialises what look-ups found: a carrier's message answers for one of ours.
_LOCK: Final = 0x4C616D72


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A message of which nobody here knows whether the carrier has it."""

    id: UUID
    to: str
    body: str
    contact_point_id: int | None
    carrier_id: str | None
    since: datetime
    #: Seconds it has been in doubt, in the database's own time.
    age: float
    carrier: str
    #: Carrier ids of other messages with the same text to the same number.
    taken: Sequence[str]


# A message with the same text to the same number that is just being handed over could be mistaken for ours at
# the carrier; so ours waits until that one is settled.
_ASK: Final = """
WITH doubtful AS (
  SELECT m.id FROM message m
  WHERE m.state = 'uncertain' AND m.doubt_since < clock_timestamp() - make_interval(secs => $1)
    AND (m.look_at IS NULL OR m.look_at < clock_timestamp())
    AND EXISTS (SELECT 1 FROM lane WHERE lane.id = m.lane_id AND lane.carrier = ANY($2::text[]))
    AND NOT EXISTS (SELECT 1 FROM message other
                    WHERE other.contact_point_id = m.contact_point_id AND other.body = m.body
                      AND other.state = 'sending')
  ORDER BY m.look_at NULLS FIRST, m.id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE message m SET look_at = clock_timestamp() + make_interval(secs => $4)
FROM doubtful, lane WHERE m.id = doubtful.id AND lane.id = m.lane_id
RETURNING m.id, m.to_address, m.body, m.contact_point_id, m.carrier_id, coalesce(m.claimed_at, m.created_at),
  extract(epoch FROM clock_timestamp() - m.doubt_since)::float8, lane.carrier,
  ARRAY(SELECT other.carrier_id FROM message other
        WHERE other.contact_point_id = m.contact_point_id AND other.body = m.body AND other.id <> m.id
          AND other.carrier_id IS NOT NULL
          AND coalesce(other.lane_id, m.lane_id) IN (SELECT same.id FROM lane same WHERE same.carrier = lane.carrier)
        ORDER BY other.id DESC LIMIT 100)
"""


class Resolver:
    """Asks carriers about uncertain messages; any number of nodes may.

    `grace` is the number of seconds after which a carrier that does not know a message never will: longer than
    a call may take.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        channels: Mapping[str, Channel],
        *,
        grace: float,
        hear: Hear = hear_nothing,
    ) -> None:
        self._database = database
        self._clock = clock
        self._channels = channels
        self._grace = grace
        self._hear = hear

    async def run(self) -> None:
        """Ask round after round until cancelled."""
        while True:
            asked = 0
            try:
                asked = await self.round()
            except PASSING as error:
                unless_cancelled()
                log.warning("look-ups put off", error=type(error).__name__)
            await asyncio.sleep(0 if asked == AT_ONCE else ROUND)

    async def round(self) -> int:
        """Ask about messages whose doubt is old enough; how many were asked about."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_ASK, self._grace, list(self._channels), AT_ONCE, _ASKING)
        doubtful = [Doubtful(*row) for row in rows]
        for start in range(0, len(doubtful), _TOGETHER):
            asked = doubtful[start : start + _TOGETHER]
            answers = await asyncio.gather(*(self._ask(item) for item in asked))
            await self._record(list(zip(asked, answers, strict=True)))
        return len(doubtful)

    async def _ask(self, item: Doubtful) -> LookUp:
        try:
            return await self._channels[item.carrier].look_up(
                item.id, item.to, item.body, item.carrier_id, item.since, self._clock.now(), item.taken
            )
        except Exception as error:
            log.error("a channel raised", carrier=item.carrier, exc_info=error)
            return Unknown(why=f"the channel raised {type(error).__name__}")

    async def _record(self, answers: Sequence[tuple[Doubtful, LookUp]]) -> None:
        now = self._clock.now()
        async with self._database.work() as work:
            await work.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            await lock(work.connection, [item.id for item, _ in answers])
            found = [(item, answer) for item, answer in answers if isinstance(answer, Found)]
            ours = await _not_taken(work.connection, found)
            reported = await apply_receipts(work.connection, [(_receipt_of(*one), now) for one in ours])
            if reported.told:
                await self._hear(work.connection, reported.told)
            absent = [item.id for item, answer in answers if isinstance(answer, NotThere)]
            await _requeue(work.connection, absent, now, "the carrier never had it")
            settled = {item.id for item, _ in ours}
            open_ones = [
                (item, answer)
                for item, answer in answers
                if not isinstance(answer, NotThere) and item.id not in settled
            ]
            await _ask_later(work.connection, open_ones, now)
            await work.commit()


def _receipt_of(item: Doubtful, answer: Found) -> Receipt:
    return Receipt(
        message_id=item.id,
        carrier_id=answer.carrier_id,
        state=answer.receipt.state or "sent",
        error_code=answer.receipt.error_code,
        raw_status=f"found at the carrier: {answer.receipt.raw_status}",
        evidence=answer.receipt.evidence,
    )


async def _not_taken(connection: Any, found: Sequence[tuple[Doubtful, Found]]) -> list[tuple[Doubtful, Found]]:
    """Those of `found` whose message at the carrier does not answer for another of ours already."""
    if not found:
        return []
    rows = await connection.fetch(
        """SELECT ours.id FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[])
             AS ours(id, point, carrier_id, carrier)
           WHERE EXISTS (SELECT 1 FROM message other LEFT JOIN lane ON lane.id = other.lane_id
                         WHERE other.contact_point_id = ours.point AND other.id <> ours.id
                           AND other.carrier_id = ours.carrier_id
                           AND coalesce(lane.carrier, ours.carrier) = ours.carrier)""",
        [item.id for item, _ in found],
        [item.contact_point_id for item, _ in found],
        [answer.carrier_id for _, answer in found],
        [item.carrier for item, _ in found],
    )
    taken = {row["id"] for row in rows}
    firsts: dict[tuple[str, str], tuple[Doubtful, Found]] = {}
    for item, answer in found:
        if item.id not in taken:
            firsts.setdefault((item.carrier, answer.carrier_id), (item, answer))
    return list(firsts.values())


async def _requeue(connection: Any, messages: Sequence[UUID], now: datetime, words: str) -> int:
    if not messages:
        return 0
    rows = await connection.fetch(
        """WITH back AS (
             UPDATE message SET state = 'queued', node_id = NULL, doubt_since = NULL, look_at = NULL
             WHERE id = ANY($1::uuid[]) AND state = 'uncertain' RETURNING id)
           INSERT INTO message_event (id, at, kind, detail) SELECT id, $2, 'requeued', $3 FROM back RETURNING id""",
        list(messages),
        now,
        words,
    )
    await connection.execute("SELECT pg_notify($1, '')", WAKE)
    return len(rows)


async def _ask_later(connection: Any, items: Sequence[tuple[Doubtful, LookUp]], now: datetime) -> None:
    """Ask again, the later the longer it has been; note once that a person should look."""
    if not items:
        return
    await connection.execute(
        """WITH later AS (
             UPDATE message m SET look_at = clock_timestamp() + make_interval(secs => l.wait)
             FROM unnest($1::uuid[], $2::float8[]) AS l(id, wait) WHERE m.id = l.id AND m.state = 'uncertain'
             RETURNING m.id)
           INSERT INTO message_event (id, at, kind, detail)
           SELECT later.id, $4, 'doubtful', l.words FROM later
           JOIN unnest($1::uuid[], $3::text[]) AS l(id, words) ON l.id = later.id
           WHERE l.words IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM message_event e WHERE e.id = later.id AND e.kind = 'doubtful')""",
        [item.id for item, _ in items],
        [min(_RAREST, max(ROUND, item.age / 4)) for item, _ in items],
        [_words(item, answer) for item, answer in items],
        now,
    )


def _words(item: Doubtful, answer: LookUp) -> str | None:
    if item.age < LIMIT:
        return None
    why = answer.why if isinstance(answer, Unknown) else "what it has answers for another message"
    return f"in doubt for {item.age / 60:.0f} minutes, a person should decide; the carrier: {storable(why)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InDoubt:
    """A message in doubt for longer than the limit, for a person to decide."""

    id: UUID
    to_address: str
    contact_point_id: int | None
    notice_id: UUID | None
    kind: str
    lane: str | None
    claimed_at: datetime | None
    #: In the database's own time.
    doubt_since: datetime


async def in_doubt(
    connection: Any, *, limit: int = 200, older_than: float = LIMIT, after: UUID | None = None
) -> list[InDoubt]:
    """Messages in doubt for more than `older_than` seconds, behind the message `after`, the oldest first."""
    rows = await connection.fetch(
        """SELECT m.id, m.to_address, m.contact_point_id, m.notice_id, m.kind, lane.name AS lane, m.claimed_at,
                  m.doubt_since
           FROM message m LEFT JOIN lane ON lane.id = m.lane_id
           WHERE m.state = 'uncertain' AND m.doubt_since <= clock_timestamp() - make_interval(secs => $1)
             AND ($3::uuid IS NULL OR m.id > $3)
           ORDER BY m.id LIMIT $2""",
        older_than,
        limit,
        after,
    )
    return [InDoubt(**dict(row)) for row in rows]


async def decide(
    connection: Any, message: UUID, *, taken: bool, at: datetime, by: str, note: str | None = None
) -> None:
    """A person's word on a message in doubt: the carrier took it, or it did not and may be sent again.

    Leaves an audit entry. Raises Conflict where the message is not in doubt any more.
    """
    if taken:
        rows = await connection.fetch(
            """WITH told AS (
                 UPDATE message SET state = 'sent', sent_at = coalesce(sent_at, claimed_at, $2), doubt_since = NULL,
                   look_at = NULL
                 WHERE id = $1 AND state = 'uncertain' RETURNING id)
               INSERT INTO message_event (id, at, kind, detail) SELECT id, $2, 'sent', $3 FROM told RETURNING id""",
            message,
            at,
            f"{by}: the carrier took it",
        )
        decided = len(rows)
    else:
        decided = await _requeue(connection, [message], at, f"{by}: the carrier did not take it")
    if not decided:
        raise Conflict("The message is not in doubt, or not any more.")
    await audit.write(
        connection,
        at=at,
        actor=by,
        action="doubt.decided",
        subject=f"message:{message}",
        before={"state": "uncertain"},
        after={"state": "sent" if taken else "queued", "taken": taken, "note": note},
    )
