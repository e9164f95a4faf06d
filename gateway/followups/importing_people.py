"""Who stands in for whom, and the programmes of visits (四访), as files: `deputies`, `visit_programmes`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from gateway.archive.importing import ImportKind, Outcome, Parsed, Reader, RowRefused, Run
from gateway.archive.importing.kinds import Fate, Refusal
from gateway.followups import visits
from gateway.followups.importing import CHANNELS
from gateway.kernel import audit
from gateway.kernel.database import Work
from gateway.kernel.errors import InvalidInput
from gateway.kernel.tabular import Column, Headings

_AUDIENCES: Final = {
    **{word: word for word in visits.AUDIENCES},
    "大客户": "vip",
    "重要用户": "important",
    "弱势群体": "vulnerable",
    "重点关注": "key_concern",
    "全部": "all",
}
_SPLIT: Final = "|"
_UNKNOWN: Final = "unknown_staff: There is nobody so numbered."
_STEERED: Final = "own_work: Whoever handled something lately has no say in who is asked: somebody else does."


@dataclass(frozen=True, slots=True, kw_only=True)
class DeputyRecord:
    """Who stands in for a manager, the first and the last day included."""

    manager_no: str
    deputy_no: str
    first_day: date
    last_day: date
    reason: str | None


class DeputiesKind(ImportKind[DeputyRecord]):
    """Deputies: `deputies`. One entry a manager, deputy and first day; another last day moves its end."""

    name = "deputies"
    tables = ("deputy",)
    headings = (
        Headings(
            [
                Column(name="manager_id", words=("客户经理", "客户经理工号", "经理工号"), required=True),
                Column(name="deputy_id", words=("代办人", "代办人工号", "代理人"), required=True),
                Column(name="first_day", words=("开始日期", "起始日期"), required=True),
                Column(name="last_day", words=("结束日期", "截止日期"), required=True),
                Column(name="reason", words=("原因", "事由")),
            ]
        ),
    )

    def parse(self, cells: Reader) -> DeputyRecord:
        days = {}
        for column in ("first_day", "last_day"):
            cells.required(column)
            day = cells.day(column)
            if day is None:
                raise RowRefused(*cells.refused[-1])
            days[column] = day
        if days["last_day"] < days["first_day"]:
            raise RowRefused("last_day", "out_of_range: The last day comes before the first.")
        manager, deputy = (cells.required(column).upper() for column in ("manager_id", "deputy_id"))
        if manager == deputy:
            raise RowRefused("deputy_id", "same_person: Nobody stands in for themselves.")
        return DeputyRecord(manager_no=manager, deputy_no=deputy, reason=cells.text("reason") or None, **days)

    async def merge(self, work: Work, rows: Sequence[Parsed[DeputyRecord]], run: Run) -> Outcome:
        known = {
            row[0]
            for row in await work.fetch(
                "SELECT staff_no FROM staff_member WHERE staff_no = ANY($1::text[])",
                [number for row in rows for number in (row.record.manager_no, row.record.deputy_no)],
            )
        }
        fates, refusals = [], []
        for row in rows:
            record, column = row.record, None
            if record.manager_no not in known:
                column = "manager_id"
            elif record.deputy_no not in known:
                column = "deputy_id"
            if column is not None:
                refusals.append(Refusal(row=row.row, column=column, reason=_UNKNOWN))
                continue
            fates.append(await self._keep(work, record, run))
        return Outcome.of(fates, refusals)

    async def _keep(self, work: Work, record: DeputyRecord, run: Run) -> Fate:
        values = (record.manager_no, record.deputy_no, record.first_day, record.last_day, record.reason)
        stands = await work.connection.fetchrow(
            """SELECT id, last_day, reason FROM deputy WHERE manager_no = $1 AND deputy_no = $2 AND first_day = $3
               ORDER BY id DESC LIMIT 1 FOR UPDATE""",
            *values[:3],
        )
        if stands is not None and (stands["last_day"], stands["reason"]) == values[3:]:
            return Fate.UNCHANGED
        if stands is None:
            await work.execute(
                "INSERT INTO deputy (manager_no, deputy_no, first_day, last_day, reason) VALUES ($1, $2, $3, $4, $5)",
                *values,
            )
        else:
            await work.execute("UPDATE deputy SET last_day = $2, reason = $3 WHERE id = $1", stands["id"], *values[3:])
        await audit.write(
            work.connection,
            at=run.now,
            actor=f"import:{run.import_id}",
            action="deputy.imported",
            subject=f"staff:{record.manager_no}",
            before=None if stands is None else {"last_day": stands["last_day"].isoformat()},
            after={
                "deputy": record.deputy_no,
                "first_day": record.first_day.isoformat(),
                "last_day": record.last_day.isoformat(),
            },
        )
        return Fate.CREATED if stands is None else Fate.UPDATED


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeRecord:
    """A programme of visits as the file has it; what it leaves blank stays as it is."""

    code: str
    changes: dict[str, Any]


class VisitProgrammesKind(ImportKind[ProgrammeRecord]):
    """The programmes of visits, told by their codes: `visit_programmes`."""

    name = "visit_programmes"
    tables = ("visit_programme", "followup_series", "followup")
    headings = (
        Headings(
            [
                Column(name="code", words=("编码", "走访编码"), required=True),
                Column(name="name", words=("名称", "走访名称")),
                Column(name="topic", words=("主题", "走访主题")),
                Column(name="channel", words=("方式", "走访方式")),
                Column(name="rule", words=("周期", "周期规则")),
                Column(name="audience", words=("对象", "走访对象")),
                Column(name="questions", words=("问题", "走访问题")),
                Column(name="active", words=("启用", "是否启用")),
            ]
        ),
    )

    def parse(self, cells: Reader) -> ProgrammeRecord:
        code = cells.required("code").lower()
        if code not in visits.STANDARD:
            raise RowRefused("code", f"unknown_word: Known are {'、'.join(visits.STANDARD)}.")
        changes: dict[str, Any] = {name: cells.text(name) for name in ("name", "topic", "rule") if cells.text(name)}
        for name, words in (("channel", CHANNELS), ("audience", _AUDIENCES)):
            word = cells.text(name)
            if word and word not in words:
                raise RowRefused(name, f"unknown_word: Known are {'、'.join(words)}.")
            if word:
                changes[name] = words[word]
        if questions := cells.text("questions"):
            changes["questions"] = tuple(part.strip() for part in questions.split(_SPLIT) if part.strip())
        if cells.text("active"):
            active = cells.flag("active")
            if active is None:
                raise RowRefused(*cells.refused[-1])
            changes["active"] = active
        return ProgrammeRecord(code=code, changes=changes)

    async def merge(self, work: Work, rows: Sequence[Parsed[ProgrammeRecord]], run: Run) -> Outcome:
        if run.staff_no is not None and run.kept_off:
            return Outcome.of([], [Refusal(row=row.row, column="code", reason=_STEERED) for row in rows])
        fates, refusals = [], []
        for row in rows:
            stands = asdict((await visits.programmes(work.connection))[row.record.code])
            if all(stands[name] == value for name, value in row.record.changes.items()):
                fates.append(Fate.UNCHANGED)
                continue
            try:
                await visits.change(
                    work.connection,
                    row.record.code,
                    row.record.changes,
                    now=run.now,
                    zone=run.zone,
                    actor=f"import:{run.import_id}",
                )
            except InvalidInput as wrong:
                refusals.append(Refusal(row=row.row, column=wrong.errors[0].field, reason=f"bad_value: {wrong}"))
                continue
            fates.append(Fate.UPDATED)
        return Outcome.of(fates, refusals)


DEPUTIES: Final = DeputiesKind()
VISIT_PROGRAMMES: Final = VisitProgrammesKind()
