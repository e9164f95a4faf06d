"""Keeping outages: they begin, slip, move, grow, shrink and end; whatever was said of them goes with them.

A change that makes told or queued texts untrue makes a new revision, and in the same transaction stops the
ground of the one before, so that no text written from it begins to leave later than a second after (P3). The
notices that follow the outage then bring everybody up to date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.kernel import audit
from gateway.kernel.errors import Conflict, NotFound
from gateway.notices.outages import confirming, following, overlapping, scopes
from gateway.notices.outages.explaining import Earlier, attach
from gateway.notices.outages.lives import CHANGEABLE, FACTS, Facts, Kind, begin, go_on, tells
from gateway.notices.outages.scopes import Scope
from gateway.notices.outages.timetable import USUAL, Timetable
from gateway.outbox import stop_grounds

_INSERT: Final = f"""
INSERT INTO outage (outage_no, created_at, created_by, {", ".join(FACTS)})
VALUES (coalesce($1, $2 || lpad(currval(pg_get_serial_sequence('outage', 'id'))::text, 6, '0')), $3, $4,
        {", ".join(f"${at + 5}" for at in range(len(FACTS)))})
ON CONFLICT (outage_no) DO NOTHING RETURNING *
"""
_UPDATE: Final = f"""
UPDATE outage SET {", ".join(f"{name} = ${at + 4}" for at, name in enumerate(FACTS))}, revision = $2,
  telling_revision = $3 WHERE id = $1 RETURNING *
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOutage:
    """An outage as it is handed in. `given` holds facts by name (`gateway.notices.outages.lives.Facts`)."""

    kind: Kind
    scope: Scope
    given: Mapping[str, Any]
    outage_no: str | None = None


async def announce(
    connection: Any,
    new: NewOutage,
    *,
    actor: str,
    now: datetime,
    table: Timetable = USUAL,
    earlier: Earlier | None = None,
) -> str:
    """Write a new outage down in the connection's transaction; its name. It explains who reported it `earlier`.

    Raises InvalidInput for facts or a scope that cannot be, and Conflict where the name is taken.
    """
    facts = begin(new.kind, new.given, now, table)
    scope = await scopes.find(connection, new.scope)
    prefix = f"{'PO' if new.kind == 'planned' else 'FO'}{now:%y%m}-"
    await connection.fetchval("SELECT nextval(pg_get_serial_sequence('outage', 'id'))")
    row = await connection.fetchrow(
        _INSERT, new.outage_no, prefix, now, actor, *(getattr(facts, name) for name in FACTS)
    )
    if row is None:
        raise Conflict(f"there is an outage {new.outage_no} already")
    await scopes.keep(connection, row["id"], scope)
    await _note_revision(connection, row, actor, now)
    await audit.write(
        connection,
        at=now,
        actor=actor,
        action="outage.announced",
        subject=f"outage:{row['outage_no']}",
        after={**_said(facts), "scope": asdict(new.scope)},
    )
    if row["state"] == "active":
        await overlapping.change_alone(connection)
        await overlapping.silence(connection, row["id"], now)
        if earlier is not None:
            await attach(connection, row, earlier, actor=actor, now=now, table=table)
    outage_no: str = row["outage_no"]
    return outage_no


