"""How well the right person is reached: by organisation and month, as JSON, as CSV and as a picture."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from gateway.kernel.charts import lines_svg
from gateway.kernel.database import driver
from gateway.kernel.errors import InvalidInput
from gateway.outbox import reaching
from gateway.web.routing import Call, Route

TAG: Final = "measures"
#: Months that are told where no span is given, and how many may be asked for.
_USUAL: Final = 12
_MOST: Final = 36

Month = Annotated[str, StringConstraints(pattern=r"^20\d\d-(0[1-9]|1[0-2])$"), Field(examples=["2025-10"])]
Measure = Literal[
    "misdirected", "after_report", "thorough_first", "recurred", "resurrections_blocked", "falsely_suspended",
    "reachable", "verified", "to_stop", "to_complete", "falsely_stopped_for",
]  # fmt: skip


class MeasureQuery(BaseModel):
    """For which months, the last 12 where none are named; and by what."""

    model_config = ConfigDict(extra="forbid")

    from_: Month | None = Field(default=None, alias="from")
    to: Month | None = None
    by: reaching.By = "both"


class PlotQuery(MeasureQuery):
    """Which measure, month by month."""

    measure: Measure = "misdirected"
    by: Literal["month", "both"] = "month"


class Measures(BaseModel):
    """The measures of a span."""

    by: reaching.By
    items: list[reaching.Reaching]


class Precisions(BaseModel):
    """How often each kind of evidence was right."""

    by: reaching.By
    items: list[reaching.SignalPrecision]


class Sheet(BaseModel):
    """A table as CSV."""


class Picture(BaseModel):
    """An SVG picture."""


def _span(query: MeasureQuery, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the first moment of the first month to the last of the last."""
    home = now.astimezone(zone)
    to = query.to or f"{home:%Y-%m}"
    first = query.from_ or _months_before(to, _USUAL - 1)
    if first > to:
        raise InvalidInput("the first month lies behind the last", field="from")
    if _months_before(to, _MOST - 1) > first:
        raise InvalidInput(f"{_MOST} months are the most", field="from")
    return _begin(first, zone), _begin(_months_before(to, -1), zone)


def _months_before(month: str, number: int) -> str:
    place = int(month[:4]) * 12 + int(month[5:]) - 1 - number
    return f"{place // 12:04d}-{place % 12 + 1:02d}"


def _begin(month: str, zone: ZoneInfo) -> datetime:
    return datetime(int(month[:4]), int(month[5:]), 1, tzinfo=zone).astimezone(UTC)


async def _measured(call: Call[None, Any], by: reaching.By) -> list[reaching.Reaching]:
    settings, now = call.services.settings, call.services.clock.now()
    since, until = _span(call.query, now, settings.zone)
    connection = await driver(call.session)
    return await reaching.measures(connection, by, since=since, until=until, now=now, zone=settings.timezone)


async def measures(call: Call[None, MeasureQuery]) -> Measures:
    """Every measure with its numerator and denominator."""
    return Measures(by=call.query.by, items=await _measured(call, call.query.by))


async def sheet(call: Call[None, MeasureQuery]) -> Any:
    """The same as CSV, a row for each month and organisation."""
    heads, rows = reaching.flat(await _measured(call, call.query.by))
    return _csv(heads, rows)


async def plot(call: Call[None, PlotQuery]) -> Any:
    """One measure month by month, a line for each organisation."""
    query = call.query
    items = await _measured(call, query.by)
    settings = call.services.settings
    since, until = _span(query, call.services.clock.now(), settings.zone)
    steps = []
    while since < until:
        steps.append(f"{since.astimezone(settings.zone):%Y-%m}")
        since = (since + timedelta(days=45)).astimezone(settings.zone).replace(day=1)
    lines: dict[str, dict[str, float | None]] = {}
    for item in items:
        of = getattr(item, query.measure)
        value = of.median if isinstance(of, reaching.Times) else of.value
        lines.setdefault(_named(item.organisation), {})[item.month or ""] = value
    title = f"{query.measure}{_UNITS.get(query.measure, '')}"
    picture = lines_svg(title, steps, {name: [line.get(step) for step in steps] for name, line in lines.items()})
    return web.Response(text=picture, content_type="image/svg+xml")


_UNITS: Final = {
    "misdirected": " per 10,000 delivered",
    **dict.fromkeys(reaching.TIMES, ", median seconds"),
}


async def signals(call: Call[None, MeasureQuery]) -> Precisions:
    """How often each kind of evidence was right."""
    return Precisions(by=call.query.by, items=await _precision(call))


async def signals_sheet(call: Call[None, MeasureQuery]) -> Any:
    """The same as CSV."""
    return _csv(reaching.PRECISION_HEADS, reaching.flat_precision(await _precision(call)))


async def _precision(call: Call[None, MeasureQuery]) -> list[reaching.SignalPrecision]:
    settings = call.services.settings
    since, until = _span(call.query, call.services.clock.now(), settings.zone)
    connection = await driver(call.session)
    return await reaching.precision(connection, call.query.by, since=since, until=until, zone=settings.timezone)


def _named(organisation: str | None) -> str:
    return "all" if organisation is None else organisation or "unknown"


def _csv(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> web.Response:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows(rows)
    return web.Response(text=out.getvalue(), content_type="text/csv", charset="utf-8")


def _route(path: str, handler: Any, summary: str, answer: Any, query: Any = MeasureQuery) -> Route:
    return Route(
        method="GET",
        path=path,
        handler=handler,
        scope="corrections:read",
        tag=TAG,
        summary=summary,
        answer=answer,
        query=query,
    )


ROUTES: Final = (
    _route("/measures/contacts", measures, "How well the right person is reached, by organisation and month", Measures),
    _route("/measures/contacts/csv", sheet, "The same as CSV", Sheet),
    _route("/measures/contacts/plot", plot, "One measure month by month, as an SVG picture", Picture, PlotQuery),
    _route("/measures/signals", signals, "How often each kind of evidence about contacts was right", Precisions),
    _route("/measures/signals/csv", signals_sheet, "The same as CSV", Sheet),
)
