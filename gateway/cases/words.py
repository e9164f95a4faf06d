"""Words for customers: what their matters are called, and what never stands in a text to them (domain notes S0.22)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_MATTERS: Final[Mapping[str, Mapping[str, str]]] = {
    "zh": {
        "billing": "电费问题",
        "outage": "停电问题",
        "contact": "联系方式问题",
        "service": "服务问题",
        "supply": "没有来电的问题",
        "misdirected": "短信错发问题",
        "low_score": "服务评价",
        "payment_check": "交费核对",
        "billing_dispute": "账单疑问",
    },
    "en": {
        "billing": "billing",
        "outage": "outage",
        "contact": "contact details",
        "service": "service",
        "supply": "supply failure",
        "misdirected": "misdirected texts",
        "low_score": "rating",
        "payment_check": "payment check",
        "billing_dispute": "bill query",
    },
}
_OTHERWISE: Final = {"zh": "诉求", "en": "request"}
_UNDER_WAY: Final = {"zh": "正在办理", "en": "it is under way"}
#: Codes of teams, people and orders, and words with underscores: the utility's own business.
_INTERNAL: Final = re.compile(r"\bTM?\d{2,}\b|\bE\d{4,}\b|\b\d{13,}\b|[a-z]+_[a-z_]+", re.ASCII)


def base_of(language: str | None, usual: str) -> str:
    """The language whose words are used."""
    base = (language or usual).partition("-")[0]
    return base if base in _MATTERS else "en"


def matter_in_words(topic: str, language: str | None, usual: str) -> str:
    """A topic as the customer would call it; topics of the hotline are such words already."""
    base = base_of(language, usual)
    if topic in _MATTERS[base]:
        return _MATTERS[base][topic]
    return _OTHERWISE[base] if internal_code(topic) or topic.isascii() != (base == "en") else topic


def under_way(language: str | None, usual: str) -> str:
    """What is said of progress that nobody has put into words."""
    return _UNDER_WAY[base_of(language, usual)]


def internal_code(words: str) -> str | None:
    """A code of the utility's own that stands in words for a customer, if one does."""
    found = _INTERNAL.search(words)
    return found[0] if found else None
