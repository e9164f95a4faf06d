"""Which characters a pattern cannot do without, so that most rules need not be tried on most texts.

`needed` returns a set of which every match contains at least one character, or None where no such set is
known. It only ever saves work: a rule is tried whenever its set is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

#: Characters that stand in so many texts that they tell little.
_EVERYWHERE = frozenset("的了不是我你们有没一这来在人就都也还要电给上下个到说好么怎什过再能会 aeiouytnsrhldcm")

#: A larger set would be met by nearly every text.
_LARGEST = 400


def needed(pattern: re.Pattern[str]) -> frozenset[str] | None:
    """Characters of which each match of `pattern` contains at least one, or None if there is no telling."""
    try:
        from re import _parser  # type: ignore[attr-defined]
    except ImportError:
        return None
    return _of_sequence(_parser.parse(pattern.pattern))


def _of_sequence(parsed: Iterable[tuple[Any, Any]]) -> frozenset[str] | None:
    """Any one element that must be there will do; the smallest set saves most."""
    best: frozenset[str] | None = None
    for code, argument in parsed:
        found = _of_element(str(code), argument)
        if found is not None and (best is None or _cost(found) < _cost(best)):
            best = found
    return best


def _cost(characters: frozenset[str]) -> int:
    """How often a set is met, roughly."""
    return len(characters) + 40 * len(characters & _EVERYWHERE)


def _of_element(code: str, argument: Any) -> frozenset[str] | None:
    if code == "LITERAL":
        return frozenset((chr(argument),))
    if code == "SUBPATTERN":
        return _of_sequence(argument[3])
    if code in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        least, _, body = argument
        return _of_sequence(body) if least > 0 else None
    if code == "BRANCH":
        return _of_branches(argument[1])
    if code == "IN":
        return _of_class(argument)
    return None


def _of_branches(branches: Iterable[Any]) -> frozenset[str] | None:
    """Every branch must bring its own."""
    together: set[str] = set()
    for branch in branches:
        found = _of_sequence(branch)
        if found is None or len(together) > _LARGEST:
            return None
        together |= found
    return frozenset(together)


def _of_class(items: Iterable[tuple[Any, Any]]) -> frozenset[str] | None:
    found: set[str] = set()
    for code, argument in items:
        if str(code) == "LITERAL":
            found.add(chr(argument))
        elif str(code) == "RANGE" and argument[1] - argument[0] < 40:
            found.update(chr(point) for point in range(argument[0], argument[1] + 1))
        else:
            return None
    return frozenset(found)
