"""Days of a zone: when they begin, and what is left of a span beside some of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day."""
    return datetime.combine(day, time(), zone)


def whole_days(days: Collection[date], since: datetime, until: datetime, zone: ZoneInfo) -> list[date]:
    """Those of `days` that lie in a span from their first moment to their last, in order."""
    return [
        day for day in sorted(days) if since <= start_of(day, zone) and start_of(day + timedelta(days=1), zone) <= until
    ]


def beside(days: Collection[date], since: datetime, until: datetime, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """What is left of a span beside whole days, in order."""
    spans, at = [], since
    for day in sorted(days):
        start, end = start_of(day, zone), start_of(day + timedelta(days=1), zone)
        if end <= since or start >= until:
            continue
        if at < start:
            spans.append((at, start))
        at = max(at, end)
    if at < until:
        spans.append((at, until))
    return spans
