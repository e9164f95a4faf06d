"""The people behind unattended handsets, in the demo: who answers, who refuses, which number is dead.

Endings of a number decide first, so that a demo can be steered; a stable hash decides for all others.
Pure: the same number, text and seed always give the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, Literal

#: Bounces by the last two digits: Twilio's error code that the text meets.
BOUNCES: Final = {"03": "30003", "05": "30005", "06": "30006"}

#: Answers by the last two digits, to whatever asks or tells something.
ANSWERS: Final = {
    "44": "打错了，我不是这个户主",
    "45": "Wrong number, I don't know this account",
    "74": "TD",
    "75": "STOP",
    "00": "",  # never answers
}

#: Of a hundred others: how many bounce, by code. People change numbers more often than they say so.
_BOUNCING: Final = (("30003", 2), ("30005", 2), ("30006", 1))

_Topic = Literal["survey", "arrears", "outage", "restoration", "confirm"]

#: What a text is about, by its words; the first that fits. What answers a person is read and not answered,
#: so that a confirmation never starts a conversation without end.
_TOPICS: Final[tuple[tuple[_Topic | None, re.Pattern[str]], ...]] = (
    (None, re.compile(r"不再发|不再接收|已停止|已为您|已恢复接收|已记下|已到账|收到了|谢谢告知|您的回复|验证码")),
    (None, re.compile(r"(?i)texts (stopped|resumed)|sorry for|are sorry|your (reply|rating|feedback)|received|thank")),
    ("survey", re.compile(r"(?i)评价|满意|打分|\brate\b|survey|satisf")),
    ("confirm", re.compile(r"(?i)请您?核对|请您?确认|should this number|please confirm")),
    ("restoration", re.compile(r"(?i)复电通知|已.*恢复(供电|送电)|已送电|power is back|has been restored")),
    ("outage", re.compile(r"(?i)(计划|故障)停电|停电(提醒|进展|更正)|检修|outage|power failed|repair")),
    ("arrears", re.compile(r"(?i)电费|欠费|缴费|交费|逾期|overdue|bill|arrears|still open|disconnect")),
)

_SILENT: Final = ""
#: Answers by topic in Chinese and English, with how many of a hundred people give each; the rest say nothing.
_SAYINGS: Final[dict[_Topic, tuple[tuple[int, str, str], ...]]] = {
    "survey": (
        (26, "5", "5"),
        (8, "5 师傅服务很好，谢谢", "5 great job, thank you"),
        (9, "4", "4"),
        (4, "4 师傅很好就是来晚了", "4 nice but he came late"),
        (5, "3", "3"),
        (3, "3 一般吧，等了一下午", "3 waited all afternoon"),
        (2, "2", "2"),
        (2, "1 问题根本没解决", "1 not solved at all"),
        (2, "9", "9"),
        (2, "非常满意", "very satisfied"),
        (2, "打错了，我没有报修过", "wrong number, I never called you"),
        (1, "TD", "STOP"),
    ),
    "arrears": (
        (5, "已经交了", "I have already paid"),
        (4, "收到", "ok"),
        (3, "打错了，我不是户主", "wrong number"),
        (2, "怎么这个月这么多？", "why so much this month?"),
        (2, "周五发工资就交", "will pay on Friday"),
        (2, "这房子去年就卖了", "I sold that flat last year"),
        (2, "TD", "STOP"),
        (1, "不要再发了，烦不烦", "stop texting me"),
    ),
    "outage": (
        (5, "收到", "ok thanks"),
        (3, "几点能来电？", "when will it be back?"),
        (2, "家里有呼吸机，怎么办", "we have a ventilator at home"),
        (1, "又停电，这个月第三次了", "third time this month"),
        (1, "发错了，我不住那里", "I don't live there"),
    ),
    "restoration": (
        (20, "1", "1"),
        (4, "来电了，谢谢", "it's back, thanks"),
        (3, "2", "2"),
        (2, "我家还是没电", "still no power here"),
        (1, "0", "0"),
    ),
    "confirm": (
        (45, "1", "1"),
        (6, "2", "2"),
        (3, "3", "3"),
        (2, "你是谁", "who is this"),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a person answers; `at` says when, between 0 (soonest) and 1 (latest)."""

    text: str
    at: float


def bounce(number: str, seed: int) -> str | None:
    """The error code every text to this number meets, or None."""
    ending = number[-2:]
    if ending in BOUNCES:
        return BOUNCES[ending]
    if ending in ANSWERS:
        return None
    draw = _draw(seed, number) % 100
    for code, share in _BOUNCING:
        if draw < share:
            return code
        draw -= share
    return None


def reply(number: str, body: str, seed: int) -> Reply | None:
    """What the person with this number answers to a text, or None."""
    topic = next((topic for topic, words in _TOPICS if words.search(body)), None)
    if topic is None:
        return None
    text = ANSWERS.get(number[-2:])
    if text is None:
        text = _saying(topic, number, body, seed)
    return Reply(text=text, at=_draw(seed, number, body, "when") % 1000 / 1000) if text else None


def _saying(topic: _Topic, number: str, body: str, seed: int) -> str:
    draw = _draw(seed, number, body) % 100
    for share, chinese, english in _SAYINGS[topic]:
        if draw < share:
            return chinese if re.search(r"[\u4e00-\u9fff]", body) else english
        draw -= share
    return _SILENT


def _draw(seed: int, *words: str) -> int:
    """A number that is the same in every process, unlike `hash`."""
    written = "\x1f".join((str(seed), *words)).encode("utf-8", "replace")
    return int.from_bytes(blake2b(written, digest_size=8).digest())
