"""Settling: what the carrier answered, and what it reported later, becomes the message's state.

States move forward only. A receipt may come before our own record of the hand-over, twice, or out of order;
the highest rank that was ever reported stands:

    queued, sending, uncertain < sent < undelivered, failed < delivered

A receipt under another of the carrier's ids than the one we know speaks of another hand-over of the same text, one
that was thought lost. That it was delivered is true of the text; that it failed says nothing of ours.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.outbox.carriers import Accepted, Evidence, Outcome, Receipt, Refused, Throttled, Unknown
from gateway.outbox.locking import lock
from gateway.outbox.sweeping import withhold

#: Attempts at a hand-over that the carrier surely did not take, before it counts as failed.
MAX_ATTEMPTS: Final = 8
#: The code of a hand-over for which no connection could be made: the message has not had its try.
NOT_CONNECTED: Final = "not_connected"
_FIRST_WAIT: Final = 2.0
_LONGEST_WAIT: Final = 900.0


def backoff(attempts: int, draw: float) -> float:
    """Seconds to wait after the `attempts`-th failed hand-over: doubling, with jitter from `draw` in [0, 1)."""
    ceiling: float = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (attempts - 1))
    return ceiling * (0.5 + draw / 2)


@dataclass(frozen=True, slots=True)
class Settled:
    """One hand-over and how it ended."""

    message_id: UUID
    contact_point_id: int | None
    #: Which hand-over of the message it was.
    attempts: int
    outcome: Outcome
    at: datetime
    lane: str


@dataclass(frozen=True, slots=True)
class Told:
    """Evidence about a number that a carrier gave with a refusal or a receipt."""

    message_id: UUID
    contact_point_id: int
    evidence: Evidence
    code: str
    at: datetime


# What the carrier took is `sent` whatever became of the message meanwhile: that is the truth; so is what failed
# under another of the carrier's ids, which was another hand-over. Any other answer
# counts only for the hand-over it belongs to.
_SETTLE: Final = """
WITH ended AS (
  SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::timestamptz[],
                       $7::timestamptz[], $8::text[])
    AS ended(id, attempts, state, carrier_id, code, at, again, words)
), moved AS (
  UPDATE message m SET
    state = ended.state,
    node_id = CASE WHEN ended.state = 'queued' THEN NULL ELSE m.node_id END,
    attempts = m.attempts - CASE WHEN ended.code = 'not_connected' THEN 1 ELSE 0 END,
    doubt_since = CASE WHEN ended.state = 'uncertain' THEN coalesce(m.doubt_since, clock_timestamp()) END,
    look_at = NULL,
    carrier_id = ended.carrier_id,
    error_code = ended.code,
    withheld_reason = NULL,
    sent_at = CASE WHEN ended.state IN ('sent', 'delivered') THEN coalesce(m.sent_at, ended.at) ELSE m.sent_at END,
    delivered_at = CASE WHEN ended.state = 'delivered' THEN ended.at ELSE m.delivered_at END,
    not_before = CASE WHEN ended.state = 'queued' THEN ended.again ELSE m.not_before END
  FROM ended WHERE m.id = ended.id AND CASE
    WHEN ended.state IN ('sent', 'delivered') THEN m.state NOT IN ('sent', 'delivered', 'undelivered', 'failed')
      OR m.state IN ('undelivered', 'failed') AND m.carrier_id IS DISTINCT FROM ended.carrier_id
    ELSE m.state IN ('sending', 'uncertain') AND m.node_id = $9 AND m.attempts = ended.attempts END
  RETURNING m.id
)
INSERT INTO message_event (id, at, kind, detail)
SELECT id, at, CASE state WHEN 'sent' THEN 'accepted' WHEN 'queued' THEN 'retry' ELSE state END, words
FROM ended WHERE state IN ('sent', 'delivered') OR id IN (SELECT id FROM moved)
"""


async def settle(connection: Any, node: UUID, ended: Sequence[Settled]) -> None:
    """Record how hand-overs of `node` ended, in the connection's transaction.

    A receipt that came first stands. An answer that comes after the node was taken for dead still counts.
    """
    rows = [
        (item.message_id, item.attempts, *_consequence(item)) for item in sorted(ended, key=lambda one: one.message_id)
    ]
    await lock(connection, [item.message_id for item in ended])
    await connection.execute(_SETTLE, *(list(column) for column in zip(*rows, strict=True)), node)


def evidence_of(ended: Sequence[Settled]) -> list[Told]:
    """What refusals among `ended` said about numbers."""
    return [
        Told(item.message_id, item.contact_point_id, item.outcome.evidence, item.outcome.code, item.at)
        for item in ended
        if isinstance(item.outcome, Refused)
        and item.outcome.evidence is not Evidence.NONE
        and item.contact_point_id is not None
    ]


_Consequence = tuple[str, str | None, str | None, datetime, datetime | None, str]


def _consequence(item: Settled) -> _Consequence:
    """State, the carrier's id, error code, when it ended, when to try again, and why in words."""
    outcome = item.outcome
    if isinstance(outcome, Accepted):
        carrier_id = storable(outcome.carrier_id)
        return (
            "delivered" if outcome.delivered else "sent",
            carrier_id,
            None,
            item.at,
            None,
            f"{item.lane} took it as {carrier_id}",
        )
    if isinstance(outcome, Unknown):
        words = f"whether {item.lane} took it is unknown: {storable(outcome.why)}"
        return "uncertain", None, None, item.at, None, words
    code = storable(outcome.code)
    if isinstance(outcome, Throttled):
        wait = outcome.after + random.random() * min(max(outcome.after, 0.5), 5)
        return "queued", None, code, item.at, item.at + timedelta(seconds=wait), f"{item.lane} is busy ({code})"
    words = f"{item.lane} did not take it: {storable(outcome.why)} ({code})"
    if outcome.for_good or (item.attempts >= MAX_ATTEMPTS and code != NOT_CONNECTED):
        return "failed", None, code, item.at, None, words
    again = item.at + timedelta(seconds=backoff(item.attempts, random.random()))
    return "queued", None, code, item.at, again, words


