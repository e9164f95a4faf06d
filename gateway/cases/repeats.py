"""Repeat appeals (重复诉求): the same customer with the same matter again within a month, by the definition.

Domain notes S2.2–S2.6 and §7 "Repeat case": two or more contacts of the same customer (calling number or account)
about the same matter (topic and account) within 30 rolling days. Fault reports, praise and enquiries finished in
one contact are never counted. Four situations are taken out, each with a code and evidence (the source says three
and lists four): E1 malicious or unreasonable, E2 a new demand after closing, E3 urged while in progress and not
overdue, E4 enquiries about account number, consumption or procedure. What is left, overdue or closed and back
again, counts. Pure: values in, values out.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

Code = Literal["E1", "E2", "E3", "E4"]
CODES: Final[tuple[Code, ...]] = get_args(Code)
Window = Literal["rolling", "calendar"]

#: Two contacts further apart than this are two matters (domain notes §7).
WITHIN: Final = timedelta(days=30)
#: Classes that are never counted (S2.4), beside enquiries that were finished on the call.
NEVER: Final = frozenset({"fault_repair", "praise", "commitment"})
#: Topics of enquiry that one person has for several addresses or months, or forgets the answer to (S2.5 iv).
_ASKED_AGAIN: Final = ("户号", "电量电费", "业务办理", "办电手续", "account", "consumption", "procedure")
#: Words by which a customer comes back with something else than before (S2.5 ii).
_NEW_DEMAND: Final = re.compile(
    r"新(的)?(诉求|要求|问题)|新提出|(又|再|转而|进一步|现)(新)?提出(要求|新)|另(外|行)?(要求|提出|申请)|(改|转)为要求|(增加|追加)(诉求|要求)"
)
#: What is asked for now is something else only where the customer grants that the first demand was met.
_ASKED_NOW: Final = re.compile(r"现(在)?(要求|提出)")
_MET: Final = re.compile(
    r"已(经)?(处理|解决|办结|办妥|办好|完成|恢复|更正|通电|复电|送电|装表|改造|更换)|处理结果|校验结果"
)
_NOT_MET: Final = re.compile(r"没|未|无人|仍|还(是|在|没|未)|依(旧|然)|照(旧|样|发|停)|不属实|不符|再次发生|虚假")
#: Words by which an enquiry comes back because nobody answered it, and not because it is another or was forgotten.
_UNANSWERED: Final = re.compile(r"[没未无][^,。,;]{0,12}(答复|回复|回电|回音|回应|联系|结果|消息)")
#: Ties of the hotline that hold whatever topic each order was put under: a matter may change its class and topic on
#: its way up, from a request to an opinion to a complaint (S2.20).
TIES: Final = ("same_event", "urge", "new_demand")
#: Topics of which each case is an incident of its day: what was done to a customer on two days is two matters.
_INCIDENTS: Final = ("服务行为", "服务态度", "抢修超时", "conduct", "late repair")
_DAY: Final = re.compile(r"(\d{1,2})月(\d{1,2})[日号]")
#: Words by which a suggestion is the one that was made before.
_AGAIN: Final = re.compile(r"再次|再度|又(一)?次|仍|还(是|没)|依(旧|然)|上次|上回|此前|之前|前次|曾")
#: Words that any suggestion may hold, and how alike (0 to 1) the rest of two is that are one.
_ANY_SUGGESTION: Final = re.compile(
    r"客户|来电|建议|希望|能否|可否|贵司|公司|营业厅|供电所|增加|增设|设置|设立|开通|提供|功能|[\s,，。.、]"
)
_ALIKE: Final = 0.45
_UNREASONABLE: Final = ("恶意", "不合理")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One work order, as far as repeats go by it."""

    work_order_no: str
    kind: str
    #: The topic (二级业务类型); the class where none is given.
    topic: str
    number: str | None
    account_no: str | None
    content: str
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    once_done: bool
    determination: str | None = None
    #: The order that the hotline itself tied it to, and how; both are often not filled in.
    related_no: str | None = None
    relation_kind: str | None = None
    #: Address and holder of the account in the archive, to tell matters apart where the order names no account.
    address: str | None = None
    holder: str | None = None
    #: The topic of the first order of what it was tied to, where that differs from its own.
    tied_topic: str | None = None

    @property
    def under(self) -> str:
        """The topic under which it is looked at together with others."""
        return self.tied_topic or self.topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """Why a contact does not count, and what shows it."""

    code: Code
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A matter with which a customer came twice or more."""

    contacts: tuple[Contact, ...]
    #: By work order; the first contact has none.
    exclusions: Mapping[str, Exclusion]
    counted: bool
    #: The contact that made it a repeat: the first that counts, else the second.
    second: Contact

    @property
    def exclusion(self) -> Exclusion | None:
        """Why the event does not count; None where it does."""
        return None if self.counted else self.exclusions.get(self.second.work_order_no)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What people decided about work orders: `merged` pairs, contacts `split` off, exclusions set or lifted by hand."""

    merged: frozenset[frozenset[str]] = frozenset()
    split: frozenset[str] = frozenset()
    excluded: Mapping[str, Exclusion] | None = None


