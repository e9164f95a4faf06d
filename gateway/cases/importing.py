"""Work orders of the 95598 hotline (`work_orders`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Final

from gateway.archive.importing import ImportKind, Outcome, Parsed, Reader, RowRefused, Run
from gateway.archive.importing.contacts import accounts_by_number
from gateway.archive.importing.kinds import Fate, Refusal
from gateway.archive.importing.reading import CellRefused, account_number
from gateway.archive.importing.words import ACCOUNT_NO
from gateway.cases import from_orders, misdirected
from gateway.cases.commitments import from_orders as commitment_orders
from gateway.kernel.database import Work, copy
from gateway.kernel.phones import InvalidPhone, parse
from gateway.kernel.tabular import Column, Headings

KINDS: Final = {
    "fault_repair": "fault_repair",
    "故障报修": "fault_repair",
    "报修": "fault_repair",
    "complaint": "complaint",
    "投诉": "complaint",
    "opinion": "opinion",
    "意见": "opinion",
    "consultation": "consultation",
    "咨询": "consultation",
    "report": "report",
    "举报": "report",
    "service_request": "service_request",
    "服务申请": "service_request",
    "业务申请": "service_request",
    "suggestion": "suggestion",
    "建议": "suggestion",
    "praise": "praise",
    "表扬": "praise",
    "commitment": "commitment",
    "承诺": "commitment",
}
CHANNELS: Final = {"电话": "phone", "热线": "phone", "网上国网": "app", "内部": "internal"}
RELATIONS: Final = {"同一事件": "same_event", "催办": "urge", "新诉求": "new_demand", "承诺": "commitment"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrderRecord:
    """A work order, in the order of its table's columns."""

    work_order_no: str
    kind: str
    subtype: str | None
    channel: str | None
    caller_number: str | None
    caller_name: str | None
    account_no: str | None
    content: str | None
    opened_at: datetime
    due_at: datetime | None
    promised_at: datetime | None
    fulfilled_at: datetime | None
    closed_at: datetime | None
    team_code: str | None
    handler_no: str | None
    once_done: bool
    determination: str | None
    related_no: str | None
    relation_kind: str | None
    result: str | None


class WorkOrdersKind(ImportKind[WorkOrderRecord]):
    """The hotline's export: `work_orders`. An order of an account nobody knows is kept all the same."""

    name = "work_orders"
    tables = ("work_order", "case", "case_event", "commitment", "commitment_event")
    headings = (
        Headings(
            [
                Column(name="wo_id", words=("工单编号", "工单号"), required=True),
                Column(name="biz_type", words=("业务类型", "工单类型", "一级业务类型"), required=True),
                Column(name="subtype", words=("业务子类", "二级业务类型", "业务小类")),
                Column(name="channel", words=("受理渠道", "渠道", "来源渠道")),
                Column(name="caller_number", words=("来电号码", "主叫号码", "联系电话")),
                Column(name="caller_name", words=("联系人", "来电人", "客户姓名")),
                Column(name="account_no", words=ACCOUNT_NO.words),
                Column(name="content", words=("受理内容", "诉求内容", "工单内容")),
                Column(name="opened_at", words=("受理时间", "创建时间"), required=True),
                Column(name="due_at", words=("处理时限", "要求完成时间")),
                Column(name="promised_at", words=("承诺时间", "承诺期限")),
                Column(name="fulfilled_at", words=("承诺完成时间", "兑现时间")),
                Column(name="closed_at", words=("归档时间", "办结时间")),
                Column(name="team_id", words=("处理班组", "班组编号", "责任班组")),
                Column(name="handler_id", words=("处理人", "处理人员", "经办人")),
                Column(name="once_done", words=("是否一次办结", "一次办结")),
                Column(name="determination", words=("诉求认定", "认定结果")),
                Column(name="related_wo", words=("关联工单", "关联工单号")),
                Column(name="relation_kind", words=("关联类型",)),
                Column(name="result", words=("处理结果", "处理意见")),
            ]
        ),
    )

    def parse(self, cells: Reader) -> WorkOrderRecord:
        number = cells.required("wo_id").removesuffix(".0")
        word = cells.required("biz_type")
        kind = KINDS.get(word)
        if kind is None:
            raise RowRefused("biz_type", f"unknown_word: Known are {'、'.join(KINDS)}.")
        cells.required("opened_at")
        opened_at = cells.moment("opened_at")
        if opened_at is None:
            raise RowRefused(*cells.refused[0])
        return WorkOrderRecord(
            work_order_no=number,
            kind=kind,
            subtype=cells.text("subtype") or None,
            channel=_word(cells, "channel", CHANNELS),
            caller_number=_caller(cells),
            caller_name=cells.name("caller_name") or None,
            account_no=_account(cells),
            content=cells.text("content") or None,
            opened_at=opened_at,
            due_at=cells.moment("due_at"),
            promised_at=cells.moment("promised_at"),
            fulfilled_at=cells.moment("fulfilled_at"),
            closed_at=cells.moment("closed_at"),
            team_code=cells.text("team_id") or None,
            handler_no=cells.text("handler_id") or None,
            once_done=bool(cells.flag("once_done")),
            determination=cells.text("determination") or None,
            related_no=cells.text("related_wo") or None,
            relation_kind=_word(cells, "relation_kind", RELATIONS),
            result=cells.text("result") or None,
        )

    async def merge(self, work: Work, rows: Sequence[Parsed[WorkOrderRecord]], run: Run) -> Outcome:
        own = await _own(work, rows, run)
        refusals = [
            Refusal(row=row.row, column="handler_id", reason=OWN) for row in rows if row.record.work_order_no in own
        ]
        rows = [row for row in rows if row.record.work_order_no not in own]
        # Of several rows for one order the last is taken, and what became of it counts once.
        records = {row.record.work_order_no: row.record for row in rows}
        accounts = await accounts_by_number(
            work, {record.account_no for record in records.values() if record.account_no}
        )
        await work.execute(_STAGE)
        await work.execute("TRUNCATE staged_work_order")
        await copy(
            work.connection,
            "staged_work_order",
            (*_COLUMNS, "account_id"),
            [(*astuple(record), accounts.get(record.account_no or "")) for record in records.values()],
        )
        touched = await work.fetch(_MERGE)
        became = {row[0]: Fate.CREATED if row[1] else Fate.UPDATED for row in touched}
        # Before those who react to what an order says: its case is there to speak of.
        await from_orders.take_over(work.connection, list(became), run.now)
        await commitment_orders.take_over(work.connection, list(became), run.now)
        await misdirected.react(work.connection, list(became), run.now)
        fates = [became.pop(row.record.work_order_no, Fate.UNCHANGED) for row in rows]
        return Outcome.of(fates, refusals)


