"""The policy as a form: every figure as a field with its unit, read back into changes of the document.

The document (`gateway.notices.policies.document_of`) is nested JSON with ISO 8601 durations; people see tables by
class, segment and stage. A field that still says what it said keeps the document's value to the letter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from pydantic import TypeAdapter

from gateway.archive.segments import SEGMENTS
from gateway.kernel.errors import FieldError, InvalidInput
from gateway.notices.policy import ROLES

_DURATION: Final = TypeAdapter(timedelta)
_SECONDS: Final = {"days": 86400, "hours": 3600, "minutes": 60}
_SHARES: Final = {"percent": 100, "permille": 1000}
#: Kinds that a person may speak of instead of a text.
_SPOKEN: Final = ("bill", "arrears", "legal_notice", "survey")
_STEPS: Final = ("week", "day", "eve")
_EVE: Final = {"on_the_eve": "18:00:00"}
#: Places for further channels and stages beside those there are.
_SPARE: Final = 2
_CHOICES_OF_CHANNELS: Final = 3
_MOST: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A field. `path` is where its value lies in the document; `area` has the words of its choices."""

    path: tuple[str | int, ...]
    kind: str
    label: str
    choices: tuple[str, ...] = ()
    area: str = ""

    @property
    def name(self) -> str:
        """The field's name, which is how the use case names what is wrong with it."""
        return ".".join(["policy", *map(str, self.path)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Cells side by side. `area` and `key` name the row, where it has a name."""

    key: str
    cells: tuple[Cell, ...]
    area: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the policy: a table of rows with headings, or one row of fields."""

    key: str
    rows: tuple[Row, ...]
    columns: tuple[str, ...] = ()


def _fields(prefix: tuple[str, ...], kinds: Mapping[str, str]) -> tuple[Cell, ...]:
    return tuple(Cell(path=(*prefix, name), kind=kind, label=name) for name, kind in kinds.items())


_GAPS: Final = {
    "arrears_gap": "hours", "survey_gap": "days", "commercial_gap": "days", "same_text_gap": "hours",
}  # fmt: skip
_LADDER: Final = {
    "runs_at": "time", "gap": "hours", "confirm_above": "count", "feed_may_lag": "hours", "warm_share": "percent",
    "paid_within_days": "count",
}  # fmt: skip
_LEGAL: Final = {
    "notice_days": "count", "reminded_days": "count", "stop_at": "time", "final_minutes_residential": "count",
    "final_minutes_others": "count", "restore_hours": "count", "heads": "words",
}  # fmt: skip
_PREPAYMENT: Final = {"late_bills": "count", "within_months": "count", "once_in_days": "count"}
_RATES: Final = {
    "residential": "permille", "others": "permille", "others_after_year": "permille", "minimum": "yuan",
}  # fmt: skip
_OUTAGES: Final = {
    "first": "time", "last": "time", "statutory": "days", "confirm_within": "hours", "confirm_soon": "minutes",
    "ring_after_fault": "minutes", "ring_before_start": "hours", "restoration_lasts": "hours",
    "explains_after": "minutes",
}  # fmt: skip
_SAFETY: Final = {
    "one_person_approves": "count", "halt_failures": "count", "halt_share": "percent", "trust_lasts": "days",
    "stop_shared_numbers": "flag",
}  # fmt: skip


def sections(document: Mapping[str, Any], channels: Sequence[str]) -> tuple[Section, ...]:
    """The form of a document, with places for some channels and stages more; `channels` are those there are."""
    return (
        Section(key="hours", columns=("opens", "closes", "days"), rows=tuple(map(_hours, document["hours"]))),
        Section(key="often", rows=(Row(key="often", cells=_fields((), _GAPS)),)),
        Section(key="segments", columns=("person_instead", "tone"), rows=tuple(map(_segment, SEGMENTS))),
        Section(
            key="channels",
            columns=("segment", "first_choice", "second_choice", "third_choice"),
            rows=tuple(_channel(at, channels) for at in range(len(document["channels"]) + _SPARE)),
        ),
        Section(
            key="order",
            rows=(Row(key="order", cells=tuple(_role(at) for at in range(len(ROLES)))),),
        ),
        Section(
            key="stages",
            columns=("name", "day", "by", "text", "tone", "lasts", "needs_payments", "by_itself", "stage_segments"),
            rows=tuple(map(_stage, range(len(document["ladder"]["stages"]) + _SPARE))),
        ),
        Section(key="ladder", rows=(Row(key="ladder", cells=_fields(("ladder",), _LADDER)),)),
        Section(key="legal", rows=(Row(key="legal", cells=_fields(("ladder", "legal"), _LEGAL)),)),
        Section(key="rates", rows=(Row(key="rates", cells=_fields(("ladder", "rates"), _RATES)),)),
        Section(key="prepayment", rows=(Row(key="prepayment", cells=_fields(("ladder", "prepayment"), _PREPAYMENT)),)),
        Section(
            key="reminders",
            columns=("sent", "before", "on_the_eve", "unless_told_within"),
            rows=tuple(map(_reminder, _STEPS)),
        ),
        Section(key="outages", rows=(Row(key="outages", cells=_fields(("outages",), _OUTAGES)),)),
        Section(key="safety", rows=(Row(key="safety", cells=_fields((), _SAFETY)),)),
    )


def _hours(klass: str) -> Row:
    return Row(
        key=klass,
        area="hour_classes",
        cells=(
            Cell(path=("hours", klass, "opens"), kind="time", label="opens"),
            Cell(path=("hours", klass, "closes"), kind="time", label="closes"),
            Cell(
                path=("hours", klass, "days"), kind="choice", label="days", area="hour_days",
                choices=("every day", "not on public holidays", "working days only"),
            ),
        ),
    )  # fmt: skip


def _segment(segment: str) -> Row:
    return Row(
        key=segment,
        area="segments",
        cells=(
            Cell(
                path=("person_instead", segment), kind="several", label="person_instead", choices=_SPOKEN,
                area="message_kinds",
            ),
            Cell(
                path=("tones", segment), kind="choice", label="tone", choices=("", "warm", "official"), area="tones"
            ),
        ),
    )  # fmt: skip


def _channel(at: int, channels: Sequence[str]) -> Row:
    words = ("first_choice", "second_choice", "third_choice")
    return Row(
        key=str(at),
        cells=(
            Cell(
                path=("channels", at, "segment"), kind="choice", label="segment", choices=("", *SEGMENTS),
                area="segments",
            ),
            *(
                Cell(
                    path=("channels", at, "channels", place), kind="choice", label=words[place],
                    choices=("", *channels), area="channels",
                )
                for place in range(_CHOICES_OF_CHANNELS)
            ),
        ),
    )  # fmt: skip


def _role(at: int) -> Cell:
    return Cell(path=("role_order", at), kind="choice", label=f"place_{at + 1}", choices=ROLES, area="link_roles")


def _stage(at: int) -> Row:
    def cell(name: str, kind: str, label: str = "", choices: tuple[str, ...] = (), area: str = "") -> Cell:
        return Cell(
            path=("ladder", "stages", at, name), kind=kind, label=label or name, choices=choices, area=area
        )  # fmt: skip

    return Row(
        key=str(at),
        cells=(
            cell("name", "word"),
            cell("day", "number"),
            cell("by", "choice", choices=("text", "person", "legal"), area="stage_by"),
            cell(
                "template", "choice", "text", ("arrears", "arrears_charge", "bill", "bill_reminder"), "stage_texts"
            ),
            cell("tone", "choice", choices=("", "warm", "official", "draw"), area="stage_tones"),
            cell("lasts", "days"),
            cell("needs_payments", "flag"),
            cell("by_itself", "flag"),
            cell("segments", "several", "stage_segments", tuple(SEGMENTS), "segments"),
        ),
    )  # fmt: skip


def _reminder(step: str) -> Row:
    at = _STEPS.index(step)
    path = ("outages", "reminders", at)
    cells = [Cell(path=(*path, "sent"), kind="flag", label="sent")]
    if step == "eve":
        cells.append(Cell(path=(*path, "before"), kind="none", label="before"))
        cells.append(Cell(path=(*path, "on_the_eve"), kind="time", label="on_the_eve"))
    else:
        cells.append(Cell(path=(*path, "before"), kind="hours", label="before"))
        cells.append(Cell(path=(*path, "on_the_eve"), kind="none", label="on_the_eve"))
    cells.append(Cell(path=(*path, "unless_told_within"), kind="hours", label="unless_told_within"))
    return Row(key=step, area="outage_steps", cells=tuple(cells))


# A document as the form sees it: reminders by their step, so that one that is left out keeps its place.


def _spread(document: Mapping[str, Any]) -> dict[str, Any]:
    whole = deepcopy(dict(document))
    listed = {reminder["step"]: reminder for reminder in whole["outages"]["reminders"]}
    usual = {"before": "P1D", "on_the_eve": None, "unless_told_within": "PT6H"}
    whole["outages"]["reminders"] = [
        {**usual, **(_EVE if step == "eve" else {}), **listed.get(step, {}), "sent": step in listed} for step in _STEPS
    ]
    return whole


def _value(document: Any, path: Sequence[str | int]) -> Any:
    """What lies at `path`; None where nothing does."""
    found = document
    for part in path:
        try:
            found = found[part]
        except (KeyError, IndexError, TypeError):
            return None
    return found


def _number(value: Decimal) -> str:
    whole = value.normalize()
    return format(whole, "f")


def _typed(kind: str, value: Any) -> Any:
    """A value of the document as its field shows it: a string, for `several` a tuple, for `flag` whether."""
    if kind == "flag":
        return bool(value)
    if kind == "several":
        return tuple(value or ())
    if value is None:
        return ""
    if kind in _SECONDS:
        seconds = Decimal(str(_DURATION.validate_python(value).total_seconds()))
        return _number(seconds / _SECONDS[kind])
    if kind in _SHARES:
        return _number(Decimal(str(value)) * _SHARES[kind])
    if kind == "time":
        return str(value)[:5]
    if kind == "words":
        return ", ".join(value)
    return str(value)


def values(form: Sequence[Section], document: Mapping[str, Any]) -> dict[str, Any]:
    """What each field shows, by its name."""
    whole = _spread(document)
    return {cell.name: _typed(cell.kind, _value(whole, cell.path)) for cell in _cells(form)}


def _cells(form: Sequence[Section]) -> Iterator[Cell]:
    for section in form:
        for row in section.rows:
            yield from row.cells


def read(form: Sequence[Section], given: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """The changes to `document` that a form which was sent asks for. Raises InvalidInput naming each wrong field."""
    before = _spread(document)
    after: dict[str, Any] = deepcopy(before)
    errors: list[FieldError] = []
    for cell in _cells(form):
        if cell.kind == "none":
            continue
        said = _said(cell, given)
        old = _value(before, cell.path)
        if said == _typed(cell.kind, old):
            continue
        try:
            _put(after, cell.path, _meant(cell, said))
        except (ValueError, InvalidOperation):
            message = "a time is needed, such as 08:00" if cell.kind == "time" else "a number is needed"
            errors.append(FieldError(cell.name, message, cell.kind))
    if errors:
        raise InvalidInput("the policy is wrong", errors=errors)
    _gather(after)
    return difference(document, after)


def _said(cell: Cell, given: Mapping[str, Any]) -> Any:
    found = given.get(cell.name)
    if cell.kind == "flag":
        return found is not None
    if cell.kind == "several":
        listed = [] if found is None else [found] if isinstance(found, str) else found
        return tuple(sorted(one for one in listed if one))
    text = found if isinstance(found, str) else ""
    return text.strip()


def _meant(cell: Cell, said: Any) -> Any:
    """What was typed, as the document has it. Raises ValueError for what is no number or time."""
    match cell.kind:
        case "several":
            return list(said)
        case "flag":
            return said
        case "count" | "number":
            return int(said)
        case "time":
            return time.fromisoformat(said).isoformat("seconds")
        case "words":
            return [one for one in (part.strip() for part in said.replace("，", ",").split(",")) if one]
        case "yuan":
            return _number(Decimal(said))
        case "percent":
            return float(Decimal(said) / 100)
        case "permille":
            return _number(Decimal(said) / 1000)
        case "choice":
            return said or None
        case "word":
            return said
        case _:
            length = timedelta(seconds=float(Decimal(said) * _SECONDS[cell.kind]))
            return _DURATION.dump_python(length, mode="json")


def _put(document: Any, path: Sequence[str | int], value: Any) -> None:
    place = document
    for at, part in enumerate(path[:-1]):
        empty: Any = [] if isinstance(path[at + 1], int) else {}
        if isinstance(part, int):
            while len(place) <= part:
                place.append(deepcopy(empty))
        elif part not in place:
            place[part] = empty
        place = place[part]
    last = path[-1]
    if isinstance(last, int):
        while len(place) <= last:
            place.append(None)
    place[last] = value


def _gather(document: dict[str, Any]) -> None:
    """Bring what the form spread out back into the document's shape; rows that were emptied fall away."""
    document["person_instead"] = {name: kinds for name, kinds in document["person_instead"].items() if kinds}
    document["tones"] = {name: tone for name, tone in document["tones"].items() if tone}
    document["channels"] = [
        {"segment": row["segment"], "channels": [one for one in row.get("channels", ()) if one]}
        for row in document["channels"]
        if row.get("segment")
    ]
    stages = [stage for stage in document["ladder"]["stages"] if stage.get("name")]
    for stage in stages:
        stage["kind"] = "bill" if str(stage.get("template")).startswith("bill") else "arrears"
    document["ladder"]["stages"] = sorted(stages, key=lambda stage: (stage.get("day") is None, stage.get("day") or 0))
    document["outages"]["reminders"] = [
        {"step": step, **{name: value for name, value in reminder.items() if name not in ("sent", "step")}}
        for step, reminder in zip(_STEPS, document["outages"]["reminders"], strict=True)
        if reminder["sent"]
    ]


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Merge Patch (RFC 7396) that makes `after` of `before`."""
    changes: dict[str, Any] = {name: None for name in before if name not in after}
    for name, value in after.items():
        old = before.get(name)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            if inner := difference(old, value):
                changes[name] = inner
        elif value != old:
            changes[name] = value
    return changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A value in words: its section, the row's name (`area` and `row`, or `row` as it is), its label, and the cell."""

    section: str
    row: str
    area: str
    cell: Cell
    value: Any


def lines(document: Mapping[str, Any], channels: Sequence[str]) -> dict[tuple[str, str, str], Line]:
    """Every value of a document by what names it, so that two documents can be laid side by side."""
    found: dict[tuple[str, str, str], Line] = {}
    for section in sections(document, channels):
        shown = values((section,), document)
        for row in section.rows:
            name, area = row.key, row.area
            if section.key in ("stages", "channels"):
                name = str(shown[row.cells[0].name])
                area = "stage_names" if section.key == "stages" else "segments"
                if not name:
                    continue
            for cell in row.cells[:_MOST]:
                if cell.kind != "none":
                    found[section.key, name, cell.label] = Line(
                        section=section.key, row=name, area=area, cell=cell, value=shown[cell.name]
                    )
    return found


def compared(
    before: Mapping[str, Any], after: Mapping[str, Any], channels: Sequence[str]
) -> list[tuple[Line, Line | None, Line | None]]:
    """What differs between two documents: the line (for its names), how it was and how it is; None is not there."""
    old, new = lines(before, channels), lines(after, channels)
    changed = []
    for key in dict.fromkeys([*new, *old]):
        one, other = old.get(key), new.get(key)
        if ((one and one.value) or None) != ((other and other.value) or None):
            named = other or one
            assert named is not None
            changed.append((named, one, other))
    return changed


def widened(document: Mapping[str, Any], given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document with as many empty rows more as a form that was sent has."""
    whole = deepcopy(dict(document))
    for at in range(_MOST):
        if f"policy.channels.{at}.segment" in given and at >= len(whole["channels"]):
            whole["channels"].append({})
        if f"policy.ladder.stages.{at}.name" in given and at >= len(whole["ladder"]["stages"]):
            whole["ladder"]["stages"].append({})
    return whole
