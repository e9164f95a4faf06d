"""Claiming: due messages become one node's to hand over, and whatever must still be true is looked at again.

The claim is where promise P3 (stopped) and P4 (right time) are kept last: however a message came to be queued,
it leaves only if at this moment its links are active, its number reachable, nobody has refused its purpose,
its ground holds, it is within its hours and its validity, and nothing about the same thing is ahead of it.

A claim is one statement and one transaction of its own: nothing is locked while a node thinks, and a node that
is frozen holds up nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.archive.links import STOPPED
from gateway.kernel.ids import first_id
from gateway.outbox.hours import NARROWED, HoursClass, Quiet
from gateway.outbox.lanes import BURST_SECONDS, FEWEST_TOKENS, LaneRow
from gateway.outbox.messages import ANSWERS, GIVES_UP
from gateway.outbox.streams import Share
from gateway.outbox.tables import STREAM

#: Two texts to one number are about one thing only if they were written this close together.
_ONE_THING: Final = timedelta(days=14)
#: Doubt that is younger is about to be settled: whoever waits for it stays due, and is looked at again at once.
_YOUNG: Final = "interval '1 minute'"
#: How long after that a text that waits for one in doubt is looked at again.
_LOOK_AGAIN: Final = "interval '20 seconds'"
#: How long a text waits for one before it that is tried again or in doubt; then it goes, and that one does not.
_PATIENCE: Final = "interval '15 minutes'"

# Another text to the same number, and about the same thing: on the same ground, or with the same reference.
_SAME_NUMBER: Final = "other.contact_point_id = m.contact_point_id AND other.id >= $7"
_SAME_THING: Final = """
  (other.reference = m.reference OR EXISTS (
    SELECT 1 FROM message_account mine JOIN message_account theirs ON theirs.ground = mine.ground
    WHERE mine.id = m.id AND theirs.id = other.id))
"""

# A text waits for the ones before it about the same thing, and for one that says word for word the same: while
# that is on its way or in doubt, a look-up at the carrier could not tell the two apart.
_AHEAD: Final = f"""
  SELECT CASE WHEN other.state = 'queued' AND other.not_before > $2 THEN other.not_before
              WHEN other.state = 'uncertain' AND other.doubt_since < clock_timestamp() - {_YOUNG}
              THEN $2::timestamptz + {_LOOK_AGAIN} END AS until, true AS found
  FROM message other
  WHERE {_SAME_NUMBER} AND other.id <> m.id AND (
    other.state IN ('sending', 'uncertain') AND other.body = m.body
    OR other.id < m.id AND (
         other.state = 'sending'
         OR other.state = 'uncertain' AND other.doubt_since > clock_timestamp() - {_PATIENCE}
         OR other.state = 'queued' AND (other.not_before <= $2
              OR other.claimed_at IS NOT NULL AND other.not_before <= $2::timestamptz + {_PATIENCE})
            AND NOT EXISTS (SELECT 1 FROM ground_stop WHERE ground = 'notice:' || other.notice_id))
       AND (other.body = m.body OR {_SAME_THING}))
  ORDER BY 1 DESC NULLS LAST LIMIT 1