NO_MARKS: Final = Marks()


def find(
    contacts: Iterable[Contact],
    *,
    marks: Marks = NO_MARKS,
    codes: frozenset[Code] = frozenset(CODES),
    calendar: ZoneInfo | None = None,
) -> list[Event]:
    """Every matter that came up twice or more, counted or not, in the order of its second contact.

    `codes` are the exclusions in force. With `calendar` two contacts must lie in one calendar month of that zone
    instead of within 30 rolling days.
    """
    by_topic: defaultdict[str, list[Contact]] = defaultdict(list)
    for contact in tie_topics(contacts, marks=marks):
        by_topic[contact.under].append(contact)
    events = [
        judge(matter, marks=marks, codes=codes)
        for found in by_topic.values()
        for matter in matters_of(found, marks=marks, calendar=calendar)
    ]
    return sorted(events, key=in_order)


def tie_topics(contacts: Iterable[Contact], *, marks: Marks = NO_MARKS) -> list[Contact]:
    """The contacts that may count, each with the topic of the first order that it is tied to, by the hotline or by
    hand."""
    by_order = {one.work_order_no: one for one in contacts if not never_counted(one)}
    ties = {
        one.work_order_no: one.related_no
        for one in by_order.values()
        if one.related_no in by_order
        and one.relation_kind in TIES
        and one.work_order_no not in marks.split
        and may_be_one(one, by_order[one.related_no])
    }
    for pair in marks.merged:
        if pair <= by_order.keys() and len(pair) > 1:
            earlier, later = sorted(pair, key=lambda number: (by_order[number].opened_at, number))
            ties.setdefault(later, earlier)

    def topic_of(number: str) -> str:
        seen: set[str] = set()
        while number in ties and number not in seen:
            seen.add(number)
            number = ties[number]
        return by_order[number].topic

    return [
        one if (topic := topic_of(number)) == one.topic else replace(one, tied_topic=topic)
        for number, one in by_order.items()
    ]


def matters_of(
    contacts: Iterable[Contact], *, marks: Marks = NO_MARKS, calendar: ZoneInfo | None = None
) -> list[tuple[Contact, ...]]:
    """The matters that came up twice or more among contacts of one topic, each in the order of time."""
    counting = _housed([one for one in contacts if not never_counted(one)])
    counting.sort(key=lambda one: (one.opened_at, one.work_order_no))
    return [tuple(matter) for matter in _matters(counting, marks, calendar) if len(matter) > 1]


def judge(matter: tuple[Contact, ...], *, marks: Marks = NO_MARKS, codes: frozenset[Code] = frozenset(CODES)) -> Event:
    """Whether a matter counts as a repeat, with the exclusions `codes` in force."""
    return _event(matter, marks, codes)


def in_order(event: Event) -> tuple[datetime, str]:
    """How events are ordered: by their second contact."""
    return event.second.opened_at, event.second.work_order_no


def never_counted(contact: Contact) -> bool:
    """Fault reports, praise, enquiries finished in one contact (S2.4); and our own commitments."""
    return contact.kind in NEVER or (contact.kind == "consultation" and contact.once_done)


def _matters(contacts: Sequence[Contact], marks: Marks, calendar: ZoneInfo | None) -> list[list[Contact]]:
    """Contacts of one topic, in time, put together by matter."""
    matters: list[list[Contact]] = []
    by_number: defaultdict[str, list[list[Contact]]] = defaultdict(list)
    by_account: defaultdict[str, list[list[Contact]]] = defaultdict(list)
    by_order: dict[str, list[Contact]] = {}
    for contact in contacts:
        matter = None
        if contact.work_order_no not in marks.split:
            known = [by_order[other] for other in _merged_with(contact, marks) if other in by_order]
            near = [*by_number[contact.number or ""], *(m for a in _accounts(contact) for m in by_account[a])]
            near = [m for m in near if _in_time(m[-1], contact, calendar) and _same_matter(m, contact)]
            tied = by_order.get(contact.related_no or "")
            if tied is not None and _in_time(tied[-1], contact, calendar) and may_be_one(tied[-1], contact):
                known.append(tied)
            matter = max(known or near, key=lambda m: m[-1].opened_at, default=None)
        if matter is None:
            matter = []
            matters.append(matter)
        matter.append(contact)
        by_order[contact.work_order_no] = matter
        if contact.number and not any(matter is other for other in by_number[contact.number]):
            by_number[contact.number].append(matter)
        for account in _accounts(contact):
            if not any(matter is other for other in by_account[account]):
                by_account[account].append(matter)
    return matters


