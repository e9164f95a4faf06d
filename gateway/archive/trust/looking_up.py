"""Asking those who know numbers: a port, and who is asked about on a night's budget.

Asked where trust has faded: links without proof of which the model is least sure, each number once in half a
year. What is answered is kept with its date and becomes a mark at the next sweep; it suspends nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, Protocol

from gateway.archive import evidence
from gateway.archive.signals import Sign
from gateway.kernel.clock import Clock
from gateway.kernel.database import Database
from gateway.kernel.logs import logger

log = logger(__name__)

#: A number is not asked about again for so long.
LASTS: Final = timedelta(days=180)
#: What a look-up may be evidence of, by verdict (`judging.WEIGHTS`).
_SIGNALS: Final = {"recycled": "lookup", "name_mismatch": "lookup_mismatch", "name_match": "lookup_match"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A number (E.164), whose it should be, and the day it was last known to be right, if any."""

    number: str
    name: str | None
    known_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What was said: one of `tables.LOOKUP_VERDICTS`, and what it rests on."""

    verdict: str
    detail: Mapping[str, Any] = field(default_factory=dict)


class NumberIntelligence(Protocol):
    """Somebody who knows numbers. `name` is kept as the source of what it says."""

    @property
    def name(self) -> str: ...

    async def look_up(self, question: Question) -> Answered | None:
        """What is known of a number; None where the answer did not come, which costs nothing and says nothing."""
        ...


_FADED: Final = """
SELECT DISTINCT ON (l.contact_point_id) l.contact_point_id AS point, l.account_id, p.address AS number,
       coalesce(l.name, a.holder_name) AS name, a.holder_name,
       greatest(l.verified_at::date, l.registered_on, l.updated_on) AS known_on, abs(t.probability - 0.5) AS sure
FROM link_trust t JOIN contact_link l ON l.id = t.link_id JOIN account a ON a.id = l.account_id
JOIN contact_point p ON p.id = l.contact_point_id
WHERE t.probability BETWEEN 0.1 AND 0.95 AND l.state IN ('unverified', 'verified') AND p.state = 'active'
  AND p.kind = 'phone' AND p.line <> 'landline' AND a.status <> 'closed'
  AND (l.verified_at IS NULL OR l.verified_at < $1)
  AND NOT EXISTS (SELECT 1 FROM number_lookup n WHERE n.contact_point_id = p.id AND n.at > $2)
ORDER BY l.contact_point_id, abs(t.probability - 0.5)
"""


class LookingUp:
    """Looks numbers up, up to `budget` in one round."""

    def __init__(self, database: Database, clock: Clock, source: NumberIntelligence, *, budget: int) -> None:
        self._database = database
        self._clock = clock
        self._source = source
        self._budget = budget

    async def round(self) -> int:
        """Ask about those of whom the model is least sure; how many answers came."""
        now = self._clock.now()
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                f"SELECT * FROM ({_FADED}) faded ORDER BY sure, point LIMIT $3",
                now - timedelta(days=548),
                now - LASTS,
                self._budget,
            )
        answers: list[tuple[Any, Answered]] = []
        for row in rows:
            question = Question(number=row["number"], name=row["holder_name"], known_on=row["known_on"])
            answered = await self._source.look_up(question)
            if answered is None:
                # Whoever does not answer one question is not asked a thousand.
                break
            answers.append((row, answered))
        await self._keep(answers, now)
        if answers:
            log.info("numbers looked up", source=self._source.name, numbers=len(answers))
        return len(answers)

    async def _keep(self, answers: Sequence[tuple[Any, Answered]], now: datetime) -> None:
        if not answers:
            return
        async with self._database.work() as work:
            await work.execute(
                """INSERT INTO number_lookup (contact_point_id, account_id, at, source, verdict, detail)
                   SELECT point, account, $3, $4, verdict, detail
                   FROM unnest($1::int[], $2::int[], $5::text[], $6::jsonb[])
                     AS said (point, account, verdict, detail)""",
                [row["point"] for row, _ in answers],
                [row["account_id"] for row, _ in answers],
                now,
                self._source.name,
                [answered.verdict for _, answered in answers],
                [json.dumps(dict(answered.detail)) for _, answered in answers],
            )
            await evidence.take(
                work.connection,
                [
                    Sign(
                        contact_point_id=row["point"],
                        account_id=row["account_id"],
                        kind=_SIGNALS[answered.verdict],
                        at=now,
                        evidence={"source": self._source.name, **answered.detail},
                    )
                    for row, answered in answers
                    if answered.verdict in _SIGNALS
                ],
                now,
            )
            await work.commit()
