"""Opening a file: told by its first bytes whether it is CSV or XLSX, whatever its name says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

from gateway.kernel.errors import TooLarge
from gateway.kernel.tabular.csv_file import CsvFile
from gateway.kernel.tabular.headings import Headings
from gateway.kernel.tabular.problems import BadTable, Problem
from gateway.kernel.tabular.rows import Judge, Reject, Row, Skipped
from gateway.kernel.tabular.xlsx_file import XlsxFile

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What may be opened: bytes of a file, bytes an XLSX unpacks to, cells in the rectangle of one sheet."""

    file: int = 1 << 30
    unpacked: int = 256 << 20
    cells: int = 6_000_000


class Table:
    """An open file. Iterate it once; `skipped` counts up meanwhile. Also a context manager that closes it."""

    def __init__(self, source: CsvFile | XlsxFile) -> None:
        self._source = source
        #: Which kind of headings the file has, of those it was opened for.
        self.headings: Final[Headings] = source.located.headings
        match = source.located.match
        #: The heading in the file for each column that was found.
        self.found: Final[dict[str, str]] = {name: source.located.cells[place] for name, place in match.places.items()}
        #: The row of headings, cell by cell.
        self.cells: Final[tuple[str, ...]] = source.located.cells
        #: How many cells the row of headings has; a shorter row leaves the last columns unsaid.
        self.width: Final[int] = len(source.located.cells)
        #: Headings that nobody knows; their columns are not read.
        self.ignored: Final[tuple[str, ...]] = match.unknown
        self.format: Final[Literal["csv", "xlsx"]] = "csv" if isinstance(source, CsvFile) else "xlsx"
        #: `utf-8-sig` or `gb18030`; None for XLSX.
        self.encoding: Final[str | None] = source.encoding if isinstance(source, CsvFile) else None
        self.skipped: Final = Skipped()

    @property
    def fraction(self) -> float:
        """How much of the file has been read, 0 to 1."""
        return self._source.fraction

    def __iter__(self) -> Iterator[Row | Reject]:
        if isinstance(self._source, CsvFile):
            yield from Judge(self._source.located, self.skipped).rows(self._source.records())
            return
        for sheet in self._source.sheets():
            if sheet.located is None:
                yield Reject(
                    number=1,
                    column=None,
                    reason="no_headings: This sheet lacks the headings of the first; nothing of it was read.",
                    raw=sheet.first,
                    sheet=sheet.name,
                )
                continue
            judge = Judge(sheet.located, self.skipped, sheet=sheet.name, formulas=sheet.formulas)
            yield from judge.rows(sheet.rows)

    def close(self) -> None:
        """Let the file go."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_table(
    path: Path, filename: str, headings: Headings | Sequence[Headings], limits: Limits | None = None
) -> Table:
    """Open an uploaded file for one kind of rows, or for whichever of several its headings fit best.

    `filename` is what the sender calls it. Raises `BadTable` when the file is empty, in no known encoding, no
    table, damaged or lacks a required column, and `TooLarge` beyond `limits`.
    """
    limits = limits or Limits()
    kinds = [headings] if isinstance(headings, Headings) else list(headings)
    size = path.stat().st_size
    if size > limits.file:
        raise TooLarge(f"The file has {size >> 20} MB and {limits.file >> 20} MB is the most.")
    if size == 0:
        raise BadTable(Problem.EMPTY, "The file is empty.")
    with path.open("rb") as file:
        start = file.read(4)
    if start == _OLE:
        raise BadTable(Problem.NOT_A_TABLE, "The workbook is an old .xls or locked by a password; save it as XLSX.")
    if start == _ZIP:
        return Table(XlsxFile(path, kinds, unpacked=limits.unpacked, cells=limits.cells))
    if filename.lower().endswith((".xlsx", ".xlsm")):
        raise BadTable(Problem.DAMAGED, "The file is named XLSX and is not one; it may be cut off or renamed.")
    return Table(CsvFile(path, kinds))
