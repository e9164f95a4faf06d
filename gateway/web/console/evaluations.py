"""Evaluations: how satisfied customers are and what that rests on, and low scores to act on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from aiohttp import web

from gateway.evaluations import reading, summaries
from gateway.web.console.pages import ListQuery, Menu, Page, Query, View
from gateway.web.paging import behind, cut

#: In the order of the tabs.
WAYS: Final[tuple[summaries.By, ...]] = ("organisation", "team", "person", "month", "type")
#: How many whole months may be looked back on, beside this one.
SPANS: Final = (1, 3, 12)
#: Scores that somebody should act on.
LOW: Final = 2
#: Groups in a plot.
_PLOTTED: Final = 40
#: The steps of the funnel, in order.
_STEPS: Final = ("eligible", "drawn", "invitable", "sent", "delivered", "answered", "usable")


class SummaryQuery(Query):
    """By what, of how many months, and whether as a file."""

    by: summaries.By = "team"
    months: Literal["1", "3", "12"] = "3"
    format: Literal["csv"] | None = None


async def summary(view: View) -> web.StreamResponse:
    """The funnel, and satisfaction with intervals."""
    query: SummaryQuery = view.query
    items = await _summed(view, query)
    if query.format == "csv":
        return view.csv(f"evaluations-{query.by}", [f"evaluations.{name}" for name in _COLUMNS], map(_cells, items))
    shown = [one for one in items if one.distribution is not None]
    scores = _added(one.distribution for one in shown if one.distribution is not None)
    return view.render(
        "evaluations/summary.html",
        by=query.by,
        months=query.months,
        ways=WAYS,
        spans=SPANS,
        items=items,
        differs={one.key: one for one in summaries.compare(items) if one.differs},
        funnel=_funnel(items),
        skipped=_added(one.funnel.skipped for one in items),
        scores=scores,
        answers=scores.total(),
        hidden=len(items) - len(shown),
    )


async def plot(view: View) -> web.StreamResponse:
    """Satisfaction with its interval, in the order of the keys: it is no ranking."""
    items = [one for one in await _summed(view, view.query) if one.csat is not None][:_PLOTTED]
    # What an axis of categories shows stands from the bottom up.
    items.reverse()
    known = [(one, one.csat) for one in items if one.csat is not None]
    names = [_name(view, one) for one, _ in known]
    low, high = view.t("evaluations.low_end"), view.t("evaluations.interval")
    return view.json(
        {
            "grid": {"left": 8, "right": 24, "top": 8, "bottom": 8, "containLabel": True},
            "xAxis": {"type": "value", "min": 0, "max": 100, "axisLabel": {"formatter": "{value}%"}},
            "yAxis": {"type": "category", "data": names},
            "tooltip": {"trigger": "item"},
            "series": [
                {
                    "name": low, "type": "bar", "stack": "interval", "silent": True, "barMaxWidth": 12,
                    "itemStyle": {"color": "transparent"}, "data": [_hundred(csat.low) for _, csat in known],
                },
                {
                    "name": high, "type": "bar", "stack": "interval", "silent": True, "barMaxWidth": 12,
                    "itemStyle": {"opacity": 0.3, "borderRadius": 4},
                    "data": [_hundred(csat.high - csat.low) for _, csat in known],
                },
                {
                    "name": view.t("evaluations.csat"), "type": "scatter", "symbolSize": 10,
                    "data": [[_hundred(csat.share), name] for (_, csat), name in zip(known, names, strict=True)],
                },
            ],
        }
    )  # fmt: skip


class LowQuery(ListQuery):
    """Whose low scores."""

    team: str | None = None
    person: str | None = None


async def low(view: View) -> web.StreamResponse:
    """Low scores that count, newest first."""
    query: LowQuery = view.query
    wanted = reading.EvaluationFilter(team=query.team, person=query.person, at_most=LOW, states=["counted"])
    before = behind("evaluations", query.cursor, UUID)
    found = await reading.evaluations(view.session, wanted, before=before, limit=query.limit + 1)
    page = cut("evaluations", found, query.limit, lambda one: one.id)
    if query.format == "csv":
        rows = [
            [one.score, one.solved, one.why, one.comment, one.team, one.person, one.account_no, one.at]
            for one in page["items"]
        ]
        return view.csv("low-scores", [f"evaluations.{name}" for name in _LOW_COLUMNS], rows)
    return view.render("evaluations/low.html", items=page["items"], next=page["next"], query=query)


_LOW_COLUMNS: Final = ("score", "solved", "why", "comment", "team", "person", "account", "at")
_COLUMNS: Final = (
    "group", "name", *_STEPS, "coverage", "response_rate", "n", "mean", "csat", "low_end", "high_end", "not_solved",
)  # fmt: skip


def _cells(one: summaries.Scores) -> list[Any]:
    csat = one.csat
    return [
        one.key, one.name, *(getattr(one.funnel, step) for step in _STEPS), one.coverage, one.response_rate,
        one.n if one.shown else None, one.mean, csat and csat.share, csat and csat.low, csat and csat.high,
        one.not_solved,
    ]  # fmt: skip


async def _summed(view: View, query: SummaryQuery) -> list[summaries.Scores]:
    services = view.services
    now = services.clock.now().astimezone(services.settings.zone)
    return await summaries.summary(
        view.session, query.by, since=_first(now, int(query.months)), until=None, zone=services.settings.timezone,
        now=services.clock.now(),
    )  # fmt: skip


def _first(now: datetime, months: int) -> datetime:
    """The first of the month so many whole months back."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return now.replace(year=year, month=month + 1, day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)


def _funnel(items: Sequence[summaries.Scores]) -> list[tuple[str, int]]:
    return [(step, sum(getattr(one.funnel, step) for one in items)) for step in _STEPS]


def _added(counts: Any) -> Counter[str]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return total


def _name(view: View, one: summaries.Scores) -> str:
    return one.name or one.key or view.t("evaluations.nobody")


def _hundred(share: float) -> float:
    return round(share * 100, 1)


assert {field.name for field in fields(summaries.Funnel)} >= set(_STEPS)

PAGES: Final = (
    Page(
        method="GET", path="/evaluations", handler=summary, scope="evaluations:read", title="evaluations.title",
        whole=True, query=SummaryQuery, menu=Menu(group="service", order=40, icon="chart-funnel"),
    ),
    Page(
        method="GET", path="/evaluations/plot", handler=plot, scope="evaluations:read", whole=True, part=True,
        query=SummaryQuery,
    ),
    Page(
        method="GET", path="/evaluations/low", handler=low, scope="evaluations:read", title="evaluations.low_title",
        query=LowQuery, menu=Menu(group="service", order=41, icon="mood-sad"),
    ),
)  # fmt: skip
