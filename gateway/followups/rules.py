"""Pure decisions about follow-ups: when a plan recurs, who stands in, who may ask afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from gateway.followups import recurrence
from gateway.kernel.errors import InvalidInput

#: How far ahead the occurrences of a plan are written down.
HORIZON: Final = timedelta(days=120)
#: How long a text may be answered before somebody calls; how long a call may wait; how often it is tried.
ANSWER_WITHIN: Final = timedelta(hours=72)
CALL_WITHIN: Final = timedelta(days=5)
MOST_CALLS: Final = 3
#: Words in a job by which somebody is known to call customers back (回访) for a living.
CALLERS: Final = ("回访", "坐席", "座席", "客服", "follow-up", "call centre")
#: A rule that comes to no day in so long comes to none: the 29th of February is at most eight years away.
_YEARS: Final = timedelta(days=366 * 12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of staff, as far as independence goes by it."""

    staff_no: str
    team: str | None
    job: str | None


def occurrences(rule: str, starts_on: date, after: date, until: date) -> list[date]:
    """The days on which a plan falls in (`after`, `until`], by the value of an RRULE (RFC 5545).

    Raises InvalidInput for a rule that cannot be read or recurs more often than daily.
    """
    return list(recurrence.days(recurrence.read(rule), starts_on, until, after))


def check_rule(rule: str, starts_on: date, zone: ZoneInfo) -> str:
    """The rule as it is kept. Raises InvalidInput for one that cannot be read, recurs more often than daily, or comes
    to no day in years."""
    kept = recurrence.canonical(rule, zone)
    if next(recurrence.days(recurrence.read(kept), starts_on, starts_on + _YEARS), None) is None:
        raise InvalidInput("this rule never comes to a day", field="rule")
    return kept


def following(rule: str, before: int) -> str:
    """The rule of what follows the first `before` occurrences: what is left of its COUNT, where it has one."""
    parts = [part.partition("=") for part in rule.removeprefix("RRULE:").upper().split(";")]
    return ";".join(
        f"{name}={max(int(value) - before, 1)}" if name == "COUNT" and value.isdecimal() else f"{name}={value}"
        for name, _, value in parts
    )


def independent(member: Member, manager: Member) -> bool:
    """Whether somebody is outside the manager's line: another person, and of another team (domain notes S0.14)."""
    return member.staff_no != manager.staff_no and (member.team is None or member.team != manager.team)


def draw_caller(staff: Sequence[Member], manager: Member, seed: str) -> tuple[str | None, str]:
    """Who calls, drawn among those outside the manager's line who call customers; and the draw in words.

    The same seed draws the same person, so that anybody can repeat the draw. None where nobody may call.
    """
    able = sorted(
        member.staff_no
        for member in staff
        if independent(member, manager) and any(word in (member.job or "").lower() for word in CALLERS)
    )
    if not able:
        return None, "nobody outside the manager's team calls customers"
    place = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8]) % len(able)
    return able[place], f"{place + 1} of {len(able)} by {seed}"


def acting(manager_no: str, day: date, deputies: Sequence[tuple[str, str, date, date]]) -> str:
    """Who acts for a manager on a day: `deputies` are (manager, deputy, first day, last day)."""
    standing = (deputy for manager, deputy, first, last in deputies if manager == manager_no and first <= day <= last)
    return next(standing, manager_no)
