"""The values a text is filled with: what each type accepts, and how it is said in each language.

A value arrives as Python has it (Decimal, date, an aware datetime) or as JSON has it (`"86.50"`,
`"2025-06-25"`); anything else raises ValueError with the reason, and the caller adds the variable's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from babel.units import format_unit
from pydantic import TypeAdapter, ValidationError

Parse = Callable[[object, ZoneInfo], Any]


class ValueType(StrEnum):
    """What a variable may hold."""

    TEXT = "text"
    #: An account number, whole or in part; only its last four characters are ever printed.
    ACCOUNT_TAIL = "account_tail"
    MONEY = "money"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    #: How long something lasts, to the minute.
    DURATION = "duration"
    INTEGER = "integer"
    #: A reference or a verification code: letters, digits and hyphens.
    CODE = "code"
    #: The token of an invitation, printed as the address of the utility's own bot with it: the one link that a text
    #: may carry. Nobody who fills a text can bring another.
    BOT_LINK = "bot_link"


_CENT: Final = Decimal("0.01")
_MOST: Final = Decimal(10) ** 12
# What has no place inside a text: line breaks and controls, marks that turn the reading order, half characters.
_unfit = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff【】]").search
_broken_off = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+").sub
_misleading = re.compile("[\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+").sub
#: As long as the longest user name of a bot.
_NOBODY: Final = "x" * 32
_is_code = re.compile(r"[A-Za-z0-9-]{1,32}").fullmatch
_is_account = re.compile(r"[A-Za-z0-9]{4,32}").fullmatch


def _text(value: object, zone: ZoneInfo) -> str:
    if not isinstance(value, str):
        raise ValueError(f"a text is expected, not {type(value).__name__}")
    if _unfit(value) is not None:
        # 【】 inside a text would pass for another sender's signature.
        value = _misleading("", _broken_off(" ", value)).replace("【", "（").replace("】", "）")
    if not value or value.isspace():
        raise ValueError("it is empty")
    return value


def _account_tail(value: object, zone: ZoneInfo) -> str:
    if not isinstance(value, str) or _is_account(value) is None:
        raise ValueError("an account number of four characters or more is expected, as a string")
    return value[-4:]


def _money(value: object, zone: ZoneInfo) -> Decimal:
    if isinstance(value, str):
        try:
            value = Decimal(value)
        except InvalidOperation:
            raise ValueError(f"{value!r} is not an amount") from None
    elif isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if not isinstance(value, Decimal):
        raise ValueError(f"an amount is expected as a decimal string, not {type(value).__name__}")
    if not value.is_finite() or abs(value) >= _MOST:
        raise ValueError(f"{value} is not an amount")
    return value


def _moment(value: object, zone: ZoneInfo) -> datetime:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        raise ValueError(f"a moment is expected, not {type(value).__name__}")
    if value.tzinfo is None:
        raise ValueError("a moment needs its offset from UTC")
    return value.astimezone(zone)


def _date(value: object, zone: ZoneInfo) -> date:
    if isinstance(value, datetime):
        return _moment(value, zone).date()
    if isinstance(value, str):
        value = date.fromisoformat(value)
    if not isinstance(value, date):
        raise ValueError(f"a date is expected, not {type(value).__name__}")
    return value


def _time(value: object, zone: ZoneInfo) -> time:
    if isinstance(value, datetime):
        return _moment(value, zone).time()
    if isinstance(value, str):
        value = time.fromisoformat(value)
    if not isinstance(value, time) or value.tzinfo is not None:
        raise ValueError("a time of day without a zone is expected, such as 09:30")
    return value


_iso_duration: Final[TypeAdapter[timedelta]] = TypeAdapter(timedelta)


def _duration(value: object, zone: ZoneInfo) -> timedelta:
    if isinstance(value, str) and value.startswith("P"):
        try:
            value = _iso_duration.validate_python(value)
        except ValidationError:
            raise ValueError(f"{value!r} is not a duration such as PT2H30M") from None
    if not isinstance(value, timedelta):
        raise ValueError("a duration is expected as in ISO 8601, such as PT2H30M")
    if value < timedelta(0):
        raise ValueError("a duration cannot be negative")
    return value


def _integer(value: object, zone: ZoneInfo) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"a whole number is expected, not {type(value).__name__}")
    return int(value)


def _code(value: object, zone: ZoneInfo) -> str:
    if not isinstance(value, str) or _is_code(value) is None:
        raise ValueError("a code of letters, digits and hyphens is expected, as a string")
    return value


def link_to(bot: str, sample: str) -> Parse:
    """Prints a token as the link to the bot of that user name; `sample` alone where the settings name none."""

    def read(value: object, zone: ZoneInfo) -> str:
        token = _code(value, zone)
        if not bot and token != sample:
            raise ValueError("the settings name no bot that a link could lead to")
        return f"https://t.me/{bot or _NOBODY}?start={token}"

    return read


PARSERS: Final[dict[ValueType, Parse]] = {
    ValueType.TEXT: _text,
    ValueType.ACCOUNT_TAIL: _account_tail,
    ValueType.MONEY: _money,
    ValueType.DATE: _date,
    ValueType.TIME: _time,
    ValueType.DATETIME: _moment,
    ValueType.DURATION: _duration,
    ValueType.INTEGER: _integer,
    ValueType.CODE: _code,
    ValueType.BOT_LINK: _code,
}

#: Which filters may print a type; a type that is not named here is printed as it stands.
FILTERS_OF: Final[dict[ValueType, frozenset[str]]] = {
    ValueType.MONEY: frozenset({"money"}),
    ValueType.DATE: frozenset({"date"}),
    ValueType.TIME: frozenset({"time"}),
    ValueType.DATETIME: frozenset({"datetime", "date", "time", "until"}),
    ValueType.DURATION: frozenset({"duration"}),
}


def _two_places(amount: Decimal) -> str:
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -2:
        amount = amount.quantize(_CENT, ROUND_HALF_UP)
    return f"{amount:.2f}"


def _money_zh(amount: Decimal) -> str:
    return f"{_two_places(amount)}元"


# Babel takes some 20 µs a date; a notice to a million people names a handful of days and 1,440 minutes at most.
@lru_cache(maxsize=4096)
def _date_zh(day: date) -> str:
    return format_date(day, "M月d日", locale="zh_CN")


@lru_cache(maxsize=4096)
def _date_en(day: date) -> str:
    return format_date(day, "d MMM", locale="en")


@lru_cache(maxsize=4096)
def _time_zh(moment: time) -> str:
    return format_time(moment, "H时mm分" if moment.minute else "H时", locale="zh_CN")


@lru_cache(maxsize=4096)
def _time_en(moment: time) -> str:
    return format_time(moment, "HH:mm", locale="en")


#: What a duration is counted in, and how many minutes each has.
_UNITS: Final = (("duration-day", 1440), ("duration-hour", 60), ("duration-minute", 1))


@lru_cache(maxsize=4096)
def _duration_in(length: timedelta, locale: str, between: str) -> str:
    """Days, hours and minutes, as far as there are any; a begun minute counts."""
    left = -(-length // timedelta(minutes=1))
    said: list[str] = []
    for unit, minutes in _UNITS:
        number, left = divmod(left, minutes)
        if number or (unit == "duration-minute" and not said):
            said.append(format_unit(number, unit, length="short", locale=locale))
    return between.join(said)


def _time_of(moment: time | datetime) -> time:
    return time(moment.hour, moment.minute)


def _date_of(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


class Speech:
    """How one language says dates, times and amounts: the filters its templates may use."""

    def __init__(
        self,
        money: Callable[[Decimal], str],
        say_date: Callable[[date], str],
        say_time: Callable[[time], str],
        between: str,
        locale: str,
    ) -> None:
        self._say_date, self._say_time, self._between, self._locale = say_date, say_time, between, locale
        self.filters: dict[str, Callable[..., str]] = {
            "money": money,
            "date": self._date,
            "time": self._time,
            "datetime": self._datetime,
            "until": self._until,
            "duration": self._duration,
        }

    def _date(self, value: date) -> str:
        return self._say_date(_date_of(value))

    def _time(self, value: time | datetime) -> str:
        return self._say_time(_time_of(value))

    def _datetime(self, value: datetime) -> str:
        return f"{self._date(value)}{self._between}{self._time(value)}"

    def _until(self, value: datetime, start: datetime) -> str:
        """The end of a stretch: its time alone where it falls on the day of the start."""
        return self._time(value) if value.date() == start.date() else self._datetime(value)

    def _duration(self, value: timedelta) -> str:
        return _duration_in(value, self._locale, self._between)


SPEECHES: Final[dict[str, Speech]] = {
    "zh": Speech(_money_zh, _date_zh, _time_zh, "", "zh_CN"),
    "en": Speech(_two_places, _date_en, _time_en, " ", "en"),
}


def base_language(language: str) -> str:
    """The language without its country or script: `zh-CN` is `zh`."""
    return language.replace("_", "-").split("-", 1)[0].lower()


_PURPOSES: Final[dict[str, dict[str, str]]] = {
    "zh": {
        "billing": "电费通知",
        "outage": "停复电通知",
        "service": "服务回访",
        "advice": "用电建议",
        "demand_response": "需求响应邀约",
        "law": "法定通知",
    },
    "en": {
        "billing": "bills",
        "outage": "outages",
        "service": "follow-ups",
        "advice": "tips",
        "demand_response": "demand response",
        "law": "legal notices",
    },
}
_JOINED: Final = {"zh": ("、", "和"), "en": (", ", " and ")}


def purposes_in_words(purposes: Iterable[str], language: str) -> str:
    """Name purposes of texts for a customer, in a fixed order, as `opt_out_confirm` does.

    `law` stands for what no refusal stops. An unknown purpose raises KeyError.
    """
    base = base_language(language)
    base = base if base in _PURPOSES else "en"
    words = _PURPOSES[base]
    wanted = set(purposes)
    if unknown := wanted - words.keys():
        raise KeyError(f"unknown purpose: {', '.join(sorted(unknown))}")
    named = [word for purpose, word in words.items() if purpose in wanted]
    comma, last = _JOINED[base]
    return last.join(part for part in (comma.join(named[:-1]), named[-1] if named else "") if part)
