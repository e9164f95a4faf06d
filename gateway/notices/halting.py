"""A notice that fails too often pauses itself and says so, instead of going on to fail a million times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
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


async def baseline(connection: Any, notice: UUID) -> tuple[int, int]:
    """How many texts of a notice failed so far, and how many left: failures are counted from here again."""
    row = await connection.fetchrow(_LEFT, notice)
    return row["failed"], row["gone"]


async def halt(connection: Any, table: PolicyTable, now: datetime) -> list[UUID]:
    """Pause every notice whose failures pass the policy's threshold; their ids. The caller commits."""
    halted: list[UUID] = []
    for notice in await connection.fetch("SELECT * FROM notice WHERE state IN ('composing', 'sending')"):
        failed = await connection.fetchval(_FAILED, notice["id"], notice["failed_before"] + table.halt_failures)
        if failed < notice["failed_before"] + table.halt_failures:
            continue
        words = await _too_many(connection, notice, table)
        if words is not None and await _pause(connection, notice, words, now):
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
    return f"paused by itself: {failed} of {gone} texts failed{most}"


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
