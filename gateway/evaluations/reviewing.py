"""What people may say about answers and events: never who is asked, only what a rating is worth, with a reason.

Whoever decides stands outside: of another team than the service's, and not the person who is rated. Nothing is ever
removed: what was decided stands beside the raw answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.evaluations.recording import OF_TEXT
from gateway.evaluations.summaries import SEE_AT_ONCE
from gateway.evaluations.tallies import uncount
from gateway.kernel import audit
from gateway.kernel.acting import acting_in
from gateway.kernel.database import driver
from gateway.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from gateway.kernel.ids import new_id

#: How long after an event whoever handled it may not touch the customer's contacts.
HANDLER_KEEPS_OFF: Final = timedelta(days=30)

_EVALUATION: Final = """
SELECT e.id, e.state, e.invitation_id, i.team_code, i.person_no FROM evaluation e
JOIN invitation i ON i.id = e.invitation_id WHERE e.id = $1 FOR UPDATE OF e
"""
_MEMBER: Final = "SELECT s.staff_no, t.code AS team FROM staff_member s LEFT JOIN team t ON t.id = s.team_id"
_CHALLENGES: Final = """
SELECT c.id, c.evaluation_id, c.team_code AS team, c.by_no AS by, c.grounds, c.evidence, c.state, c.opened_at,
       c.reviewer_no AS reviewer, c.decided_at, c.decision, i.event_kind, i.event_ref
FROM evaluation_challenge c JOIN evaluation e ON e.id = c.evaluation_id JOIN invitation i ON i.id = e.invitation_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """申诉: a rating that its unit contests, and what came of it."""

    id: UUID
    evaluation_id: UUID
    team: str | None
    by: str
    grounds: str
    evidence: str
    state: str
    opened_at: datetime
    reviewer: str | None
    decided_at: datetime | None
    decision: str | None
    event_kind: str
    event_ref: str


async def challenge(
    connection: Any, evaluation: UUID, *, by: str, grounds: str, evidence: str, at: datetime, actor: str
) -> UUID:
    """Contest a rating for the unit whose work it was; the challenge.

    Raises NotFound, Forbidden where `by` is not of that unit, Conflict where it was contested before or does not count.
    """
    row = await _evaluation(connection, evaluation)
    member = await _member(connection, by)
    if by != row["person_no"] and (row["team_code"] is None or member["team"] != row["team_code"]):
        raise Forbidden("a rating is contested by the unit whose work it was")
    if row["state"] != "counted":
        raise Conflict(f"the rating is {row['state']}: there is nothing to contest")
    made = new_id(at)
    inserted = await connection.fetchval(
        """INSERT INTO evaluation_challenge (id, evaluation_id, team_code, by_no, grounds, evidence, opened_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (evaluation_id) DO NOTHING RETURNING id""",
        made,
        evaluation,
        row["team_code"],
        by,
        grounds,
        evidence,
        at,
    )
    if inserted is None:
        raise Conflict("the rating was contested before")
    await _note(connection, at, actor, "evaluation.challenged", evaluation, {"by": by, "grounds": grounds})
    return made


async def decide(
    connection: Any, challenge_id: UUID, *, by: str, uphold: bool, decision: str, at: datetime, actor: str
) -> None:
    """Decide a challenge from outside the unit. An upheld one annuls the rating, which stays visible as that.

    Raises NotFound, Forbidden for the unit itself, Conflict where it was decided.
    """
    row = await connection.fetchrow("SELECT * FROM evaluation_challenge WHERE id = $1 FOR UPDATE", challenge_id)
    if row is None:
        raise NotFound("There is no challenge with this id.")
    if row["state"] != "open":
        raise Conflict(f"the challenge is {row['state']}")
    rated = await _evaluation(connection, row["evaluation_id"])
    await _outside(connection, by, rated, also=(row["by_no"],))
    state = "upheld" if uphold else "refused"
    await connection.execute(
        """UPDATE evaluation_challenge SET state = $2, reviewer_no = $3, decided_at = $4, decision = $5
           WHERE id = $1""",
        challenge_id,
        state,
        by,
        at,
        decision,
    )
    if uphold:
        await connection.execute("UPDATE evaluation SET state = 'annulled' WHERE id = $1", row["evaluation_id"])
        await uncount(connection, [rated["invitation_id"]])
    await _note(connection, at, actor, f"challenge.{state}", row["evaluation_id"], {"by": by, "decision": decision})


