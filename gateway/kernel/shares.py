"""What a share among few answers is worth, and whether two shares differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import erfc, sqrt
from typing import Final

#: Two-sided 95 %.
_Z: Final = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One share less another, with its 95 % interval, and how likely so much is by chance alone."""

    difference: float
    low: float
    high: float
    p: float


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % Wilson interval of a share: `hits` of `of` answers (domain notes §4.3). (0, 1) where none."""
    if of == 0:
        return (0.0, 1.0)
    share, square = hits / of, _Z * _Z
    scale = 1 + square / of
    centre = (share + square / (2 * of)) / scale
    half = _Z / scale * sqrt(share * (1 - share) / of + square / (4 * of * of))
    return (max(0.0, centre - half), min(1.0, centre + half))


def two_proportions(hits: int, of: int, other_hits: int, other_of: int) -> float:
    """The two-sided p of the hypothesis that two shares are one (pooled z test); 1.0 where nothing can be said."""
    if not of or not other_of:
        return 1.0
    pooled = (hits + other_hits) / (of + other_of)
    variance = pooled * (1 - pooled) * (1 / of + 1 / other_of)
    if variance == 0:
        return 1.0
    z = (hits / of - other_hits / other_of) / sqrt(variance)
    return erfc(abs(z) / sqrt(2))


def difference(hits: int, of: int, other_hits: int, other_of: int) -> Difference | None:
    """The first share less the second; None where one of them is of nothing.

    The interval is Newcombe's, from the two Wilson intervals, which holds for few answers too; `p` is that of the
    two-sided test of two proportions.
    """
    if of == 0 or other_of == 0:
        return None
    one, other = hits / of, other_hits / other_of
    low, high = wilson(hits, of)
    other_low, other_high = wilson(other_hits, other_of)
    below = sqrt((one - low) ** 2 + (other_high - other) ** 2)
    above = sqrt((high - one) ** 2 + (other - other_low) ** 2)
    p = two_proportions(hits, of, other_hits, other_of)
    return Difference(difference=one - other, low=one - other - below, high=one - other + above, p=p)


def weighted(strata: Iterable[tuple[float, int, int]], *, least: int) -> tuple[float, float] | None:
    """A share weighted to a mix, from (weight, hits, of) a stratum; and how much of the mix it covers.

    Strata with fewer than `least` answers say nothing and are left out; None where all are.
    """
    known = [(weight, hits / of) for weight, hits, of in strata if of >= least and weight > 0]
    covered = sum(weight for weight, _ in known)
    if not covered:
        return None
    return sum(weight * share for weight, share in known) / covered, covered
