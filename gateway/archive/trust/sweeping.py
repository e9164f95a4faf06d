"""The sweep: every link looked at, its trust reckoned anew, and what is probably wrong brought before a person.

It runs by the clock, at night, and on demand. What it sees it sees by statements over the whole archive; the
model is asked once for each combination of marks. A finding opens a correction only where the whole of the marks
makes the link unlikely enough: precision matters more than count. It suspends nothing, but for numbers of staff,
which are refused outright (domain notes §7 "Shared numbers").
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as time_of_day
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.archive import coverage, evidence, names, signals
from gateway.archive.carrying_out import Stop
from gateway.archive.opening import Doubt
from gateway.archive.opening_together import open_many
from gateway.archive.trust import asking, judging, looking, marks, model
from gateway.kernel.clock import Clock
from gateway.kernel.database import Database, Patient, copy
from gateway.kernel.logs import logger

log = logger(__name__)

ACTOR: Final = "sweep"
#: Outcomes without which the reviewed weights stand, and how often they are fitted anew.
ENOUGH: Final = 30
_LOCK: Final = 0x4C616D75
#: Corrections opened in one transaction.
_AT_A_TIME: Final = 500
#: Links brought before people in one night, the least likely first; the rest come in the nights after.
MOST_FOUND: Final = 5_000
#: How long one statement over all links may take, in seconds: what others do meanwhile does not wait for it.
_PATIENCE: Final = 3600.0
_NAMES_AT_A_TIME: Final = 20_000
#: Where nothing changed the archive is swept so often all the same, since links grow old by themselves.
_AT_LEAST_EVERY: Final = timedelta(days=7)
_PROVEN_FOR: Final = timedelta(days=548)


#: Keeps evidence that higher rooms see, before links are looked at: `(connection, now)`.
Note = Callable[[Any, datetime], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep came to: links looked at, those more likely wrong than right, and corrections opened."""

    at: datetime
    links: int
    doubted: int
    cases: int
    seconds: float


class TrustSweeper:
    """Sweeps. One at a time over all nodes; whoever comes second finds nothing to do."""

    #: When the archive is swept each night, at the utility's home: after the nightly files, before people come.
    HOUR: Final = time_of_day(3, 30)

    def __init__(
        self, database: Database, clock: Clock, stop: Stop, *, zone: ZoneInfo, notes: Sequence[Note] = ()
    ) -> None:
        self._database = database
        self._notes = notes
        self._clock = clock
        self._stop = stop
        self._zone = zone

    async def due(self, connection: Any, now: datetime) -> datetime | None:
        """When the next sweep falls due: the first night, the night after a change, and once a week at any rate."""
        row = await connection.fetchrow(
            """SELECT (SELECT max(at) FROM sweep) AS last, EXISTS (SELECT 1 FROM contact_link) AS anything,
                      (SELECT at FROM audit_entry ORDER BY id DESC LIMIT 1) AS changed"""
        )
        if not row["anything"]:
            return None
        if row["last"] is None:
            return self._night_after(now)
        idle = row["changed"] is None or row["changed"] <= row["last"]
        return self._night_after(row["last"]) + (_AT_LEAST_EVERY - timedelta(days=1) if idle else timedelta(0))

    def _night_after(self, moment: datetime) -> datetime:
        home = moment.astimezone(self._zone)
        night = datetime.combine(home.date(), self.HOUR, self._zone)
        return night if night > home else datetime.combine(home.date() + timedelta(days=1), self.HOUR, self._zone)

    async def sweep_if_due(self) -> Swept | None:
        """Sweep where one fell due since the last. Without any, only what the night's own alarm asks is swept."""
        now = self._clock.now()
        async with self._database.connection() as connection:
            swept = await connection.fetchval("SELECT EXISTS (SELECT 1 FROM sweep)")
            due = await self.due(connection, now if swept else now - timedelta(minutes=1))
        return await self.sweep() if due is not None and due <= now else None

    async def sweep(self) -> Swept | None:
        """Look through the archive; None where another node is at it."""
        async with self._database.connection() as holder:
            if not await holder.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
                return None
            try:
                return await self._sweep()
            finally:
                await holder.fetchval("SELECT pg_advisory_unlock($1)", _LOCK)

    async def _sweep(self) -> Swept:
        began, now = time.perf_counter(), self._clock.now()
        await self._know_names()
        async with self._database.work() as work:
            connection = Patient(work.connection, _PATIENCE)
            await asking.note_silence(connection, now)
            for note in self._notes:
                await note(connection, now)
            await note_outcomes(connection, now)
            weights = await fitted(connection, now)
            await look(connection, now, self._zone)
            links = await weigh(connection, now, weights)
            found = await doubtful(connection, weights)
            await coverage.note(connection, now, self._zone)
            doubted = await connection.fetchval("SELECT count(*) FROM link_trust WHERE probability < 0.5")
            await work.commit()
        cases = 0
        for place in range(0, len(found), _AT_A_TIME):
            async with self._database.work() as work:
                cases += await self._open(work.connection, found[place : place + _AT_A_TIME], now)
                await work.commit()
        swept = Swept(at=now, links=links, doubted=doubted, cases=cases, seconds=time.perf_counter() - began)
        async with self._database.work() as work:
            await work.execute(
                "INSERT INTO sweep (at, links, doubted, cases, seconds) VALUES ($1, $2, $3, $4, $5)",
                swept.at,
                swept.links,
                swept.doubted,
                swept.cases,
                swept.seconds,
            )
            await work.commit()
        log.info("archive swept", links=links, doubted=doubted, cases=cases, seconds=round(swept.seconds, 1))
        return swept

    async def _know_names(self) -> None:
        """Bring names that are new into the forms in which they are compared."""
        async with self._database.work() as work:
            new = [row[0] for row in await work.fetch(looking.NEW_NAMES)]
            for place in range(0, len(new), _NAMES_AT_A_TIME):
                forms = [form_of(name) for name in new[place : place + _NAMES_AT_A_TIME]]
                await copy(work.connection, "name_form", ("name", "plain", "sound", "is_group"), forms)
            await work.commit()

    async def _open(self, connection: Any, found: Sequence[Found], now: datetime) -> int:
        """Bring findings before a person; how many new cases were opened for them."""
        signs = [
            signals.Sign(
                contact_point_id=one.point,
                account_id=account,
                kind=one.reason,
                at=now,
                evidence={"words": words, "probability": round(probability, 3)},
            )
            for one in found
            for account, words, probability in one.seen
        ]
        verdicts = await evidence.take(connection, signs, now)
        doubts = [_doubt(one, [verdicts[link] for link in one.links if link in verdicts], now) for one in found]
        opened = await open_many(connection, doubts)
        for one, doubt in zip(opened, doubts, strict=True):
            if one.suspended:
                await self._stop(connection, one.suspended, reason="misdirected", at=now, words=doubt.words)
        return sum(not one.joined for one in opened)


