"""How likely links are right, how that turned out, and sweeps through the archive."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel, Field

from gateway.archive.reading import trust as reading
from gateway.archive.trust.plotting import reliability_svg
from gateway.kernel.errors import Conflict
from gateway.web.paging import Page, PageQuery, behind, cut
from gateway.web.routing import Call, Route

TAG: Final = "trust"


class ReckonedQuery(PageQuery):
    """Which links: those thought less likely right than `below`."""

    below: float = Field(default=0.5, gt=0, le=1)


class Picture(BaseModel):
    """An SVG picture."""


async def trust(call: Call[None, None]) -> reading.Trust:
    """The model: its weights, and how reliable it proved."""
    return await reading.trust(call.session)


async def plot(call: Call[None, None]) -> Any:
    """What was thought of links against what they turned out to be."""
    steps = (await reading.trust(call.session)).reliability
    picture = reliability_svg([(step.thought, step.right, step.links) for step in steps])
    return web.Response(text=picture, content_type="image/svg+xml")


async def links(call: Call[None, ReckonedQuery]) -> Page[reading.Reckoned]:
    """Links with their probability and why."""
    query = call.query
    after = behind("trust", query.cursor, int) or 0
    found = await reading.reckoned(call.session, below=query.below, after=after, limit=query.limit + 1)
    return Page[reading.Reckoned](**cut("trust", found, query.limit, lambda one: one.id))


async def sweeps(call: Call[None, PageQuery]) -> Page[reading.SweepSeen]:
    """Sweeps, newest first."""
    before = behind("sweeps", call.query.cursor, int)
    found = await reading.sweeps(call.session, before=before, limit=call.query.limit + 1)
    return Page[reading.SweepSeen](**cut("sweeps", found, call.query.limit, lambda one: one.id))


async def sweep(call: Call[None, None]) -> reading.SweepSeen:
    """Look through the archive now."""
    if await call.services.sweeping.sweep() is None:
        raise Conflict("a sweep is under way")
    return (await reading.sweeps(call.session, before=None, limit=1))[0]


ROUTES: Final = (
    Route(
        method="GET",
        path="/trust",
        handler=trust,
        scope="archive:read",
        tag=TAG,
        summary="How likely links are right: the model's weights and its reliability",
        answer=reading.Trust,
    ),
    Route(
        method="GET",
        path="/trust/plot",
        handler=plot,
        scope="archive:read",
        tag=TAG,
        summary="The model's reliability as an SVG picture",
        answer=Picture,
    ),
    Route(
        method="GET",
        path="/trust/links",
        handler=links,
        scope="archive:read",
        tag=TAG,
        summary="Links thought less likely right than `below`, each with its reasons in words",
        answer=Page[reading.Reckoned],
        query=ReckonedQuery,
    ),
    Route(
        method="GET",
        path="/sweeps",
        handler=sweeps,
        scope="corrections:read",
        tag=TAG,
        summary="Sweeps through the archive, newest first",
        answer=Page[reading.SweepSeen],
        query=PageQuery,
    ),
    Route(
        method="POST",
        path="/sweeps",
        handler=sweep,
        scope="corrections:decide",
        tag=TAG,
        summary="Look through the archive now: trust anew, findings as corrections",
        answer=reading.SweepSeen,
        status=201,
        problems=(409,),
    ),
)
