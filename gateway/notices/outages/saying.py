"""What is said of an outage to one number, from what it was told before. Pure.

A text depends on three things: how the outage stands, what this number knows of it, and what the text is sent
for. Who was never told is told plainly; who was told something that is not true any more is told what replaces
it; who was told "off" is told "on", and nobody else is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from gateway.archive.segments import segments_of
from gateway.notices.kinds import Moment, Row, Saying
from gateway.notices.outages.timetable import USUAL, Timetable
from gateway.notices.policy import Matter, Wish
from gateway.outbox.hours import HoursClass, next_window

#: What becomes of a subject: it is off (or will be); it is on again; it is not affected after all; it never was;
#: or there is nothing to say, because supply is still off by another outage, or since this number was told nothing.
Turn = Literal["off", "on", "not_affected", "cancelled", "still_off", "never_told"]

#: What a text of a turn says of the supply, as it is kept.
SAID: Final[Mapping[Turn, str]] = {
    "off": "off",
    "on": "on",
    "still_off": "on",
    "never_told": "on",
    "not_affected": "not_affected",
    "cancelled": "cancelled",
}
_SILENT: Final[Mapping[Turn, Matter]] = {"still_off": "superseded", "never_told": "recovered"}
_MATTERS_MOST: Final = frozenset({"medical_device", "important"})
#: Before the texts of other outages, beside answers to what people wrote.
_FIRST: Final = 1
#: A reason longer than this would crowd out the times.
_MOST_REASON: Final = 24
#: Places that a text names before it counts the rest.
_PLACES: Final = 2

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "zh": {
        "here": "您的用电地址",
        "line": "供电线路",
        "along": "沿线用户",
        "planned": "设备检修",
        "moved": "检修安排调整",
        "fault": "线路故障",
        "and": "、",
        "more": "{names}等{count}处",
        "several": "{name}{count}户",
    },
    "en": {
        "here": "your address",
        "line": "your line",
        "along": "all along it",
        "planned": "maintenance",
        "moved": "a change of plan",
        "fault": "a fault",
        "and": ", ",
        "more": "{names} and {rest} more",
        "several": "{name} ({count} accts)",
    },
}


def turn_of(row: Row) -> Turn:
    """What becomes of one subject."""
    state = row["outage_state"]
    over = state in ("restored", "cancelled")
    if not over and row["affected"]:
        return "off"
    known = row["told_said"] == "off" and row["told_point"] == row["point_id"]
    if state == "cancelled":
        return "cancelled" if known else "never_told"
    if state == "announced":
        return "not_affected" if known else "never_told"
    if not known:
        return "never_told"
    return "still_off" if row["off_again"] else "on"


def parts(rows: Sequence[Row]) -> list[list[Row]]:
    """Subjects of one number by what becomes of them, those first to whom the supply matters most."""
    groups: dict[Turn, list[Row]] = {}
    for row in rows:
        groups.setdefault(turn_of(row), []).append(row)
    for group in groups.values():
        group.sort(key=_matters_most, reverse=True)
    return list(groups.values())


def _matters_most(row: Row) -> tuple[bool, bool, bool]:
    segments = segments_of(row)
    return "medical_device" in segments, "important" in segments, bool(row["reported"])


def is_medical(row: Row) -> bool:
    """Whether somebody's health hangs on the supply of the account."""
    return "medical_device" in segments_of(row)


def _knows(rows: Sequence[Row]) -> Row | None:
    """The subject of which this number was told last that it is off, if any."""
    told = [row for row in rows if row["told_said"] == "off" and row["told_point"] == row["point_id"]]
    return max(told, key=lambda row: row["told_revision"], default=None)


def _outdated(row: Row) -> bool:
    return bool(row["told_revision"] < row["telling_revision"])


def replaces(row: Row) -> UUID | None:
    """The message by which the number was told last of the subject, where what it said is true no more."""
    known = _knows((row,))
    if known is None or (turn_of(row) == "off" and not _outdated(row)):
        return None
    message: UUID = row["told_message"]
    return message


