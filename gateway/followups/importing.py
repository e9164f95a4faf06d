"""The managers' plan as a file (`followups`): a table, or a calendar (.ics) of theirs."""

from __future__ import annotations

import csv
from codecs import BOM_UTF8
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from gateway.archive.importing import ImportKind, Outcome, Parsed, Reader, RowRefused, Run
from gateway.archive.importing.contacts import accounts_by_number
from gateway.archive.importing.kinds import Fate, Refusal
from gateway.archive.importing.reading import account_number
from gateway.archive.importing.words import ACCOUNT_NO
from gateway.followups.calendar_file import BEGINS as CALENDAR
from gateway.followups.calendar_file import HEADS
from gateway.followups.calendar_file import OWN as OWN_EVENT
from gateway.followups.calendar_file import rows as calendar_rows
from gateway.followups.rules import check_rule
from gateway.kernel.database import Work
from gateway.kernel.errors import InvalidInput, TooLarge
from gateway.kernel.ids import new_id
from gateway.kernel.tabular import BadTable, Column, Headings, Problem

_LARGEST_CALENDAR: Final = 16 * 2**20
CHANNELS: Final = {
    **{word: word for word in ("visit", "phone", "sms", "chat")},
    "走访": "visit",
    "上门": "visit",
    "电话": "phone",
    "短信": "sms",
    "微信": "chat",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRecord:
    """A planned follow-up as the file has it; done where it has a day of it."""

    plan_no: str
    account_no: str
    #: Empty: the account's own.
    manager_no: str
    planned_for: date
    topic: str
    channel: str
    #: The value of RRULE, where it is the first of a series.
    rule: str | None
    done_on: date | None
    outcome: str | None


class FollowupsKind(ImportKind[PlanRecord]):
    """The plan of the account managers: `followups`."""

    name = "followups"
    tables = ("followup",)
    headings = (
        Headings(
            [
                Column(name="plan_id", words=("计划编号", "回访编号"), required=True),
                Column(name="account_no", words=ACCOUNT_NO.words, required=True),
                Column(name="manager_id", words=("客户经理", "客户经理工号", "经理工号"), required=True),
                Column(name="planned_date", words=("计划日期", "计划时间"), required=True),
                Column(name="topic", words=("主题", "回访主题", "事项")),
                Column(name="channel", words=("方式", "回访方式", "渠道")),
                Column(name="rule", words=("周期", "周期规则")),
                Column(name="done_date", words=("完成日期", "实际日期")),
                Column(name="result", words=("结果", "回访结果", "完成情况")),
            ]
        ),
    )

    def as_table(self, path: Path, zone: ZoneInfo) -> Path:
        """See `ImportKind`: a calendar (.ics) becomes a table beside it, an event a row."""
        with path.open("rb") as file:
            start = file.read(64).removeprefix(BOM_UTF8).lstrip()
        if not start.upper().startswith(CALENDAR):
            return path
        if path.stat().st_size > _LARGEST_CALENDAR:
            raise TooLarge(f"A calendar has {_LARGEST_CALENDAR >> 20} MB at most.")
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise BadTable(Problem.ENCODING, "A calendar is written in UTF-8.") from error
        table = path.with_suffix(".calendar.csv")
        with table.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([HEADS, *calendar_rows(text, zone)])
        return table

    def parse(self, cells: Reader) -> PlanRecord:
        word = cells.text("channel") or "visit"
        if word not in CHANNELS:
            raise RowRefused("channel", f"unknown_word: Known are {'、'.join(CHANNELS)}.")
        cells.required("planned_date")
        planned_for = cells.day("planned_date")
        if planned_for is None:
            raise RowRefused(*cells.refused[0])
        plan_no = cells.required("plan_id").removesuffix(".0")
        rule = cells.text("rule") or None
        if rule is not None:
            try:
                rule = check_rule(rule, planned_for, cells.zone)
            except InvalidInput as wrong:
                raise RowRefused("rule", f"bad_rule: {wrong}") from wrong
        return PlanRecord(
            rule=rule,
            plan_no=plan_no,
            account_no="" if OWN_EVENT.fullmatch(plan_no) else account_number(cells.required("account_no")),
            manager_no=(cells.text("manager_id") or "").upper(),
            planned_for=planned_for,
            topic=cells.text("topic") or "回访",
            channel=CHANNELS[word],
            done_on=cells.day("done_date"),
            outcome=cells.text("result") or None,
        )

    async def merge(self, work: Work, rows: Sequence[Parsed[PlanRecord]], run: Run) -> Outcome:
        rows = await _plans_of_the_house(work, rows)
        own = await _own(work, rows, run)
        refusals = [Refusal(row=row.row, column="manager_id", reason=OWN) for row in rows if row.record.plan_no in own]
        rows = [row for row in rows if row.record.plan_no not in own]
        accounts = await accounts_by_number(work, {row.record.account_no for row in rows})
        unknown = [row for row in rows if row.record.account_no not in accounts]
        rows, unmanaged = await _with_managers(work, rows)
        refusals += [
            Refusal(row=row.row, column="manager_id", reason="no_manager: This account has no manager; name one.")
            for row in unmanaged
            if row.record.account_no in accounts
        ]
        # Of several rows for one plan the last is taken, and what became of it counts once.
        records = {row.record.plan_no: row.record for row in rows if row.record.account_no in accounts}
        wanted = list(records.values())
        touched = await work.fetch(
            _MERGE,
            [new_id(run.now) for _ in wanted],
            [record.plan_no for record in wanted],
            [accounts[record.account_no] for record in wanted],
            [record.manager_no for record in wanted],
            [record.planned_for for record in wanted],
            [record.topic for record in wanted],
            [record.channel for record in wanted],
            [_noon(record.done_on, run) for record in wanted],
            [record.outcome for record in wanted],
            run.now,
            f"import:{run.import_id}",
        )
        await _recur(work, [row[0] for row in touched if row[1]], records, accounts, run)
        became = {row[0]: Fate.CREATED if row[1] else Fate.UPDATED for row in touched}
        fates = [became.pop(row.record.plan_no, Fate.UNCHANGED) for row in rows if row.record.account_no in accounts]
        refusals += [
            Refusal(row=row.row, column="account_no", reason="unknown_account: The archive has no such account.")
            for row in unknown
        ]
        return Outcome.of(fates, refusals)


async def _recur(
    work: Work, made: Sequence[str], records: Mapping[str, PlanRecord], accounts: Mapping[str, int], run: Run
) -> None:
    """Make a series of each new plan that has a rule; the clock writes its further days down."""
    new = [(new_id(run.now), one) for one in (records[plan_no] for plan_no in made) if one.rule is not None]
    await work.execute(
        """INSERT INTO followup_series (id, account_id, manager_no, topic, channel, rule, starts_on, made_until)
           SELECT id, account_id, manager_no, topic, channel, rule, starts_on, greatest(starts_on, $8::date)
           FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[])
             AS new(id, account_id, manager_no, topic, channel, rule, starts_on)""",
        [series for series, _ in new],
        [accounts[one.account_no] for _, one in new],
        [one.manager_no for _, one in new],
        [one.topic for _, one in new],
        [one.channel for _, one in new],
        [one.rule for _, one in new],
        [one.planned_for for _, one in new],
        # Days that are over are nobody's plan any more.
        run.now.astimezone(run.zone).date() - timedelta(days=1),
    )
    await work.execute(
        """UPDATE followup f SET series_id = new.series FROM unnest($1::uuid[], $2::text[]) AS new(series, plan_no)
           WHERE f.plan_no = new.plan_no""",
        [series for series, _ in new],
        [one.plan_no for _, one in new],
    )


async def _plans_of_the_house(work: Work, rows: Sequence[Parsed[PlanRecord]]) -> list[Parsed[PlanRecord]]:
    """Rows that are events of the feed, as rows of the plans that they are: whose they are stands there."""
    ids = {row.record.plan_no: found[1] for row in rows if (found := OWN_EVENT.fullmatch(row.record.plan_no))}
    if not ids:
        return list(rows)
    await work.execute(
        "UPDATE followup SET plan_no = id || '@lamplighter' WHERE id = ANY($1::uuid[]) AND plan_no IS NULL",
        list(ids.values()),
    )
    kept = {
        f"{row['id']}@lamplighter": row
        for row in await work.fetch(
            """SELECT f.id, f.plan_no, f.manager_no, a.account_no FROM followup f JOIN account a ON a.id = f.account_id
               WHERE f.id = ANY($1::uuid[])""",
            list(ids.values()),
        )
    }
    return [
        row
        if (plan := kept.get(row.record.plan_no)) is None
        else replace(
            row,
            record=replace(
                row.record, plan_no=plan["plan_no"], account_no=plan["account_no"], manager_no=plan["manager_no"]
            ),
        )
        for row in rows
    ]


async def _with_managers(
    work: Work, rows: Sequence[Parsed[PlanRecord]]
) -> tuple[list[Parsed[PlanRecord]], list[Parsed[PlanRecord]]]:
    """Rows that name no manager are the account's own manager's; and those of accounts that have none."""
    unnamed = [row.record.account_no for row in rows if not row.record.manager_no]
    found = await work.fetch(
        "SELECT account_no, manager_no FROM account WHERE account_no = ANY($1::text[]) AND manager_no IS NOT NULL",
        unnamed,
    )
    own = {row["account_no"]: row["manager_no"] for row in found}
    named = [
        row
        if row.record.manager_no
        else replace(row, record=replace(row.record, manager_no=own[row.record.account_no]))
        for row in rows
        if row.record.manager_no or row.record.account_no in own
    ]
    return named, [row for row in rows if not row.record.manager_no and row.record.account_no not in own]


async def _own(work: Work, rows: Sequence[Parsed[PlanRecord]], run: Run) -> frozenset[str]:
    """The plans of whoever handed the file in: what came of one's own visits is said one by one, and asked about."""
    if run.staff_no is None:
        return frozenset()
    kept = await work.fetch(
        "SELECT plan_no FROM followup WHERE $1 IN (manager_no, deputy_no) AND plan_no = ANY($2::text[])",
        run.staff_no,
        [row.record.plan_no for row in rows],
    )
    said = (row.record.plan_no for row in rows if row.record.manager_no == run.staff_no)
    return frozenset((*(row[0] for row in kept), *said))


def _noon(day: date | None, run: Run) -> datetime | None:
    """The files say on which day; noon stands for it."""
    return None if day is None else datetime.combine(day, time(12), run.zone)


_MERGE: Final = """
INSERT INTO followup (id, plan_no, account_id, manager_no, planned_for, topic, channel, state, done_at, done_by,
                      outcome, made_at, made_by)
SELECT u.id, u.plan_no, u.account_id, u.manager_no, u.planned_for, u.topic, u.channel,
       CASE WHEN u.done_at IS NULL THEN 'planned' ELSE 'done' END, u.done_at,
       CASE WHEN u.done_at IS NOT NULL THEN u.manager_no END, u.outcome, $10, $11
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::date[], $6::text[], $7::text[], $8::timestamptz[],
            $9::text[]) AS u(id, plan_no, account_id, manager_no, planned_for, topic, channel, done_at, outcome)
ON CONFLICT (plan_no) DO UPDATE SET
  planned_for = CASE WHEN followup.state = 'planned' THEN excluded.planned_for ELSE followup.planned_for END,
  topic = excluded.topic, channel = excluded.channel, manager_no = excluded.manager_no,
  state = CASE WHEN followup.state IN ('planned', 'missed') THEN excluded.state ELSE followup.state END,
  done_at = coalesce(followup.done_at, excluded.done_at), done_by = coalesce(followup.done_by, excluded.done_by),
  outcome = coalesce(followup.outcome, excluded.outcome)
WHERE (followup.planned_for, followup.topic, followup.channel, followup.manager_no) IS DISTINCT FROM
        (excluded.planned_for, excluded.topic, excluded.channel, excluded.manager_no)
   OR followup.done_at IS NULL AND excluded.done_at IS NOT NULL
   OR followup.outcome IS NULL AND excluded.outcome IS NOT NULL
RETURNING plan_no, xmax = 0
"""

#: Why rows of one's own visits are refused.
OWN: Final = "own_work: A manager's own visits are said to be done by a page or the API, not by a file."
FOLLOWUPS: Final = FollowupsKind()