def storable(text: str) -> str:
    """`text` without what PostgreSQL cannot hold, and no longer than anybody reads."""
    return text[:300].encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")


_TWICE: Final = "'the carrier has it as ' || told.carrier_id || ' too'"
_RECEIPTS: Final = f"""
WITH told AS (
  SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::smallint[])
    WITH ORDINALITY AS told(id, state, carrier_id, code, word, at, rank, turn)
), before AS MATERIALIZED (
  SELECT m.id, m.contact_point_id, m.replaced_by, m.carrier_id, CASE m.state WHEN 'sent' THEN 1 WHEN 'delivered' THEN 3
           WHEN 'undelivered' THEN 2 WHEN 'failed' THEN 2 ELSE 0 END AS rank
  FROM message m WHERE m.id = ANY ($1::uuid[])
    AND ($8::text IS NULL OR m.lane_id IS NULL OR m.lane_id IN (SELECT lane.id FROM lane WHERE lane.carrier = $8))
), news AS (
  SELECT DISTINCT ON (told.id, told.rank) told.*
  FROM told JOIN before ON before.id = told.id AND told.rank > before.rank
    AND (told.rank = 3 OR told.carrier_id = '' OR coalesce(before.carrier_id, told.carrier_id) = told.carrier_id)
  ORDER BY told.id, told.rank, told.turn
), best AS (
  SELECT DISTINCT ON (id) * FROM news ORDER BY id, rank DESC
), moved AS (
  UPDATE message m SET
    state = best.state,
    carrier_id = coalesce(m.carrier_id, nullif(best.carrier_id, '')),
    error_code = CASE WHEN best.rank = 2 THEN best.code END,
    withheld_reason = NULL,
    sent_at = coalesce(m.sent_at, best.at),
    delivered_at = CASE WHEN best.state = 'delivered' THEN best.at ELSE m.delivered_at END,
    doubt_since = NULL,
    look_at = NULL
  FROM best, before WHERE m.id = best.id AND before.id = best.id
), noted AS (
  INSERT INTO message_event (id, at, kind, detail)
  SELECT id, at, state, word || coalesce(' (' || code || ')', '') FROM news ORDER BY id, rank
), twice AS (
  INSERT INTO message_event (id, at, kind, detail)
  SELECT DISTINCT ON (told.id, told.carrier_id) told.id, told.at, 'twice', {_TWICE}
  FROM told JOIN before ON before.id = told.id AND told.carrier_id NOT IN ('', before.carrier_id)
  WHERE NOT EXISTS (SELECT 1 FROM message_event e WHERE e.id = told.id AND e.kind = 'twice' AND e.detail = {_TWICE})
  RETURNING id
)
SELECT before.id, before.contact_point_id, before.replaced_by, best.state, best.at FROM before LEFT JOIN best USING (id)
"""
_RANK: Final = {"sent": 1, "undelivered": 2, "failed": 2, "delivered": 3}


@dataclass(frozen=True, slots=True)
class Reported:
    """What a batch of receipts did: the ids that are known here, and the evidence about numbers."""

    known: frozenset[UUID]
    told: list[Told]


async def apply_receipts(
    connection: Any, receipts: Sequence[tuple[Receipt, datetime]], *, carrier: str | None = None
) -> Reported:
    """Apply receipts (with the Clock's time of their arrival), in any order, never backwards; needs a transaction.

    A repeat changes nothing. `carrier` is who posted them: it speaks of what went to its own lanes alone; None is
    for answers to a question of ours. Receipts whose `message_id` is unknown here, or another carrier's, are left
    out of `known`; the caller keeps them.
    """
    moving = [(receipt, at) for receipt, at in receipts if receipt.message_id and receipt.state]
    if not moving:
        return Reported(frozenset(), [])
    messages = [receipt.message_id for receipt, _ in moving if receipt.message_id is not None]
    await lock(connection, messages)
    rows = await connection.fetch(
        _RECEIPTS,
        messages,
        [receipt.state for receipt, _ in moving],
        [storable(receipt.carrier_id) for receipt, _ in moving],
        [receipt.error_code and storable(receipt.error_code) for receipt, _ in moving],
        [storable(receipt.raw_status) for receipt, _ in moving],
        [at for _, at in moving],
        [_RANK[str(receipt.state)] for receipt, _ in moving],
        carrier,
    )
    # It arrived after all: what was to go in its place stays, where it has not gone.
    for row in rows:
        if row["replaced_by"] is not None and row["state"] == "delivered":
            words = "the text whose place it took was delivered after all"
            await withhold(connection, [row["replaced_by"]], reason="duplicate", at=row["at"], words=words)
    points = {row["id"]: row["contact_point_id"] for row in rows}
    states = {row["id"]: row["state"] for row in rows}
    told: dict[UUID, Told] = {}
    for receipt, at in moving:
        id_ = receipt.message_id
        point = points.get(id_)
        if id_ is None or point is None or receipt.evidence is Evidence.NONE or receipt.state != states[id_]:
            continue
        told.setdefault(id_, Told(id_, point, receipt.evidence, receipt.error_code or "", at))
    return Reported(frozenset(points), list(told.values()))
