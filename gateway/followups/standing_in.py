"""Who stands in for an account manager: named, read, ended early."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel import audit
from gateway.kernel.acting import acting_in, needs, require
from gateway.kernel.clock import Clock
from gateway.kernel.database import driver
from gateway.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingIn:
    """A deputy for some days, the first and the last included."""

    id: int
    manager: str
    deputy: str
    first_day: date
    last_day: date
    reason: str | None


async def deputies(session: AsyncSession, *, since: date, limit: int) -> list[StandingIn]:
    """Those who stand in on `since` or later, in the order of their days."""
    require(session, "followups:read")
    rows = await (await driver(session)).fetch(
        """SELECT id, manager_no AS manager, deputy_no AS deputy, first_day, last_day, reason FROM deputy
           WHERE last_day >= $1 AND last_day >= first_day ORDER BY first_day, id LIMIT $2""",
        since,
        limit,
    )
    return [StandingIn(**row) for row in rows]


async def of_manager(session: AsyncSession, manager: str | None, *, before: int | None, limit: int) -> list[StandingIn]:
    """Up to `limit` of who stood, stands or will stand in, named before `before`, newest first."""
    require(session, "followups:read")
    rows = await (await driver(session)).fetch(
        """SELECT id, manager_no AS manager, deputy_no AS deputy, first_day, last_day, reason FROM deputy
           WHERE ($1::text IS NULL OR manager_no = $1) AND ($2::int IS NULL OR id < $2) ORDER BY id DESC LIMIT $3""",
        manager,
        before,
        limit,
    )
    return [StandingIn(**row) for row in rows]


async def known(connection: Any, staff_no: str, field: str) -> None:
    """Raise InvalidInput where there is no such member of staff."""
    if not await connection.fetchval("SELECT EXISTS (SELECT 1 FROM staff_member WHERE staff_no = $1)", staff_no):
        raise InvalidInput(f"there is no member of staff {staff_no}", field=field)


def require_own_part(session: AsyncSession, manager: str, deputy: str) -> None:
    """Raise Forbidden where who acts is a person other than an admin, or acts for a part of the utility, and the
    matter is between others."""
    acting = acting_in(session)
    if acting is None or acting.staff_no in (manager, deputy):
        return
    if not acting.whole or (acting.staff_no is not None and not acting.may("admin")):
        raise Forbidden("who stands in for whom is said by one of the two, or by who acts for the whole utility")


def _require_own_absence(session: AsyncSession, manager: str, deputy: str, first_day: date, today: date) -> None:
    """Raise Forbidden where a person names a deputy for somebody else (an admin may, though not themselves), and
    InvalidInput where they name one for days that are over: whoever stands in decides about another's plans."""
    acting = acting_in(session)
    if acting is None or acting.staff_no is None:
        return
    if acting.staff_no == deputy or (acting.staff_no != manager and not acting.may("admin")):
        raise Forbidden("nobody makes themselves a deputy: the manager names who stands in")
    if first_day < today:
        raise InvalidInput("a deputy is named from today on", field="first_day")


async def require_own_customer(session: AsyncSession, account: Any, manager: str, today: date) -> None:
    """Raise Forbidden where a person plans a contact that is not theirs to plan: of an account (a row with `id` and
    `manager_no`) for somebody other than its manager, as neither that manager nor their deputy, or while a survey
    about other work of theirs is still to be sent there, which theirs would keep from leaving (promise P6).
    Programs and admins may."""
    acting = acting_in(session)
    if acting is None or acting.staff_no is None or acting.may("admin"):
        return
    if manager != account["manager_no"]:
        raise Forbidden("a contact is planned for the account's own manager")
    await require_own_plan(session, {"manager_no": manager, "deputy_no": None}, today)
    waiting = await (await driver(session)).fetchval(
        """SELECT event_ref FROM invitation
           WHERE account_id = $1 AND person_no = ANY($2::text[]) AND event_kind <> 'followup'
             AND drawn AND skipped IS NULL AND message_id IS NULL LIMIT 1""",
        account["id"],
        [manager, acting.staff_no],
    )
    if waiting is not None:
        raise Forbidden(f"the customer is to be asked about {waiting} first: plan a contact after that")


