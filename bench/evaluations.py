"""A summary of all evaluations by team and by person against the bare SQL that counts the same rows."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from bench.figures import Figure
from bench.lab import Lab

_END: Final = datetime(2025, 10, 1, tzinfo=UTC)
_DAYS: Final = 365

#: Services of a year: nineteen of twenty answered, by 60 teams and 600 people.
_FILL: Final = (
    """INSERT INTO invitation (event_kind, event_ref, team_code, person_no, service, began_at, occurred_at, invited_at,
         qualified_at, answer_by, ended_state, ended_reason, message_id, programme, programme_version, draw, rate)
       SELECT 'work_order', 'W' || i, 'TM' || i % 60, 'E' || i % 600, (ARRAY['fault_repair', 'complaint',
              'consultation', 'service_request'])[1 + i % 4], t, t, t, t, t + interval '3 days',
              CASE WHEN i % 20 = 0 THEN 'withheld' ELSE 'delivered' END,
              CASE WHEN i % 20 = 0 THEN 'surveyed_recently' END, gen_random_uuid(), 'order', 1, 0.5, 1
       FROM generate_series(1, $1::int) AS i,
            LATERAL (SELECT $2::timestamptz + make_interval(secs => i::float8 / $1 * 86400 * $3::int) AS t) AS at""",
    """INSERT INTO evaluation (id, invitation_id, score, solved, at, channel)
       SELECT gen_random_uuid(), id, 5 - (id::bigint * 7919 % 10 > 7)::int * (id % 4),
              CASE WHEN id % 9 = 0 THEN false END, occurred_at + interval '2 hours', 'sms'
       FROM invitation WHERE ended_state = 'delivered'""",
    "ANALYZE invitation",
    "ANALYZE evaluation",
)
_BARE: Final = """
SELECT i.{key}, count(*), count(e.id), count(*) FILTER (WHERE e.score >= 4), avg(e.score)
FROM invitation i LEFT JOIN evaluation e ON e.invitation_id = i.id GROUP BY 1 ORDER BY 1
"""


async def run(lab: Lab) -> list[Figure]:
    """Sum up a year, counted day by day as the clock does it, and with the counts of a month taken away."""
    services = lab.rows(full=1_060_000, quick=106_000)
    figures: list[Figure] = []
    async with lab.house() as house:
        from gateway.evaluations.tallies import count_days

        zone = house.settings.zone
        begun = _END - timedelta(days=_DAYS)
        async with house.database.connection() as connection:
            for statement in _FILL:
                wanted = statement.count("$")
                await connection.execute(statement, *(services, begun, _DAYS)[: 3 if wanted else 0])
            answers = await connection.fetchval("SELECT count(*) FROM evaluation")
            bare, bare_wall = await _timed(lambda: connection.fetch(_BARE.format(key="person_no")), connection)
        began = time.perf_counter()
        async with house.database.work() as work:
            await count_days(work.connection, _END + timedelta(days=30), zone)
            await work.commit()
        counted = time.perf_counter() - began
        whole, whole_wall = await _summary(house, zone)
        async with house.database.connection() as connection:
            await connection.execute(
                "DELETE FROM evaluation_tally_day WHERE day >= $1", (_END - timedelta(days=30)).date()
            )
        live, live_wall = await _summary(house, zone)
        for name, taken, wall in (
            ("counted by day", whole, whole_wall),
            ("the last month one by one", live, live_wall),
        ):
            figures.append(
                Figure(
                    name=f"a summary by person of {answers:,} answers, {name}, by the clock on the wall",
                    value=wall * 1000,
                    baseline=bare_wall * 1000,
                    unit="ms",
                    against="bare SQL over the rows",
                    # A second is what it may take.
                    at_most=None if lab.quick else 1 / bare_wall,
                )
            )
            figures.append(
                Figure(
                    name=f"a summary by person of {answers:,} answers, {name}",
                    value=taken * 1000,
                    baseline=bare * 1000,
                    unit="ms of processor",
                    against="bare SQL over the rows",
                    # A second is what it may take.
                    at_most=None if lab.quick else 1 / bare,
                )
            )
        figures.append(
            Figure(name=f"counting {_DAYS} days once", value=counted, baseline=bare, unit="s", against="bare SQL, once")
        )
    return figures


async def _summary(house: Any, zone: ZoneInfo) -> tuple[float, float]:
    """What one summary takes, as `_timed` gives it, without what the first one warms up."""
    from gateway.evaluations.summaries import compare, summary
    from gateway.kernel.database import driver

    async with house.database.session() as session:
        connection = await driver(session)

        async def once() -> None:
            compare(await summary(session, "person", since=None, until=None, zone=zone.key, now=_END))

        await once()
        return await _timed(once, connection)


async def _timed(work: Any, connection: Any) -> tuple[float, float]:
    """Processor seconds, ours and those of the backend behind the connection (its own entry in /proc, with those of
    the workers that it started); and seconds by the clock on the wall."""
    backend = await connection.fetchval("SELECT pg_backend_pid()")
    await connection.execute("SET max_parallel_workers_per_gather = 0")
    ours, theirs, began = time.process_time(), _ticks(backend), time.perf_counter()
    await work()
    wall = time.perf_counter() - began
    return time.process_time() - ours + (_ticks(backend) - theirs) / os.sysconf("SC_CLK_TCK"), wall


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