def _doubt(found: Found, verdicts: Sequence[judging.Verdict], now: datetime) -> Doubt:
    """A finding as a case takes it, with what was judged of its first link."""
    stops = found.reason == "staff_number" and any(verdict.action == "suspend" for verdict in verdicts)
    return Doubt(
        contact_point_id=found.point,
        accounts=[account for account, _, _ in found.seen],
        suspend=found.links if stops else [],
        reason=found.reason,
        words=found.reason,
        actor=ACTOR,
        at=now,
        hints=[*found.hints, *(evidence.hint(verdict) for verdict in verdicts[:1])],
    )


def form_of(name: str) -> tuple[str, str, str, bool]:
    """A row of `name_form`. What has no letters is no name."""
    if names.fit(name, "") is names.Fit.BLANK:
        return name, "", "", False
    return name, names.plain(name), names.sound(name), names.is_group(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a sweep found about one number: for which accounts, in which words, and how likely it is right."""

    point: int
    reason: str
    probability: float
    links: list[int]
    seen: list[tuple[int, str, float]]
    hints: list[dict[str, Any]]


# How a link turned out: its customer's own word, or a person's decision. A number that is dead says nothing about
# whose it is, and what a case took along without a decision says nothing either.
_OUTCOMES: Final = """
INSERT INTO link_outcome (link_id, turned_out_right, how, at, marks, probability)
SELECT t.link_id, told.good, told.how, $1, t.marks, t.probability
FROM link_trust t JOIN contact_link l ON l.id = t.link_id
CROSS JOIN LATERAL (
  SELECT c.decision <> 'revoke' AS good, 'decision' AS how FROM correction_link c
  JOIN correction x ON x.id = c.correction_id
  WHERE c.link_id = l.id AND c.decision IS NOT NULL AND x.reason <> 'bounce'
  UNION ALL SELECT true, 'reply' WHERE l.state = 'verified' AND l.verified_at > t.at - interval '2 years'
  UNION ALL SELECT false, 'reply' WHERE l.state = 'suspended' AND (l.reason LIKE 'reply%' OR l.reason = 'ticket')
  LIMIT 1
) AS told
WHERE l.state <> 'unverified'
   OR EXISTS (SELECT 1 FROM correction_link c WHERE c.link_id = l.id AND c.decision <> 'revoke')
ON CONFLICT (link_id) DO UPDATE
  SET turned_out_right = excluded.turned_out_right, how = excluded.how, at = excluded.at
WHERE link_outcome.turned_out_right <> excluded.turned_out_right
"""


async def note_outcomes(connection: Any, now: datetime) -> None:
    """Write down how links turned out, beside what was thought of them before."""
    await connection.execute(_OUTCOMES, now)


async def fitted(connection: Any, now: datetime) -> model.Weights:
    """Weights fitted to all outcomes there are; those in force where none are new."""
    known = await connection.fetchrow("SELECT outcomes, weights::text FROM trust_model ORDER BY id DESC LIMIT 1")
    count = await connection.fetchval("SELECT count(*) FROM link_outcome")
    if known is not None and known["outcomes"] == count:
        return {**model.REVIEWED, **json.loads(known["weights"])}
    if count < ENOUGH:
        return model.REVIEWED
    rows = await connection.fetch(
        """SELECT marks & ~$1::bigint AS marks, count(*) FILTER (WHERE turned_out_right) AS good,
                  count(*) FILTER (WHERE NOT turned_out_right) AS bad FROM link_outcome GROUP BY 1""",
        marks.TOLD_BY_OUTCOMES,
    )
    weights = model.fit(model.Outcomes(row["marks"], row["good"], row["bad"]) for row in rows)
    await connection.execute(
        "INSERT INTO trust_model (fitted_at, outcomes, weights) VALUES ($1, $2, $3::jsonb)",
        now,
        count,
        json.dumps({name: round(value, 4) for name, value in weights.items()}),
    )
    return weights


async def look(connection: Any, now: datetime, zone: ZoneInfo) -> None:
    """Write down what is seen of every link, in tables that last as long as the transaction."""
    # With the usual memory for sorts and hashes a million links would go through the disk several times.
    await connection.execute("SET LOCAL work_mem = '128MB'")
    await connection.execute(
        f"""CREATE TEMP TABLE moment ON COMMIT DROP AS
            SELECT '{now.astimezone(zone).date()}'::date AS today, '{now - _PROVEN_FOR}'::timestamptz AS proof"""
    )
    await connection.execute(looking.SWEPT)
    await connection.execute(looking.WRONG)
    for statement in looking.PREPARED:
        await connection.execute(statement)
    await connection.execute(looking.IS_NEAR)
    for name, statement in looking.SIGHTS.items():
        await connection.execute(
            f"INSERT INTO sighted SELECT id, {marks.BITS[name]}, other FROM ({statement}) s (id, other)"
        )
    await connection.execute(
        f"INSERT INTO sighted SELECT link_id, {marks.BITS['near_miss']}, other FROM ({looking.NEAR_MISS}) s",
        marks.BITS["near_twin"],
    )
    # What is doubtful asks for the sights of its link one by one.
    await connection.execute("CREATE INDEX ON sighted (link_id)")
    await connection.execute("ANALYZE sighted")
    own = " | ".join(
        f"CASE WHEN {condition} THEN {marks.bit(name)}::bigint ELSE 0 END" for name, condition in looking.PLAIN.items()
    )
    await connection.execute(
        f"""CREATE TEMP TABLE marked ON COMMIT DROP AS
            SELECT s.id, s.account_id, s.point, ({own}) AS own,
                   0::bigint AS all_marks
            FROM swept s, moment"""
    )
    await connection.execute("CREATE INDEX ON marked (id)")
    await connection.execute(
        """UPDATE marked m SET all_marks = m.own | seen.bits FROM (
             SELECT link_id, bit_or(1::bigint << mark) AS bits FROM sighted GROUP BY link_id) seen
           WHERE seen.link_id = m.id"""
    )
    await connection.execute("UPDATE marked SET all_marks = own WHERE all_marks = 0 AND own <> 0")
    await connection.execute("ANALYZE marked")


async def weigh(connection: Any, now: datetime, weights: model.Weights) -> int:
    """Reckon each link's probability from its marks; how many links there are. Asked once for each combination."""
    combinations = [row[0] for row in await connection.fetch("SELECT DISTINCT all_marks FROM marked")]
    await connection.execute("CREATE TEMP TABLE weighed (marks bigint, probability real) ON COMMIT DROP")
    await connection.execute(
        "INSERT INTO weighed SELECT * FROM unnest($1::bigint[], $2::real[])",
        combinations,
        [model.probability(one, weights) for one in combinations],
    )
    await connection.execute("CREATE UNIQUE INDEX ON weighed (marks)")
    await connection.execute("ANALYZE weighed")
    await connection.execute(
        """INSERT INTO link_trust (link_id, marks, probability, at)
           SELECT m.id, m.all_marks, w.probability, $1 FROM marked m JOIN weighed w ON w.marks = m.all_marks
           LEFT JOIN link_trust t ON t.link_id = m.id
           WHERE t.link_id IS NULL OR t.marks <> m.all_marks OR t.probability <> w.probability
           ON CONFLICT (link_id) DO UPDATE SET marks = excluded.marks, probability = excluded.probability,
             at = excluded.at""",
        now,
    )
    links: int = await connection.fetchval("SELECT count(*) FROM marked")
    return links


# A link whose case is open waits for its decision, and what a person decided to keep is not asked about again. No
# text goes to a telephone at home.
_DOUBTFUL: Final = """
SELECT m.id, m.account_id, m.point, m.all_marks AS marks, w.probability, p.address, a.account_no,
       o.id AS other_id, o_account.account_no AS other_account, o_point.address AS other_number, o.role AS other_role
FROM marked m JOIN weighed w ON w.marks = m.all_marks
JOIN contact_point p ON p.id = m.point JOIN account a ON a.id = m.account_id
LEFT JOIN LATERAL (SELECT other FROM sighted WHERE link_id = m.id AND other IS NOT NULL
                   AND mark = ANY($4::smallint[]) ORDER BY mark LIMIT 1) e ON true
LEFT JOIN contact_link o ON o.id = e.other
LEFT JOIN account o_account ON o_account.id = o.account_id
LEFT JOIN contact_point o_point ON o_point.id = o.contact_point_id
WHERE w.probability <= $1 AND m.all_marks & $2::bigint <> 0 AND m.all_marks & $3::bigint = 0 AND p.line <> 'landline'
  AND NOT EXISTS (SELECT 1 FROM correction_link c JOIN correction x ON x.id = c.correction_id
                  WHERE c.link_id = m.id AND (x.state IN ('open', 'reverted', 'dismissed')))
ORDER BY w.probability, m.point, m.id LIMIT $5
"""
_FINDINGS: Final = marks.together(mark.name for mark in marks.MARKS if mark.reason is not None)
_SETTLED: Final = marks.together(("kept", "proven"))


async def doubtful(connection: Any, weights: model.Weights) -> list[Found]:
    """What is to be brought before people, number by number."""
    rows = await connection.fetch(
        _DOUBTFUL,
        judging.TO_A_PERSON,
        _FINDINGS,
        _SETTLED,
        [place for place, mark in enumerate(marks.MARKS) if mark.reason is not None],
        MOST_FOUND,
    )
    of_number: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        of_number[row["point"]].append(row)
    return [_found(point, seen, weights) for point, seen in of_number.items()]


def _found(point: int, rows: Sequence[Any], weights: model.Weights) -> Found:
    findings = [model.finding(row["marks"], weights) for row in rows]
    worst = model.finding(marks.together(finding.name for finding in findings if finding is not None), weights)
    assert worst is not None and worst.reason is not None, "only marks with a reason are findings"
    hints: list[dict[str, Any]] = []
    seen: list[tuple[int, str, float]] = []
    for row, finding in zip(rows, findings, strict=True):
        words = finding.words if finding is not None else worst.words
        hint: dict[str, Any] = {
            "kind": "finding",
            "account_no": row["account_no"],
            "number": row["address"],
            "reason": worst.reason if finding is None else finding.reason,
            "words": words,
            "probability": round(row["probability"], 3),
            "because": model.because(row["marks"], weights),
        }
        if row["other_account"] is not None:
            hint["beside"] = {"account_no": row["other_account"], "number": row["other_number"]}
        hints.append(hint)
        if finding is not None and finding.name in _BETTER and row["other_number"] is not None:
            hints.append(
                {
                    "kind": "new_contact",
                    "account_no": row["account_no"],
                    "number": row["other_number"],
                    "role": row["other_role"],
                }
            )
        seen.append((row["account_id"], words, row["probability"]))
    return Found(
        point=point,
        reason=worst.reason,
        probability=min(row["probability"] for row in rows),
        links=[row["id"] for row in rows],
        seen=seen,
        hints=hints,
    )


#: Findings whose evidence is the number that may be the right one.
_BETTER: Final = frozenset(("newer_number", "another_number", "near_miss"))
