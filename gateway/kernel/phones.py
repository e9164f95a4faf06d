"""Telephone numbers: parsed once, at the edge, into a value that masks itself.

`parse` reads one number. `parse_field` reads a cell of a list as offices fill it in: two numbers, an
extension, the name of whoever answers, what a spreadsheet made of it. Numbers of mainland China are judged
here by the shape of the national plan (nothing is inferred from the first digits of a mobile, since numbers
are carried between operators); all others by `phonenumbers`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

import phonenumbers

from gateway.kernel.errors import FieldError, InvalidInput


class Kind(StrEnum):
    """What a number reaches, as far as its shape tells."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a text is no telephone number; the words are stable."""

    EMPTY = "empty"
    PLACEHOLDER = "placeholder"
    NOT_A_NUMBER = "not_a_number"
    MANGLED_BY_SPREADSHEET = "mangled_by_spreadsheet"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    NO_AREA_CODE = "no_area_code"
    SHORT_CODE = "short_code"
    IMPOSSIBLE = "impossible"

    @property
    def sentence(self) -> str:
        """The reason in words for a person."""
        return _SENTENCES[self]


_SENTENCES: Final = {
    Reason.EMPTY: "There is no number.",
    Reason.PLACEHOLDER: "This stands in for a number that nobody knew.",
    Reason.NOT_A_NUMBER: "This is not a telephone number.",
    Reason.MANGLED_BY_SPREADSHEET: "A spreadsheet rounded this number and its last digits are lost.",
    Reason.TOO_SHORT: "The number has too few digits.",
    Reason.TOO_LONG: "The number has too many digits.",
    Reason.NO_AREA_CODE: "A landline without its area code cannot be called from elsewhere.",
    Reason.SHORT_CODE: "This is a service number, not a subscriber's.",
    Reason.IMPOSSIBLE: "No number of this shape exists.",
}


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A telephone number, equal by `e164`; `str()` and `repr()` show it masked."""

    e164: str
    kind: Kind = field(default=Kind.UNKNOWN, compare=False)

    @property
    def masked(self) -> str:
        """The number with the four digits before the last four hidden: `+86138****4443`."""
        if len(self.e164) < 10:
            return f"{self.e164[:2]}****{self.e164[-2:]}"
        return f"{self.e164[:-8]}****{self.e164[-4:]}"

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"PhoneNumber({self.masked})"


class PhoneField(NamedTuple):
    """What a telephone cell holds.

    `numbers` may be filled beside a `problem`: the problem is that of the first part which is no number.
    `name` is a person's or firm's name written in the cell, `note` a word about them (儿子, 物业).
    """

    numbers: tuple[PhoneNumber, ...] = ()
    extension: str | None = None
    name: str | None = None
    note: str | None = None
    problem: Reason | None = None


class InvalidPhone(InvalidInput):
    """The text is not one telephone number. The message never repeats the text."""

    def __init__(self, reason: Reason, *, field: str | None = None) -> None:
        errors = (FieldError(field, reason.sentence, reason.value),) if field is not None else ()
        super().__init__(reason.sentence, errors=errors)
        self.reason = reason


# What people type when they must type something: 13800138000, 13888888888, 13000000000, 13812345678.
_FAKE_MOBILE: Final = r"13800138000|1[3-9][0-9](?:([0-9])\1{7}|12345678|00012345)"
_mobile = re.compile(rf"(?!{_FAKE_MOBILE})1[3-9][0-9]{{9}}").fullmatch
_fake_mobile = re.compile(_FAKE_MOBILE).fullmatch
_trunk_mobile = re.compile(r"(?:\+?86|0086)?0?(1[3-9][0-9]{9})").fullmatch
_fake_digits = re.compile(r"([0-9])\1*|0?12345(?:6(?:7(?:8(?:90?1?)?)?)?)?").fullmatch
_landline = re.compile(r"0(?:10|2[0-9])[2-8][0-9]{7}|0[3-9][0-9]{2}[2-8][0-9]{6,7}").fullmatch
_landline_typed = re.compile(
    r"(?:(?:\+|00)?86[- ]*)?\(?(0?[1-9][0-9]{1,2})\)?[- .]*([2-8][0-9]{2,3}[- ]?[0-9]{4})(?:[- ]+([0-9]{1,6}))?"
).fullmatch

_run_together = re.compile(rf"(?:(?!{_FAKE_MOBILE})1[3-9][0-9]{{9}}){{2,}}").fullmatch

_SEPARATORS: Final = dict.fromkeys(map(ord, " \t-.()'"), None)
_invisible = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]").sub
_dashes = re.compile("[\u2010-\u2015\u2212\u2500\u2501\u30fc\uff0d_~]").sub
_not_digit = re.compile(r"[^0-9]").sub
_spreadsheet_zero = re.compile(r"(?<=[0-9]{5})\.0+(?![0-9])").sub
_scientific = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+?[0-9]{1,2}").fullmatch
_letters_for_digits = re.compile(r"(?<=[0-9])[oOlI]+(?=[0-9])").sub
_LETTERS_FOR_DIGITS: Final = str.maketrans("oOlI", "0011")
_extension_mark = re.compile(
    r"(?:转接?|分机号?|内线|ext(?:ension)?\.?|#|[xX])[ :]*([0-9]{1,6})(?![0-9])", re.IGNORECASE
).sub
_between = re.compile(r"[;,/、|\\&\n\r。]+|[或和及与]").split
_words = re.compile(r"[^\W\d_]+(?:[·•. ]+[^\W\d_]+)*")
_number_in = re.compile(r"\+? ?\(?[0-9][0-9()\-. ]*[0-9]|[0-9]").search


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NOTHING: Final = _set_of(
    "- -- --- / // \\ . * ? 无 暂无 没有 空 无电话 无号码 无联系电话 未知 不详 未提供 未登记 待补充 待核实 "
    "拒绝提供 null none nil nan n/a na #n/a unknown"
)
_LABELS: Final = _set_of(
    "tel phone mobile mob cell fax call 手机 手机号 手机号码 电话 电话号码 联系电话 联系人 联系人电话 移动电话 "
    "固定电话 固话 座机 办公 办公电话 单位电话 家庭电话 住宅电话 家里 号码 联系方式 新号 新 改 备用 常用 传真"
)
_CONNECTIVES: Final = _set_of("或 和 及 与 或者 以及 or and 转")
_RELATIONS: Final = _set_of(
    "本人 户主 业主 房东 租户 租客 房客 儿子 女儿 儿 女 子 父亲 母亲 父 母 爸爸 妈妈 爸 妈 丈夫 妻子 老公 老婆 "
    "爱人 夫 妻 配偶 家属 亲属 亲戚 兄弟 哥哥 弟弟 哥 弟 姐姐 妹妹 姐 妹 儿媳 女婿 媳妇 孙子 孙女 侄子 侄女 外甥 "
    "邻居 朋友 物业 会计 出纳 财务 电工 老板 经理 门卫 保安 代办 代办员 负责人 经办人 管理员 村委会 居委会 "
    "son daughter wife husband landlord tenant owner"
)
_LABELS_BY_LENGTH: Final = tuple(sorted((label for label in _LABELS if not label.isascii()), key=len, reverse=True))


def parse(text: str, region: str = "CN") -> PhoneNumber:
    """Read `text`, which is one number of `region` or one with its country; raises `InvalidPhone`."""
    return _parsed(text, region)


# On its way through a node a number is read by the request's form, by who judges it and by who writes it down.
@lru_cache(maxsize=4096)
def _parsed(text: str, region: str) -> PhoneNumber:
    if text.startswith("+86") and _mobile(text[3:]):
        return PhoneNumber(text, Kind.MOBILE)
    if region == "CN" and _mobile(text):
        return PhoneNumber(f"+86{text}", Kind.MOBILE)
    tidy = _tidied(text)
    if not tidy:
        raise InvalidPhone(Reason.EMPTY)
    if tidy.casefold() in _NOTHING:
        raise InvalidPhone(Reason.PLACEHOLDER)
    if _words.search(tidy) or not _number_in(tidy):
        raise InvalidPhone(Reason.NOT_A_NUMBER)
    typed = _landline_typed(tidy) if region == "CN" else None
    found = Reason.TOO_LONG if typed and typed[3] else _number(tidy, region)
    if isinstance(found, Reason):
        raise InvalidPhone(found)
    return found


def parse_field(text: str, region: str = "CN") -> PhoneField:
    """Read a telephone cell as it was typed; never raises. An empty cell has no numbers and no problem."""
    if region == "CN" and _mobile(text):
        return PhoneField(numbers=(PhoneNumber(f"+86{text}", Kind.MOBILE),))
    tidy = _tidied(text)
    if not tidy:
        return PhoneField()
    if region == "CN" and (plain := _trunk_mobile(tidy.translate(_SEPARATORS))):
        if _fake_mobile(plain[1]):
            return PhoneField(problem=Reason.PLACEHOLDER)
        return PhoneField(numbers=(PhoneNumber(f"+86{plain[1]}", Kind.MOBILE),))
    if tidy.casefold() in _NOTHING:
        return PhoneField(problem=Reason.PLACEHOLDER)
    if _scientific(tidy):
        return _from_scientific(tidy, region)
    return _Reader(region).read(tidy)


def _tidied(text: str) -> str:
    """Full-width forms made plain, invisible marks and a spreadsheet's leavings removed."""
    if not text.isascii():
        text = _dashes("-", unicodedata.normalize("NFKC", _invisible("", text)))
    text = text.strip(" \t\r\n'\"`=:,;")
    return _spreadsheet_zero("", text)


