"""The ladder as it is read: where each bill stands and why, and the disconnections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel.database import driver
from gateway.kernel.errors import NotFound
from gateway.notices.ladder.bills import chosen_bills, day_at, facts_of
from gateway.notices.ladder.late_charge import Charge, charge
from gateway.notices.ladder.rules import Day, Ladder, standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A stage that was taken for a bill."""

    stage: str
    outcome: str
    at: datetime
    tone: str | None
    notice_id: UUID | None
    because: str
    policy_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderBill:
    """A bill, what it costs to be late with it, and where it stands on the ladder."""

    id: int
    account_no: str
    billing_month: str
    owed: Decimal
    due_date: date
    late_charge: Charge
    #: `due`, `waiting`, `frozen`, `settled` or `done`; and why, in words.
    state: str
    because: str
    #: What freezes it: `hold`, `contact_in_doubt`, `protected_event`, `vulnerable`, `key_account`.
    frozen_by: str | None
    #: The next stage, by `text`, `person` or `legal`, and from which day.
    next_stage: str | None
    next_by: str | None
    next_on: date | None
    #: Stages taken, the earliest first.
    steps: Sequence[Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnection:
    """A stop of supply for arrears."""

    id: UUID
    account_no: str
    billing_month: str
    state: str
    notice_id: UUID | None
    proposed_at: datetime
    head_no: str | None
    approved_by: str | None
    approved_at: datetime | None
    stop_at: datetime | None
    final_at: datetime | None
    stopped_at: datetime | None
    paid_at: datetime | None
    restore_due_at: datetime | None
    restored_at: datetime | None
    escalated_at: datetime | None
    because: str | None


async def bills(
    session: AsyncSession,
    ladder: Ladder,
    day: Day,
    *,
    region: str,
    account_no: str | None,
    billing_month: str | None,
    settled: bool,
    before: int | None,
    limit: int,
) -> list[LadderBill]:
    """Up to `limit` bills older than `before`, newest first; open ones, or with `settled` all."""
    connection = await driver(session)
    # The newest first, by a look at the ids alone; the facts are read for those shown.
    ids = await connection.fetch(
        """SELECT b.id FROM bill b JOIN account a ON a.id = b.account_id
           WHERE ($1::int IS NULL OR b.id < $1) AND ($2::text IS NULL OR a.account_no = $2)
             AND ($3::text IS NULL OR b.billing_month = $3) AND ($4 OR b.settled_at IS NULL)
           ORDER BY b.id DESC LIMIT $5""",
        before,
        account_no,
        billing_month,
        settled,
        limit,
    )
    numbers = [row["id"] for row in ids]
    rows = await chosen_bills(connection, day, ladder, "b.id = ANY($3::int[])", numbers, limit=len(numbers) or 1)
    steps = await _steps(connection, numbers)
    return [_bill(row, steps.get(row["id"], []), ladder, day_at(row, day, day.zone, region)) for row in reversed(rows)]


async def _steps(connection: Any, bills: Sequence[int]) -> dict[int, list[Step]]:
    found: dict[int, list[Step]] = {}
    for row in await connection.fetch("SELECT * FROM dunning_step WHERE bill_id = ANY($1::int[]) ORDER BY id", bills):
        step = Step(
            stage=row["stage"],
            outcome=row["outcome"],
            at=row["taken_at"],
            tone=row["tone"],
            notice_id=row["notice_id"],
            because=row["because"],
            policy_version=row["policy_version"],
        )
        found.setdefault(row["bill_id"], []).append(step)
    return found


def _bill(row: Any, steps: Sequence[Step], ladder: Ladder, day: Day) -> LadderBill:
    at = standing(facts_of(row), ladder, day)
    settled_on = row["settled_at"].astimezone(day.zone).date() if row["settled_at"] is not None else day.today
    late = charge(
        max(row["owed"], Decimal(0)),
        due=row["due_date"],
        billing_month=row["billing_month"],
        tariff_class=row["tariff_class"],
        as_of=min(settled_on, day.today),
        rates=ladder.rates,
    )
    return LadderBill(
        id=row["id"],
        account_no=row["account_no"],
        billing_month=row["billing_month"],
        owed=max(row["owed"], Decimal(0)),
        due_date=row["due_date"],
        late_charge=late,
        state=at.state,
        because=at.because,
        frozen_by=at.freeze.value if at.freeze is not None else None,
        next_stage=at.next.name if at.next is not None else None,
        next_by=at.by,
        next_on=at.on,
        steps=steps,
    )


_DISCONNECTIONS: Final = """
SELECT stop.*, account.account_no, bill.billing_month
FROM disconnection stop JOIN bill ON bill.id = stop.bill_id JOIN account ON account.id = stop.account_id
WHERE ($1::uuid IS NULL OR stop.id = $1) AND ($2::uuid IS NULL OR stop.id < $2)
  AND ($3::text[] IS NULL OR stop.state = ANY($3)) AND ($4::text IS NULL OR account.account_no = $4)
ORDER BY stop.id DESC LIMIT $5
"""


async def disconnections(
    session: AsyncSession, *, states: Sequence[str] | None, account_no: str | None, before: UUID | None, limit: int
) -> list[Disconnection]:
    """Up to `limit` disconnections older than `before`, newest first."""
    connection = await driver(session)
    named = list(states) if states is not None else None
    return [_disconnection(r) for r in await connection.fetch(_DISCONNECTIONS, None, before, named, account_no, limit)]


async def disconnection(session: AsyncSession, stop_id: UUID) -> Disconnection:
    """One disconnection. Raises NotFound."""
    connection = await driver(session)
    rows = await connection.fetch(_DISCONNECTIONS, stop_id, None, None, None, 1)
    if not rows:
        raise NotFound("There is no disconnection with this id.")
    return _disconnection(rows[0])


def _disconnection(row: Any) -> Disconnection:
    return Disconnection(**{name: row[name] for name in Disconnection.__slots__})
