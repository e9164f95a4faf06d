"""Repeats of a month among the orders of a year (200,000; `--quick`: 20,000), against one bare pass over its window.

Also what making cases of a file's orders costs, and going through the rules of early warnings.
"""

from __future__ import annotations

import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.figures import Figure
from bench.lab import Lab
from gateway.cases import from_orders, repeating
from gateway.cases.warnings.keeping import raise_by_rule

ONCE = True

_END = datetime(2025, 12, 31, tzinfo=UTC)
_MONTH = datetime(2025, 10, 1, tzinfo=UTC)
# Twenty topics; one order in five comes from a customer who came before, one in ten names no account.
_FILL = """
INSERT INTO work_order (work_order_no, kind, subtype, caller_number, account_no, content, opened_at, due_at, closed_at,
                        team_code, handler_no)
SELECT (25000000000000 + n)::text, (ARRAY['complaint', 'opinion', 'service_request', 'consultation'])[1 + n % 4],
       '事项' || who % 20, '+861' || (3000000000 + who * 61),
       CASE WHEN n % 10 > 0 THEN (4100000000 + who)::text END,
       '客户反映' || who % 20 || '的问题，请处理，户号' || (4100000000 + who),
       at, at + interval '5 days', CASE WHEN n % 50 > 0 THEN at + interval '3 days' END, 'TM' || who % 40,
       'E' || who % 400
FROM (SELECT n, CASE WHEN n % 5 = 0 THEN n - 5 * (1 + n % 97) - 1 ELSE n END AS who,
             $2::timestamptz - interval '365 days' * (1 - n::float / $1) AS at
      FROM generate_series(1::bigint, $1) n) AS o
"""
_BARE = """SELECT count(*), count(DISTINCT caller_number), sum(length(content)) FROM work_order
           WHERE opened_at >= $1 AND opened_at < $2"""
_CHUNK = 5000


async def run(lab: Lab) -> list[Figure]:
    """Fill a year of orders, make cases of them, find the repeats of October and what to warn of."""
    size = lab.rows(full=200_000, quick=20_000)
    async with lab.house() as house:
        async with house.database.work() as work:
            await work.execute(_FILL, size, _END)
            await work.commit()
        async with house.database.connection() as connection:
            await connection.execute("ANALYZE")
            since, until = _MONTH - timedelta(days=120), _MONTH + timedelta(days=93)
            began = time.perf_counter()
            await connection.fetchrow(_BARE, since, until)
            bare = time.perf_counter() - began
        cases = await _cases(house)
        found, taken, memory = await _repeats(house)
        warned = await _warnings(house)
    assert found
    return [
        Figure(name="repeats of a month", value=taken, baseline=bare, unit="s", against="one bare pass of its window"),
        Figure(name="memory of that", value=memory, baseline=32, unit="MB", against="32 MB", at_most=1),
        Figure(name="cases of orders", value=cases, baseline=1000, unit="orders/s", against="1,000 a second"),
        Figure(name="going through the rules", value=warned, baseline=bare, unit="s", against="one bare pass"),
    ]


async def _cases(house: Any) -> float:
    async with house.database.work() as work:
        numbers = [row["work_order_no"] for row in await work.fetch("SELECT work_order_no FROM work_order")]
    began = time.perf_counter()
    for start in range(0, len(numbers), _CHUNK):
        async with house.database.work() as work:
            await from_orders.take_over(work.connection, numbers[start : start + _CHUNK], _END)
            await work.commit()
    return len(numbers) / (time.perf_counter() - began)


async def _repeats(house: Any) -> tuple[int, float, float]:
    zone = house.settings.zone
    async with house.database.session() as session:
        began = time.perf_counter()
        found, _ = await repeating.of_month(session, _MONTH, zone=zone)
        taken = time.perf_counter() - began
    tracemalloc.start()
    async with house.database.session() as session:
        await repeating.of_month(session, _MONTH, zone=zone)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return len(found), taken, most / 1e6


async def _warnings(house: Any) -> float:
    async with house.database.work() as work:
        began = time.perf_counter()
        await raise_by_rule(work.connection, _END)
        return time.perf_counter() - began
