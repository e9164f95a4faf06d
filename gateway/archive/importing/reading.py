"""Reading cells: account numbers, amounts, dates, flags and words as offices write them. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.kernel.phones import PhoneField, parse_field
from gateway.kernel.tabular import Headings, Row, Table


class RowRefused(Exception):
    """Nothing of the row can go in."""

    def __init__(self, column: str | None, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


class CellRefused(ValueError):
    """The cell does not say what its column asks for; the message is a stable word, a colon and a sentence."""


_account_no = re.compile(r"[0-9A-Z]{6,20}").fullmatch
_digits = re.compile(r"[0-9]{6,20}").fullmatch
_scientific = re.compile(r"[0-9](?:\.[0-9]+)?E\+?[0-9]{1,2}").fullmatch
_amount = re.compile(r"[¥￥]?((?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,12})(?:\.[0-9]+)?)元?").fullmatch
_date = re.compile(r"([12]\d{3})[-/.年](\d{1,2})[-/.月](\d{1,2})日?").match
_date_digits = re.compile(r"([12]\d{3})(\d\d)(\d\d)(?!\d)").match
_time = re.compile(r"[ T]*(\d{1,2})[:时点](?:(\d{1,2})[:分]?)?(?:(\d{1,2})(?:\.\d+)?秒?)?").fullmatch
_time_digits = re.compile(r"([12]\d{3})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?").fullmatch
_month = re.compile(r"(20[0-9]{2})[-/.年]?(0?[1-9]|1[0-2])月?(?:[-/]0?1)?").fullmatch
_between_han = re.compile(r"(?<=[\u3400-\u9fff·])\s+(?=[\u3400-\u9fff·])").sub
_spaces = re.compile(r"\s+").sub
_space_in = re.compile(r"\s").search
_remark = re.compile(r"[((（][^()（）]*[)）]$").sub
_company = re.compile(
    r"公司|集团|厂|银行|支行|医院|学校|中学|小学|幼儿园|大学|局$|委员会|居委会|村委会|合作社|超市|商店|店$|酒店|饭店|"
    r"宾馆|中心$|事务所|工作室|服务部|经营部|门市部|俱乐部|物业|政府|派出所|研究院|研究所|协会|商行|便利店|[Cc]o\.|Ltd|"
    r"LTD|Inc"
).search

_NO_PHONE: Final = PhoneField()

_YES: Final = frozenset(["y", "yes", "true", "t", "1", "是", "有", "√", "vip", "对"])
_NO: Final = frozenset(["n", "no", "false", "f", "0", "否", "无", "×", "-", "非", "不是"])


def account_number(text: str) -> str:
    """An account number: 6 to 20 digits and capital letters. The check digit is not enforced."""
    if _digits(text):
        return text
    number = text if text.isascii() else unicodedata.normalize("NFKC", text)
    number = number.strip(" \t'\"`").replace(" ", "").upper().removesuffix(".0")
    if _account_no(number) and any(map(str.isdigit, number)):
        return number
    if _scientific(number):
        raise CellRefused("mangled_by_spreadsheet: A spreadsheet rounded this number; its last digits are lost.")
    raise CellRefused("bad_account_no: An account number has 6 to 20 digits or capital letters.")


def amount(text: str) -> Decimal:
    """An amount of money with at most two decimals; thousands may be separated. Negative ones are refused."""
    plain = unicodedata.normalize("NFKC", text).replace(" ", "")
    found = _amount(plain)
    if found is None:
        if plain.startswith(("-", "(")) and _amount(plain.strip("-()")):
            raise CellRefused("negative_amount: An amount cannot be negative.")
        raise CellRefused("bad_amount: This is not an amount of money.")
    value = Decimal(found[1].replace(",", ""))
    if value != value.quantize(Decimal("0.01")):
        raise CellRefused("too_precise: An amount has at most two decimals.")
    return value.quantize(Decimal("0.01"))


def decimal(text: str) -> Decimal:
    """A quantity that is not money, to two decimals: not negative, with a unit perhaps."""
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return Decimal(text)
    plain = re.sub(r"[a-zA-Z千伏安]+$", "", unicodedata.normalize("NFKC", text).replace(",", "").replace(" ", ""))
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", plain):
        raise CellRefused("bad_number: This is not a number.")
    return Decimal(plain).quantize(Decimal("0.01"))


def day(text: str) -> date:
    """A date: 2025-03-31, 2025/3/31, 2025年3月31日, 20250331; a time behind it is left off."""
    try:
        return date.fromisoformat(text.replace("/", "-") if len(text) == 10 else text)
    except ValueError:
        plain = unicodedata.normalize("NFKC", text)
    if found := _date(plain) or _date_digits(plain):
        with suppress(ValueError):
            return date(int(found[1]), int(found[2]), int(found[3]))
    raise CellRefused("bad_date: This is not a date; write it as 2025-03-31.")


def moment(text: str, zone: ZoneInfo) -> datetime:
    """A time, local in `zone` unless it names an offset; a bare date is its midnight."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        value = _written_moment(unicodedata.normalize("NFKC", text))
    return value if value.tzinfo else value.replace(tzinfo=zone)


def _written_moment(text: str) -> datetime:
    """A time that is not in the form of ISO 8601."""
    found = _date(text)
    clock = _time(text[found.end() :]) if found else _time_digits(text)
    with suppress(ValueError):
        if found and clock:
            at = time(int(clock[1]), int(clock[2] or 0), int(clock[3] or 0))
            return datetime.combine(date(int(found[1]), int(found[2]), int(found[3])), at)
        if clock:
            return datetime(*(int(part or 0) for part in clock.groups()))  # type: ignore[arg-type] # noqa: DTZ001
        if not found or found.end() == len(text):
            return datetime.combine(day(text), time())
    raise CellRefused("bad_time: This is not a time; write it as 2025-03-31 17:30.")


