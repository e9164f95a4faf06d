"""Bills, arrears lists and payments, as the billing system and the banks hand them over.

A bill is what an account owes for a month. An arrears list restates it as of a day; payments that arrived
from that day on count against it, and when they cover it the bill is settled: in the same transaction its
ground is stopped, so that nobody is reminded of what is paid (promise P3). Only a later list opens it again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from gateway.archive import evidence
from gateway.archive.importing import ImportKind, Outcome, Parsed, Reader, Refusal, RowRefused, Run
from gateway.archive.importing.contacts import UNKNOWN_ACCOUNT, accounts_by_number
from gateway.archive.importing.kinds import Fate
from gateway.archive.importing.reading import CellRefused, amount
from gateway.archive.importing.words import ACCOUNT_NO, BILLING_MONTH, DUE_DATE_WORDS, HOLDER_NAME_WORDS
from gateway.kernel.database import Work
from gateway.kernel.ids import first_id
from gateway.kernel.tabular import Column, Headings
from gateway.notices.ladder import feed
from gateway.outbox import resume_grounds, stop_grounds

#: Writes queued texts that rest on these grounds anew, in the connection's transaction.
Rewrite = Callable[[Any, Sequence[str]], Awaitable[None]]

#: What a bill is for, as it was issued.
_BILLED: Final = ("电费", "本期电费", "本月电费", "应收电费", "应交电费", "应缴电费", "账单金额", "amount_due")
_PAYABLE: Final = ("欠费金额", "应缴金额", "应收金额", "电费金额", "金额", "欠费总额")


@dataclass(frozen=True, slots=True, kw_only=True)
class BillRecord:
    """A row of a list of bills or of an arrears list (then `as_of` is the day it was cut)."""

    account_no: str
    billing_month: str
    amount: Decimal
    due_date: date
    overdue: bool
    months_overdue: int = 0
    late_fee: Decimal = Decimal(0)
    as_of: date | None = None
    detail: str | None = None


class BillsKind(ImportKind[BillRecord]):
    """Bills as they were issued: `bills`."""

    name = "bills"
    tables = ("bill",)
    headings: Sequence[Headings] = (
        Headings(
            [
                BILLING_MONTH,
                ACCOUNT_NO,
                Column(name="holder_name", words=HOLDER_NAME_WORDS),
                Column(name="amount", words=(*_BILLED, *_PAYABLE), required=True),
                Column(name="due_date", words=DUE_DATE_WORDS, required=True),
            ]
        ),
    )

    def __init__(self, rewrite: Rewrite) -> None:
        self._rewrite = rewrite

    def parse(self, cells: Reader) -> BillRecord:
        return BillRecord(
            billing_month=cells.month(),
            account_no=cells.account_no(),
            amount=cells.money("amount"),
            due_date=_due(cells),
            overdue=False,
        )

    async def merge(self, work: Work, rows: Sequence[Parsed[BillRecord]], run: Run) -> Outcome:
        accounts = await accounts_by_number(work, {row.record.account_no for row in rows})
        known = [row for row in rows if row.record.account_no in accounts]
        refusals = [
            Refusal(row=row.row, column="account_no", reason=UNKNOWN_ACCOUNT)
            for row in rows
            if row.record.account_no not in accounts
        ]
        # Of several rows for one bill the last is taken, and what became of it counts once.
        records = {(row.record.account_no, row.record.billing_month): row.record for row in known}
        became = await _merge_bills(work, accounts, list(records.values()))
        # An arrears list knows every payment up to the midnight it was cut at.
        cut = max((record.as_of for record in records.values() if record.as_of is not None), default=None)
        until = datetime.combine(cut, time(), run.zone) if cut is not None else None
        await feed.move(work.connection, until, source=f"import:{run.import_id}", now=run.now)
        changed = [accounts[account_no] for account_no, _ in became]
        await settle(work, changed, [month for _, month in became], run, self._rewrite)
        restated = [_ground(*bill) for bill, fate in became.items() if fate is Fate.UPDATED]
        if restated:
            await self._rewrite(work.connection, restated)
        return Outcome.of(
            [became.pop((row.record.account_no, row.record.billing_month), Fate.UNCHANGED) for row in known],
            refusals,
        )


class ArrearsKind(BillsKind):
    """The arrears list: `arrears`."""

    name = "arrears"
    headings = (
        Headings(
            [
                BILLING_MONTH,
                ACCOUNT_NO,
                Column(name="holder_name", words=HOLDER_NAME_WORDS),
                Column(name="amount_due", words=(*_PAYABLE, "amount"), required=True),
                Column(name="due_date", words=DUE_DATE_WORDS, required=True),
                Column(name="months_overdue", words=("欠费月数", "拖欠月数")),
                Column(name="late_fee", words=("违约金", "滞纳金", "电费违约金")),
                Column(name="as_of_date", words=("统计日期", "截止统计日期", "数据日期")),
                Column(name="detail", words=("明细", "欠费明细")),
            ]
        ),
    )

    def parse(self, cells: Reader) -> BillRecord:
        return BillRecord(
            billing_month=cells.month(),
            account_no=cells.account_no(),
            amount=cells.money("amount_due"),
            due_date=_due(cells),
            overdue=True,
            months_overdue=_months(cells),
            late_fee=_late_fee(cells),
            as_of=cells.day("as_of_date"),
            detail=cells.text("detail") or None,
        )


def _due(cells: Reader) -> date:
    due = cells.day("due_date")
    if due is None:
        column, reason = next(
            (each for each in cells.refused if each[0] == "due_date"),
            ("due_date", "missing_value: The row cannot go in without this."),
        )
        raise RowRefused(column, reason)
    return due


def _months(cells: Reader) -> int:
    text = (cells.text("months_overdue") or "0").removesuffix("个月")
    if text.isascii() and text.isdecimal() and len(text) <= 4:
        return int(text)
    cells.refuse("months_overdue", "bad_number: This is not a number of months.")
    return 0


def _late_fee(cells: Reader) -> Decimal:
    text = cells.text("late_fee")
    if not text:
        return Decimal(0)
    try:
        return amount(text)
    except CellRefused as refused:
        cells.refuse("late_fee", str(refused))
        return Decimal(0)


# A list of bills never takes back that a bill is overdue, nor an older arrears list what a newer one says.
_BILLS: Final = """
INSERT INTO bill (account_id, billing_month, amount, due_date, overdue, months_overdue, late_fee, as_of, detail)
SELECT * FROM unnest($1::int[], $2::text[], $3::numeric[], $4::date[], $5::boolean[], $6::smallint[], $7::numeric[],
                     $8::date[], $9::text[])
