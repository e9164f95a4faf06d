"""What falls due with time: surveys about what was served, the one reminder, further questions, the end of waiting.

Nobody starts this and nobody is asked whether to: the clock does it (promise P6). Where surveys are left to people
(`SURVEYS=manual`), only what goes on from a survey that was approved is done here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from gateway.evaluations.noting import LOOK_BACK, SOURCES, Events
from gateway.evaluations.own_contacts import ask_all_the_same
from gateway.evaluations.praising import pass_on
from gateway.evaluations.programmes import make_seeds
from gateway.evaluations.surveys import service_words
from gateway.evaluations.tallies import count_days
from gateway.kernel.database import Database, Work, driver
from gateway.kernel.errors import LamplighterError
from gateway.notices import Asked, Draft, Notices, Taken

_ACTOR: Final = "clock"
#: What ended longer ago than this when it was first heard of is not asked about any more; it is counted.
FRESH: Final = timedelta(days=7)
#: A survey text that could not leave within this is not worth sending any more.
_LEAVES_WITHIN: Final = timedelta(hours=72)
#: How long after the end of waiting a receipt may still come.
_RECEIPTS: Final = timedelta(days=3)
#: The highest score of which is asked why.
_LOW: Final = 2
#: A question is given up for the next one when nobody has answered it for so long.
_ANSWERED_WITHIN: Final = timedelta(hours=24)
_MOST: Final = 1000
_END_EVERY: Final = timedelta(hours=1)

_WAITING: Final = """
SELECT min(occurred_at) FROM invitation
WHERE message_id IS NULL AND skipped IS NULL AND drawn AND qualified_at IS NOT NULL
"""
_UNDER_WAY: Final = """
SELECT EXISTS (SELECT 1 FROM notice WHERE kind = 'survey' AND drafted_by = 'clock'
                 AND state IN ('draft', 'approved', 'composing'))
"""
_REMIND: Final = """
SELECT i.id, i.service, i.began_at, i.contact_point_id, i.answer_by, a.account_no, a.language
FROM invitation i JOIN message m ON m.id = i.message_id JOIN account a ON a.id = i.account_id
WHERE i.reminder_id IS NULL AND i.remind_at <= $1 AND i.answer_by > $1 AND m.state IN ('sent', 'delivered')
  AND NOT EXISTS (SELECT 1 FROM evaluation e WHERE e.invitation_id = i.id)
ORDER BY i.id LIMIT $2 FOR UPDATE OF i SKIP LOCKED
"""
_NEXT: Final = """
SELECT i.id, i.asks, i.contact_point_id, i.answer_by, a.account_no, a.language, e.score, e.solved, e.comment, e.why,
       (SELECT max(t.at) FROM invitation_text t WHERE t.invitation_id = i.id AND t.asks = 'solved') AS solved_asked
FROM invitation i JOIN evaluation e ON e.invitation_id = i.id JOIN account a ON a.id = i.account_id
WHERE i.asks <> '{}' AND e.state <> 'withdrawn' ORDER BY i.id LIMIT $1 FOR UPDATE OF i SKIP LOCKED
"""
# What left is kept as it is when no receipt can come any more; what did not leave, at once.
_END: Final = """
UPDATE invitation i SET ended_state = m.state, ended_reason = m.withheld_reason
FROM message m
WHERE m.id = i.message_id AND i.ended_state IS NULL
  AND (i.answer_by < $1 AND m.state NOT IN ('queued', 'sending', 'uncertain')
       OR m.state IN ('withheld', 'expired', 'cancelled', 'failed'))
"""
_FLAG: Final = """
UPDATE invitation i SET flags = flags || '{contacts_changed}'
WHERE i.ended_state IS NULL AND i.answer_by > $1 AND i.contacts IS NOT NULL AND NOT 'contacts_changed' = ANY (flags)
  AND i.contacts <> ARRAY(SELECT contact_point_id::bigint FROM contact_link
                          WHERE account_id = i.account_id AND state IN ('verified', 'unverified') ORDER BY 1)
