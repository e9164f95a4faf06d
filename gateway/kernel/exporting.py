"""Rows of a statement as rows of a file: streamed, so that memory stays flat however long it is."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Any, Final

#: A telephone number as exports show it: its beginning and its last four digits.
MASKED: Final = "left({0}, greatest(length({0}) - 8, 0)) || '****' || right({0}, 4)"
#: Whether the moment of a row lies from $1 to before $2, either of them open.
SPAN: Final = "($1::timestamptz IS NULL OR {0} >= $1) AND ($2::timestamptz IS NULL OR {0} < $2)"
_PAGE: Final = 2000


async def pages(
    connection: Any,
    query: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    staff_no: str | None = None,
) -> AsyncGenerator[list[Sequence[Any]], None]:
    """The heading and then the rows of a statement of `SPAN`, some thousand at a time, in the connection's
    transaction. `staff_no` is who exports in person, for statements that keep something from them ($3)."""
    statement = await connection.prepare(query)
    yield [[attribute.name for attribute in statement.get_attributes()]]
    values = (since, until, staff_no)
    cursor = await statement.cursor(*values[: len(statement.get_parameters())])
    while rows := await cursor.fetch(_PAGE):
        yield [list(row) for row in rows]