ON CONFLICT (account_id, billing_month) DO UPDATE SET amount = excluded.amount, due_date = excluded.due_date,
  overdue = excluded.overdue, months_overdue = excluded.months_overdue, late_fee = excluded.late_fee,
  as_of = coalesce(excluded.as_of, bill.as_of), detail = coalesce(excluded.detail, bill.detail)
WHERE (excluded.overdue OR NOT bill.overdue)
  AND (bill.as_of IS NULL OR excluded.as_of IS NULL OR excluded.as_of >= bill.as_of)
  AND (bill.amount, bill.due_date, bill.overdue, bill.months_overdue, bill.late_fee, bill.as_of, bill.detail)
      IS DISTINCT FROM
      (excluded.amount, excluded.due_date, excluded.overdue, excluded.months_overdue, excluded.late_fee,
       coalesce(excluded.as_of, bill.as_of), coalesce(excluded.detail, bill.detail))
RETURNING account_id, billing_month, xmax = 0
"""


async def _merge_bills(
    work: Work, accounts: dict[str, int], records: Sequence[BillRecord]
) -> dict[tuple[str, str], Fate]:
    """Bills by account number and month that were made or changed."""
    numbers = {id_: number for number, id_ in accounts.items()}
    rows = await work.fetch(
        _BILLS,
        [accounts[record.account_no] for record in records],
        [record.billing_month for record in records],
        [record.amount for record in records],
        [record.due_date for record in records],
        [record.overdue for record in records],
        [record.months_overdue for record in records],
        [record.late_fee for record in records],
        [record.as_of for record in records],
        [record.detail for record in records],
    )
    return {(numbers[row[0]], row[1]): Fate.CREATED if row[2] else Fate.UPDATED for row in rows}


# What was paid before the list was cut is no longer on it; from the midnight it was cut at, payments count.
_SETTLE: Final = """
WITH due AS (
  SELECT b.id, b.amount, b.paid AS was_paid, b.settled_at AS was_settled, coalesce(sum(p.amount), 0) AS paid,
         max(p.paid_at) AS last_paid
  FROM unnest($1::int[], $2::text[]) u(account_id, billing_month)
  JOIN bill b USING (account_id, billing_month)
  LEFT JOIN payment p ON p.account_id = b.account_id AND p.billing_month = b.billing_month
    AND (b.as_of IS NULL OR p.paid_at >= b.as_of::timestamp AT TIME ZONE $3)
  GROUP BY b.id
)
UPDATE bill b SET paid = due.paid,
  settled_at = CASE WHEN due.paid >= due.amount THEN coalesce(due.was_settled, due.last_paid, $4) END
