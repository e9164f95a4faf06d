"""Commitments from another system's file (`commitments`): what was promised, by when, by whom.

What a file tells of the past is written down as it was. For a commitment that still runs the clock sees to its marks
like to those of any other, and the customer hears of them unasked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.archive.importing import ImportKind, Outcome, Parsed, Reader, RowRefused, Run
from gateway.archive.importing.contacts import accounts_by_number
from gateway.archive.importing.kinds import Fate, Refusal
from gateway.archive.importing.reading import account_number
from gateway.archive.importing.words import ACCOUNT_NO
from gateway.cases.commitments.from_orders import write_down
from gateway.kernel.database import Work
from gateway.kernel.phones import InvalidPhone, parse
from gateway.kernel.tabular import Column, Headings


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentRecord:
    """A commitment as the file has it."""

    commitment_no: str
    account_no: str | None
    number: str | None
    #: The reference of the case it belongs to, as the customer knows it: `S000012`.
    case_number: int | None
    topic: str
    what: str
    made_at: datetime
    due_at: datetime
    fulfilled_at: datetime | None
    unit: str
    owner_no: str | None
    result: str | None


class CommitmentsKind(ImportKind[CommitmentRecord]):
    """What was promised elsewhere: `commitments`."""

    name = "commitments"
    tables = ("commitment", "commitment_event")
    headings = (
        Headings(
            [
                Column(name="commitment_id", words=("承诺编号",), required=True),
                Column(name="account_no", words=ACCOUNT_NO.words),
                Column(name="number", words=("联系电话", "客户电话")),
                Column(name="case", words=("诉求编号",)),
                Column(name="topic", words=("承诺事项", "事项", "主题"), required=True),
                Column(name="what", words=("承诺内容",), required=True),
                Column(name="made_at", words=("承诺日期", "作出时间"), required=True),
                Column(name="due_at", words=("承诺期限", "承诺时间", "完成期限"), required=True),
                Column(name="fulfilled_at", words=("兑现时间", "承诺完成时间")),
                Column(name="unit", words=("责任单位", "责任班组"), required=True),
                Column(name="owner", words=("责任人", "责任人工号")),
                Column(name="result", words=("兑现结果", "结果")),
            ]
        ),
    )

    def parse(self, cells: Reader) -> CommitmentRecord:
        made_at, due_at = _moment(cells, "made_at"), _moment(cells, "due_at")
        if due_at <= made_at:
            raise RowRefused("due_at", "out_of_range: A commitment falls due after it was made.")
        account, number, case = cells.text("account_no"), cells.text("number"), cells.text("case")
        if not (account or number or case):
            raise RowRefused("account_no", "missing_value: Name an account, a number or a case.")
        return CommitmentRecord(
            commitment_no=cells.required("commitment_id").removesuffix(".0"),
            account_no=account_number(account) if account else None,
            number=_number(number, cells.region) if number else None,
            case_number=_case(case) if case else None,
            topic=cells.required("topic"),
            what=cells.required("what"),
            made_at=made_at,
            due_at=due_at,
            fulfilled_at=cells.moment("fulfilled_at"),
            unit=cells.required("unit"),
            owner_no=(cells.text("owner") or "").upper() or None,
            result=cells.text("result") or None,
        )

    async def merge(self, work: Work, rows: Sequence[Parsed[CommitmentRecord]], run: Run) -> Outcome:
        accounts = await accounts_by_number(work, {row.record.account_no for row in rows if row.record.account_no})
        numbers = [row.record.case_number for row in rows if row.record.case_number is not None]
        found = await work.fetch('SELECT number, id FROM "case" WHERE number = ANY($1::bigint[])', numbers)
        cases = {row[0]: row[1] for row in found}
        refusals, taken = [], []
        for row in rows:
            one = row.record
            if one.account_no is not None and one.account_no not in accounts:
                reason = "unknown_account: The archive has no such account."
                refusals.append(Refusal(row=row.row, column="account_no", reason=reason))
            elif one.case_number is not None and one.case_number not in cases:
                refusals.append(Refusal(row=row.row, column="case", reason="unknown_case: There is no such case."))
            else:
                taken.append(one)
        # Of several rows for one commitment the last is taken, and what became of it counts once.
        wanted = {one.commitment_no: one for one in taken}
        written = [_row(one, accounts.get(one.account_no or ""), cases.get(one.case_number)) for one in wanted.values()]
        changed = await write_down(work.connection, written, run.now, actor=f"import:{run.import_id}")
        became = {row["work_order_no"]: Fate.CREATED if row["made"] else Fate.UPDATED for row in changed}
        return Outcome.of([became.pop(one.commitment_no, Fate.UNCHANGED) for one in taken], refusals)


def _row(one: CommitmentRecord, account: int | None, case: Any) -> dict[str, Any]:
    """As `write_down` takes it."""
    return {
        "work_order_no": one.commitment_no,
        "subtype": one.topic,
        "content": one.what,
        "account_id": account,
        "team_code": one.unit,
        "handler_no": one.owner_no,
        "opened_at": one.made_at,
        "result": one.result,
        "due_at": one.due_at,
        "fulfilled_at": one.fulfilled_at,
        "case_id": case,
        "number": one.number,
    }


def _moment(cells: Reader, column: str) -> datetime:
    cells.required(column)
    moment = cells.moment(column)
    if moment is None:
        raise RowRefused(*cells.refused[-1])
    return moment


def _number(text: str, region: str) -> str:
    try:
        return parse(text, region).e164
    except InvalidPhone as error:
        raise RowRefused("number", f"not_a_number: {error}") from None


def _case(text: str) -> int:
    digits = text.strip().upper().removeprefix("S")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 18):
        raise RowRefused("case", "not_a_reference: A case is named like S000012.")
    return int(digits)


COMMITMENTS: Final = CommitmentsKind()
