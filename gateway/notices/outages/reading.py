"""Outages as they are read: lists of them, and one with its history, its notices and who was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel.database import driver
from gateway.kernel.errors import NotFound
from gateway.notices.outages.scopes import WITHIN


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeRead:
    """Where an outage is: codes of the grid (names where there is no code) and account numbers."""

    feeders: list[str] = field(default_factory=list)
    transformer_areas: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageRead:
    """An outage. `ends_at` is the planned end or the estimated restoration."""

    outage_id: str
    kind: str
    short_notice: bool
    state: str
    scope: ScopeRead
    starts_at: datetime
    ends_at: datetime | None
    crew_at: datetime | None
    restored_at: datetime | None
    reason: str | None
    customers_out: int | None
    announced_at: datetime
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionRead:
    """An outage as it stood from a moment on."""

    revision: int
    at: datetime
    by: str
    state: str
    starts_at: datetime
    ends_at: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowerRead:
    """A notice about an outage, and what it says next by the calendar."""

    notice_id: UUID
    kind: str
    state: str
    follow: bool
    next_step: str | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageDetail(OutageRead):
    """An outage with its history, its notices, and how many accounts know what of it."""

    history: list[RevisionRead]
    notices: list[FollowerRead]
    #: Accounts that it takes in by the grid as it is now.
    affected: int
    #: What accounts were told last (`off`, `on`, `not_affected`, `cancelled`) → number of accounts.
    told: dict[str, int]
    reports: int


_SCOPE: Final = """
SELECT s.outage_id, coalesce(f.code, f.name) AS feeder, coalesce(t.code, t.name) AS area, a.account_no
FROM outage_scope s LEFT JOIN feeder f ON f.id = s.feeder_id
LEFT JOIN transformer_area t ON t.id = s.transformer_area_id
LEFT JOIN account a ON a.id = s.account_id WHERE s.outage_id = ANY($1::int[]) ORDER BY s.id
"""
_LIST: Final = """
SELECT o.* FROM outage o
WHERE ($1::text[] IS NULL OR o.state = ANY($1)) AND ($2::text[] IS NULL OR o.kind = ANY($2))
  AND ($3::timestamptz IS NULL OR o.starts_at >= $3) AND ($4::timestamptz IS NULL OR o.starts_at < $4)
  AND ($5::int IS NULL OR o.id < $5)
  AND ($6::text IS NULL OR EXISTS (
    SELECT 1 FROM outage_scope s, account a LEFT JOIN transformer_area t ON t.id = a.transformer_area_id
    WHERE s.outage_id = o.id AND a.account_no = $6
      AND (s.account_id = a.id OR s.transformer_area_id = t.id OR s.feeder_id = t.feeder_id)))
ORDER BY o.id DESC LIMIT $7
"""
_TOLD: Final = """
SELECT said, count(*) AS accounts FROM (
  SELECT DISTINCT ON (t.account_id) t.said FROM outage_told t JOIN message m ON m.id = t.message_id
  WHERE t.outage_id = $1 AND m.state IN ('sending', 'uncertain', 'sent', 'delivered')
  ORDER BY t.account_id, t.message_id DESC) AS last
GROUP BY said
"""
_AFFECTED: Final = f"SELECT count(*) FROM ({WITHIN}) AS within"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageFilter:
    """Which to list; everything given must hold. `since` and `until` are about the start."""

    states: Sequence[str] | None = None
    kinds: Sequence[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    account_no: str | None = None


async def outages(
    session: AsyncSession, wanted: OutageFilter, *, before: int | None, limit: int
) -> list[tuple[int, OutageRead]]:
    """Up to `limit` outages with their row's key, newest first, older than `before`."""
    connection = await driver(session)
    rows = await connection.fetch(
        _LIST, wanted.states, wanted.kinds, wanted.since, wanted.until, before, wanted.account_no, limit
    )
    scopes = await _scopes(connection, [row["id"] for row in rows])
    return [(row["id"], OutageRead(**_facts(row), scope=scopes[row["id"]])) for row in rows]


async def outage(session: AsyncSession, outage_no: str) -> OutageDetail:
    """One outage. Raises NotFound."""
    connection = await driver(session)
    row = await connection.fetchrow("SELECT * FROM outage WHERE outage_no = $1", outage_no)
    if row is None:
        raise NotFound(f"There is no outage {outage_no}.")
    id_ = row["id"]
    history = await connection.fetch(
        """SELECT revision, at, by, state, starts_at, ends_at, reason FROM outage_revision
           WHERE outage_id = $1 ORDER BY revision""",
        id_,
    )
    notices = await connection.fetch(
        """SELECT f.notice_id, n.kind, n.state, f.follows AS follow, f.next_step, f.next_at
           FROM outage_notice f JOIN notice n ON n.id = f.notice_id WHERE f.outage_id = $1 ORDER BY n.id""",
        id_,
    )
    scopes = await _scopes(connection, [id_])
    return OutageDetail(
        **_facts(row),
        scope=scopes[id_],
        history=[RevisionRead(**one) for one in history],
        notices=[FollowerRead(**one) for one in notices],
        affected=await connection.fetchval(_AFFECTED, id_),
        told={one["said"]: one["accounts"] for one in await connection.fetch(_TOLD, id_)},
        reports=await connection.fetchval("SELECT count(*) FROM outage_report WHERE outage_id = $1", id_),
    )


def _facts(row: Any) -> dict[str, Any]:
    names = set(OutageRead.__slots__) - {"outage_id", "scope"}
    return {"outage_id": row["outage_no"], **{name: row[name] for name in names}}


async def _scopes(connection: Any, outages: Sequence[int]) -> dict[int, ScopeRead]:
    scopes = {id_: ScopeRead() for id_ in outages}
    for row in await connection.fetch(_SCOPE, list(outages)):
        scope = scopes[row["outage_id"]]
        for names, name in (
            (scope.feeders, row["feeder"]),
            (scope.transformer_areas, row["area"]),
            (scope.accounts, row["account_no"]),
        ):
            if name is not None:
                names.append(name)
    return scopes
