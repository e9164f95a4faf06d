"""The console over 1,000,000 accounts, a text to each, open cases and replies that wait (quick: 20,000): every list,
the searches, an account, its number and customer by HTTP from the whole stack, against 300 ms; and how long after the
answer each page is interactive in a browser, against 300 ms.
"""

from __future__ import annotations

import statistics
import time
from typing import Any, Final
from uuid import uuid4

import aiohttp
from aiohttp import web
from playwright.async_api import Browser, async_playwright
from prometheus_client import CollectorRegistry

from bench.figures import Figure
from bench.lab import Lab

ONCE = True

_RUNS: Final = 5
_WITHIN: Final = 300.0
_CHROMIUM: Final = "/usr/bin/chromium"
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
    """INSERT INTO "case" (id, klass, topic, subject, matter, account_id, unit, summary, opened_at, opened_by, due_at)
       SELECT gen_random_uuid(), 'complaint', 'billing', 'account:' || n, 'M' || n, n, '国网岚州供电公司', '电费不对',
         now() - interval '1 hour', 'gateway', now() + interval '5 days'
       FROM generate_series(1::bigint, least($1, 5000)) n""",
    """INSERT INTO inbound (id, channel, carrier_id, sender, text, received_at, state, contact_point_id, remark)
       SELECT gen_random_uuid(), 'sms', 'SM' || n, '+861' || (3000000000 + n), '这个月怎么这么多', now(), 'triage', n,
         'nothing in it says clearly what is meant'
       FROM generate_series(1::bigint, least($1, 5000)) n""",
    """INSERT INTO message_account (id, position, account_id, account_no)
       SELECT m.id, 0, m.contact_point_id, (4100000000 + m.contact_point_id)::text FROM message m""",
)
#: A text to each, delivered: the bill of a month. Before the last of `_FILL`.
_TEXTS: Final = """
INSERT INTO message (id, notice_id, contact_point_id, to_address, template, template_version, kind, klass, purpose,
  body, segments, state, hours, zone, created_at, not_before, sent_at, delivered_at)
SELECT (lpad(to_hex($2::bigint), 12, '0') || '7000' || to_hex((-9223372036854775808)::bigint + n))::uuid,
  $3::uuid, n, '+861' || (3000000000 + n), 'bill', '1', 'bill', 'N', 'billing',
  '【国网供电】您户号' || n || '本月电费86.40元，请于25日前交费。', 1, 'delivered', 'any', 'Asia/Shanghai',
  $4::timestamptz, $4::timestamptz, $4::timestamptz, $4::timestamptz
FROM generate_series(1::bigint, $1) n
"""


async def run(lab: Lab) -> list[Figure]:
    """Fill the archive, sign an admin in, and ask for every page five times over; then open each in a browser."""
    size = lab.rows(full=1_000_000, quick=20_000)
    async with lab.house() as house:
        now = house.clock.now()
        async with house.database.connection() as connection:
            for statement in (*_FILL[:-1], _TEXTS, _FILL[-1]):
                texts = [int(now.timestamp() * 1000), uuid4(), now] if statement is _TEXTS else []
                await connection.execute(statement, *([size] if "$1" in statement else []), *texts, timeout=3600)
            await connection.execute("VACUUM ANALYZE", timeout=3600)
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
        "the trend of misdirected texts": "/overview/misdirected",
        "the trend of satisfaction": "/overview/satisfaction",
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
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        # A browser's first seconds are its own.
        for path in list(asked.values())[:8]:
            await _interactive(browser, url, path, token)
        for what, path in asked.items():
            if "/overview/" in path:
                continue
            taken = await _interactive(browser, url, path, token)
            figures.append(
                Figure(
                    name=f"{what}: interactive", value=taken, baseline=_WITHIN, unit="ms", against="300 ms", at_most=1
                )
            )
        await browser.close()
    await runner.cleanup()
    return figures


async def _interactive(browser: Browser, url: str, path: str, token: str) -> float:
    """Milliseconds from the first byte of the answer until the page's scripts, all deferred, have run: what is pressed
    from then on is heard. The median of visits by somebody who has been here before, so styles and scripts are cached.
    """
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    await context.add_cookies([{"name": "lamplighter_session", "value": token, "url": url}])
    page = await context.new_page()
    await page.goto(f"{url}/me")
    taken: list[float] = []
    for _ in range(_RUNS):
        await page.goto(url + path)
        taken.append(
            await page.evaluate(
                "(one => one.domContentLoadedEventEnd - one.responseStart)"
                "(performance.getEntriesByType('navigation')[0])"
            )
        )
    await context.close()
    return statistics.median(taken)


async def _timed(client: aiohttp.ClientSession, url: str) -> float:
    """Milliseconds until the whole answer is here."""
    began = time.perf_counter()
    async with client.get(url, allow_redirects=False) as answer:
        await answer.read()
        assert answer.status in (200, 303), (url, answer.status)
    return (time.perf_counter() - began) * 1000
