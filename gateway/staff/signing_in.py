"""Signing in: throttled by person and address, sessions that can be ended, and who is behind a cookie.

Everything here goes by real time, also in the sandbox. A failed try is written down before it is answered, so
that many nodes throttle as one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.tables import Organisation
from gateway.kernel import audit
from gateway.kernel.acting import Acting
from gateway.kernel.clock import Clock, SystemClock
from gateway.kernel.database import Database, driver
from gateway.kernel.errors import LamplighterError, NotFound
from gateway.kernel.ids import new_id
from gateway.staff import passwords
from gateway.staff.roles import scopes_of
from gateway.staff.tables import StaffLogin, StaffMember, StaffSession

#: A sign-in ends when nothing was asked for so long, and in any case after a working day.
IDLE: Final = timedelta(hours=4)
LONGEST: Final = timedelta(hours=14)
#: When a session was last seen is written down this often at most.
_SEEN_EVERY: Final = timedelta(minutes=1)

#: Tries that may fail before the next one waits, by what they are counted by.
FREE_TRIES: Final = {"name": 5, "address": 30}
_FIRST_WAIT: Final = timedelta(seconds=30)
_LONGEST_WAIT: Final = timedelta(minutes=15)
#: Failures are forgotten after this long without another.
_FORGOTTEN: Final = timedelta(hours=1)


class WrongPassword(LamplighterError):
    """The name or the password is wrong; which of them is not said."""


class Throttled(LamplighterError):
    """Signing in failed too often."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("signing in failed too often")
        self.wait = wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who is signed in."""

    session_id: UUID
    staff_id: int
    staff_no: str
    name: str
    sign_in: str
    roles: tuple[str, ...]
    organisation: str | None
    language: str | None
    theme: str | None
    must_change: bool
    acting: Acting

    def may(self, scope: str) -> bool:
        """Whether one of their roles holds `scope`."""
        return self.acting.may(scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A sign-in of one's own, as it is listed."""

    id: UUID
    began_at: datetime
    seen_at: datetime
    address: str
    agent: str


