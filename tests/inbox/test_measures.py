"""Measures of reaching the right person, from what the town lived through."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from gateway.archive.trust.sweeping import TrustSweeper
from gateway.kernel.charts import lines_svg
from gateway.outbox import reaching, stop_links, tallies
from tests.importing import ZONE
from tests.inbox.conftest import Town

A, B, C = "4100000011", "4100000022", "4100000033"
X, Y, Z = "+8613800374443", "+8613300335193", "+8615900237069"
SINCE, UNTIL = datetime(2025, 9, 30, 16, tzinfo=UTC), datetime(2025, 12, 31, 16, tzinfo=UTC)


async def measured(town: Town, by: reaching.By = "month") -> dict[Any, reaching.Reaching]:
    async with town.database.work() as work:
        found = await reaching.measures(
            work.connection, by, since=SINCE, until=UNTIL, now=town.clock.now(), zone="Asia/Shanghai"
        )
    return {one.month if by == "month" else (one.month, one.organisation): one for one in found}


async def decide(town: Town, number: str, decision: str) -> UUID:
    """Decide every link of the newest case alike."""
    (case,) = await town.values("SELECT id FROM correction ORDER BY id DESC LIMIT 1")
    listed = await town.rows(
        """SELECT a.account_no, p.address AS number FROM correction_link c JOIN contact_link l ON l.id = c.link_id
           JOIN account a ON a.id = l.account_id JOIN contact_point p ON p.id = l.contact_point_id
           WHERE c.correction_id = $1""",
        case,
    )
    from gateway.web.services import LinkDecision

    async with town.database.session() as session:
        await town.corrections.apply(
            session,
            case,
            links=[LinkDecision(**link, decision=decision, role=None) for link in listed],
            new_contacts=[],
            note=None,
            actor="staff:E1",
        )
        await session.commit()
    return UUID(str(case))


def part(share: reaching.Share) -> tuple[int, int]:
    return share.numerator, share.denominator


async def test_a_finding_is_carried_back_to_the_months_before(town: Town) -> None:
    for account, number in ((A, X), (B, Y), (C, Z)):
        await town.household(account, number)
    town.clock.at = datetime(2025, 10, 8, 2, tzinfo=UTC)
    await town.text(X, "arrears", [A])
    await town.text(Y, "arrears", [B])
    town.clock.at = datetime(2025, 11, 8, 2, tzinfo=UTC)
    for account, number in ((A, X), (B, Y), (C, Z)):
        await town.text(number, "arrears", [account])
    before = await measured(town)
    assert part(before["2025-10"].misdirected) == (0, 2)
    town.clock.on(hours=1)
    await town.hears(X, "打错了,我不是王强")
    after = await measured(town)
    assert part(after["2025-10"].misdirected) == (1, 2) and after["2025-10"].misdirected.value == 5000
    assert part(after["2025-11"].misdirected) == (1, 3)
    assert part(after["2025-11"].after_report) == (0, 1)
    assert (after["2025-11"].to_stop.n, after["2025-11"].to_stop.median) == (1, 0.0)
    assert part(after["2025-11"].falsely_suspended) == (0, 1)
    await town.do("UPDATE contact_link SET verified_at = '2025-10-20' WHERE state = 'suspended'")
    assert part((await measured(town))["2025-10"].misdirected) == (0, 2), "it was right until it was proven last"
    await town.do(
        """UPDATE message SET claimed_at = delivered_at + interval '3 hours'
           WHERE to_address = $1 AND delivered_at > '2025-11-01'""",
        X,
    )
    assert part((await measured(town))["2025-11"].after_report) == (1, 1), "what leaves after a report shows"


@pytest.mark.parametrize("by", ["month", "organisation", "both", "all"])
async def test_days_that_are_over_are_counted_once_and_told_alike(town: Town, by: reaching.By) -> None:
    for account, number in ((A, X), (B, Y), (C, Z)):
        await town.household(account, number)
    await town.do("UPDATE premise SET district = '东湖区' WHERE id = (SELECT min(id) FROM premise)")
    # The last moment of one day at home, and the first of the next month.
    for day in (datetime(2025, 10, 8, 15, 59, 59, tzinfo=UTC), datetime(2025, 10, 31, 16, tzinfo=UTC)):
        town.clock.at = day
        for account, number in ((A, X), (B, Y), (C, Z)):
            await town.text(number, "arrears", [account])
    await town.hears(X, "打错了,我不是王强")
    before = await measured(town, by)
    assert sum(one.misdirected.denominator for one in before.values()) == 6

    assert await count(town) == 23, "from the first text to the day before yesterday"
    town.clock.on(hours=26)
    assert await count(town) == 2
    assert await measured(town, by) == before
    assert await count(town) == 0, "each day once"
    await town.do("UPDATE message SET delivered_at = delivered_at + interval '9 years'")
    after = await measured(town, by)
    assert sum(one.misdirected.denominator for one in after.values()) == 6, "the texts are not gone through again"


async def count(town: Town) -> int:
    async with town.database.work() as work:
        counted = await tallies.count_days(work.connection, town.clock.now(), ZoneInfo("Asia/Shanghai"))
        await work.commit()
    return counted


async def test_what_was_stopped_wrongly_and_for_how_long(town: Town) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    await town.hears(X, "打错了")
    town.clock.on(hours=30)
    await decide(town, X, "keep")
    november = (await measured(town))["2025-11"]
    assert part(november.falsely_suspended) == (1, 1)
    assert november.falsely_stopped_for.median == 30 * 3600.0
    assert part(november.misdirected) == (0, 1)
    async with town.database.work() as work:
        (one,) = [
            item
            for item in await reaching.precision(work.connection, "all", since=SINCE, until=UNTIL, zone="Asia/Shanghai")
            if item.kind == "wrong_number"
        ]
    assert part(one.right) == (0, 1) and one.month is None


async def test_coverage_is_kept_by_the_sweep_and_told_by_organisation(town: Town) -> None:
    await town.household(A, X, state="verified", verified_at=town.clock.now())
    await town.household(B, Y)
    await town.account(C)
    await town.do("UPDATE premise SET district = '东湖区'")
    assert part((await measured(town))["2025-11"].reachable) == (2, 3), "before any sweep it is what is so now"
    await TrustSweeper(town.database, town.clock, stop_links, zone=ZONE).sweep()
    town.clock.on(days=40)
    await town.do("UPDATE contact_link SET state = 'revoked', reason = 'reply' WHERE state = 'unverified'")
    found = await measured(town, "both")
    assert part(found["2025-11", "东湖区"].verified) == (1, 3)
    assert part(found["2025-12", "东湖区"].reachable) == (1, 3)


async def test_a_signed_correction_counts_as_thorough_until_trouble_comes_again(town: Town) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    await town.hears(X, "打错了")
    case = await decide(town, X, "revoke")
    town.clock.on(days=1)
    await town.do("UPDATE correction SET signed_at = $1, state = 'watching'", town.clock.now())
    november = (await measured(town))["2025-11"]
    assert part(november.thorough_first) == (1, 1) and part(november.recurred) == (0, 1)
    assert november.to_complete.median == 86400.0
    assert part(november.resurrections_blocked) == (0, 1)
    await town.do("UPDATE correction SET recurred_at = $1, reopened = 1", town.clock.now())
    november = (await measured(town))["2025-11"]
    assert part(november.thorough_first) == (0, 1) and part(november.recurred) == (1, 1)
    assert case is not None


async def test_measures_as_a_table_and_as_a_picture(town: Town) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    heads, rows = reaching.flat(list((await measured(town)).values()))
    assert len(heads) == len(set(heads)) and all(len(row) == len(heads) for row in rows)
    out = io.StringIO()
    csv.writer(out).writerows([heads, *rows])
    assert "misdirected_denominator" in out.getvalue()
    picture = lines_svg("misdirected", ["2025-10", "2025-11"], {"东湖区": [None, 3.5], "a<b": [1.0, 2.0]})
    assert picture.startswith("<svg") and "东湖区" in picture and "a&lt;b" in picture