def _from_scientific(text: str, region: str) -> PhoneField:
    """`1.38E+10` has lost its digits; `1.3800138111E10` has them all."""
    mantissa, _, exponent = text.lower().partition("e")
    if len(mantissa.partition(".")[2]) < int(exponent):
        return PhoneField(problem=Reason.MANGLED_BY_SPREADSHEET)
    return parse_field(str(int(Decimal(text))), region)


def _number(text: str, region: str) -> PhoneNumber | Reason:
    """One number without words in it."""
    digits = _not_digit("", text)
    if _fake_digits(digits):
        return Reason.PLACEHOLDER
    foreign = text.lstrip(" (").startswith("+")
    if not foreign and digits.startswith("00"):
        foreign, digits = True, digits[2:]
    if foreign and not digits.startswith("86"):
        return _abroad(f"+{digits}", region)
    if region != "CN" and not foreign:
        return _abroad(digits, region)
    if foreign or (len(digits) >= 12 and digits.startswith("86")):
        digits = digits[2:]
    return _chinese(digits)


def _chinese(digits: str) -> PhoneNumber | Reason:
    """A national number of mainland China, with or without the leading 0."""
    national = digits.removeprefix("0")
    if _mobile(national):
        return PhoneNumber(f"+86{national}", Kind.MOBILE)
    if _fake_mobile(national) or _fake_digits(digits):
        return Reason.PLACEHOLDER
    if re.fullmatch(r"[48]00[0-9]{7}", digits):
        return PhoneNumber(f"+86{digits}", Kind.UNKNOWN)
    if _landline(f"0{national}"):
        return PhoneNumber(f"+86{national}", Kind.LANDLINE)
    if len(digits) <= 6:
        return Reason.SHORT_CODE if re.fullmatch(r"1[12][0-9]|1[0-9]{4}|9[56][0-9]{3,4}", digits) else Reason.TOO_SHORT
    if re.fullmatch(r"[2-8][0-9]{6,7}", digits):
        return Reason.NO_AREA_CODE
    if len(national) < (11 if national.startswith("1") else 9):
        return Reason.TOO_SHORT
    return Reason.TOO_LONG if len(national) > 11 else Reason.IMPOSSIBLE


