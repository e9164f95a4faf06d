"""Summaries as files, what came another way, and days that are counted once."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from gateway.evaluations import sheets
from gateway.evaluations.outside import OUTSIDE, OutsideRecord, other_sources
from gateway.evaluations.reviewing import challenge, decide
from gateway.evaluations.summaries import By, Scores, compare, summary, whole_months
from gateway.evaluations.tallies import count_days
from gateway.kernel.acting import Acting, act_for
from gateway.kernel.days import beside
from tests.evaluations.conftest import Desk

HOME = ZoneInfo("Asia/Shanghai")
SPAN = {"closed_from": "2025-11-04T00:00:00+08:00", "closed_to": "2025-11-05T00:00:00+08:00"}


async def _summed(desk: Desk, by: By, **span: Any) -> Sequence[Scores]:
    wanted = {"since": None, "until": None} | span
    async with desk.town.database.session() as session:
        return await summary(session, by, zone=HOME.key, now=desk.town.clock.now(), **wanted)


async def _answered(desk: Desk, scores: Sequence[int]) -> None:
    for place, _ in enumerate(scores):
        account = await desk.town.account(f"+86138{place:08d}")
        await desk.order(f"W{place}", account, handler=f"E{place % 2}", team=f"=T{place % 2}")
    await desk.town.compose("survey", SPAN)
    await desk.sent()
    found = await desk.invitations()
    for place, score in enumerate(scores):
        await desk.answer(found[f"W{place}"]["message_id"], score=score)


async def test_files_say_what_the_summary_says_and_nothing_of_few(desk: Desk) -> None:
    await _answered(desk, [5, 4, 3, 2, 1, 5] + [4, 4] * 8)
    people = await _summed(desk, "person")
    rows = list(csv.DictReader(io.StringIO(sheets.as_csv(people).removeprefix("\ufeff"))))
    assert [row["key"] for row in rows] == ["E0", "E1"]
    for row, one in zip(rows, people, strict=True):
        assert one.csat is not None and one.distribution is not None
        assert (int(row["n"]), float(row["csat"]), float(row["csat_low"])) == (one.n, one.csat.share, one.csat.low)
        assert [int(row[f"score_{score}"]) for score in range(1, 6)] == [*one.distribution.values()]
    teams = await _summed(desk, "team")
    book = load_workbook(io.BytesIO(sheets.as_workbook(teams, compare(teams))))
    head, first, _ = book["summary"].iter_rows(values_only=True)
    assert head == sheets.COLUMNS and first[0] == "'=T0" and book["comparisons"].max_row == 1
    assert list(await _summed(desk, "person", until=datetime(2025, 11, 4, tzinfo=UTC))) == []
    # Nine answers about a person: neither figures nor a mark.
    picture = ET.fromstring(sheets.as_svg(people, "评价"))
    assert len(picture.findall(".//{http://www.w3.org/2000/svg}circle")) == 2
    hidden = sheets.row_of(_few(people[0]))
    assert [cell for name, cell in zip(sheets.COLUMNS, hidden, strict=True) if name.startswith(("score_", "csat"))] == [
        None
    ] * 8
    assert "circle" not in sheets.as_svg([_few(people[0])], "评价") and "n &lt; 10" in sheets.as_svg(
        [_few(people[0])], "x"
    )


def _few(one: Scores) -> Scores:
    from dataclasses import replace

    return replace(one, shown=False, n=9, distribution=None, csat=None, weighted=None, solved=None, mean=None)


async def test_days_counted_once_say_the_same_and_a_change_takes_the_count_away(desk: Desk) -> None:
    await _answered(desk, [5, 4, 1, 5, 2])
    await desk.rows("INSERT INTO staff_member (staff_no, name) VALUES ('E0', '甲'), ('E9', '乙')")
    live = {by: await _summed(desk, by) for by in ("team", "person", "month", "type")}  # type: ignore[arg-type]
    desk.town.clock.on(days=10)
    await desk.due()
    assert len(await desk.rows("SELECT 1 FROM evaluation_tally_day")) == 1
    assert {by: await _summed(desk, by) for by in live} == live  # type: ignore[arg-type]
    # A late answer, and a challenge that is upheld: each is seen at once.
    late = (await desk.invitations())["W2"]
    await desk.answer(late["message_id"], score=5)
    (month,) = await _summed(desk, "month")
    assert month.distribution is not None and month.distribution["5"] == 3
    assert await desk.rows("SELECT 1 FROM evaluation_tally_day") == []
    async with desk.town.database.work() as work:
        now = desk.town.clock.now()
        assert await count_days(work.connection, now, HOME) == 1
        (rated,) = await work.fetch("SELECT id FROM evaluation WHERE score = 2")
        opened = await challenge(
            work.connection, rated["id"], by="E0", grounds="x", evidence="y", at=now, actor="key:unit"
        )
        await decide(work.connection, opened, by="E9", uphold=True, decision="z", at=now, actor="key:reviewer")
        await work.commit()
    (month,) = await _summed(desk, "month")
    assert (month.n, month.funnel.annulled, month.contested) == (4, 1, 1)


_DAYS = st.sets(st.dates(date(2025, 1, 1), date(2025, 3, 31)), max_size=30)
_MOMENTS = st.integers(0, 89 * 86400).map(lambda seconds: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(0, seconds))


@given(_DAYS, _MOMENTS, _MOMENTS, _MOMENTS)
def test_a_moment_of_the_span_is_in_a_counted_day_or_in_one_open_span(
    counted: set[date], since: datetime, until: datetime, moment: datetime
) -> None:
    spans = beside(counted, since, until, HOME)
    hits = sum(lo <= moment < hi for lo, hi in spans)
    day = moment.astimezone(HOME).date()
    if since <= moment < until:
        assert hits == (0 if day in counted else 1)
    assert all(lo < hi and lo >= since for lo, hi in spans)


@given(_MOMENTS, _MOMENTS, _MOMENTS)
def test_whole_months_are_whole_and_over(since: datetime, until: datetime, now: datetime) -> None:
    lo, hi = whole_months(since, until, now, HOME)
    assert lo is not None and lo <= since and hi <= now and hi <= until
    assert (lo.astimezone(HOME).day, hi.astimezone(HOME).day) == (1, 1)


async def test_other_sources_are_kept_apart_and_an_audit_that_differs_is_told(desk: Desk) -> None:
    await _answered(desk, [5] * 12)
    rows = [("phone_audit", f"P{place}", "E0", Decimal(1 + place % 3)) for place in range(20)]
    rows += [("mystery", "M1", "E1", Decimal(85))]
    async with desk.town.database.work() as work:
        await work.connection.executemany(
            """INSERT INTO outside_score (source, ref, "on", person_no, score, best)
               VALUES ($1, $2, '2025-11-04', $3, $4, CASE WHEN $1 = 'mystery' THEN 100 ELSE 5 END)""",
            rows,
        )
        await work.commit()
    people = await _summed(desk, "person")
    assert sum(one.n for one in people) == 12
    now = desk.town.clock.now()
    async with desk.town.database.session() as session:
        found = await other_sources(session, "person", people, since=None, until=None, now=now, zone=HOME)
    mystery, audit = found
    assert (mystery.source, mystery.shown, mystery.mean) == ("mystery", False, None)
    assert (audit.source, audit.n, audit.shown) == ("phone_audit", 20, True)
    # Six of E0's customers were asked: too few to be shown, so nothing is compared with them.
    assert audit.p is None
    everybody = await _summed(desk, "team")
    assert all(one.distribution is not None for one in everybody)


async def test_who_is_rated_reads_no_single_score_of_another_source(desk: Desk) -> None:
    await desk.rows(
        """INSERT INTO outside_score (source, ref, "on", team_code, score, best)
           VALUES ('mystery', 'M1', '2025-10-04', 'TM1', 20, 100) RETURNING ref"""
    )
    now = desk.town.clock.now()
    for scopes, shown in (({"evaluations:read"}, False), ({"evaluations:read", "evaluations:review"}, True)):
        acting = Acting(actor="staff:E1", scopes=frozenset(scopes))
        async with desk.town.database.session() as session:
            act_for(session, acting)
            found = await other_sources(session, "team", [], since=None, until=None, now=now, zone=HOME)
        (one,) = found
        assert (one.n, one.shown, one.mean is not None, one.good is not None) == (1, shown, shown, shown)


def test_a_file_of_other_scores_says_which_row_is_wrong() -> None:
    names = {column.name for headings in OUTSIDE.headings for column in headings.columns}
    assert names == {"source", "ref", "date", "team_id", "staff_id", "wo_id", "score", "best", "comment"}
    assert OutsideRecord.__dataclass_fields__.keys() >= {"source", "ref", "score", "best"}
