"""XLSX: its sheets through calamine, after a look at the packed file that keeps memory bounded.

Calamine holds one sheet at a time as a full rectangle, so a sheet's extent is measured before it is loaded:
a few bytes can claim a rectangle of billions of cells. The same look finds formulas whose result was never
stored, which calamine would hand over as blanks.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import python_calamine as calamine

from gateway.kernel.errors import TooLarge
from gateway.kernel.tabular.headings import LOOK_INTO, Headings, Located, locate, missing
from gateway.kernel.tabular.problems import BadTable, Problem

_CHUNK: Final = 1 << 20
#: Formulas without a result beyond this many are not listed one by one: the file is refused.
_MANY_FORMULAS: Final = 10_000

_places_in = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"').findall
_formula_in = re.compile(rb"<(?:\w+:)?f[ />]").search
_cells_in = re.compile(
    rb"<(?:\w+:)?c\b(?P<attributes>[^>]*)>(?P<body>(?:(?!</(?:\w+:)?c>).)*)</(?:\w+:)?c>", re.DOTALL
).finditer
_has_value = re.compile(rb"<(?:\w+:)?v[^>]*>[^<]").search
_office_relation: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_NOT_XLSX: Final = "The file is no XLSX workbook; save it as XLSX or “CSV UTF-8”."


@dataclass(slots=True)
class _Look:
    """What a sheet turned out to hold before it was loaded."""

    columns: int = 0
    rows: int = 0
    formulas: dict[int, list[int]] = field(default_factory=dict)
    without_value: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet with its headings found, and its rows below them."""

    name: str
    located: Located | None
    rows: Iterator[list[str]]
    formulas: dict[int, list[int]]
    first: list[str]


class XlsxFile:
    """An open XLSX file. `unpacked` bounds the bytes of its parts, `cells` the rectangle of a sheet."""

    def __init__(self, path: Path, kinds: list[Headings], *, unpacked: int, cells: int) -> None:
        self._kinds = kinds
        self._rows_read = 0
        self._looks = _look_into(path, unpacked=unpacked, cells=cells)
        try:
            self._workbook = calamine.load_workbook(path)
        except calamine.PasswordError as error:
            raise BadTable(Problem.NOT_A_TABLE, "The workbook is locked by a password.") from error
        except (calamine.CalamineError, OSError) as error:
            raise BadTable(Problem.DAMAGED, _NOT_XLSX) from error
        self._names = [
            sheet.name
            for sheet in self._workbook.sheets_metadata
            if sheet.visible == calamine.SheetVisibleEnum.Visible and sheet.typ == calamine.SheetTypeEnum.WorkSheet
        ]
        self._sheet, self._at = self._first()
        assert self._sheet.located is not None
        self.located: Located = self._sheet.located

    @property
    def fraction(self) -> float:
        """How much of the file has been read, 0 to 1."""
        total = sum(self._looks[name].rows for name in self._names if name in self._looks)
        return min(1.0, self._rows_read / max(1, total))

    def close(self) -> None:
        """Let the file go."""
        self._workbook.close()

    def sheets(self) -> Iterator[Sheet]:
        """The sheets in order, from the first that has the headings; one that is blank is passed over."""
        yield self._sheet
        for name in self._names[self._at + 1 :]:
            sheet = self._open(name)
            if any(sheet.first):
                yield sheet

    def _first(self) -> tuple[Sheet, int]:
        heads: list[list[str]] = []
        for at, name in enumerate(self._names):
            sheet = self._open(name, heads)
            if sheet.located is not None:
                return sheet, at
        without = sum(look.without_value for look in self._looks.values())
        if without:
            raise BadTable(
                Problem.FORMULAS,
                f"The workbook holds {without} formulas whose results were not stored; "
                "open it in a spreadsheet program and save it again.",
            )
        raise missing([row for row in heads if any(row)], self._kinds)

    def _open(self, name: str, heads: list[list[str]] | None = None) -> Sheet:
        try:
            sheet = self._workbook.get_sheet_by_name(name)
        except calamine.CalamineError as error:
            raise BadTable(Problem.DAMAGED, f"The sheet “{name}” is damaged and cannot be read.") from error
        rows = self._texts(sheet)
        head: list[list[str]] = []
        for row in rows:
            head.append(row)
            if len(head) == LOOK_INTO:
                break
        if heads is not None:
            heads.extend(head[: max(0, LOOK_INTO - len(heads))])
        located = locate(head, self._kinds)
        below = head[located.row + 1 :] if located else []
        look = self._looks.get(name, _Look())
        return Sheet(
            name=name,
            located=located,
            rows=_both(below, rows),
            formulas=look.formulas,
            first=next((row for row in head if any(row)), []),
        )

    def _texts(self, sheet: calamine.CalamineSheet) -> Iterator[list[str]]:
        """The rows from the first of the sheet on, every cell as text."""
        if sheet.start is None:
            return
        top, left = sheet.start
        for _ in range(top):
            yield []
        before = [""] * left
        for row in sheet.to_python(skip_empty_area=True) if top or left else sheet.iter_rows():
            self._rows_read += 1
            yield before + [cell if isinstance(cell, str) else text_of(cell) for cell in row]


