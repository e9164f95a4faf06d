"""Which characters and pairs a pattern cannot do without, so that most rules need not be tried on most texts.

`needed` returns a set of single characters and of two in a row, of which every match contains at least one,
or None where no such set is known. It only ever saves work: a rule is tried whenever its set is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

#: Characters that stand in so many texts that they tell little.
_EVERYWHERE = frozenset("的了不是我你们有没一这来在人就都也还要电给上下个到说好么怎什过再能会 ,。!?aeiouytnsrhldcm")

#: A larger set would be met by nearly every text.
_LARGEST = 1_200
_MOST_PAIRS = 300

_REPEATS = frozenset(("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"))
_WIDTHLESS = frozenset(("AT", "ASSERT", "ASSERT_NOT"))
_Set = frozenset[str]


def needed(pattern: re.Pattern[str]) -> _Set | None:
    """Characters and pairs of which each match of `pattern` contains at least one, or None if there is no telling."""
    try:
        from re import _parser  # type: ignore[attr-defined]
    except ImportError:
        return None
    return _of_sequence(_parser.parse(pattern.pattern))


def met(text: str) -> set[str]:
    """The characters and pairs of a text, to be held against what is needed."""
    found = set(text)
    found.update(map("".join, pairwise(text)))
    return found


def _of_sequence(parsed: Iterable[tuple[Any, Any]]) -> _Set | None:
    """Any one element, or two in a row, that must be there will do; the set least often met saves most."""
    best: _Set | None = None
    last: _Set | None = None
    for code, argument in parsed:
        name = str(code)
        if name in _WIDTHLESS:
            continue
        first = _edge(name, argument, 0)
        pairs = _pairs(last, first)
        for found in (pairs, _of_element(name, argument)):
            if found is not None and (best is None or _cost(found) < _cost(best)):
                best = found
        last = _edge(name, argument, -1)
    return best


def _pairs(last: _Set | None, first: _Set | None) -> _Set | None:
    if last is None or first is None or len(last) * len(first) > _MOST_PAIRS:
        return None
    return frozenset(one + other for one in last for other in first)


def _cost(needs: _Set) -> float:
    """How often a set is met, roughly."""
    return sum(0.05 if len(one) == 2 else 40.0 if one in _EVERYWHERE else 1.0 for one in needs)


def _of_element(name: str, argument: Any) -> _Set | None:
    if name == "LITERAL":
        return frozenset((chr(argument),))
    if name == "SUBPATTERN":
        return _of_sequence(argument[3])
    if name in _REPEATS:
        least, _, body = argument
        return _of_sequence(body) if least > 0 else None
    if name == "BRANCH":
        return _together([_of_sequence(branch) for branch in argument[1]])
    if name == "IN":
        return _of_class(argument)
    return None


def _edge(name: str, argument: Any, end: int) -> _Set | None:
    """The characters that an element can begin with (`end` 0) or end with (-1), if it always takes one."""
    if name == "SUBPATTERN":
        return _edge_of(argument[3], end)
    if name == "BRANCH":
        return _together([_edge_of(branch, end) for branch in argument[1]])
    if name in ("LITERAL", "IN"):
        return _of_element(name, argument)
    return None


def _edge_of(parsed: Sequence[tuple[Any, Any]], end: int) -> _Set | None:
    elements = [(str(code), argument) for code, argument in parsed if str(code) not in _WIDTHLESS]
    return _edge(*elements[end], end) if elements else None


def _together(found: Sequence[_Set | None]) -> _Set | None:
    """Every branch must bring its own."""
    every: set[str] = set()
    for one in found:
        if one is None or len(every) > _LARGEST:
            return None
        every |= one
    return frozenset(every)


def _of_class(items: Iterable[tuple[Any, Any]]) -> _Set | None:
    found: set[str] = set()
    for code, argument in items:
        if str(code) == "LITERAL":
            found.add(chr(argument))
        elif str(code) == "RANGE" and argument[1] - argument[0] < 40:
            found.update(chr(point) for point in range(argument[0], argument[1] + 1))
        else:
            return None
    return frozenset(found)
