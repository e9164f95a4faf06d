"""How often a plan comes again: asked for in a form, and said in words. A rule is the value of an RRULE (RFC 5545)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from gateway.kernel.errors import InvalidInput
from gateway.web.console.pages import Form, View

Rule = Literal["week", "fortnight", "month", "quarter", "half", "year", "own"]
#: What may be chosen, in the order of the form.
RULES: Final[dict[str, str]] = {
    "week": "FREQ=WEEKLY",
    "fortnight": "FREQ=WEEKLY;INTERVAL=2",
    "month": "FREQ=MONTHLY",
    "quarter": "FREQ=MONTHLY;INTERVAL=3",
    "half": "FREQ=MONTHLY;INTERVAL=6",
    "year": "FREQ=YEARLY",
}
OWN: Final = "own"
#: Those that have a name of their own.
_NAMED: Final = {rule: name for name, rule in RULES.items()} | {"FREQ=DAILY": "day"}
_UNITS: Final = {"DAILY": "days", "WEEKLY": "weeks", "MONTHLY": "months", "YEARLY": "years"}
_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class Recurrence(Form):
    """How often, and how long: until a day, or so many times; without either for as long as nobody ends it."""

    rule: Rule | None = None
    own_rule: Annotated[str, StringConstraints(max_length=200)] | None = None
    until: date | None = None
    times: Annotated[int, Field(ge=2, le=200)] | None = None

    @property
    def written(self) -> str | None:
        """The rule as RFC 5545 writes it; None for once. Raises InvalidInput naming the field."""
        if self.rule is None:
            return None
        if self.rule == OWN:
            if self.own_rule is None:
                raise InvalidInput("write the rule, or choose one", field="own_rule")
            return self.own_rule.removeprefix("RRULE:").upper()
        if self.until is not None and self.times is not None:
            raise InvalidInput("a series ends on a day or after so many times, not both", field="times")
        written = RULES[self.rule]
        if self.until is not None:
            written += f";UNTIL={self.until:%Y%m%d}"
        if self.times is not None:
            written += f";COUNT={self.times}"
        return written


def in_words(view: View, rule: str | None) -> str | None:
    """A rule as people say it; as it is written where it says more than this knows."""
    if rule is None:
        return None
    parts = dict(part.partition("=")[::2] for part in rule.removeprefix("RRULE:").upper().split(";"))
    if parts.get("FREQ") not in _UNITS or parts.keys() - {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST"}:
        return rule
    interval = parts.get("INTERVAL", "1")
    if not interval.isdecimal():
        return rule
    plain = f"FREQ={parts['FREQ']}" + (f";INTERVAL={interval}" if interval != "1" else "")
    if plain in _NAMED:
        said = view.t(f"recurring.{_NAMED[plain]}")
    else:
        said = view.t(f"recurring.every_{_UNITS[parts['FREQ']]}", count=int(interval))
    if "BYDAY" in parts:
        days = parts["BYDAY"].split(",")
        if not set(days) <= set(_DAYS):
            return rule
        said = view.t("recurring.on_days", how=said, days=view.t("recurring.and").join(_day(view, day) for day in days))
    if parts.get("COUNT", "").isdecimal():
        said = view.t("recurring.so_often", how=said, count=int(parts["COUNT"]))
    until = parts.get("UNTIL", "")[:8]
    if len(until) == 8 and until.isdecimal():
        said = view.t("recurring.until_day", how=said, day=f"{until[:4]}-{until[4:6]}-{until[6:]}")
    return said


def _day(view: View, day: str) -> str:
    return view.t(f"recurring.{day.lower()}")
