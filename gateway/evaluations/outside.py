"""Scores that came another way: service cards, mystery checks, the telephone audit (`outside_scores`).

They stand beside the answers to invitations and are never mixed with them (domain notes S0.12, §4.2). Where the
telephone audit differs from the answers, that is itself worth a look (§4.5.6).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.importing import ImportKind, Outcome, Parsed, Reader, RowRefused, Run
from gateway.archive.importing.kinds import Fate
from gateway.evaluations.summaries import LEAST_FOR_A_PERSON, Satisfaction, Scores, districts_within, readable_span
from gateway.kernel.database import Work, driver
from gateway.kernel.shares import two_proportions, wilson
from gateway.kernel.tabular import Column, Headings

Source = Literal["card", "mystery", "phone_audit"]
SOURCES: Final = {
    **{word: word for word in ("card", "mystery", "phone_audit")},
    "服务卡": "card",
    "评价卡": "card",
    "暗访": "mystery",
    "明察暗访": "mystery",
    "电话回访": "phone_audit",
    "电话核查": "phone_audit",
    "电话抽查": "phone_audit",
}
#: A share of the best from which a score is good: 4 of 5.
_GOOD: Final = Decimal("0.8")
_SIGNIFICANT: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideRecord:
    """A score as the file has it."""

    source: str
    ref: str
    on: date
    team_code: str | None
    person_no: str | None
    event_ref: str | None
    score: Decimal
    best: Decimal
    comment: str | None


class OutsideKind(ImportKind[OutsideRecord]):
    """Scores from cards, mystery checks and the telephone audit: `outside_scores`."""

    name = "outside_scores"
    tables = ("outside_score",)
    headings = (
        Headings(
            [
                Column(name="source", words=("来源", "评价来源"), required=True),
                Column(name="ref", words=("编号", "评价编号", "记录编号"), required=True),
                Column(name="date", words=("日期", "评价日期", "检查日期"), required=True),
                Column(name="team_id", words=("班组编号", "班组", "责任班组", "被检班组")),
                Column(name="staff_id", words=("工号", "人员编号", "被检人员", "人员")),
                Column(name="wo_id", words=("工单编号", "工单号")),
                Column(name="score", words=("得分", "评分", "分值"), required=True),
                Column(name="best", words=("满分",)),
                Column(name="comment", words=("意见", "备注", "评语")),
            ]
        ),
    )

    def parse(self, cells: Reader) -> OutsideRecord:
        source = SOURCES.get(cells.required("source"))
        if source is None:
            raise RowRefused("source", f"unknown_word: Known are {'、'.join(SOURCES)}.")
        cells.required("date")
        on = cells.day("date")
        if on is None:
            raise RowRefused(*cells.refused[0])
        best = _figure("best", cells.text("best") or ("100" if source == "mystery" else "5"))
        score = _figure("score", cells.required("score"))
        if not 0 < best <= 1000 or not 0 <= score <= best:
            raise RowRefused("score", f"out_of_range: A score is between 0 and {best}.")
        return OutsideRecord(
            source=source,
            ref=cells.required("ref").removesuffix(".0"),
            on=on,
            team_code=cells.text("team_id") or None,
            person_no=(cells.text("staff_id") or "").upper() or None,
            event_ref=(cells.text("wo_id") or "").removesuffix(".0") or None,
            score=score,
            best=best,
            comment=cells.text("comment") or None,
        )

    async def merge(self, work: Work, rows: Sequence[Parsed[OutsideRecord]], run: Run) -> Outcome:
        # Of several rows for one record the last is taken, and what became of it counts once.
        records = {(row.record.source, row.record.ref): row.record for row in rows}
        records = await _with_teams(work, records)
        names = tuple(OutsideRecord.__dataclass_fields__)
        columns = [[getattr(record, name) for record in records.values()] for name in names]
        touched = await work.fetch(_MERGE, *columns)
        became = {(row[0], row[1]): Fate.CREATED if row[2] else Fate.UPDATED for row in touched}
        return Outcome.of([became.pop((row.record.source, row.record.ref), Fate.UNCHANGED) for row in rows], [])


async def _with_teams(
    work: Work, records: dict[tuple[str, str], OutsideRecord]
) -> dict[tuple[str, str], OutsideRecord]:
    """The records with the codes of teams that they name in words, and the teams of people who come without one."""
    named = await work.fetch(
        "SELECT name, code FROM team WHERE name = ANY($1::text[])", [one.team_code for one in records.values()]
    )
    staffed = await work.fetch(
        """SELECT s.staff_no, t.code FROM staff_member s JOIN team t ON t.id = s.team_id
           WHERE s.staff_no = ANY($1::text[])""",
        [one.person_no for one in records.values()],
    )
    codes, of_people = dict(map(tuple, named)), dict(map(tuple, staffed))
    return {
        key: replace(
            one,
            team_code=of_people.get(one.person_no)
            if one.team_code is None
            else codes.get(one.team_code, one.team_code),
        )
        for key, one in records.items()
    }


def _figure(column: str, text: str) -> Decimal:
    try:
        figure = Decimal(text.strip().removesuffix("分"))
    except InvalidOperation:
        raise RowRefused(column, "not_a_number: A score is a figure.") from None
    if not figure.is_finite():
        raise RowRefused(column, "not_a_number: A score is a figure.")
    return figure


_MERGE: Final = """
INSERT INTO outside_score (source, ref, "on", team_code, person_no, event_ref, score, best, comment)
SELECT * FROM unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::text[], $6::text[], $7::numeric[],
                     $8::numeric[], $9::text[])
