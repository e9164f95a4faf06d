"""Raising: what a customer says opens a case, or joins the one that is open on the same matter.

First contact owns the matter to the end (domain notes S0.2): a case has its unit, and where the account has a
manager its person, from the moment it is opened. Times are those in which somebody must get in touch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.kernel import audit
from gateway.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class Rule:
    """Which unit owns a class of cases first, and how soon somebody must get in touch."""

    unit: str
    within: timedelta


#: The classes (domain notes §3.6 "Order handling", "Arrival at a fault"; §4.6 for a bad rating).
RULES: Final[Mapping[str, Rule]] = {
    "complaint": Rule("customer_service", timedelta(hours=24)),
    "opinion": Rule("customer_service", timedelta(hours=24)),
    "fault_report": Rule("dispatch", timedelta(minutes=60)),
    "service_request": Rule("billing", timedelta(days=7)),
}
#: Where a case goes when what was promised about it was not kept.
SUPERVISION: Final = "supervision"

_OPEN: Final = """
INSERT INTO "case" (id, klass, topic, subject, matter, account_id, contact_point_id, unit, owner_no, summary,
                    opened_at, opened_by, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, (SELECT manager_no FROM account WHERE id = $6), $9, $10, $11, $12)
ON CONFLICT (subject, klass, matter) WHERE state = 'open' DO NOTHING RETURNING number
"""
_JOIN: Final = """
UPDATE "case" SET contacts = contacts + 1, unit = CASE WHEN $3 THEN $4 ELSE unit END WHERE id = $1
  AND NOT EXISTS (SELECT 1 FROM case_event WHERE case_id = $1 AND inbound_id = $2 AND kind IN ('opened', 'joined'))
"""
_FOUND: Final = """SELECT id, number, klass, due_at FROM "case" """


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """What a customer raised. `subject` and `matter` say which open case it would join."""

    klass: str
    topic: str
    matter: str
    subject: str
    account_id: int | None
    contact_point_id: int | None
    #: What was said of it, in words for the history: the intents, and whether a promise was broken.
    said: str
    broken: bool
    words: str
    inbound_id: UUID
    #: The message answered: a case that it told of is joined, whatever its class.
    answers: UUID | None
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The case that was opened, or joined."""

    id: UUID
    reference: str
    klass: str
    due_at: datetime
    joined: bool


def reference_of(number: int) -> str:
    """How a case is named to the customer."""
    return f"S{number:06d}"


async def open_or_join(connection: Any, raised: Raised) -> Opened:
    """Open a case or join the open one, in the connection's transaction. The same reply counts once."""
    rule = RULES[raised.klass]
    found = await _told_of(connection, raised.answers)
    if found is None:
        id_, due_at = new_id(raised.at), raised.at + rule.within
        number = await connection.fetchval(
            _OPEN,
            id_,
            raised.klass,
            raised.topic,
            raised.subject,
            raised.matter,
            raised.account_id,
            raised.contact_point_id,
            rule.unit,
            raised.words,
            raised.at,
            raised.actor,
            due_at,
        )
        if number is not None:
            reference = reference_of(number)
            await _event(connection, id_, "opened", raised)
            await audit.write(
                connection,
                at=raised.at,
                actor=raised.actor,
                action="case.opened",
                subject=f"case:{id_}",
                after={"reference": reference, "class": raised.klass, "matter": raised.matter, "unit": rule.unit},
            )
            return Opened(id=id_, reference=reference, klass=raised.klass, due_at=due_at, joined=False)
        found = await connection.fetchrow(
            f"{_FOUND} WHERE subject = $1 AND klass = $2 AND matter = $3 AND state = 'open' FOR UPDATE",
            raised.subject,
            raised.klass,
            raised.matter,
        )
        if found is None:
            # It was closed between the two statements: the matter is raised anew.
            return await open_or_join(connection, raised)
    await connection.execute(_JOIN, found["id"], raised.inbound_id, raised.broken, SUPERVISION)
    await _event(connection, found["id"], "joined", raised)
    return Opened(
        id=found["id"],
        reference=reference_of(found["number"]),
        klass=found["klass"],
        due_at=found["due_at"],
        joined=True,
    )


async def _told_of(connection: Any, message_id: UUID | None) -> Any:
    """The open case that a message told the customer of."""
    if message_id is None:
        return None
    return await connection.fetchrow(
        f"""{_FOUND} WHERE state = 'open' AND id IN (SELECT case_id FROM case_event WHERE message_id = $1)
            ORDER BY id LIMIT 1 FOR UPDATE""",
        message_id,
    )


async def _event(connection: Any, case: UUID, kind: str, raised: Raised) -> None:
    await connection.execute(
        """INSERT INTO case_event (case_id, at, kind, by, detail, inbound_id) VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (case_id, inbound_id, kind) WHERE inbound_id IS NOT NULL DO NOTHING""",
        case,
        raised.at,
        kind,
        raised.actor,
        f"{raised.said}: {raised.words}",
        raised.inbound_id,
    )


async def told(connection: Any, case: UUID, message_id: UUID, *, at: datetime) -> None:
    """Keep which text told the customer of a case."""
    await connection.execute(
        "INSERT INTO case_event (case_id, at, kind, by, message_id) VALUES ($1, $2, 'told', 'gateway', $3)",
        case,
        at,
        message_id,
    )


async def take_back(
    connection: Any, *, subject: str, klass: str, matter: str, outcome: str, actor: str, at: datetime, inbound_id: UUID
) -> list[UUID] | None:
    """Close the open case that the customer took back himself; the texts that told of it, None without a case."""
    case = await connection.fetchval(
        """UPDATE "case" SET state = 'closed', closed_at = $4, closed_by = $5, outcome = $6
           WHERE subject = $1 AND klass = $2 AND matter = $3 AND state = 'open' RETURNING id""",
        subject,
        klass,
        matter,
        at,
        actor,
        outcome,
    )
    if case is None:
        return None
    await connection.execute(
        """INSERT INTO case_event (case_id, at, kind, by, detail, inbound_id)
           VALUES ($1, $2, 'closed', $3, $4, $5)""",
        case,
        at,
        actor,
        outcome,
        inbound_id,
    )
    await audit.write(
        connection, at=at, actor=actor, action="case.closed", subject=f"case:{case}", after={"outcome": outcome}
    )
    rows = await connection.fetch(
        "SELECT message_id FROM case_event WHERE case_id = $1 AND message_id IS NOT NULL", case
    )
    return [row["message_id"] for row in rows]
