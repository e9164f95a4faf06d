"""The account managers' plan: made, moved, done, handed to a deputy. Each use case works in the session's
transaction and leaves an audit entry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.reach import require_account
from gateway.followups.beginning import PUT_OFF, begin_due, begun_on
from gateway.followups.noting import note
from gateway.followups.rules import HORIZON, check_rule, occurrences
from gateway.followups.standing_in import known, require_own_customer, require_own_plan
from gateway.kernel.acting import needs
from gateway.kernel.clock import Clock
from gateway.kernel.database import driver
from gateway.kernel.errors import Conflict, InvalidInput, NotFound
from gateway.kernel.ids import new_id
from gateway.staff.tasks import NewTask, open_tasks

#: Starts the independent follow-up of one that was done, in the connection's transaction.
Ask = Callable[[Any, UUID, datetime], Awaitable[Any]]

#: The kind of task that a customer's wish is.
VOICE_TASK: Final = "customer_voice"
#: One planned day: id, series, account, manager, day, topic, channel, when and by whom it was written down, programme.
INSERT: Final = """
INSERT INTO followup (id, series_id, account_id, manager_no, planned_for, topic, channel, made_at, made_by, programme)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A follow-up as it was asked for. Without `manager_no` it is the account's manager's."""

    account_no: str
    planned_for: date
    topic: str
    channel: str = "visit"
    manager_no: str | None = None
    rule: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to change; None leaves a thing as it is."""

    state: str | None = None
    outcome: str | None = None
    planned_for: date | None = None
    topic: str | None = None
    channel: str | None = None
    deputy_no: str | None = None


