"""Two tones compared: accounts are drawn into one, and what follows is counted (domain notes S4.13).

Who reads together is drawn together, since two tones on one telephone would compare nothing. The draw is kept with
its number. An account in a segment that has a tone of its own is never drawn, and so not compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel.database import driver
from gateway.kernel.shares import Difference, difference, wilson
from gateway.notices.ladder.rules import Ladder
from gateway.notices.policy import Tone

#: A number between 0 and 1, excluded, evenly spread.
Draw = Callable[[], float]

_READERS: Final = """
SELECT a.id, coalesce('point:' || usual.contact_point_id, 'customer:' || a.customer_id) AS reader, mine.tone
FROM account a
LEFT JOIN LATERAL (SELECT contact_point_id FROM contact_link
                   WHERE account_id = a.id AND is_default AND state IN ('verified', 'unverified')
                   ORDER BY id LIMIT 1) AS usual ON true
LEFT JOIN tone_draw mine ON mine.account_id = a.id
WHERE a.id = ANY($1::int[])
"""
# The first drawn text that reached each account in the span, and what came of it within the days.
_OUTCOMES: Final = """
WITH told AS (
  SELECT DISTINCT ON (step.account_id) step.account_id, step.tone, m.id, m.sent_at, bill.settled_at
  FROM dunning_step step
  JOIN tone_draw ON tone_draw.account_id = step.account_id AND tone_draw.tone = step.tone
  JOIN bill ON bill.id = step.bill_id JOIN account ON account.id = step.account_id
  JOIN message_account part ON part.ground = 'bill:' || account.account_no || ':' || bill.billing_month
  JOIN message m ON m.id = part.id AND m.notice_id = step.notice_id AND m.state IN ('sent', 'delivered')
  WHERE step.stage = ANY($1::text[]) AND m.sent_at >= $2 AND m.sent_at < $3
  ORDER BY step.account_id, m.sent_at
)
SELECT tone, count(*) AS told,
  count(*) FILTER (WHERE settled_at >= sent_at AND settled_at <= sent_at + $4) AS paid,
  count(*) FILTER (WHERE EXISTS (
      SELECT 1 FROM inbound WHERE inbound.answers = told.id
        AND inbound.reading -> 'intents' ?| ARRAY['complaint', 'abuse'])
    OR EXISTS (
      SELECT 1 FROM work_order WHERE work_order.account_id = told.account_id
        AND work_order.kind IN ('complaint', 'opinion')
        AND work_order.opened_at BETWEEN told.sent_at AND told.sent_at + $4)) AS complaints,
  count(*) FILTER (WHERE EXISTS (
    SELECT 1 FROM inbound WHERE inbound.answers = told.id AND inbound.reading -> 'intents' ? 'opt_out')) AS refusals
FROM told GROUP BY tone
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share among those told, with its 95 % Wilson interval."""

    count: int
    share: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """What followed on one tone."""

    tone: str
    told: int
    paid: Share
    complaints: Share
    refusals: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Both tones, and warm less official for each outcome; None where one of them told nobody."""

    stages: Sequence[str]
    since: datetime
    until: datetime
    within_days: int
    arms: Sequence[Arm]
    differences: Mapping[str, Difference | None]


async def draw_tones(
    connection: Any, accounts: Sequence[int], *, warm_share: float, draw: Draw, at: datetime
) -> dict[int, Tone]:
    """The tone of each account: as drawn before, or drawn now and kept, in the connection's transaction."""
    if not accounts:
        return {}
    rows = await connection.fetch(_READERS, list(accounts))
    tones: dict[int, Tone] = {row["id"]: row["tone"] for row in rows if row["tone"] is not None}
    fresh = [row for row in rows if row["tone"] is None]
    if not fresh:
        return tones
    known = await connection.fetch(
        "SELECT DISTINCT ON (reader) reader, tone, draw FROM tone_draw WHERE reader = ANY($1::text[]) ORDER BY reader",
        list({row["reader"] for row in fresh}),
    )
    drawn: dict[str, tuple[Tone, float]] = {row["reader"]: (row["tone"], row["draw"]) for row in known}
    for row in fresh:
        if row["reader"] not in drawn:
            number = draw()
            drawn[row["reader"]] = ("warm" if number < warm_share else "official", number)
        tones[row["id"]] = drawn[row["reader"]][0]
    await connection.execute(
        """INSERT INTO tone_draw (account_id, reader, tone, draw, warm_share, drawn_at)
           SELECT account_id, reader, tone, draw, $5, $6
           FROM unnest($1::int[], $2::text[], $3::text[], $4::float8[]) AS new(account_id, reader, tone, draw)
           ON CONFLICT (account_id) DO NOTHING""",
        [row["id"] for row in fresh],
        [row["reader"] for row in fresh],
        [drawn[row["reader"]][0] for row in fresh],
        [drawn[row["reader"]][1] for row in fresh],
        warm_share,
        at,
    )
    return tones


async def compare(
    session: AsyncSession, ladder: Ladder, *, since: datetime, until: datetime, now: datetime
) -> Comparison:
    """What followed on each tone, for texts sent in a span; those whose days are not over yet are left out."""
    within = timedelta(days=ladder.paid_within_days)
    until = min(until, now - within)
    stages = [stage.name for stage in ladder.stages if stage.tone == "draw"]
    rows = {row["tone"]: row for row in await (await driver(session)).fetch(_OUTCOMES, stages, since, until, within)}
    arms = {tone: _arm(tone, rows.get(tone)) for tone in ("warm", "official")}
    warm, official = arms["warm"], arms["official"]
    return Comparison(
        stages=stages,
        since=since,
        until=until,
        within_days=ladder.paid_within_days,
        arms=[warm, official],
        differences={
            name: difference(getattr(warm, name).count, warm.told, getattr(official, name).count, official.told)
            for name in ("paid", "complaints", "refusals")
        },
    )


def _arm(tone: str, row: Any) -> Arm:
    told = row["told"] if row is not None else 0

    def share(name: str) -> Share:
        count = row[name] if row is not None else 0
        low, high = wilson(count, told)
        return Share(count=count, share=count / told if told else None, low=low, high=high)

    return Arm(tone=tone, told=told, paid=share("paid"), complaints=share("complaints"), refusals=share("refusals"))
