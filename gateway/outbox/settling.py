"""Settling: what the carrier answered, and what it reported later, becomes the message's state.

States move forward only. A receipt may come before our own record of the hand-over, twice, or out of order;
the highest rank that was ever reported stands:

    queued, sending, uncertain < sent < undelivered, failed < delivered
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.outbox.carriers import Accepted, Evidence, Outcome, Receipt, Refused, Throttled

#: Attempts at a hand-over that the carrier surely did not take, before it counts as failed.
MAX_ATTEMPTS: Final = 8
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
    attempts: int
    outcome: Outcome
    at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """Evidence about a number that a carrier gave with a refusal or a receipt."""

    message_id: UUID
    contact_point_id: int
    evidence: Evidence
    code: str
    at: datetime


_SETTLE: Final = """
WITH ended AS (
  SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[],
                       $7::text[]) AS ended(id, state, carrier_id, code, at, again, words)
), moved AS (
  UPDATE message m SET
    state = CASE WHEN m.state IN ('sending', 'uncertain') THEN ended.state ELSE m.state END,
    doubt_since = CASE WHEN ended.state = 'uncertain' THEN coalesce(m.doubt_since, clock_timestamp()) END,
    carrier_id = coalesce(ended.carrier_id, m.carrier_id),
    error_code = coalesce(ended.code, m.error_code),
    sent_at = CASE WHEN ended.state = 'sent' THEN coalesce(m.sent_at, ended.at) ELSE m.sent_at END,
    not_before = CASE WHEN ended.state = 'queued' AND m.state IN ('sending', 'uncertain') THEN ended.again
                      ELSE m.not_before END
  FROM ended WHERE m.id = ended.id AND (m.node_id = $8 OR m.state <> 'sending')
)
INSERT INTO message_event (id, at, kind, detail)
SELECT id, at, CASE state WHEN 'sent' THEN 'accepted' WHEN 'queued' THEN 'retry' ELSE state END, words FROM ended
"""


async def settle(connection: Any, node: UUID, ended: Sequence[Settled]) -> list[Told]:
    """Record how hand-overs of `node` ended, in one statement; the evidence that refusals gave about numbers.

    A receipt that came first stands. An answer that comes after the node was taken for dead still counts.
    """
    columns: tuple[list[Any], ...] = ([], [], [], [], [], [], [])
    told: list[Told] = []
    for item in ended:
        state, carrier_id, code, again, words = _consequence(item)
        for column, value in zip(
            columns, (item.message_id, state, carrier_id, code, item.at, again, words), strict=True
        ):
            column.append(value)
        outcome = item.outcome
        if isinstance(outcome, Refused) and outcome.evidence is not Evidence.NONE and item.contact_point_id:
            told.append(Told(item.message_id, item.contact_point_id, outcome.evidence, outcome.code, item.at))
    await connection.execute(_SETTLE, *columns, node)
    return told


def _consequence(item: Settled) -> tuple[str, str | None, str | None, datetime | None, str]:
    outcome = item.outcome
    if isinstance(outcome, Accepted):
        return "sent", outcome.carrier_id, None, None, f"the carrier took it as {outcome.carrier_id}"
    if isinstance(outcome, Throttled):
        wait = outcome.after + random.random() * min(outcome.after, 1)
        return "queued", None, outcome.code, item.at + timedelta(seconds=wait), f"throttled ({outcome.code})"
    if isinstance(outcome, Refused):
        if outcome.for_good or item.attempts >= MAX_ATTEMPTS:
            return "failed", None, outcome.code, None, f"refused: {outcome.why}"
        again = item.at + timedelta(seconds=backoff(item.attempts, random.random()))
        return "queued", None, outcome.code, again, f"not taken, will try again: {outcome.why}"
    return "uncertain", None, None, None, f"taken or not is unknown: {outcome.why}"


_RECEIPTS: Final = """
WITH told AS (
  SELECT DISTINCT ON (id) id, state, carrier_id, code, word, at
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::smallint[])
    AS told(id, state, carrier_id, code, word, at, rank)
  ORDER BY id, rank DESC
), before AS (
  SELECT m.id, m.state, m.contact_point_id FROM message m JOIN told USING (id) ORDER BY m.id FOR NO KEY UPDATE OF m
), moved AS (
  UPDATE message m SET
    state = told.state,
    carrier_id = coalesce(m.carrier_id, told.carrier_id),
    error_code = CASE WHEN told.state = 'delivered' THEN NULL ELSE coalesce(told.code, m.error_code) END,
    sent_at = coalesce(m.sent_at, told.at),
    delivered_at = CASE WHEN told.state = 'delivered' THEN coalesce(m.delivered_at, told.at)
                        ELSE m.delivered_at END,
    doubt_since = NULL
  FROM told, before
  WHERE m.id = told.id AND before.id = m.id
    AND CASE told.state WHEN 'sent' THEN 1 WHEN 'delivered' THEN 3 ELSE 2 END
      > CASE before.state WHEN 'sent' THEN 1 WHEN 'delivered' THEN 3
                          WHEN 'undelivered' THEN 2 WHEN 'failed' THEN 2 ELSE 0 END
  RETURNING m.id, told.state, told.word, told.code, told.at
), noted AS (
  INSERT INTO message_event (id, at, kind, detail)
  SELECT id, at, state, word || coalesce(' (' || code || ')', '') FROM moved
)
SELECT before.id, before.contact_point_id, moved.id IS NOT NULL AS moved FROM before LEFT JOIN moved USING (id)
"""
_RANK: Final = {"sent": 1, "undelivered": 2, "failed": 2, "delivered": 3}


@dataclass(frozen=True, slots=True)
class Reported:
    """What a batch of receipts did: the ids that are known here, and the evidence about numbers."""

    known: frozenset[UUID]
    told: list[Told]


async def apply_receipts(connection: Any, receipts: Sequence[tuple[Receipt, datetime]]) -> Reported:
    """Apply receipts (with the Clock's time of their arrival), in any order, never backwards, in one statement.

    A repeat changes nothing. Receipts whose `message_id` is unknown here are left out of `known`; the caller
    keeps them.
    """
    moving = [(receipt, at) for receipt, at in receipts if receipt.message_id and receipt.state]
    rows = await connection.fetch(
        _RECEIPTS,
        [receipt.message_id for receipt, _ in moving],
        [receipt.state for receipt, _ in moving],
        [receipt.carrier_id for receipt, _ in moving],
        [receipt.error_code for receipt, _ in moving],
        [receipt.raw_status for receipt, _ in moving],
        [at for _, at in moving],
        [_RANK[str(receipt.state)] for receipt, _ in moving],
    )
    points = {row["id"]: row["contact_point_id"] for row in rows}
    changed = {row["id"] for row in rows if row["moved"]}
    told = [
        Told(id_, points[id_], receipt.evidence, receipt.error_code or "", at)
        for receipt, at in moving
        if (id_ := receipt.message_id) is not None
        and id_ in changed
        and receipt.evidence is not Evidence.NONE
        and points[id_]
    ]
    return Reported(frozenset(points), told)
