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

# A reader who hears blame stops listening (S4.13). The second half of each holds at the beginning of a clause only.
_blame: Final = {
    "zh": re.compile(
        r"多次(?:欠费|拖欠)|屡次|给我们(?:带来|造成|添)|^(?:务必|麻烦|你)|(?:^|[，。！？；：])(?:必须|否则)"
    ).search,
    "en": re.compile(
        r"repeatedly (?:owed|late)|many times|caus\w+ us|give us trouble|(?:^|[.,;:!?] )(?:you must|or else|otherwise)",
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
    "zh": re.compile(r"承诺|保证|专人.{0,6}联系|{}前.{0,8}(?:联系您|答复|办结|办好|修好)").search,
    "en": re.compile(
        r"\bpromised?\b|\bguarantee|\bwill (?:contact|call|answer) you (?:by|within)\b", re.IGNORECASE
    ).search,
}
_correction: Final = {
    "zh": (
        re.compile(r"更正|改(?:为|到|期)|取消|作废|变更").search,
        re.compile(r"原(?:定|计划|通知|先)|此前|之前|前一").search,
    ),
    "en": (
        re.compile(r"correction|moves? to|cancelled|postponed", re.IGNORECASE).search,
        re.compile(r"earlier|set for|planned for|replaces|previous", re.IGNORECASE).search,
    ),
}
# Domain notes §6: no names, no addresses; of an account number the last digits only, which its own type sees to.
_private_name: Final = re.compile(
    r"(?:customer_|holder_|contact_)?(?:name|holder|address)|account(?:_no|_number)?|id_(?:no|number|card)"
).fullmatch
_asked_for: Final = {
    "zh": re.compile(r"回复?([0-9])(?![0-9])").findall,
    "en": re.compile(r"\breply ([0-9])(?![0-9])", re.IGNORECASE).findall,
}
_opt_out: Final = {"zh": re.compile(r"回复?[RT]").search, "en": re.compile(r"\bSTOP\b").search}

# Who opens the text must see at once what it is about: 15 Chinese characters, or as much in English.
_SUBJECT_WITHIN: Final = {"zh": 15, "en": 60}
_subject: Final = {
    "zh": re.compile(r"电|户号|余额|检修|评价|反馈|反映|诉求|号码|验证码|回访|回复|上门|通知|承诺|抱歉").search,
    "en": re.compile(
        r"bill|balance|acct|accounts?|outage|supply|power|notice|work|repair|rate|rating|feedback|code|number"
        r"|request|follow-up|repl|texts?|energy|prepay|pay|sorry|visit",
        re.IGNORECASE,
    ).search,
}

# What a legal notice owes its reader, and how each language says it.
_LEGAL_DUTIES: Final = {
    "zh": {
        "the reason": r"欠费|逾期",
        "how to cancel it": r"交清",
        "when supply returns": r"(?:时|天|日)[^。；]{0,6}(?:恢复|复电)|(?:恢复|复电)[^。；]{0,10}(?:时|天|日)",
        "where to dispute it": r"异议.*(?:95598|12398)",
    },
    "en": {
        "the reason": r"overdue|arrears",
        "how to cancel it": r"\bpay|\bpaid",
        "when supply returns": r"(?:suppl|power|restor)[^.]{0,30}(?:\bh\b|hours?\b|days?\b|[{])",
        "where to dispute it": r"dispute.*(?:95598|12398)",
    },
}


def lint(path: Path, front: FrontMatter, body: str, line: int, *, example: str, longest: str) -> list[Finding]:
    """Hold a text against the rules.

    `body` is as written; `example` is filled with its samples and without signature; `longest` is as sent, with
    its longest fill.
    """
    remarks = [*_length(front, longest)]
    language = base_language(front.language)
    opening = example[: _SUBJECT_WITHIN[language]]
    # Words that the caller brings whole are the caller's to choose.
    if _words_of(body) != "{}" and _subject[language](opening) is None:
        remarks.append((Severity.WARNING, f"the opening words do not say what the text is about: {opening}"))
    return [
        *lint_unfilled(path, front, body, line),
        *(Finding(path, line, message, severity) for severity, message in remarks),
    ]


def lint_unfilled(path: Path, front: FrontMatter, body: str, line: int) -> list[Finding]:
    """Hold a text against those rules for which it need not be filled, so that one that cannot be is told all."""
    words, language = _words_of(body), base_language(front.language)
    remarks = (
        *_refusals(words),
        *_private(front),
        *_manner(front, words, language),
        *_duties(front, words, language),
        *_codes(front, words, language),
        *_lasting(front),
    )
    return [Finding(path, line, message, severity) for severity, message in remarks]


Remark = tuple[Severity, str]
Search = Callable[[str], re.Match[str] | None]


def _words_of(body: str) -> str:
    return re.sub(r"{{.*?}}|{%.*?%}", "{}", body)


def _refusals(words: str) -> Iterator[Remark]:
    if sign := _refused_signs(words):
        yield Severity.ERROR, f"carriers refuse a text with {sign[0]}"
    if link := _link(words):
        yield Severity.ERROR, f"a text may not carry a link: {link[0]}"


def _private(front: FrontMatter) -> Iterator[Remark]:
    for name, variable in front.variables.items():
        if variable.type is ValueType.BOT_LINK and front.klass != "V":
            yield Severity.ERROR, f"only a verification may carry the link to the bot: {name}"
        if variable.type is ValueType.TEXT and _private_name(name):
            yield Severity.ERROR, f"a text may not print who somebody is or where they live: {name}"


def _manner(front: FrontMatter, words: str, language: str) -> Iterator[Remark]:
    if blame := _blame[language](words):
        yield Severity.ERROR, f"it blames the reader: {blame[0]}"
    if front.klass != "L" and (threat := _threat[language](words)):
        yield Severity.ERROR, f"only a legal notice may announce this: {threat[0]}"


def _duties(front: FrontMatter, words: str, language: str) -> Iterator[Remark]:
    types = {variable.type for variable in front.variables.values()}
    dated = bool(types & {ValueType.DATE, ValueType.DATETIME})
    if front.klass == "L":
        if ValueType.DATETIME not in types and not types >= {ValueType.DATE, ValueType.TIME}:
            yield Severity.ERROR, "a legal notice must give the date and the time"
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
    if front.purpose == "outage" and corrects(words) and names(words) is None:
        yield Severity.ERROR, "a correction must name what it replaces"


def _codes(front: FrontMatter, words: str, language: str) -> Iterator[Remark]:
    """What the text asks for and what its head declares must be the same, or replies are misread."""
    for code in sorted(set(_asked_for[language](words)) - front.codes.keys()):
        yield Severity.ERROR, f"it asks for a reply of {code}, which its head does not declare"
    for code in front.codes:
        if re.search(rf"(?<![0-9]){code}(?![0-9])", words) is None:
            yield Severity.ERROR, f"its head declares a reply of {code}, which it does not ask for"


def _lasting(front: FrontMatter) -> Iterator[Remark]:
    if front.klass == "V" and front.valid_for is None:
        yield Severity.WARNING, "a verification should say how long it is valid (valid_for)"


def _length(front: FrontMatter, longest: str) -> Iterator[Remark]:
    size = count(longest)
    if size.parts > front.most_segments:
        told = f"{size.parts} segments at the longest fill, {front.most_segments} allowed"
        yield Severity.WARNING, f"{told} ({size.units} units, {size.encoding.value})"
    if len(longest) > _MOST_CHARACTERS and not front.segments:
        yield Severity.ERROR, f"{len(longest)} characters at the longest fill; {_MOST_CHARACTERS} allowed"
