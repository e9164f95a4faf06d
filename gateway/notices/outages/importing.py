"""Lists of outages: planned ones and faults, told apart by their headings (`outages`).

A row is a new outage or a change to one; what was said of it follows as if it had been changed over the
interface. A row whose place the archive does not know is refused whole: a part of an outage's customers must
not go untold in silence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.archive.importing import ImportKind, Outcome, Parsed, Reader, Refusal, RowRefused, Run
from gateway.archive.importing.kinds import Fate
from gateway.kernel.database import Work
from gateway.kernel.errors import Conflict, InvalidInput
from gateway.kernel.tabular import Column, Headings
from gateway.notices.outages import keeping
from gateway.notices.outages.explaining import Earlier
from gateway.notices.outages.keeping import NewOutage
from gateway.notices.outages.lives import Kind
from gateway.notices.outages.scopes import Scope
from gateway.notices.outages.timetable import Timetables, usual

_SCOPE_WORDS: Final = {
    **dict.fromkeys(("tarea", "台区", "公变", "专变"), "tarea"),
    **dict.fromkeys(("section", "线路分段", "分段", "支线", "线段"), "section"),
    **dict.fromkeys(("feeder", "线路", "整线", "全线", "馈线"), "feeder"),
}
_STATUSES: Final = {
    **dict.fromkeys(("scheduled", "已安排", "计划", "已发布", "待执行", "未执行"), "scheduled"),
    **dict.fromkeys(("rescheduled", "改期", "延期", "调整", "已改期", "变更"), "rescheduled"),
    **dict.fromkeys(("cancelled", "canceled", "取消", "已取消", "作废"), "cancelled"),
    **dict.fromkeys(("restored", "已送电", "已复电", "完成", "已完成"), "restored"),
}
_OUTAGE_ID: Final = Column(
    name="outage_id", words=("停电编号", "停电计划编号", "计划编号", "故障编号", "事件编号", "编号"), required=True
)
_PLACE: Final = (
    Column(name="scope", words=("范围", "停电范围")),
    Column(name="feeder_id", words=("线路编号", "线路编码")),
    Column(name="feeder_name", words=("线路", "线路名称", "停电线路")),
    Column(name="tarea_ids", words=("台区编号", "台区", "停电台区", "台区编码")),
)
_PLANNED: Final = Headings(
    [
        _OUTAGE_ID,
        *_PLACE,
        Column(
            name="start_time",
            words=("停电时间", "计划停电时间", "开始时间", "停电开始时间", "计划开始时间"),
            required=True,
        ),
        Column(
            name="end_time",
            words=("送电时间", "计划送电时间", "结束时间", "停电结束时间", "计划结束时间"),
            required=True,
        ),
        Column(name="reason", words=("停电原因", "检修内容", "工作内容")),
        Column(name="published_at", words=("发布时间", "公告时间")),
        Column(name="status", words=("状态", "计划状态")),
        Column(name="changed_at", words=("变更时间", "调整时间")),
        Column(name="new_start", words=("新停电时间", "变更后停电时间", "调整后停电时间")),
        Column(name="new_end", words=("新送电时间", "变更后送电时间", "调整后送电时间")),
    ]
)
_FAULT: Final = Headings(
    [
        _OUTAGE_ID,
        *_PLACE,
        Column(name="occurred_at", words=("故障时间", "发生时间", "故障发生时间"), required=True),
        Column(name="reported_at", words=("报告时间", "上报时间", "受理时间")),
        Column(name="cause", words=("故障原因", "原因")),
        Column(name="est_restore_at", words=("预计复电时间", "预计送电时间", "预计恢复时间")),
        Column(name="restored_at", words=("复电时间", "恢复时间", "实际复电时间", "恢复供电时间")),
    ]
)
_parted = re.compile(r"[|,;、，；\s]+").split
_sane_id = re.compile(r"[A-Za-z0-9._-]{1,64}").fullmatch
#: Columns of a file, by the field that a refusal of the outage names.
_COLUMNS: Final = {
    "planned": {"starts_at": "start_time", "ends_at": "end_time", "restored_at": "status", "state": "status"},
    "fault": {"starts_at": "occurred_at", "ends_at": "est_restore_at", "restored_at": "restored_at"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageRecord:
    """A row of a list of outages."""

    outage_no: str
    kind: Kind
    scope: Scope
    #: Names of feeders that the row gives beside their codes, for an archive that has only names.
    feeder_names: Sequence[str]
    starts_at: datetime
    ends_at: datetime | None
    reason: str | None
    announced_at: datetime | None = None
    restored_at: datetime | None = None
    state: str | None = None
    #: Whether its times can be taken for the ones that hold.
    settled: bool = True

    def given(self) -> dict[str, Any]:
        """Its facts by name."""
        return {
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "reason": self.reason,
            "announced_at": self.announced_at,
            "restored_at": self.restored_at,
            "state": self.state,
        }


class OutagesKind(ImportKind[OutageRecord]):
    """Planned outages and faults: `outages`."""

    name = "outages"
    tables = ("outage", "outage_scope")
    headings = (_PLANNED, _FAULT)

    def __init__(self, timetable: Timetables = usual, earlier: Earlier | None = None) -> None:
        self._timetable = timetable
        self._earlier = earlier

    def parse(self, cells: Reader) -> OutageRecord:
        outage_no = cells.required("outage_id")
        if not _sane_id(outage_no):
            raise RowRefused(
                "outage_id", "bad_outage_id: It has up to 64 letters, digits, dots, dashes and underscores."
            )
        planned = "start_time" in cells.headings.names
        record = _planned(cells, outage_no) if planned else _fault(cells, outage_no)
        if record.ends_at is not None and record.ends_at <= record.starts_at:
            column = _COLUMNS[record.kind]["ends_at"]
            raise RowRefused(column, "ends_before_it_starts: The end must lie behind the start.")
        return record

    async def merge(self, work: Work, rows: Sequence[Parsed[OutageRecord]], run: Run) -> Outcome:
        there = await keeping.hold(work.connection, [row.record.outage_no for row in rows])
        known = {name: row["kind"] for name, row in there.items()}
        fates: list[Fate] = []
        refusals: list[Refusal] = []
        for row in rows:
            try:
                # A row that is refused after it was begun leaves nothing behind.
                async with work.connection.transaction():
                    fates.append(await self._one(work, row.record, known, run))
            except InvalidInput as refused:
                refusals.append(_refusal(row, refused))
            except Conflict as refused:
                refusals.append(Refusal(row=row.row, column="outage_id", reason=f"conflict: {refused}."))
            else:
                known[row.record.outage_no] = row.record.kind
        return Outcome.of(fates, refusals)

    async def _one(self, work: Work, record: OutageRecord, known: dict[str, str], run: Run) -> Fate:
        actor = f"import:{run.import_id}"
        scope = await _places(work, record)
        kind = known.get(record.outage_no)
        if kind is None:
            new = NewOutage(kind=record.kind, scope=scope, given=record.given(), outage_no=record.outage_no)
            await keeping.announce(
                work.connection,
                new,
                actor=actor,
                now=run.now,
                table=self._timetable(),
                earlier=self._earlier,
            )
            return Fate.CREATED
        if kind != record.kind:
            raise InvalidInput(f"there is a {kind} outage of this name", field="outage_id")
        given = {name: value for name, value in record.given().items() if value is not None and name != "announced_at"}
        changed = await keeping.change(
            work.connection,
            record.outage_no,
            _as_it_stands(given, record, await _state(work, record.outage_no)),
            scope=scope,
            actor=actor,
            now=run.now,
            zone=run.zone,
            table=self._timetable(),
            earlier=self._earlier,
        )
        return Fate.UPDATED if changed else Fate.UNCHANGED


def _as_it_stands(given: dict[str, Any], record: OutageRecord, state: str) -> dict[str, Any]:
    """What a row says of an outage that is known. Lists go on naming what has ended by the plan it once had."""
    if state in ("restored", "cancelled"):
        return {name: value for name, value in given.items() if name == "reason"}
    if not record.settled:
        return {name: value for name, value in given.items() if name not in ("starts_at", "ends_at")}
    return given


async def _state(work: Work, outage_no: str) -> str:
    state: str = await work.value("SELECT state FROM outage WHERE outage_no = $1", outage_no)
    return state


async def _places(work: Work, record: OutageRecord) -> Scope:
    """The scope of a record; a feeder whose code the archive has not learnt yet is known by its name."""
    scope = record.scope
    if scope.feeders and record.feeder_names:
        known = await work.value("SELECT true FROM feeder WHERE code = ANY($1::text[]) LIMIT 1", list(scope.feeders))
        if not known:
            return Scope(feeders=record.feeder_names)
    return scope


def _planned(cells: Reader, outage_no: str) -> OutageRecord:
    status = cells.word("status", _STATUSES) or "scheduled"
    starts_at, ends_at = _moment(cells, "start_time"), _moment(cells, "end_time")
    settled = True
    if status == "rescheduled":
        settled = bool(cells.text("new_start"))
        if settled:
            starts_at, ends_at = _moment(cells, "new_start"), _moment(cells, "new_end")
        else:
            cells.refuse("status", "moved_without_time: It is marked as moved, but the list has no new time for it.")
    scope, names = _scope(cells)
    return OutageRecord(
        outage_no=outage_no,
        kind="planned",
        scope=scope,
        feeder_names=names,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=cells.text("reason") or None,
        announced_at=cells.moment("published_at"),
        settled=settled,
        state=status if status in ("cancelled", "restored") else None,
    )


def _fault(cells: Reader, outage_no: str) -> OutageRecord:
    scope, names = _scope(cells)
    return OutageRecord(
        outage_no=outage_no,
        kind="fault",
        scope=scope,
        feeder_names=names,
        starts_at=_moment(cells, "occurred_at"),
        ends_at=cells.moment("est_restore_at"),
        reason=cells.text("cause") or None,
        announced_at=cells.moment("reported_at"),
        restored_at=cells.moment("restored_at"),
    )


def _moment(cells: Reader, column: str) -> datetime:
    cells.required(column)
    at = cells.moment(column)
    if at is None:
        raise RowRefused(*cells.refused[-1])
    return at


def _scope(cells: Reader) -> tuple[Scope, Sequence[str]]:
    """Where it is: what the word for the scope says, or the smallest place that the row names."""
    word = cells.word("scope", _SCOPE_WORDS)
    areas = tuple(part for part in _parted(cells.text("tarea_ids") or "") if part)
    code, name = cells.text("feeder_id") or None, cells.text("feeder_name") or None
    if areas and word != "feeder":
        return Scope(transformer_areas=areas), ()
    if word in ("tarea", "section"):
        raise RowRefused("tarea_ids", "missing_value: The scope is part of a line, and no transformer area is named.")
    if code is None and name is None:
        raise RowRefused("feeder_id", "missing_value: Neither a line nor a transformer area is named.")
    return Scope(feeders=(code or name or "",)), () if code is None or name is None else (name,)


def _refusal(row: Parsed[OutageRecord], refused: InvalidInput) -> Refusal:
    first = refused.errors[0] if refused.errors else None
    if first is None or not first.field.startswith("scope"):
        column = _COLUMNS[row.record.kind].get(first.field, first.field) if first is not None else None
        return Refusal(row=row.row, column=column, reason=f"refused: {refused}.")
    column = "tarea_ids" if first.field.startswith("scope.transformer_areas") else "feeder_id"
    word = "ambiguous_place" if first.code == "ambiguous" else "unknown_place"
    return Refusal(row=row.row, column=column, reason=f"{word}: {'; '.join(one.message for one in refused.errors)}.")
