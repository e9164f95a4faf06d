"""Conflicts as they are read: what imports brought again that was stopped, one by one and summed up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.reach import part_of, within_sql
from gateway.kernel.database import driver
from gateway.kernel.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictSeen:
    """A stopped link that an import brought again."""

    id: int
    at: datetime
    account_no: str
    number: str
    #: `suspended` or `revoked`, when the file contradicted it.
    link_state: str
    import_id: UUID
    file: str
    row_number: int
    source: str | None
    #: Whether the utility's own system was told with this one.
    told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictSum:
    """Conflicts of one source, file or month: how many, and of how many links."""

    key: str
    conflicts: int
    links: int
    first_at: datetime
    last_at: datetime


_LISTED: Final = f"""
SELECT c.id, c.at, a.account_no, p.address AS number, c.link_state, c.import_id, i.filename AS file, c.row_number,
       c.source, c.told
FROM conflict c JOIN contact_link l ON l.id = c.link_id JOIN account a ON a.id = l.account_id
JOIN contact_point p ON p.id = l.contact_point_id JOIN import i ON i.id = c.import_id
WHERE ($1::uuid IS NULL OR c.import_id = $1) AND ($2::text IS NULL OR a.account_no = $2)
  AND ($3::bigint IS NULL OR c.id < $3) AND ($6::text IS NULL OR coalesce(c.source, 'unknown') = $6)
  AND {within_sql("a.id", "$5")} ORDER BY c.id DESC LIMIT $4
"""
By = Literal["source", "import", "file", "month"]
_KEYS: Final[dict[By, str]] = {
    "source": "coalesce(c.source, 'unknown')",
    "import": "c.import_id::text",
    "file": "i.filename",
    "month": "to_char(c.at AT TIME ZONE $1, 'YYYY-MM')",
}


async def conflicts(
    session: AsyncSession,
    *,
    import_id: UUID | None,
    account_no: str | None,
    before: int | None,
    limit: int,
    source: str | None = None,
) -> list[ConflictSeen]:
    """Up to `limit` conflicts older than the one numbered `before`, newest first, on accounts within reach."""
    connection = await driver(session)
    rows = await connection.fetch(_LISTED, import_id, account_no, before, limit, part_of(session), source)
    return [ConflictSeen(**dict(row)) for row in rows]


async def summed(session: AsyncSession, by: By, zone: str) -> Sequence[ConflictSum]:
    """Conflicts by source, by import, by file or by month (of `zone`), the most first, on accounts within reach."""
    if by not in _KEYS:
        raise InvalidInput(f"one of {', '.join(_KEYS)}", field="by")
    connection = await driver(session)
    rows = await connection.fetch(
        f"""SELECT {_KEYS[by]} AS key, count(*) AS conflicts, count(DISTINCT c.link_id) AS links,
                   min(c.at) AS first_at, max(c.at) AS last_at
            FROM conflict c JOIN import i ON i.id = c.import_id JOIN contact_link l ON l.id = c.link_id
            WHERE $1::text IS NOT NULL AND {within_sql("l.account_id", "$2")}
            GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 500""",
        zone,
        part_of(session),
    )
    return [ConflictSum(**dict(row)) for row in rows]
