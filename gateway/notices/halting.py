"""A notice that fails too often pauses itself and says so, instead of going on to fail a million times.

A small one has often left as a whole before the first receipt comes: there is nothing to pause then, but it says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.kernel import audit
from gateway.kernel.logs import logger
from gateway.notices.policy import PolicyTable
from gateway.outbox import pause_notice

log = logger(__name__)

# Failures have an index of their own, so a notice that goes well costs nothing to look at.
_FAILED = """
SELECT count(*) FROM (
  SELECT 1 FROM message WHERE notice_id = $1 AND state IN ('failed', 'undelivered') LIMIT $2) AS few
"""
_LEFT = """
SELECT count(*) FILTER (WHERE state IN ('failed', 'undelivered')) AS failed, count(*) AS gone
FROM message WHERE notice_id = $1 AND state IN ('sent', 'delivered', 'failed', 'undelivered')
"""


#: How long after its approval a notice that is done still says that too much of it failed.
_LOOKS_BACK: Final = timedelta(days=3)
_LOOKED_AT: Final = """
SELECT * FROM notice WHERE state IN ('composing', 'sending') OR state = 'done' AND remark IS NULL AND approved_at > $1
"""


async def baseline(connection: Any, notice: UUID) -> tuple[int, int]:
    """How many texts of a notice failed so far, and how many left: failures are counted from here again."""
    row = await connection.fetchrow(_LEFT, notice)
    return row["failed"], row["gone"]


async def halt(connection: Any, table: PolicyTable, now: datetime) -> list[UUID]:
    """Pause every notice whose failures pass the policy's threshold, or have it say so where all of it left already;
    their ids. The caller commits."""
    halted: list[UUID] = []
    for notice in await connection.fetch(_LOOKED_AT, now - _LOOKS_BACK):
        failed = await connection.fetchval(_FAILED, notice["id"], notice["failed_before"] + table.halt_failures)
        if failed < notice["failed_before"] + table.halt_failures:
            continue
        words = await _too_many(connection, notice, table)
        if words is None:
            continue
        if notice["state"] == "done":
            await connection.execute("UPDATE notice SET remark = $2 WHERE id = $1", notice["id"], words)
            halted.append(notice["id"])
        elif await _pause(connection, notice, f"paused by itself: {words}", now):
            halted.append(notice["id"])
    return halted


async def _too_many(connection: Any, notice: Mapping[str, Any], table: PolicyTable) -> str | None:
    """What is wrong, in words; None where the failures are few among all that left."""
    failed, gone = await baseline(connection, notice["id"])
    failed, gone = failed - notice["failed_before"], gone - notice["left_before"]
    if failed < table.halt_failures or failed < table.halt_share * gone:
        return None
    row = await connection.fetchrow(
        """SELECT error_code, count(*) AS times FROM message
           WHERE notice_id = $1 AND state IN ('failed', 'undelivered') GROUP BY 1 ORDER BY 2 DESC LIMIT 1""",
        notice["id"],
    )
    most = f", most often with the carrier's code {row['error_code']}" if row["error_code"] else ""
    return f"{failed} of {gone} texts failed{most}"


async def _pause(connection: Any, notice: Mapping[str, Any], words: str, now: datetime) -> bool:
    before = await connection.fetchval(
        """UPDATE notice SET state = 'paused', remark = $2 WHERE id = $1 AND state IN ('composing', 'sending')
           RETURNING state""",
        notice["id"],
        words,
    )
    if before is None:
        return False
    await pause_notice(connection, notice["id"], at=now)
    await audit.write(
        connection,
        at=now,
        actor="policy:halt",
        action="notice paused",
        subject=f"notice:{notice['id']}",
        before={"state": notice["state"]},
        after={"state": "paused", "remark": words},
    )
    log.error("notice paused by itself", notice=str(notice["id"]), why=words)
    return True
