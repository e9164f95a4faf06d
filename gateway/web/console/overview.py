"""The overview: what is going out, what came back, what waits for whom, what is about to break."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, Literal

from aiohttp import web

from gateway.evaluations import summaries
from gateway.kernel.database import driver
from gateway.outbox import reaching
from gateway.web.console.mine import mine
from gateway.web.console.pages import Menu, Page, Query, View
from gateway.web.console.today import MOST, today

#: A share and its interval.
_PARTS: Final = ("share", "low", "high")
#: Months that a trend shows.
_MONTHS: Final = 12


async def overview(view: View) -> web.StreamResponse:
    """Today."""
    return view.render(
        "overview.html", today=await today(view.session, now=view.now), most=MOST, whole=view.person.acting.whole,
        mine=await mine(view),
    )  # fmt: skip


def _months(now: datetime) -> list[datetime]:
    """The first moments of the last months and of the next one, in the zone of `now`."""
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    steps = [(first + timedelta(days=32)).replace(day=1), first]
    while len(steps) <= _MONTHS:
        steps.append((steps[-1] - timedelta(days=1)).replace(day=1))
    return steps[::-1]


class TrendQuery(Query):
    """As data for a plot, or as the table beside it."""

    form: Literal["plot", "table"] = "plot"


async def _misdirected(
    connection: Any, months: list[datetime], now: datetime, zone: str
) -> dict[str | None, float | None]:
    found = await reaching.measures(
        connection, "month", since=months[0], until=months[-1], now=now, zone=zone, only=["misdirected"]
    )
    return {one.month: one.misdirected.value for one in found}


async def misdirected(view: View) -> web.StreamResponse:
    """Texts that went to a wrong person, of 10,000 delivered, month by month."""
    settings = view.services.settings
    now = view.services.clock.now()
    months = _months(now.astimezone(settings.zone))
    connection = await driver(view.session)
    values = await view.console.kept.get(
        ("misdirected", months[-1]), lambda: _misdirected(connection, months, now, settings.timezone)
    )
    names = [f"{month:%Y-%m}" for month in months[:-1]]
    if view.query.form == "table":
        rows = [[name, _rounded(values.get(name))] for name in names if values.get(name) is not None]
        return view.render("parts/trend.html", headings=["overview.month", "overview.misdirected"], rows=rows)
    if all(values.get(name) is None for name in names):
        return view.json({"nothing": view.t("overview.no_trend")})
    return view.json(
        {
            "grid": {"left": 44, "right": 12, "top": 16, "bottom": 28},
            "tooltip": {"trigger": "axis"},
            "xAxis": {"type": "category", "data": names},
            "yAxis": {"type": "value", "min": 0},
            "series": [
                {
                    "type": "line", "symbolSize": 7, "lineStyle": {"width": 2}, "name": view.t("overview.misdirected"),
                    "data": [_rounded(values.get(name)) for name in names],
                }
            ],
        }
    )  # fmt: skip


async def satisfaction(view: View) -> web.StreamResponse:
    """The share of 4 and 5 month by month, with its interval."""
    settings = view.services.settings
    now = view.services.clock.now()
    months = _months(now.astimezone(settings.zone))
    found = await view.console.kept.get(
        ("satisfaction", months[-1]),
        lambda: summaries.summary(
            view.session, "month", since=months[0], until=months[-1], zone=settings.timezone, now=now
        ),
    )
    shares = {one.key: one.csat for one in found if one.csat is not None}
    names = [f"{month:%Y-%m}" for month in months[:-1]]

    if view.query.form == "table":
        rows = [[name, *(_percent(getattr(shares[name], part)) for part in _PARTS)] for name in names if name in shares]
        headings = ["overview.month", "overview.satisfied", "overview.low", "overview.high"]
        return view.render("parts/trend.html", headings=headings, rows=rows)

    if not shares:
        return view.json({"nothing": view.t("overview.no_trend")})

    def line(part: str) -> list[float | None]:
        return [_percent(getattr(shares[name], part)) if name in shares else None for name in names]

    band: dict[str, Any] = {"type": "line", "symbol": "none", "lineStyle": {"width": 1, "type": "dashed"}}
    return view.json(
        {
            "grid": {"left": 44, "right": 12, "top": 16, "bottom": 28},
            "tooltip": {"trigger": "axis"},
            "xAxis": {"type": "category", "data": names},
            "yAxis": {"type": "value", "min": 0, "max": 100},
            "series": [
                {
                    "type": "line", "symbolSize": 7, "lineStyle": {"width": 2}, "name": view.t("overview.satisfied"),
                    "data": line("share"),
                },
                {**band, "name": view.t("overview.low"), "data": line("low")},
                {**band, "name": view.t("overview.high"), "data": line("high")},
            ],
        }
    )  # fmt: skip


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _percent(value: float) -> float:
    return round(value * 100, 1)


PAGES: Final = (
    Page(
        method="GET", path="/", handler=overview, scope=None, title="overview.title",
        menu=Menu(group="today", order=10, icon="home"),
    ),
    Page(
        method="GET", path="/overview/misdirected", handler=misdirected, scope="archive:read", whole=True, part=True,
        query=TrendQuery,
    ),
    Page(
        method="GET", path="/overview/satisfaction", handler=satisfaction, scope="evaluations:read", whole=True,
        part=True, query=TrendQuery,
    ),
)  # fmt: skip
