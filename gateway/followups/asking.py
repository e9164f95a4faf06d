"""The independent follow-up: how the customer found the manager, asked by somebody else (domain notes S0.14).

By text first. Whoever does not answer, or cannot be texted, is called by a member of staff who is drawn from
outside the manager's team. What is answered is an evaluation of the manager; the manager's own plan never shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.reach import require_account
from gateway.evaluations import Answer, answered, attach, frozen_for, invitation_for, qualify, record
from gateway.followups.rules import ANSWER_WITHIN, CALL_WITHIN, MOST_CALLS, Member, draw_caller, independent
from gateway.kernel import audit
from gateway.kernel.acting import needs
from gateway.kernel.clock import Clock
from gateway.kernel.database import driver
from gateway.kernel.errors import Conflict, Forbidden, InvalidInput, LamplighterError, NotFound
from gateway.kernel.ids import new_id
from gateway.notices import Asked, Taken

#: What was done longer ago than this, as an import tells, is not asked about any more.
_FRESH: Final = timedelta(days=7)
#: What was missed or called off longer ago than this, because nothing ran meanwhile, is counted and not asked about.
_TOO_LATE: Final = timedelta(days=14)
_NOON: Final = time(12)
#: No contact point: of an account that nobody could be reached at when the day came, nobody is asked by text.
_NO_POINT: Final = 0
#: That a plan (f) was not the utility's but its manager's own, and its customer, at whatever account, is still to be
#: asked about another service. A text about the contact would use up the span in which a person gets one survey, and
#: whoever is rated would have chosen what is asked about: the customer is rung about the contact instead.
_IN_THE_WAY: Final = """f.programme IS NULL AND (f.made_by LIKE 'staff:%' OR f.made_by = 'clock') AND EXISTS (
  SELECT 1 FROM invitation i
  WHERE i.event_kind <> 'followup' AND i.drawn AND i.skipped IS NULL AND i.message_id IS NULL
    AND (i.account_id = f.account_id OR i.account_id IN (
      SELECT theirs.account_id FROM contact_link own JOIN contact_link theirs USING (contact_point_id)
      WHERE own.account_id = f.account_id)))"""
_STATES_ON_THE_WAY: Final = ("queued", "sending", "uncertain", "sent", "delivered")

#: Who did a follow-up: whoever of the manager and the deputy says so themselves, else the deputy where one is named.
#: So nobody lays a visit of their own at somebody else's door.
DOER: Final = """CASE WHEN f.done_by IN ('staff:' || f.manager_no, 'staff:' || f.deputy_no)
                           THEN substr(f.done_by, 7) ELSE coalesce(f.deputy_no, f.manager_no) END"""
#: What the customer is asked about.
SERVICE: Final = "CASE WHEN f.channel = 'visit' AND NOT a.vip THEN 'visit' ELSE 'followup' END"
_STAFF: Final = "SELECT s.staff_no, t.code AS team, s.job FROM staff_member s LEFT JOIN team t ON t.id = s.team_id"


class Texts(Protocol):
    """Writes single texts; `gateway.notices.Acceptor` does."""

    async def accept(
        self, connection: Any, asked: Sequence[Asked], *, now: datetime
    ) -> list[Taken | LamplighterError]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a call. Not reached: nothing else is said."""

    reached: bool
    score: int | None = None
    solved: bool | None = None
    comment: str | None = None


