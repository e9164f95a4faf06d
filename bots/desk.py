"""What customers see of themselves in a chat: their accounts, what is owed, what may be answered. Numbers are masked.

Everything is read through the numbers that the chat is bound to, at the moment it is asked: a link that was stopped
a second ago shows nothing any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from bots.words import Words
from gateway.archive import chats
from gateway.kernel.ids import first_id
from gateway.outbox.carriers import Receipt
from gateway.outbox.settling import apply_receipts

#: How long a question is open, and how far back a message can have been written.
_OPEN: Final = timedelta(hours=72)
_WRITTEN: Final = timedelta(days=17)

_ACCOUNTS: Final = """
SELECT DISTINCT ON (a.id) a.id, a.account_no, a.holder_name, p.address, l.role, l.needs_proof, a.status
FROM contact_link l JOIN account a ON a.id = l.account_id JOIN premise p ON p.id = a.premise_id
WHERE l.contact_point_id = ANY($1::bigint[]) AND l.state IN ('unverified', 'verified') AND l.questioned_at IS NULL
ORDER BY a.id, l.state DESC, l.id
"""
_BILLS: Final = """
SELECT account_id, billing_month, amount + late_fee - paid AS owed, due_date, overdue FROM bill
WHERE account_id = ANY($1::bigint[]) AND settled_at IS NULL AND amount + late_fee > paid ORDER BY billing_month
"""
_QUESTION: Final = """
SELECT m.id, m.template, m.template_version, m.body, m.sent_at FROM message m
WHERE m.contact_point_id = ANY($1::bigint[]) AND m.id >= $2 AND m.kind = 'survey'
  AND m.state IN ('sent', 'delivered', 'undelivered', 'uncertain') AND m.sent_at > $3
  AND NOT EXISTS (SELECT 1 FROM inbound i WHERE i.contact_point_id = ANY($1::bigint[]) AND i.id >= m.id
                    AND (i.answers = m.id OR i.replies_to = m.id))
ORDER BY m.sent_at DESC LIMIT 1
"""
_ASKED: Final = """
SELECT m.id, m.template, m.template_version, m.body, m.kind, coalesce(m.sent_at, m.created_at) AS at, m.carrier_id,
       EXISTS (SELECT 1 FROM inbound i WHERE i.contact_point_id = ANY($2::bigint[]) AND i.id >= m.id
                 AND (i.answers = m.id OR i.replies_to = m.id)) AS answered,
       m.state = 'uncertain' AND m.contact_point_id = $3 AS in_doubt
FROM message m WHERE m.id = $1 AND m.contact_point_id = ANY($2::bigint[])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSeen:
    """An account as its people see it in a chat."""

    id: int
    tail: str
    holder: str
    address: str
    role: str
    #: Not proven yet: no amounts are shown (domain notes §5.3.7).
    needs_proof: bool
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What is open for a billing month (`YYYYMM`)."""

    month: str
    amount: Decimal
    due: date
    overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A text that asks something."""

    id: UUID
    template: str
    version: str
    body: str
    #: Whether an answer to it still counts as one, and whether one was given.
    open: bool
    answered: bool
    #: Whether nobody knew that the chat has it.
    in_doubt: bool = False
    #: What its carrier calls it.
    carrier_id: str | None = None

    def place_in(self, chat: int) -> int | None:
        """The number of its message in a chat of Telegram; None where it stands elsewhere."""
        where, _, number = (self.carrier_id or "").partition(":")
        return int(number) if where == str(chat) and number.isdigit() else None


def mask_name(name: str) -> str:
    """A name as it is shown: the first character and as many stars as were left out, three at most."""
    return name[:1] + "*" * min(3, max(1, len(name) - 1))


def mask_address(address: str) -> str:
    """An address without its last third, where the door is."""
    shown = max(1, len(address) - max(2, len(address) // 3))
    return f"{address[:shown]}…"


async def accounts(connection: Any, phones: Sequence[int]) -> list[AccountSeen]:
    """The accounts that some numbers stand for, stopped links left out."""
    return [
        AccountSeen(
            id=row["id"],
            tail=row["account_no"][-4:],
            holder=mask_name(row["holder_name"]),
            address=mask_address(row["address"]),
            role=row["role"],
            needs_proof=row["needs_proof"],
            closed=row["status"] == "closed",
        )
        for row in await connection.fetch(_ACCOUNTS, list(phones))
    ]


async def owed(connection: Any, account_ids: Sequence[int]) -> Mapping[int, list[Owed]]:
    """What accounts owe, month by month; an account that owes nothing has no entry."""
    found: dict[int, list[Owed]] = {}
    for row in await connection.fetch(_BILLS, list(account_ids)):
        found.setdefault(row["account_id"], []).append(
            Owed(month=row["billing_month"], amount=row["owed"], due=row["due_date"], overdue=row["overdue"])
        )
    return found


async def bills_in_words(connection: Any, seen: Sequence[AccountSeen], words: Words) -> list[str]:
    """A line for each open bill of accounts, and for each account that owes nothing or whose contact is unproven."""
    open_bills = await owed(connection, [one.id for one in seen])
    lines: list[str] = []
    for one in seen:
        if one.needs_proof:
            lines.append(words("unproven", tail=one.tail))
        elif one.id not in open_bills:
            lines.append(words("owes_nothing", tail=one.tail))
        for bill in () if one.needs_proof else open_bills.get(one.id, ()):
            said = {"tail": one.tail, "month": words.month(bill.month), "amount": words.money(bill.amount)}
            lines.append(
                words("owes_overdue", **said) if bill.overdue else words("owes", **said, due=words.day(bill.due))
            )
    return lines


async def survey(connection: Any, point: int, now: datetime) -> Question | None:
    """The newest survey to the person at a contact point that nobody answered, while it is open."""
    points = await chats.person(connection, point)
    row = await connection.fetchrow(_QUESTION, points, first_id(now - _WRITTEN), now - _OPEN)
    return None if row is None else _question(row, is_open=True, answered=False)


async def quoted(connection: Any, carrier_id: str, point: int) -> UUID | None:
    """Which text of the house a message in a chat is; None for a screen of the bot's, or somebody's own words."""
    found: UUID | None = await connection.fetchval(
        "SELECT id FROM message WHERE contact_point_id = $1 AND carrier_id = $2 ORDER BY id DESC LIMIT 1",
        point,
        carrier_id,
    )
    return found


async def question(connection: Any, message: UUID, point: int, now: datetime) -> Question | None:
    """A text that was sent to the person at a contact point; None for anything else."""
    row = await connection.fetchrow(_ASKED, message, await chats.person(connection, point), point)
    if row is None:
        return None
    found = _question(row, is_open=now - row["at"] <= _OPEN, answered=row["answered"])
    return replace(found, in_doubt=row["in_doubt"], carrier_id=row["carrier_id"])


async def seen(connection: Any, asked: Question, carrier_id: str, now: datetime) -> None:
    """Whoever presses a button of a text has it: if it was in doubt, it is so no more."""
    if asked.in_doubt:
        receipt = Receipt(
            message_id=asked.id,
            carrier_id=carrier_id,
            state="delivered",
            error_code=None,
            raw_status="a button of it was pressed",
        )
        await apply_receipts(connection, [(receipt, now)])


def _question(row: Any, *, is_open: bool, answered: bool) -> Question:
    return Question(
        id=row["id"],
        template=row["template"],
        version=row["template_version"],
        body=row["body"],
        open=is_open,
        answered=answered,
    )