async def _own(work: Work, rows: Sequence[Parsed[WorkOrderRecord]], run: Run) -> frozenset[str]:
    """The orders that whoever handed the file in has handled, or would say so of: who is asked about one's own work,
    when and where, is nothing that one says oneself (promise P6)."""
    if run.staff_no is None:
        return frozenset()
    handled = await work.fetch(
        "SELECT work_order_no FROM work_order WHERE handler_no = $1 AND work_order_no = ANY($2::text[])",
        run.staff_no,
        [row.record.work_order_no for row in rows],
    )
    said = (row.record.work_order_no for row in rows if row.record.handler_no == run.staff_no)
    return frozenset((*(row[0] for row in handled), *said))


def _word(cells: Reader, column: str, words: dict[str, str]) -> str | None:
    """A word for which the files of some offices have their own; others are kept as they are."""
    text = cells.text(column)
    return words.get(text, text) if text else None


def _caller(cells: Reader) -> str | None:
    """The caller's number in E.164 where it can be read, else as the exchange showed it."""
    text = cells.text("caller_number")
    if not text:
        return None
    try:
        return parse(text, cells.region).e164
    except InvalidPhone:
        return text


def _account(cells: Reader) -> str | None:
    """The account number, which an order may lack; one that cannot be read is noted and kept as it stands."""
    text = cells.text("account_no")
    if not text:
        return None
    try:
        return account_number(text)
    except CellRefused as refused:
        cells.refuse("account_no", str(refused))
        return text


_COLUMNS: Final = tuple(WorkOrderRecord.__dataclass_fields__)
_STAGE: Final = (
    "CREATE TEMP TABLE IF NOT EXISTS staged_work_order ON COMMIT DELETE ROWS AS"
    f" SELECT {', '.join(_COLUMNS)}, account_id FROM work_order WITH NO DATA"
)
_SET: Final = [column for column in (*_COLUMNS, "account_id") if column != "work_order_no"]
_MERGE: Final = (
    f"INSERT INTO work_order ({', '.join(_COLUMNS)}, account_id)"
    f" SELECT {', '.join(_COLUMNS)}, account_id FROM staged_work_order"
    f" ON CONFLICT (work_order_no) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _SET)}"
    f" WHERE ({', '.join(f'work_order.{name}' for name in _SET)})"
    f" IS DISTINCT FROM ({', '.join(f'excluded.{name}' for name in _SET)})"
    " RETURNING work_order_no, xmax = 0"
)

#: Why rows of one's own orders are refused.
OWN: Final = "own_work: Whoever handled an order brings no file of it: somebody else does."
WORK_ORDERS: Final = WorkOrdersKind()
