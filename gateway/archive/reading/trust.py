"""What is thought of links, how that turned out, and the sweeps that reckoned it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.trust import model
from gateway.archive.trust.marks import MARKS
from gateway.kernel.database import driver


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """A mark, in log-odds: as it was reviewed, and as it was fitted to the outcomes; how often links carry it."""

    mark: str
    words: str
    reason: str | None
    reviewed: float
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Links of which about the same was thought before they turned out: how many, what was thought, what came."""

    links: int
    thought: float
    right: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """The state of the model: links reckoned, those more likely wrong than right, outcomes, weights, reliability."""

    links: int
    doubted: int
    outcomes: int
    fitted_at: datetime | None
    #: Mean squared distance of what was thought from what came (Brier score), and of the plain share of right ones.
    score: float | None
    score_of_share: float | None
    weights: list[Weight]
    reliability: list[Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepSeen:
    """A look through the archive."""

    id: int
    at: datetime
    links: int
    doubted: int
    cases: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoned:
    """A link and what is thought of it; `because` in words, the weightiest first, `+` for and `-` against."""

    id: int
    account_no: str
    number: str
    role: str
    state: str
    probability: float
    because: list[str]


_LINKS: Final = """
SELECT l.id, a.account_no, p.address AS number, l.role, l.state, t.probability, t.marks
FROM link_trust t JOIN contact_link l ON l.id = t.link_id JOIN account a ON a.id = l.account_id
JOIN contact_point p ON p.id = l.contact_point_id
WHERE t.probability < $1 AND l.state IN ('unverified', 'verified') AND l.id > $2 ORDER BY l.id LIMIT $3
"""


async def trust(session: AsyncSession) -> Trust:
    """The state of the model."""
    connection = await driver(session)
    counts = await connection.fetchrow(
        "SELECT count(*) AS links, count(*) FILTER (WHERE probability < 0.5) AS doubted FROM link_trust"
    )
    fitted = await connection.fetchrow("SELECT fitted_at, weights::text FROM trust_model ORDER BY id DESC LIMIT 1")
    told = [
        (row["probability"], row["turned_out_right"])
        for row in await connection.fetch("SELECT probability, turned_out_right FROM link_outcome")
    ]
    weights = model.REVIEWED if fitted is None else {**model.REVIEWED, **json.loads(fitted["weights"])}
    share = sum(right for _, right in told) / len(told) if told else 0.0
    return Trust(
        links=counts["links"],
        doubted=counts["doubted"],
        outcomes=len(told),
        fitted_at=None if fitted is None else fitted["fitted_at"],
        score=_score(told),
        score_of_share=_score([(share, right) for _, right in told]),
        weights=[
            Weight(
                mark=mark.name,
                words=mark.words,
                reason=mark.reason,
                reviewed=mark.weight,
                weight=round(weights[mark.name], 3),
            )
            for mark in MARKS
        ],
        reliability=[
            Step(links=step.count, thought=round(step.thought, 4), right=round(step.right / step.count, 4))
            for step in model.reliability(told)
        ],
    )


def _score(told: Sequence[tuple[float, bool]]) -> float | None:
    return round(sum((value - right) ** 2 for value, right in told) / len(told), 4) if told else None


async def reckoned(session: AsyncSession, *, below: float, after: int, limit: int) -> list[Reckoned]:
    """Up to `limit` links thought less likely than `below`, behind the link `after`."""
    connection = await driver(session)
    row = await connection.fetchrow("SELECT weights::text FROM trust_model ORDER BY id DESC LIMIT 1")
    weights = model.REVIEWED if row is None else {**model.REVIEWED, **json.loads(row["weights"])}
    return [_reckoned(dict(one), weights) for one in await connection.fetch(_LINKS, below, after, limit)]


def _reckoned(row: dict[str, Any], weights: model.Weights) -> Reckoned:
    marks = row.pop("marks")
    return Reckoned(**{**row, "probability": round(row["probability"], 3)}, because=model.because(marks, weights))


async def sweeps(session: AsyncSession, *, before: int | None, limit: int) -> list[SweepSeen]:
    """Up to `limit` sweeps, the newest first."""
    connection = await driver(session)
    rows = await connection.fetch(
        """SELECT id, at, links, doubted, cases, seconds FROM sweep WHERE $1::int IS NULL OR id < $1
           ORDER BY id DESC LIMIT $2""",
        before,
        limit,
    )
    return [SweepSeen(**dict(row)) for row in rows]
