"""People who may sign in: added, changed, locked out; their passwords."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.tables import Organisation
from gateway.kernel import audit
from gateway.kernel.acting import acting_in, require, require_whole
from gateway.kernel.clock import Clock
from gateway.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from gateway.staff import passwords
from gateway.staff.roles import ROLES, at_odds
from gateway.staff.tables import StaffLogin, StaffMember, StaffSession, Team

_LONGEST_NAME: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody who may sign in. `organisation` is None for the whole utility."""

    staff_id: int
    staff_no: str
    name: str
    sign_in: str
    roles: list[str]
    organisation: str | None
    team: str | None
    must_change: bool
    made_at: datetime
    disabled_at: datetime | None
    seen_at: datetime | None


async def add(
    session: AsyncSession,
    *,
    sign_in: str,
    name: str | None,
    roles: Sequence[str],
    organisation: str | None,
    password: str,
    must_change: bool,
    clock: Clock,
    actor: str,
) -> int:
    """Let somebody sign in; their staff id. `sign_in` is their staff number, or a name of its own.

    Raises InvalidInput for what is malformed, Conflict where they may sign in already.
    """
    require(session, "staff:write")
    require_whole(session)
    sign_in = sign_in.strip()
    if not sign_in or len(sign_in) > _LONGEST_NAME or any(not one.isprintable() or one.isspace() for one in sign_in):
        raise InvalidInput("a name to sign in with has no blanks and 64 characters at most", field="name")
    granted = _roles(roles)
    organisation_id = await _organisation(session, organisation)
    passwords.check(password, name=sign_in)
    kept = await passwords.hashed(password)
    member = await session.scalar(select(StaffMember).where(func.lower(StaffMember.staff_no) == sign_in.lower()))
    if member is None:
        member = StaffMember(staff_no=sign_in.upper(), name=name or sign_in)
        session.add(member)
        await session.flush()
    elif name:
        member.name = name
    taken = select(StaffLogin.staff_id).where((StaffLogin.staff_id == member.id) | (StaffLogin.name == sign_in.lower()))
    if await session.scalar(taken) is not None:
        raise Conflict(f"{sign_in} may sign in already")
    now = clock.now()
    session.add(
        StaffLogin(
            staff_id=member.id,
            name=sign_in.lower(),
            password=kept,
            must_change=must_change,
            roles=granted,
            organisation_id=organisation_id,
            made_at=now,
        )
    )
    audit.record(
        session,
        at=now,
        actor=actor,
        action="staff.added",
        subject=f"staff:{member.staff_no}",
        after={"roles": granted, "organisation": organisation},
    )
    await session.flush()
    return member.id


async def change(
    session: AsyncSession, staff_id: int, *, roles: Sequence[str], organisation: str | None, clock: Clock, actor: str
) -> None:
    """Give somebody other roles or another part of the utility. It holds from their next request on."""
    require(session, "staff:write")
    require_whole(session)
    member, login = await _known(session, staff_id)
    granted = _roles(roles)
    if actor == f"staff:{member.staff_no}" and "admin" in login.roles and "admin" not in granted:
        raise Conflict("you cannot take the role admin from yourself: another admin has to")
    before = {"roles": login.roles, "organisation": await _called(session, login.organisation_id)}
    login.roles, login.organisation_id = granted, await _organisation(session, organisation)
    after = {"roles": granted, "organisation": organisation}
    if before != after:
        audit.record(
            session,
            at=clock.now(),
            actor=actor,
            action="staff.changed",
            subject=f"staff:{member.staff_no}",
            before=before,
            after=after,
        )


async def lock_out(session: AsyncSession, staff_id: int, *, out: bool, clock: Clock, actor: str) -> None:
    """Let somebody sign in no more and end what stands, or let them in again."""
    require(session, "staff:write")
    require_whole(session)
    member, login = await _known(session, staff_id)
    if actor == f"staff:{member.staff_no}":
        raise Conflict("you cannot lock yourself out")
    if (login.disabled_at is not None) == out:
        return
    now = clock.now()
    login.disabled_at = now if out else None
    if out:
        await end_sessions(session, staff_id)
    audit.record(
        session,
        at=now,
        actor=actor,
        action="staff.locked_out" if out else "staff.let_in",
        subject=f"staff:{member.staff_no}",
    )


async def end_sessions(session: AsyncSession, staff_id: int, *, but: Any = None) -> None:
    """End every sign-in of somebody that stands, `but` one."""
    query = update(StaffSession).where(StaffSession.staff_id == staff_id, StaffSession.ended_at.is_(None))
    if but is not None:
        query = query.where(StaffSession.id != but)
    await session.execute(query.values(ended_at=func.now()))


async def reset_password(session: AsyncSession, staff_id: int, *, clock: Clock, actor: str) -> str:
    """A password for somebody to sign in with once and change; what stood before ends."""
    require(session, "staff:write")
    require_whole(session)
    member, login = await _known(session, staff_id)
    password = passwords.one_time()
    login.password, login.must_change = await passwords.hashed(password), True
    await end_sessions(session, staff_id)
    audit.record(
        session, at=clock.now(), actor=actor, action="staff.password_reset", subject=f"staff:{member.staff_no}"
    )
    return password


