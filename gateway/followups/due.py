"""What falls due with time: occurrences of plans that recur, reminders, plans that were missed, calls."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.followups import visits
from gateway.followups.asking import Asking, Texts
from gateway.followups.planning import INSERT
from gateway.followups.rules import HORIZON, acting, occurrences
from gateway.kernel import audit
from gateway.kernel.database import Database
from gateway.kernel.ids import new_id
from gateway.notices import Asked

#: When managers are reminded of the day's plan, at the utility's home.
REMIND_AT: Final = time(8)
#: A plan that nobody has spoken of for so long after its day was missed.
MISSED_AFTER: Final = timedelta(days=7)
_ACTOR: Final = "clock"


class DueFollowups:
    """Does what is due; idempotent, so that it may run at any moment and on any node."""

    def __init__(self, database: Database, asking: Asking, texts: Texts, zone: ZoneInfo) -> None:
        self._database = database
        self._asking = asking
        self._texts = texts
        self._zone = zone

    async def run(self, now: datetime) -> None:
        """Do everything that is due at `now`."""
        async with self._database.work() as work:
            # One at a time: a reminder is one text, whatever nodes look at once.
            await work.execute("SELECT pg_advisory_xact_lock(hashtextextended('followups due', 0))")
            connection = work.connection
            await visits.plan(connection, now, self._zone)
            await self._recur(connection, now)
            await self._remind(connection, now)
            await self._miss(connection, now)
            await self._asking.ask_imported(connection, now)
            await self._asking.go_on(connection, now)
            await work.commit()

    async def next_due(self, connection: Any, now: datetime) -> datetime | None:
        """When the next reminder, call or end of waiting falls due after `now`."""
        row = await connection.fetchrow(
            """SELECT (SELECT min(planned_for) FROM followup WHERE state = 'planned' AND reminded_at IS NULL
                         AND planned_for > $1) AS remind,
                      (SELECT min(planned_for) FROM followup WHERE state = 'planned'
                         AND planned_for > $2) AS miss,
                      (SELECT min(answer_by) FROM independent_followup
                       WHERE state = 'asked' AND answer_by > $3) AS call""",
            self._day(now - _since_midnight(REMIND_AT)),
            self._day(now - MISSED_AFTER),
            now,
        )
        moments = [
            row["remind"] and self._at(row["remind"]),
            row["miss"] and self._at(row["miss"]) + MISSED_AFTER,
            row["call"],
        ]
        return min((moment for moment in moments if moment is not None and moment > now), default=None)

    async def _recur(self, connection: Any, now: datetime) -> None:
        until = self._day(now) + HORIZON
        for series in await connection.fetch(
            "SELECT * FROM followup_series WHERE ended_at IS NULL AND made_until < $1 FOR UPDATE", until
        ):
            for day in occurrences(series["rule"], series["starts_on"], series["made_until"], until):
                await connection.execute(
                    INSERT,
                    new_id(now),
                    series["id"],
                    series["account_id"],
                    series["manager_no"],
                    day,
                    series["topic"],
                    series["channel"],
                    now,
                    _ACTOR,
                    series["programme"],
                )
            await connection.execute("UPDATE followup_series SET made_until = $2 WHERE id = $1", series["id"], until)

    async def _remind(self, connection: Any, now: datetime) -> None:
        """One text a plan, on its day, to whoever acts for the manager, where their number is known."""
        today = self._day(now)
        if now < self._at(today):
            return
        rows = await connection.fetch(
            """SELECT f.id, f.manager_no, f.deputy_no, f.topic, a.account_no FROM followup f
               JOIN account a ON a.id = f.account_id
               WHERE f.state = 'planned' AND f.planned_for = $1 AND f.reminded_at IS NULL ORDER BY f.id""",
            today,
        )
        if not rows:
            return
        absences = await connection.fetch(
            "SELECT manager_no, deputy_no, first_day, last_day FROM deputy WHERE $1 BETWEEN first_day AND last_day",
            today,
        )
        standing = [tuple(row) for row in absences]
        actors = {row["id"]: row["deputy_no"] or acting(row["manager_no"], today, standing) for row in rows}
        numbers = dict(
            await connection.fetch(
                "SELECT staff_no, phone FROM staff_member WHERE phone IS NOT NULL AND staff_no = ANY($1::text[])",
                list(actors.values()),
            )
        )
        asked = [
            Asked(
                template="followup_due",
                to=numbers[actors[row["id"]]],
                values={"account_tail": row["account_no"], "topic": row["topic"]},
                reference=f"followup:{row['id']}",
                expires_at=now + timedelta(hours=10),
            )
            for row in rows
            if actors[row["id"]] in numbers
        ]
        await self._texts.accept(connection, asked, now=now)
        for row in rows:
            deputy = actors[row["id"]] if actors[row["id"]] != row["manager_no"] else None
            await connection.execute(
                "UPDATE followup SET reminded_at = $2, deputy_no = coalesce($3, deputy_no) WHERE id = $1",
                row["id"],
                now,
                deputy,
            )

    async def _miss(self, connection: Any, now: datetime) -> None:
        rows = await connection.fetch(
            """UPDATE followup SET state = 'missed' WHERE state = 'planned' AND planned_for <= $1
               RETURNING id, planned_for""",
            self._day(now - MISSED_AFTER),
        )
        for row in rows:
            await audit.write(
                connection,
                at=now,
                actor=_ACTOR,
                action="followup.missed",
                subject=f"followup:{row['id']}",
                after={"planned_for": row["planned_for"].isoformat()},
            )

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self._zone).date()

    def _at(self, day: date) -> datetime:
        return datetime.combine(day, REMIND_AT, self._zone)


def _since_midnight(moment: time) -> timedelta:
    return timedelta(hours=moment.hour, minutes=moment.minute)
