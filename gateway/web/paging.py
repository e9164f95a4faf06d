"""Lists by keyset: a page starts behind the last key of the one before, so that inserts move nothing.

A cursor is opaque to callers: the list it belongs to and the key, in URL-safe base64.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Generic, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from gateway.kernel.errors import InvalidInput

T = TypeVar("T")
K = TypeVar("K", UUID, int)

MOST: Final = 500
USUAL: Final = 50


class Page(BaseModel, Generic[T]):
    """A page of a list; `next` is the cursor of the page behind it, null on the last."""

    items: list[T]
    next: str | None = None


class PageQuery(BaseModel):
    """What every list takes."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=USUAL, ge=1, le=MOST, description="Items on a page.")
    cursor: str | None = Field(default=None, max_length=200, description="`next` of the page before.")


def _with_plus(value: object) -> object:
    # A plus that was not escaped in a query arrives as a blank.
    if isinstance(value, str):
        if value.isdigit():
            raise ValueError("a time is written as in RFC 3339, such as 2025-10-01T08:00:00+08:00")
        return value.replace(" ", "+") if "T" in value else value
    return value


#: An instant in a query.
QueryTime = Annotated[AwareDatetime, BeforeValidator(_with_plus)]


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


#: Put around a list type in a query: words parted by commas.
Words = BeforeValidator(_split)


def cursor(of: str, key: UUID | int) -> str:
    """The cursor behind `key` in the list named `of`."""
    return base64.urlsafe_b64encode(f"{of}:{key}".encode()).decode().rstrip("=")


def behind(of: str, text: str | None, read: Callable[[str], K], *, field: str = "cursor") -> K | None:
    """The key in a cursor of the list `of`; None without one. Raises InvalidInput for anything else."""
    if text is None:
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        name, _, key = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii").partition(":")
        value = read(key)
    except (ValueError, binascii.Error) as error:
        raise InvalidInput("this is no cursor that a list has given", field=field) from error
    if name != of or not (isinstance(value, UUID) or 0 <= value < 2**63):
        raise InvalidInput("this cursor belongs to another list", field=field)
    return value


def cut(of: str, items: Sequence[T], limit: int, key: Callable[[T], UUID | int]) -> dict[str, Any]:
    """The fields of a Page, from up to `limit` + 1 items read."""
    shown = list(items[:limit])
    return {"items": shown, "next": cursor(of, key(shown[-1])) if len(items) > limit else None}


def in_reach(value: datetime) -> datetime:
    """`value`, refused where no calendar of this gateway reaches."""
    if not 2000 <= value.year < 2100:
        raise ValueError("the year must lie between 2000 and 2099")
    return value
