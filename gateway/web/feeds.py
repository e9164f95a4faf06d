"""Calendars to subscribe to: the address itself is the key, as calendar programs send no other.

The address is signed with the house's secret, says whose plan it is, and opens that plan alone.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Final

from aiohttp import web

from gateway.followups import reading
from gateway.followups.calendars import calendar
from gateway.web.services import Services

PATH: Final = "/feeds/followups/{manager}/{token}.ics"
#: What a calendar shows: the last months, and all that is planned.
_BACK: Final = timedelta(days=92)
_MOST: Final = 2000


def signed(services: Services, manager: str) -> str:
    """The address of a manager's calendar."""
    return f"{services.settings.base_url}{PATH.format(manager=manager, token=_token(services, manager))}"


def _token(services: Services, manager: str) -> str:
    secret = services.settings.kept_secret().encode()
    return hmac.new(secret, f"calendar:{manager}".encode(), hashlib.sha256).hexdigest()[:40]


class Feeds:
    """Answers with calendars."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def followups(self, request: web.Request) -> web.Response:
        """The plan of one manager, those they stand in for included; 404 for an address that was not given out."""
        manager, services = request.match_info["manager"], self._services
        if not hmac.compare_digest(request.match_info["token"], _token(services, manager)):
            raise web.HTTPNotFound
        now = services.clock.now()
        wanted = reading.FollowupFilter(manager=manager, since=(now - _BACK).astimezone(services.settings.zone).date())
        async with services.database.session() as session:
            found = await reading.followups(session, wanted, before=None, limit=_MOST)
        text = calendar(found, name=f"回访计划 {manager}", now=now)
        return web.Response(text=text, content_type="text/calendar", charset="utf-8")
