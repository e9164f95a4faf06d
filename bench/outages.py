"""Finding the audience of an outage through the grid, against the bare SQL that asks for it."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Final

from bench.figures import Figure
from bench.lab import Lab

if TYPE_CHECKING:
    from gateway.house import House

_FEEDERS: Final = 500
_AREAS: Final = 4
#: Feeders that the outage takes in: one account in ten.
_HIT: Final = 50

#: Accounts with a contact each, spread over the transformer areas of the feeders.
_TOWN: Final = (
    f"INSERT INTO feeder (code, name) SELECT 'F' || i, '10kV' || i || '线' FROM generate_series(1, {_FEEDERS}) i",
    f"""INSERT INTO transformer_area (code, name, feeder_id)
        SELECT 'T' || i, i || '号公变', f.id FROM generate_series(1, {_FEEDERS * _AREAS}) i
        JOIN feeder f ON f.code = 'F' || (i % {_FEEDERS} + 1)""",
    "INSERT INTO customer (name) SELECT '王' || i FROM generate_series(1, $1::int) i",
    "INSERT INTO premise (address) SELECT '岚州市东湖区幸福街道' || i || '号' FROM generate_series(1, $1::int) i",
    f"""INSERT INTO account (account_no, customer_id, premise_id, holder_name, transformer_area_id)
        SELECT (410000000000 + i)::text, i, i, '王' || i, (SELECT min(id) FROM transformer_area)
          + (i::bigint * 7919 % {_FEEDERS * _AREAS})::int FROM generate_series(1, $1::int) i""",
    """INSERT INTO contact_point (kind, address, line)
       SELECT 'phone', '+86138' || lpad(i::text, 8, '0'), 'mobile' FROM generate_series(1, $1::int) i""",
    """INSERT INTO contact_link (account_id, contact_point_id, role, is_default)
       SELECT i, i::bigint * 7919 % $1 + 1, 'holder', true FROM generate_series(1, $1::int) i""",
)
#: Who hangs on the feeders, asked for in one statement; and with whom to reach them.
_ACCOUNTS: Final = """
SELECT a.id FROM feeder f JOIN transformer_area area ON area.feeder_id = f.id
JOIN account a ON a.transformer_area_id = area.id WHERE f.code = ANY($1::text[]) AND a.status <> 'closed' ORDER BY a.id
"""
_BARE: Final = """
SELECT a.id, link.id AS link_id, link.contact_point_id FROM feeder f
JOIN transformer_area area ON area.feeder_id = f.id JOIN account a ON a.transformer_area_id = area.id
JOIN contact_link link ON link.account_id = a.id AND link.is_default AND link.state IN ('unverified', 'verified')
JOIN contact_point point ON point.id = link.contact_point_id AND point.state = 'active'
WHERE f.code = ANY($1::text[]) AND a.status <> 'closed' ORDER BY link.contact_point_id
"""


async def run(lab: Lab) -> list[Figure]:
    """Find the audience of one fault."""
    from gateway.kernel.database import plan_anew
    from gateway.notices.kinds import kind_of

    accounts = lab.rows(full=1_000_000, quick=50_000)
    async with lab.house() as house:
        async with house.database.connection() as connection:
            for statement in _TOWN:
                await connection.execute(statement, *((accounts,) if "$1" in statement else ()), timeout=900)
            await connection.execute("VACUUM ANALYZE", timeout=900)
        hit = [f"F{number}" for number in range(1, _HIT + 1)]
        notice_id = await _announced(house, hit)
        await lab.settle()
        async with house.database.connection() as connection:
            await connection.fetchval("SELECT count(*) FROM account")
            accounts_only, _ = await _timed(connection.fetch(_ACCOUNTS, hit, timeout=300))
            bare, reached = await _timed(connection.fetch(_BARE, hit, timeout=300))
        wanted = len(reached)
        async with house.database.work() as work:
            notice = dict(await work.connection.fetchrow("SELECT * FROM notice WHERE id = $1", notice_id))
            kind = kind_of(house.notice_kinds, notice)
            rolled, _ = await _timed(kind.begin(work.connection, notice, house.clock.now()))
            await work.commit()
        async with house.database.connection() as connection:
            await plan_anew(connection)
            taken, _ = await _timed(house.notice_runner.find(connection, notice, kind))
            found = await connection.fetchval("SELECT count(*) FROM notice_recipient WHERE link_id IS NOT NULL")
        if found != wanted:
            raise RuntimeError(f"{found} recipients were found, the bare SQL finds {wanted}")
        everywhere = await _everywhere(house)
    audience = f"{wanted:,} on {_HIT} of {_FEEDERS} feeders, of {accounts:,} accounts"
    hundred_thousand = 100_000 / wanted
    return [
        Figure(
            name=f"audience of an outage: {audience}",
            value=rolled * hundred_thousand,
            baseline=accounts_only * hundred_thousand,
            unit="s per 100,000",
            against="the bare SQL, read to its end",
            bounded=1,
        ),
        Figure(
            name=f"the same of an outage of all {_FEEDERS} feeders",
            value=everywhere[0] * 100_000 / accounts,
            baseline=everywhere[1] * 100_000 / accounts,
            unit="s per 100,000",
            against="the bare SQL, read to its end",
            bounded=1,
        ),
        Figure(
            name="and a contact decided for each, kept",
            value=taken * hundred_thousand,
            baseline=bare * hundred_thousand,
            unit="s per 100,000",
            against="the bare SQL with default contacts",
        ),
    ]


async def _everywhere(house: House) -> tuple[float, float]:
    """The seconds in which an outage of every feeder is rolled, and those of the bare SQL."""
    from gateway.notices.kinds import kind_of

    lines = [f"F{number}" for number in range(1, _FEEDERS + 1)]
    notice_id = await _announced(house, lines)
    async with house.database.connection() as connection:
        bare, asked = await _timed(connection.fetch(_ACCOUNTS, lines, timeout=300))
        notice = dict(await connection.fetchrow("SELECT * FROM notice WHERE id = $1", notice_id))
    kind = kind_of(house.notice_kinds, notice)
    async with house.database.work() as work:
        rolled, _ = await _timed(kind.begin(work.connection, notice, house.clock.now()))
        found = await work.value(
            "SELECT count(*) FROM outage_account r JOIN outage o ON o.id = r.outage_id WHERE o.outage_no = $1",
            json.loads(notice["about"])["outage_id"],
        )
        await work.commit()
    if found != len(asked):
        raise RuntimeError(f"{found} accounts were found, the bare SQL finds {len(asked)}")
    return rolled, bare


async def _timed(work: Awaitable[Any]) -> tuple[float, Any]:
    """The seconds that something took, and its answer."""
    began = time.perf_counter()
    answer = await work
    return time.perf_counter() - began, answer


async def _announced(house: House, feeders: list[str]) -> Any:
    from gateway.notices import Draft
    from gateway.notices.outages.keeping import NewOutage
    from gateway.notices.outages.scopes import Scope

    async with house.database.session() as session:
        new = NewOutage(kind="fault", scope=Scope(feeders=feeders), given={"starts_at": house.clock.now()})
        outage_no = await house.outages.announce(session, new, actor="bench:one")
        draft = Draft(kind="outage_fault", about={"outage_id": outage_no})
        notice = await house.notices.draft(session, draft, actor="bench:one")
        await session.commit()
    return notice