FROM due, account a
WHERE b.id = due.id AND a.id = b.account_id AND (due.was_paid <> due.paid
  OR (due.was_settled IS NULL) <> (due.paid < due.amount))
RETURNING a.account_no, b.billing_month, b.settled_at IS NOT NULL AS settled, due.was_settled IS NOT NULL AS was
"""


async def settle(work: Work, accounts: Sequence[int], months: Sequence[str], run: Run, rewrite: Rewrite) -> None:
    """Reckon bills anew against their payments: stop the grounds of those settled, resume those opened again,
    and have texts about those paid in part written anew."""
    if not accounts:
        return
    pairs = sorted(set(zip(accounts, months, strict=True)))
    rows = await work.fetch(_SETTLE, [pair[0] for pair in pairs], [pair[1] for pair in pairs], run.zone.key, run.now)
    grounds = {row: _ground(row["account_no"], row["billing_month"]) for row in rows}
    settled = [ground for row, ground in grounds.items() if row["settled"] and not row["was"]]
    opened = [ground for row, ground in grounds.items() if row["was"] and not row["settled"]]
    in_part = [ground for row, ground in grounds.items() if not row["settled"]]
    if settled:
        await stop_grounds(work.connection, settled, reason="paid", at=run.now)
    if opened:
        await resume_grounds(work.connection, opened)
    if in_part:
        await rewrite(work.connection, in_part)


def _ground(account_no: str, billing_month: str) -> str:
    return f"bill:{account_no}:{billing_month}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRecord:
    """A payment as the bank or the counter reports it."""

    payment_no: str
    account_no: str
    billing_month: str
    amount: Decimal
    paid_at: datetime
    channel: str | None
    #: Up to when the file holds every payment, where it says so.
    complete_until: datetime | None = None


class PaymentsKind(ImportKind[PaymentRecord]):
    """Payments: `payments`. A payment that was reported before changes nothing."""

    name = "payments"
    tables = ("payment",)
    headings = (
        Headings(
            [
                Column(name="payment_id", words=("缴费编号", "缴费流水号", "流水号", "交易号")),
                ACCOUNT_NO,
                BILLING_MONTH,
                Column(name="amount", words=("缴费金额", "实缴金额", "实收金额", "金额"), required=True),
                Column(
                    name="paid_at", words=("缴费时间", "缴费日期", "收费时间", "交易时间", "到账时间"), required=True
                ),
                Column(name="channel", words=("缴费渠道", "渠道", "缴费方式")),
                Column(name="complete_until", words=("数据截止时间", "截止时间")),
            ]
        ),
    )

    def __init__(self, rewrite: Rewrite) -> None:
        self._rewrite = rewrite

    def parse(self, cells: Reader) -> PaymentRecord:
        account_no, month, paid = cells.account_no(), cells.month(), cells.money("amount")
        cells.required("paid_at")
        paid_at = cells.moment("paid_at")
        if paid_at is None:
            raise RowRefused(*cells.refused[0])
        number = cells.text("payment_id")
        if not number:
            what = f"{account_no}|{month}|{paid}|{paid_at.isoformat()}"
            number = f"sha256:{hashlib.sha256(what.encode()).hexdigest()[:32]}"
        return PaymentRecord(
            payment_no=number,
            account_no=account_no,
            billing_month=month,
            amount=paid,
            paid_at=paid_at,
            channel=cells.text("channel") or None,
            complete_until=cells.moment("complete_until") if cells.text("complete_until") else None,
        )

    async def merge(self, work: Work, rows: Sequence[Parsed[PaymentRecord]], run: Run) -> Outcome:
        accounts = await accounts_by_number(work, {row.record.account_no for row in rows})
        known = [row for row in rows if row.record.account_no in accounts]
        refusals = [
            Refusal(row=row.row, column="account_no", reason=UNKNOWN_ACCOUNT)
            for row in rows
            if row.record.account_no not in accounts
        ]
        records = {row.record.payment_no: row.record for row in known}
        new = await work.fetch(
            "INSERT INTO payment (payment_no, account_id, billing_month, amount, paid_at, channel) SELECT * FROM"
            " unnest($1::text[], $2::int[], $3::text[], $4::numeric[], $5::timestamptz[], $6::text[])"
            " ON CONFLICT (payment_no) DO NOTHING RETURNING payment_no, account_id, billing_month",
            list(records),
            [accounts[record.account_no] for record in records.values()],
            [record.billing_month for record in records.values()],
            [record.amount for record in records.values()],
            [record.paid_at for record in records.values()],
            [record.channel for record in records.values()],
        )
        await settle(work, [row[1] for row in new], [row[2] for row in new], run, self._rewrite)
        await _paid_after_reminders(work, [row[0] for row in new], run)
        # Up to when the file is complete: what it says itself, or its newest payment.
        told = [record.complete_until or record.paid_at for record in records.values()]
        await feed.move(work.connection, max(told, default=None), source=f"import:{run.import_id}", now=run.now)
        created = {row[0]: Fate.CREATED for row in new}
        return Outcome.of([created.pop(row.record.payment_no, Fate.UNCHANGED) for row in known], refusals)


# A payment within three days of a reminder speaks for the number that the reminder reached, be it in its chat.
_REMINDED: Final = """
INSERT INTO signal (contact_point_id, account_id, kind, at, evidence)
SELECT DISTINCT ON (paid.id) coalesce(l.contact_point_id, m.contact_point_id), paid.account_id, 'paid_after_reminder',
       paid.paid_at,
       jsonb_build_object('payment', paid.payment_no, 'message_id', m.id)
