"""Contact checks by the clock: each week those that are due are drafted, so that a year asks everybody once.

A round is a notice like any other: a person approves it, unless policy approves its kind. As long as one waits for
approval no other is drafted, so that rounds do not pile up.
"""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from gateway.kernel.clock import Clock
from gateway.kernel.database import Database, driver
from gateway.kernel.logs import logger
from gateway.notices.contact_checks import TURNS, ContactChecks
from gateway.notices.control import Draft, Notices

log = logger(__name__)

ACTOR: Final = "clock"
#: Mondays, at the utility's home.
_WEEKDAY: Final = 0
_HOUR: Final = time(9)

_LAST: Final = """
SELECT max(drafted_at) AS at, bool_or(state = 'draft') AS waits FROM notice
WHERE kind = $1 AND drafted_by = $2
"""


class CheckRounds:
    """Drafts the checks that are due, once a week; only where `automatic`."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        notices: Notices,
        kind: ContactChecks,
        *,
        zone: ZoneInfo,
        automatic: bool,
    ) -> None:
        self._database = database
        self._clock = clock
        self._notices = notices
        self._kind = kind
        self._zone = zone
        self._automatic = automatic

    async def tick(self) -> UUID | None:
        """Draft this week's round, if its hour has come and it was not drafted yet; its notice, if anybody is due."""
        if not self._automatic:
            return None
        now = self._clock.now()
        begins = self._begins(now)
        async with self._database.connection() as connection:
            last = await connection.fetchrow(_LAST, self._kind.name, ACTOR)
            if now < begins or last["waits"] or (last["at"] is not None and last["at"] >= begins):
                return None
            asked = {"due": True, "turn": begins.astimezone(self._zone).isocalendar().week % TURNS}
            about = json.dumps(self._kind.parse(asked))
            if not await connection.fetchval(f"SELECT EXISTS ({self._kind.subjects})", about):
                return None
        async with self._database.session() as session:
            # Two nodes may have looked at the same moment; the second finds what the first has drafted.
            connection = await driver(session)
            await connection.execute("LOCK TABLE notice IN SHARE ROW EXCLUSIVE MODE")
            if (await connection.fetchrow(_LAST, self._kind.name, ACTOR))["at"] != last["at"]:
                return None
            notice = await self._notices.draft(session, Draft(kind=self._kind.name, about=asked), actor=ACTOR)
            await session.commit()
        log.info("contact checks drafted", notice=str(notice))
        return notice

    async def next_due(self, _connection: Any, now: datetime) -> datetime | None:
        """When the next round is drafted."""
        if not self._automatic:
            return None
        begins = self._begins(now)
        return begins if begins > now else self._begins(now + timedelta(days=7))

    def _begins(self, moment: datetime) -> datetime:
        home = moment.astimezone(self._zone)
        day = home.date() - timedelta(days=(home.weekday() - _WEEKDAY) % 7)
        return datetime.combine(day, _HOUR, self._zone)
