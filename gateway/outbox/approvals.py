"""Texts a carrier has approved: where a carrier asks for that, nothing else is handed to it.

Carriers in China approve templates before they are used, and refuse some for good (domain notes §3.1); chat
platforms ask for it outside the window of a conversation (§3.8). What the carrier said is recorded by version, since
an approved text cannot be edited, only replaced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gateway.outbox.carriers import Refused

STATES: Final = ("submitted", "approved", "refused")
#: The error code of a message whose text the carrier of its lane has not approved.
NOT_APPROVED: Final = "template_not_approved"
REFUSAL: Final = Refused(code=NOT_APPROVED, for_good=True, why="the carrier has not approved this version of the text")


async def record(
    connection: Any,
    *,
    carrier: str,
    template: str,
    version: str,
    carrier_template_id: str | None,
    state: str,
    reason: str | None,
    at: datetime,
    by: str,
) -> Mapping[str, Any] | None:
    """Write down what a carrier says of a version, in the connection's transaction; what it said before."""
    before = await connection.fetchrow(
        """SELECT carrier_template_id, state, reason FROM carrier_template
           WHERE carrier = $1 AND template = $2 AND version = $3 FOR UPDATE""",
        carrier,
        template,
        version,
    )
    await connection.execute(
        """INSERT INTO carrier_template (carrier, template, version, carrier_template_id, state, reason, at, by)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
           ON CONFLICT (carrier, template, version) DO UPDATE SET
             carrier_template_id = excluded.carrier_template_id, state = excluded.state, reason = excluded.reason,
             at = excluded.at, by = excluded.by""",
        carrier,
        template,
        version,
        carrier_template_id,
        state,
        reason,
        at,
        by,
    )
    return None if before is None else dict(before)


async def of_template(connection: Any, template: str | None = None) -> list[Mapping[str, Any]]:
    """What carriers say of every version of a template, or of all of them."""
    rows = await connection.fetch(
        """SELECT carrier, template, version, carrier_template_id, state, reason, at, by FROM carrier_template
           WHERE $1::text IS NULL OR template = $1 ORDER BY template, version, carrier""",
        template,
    )
    return [dict(row) for row in rows]


async def lacking(connection: Any, versions: Sequence[tuple[str, str]]) -> list[tuple[str, tuple[str, str]]]:
    """Which of these `(template, version)` a carrier in use demands to approve and has not: `(carrier, version)`."""
    rows = await connection.fetch(
        """SELECT DISTINCT lane.carrier, asked.template, asked.version
           FROM unnest($1::text[], $2::text[]) AS asked (template, version)
           JOIN lane ON lane.enabled AND lane.approved_templates
           WHERE NOT EXISTS (SELECT 1 FROM carrier_template known WHERE known.carrier = lane.carrier
             AND known.template = asked.template AND known.version = asked.version AND known.state = 'approved')
           ORDER BY 1, 2, 3""",
        [template for template, _ in versions],
        [version for _, version in versions],
    )
    return [(row["carrier"], (row["template"], row["version"])) for row in rows]


async def unapproved(connection: Any, carrier: str, messages: Sequence[UUID]) -> frozenset[UUID]:
    """Which of these messages say what `carrier` has not approved."""
    rows = await connection.fetch(
        """SELECT m.id FROM message m WHERE m.id = ANY ($2::uuid[]) AND NOT EXISTS (
             SELECT 1 FROM carrier_template known WHERE known.carrier = $1 AND known.template = m.template
               AND known.version = m.template_version AND known.state = 'approved')""",
        carrier,
        messages,
    )
    return frozenset(row["id"] for row in rows)
