"""Names as lists write them: the same person in several spellings, and whether a contact's name fits a holder's.

Width, blanks, remarks in brackets, titles, traditional characters and the long and short words for a company
make no other name; characters of the same sound make a likely one. Pure.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache, lru_cache
from typing import Final

from opencc import OpenCC

_remark = re.compile(r"[(（\[【][^()（）\[\]【】]*[)）\]】]").sub
_title = re.compile(r"(?:先生|女士|小姐|太太|同志)$").sub
_company = re.compile(r"(?:股份)?(?:有限责任|有限|集团)?公司").sub
_mark = re.compile(r"[\s·•.,'’\-]+").sub
_group = re.compile(
    r"公司|集团|厂$|银行|支行|医院|学校|[中小]学$|幼儿园|大学|委员会|居委会|村委会|合作社|超市|商店|[^\W\d_]店$|酒店|饭店|宾馆|"
    r"中心$|事务所|工作室|部$|俱乐部|物业|政府|派出所|研究[院所]|协会|商行|[饭面菜茶麻将]馆$|网吧$|驿站$|诊所$|铺$|房$|楼$|"
    r"\b(?:co|ltd|inc|company|shop)\b"
).search
_letters_only = re.compile(r"[^\W\d_]").search


#: Suffixes under which one company is written down, the barest first.
_SUFFIXES: Final = ("", "公司", "有限公司", "有限责任公司", "股份有限公司", "集团有限公司")
_SUFFIX: Final = re.compile(r"(?:(?:集团)?(?:股份)?有限(?:责任)?)?公司$")
_BLANKS: Final = re.compile(r"\s+")
_TO_WIDE: Final = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


class Fit(StrEnum):
    """How a contact's name stands to the holder's."""

    SAME = "same"
    #: The contact's surname is in the name of the holder's shop or firm.
    SHOP = "shop"
    #: The holder is a firm or body, and somebody speaks for it; or a firm speaks for the holder.
    GROUP = "group"
    KIN = "kin"
    BLANK = "blank"
    OTHER = "other"


@lru_cache(maxsize=65_536)
def plain(name: str) -> str:
    """The name without what makes no difference: `温　蘭香(住宅)` and `温兰香` are the same."""
    text = unicodedata.normalize("NFKC", name)
    text = _remark("", text) or text
    text = _mark("", text).casefold()
    text = _title("", text) or text
    if not text.isascii():
        text = _company("公司", _simplify(text))
    return text


@lru_cache(maxsize=65_536)
def sound(name: str) -> str:
    """The name as it is spoken, without tones; other scripts stay as they are."""
    readings = _readings()
    return " ".join(readings.get(ord(letter), letter) for letter in plain(name))


@lru_cache(maxsize=65_536)
def is_group(name: str) -> bool:
    """Whether the name is that of a shop, firm or body."""
    return _group(plain(name)) is not None


def same_person(one: str, other: str) -> bool:
    """Whether two names are one, in whatever spelling. A single character is too little to go by its sound."""
    if plain(one) == plain(other):
        return bool(plain(one))
    return len(plain(one)) > 1 and len(plain(one)) == len(plain(other)) and sound(one) == sound(other)


def fit(contact: str | None, holder: str) -> Fit:
    """How the name of a contact stands to that of the account's holder."""
    if not contact or not _letters_only(contact):
        return Fit.BLANK
    if same_person(contact, holder):
        return Fit.SAME
    if is_group(holder):
        return Fit.SHOP if not is_group(contact) and plain(contact)[:1] in plain(holder) else Fit.GROUP
    if is_group(contact):
        return Fit.GROUP
    return Fit.KIN if plain(contact)[:1] == plain(holder)[:1] else Fit.OTHER


def forms(name: str) -> list[str]:
    """The forms in which a name may stand in the archive, itself first."""
    plainly = _BLANKS.sub("" if not name.isascii() else " ", unicodedata.normalize("NFKC", name)).strip()
    simple = _simplify(plainly)
    bases = [simple]
    core = _SUFFIX.sub("", simple)
    if core != simple and len(core) > 1:
        bases += [core + suffix for suffix in _SUFFIXES]
    found = [name, plainly]
    for base in bases:
        old = str(_script("s2t").convert(base))
        found += [base, old, base.translate(_TO_WIDE), old.translate(_TO_WIDE)]
    if not plainly.isascii():
        # Lists set two-character names apart: 王 强.
        found += [
            f"{word[0]}{blank}{word[1]}" for word in (simple, plainly) if len(word) == 2 for blank in (" ", "\u3000")
        ]
    return [form for form in dict.fromkeys(found) if form]


@lru_cache(maxsize=65_536)
def is_company(name: str) -> bool:
    """Whether a name is that of a registered company, of which a place has one."""
    return _SUFFIX.search(_simplify(unicodedata.normalize("NFKC", name))) is not None


@lru_cache(maxsize=2)
def _script(table: str) -> OpenCC:
    return OpenCC(table)


def _simplify(text: str) -> str:
    return str(_script("t2s").convert(text))


@cache
def _readings() -> dict[int, str]:
    """The first reading of each character, without its tone."""
    return {code: _toneless(readings.partition(",")[0]) for code, readings in _marked().items()}


def readings(code: int) -> set[str]:
    """Every reading of a character, given as its code point, without tones."""
    return {_toneless(reading) for reading in _marked()[code].split(",")}


def characters() -> Iterable[int]:
    """The code points whose readings are known."""
    return _marked()


@cache
def _marked() -> Mapping[int, str]:
    """The readings of each character, tones and all, with commas between. Loaded when names are first compared."""
    # The table of phrases is of no use for names, and several times as large.
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
    from pypinyin.pinyin_dict import pinyin_dict

    table: Mapping[int, str] = pinyin_dict
    return table


def _toneless(reading: str) -> str:
    bare = unicodedata.normalize("NFD", reading).replace("\u0308", "v")
    return "".join(letter for letter in bare if not unicodedata.combining(letter))


__all__: Final = [
    "Fit", "characters", "fit", "forms", "is_company", "is_group", "plain", "readings", "same_person", "sound",
]  # fmt: skip
