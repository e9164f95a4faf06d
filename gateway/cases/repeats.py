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
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

from gateway.cases import coming_again
from gateway.cases.naming import (
    Place,
    apart,
    areas_in,
    flat,
    groups_apart,
    named_in,
    names_fit,
    order_in,
    place_in,
    same_place,
)
from gateway.cases.new_demands import asks_for_something_else

Code = Literal["E1", "E2", "E3", "E4"]
CODES: Final[tuple[Code, ...]] = get_args(Code)
Window = Literal["rolling", "calendar"]

#: Two contacts further apart than this are two matters (domain notes §7).
WITHIN: Final = timedelta(days=30)
#: Classes that are never counted (S2.4), beside enquiries that were finished on the call.
NEVER: Final = frozenset({"fault_repair", "praise", "commitment"})
#: Topics of enquiry that one person has for several addresses or months, or forgets the answer to (S2.5 iv).
_ASKED_AGAIN: Final = ("户号", "电量电费", "业务办理", "办电手续", "account", "consumption", "procedure")
#: Ties of the hotline that hold whatever topic each order was put under: a matter may change its class and topic on
#: its way up, from a request to an opinion to a complaint (S2.20).
TIES: Final = ("same_event", "urge", "new_demand")
_UNREASONABLE: Final = re.compile(r"(?<![非无])(?<!不属)(?<!不是)恶意|不合理|无理")
#: Where the exchange shows no caller it writes a word, a short code or noughts: these are nobody's number.
_NUMBER: Final = re.compile(r"^(?!\+?0+$)\D*(?:\d\D?){7,}$")


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
    #: Who called, as the hotline wrote it down.
    caller: str | None = None
    #: The account of the one holder of that name in the archive, where the words name no account and no place.
    found_account: str | None = None
    #: The topic of the first order of what it was tied to, where that differs from its own.
    tied_topic: str | None = None

    @property
    def refers_to(self) -> str | None:
        """The order that the hotline tied it to, else the one whose number its words name."""
        return self.related_no or order_in(self.content)

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
        one.work_order_no: one.refers_to
        for one in by_order.values()
        if one.refers_to in by_order
        and (one.relation_kind in TIES or not one.related_no)
        and one.work_order_no not in marks.split
        and may_be_one(one, by_order[one.refers_to])
    }
    for later, earlier in _told_of(by_order.values()):
        if later not in marks.split:
            ties.setdefault(later, earlier)
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


def _told_of(contacts: Iterable[Contact]) -> Iterable[tuple[str, str]]:
    """Orders whose words name the day on which the same customer came before, and speak of that earlier order's topic
    and not of the one under which they were put: the later and the earlier."""
    by_key: defaultdict[str, list[Contact]] = defaultdict(list)
    dated = []
    for contact in contacts:
        for key in _keys(contact, ()):
            by_key[key].append(contact)
        if days := coming_again.came_before_on(contact.content, contact.opened_at):
            dated.append((contact, days))
    for contact, days in dated:
        for earlier in {one.work_order_no: one for key in _keys(contact, ()) for one in by_key[key]}.values():
            if earlier.opened_at.date() in days and tells_of(contact, earlier):
                yield contact.work_order_no, earlier.work_order_no


def tells_of(contact: Contact, earlier: Contact) -> bool:
    """Whether an order that names the day of an earlier one of the same customer is about the same, though it was put
    under another topic."""
    return (
        earlier.opened_at < contact.opened_at
        and earlier.topic != contact.topic
        and coming_again.speaks_of(earlier.topic, contact.topic, contact.content)
        and same_thing(earlier, contact) is not False
    )


def matters_of(
    contacts: Iterable[Contact], *, marks: Marks = NO_MARKS, calendar: ZoneInfo | None = None
) -> list[tuple[Contact, ...]]:
    """The matters that came up twice or more among contacts of one topic, each in the order of time."""
    counting = sorted(
        (one for one in contacts if not never_counted(one)), key=lambda one: (one.opened_at, one.work_order_no)
    )
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
    by_key: defaultdict[str, list[list[Contact]]] = defaultdict(list)
    by_order: dict[str, list[Contact]] = {}
    # Only where somebody names no account does it matter who lives where.
    sought = {place.key for one in contacts if not accounts_of(one) for place in _places(one)}
    for contact in contacts:
        keys = _keys(contact, sought)
        matter = None
        if contact.work_order_no not in marks.split:
            known = [by_order[other] for other in _merged_with(contact, marks) if other in by_order]
            near = [m for key in keys for m in by_key[key] if _in_time(m[-1], contact, calendar)]
            near = [m for m in near if any(_one_customer(one, contact) for one in m) and _same_matter(m, contact)]
            tied = by_order.get(contact.refers_to or "")
            if tied is not None and _in_time(tied[-1], contact, calendar) and may_be_one(tied[-1], contact):
                known.append(tied)
            matter = max(known or near, key=lambda m: m[-1].opened_at, default=None)
        if matter is None:
            matter = []
            matters.append(matter)
        matter.append(contact)
        by_order[contact.work_order_no] = matter
        for key in keys:
            if not any(matter is other for other in by_key[key]):
                by_key[key].append(matter)
    return matters


def _keys(contact: Contact, sought: Container[str]) -> list[str]:
    """By what orders of the same customer may be found: the number, the accounts, the numbers of an address."""
    number = _number(contact)
    places = {place.key for place in _places(contact)} if sought else ()
    return [
        *([f"n{number}"] if number else ()),
        *(f"a{account}" for account in sorted(accounts_of(contact))),
        *(f"p{place}" for place in sorted(places) if place in sought),
    ]


def _merged_with(contact: Contact, marks: Marks) -> list[str]:
    mine = contact.work_order_no
    return [other for pair in marks.merged if mine in pair for other in pair if other != mine]


