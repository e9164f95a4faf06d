"""Raising: what a customer says opens a case, or joins the one that is open on the same matter.

First contact owns the matter to the end (domain notes S0.2): a case has its unit, and where the account has a
manager its person, from the moment it is opened, and who was first is kept. Times are those in which somebody must
get in touch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.archive import segments
from gateway.cases.closing import SILENCE, contradict
from gateway.cases.commitments.of_cases import promise_contact, settle_contact
from gateway.cases.events import befell
from gateway.cases.owners import Ownerless, owners
from gateway.cases.severity import Raising, judge
from gateway.cases.urgent import Pressing, press, presses
from gateway.cases.watching import Came, watch
from gateway.kernel import audit
from gateway.kernel.ids import new_id

#: The class that a crew looks after.
_FAULT: Final = "fault_report"


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
    "enquiry": Rule("customer_service", timedelta(days=5)),
    "report": Rule("supervision", timedelta(hours=24)),
    "suggestion": Rule("customer_service", timedelta(days=10)),
    "praise": Rule("customer_service", timedelta(days=7)),
}
#: Where a case goes when what was promised about it was not kept.
SUPERVISION: Final = "supervision"

# First-contact responsibility (domain notes S0.2): a case has an owner from the first moment.
_OPEN: Final = """
INSERT INTO "case" (id, klass, topic, subject, matter, account_id, contact_point_id, unit, owner_no, summary,
                    opened_at, opened_by, due_at, severity, severity_why, next_at, first_unit, first_owner)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $16, $9, $10, $11, $12, $13, $14, $15, $8, $16)
ON CONFLICT (subject, klass, matter) WHERE state = 'open' DO NOTHING RETURNING number
"""
_JOIN: Final = """
UPDATE "case" SET contacts = contacts + 1, unit = CASE WHEN $3 THEN $4 ELSE unit END WHERE id = $1
  AND NOT EXISTS (SELECT 1 FROM case_event WHERE case_id = $1 AND inbound_id = $2 AND kind IN ('opened', 'joined'))
"""
_FOUND: Final = """SELECT id, number, klass, due_at, state FROM "case" """
_SEGMENTS: Final = f"SELECT {segments.COLUMNS.format(now='$2')} FROM account a WHERE a.id = $1"


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
    #: The reply that raised it; None where a person did.
    inbound_id: UUID | None
    #: The message answered: a case that it told of is joined, whatever its class.
    answers: UUID | None
    actor: str
    at: datetime
    #: Who owns it first, where that is not by the class and the account's manager.
    unit: str | None = None
    owner_no: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The case that was opened, joined, or opened again since nothing was solved."""

    id: UUID
    reference: str
    klass: str
    due_at: datetime
    joined: bool
    reopened: bool = False


def reference_of(number: int) -> str:
    """How a case is named to the customer."""
    return f"S{number:06d}"


async def open_or_join(connection: Any, raised: Raised) -> Opened:
    """Open a case or join the open one, in the connection's transaction. The same reply counts once.

    One whose customer is being asked whether it is solved is opened again: it was not. Supply that is off wants a
    crew: said in answer to a text about another kind of case, it is a fault report all the same.
    """
    found = await _told_of(connection, raised.answers)
    if found is not None and raised.klass == _FAULT and found["klass"] != _FAULT:
        found = None
    found = found or await _asked_on(connection, raised)
    if found is None:
        opened = await _open(connection, raised)
        if opened is not None:
            return opened
        found = await connection.fetchrow(
            f"{_FOUND} WHERE subject = $1 AND klass = $2 AND matter = $3 AND state = 'open' FOR UPDATE",
            raised.subject,
            raised.klass,
            raised.matter,
        )
        if found is None:
            # It was closed between the two statements: the matter is raised anew.
            return await open_or_join(connection, raised)
    if found["state"] == "asked":
        again = await reopen(connection, found["id"], raised)
        if again is not None:
            return again
    return await _join(connection, found, raised)


async def reopen(connection: Any, case: UUID, raised: Raised) -> Opened | None:
    """Open a case again which the customer says was not solved; None where that is open already."""
    due_at = raised.at + RULES[raised.klass].within
    row = await contradict(
        connection,
        case,
        words=f"{raised.said}: {raised.words}",
        due_at=due_at,
        inbound_id=raised.inbound_id,
        actor=raised.actor,
        at=raised.at,
    )
    if row is None:
        return None
    return Opened(
        id=case,
        reference=reference_of(row["number"]),
        klass=row["klass"],
        due_at=due_at,
        joined=False,
        reopened=True,
    )


