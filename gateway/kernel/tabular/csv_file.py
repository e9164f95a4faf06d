"""CSV: which encoding it is in, and its records, in bounded memory however long the file.

UTF-8 (with or without a mark) is tried first, then GB18030, each over the whole file, so that a byte which
fits neither is named before anything of the file is taken in.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, Final, TextIO

from gateway.kernel.tabular.headings import LOOK_INTO, Headings, Located, locate, missing
from gateway.kernel.tabular.problems import BadTable, Problem
from gateway.kernel.tabular.rows import Broken, Record

_CHUNK: Final = 1 << 20
#: More lines than this in one row mean that a quotation mark was opened and never closed.
_LINES_IN_ROW: Final = 60
_DELIMITERS: Final = (",", "\t", ";")

#: How a spreadsheet is told not to make a number of digits: `="417000207966"`.
_wrapped = re.compile(r'\s*="(.*)"\s*').fullmatch

#: How files that are something else begin, and what they are.
_NOT_TEXT: Final = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"\x1f\x8b": "a gzip archive",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


class CsvFile:
    """An open CSV file, past its headings."""

    def __init__(self, path: Path, kinds: list[Headings]) -> None:
        self.encoding = detect(path)
        with path.open(encoding=self.encoding, newline="") as file:
            self.located, self._delimiter = _headings(list(islice(file, 4 * LOOK_INTO)), kinds)
        self._size = max(1, path.stat().st_size)
        self._file: TextIO = path.open(encoding=self.encoding, newline="")
        self._recent: deque[str] = deque(maxlen=_LINES_IN_ROW + 1)
        self._lines_in_row = 0
        self._wrapped = False

    @property
    def fraction(self) -> float:
        """How much of the file has been read, 0 to 1."""
        return 1.0 if self._file.closed else min(1.0, self._file.buffer.tell() / self._size)

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def records(self) -> Iterator[Record]:
        """The records below the headings. One that a stray quotation mark spoils costs only its first line."""
        self._file.seek(0)
        lines: Iterator[str] = iter(self._file)
        behind = self.located.row + 1
        while True:
            reader = csv.reader(self._watched(lines), delimiter=self._delimiter)
            broken = False
            try:
                for record in reader:
                    if self._lines_in_row > 1 and self._spoilt(record):
                        broken = True
                        break
                    self._lines_in_row = 0
                    if self._wrapped:
                        self._wrapped = False
                        record = [found[1] if (found := _wrapped(cell)) else cell for cell in record]
                    if behind:
                        behind -= 1
                    else:
                        yield record
            except (csv.Error, _TooManyLinesError):
                broken = True
            if not broken:
                return
            spoilt = list(self._recent)[-self._lines_in_row :]
            self._lines_in_row = 0
            self._recent.clear()
            lines = chain(spoilt[1:], lines)
            if behind:
                behind -= 1
            else:
                yield Broken(
                    "stray_quote: A quotation mark opens in this row and does not close where its cell ends.",
                    [spoilt[0].rstrip("\r\n")[:2000]],
                )

    def _watched(self, lines: Iterator[str]) -> Iterator[str]:
        """The lines, remembering those of the row at hand."""
        recent = self._recent
        for line in lines:
            recent.append(line)
            self._lines_in_row += 1
            if self._lines_in_row > _LINES_IN_ROW:
                raise _TooManyLinesError
            if '="' in line:
                self._wrapped = True
            yield line

    def _spoilt(self, record: list[str]) -> bool:
        """Whether a row over several lines is in truth several rows run together by a quotation mark."""
        if len(record) > len(self.located.cells) and any(record[len(self.located.cells) :]):
            return True
        return "".join(list(self._recent)[-self._lines_in_row :]).count('"') % 2 == 1


class _TooManyLinesError(Exception):
    """One row goes on over more lines than any cell has."""


def _headings(lines: list[str], kinds: list[Headings]) -> tuple[Located, str]:
    """Find the headings, and what divides the cells."""
    for delimiter in _DELIMITERS:
        rows = _parsed(lines, delimiter)
        if located := locate(rows, kinds):
            return located, delimiter
    raise missing(_parsed(lines, ","), kinds)


def _parsed(lines: list[str], delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        rows.extend(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return rows
    return rows


def detect(path: Path) -> str:
    """The encoding of a text file: `utf-8-sig` or `gb18030`. Raises `BadTable` naming the first bad byte."""
    with path.open("rb") as file:
        _check_text(file)
        utf8 = _first_bad_byte(file, "utf-8")
        if utf8 is None:
            return "utf-8-sig"
        gb18030 = _first_bad_byte(file, "gb18030")
    if gb18030 is None:
        return "gb18030"
    raise BadTable(
        Problem.ENCODING,
        f"The file is neither UTF-8 (byte {utf8 + 1} does not fit) nor GB18030 (byte {gb18030 + 1} does not fit). "
        "Save it as “CSV UTF-8”.",
    )


def _check_text(file: BinaryIO) -> None:
    """Refuse what is no text, and text without lines."""
    start = file.read(512)
    if not start.removeprefix(codecs.BOM_UTF8).strip() and not file.read(_CHUNK).strip():
        raise BadTable(Problem.EMPTY, "The file is empty.")
    for magic, what in _NOT_TEXT.items():
        if start.startswith(magic):
            problem = Problem.ENCODING if "UTF-16" in what else Problem.NOT_A_TABLE
            raise BadTable(problem, f"The file is {what}, not a table; save it as “CSV UTF-8” or XLSX.")
    if start.lstrip()[:9].lower() in (b"<!doctype", b"<html") or start.lstrip()[:5].lower() == b"<html":
        raise BadTable(Problem.NOT_A_TABLE, "The file is a web page, not a table; save it as CSV or XLSX.")
    file.seek(0)
    offset = in_line = 0
    while chunk := file.read(_CHUNK):
        if (zero := chunk.find(0)) >= 0:
            raise BadTable(Problem.ENCODING, f"The file is no text: byte {offset + zero + 1} is zero.")
        last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        in_line = in_line + len(chunk) if last < 0 else len(chunk) - last - 1
        if in_line > _CHUNK:
            raise BadTable(Problem.NOT_A_TABLE, f"The line at byte {offset + len(chunk) - in_line + 1} is over 1 MB.")
        offset += len(chunk)


def _first_bad_byte(file: BinaryIO, encoding: str) -> int | None:
    """Where the file stops being text in `encoding`, counted from 0; None if it is all text."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    offset = 0
    while True:
        chunk = file.read(_CHUNK)
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            return offset - pending + error.start
        if not chunk:
            return None
        offset += len(chunk)
