"""The end of a case: the customer's word decides (domain notes S0.25, S2.12).

What came of a case is told to the customer, who is asked whether it is solved. Yes closes it, no opens it again and
marks the closure as contradicted; a person looks into that, and no machine holds it against anybody. Silence closes
it after a week and is told apart. Where no text reaches, somebody other than who closed it rings.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.cases.commitments.of_cases import settle_contact
from gateway.cases.commitments.telling import Texts
from gateway.cases.events import befell
from gateway.cases.words import matter_in_words
from gateway.kernel import audit
from gateway.notices import Asked, Taken
from gateway.staff.tasks import NewTask, drop_tasks, open_tasks

#: A customer who has heard nothing for so long is one that somebody ought to tell (domain notes S0.21).
SILENCE: Final = timedelta(hours=72)
#: How long the customer may take to answer, and how long somebody tries to ring whom no text reaches.
ANSWER_WITHIN: Final = timedelta(days=7)
RING_WITHIN: Final = timedelta(days=14)
#: How soon somebody rings, and looks into a closure that the customer contradicts.
_CALL: Final = timedelta(days=2)
_LOOK: Final = timedelta(hours=24)

#: A case as its texts need it.
CASE: Final = """
SELECT k.*, a.account_no, a.language, 'S' || to_char(k.number, 'FM000000') AS reference,
       coalesce(CASE WHEN p.kind = 'phone' THEN p.address END,
                CASE WHEN k.subject LIKE 'number:+%' THEN substr(k.subject, 8) END) AS to_number,
       p.address AS raised_at
FROM "case" k LEFT JOIN account a ON a.id = k.account_id LEFT JOIN contact_point p ON p.id = k.contact_point_id
"""


class CaseTexts:
    """Puts cases into the customer's words."""

    def __init__(self, texts: Texts, *, language: str) -> None:
        self._texts = texts
        self._language = language

    async def tell(
        self, connection: Any, case: Any, template: str, values: dict[str, Any], now: datetime
    ) -> tuple[UUID | None, str | None]:
        """Text the customer of a case (a row of `CASE`); the message, and why it does not go where it does not."""
        if not case["account_no"] and not case["to_number"]:
            return None, "no_contact"
        matter = matter_in_words(case["topic"], case["language"], self._language)
        asked = Asked(
            template=template,
            account_no=case["account_no"],
            to=None if case["account_no"] else case["to_number"],
            at_number=case["raised_at"] or case["to_number"],
            language=case["language"],
            values={"matter": matter, "reference": case["reference"], **values},
            reference=f"case:{case['id']}",
        )
        (taken,) = await self._texts.accept(connection, [asked], now=now)
        if not isinstance(taken, Taken):
            return None, str(taken)
        return taken.id, None if taken.state == "queued" else taken.withheld_reason or taken.state


async def ask(connection: Any, case: Any, texts: CaseTexts, *, outcome: str, actor: str, at: datetime) -> None:
    """Say what came of an open case and ask whether it is solved; who cannot be texted is rung."""
    message, withheld = await texts.tell(connection, case, "case_progress_closed", {}, at)
    asked = message if withheld is None else None
    await connection.execute(
        """UPDATE "case" SET state = 'asked', outcome = $2, asked_at = $3, asked_by = $4, asked_message_id = $5,
             told_at = coalesce($6, told_at), next_at = $7 WHERE id = $1""",
        case["id"],
        outcome,
        at,
        actor,
        asked,
        at if asked else None,
        at + (ANSWER_WITHIN if asked else RING_WITHIN),
    )
    await befell(connection, case["id"], "asked", at=at, by=actor, detail=withheld or outcome, message_id=message)
    await settle_contact(connection, case["id"], released=False, outcome=outcome, actor=actor, at=at)
    if asked is None:
        ring = NewTask(
            kind="case_ask",
            subject=f"case:{case['id']}",
            words=f"{case['reference']}: no text reaches the customer ({withheld}); ring and ask whether it is "
            f"solved: {outcome}",
            account_id=case["account_id"],
            due_at=at + _CALL,
        )
        await open_tasks(connection, [ring], at=at, actor=actor)


