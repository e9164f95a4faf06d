"""What people do with cases: write on them, hand them on, close them. Nothing here commits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel import audit
from gateway.kernel.clock import Clock
from gateway.kernel.database import driver
from gateway.kernel.errors import Conflict, InvalidInput, NotFound

#: Lifts what a case holds up (the pause of an account's reminders): connection, case, actor, moment.
Lift = Callable[[Any, UUID, str, datetime], Awaitable[int]]


class Cases:
    """Use cases on one case each. Each raises NotFound, and Conflict where the case is closed."""

    def __init__(self, clock: Clock, lift: Lift) -> None:
        self._clock = clock
        self._lift = lift

    async def write(self, session: AsyncSession, case_id: UUID, *, note: str, actor: str) -> None:
        """Write something on a case."""
        connection, _ = await self._open(session, case_id)
        await self._keep(connection, case_id, "noted", note, actor, {"note": note})

    async def assign(
        self,
        session: AsyncSession,
        case_id: UUID,
        *,
        unit: str | None,
        owner_no: str | None,
        note: str | None,
        actor: str,
    ) -> None:
        """Hand a case on, to a unit or a person; its owner is never blank."""
        if unit is None and owner_no is None:
            raise InvalidInput("a case is handed on to a unit, a person or both", field="unit")
        connection, row = await self._open(session, case_id)
        await connection.execute(
            """UPDATE "case" SET unit = coalesce($2, unit), owner_no = coalesce($3, owner_no) WHERE id = $1""",
            case_id,
            unit,
            owner_no,
        )
        before = {"unit": row["unit"], "owner": row["owner_no"]}
        after = {"unit": unit or row["unit"], "owner": owner_no or row["owner_no"], "note": note}
        words = f"to {after['unit']}{f', {owner_no}' if owner_no else ''}{f': {note}' if note else ''}"
        await self._keep(connection, case_id, "assigned", words, actor, after, before)

    async def close(self, session: AsyncSession, case_id: UUID, *, outcome: str, actor: str) -> None:
        """Close a case with what came of it; what it held up goes on."""
        connection, _ = await self._open(session, case_id)
        now = self._clock.now()
        await connection.execute(
            """UPDATE "case" SET state = 'closed', closed_at = $2, closed_by = $3, outcome = $4 WHERE id = $1""",
            case_id,
            now,
            actor,
            outcome,
        )
        lifted = await self._lift(connection, case_id, actor, now)
        await self._keep(connection, case_id, "closed", outcome, actor, {"outcome": outcome, "holds_lifted": lifted})

    async def _open(self, session: AsyncSession, case_id: UUID) -> tuple[Any, Any]:
        connection = await driver(session)
        row = await connection.fetchrow(
            """SELECT state, unit, owner_no FROM "case" WHERE id = $1 FOR UPDATE""", case_id
        )
        if row is None:
            raise NotFound("There is no case with this id.")
        if row["state"] != "open":
            raise Conflict("the case is closed")
        return connection, row

    async def _keep(
        self,
        connection: Any,
        case_id: UUID,
        kind: str,
        detail: str,
        actor: str,
        after: dict[str, Any],
        before: dict[str, Any] | None = None,
    ) -> None:
        now = self._clock.now()
        await connection.execute(
            "INSERT INTO case_event (case_id, at, kind, by, detail) VALUES ($1, $2, $3, $4, $5)",
            case_id,
            now,
            kind,
            actor,
            detail,
        )
        await audit.write(
            connection,
            at=now,
            actor=actor,
            action=f"case.{kind}",
            subject=f"case:{case_id}",
            before=before,
            after=after,
        )