async def change_password(
    session: AsyncSession, staff_id: int, *, old: str, new: str, keep: Any, clock: Clock, actor: str
) -> None:
    """Change one's own password; every other sign-in of one's own than `keep` ends."""
    member, login = await _known(session, staff_id)
    acting = acting_in(session)
    if acting is not None and acting.actor != f"staff:{member.staff_no}":
        raise Forbidden("a password is changed by its owner alone")
    if not await passwords.fits(old, login.password):
        raise InvalidInput("this is not the present password", field="old")
    if old == new:
        raise InvalidInput("this is the present password", field="password")
    passwords.check(new, name=login.name)
    login.password, login.must_change = await passwords.hashed(new), False
    await end_sessions(session, staff_id, but=keep)
    audit.record(
        session, at=clock.now(), actor=actor, action="staff.password_changed", subject=f"staff:{member.staff_no}"
    )


async def prefer(session: AsyncSession, staff_id: int, *, language: str | None, theme: str | None) -> None:
    """Keep how the pages look to somebody; None leaves what is kept."""
    wanted = {"language": language, "theme": theme}
    kept = {name: value for name, value in wanted.items() if value is not None}
    if kept:
        await session.execute(update(StaffLogin).where(StaffLogin.staff_id == staff_id).values(**kept))


async def member(session: AsyncSession, staff_id: int) -> Member:
    """Somebody who may or might sign in. Raises NotFound."""
    found = next((one for one in await members(session) if one.staff_id == staff_id), None)
    if found is None:
        raise NotFound("there is nobody of this number who may sign in")
    return found


async def find(session: AsyncSession, sign_in: str) -> int:
    """The staff id of who signs in so. Raises NotFound."""
    found = await session.scalar(select(StaffLogin.staff_id).where(StaffLogin.name == sign_in.strip().lower()))
    if found is None:
        raise NotFound(f"nobody signs in as {sign_in}")
    return found


async def members(session: AsyncSession) -> list[Member]:
    """Everybody who may or might sign in, by name."""
    seen = (
        select(StaffSession.staff_id, func.max(StaffSession.seen_at).label("seen_at"))
        .group_by(StaffSession.staff_id)
        .subquery()
    )
    query = (
        select(
            StaffLogin.staff_id,
            StaffMember.staff_no,
            StaffMember.name,
            StaffLogin.name.label("sign_in"),
            StaffLogin.roles,
            Organisation.name.label("organisation"),
            Team.name.label("team"),
            StaffLogin.must_change,
            StaffLogin.made_at,
            StaffLogin.disabled_at,
            seen.c.seen_at,
        )
        .join(StaffMember, StaffMember.id == StaffLogin.staff_id)
        .outerjoin(Organisation, Organisation.id == StaffLogin.organisation_id)
        .outerjoin(Team, Team.id == StaffMember.team_id)
        .outerjoin(seen, seen.c.staff_id == StaffLogin.staff_id)
        .order_by(StaffLogin.name)
    )
    require(session, "staff:write")
    require_whole(session)
    return [Member(**row._mapping) for row in await session.execute(query)]


async def names(session: AsyncSession) -> dict[str, str]:
    """What those who sign in are called, by how the audit trail names them (`staff:E000001`)."""
    query = select(StaffMember.staff_no, StaffMember.name).join(StaffLogin, StaffLogin.staff_id == StaffMember.id)
    return {f"staff:{staff_no}": name for staff_no, name in (await session.execute(query)).all()}


def _roles(roles: Sequence[str]) -> list[str]:
    if not roles:
        raise InvalidInput("somebody who signs in needs a role", field="roles")
    for role in roles:
        if role not in ROLES:
            raise InvalidInput(f"unknown role {role!r}; known are {', '.join(ROLES)}", field="roles")
    if (both := at_odds(roles)) is not None:
        rated, steers = both
        words = f"whose work is rated has no say in who is asked: nobody is {rated} and {steers}"
        raise InvalidInput(words, field="roles")
    return [role for role in ROLES if role in roles]


async def _organisation(session: AsyncSession, name: str | None) -> int | None:
    if not name:
        return None
    found = await session.scalar(select(Organisation.id).where(Organisation.name == name))
    if found is None:
        raise InvalidInput(f"there is no organisation {name!r}; import the grid first", field="organisation")
    return found


async def _called(session: AsyncSession, organisation_id: int | None) -> str | None:
    if organisation_id is None:
        return None
    return await session.scalar(select(Organisation.name).where(Organisation.id == organisation_id))


async def _known(session: AsyncSession, staff_id: int) -> tuple[StaffMember, StaffLogin]:
    login = await session.get(StaffLogin, staff_id, with_for_update=True)
    if login is None:
        raise NotFound("there is nobody of this number who may sign in")
    return await session.get_one(StaffMember, staff_id), login