async def confirm(
    connection: Any,
    case: UUID,
    how: str,
    *,
    words: str | None,
    actor: str,
    at: datetime,
    inbound_id: UUID | None = None,
) -> bool:
    """Close a case whose customer was asked, `how`: confirmed, silent or unreached; whether it was closed by that."""
    closed = await connection.fetchval(
        """UPDATE "case" SET state = 'closed', closed_at = $2, closed_by = $3, confirmation = $4, next_at = NULL
           WHERE id = $1 AND state = 'asked' RETURNING true""",
        case,
        at,
        actor,
        how,
    )
    if not closed:
        return False
    if how == "confirmed":
        await befell(connection, case, "confirmed", at=at, by=actor, detail=words, inbound_id=inbound_id)
    await befell(connection, case, "closed", at=at, by=actor, detail=how)
    await _over(connection, case, "the case is closed", actor, at)
    await audit.write(
        connection, at=at, actor=actor, action="case.closed", subject=f"case:{case}", after={"confirmation": how}
    )
    return True


async def contradict(
    connection: Any,
    case: UUID,
    *,
    words: str,
    due_at: datetime,
    inbound_id: UUID | None,
    actor: str,
    at: datetime,
) -> Any:
    """The customer says that nothing was solved: the case is open again, its closure contradicted; the case's row.

    None where it is open already. Supervision looks into it: who closed it is neither rated nor named in figures.
    """
    row = await connection.fetchrow(
        """UPDATE "case" k SET state = 'open', contradictions = contradictions + 1, contradicted_at = $2,
             contacts = contacts + 1, closed_at = NULL, closed_by = NULL, confirmation = NULL, asked_message_id = NULL,
             due_at = $3, next_at = $4
           WHERE id = $1 AND state <> 'open' AND NOT EXISTS (
             SELECT 1 FROM "case" o WHERE o.subject = k.subject AND o.klass = k.klass AND o.matter = k.matter
               AND o.state = 'open')
           RETURNING id, number, klass, unit, owner_no, account_id, outcome""",
        case,
        at,
        due_at,
        at + SILENCE,
    )
    if row is None:
        return None
    await befell(connection, case, "contradicted", at=at, by=actor, detail=words, inbound_id=inbound_id)
    await _over(connection, case, "the customer has answered", actor, at)
    look = NewTask(
        kind="closure_contradicted",
        subject=f"case:{case}",
        words=f"S{row['number']:06d}: closed with “{row['outcome'] or ''}”, and the customer says otherwise: {words}",
        unit="supervision",
        account_id=row["account_id"],
        due_at=at + _LOOK,
    )
    await open_tasks(connection, [look], at=at, actor=actor)
    await audit.write(
        connection,
        at=at,
        actor=actor,
        action="case.contradicted",
        subject=f"case:{case}",
        after={"words": words, "inbound_id": None if inbound_id is None else str(inbound_id)},
    )
    return row


async def _over(connection: Any, case: UUID, because: str, actor: str, at: datetime) -> None:
    await drop_tasks(
        connection, [f"case:{case}"], kinds=("case_ask", "case_silent"), because=because, at=at, actor=actor
    )


async def asked_by_message(connection: Any, message_id: UUID) -> Any:
    """The case whose customer a message asked whether it is solved: id, state, klass; None without one."""
    return await connection.fetchrow(
        """SELECT k.id, k.state, k.klass FROM case_event e JOIN "case" k ON k.id = e.case_id
           WHERE e.message_id = $1 AND e.kind = 'asked' LIMIT 1 FOR UPDATE OF k""",
        message_id,
    )


async def of_order(connection: Any, work_order_no: str) -> Any:
    """The case that an order of the hotline is, once that is closed or its customer asked: id, state, klass."""
    return await connection.fetchrow(
        """SELECT id, state, klass FROM "case" WHERE work_order_no = $1 AND state <> 'open' FOR UPDATE""", work_order_no
    )
