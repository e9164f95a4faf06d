"""The sweep held to a town whose truth is known, by itself: no text is sent."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from gateway.archive.trust.sweeping import TrustSweeper
from gateway.kernel.database import Database
from gateway.outbox import stop_links
from tests.importing import ZONE, Office
from tests.world.other_towns import TOWNS


@pytest.fixture
async def office(database: Database, tmp_path: Path) -> Office:
    office = Office(database, tmp_path)
    start = datetime(2025, 3, 31, 16, tzinfo=UTC)
    office.clock.offset = start - datetime.now(UTC)
    return office


@pytest.mark.parametrize(("kind", "seed"), [("usual", 1), ("names", 2)])
async def test_what_the_sweep_finds_is_right_nine_times_in_ten(office: Office, kind: str, seed: int) -> None:
    town = TOWNS[kind](2000, seed, date(2025, 4, 1))
    await office.load("staff", town.staff_file())
    accounts, contacts = town.export()
    await office.load("accounts", accounts)
    await office.load("contacts", contacts)
    sweeper = TrustSweeper(office.database, office.clock, stop_links, zone=ZONE)
    swept = await sweeper.sweep()
    assert swept is not None and swept.links > 2000
    again = await sweeper.sweep()
    assert again is not None and again.cases == 0, "what is open already is not opened again"
    rows = await office.rows(
        """SELECT x.reason, h.hint ->> 'account_no' AS account, h.hint ->> 'number' AS number,
                  h.hint ->> 'reason' AS said, h.hint AS hint
           FROM correction x CROSS JOIN LATERAL jsonb_array_elements(x.hints) AS h(hint)
           WHERE h.hint ->> 'kind' = 'finding'"""
    )
    right: defaultdict[str, Counter[bool]] = defaultdict(Counter)
    for row in rows:
        good = not town.right(row["account"], row["number"])
        right[row["said"]][good] += 1
    wrong = Counter(
        row.cause
        for number in town.accounts
        for row in town.rows(number)
        if row.default and row.mobile in town.holders and not town.right(number, row.mobile)
    )
    found = sum((counts for counts in right.values()), Counter[bool]())

    assert found[True] >= 0.9 * found.total(), dict(right)
    assert [said for said, counts in right.items() if counts[True] < 0.9 * counts.total()] == [], dict(right)
    assert found[True] >= 0.5 * wrong.total()