async def review(
    connection: Any, evaluation: UUID, *, by: str, counts: bool, words: str, at: datetime, actor: str
) -> None:
    """Say what an answer that was set apart is worth: it counts after all, or it stays apart.

    Raises NotFound, Forbidden for the unit whose work is rated, Conflict where it is not set apart.
    """
    row = await _evaluation(connection, evaluation)
    if row["state"] != "quarantined":
        raise Conflict(f"the answer is {row['state']}, and not set apart")
    await _outside(connection, by, row)
    await connection.execute(
        """UPDATE evaluation SET reviewed_at = $2, reviewed_by = $3, review = $4,
             state = CASE WHEN $5 THEN 'counted' ELSE state END WHERE id = $1""",
        evaluation,
        at,
        by,
        words,
        counts,
    )
    await uncount(connection, [row["invitation_id"]])
    await _note(connection, at, actor, "evaluation.reviewed", evaluation, {"by": by, "counts": counts, "words": words})


async def leave_out(
    connection: Any, event_kind: str, event_ref: str, *, by: str, words: str, at: datetime, actor: str
) -> None:
    """Not ask about an event for the sake of safety or the law (code 4): named, with a reason, by somebody outside.

    Raises NotFound, Forbidden for the unit whose work it is, Conflict where somebody was asked already.
    """
    row = await connection.fetchrow(
        """SELECT id, message_id, skipped, team_code, person_no FROM invitation
           WHERE event_kind = $1 AND event_ref = $2 FOR UPDATE""",
        event_kind,
        event_ref,
    )
    if row is None:
        raise NotFound("There is no such event.")
    if row["message_id"] is not None or row["skipped"] is not None:
        raise Conflict("it is decided already whether this event is asked about")
    await _outside(connection, by, row)
    await connection.execute("UPDATE invitation SET skipped = 'sensitive' WHERE id = $1", row["id"])
    await uncount(connection, [row["id"]])
    await audit.write(
        connection,
        at=at,
        actor=actor,
        action="event.left_out",
        subject=f"event:{event_kind}:{event_ref}",
        after={"code": 4, "by": by, "words": words},
    )


async def challenges(
    session: AsyncSession, *, states: Sequence[str] | None, team: str | None, before: UUID | None, limit: int
) -> list[Challenge]:
    """Up to `limit` challenges opened before `before`, newest first.

    Whoever acts in person reads none about their own work but what they raised, and none at all without a part in
    looking after ratings: a challenge tells of a single answer (domain notes §4.5.5).
    """
    acting = acting_in(session)
    staff_no = acting.staff_no if acting is not None else None
    if acting is not None and staff_no is not None and not any(acting.may(scope) for scope in SEE_AT_ONCE):
        return []
    rows = await (await driver(session)).fetch(
        f"""{_CHALLENGES} WHERE ($1::text[] IS NULL OR c.state = ANY($1)) AND ($2::text IS NULL OR c.team_code = $2)
              AND ($3::uuid IS NULL OR c.id < $3)
              AND ($5::text IS NULL OR i.person_no IS DISTINCT FROM $5 OR c.by_no = $5) ORDER BY c.id DESC LIMIT $4""",
        list(states) if states is not None else None,
        team,
        before,
        limit,
        staff_no,
    )
    return [Challenge(**row) for row in rows]


async def challenge_one(connection: Any, challenge_id: UUID) -> Challenge:
    """One challenge. Raises NotFound."""
    row = await connection.fetchrow(f"{_CHALLENGES} WHERE c.id = $1", challenge_id)
    if row is None:
        raise NotFound("There is no challenge with this id.")
    return Challenge(**row)


