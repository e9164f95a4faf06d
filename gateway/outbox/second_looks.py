"""What a claim could not decide by itself: texts that come too late for their hours, and texts of which a part
ended. Both are still queued; here they get a new opening, or new words, or are withheld."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from asyncpg import PostgresError

from gateway.archive.links import STOPPED
from gateway.kernel.database import AWAY, Database
from gateway.kernel.errors import LamplighterError
from gateway.kernel.logs import logger
from gateway.outbox import claiming
from gateway.outbox.claiming import Late
from gateway.outbox.hours import HoursClass, HoursTable, Quiet, next_window
from gateway.outbox.sweeping import withhold
from gateway.outbox.wiring import Recompose

log = logger(__name__)

#: A text whose hours nobody can tell is looked at again after this long, so that a mended setting frees it.
_UNREADABLE_HOURS: Final = timedelta(hours=1)


async def put_off(database: Database, late: Sequence[Late], *, now: datetime, region: str, hours: HoursTable) -> None:
    """Give late texts their next opening."""
    async with database.connection() as connection:
        there = dict(await connection.fetch(_CALENDARS, [item.id for item in late]))
        quiet = await claiming.quiet_of(connection, [item.id for item in late])
        openings = [_opening(item, now, there.get(item.id, region), hours, quiet.get(item.id)) for item in late]
        await claiming.put_off(connection, openings, now)


def _opening(
    late: Late, now: datetime, region: str, hours: HoursTable, quiet: Quiet | None
) -> tuple[UUID, datetime, datetime | None]:
    try:
        window = next_window(HoursClass(late.hours), now, ZoneInfo(late.zone), region, hours, quiet)
    except (ValueError, ZoneInfoNotFoundError, LamplighterError) as error:
        log.error("hours cannot be told", message=str(late.id), hours=late.hours, zone=late.zone, error=str(error))
        opens = now + _UNREADABLE_HOURS
        return late.id, opens, opens
    return late.id, window.opens, window.closes


async def compose_anew(database: Database, messages: Sequence[UUID], *, now: datetime, recompose: Recompose) -> None:
    """Have partly stopped texts composed anew, one by one: none can hold up another.

    What is still partly stopped afterwards, or cannot be composed, is withheld: nothing wrong leaves.
    """
    for message in messages:
        async with database.work() as work:
            if not await work.value(_STILL_PARTLY_STOPPED, message):
                continue
            try:
                async with work.connection.transaction():
                    await recompose(work.connection, [message])
            except (*AWAY, PostgresError):
                raise
            except Exception as error:
                log.error("a text could not be composed anew", message=str(message), exc_info=error)
            if await work.value(_STILL_PARTLY_STOPPED, message):
                words = "part of what it says no longer holds"
                await withhold(work.connection, [message], reason="superseded", at=now, words=words)
            await work.commit()


#: The holidays kept at the addresses that texts are about, where those are not the utility's own.
_CALENDARS: Final = """
SELECT told.id, min(premise.calendar) FROM message_account told JOIN account ON account.id = told.account_id
JOIN premise ON premise.id = account.premise_id
WHERE told.id = ANY($1::uuid[]) AND premise.calendar IS NOT NULL GROUP BY told.id
"""
_STILL_PARTLY_STOPPED: Final[Any] = f"""
SELECT EXISTS (
  SELECT 1 FROM message_account a
  LEFT JOIN contact_link link ON link.id = a.link_id AND {STOPPED}
  LEFT JOIN ground_stop ground ON ground.ground = a.ground
  WHERE a.id = m.id AND (link.id IS NOT NULL OR ground.ground IS NOT NULL))
FROM message m WHERE m.id = $1 AND m.state = 'queued' FOR UPDATE
"""