class Asking:
    """Asks, and notes what came of it."""

    def __init__(self, clock: Clock, texts: Texts, zone: ZoneInfo) -> None:
        self._clock = clock
        self._texts = texts
        self._zone = zone

    async def ask(self, connection: Any, followup_id: UUID, now: datetime) -> UUID | None:
        """Ask about a follow-up whose day has come, in the connection's transaction: one that was done, and one that is
        said to have been missed or called off, so that saying so keeps nobody from being asked.

        None where nobody is to be asked, or that was done before.
        """
        row = await connection.fetchrow(
            f"""SELECT f.id, f.account_id, f.state, {DOER} AS doer_no, coalesce(f.done_at, $2) AS done_at,
                      f.planned_for, a.account_no, a.language, {SERVICE} AS service,
                      {_IN_THE_WAY} AS in_the_way,
                      (SELECT i.person_no FROM invitation i
                       WHERE i.event_kind = 'followup' AND i.event_ref = f.id::text) AS begun_by
               FROM followup f JOIN account a ON a.id = f.account_id
               WHERE f.id = $1 AND NOT EXISTS (SELECT 1 FROM independent_followup i WHERE i.followup_id = f.id)""",
            followup_id,
            now,
        )
        if row is None:
            return None
        done = row["state"] == "done"
        ended_at = row["done_at"] if done else min(now, datetime.combine(row["planned_for"], _NOON, self._zone))
        # Whoever did the visit is evaluated, or who was to do it when its day came; a deputy who is named afterwards
        # answers for no visit that was not paid. The draw was made before anybody is asked.
        doer = row["doer_no"] if done else row["begun_by"] or row["doer_no"]
        invitation = await qualify(
            connection,
            event_kind="followup",
            event_ref=str(followup_id),
            service=row["service"],
            account_id=row["account_id"],
            team_code=await self._team(connection, doer),
            person_no=doer,
            occurred_at=ended_at,
            at=now,
            zone=self._zone,
            late=not done and now - ended_at > _TOO_LATE,
        )
        if invitation is None:
            return None
        frozen, point = await frozen_for(connection, invitation)
        if row["in_the_way"]:
            frozen, point = True, None
        (taken,) = await self._texts.accept(
            connection,
            [
                Asked(
                    template="survey_followup",
                    account_no=row["account_no"],
                    language=row["language"],
                    values={"day": ended_at.astimezone(self._zone).date() if done else row["planned_for"]},
                    reference=f"followup:{followup_id}",
                    point=(point or _NO_POINT) if frozen else None,
                    expires_at=now + ANSWER_WITHIN,
                )
            ],
            now=now,
        )
        message = taken.id if isinstance(taken, Taken) else None
        if message is not None:
            await attach(connection, invitation, message, now)
        asked = new_id(now)
        await connection.execute(
            """INSERT INTO independent_followup (id, followup_id, state, message_id, asked_at, answer_by)
               VALUES ($1, $2, 'asked', $3, $4, $5)""",
            asked,
            followup_id,
            message,
            now,
            now + ANSWER_WITHIN,
        )
        await self._note(connection, "independent_followup.asked", asked, {"message": str(message)})
        return asked

    async def ask_anyway(self, connection: Any, now: datetime) -> int:
        """Ask about follow-ups whose day had come and that were then missed or called off; how many."""
        rows = await connection.fetch(
            """SELECT f.id FROM invitation i JOIN followup f ON f.id::text = i.event_ref
               WHERE i.event_kind = 'followup' AND i.occurred_at IS NULL AND i.message_id IS NULL
                 AND f.state IN ('missed', 'cancelled') ORDER BY f.id FOR UPDATE OF f SKIP LOCKED"""
        )
        return sum([await self.ask(connection, row["id"], now) is not None for row in rows])

    async def ask_imported(self, connection: Any, now: datetime) -> int:
        """Ask about follow-ups that a file says were done lately; how many."""
        rows = await connection.fetch(
            """SELECT id FROM followup f WHERE state = 'done' AND done_at > $1
                 AND NOT EXISTS (SELECT 1 FROM independent_followup i WHERE i.followup_id = f.id)
                 AND NOT EXISTS (SELECT 1 FROM invitation i WHERE i.event_kind = 'followup'
                                   AND i.event_ref = f.id::text AND i.occurred_at IS NOT NULL)
               ORDER BY id FOR UPDATE SKIP LOCKED""",
            now - _FRESH,
        )
        return sum([await self.ask(connection, row["id"], now) is not None for row in rows])

    async def go_on(self, connection: Any, now: datetime) -> int:
        """Note who has answered; hand to a caller whom no text reaches or who has not answered in time."""
        rows = await connection.fetch(
            """SELECT i.id, i.message_id, i.answer_by, f.manager_no, f.deputy_no, m.state AS message_state
               FROM independent_followup i JOIN followup f ON f.id = i.followup_id
               LEFT JOIN message m ON m.id = i.message_id
               WHERE i.state = 'asked' ORDER BY i.id FOR UPDATE OF i SKIP LOCKED"""
        )
        heard = await answered(connection, [row["message_id"] for row in rows if row["message_id"]])
        staff = [Member(**row) for row in await connection.fetch(_STAFF)] if rows else []
        moved = 0
        for row in rows:
            if row["message_id"] in heard:
                await self._end(connection, row["id"], "answered", now)
            elif row["answer_by"] <= now or row["message_state"] not in _STATES_ON_THE_WAY:
                await self._to_call(connection, row, staff, now)
            else:
                continue
            moved += 1
        return moved

    async def _to_call(self, connection: Any, row: Any, staff: Sequence[Member], now: datetime) -> None:
        by_no = {member.staff_no: member for member in staff}
        doers = [no for no in (row["manager_no"], row["deputy_no"]) if no]
        barred = [by_no.get(no, Member(staff_no=no, team=None, job=None)) for no in doers]
        able = [member for member in staff if all(independent(member, one) for one in barred)]
        caller, draw = draw_caller(able, barred[0], str(row["id"]))
        await connection.execute(
            """UPDATE independent_followup SET state = 'to_call', caller_no = $2, draw = $3, call_by = $4
               WHERE id = $1""",
            row["id"],
            caller,
            draw,
            now + CALL_WITHIN,
        )
        await self._note(connection, "independent_followup.to_call", row["id"], {"caller": caller, "draw": draw})

    @needs("followups:review")
    async def called(
        self, session: AsyncSession, independent_id: UUID, outcome: Outcome, *, by: str, actor: str
    ) -> None:
        """Note what came of a call made by the member of staff `by`.

        Raises Forbidden where `by` did the visit, is the customer's manager or is of their team; Conflict where
        nobody is to be called any more; NotFound.
        """
        connection, now = await driver(session), self._clock.now()
        row = await connection.fetchrow(
            """SELECT i.*, f.manager_no, f.deputy_no, f.account_id FROM independent_followup i
               JOIN followup f ON f.id = i.followup_id WHERE i.id = $1 FOR UPDATE OF i""",
            independent_id,
        )
        if row is None:
            raise NotFound("There is no independent follow-up with this id.")
        await require_account(session, row["account_id"], "independent follow-up")
        if row["state"] not in ("asked", "to_call"):
            raise Conflict(f"this independent follow-up is {row['state']}")
        await self._must_be_independent(connection, by, (row["manager_no"], row["deputy_no"]))
        after: dict[str, Any] = {"by": by, "reached": outcome.reached}
        if not outcome.reached:
            tries = row["calls"] + 1
            await connection.execute("UPDATE independent_followup SET calls = $2 WHERE id = $1", independent_id, tries)
            if tries >= MOST_CALLS:
                await self._end(connection, independent_id, "unreached", now)
            await self._note(connection, "independent_followup.not_reached", independent_id, after, actor)
            return
        if outcome.score is None and outcome.solved is None and outcome.comment is None:
            words = "somebody who was reached said something: a score, whether it is solved, words"
            raise InvalidInput(words, field="score")
        message = row["message_id"] or await self._without_text(connection, row, now)
        recorded = await record(
            connection,
            Answer(
                message_id=message,
                inbound_id=None,
                contact_point_id=None,
                channel="phone",
                at=now,
                score=outcome.score,
                solved=outcome.solved,
                comment=outcome.comment,
            ),
        )
        await connection.execute(
            "UPDATE independent_followup SET calls = calls + 1, caller_no = $2 WHERE id = $1", independent_id, by
        )
        await self._end(connection, independent_id, "answered", now)
        after["evaluation"] = str(recorded.id) if recorded else None
        await self._note(connection, "independent_followup.answered", independent_id, after, actor)

    async def _without_text(self, connection: Any, row: Any, now: datetime) -> UUID:
        """The invitation of somebody who could not be texted at all: it bears the independent follow-up's own id."""
        ref, doer = str(row["followup_id"]), row["deputy_no"] or row["manager_no"]
        invitation = await invitation_for(connection, "followup", ref)
        if invitation is None:
            # It was asked about before events were noted.
            invitation = await qualify(
                connection,
                event_kind="followup",
                event_ref=ref,
                service="followup",
                account_id=row["account_id"],
                team_code=await self._team(connection, doer),
                person_no=doer,
                occurred_at=row["asked_at"],
                at=now,
                zone=self._zone,
            )
        if invitation is None:
            # It was not drawn; somebody rang all the same, and what was said is kept.
            invitation = await invitation_for(connection, "followup", ref)
        assert invitation is not None, "it was noted just now"
        await attach(connection, invitation, row["id"], now)
        made: UUID = row["id"]
        return made

    async def _must_be_independent(self, connection: Any, by: str, barred: Sequence[str | None]) -> None:
        caller = await self._member(connection, by)
        if caller is None:
            raise InvalidInput(f"there is no member of staff {by}", field="by")
        for staff_no in barred:
            if staff_no is None:
                continue
            other = await self._member(connection, staff_no) or Member(staff_no=staff_no, team=None, job=None)
            if not independent(caller, other):
                raise Forbidden("the independent follow-up is made by somebody outside the manager's team")

    async def _member(self, connection: Any, staff_no: str) -> Member | None:
        row = await connection.fetchrow(f"{_STAFF} WHERE s.staff_no = $1", staff_no)
        return None if row is None else Member(**row)

    async def _team(self, connection: Any, staff_no: str) -> str | None:
        member = await self._member(connection, staff_no)
        return member.team if member else None

    async def _end(self, connection: Any, independent_id: UUID, state: str, now: datetime) -> None:
        await connection.execute(
            "UPDATE independent_followup SET state = $2, ended_at = $3 WHERE id = $1", independent_id, state, now
        )

    async def _note(
        self, connection: Any, action: str, independent_id: UUID, after: dict[str, Any], actor: str = "clock"
    ) -> None:
        await audit.write(
            connection,
            at=self._clock.now(),
            actor=actor,
            action=action,
            subject=f"independent_followup:{independent_id}",
            after=after,
        )
