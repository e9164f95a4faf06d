"""The late-payment charge, against the figures of the sample archive and by its properties."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kernel.errors import InvalidInput
from gateway.notices.ladder.late_charge import Rates, charge

SAMPLE = Path(__file__).parents[3] / "gateway" / "sandbox" / "sample"
RATES = Rates()


def test_it_agrees_with_every_charge_of_the_sample_archive() -> None:
    with (SAMPLE / "accounts.csv").open(encoding="utf-8") as accounts:
        classes = {row["account_no"]: row["tariff_class"] for row in csv.DictReader(accounts)}
    with (SAMPLE / "arrears.csv").open(encoding="utf-8") as arrears:
        rows = list(csv.DictReader(arrears))
    assert len(rows) > 100
    for row in rows:
        tariff, months = classes[row["account_no"]], row["detail"].split(";")
        total = Decimal(0)
        for month, _, amount in (part.partition(":") for part in months):
            due = date(int(month[:4]), int(month[4:]), 25 if tariff == "residential" else 20)
            as_of = date.fromisoformat(row["as_of_date"])
            late = charge(Decimal(amount), due=due, billing_month=month, tariff_class=tariff, as_of=as_of, rates=RATES)
            total += late.amount
        # The list rounds the sum, we round each bill.
        assert abs(total - Decimal(row["late_fee"])) <= Decimal("0.005") * (len(months) + 1), row["account_no"]


@pytest.mark.parametrize(
    ("owed", "tariff", "month", "due", "as_of", "amount", "per_day", "days"),
    [
        ("86.50", "residential", "202506", date(2025, 6, 25), date(2025, 6, 25), "0.00", "0.09", 0),
        ("86.50", "residential", "202506", date(2025, 6, 25), date(2025, 6, 26), "0.09", "0.09", 1),
        ("86.50", "residential", "202506", date(2025, 6, 25), date(2025, 7, 26), "2.68", "0.09", 31),
        ("86.50", "residential", "202506", date(2025, 6, 25), date(2025, 6, 1), "0.00", "0.09", 0),
        ("1000.00", "commercial", "202412", date(2024, 12, 20), date(2024, 12, 31), "22.00", "3.00", 11),
        ("1000.00", "commercial", "202412", date(2024, 12, 20), date(2025, 1, 1), "25.00", "3.00", 12),
        ("1000.00", "industrial", "202412", date(2024, 12, 20), date(2024, 12, 30), "20.00", "2.00", 10),
        # A bill of December that falls due in January: every day lies after its year.
        ("1000.00", "industrial", "202412", date(2025, 1, 20), date(2025, 1, 22), "6.00", "3.00", 2),
        ("0.00", "industrial", "202412", date(2025, 1, 20), date(2025, 1, 22), "0.00", "0.00", 2),
    ],
)
def test_known_charges(
    owed: str, tariff: str, month: str, due: date, as_of: date, amount: str, per_day: str, days: int
) -> None:
    late = charge(Decimal(owed), due=due, billing_month=month, tariff_class=tariff, as_of=as_of, rates=RATES)
    assert (late.amount, late.per_day, late.days) == (Decimal(amount), Decimal(per_day), days)
    assert late.begins_on == due + timedelta(days=1)


def test_a_minimum_holds_once_it_runs_and_never_before() -> None:
    rates = Rates(minimum=Decimal("1.00"))
    for as_of, amount in ((date(2025, 6, 25), "0.00"), (date(2025, 6, 26), "1.00"), (date(2025, 7, 26), "2.68")):
        late = charge(
            Decimal("86.50"),
            due=date(2025, 6, 25),
            billing_month="202506",
            tariff_class="residential",
            as_of=as_of,
            rates=rates,
        )
        assert late.amount == Decimal(amount)


def test_rates_beyond_the_law_are_refused() -> None:
    for wrong in ({"residential": Decimal("0.01")}, {"others": Decimal(-1)}, {"minimum": Decimal(-1)}):
        with pytest.raises(InvalidInput):
            Rates(**wrong)


@given(
    st.decimals(min_value=0, max_value=1_000_000, places=2),
    st.sampled_from(["residential", "commercial", "industrial"]),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.integers(0, 800),
)
def test_it_never_shrinks_and_grows_by_what_a_day_costs(owed: Decimal, tariff: str, due: date, days: int) -> None:
    month = f"{due:%Y%m}"

    def until(number: int) -> tuple[Decimal, Decimal]:
        late = charge(
            owed,
            due=due,
            billing_month=month,
            tariff_class=tariff,
            as_of=due + timedelta(days=number),
            rates=RATES,
        )
        return late.amount, late.per_day

    today, tomorrow = until(days), until(days + 1)
    assert Decimal(0) <= today[0] <= tomorrow[0]
    assert abs(tomorrow[0] - today[0] - today[1]) <= Decimal("0.02")
