"""A house over a fresh database, with people who owe something."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from gateway.house import House
from gateway.kernel.database import Database
from gateway.kernel.settings import Settings
from gateway.notices import Draft, Wording
from gateway.outbox import partitions

#: A Tuesday, ten in the morning in Shanghai.
MORNING = datetime(2025, 11, 4, 2, 0, tzinfo=UTC)


class SteadyClock:
    """Stands where it was put."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def on(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Town:
    """The house, and what tests put into its archive."""

    house: House
    clock: SteadyClock
    database: Database
    numbers: Any = field(default_factory=lambda: count(1))

    async def account(self, *contacts: str | dict[str, Any], owes: str | None = None, **facts: Any) -> str:
        """An account with contacts (a number, or a number with facts of its link), owing `owes` for 202510."""
        number = next(self.numbers)
        account_no = facts.pop("account_no", f"41{number:08d}")
        async with self.database.work() as work:
            customer = await work.value("INSERT INTO customer (name) VALUES ('王强') RETURNING id")
            premise = await work.value(
                "INSERT INTO premise (address, district) VALUES ('章家河', '东湖区') RETURNING id"
            )
            columns = "".join(f", {name}" for name in facts)
            places = "".join(f", ${index + 4}" for index in range(len(facts)))
            account = await work.value(
                f"INSERT INTO account (account_no, customer_id, premise_id, holder_name{columns}) "
                f"VALUES ($1, $2, $3, '王强'{places}) RETURNING id",
                account_no,
                customer,
                premise,
                *facts.values(),
            )
            for index, contact in enumerate(contacts):
                link = {"address": contact} if isinstance(contact, str) else dict(contact)
                await self._link(work, account, index == 0, link)
            if owes is not None:
                await work.execute(
                    """INSERT INTO bill (account_id, billing_month, amount, due_date, overdue)
                       VALUES ($1, '202510', $2, $3, true)""",
                    account,
                    Decimal(owes),
                    date(2025, 10, 25),
                )
            await work.commit()
        return account_no

    async def _link(self, work: Any, account: int, first: bool, link: dict[str, Any]) -> None:
        point = await work.value(
            """INSERT INTO contact_point (address, line, state) VALUES ($1, $2, $3)
               ON CONFLICT (address, kind) DO UPDATE SET line = excluded.line RETURNING id""",
            link["address"],
            link.get("line", "mobile"),
            link.get("point_state", "active"),
        )
        await work.execute(
            """INSERT INTO contact_link (account_id, contact_point_id, role, state, is_default, verified_at)
               VALUES ($1, $2, $3, $4, $5, $6)""",
            account,
            point,
            link.get("role", "holder"),
            link.get("state", "unverified"),
            link.get("is_default", first),
            link.get("verified_at"),
        )

    async def refuse(self, address: str, purpose: str) -> None:
        """An opt-out on a number."""
        async with self.database.work() as work:
            await work.execute(
                """INSERT INTO opt_out (contact_point_id, purpose, at, source)
                   SELECT id, $2, $3, 'test' FROM contact_point WHERE address = $1""",
                address,
                purpose,
                self.clock.now(),
            )
            await work.commit()

    async def draft(self, kind: str = "arrears", about: dict[str, Any] | None = None, **more: Any) -> UUID:
        draft = Draft(kind=kind, about=about or {"billing_month": "202510"}, **more)
        async with self.database.session() as session:
            notice = await self.house.notices.draft(session, draft, actor="key:clerk")
            await session.commit()
        return notice

    async def approve(self, notice: UUID, actor: str = "key:head", *, two_people: bool = False) -> None:
        async with self.database.session() as session:
            await self.house.notices.approve(session, notice, actor=actor, two_people=two_people)
            await session.commit()

    async def compose(self, kind: str = "arrears", about: dict[str, Any] | None = None, **more: Any) -> UUID:
        """Draft, approve and compose a notice."""
        notice = await self.draft(kind, about, **more)
        await self.approve(notice)
        assert await self.house.notice_runner.compose_next(only=notice)
        return notice

    async def messages(self, notice: UUID | None = None) -> list[Any]:
        """Messages with the accounts they speak for, in the order of making."""
        async with self.database.work() as work:
            return await work.fetch(
                """SELECT m.*, ARRAY(SELECT account_no FROM message_account a WHERE a.id = m.id ORDER BY position)
                            AS accounts
                   FROM message m WHERE $1::uuid IS NULL OR notice_id = $1 ORDER BY m.id""",
                notice,
            )

    async def row(self, notice: UUID) -> Any:
        async with self.database.work() as work:
            return (await work.fetch("SELECT * FROM notice WHERE id = $1", notice))[0]


@pytest.fixture(scope="session")
def wording() -> Wording:
    """All texts, read once for all tests: they are immutable."""
    return Wording.load()


@pytest.fixture
async def town(database: Database, wording: Wording) -> AsyncIterator[Town]:
    clock = SteadyClock(MORNING)
    async with database.connection() as connection:
        await partitions.ensure(connection, clock.now())
    yield Town(House(Settings(_env_file=None), database, clock, wording), clock, database)