async def _open(connection: Any, raised: Raised) -> Opened | None:
    rule = RULES[raised.klass]
    id_, due_at, unit = new_id(raised.at), raised.at + rule.within, raised.unit or rule.unit
    severity, why = judge(
        Raising(
            klass=raised.klass,
            words=raised.words,
            topic=raised.topic,
            segments=await _segments(connection, raised),
        )
    )
    owner = raised.owner_no
    if owner is None:
        alone = Ownerless(id=id_, matter=raised.matter, account_id=raised.account_id, unit=unit)
        owner = (await owners(connection, [alone])).get(id_)
    number = await connection.fetchval(
        _OPEN,
        id_,
        raised.klass,
        raised.topic,
        raised.subject,
        raised.matter,
        raised.account_id,
        raised.contact_point_id,
        unit,
        raised.words,
        raised.at,
        raised.actor,
        due_at,
        severity,
        why,
        raised.at + SILENCE,
        owner,
    )
    if number is None:
        return None
    reference = reference_of(number)
    await _event(connection, id_, "opened", raised)
    await audit.write(
        connection,
        at=raised.at,
        actor=raised.actor,
        action="case.opened",
        subject=f"case:{id_}",
        after={
            "reference": reference,
            "class": raised.klass,
            "matter": raised.matter,
            "unit": unit,
            "severity": severity,
        },
    )
    if presses(raised.klass, severity):
        pressing = Pressing(
            case=id_,
            reference=reference,
            words=raised.words,
            why=why,
            account_id=raised.account_id,
            unit=unit,
            owner_no=owner,
            critical=severity == "critical",
            due_at=due_at,
        )
        await press(connection, [pressing], at=raised.at, actor=raised.actor)
    if raised.account_id is not None and raised.klass not in ("praise", "suggestion"):
        came = Came(case=id_, account_id=raised.account_id, at=raised.at, inbound_id=raised.inbound_id)
        await watch(connection, [came], at=raised.at, actor=raised.actor)
    return Opened(id=id_, reference=reference, klass=raised.klass, due_at=due_at, joined=False)


async def _join(connection: Any, found: Any, raised: Raised) -> Opened:
    await connection.execute(_JOIN, found["id"], raised.inbound_id, raised.broken, SUPERVISION)
    await _event(connection, found["id"], "joined", raised)
    return Opened(
        id=found["id"],
        reference=reference_of(found["number"]),
        klass=found["klass"],
        due_at=found["due_at"],
        joined=True,
    )


async def _segments(connection: Any, raised: Raised) -> frozenset[str]:
    """The segments of the account, where the class of the case asks for them."""
    if raised.klass != _FAULT or raised.account_id is None:
        return frozenset()
    row = await connection.fetchrow(_SEGMENTS, raised.account_id, raised.at)
    return frozenset() if row is None else segments.segments_of(row)


async def _told_of(connection: Any, message_id: UUID | None) -> Any:
    """The case, not closed, that a message told the customer of, or of whose commitment it spoke."""
    if message_id is None:
        return None
    return await connection.fetchrow(
        f"""{_FOUND} WHERE state <> 'closed' AND id IN (
              SELECT case_id FROM case_event WHERE message_id = $1
              UNION ALL SELECT c.case_id FROM commitment_event e JOIN commitment c ON c.id = e.commitment_id
              WHERE e.message_id = $1)
            ORDER BY id LIMIT 1 FOR UPDATE""",
        message_id,
    )


async def _asked_on(connection: Any, raised: Raised) -> Any:
    """The case on the same matter whose customer is being asked whether it is solved."""
    return await connection.fetchrow(
        f"{_FOUND} WHERE subject = $1 AND klass = $2 AND matter = $3 AND state = 'asked' LIMIT 1 FOR UPDATE",
        raised.subject,
        raised.klass,
        raised.matter,
    )


async def _event(connection: Any, case: UUID, kind: str, raised: Raised) -> None:
    detail = f"{raised.said}: {raised.words}" if raised.said else raised.words
    await befell(connection, case, kind, at=raised.at, by=raised.actor, detail=detail, inbound_id=raised.inbound_id)


async def told(connection: Any, case: UUID, message_id: UUID, *, at: datetime, contact_by: datetime | None) -> None:
    """Keep which text told the customer of a case, and that it promised him somebody until `contact_by`, if it did."""
    await befell(connection, case, "told", at=at, by="gateway", message_id=message_id)
    await connection.execute(
        """UPDATE "case" SET told_at = $2, next_at = CASE WHEN state = 'open' THEN $3 ELSE next_at END WHERE id = $1""",
        case,
        at,
        at + SILENCE,
    )
    if contact_by is not None:
        await promise_contact(connection, case, message_id, due_at=contact_by, at=at)


async def take_back(
    connection: Any, *, subject: str, klass: str, matter: str, outcome: str, actor: str, at: datetime, inbound_id: UUID
) -> list[UUID] | None:
    """Close the case that the customer took back himself; the texts that told of it, None without a case."""
    case = await connection.fetchval(
        """UPDATE "case" SET state = 'closed', closed_at = $4, closed_by = $5, outcome = $6, next_at = NULL,
             confirmation = 'taken_back'
           WHERE subject = $1 AND klass = $2 AND matter = $3 AND state <> 'closed' RETURNING id""",
        subject,
        klass,
        matter,
        at,
        actor,
        outcome,
    )
    if case is None:
        return None
    await befell(connection, case, "closed", at=at, by=actor, detail=outcome, inbound_id=inbound_id)
    await audit.write(
        connection, at=at, actor=actor, action="case.closed", subject=f"case:{case}", after={"outcome": outcome}
    )
    await settle_contact(connection, case, released=True, outcome=outcome, actor=actor, at=at)
    rows = await connection.fetch(
        "SELECT message_id FROM case_event WHERE case_id = $1 AND message_id IS NOT NULL", case
    )
    return [row["message_id"] for row in rows]
