"""The head of a template file: what the text is for, and which values it takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, get_args

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from gateway.notices.wording.findings import Finding
from gateway.notices.wording.speech import ValueType
from gateway.outbox.hours import HoursClass

Klass = Literal["N", "L", "C", "S", "V"]
Purpose = Literal["billing", "outage", "service", "advice", "demand_response"]
Tone = Literal["warm", "official", "neutral"]
Kind = Literal[
    "bill", "arrears", "legal_notice", "payment_confirm", "outage_planned", "outage_fault", "outage_update",
    "restoration", "survey", "followup", "contact_confirm", "verification", "apology", "opt_out_confirm",
    "clarification", "case_progress", "advice", "announcement", "demand_response",
]  # fmt: skip
Intent = Literal[
    "score", "comment", "wrong_number", "moved_or_sold", "not_account_holder", "opt_out", "opt_in", "complaint",
    "broken_commitment", "false_closure", "repeat_appeal", "billing_dispute", "payment_made", "payment_promise",
    "payment_question", "payment_extension", "outage_report", "outage_question", "restored_confirm",
    "not_restored", "ack", "thanks", "human", "help", "safety_urgent", "abuse", "unclear",
]  # fmt: skip
KINDS: Final[tuple[str, ...]] = get_args(Kind)
INTENTS: Final[tuple[str, ...]] = get_args(Intent)

#: The longest fill of types whose length is known; the others say theirs.
_LONGEST: Final[dict[ValueType, str]] = {
    ValueType.ACCOUNT_TAIL: "0000",
    ValueType.DATE: "2025-12-28",
    ValueType.TIME: "22:58",
    ValueType.DATETIME: "2025-12-28T22:58:00+08:00",
}


def _as_written(value: object) -> object:
    """YAML reads an unquoted date as one; a sample fill is kept as it would come in JSON."""
    return value.isoformat() if isinstance(value, date | datetime) else value


Fill = Annotated[str, BeforeValidator(_as_written)]


class Variable(BaseModel):
    """One value of a text: its type, a sample, and the longest fill that is reckoned with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: ValueType
    example: Fill
    longest: Fill = ""

    @model_validator(mode="after")
    def _has_longest(self) -> Self:
        if not self.longest and self.type not in _LONGEST:
            raise ValueError(f"a variable of type {self.type.value} must say its longest fill")
        return self

    @property
    def longest_fill(self) -> str:
        """The longest fill, given or known from the type."""
        return self.longest or _LONGEST[self.type]


class FrontMatter(BaseModel):
    """What a template says about itself."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    kind: Kind
    klass: Klass = Field(alias="class")
    purpose: Purpose
    tone: Tone = "neutral"
    language: str
    hours: HoursClass
    variables: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Variable] = {}
    #: What a reply of one digit means while this text's question is open.
    codes: dict[Annotated[str, Field(pattern=r"^[0-9]$")], Intent] = {}
    #: How long the text stays true; a message that has not left by then expires, unless the caller says otherwise.
    valid_for: timedelta | None = Field(default=None, gt=timedelta(0))
    #: Parts the text may take at its longest fill; 1, or 2 for class L, unless the file says otherwise.
    segments: int = Field(default=0, ge=0, le=8)

    @model_validator(mode="after")
    def _hours_fit_the_class(self) -> Self:
        if self.klass == "C" and self.hours is not HoursClass.ADVICE:
            raise ValueError("class C keeps the hours 'advice'")
        if self.klass == "L" and self.hours is not HoursClass.LEGAL:
            raise ValueError("class L keeps the hours 'legal'")
        if self.klass == "S" and self.hours is not HoursClass.SERVICE:
            raise ValueError("class S keeps the hours 'service'")
        return self

    @property
    def most_segments(self) -> int:
        """Parts the text may take at its longest fill."""
        return self.segments or (2 if self.klass == "L" else 1)


_fenced = re.compile(r"\A---[ \t]*\n(?P<head>.*?\n)---[ \t]*\n(?P<body>.*)\Z", re.DOTALL).match


def read(path: Path, source: str) -> tuple[FrontMatter | None, str, int, list[Finding]]:
    """Split a file into its head and body.

    Answers the head (None where it is wrong), the body without blank lines around it, the number of lines
    before the body, and what is wrong.
    """
    fenced = _fenced(source)
    if fenced is None:
        return None, "", 0, [Finding(path, 1, "the file must begin with front matter between two lines of ---")]
    head, body = fenced["head"], fenced["body"]
    before = head.count("\n") + 2 + len(body) - len(body.lstrip("\n")) if body.strip() else 0
    try:
        data: Any = yaml.safe_load(head)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark is not None else 1
        return None, "", 0, [Finding(path, line, f"front matter is not YAML: {getattr(error, 'problem', error)}")]
    try:
        front = FrontMatter.model_validate(data)
    except ValidationError as error:
        return None, "", 0, [
            Finding(path, line_of(source, fault["loc"]), ": ".join(_told(fault["loc"], fault["msg"])))
            for fault in error.errors()
        ]  # fmt: skip
    if not body.strip():
        return None, "", 0, [Finding(path, head.count("\n") + 3, "the text is empty")]
    return front, body.strip(), before, []


def _told(location: tuple[int | str, ...], message: str) -> Iterator[str]:
    if location:
        yield ".".join(map(str, location))
    yield message.removeprefix("Value error, ")


def line_of(source: str, location: tuple[int | str, ...]) -> int:
    """The line of the front matter that a field stands on, as near as its keys can be followed."""
    lines = source.split("\n")
    found = 0
    for key in location:
        pattern = re.compile(rf"""\s*["']?{re.escape(str(key))}["']?\s*:""")
        found = next((n for n in range(found, len(lines)) if pattern.match(lines[n])), found)
    return found + 1