class Followups:
    """The plan and what became of it."""

    def __init__(self, clock: Clock, ask: Ask, zone: ZoneInfo) -> None:
        self._clock = clock
        self._ask = ask
        self._zone = zone

    @needs("followups:write")
    async def plan(self, session: AsyncSession, plan: Plan, *, actor: str) -> list[UUID]:
        """Plan a follow-up, or a series of them; the ids, the first in time first.

        Raises InvalidInput naming the field: an account or a member of staff that is not known, a day that is
        over, a rule that cannot be read. Raises Forbidden where a person plans what is not theirs to plan.
        """
        connection, now = await driver(session), self._clock.now()
        account = await connection.fetchrow("SELECT id, manager_no FROM account WHERE account_no = $1", plan.account_no)
        if account is None:
            raise InvalidInput(f"there is no account {plan.account_no}", field="account_no")
        await require_account(session, account["id"])
        manager = plan.manager_no or account["manager_no"]
        if manager is None:
            raise InvalidInput("this account has no manager: name one", field="manager")
        await known(connection, manager, "manager")
        await require_own_customer(session, account, manager, self._today(now))
        if plan.planned_for < self._today(now):
            raise InvalidInput("a plan is for today or later", field="planned_for")
        if plan.rule is None:
            made = [await self._insert(connection, None, account["id"], manager, plan, plan.planned_for, now, actor)]
        else:
            made = await self._series(connection, account["id"], manager, plan, now, actor)
        await note(
            connection,
            now,
            actor,
            "followup.planned",
            made[0],
            after={
                "account_no": plan.account_no,
                "manager": manager,
                "planned_for": plan.planned_for.isoformat(),
                "rule": plan.rule,
            },
        )
        return made

    async def _series(
        self, connection: Any, account: int, manager: str, plan: Plan, now: datetime, actor: str
    ) -> list[UUID]:
        assert plan.rule is not None
        rule = check_rule(plan.rule, plan.planned_for, self._zone)
        until = self._today(now) + HORIZON
        before = plan.planned_for.fromordinal(plan.planned_for.toordinal() - 1)
        days = occurrences(rule, plan.planned_for, before, max(until, plan.planned_for))
        if not days:
            raise InvalidInput(f"this rule does not come to a day in the next {HORIZON.days} days", field="rule")
        series = new_id(now)
        await connection.execute(
            """INSERT INTO followup_series
                 (id, account_id, manager_no, topic, channel, rule, starts_on, made_until)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
            series,
            account,
            manager,
            plan.topic,
            plan.channel,
            rule,
            plan.planned_for,
            max(until, plan.planned_for),
        )
        return [await self._insert(connection, series, account, manager, plan, day, now, actor) for day in days]

    async def _insert(
        self,
        connection: Any,
        series: UUID | None,
        account: int,
        manager: str,
        plan: Plan,
        day: date,
        now: datetime,
        actor: str,
    ) -> UUID:
        made = new_id(now)
        await connection.execute(
            INSERT, made, series, account, manager, day, plan.topic, plan.channel, now, actor, None
        )
        return made

    @needs("followups:write")
    async def change(self, session: AsyncSession, followup_id: UUID, change: Change, *, actor: str) -> None:
        """Change what is planned, or say what came of it. `done` needs an outcome and starts the independent one.

        Raises NotFound, Conflict where it is over, InvalidInput naming the field.
        """
        connection, now = await driver(session), self._clock.now()
        row = await self._locked(session, followup_id)
        # What is said from its day on changes nothing about who is asked.
        await begin_due(connection, now, self._zone)
        if row["state"] not in ("planned", "missed"):
            raise Conflict(f"the follow-up is {row['state']}")
        if change.deputy_no is not None:
            await known(connection, change.deputy_no, "deputy")
        if change.planned_for is not None and change.planned_for < self._today(now):
            raise InvalidInput("a plan is moved to today or later", field="planned_for")
        begun = await begun_on(connection, followup_id, self._zone)
        if begun is not None and change.planned_for is not None:
            if row["state"] == "missed":
                raise Conflict("its customer was asked about it: plan another")
            if change.planned_for > begun + PUT_OFF:
                words = (
                    f"it was to be on {begun}: say what came of it, or put it off to {begun + PUT_OFF} at the latest"
                )
                raise InvalidInput(words, field="planned_for")
        if change.state == "done" and not change.outcome:
            raise InvalidInput("what is done has an outcome", field="outcome")
        state = change.state or ("planned" if change.planned_for is not None else row["state"])
        after = {
            "state": state,
            "planned_for": change.planned_for or row["planned_for"],
            "topic": change.topic or row["topic"],
            "channel": change.channel or row["channel"],
            "deputy_no": change.deputy_no or row["deputy_no"],
            "outcome": change.outcome or row["outcome"],
        }
        done = state == "done"
        if done and after["deputy_no"] is None:
            after["deputy_no"] = await self._stood_in(connection, row, actor)
        await connection.execute(
            """UPDATE followup SET state = $2, planned_for = $3, topic = $4, channel = $5, deputy_no = $6, outcome = $7,
                 done_at = $8, done_by = $9, reminded_at = CASE WHEN $3 = planned_for THEN reminded_at END
               WHERE id = $1""",
            followup_id,
            *after.values(),
            now if done else None,
            actor if done else None,
        )
        before = {name: row[name] for name in after}
        await note(
            connection,
            now,
            actor,
            f"followup.{state if change.state else 'changed'}",
            followup_id,
            _said(after),
            _said(before),
        )
        if done or (begun is not None and state == "cancelled"):
            await self._ask(connection, followup_id, now)

    async def _stood_in(self, connection: Any, row: Any, actor: str) -> str | None:
        """Who did it, where that is whoever stood in for the manager that day: it is their work that is rated."""
        deputy: str | None = await connection.fetchval(
            """SELECT deputy_no FROM deputy WHERE manager_no = $1 AND 'staff:' || deputy_no = $3
                 AND $2 BETWEEN first_day AND last_day LIMIT 1""",
            row["manager_no"],
            row["planned_for"],
            actor,
        )
        return deputy

    @needs("followups:write")
    async def end_series(self, session: AsyncSession, followup_id: UUID, *, actor: str) -> int:
        """End the series a follow-up belongs to: what is still planned of it is cancelled; how many."""
        connection, now = await driver(session), self._clock.now()
        row = await self._locked(session, followup_id)
        await begin_due(connection, now, self._zone)
        if row["series_id"] is None:
            raise Conflict("this follow-up does not recur")
        await connection.execute(
            "UPDATE followup_series SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL", row["series_id"], now
        )
        cancelled = await connection.fetch(
            """UPDATE followup SET state = 'cancelled', outcome = 'the series was ended'
               WHERE series_id = $1 AND state = 'planned' RETURNING id""",
            row["series_id"],
        )
        await note(
            connection, self._clock.now(), actor, "followup.series_ended", followup_id, {"cancelled": len(cancelled)}
        )
        return len(cancelled)

    @needs("followups:write")
    async def hear(
        self, session: AsyncSession, followup_id: UUID, *, words: str, owner_no: str, due_on: date, actor: str
    ) -> UUID:
        """Write down what the customer wants looked into: who owes the answer, and by when."""
        connection, now = await driver(session), self._clock.now()
        row = await self._locked(session, followup_id)
        await known(connection, owner_no, "owner")
        if due_on < self._today(now):
            raise InvalidInput("an answer is owed today or later", field="due_on")
        voice = new_id(now)
        task = await self._task(connection, voice, row["account_id"], words, owner_no, due_on, now, actor)
        await connection.execute(
            """INSERT INTO customer_voice (id, followup_id, words, owner_no, due_on, said_at, task_id)
               VALUES ($1, $2, $3, $4, $5, $6, $7)""",
            voice,
            followup_id,
            words,
            owner_no,
            due_on,
            now,
            task,
        )
        await note(
            connection,
            self._clock.now(),
            actor,
            "followup.voice",
            followup_id,
            {"voice": str(voice), "owner": owner_no},
        )
        return voice

    async def _task(
        self,
        connection: Any,
        voice: UUID,
        account: int,
        words: str,
        owner_no: str,
        due_on: date,
        now: datetime,
        actor: str,
    ) -> UUID | None:
        """The task of whoever owes the answer, in their team, due at the end of the day."""
        team = await connection.fetchval(
            "SELECT t.code FROM staff_member s JOIN team t ON t.id = s.team_id WHERE s.staff_no = $1", owner_no
        )
        task = NewTask(
            kind=VOICE_TASK,
            subject=f"voice:{voice}",
            words=words,
            due_at=datetime.combine(due_on, time(), self._zone) + timedelta(days=1),
            account_id=account,
            unit=team or "key_accounts",
            owner_no=owner_no,
        )
        await open_tasks(connection, [task], at=now, actor=actor)
        made: UUID | None = await connection.fetchval("SELECT id FROM task WHERE subject = $1", task.subject)
        return made

    @needs("followups:write")
    async def answer(self, session: AsyncSession, voice_id: UUID, *, answer: str, actor: str) -> None:
        """Say what became of what the customer wanted. Raises NotFound, Conflict."""
        connection, now = await driver(session), self._clock.now()
        row = await connection.fetchrow(
            """SELECT v.state, v.followup_id, v.task_id, f.account_id FROM customer_voice v
               JOIN followup f ON f.id = v.followup_id WHERE v.id = $1 FOR UPDATE OF v""",
            voice_id,
        )
        if row is None:
            raise NotFound("There is no such item.")
        await require_account(session, row["account_id"], "item")
        if row["state"] != "open":
            raise Conflict("it was answered already")
        await connection.execute(
            "UPDATE customer_voice SET state = 'answered', answer = $2, answered_at = $3 WHERE id = $1",
            voice_id,
            answer,
            now,
        )
        await connection.execute(
            """UPDATE task SET state = 'done', closed_at = $2, closed_by = $3, outcome = $4
               WHERE id = $1 AND state = 'open'""",
            row["task_id"],
            now,
            actor,
            answer,
        )
        await note(
            connection,
            self._clock.now(),
            actor,
            "followup.voice_answered",
            row["followup_id"],
            {"voice": str(voice_id)},
        )

    def _today(self, now: datetime) -> date:
        return now.astimezone(self._zone).date()

    async def _locked(self, session: AsyncSession, followup_id: UUID) -> Any:
        connection = await driver(session)
        row = await connection.fetchrow("SELECT * FROM followup WHERE id = $1 FOR UPDATE", followup_id)
        if row is None:
            raise NotFound("There is no follow-up with this id.")
        await require_account(session, row["account_id"], "follow-up")
        await require_own_plan(session, row, self._today(self._clock.now()))
        return row


def _said(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