_TYPES: Final = {
    phonenumbers.PhoneNumberType.MOBILE: Kind.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE: Kind.LANDLINE,
}
_FAULTS: Final = {
    phonenumbers.ValidationResult.TOO_SHORT: Reason.TOO_SHORT,
    phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY: Reason.NO_AREA_CODE,
    phonenumbers.ValidationResult.TOO_LONG: Reason.TOO_LONG,
}


def _abroad(text: str, region: str) -> PhoneNumber | Reason:
    """A number outside mainland China: its length must be possible, its range need not be known here."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as refused:
        short = refused.error_type in (
            phonenumbers.NumberParseException.TOO_SHORT_NSN,
            phonenumbers.NumberParseException.TOO_SHORT_AFTER_IDD,
        )
        return Reason.TOO_SHORT if short else Reason.IMPOSSIBLE
    verdict = phonenumbers.is_possible_number_with_reason(number)
    if verdict != phonenumbers.ValidationResult.IS_POSSIBLE:
        return _FAULTS.get(verdict, Reason.IMPOSSIBLE)
    kind = _TYPES.get(phonenumbers.number_type(number), Kind.UNKNOWN)
    return PhoneNumber(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), kind)


class _Reader:
    """Reads one cell that holds more than a plain mobile, part by part."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._numbers: list[PhoneNumber] = []
        self._extension: str | None = None
        self._problem: Reason | None = None
        self._area = ""

    def read(self, tidy: str) -> PhoneField:
        text = _letters_for_digits(lambda found: found[0].translate(_LETTERS_FOR_DIGITS), tidy)
        text = _extension_mark(self._keep_extension, text)
        name, note, text = _without_words(text)
        for part in _between(text):
            piece = _number_in(part)
            if piece:
                self._part(piece[0].strip(" .-"))
        if not self._numbers and self._problem is None:
            self._problem = Reason.NOT_A_NUMBER
        return PhoneField(
            numbers=tuple(dict.fromkeys(self._numbers)),
            extension=self._extension if self._numbers else None,
            name=name,
            note=note,
            problem=self._problem,
        )

    def _keep_extension(self, found: re.Match[str]) -> str:
        self._extension = self._extension or found[1]
        return ";"

    def _part(self, piece: str) -> None:
        if self._numbers and self._numbers[-1].kind is Kind.LANDLINE:
            if len(piece) <= 6 and piece.isdigit():
                self._extension = self._extension or piece
                return
            if self._area and re.fullmatch(r"[2-8][0-9]{6,7}", piece):
                piece = f"{self._area}{piece}"
        if self._region == "CN" and (typed := _landline_typed(piece)):
            landline = _chinese(_not_digit("", typed[1] + typed[2]))
            if isinstance(landline, PhoneNumber):
                self._area = typed[1]
                self._numbers.append(landline)
                self._extension = self._extension or typed[3]
                return
        found = _number(piece, self._region)
        if isinstance(found, PhoneNumber):
            self._numbers.append(found)
        elif _run_together(digits := _not_digit("", piece)):
            self._numbers.extend(
                PhoneNumber(f"+86{digits[start : start + 11]}", Kind.MOBILE) for start in range(0, len(digits), 11)
            )
        elif " " in piece and len(digits) > 15:
            for each in piece.split():
                self._part(each.strip(" .-"))
        else:
            self._problem = self._problem or found


def _without_words(text: str) -> tuple[str | None, str | None, str]:
    """The name and the note written in the cell, and the text with all words taken out of it."""
    names: list[str] = []
    notes: list[str] = []
    for found in _words.findall(text):
        word = found.removeprefix(next(filter(found.startswith, _LABELS_BY_LENGTH), ""))
        word = word.removesuffix(next(filter(word.endswith, _LABELS_BY_LENGTH), "")).strip(" ·.")
        if not word or word.casefold() in _LABELS or word.casefold() in _CONNECTIVES:
            continue
        if word.casefold() in _RELATIONS:
            notes.append(word)
        elif len(word) > 1:
            names.append(word)
    name = names[0] if len(names) == 1 else None
    return name, notes[0] if notes else None, _words.sub(";", text)
