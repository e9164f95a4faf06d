"""Composing an arrears notice against copying the messages that it left behind."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from bench.figures import Figure
from bench.lab import Lab
from gateway.kernel.segments import count

if TYPE_CHECKING:
    from gateway.house import House

_MONTH: Final = "202510"
_MONTH_BEFORE: Final = "202509"

#: Accounts with a contact and an open bill each; neighbours in one table are far apart in the others.
_AUDIENCE: Final = (
    "INSERT INTO customer (name) SELECT '王' || i FROM generate_series(1, $1::int) i",
    "INSERT INTO premise (address) SELECT '岚州市东湖区幸福街道' || i || '号' FROM generate_series(1, $1::int) i",
    """INSERT INTO account (account_no, customer_id, premise_id, holder_name)
       SELECT (410000000000 + i)::text, i, i, '王' || i FROM generate_series(1, $1::int) i""",
    """INSERT INTO contact_point (kind, address, line)
       SELECT 'phone', '+86138' || lpad(i::text, 8, '0'), 'mobile' FROM generate_series(1, $1::int) i""",
    """INSERT INTO contact_link (account_id, contact_point_id, role, is_default)
       SELECT i, i::bigint * 7919 % $1 + 1, 'holder', true FROM generate_series(1, $1::int) i""",
    """INSERT INTO bill (account_id, billing_month, amount, due_date, overdue)
       SELECT i, '202510', i % 1000 + 10.5, '2025-10-25', true FROM generate_series(1, $1::int) i""",
    """INSERT INTO bill (account_id, billing_month, amount, due_date, overdue)
       SELECT i, '202509', 20, '2025-09-25', true FROM generate_series($1::int, $1::int) i""",
)


async def run(lab: Lab) -> list[Figure]:
    """Compose one notice from approval to the last message."""
    messages = lab.rows(full=100_000, quick=20_000)
    async with lab.house() as house:
        async with house.database.connection() as connection:
            await fill(connection, messages)
        await warm_up(house)
        await lab.settle()
        taken = await compose(house)
        async with house.database.connection() as connection:
            composed = await connection.fetchval("SELECT count(*) FROM message WHERE state = 'queued'")
            if composed != messages:
                raise RuntimeError(f"{composed} messages were composed for an audience of {messages}")
            _, raw = await lab.raw_copy(connection, ("message", "message_account"))
        rendered = render(house, messages)
    return [
        Figure(
            name=f"a message composed, of {messages:,}",
            value=taken / messages * 1e6,
            baseline=rendered / messages * 1e6,
            unit="µs",
            against="rendering it alone",
        ),
        Figure(
            name=f"composing {messages:,} messages",
            value=messages / taken,
            baseline=messages / raw,
            unit="messages/s",
            against="raw COPY of the same rows",
            at_least=0.08,
        ),
    ]


def render(house: House, messages: int) -> float:
    """Seconds that filling the texts and counting their segments takes, with everything else left out."""
    template = house.wording.named("arrears", "zh-CN")
    due = date(2025, 11, 11)
    began = time.perf_counter()
    for number in range(messages):
        amount = Decimal(number % 1000) + Decimal("10.5")
        values = {"account_tail": str(410000000000 + number), "amount": amount, "pay_by": due}
        count(template.render(values))
    return time.perf_counter() - began


async def preview(house: House, month: str = _MONTH) -> float:
    """The seconds that a preview of the whole month took."""
    from gateway.notices import Draft

    async with house.database.session() as session:
        draft = Draft(kind="arrears", about={"billing_month": month})
        notice = await house.notices.draft(session, draft, actor="bench:one")
        await session.commit()
    began = time.perf_counter()
    kept = await house.previews.ask(notice, 3600)
    if kept.state != "done":
        raise RuntimeError(f"the preview ended as {kept.state}: {kept.error}")
    return time.perf_counter() - began


async def fill(connection: Any, accounts: int) -> None:
    """An audience of `accounts`, each with a number and a bill of its own."""
    for statement in _AUDIENCE:
        await connection.execute(statement, accounts, timeout=900)
    await connection.execute("VACUUM ANALYZE", timeout=900)


async def warm_up(house: House) -> None:
    """Compose a notice to one account, as a gateway that has been up for a minute has: calendars are loaded.

    Its message is taken out again, so that the account may be told of the month that is measured.
    """
    await compose(house, _MONTH_BEFORE)
    async with house.database.connection() as connection:
        await connection.execute("DELETE FROM message_account; DELETE FROM message")


async def compose(house: House, month: str = _MONTH) -> float:
    """Draft, approve and compose; the seconds that composing took, the finding of the audience included."""
    from gateway.notices import Draft

    async with house.database.session() as session:
        draft = Draft(kind="arrears", about={"billing_month": month})
        notice = await house.notices.draft(session, draft, actor="bench:one")
        await house.notices.approve(session, notice, actor="bench:two", two_people=False)
        await session.commit()
    began = time.perf_counter()
    await house.notice_runner.compose_next(only=notice)
    return time.perf_counter() - began