async def change(
    connection: Any,
    outage_no: str,
    changed: Mapping[str, Any],
    *,
    scope: Scope | None = None,
    add_to_scope: bool = False,
    actor: str,
    now: datetime,
    zone: ZoneInfo,
    table: Timetable = USUAL,
    earlier: Earlier | None = None,
) -> bool:
    """Change an outage in the connection's transaction; whether anything was not so before.

    `changed` holds facts by name, None where one is taken away. Raises NotFound, InvalidInput, and Conflict
    where the outage is over.
    """
    row = (await hold(connection, [outage_no])).get(outage_no)
    if row is None:
        raise NotFound(f"There is no outage {outage_no}.")
    before = Facts(**{name: row[name] for name in FACTS})
    after = go_on(before, {name: value for name, value in changed.items() if name in CHANGEABLE}, now)
    had = await scopes.kept(connection, row["id"])
    wanted = had if scope is None else await scopes.find(connection, scope)
    if add_to_scope:
        wanted = scopes.Found(had.feeders | wanted.feeders, had.areas | wanted.areas, had.accounts | wanted.accounts)
    if after == before and wanted == had:
        return False
    if wanted != had and before.over:
        raise Conflict(f"the outage is {before.state}; its scope is history")
    untrue = tells(before, after)
    revision = row["revision"] + (untrue or wanted != had)
    if wanted != had:
        # Who is on the roll now is told where he leaves it, so it is called before the scope changes and after.
        await scopes.call_the_roll(connection, row["id"])
        await scopes.keep(connection, row["id"], wanted)
        await scopes.call_the_roll(connection, row["id"])
    now_is = await connection.fetchrow(
        _UPDATE,
        row["id"],
        revision,
        revision if untrue else row["telling_revision"],
        *(getattr(after, name) for name in FACTS),
    )
    await audit.write(
        connection,
        at=now,
        actor=actor,
        action="outage.changed",
        subject=f"outage:{outage_no}",
        before=_said(before),
        after={**_said(after), **({} if scope is None else {"scope": asdict(scope)})},
    )
    await _carry_on(connection, row, now_is, actor=actor, now=now, zone=zone, table=table)
    if earlier is not None and now_is["state"] == "active" and (wanted != had or before.state != "active"):
        await attach(connection, now_is, earlier, actor=actor, now=now, table=table)
    return True


async def _carry_on(
    connection: Any, was: Any, row: Any, *, actor: str, now: datetime, zone: ZoneInfo, table: Timetable
) -> None:
    """What follows from a change: texts stopped, notices composed again, people called off."""
    over = row["state"] in ("restored", "cancelled")
    if row["revision"] != was["revision"]:
        await _note_revision(connection, row, actor, now)
        reason = "recovered" if row["state"] == "restored" else "superseded"
        await stop_grounds(connection, [ground(was["outage_no"], was["revision"])], reason=reason, at=now)
        step = row["state"] if over else "update"
        await following.follow(connection, row, step, now, zone, table)
    if over and was["state"] != row["state"]:
        await confirming.call_off(
            connection, row["id"], row["outage_no"], because=f"the outage is {row['state']}", at=now
        )
    if row["state"] == "active":
        await overlapping.silence(connection, row["id"], now)


async def hold(connection: Any, outages: Sequence[str]) -> dict[str, Any]:
    """Lock outages by name, with the notices about them, before they change; their rows, of those there are.

    Whoever writes texts locks the notice first and then waits for changes to end: in the other order the two
    would wait for each other. Several outages that change in one transaction are held together.
    """
    rows = await connection.fetch(
        "SELECT * FROM outage WHERE outage_no = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE", list(outages)
    )
    await connection.fetch(
        """SELECT n.id FROM outage_notice f JOIN notice n ON n.id = f.notice_id
           WHERE f.outage_id = ANY($1::int[]) ORDER BY n.id FOR UPDATE OF n""",
        [row["id"] for row in rows],
    )
    await overlapping.change_alone(connection)
    return {row["outage_no"]: row for row in rows}


def ground(outage_no: str, revision: int) -> str:
    """What texts about an outage rest on, as it stood at a revision."""
    return f"outage:{outage_no}@{revision}"


async def _note_revision(connection: Any, row: Any, actor: str, now: datetime) -> None:
    await connection.execute(
        """INSERT INTO outage_revision (outage_id, revision, at, by, state, starts_at, ends_at, reason)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        row["id"],
        row["revision"],
        now,
        actor,
        row["state"],
        row["starts_at"],
        row["ends_at"],
        row["reason"],
    )


def _said(facts: Facts) -> dict[str, Any]:
    """Facts as the audit trail keeps them."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(facts).items()
        if value is not None
    }
