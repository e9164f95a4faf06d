"""Sweeping the archive: every link looked at and reckoned anew, against one pass of the bare SQL over the same rows.

Also what judging one signal costs, and a number's page. The archive is one million accounts (`--quick`: 50,000).
"""

from __future__ import annotations

import statistics
import time
from datetime import timedelta
from typing import Any

from bench.figures import Figure
from bench.lab import Lab
from gateway.archive.reading import contacts
from gateway.archive.trust.judging import Evidence, judge
from gateway.archive.trust.sweeping import TrustSweeper
from gateway.outbox import stop_links

ONCE = True

# People with names of a hundred surnames, one account in eight with a second contact, numbers on several accounts.
_FILL = (
    """INSERT INTO customer (id, customer_no, name, id_masked) SELECT n, 'C' || n,
         chr(20000 + n % 100) || chr(21000 + n % 997) || chr(22000 + n % 991), '41****' || n % 10000
       FROM generate_series(1, $1) n""",
    """INSERT INTO premise (id, address, community, building, room)
       SELECT n, '锦绣街' || n, 'c' || n / 500, 'b' || n / 20, n::text FROM generate_series(1, $1) n""",
    """INSERT INTO account (id, account_no, customer_id, premise_id, holder_name, updated_on)
       SELECT n, (4100000000 + n)::text, n, n, c.name, '2020-01-01'::date + (n % 1500)::int
       FROM generate_series(1, $1) n JOIN customer c ON c.id = n""",
    "INSERT INTO contact_point (id, address) SELECT n, '+861' || (3000000000 + n * 61) FROM generate_series(1, $1) n",
    """INSERT INTO contact_link (account_id, contact_point_id, role, name, is_default, source, registered_on)
       SELECT n, CASE WHEN n % 12 = 0 THEN 1 + n * 7919 % $1 ELSE n END, 'holder', c.name, true, 'counter',
              '2010-01-01'::date + (n * 31 % 5400)::int
       FROM generate_series(1::bigint, $1) n JOIN customer c ON c.id = n""",
    """INSERT INTO contact_link (account_id, contact_point_id, role, name, source, registered_on)
       SELECT n, 1 + (n + 7) % $1, 'relative', '亲戚' || chr((21000 + n % 997)::int), 'app', '2020-06-01'
       FROM generate_series(8::bigint, $1, 8) n ON CONFLICT DO NOTHING""",
)
_BARE = """
SELECT count(*), count(DISTINCT p.address), max(l.registered_on), sum(length(a.holder_name) + length(l.name))
FROM contact_link l JOIN account a ON a.id = l.account_id JOIN customer c ON c.id = a.customer_id
JOIN contact_point p ON p.id = l.contact_point_id WHERE l.state IN ('unverified', 'verified')
"""


async def run(lab: Lab) -> list[Figure]:
    """Fill an archive, sweep it twice, judge, and read pages."""
    size = lab.rows(full=1_000_000, quick=50_000)
    async with lab.house() as house:
        async with house.database.connection() as connection:
            for statement in _FILL:
                await connection.execute(statement, size)
            await connection.execute("ANALYZE")
            bare = await _timed(connection)
        sweeper = TrustSweeper(house.database, house.clock, stop_links, zone=house.settings.zone)
        first = await sweeper.sweep()
        second = await sweeper.sweep()
        assert first is not None and second is not None
        pages = await _pages(house, size)
    links = second.links
    return [
        Figure(name="sweep, every night after", value=second.seconds, baseline=bare, unit="s", against="one bare pass"),
        Figure(name="sweep, the first", value=first.seconds, baseline=bare, unit="s", against="one bare pass"),
        Figure(name="links swept a second", value=links / second.seconds, baseline=links / bare, unit="links/s",
               against="one bare pass"),
        Figure(name="judging a signal", value=_judging(), baseline=1000, unit="µs", against="1 ms", at_most=1),
        Figure(name="a number's page", value=pages, baseline=50, unit="ms", against="50 ms", at_most=1),
    ]  # fmt: skip


async def _timed(connection: Any) -> float:
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        await connection.fetchrow(_BARE)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def _judging() -> float:
    """Microseconds to judge a link with twenty pieces of evidence."""
    evidence = [
        Evidence(kind=kind, age=timedelta(days=30)) for kind in ("temporary", "silence", "name_mismatch", "paid")
    ]
    began = time.perf_counter()
    for _ in range(2000):
        judge(evidence * 5, 0.7)
    return (time.perf_counter() - began) / 2000 * 1e6


async def _pages(house: Any, size: int) -> float:
    """Milliseconds of a number's page, the slowest of a hundred."""
    slowest = 0.0
    # The first page makes the statements ready, as the first of every process does.
    for place in range(101):
        number = f"+861{3000000000 + ((place or 1) * (size // 101)) * 61}"
        began = time.perf_counter()
        async with house.database.session() as session:
            await contacts.contact(session, number)
        slowest = max(slowest, time.perf_counter() - began) if place else 0.0
    return slowest * 1000
