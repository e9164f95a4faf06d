"""Stopping supply for arrears, by the procedure (domain notes §3.6): proposed by the ladder, approved by a named
head, announced in writing and by text, told once more shortly before, stopped and restored by people.

No program stops supply. Until the stop, whatever freezes the ladder ends the procedure: payment, a dispute, a doubt
about the contact, a vulnerable household, a guarded event. After a payment supply is promised back within hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive import places
from gateway.kernel import audit
from gateway.kernel.clock import Clock
from gateway.kernel.database import Database, driver
from gateway.kernel.errors import Conflict, InvalidInput, LamplighterError, NotFound
from gateway.kernel.ids import new_id
from gateway.kernel.logs import logger
from gateway.notices.accepting import Acceptor, Asked
from gateway.notices.control import Draft, Notices
from gateway.notices.ladder.bills import chosen_bills, facts_of
from gateway.notices.ladder.rules import Day, Stage, final_minutes, freeze_of, stop_moment
from gateway.notices.ladder.texts import RUN
from gateway.notices.policy import Policy
from gateway.staff.tasks import NewTask, drop_tasks, open_tasks

log = logger(__name__)

_ACTOR: Final = "ladder"
#: The paper is handed over this long before the stop at the latest (domain notes §3.6: 3 to 7 days).
_PAPER_BEFORE: Final = timedelta(days=3)
#: What freezes a disconnection is what freezes the stage that proposed it.
_LEGAL: Final = Stage(name="legal", day=31, by="legal")
_BEFORE: Final = ("paper_notice", "stop_supply")

_WITH_BILL: Final = f"""
SELECT stop.*, a.account_no, a.tariff_class, bill.billing_month, bill.settled_at, bill.amount, {places.COLUMNS},
       'bill:' || a.account_no || ':' || bill.billing_month AS subject
