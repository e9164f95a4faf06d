"""Reading ahead: a file into chunks of parsed rows, beside the merging of the chunk before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gateway.archive.importing.kinds import ImportKind, Parsed, Refusal
from gateway.archive.importing.reading import Reader, RowRefused
from gateway.kernel.tabular import Reject, Row, Table


@dataclass(slots=True)
class Chunk:
    """Some rows of a file: those that were parsed, what was refused, and how many rows of the file it was."""

    parsed: list[Parsed[Any]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    unreadable: list[Reject] = field(default_factory=list)
    rows: int = 0


def read_ahead(kind: ImportKind[Any], table: Table, reader: Reader, *, size: int, behind: int = 0) -> Iterator[Chunk]:
    """Chunks of about `size` rows, leaving out the first `behind`, which were done before.

    Rows that stand together and belong together (`ImportKind.group`) stay in one chunk, up to twice the size.
    """
    chunk = Chunk()
    last: object = None
    for item in table:
        if isinstance(item, Reject) and item.scope == "cell":
            if behind <= 0:
                chunk.unreadable.append(item)
            continue
        if behind > 0:
            behind -= 1
            continue
        parsed, refusals = (None, []) if isinstance(item, Reject) else _parsed(kind, reader, item)
        group = None if parsed is None else kind.group(parsed.record)
        if chunk.rows >= size and (group is None or group != last or chunk.rows >= 2 * size):
            yield chunk
            chunk = Chunk()
        last = group
        chunk.rows += 1
        chunk.refusals += refusals
        if isinstance(item, Reject):
            chunk.unreadable.append(item)
        elif parsed is not None:
            chunk.parsed.append(parsed)
    if chunk.rows or chunk.unreadable:
        yield chunk


def _parsed(kind: ImportKind[Any], reader: Reader, row: Row) -> tuple[Parsed[Any] | None, list[Refusal]]:
    """The record of a row with the cells that were refused, or why there is none."""
    reader.stand_on(row)
    try:
        record = kind.parse(reader)
    except RowRefused as refused:
        return None, [Refusal(row=row, column=refused.column, reason=refused.reason)]
    if not reader.refused:
        return Parsed(row, record), []
    return Parsed(row, record), [
        Refusal(row=row, column=column, reason=reason, scope="cell") for column, reason in reader.refused
    ]