async def challenge_of(connection: Any, evaluation: UUID) -> Challenge | None:
    """The challenge of a rating, where it was contested."""
    row = await connection.fetchrow(f"{_CHALLENGES} WHERE c.evaluation_id = $1", evaluation)
    return None if row is None else Challenge(**row)


async def must_not_have_handled(connection: Any, staff_no: str, accounts: Sequence[str], at: datetime) -> None:
    """Raise Forbidden where a member of staff handled something of one of these accounts lately: whoever is rated
    does not decide where the customer is asked (domain notes §4.5.2)."""
    handled = await connection.fetchval(
        """SELECT i.event_ref FROM invitation i JOIN account a ON a.id = i.account_id
           WHERE a.account_no = ANY($1::text[]) AND i.person_no = $2
             AND (i.occurred_at IS NULL OR i.occurred_at > $3) LIMIT 1""",
        list(accounts),
        staff_no,
        at - HANDLER_KEEPS_OFF,
    )
    if handled is not None:
        raise Forbidden(f"whoever handled {handled} changes no contact of that customer: somebody else does")


async def must_not_steer(session: AsyncSession, at: datetime) -> None:
    """Raise Forbidden where a person acts whose own work customers are being asked about: whatever roles they hold,
    they have no say in who is asked, when and about what (promise P6)."""
    acting = acting_in(session)
    if acting is None or acting.staff_no is None:
        return
    handled = await (await driver(session)).fetchval(
        """SELECT event_ref FROM invitation
           WHERE person_no = $1 AND (occurred_at IS NULL OR occurred_at > $2) LIMIT 1""",
        acting.staff_no,
        at - HANDLER_KEEPS_OFF,
    )
    if handled is not None:
        raise Forbidden(f"whoever handled {handled} has no say in who is asked: somebody else does this")


async def handled_accounts(connection: Any, staff_no: str, at: datetime) -> frozenset[int]:
    """The accounts (ids) at which a member of staff handled something lately."""
    rows = await connection.fetch(
        """SELECT DISTINCT account_id FROM invitation
           WHERE person_no = $1 AND account_id IS NOT NULL AND (occurred_at IS NULL OR occurred_at > $2)""",
        staff_no,
        at - HANDLER_KEEPS_OFF,
    )
    return frozenset(row["account_id"] for row in rows)


async def must_not_be_rated_by(connection: Any, staff_no: str, message_id: UUID | None) -> None:
    """Raise Forbidden where a text asked about the work of this member of staff or of their team: what was answered
    to it is read and judged by somebody else (promise P6: nobody keeps an answer out)."""
    if message_id is None:
        return
    rated = await connection.fetchval(
        f"""SELECT i.event_ref FROM invitation i
            WHERE i.id IN ({OF_TEXT}) AND (i.person_no = $2 OR i.team_code IN (
              SELECT t.code FROM staff_member s JOIN team t ON t.id = s.team_id WHERE s.staff_no = $2))
            LIMIT 1""",
        message_id,
        staff_no,
    )
    if rated is not None:
        raise Forbidden(f"this answers how {rated} was done: somebody outside that unit reads it")


async def _evaluation(connection: Any, evaluation: UUID) -> Any:
    row = await connection.fetchrow(_EVALUATION, evaluation)
    if row is None:
        raise NotFound("There is no evaluation with this id.")
    return row


async def _member(connection: Any, staff_no: str) -> Any:
    row = await connection.fetchrow(f"{_MEMBER} WHERE s.staff_no = $1", staff_no)
    if row is None:
        raise InvalidInput(f"there is no member of staff {staff_no}", field="by")
    return row


async def _outside(connection: Any, by: str, rated: Any, also: Sequence[str] = ()) -> None:
    member = await _member(connection, by)
    same_team = rated["team_code"] is not None and member["team"] == rated["team_code"]
    if by in (rated["person_no"], *also) or same_team:
        raise Forbidden("this is decided by somebody outside the unit whose work is rated")


async def _note(
    connection: Any, at: datetime, actor: str, action: str, evaluation: UUID, after: dict[str, Any]
) -> None:
    await audit.write(connection, at=at, actor=actor, action=action, subject=f"evaluation:{evaluation}", after=after)
