"""Claiming: due messages become one node's to hand over, and whatever must still be true is looked at again.

The claim is where promise P3 (stopped) and P4 (right time) are kept last: however a message came to be queued,
it leaves only if at this moment its links are active, its number reachable, nobody has refused its purpose,
its ground holds, it is within its hours and its validity.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gateway.outbox.lanes import LaneRow, spend_tokens, take_tokens
from gateway.outbox.messages import ANSWERS

# The lateral join walks the queue's index priority by priority, over due rows only: rows scheduled for later at
# a higher priority are never read.
_CLAIM: Final = """
WITH due AS MATERIALIZED (
  SELECT found.id FROM (VALUES (0), (1), (2), (3)) AS level(priority),
  LATERAL (
    SELECT id FROM message
    WHERE state = 'queued' AND NOT held AND channel = $1 AND priority = level.priority AND not_before <= $2
    ORDER BY not_before, id LIMIT $3 FOR UPDATE SKIP LOCKED
  ) AS found
  LIMIT $3
), judged AS (
  SELECT m.id, CASE
      WHEN m.expires_at <= $2 THEN 'expired'
      WHEN halt.reason IS NOT NULL THEN halt.reason
      WHEN m.closes_at <= $2 THEN 'late'
      WHEN part.stopped THEN part.reason
      WHEN part.partly_stopped THEN 'partly'
      WHEN point.state <> 'active' AND m.klass <> 'V' THEN 'unreachable'
      WHEN refusal.found THEN 'opted_out'
    END AS verdict
  FROM due JOIN message m USING (id)
  LEFT JOIN contact_point point ON point.id = m.contact_point_id
  LEFT JOIN ground_stop halt ON halt.ground = 'notice:' || m.notice_id
  LEFT JOIN LATERAL (
    SELECT bool_and(bad.reason IS NOT NULL) AS stopped, bool_or(bad.reason IS NOT NULL) AS partly_stopped,
           min(bad.reason) AS reason
    FROM message_account a
    LEFT JOIN contact_link link ON link.id = a.link_id AND link.state IN ('suspended', 'revoked')
    LEFT JOIN ground_stop ground ON ground.ground = a.ground
    CROSS JOIN LATERAL (SELECT CASE link.state WHEN 'suspended' THEN 'misdirected' WHEN 'revoked' THEN 'revoked'
                                    ELSE ground.reason END AS reason) AS bad
    WHERE a.id = m.id
  ) AS part ON true
  LEFT JOIN LATERAL (
    SELECT true AS found FROM opt_out
    WHERE contact_point_id = m.contact_point_id AND purpose IN (m.purpose, 'all')
      AND m.klass NOT IN ('L', 'V') AND m.kind <> ALL ($6::text[]) LIMIT 1
  ) AS refusal ON true
)
UPDATE message m SET
  state = CASE WHEN judged.verdict IS NULL THEN 'sending' WHEN judged.verdict IN ('expired', 'cancelled')
               THEN judged.verdict WHEN judged.verdict IN ('late', 'partly', 'paused') THEN 'queued' ELSE 'withheld' END,
  withheld_reason = CASE WHEN judged.verdict IN ('expired', 'cancelled', 'late', 'partly', 'paused') THEN NULL
                         ELSE judged.verdict END,
  held = judged.verdict IS NOT DISTINCT FROM 'paused',
  lane_id = $4, node_id = CASE WHEN judged.verdict IS NULL THEN $5::uuid END,
  claimed_at = CASE WHEN judged.verdict IS NULL THEN $2 ELSE claimed_at END,
  attempts = attempts + CASE WHEN judged.verdict IS NULL THEN 1 ELSE 0 END
FROM judged WHERE m.id = judged.id
RETURNING m.id, m.to_address, m.body, m.contact_point_id, m.attempts, m.expires_at, m.hours, m.zone, judged.verdict
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this node holds and may hand over."""

    id: UUID
    to: str
    body: str
    contact_point_id: int | None
    attempts: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Late:
    """A message whose sending window closed before its turn came; it wants a new opening."""

    id: UUID
    hours: str
    zone: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What one claim brought: messages to hand over, those to put off, those to be composed anew."""

    claimed: list[Claimed]
    late: list[Late]
    partly_stopped: list[UUID]
    #: Rows that were due, stopped ones included: 0 means the queue has nothing for this lane now.
    seen: int


async def claim(connection: Any, lane: LaneRow, *, node: UUID, now: datetime, limit: int) -> Claim:
    """Claim up to `limit` due messages of the lane's channel, in the connection's transaction.

    Messages that must not leave any more are withheld or expire on the way, with an event. `now` is the Clock's.
    """
    allowed = await take_tokens(connection, lane, limit)
    if allowed <= 0:
        return Claim([], [], [], 0)
    rows = await connection.fetch(_CLAIM, lane.channel, now, allowed, lane.id, node, list(ANSWERS))
    claimed: list[Claimed] = []
    late: list[Late] = []
    partly: list[UUID] = []
    stopped: list[tuple[UUID, str]] = []
    for id_, to, body, point, attempts, expires_at, hours, zone, verdict in rows:
        if verdict is None:
            claimed.append(Claimed(id_, to, body, point, attempts, expires_at))
        elif verdict == "late":
            late.append(Late(id_, hours, zone))
        elif verdict == "partly":
            partly.append(id_)
        elif verdict != "paused":
            stopped.append((id_, verdict))
    if stopped:
        await connection.execute(
            """INSERT INTO message_event (id, at, kind, detail)
               SELECT id, $3, CASE WHEN reason IN ('expired', 'cancelled') THEN reason ELSE 'withheld' END, reason || ', at the claim'
               FROM unnest($1::uuid[], $2::text[]) AS stopped(id, reason)""",
            [id_ for id_, _ in stopped],
            [reason for _, reason in stopped],
            now,
        )
    await spend_tokens(connection, lane, len(claimed))
    return Claim(claimed, late, partly, len(rows))


async def give_back(connection: Any, messages: list[UUID]) -> None:
    """Return claimed messages whose hand-over was never begun to the queue."""
    await connection.execute(
        """UPDATE message SET state = 'queued', node_id = NULL, attempts = attempts - 1
           WHERE id = ANY($1::uuid[]) AND state = 'sending'""",
        messages,
    )


async def put_off(connection: Any, late: list[tuple[UUID, datetime, datetime | None]], now: datetime) -> None:
    """Give messages a new opening: `(id, not_before, closes_at)` each."""
    await connection.execute(
        """WITH moved AS (
             UPDATE message m SET not_before = l.opens, closes_at = l.closes
             FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS l(id, opens, closes)
             WHERE m.id = l.id AND m.state = 'queued' RETURNING m.id, m.not_before)
           INSERT INTO message_event (id, at, kind, detail)
           SELECT id, $4, 'deferred', 'its hours were over when its turn came' FROM moved""",
        [item[0] for item in late],
        [item[1] for item in late],
        [item[2] for item in late],
        now,
    )
