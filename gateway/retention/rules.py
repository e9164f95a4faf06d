"""What a room may say about forgetting: how long, what, and how.

A rule chooses what is older than a moment and no longer needed, a batch at a time, and lets go of it. While a
batch is under way the temporary table `held` (account_id) names the accounts about which something is still open
(`HOLDS`, filled by the roof from every room): nothing of theirs goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from gateway.kernel.ids import first_id

#: The table that names the accounts about which something is open, as long as a batch lasts.
HOLDS: Final = "held"


class Rule(Protocol):
    """One kind of thing that is kept for a number of days."""

    @property
    def name(self) -> str: ...
    @property
    def days(self) -> int:
        """How long it is kept where nobody has said otherwise."""
        ...

    @property
    def least(self) -> int:
        """The fewest days that an admin may set: what the law or the house's own working asks for."""
        ...

    async def waiting(self, connection: Any, before: datetime, most: int) -> int:
        """How many would go now, counted up to `most`."""
        ...

    async def forget(self, connection: Any, before: datetime, behind: Any, limit: int) -> tuple[int, Any]:
        """Let go of up to `limit` of what is older than `before`, behind the key `behind`, in the connection's
        transaction; how many, and the last key (None: nothing is left behind it)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """A rule made of statements.

    `choose` selects `key` (of SQL type `kind`) of what is to go: `$1` is the moment before which, `$2` the smallest
    identifier (UUID version 7) of that moment. Each of `acts` gets the keys as `$1`.
    """

    name: str
    days: int
    least: int
    kind: str
    choose: str
    acts: tuple[str, ...]

    async def waiting(self, connection: Any, before: datetime, most: int) -> int:
        """How many would go now, counted up to `most`."""
        found: int = await connection.fetchval(
            f"""SELECT count(*) FROM (SELECT key FROM ({self.choose}) AS chosen
                WHERE $1::timestamptz IS NOT NULL AND $2::uuid IS NOT NULL LIMIT $3) AS counted""",
            before,
            first_id(before),
            most,
        )
        return found

    async def forget(self, connection: Any, before: datetime, behind: Any, limit: int) -> tuple[int, Any]:
        """Let go of a batch. Keys are chosen first and changed by statements of their own: one statement that
        locks and changes rows of a partitioned table brings PostgreSQL 18.4 down."""
        rows = await connection.fetch(
            f"""SELECT key FROM ({self.choose}) AS chosen
                WHERE $1::timestamptz IS NOT NULL AND $2::uuid IS NOT NULL
                  AND ($3::{self.kind} IS NULL OR key > $3) ORDER BY key LIMIT $4""",
            before,
            first_id(before),
            behind,
            limit,
        )
        keys = [row["key"] for row in rows]
        if keys:
            for act in self.acts:
                await connection.execute(act, keys)
        return len(keys), keys[-1] if len(keys) == limit else None
