"""Reading when somebody wants no texts: "晚上别发", "9点前不要发短信", "only text me between 9 and 17". Pure.

Only what says this and nothing else is taken; any other text goes to the reader.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import time
from typing import Final

from gateway.outbox.hours import Quiet


@dataclass(frozen=True, slots=True)
class AtAnyHour:
    """The person takes their own hours back."""


HoursWish = Quiet | AtAnyHour

_MORNING: Final = time(8)
#: Parts of the day as they are named, and what they mean.
_PARTS: Final[dict[str, tuple[time, time]]] = {
    "晚上": (time(18), _MORNING), "夜里": (time(20), _MORNING), "夜间": (time(20), _MORNING),
    "半夜": (time(22), _MORNING), "深夜": (time(22), _MORNING), "晚间": (time(18), _MORNING),
    "早上": (time(0), time(9)), "一大早": (time(0), time(9)), "清早": (time(0), time(9)), "早晨": (time(0), time(9)),
    "大清早": (time(0), time(9)), "上午": (time(0), time(12)), "中午": (time(12), time(14)),
    "午休": (time(12), time(14)), "午休时间": (time(12), time(14)), "下午": (time(12), time(18)),
    "白天": (_MORNING, time(18)), "上班时间": (_MORNING, time(18)), "上班": (_MORNING, time(18)),
    "at night": (time(20), _MORNING), "in the evening": (time(18), _MORNING), "evenings": (time(18), _MORNING),
    "in the evenings": (time(18), _MORNING), "in the morning": (time(0), time(9)),
    "in the mornings": (time(0), time(9)), "at noon": (time(12), time(14)), "at lunch": (time(12), time(14)),
    "in the afternoon": (time(12), time(18)), "in the daytime": (_MORNING, time(18)),
    "during the day": (_MORNING, time(18)), "at work": (_MORNING, time(18)),
}  # fmt: skip
_FIGURES: Final = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10,
                   "十一": 11, "十二": 12}  # fmt: skip

_ZH_PART: Final = "|".join(sorted((part for part in _PARTS if not part.isascii()), key=len, reverse=True))
_EN_PART: Final = "|".join(part for part in _PARTS if part.isascii())
_ZH_HOUR: Final = (
    r"(?:早上|上午|中午|下午|晚上|夜里|半夜|早晨)?(?:\d{1,2}|十[一二]?|[一二两三四五六七八九])"
    r"(?:[点时](?:钟|整|半)?|[::]\d\d)"
)
_EN_HOUR: Final = r"\d{1,2}(?:[::.]\d\d)?\s*(?:am|pm|o'?clock)?"
_LEAD: Final = r"(?:请|麻烦|拜托|能不能|可不可以)?(?:你们|您)?(?:以后|今后)?(?:在)?(?:我)?"
_NOT: Final = (
    r"(?:都)?(?:请)?(?:别|不要|勿|请勿|不能|不许|不用|别再|不要再|莫)(?:再)?(?:给我)?(?:发送?|打扰|吵|发来|推送)(?:我)?"
    r"(?:短信|信息|消息|通知)?(?:给我)?(?:了|啦|啊|吧|好吗|行吗)?"
)
_DO: Final = r"(?:再)?(?:给我)?(?:发送?|通知|联系)(?:我)?(?:短信|信息|消息|通知)?(?:吧|就行|就好|即可|可以)?"
_EN_NOT: Final = (
    r"(?:please )?(?:no|don'?t send(?: me)?(?: any)?|do not send(?: me)?(?: any)?|don'?t|do not|never)"
    r"(?: text| message| disturb)?(?:s| me)?(?: texts| messages)?"
)
_EN_DO: Final = r"(?:please )?(?:only )?(?:text|message|write|send)(?: me)?(?: texts| messages)?(?: only)?"

#: Said beside it, and no wish of its own.
_THANKS: Final = re.compile(
    r"^白天(?:要)?上班|(?:谢谢|多谢|影响(?:我)?(?:休息|睡觉)|太吵了?|吵死(?:人)?了|(?:我)?(?:要|在)睡觉)$"
    r"| (?:thanks?|thank you)$"
)
_ANY: Final = re.compile(
    r"(?:什么时候|任何时间|任何时候|随时|几点)(?:都)?(?:可以|可|能|行)?(?:发|发短信|通知)?(?:都)?(?:可以|行)?(?:了|吧)?"
    r"|(?:取消|恢复)(?:免打扰|时间设置|勿扰)(?:时间)?|any ?time(?: is fine)?|(?:text|message) me any ?time"
)
_QUIET: Final = (
    (re.compile(rf"{_LEAD}(?P<part>{_ZH_PART})(?:的?时候|时间|期间)?{_NOT}"), "part"),
    (re.compile(rf"{_LEAD}(?P<b>{_ZH_HOUR})(?:到|至|-|~|—|–)(?P<e>{_ZH_HOUR})(?:之间|期间)?{_NOT}"), "span"),
    (re.compile(rf"{_LEAD}(?P<b>{_ZH_HOUR})(?:以|之)?后{_NOT}"), "after"),
    (re.compile(rf"{_LEAD}(?P<e>{_ZH_HOUR})(?:以|之)?前{_NOT}"), "before"),
    (re.compile(rf"{_EN_NOT} ?(?P<part>{_EN_PART})(?: please)?"), "part"),
    (re.compile(rf"{_EN_NOT} ?between (?P<b>{_EN_HOUR}) and (?P<e>{_EN_HOUR})(?: please)?"), "span"),
    (re.compile(rf"{_EN_NOT} ?after (?P<b>{_EN_HOUR})(?: please)?"), "after"),
    (re.compile(rf"{_EN_NOT} ?before (?P<e>{_EN_HOUR})(?: please)?"), "before"),
)
#: What is wanted instead: everything else is quiet.
_WANTED: Final = (
    (re.compile(rf"{_LEAD}(?:只|仅)(?:能|可以|要)?(?:在)?(?P<part>{_ZH_PART}){_DO}"), "part"),
    (re.compile(rf"{_LEAD}(?:只|仅)?(?:能|可以|要)?(?:在)?(?P<b>{_ZH_HOUR})(?:到|至|-|~|—|–)(?P<e>{_ZH_HOUR})(?:之间|期间)?(?:再)?{_DO}"),
     "span"),
    (re.compile(rf"{_LEAD}(?P<b>{_ZH_HOUR})(?:以|之)?后再{_DO}"), "after"),
    (re.compile(rf"{_LEAD}(?P<part>{_ZH_PART})再{_DO}"), "part"),
    (re.compile(rf"{_EN_DO} (?P<part>{_EN_PART})(?: please)?"), "part"),
    (re.compile(rf"{_EN_DO} between (?P<b>{_EN_HOUR}) and (?P<e>{_EN_HOUR})(?: please)?"), "span"),
)  # fmt: skip


def hours_asked(text: str) -> HoursWish | None:
    """The hours in which a text wants nothing, or that it takes its own hours back; None for any other text."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    said = re.sub(r"\s+", " ", re.sub(r"[。.!,，;；~\"“”]+", " ", plain)).strip()
    said = _THANKS.sub("", said if re.search(r"[a-z]{2}", said) else said.replace(" ", ""))
    if _ANY.fullmatch(said):
        return AtAnyHour()
    for expression, form in _QUIET:
        if (found := expression.fullmatch(said)) is not None and (span := _span(found, form)) is not None:
            return Quiet(*span)
    for expression, form in _WANTED:
        if (found := expression.fullmatch(said)) is not None and (span := _span(found, form)) is not None:
            begins, ends = span
            return Quiet(ends, begins)
    return None