def _in_time(last: Contact, contact: Contact, calendar: ZoneInfo | None) -> bool:
    if calendar is None:
        return contact.opened_at - last.opened_at <= WITHIN
    before, now = last.opened_at.astimezone(calendar), contact.opened_at.astimezone(calendar)
    return (before.year, before.month) == (now.year, now.month)


def _one_customer(one: Contact, other: Contact) -> bool:
    """Whether two contacts are one customer's: by the number, an account, or the place of which they speak. Somebody
    who reports another's theft names that other's place: from another telephone he is the same only by name, or where
    the words say that he reported it before."""
    if _numbers_meet(one, other) or accounts_of(one) & accounts_of(other):
        return True
    if not _places_meet(one, other):
        return False
    if "report" not in (one.kind, other.kind):
        return True
    first, second = ((who.caller or "").strip() for who in (one, other))
    return first == second if first and second else coming_again.reported_before(other.content)


def _same_matter(matter: Sequence[Contact], contact: Contact) -> bool:
    """Whether the contact is about what the matter's contacts are about; the latest that can tell decides."""
    if all(_another(earlier, contact) for earlier in matter):
        return False
    for earlier in reversed(matter):
        told = same_thing(earlier, contact)
        if told is not None:
            return told
    last = matter[-1]
    if apart(areas_in(last.content), areas_in(contact.content)) or groups_apart(last.content, contact.content):
        return False
    return coming_again.is_for_another(last.content) == coming_again.is_for_another(contact.content)


def may_be_one(one: Contact, other: Contact) -> bool:
    """Whether two contacts that the hotline tied together may be one customer's: one outage that two customers called
    about is one event, and nobody's repeat."""
    if _numbers_meet(one, other):
        return True
    mine, theirs = accounts_of(one), accounts_of(other)
    if mine and theirs:
        return bool(mine & theirs)
    return not (_places(one) and _places(other)) or _places_meet(one, other)


def _another(one: Contact, other: Contact) -> bool:
    """Whether two contacts of one topic and account are plainly two matters: incidents of different days, or
    suggestions of different things."""
    if coming_again.of_another_day(one.topic, (one.content, one.opened_at), (other.content, other.opened_at)):
        return True
    if one.kind == other.kind == "report":
        # Whoever reports others is registered under an account of his own: the words say who is reported.
        first, second = named_in(one.content).place, named_in(other.content).place
        return first is not None and second is not None and first.numbers != second.numbers
    return one.kind == other.kind == "suggestion" and coming_again.is_another_suggestion(one.content, other.content)


def same_thing(one: Contact, other: Contact) -> bool | None:
    """Whether two contacts concern one account or place; None where that cannot be told."""
    mine, theirs = accounts_of(one), accounts_of(other)
    first, second = named_in(one.content), named_in(other.content)
    if mine and theirs:
        if mine & theirs:
            # Registered under one account, the words of each may still name another.
            return not (first.accounts and second.accounts) or bool(first.accounts & second.accounts)
        # Registered under another of the caller's accounts, the words may still name the one it is about (S2.3: number
        # or account, and the content).
        words_meet = bool((mine | first.accounts) & (theirs | second.accounts)) or _places_meet(one, other)
        return _numbers_meet(one, other) and words_meet
    for tails, accounts in ((first.tails, theirs or second.tails), (second.tails, mine or first.tails)):
        if tails and accounts:
            return any(account.endswith(tuple(tails)) for account in accounts)
    if first.meters and second.meters:
        return bool(first.meters & second.meters)
    if _places_meet(one, other):
        return True
    if _places(one) and _places(other):
        return False
    for words, holders in ((first.holder, (second.holder, other.holder)), (second.holder, (first.holder, one.holder))):
        if words and (holder := next(filter(None, holders), None)):
            return names_fit(words, holder)
    return None


def _number(contact: Contact) -> str | None:
    """The caller's number, None where the exchange showed none."""
    return contact.number if contact.number and _NUMBER.match(contact.number) else None


def _numbers_meet(one: Contact, other: Contact) -> bool:
    return _number(one) is not None and _number(one) == _number(other)


def accounts_of(contact: Contact) -> frozenset[str]:
    """The accounts a contact names: in its field, else in its text, by number or by its holder's name."""
    if contact.account_no:
        return frozenset((contact.account_no,))
    named = named_in(contact.content).accounts
    return named if named or contact.found_account is None else frozenset((contact.found_account,))


def _places(contact: Contact) -> list[Place]:
    """The addresses a contact is about: that of its account, and the one its words name."""
    found = (place_in(contact.address) if contact.address else None, named_in(contact.content).place)
    return [place for place in found if place is not None]


def _places_meet(one: Contact, other: Contact) -> bool:
    if any(same_place(mine, theirs) for mine in _places(one) for theirs in _places(other)):
        return True
    # An address of no known form is known by its letters.
    pairs = ((one.address, other), (other.address, one))
    return any(home and not place_in(home) and flat(home) in flat(said.content) for home, said in pairs)


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
    elif contact.relation_kind == "new_demand" or asks_for_something_else(
        contact.content, [one.content for one in before]
    ):
        return Exclusion(code="E2", evidence=f"{before[-1].work_order_no} was closed; {contact.content}")
    asked_again = contact.kind == "consultation" and any(word in contact.topic for word in _ASKED_AGAIN)
    if asked_again and not coming_again.went_unanswered(contact.content):
        return Exclusion(code="E4", evidence=f"an enquiry: {contact.topic}")
    return None


def _unreasonable(contact: Contact) -> bool:
    return _UNREASONABLE.search(f"{contact.determination or ''} {contact.topic}") is not None
