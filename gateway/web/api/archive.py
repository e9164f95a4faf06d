"""Who is reached where: accounts, numbers, links."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from gateway.archive.reading import contacts as reading
from gateway.kernel import phones
from gateway.kernel.errors import NotFound
from gateway.web.paging import Page, PageQuery, QueryTime, Words, behind, cut
from gateway.web.routing import Call, Route

TAG: Final = "archive"


class LinkQuery(PageQuery):
    """Which links; everything given must hold."""

    state: Annotated[list[Literal["unverified", "verified", "suspended", "revoked"]] | None, Words] = None
    since: QueryTime | None = None


async def account(call: Call[None, None]) -> reading.AccountDetail:
    """An account with its contacts."""
    return await reading.account(call.session, call.text("account_no"))


async def contact(call: Call[None, None]) -> reading.Contact:
    """A number with its accounts."""
    try:
        number = phones.parse(call.text("number"), call.services.settings.region)
    except phones.InvalidPhone as error:
        raise NotFound("This is no telephone number.") from error
    return await reading.contact(call.session, number.e164)


async def links(call: Call[None, LinkQuery]) -> Page[reading.Link]:
    """Links by state."""
    query = call.query
    after = behind("links", query.cursor, int)
    found = await reading.links(call.session, states=query.state, since=query.since, after=after, limit=query.limit + 1)
    return Page[reading.Link](**cut("links", found, query.limit, lambda one: one.id))


ROUTES: Final = (
    Route(
        method="GET",
        path="/accounts/{account_no}",
        handler=account,
        scope="archive:read",
        tag=TAG,
        summary="An account with its contact links",
        answer=reading.AccountDetail,
    ),
    Route(
        method="GET",
        path="/contacts/{number}",
        handler=contact,
        scope="archive:read",
        tag=TAG,
        summary="A number with its links, its state, the evidence and its history",
        answer=reading.Contact,
    ),
    Route(
        method="GET",
        path="/links",
        handler=links,
        scope="archive:read",
        tag=TAG,
        summary="Links by state",
        answer=Page[reading.Link],
        query=LinkQuery,
    ),
)
