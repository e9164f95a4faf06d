"""Writing tables for spreadsheets: cells that no spreadsheet takes for a formula, as CSV or XLSX."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from openpyxl import Workbook

#: What a spreadsheet takes for the beginning of a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
#: Characters that XML, and so XLSX, cannot hold.
_NOT_IN_XML: Final = {number: None for number in range(32) if number not in (9, 10, 13)}


def safe(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value[:1] in _FORMULA:
        return f"'{value}"
    return value


def csv_lines(rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows as CSV in UTF-8."""
    sink = io.StringIO()
    csv.writer(sink, lineterminator="\r\n").writerows([safe(_written(value)) for value in row] for row in rows)
    return sink.getvalue().encode()


class XlsxWriter:
    """One sheet, written row by row; what is written lies on disk until it is saved."""

    def __init__(self, title: str) -> None:
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet(title)

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows."""
        for row in rows:
            self._sheet.append([_cell(value) for value in row])

    def save(self, path: Path) -> None:
        """Write the file."""
        self._book.save(path)


def _written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _cell(value: Any) -> Any:
    if isinstance(value, datetime | UUID):
        return _written(value) if isinstance(value, datetime) else str(value)
    if isinstance(value, str):
        plain: str = safe(value.translate(_NOT_IN_XML))
        return plain
    return value