"""


# Somebody changed the customer's contacts in the days before the number was frozen: seen, though it is asked all the
# same. `handler_proposed` where that was whoever is rated, by a correction or a file.
_NEAR: Final = """
UPDATE invitation i SET flags = i.flags || near.flags
FROM (
  SELECT i.id, array_remove(ARRAY[
           CASE WHEN NOT 'contacts_changed' = ANY (i.flags) THEN 'contacts_changed' END,
           CASE WHEN bool_or(e.by = 'staff:' || i.person_no) AND NOT 'handler_proposed' = ANY (i.flags)
                THEN 'handler_proposed' END], NULL) AS flags
  FROM invitation i JOIN LATERAL (
    SELECT c.applied_by AS by FROM contact_link l JOIN correction_link cl ON cl.link_id = l.id
    JOIN correction c ON c.id = cl.correction_id
    WHERE l.account_id = i.account_id AND c.applied_at >= i.began_at - $2::interval AND c.applied_at <= i.frozen_at
    UNION ALL
    SELECT c.opened_by FROM correction c
    WHERE c.account_id = i.account_id AND c.reason = 'staff_report'
      AND c.opened_at >= i.began_at - $2::interval AND c.opened_at <= i.answer_by
    UNION ALL
    SELECT m.requested_by FROM contact_link l JOIN import m ON m.id = l.import_id
    WHERE l.account_id = i.account_id AND m.requested_by LIKE 'staff:%'
      AND m.requested_at >= i.began_at - $2::interval AND m.requested_at <= i.frozen_at
  ) AS e ON true
  WHERE i.ended_state IS NULL AND i.answer_by > $1 AND i.frozen_at IS NOT NULL
  GROUP BY i.id, i.flags
) AS near
WHERE near.id = i.id AND near.flags <> '{}'
"""
#: How long before a service a change of the customer's contacts is near it.
_BEFORE: Final = timedelta(days=7)


class Texts(Protocol):
    """Writes single texts; `gateway.notices.Acceptor` does."""

    async def accept(
        self, connection: Any, asked: Sequence[Asked], *, now: datetime
    ) -> list[Taken | LamplighterError]: ...


class Surveying:
    """Does what is due; idempotent, so that it may run at any moment and on any node."""

    def __init__(
        self, database: Database, notices: Notices, texts: Texts, events: Events, zone: ZoneInfo, *, automatic: bool
    ) -> None:
        self._database = database
        self._notices = notices
        self._texts = texts
        self._events = events
        self._zone = zone
        self._automatic = automatic
        self._ended_at: datetime | None = None

    async def run(self, now: datetime) -> None:
        """Do everything that is due at `now`."""
        async with self._database.work() as work:
            await work.execute("SELECT pg_advisory_xact_lock(hashtextextended('evaluations due', 0))")
            if self._automatic:
                await self._note(work, now)
                await self._remind(work.connection, now)
            await ask_all_the_same(work.connection, self._texts, now, self._zone)
            await self._go_on(work.connection, now)
            await self._end(work, now)
            await work.commit()
        if self._automatic:
            await self._invite(now)

    async def next_due(self, connection: Any, now: datetime) -> datetime | None:
        """When the next reminder is due after `now`."""
        if not self._automatic:
            return None
        due: datetime | None = await connection.fetchval(
            """SELECT min(remind_at) FROM invitation i WHERE reminder_id IS NULL AND remind_at > $1
                 AND NOT EXISTS (SELECT 1 FROM evaluation e WHERE e.invitation_id = i.id)""",
            now,
        )
        return due

    async def after_import(self, connection: Any, _import_id: Any, now: datetime) -> None:
        """Draw what a file brought: before anybody can know what will come of it."""
        await self._events.note(connection, now, since=now - LOOK_BACK, until=now, kinds=("work_order",))

    async def _end(self, work: Work, now: datetime) -> None:
        """Once an hour: flag what was changed, keep how texts ended; once a day: count the days that are over."""
        if self._ended_at is not None and timedelta(0) <= now - self._ended_at < _END_EVERY:
            return
        await work.execute(_FLAG, now - _RECEIPTS)
        await work.execute(_NEAR, now - _RECEIPTS, _BEFORE)
        await work.execute(_END, now - _RECEIPTS)
        if self._ended_at is None or self._ended_at.astimezone(self._zone).date() != now.astimezone(self._zone).date():
            await count_days(work.connection, now, self._zone)
            await pass_on(work.connection, now, self._zone)
        self._ended_at = now

    async def _note(self, work: Work, now: datetime) -> None:
        today = now.astimezone(self._zone).date()
        await make_seeds(work.connection, [today, today + timedelta(days=1)], now)
        # What ended before the first seed was made ended before anybody was asked.
        began = await work.value("SELECT min(made_at) FROM draw_seed")
        kinds = tuple(SOURCES)
        since = max(began, now - LOOK_BACK)
        await self._events.note(work.connection, now, since=since, until=now, kinds=kinds)
        await self._events.qualify(
            work.connection, now, since=since, until=now, fresh=max(since, now - FRESH), kinds=kinds
        )

    async def _invite(self, now: datetime) -> None:
        """One survey over all that waits, drafted and approved by the clock; the next one when it is composed."""
        async with self._database.session() as session:
            connection = await driver(session)
            await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('evaluations due', 0))")
            oldest = await connection.fetchval(_WAITING)
            if oldest is None or await connection.fetchval(_UNDER_WAY):
                return
            about = {"closed_from": oldest, "closed_to": now + timedelta(microseconds=1), "events": list(SOURCES)}
            draft = Draft(kind="survey", about=about, expires_at=now + _LEAVES_WITHIN)
            notice = await self._notices.draft(session, draft, actor=_ACTOR)
            await self._notices.approve(session, notice, actor=_ACTOR, two_people=True)
            await session.commit()

    async def _remind(self, connection: Any, now: datetime) -> None:
        rows = await connection.fetch(_REMIND, now, _MOST)
        asked = [
            Asked(
                template="survey_reminder",
                account_no=row["account_no"],
                values={
                    "service": service_words(row["language"], row["service"]),
                    "opened_on": row["began_at"].astimezone(self._zone).date(),
                },
                point=row["contact_point_id"],
                expires_at=row["answer_by"],
                goes_on=True,
            )
            for row in rows
        ]
        await self._send(connection, rows, asked, ["reminder"] * len(rows), now)

    async def _go_on(self, connection: Any, now: datetime) -> None:
        """Ask what a programme wants to know beside the score, one question at a time."""
        rows, asked, questions = [], [], []
        for row in await connection.fetch(_NEXT, _MOST):
            question = _question(row, now)
            if question is None and row["asks"] and not _waits(row, now):
                await connection.execute("UPDATE invitation SET asks = '{}' WHERE id = $1", row["id"])
            if question is None:
                continue
            rows.append(row)
            questions.append(question)
            asked.append(
                Asked(
                    template=f"survey_{question}",
                    account_no=row["account_no"],
                    point=row["contact_point_id"],
                    goes_on=True,
                )
            )
        await self._send(connection, rows, asked, questions, now)

    async def _send(
        self, connection: Any, rows: Sequence[Any], asked: Sequence[Asked], questions: Sequence[str], now: datetime
    ) -> None:
        if not rows:
            return
        taken = await self._texts.accept(connection, asked, now=now)
        for row, question, one in zip(rows, questions, taken, strict=True):
            message = one.id if isinstance(one, Taken) else None
            if question == "reminder":
                await connection.execute(
                    "UPDATE invitation SET reminder_id = $2, remind_at = CASE WHEN $2::uuid IS NULL THEN NULL"
                    " ELSE remind_at END WHERE id = $1",
                    row["id"],
                    message,
                )
            else:
                left = row["asks"][row["asks"].index(question) + 1 :]
                await connection.execute("UPDATE invitation SET asks = $2 WHERE id = $1", row["id"], left)
            if message is not None:
                await connection.execute(
                    "INSERT INTO invitation_text (message_id, invitation_id, asks, at) VALUES ($1, $2, $3, $4)",
                    message,
                    row["id"],
                    question,
                    now,
                )


def _waits(row: Any, now: datetime) -> bool:
    """Whether the question before is still open."""
    at = row["solved_asked"]
    return at is not None and row["solved"] is None and now - at < _ANSWERED_WITHIN


def _question(row: Any, now: datetime) -> str | None:
    """What is to be asked next of somebody who gave an answer; None for nothing, or nothing yet."""
    for question in row["asks"]:
        if question == "solved" and row["solved"] is None:
            return "solved"
        if question == "why" and row["score"] is not None and row["score"] <= _LOW:
            if _waits(row, now):
                return None
            if row["comment"] is None and row["why"] is None:
                return "why"
    return None