def _span(found: re.Match[str], form: str) -> tuple[time, time] | None:
    if form == "part":
        return _PARTS[found["part"]]
    begins = _hour(found["b"]) if form != "before" else time(0)
    ends = _hour(found["e"]) if form in ("span", "before") else _MORNING
    if begins is None or ends is None or begins == ends:
        return None
    if form == "span" and ends < begins <= time(12) and not re.search(r"[早晨上夜]|am", found["e"]):
        # Twelve to two: nobody means fourteen hours.
        ends = ends.replace(hour=ends.hour + 12)
    return begins, ends


def _hour(words: str) -> time | None:
    """A moment of the day: `晚上9点半`, `21:30`, `9 pm`."""
    figures = re.search(r"(\d{1,2})(?:[::.](\d\d))?", words)
    if figures is not None:
        hour, minute = int(figures[1]), int(figures[2] or 0)
    else:
        spoken = re.search("|".join(sorted(_FIGURES, key=len, reverse=True)), words)
        if spoken is None:
            return None
        hour, minute = _FIGURES[spoken[0]], 0
    minute = 30 if "半" in words.partition("点")[2] else minute
    if hour < 12 and re.search(r"下午|晚上|夜里|pm", words):
        hour += 12
    if hour == 12 and re.search(r"夜|晚上|am", words):
        hour = 0
    return time(hour % 24, minute) if hour <= 24 and minute < 60 else None
