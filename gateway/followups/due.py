"""What falls due with time: occurrences of plans that recur, reminders, plans that were missed, calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.followups import visits
from gateway.followups.asking import Asking, Texts
from gateway.followups.beginning import begin_due
from gateway.followups.noting import note
from gateway.followups.planning import INSERT
from gateway.followups.rules import HORIZON, acting, occurrences
from gateway.kernel import audit
from gateway.kernel.database import Database
from gateway.kernel.errors import InvalidInput
from gateway.kernel.ids import new_id
from gateway.notices import Asked
from gateway.staff import notes
from gateway.staff.notes import NewNote

#: When managers are reminded of the day's plan, at the utility's home.
REMIND_AT: Final = time(8)
#: A plan that nobody has spoken of for so long after its day was missed.
MISSED_AFTER: Final = timedelta(days=7)
_ACTOR: Final = "clock"
#: The text that reminds, and the kind of the note that does so in a chat.
REMINDER: Final = "followup_due"
#: Freezes the numbers of events noted in the connection's transaction.
Freeze = Callable[[Any, datetime], Awaitable[None]]


class DueFollowups:
    """Does what is due; idempotent, so that it may run at any moment and on any node."""

    def __init__(self, database: Database, asking: Asking, texts: Texts, zone: ZoneInfo, *, freeze: Freeze) -> None:
        self._database = database
        self._asking = asking
        self._texts = texts
        self._zone = zone
        self._freeze = freeze

    async def run(self, now: datetime) -> None:
        """Do everything that is due at `now`."""
        async with self._database.work() as work:
            # One at a time: a reminder is one text, whatever nodes look at once.
            await work.execute("SELECT pg_advisory_xact_lock(hashtextextended('followups due', 0))")
            connection = work.connection
            await visits.plan(connection, now, self._zone)
            await self._recur(connection, now)
            if await begin_due(connection, now, self._zone):
                await self._freeze(connection, now)
            await self._remind(connection, now)
            await self._remind_otherwise(connection, now)
            await self._miss(connection, now)
            await self._answer(connection)
            await self._asking.ask_anyway(connection, now)
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
            try:
                days = occurrences(series["rule"], series["starts_on"], series["made_until"], until)
            except InvalidInput as wrong:
                # Kept before rules were read as strictly as now: what is written down stands, and nothing follows.
                await self._cannot_go_on(connection, series["id"], str(wrong), now)
                continue
            for day in days:
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

    async def _cannot_go_on(self, connection: Any, series: Any, why: str, now: datetime) -> None:
        await connection.execute("UPDATE followup_series SET ended_at = $2 WHERE id = $1", series, now)
        await audit.write(
            connection,
            at=now,
            actor=_ACTOR,
            action="followup.series_ended",
            subject=f"followup_series:{series}",
            after={"because": why},
        )

    async def _remind(self, connection: Any, now: datetime) -> None:
        """Once a plan, on its day: in the chat of whoever acts for the manager, else by SMS to their number."""
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
        numbers = await _numbers(connection, list(actors.values()))
        chatting = await notes.in_chat(connection, actors.values())
        left: list[NewNote] = []
        asked: list[Asked] = []
        for row in rows:
            actor, subject = actors[row["id"]], f"followup:{row['id']}"
            values = {"account_tail": row["account_no"], "topic": row["topic"]}
            if actor in chatting:
                left.append(NewNote(staff_no=actor, kind=REMINDER, subject=subject, values=values))
            elif actor in numbers:
                asked.append(_reminder(numbers[actor], subject, values, now))
        await notes.leave(connection, left, at=now)
        await self._texts.accept(connection, asked, now=now)
        for row in rows:
            deputy = actors[row["id"]] if actors[row["id"]] != row["manager_no"] else None
            await connection.execute(
                "UPDATE followup SET reminded_at = $2, deputy_no = coalesce($3, deputy_no) WHERE id = $1",
                row["id"],
                now,
                deputy,
            )

    async def _remind_otherwise(self, connection: Any, now: datetime) -> None:
        """By SMS, those whose chat did not take it; nobody is reminded twice."""
        given_up = await notes.give_up(connection, REMINDER)
        if not given_up:
            return
        numbers = await _numbers(connection, [staff_no for staff_no, _, _ in given_up])
        asked = [
            _reminder(numbers[staff_no], subject, values, now)
            for staff_no, subject, values in given_up
            if staff_no in numbers
        ]
        await self._texts.accept(connection, asked, now=now)

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

    async def _answer(self, connection: Any) -> None:
        """What a customer wanted is answered once the task of whoever owed the answer is done."""
        rows = await connection.fetch(
            """UPDATE customer_voice v
               SET state = 'answered', answer = coalesce(t.outcome, ''), answered_at = t.closed_at
               FROM task t WHERE t.id = v.task_id AND t.state = 'done' AND v.state = 'open'
               RETURNING v.id, v.followup_id, t.closed_at, t.closed_by"""
        )
        for row in rows:
            voice = {"voice": str(row["id"])}
            await note(
                connection, row["closed_at"], row["closed_by"], "followup.voice_answered", row["followup_id"], voice
            )

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self._zone).date()

    def _at(self, day: date) -> datetime:
        return datetime.combine(day, REMIND_AT, self._zone)


async def _numbers(connection: Any, staff_nos: Sequence[str]) -> Mapping[str, str]:
    rows = await connection.fetch(
        "SELECT staff_no, phone FROM staff_member WHERE phone IS NOT NULL AND staff_no = ANY($1::text[])",
        list(staff_nos),
    )
    return {row["staff_no"]: row["phone"] for row in rows}


def _reminder(number: str, subject: str, values: Mapping[str, str], now: datetime) -> Asked:
    expires_at = now + timedelta(hours=10)
    return Asked(template=REMINDER, to=number, values=values, reference=subject, expires_at=expires_at)


def _since_midnight(moment: time) -> timedelta:
    return timedelta(hours=moment.hour, minutes=moment.minute)
