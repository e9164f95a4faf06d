"""How far other systems have taken changes over: each has a name and says up to where.

A correction is complete only when every system that takes changes has acknowledged all of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.kernel import audit
from gateway.kernel.errors import InvalidInput

#: The utility's own customer system, which acknowledges where nobody else is named.
OWN: Final = "upstream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A system and the change up to which it has taken everything over."""

    consumer: str
    acknowledged: int
    acknowledged_at: datetime | None
    #: Changes behind that.
    behind: int


async def acknowledge(connection: Any, consumer: str, upto: int, *, actor: str, at: datetime) -> Taken:
    """Note that a system has taken over every change up to number `upto`; never back. A new name is made known.

    Raises InvalidInput for a change that there is not.
    """
    newest = await connection.fetchval("SELECT coalesce(max(id), 0) FROM change")
    if not 0 <= upto <= newest:
        raise InvalidInput("there is no such change yet", field="cursor")
    moved = await connection.fetchval(
        """INSERT INTO change_consumer AS c (name, acknowledged, acknowledged_at, made_at) VALUES ($1, $2, $3, $3)
           ON CONFLICT (name) DO UPDATE SET acknowledged = excluded.acknowledged,
             acknowledged_at = excluded.acknowledged_at WHERE c.acknowledged < excluded.acknowledged
           RETURNING true""",
        consumer,
        upto,
        at,
    )
    if moved:
        await audit.write(
            connection,
            at=at,
            actor=actor,
            action="changes.acknowledged",
            subject=f"change_consumer:{consumer}",
            after={"upto": upto},
        )
    return next(one for one in await consumers(connection) if one.consumer == consumer)


async def consumers(connection: Any) -> list[Taken]:
    """Every system that takes changes, by name."""
    rows = await connection.fetch(
        """SELECT name AS consumer, acknowledged, acknowledged_at,
                  (SELECT count(*) FROM change WHERE id > acknowledged) AS behind
           FROM change_consumer ORDER BY name"""
    )
    return [Taken(**dict(row)) for row in rows]
