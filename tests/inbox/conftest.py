"""A small town to write to and hear from: accounts, numbers, texts that went out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from gateway.archive.corrections import Corrections
from gateway.cases.closing import CaseTexts
from gateway.cases.keeping import Cases
from gateway.evaluations import open_invitations
from gateway.followups import open_followups
from gateway.inbox import Answers, Inbox, Intake, Reader, Tools, hear
from gateway.kernel.database import Database
from gateway.kernel.ids import new_id
from gateway.kernel.segments import count as segments
from gateway.notices import Acceptor, PolicyTable, lift_of_case, pause
from gateway.notices.outages.desk import OutageDesk
from gateway.notices.wording import Wording, purposes_in_words
from gateway.outbox import AccountPart, NewMessage, insert, stop_links, waiting
from gateway.outbox.carriers import InboundText

#: The number of whoever is on duty.
ON_DUTY = "+8613900000001"
START = datetime(2025, 11, 4, 2, 0, tzinfo=UTC)


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
    """What tests do with the database and the inbox."""

    database: Database
    clock: SteadyClock
    wording: Wording
    tools: Tools
    intake: Intake
    reader: Reader
    inbox: Inbox
    corrections: Corrections
    cases: Cases
    acceptor: Acceptor
    numbers: Any = field(default_factory=lambda: count(1))

    async def account(self, account_no: str, *, customer: str | None = None, address: str | None = None) -> int:
        async with self.database.work() as work:
            owner = customer or f"customer of {account_no}"
            customer_id = await work.value("SELECT id FROM customer WHERE name = $1", owner) or await work.value(
                "INSERT INTO customer (name) VALUES ($1) RETURNING id", owner
            )
            place = address or f"address of {account_no}"
            premise_id = await work.value("SELECT id FROM premise WHERE address = $1", place) or await work.value(
                "INSERT INTO premise (address) VALUES ($1) RETURNING id", place
            )
            id_ = await work.value(
                """INSERT INTO account (account_no, customer_id, premise_id, holder_name)
                   VALUES ($1, $2, $3, '王强') RETURNING id""",
                account_no,
                customer_id,
                premise_id,
            )
            await work.commit()
        return int(id_)

    async def link(self, account_no: str, number: str, **more: Any) -> int:
        async with self.database.work() as work:
            point = await work.value(
                """INSERT INTO contact_point (address) VALUES ($1)
                   ON CONFLICT (address, kind) DO UPDATE SET address = excluded.address RETURNING id""",
                number,
            )
            id_ = await work.value(
                """INSERT INTO contact_link (account_id, contact_point_id, role, state, verified_at, is_default)
                   VALUES ((SELECT id FROM account WHERE account_no = $1), $2, $3, $4, $5, $6) RETURNING id""",
                account_no,
                point,
                more.get("role", "holder"),
                more.get("state", "unverified"),
                more.get("verified_at"),
                more.get("is_default", True),
            )
            await work.commit()
        return int(id_)

    async def household(self, account_no: str, number: str, **more: Any) -> int:
        await self.account(account_no, customer=more.pop("customer", None), address=more.pop("address", None))
        return await self.link(account_no, number, **more)

    async def text(
        self, number: str, template: str, accounts: list[str], *, state: str = "delivered", **more: Any
    ) -> UUID:
        """A text that went out now (or stands `queued`)."""
        text = self.wording.named(template, "zh-CN")
        body = text.example()
        now = self.clock.now()
        async with self.database.work() as work:
            point = await work.value("SELECT id FROM contact_point WHERE address = $1", number)
            parts = [
                AccountPart(*row)
                for row in await work.fetch(
                    """SELECT a.id, a.account_no, l.id FROM account a
                       LEFT JOIN contact_link l ON l.account_id = a.id AND l.contact_point_id = $2
                       WHERE a.account_no = ANY($1::text[]) ORDER BY a.account_no""",
                    accounts,
                    point,
                )
            ]
            message = NewMessage(
                id=new_id(now),
                kind=text.kind,
                klass=text.klass,
                purpose=more.get("purpose", text.purpose),
                template=template,
                template_version=text.version,
                body=body,
                segments=segments(body).parts,
                created_at=now,
                not_before=now,
                hours="any",
                zone="Asia/Shanghai",
                to_address=number,
                contact_point_id=point,
                accounts=parts,
            )
            await insert(work.connection, [message])
            await work.execute(
                """UPDATE message SET state = $2, sent_at = CASE WHEN $2 <> 'queued' THEN $3::timestamptz END,
                     delivered_at = CASE WHEN $2 = 'delivered' THEN $3::timestamptz END WHERE id = $1""",
                message.id,
                state,
                now,
            )
            await work.commit()
        return message.id

    async def invite(self, number: str, account_no: str, event: str) -> UUID:
        """A survey that went out about a work order."""
        message = await self.text(number, "survey", [account_no])
        async with self.database.work() as work:
            await work.execute(
                """INSERT INTO invitation
                     (event_kind, event_ref, account_id, team_code, person_no, message_id, invited_at)
                   VALUES ('work_order', $1, (SELECT id FROM account WHERE account_no = $2), 'T1', 'E1', $3, $4)""",
                event,
                account_no,
                message,
                self.clock.now(),
            )
            await work.commit()
        return message

    async def hears(self, number: str, text: str) -> dict[str, Any]:
        """A customer writes; the inbound once it was dealt with."""
        carrier_id = f"SM{next(self.numbers):032d}"
        await self.stores(number, text, carrier_id)
        while await self.reader.round():
            pass
        return await self.inbound(carrier_id)

    async def stores(self, number: str, text: str, carrier_id: str) -> None:
        await self.intake.text(
            InboundText(carrier_id=carrier_id, sender=number, recipient="+8695598", text=text, raw={"Body": [text]})
        )

    async def inbound(self, carrier_id: str) -> dict[str, Any]:
        row = (await self.rows("SELECT * FROM inbound WHERE carrier_id = $1", carrier_id))[0]
        return {
            **row,
            "effects": json.loads(row["effects"]),
            "reading": json.loads(row["reading"]) if row["reading"] else None,
        }

    async def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        async with self.database.work() as work:
            return [dict(row) for row in await work.fetch(statement, *values)]

    async def do(self, statement: str, *values: Any) -> None:
        """Carry a statement out for good."""
        async with self.database.work() as work:
            await work.execute(statement, *values)
            await work.commit()

    async def values(self, statement: str, *values: Any) -> list[Any]:
        return [next(iter(row.values())) for row in await self.rows(statement, *values)]

    async def states(self) -> dict[str, str]:
        """State of every link, by `account number`."""
        rows = await self.rows(
            """SELECT a.account_no || ' ' || p.address AS key, l.state FROM contact_link l
               JOIN account a ON a.id = l.account_id JOIN contact_point p ON p.id = l.contact_point_id"""
        )
        return {row["key"]: row["state"] for row in rows}

    async def queued(self, number: str, kind: str | None = None) -> list[str]:
        return await self.values(
            """SELECT kind FROM message WHERE to_address = $1 AND state = 'queued' AND ($2::text IS NULL OR kind = $2)
               ORDER BY id""",
            number,
            kind,
        )


@pytest.fixture(scope="session")
def wording() -> Wording:
    return Wording.load()


def settled(database: Database, wording: Wording) -> Town:
    """A town over a database; its intake still has to be run."""
    clock = SteadyClock(START)
    answers = Answers(wording, purposes_in_words, zone=ZoneInfo("Asia/Shanghai"), region="CN", language="zh-CN")
    desk = OutageDesk(ZoneInfo("Asia/Shanghai"))
    tools = Tools(answers=answers, region="CN", pause=pause, outages=desk, alert_numbers=[ON_DUTY])
    acceptor = Acceptor(wording, zone=ZoneInfo("Asia/Shanghai"), region="CN", language="zh-CN", policy=PolicyTable)
    intake = Intake(database, clock, hear)
    return Town(
        database=database,
        clock=clock,
        wording=wording,
        tools=tools,
        intake=intake,
        reader=Reader(database, clock, tools),
        inbox=Inbox(clock, tools),
        corrections=Corrections(
            clock, stop_links, answers.check_contacts, rooms=(waiting, open_invitations, open_followups)
        ),
        cases=Cases(clock, lift_of_case, CaseTexts(acceptor, language="zh-CN")),
        acceptor=acceptor,
    )


@pytest.fixture
async def town(database: Database, wording: Wording) -> Any:
    import asyncio

    town = settled(database, wording)
    running = asyncio.create_task(town.intake.run())
    yield town
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
