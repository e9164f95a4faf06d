"""From the cells of a file to rows in the order of the headings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, Literal, NamedTuple

from gateway.kernel.tabular.headings import Located


class Row(NamedTuple):
    """A row of data. `number` is the row as a spreadsheet counts it: the first of the file (or sheet) is 1,
    blank ones count, and a cell with a line break is still one row. `values` follow `Headings.names`."""

    number: int
    values: tuple[str, ...]
    raw: list[str]
    sheet: str

    @property
    def key(self) -> tuple[str, int]:
        """What tells the row from all others of its file."""
        return self.sheet, self.number


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """What was refused: a whole row, or (`cell`) one cell of a row that otherwise goes in.

    `column` is the heading as the file has it; `reason` a stable word, a colon and a sentence.
    """

    number: int
    column: str | None
    reason: str
    raw: Sequence[str]
    scope: Literal["row", "cell"] = "row"
    sheet: str = ""


@dataclass(slots=True)
class Skipped:
    """How many rows were passed over, and why."""

    blank: int = 0
    headings: int = 0
    totals: int = 0


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that could not even be taken apart."""

    reason: str
    raw: list[str]


Record = list[str] | Broken

_total = re.compile(
    r"(?:本页|本表|本期|全部)?[合总小共累]\s*计.*|(?:grand |sub)?totals?\b.*|sum:?",
    re.IGNORECASE,
).fullmatch
_TOTAL_INITIALS: Final = frozenset("合总小共累本全gstGST")


class Judge:
    """Turns the records of one sheet, those below its headings, into rows and rejects.

    `formulas` names, by row number, the columns (from 0) whose formula has no stored result.
    """

    def __init__(
        self,
        located: Located,
        skipped: Skipped,
        *,
        sheet: str = "",
        formulas: Mapping[int, Sequence[int]] | None = None,
    ) -> None:
        self._located = located
        self._skipped = skipped
        self._sheet = sheet
        self._formulas = formulas or {}
        self._width = len(located.cells)
        self._pick = _picker(located)

    def rows(self, records: Iterable[Record]) -> Iterator[Row | Reject]:
        """One item for each record, less those passed over; a refused cell comes before its row."""
        width, pick, sheet, formulas = self._width, self._pick, self._sheet, self._formulas
        header = list(self._located.cells)
        number = self._located.row + 1
        for raw in records:
            number += 1
            if isinstance(raw, Broken):
                yield Reject(number=number, column=None, reason=raw.reason, raw=raw.raw, sheet=sheet)
                continue
            cells = list(map(str.strip, raw))
            size = len(cells)
            if size < width:
                cells += [""] * (width - size)
            elif size > width:
                if any(cells[width:]):
                    yield Reject(number=number, column=None, reason=_too_many(size, width), raw=raw, sheet=sheet)
                    continue
                del cells[width:]
            lead = cells[0]
            if lead[:1] == "\ufeff":  # files put one behind the other keep their marks
                lead = cells[0] = lead[1:]
            if not lead:
                lead = next(filter(None, cells), "")
                if not lead and number not in formulas:
                    self._skipped.blank += 1
                    continue
            if lead[:1] in _TOTAL_INITIALS and _total(lead):
                self._skipped.totals += 1
                continue
            if cells == header:
                self._skipped.headings += 1
                continue
            if formulas and number in formulas:
                rejects = self._formula_rejects(number, raw)
                yield from rejects
                if any(reject.scope == "row" for reject in rejects):
                    continue
            cells.append("")
            yield Row(number, pick(cells), raw, sheet)

    def _formula_rejects(self, number: int, raw: list[str]) -> list[Reject]:
        """One reject for each formula without a result, in a column that is read."""
        names = {place: name for name, place in self._located.match.places.items()}
        rejects: list[Reject] = []
        for place in self._formulas[number]:
            if (name := names.get(place)) is None:
                continue
            rejects.append(
                Reject(
                    number=number,
                    column=self._located.cells[place],
                    reason=f"formula_without_value: The formula in {letters(place)}{number} has no stored "
                    "result; open the file in a spreadsheet program and save it again.",
                    raw=raw,
                    scope="row" if name in self._located.headings.required else "cell",
                    sheet=self._sheet,
                )
            )
        return rejects


def letters(place: int) -> str:
    """The letters of a column counted from 0: 0 is A, 26 is AA."""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name


def _too_many(size: int, width: int) -> str:
    return (
        f"too_many_cells: The row has {size} cells, the headings {width}; "
        "is a comma inside a cell not in quotation marks?"
    )


def _picker(located: Located) -> Callable[[list[str]], tuple[str, ...]]:
    """What takes the cells of a row, with a blank one added at the end, to values in the headings' order."""
    blank = len(located.cells)
    places = [located.match.places.get(name, blank) for name in located.headings.names]
    if len(places) == 1:
        only = places[0]
        return lambda cells: (cells[only],)
    return itemgetter(*places)
