"""What lies before a person who decides a correction: every link in full, the evidence, what was done about it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.reach import part_of, within_sql
from gateway.archive.trust.marks import MARKS
from gateway.kernel.database import driver


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFile:
    """A link of a case: the account, the number, what is known of the two together."""

    account_no: str
    holder_name: str
    address: str
    number: str
    line: str
    point_state: str
    role: str
    name: str | None
    state: str
    is_default: bool
    source: str | None
    registered_on: date | None
    updated_on: date | None
    verified_at: datetime | None
    verified_how: str | None
    reason: str | None
    needs_proof: bool
    #: Since when it waits for somebody to say, or to decide, which of several accounts was disowned.
    questioned_at: datetime | None
    #: Whether this case stopped it.
    suspended: bool
    decision: str | None
    decided_by: str | None
    decided_at: datetime | None
    #: How likely it reaches somebody who belongs to the account; None until a sweep has looked at it.
    probability: float | None
    #: Names of the marks that the figure rests on.
    marks: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A signal about one of the case's numbers."""

    at: datetime
    kind: str
    number: str
    account_no: str | None
    evidence: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofSeen:
    """A proof that was asked for a contact of the case."""

    account_no: str
    number: str
    role: str
    how: str
    state: str
    asked_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A contact that the case brought."""

    account_no: str
    number: str
    role: str
    state: str
    needs_proof: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Something that was done about the case."""

    at: datetime
    actor: str
    action: str
    after: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """All of it; evidence and what was done with the latest first."""

    links: list[LinkFile]
    brought: list[Brought]
    evidence: list[Evidence]
    proofs: list[ProofSeen]
    done: list[Done]


_MOST: Final = 100
_LINKS: Final = f"""
SELECT a.account_no, a.holder_name, pr.address, p.address AS number, p.line, p.state AS point_state, l.role, l.name,
  l.state, l.is_default, l.source, l.registered_on, l.updated_on, l.verified_at, l.verified_how, l.reason,
  l.needs_proof, l.questioned_at, c.suspended, c.decision, c.decided_by, c.decided_at, t.probability, t.marks
FROM correction_link c JOIN contact_link l ON l.id = c.link_id JOIN account a ON a.id = l.account_id
JOIN premise pr ON pr.id = a.premise_id JOIN contact_point p ON p.id = l.contact_point_id
LEFT JOIN link_trust t ON t.link_id = l.id
WHERE c.correction_id = $1 AND {within_sql("l.account_id", "$2")}
ORDER BY c.suspended DESC, a.account_no, l.id
"""
_BROUGHT: Final = f"""
SELECT a.account_no, p.address AS number, c.role, coalesce(l.state, 'revoked') AS state,
  coalesce(l.needs_proof, false) AS needs_proof
FROM correction_contact c JOIN account a ON a.id = c.account_id JOIN contact_point p ON p.id = c.contact_point_id
LEFT JOIN contact_link l ON l.id = c.link_id
WHERE c.correction_id = $1 AND {within_sql("c.account_id", "$2")} ORDER BY c.link_id
"""
_EVIDENCE: Final = f"""
SELECT s.at, s.kind, p.address AS number, a.account_no, s.evidence::text AS evidence
FROM signal s JOIN contact_point p ON p.id = s.contact_point_id LEFT JOIN account a ON a.id = s.account_id
WHERE s.contact_point_id IN (
    SELECT l.contact_point_id FROM correction_link c JOIN contact_link l ON l.id = c.link_id
    WHERE c.correction_id = $1 AND (c.suspended OR l.contact_point_id = (
      SELECT contact_point_id FROM correction WHERE id = $1))
    UNION SELECT contact_point_id FROM correction WHERE id = $1)
  AND (s.account_id IS NULL OR {within_sql("s.account_id", "$2")})
ORDER BY s.at DESC, s.id DESC LIMIT {_MOST}
"""
_PROOFS: Final = f"""
SELECT a.account_no, p.address AS number, f.role, f.how, f.state, f.asked_at, f.expires_at
FROM contact_proof f JOIN account a ON a.id = f.account_id JOIN contact_point p ON p.id = f.contact_point_id
WHERE f.correction_id = $1 AND {within_sql("f.account_id", "$2")} ORDER BY f.asked_at DESC LIMIT {_MOST}
"""
_DONE: Final = f"""
SELECT at, actor, action, after::text AS after FROM audit_entry WHERE subject = 'correction:' || $1
ORDER BY id DESC LIMIT {_MOST}
"""


async def case_evidence(session: AsyncSession, correction_id: UUID) -> list[Evidence]:
    """The signals about a case's numbers, of the accounts within reach, the latest first."""
    return [
        Evidence(**{**dict(row), "evidence": json.loads(row["evidence"])})
        for row in await (await driver(session)).fetch(_EVIDENCE, correction_id, part_of(session))
    ]


async def case_file(session: AsyncSession, correction_id: UUID) -> CaseFile:
    """All that is known of a case, of the accounts within reach."""
    connection, part = await driver(session), part_of(session)
    links: Sequence[Any] = await connection.fetch(_LINKS, correction_id, part)
    return CaseFile(
        links=[
            LinkFile(
                **{**dict(row), "marks": [mark.name for at, mark in enumerate(MARKS) if (row["marks"] or 0) >> at & 1]}
            )
            for row in links
        ],
        brought=[Brought(**dict(row)) for row in await connection.fetch(_BROUGHT, correction_id, part)],
        evidence=await case_evidence(session, correction_id),
        proofs=[ProofSeen(**dict(row)) for row in await connection.fetch(_PROOFS, correction_id, part)],
        done=[
            Done(**{**dict(row), "after": json.loads(row["after"]) if row["after"] else None})
            for row in await connection.fetch(_DONE, str(correction_id))
        ],
    )