async def require_own_plan(session: AsyncSession, row: Any, today: date) -> None:
    """Raise Forbidden where a person acts on a plan (a row of `followup`) that is neither their own nor one they
    stand in for. Programs and admins may."""
    acting = acting_in(session)
    if acting is None or acting.staff_no is None or acting.may("admin"):
        return
    if acting.staff_no in (row["manager_no"], row["deputy_no"]):
        return
    standing = await (await driver(session)).fetchval(
        """SELECT EXISTS (SELECT 1 FROM deputy WHERE manager_no = $1 AND deputy_no = $2
                          AND $3::date BETWEEN first_day AND last_day)""",
        row["manager_no"],
        acting.staff_no,
        today,
    )
    if not standing:
        raise Forbidden("this plan is somebody else's")


class Deputies:
    """Use cases on who stands in. Each works in the session's transaction."""

    def __init__(self, clock: Clock, zone: ZoneInfo) -> None:
        self._clock = clock
        self._zone = zone

    @needs("followups:write")
    async def name(
        self,
        session: AsyncSession,
        *,
        manager_no: str,
        deputy_no: str,
        first_day: date,
        last_day: date,
        reason: str | None,
        actor: str,
    ) -> int:
        """Name who stands in for a manager, and when; the entry's id. Raises InvalidInput, Forbidden."""
        connection = await driver(session)
        await known(connection, manager_no, "manager")
        await known(connection, deputy_no, "deputy")
        require_own_part(session, manager_no, deputy_no)
        if manager_no == deputy_no:
            raise InvalidInput("nobody stands in for themselves", field="deputy")
        if last_day < first_day:
            raise InvalidInput("the last day comes before the first", field="last_day")
        today = self._clock.now().astimezone(self._zone).date()
        _require_own_absence(session, manager_no, deputy_no, first_day, today)
        made: int = await connection.fetchval(
            """INSERT INTO deputy (manager_no, deputy_no, first_day, last_day, reason)
               VALUES ($1, $2, $3, $4, $5) RETURNING id""",
            manager_no,
            deputy_no,
            first_day,
            last_day,
            reason,
        )
        await audit.write(
            connection,
            at=self._clock.now(),
            actor=actor,
            action="deputy.named",
            subject=f"staff:{manager_no}",
            after={"deputy": deputy_no, "first_day": first_day.isoformat(), "last_day": last_day.isoformat()},
        )
        return made

    @needs("followups:write")
    async def end(self, session: AsyncSession, deputy_id: int, *, last_day: date | None = None, actor: str) -> None:
        """Let somebody stand in until `last_day` and no longer; without one the manager is back from today on.

        Raises NotFound, Forbidden, InvalidInput naming the field, Conflict where it is over already.
        """
        connection: Any = await driver(session)
        row = await connection.fetchrow("SELECT * FROM deputy WHERE id = $1 FOR UPDATE", deputy_id)
        if row is None:
            raise NotFound("There is no deputy with this id.")
        require_own_part(session, row["manager_no"], row["deputy_no"])
        now = self._clock.now()
        yesterday = now.astimezone(self._zone).date() - timedelta(days=1)
        if last_day is not None and not row["first_day"] <= last_day <= row["last_day"]:
            raise InvalidInput("it ends sooner, and not before it began", field="last_day")
        if last_day is None and row["last_day"] <= yesterday:
            raise Conflict("this is over already")
        last = last_day or yesterday
        await connection.execute("UPDATE deputy SET last_day = $2 WHERE id = $1", deputy_id, last)
        # Whom a reminder has handed to the deputy already, for days that are the manager's again.
        await connection.execute(
            """UPDATE followup SET deputy_no = NULL WHERE manager_no = $1 AND deputy_no = $2 AND state = 'planned'
                 AND planned_for > $3""",
            row["manager_no"],
            row["deputy_no"],
            last,
        )
        await audit.write(
            connection,
            at=now,
            actor=actor,
            action="deputy.ended",
            subject=f"staff:{row['manager_no']}",
            before={"deputy": row["deputy_no"], "last_day": row["last_day"].isoformat()},
            after={"deputy": row["deputy_no"], "last_day": last.isoformat()},
        )