class Door:
    """Lets people in and knows them again. `clock` dates the audit trail, `secret` keys the sessions' digests."""

    def __init__(self, database: Database, clock: Clock, secret: str, *, real: Clock | None = None) -> None:
        self._database = database
        self._clock = clock
        self._real = real or SystemClock()
        self._secret = hashlib.sha256(f"sessions:{secret}".encode()).digest()

    async def sign_in(self, name: str, password: str, *, address: str, agent: str) -> str:
        """The token of a new session. Raises WrongPassword, and Throttled without looking at the password."""
        name = name.strip().lower()[:200]
        subjects = {"name": f"name:{name}", "address": f"address:{address}"}
        await self._wait_over(list(subjects.values()))
        async with self._database.session() as session:
            found = (
                await session.execute(
                    select(StaffLogin.staff_id, StaffLogin.password, StaffMember.staff_no)
                    .join(StaffMember, StaffMember.id == StaffLogin.staff_id)
                    .where(StaffLogin.name == name, StaffLogin.disabled_at.is_(None))
                )
            ).one_or_none()
        # No session is held while the password is hashed.
        good = await passwords.fits(password[: passwords.LONGEST + 1], found.password if found else None)
        if not good or found is None:
            await self._failed(subjects, found.staff_no if found else None)
            raise WrongPassword("the name or the password is wrong")
        return await self._begin(found.staff_id, found.staff_no, subjects["name"], address, agent)

    async def person(self, token: str) -> Person | None:
        """Who is behind a cookie; None where the session ended or never was."""
        now = self._real.now()
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_PERSON, self._digest(token), now)
            if row is None:
                return None
            if now - row["seen_at"] > _SEEN_EVERY:
                await connection.execute(
                    "UPDATE staff_session SET seen_at = $2, ends_at = least($3, began_at + $4::interval) WHERE id = $1",
                    row["id"],
                    now,
                    now + IDLE,
                    LONGEST,
                )
        reach = row["reach"]
        return Person(
            session_id=row["id"],
            staff_id=row["staff_id"],
            staff_no=row["staff_no"],
            name=row["name"],
            sign_in=row["sign_in"],
            roles=tuple(row["roles"]),
            organisation=row["organisation"],
            language=row["language"],
            theme=row["theme"],
            must_change=row["must_change"],
            acting=Acting(
                actor=f"staff:{row['staff_no']}",
                scopes=scopes_of(row["roles"]),
                organisations=None if reach is None else frozenset(reach),
            ),
        )

    async def sign_out(self, session: AsyncSession, person: Person) -> None:
        """End this sign-in."""
        await self._end(session, person, person.session_id)
        self._note(session, person, "staff.signed_out")

    async def end(self, session: AsyncSession, person: Person, session_id: UUID) -> None:
        """End another sign-in of one's own. Raises NotFound."""
        if not await self._end(session, person, session_id):
            raise NotFound("there is no such sign-in of yours")
        self._note(session, person, "staff.session_ended")

    async def standing(self, session: AsyncSession, person: Person) -> list[SignIn]:
        """One's own sign-ins that stand, the latest first."""
        query = (
            select(*(getattr(StaffSession, name) for name in SignIn.__slots__))
            .where(
                StaffSession.staff_id == person.staff_id,
                StaffSession.ended_at.is_(None),
                StaffSession.ends_at > self._real.now(),
            )
            .order_by(StaffSession.seen_at.desc())
        )
        return [SignIn(**row._mapping) for row in await session.execute(query)]

    def _digest(self, token: str) -> str:
        return hmac.new(self._secret, token.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()

    async def _begin(self, staff_id: int, staff_no: str, subject: str, address: str, agent: str) -> str:
        now, token = self._real.now(), secrets.token_urlsafe(32)
        async with self._database.session() as session:
            session.add(
                StaffSession(
                    id=new_id(now),
                    staff_id=staff_id,
                    digest=self._digest(token),
                    began_at=now,
                    seen_at=now,
                    ends_at=now + IDLE,
                    address=address,
                    agent=agent[:200],
                )
            )
            connection = await driver(session)
            await connection.execute("DELETE FROM sign_in_tries WHERE subject = $1", subject)
            audit.record(
                session,
                at=self._clock.now(),
                actor=f"staff:{staff_no}",
                action="staff.signed_in",
                subject=f"staff:{staff_no}",
                after={"address": address},
            )
            await session.commit()
        return token

    async def _wait_over(self, subjects: list[str]) -> None:
        now = self._real.now()
        async with self._database.connection() as connection:
            until = await connection.fetchval(
                "SELECT max(blocked_until) FROM sign_in_tries WHERE subject = ANY($1::text[]) AND blocked_until > $2",
                subjects,
                now,
            )
        if until is not None:
            raise Throttled(until - now)

    async def _failed(self, subjects: dict[str, str], staff_no: str | None) -> None:
        now = self._real.now()
        async with self._database.work() as work:
            for by, subject in subjects.items():
                failures = await work.value(_FAILED, subject, now, now - _FORGOTTEN)
                beyond = failures - FREE_TRIES[by]
                if beyond >= 0:
                    wait = min(_FIRST_WAIT * 2 ** min(beyond, 10), _LONGEST_WAIT)
                    await work.execute(
                        "UPDATE sign_in_tries SET blocked_until = $2 WHERE subject = $1", subject, now + wait
                    )
            if staff_no is not None:
                await audit.write(
                    work.connection,
                    at=self._clock.now(),
                    actor="nobody",
                    action="staff.sign_in_failed",
                    subject=f"staff:{staff_no}",
                    after={"address": subjects["address"].removeprefix("address:")},
                )
            await work.commit()

    async def _end(self, session: AsyncSession, person: Person, session_id: UUID) -> bool:
        ended = await session.execute(
            update(StaffSession)
            .where(
                StaffSession.id == session_id,
                StaffSession.staff_id == person.staff_id,
                StaffSession.ended_at.is_(None),
            )
            .values(ended_at=self._real.now())
            .returning(StaffSession.id)
        )
        return ended.first() is not None

    def _note(self, session: AsyncSession, person: Person, action: str) -> None:
        audit.record(
            session,
            at=self._clock.now(),
            actor=person.acting.actor,
            action=action,
            subject=f"staff:{person.staff_no}",
        )


async def forget_old(connection: Any, now: datetime) -> None:
    """Remove sessions and failed tries that have been of no use for a month (real time)."""
    before = now - timedelta(days=30)
    await connection.execute("DELETE FROM staff_session WHERE ends_at < $1", before)
    await connection.execute("DELETE FROM sign_in_tries WHERE last_at < $1", before)


async def organisations(session: AsyncSession) -> list[str]:
    """The names of all organisations."""
    return list(await session.scalars(select(Organisation.name).order_by(Organisation.name)))


_FAILED: Final = """
INSERT INTO sign_in_tries AS t (subject, failures, last_at) VALUES ($1, 1, $2)
ON CONFLICT (subject) DO UPDATE SET last_at = $2,
  failures = least(CASE WHEN t.last_at < $3 THEN 1 ELSE t.failures + 1 END, 1000)
RETURNING failures
"""
_PERSON: Final = """
SELECT s.id, s.staff_id, s.seen_at, m.staff_no, m.name, l.name AS sign_in, l.roles, l.language, l.theme,
  l.must_change, o.name AS organisation,
  CASE WHEN l.organisation_id IS NULL THEN NULL ELSE ARRAY(
    WITH RECURSIVE below AS (
      SELECT l.organisation_id AS id UNION
      SELECT c.id FROM organisation c JOIN below b ON c.parent_id = b.id
    ) SELECT id FROM below) END AS reach
FROM staff_session s JOIN staff_login l USING (staff_id) JOIN staff_member m ON m.id = s.staff_id
LEFT JOIN organisation o ON o.id = l.organisation_id
WHERE s.digest = $1 AND s.ended_at IS NULL AND s.ends_at > $2 AND l.disabled_at IS NULL
"""