FROM disconnection stop JOIN bill ON bill.id = stop.bill_id JOIN account a ON a.id = stop.account_id
{places.PREMISE}
WHERE {{which}} ORDER BY stop.id
"""


class Disconnections:
    """The use cases of the procedure."""

    def __init__(
        self, database: Database, clock: Clock, policy: Policy, acceptor: Acceptor, *, zone: ZoneInfo, region: str
    ) -> None:
        self._database = database
        self._clock = clock
        self._policy = policy
        self._acceptor = acceptor
        self._zone = zone
        self._region = region

    async def approve(self, session: AsyncSession, notice: Any, *, actor: str, head: str | None) -> None:
        """What the approval of a legal notice means, in its transaction: the day is set, the paper ordered.

        `head` is the staff number of who answers for it. Raises InvalidInput where nobody fit is named.
        """
        if notice.about["stage"] == "final":
            return
        legal, now = self._policy().ladder.legal, self._clock.now()
        connection = await driver(session)
        known = head is not None and await connection.fetchval(
            "SELECT EXISTS (SELECT 1 FROM staff_member WHERE staff_no = $1)", head
        )
        if not known:
            raise InvalidInput("a legal notice names the head who answers for it, by staff number", field="head")
        if legal.heads and head not in legal.heads:
            raise InvalidInput("this member of staff may not approve disconnections", field="head")
        rows = await connection.fetch(
            _WITH_BILL.format(which="stop.run_id = $1 AND stop.state = 'proposed'"), UUID(notice.about[RUN])
        )
        stops = [stop_moment(now, legal, *places.place_of(row, self._zone, self._region)) for row in rows]
        notice.expires_at = min(stops, default=now + _PAPER_BEFORE) - _PAPER_BEFORE
        await connection.execute(
            """UPDATE disconnection SET state = 'announced', head_no = $2, approved_by = $3, approved_at = $4,
                 stop_at = of_stop, final_at = of_stop - make_interval(mins => minutes)
               FROM unnest($1::uuid[], $5::timestamptz[], $6::int[]) AS final(of_id, of_stop, minutes)
               WHERE id = of_id""",
            [row["id"] for row in rows],
            head,
            actor,
            now,
            stops,
            [final_minutes(row["tariff_class"], legal) for row in rows],
        )
        papers = [self._paper(row, stop_at) for row, stop_at in zip(rows, stops, strict=True)]
        await open_tasks(connection, papers, at=now, actor=actor)
        for row, stop_at in zip(rows, stops, strict=True):
            after = {"state": "announced", "head": head, "stop_at": stop_at.isoformat()}
            await self._note(connection, row, "announced", actor, after)

    async def stopped(self, session: AsyncSession, stop_id: UUID, *, at: datetime | None, actor: str) -> None:
        """A person says that supply was stopped. Conflict where the procedure is not there yet, or has ended."""
        connection, row, now = await self._locked(session, stop_id)
        at = self._past(at, now)
        if row["state"] != "final" or row["settled_at"] is not None:
            why = "the bill has been paid" if row["settled_at"] is not None else f"it is {row['state']}"
            raise Conflict(f"supply is not to be stopped: {why}")
        if at < row["stop_at"]:
            raise Conflict("supply is not to be stopped before the time that was announced")
        await connection.execute(
            "UPDATE disconnection SET state = 'stopped', stopped_at = $2, stopped_by = $3 WHERE id = $1",
            stop_id,
            at,
            actor,
        )
        words = "supply was stopped"
        await drop_tasks(connection, [row["subject"]], kinds=["stop_supply"], because=words, at=now, actor=actor)
        await self._note(connection, row, "stopped", actor, {"state": "stopped", "at": at.isoformat()})

    async def restored(self, session: AsyncSession, stop_id: UUID, *, at: datetime | None, actor: str) -> None:
        """A person says that supply is back: the customer is told. Conflict where it was not stopped."""
        connection, row, now = await self._locked(session, stop_id)
        at = self._past(at, now)
        if row["state"] != "stopped" or at < row["stopped_at"]:
            raise Conflict(f"supply was not stopped: it is {row['state']}")
        await connection.execute(
            "UPDATE disconnection SET state = 'restored', restored_at = $2, restored_by = $3 WHERE id = $1",
            stop_id,
            at,
            actor,
        )
        kinds = (*_BEFORE, "reconnect", "reconnect_overdue")
        await drop_tasks(connection, [row["subject"]], kinds=kinds, because="supply is back", at=now, actor=actor)
        await self._note(connection, row, "restored", actor, {"state": "restored", "at": at.isoformat()})
        values = {"account_tail": row["account_no"], "amount": str(row["amount"]), "restored_at": at.isoformat()}
        asked = Asked(template="payment_confirm_restored", account_no=row["account_no"], values=values)
        (taken,) = await self._acceptor.accept(connection, [asked], now=now)
        if isinstance(taken, LamplighterError):
            raise taken

    async def give_up(self, session: AsyncSession, stop_id: UUID, *, because: str, actor: str) -> None:
        """A person ends the procedure before supply is stopped."""
        connection, row, now = await self._locked(session, stop_id)
        if row["state"] not in ("proposed", "announced", "final"):
            raise Conflict(f"it is {row['state']} already")
        await self._cancel(connection, [row], because, now, actor)

    async def follow(self, notices: Notices) -> None:
        """What falls due with time: ends what is paid or frozen, tells once more, watches over reconnection."""
        now = self._clock.now()
        async with self._database.session() as session:
            connection = await driver(session)
            await self._end_what_is_over(connection, now)
            await self._last_notices(session, connection, notices, now)
            await self._after_payment(connection, now)
            await session.commit()

    async def next_due(self, connection: Any, now: datetime) -> datetime | None:
        """The next moment at which something of this falls due."""
        due: datetime | None = await connection.fetchval(
            """SELECT min(moment) FROM (
                 SELECT min(final_at) AS moment FROM disconnection WHERE state = 'announced' AND final_at > $1
                 UNION ALL
                 SELECT min(restore_due_at) FROM disconnection
                 WHERE state = 'stopped' AND escalated_at IS NULL AND restore_due_at > $1) AS moments""",
            now,
        )
        return due

    async def _end_what_is_over(self, connection: Any, now: datetime) -> None:
        before = "stop.state IN ('proposed', 'announced', 'final')"
        paid = await connection.fetch(_WITH_BILL.format(which=f"{before} AND bill.settled_at IS NOT NULL"))
        await self._cancel(connection, paid, "the bill has been paid", now, _ACTOR, reopen=False)
        refused = await connection.fetch(
            _WITH_BILL.format(
                which="""stop.state = 'proposed' AND EXISTS (
                  SELECT 1 FROM notice WHERE notice.id = stop.notice_id AND notice.state = 'cancelled')"""
            )
        )
        await self._cancel(connection, refused, "the proposal was refused", now, _ACTOR)
        open_ones = await connection.fetch(_WITH_BILL.format(which=before))
        ladder = self._policy().ladder
        day = Day(now=now, zone=self._zone)
        bills = await chosen_bills(
            connection,
            day,
            ladder,
            "b.id = ANY($3::int[])",
            [row["bill_id"] for row in open_ones],
            limit=len(open_ones) or 1,
        )
        frozen = {row["id"]: why[1] for row in bills if (why := freeze_of(facts_of(row), _LEGAL)) is not None}
        for row in open_ones:
            if row["bill_id"] in frozen:
                await self._cancel(connection, [row], frozen[row["bill_id"]], now, _ACTOR)

    async def _last_notices(self, session: AsyncSession, connection: Any, notices: Notices, now: datetime) -> None:
        due = await connection.fetch(_WITH_BILL.format(which="stop.state = 'announced' AND stop.final_at <= $1"), now)
        late = [row for row in due if row["stop_at"] <= now]
        await self._cancel(connection, late, "the last notice could not be given in time", now, _ACTOR)
        by_time: dict[datetime, list[Any]] = {}
        for row in due:
            if row["stop_at"] > now:
                by_time.setdefault(row["stop_at"], []).append(row)
        for stop_at, rows in by_time.items():
            run = new_id(now)
            await connection.execute(
                "UPDATE disconnection SET state = 'final', final_run_id = $2 WHERE id = ANY($1::uuid[])",
                [row["id"] for row in rows],
                run,
            )
            about = {"stage": "final", RUN: str(run)}
            draft = Draft(kind="legal_notice", about=about, expires_at=stop_at)
            notice = await notices.draft(session, draft, actor=_ACTOR)
            # The head who approved the disconnection approved this text of it.
            await notices.approve(session, notice, actor=f"head:{rows[0]['head_no']}", two_people=False)
            tasks = [
                NewTask(
                    kind="stop_supply",
                    subject=row["subject"],
                    words=f"account {row['account_no']}: stop supply unless it is paid by then; report when",
                    due_at=stop_at,
                    account_id=row["account_id"],
                    unit="field_service",
                )
                for row in rows
            ]
            await open_tasks(connection, tasks, at=now, actor=_ACTOR)
            for row in rows:
                await self._note(connection, row, "told once more", _ACTOR, {"state": "final"})

    async def _after_payment(self, connection: Any, now: datetime) -> None:
        hours = timedelta(hours=self._policy().ladder.legal.restore_hours)
        paid = await connection.fetch(
            _WITH_BILL.format(which="stop.state = 'stopped' AND stop.paid_at IS NULL AND bill.settled_at IS NOT NULL")
        )
        for row in paid:
            due = row["settled_at"] + hours
            await connection.execute(
                "UPDATE disconnection SET paid_at = $2, restore_due_at = $3 WHERE id = $1",
                row["id"],
                row["settled_at"],
                due,
            )
            await self._note(connection, row, "paid", _ACTOR, {"restore_due_at": due.isoformat()})
        reconnect = [
            self._task(row, "reconnect", "paid; restore supply", row["settled_at"] + hours, "field_service")
            for row in paid
        ]
        await open_tasks(connection, reconnect, at=now, actor=_ACTOR)
        overdue = await connection.fetch(
            _WITH_BILL.format(
                which="stop.state = 'stopped' AND stop.escalated_at IS NULL AND stop.restore_due_at <= $1"
            ),
            now,
        )
        for row in overdue:
            await connection.execute("UPDATE disconnection SET escalated_at = $2 WHERE id = $1", row["id"], now)
            await self._note(
                connection, row, "reconnection overdue", _ACTOR, {"due": row["restore_due_at"].isoformat()}
            )
            log.warning("reconnection overdue", disconnection=str(row["id"]))
        words = "paid, and supply is not back in the time promised"
        tasks = [self._task(row, "reconnect_overdue", words, now, "supervision") for row in overdue]
        await open_tasks(connection, tasks, at=now, actor=_ACTOR)

    def _paper(self, row: Any, stop_at: datetime) -> NewTask:
        words = f"supply is to stop {stop_at:%Y-%m-%d %H:%M}; hand the notice over on paper or read it out by phone"
        return NewTask(
            kind="paper_notice",
            subject=row["subject"],
            words=f"account {row['account_no']}: {words}; note who took it and when",
            due_at=stop_at - _PAPER_BEFORE,
            account_id=row["account_id"],
        )

    def _task(self, row: Any, kind: str, words: str, due: datetime, unit: str) -> NewTask:
        return NewTask(
            kind=kind,
            subject=row["subject"],
            words=f"account {row['account_no']}: {words}",
            due_at=due,
            account_id=row["account_id"],
            unit=unit,
        )

    async def _cancel(
        self, connection: Any, rows: Sequence[Any], because: str, now: datetime, actor: str, *, reopen: bool = True
    ) -> None:
        """End procedures before supply is stopped. With `reopen` the ladder may propose again, later."""
        if not rows:
            return
        await connection.execute(
            "UPDATE disconnection SET state = 'cancelled', because = $2 WHERE id = ANY($1::uuid[])",
            [row["id"] for row in rows],
            because,
        )
        if reopen:
            await connection.execute(
                "DELETE FROM dunning_step WHERE bill_id = ANY($1::int[]) AND outcome = 'proposed'",
                [row["bill_id"] for row in rows],
            )
        subjects = [row["subject"] for row in rows]
        await drop_tasks(connection, subjects, kinds=_BEFORE, because=because, at=now, actor=actor)
        for row in rows:
            await self._note(connection, row, "given up", actor, {"state": "cancelled", "because": because})

    async def _locked(self, session: AsyncSession, stop_id: UUID) -> tuple[Any, Any, datetime]:
        connection = await driver(session)
        if await connection.fetchval("SELECT id FROM disconnection WHERE id = $1 FOR UPDATE", stop_id) is None:
            raise NotFound("There is no disconnection with this id.")
        row = await connection.fetchrow(_WITH_BILL.format(which="stop.id = $1"), stop_id)
        return connection, row, self._clock.now()

    def _past(self, at: datetime | None, now: datetime) -> datetime:
        if at is not None and at > now:
            raise InvalidInput("this lies in the future", field="at")
        return at or now

    async def _note(self, connection: Any, row: Any, what: str, actor: str, after: dict[str, Any]) -> None:
        await audit.write(
            connection,
            at=self._clock.now(),
            actor=actor,
            action=f"disconnection {what}",
            subject=f"disconnection:{row['id']}",
            before={"state": row["state"]},
            after=after,
        )
