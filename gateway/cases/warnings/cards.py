"""Supervision cards: issued at once to a named person, with a time, checked by a third (domain notes S1.11).

Issuer, doer and checker are three people, which the table itself holds; the checker is of another team than the doer,
and each speaks for themselves: nobody signs in as one and acts as all three.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.cases.warnings.keeping import CARD_OVERDUE
from gateway.cases.warnings.reach import must_be, units_within
from gateway.kernel import audit
from gateway.kernel.acting import acting_in, needs
from gateway.kernel.clock import Clock
from gateway.kernel.database import driver
from gateway.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from gateway.kernel.ids import new_id
from gateway.staff.tasks import drop_tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCard:
    """A card: people by their staff numbers. `subject` says what it is about (`case:…`, `warning:…`)."""

    words: str
    issuer: str
    doer: str
    checker: str
    due_at: datetime
    unit: str | None = None
    subject: str | None = None


class Cards:
    """Use cases on supervision cards. Those on one raise NotFound, Conflict, Forbidden."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @needs("cases:write")
    async def issue(self, session: AsyncSession, asked: NewCard, *, actor: str) -> UUID:
        """Issue a card. Raises InvalidInput for people nobody knows, Forbidden where two of the three are one."""
        connection, now = await driver(session), self._clock.now()
        if asked.due_at <= now:
            raise InvalidInput("its time lies ahead", field="due_at")
        must_be(session, asked.issuer)
        people = {"issuer": asked.issuer, "doer": asked.doer, "checker": asked.checker}
        if len(set(people.values())) < len(people):
            raise Forbidden("issuer, doer and checker are three people")
        teams = await self._teams(connection, people)
        if teams["doer"] is not None and teams["doer"] == teams["checker"]:
            raise Forbidden("the checker is of another team than the doer")
        unit = asked.unit or teams["doer"]
        if unit is None:
            raise InvalidInput("a card has a unit; the doer is in no team", field="unit")
        units = await units_within(session)
        if units is not None and unit not in units:
            raise Forbidden("a card is issued to a unit of one's own part of the utility")
        made = new_id(now)
        await connection.execute(
            """INSERT INTO supervision_card (id, subject, words, issuer, unit, doer, checker, issued_at, due_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
            made,
            asked.subject,
            asked.words,
            asked.issuer,
            unit,
            asked.doer,
            asked.checker,
            now,
            asked.due_at,
        )
        await self._audit(connection, "issued", made, actor, {**people, "unit": unit, "due_at": str(asked.due_at)})
        return made

    @needs("cases:write")
    async def report(self, session: AsyncSession, card_id: UUID, *, by: str, report: str, actor: str) -> None:
        """What the doer did."""
        connection, row = await self._locked(session, card_id, "issued")
        must_be(session, by)
        if by != row["doer"]:
            raise Forbidden("the named person reports")
        now = self._clock.now()
        await connection.execute(
            "UPDATE supervision_card SET state = 'reported', reported_at = $2, report = $3 WHERE id = $1",
            card_id,
            now,
            report,
        )
        await drop_tasks(
            connection,
            [f"supervision_card:{card_id}"],
            kinds=(CARD_OVERDUE,),
            because="it was reported on",
            at=now,
            actor=actor,
        )
        await self._audit(connection, "reported", card_id, actor, {"by": by, "report": report})

    @needs("cases:review")
    async def check(
        self,
        session: AsyncSession,
        card_id: UUID,
        *,
        by: str,
        passed: bool,
        result: str,
        due_at: datetime | None,
        actor: str,
    ) -> None:
        """What the checker found: passed, or sent back to the doer with another time."""
        connection, row = await self._locked(session, card_id, "reported")
        must_be(session, by)
        if by != row["checker"]:
            raise Forbidden("the named checker checks")
        now = self._clock.now()
        if not passed and (due_at is None or due_at <= now):
            raise InvalidInput("what is sent back has a new time that lies ahead", field="due_at")
        await connection.execute(
            """UPDATE supervision_card SET state = CASE WHEN $4 THEN 'passed' ELSE 'issued' END, checked_at = $2,
                 result = $3, sent_back = sent_back + CASE WHEN $4 THEN 0 ELSE 1 END,
                 due_at = coalesce($5, due_at), escalated_at = CASE WHEN $4 THEN escalated_at END WHERE id = $1""",
            card_id,
            now,
            result,
            passed,
            None if passed else due_at,
        )
        await self._audit(connection, "passed" if passed else "sent_back", card_id, actor, {"by": by, "result": result})

    @needs("cases:write")
    async def withdraw(self, session: AsyncSession, card_id: UUID, *, by: str, reason: str, actor: str) -> None:
        """The issuer takes it back."""
        connection, row = await self._locked(session, card_id, "issued")
        must_be(session, by)
        if by != row["issuer"]:
            raise Forbidden("who issued a card takes it back")
        await connection.execute(
            "UPDATE supervision_card SET state = 'withdrawn', result = $2, checked_at = $3 WHERE id = $1",
            card_id,
            reason,
            self._clock.now(),
        )
        await self._audit(connection, "withdrawn", card_id, actor, {"by": by, "reason": reason})

    @staticmethod
    async def _teams(connection: Any, people: dict[str, str]) -> dict[str, str | None]:
        rows = await connection.fetch(
            """SELECT s.staff_no, t.code FROM staff_member s LEFT JOIN team t ON t.id = s.team_id
               WHERE s.staff_no = ANY($1::text[])""",
            list(people.values()),
        )
        known = {row["staff_no"]: row["code"] for row in rows}
        for field, staff_no in people.items():
            if staff_no not in known:
                raise InvalidInput(f"there is no member of staff {staff_no}", field=field)
        return {field: known[staff_no] for field, staff_no in people.items()}

    @staticmethod
    async def _locked(session: AsyncSession, card_id: UUID, wanted: str) -> tuple[Any, Any]:
        connection = await driver(session)
        row = await connection.fetchrow("SELECT * FROM supervision_card WHERE id = $1 FOR UPDATE", card_id)
        if row is None or not await _reaches(session, row):
            raise NotFound("There is no supervision card with this id.")
        if row["state"] != wanted:
            raise Conflict(f"the card is {row['state']}")
        return connection, row

    async def _audit(self, connection: Any, what: str, card: UUID, actor: str, facts: dict[str, Any]) -> None:
        await audit.write(
            connection,
            at=self._clock.now(),
            actor=actor,
            action=f"supervision_card.{what}",
            subject=f"supervision_card:{card}",
            after=facts,
        )


async def _reaches(session: AsyncSession, card: Any) -> bool:
    """Whether a card is of the part that who acts acts for, or names them."""
    acting, units = acting_in(session), await units_within(session)
    if units is None or card["unit"] in units:
        return True
    return acting is not None and acting.staff_no in (card["issuer"], card["doer"], card["checker"])