def text_of(value: Any) -> str:
    """A cell as a person would type it: 13 digits stay 13 digits, a date is 2025-03-04 or 2025-03-04 23:30:00.

    A number beyond the 15 digits that a spreadsheet keeps shows its exponent, so that nobody takes it for whole.
    """
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case float() | int():
            return f"{value:.15g}"
        case datetime():
            return value.isoformat(" ", "seconds")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case _:
            return str(value)


def _both(first: list[list[str]], rest: Iterator[list[str]]) -> Iterator[list[str]]:
    yield from first
    yield from rest


def _look_into(path: Path, *, unpacked: int, cells: int) -> dict[str, _Look]:
    """Read through the packed file once; raises `TooLarge` or `BadTable` for what must not be loaded."""
    try:
        with zipfile.ZipFile(path) as packed:
            infos = {info.filename: info for info in packed.infolist()}
            if "xl/workbook.xml" not in infos:
                raise BadTable(Problem.NOT_A_TABLE, _NOT_XLSX)
            size = sum(info.file_size for name, info in infos.items() if name.startswith("xl/"))
            if size > unpacked:
                raise TooLarge(
                    f"The workbook unpacks to {size >> 20} MB and {unpacked >> 20} MB is the most; send it as CSV."
                )
            if any(info.flag_bits & 1 for info in infos.values()):
                raise BadTable(Problem.NOT_A_TABLE, "The file is locked by a password.")
            if "xl/sharedStrings.xml" in infos:
                _drain(packed, "xl/sharedStrings.xml")
            return {sheet: _look_at(packed, part, cells) for sheet, part in _parts(packed).items() if part in infos}
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ET.ParseError) as error:
        raise BadTable(Problem.DAMAGED, "The workbook is damaged and cannot be unpacked.") from error


def _parts(packed: zipfile.ZipFile) -> dict[str, str]:
    """Which part of the file holds each sheet."""
    relations: dict[str, str] = {}
    for relation in _tree(packed, "xl/_rels/workbook.xml.rels"):
        target = relation.get("Target", "")
        relations[relation.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return {
        sheet.get("name", ""): relations.get(sheet.get(_office_relation, ""), "")
        for sheet in _tree(packed, "xl/workbook.xml").iter()
        if sheet.tag.endswith("}sheet")
    }


def _tree(packed: zipfile.ZipFile, name: str) -> ET.Element:
    try:
        text = packed.read(name)
    except KeyError as error:
        raise BadTable(Problem.DAMAGED, _NOT_XLSX) from error
    _refuse_entities(text)
    return ET.fromstring(text)  # noqa: S314 - entities were refused above


def _refuse_entities(text: bytes) -> None:
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise BadTable(Problem.DAMAGED, "The workbook declares entities, which no spreadsheet program does.")


def _drain(packed: zipfile.ZipFile, name: str) -> None:
    """Unpack a part to nowhere: a size that was stated falsely is found out here."""
    with packed.open(name) as part:
        start = part.read(_CHUNK)
        _refuse_entities(start)
        while part.read(_CHUNK):
            pass


def _look_at(packed: zipfile.ZipFile, name: str, cells: int) -> _Look:
    """Measure a sheet and find its formulas without a result, in one pass."""
    look = _Look()
    rest = b""
    with packed.open(name) as part:
        while chunk := part.read(_CHUNK):
            text = rest + chunk
            _refuse_entities(text[:4096])
            end = max(text.rfind(b"</c>"), text.rfind(b":c>"), text.rfind(b"</row>"))
            done, rest = (text[: end + 4], text[end + 4 :]) if end >= 0 else (b"", text)
            if len(rest) > 8 * _CHUNK:
                raise BadTable(Problem.DAMAGED, "A cell of the workbook is over 8 MB.")
            _measure(look, done)
            if look.columns * look.rows > cells:
                raise TooLarge(
                    f"A sheet reaches to row {look.rows} and column {look.columns}, more than {cells:,} cells; "
                    "send it as CSV."
                )
            if _formula_in(done):
                _note_formulas(look, done)
        _measure(look, rest)
    return look


def _measure(look: _Look, text: bytes) -> None:
    places = _places_in(text)
    if places:
        look.columns = max(look.columns, *(_number(letters) for letters in {letters for letters, _ in places}))
        look.rows = max(look.rows, int(places[-1][1]), int(places[0][1]))


def _note_formulas(look: _Look, text: bytes) -> None:
    for cell in _cells_in(text):
        body = cell["body"]
        if not _formula_in(body) or _has_value(body) or b't="str"' in cell["attributes"]:
            continue
        look.without_value += 1
        if look.without_value > _MANY_FORMULAS:
            raise BadTable(
                Problem.FORMULAS,
                f"The workbook holds more than {_MANY_FORMULAS:,} formulas whose results were not stored; "
                "open it in a spreadsheet program and save it again.",
            )
        if place := re.search(rb'\br="([A-Z]{1,3})([0-9]{1,7})"', cell["attributes"]):
            look.formulas.setdefault(int(place[2]), []).append(_number(place[1]) - 1)


def _number(letters: bytes) -> int:
    """The number of a column by its letters: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
