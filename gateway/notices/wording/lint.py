"""The rules of good wording (domain notes §6, drawn from the sources and from carriers' template rules).

A rule that a carrier or the law would hold against the text is an error; one of taste or length is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from gateway.kernel.segments import count
from gateway.notices.wording.findings import Finding, Severity
from gateway.notices.wording.frontmatter import FrontMatter
from gateway.notices.wording.speech import ValueType, base_language

#: Carriers refuse a longer one, its signature included.
_MOST_CHARACTERS: Final = 500

# Vendors' template rules: signs that are refused, or that read as another signature; and links.
_refused_signs = re.compile(r"[¥￥★√※&【】\[\]]|\^_\^").search
_link = re.compile(r"https?://|www\.|\b[a-z0-9-]+\.(?:com|cn|net|org|gov)\b", re.IGNORECASE).search

# A reader who hears blame stops listening (S4.13). The second of each pair holds at the beginning only.
_blame: Final = {
    "zh": re.compile(r"多次(?:欠费|拖欠)|屡次|给我们(?:带来|造成|添)|^(?:必须|否则|务必|麻烦|你)").search,
    "en": re.compile(
        r"repeatedly (?:owed|late)|many times|caus\w+ us|give us trouble|^(?:you must|or else|otherwise)",
        re.IGNORECASE,
    ).search,
}
_threat: Final = {
    "zh": re.compile(r"(?:中止|停止|终止)供电|强制|起诉|征信|追究|后果自负").search,
    "en": re.compile(
        r"disconnect|cut (?:you )?off|supply (?:will be |is )?(?:stop|suspend)|legal action|prosecut"
        r"|credit record",
        re.IGNORECASE,
    ).search,
}
_promise: Final = {
    "zh": re.compile(r"承诺|专人.{0,6}联系").search,
    "en": re.compile(r"\bpromised\b|\bwill (?:contact|call) you by\b", re.IGNORECASE).search,
}
_correction: Final = {
    "zh": (re.compile(r"更正|改为|取消").search, re.compile(r"原").search),
    "en": (
        re.compile(r"correction|moves? to|cancelled", re.IGNORECASE).search,
        re.compile(r"earlier|set for|planned for|replaces", re.IGNORECASE).search,
    ),
}
_opt_out: Final = {"zh": re.compile(r"回复?[RT]").search, "en": re.compile(r"\bSTOP\b").search}

# Who opens the text must see at once what it is about.
_SUBJECT_WITHIN: Final = {"zh": 15, "en": 60}
_subject: Final = {
    "zh": re.compile(r"电费|户号|余额|停电|检修|供电|复电|电|评价|反馈|号码|回访|回复|上门|通知|承诺|抱歉|[{]").search,
    "en": re.compile(
        r"bill|balance|acct|accounts?|outage|supply|power|notice|work|repair|rate|rating|feedback|code|number"
        r"|request|follow-up|repl|texts?|energy|prepay|pay|sorry|visit|[{]",
        re.IGNORECASE,
    ).search,
}

# What a legal notice owes its reader, and how each language says it.
_LEGAL_DUTIES: Final = {
    "zh": {
        "the reason": r"欠费|逾期",
        "how to cancel it": r"交清",
        "when supply returns": r"恢复|复电",
        "where to dispute it": r"异议.*(?:95598|12398)",
    },
    "en": {
        "the reason": r"overdue|arrears",
        "how to cancel it": r"\bpay|\bpaid",
        "when supply returns": r"supply (?:returns|is restored)|restor",
        "where to dispute it": r"dispute.*(?:95598|12398)",
    },
}


def lint(path: Path, front: FrontMatter, body: str, line: int, longest: str) -> list[Finding]:
    """Hold a text against the rules; `body` is as written, `longest` as sent with its longest fill."""
    language = base_language(front.language)
    words = re.sub(r"{{.*?}}|{%.*?%}", "{}", body)
    remarks = (
        *_refusals(words),
        *_manner(front, words, language),
        *_duties(front, words, language),
        *_length(front, longest),
    )
    if _subject[language](words[: _SUBJECT_WITHIN[language]]) is None:
        remarks = (*remarks, (Severity.WARNING, "the opening words do not say what the text is about"))
    return [Finding(path, line, message, severity) for severity, message in remarks]


Remark = tuple[Severity, str]
Search = Callable[[str], re.Match[str] | None]


def _refusals(words: str) -> Iterator[Remark]:
    if sign := _refused_signs(words):
        yield Severity.ERROR, f"carriers refuse a text with {sign[0]}"
    if link := _link(words):
        yield Severity.ERROR, f"a text may not carry a link: {link[0]}"


def _manner(front: FrontMatter, words: str, language: str) -> Iterator[Remark]:
    if blame := _blame[language](words):
        yield Severity.ERROR, f"it blames the reader: {blame[0]}"
    if front.klass != "L" and (threat := _threat[language](words)):
        yield Severity.ERROR, f"only a legal notice may announce this: {threat[0]}"


def _duties(front: FrontMatter, words: str, language: str) -> Iterator[Remark]:
    types = {variable.type for variable in front.variables.values()}
    dated = bool(types & {ValueType.DATE, ValueType.DATETIME})
    if front.klass == "L":
        if not dated:
            yield Severity.ERROR, "a legal notice must give the date"
        if ValueType.MONEY not in types:
            yield Severity.ERROR, "a legal notice must give the amount"
        for duty, pattern in _LEGAL_DUTIES[language].items():
            if re.search(pattern, words, re.IGNORECASE | re.DOTALL) is None:
                yield Severity.ERROR, f"a legal notice must say {duty}"
    if front.klass == "C" and _opt_out[language](words) is None:
        yield Severity.ERROR, "a commercial-adjacent text must say how to refuse more of them"
    if _promise[language](words) and not (dated and ValueType.CODE in types):
        yield Severity.ERROR, "a promise must carry a date and a reference"
    corrects, names = _correction[language]
    if front.kind == "outage_update" and corrects(words) and names(words) is None:
        yield Severity.ERROR, "a correction must name what it replaces"


def _length(front: FrontMatter, longest: str) -> Iterator[Remark]:
    size = count(longest)
    if size.parts > front.most_segments:
        told = f"{size.parts} segments at the longest fill, {front.most_segments} allowed"
        yield Severity.WARNING, f"{told} ({size.units} units, {size.encoding.value})"
    if len(longest) > _MOST_CHARACTERS and not front.segments:
        yield Severity.ERROR, f"{len(longest)} characters at the longest fill; {_MOST_CHARACTERS} allowed"
