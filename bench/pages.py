"""The console's answers over 1,000,000 accounts (quick: 20,000): every list, the searches, an account, its number and
customer, each by HTTP from the whole stack, against 300 ms.
"""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp
from aiohttp import web
from prometheus_client import CollectorRegistry

from bench.figures import Figure
from bench.lab import Lab

ONCE = True

_NOW: Final = datetime(2025, 4, 1, 1, 30, tzinfo=UTC)
_RUNS: Final = 5
_WITHIN: Final = 300.0
#: Surnames and given names, so that names are as alike as they are in a town.
_FILL: Final = (
    """INSERT INTO customer (id, customer_no, name) SELECT n, 'C' || n,
         (ARRAY['王','李','张','刘','陈','杨','赵','黄','周','吴','徐','孙','马','朱','胡','郭'])[1 + n % 16] ||
         chr((19968 + (n * 7919) % 6000)::int) || chr((19968 + (n * 104729) % 6000)::int)
       FROM generate_series(1::bigint, $1) n""",
    """INSERT INTO premise (id, address) SELECT n, '岚州市' || chr((19968 + n % 900)::int) || '河路' ||
         n % 700 || '弄' || n % 90 || '号' || n % 30 || '室' FROM generate_series(1::bigint, $1) n""",
    """INSERT INTO account (id, account_no, customer_id, premise_id, holder_name, meter_no)
       SELECT n, (4100000000 + n)::text, n, n, c.name, 'M' || (70000000 + n)
       FROM generate_series(1::bigint, $1) n JOIN customer c ON c.id = n""",
    """INSERT INTO contact_point (id, address) SELECT n, '+861' || (3000000000 + n)
       FROM generate_series(1::bigint, $1) n""",
    """INSERT INTO contact_link (account_id, contact_point_id, role, name, state, is_default)
       SELECT n, n, 'holder', c.name, 'unverified', true FROM generate_series(1::bigint, $1) n
       JOIN customer c ON c.id = n""",
    """INSERT INTO correction (id, state, reason, contact_point_id, account_id, opened_at, opened_by, due_at)
       SELECT gen_random_uuid(), 'open', 'placeholder', n, n, now(), 'sweep', now() + interval '3 days'
       FROM generate_series(1::bigint, least($1, 5000)) n""",
    """INSERT INTO correction_link (correction_id, link_id, before_case)
       SELECT c.id, l.id, '{}' FROM correction c JOIN contact_link l ON l.account_id = c.account_id""",
)


async def run(lab: Lab) -> list[Figure]:
    """Fill the archive, sign an admin in, and ask for every page five times over."""
    size = lab.rows(full=1_000_000, quick=20_000)
    async with lab.house() as house:
        async with house.database.work() as work:
            for statement in _FILL:
                await work.execute(statement, *([size] if "$1" in statement else []))
            await work.commit()
        async with house.database.connection() as connection:
            await connection.execute("VACUUM ANALYZE")
            name = await connection.fetchval("SELECT holder_name FROM account WHERE id = $1", size // 2)
        return await _asked(house, size, name)


async def _asked(house: Any, size: int, name: str) -> list[Figure]:
    from gateway.app import services_of
    from gateway.staff import members
    from gateway.staff.signing_in import Door
    from gateway.web.app import SERVER_OPTIONS, make_app
    from gateway.web.console import PAGES

    async with house.database.session() as session:
        await members.add(
            session, sign_in="bench", name="bench", roles=["admin"], organisation=None, password="light-the-lamps",
            must_change=False, clock=house.clock, actor="cli:bench",
        )  # fmt: skip
        await session.commit()
    door = Door(house.database, house.clock, house.settings.kept_secret())
    token = await door.sign_in("bench", "light-the-lamps", address="127.0.0.1", agent="bench")
    runner = web.AppRunner(make_app(services_of(house, registry=CollectorRegistry(), sandbox=None)), **SERVER_OPTIONS)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/console"
    middle = size // 2
    lists = {page.path: page.path for page in PAGES if page.method == "GET" and "{" not in page.path and not page.part}
    asked = {
        **{f"page {path}": path.rstrip("/") for path in lists},
        "an account": f"/accounts/{4100000000 + middle}",
        "its number": f"/numbers/{middle}",
        "its customer": f"/customers/{middle}",
        "its thread": f"/conversations/{4100000000 + middle}",
        "search: number": f"/archive?q=1{3000000000 + middle}",
        "search: account": f"/archive?q={4100000000 + middle}",
        "search: its end": f"/archive?q={str(4100000000 + middle)[-4:]}",
        "search: its beginning": f"/archive?q={str(4100000000 + middle)[:6]}",
        "search: meter": f"/archive?q=M{70000000 + middle}",
        "search: name": f"/archive?q={name}",
        "search: part of a name": f"/archive?q={name[1:]}",
        "search: pinyin": "/archive?q=wangyan",
        "search: pinyin that is rare": "/archive?q=guoxianglong",
        "search: part of an address": "/archive?q=河路611弄",
        "search: nothing": "/archive?q=欧阳无此人",
    }
    figures = []
    async with aiohttp.ClientSession(cookies={"lamplighter_session": token}) as client:
        for what, path in asked.items():
            taken = statistics.median([await _timed(client, url + path) for _ in range(_RUNS)])
            figures.append(Figure(name=what, value=taken, baseline=_WITHIN, unit="ms", against="300 ms", at_most=1))
    await runner.cleanup()
    return figures


async def _timed(client: aiohttp.ClientSession, url: str) -> float:
    """Milliseconds until the whole answer is here."""
    began = time.perf_counter()
    async with client.get(url, allow_redirects=False) as answer:
        await answer.read()
        assert answer.status in (200, 303), (url, answer.status)
    return (time.perf_counter() - began) * 1000
