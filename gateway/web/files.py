"""Tables that are answered as files."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from gateway.kernel.spreadsheets import XlsxWriter

CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BOM: Final = b"\xef\xbb\xbf"


def saved(writer: XlsxWriter) -> bytes:
    """The workbook that was written; it takes its time, so it is called beside the loop."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "export.xlsx"
        writer.save(path)
        return path.read_bytes()
