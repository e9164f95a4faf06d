"""Severity: what goes to a person at once, and what is not dispatched at all (domain notes S0.17). Pure.

An ordered table: the first rule that fits says it, danger before everything. A person may judge otherwise; both are
kept, so that misses and false alarms can be counted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal["critical", "high", "normal", "low", "invalid"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raising:
    """What is known of a case when it is raised. `segments` are the tags of its account."""

    klass: str
    words: str
    topic: str = ""
    channel: str = ""
    determination: str = ""
    segments: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class _Rule:
    severity: Severity
    why: str
    fits: Callable[[Raising], object]


def _says(*patterns: str) -> Callable[[Raising], object]:
    search = re.compile("|".join(patterns), re.IGNORECASE).search
    return lambda raised: search(f"{raised.words}|{raised.channel}")


_RULES: Final = (
    _Rule("critical", "the regulator's line (12398)", _says(r"12398", r"能源监管|能监办|电监", r"energy regulator")),
    _Rule(
        "critical",
        "people may be in danger",
        _says(
            r"触电|电击|着火|起火|失火|冒烟|火花|打火|漏电|爆炸|断线|电线(?:掉|断|垂)|线(?:掉|断)(?:在|到|了)",
            r"倒杆|杆(?:倒|歪)",
            r"electrocut|electric shock|on fire|sparks?\b|sparking|smoke|burning|(?:wire|line)s? (?:is |are )?down",
        ),
    ),
    _Rule(
        "invalid",
        "found malicious or unreasonable",
        lambda raised: any(word in raised.determination + raised.topic for word in ("恶意", "不合理")),
    ),
    # A digit alone is the answer to a question of ours: "2" to a restoration says that the power is still off.
    _Rule("invalid", "nothing is said", lambda raised: not re.search(r"\w{2}|^\W*\d\W*$", raised.words)),
    _Rule("invalid", "a test", _says(r"^\W*(?:测试|test|testing|试一下)\W*\d*\W*\|")),
    _Rule(
        "high",
        "may go further up",
        _says(
            r"曝光|记者|媒体|电视台|抖音|微博|信访|上访|起诉|律师|法院|12345|市长热线|集体|联名|消协|12315",
            r"\b(?:press|newspaper|journalist|lawyer|sue|court|ombudsman|petition)\b",
        ),
    ),
    _Rule("high", "a complaint or a report of wrongdoing", lambda raised: raised.klass in ("complaint", "report")),
    _Rule(
        "high",
        "of a customer who depends on supply",
        lambda raised: (
            raised.klass == "fault_report" and set(raised.segments) & {"medical_device", "important", "vulnerable"}
        ),
    ),
    _Rule("low", "praise or a suggestion", lambda raised: raised.klass in ("praise", "suggestion")),
)


def judge(raised: Raising) -> tuple[Severity, str | None]:
    """How much a case presses, and why."""
    plain = unicodedata.normalize("NFKC", raised.words)
    read = Raising(
        klass=raised.klass,
        words=plain,
        topic=raised.topic,
        channel=raised.channel,
        determination=raised.determination,
        segments=raised.segments,
    )
    for rule in _RULES:
        if rule.fits(read):
            return rule.severity, rule.why
    return "normal", None
