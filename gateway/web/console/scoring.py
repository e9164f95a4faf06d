"""What pages about satisfaction share: which months, whose services, sums over groups, and plots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import StringConstraints

from gateway.evaluations import summaries
from gateway.web.console.pages import Query, View

Month = Annotated[str, StringConstraints(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")]
#: The steps of the funnel, in order.
STEPS: Final = ("eligible", "drawn", "invitable", "sent", "delivered", "answered", "usable")
#: How many months are shown where nobody chooses, this one included.
_USUAL: Final = 4
#: Groups in a plot.
PLOTTED: Final = 40


class SpanQuery(Query):
    """Of which months, the first and the last included; of which organisation."""

    first: Month | None = None
    last: Month | None = None
    organisation: str | None = None


def months_of(view: View, query: SpanQuery) -> tuple[str, str]:
    """The first and the last month that are shown."""
    now = view.services.clock.now().astimezone(view.services.settings.zone)
    last = query.last or f"{now:%Y-%m}"
    year, month = divmod(int(last[:4]) * 12 + int(last[5:]) - _USUAL, 12)
    first = query.first or f"{year:04d}-{month + 1:02d}"
    return min(first, last), last


def span_of(view: View, query: SpanQuery) -> tuple[datetime, datetime]:
    """The moments at which the months begin and end, at the utility's home."""
    first, last = months_of(view, query)
    zone = view.services.settings.zone
    year, month = divmod(int(last[:4]) * 12 + int(last[5:]), 12)
    return datetime(int(first[:4]), int(first[5:]), 1, tzinfo=zone), datetime(year, month + 1, 1, tzinfo=zone)


async def summed(
    view: View, query: SpanQuery, by: summaries.By, *, team: str | None = None, person: str | None = None
) -> list[summaries.Scores]:
    """Scores of the months, as who is signed in may see them."""
    since, until = span_of(view, query)
    return await summaries.summary(
        view.session, by, since=since, until=until, zone=view.services.settings.timezone,
        now=view.services.clock.now(),
        whose=summaries.Whose(team=team, person=person, organisation=query.organisation),
    )  # fmt: skip


def funnel(items: Sequence[summaries.Scores]) -> list[tuple[str, int]]:
    """What is left at each step."""
    return [(step, sum(getattr(one.funnel, step) for one in items)) for step in STEPS]


def added(counts: Iterable[dict[str, int]]) -> Counter[str]:
    """Numbers by name, added up."""
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return total


def distribution(items: Iterable[summaries.Scores]) -> Counter[str]:
    """Scores of the groups that are shown."""
    return added(one.distribution for one in items if one.distribution is not None)


def name_of(view: View, by: summaries.By, one: summaries.Scores) -> str:
    """What a group is called."""
    if by == "type" and one.key and f"services.{one.key}" in view.console.words:
        return view.t(f"services.{one.key}")
    return one.name or one.key or view.t("evaluations.nobody")


def intervals(view: View, by: summaries.By, items: Sequence[summaries.Scores]) -> dict[str, Any]:
    """Satisfaction with its interval, in the order of the keys: it is no ranking."""
    # What an axis of categories shows stands from the bottom up.
    known = [(one, one.csat) for one in items if one.csat is not None][:PLOTTED][::-1]
    names = [name_of(view, by, one) for one, _ in known]
    low, high = view.t("evaluations.low_end"), view.t("evaluations.interval")
    return {
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
    }  # fmt: skip


def bars(view: View, items: Sequence[summaries.Scores]) -> dict[str, Any]:
    """How often each score was given."""
    scores = distribution(items)
    names = [view.t("evaluations.points", n=score) for score in range(1, 6)]
    return {
        "grid": {"left": 8, "right": 16, "top": 28, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "category", "data": names},
        "yAxis": {"type": "value", "minInterval": 1},
        "tooltip": {"trigger": "item"},
        "series": [
            {
                "name": view.t("evaluations.n"), "type": "bar", "barMaxWidth": 44,
                "itemStyle": {"borderRadius": [5, 5, 0, 0]}, "label": {"show": True, "position": "top"},
                "data": [scores.get(str(score), 0) for score in range(1, 6)],
            }
        ],
    }  # fmt: skip


def _hundred(share: float) -> float:
    return round(share * 100, 1)


assert {field.name for field in fields(summaries.Funnel)} >= set(STEPS)
