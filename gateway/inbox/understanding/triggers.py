"""Which characters a pattern cannot do without, so that most wordings need not be tried on most texts.

`needed` returns sets of single characters, of two in a row, and of three where they are letters; every match of
the pattern contains at least one of each set. It only ever saves work: a wording of which nothing is known is
tried on every text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise, product
from math import prod
from typing import Any, NamedTuple

#: Characters that stand in so many texts that they tell little.
_EVERYWHERE = frozenset("的了不是我你们有没一这来在人就都也还要电给上下个到说好么怎什过再能会 ,。!?aeiouytnsrhldcm")
#: What it costs to look out for three letters, two Chinese characters, two others, a telling one and a common one:
#: how often they are met, roughly.
_THREE, _TWO, _TWO_LATIN, _RARE, _COMMON = 1, 1, 25, 20, 800

#: A larger set would be met by nearly every text.
_LARGEST = 1_200
_MOST_COMBINED = 300

_Set = frozenset[str]


#: Sets of a wording that are held against a text, the one least often met first.
_MOST_SETS = 3


class _Part(NamedTuple):
    """A stretch of a pattern: what it needs and what that costs, and what it can begin and end with, if known.

    `optional`: it may be left out. `single`: it is one character long.
    """

    needs: _Set | None
    cost: int
    first: _Set | None
    last: _Set | None
    optional: bool = False
    single: bool = False


_DEAR = 1 << 60
_UNKNOWN = _Part(None, _DEAR, None, None)
#: What begins a text, beside its first character.
START = "^"


def needed(wording: str) -> tuple[_Set, ...]:
    """Sets of runs of one to three characters, of each of which a match of `wording` contains at least one."""
    try:
        from re import _parser  # type: ignore[attr-defined]
    except ImportError:
        return ()
    parsed = _parser.parse(wording)
    parts = _parts(parsed)
    first = _first(parts)
    found = [_Sought(part.cost, frozenset((place,)), [part.needs]) for place, part in enumerate(parts) if part.needs]
    found += _runs(parts)
    if first and parsed[0][0].name == "AT" and str(parsed[0][1]) == "AT_BEGINNING":
        found.append(_Sought(0, frozenset((-1,)), [frozenset((START,)), first]))
    chosen: list[_Set] = []
    covered: set[int] = set()
    for sought in sorted(found, key=lambda one: one.cost):
        if len(chosen) < _MOST_SETS and not sought.places <= covered:
            chosen.append(sought.needs())
            covered |= sought.places
    return tuple(chosen)


def met(text: str) -> set[str]:
    """The characters of a text and its runs of two, and of three if it has letters: what is held against `needed`."""
    found = set(text)
    found.add(START + text[:1])
    found.update(map("".join, pairwise(text)))
    if text.upper() != text:
        found.update(map("".join, zip(text, text[1:], text[2:], strict=False)))
    return found


def _parts(parsed: Iterable[tuple[Any, Any]]) -> list[_Part]:
    return [
        _of_element(code.name, argument) for code, argument in parsed if code.name not in ("AT", "ASSERT", "ASSERT_NOT")
    ]


def _of_sequence(parsed: Sequence[tuple[Any, Any]]) -> _Part:
    word = "".join([chr(argument) for code, argument in parsed if code.name == "LITERAL"])
    return _of_word(word) if len(word) == len(parsed) else _of_parts(_parts(parsed))


@cache
def _of_word(word: str) -> _Part:
    return _of_parts([_of_characters(frozenset(char)) for char in word])


def _of_parts(parts: Sequence[_Part]) -> _Part:
    """Any one part, or some in a row, that must be there will do; the set least often met saves most."""
    if len(parts) == 1:
        return parts[0]
    best = min(parts, key=lambda part: part.cost, default=_UNKNOWN)
    needs, cost = best.needs, best.cost
    runs = min(_runs(parts), key=lambda run: run.cost, default=None)
    if runs is not None and runs.cost < cost:
        needs, cost = runs.needs(), runs.cost
    return _Part(needs, cost, _first(parts), _last(parts), optional=all(part.optional for part in parts))


def _first(parts: Sequence[_Part]) -> _Set | None:
    """What the first character can be; None where there is no telling."""
    if parts and not parts[0].optional:
        return parts[0].first
    found: _Set = frozenset()
    for part in parts:
        if part.first is None:
            return None
        found |= part.first
        if not part.optional:
            break
    return found


def _last(parts: Sequence[_Part]) -> _Set | None:
    """What the last character can be; None where there is no telling."""
    if parts and not parts[-1].optional:
        return parts[-1].last
    return _first([part._replace(first=part.last) for part in reversed(parts)])


class _Sought(NamedTuple):
    """Characters in a row, one of each set, that must be somewhere in a text; of which parts, and at what cost."""

    cost: int
    places: frozenset[int]
    row: list[_Set]

    def needs(self) -> _Set:
        return self.row[0] if len(self.row) == 1 else frozenset(map("".join, product(*self.row)))


def _runs(parts: Sequence[_Part]) -> Iterator[_Sought]:
    """Two characters where one part meets the next, and three around a letter."""
    ends = max((place for place, part in enumerate(parts) if not part.optional), default=0)
    for place, part in enumerate(parts[:ends]):
        if part.last is None or part.optional:
            continue
        follows = _first(parts[place + 1 :])
        if follows is None:
            continue
        rows = [[part.last, follows]]
        if place and part.single and (before := parts[place - 1]).last is not None and not before.optional:
            rows.append([before.last, *rows[0]])
        for row in rows:
            size = prod(map(len, row))
            each = _each(row) if size <= _MOST_COMBINED else 0
            if each:
                yield _Sought(size * each, frozenset(range(place + 2 - len(row), place + 2)), row)


def _each(row: list[_Set]) -> int:
    """What it costs to look out for each run of two or three characters; 0 where that is not done."""
    if all(map(_ascii, row)):
        return _TWO_LATIN if len(row) == 2 else _THREE if _letters(row[1]) else 0
    return _TWO if len(row) == 2 else 0


@cache
def _ascii(characters: _Set) -> bool:
    return "".join(characters).isascii()


@cache
def _letters(characters: _Set) -> bool:
    return all("a" <= one <= "z" for one in characters)


def _of_element(name: str, argument: Any) -> _Part:
    if name == "LITERAL":
        return _of_characters(frozenset((chr(argument),)))
    if name == "IN":
        characters = _of_class(argument)
        return _UNKNOWN if characters is None else _of_characters(characters)
    if name == "SUBPATTERN":
        return _of_sequence(argument[3])
    if name == "BRANCH":
        return _of_branches([_of_sequence(branch) for branch in argument[1]])
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        part = _of_sequence(argument[2])._replace(single=False)
        return part if argument[0] > 0 else part._replace(needs=None, cost=_DEAR, optional=True)
    return _UNKNOWN


@cache
def _of_characters(characters: _Set) -> _Part:
    common = len(characters & _EVERYWHERE)
    cost = common * _COMMON + (len(characters) - common) * _RARE
    return _Part(characters, cost, characters, characters, single=True)


def _of_branches(branches: list[_Part]) -> _Part:
    """Every branch must bring its own."""
    needs = _together([branch.needs for branch in branches])
    return _Part(
        needs,
        _DEAR if needs is None else sum(branch.cost for branch in branches),
        _together([branch.first for branch in branches]),
        _together([branch.last for branch in branches]),
        optional=any(branch.optional for branch in branches),
        single=all(branch.single for branch in branches),
    )


def _together(sets: list[_Set | None]) -> _Set | None:
    known = [one for one in sets if one is not None]
    if len(known) < len(sets) or sum(map(len, known)) > _LARGEST:
        return None
    return frozenset().union(*known)


def _of_class(items: Iterable[tuple[Any, Any]]) -> _Set | None:
    found: set[str] = set()
    for code, argument in items:
        if code.name == "LITERAL":
            found.add(chr(argument))
        elif code.name == "RANGE" and argument[1] - argument[0] < 40:
            found.update(map(chr, range(argument[0], argument[1] + 1)))
        else:
            return None
    return frozenset(found)