def wish(rows: Sequence[Row], usual: Wish, now: datetime, zone: ZoneInfo, region: str) -> Wish:
    """What is to be said, as the policy needs it: of which kind, in which hours, until when."""
    first, turn, known = rows[0], turn_of(rows[0]), _knows(rows)
    if (silent := _SILENT.get(turn)) is not None:
        kind = "restoration" if first["outage_state"] == "restored" else "outage_update"
        return replace(usual, kind=kind, hours=HoursClass.OUTAGE, matter=silent, expires_at=None)
    if turn == "on":
        return replace(usual, kind="restoration", hours=HoursClass.OUTAGE, expires_at=None)
    corrects = turn != "off" or (known is not None and _outdated(known))
    if not corrects:
        return _first_text(first, usual)
    if first["outage_kind"] == "fault" or first["outage_state"] == "active":
        matter: Matter = "superseded" if first["off_later"] and turn == "off" else "open"
        return replace(usual, kind="outage_update", hours=HoursClass.OUTAGE, expires_at=None, matter=matter)
    known = known or first
    soonest = min(known["told_starts_at"] or first["starts_at"], first["starts_at"])
    # A correction keeps to the ordinary hours where it still comes in time, and to waking hours otherwise.
    opens = next_window(HoursClass.SERVICE, max(now, usual.not_before or now), zone, region).opens
    hours = HoursClass.SERVICE if opens < soonest else HoursClass.OUTAGE
    ends = first["starts_at"] if turn == "off" else (known["told_ends_at"] or first["ends_at"])
    return replace(usual, kind="outage_update", hours=hours, expires_at=ends)


def _first_text(row: Row, usual: Wish) -> Wish:
    """An announcement or a reminder, which ends with what it announces."""
    if row["outage_kind"] == "fault":
        return replace(usual, kind="outage_fault", hours=HoursClass.OUTAGE)
    until = row["starts_at"] if row["outage_state"] == "announced" else row["ends_at"]
    ends = min(usual.expires_at, until) if usual.expires_at is not None else until
    return replace(usual, kind="outage_planned", hours=HoursClass.SERVICE, expires_at=ends)


def say(rows: Sequence[Row], step: str, moment: Moment, table: Timetable = USUAL) -> Saying:
    """The text for these subjects of one number, all with the same turn."""
    first, turn = rows[0], turn_of(rows[0])
    words = _words_of(first)
    known = _knows(rows)
    if turn == "on":
        said = _restored(rows, words, table)
    elif turn == "not_affected":
        said = Saying("outage_update_released", {"area": places(rows, words)})
    elif turn == "cancelled":
        said = _cancelled(rows, known or first, words)
    elif known is not None and _outdated(known):
        said = _corrected(rows, known, words, moment)
    elif first["outage_kind"] == "fault":
        said = _fault(rows, words, moment)
    else:
        said = _planned(rows, step, known, words, moment)
    first_of_all = not segments_of(first).isdisjoint(_MATTERS_MOST)
    return replace(said, reference=reference(first["outage_no"]), priority=_FIRST if first_of_all else None)


def explain(row: Row, moment: Moment) -> Saying:
    """What is said of an outage to somebody who asks, or who reports it: `row` has its facts, `area` and `line`."""
    words = _words_of(row)
    if row["kind"] == "fault" and row["reason"] and (back := _still_to_come(row["ends_at"], moment)) is not None:
        # Who asks wants to know why, too.
        values = {"area": row["area"] or words["here"], "cause": _reason(row, words, "fault"), "restore_at": back}
        said = Saying("outage_update", values, expires_at=back)
    elif row["kind"] == "fault":
        said = _fault((row,), words, moment)
    else:
        said = Saying(
            "outage_planned",
            {
                "starts_at": row["starts_at"],
                "ends_at": row["ends_at"],
                "line": row["line"] or words["line"],
                "area": row["area"] or words["here"],
                "reason": _reason(row, words, "planned"),
            },
        )
    return replace(said, reference=reference(row["outage_no"]))


def _words_of(row: Row) -> Mapping[str, str]:
    return _WORDS["en" if str(row["language"] or "").lower().startswith("en") else "zh"]


def reference(outage_no: str) -> str:
    """What all texts about an outage carry as their reference."""
    return f"outage:{outage_no}"


def confirms(row: Row) -> bool:
    """Whether a text to this account asks for a word that it was read: important users, of what is planned."""
    return row["outage_kind"] == "planned" and turn_of(row) == "off" and "important" in segments_of(row)


def _restored(rows: Sequence[Row], words: Mapping[str, str], table: Timetable) -> Saying:
    restored_at = rows[0]["restored_at"] or rows[0]["changed_at"]
    values = {"area": places(rows, words), "restored_at": restored_at}
    return Saying("restoration", values, expires_at=restored_at + table.restoration_lasts)


def _cancelled(rows: Sequence[Row], known: Row, words: Mapping[str, str]) -> Saying:
    row = rows[0]
    if row["outage_kind"] == "fault":
        return Saying("outage_update_discarded", {"area": places(rows, words)})
    planned_at = known["told_starts_at"] or row["starts_at"]
    return Saying("outage_update_cancelled", {"planned_at": planned_at, "reason": _why_changed(row, known, words)})


