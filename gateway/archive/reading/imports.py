"""Imports and what they refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
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
    #: The headings as the file writes them; null before it was opened.
    headings: list[str] | None
    #: The import whose refused rows this one brings again, mended.
    mends: UUID | None
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
    #: The import that brought the row again, mended.
    mended_by: UUID | None = None


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


async def rejects(
    session: AsyncSession, import_id: UUID, *, after: int | None, limit: int, scopes: Sequence[str] | None = None
) -> Sequence[Reject]:
    """Up to `limit` rejects of an import (of these scopes) behind the one numbered `after`. Raises NotFound."""
    await import_(session, import_id)
    row = tables.ImportReject
    query = (
        select(row.id, row.row_number, row.column, row.reason, row.scope, row.row, row.mended_by)
        .where(row.import_id == import_id, row.id > (after or 0))
        .order_by(row.id)
        .limit(limit)
    )
    if scopes is not None:
        query = query.where(row.scope.in_(scopes))
    return [
        Reject(id=id_, row_number=number, column=column, reason=reason, scope=scope, row=values, mended_by=mended)
        for id_, number, column, reason, scope, values, mended in await session.execute(query)
    ]


async def reject_counts(session: AsyncSession, import_id: UUID) -> dict[str, int]:
    """How many rejects of each scope an import has, and of those that a person can mend how many were (`mended`)."""
    row = tables.ImportReject
    rows = await session.execute(
        select(row.scope, func.count(), func.count(row.mended_by)).where(row.import_id == import_id).group_by(row.scope)
    )
    counts = {"row": 0, "cell": 0, "conflict": 0, "mended": 0}
    for scope, number, mended in rows:
        counts[scope] = number
        counts["mended"] += mended
    return counts
