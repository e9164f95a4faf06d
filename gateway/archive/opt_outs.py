"""Refusals given on a contact point, by purpose (domain notes §7 "Opt-out").

A refusal is about being told, not about who is told: it never counts against a link.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from gateway.archive import consents

PURPOSES: Final = ("billing", "outage", "service", "advice")
#: Told to those alone who asked for it, so that nobody else is told of it when everything is refused or wanted again.
ASKED_FOR: Final = ("demand_response",)
ALL: Final = "all"


async def refuse(connection: Any, contact_point_id: int, purpose: str, *, at: datetime, source: str) -> bool:
    """Note the refusal of a purpose (or `all`), which ends a consent to it; False where it stood already."""
    await consents.end(connection, contact_point_id, purpose, actor=f"refusal:{source}", at=at)
    inserted = await connection.fetchval(
        """INSERT INTO opt_out (contact_point_id, purpose, at, source)
           SELECT $1, $2, $3, $4
           WHERE NOT EXISTS (SELECT 1 FROM opt_out WHERE contact_point_id = $1 AND purpose IN ($2, 'all'))
           ON CONFLICT DO NOTHING RETURNING true""",
        contact_point_id,
        purpose,
        at,
        source,
    )
    return bool(inserted)


async def resume(connection: Any, contact_point_id: int) -> list[str]:
    """Take back every refusal of a contact point; the purposes that may be told again, in their fixed order."""
    rows = await connection.fetch("DELETE FROM opt_out WHERE contact_point_id = $1 RETURNING purpose", contact_point_id)
    refused = {row["purpose"] for row in rows}
    if ALL in refused:
        refused.update(PURPOSES)
    return in_order(refused)


def in_order(purposes: Collection[str]) -> list[str]:
    """Purposes in the order in which they are told."""
    return [purpose for purpose in (*PURPOSES, *ASKED_FOR) if purpose in purposes]


async def resume_one(connection: Any, contact_point_id: int, purpose: str, *, at: datetime) -> bool:
    """Take back the refusal of one purpose; what was refused beside it stays refused. False where it was not."""
    was = await refused(connection, contact_point_id)
    if ALL not in was and purpose not in was:
        return False
    await connection.execute(
        "DELETE FROM opt_out WHERE contact_point_id = $1 AND purpose IN ($2, 'all')", contact_point_id, purpose
    )
    if ALL in was:
        await connection.execute(
            """INSERT INTO opt_out (contact_point_id, purpose, at, source)
               SELECT $1, other, $3, 'reply' FROM unnest($2::text[]) AS other ON CONFLICT DO NOTHING""",
            contact_point_id,
            [other for other in PURPOSES if other != purpose],
            at,
        )
    return True


def still_sent(refused: Sequence[str]) -> list[str]:
    """The purposes that are told although `refused` are not, and `law`, which no refusal stops."""
    stopped = set(PURPOSES) if ALL in refused else set(refused)
    return [*(purpose for purpose in PURPOSES if purpose not in stopped), "law"]


async def refused(connection: Any, contact_point_id: int) -> list[str]:
    """The purposes refused on a contact point."""
    rows = await connection.fetch("SELECT purpose FROM opt_out WHERE contact_point_id = $1", contact_point_id)
    return [row["purpose"] for row in rows]
