"""Satisfaction: what it rests on, by organisation, team, person, month and type; one team, one person; coverage."""

from __future__ import annotations

from typing import Any, Final, Literal

from aiohttp import web

from gateway.evaluations import summaries
from gateway.kernel.database import driver
from gateway.kernel.errors import NotFound
from gateway.staff import directory
from gateway.web.console import scoring
from gateway.web.console.pages import Menu, Page, View
from gateway.web.console.scoring import STEPS, SpanQuery

#: In the order of the tabs.
WAYS: Final[tuple[summaries.By, ...]] = ("organisation", "team", "person", "month", "type")
#: The codes under which not asking is counted (domain notes §4.5).
CODES: Final = ("1", "2", "3", "4", "5", "6", "7")


class SummaryQuery(SpanQuery):
    """By what, of which months, and whether as a file."""

    by: summaries.By = "team"
    format: Literal["csv"] | None = None


class OneQuery(SpanQuery):
    """Of which months."""


class PlotQuery(SummaryQuery):
    """What a plot shows: of one team or person alone where one is named."""

    team: str | None = None
    person: str | None = None


async def _chosen(view: View, query: SpanQuery) -> dict[str, Any]:
    """What the form of months and organisations needs."""
    first, last = scoring.months_of(view, query)
    return {
        "first": first,
        "last": last,
        "organisation": query.organisation,
        "organisations": await _parts(view),
    }


async def _parts(view: View) -> list[str]:
    """The districts that who is signed in may read of."""
    there = await directory.districts(await driver(view.session))
    own = await summaries.districts_within(view.session)
    return there if own is None else [one for one in there if one in own]


async def summary(view: View) -> web.StreamResponse:
    """The funnel, and satisfaction with intervals."""
    query: SummaryQuery = view.query
    items = await scoring.summed(view, query, query.by)
    if query.format == "csv":
        return view.csv(f"evaluations-{query.by}", [f"evaluations.{name}" for name in _COLUMNS], map(_cells, items))
    shown = [one for one in items if one.distribution is not None]
    scores = scoring.distribution(items)
    return view.render(
        "evaluations/summary.html",
        by=query.by,
        ways=WAYS,
        items=items,
        differs={one.key: one for one in summaries.compare(items) if one.differs},
        funnel=scoring.funnel(items),
        skipped=scoring.added(one.funnel.skipped for one in items),
        scores=scores,
        answers=scores.total(),
        hidden=len(items) - len(shown),
        worst=_least_asked(items),
        **await _chosen(view, query),
    )


def _least_asked(items: list[summaries.Scores]) -> summaries.Scores | None:
    """The group in which the fewest of those were asked who should have been: where somebody should look first."""
    able = [one for one in items if one.key is not None and one.funnel.drawn >= summaries.LEAST_TO_COMPARE]
    return min(able, key=lambda one: one.funnel.sent / one.funnel.drawn, default=None) if len(able) > 1 else None


async def plot(view: View) -> web.StreamResponse:
    """Satisfaction with its interval."""
    query: PlotQuery = view.query
    items = await scoring.summed(view, query, query.by, team=query.team, person=query.person)
    return view.json(scoring.intervals(view, query.by, items))


async def distribution(view: View) -> web.StreamResponse:
    """How often each score was given."""
    query: PlotQuery = view.query
    items = await scoring.summed(view, query, query.by, team=query.team, person=query.person)
    return view.json(scoring.bars(view, items))


async def coverage(view: View) -> web.StreamResponse:
    """Who was never asked, and why, by group."""
    query: SummaryQuery = view.query
    items = await scoring.summed(view, query, query.by)
    if query.format == "csv":
        headings = ["group", "name", "eligible", "drawn", "sent", "waiting", *(f"skip_{code}" for code in CODES)]
        rows = [
            [
                one.key, one.name, one.funnel.eligible, one.funnel.drawn, one.funnel.sent, one.funnel.waiting,
                *(one.funnel.skipped.get(code, 0) for code in CODES),
            ]
            for one in items
        ]  # fmt: skip
        return view.csv(f"coverage-{query.by}", [f"evaluations.{name}" for name in headings], rows)
    return view.render(
        "evaluations/coverage.html", by=query.by, ways=WAYS, items=items, codes=CODES,
        reasons=scoring.added(one.not_invited for one in items), **await _chosen(view, query),
    )  # fmt: skip


async def team(view: View) -> web.StreamResponse:
    """One team: its funnel, its months, its people beside all others of the team."""
    query: OneQuery = view.query
    code = view.text("team")
    names = await directory.team_names(await driver(view.session))
    if code not in names or not await summaries.team_within(view.session, team=code):
        raise NotFound("There is no such team.")
    return await _one(view, query, "team", code, names[code])


async def person(view: View) -> web.StreamResponse:
    """One person, under the small-number rules: nothing is said below ten answers."""
    query: OneQuery = view.query
    number = view.text("person")
    names = await directory.names(await driver(view.session), [number])
    if number not in names or not await summaries.team_within(view.session, person=number):
        raise NotFound("There is no such person.")
    return await _one(view, query, "person", number, names[number])


async def _one(view: View, query: OneQuery, kind: Literal["team", "person"], key: str, name: str) -> web.StreamResponse:
    whose = {kind: key}
    (whole,) = (await scoring.summed(view, query, kind, **whose)) or (None,)
    among = await scoring.summed(view, query, kind)
    differs = next((one for one in summaries.compare(among) if one.key == key and one.differs), None)
    return view.render(
        "evaluations/one.html",
        kind=kind,
        key=key,
        name=name,
        whole=whole,
        funnel=scoring.funnel([whole] if whole else []),
        skipped=whole.funnel.skipped if whole else {},
        scores=scoring.distribution([whole] if whole else []),
        differs=differs,
        months=await scoring.summed(view, query, "month", **whose),
        types=await scoring.summed(view, query, "type", **whose),
        people=await scoring.summed(view, query, "person", team=key) if kind == "team" else [],
        **await _chosen(view, query),
    )


_COLUMNS: Final = (
    "group", "name", *STEPS, "coverage", "response_rate", "n", "mean", "csat", "low_end", "high_end", "not_solved",
    "contested",
)  # fmt: skip


def _cells(one: summaries.Scores) -> list[Any]:
    csat = one.csat
    return [
        one.key, one.name, *(getattr(one.funnel, step) for step in STEPS), one.coverage, one.response_rate,
        one.n if one.shown else None, one.mean, csat and csat.share, csat and csat.low, csat and csat.high,
        one.not_solved, one.contested,
    ]  # fmt: skip


def _page(path: str, handler: Any, query: Any, **more: Any) -> Page:
    return Page(
        method="GET", path=path, handler=handler, scope="evaluations:read", query=query,
        **({"title": "evaluations.title"} | more),
    )  # fmt: skip


PAGES: Final = (
    _page("/evaluations", summary, SummaryQuery, menu=Menu(group="service", order=40, icon="chart-funnel")),
    _page("/evaluations/plot", plot, PlotQuery, part=True),
    _page("/evaluations/distribution", distribution, PlotQuery, part=True),
    _page("/evaluations/coverage", coverage, SummaryQuery, title="evaluations.coverage_title", under="/evaluations"),
    _page("/evaluations/teams/{team}", team, OneQuery, title="evaluations.one_team", under="/evaluations"),
    _page("/evaluations/people/{person}", person, OneQuery, title="evaluations.one_person", under="/evaluations"),
)
