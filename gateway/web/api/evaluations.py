"""What customers said about services, and what the scores rest on."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from gateway.evaluations import outside, reading, sheets, summaries
from gateway.web.paging import Page, PageQuery, QueryTime, Words, behind, cut
from gateway.web.routing import Call, Route

TAG: Final = "evaluations"


class EvaluationQuery(PageQuery):
    """Which evaluations; everything given must hold."""

    team: str | None = None
    person: str | None = None
    account_no: str | None = None
    event: str | None = None
    notice: UUID | None = None
    state: Annotated[list[Literal["counted", "withdrawn", "quarantined", "annulled"]] | None, Words] = None
    since: QueryTime | None = None
    until: QueryTime | None = None


class SummaryQuery(BaseModel):
    """By what, and for invitations of which span."""

    model_config = ConfigDict(extra="forbid")

    by: summaries.By
    since: QueryTime | None = None
    until: QueryTime | None = None


class Summary(BaseModel):
    """Scores, one item a group; and each group with scores enough beside all others, in place of a ranking."""

    by: summaries.By
    items: list[summaries.Scores]
    comparisons: list[summaries.Comparison]


async def listed(call: Call[None, EvaluationQuery]) -> Page[reading.Evaluation]:
    """Evaluations, newest first."""
    query = call.query
    wanted = reading.EvaluationFilter(
        team=query.team,
        person=query.person,
        account_no=query.account_no,
        event=query.event,
        notice=query.notice,
        since=query.since,
        until=query.until,
        states=query.state,
    )
    before = behind("evaluations", query.cursor, UUID)
    found = await reading.evaluations(call.session, wanted, before=before, limit=query.limit + 1)
    return Page[reading.Evaluation](**cut("evaluations", found, query.limit, lambda one: one.id))


async def one(call: Call[None, None]) -> reading.Evaluation:
    """One evaluation."""
    return await reading.evaluation(call.session, call.id("evaluation"))


async def summary(call: Call[None, SummaryQuery]) -> Summary:
    """Scores with response rate, coverage and interval."""
    query = call.query
    items = await summed_up(call, query)
    return Summary(by=query.by, items=items, comparisons=summaries.compare(items))


async def summed_up(call: Call[Any, Any], query: SummaryQuery) -> list[summaries.Scores]:
    """Scores as the caller may see them."""
    services = call.services
    return await summaries.summary(
        call.session,
        query.by,
        since=query.since,
        until=query.until,
        zone=services.settings.timezone,
        now=services.clock.now(),
    )


async def summary_csv(call: Call[None, SummaryQuery]) -> Any:
    """The same as CSV."""
    text = sheets.as_csv(await summed_up(call, call.query))
    return _file(call, text.encode(), "text/csv", "csv")


async def summary_workbook(call: Call[None, SummaryQuery]) -> Any:
    """The same as a workbook."""
    items = await summed_up(call, call.query)
    content = await asyncio.to_thread(sheets.as_workbook, items, summaries.compare(items))
    return _file(call, content, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx")


async def summary_picture(call: Call[None, SummaryQuery]) -> Any:
    """The same as a picture."""
    items = await summed_up(call, call.query)
    picture = sheets.as_svg(items, f"CSAT (4–5), 95 %, {call.query.by}")
    return web.Response(text=picture, content_type="image/svg+xml")


def _file(call: Call[None, SummaryQuery], content: bytes, kind: str, ending: str) -> web.Response:
    name = f'attachment; filename="evaluations-{call.query.by}.{ending}"'
    return web.Response(body=content, content_type=kind, headers={"Content-Disposition": name})


class SourceQuery(BaseModel):
    """By what, and of which span."""

    model_config = ConfigDict(extra="forbid")

    by: Literal["team", "person"]
    since: QueryTime | None = None
    until: QueryTime | None = None


class Sources(BaseModel):
    """What came another way, each source for itself."""

    items: list[outside.OtherSource]


async def sources(call: Call[None, SourceQuery]) -> Sources:
    """Cards, mystery checks, the telephone audit."""
    query = call.query
    asked = SummaryQuery(by=query.by, since=query.since, until=query.until)
    found = await outside.other_sources(
        call.session,
        query.by,
        await summed_up(call, asked),
        since=query.since,
        until=query.until,
        now=call.services.clock.now(),
        zone=call.services.settings.zone,
    )
    return Sources(items=found)


class Content(BaseModel):
    """A file."""


def _sheet(ending: str, handler: Any, what: str) -> Route:
    return Route(
        method="GET",
        path=f"/evaluations/summary.{ending}",
        handler=handler,
        scope="evaluations:read",
        tag=TAG,
        summary=f"The summary as {what}",
        answer=Content,
        query=SummaryQuery,
    )


ROUTES: Final = (
    _sheet("csv", summary_csv, "CSV"),
    _sheet("xlsx", summary_workbook, "a workbook"),
    _sheet("svg", summary_picture, "a picture, in the order of the keys"),
    Route(
        method="GET",
        path="/evaluations/sources",
        handler=sources,
        scope="evaluations:read",
        tag=TAG,
        summary="Scores from cards, mystery checks and the telephone audit, each for itself",
        answer=Sources,
        query=SourceQuery,
    ),
    Route(
        method="GET",
        path="/evaluations",
        handler=listed,
        scope="evaluations:read",
        tag=TAG,
        summary="List evaluations, newest first",
        answer=Page[reading.Evaluation],
        query=EvaluationQuery,
    ),
    Route(
        method="GET",
        path="/evaluations/summary",
        handler=summary,
        scope="evaluations:read",
        tag=TAG,
        summary="Scores by team, person, month, type of service or organisation, with the whole funnel and intervals",
        answer=Summary,
        query=SummaryQuery,
    ),
    Route(
        method="GET",
        path="/evaluations/{id}",
        handler=one,
        scope="evaluations:read",
        tag=TAG,
        summary="One evaluation",
        answer=reading.Evaluation,
    ),
)
