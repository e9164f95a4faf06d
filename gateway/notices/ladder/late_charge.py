"""The late-payment charge: what a day of delay costs, and what it has come to (domain notes §3.6).

It runs from the day after the due date. Residents pay one rate. Others pay one rate for the days within the
calendar year of the bill, and a higher one for the days after it. Pure: amounts are Decimal, days are dates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from gateway.kernel.errors import InvalidInput

RESIDENTIAL: Final = "residential"
_CENT: Final = Decimal("0.01")
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Shares of the bill for one day. The law allows 1 to 3 per mille; the contract fixes which."""

    residential: Decimal = Decimal("0.001")
    others: Decimal = Decimal("0.002")
    others_after_year: Decimal = Decimal("0.003")
    #: What a charge comes to at least, once it runs. The floor of one yuan of the rules of 1996 is not taken over.
    minimum: Decimal = field(default=Decimal(0))

    def __post_init__(self) -> None:
        for name in ("residential", "others", "others_after_year"):
            if not Decimal(0) <= getattr(self, name) <= Decimal("0.003"):
                raise InvalidInput("a daily rate lies between 0 and 0.003", field=f"ladder.rates.{name}")
        if self.minimum < 0:
            raise InvalidInput("a charge is never negative", field="ladder.rates.minimum")


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A charge as of a day: the days it has run, what it comes to, and what each further day adds."""

    begins_on: date
    days: int
    amount: Decimal
    per_day: Decimal


def charge(owed: Decimal, *, due: date, billing_month: str, tariff_class: str, as_of: date, rates: Rates) -> Charge:
    """The charge on what is `owed` (yuan) of a bill, up to and including the day `as_of`.

    `billing_month` is `YYYYMM`; its year is the bill's. Rounded to the cent at the end, not day by day. Raises
    InvalidInput where what is owed is negative.
    """
    if owed < 0:
        raise InvalidInput("what is owed is never negative", field="owed")
    begins = due + _DAY
    days = max(0, (as_of - due).days)
    tomorrow = max(as_of + _DAY, begins)
    if tariff_class == RESIDENTIAL:
        total, rate = owed * rates.residential * days, rates.residential
    else:
        year = int(billing_month[:4])
        within = min(days, max(0, (date(year, 12, 31) - due).days))
        total = owed * (rates.others * within + rates.others_after_year * (days - within))
        rate = rates.others if tomorrow.year <= year else rates.others_after_year
    amount = _cents(total)
    if days and owed:
        amount = max(amount, rates.minimum)
    return Charge(begins_on=begins, days=days, amount=amount, per_day=_cents(owed * rate))


def _cents(value: Decimal) -> Decimal:
    return value.quantize(_CENT, ROUND_HALF_UP)
