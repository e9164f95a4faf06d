"""Lists that are looked through and put in order on the server, whatever page of them is shown.

As it comes, a list goes page by page behind its cursor. Asked to find words or to sort by a column, it is read
further on, up to MOST rows, looked through, put in order, and its cursor then leads through what was found. Where
there are more than MOST rows the page says that only so many were looked through.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from gateway.kernel.database import driver
from gateway.kernel.errors import InvalidInput
from gateway.kernel.logs import mask_numbers
from gateway.staff import directory, members
from gateway.web.console.pages import LONGEST_FILE, ListQuery, View
from gateway.web.paging import behind, cut

T = TypeVar("T")
K = TypeVar("K", UUID, int)

#: Rows that are looked through at most.
MOST: Final = LONGEST_FILE


@dataclass(frozen=True, slots=True)
class Terms(Generic[T]):
    """A column of a closed list: sorted and found by the words of `area` in the viewer's language."""

    area: str
    of: Callable[[T], Any]


@dataclass(frozen=True, slots=True)
class Staff(Generic[T]):
    """A column of people by their staff number: sorted and found by their names too."""

    of: Callable[[T], Any]


@dataclass(frozen=True, slots=True)
class Teams(Generic[T]):
    """A column of teams by their code."""

    of: Callable[[T], Any]


@dataclass(frozen=True, slots=True)
class Actors(Generic[T]):
    """A column of who did it, as the audit trail names them."""

    of: Callable[[T], Any]


Column = Callable[[T], Any] | Terms[T] | Staff[T] | Teams[T] | Actors[T]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[T]):
    """A page of a list, and what was asked of the whole of it."""

    name: str
    items: list[T]
    next: str | None
    #: Terms of the headings that it can be sorted by.
    columns: frozenset[str]
    find: str = ""
    #: The heading it is sorted by, and whether the greatest comes first.
    sort: str | None = None
    falling: bool = False
    #: How many rows were found; None where nothing was asked for.
    found: int | None = None
    #: Whether there are more rows than were looked through.
    more: bool = False


async def listed(
    view: View,
    name: str,
    read: Callable[[K | None, int], Awaitable[Sequence[T]]],
    key: Callable[[T], K],
    columns: Mapping[str, Column[T]],
    *,
    of: Callable[[str], K] = UUID,  # type: ignore[assignment]
    query: ListQuery | None = None,
    whole: bool = False,
) -> Listing[T]:
    """The page that is asked for. `read` gives up to so many rows behind a key in the list's own order; for a list
    that has none behind a key (`whole`) its first rows, which are then cut into pages.

    `columns` are what can be sorted by and is looked through, by the words of their headings; `of` reads a key from
    a cursor. The table named `name` shows it (`ui.table`).
    """
    asked = query if query is not None else view.query if isinstance(view.query, ListQuery) else ListQuery()
    falling = asked.sort is not None and asked.sort.startswith("-")
    sort = asked.sort.removeprefix("-") if asked.sort else None
    sort = sort if sort in columns else None
    if asked.find or sort or whole:
        listing = await _ordered(view, name, read, key, columns, asked, sort, falling, of)
    else:
        rows = await read(behind(name, asked.cursor, of), asked.limit + 1)
        page = cut(name, rows, asked.limit, key)
        listing = Listing(name=name, items=page["items"], next=page["next"], columns=frozenset(columns))
    view.listing = listing
    return listing


async def _ordered(
    view: View,
    name: str,
    read: Callable[[K | None, int], Awaitable[Sequence[T]]],
    key: Callable[[T], K],
    columns: Mapping[str, Column[T]],
    asked: ListQuery,
    sort: str | None,
    falling: bool,
    of: Callable[[str], K],
) -> Listing[T]:
    rows = list(await read(None, MOST + 1))
    more, rows = len(rows) > MOST, rows[:MOST]
    values = {title: await _values(view, column, rows) for title, column in columns.items()}
    wanted = (asked.find or "").casefold().split()
    chosen = [
        at
        for at in range(len(rows))
        if not wanted or _holds(wanted, " ".join(_text(view, cells[at]) for cells in values.values()))
    ]
    if sort is not None:
        chosen.sort(key=lambda at: _order(values[sort][at]), reverse=falling)
    last = behind(f"{name}~", asked.cursor, of)
    begin = 0
    if last is not None:
        begin = next((place + 1 for place, at in enumerate(chosen) if key(rows[at]) == last), -1)
        if begin < 0:
            raise InvalidInput("this cursor belongs to another list", field="cursor")
    page = cut(f"{name}~", [rows[at] for at in chosen[begin : begin + asked.limit + 1]], asked.limit, key)
    return Listing(
        name=name, items=page["items"], next=page["next"], columns=frozenset(columns), find=asked.find or "",
        sort=sort, falling=falling, found=len(chosen), more=more,
    )  # fmt: skip


async def _values(view: View, column: Column[T], rows: Sequence[T]) -> list[Any]:
    """What a column says of each row, as people read it."""
    if isinstance(column, Terms):
        return [view.word(column.area, value) if (value := column.of(row)) is not None else None for row in rows]
    if isinstance(column, Staff):
        numbers = [column.of(row) for row in rows]
        names = await directory.names(await driver(view.session), [one for one in numbers if one])
        return [f"{names.get(one, '')} {one}".strip() if one else None for one in numbers]
    if isinstance(column, Teams):
        teams = await directory.team_names(await driver(view.session))
        return [teams.get(code, code) if (code := column.of(row)) else None for row in rows]
    if isinstance(column, Actors):
        people = await members.names(view.session)
        return [people.get(actor, actor) if (actor := column.of(row)) else None for row in rows]
    return [column(row) for row in rows]


def _text(view: View, value: Any) -> str:
    """A value as it is looked for: times by the viewer's clock."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(view.zone):%Y-%m-%d %H:%M}"
    if isinstance(value, (list, tuple)):
        return " ".join(_text(view, one) for one in value)
    return mask_numbers(str(value))


def _holds(words: Sequence[str], text: str) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words)


def _order(value: Any) -> tuple[int, Any]:
    """Numbers and times by their worth, words by themselves; what is empty comes first."""
    if value is None or value == "":
        return (0, 0)
    if isinstance(value, bool | int | float | Decimal):
        return (1, value)
    if isinstance(value, datetime):
        return (2, value.timestamp())
    if isinstance(value, date):
        return (2, datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp())
    if isinstance(value, (list, tuple)):
        return (3, " ".join(map(str, value)).casefold())
    return (3, str(value).casefold())
