"""From marks to a probability: a plain logistic model that starts at the reviewed weights. Pure.

It is fitted to outcomes by maximum a posteriori: each weight has a normal prior round its reviewed value, so a
handful of outcomes moves little and thousands of them move much. Everything is said in words.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.archive.trust.marks import BASE, BITS, INTERCEPT, MARKS, OF_THE_NUMBER, TOLD_BY_OUTCOMES, Mark, of

#: How far, in log-odds, a weight may be expected to lie from its reviewed value.
_SPREAD: Final = 0.8
_STEPS: Final = 25
_ENOUGH: Final = 1e-6
#: No probability is surer than this: an archive never is.
_SUREST: Final = 0.995

Weights = Mapping[str, float]
REVIEWED: Final[Weights] = {INTERCEPT: BASE, **{mark.name: mark.weight for mark in MARKS}}


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How links with the same marks turned out: so many right, so many wrong."""

    marks: int
    right: int
    wrong: int


@dataclass(frozen=True, slots=True)
class Share:
    """Links that were given about the same probability: how many, what was thought, how many proved right."""

    count: int
    thought: float
    right: int


def probability(marks: int, weights: Weights = REVIEWED) -> float:
    """How likely a link with these marks reaches somebody who belongs to the account."""
    total = weights[INTERCEPT] + sum(weights.get(mark.name, mark.weight) for mark in of(marks))
    return min(_SUREST, max(1 - _SUREST, 1 / (1 + math.exp(-total))))


def because(marks: int, weights: Weights = REVIEWED) -> list[str]:
    """What the probability rests on, the weightiest first: `- the number of a member of staff`."""
    seen = sorted(of(marks), key=lambda mark: -abs(weights.get(mark.name, mark.weight)))
    return [f"{'+' if weights.get(mark.name, mark.weight) >= 0 else '-'} {mark.words}" for mark in seen]


def finding(marks: int, weights: Weights = REVIEWED) -> Mark | None:
    """The mark that would open a correction, None where there is none: what is said of the number as a whole, else
    the weightiest that has a reason.
    """
    findings = [mark for mark in of(marks) if mark.reason is not None]
    return min(
        findings,
        key=lambda mark: (mark.name not in OF_THE_NUMBER, weights.get(mark.name, mark.weight)),
        default=None,
    )


def fit(outcomes: Iterable[Outcomes], reviewed: Weights = REVIEWED) -> dict[str, float]:
    """Weights that fit the outcomes, drawn towards the reviewed ones; those of fixed marks stay."""
    names = [INTERCEPT, *(mark.name for mark in MARKS if not mark.fixed)]
    fixed = {mark.name: reviewed[mark.name] for mark in MARKS if mark.fixed}
    start = [reviewed[name] for name in names]
    at = {BITS[name]: place for place, name in enumerate(names) if name != INTERCEPT}
    rows = [_row(one, at, fixed) for one in outcomes]
    now = list(start)
    for _ in range(_STEPS):
        step = _newton(rows, now, start)
        # A Newton step of a convex sum may overshoot far from the optimum, so it is bounded.
        largest = max(map(abs, step), default=0.0)
        scale = min(1.0, 2.0 / largest) if largest else 0.0
        now = [value - scale * change for value, change in zip(now, step, strict=True)]
        if largest < _ENOUGH:
            break
    return {**dict(zip(names, now, strict=True)), **fixed}


def reliability(thought: Iterable[tuple[float, bool]], shares: int = 10) -> list[Share]:
    """Outcomes by what had been thought of them: in `shares` equal steps of probability, the empty left out."""
    steps: list[list[tuple[float, bool]]] = [[] for _ in range(shares)]
    for value, right in thought:
        steps[min(shares - 1, int(value * shares))].append((value, right))
    return [
        Share(len(step), sum(value for value, _ in step) / len(step), sum(right for _, right in step))
        for step in steps
        if step
    ]


_Row = tuple[list[int], float, int, int]


def _row(one: Outcomes, at: Mapping[int, int], fixed: Mapping[str, float]) -> _Row:
    marks = one.marks & ~TOLD_BY_OUTCOMES
    places = [0, *(place for shift, place in at.items() if marks >> shift & 1)]
    given = sum(value for name, value in fixed.items() if marks >> BITS[name] & 1)
    return places, given, one.right, one.wrong


def _newton(rows: Sequence[_Row], now: Sequence[float], start: Sequence[float]) -> list[float]:
    size, tight = len(now), 1 / _SPREAD**2
    gradient = [(value - begun) * tight for value, begun in zip(now, start, strict=True)]
    curve = [[tight if row == column else 0.0 for column in range(size)] for row in range(size)]
    for places, given, right, wrong in rows:
        total = max(-30.0, min(30.0, given + sum(now[place] for place in places)))
        chance, count = 1 / (1 + math.exp(-total)), right + wrong
        pull, bend = count * chance - right, count * chance * (1 - chance)
        for one in places:
            gradient[one] += pull
            line = curve[one]
            for other in places:
                line[other] += bend
    return _solved(curve, gradient)


def _solved(matrix: list[list[float]], vector: list[float]) -> list[float]:
    """The solution of a symmetric positive definite system, by Cholesky."""
    size = len(vector)
    root = [[0.0] * size for _ in range(size)]
    for row in range(size):
        for column in range(row + 1):
            rest = matrix[row][column] - sum(root[row][k] * root[column][k] for k in range(column))
            root[row][column] = math.sqrt(rest) if row == column else rest / root[column][column]
    half: list[float] = []
    for row in range(size):
        half.append((vector[row] - sum(root[row][k] * half[k] for k in range(row))) / root[row][row])
    found = [0.0] * size
    for row in reversed(range(size)):
        rest = half[row] - sum(root[k][row] * found[k] for k in range(row + 1, size))
        found[row] = rest / root[row][row]
    return found
