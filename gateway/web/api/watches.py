"""Accounts under watch after a low score or a correction."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from gateway.cases import watched
from gateway.web.paging import Page, PageQuery, behind, cut
from gateway.web.routing import Call, Route

TAG: Final = "cases"


class WatchQuery(PageQuery):
    """Which watches; everything given must hold."""

    account_no: str | None = None
    because: watched.Because | None = None


async def listed(call: Call[None, WatchQuery]) -> Page[watched.Watch]:
    """Watches that stand, newest first."""
    query = call.query
    found = await watched.watches(
        call.session,
        call.services.clock.now(),
        account_no=query.account_no,
        because=query.because,
        before=behind("watches", query.cursor, UUID),
        limit=query.limit + 1,
    )
    return Page[watched.Watch](**cut("watches", found, query.limit, lambda one: one.id))


ROUTES: Final = (
    Route(
        method="GET",
        path="/cases/watches",
        handler=listed,
        scope="cases:read",
        tag=TAG,
        summary="Accounts watched for 30 days after a low score or a correction, and who came again",
        answer=Page[watched.Watch],
        query=WatchQuery,
    ),
)