def _housed(contacts: Sequence[Contact]) -> list[Contact]:
    """The contacts, with the account of a household where one names no account but its whole address, and another
    order of the same topic tells whose that is."""
    at: defaultdict[str, set[str]] = defaultdict(set)
    for one in contacts:
        if one.account_no and one.address:
            at[_flat(one.address)].add(one.account_no)
    return [_at_home(one, at) if at and not _accounts(one) else one for one in contacts]


def _at_home(contact: Contact, at: Mapping[str, set[str]]) -> Contact:
    place = _place(contact)
    # What is found in the words may begin with words before the district: "客户投诉东湖区…".
    for start in range(min(len(place), BEFORE_DISTRICT + 1)):
        accounts = at.get(place[start:], ())
        if len(accounts) == 1:
            return replace(contact, account_no=next(iter(accounts)))
    return contact


def _merged_with(contact: Contact, marks: Marks) -> list[str]:
    mine = contact.work_order_no
    return [other for pair in marks.merged if mine in pair for other in pair if other != mine]


def _in_time(last: Contact, contact: Contact, calendar: ZoneInfo | None) -> bool:
    if calendar is None:
        return contact.opened_at - last.opened_at <= WITHIN
    before, now = last.opened_at.astimezone(calendar), contact.opened_at.astimezone(calendar)
    return (before.year, before.month) == (now.year, now.month)


def _same_matter(matter: Sequence[Contact], contact: Contact) -> bool:
    """Whether the contact is about what the matter's contacts are about; the latest that can tell decides."""
    if all(_another(earlier, contact) for earlier in matter):
        return False
    for earlier in reversed(matter):
        told = same_thing(earlier, contact)
        if told is not None:
            return told
    return True


def may_be_one(one: Contact, other: Contact) -> bool:
    """Whether two contacts that the hotline tied together may be one customer's: one outage that two customers called
    about is one event, and nobody's repeat."""
    mine, theirs = _accounts(one), _accounts(other)
    return not mine or not theirs or bool(mine & theirs) or (one.number is not None and one.number == other.number)


def _another(one: Contact, other: Contact) -> bool:
    """Whether two contacts of one topic and account are plainly two matters: incidents of different days, or
    suggestions of different things."""
    first, second = _wide(one.content), _wide(other.content)
    if any(word in one.topic for word in _INCIDENTS):
        days, others = set(_DAY.findall(first)), set(_DAY.findall(second))
        return bool(days and others) and not days & others
    if one.kind == other.kind == "suggestion" and not _AGAIN.search(second):
        wanted, another = _ANY_SUGGESTION.sub("", first), _ANY_SUGGESTION.sub("", second)
        return SequenceMatcher(None, wanted, another).ratio() < _ALIKE
    return False


def same_thing(one: Contact, other: Contact) -> bool | None:
    """Whether two contacts concern one account or place; None where that cannot be told."""
    mine, theirs = _accounts(one), _accounts(other)
    if mine and theirs:
        # Registered under another of the caller's accounts, the words may still name the one it is about (S2.3: number
        # or account, and the content).
        ours = one.number is not None and one.number == other.number
        return bool(mine & theirs) or (ours and bool((mine | _named(one)) & (theirs | _named(other))))
    places = [(_place(a), _flat(b.content), _flat(b.address or "")) for a, b in ((one, other), (other, one))]
    for place, content, address in places:
        if place and _in(place, address + "|" + content):
            return True
    if all(place for place, _, _ in places):
        return False
    for a, b in ((one, other), (other, one)):
        if (mask := _masked_name(a.content)) and b.holder:
            return _fits(mask, b.holder)
    if (first := _masked_name(one.content)) and (second := _masked_name(other.content)):
        return first == second
    return None


