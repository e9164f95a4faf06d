"""The managers' plan as a calendar (iCalendar, RFC 5545), for the programs they plan their days with. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.followups.reading import Followup

_CHANNELS: Final = {"visit": "走访", "phone": "电话回访", "sms": "短信", "chat": "微信"}
_STATES: Final = {"planned": "CONFIRMED", "done": "CONFIRMED", "missed": "TENTATIVE", "cancelled": "CANCELLED"}
#: Octets of a line, its end not counted (RFC 5545 §3.1).
_LINE: Final = 75


def calendar(followups: Sequence[Followup], *, name: str, now: datetime) -> str:
    """Follow-ups as whole-day events, one a plan; the account is named by its last four digits."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Lamplighter//followups//ZH", "CALSCALE:GREGORIAN"]
    lines += ["METHOD:PUBLISH", f"X-WR-CALNAME:{_text(name)}"]
    for one in followups:
        what = f"{_CHANNELS[one.channel]}：{one.topic}（户号尾号{one.account_no[-4:]}）"
        lines += [
            "BEGIN:VEVENT",
            f"UID:{one.id}@lamplighter",
            f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
            f"DTSTART;VALUE=DATE:{one.planned_for:%Y%m%d}",
            f"DTEND;VALUE=DATE:{one.planned_for + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_text(what)}",
            f"STATUS:{_STATES[one.state]}",
            f"CATEGORIES:{_text(_CHANNELS[one.channel])}",
            "TRANSP:TRANSPARENT",
            *([f"DESCRIPTION:{_text(one.outcome)}"] if one.outcome else ()),
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _text(words: str) -> str:
    """Words as a value of type TEXT (RFC 5545 §3.3.11)."""
    escaped = words.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")


def _folded(line: str) -> list[str]:
    """A line cut to what it may be long, between characters and never within one."""
    parts, part, size = [], "", 0
    for character in line:
        octets = len(character.encode())
        if size + octets > _LINE:
            parts.append(part)
            part, size = " ", 1
        part += character
        size += octets
    return [*parts, part]
