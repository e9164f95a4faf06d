"""Plans that recur, changed from one of their days on: this one and all that follow (RFC 5545's THISANDFUTURE)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.reach import require_account
from gateway.followups.beginning import begin_due
from gateway.followups.noting import note
from gateway.followups.planning import INSERT
from gateway.followups.rules import HORIZON, check_rule, following, occurrences
from gateway.followups.standing_in import require_own_plan
from gateway.kernel.acting import needs
from gateway.kernel.clock import Clock
from gateway.kernel.database import driver
from gateway.kernel.errors import Conflict, InvalidInput, NotFound
from gateway.kernel.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Onwards:
    """What changes from one day of a series on; None leaves a thing as it is. `starts_on`: the day's new place."""

    starts_on: date | None = None
    topic: str | None = None
    channel: str | None = None
    #: The value of RRULE; without one the old rule goes on, with what is left of its COUNT.
    rule: str | None = None


class Series:
    """Use cases on plans that recur. Each raises NotFound, Conflict where it does not recur or is over."""

    def __init__(self, clock: Clock, zone: ZoneInfo) -> None:
        self._clock = clock
        self._zone = zone

    @needs("followups:write")
    async def change(self, session: AsyncSession, followup_id: UUID, new: Onwards, *, actor: str) -> UUID:
        """Put another series in the place of this day and all that follow; the first of it.

        What lies before stays as it is. Raises InvalidInput naming the field.
        """
        connection, row = await self._locked(session, followup_id)
        now = self._clock.now()
        today = now.astimezone(self._zone).date()
        starts_on = new.starts_on or row["planned_for"]
        if starts_on < today:
            raise InvalidInput("a plan is moved to today or later", field="planned_for")
        rule = (
            following(row["rule"], await self._before(connection, row))
            if new.rule is None
            else check_rule(new.rule, starts_on, self._zone)
        )
        until = max(today + HORIZON, starts_on)
        days = occurrences(rule, starts_on, starts_on.fromordinal(starts_on.toordinal() - 1), until)
        if not days:
            raise InvalidInput(f"this rule does not come to a day in the next {HORIZON.days} days", field="rule")
        await self._end(connection, row, now, "another series took its place")
        series = new_id(now)
        topic, channel = new.topic or row["topic"], new.channel or row["channel"]
        await connection.execute(
            """INSERT INTO followup_series
                 (id, account_id, manager_no, topic, channel, rule, starts_on, made_until, programme)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
            series, row["account_id"], row["manager_no"], topic, channel, rule, starts_on, until, row["programme"],
        )  # fmt: skip
        made = [new_id(now) for _ in days]
        for followup, day in zip(made, days, strict=True):
            await connection.execute(
                INSERT, followup, series, row["account_id"], row["manager_no"], day, topic, channel, now, actor,
                row["programme"],
            )  # fmt: skip
        after = {"rule": rule, "starts_on": starts_on.isoformat(), "topic": topic, "channel": channel}
        before = {
            "rule": row["rule"], "starts_on": row["planned_for"].isoformat(), "topic": row["topic"],
            "channel": row["channel"],
        }  # fmt: skip
        await note(connection, self._clock.now(), actor, "followup.series_changed", made[0], after, before)
        return made[0]

    @needs("followups:write")
    async def end(self, session: AsyncSession, followup_id: UUID, *, actor: str) -> int:
        """Cancel this day and all that follow; how many. What lies before stays planned."""
        connection, row = await self._locked(session, followup_id)
        cancelled = await self._end(connection, row, self._clock.now(), "the series was ended")
        await note(connection, self._clock.now(), actor, "followup.series_ended", followup_id, {"cancelled": cancelled})
        return cancelled

    async def _locked(self, session: AsyncSession, followup_id: UUID) -> tuple[Any, Any]:
        connection = await driver(session)
        row = await connection.fetchrow(
            """SELECT f.*, s.rule, s.ended_at FROM followup f LEFT JOIN followup_series s ON s.id = f.series_id
               WHERE f.id = $1 FOR UPDATE OF f""",
            followup_id,
        )
        if row is None:
            raise NotFound("There is no follow-up with this id.")
        await require_account(session, row["account_id"], "follow-up")
        await require_own_plan(session, row, self._clock.now().astimezone(self._zone).date())
        if row["series_id"] is None:
            raise Conflict("this follow-up does not recur")
        if row["state"] not in ("planned", "missed"):
            raise Conflict(f"the follow-up is {row['state']}")
        if row["ended_at"] is not None:
            raise Conflict("the series was ended already")
        return connection, row

    async def _before(self, connection: Any, row: Any) -> int:
        """How many of the series lie before this one."""
        number: int = await connection.fetchval(
            "SELECT count(*) FROM followup WHERE series_id = $1 AND planned_for < $2",
            row["series_id"],
            row["planned_for"],
        )
        return number

    async def _end(self, connection: Any, row: Any, now: datetime, because: str) -> int:
        await begin_due(connection, now, self._zone)
        await connection.execute("UPDATE followup_series SET ended_at = $2 WHERE id = $1", row["series_id"], now)
        cancelled = await connection.fetch(
            """UPDATE followup SET state = 'cancelled', outcome = $3
               WHERE series_id = $1 AND (id = $4 OR state = 'planned' AND planned_for >= $2) RETURNING id""",
            row["series_id"],
            row["planned_for"],
            because,
            row["id"],
        )
        return len(cancelled)
