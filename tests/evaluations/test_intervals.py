"""The Wilson interval against figures computed elsewhere (domain notes §4.3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evaluations.intervals import wilson


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        (5, 5, 56.6, 100),
        (9, 10, 59.6, 98.2),
        (27, 30, 74.4, 96.5),
        (180, 200, 85.1, 93.4),
        (17, 31, 37.8, 70.8),
        (0, 11, 0, 25.9),
        (0, 0, 0, 100),
    ],
)
def test_known_intervals(hits: int, of: int, low: float, high: float) -> None:
    found = wilson(hits, of)
    assert [round(100 * bound, 1) for bound in found] == [low, high]


@given(st.integers(1, 10_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_an_interval_holds_its_share_and_stays_within_bounds(case: tuple[int, int]) -> None:
    hits, of = case
    low, high = wilson(hits, of)
    assert 0 <= low <= hits / of + 1e-9 and hits / of - 1e-9 <= high <= 1