FROM payment paid
JOIN message_account r ON r.account_id = paid.account_id AND r.id >= $2
JOIN message m ON m.id = r.id AND m.id >= $2
LEFT JOIN contact_link l ON l.id = r.link_id
WHERE paid.payment_no = ANY($1::text[]) AND m.kind = 'arrears' AND m.state = 'delivered'
  AND m.contact_point_id IS NOT NULL AND m.delivered_at BETWEEN paid.paid_at - interval '3 days' AND paid.paid_at
ORDER BY paid.id, m.delivered_at DESC
RETURNING contact_point_id, account_id
"""
_REMINDERS_BEFORE: Final = timedelta(days=31)


async def _paid_after_reminders(work: Work, new: Sequence[str], run: Run) -> None:
    """Keep it as evidence where somebody paid upon a reminder, and judge the links it speaks for."""
    if not new:
        return
    since = await work.value("SELECT min(paid_at) FROM payment WHERE payment_no = ANY($1::text[])", list(new))
    rows = await work.fetch(_REMINDED, list(new), first_id(since - _REMINDERS_BEFORE))
    if rows:
        await evidence.weigh(work.connection, [(row[0], row[1]) for row in rows], run.now)


def billing_kinds(rewrite: Rewrite) -> tuple[ImportKind[Any], ...]:
    """The kinds of this module; `rewrite` writes queued texts anew whose facts a file has changed."""
    return BillsKind(rewrite), ArrearsKind(rewrite), PaymentsKind(rewrite)
