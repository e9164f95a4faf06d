"""Changes for the utility's own customer system: in order, each once (promise P7)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel.database import driver

#: Writers of changes go one after another until they commit, so that numbers are given in the order of commit
#: and a reader who has seen number n never finds a smaller one later.
_IN_ORDER: Final = 0x4C616D70


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChange:
    """A change about to be written: `link_revoked`, `link_added`, `role_changed` or `link_restored`."""

    kind: str
    account_no: str
    number: str
    role: str


async def record(
    connection: Any, changes: Sequence[NewChange], *, at: datetime, correction_id: UUID | None = None
) -> None:
    """Write changes in the connection's transaction, which should commit soon: other writers wait for it."""
    if not changes:
        return
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _IN_ORDER)
    await connection.execute(
        """INSERT INTO change (at, kind, account_no, number, role, correction_id)
           SELECT $1, kind, account_no, number, role, $2
           FROM unnest($3::text[], $4::text[], $5::text[], $6::text[])
             WITH ORDINALITY AS c(kind, account_no, number, role, place) ORDER BY place""",
        at,
        correction_id,
        [change.kind for change in changes],
        [change.account_no for change in changes],
        [change.number for change in changes],
        [change.role for change in changes],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StillWrong:
    """An import brought a revoked number again; `detail` is JSON: the import, its file and the row."""

    account_no: str
    number: str
    role: str
    correction_id: UUID | None
    detail: str


async def record_still_wrong(connection: Any, found: Sequence[StillWrong], *, at: datetime) -> None:
    """Tell upstream what is still wrong there, in the connection's transaction; other writers wait for it."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _IN_ORDER)
    await connection.execute(
        """INSERT INTO change (at, kind, account_no, number, role, correction_id, detail)
           SELECT $1, 'still_wrong', account_no, number, role, correction_id, detail
           FROM unnest($2::text[], $3::text[], $4::text[], $5::uuid[], $6::jsonb[])
             WITH ORDINALITY AS c(account_no, number, role, correction_id, detail, place) ORDER BY place""",
        at,
        [one.account_no for one in found],
        [one.number for one in found],
        [one.role for one in found],
        [one.correction_id for one in found],
        [one.detail for one in found],
    )


async def since(session: AsyncSession, *, after: int, limit: int) -> list[dict[str, Any]]:
    """Up to `limit` changes behind number `after` (0: from the beginning), in order.

    Each has `id, at, kind, account_no, number, role, correction_id, detail`; its `id` is the cursor behind it.
    """
    return await behind(await driver(session), after=after, limit=limit)


async def behind(connection: Any, *, after: int, limit: int) -> list[dict[str, Any]]:
    """The same on the driver's connection."""
    rows = await connection.fetch(
        """SELECT id, at, kind, account_no, number, role, correction_id, detail::text FROM change
           WHERE id > $1 ORDER BY id LIMIT $2""",
        after,
        limit,
    )
    return [{**dict(row), "detail": json.loads(row["detail"]) if row["detail"] else None} for row in rows]


async def newest(connection: Any, *, before: int | None, limit: int) -> list[dict[str, Any]]:
    """Up to `limit` changes older than number `before`, the newest first, in the same shape."""
    rows = await connection.fetch(
        """SELECT id, at, kind, account_no, number, role, correction_id, detail::text FROM change
           WHERE $1::bigint IS NULL OR id < $1 ORDER BY id DESC LIMIT $2""",
        before,
        limit,
    )
    return [{**dict(row), "detail": json.loads(row["detail"]) if row["detail"] else None} for row in rows]
