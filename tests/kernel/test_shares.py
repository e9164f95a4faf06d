"""The Wilson interval against figures computed elsewhere (domain notes §4.3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2_contingency

from gateway.kernel.shares import difference, two_proportions, weighted, wilson


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


COUNTS = st.integers(1, 2_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))


@given(COUNTS)
def test_the_interval_is_scipys(case: tuple[int, int]) -> None:
    hits, of = case
    theirs = binomtest(hits, of).proportion_ci(method="wilson")
    assert wilson(hits, of) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@given(COUNTS, COUNTS)
def test_the_comparison_of_two_shares_is_scipys(one: tuple[int, int], other: tuple[int, int]) -> None:
    (hits, of), (other_hits, other_of) = one, other
    table = [[hits, of - hits], [other_hits, other_of - other_hits]]
    if 0 in (hits + other_hits, of + other_of - hits - other_hits):
        assert two_proportions(hits, of, other_hits, other_of) == 1.0
        return
    theirs = chi2_contingency(table, correction=False).pvalue
    assert two_proportions(hits, of, other_hits, other_of) == pytest.approx(theirs, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(
    ("strata", "share", "over"),
    [
        ([(0.5, 8, 10), (0.5, 2, 10)], 0.5, 1.0),
        ([(0.9, 8, 10), (0.1, 2, 10)], 0.74, 1.0),
        ([(0.9, 8, 10), (0.1, 2, 4)], 0.8, 0.9),
    ],
)
def test_a_share_is_weighted_to_the_mix_as_far_as_it_is_known(
    strata: list[tuple[float, int, int]], share: float, over: float
) -> None:
    assert weighted(strata, least=5) == pytest.approx((share, over))


def test_without_answers_there_is_no_weighted_share() -> None:
    assert weighted([(1.0, 2, 4)], least=5) is None


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        # Newcombe 1998, table II, method 10.
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
    ],
)
def test_known_differences(one: tuple[int, int], other: tuple[int, int], low: float, high: float) -> None:
    found = difference(*one, *other)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_a_difference_is_symmetric_and_of_nothing_there_is_none() -> None:
    assert difference(0, 0, 1, 2) is None and difference(1, 2, 0, 0) is None
    one, other = difference(30, 100, 50, 100), difference(50, 100, 30, 100)
    assert one is not None and other is not None
    assert one.difference == -other.difference and one.p == other.p < 0.01
    assert (round(one.low, 9), round(one.high, 9)) == (round(-other.high, 9), round(-other.low, 9))
    same = difference(5, 5, 7, 7)
    assert same is not None and (same.difference, same.p) == (0, 1)
