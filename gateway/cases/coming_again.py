"""What the words of a customer's next order say of how he comes again: with the same, for another, with what he
reported before, or because nobody answered. Pure.

The definition asks for the same matter (domain notes S2.3) and takes out what is new after closing (S2.5 ii); fields
that would say so are often left empty, so the clerk's words must.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from difflib import SequenceMatcher
from typing import Final

from gateway.cases.naming import in_figures, wide
from gateway.cases.new_demands import NOT_MET

#: Words by which an enquiry comes back because nobody answered it, and not because it is another or was forgotten.
_UNANSWERED: Final = re.compile(
    r"[没未无][^,。,;]{0,12}(答复|回复|回电|回音|回应|联系|结果|消息|下文|说法)|杳无音信|石沉大海|不(回|答复|回复)|迟迟"
)
#: Words by which somebody calls about another household than his own, or another of his own.
_FOR_ANOTHER: Final = re.compile(
    r"(替|帮|代|为)(其|他|她)?(的)?(邻居|朋友|同事|亲戚|老乡|对门|楼上|楼下|同村)|(另|又见|还有)(外)?(一)?(户|处|家|套|块表|块电表|只表|个户|个地址|地址|房)"
    r"|(名下|家里)(的)?另|又有(一户|一家|村民|住户|居民|用户)|不是(一家|同一|一回事|一码事)"
)
#: The day on which a customer came before, as he names it.
_CAME_ON: Final = re.compile(
    r"(?:(\d{1,2})月|(本月|这个月|上月|上个月))(\d{1,2})[日号]?[^,。;\d]{0,6}(?:申请|投诉|反映|举报|提过|提的|提出|来电|打过|打电话|要求|登记|说过|报的|报过)"
)
#: Topics of which each case is an incident of its day: what was done to a customer on two days is two matters.
_INCIDENTS: Final = ("服务行为", "服务态度", "抢修超时", "conduct", "late repair")
_DAY: Final = re.compile(r"(?:20\d\d[-./年])?(?<!\d)(\d{1,2})[月](\d{1,2})[日号]|20\d\d[-./](\d{1,2})[-./](\d{1,2})")
_RELATIVE: Final = {"今天": 0, "今日": 0, "今早": 0, "今晨": 0, "昨天": 1, "昨日": 1, "昨晚": 1, "前天": 2, "前日": 2}
#: Words by which a suggestion is the one that was made before.
_AGAIN: Final = re.compile(
    r"再次|再度|又(一)?次|仍|还(是|没)|依(旧|然)|上次|上回|此前|之前|前次|曾|第[二三四五]次|至今"
)
#: Words that any suggestion may hold, and how alike (0 to 1) the rest of two is that are one.
_ANY_SUGGESTION: Final = re.compile(
    r"客户|来电|建议|希望|能否|可否|贵司|公司|营业厅|供电所|增加|增设|设置|设立|开通|提供|功能|[\s,，。.、]"
)
_ALIKE: Final = 0.45
#: Words by which somebody who reports another's theft is the one who reported it before, or is not.
_REPORTED_BEFORE: Final = re.compile(
    r"原举报人|再次|再度|又(一)?次|第[二三四五]次|上次|上回|前次|此前|之前|换(了)?(个)?(手机|号|电话)|仍|还(是|在|没)"
)
_ANOTHER_REPORTS: Final = re.compile(
    r"另(外)?(一|有)(位|名|村民|居民|住户|户|群众)|(也|同样|亦)(来电)?(举报|反映)|其他(村民|居民|住户|群众)"
)


def went_unanswered(content: str) -> bool:
    """Whether the words say that nobody answered what was asked before."""
    return _UNANSWERED.search(wide(content)) is not None


def is_for_another(content: str) -> bool:
    """Whether the words speak for another household than the caller's own."""
    return _FOR_ANOTHER.search(wide(content)) is not None


def of_another_day(topic: str, one: tuple[str, datetime], other: tuple[str, datetime]) -> bool:
    """Whether two orders of one topic are about incidents of different days; each is its words and when it came in."""
    if not any(word in topic for word in _INCIDENTS):
        return False
    days, others = _days(*one), _days(*other)
    return bool(days and others) and not days & others


def is_another_suggestion(first: str, second: str) -> bool:
    """Whether the second of two suggestions wants something else than the first."""
    first, second = wide(first), wide(second)
    if _AGAIN.search(second):
        return False
    wanted, another = _ANY_SUGGESTION.sub("", first), _ANY_SUGGESTION.sub("", second)
    return SequenceMatcher(None, wanted, another).ratio() < _ALIKE


def reported_before(content: str) -> bool:
    """Whether somebody who reports a theft from another telephone, unnamed, is by his words who reported it before."""
    words = wide(content)
    return _REPORTED_BEFORE.search(words) is not None and _ANOTHER_REPORTS.search(words) is None


def came_before_on(content: str, came_in: datetime) -> frozenset[date]:
    """The days on which the customer says that he came before, the latest that it can be; by the zone of `came_in`."""
    found = set()
    for month, said, day in _CAME_ON.findall(in_figures(wide(content))):
        at = came_in.date().replace(day=1)
        if said.startswith("上"):
            at = (at - timedelta(days=1)).replace(day=1)
        elif month and 1 <= int(month) <= 12:
            at = at.replace(month=int(month), year=at.year - (int(month) > at.month))
        elif month:
            continue
        at += timedelta(days=int(day) - 1)
        if at <= came_in.date():
            found.add(at)
    return frozenset(found)


def speaks_of(topic: str, other: str, content: str) -> bool:
    """Whether the words are of `topic`, and say nothing of `other` under which they were put: topics are held against
    them by pairs of their characters."""
    words = wide(content)
    mine, theirs = _pairs(topic), _pairs(other)
    return any(pair in words for pair in mine - theirs) and not any(pair in words for pair in theirs - mine)


def _pairs(topic: str) -> set[str]:
    return {topic[at : at + 2] for at in range(len(topic) - 1)}


def _days(content: str, came_in: datetime) -> set[tuple[int, int]]:
    """The days that the words name, by month and day; those counted from the day of the call only where the words do
    not look back."""
    words = wide(content)
    found = {(int(a or c), int(b or d)) for a, b, c, d in _DAY.findall(words)}
    if not found and not _AGAIN.search(words) and not NOT_MET.search(words):
        found = {_month_and_day(came_in - timedelta(days=back)) for word, back in _RELATIVE.items() if word in words}
    return found


def _month_and_day(moment: datetime) -> tuple[int, int]:
    return moment.month, moment.day
