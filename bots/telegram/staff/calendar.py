"""A month as buttons, from which a day is chosen."""

from __future__ import annotations

import re
from calendar import monthcalendar
from datetime import date
from typing import Final

from bots.telegram.customer.talk import Button

_DAYS: Final = {"zh-CN": "一二三四五六日", "en": "MTWTFSS"}
_PRESSED: Final = re.compile(r"(.+)([:>])(\d{4}-\d{2})(-\d{2})?")


def month(shown: date, today: date, purpose: str, language: str) -> list[list[Button]]:
    """Rows of a month: its name between the months beside it, the days of the week, the days from today on.

    A day says `purpose:2025-11-05`, another month `purpose>2025-12`, what cannot be chosen `-`. The purpose names
    what the day is for, so that a calendar of another time chooses for what it was drawn for.
    """
    first = shown.replace(day=1)
    before = first.replace(year=first.year - 1, month=12) if first.month == 1 else first.replace(month=first.month - 1)
    after = first.replace(year=first.year + 1, month=1) if first.month == 12 else first.replace(month=first.month + 1)
    back = ("‹", f"{purpose}>{before:%Y-%m}") if first > today.replace(day=1) else (" ", "-")
    rows: list[list[Button]] = [[back, (f"{first:%Y-%m}", "-"), ("›", f"{purpose}>{after:%Y-%m}")]]
    rows.append([(day, "-") for day in _DAYS[language]])
    rows += [[_day(first, day, today, purpose) for day in week] for week in monthcalendar(first.year, first.month)]
    return rows


def pressed(data: str) -> tuple[str, date] | None:
    """The purpose of a calendar and the day that was chosen, or the first of the month; None for what is no day."""
    found = _PRESSED.fullmatch(data)
    if found is None:
        return None
    try:
        return found[1], date.fromisoformat(f"{found[3]}{found[4] or '-01'}")
    except ValueError:
        return None


def _day(first: date, day: int, today: date, purpose: str) -> Button:
    if day == 0 or first.replace(day=day) < today:
        return " ", "-"
    return str(day), f"{purpose}:{first.replace(day=day).isoformat()}"
