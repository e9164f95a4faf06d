"""Consents given on a contact point, by purpose, with their proof (domain notes §3.1, §3.2).

What is introduced or sold goes only to those who asked for it. A consent ends when it is taken back and when its
purpose is refused; it stays on record, since the proof is asked for years later.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel import audit
from gateway.kernel.database import driver
from gateway.kernel.errors import InvalidInput, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A consent on record; `ended_at` is None while it stands."""

    purpose: str
    given_at: datetime
    source: str
    evidence: str
    recorded_by: str
    ended_at: datetime | None
    ended_by: str | None


async def give(
    session: AsyncSession, number: str, purpose: str, *, source: str, evidence: str, actor: str, at: datetime
) -> None:
    """Record a consent on a number (E.164). One that stands already keeps its first proof.

    Raises NotFound for a number the archive does not know, and InvalidInput where the purpose is refused on it:
    a refusal is taken back by the customer's own word first.
    """
    connection = await driver(session)
    point = await _point(connection, number)
    if await connection.fetchval(
        "SELECT EXISTS (SELECT 1 FROM opt_out WHERE contact_point_id = $1 AND purpose IN ($2, 'all'))", point, purpose
    ):
        raise InvalidInput("the purpose is refused on this number", field="purpose")
    given = await connection.fetchval(
        """INSERT INTO consent (contact_point_id, purpose, given_at, source, evidence, recorded_by)
           VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (contact_point_id, purpose) WHERE ended_at IS NULL DO NOTHING RETURNING id""",
        point,
        purpose,
        at,
        source,
        evidence,
        actor,
    )
    if given is not None:
        after = {"purpose": purpose, "source": source, "evidence": evidence}
        await audit.write(
            connection, at=at, actor=actor, action="consent.given", subject=f"contact_point:{point}", after=after
        )


async def take_back(session: AsyncSession, number: str, purpose: str, *, actor: str, at: datetime) -> None:
    """End a consent. Raises NotFound where none stands."""
    connection = await driver(session)
    point = await _point(connection, number)
    ended = await end(connection, point, purpose, actor=actor, at=at)
    if not ended:
        raise NotFound("no such consent stands on this number")


async def end(connection: Any, contact_point_id: int, purpose: str, *, actor: str, at: datetime) -> int:
    """End the consents on a contact point that a refusal of `purpose` (or `all`) ends; how many."""
    rows = await connection.fetch(
        """UPDATE consent SET ended_at = $3, ended_by = $4
           WHERE contact_point_id = $1 AND ended_at IS NULL AND $2 IN (purpose, 'all') RETURNING purpose""",
        contact_point_id,
        purpose,
        at,
        actor,
    )
    for row in rows:
        await audit.write(
            connection,
            at=at,
            actor=actor,
            action="consent.ended",
            subject=f"contact_point:{contact_point_id}",
            before={"purpose": row["purpose"]},
        )
    return len(rows)


async def renew(
    connection: Any,
    contact_point_id: int,
    *,
    evidence: str,
    actor: str,
    at: datetime,
    source: str = "reply",
    only: str | None = None,
) -> list[str]:
    """Give again, by the customer's own word, the consents that a refusal on the contact point ended (or `only` that
    to one purpose); their purposes.

    `evidence` says where that word stands. What was taken back otherwise stays so.
    """
    rows = await connection.fetch(
        """INSERT INTO consent (contact_point_id, purpose, given_at, source, evidence, recorded_by)
           SELECT $1, purpose, $2, $5, $3, $4 FROM (
             SELECT DISTINCT ON (purpose) purpose, ended_by FROM consent
             WHERE contact_point_id = $1 AND ($6::text IS NULL OR purpose = $6) ORDER BY purpose, id DESC
           ) AS latest WHERE starts_with(ended_by, 'refusal:')
           ON CONFLICT (contact_point_id, purpose) WHERE ended_at IS NULL DO NOTHING RETURNING purpose""",
        contact_point_id,
        at,
        evidence,
        actor,
        source,
        only,
    )
    for row in rows:
        after = {"purpose": row["purpose"], "source": source, "evidence": evidence}
        await audit.write(
            connection,
            at=at,
            actor=actor,
            action="consent.given",
            subject=f"contact_point:{contact_point_id}",
            after=after,
        )
    return sorted(row["purpose"] for row in rows)


async def of_number(session: AsyncSession, number: str) -> list[Consent]:
    """All consents ever given on a number, newest first. Raises NotFound for an unknown number."""
    connection = await driver(session)
    point = await _point(connection, number)
    rows = await connection.fetch(
        """SELECT purpose, given_at, source, evidence, recorded_by, ended_at, ended_by FROM consent
           WHERE contact_point_id = $1 ORDER BY id DESC""",
        point,
    )
    return [Consent(**row) for row in rows]


async def _point(connection: Any, number: str) -> int:
    point: int | None = await connection.fetchval(
        "SELECT id FROM contact_point WHERE kind = 'phone' AND address = $1", number
    )
    if point is None:
        raise NotFound("The archive does not know this number.")
    return point