_ACCOUNT_IN_TEXT: Final = re.compile(r"户号\s*[:：]?\s*(\d{10,13})")
_NAME_IN_TEXT: Final = re.compile(r"户名[为是:：]?\s*([一-鿿][*＊某]{1,3})")
_PLACE_IN_TEXT: Final = re.compile(
    r"(?:[一-鿿]{2,4}市)?([一-鿿]{1,5}[区县][一-鿿]+\d[\d组号楼栋幢#单元-]*(?:号|室|商铺|\d(?=[一-鿿,，。]|$)))"
)


#: So many characters of other words may be taken for the name of a district.
BEFORE_DISTRICT: Final = 6


def _accounts(contact: Contact) -> frozenset[str]:
    """The accounts a contact names: in its field, else in its text."""
    return frozenset((contact.account_no,)) if contact.account_no else _named(contact)


def _named(contact: Contact) -> frozenset[str]:
    """The accounts that its words name."""
    return frozenset(_ACCOUNT_IN_TEXT.findall(_wide(contact.content)))


def _place(contact: Contact) -> str:
    """The address a contact is about, in one form; empty where it names none."""
    if contact.address:
        return _flat(contact.address)
    found = _PLACE_IN_TEXT.search(_wide(contact.content))
    return _flat(found.group(1)) if found else ""


def _wide(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _flat(text: str) -> str:
    """An address without what people write in different ways: city, width, words for building, unit and flat."""
    text = re.sub(r"^[一-鿿]{2,4}市(?=[一-鿿]{1,5}[区县])", "", _wide(text))
    text = re.sub(r"(?<=客户[一-鿿]{2})[一-鿿]{2,4}市(?=[一-鿿]{1,5}[区县])", "", text)
    return re.sub(r"号楼|栋|幢|#", "#", text).replace(" ", "")


def _in(place: str, text: str) -> bool:
    """Whether a text names the place itself, and not one whose number merely begins or ends alike."""
    at = text.find(place)
    while at >= 0:
        end = at + len(place)
        if not (place[-1].isdigit() and text[end : end + 1].isdigit()):
            return True
        at = text.find(place, at + 1)
    return False


def _masked_name(content: str) -> str | None:
    found = _NAME_IN_TEXT.search(_wide(content))
    return found.group(1) if found else None


def _fits(mask: str, holder: str) -> bool:
    return holder[:1] == mask[0] and len(holder) == len(mask)


def _event(contacts: tuple[Contact, ...], marks: Marks, codes: frozenset[Code]) -> Event:
    exclusions: dict[str, Exclusion] = {}
    bad = next((one for one in contacts if _unreasonable(one)), None)
    for place, contact in enumerate(contacts[1:], start=1):
        by_hand = (marks.excluded or {}).get(contact.work_order_no)
        why = by_hand or _excluded(contacts[:place], contact, bad)
        if why is not None and why.code in codes:
            exclusions[contact.work_order_no] = why
    counting = [one for one in contacts[1:] if one.work_order_no not in exclusions]
    return Event(
        contacts=contacts,
        exclusions=exclusions,
        counted=bool(counting),
        second=counting[0] if counting else contacts[1],
    )


def _excluded(before: Sequence[Contact], contact: Contact, bad: Contact | None) -> Exclusion | None:
    """What takes a further contact out, if anything does."""
    if bad is not None:
        return Exclusion(code="E1", evidence=f"{bad.work_order_no}: {bad.determination or bad.topic}")
    open_ones = [one for one in before if one.closed_at is None or one.closed_at > contact.opened_at]
    if open_ones:
        overdue = [one for one in open_ones if one.due_at is not None and one.due_at < contact.opened_at]
        if not overdue:
            first = open_ones[0]
            due = f", due {first.due_at.isoformat(timespec='minutes')}" if first.due_at else ""
            return Exclusion(code="E3", evidence=f"{first.work_order_no} was in progress{due}")
    elif contact.relation_kind == "new_demand" or (contact.relation_kind is None and _something_else(contact)):
        return Exclusion(code="E2", evidence=f"{before[-1].work_order_no} was closed; {contact.content}")
    asked_again = contact.kind == "consultation" and any(word in contact.topic for word in _ASKED_AGAIN)
    if asked_again and not _UNANSWERED.search(_wide(contact.content)):
        return Exclusion(code="E4", evidence=f"an enquiry: {contact.topic}")
    return None


def _something_else(contact: Contact) -> bool:
    """Whether the words of a contact raise something else than what was closed."""
    words = _wide(contact.content)
    if _NEW_DEMAND.search(words):
        return True
    return bool(_ASKED_NOW.search(words) and _MET.search(words) and not _NOT_MET.search(words))


def _unreasonable(contact: Contact) -> bool:
    return any(word in f"{contact.determination or ''}{contact.topic}" for word in _UNREASONABLE)
