"""How likely links are right, how that turned out, and sweeps through the archive."""

from __future__ import annotations

from typing import Any, Final, Literal
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel, Field

from gateway.archive import findings as of_sweeps
from gateway.archive.reading import corrections as cases
from gateway.archive.reading import trust as reading
from gateway.archive.trust.plotting import reliability_svg
from gateway.kernel.errors import Conflict
from gateway.web.api.corrections import Reason
from gateway.web.models import Body, Prose
from gateway.web.paging import Page, PageQuery, behind, cut
from gateway.web.routing import Call, Route

TAG: Final = "trust"


class ReckonedQuery(PageQuery):
    """Which links: those thought less likely right than `below`."""

    below: float = Field(default=0.5, gt=0, le=1)


class FindingQuery(PageQuery):
    """Which findings."""

    reason: Reason | None = None


class FindingBody(Body):
    """A finding and what somebody says of it: the doubted links are `wrong` and taken off, or all is `right`."""

    id: UUID
    answer: Literal["wrong", "right"]


class FindingsBody(Body):
    """Findings decided in one go, each carried out by itself."""

    decisions: list[FindingBody] = Field(min_length=1, max_length=of_sweeps.MOST)
    note: Prose | None = None


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


async def findings(call: Call[None, FindingQuery]) -> Page[cases.Correction]:
    """Open cases that sweeps opened, in the order of opening: the least likely links of a night first."""
    query = call.query
    found = await cases.findings(
        call.session,
        of_sweeps.OPENED_BY,
        reason=query.reason,
        after=behind("findings", query.cursor, UUID),
        limit=query.limit + 1,
    )
    return Page[cases.Correction](**cut("findings", found, query.limit, lambda one: one.id))


async def decide(call: Call[FindingsBody, None]) -> Page[of_sweeps.Decided]:
    """Decide many findings; what became of each."""
    body = call.body
    decisions = [of_sweeps.FindingDecision(id=one.id, answer=one.answer) for one in body.decisions]
    done = await call.services.findings.decide(call.session, decisions, note=body.note, actor=call.actor)
    return Page[of_sweeps.Decided](items=done, next=None)


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
    Route(
        method="GET",
        path="/findings",
        handler=findings,
        scope="corrections:read",
        tag=TAG,
        summary="Findings of the sweeps that wait for a decision",
        answer=Page[cases.Correction],
        query=FindingQuery,
    ),
    Route(
        method="POST",
        path="/findings/decide",
        handler=decide,
        scope="corrections:decide",
        tag=TAG,
        summary="Decide many findings at once, each carried out by itself; what became of each",
        answer=Page[of_sweeps.Decided],
        body=FindingsBody,
    ),
)
