"""Imports and what they refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive import tables
from gateway.kernel.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """A file that was handed in and how far it has got; the counts are of its rows."""

    id: UUID
    kind: str
    filename: str
    state: str
    requested_by: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    rows: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    conflicts: int
    ignored_headings: list[str]
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A row or a cell that was refused, or (`conflict`) one that contradicts a correction."""

    id: int
    #: As a person counts in the file, its heading included.
    row_number: int
    column: str | None
    reason: str
    #: `row`: nothing of the row went in; `cell`: all but this; `conflict`: a correction stands against it.
    scope: str
    row: list[str]


_IMPORT = tuple(getattr(tables.Import, name) for name in Import.__slots__)


async def imports(session: AsyncSession, *, before: UUID | None, limit: int) -> list[Import]:
    """Up to `limit` imports older than `before`, newest first."""
    query = select(*_IMPORT).order_by(tables.Import.id.desc()).limit(limit)
    if before is not None:
        query = query.where(tables.Import.id < before)
    return [Import(**row._mapping) for row in await session.execute(query)]


async def import_(session: AsyncSession, import_id: UUID) -> Import:
    """One import. Raises NotFound."""
    row = (await session.execute(select(*_IMPORT).where(tables.Import.id == import_id))).one_or_none()
    if row is None:
        raise NotFound("There is no import with this id.")
    return Import(**row._mapping)


async def rejects(session: AsyncSession, import_id: UUID, *, after: int | None, limit: int) -> Sequence[Reject]:
    """Up to `limit` rejects of an import behind the one numbered `after`. Raises NotFound."""
    await import_(session, import_id)
    row = tables.ImportReject
    query = (
        select(row.id, row.row_number, row.column, row.reason, row.scope, row.row)
        .where(row.import_id == import_id, row.id > (after or 0))
        .order_by(row.id)
        .limit(limit)
    )
    return [
        Reject(id=id_, row_number=number, column=column, reason=reason, scope=scope, row=values)
        for id_, number, column, reason, scope, values in await session.execute(query)
    ]