def _corrected(rows: Sequence[Row], known: Row, words: Mapping[str, str], moment: Moment) -> Saying:
    row, area = rows[0], places(rows, words)
    told_start, told_end = known["told_starts_at"], known["told_ends_at"]
    ends_at = _still_to_come(row["ends_at"], moment)
    if row["outage_kind"] == "fault":
        if row["ends_at"] is None and told_end is None and (crew_at := row["crew_at"]) is not None:
            return Saying("outage_update_crew", {"area": area, "crew_at": crew_at}, expires_at=crew_at)
        if ends_at is None:
            return Saying("outage_update_unknown", {"area": area})
        if row["reason"]:
            values = {"area": area, "cause": _reason(row, words, "fault"), "restore_at": ends_at}
            return Saying("outage_update", values, expires_at=ends_at)
        return Saying("outage_update_estimate", {"area": area, "restore_at": ends_at}, expires_at=ends_at)
    if row["outage_state"] == "active":
        if ends_at is None:
            return Saying("outage_update_unknown", {"area": area})
        values = {"area": area, "planned_end": told_end or row["starts_at"], "restore_at": ends_at}
        return Saying("outage_update_extended", values, expires_at=ends_at)
    values = {
        "planned_at": told_start or row["starts_at"],
        "starts_at": row["starts_at"],
        "ends_at": row["ends_at"],
        "reason": _why_changed(row, known, words),
    }
    return Saying("outage_update_moved_confirm" if confirms(row) else "outage_update_moved", values)


def _fault(rows: Sequence[Row], words: Mapping[str, str], moment: Moment) -> Saying:
    row = rows[0]
    values = {"area": places(rows, words), "failed_at": row["starts_at"]}
    if (ends_at := _still_to_come(row["ends_at"], moment)) is not None:
        return Saying("outage_fault_estimate", {**values, "restore_at": ends_at}, expires_at=ends_at)
    if (crew_at := _still_to_come(row["crew_at"], moment)) is not None:
        crew = crew_at.astimezone(moment.zone)
        if crew.date() == moment.leaves.astimezone(moment.zone).date():
            return Saying("outage_fault_crew", {**values, "crew_at": crew_at}, expires_at=crew_at)
    return Saying("outage_fault", values)


def _planned(rows: Sequence[Row], step: str, known: Row | None, words: Mapping[str, str], moment: Moment) -> Saying:
    row = rows[0]
    times = {"starts_at": row["starts_at"], "ends_at": row["ends_at"]}
    if known is not None and step == "eve":
        # It says "tomorrow", so it does not leave on the day itself.
        midnight = datetime.combine(
            moment.leaves.astimezone(moment.zone).date() + timedelta(days=1), time(), moment.zone
        )
        return Saying("outage_planned_eve", {**times, "area": places(rows, words)}, expires_at=midnight)
    if known is not None and step in ("week", "day"):
        return Saying("outage_planned_reminder", {**times, "area": places(rows, words)})
    line = row["line"] or words["line"]
    if confirms(row):
        name = "outage_planned_short_notice" if row["short_notice"] else "outage_planned_confirm"
        return Saying(name, {**times, "line": line})
    # Who hangs on the line itself has no transformer area that could be named beside it.
    along = all(one["area"] is not None and one["area"] == one["line"] for one in rows)
    area = words["along"] if along else places(rows, words)
    return Saying("outage_planned", {**times, "line": line, "area": area, "reason": _reason(row, words, "planned")})


def _still_to_come(at: datetime | None, moment: Moment) -> datetime | None:
    """A moment that will still lie ahead when the text leaves; a passed estimate is no estimate."""
    return at if at is not None and at > moment.leaves else None


def _reason(row: Row, words: Mapping[str, str], otherwise: str) -> str:
    reason = " ".join(str(row["reason"] or "").split()) or words[otherwise]
    return reason if len(reason) <= _MOST_REASON else f"{reason[: _MOST_REASON - 1]}…"


def _why_changed(row: Row, known: Row, words: Mapping[str, str]) -> str:
    """Why an outage does not come as told. The reason that was told with it is that of the work, not of the change."""
    return _reason(row, words, "moved") if row["reason"] != known["told_reason"] else words["moved"]


def places(rows: Sequence[Row], words: Mapping[str, str]) -> str:
    """Where the accounts are, named by their transformer areas: the first two, and how many there are."""
    counted: dict[str, int] = {}
    for row in rows:
        name = row["area"] or words["here"]
        counted[name] = counted.get(name, 0) + 1
    named = list(counted)
    if len(named) == 1:
        count = counted[named[0]]
        return named[0] if count == 1 else words["several"].format(name=named[0], count=count)
    first = words["and"].join(named[:_PLACES])
    rest = len(named) - _PLACES
    return first if rest <= 0 else words["more"].format(names=first, count=len(named), rest=rest)