def month(text: str) -> str:
    """A billing month as `YYYYMM`, from 202503, 2025-03, 2025/3 or 2025年3月."""
    found = _month(unicodedata.normalize("NFKC", text).replace(" ", "").removesuffix(".0"))
    if found is None:
        raise CellRefused("bad_month: This is not a billing month; write it as 202503.")
    return f"{found[1]}{int(found[2]):02}"


def flag(text: str) -> bool:
    """是/否, Y/N and their like."""
    word = text.casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise CellRefused("bad_flag: Write 是 or 否.")


def name(text: str) -> str:
    """A person's or firm's name without the blanks that lists put between Chinese characters."""
    if not _space_in(text):
        return text
    if text.isascii():
        return _spaces(" ", text)
    return _spaces(" ", _between_han("", text)).strip()


def same_name(one: str, other: str) -> bool:
    """Whether two names are the same but for blanks, width and a remark in brackets at the end."""
    return one == other or _bare(one) == _bare(other)


def _bare(text: str) -> str:
    return _spaces("", _remark("", unicodedata.normalize("NFKC", text))).casefold()


def is_group(text: str) -> bool:
    """Whether a name is that of a firm or body rather than a person."""
    return _company(text) is not None


class Reader:
    """Reads the cells of one row after another of a table; what is refused is noted in `refused`.

    A blank cell is `""` where the file says that there is nothing, and None where it says nothing: a column
    that the file does not have, or cells cut off the end of a short row.
    """

    def __init__(self, table: Table, *, zone: ZoneInfo, region: str) -> None:
        self.headings: Final[Headings] = table.headings
        self._at = {name: place for place, name in enumerate(table.headings.names)}
        self._absent = [place for name, place in self._at.items() if name not in table.found]
        self._width = table.width
        self.zone: Final = zone
        self.region: Final = region
        self.row: Row = Row(0, (), [], "")
        self._cells: list[str | None] = []
        #: What a kind likes to remember from row to row, such as values that many rows share.
        self.memory: Final[dict[Any, Any]] = {}
        #: Column and reason of each cell of the row that was refused.
        self.refused: list[tuple[str, str]] = []

    def stand_on(self, row: Row) -> None:
        """Read from `row` next."""
        self.row = row
        cells: list[str | None] = list(row.values)
        self._cells = cells
        for place in self._absent:
            cells[place] = None
        if len(row.raw) < self._width:
            self._cells = [cell or None for cell in cells]
        if self.refused:
            self.refused = []

    def texts(self, columns: Sequence[str]) -> list[str | None]:
        """Several cells as they stand."""
        cells, at = self._cells, self._at
        return [cells[at[column]] for column in columns]

    def text(self, column: str) -> str | None:
        """The cell as it stands."""
        return self._cells[self._at[column]]

    def required(self, column: str) -> str:
        """The cell, which must not be blank."""
        value = self.row.values[self._at[column]]
        if not value:
            raise RowRefused(column, "missing_value: The row cannot go in without this.")
        return value

    def refuse(self, column: str, reason: str) -> None:
        """Note that a cell does not go in."""
        self.refused.append((column, reason))

    def account_no(self, column: str = "account_no") -> str:
        """The account number, without which the row is refused."""
        try:
            return account_number(self.required(column))
        except CellRefused as refused:
            raise RowRefused(column, str(refused)) from None

    def month(self, column: str = "billing_month") -> str:
        """The billing month, without which the row is refused."""
        try:
            return month(self.required(column))
        except CellRefused as refused:
            raise RowRefused(column, str(refused)) from None

    def money(self, column: str) -> Decimal:
        """An amount, without which the row is refused."""
        try:
            return amount(self.required(column))
        except CellRefused as refused:
            raise RowRefused(column, str(refused)) from None

    def name(self, column: str) -> str | None:
        """A name."""
        value = self.text(column)
        return name(value) if value else value

    def word(self, column: str, words: Mapping[str, str]) -> str | None:
        """One of `words`, or one of the words they stand for."""
        value = self.text(column)
        if not value:
            return value
        known = words.get(value) or words.get(value.casefold())
        if known is None:
            self.refuse(column, f"unknown_word: Known are {'、'.join(dict.fromkeys(words))}.")
        return known

    def flag(self, column: str) -> bool | None:
        """A flag; blank is no."""
        value = self.text(column)
        if not value:
            return None if value is None else False
        try:
            return flag(value)
        except CellRefused as refused:
            self.refuse(column, str(refused))
            return None

    def day(self, column: str) -> date | None:
        """A date, None where there is none."""
        value = self.text(column)
        if not value:
            return None
        try:
            return day(value)
        except CellRefused as refused:
            self.refuse(column, str(refused))
            return None

    def moment(self, column: str) -> datetime | None:
        """A time, None where there is none."""
        value = self.text(column)
        if not value:
            return None
        try:
            return moment(value, self.zone)
        except CellRefused as refused:
            self.refuse(column, str(refused))
            return None

    def decimal(self, column: str) -> Decimal | None:
        """A quantity, None where there is none."""
        value = self.text(column)
        if not value:
            return None
        try:
            return decimal(value)
        except CellRefused as refused:
            self.refuse(column, str(refused))
            return None

    def phones(self, column: str) -> PhoneField:
        """A telephone field; what of it is no number is noted."""
        text = self._cells[self._at[column]]
        if not text:
            return _NO_PHONE
        found = parse_field(text, self.region)
        if found.problem:
            self.refuse(column, f"{found.problem}: {found.problem.sentence}")
        return found
