"""What bodies are made of: strict, without unknown fields, so that a slip is told and never ignored."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
)

from gateway.kernel import phones
from gateway.web.paging import in_reach

_begins_as_time: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d").match


class Body(BaseModel):
    """Root of every body."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Nothing(Body):
    """A body without fields."""


def _written(value: object) -> object:
    if not isinstance(value, str) or not _begins_as_time(value):
        raise ValueError("a time is a string as in RFC 3339, such as 2025-10-01T08:00:00+08:00")
    return value


def _in_utc(value: datetime) -> datetime:
    return in_reach(value).astimezone(UTC)


def _number(value: str) -> str:
    try:
        return phones.parse(value).e164
    except phones.InvalidPhone as error:
        raise ValueError(str(error)) from error


#: An instant, RFC 3339 with an offset, read into UTC. Strings alone come this far, and a strict field would
#: not read them.
Instant = Annotated[AwareDatetime, Field(strict=False), AfterValidator(_in_utc), BeforeValidator(_written)]
#: A telephone number, read into E.164.
Number = Annotated[str, StringConstraints(max_length=40), AfterValidator(_number)]
AccountNo = Annotated[str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z0-9_.-]+$")]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Prose = Annotated[str, StringConstraints(max_length=4000)]
#: What a template is filled with.
Values = dict[Annotated[str, StringConstraints(max_length=64)], JsonValue]


def query_number(value: Any) -> Any:
    """A number in a query, whose plus may have become a blank."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    return _number(f"+{text}" if value.startswith(" ") else text)
