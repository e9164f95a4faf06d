"""Notices that follow their outage: composed again when something happened, and when the calendar says so.

A round is a composing of the same notice, under the same approval. Beginning one ends the one before it, which
wrote texts about what is not true any more; those are stopped already, with their ground.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from gateway.kernel import audit
from gateway.kernel.database import touched
from gateway.notices.control import COMPOSE
from gateway.notices.kinds import ONLY
from gateway.notices.outages import confirming, overlapping
from gateway.notices.outages.timetable import USUAL, Timetable, next_due, reminder_of

_ROUND: Final = """
UPDATE notice SET round = round + 1, state = CASE state WHEN 'paused' THEN 'paused' ELSE 'approved' END,
  about = (about - 'unless_told_since' - 'only') || $2::jsonb,
  audience = 0, composed = 0, audience_found = false, audience_cursor = 0, point_cursor = -1, subject_cursor = 0
WHERE id = $1
"""
_DUE: Final = """
SELECT f.notice_id, f.outage_id, f.next_step, f.next_at, o.starts_at
FROM outage_notice f JOIN notice n ON n.id = f.notice_id JOIN outage o ON o.id = f.outage_id
WHERE f.follows AND f.next_at <= $1 AND n.state IN ('sending', 'done')
ORDER BY f.next_at FOR UPDATE OF n SKIP LOCKED
"""
_NEXT: Final = """
SELECT min(moment) FROM (
  SELECT min(f.next_at) AS moment FROM outage_notice f JOIN notice n ON n.id = f.notice_id
  WHERE f.follows AND f.next_at > $1 AND n.state IN ('approved', 'composing', 'sending', 'done')
  UNION ALL
  SELECT min(starts_at) FROM outage WHERE state = 'announced' AND starts_at > $1
  UNION ALL
  SELECT min(due_at) FROM outage_confirmation WHERE confirmed_at IS NULL AND settled_at IS NULL AND due_at > $1
) AS moments
"""
_AHEAD: Final = """
SELECT f.notice_id, o.starts_at
FROM outage_notice f JOIN notice n ON n.id = f.notice_id JOIN outage o ON o.id = f.outage_id
WHERE f.follows AND (f.next_at > $1 OR f.next_at IS NULL) AND o.state = 'announced' AND o.starts_at > $1
  AND n.kind = 'outage_planned' AND n.state <> 'cancelled'
ORDER BY n.id FOR UPDATE OF f
"""
_OWED: Final = "UPDATE outage_notice SET next_step = $2, next_at = $3 WHERE notice_id = $1"
_BEGIN: Final = """
UPDATE outage SET state = 'active' FROM (
  SELECT id FROM outage WHERE state = 'announced' AND starts_at <= $1 ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
) AS begun WHERE outage.id = begun.id RETURNING outage.id, outage_no
"""


async def begin_round(
    connection: Any,
    notice: UUID,
    step: str,
    *,
    unless_told_since: datetime | None = None,
    only: Sequence[int] | None = None,
) -> None:
    """Have a notice composed again for a step, in the connection's transaction. The caller has judged its state.

    `only` names the accounts, by id, that are brought up to date; without it everybody is.
    """
    about: dict[str, Any] = {"step": step}
    if only is not None:
        about[ONLY] = list(only)
    if unless_told_since is not None:
        about["unless_told_since"] = unless_told_since.isoformat()
    await connection.execute(_ROUND, notice, json.dumps(about))
    await connection.execute("DELETE FROM notice_recipient WHERE notice_id = $1", notice)
    await connection.execute("SELECT pg_notify($1, '')", COMPOSE)


async def follow(
    connection: Any, outage: Any, step: str | None, now: datetime, zone: ZoneInfo, table: Timetable = USUAL
) -> list[UUID]:
    """Bring the notices of an outage that has changed up to date; which those were. `outage` is its row.

    `step` is what happened, None where nobody has to be told. A notice that does not follow tells those anew
    who have not been told yet, since their copies were stopped.
    """
    rows = await connection.fetch(
        """SELECT n.id, n.state, n.kind, f.follows FROM outage_notice f JOIN notice n ON n.id = f.notice_id
           WHERE f.outage_id = $1 AND n.state NOT IN ('cancelled') ORDER BY n.id FOR UPDATE OF n""",
        outage["id"],
    )
    over = outage["state"] in ("restored", "cancelled")
    begun: list[UUID] = []
    for row in rows:
        due = None if over or row["kind"] != "outage_planned" else next_due(outage["starts_at"], now, zone, table)
        await connection.execute(
            _OWED,
            row["id"],
            due.step if due and row["follows"] else None,
            due.at if due and row["follows"] else None,
        )
        if step is None or row["state"] == "draft" or row["kind"] == "restoration":
            continue
        if row["follows"]:
            await begin_round(connection, row["id"], step)
        elif not over and row["state"] != "done":
            await begin_round(connection, row["id"], "announce")
        else:
            continue
        begun.append(row["id"])
    return begun


async def go_by(connection: Any, now: datetime, zone: ZoneInfo, table: Timetable) -> None:
    """Have what is still to come of planned outages fall due by this timetable, in the connection's transaction.

    What has fallen due by the one before is left as it is.
    """
    for row in await connection.fetch(_AHEAD, now):
        due = next_due(row["starts_at"], now, zone, table)
        await connection.execute(_OWED, row["notice_id"], due.step if due else None, due.at if due else None)


async def run_due(connection: Any, now: datetime, zone: ZoneInfo, table: Timetable = USUAL) -> int:
    """Do what has fallen due by the calendar, in the connection's transaction; how much that was."""
    begun = await connection.fetch(_BEGIN, now)
    for row in begun:
        await audit.write(
            connection,
            at=now,
            actor="clock",
            action="outage.began",
            subject=f"outage:{row['outage_no']}",
            before={"state": "announced"},
            after={"state": "active"},
        )
    if begun:
        await overlapping.change_alone(connection)
        for row in begun:
            await overlapping.silence(connection, row["id"], now)
    due = await connection.fetch(_DUE, now)
    for row in due:
        after = next_due(row["starts_at"], row["next_at"], zone, table)
        await connection.execute(
            _OWED,
            row["notice_id"],
            after.step if after else None,
            after.at if after else None,
        )
        reminder = reminder_of(row["next_step"], table)
        # A step that was slept through is not made up for once the outage has begun.
        if reminder is not None and now < row["starts_at"]:
            since = row["next_at"] - reminder.unless_told_within
            await begin_round(connection, row["notice_id"], row["next_step"], unless_told_since=since)
    rung = await confirming.remind_people(connection, now, table)
    return len(begun) + len(due) + rung


async def forget(connection: Any, before: datetime) -> int:
    """Let go of who was told what of outages that were over before a moment; of how many accounts.

    The messages themselves are kept and let go of by month; an outage and its history stay.
    """
    forgotten = 0
    for table in ("outage_told", "outage_account", "outage_confirmation", "outage_report"):
        status = await connection.execute(
            f"""DELETE FROM {table} USING outage o
                WHERE o.id = outage_id AND o.state IN ('restored', 'cancelled')
                  AND coalesce(o.restored_at, o.ends_at, o.starts_at) < $1""",
            before,
        )
        forgotten += touched(status) if table == "outage_account" else 0
    return forgotten


async def next_moment(connection: Any, now: datetime) -> datetime | None:
    """When something next falls due by the calendar."""
    moment: datetime | None = await connection.fetchval(_NEXT, now)
    return moment