ON CONFLICT (source, ref) DO UPDATE SET "on" = excluded."on", team_code = excluded.team_code,
  person_no = excluded.person_no, event_ref = excluded.event_ref, score = excluded.score, best = excluded.best,
  comment = excluded.comment
WHERE (outside_score."on", outside_score.team_code, outside_score.person_no, outside_score.event_ref,
       outside_score.score, outside_score.best, outside_score.comment)
  IS DISTINCT FROM (excluded."on", excluded.team_code, excluded.person_no, excluded.event_ref, excluded.score,
                    excluded.best, excluded.comment)
RETURNING source, ref, xmax = 0
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherSource:
    """What one other source says of a team, or of a person with ten records or more."""

    source: str
    key: str | None
    n: int
    #: False where too few records are there to say anything; the rest is null then.
    shown: bool
    #: The mean part of the best that was reached, and the share of records that were good.
    mean: float | None
    good: Satisfaction | None
    #: Of the telephone audit: how likely so different a share is by chance, beside the answers to invitations.
    p: float | None
    differs: bool


_SUMMARY: Final = """
SELECT source, {key} AS key, count(*) AS n, avg(score / best)::float8 AS mean,
       count(*) FILTER (WHERE score >= best * $3) AS good
FROM outside_score
WHERE "on" >= coalesce($1::date, '-infinity') AND "on" < coalesce($2::date, 'infinity')
  AND ($4::text[] IS NULL OR EXISTS (
    SELECT 1 FROM team g WHERE g.district = ANY($4::text[]) AND (g.code = team_code OR team_code IS NULL AND EXISTS (
      SELECT 1 FROM staff_member s WHERE s.staff_no = person_no AND s.team_id = g.id))))
GROUP BY 1, 2 ORDER BY 1, 2 NULLS LAST
"""


async def other_sources(
    session: AsyncSession,
    by: Literal["team", "person"],
    answers: Sequence[Scores],
    *,
    since: datetime | None,
    until: datetime | None,
    now: datetime,
    zone: ZoneInfo,
) -> list[OtherSource]:
    """Other sources of a span, each for itself, beside the answers of the same groups.

    Who reads them sees what they may see of a summary: whole months that are over, ten records, their own part.
    """
    least = LEAST_FOR_A_PERSON if by == "person" else 1
    since, until, least = readable_span(session, since, until, now, zone, least)
    connection = await driver(session)
    rows = await connection.fetch(
        _SUMMARY.format(key="team_code" if by == "team" else "person_no"),
        since and since.astimezone(zone).date(),
        until and until.astimezone(zone).date(),
        _GOOD,
        await districts_within(session),
    )
    beside = {one.key: one for one in answers}
    return [_other(row, beside.get(row["key"]), least) for row in rows]


def _other(row: Any, answers: Scores | None, least: int) -> OtherSource:
    n, good, shown, p = row["n"], row["good"], row["n"] >= least, None
    if shown and row["source"] == "phone_audit" and answers is not None and answers.distribution and answers.n:
        liked = answers.distribution["4"] + answers.distribution["5"]
        p = two_proportions(good, n, liked, answers.n)
    low, high = wilson(good, n)
    return OtherSource(
        source=row["source"],
        key=row["key"],
        n=n,
        shown=shown,
        mean=round(row["mean"], 4) if shown else None,
        good=Satisfaction(share=round(good / n, 4), low=round(low, 4), high=round(high, 4)) if shown else None,
        p=p,
        differs=p is not None and p < _SIGNIFICANT,
    )


OUTSIDE: Final = OutsideKind()
