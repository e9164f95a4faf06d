"""Headings: which words stand for which column, and finding the row that holds them."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.kernel.tabular.problems import BadTable, Problem

#: How many rows of titles and dates may stand above the headings.
LOOK_INTO: Final = 30

_noise = re.compile(r"[\s_*:·.、“”\"'-]+").sub
_unit = re.compile(r"\([^()]*\)").sub


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column by its canonical name, and the `words` it goes by in files (the name is always one of them)."""

    name: str
    words: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """How a row of headings fits: where each known column is, and the headings nobody knows."""

    places: dict[str, int]
    unknown: tuple[str, ...]
    doubled: tuple[tuple[str, str], ...]


class Headings:
    """The columns of one kind of file. A heading is known whatever its case, spaces, width and unit."""

    def __init__(self, columns: Iterable[Column]) -> None:
        self.columns: Final = tuple(columns)
        self.names: Final = tuple(column.name for column in self.columns)
        self.required: Final = tuple(column.name for column in self.columns if column.required)
        self._known: Final[dict[str, str]] = {}
        for column in self.columns:
            for word in (column.name, *column.words):
                other = self._known.setdefault(_plain(word), column.name)
                assert other == column.name, f"{word!r} stands for both {other} and {column.name}"

    def index(self, name: str) -> int:
        """Where the column `name` is among a row's values."""
        return self.names.index(name)

    def match(self, cells: Sequence[str]) -> Match:
        """Compare a row with what is known."""
        places: dict[str, int] = {}
        unknown: list[str] = []
        doubled: list[tuple[str, str]] = []
        for place, cell in enumerate(cells):
            if not cell.strip():
                continue
            name = self._known.get(_plain(cell)) or self._known.get(_unit("", _plain(cell)))
            if name is None:
                unknown.append(cell.strip())
            elif name in places:
                doubled.append((cells[places[name]].strip(), cell.strip()))
            else:
                places[name] = place
        return Match(places=places, unknown=tuple(unknown), doubled=tuple(doubled))

    def words_for(self, name: str) -> str:
        """The column's name with the words it goes by, for a message."""
        column = next(column for column in self.columns if column.name == name)
        return f"{name} ({', '.join(column.words[:4])})" if column.words else name

    def nearest(self, heading: str) -> str | None:
        """The known word that `heading` looks like, if any."""
        words = {_plain(word): word for column in self.columns for word in (column.name, *column.words)}
        close = difflib.get_close_matches(_plain(heading), words, n=1, cutoff=0.5)
        return words[close[0]] if close else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """The headings of a sheet: which kind they are, in which row (from 0), and what they say."""

    headings: Headings
    row: int
    cells: tuple[str, ...]
    match: Match


def locate(rows: Sequence[Sequence[str]], kinds: Sequence[Headings]) -> Located | None:
    """Find the first of `rows` that has every required column of one of `kinds`; the fullest kind wins.

    Raises `BadTable` when two headings of that row mean the same column.
    """
    for number, cells in enumerate(rows[:LOOK_INTO]):
        fitting = [
            Located(headings=kind, row=number, cells=tuple(cell.strip() for cell in cells), match=match)
            for kind in kinds
            if (match := kind.match(cells)).places and all(name in match.places for name in kind.required)
        ]
        if fitting:
            best = max(fitting, key=lambda each: len(each.match.places))
            if best.match.doubled:
                first, second = best.match.doubled[0]
                raise BadTable(
                    Problem.DOUBLED_COLUMN, f"Two columns mean the same: “{first}” and “{second}”. Keep one."
                )
            return best
    return None


def missing(rows: Sequence[Sequence[str]], kinds: Sequence[Headings]) -> BadTable:
    """Why none of `rows` are headings of any of `kinds`: what was found, and what was expected."""
    candidates = [(kind.match(cells), kind, cells) for cells in rows[:LOOK_INTO] for kind in kinds if any(cells)]
    if not candidates:
        return BadTable(Problem.EMPTY, "The file is empty.")
    match, kind, cells = max(candidates, key=lambda each: len(each[0].places))
    lacking = [kind.words_for(name) for name in kind.required if name not in match.places]
    found = "、".join(cell.strip()[:30] for cell in cells if cell.strip())[:400]
    hints = [f"“{word[:30]}” ({near}?)" for word in match.unknown if (near := kind.nearest(word))]
    message = f"Missing: {'; '.join(lacking)}. Found: {found}."
    if hints:
        message += f" Unknown: {', '.join(hints[:5])}."
    return BadTable(Problem.MISSING_COLUMN, message)


def _plain(heading: str) -> str:
    """A heading without its case, width, spaces and marks: `合同容量（kVA）` and `合同容量(KVA)` are the same."""
    return _noise("", unicodedata.normalize("NFKC", heading).casefold())