"""

# The lateral join takes from the queue's index stream by stream, over due rows only: rows scheduled for later
# are never read, whatever their priority.
_CLAIM: Final = f"""
WITH pace AS (
  SELECT least(greatest({FEWEST_TOKENS}, rate * {BURST_SECONDS}),
               tokens + rate * extract(epoch FROM at - refilled_at)) AS tokens, at
  FROM lane, clock_timestamp() AS at WHERE id = $4 AND rate > 0 FOR UPDATE OF lane
), room AS (
  SELECT CASE WHEN NOT lane.enabled THEN 0
              WHEN $8 THEN least($3, greatest(0, floor((SELECT tokens FROM pace))::int)) ELSE $3 END AS size
  FROM lane WHERE id = $4
), due AS MATERIALIZED (
  SELECT found.id, share.turn
  FROM unnest($9::smallint[], $10::uuid[], $11::timestamptz[], $12::uuid[], $13::int[])
    WITH ORDINALITY AS share(priority, key, from_at, from_id, quota, turn),
  LATERAL (
    SELECT id FROM message
    WHERE state = 'queued' AND NOT held AND channel = $1 AND priority = share.priority AND {STREAM} = share.key
      AND not_before <= $2 AND (not_before, id) >= (share.from_at, share.from_id)
    ORDER BY not_before, id LIMIT share.quota FOR UPDATE SKIP LOCKED
  ) AS found
  LIMIT (SELECT size FROM room)
), judged AS MATERIALIZED (
  SELECT m.id, m.priority, {STREAM} AS key, m.not_before, due.turn, m.to_address, m.body, m.contact_point_id,
    m.attempts, m.template, m.template_version, CASE WHEN m.fallback IS NULL THEN m.expires_at
      ELSE least(m.expires_at, $2 + coalesce(make_interval(mins => m.fallback_minutes), $14)) END AS expires_at,
    m.fallback IS NOT NULL AS may_go_on, m.hours, m.zone, CASE
      WHEN m.expires_at <= $2 THEN 'expired'
      WHEN halt.reason IS NOT NULL THEN halt.reason
      WHEN m.closes_at <= $2 THEN 'late'
      WHEN part.stopped THEN part.reason
      WHEN part.partly_stopped THEN 'partly'
      WHEN disowned.reason IS NOT NULL THEN disowned.reason
      WHEN point.state <> 'active' AND m.klass <> 'V' THEN 'unreachable'
      WHEN refusal.found THEN 'opted_out'
      WHEN overtaken.found THEN 'superseded'
      WHEN ahead.until IS NOT NULL THEN 'later'
      WHEN ahead.found THEN 'soon'
    END AS verdict, ahead.until
  FROM due JOIN message m USING (id)
  LEFT JOIN contact_point point ON point.id = m.contact_point_id
  LEFT JOIN ground_stop halt ON halt.ground = 'notice:' || m.notice_id
  LEFT JOIN LATERAL (
    SELECT bool_and(bad.reason IS NOT NULL) AS stopped, bool_or(bad.reason IS NOT NULL) AS partly_stopped,
           min(bad.reason) AS reason, count(*) AS accounts
    FROM message_account a
    LEFT JOIN contact_link link ON link.id = a.link_id AND {STOPPED}
    LEFT JOIN ground_stop ground ON ground.ground = a.ground
    LEFT JOIN LATERAL (
      SELECT 'unreachable' AS reason FROM contact_link l
      WHERE point.kind <> 'phone' AND l.id = a.link_id AND l.contact_point_id <> m.contact_point_id AND NOT EXISTS (
        SELECT 1 FROM chat_binding WHERE chat_point_id = m.contact_point_id
          AND phone_point_id = l.contact_point_id AND ended_at IS NULL)
    ) AS unbound ON true
    CROSS JOIN LATERAL (SELECT CASE WHEN link.state = 'revoked' THEN 'revoked'
                                    WHEN link.id IS NOT NULL THEN 'misdirected'
                                    ELSE coalesce(ground.reason, unbound.reason) END AS reason) AS bad
    WHERE a.id = m.id
  ) AS part ON true
  LEFT JOIN LATERAL (
    SELECT CASE WHEN bool_or(state = 'suspended') THEN 'misdirected' ELSE 'revoked' END AS reason
    FROM contact_link
    WHERE part.accounts = 0 AND contact_point_id = m.contact_point_id AND m.kind <> ALL ($6::text[])
    HAVING bool_and(state IN ('suspended', 'revoked'))
  ) AS disowned ON true
  LEFT JOIN LATERAL (
    SELECT true AS found FROM opt_out
    WHERE contact_point_id = m.contact_point_id AND purpose IN (m.purpose, 'all')
      AND m.klass NOT IN ('L', 'V') AND m.kind <> ALL ($6::text[]) LIMIT 1
  ) AS refusal ON true
  LEFT JOIN LATERAL ({_AHEAD}) AS ahead ON true
  LEFT JOIN LATERAL (
    SELECT true AS found FROM message other
    WHERE m.claimed_at IS NOT NULL AND {_SAME_NUMBER} AND other.id > m.id AND other.state IN ('sent', 'delivered')
      AND {_SAME_THING}
    LIMIT 1
  ) AS overtaken ON true
), moved AS (
  UPDATE message m SET
    state = CASE WHEN judged.verdict IS NULL THEN 'sending' WHEN judged.verdict IN ('expired', 'cancelled')
                 THEN judged.verdict WHEN judged.verdict = 'later' THEN 'queued'
                 WHEN judged.verdict = 'unreachable' AND judged.may_go_on THEN 'failed'
                 ELSE 'withheld' END,
    withheld_reason = CASE WHEN judged.verdict NOT IN ('expired', 'cancelled', 'later')
                             AND NOT (judged.verdict = 'unreachable' AND judged.may_go_on) THEN judged.verdict END,
    error_code = CASE WHEN judged.verdict = 'unreachable' AND judged.may_go_on THEN judged.verdict
                      ELSE m.error_code END,
    not_before = coalesce(CASE WHEN judged.verdict = 'later' THEN judged.until END, m.not_before),
    lane_id = CASE WHEN judged.verdict IS NULL THEN $4 ELSE m.lane_id END,
    node_id = CASE WHEN judged.verdict IS NULL THEN $5::uuid END,
    claimed_at = CASE WHEN judged.verdict IS NULL THEN $2 ELSE m.claimed_at END,
    attempts = m.attempts + CASE WHEN judged.verdict IS NULL THEN 1 ELSE 0 END
  FROM judged WHERE m.id = judged.id
    AND (judged.verdict IS NULL OR judged.verdict NOT IN ('late', 'partly', 'soon', 'paused'))
  RETURNING m.id, judged.verdict, m.state
), noted AS (
  INSERT INTO message_event (id, at, kind, detail)
  SELECT id, $2, state,
         verdict || ', at the claim'
  FROM moved WHERE verdict <> 'later'
), spent AS (
  UPDATE lane SET tokens = pace.tokens - (SELECT count(*) FROM moved WHERE verdict IS NULL), refilled_at = pace.at
  FROM pace WHERE lane.id = $4
)
SELECT (SELECT size FROM room) AS size, judged.*
FROM (VALUES (1)) AS always(one) LEFT JOIN judged ON true ORDER BY judged.turn, judged.not_before, judged.id
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this node holds and may hand over."""

    id: UUID
    to: str
    body: str
    contact_point_id: int | None
    #: Hand-overs begun, this one included.
    attempts: int
    #: When the carrier is to stop trying: its validity ends, or it is to go on on another channel.
    expires_at: datetime | None
    priority: int
    template: str = ""
    template_version: str = ""


@dataclass(frozen=True, slots=True)
class Late:
    """A message whose sending window closed before its turn came; it wants a new opening."""

    id: UUID
    hours: str
    zone: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Claim:
    """What one claim brought: messages to hand over, those to put off, those to be composed anew."""

    claimed: list[Claimed]
    late: list[Late]
    partly_stopped: list[UUID]
    #: Streams `(priority, key)` whose notice is paused: their messages were left as they are.
    paused: set[tuple[int, UUID]]
    #: Where in the queue it took what it saw: `(priority, stream, not_before, id)`.
    seen: list[tuple[int, UUID, datetime, UUID]]
    #: How many it could have taken: less than asked for where the lane's rate allowed no more.
    size: int

    @property
    def full(self) -> bool:
        """Whether it took all it could, so that more may be due."""
        return len(self.seen) >= self.size


async def claim(
    connection: Any, lane: LaneRow, *, node: UUID, now: datetime, limit: int, shares: Sequence[Share]
) -> Claim:
    """Claim up to `limit` due messages of the lane's channel; a transaction of its own. `now` is the Clock's.

    Messages that must not leave any more are withheld or expire on the way, with an event. Those that are late
    or partly stopped stay queued: the caller puts them off or has them composed anew.
    """
    rows = await connection.fetch(
        _CLAIM,
        lane.channel,
        now,
        limit,
        lane.id,
        node,
        list(ANSWERS),
        first_id(now - _ONE_THING),
        lane.rate > 0,
        [share.stream.priority for share in shares],
        [share.stream.key for share in shares],
        [share.stream.after[0] for share in shares],
        [share.stream.after[1] for share in shares],
        [share.quota for share in shares],
        GIVES_UP,
    )
    result = Claim([], [], [], set(), [], rows[0]["size"])
    for (
        _, id_, priority, key, not_before, _, to, body, point, attempts, template, version, expires_at, _, hours, zone,
        verdict, _,
    ) in rows:  # fmt: skip
        if id_ is None:
            continue
        result.seen.append((priority, key, not_before, id_))
        if verdict is None:
            result.claimed.append(Claimed(id_, to, body, point, attempts + 1, expires_at, priority, template, version))
        elif verdict == "late":
            result.late.append(Late(id_, hours, zone, expires_at))
        elif verdict == "partly":
            result.partly_stopped.append(id_)
        elif verdict == "paused":
            result.paused.add((priority, key))
    return result


async def give_back(connection: Any, messages: Sequence[tuple[UUID, int]], node: UUID) -> None:
    """Return claimed messages `(id, attempts)` of `node` whose hand-over was never begun to the queue."""
    await connection.execute(
        """UPDATE message m SET state = 'queued', node_id = NULL, attempts = m.attempts - 1
           FROM unnest($1::uuid[], $2::smallint[]) AS back(id, attempts)
           WHERE m.id = back.id AND m.attempts = back.attempts AND m.state = 'sending' AND m.node_id = $3""",
        [id_ for id_, _ in messages],
        [attempts for _, attempts in messages],
        node,
    )


async def reclaim(connection: Any, lane: LaneRow, node: UUID, *, known: Sequence[UUID]) -> int:
    """Return what `node` has claimed on a lane without knowing it (the claim's answer was lost); how many.

    `known` are the messages that it holds. What it does not know of it cannot have begun to hand over.
    """
    rows = await connection.fetch(
        """UPDATE message SET state = 'queued', node_id = NULL, attempts = attempts - 1
           WHERE state = 'sending' AND node_id = $1 AND lane_id = $2 AND id <> ALL ($3::uuid[]) RETURNING id""",
        node,
        lane.id,
        list(known),
    )
    return len(rows)


async def quiet_of(connection: Any, messages: Sequence[UUID]) -> dict[UUID, Quiet]:
    """The hours in which the recipients of messages want nothing, of those who said so."""
    rows = await connection.fetch(
        """SELECT m.id, h.begins, h.ends FROM message m JOIN contact_hours h USING (contact_point_id)
           WHERE m.id = ANY($1::uuid[])""",
        list(messages),
    )
    return {row["id"]: Quiet(row["begins"], row["ends"]) for row in rows}


async def new_openings(connection: Any, points: Sequence[int], at: datetime) -> int:
    """Have what waits for contact points given an opening anew, since their person chose other hours; how many.

    It is put off at its claim, so what was to leave later leaves no sooner.
    """
    rows = await connection.fetch(
        """UPDATE message SET closes_at = least(closes_at, greatest(not_before, $2::timestamptz))
           WHERE state = 'queued' AND contact_point_id = ANY($1::int[]) AND hours = ANY($3::text[]) RETURNING id""",
        list(points),
        at,
        sorted(NARROWED),
    )
    return len(rows)


async def keep_new_hours(connection: Any, classes: Collection[HoursClass], at: datetime) -> int:
    """Have what waits under these classes given an opening anew, since their hours have changed; how many.

    It is put off at its claim, by the hours in force then. What may leave at any hour goes on as it is.
    """
    rows = await connection.fetch(
        """UPDATE message SET closes_at = least(closes_at, greatest(not_before, $1::timestamptz))
           WHERE state = 'queued' AND closes_at IS NOT NULL AND hours = ANY($2::text[]) RETURNING 1""",
        at,
        sorted(classes),
    )
    return len(rows)


async def put_off(connection: Any, late: list[tuple[UUID, datetime, datetime | None]], now: datetime) -> None:
    """Give messages a new opening: `(id, not_before, closes_at)` each. What ends before it expires now."""
    await connection.execute(
        """WITH moved AS (
             UPDATE message m SET not_before = l.opens, closes_at = l.closes,
               state = CASE WHEN m.expires_at <= l.opens THEN 'expired' ELSE m.state END
             FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS l(id, opens, closes)
             WHERE m.id = l.id AND m.state = 'queued' RETURNING m.id, m.state)
           INSERT INTO message_event (id, at, kind, detail)
           SELECT id, $4, CASE state WHEN 'expired' THEN 'expired' ELSE 'deferred' END,
                  'its hours were over when its turn came' FROM moved""",
        [item[0] for item in late],
        [item[1] for item in late],
        [item[2] for item in late],
        now,
    )


async def expire(connection: Any, now: datetime, *, limit: int = 5000) -> int:
    """Expire queued messages whose validity has ended, those of paused notices included; how many."""
    rows = await connection.fetch(
        """WITH over AS (
             SELECT id FROM message WHERE state = 'queued' AND expires_at <= $1
             ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
           ), moved AS (
             UPDATE message m SET state = 'expired' FROM over WHERE m.id = over.id RETURNING m.id)
           INSERT INTO message_event (id, at, kind, detail)
           SELECT id, $1, 'expired', 'its validity ended while it waited' FROM moved RETURNING id""",
        now,
        limit,
    )
    return len(rows)
