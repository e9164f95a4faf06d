"""A calendar file (iCalendar, RFC 5545) as the rows of a plan: what a manager planned in a program of their own. Pure.

Each event is a row. Its account is the one that its words name; without one, and without the house's own UID, the row
is refused like any other. An event of the feed that comes back, moved to another day, moves that plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

BEGINS: Final = b"BEGIN:VCALENDAR"
#: The UID of an event of the feed: the plan's own identifier.
OWN: Final = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@lamplighter")
HEADS: Final = ("plan_id", "account_no", "manager_id", "planned_date", "topic", "channel", "rule")
#: Parts of an event that change single days of a rule: a plan has no place for them, and says so.
_UNHEARD: Final = ("EXDATE", "RDATE", "RECURRENCE-ID")
_NAMED: Final = re.compile(r"(?:户号|account(?: no\.?)?)\s*[:：]?\s*(\d{10,13})(?!\d)", re.IGNORECASE)
_BARE: Final = re.compile(r"(?<!\d)(\d{10}|\d{12,13})(?!\d)")
#: What the feed puts round a topic.
_AROUND: Final = re.compile(r"^(走访|电话回访|短信|微信)：|（户号尾号\d{4}）$")
_CHANNELS: Final = {
    "走访": "visit",
    "上门": "visit",
    "电话": "phone",
    "电话回访": "phone",
    "短信": "sms",
    "微信": "chat",
}
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)

#: Name, parameters and value of a line.
_Line = tuple[str, Mapping[str, str], str]


def rows(text: str, zone: ZoneInfo) -> Iterator[tuple[str, ...]]:
    """The events of a calendar as rows under `HEADS`; moments fall on their day in `zone`."""
    for event in _events(text):
        said = {name: value for name, _, value in event}
        words = [_plain(said.get(name, "")) for name in ("SUMMARY", "DESCRIPTION", "LOCATION")]
        rule = said.get("RRULE", "") + "".join(f";{name}" for name in _UNHEARD if name in said)
        uid, cancelled = said.get("UID", ""), said.get("STATUS", "").upper() == "CANCELLED"
        own = OWN.fullmatch(uid) is not None
        if own and cancelled:
            # The feed shows what was called off; it comes back as it went.
            continue
        yield (
            uid,
            said.get("X-LAMPLIGHTER-ACCOUNT") or _account(words),
            said.get("X-LAMPLIGHTER-MANAGER", ""),
            # What was called off elsewhere is said by a page or the interface, with the reason: such a row is refused.
            "CANCELLED" if cancelled else _day(event, zone),
            _topic(words[0], own=own),
            _channel(words[0], _plain(said.get("CATEGORIES", ""))),
            rule,
        )


def _events(text: str) -> Iterator[list[_Line]]:
    """The lines of each VEVENT, without those of what stands inside it (alarms)."""
    inside: list[str] = []
    event: list[_Line] = []
    for line in re.split(r"\r\n?|\n", re.sub(r"\r?\n[ \t]", "", text.lstrip("\ufeff"))):
        name, parameters, value = _read(line)
        if name == "BEGIN":
            inside.append(value.upper())
            if inside[-1] == "VEVENT":
                event = []
        elif name == "END":
            if inside and inside.pop() == "VEVENT":
                yield event
        elif inside and inside[-1] == "VEVENT" and name not in {known for known, _, _ in event}:
            event.append((name, parameters, value))


def _read(line: str) -> _Line:
    """A line in its parts; a colon within quotes ends no name."""
    quoted, place = False, len(line)
    for at, character in enumerate(line):
        if character == '"':
            quoted = not quoted
        elif character == ":" and not quoted:
            place = at
            break
    name, *given = line[:place].split(";")
    parameters = {key.upper(): value.strip('"') for key, _, value in (one.partition("=") for one in given)}
    return name.strip().upper(), parameters, line[place + 1 :].strip()


def _plain(value: str) -> str:
    """The words of a value of type TEXT (RFC 5545 §3.3.11)."""
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def _account(words: list[str]) -> str:
    for pattern in (_NAMED, _BARE):
        for one in words:
            if found := pattern.search(one):
                return found[1]
    return ""


def _topic(summary: str, *, own: bool) -> str:
    topic = _AROUND.sub("", summary)
    if own:
        return topic
    return _NAMED.sub("", topic).strip(" ，,。；;：:-（）()") or summary


def _channel(summary: str, categories: str) -> str:
    for word in (*categories.split(","), summary.partition("：")[0]):
        if word.strip() in _CHANNELS:
            return _CHANNELS[word.strip()]
    return "visit"


def _day(event: list[_Line], zone: ZoneInfo) -> str:
    """The day on which an event begins; as it is written where it cannot be read."""
    parameters, value = next(((given, found) for name, given, found in event if name == "DTSTART"), ({}, ""))
    try:
        if len(value) == 8:
            return date.fromisoformat(value).isoformat()
        moment = datetime.strptime(value.removesuffix("Z"), "%Y%m%dT%H%M%S").replace(
            tzinfo=UTC if value.endswith("Z") else _zone(parameters.get("TZID"), zone)
        )
    except ValueError:
        return value
    return moment.astimezone(zone).date().isoformat()


def _zone(name: str | None, home: ZoneInfo) -> ZoneInfo:
    """A time zone by its name; the utility's own where the program has a name of its own for it."""
    try:
        return ZoneInfo(name) if name else home
    except (ValueError, OSError, KeyError):
        return home
