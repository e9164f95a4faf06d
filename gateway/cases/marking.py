"""What people decide about repeats: merged, split, excluded, challenged; each with a reason, and never deleted."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.reach import part_of, within_sql
from gateway.cases.repeats import Code
from gateway.kernel import audit
from gateway.kernel.acting import needs, require
from gateway.kernel.clock import Clock
from gateway.kernel.database import driver
from gateway.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a person decided, or contests."""

    id: int
    kind: str
    work_order_no: str
    other_no: str | None
    code: Code | None
    reason: str
    evidence: str | None
    at: datetime
    by: str
    upheld: bool | None
    decided_at: datetime | None
    decided_by: str | None
    decision: str | None
    withdrawn_at: datetime | None
    withdrawn_by: str | None


_MARK_FIELDS: Final = ", ".join(field.name for field in fields(Mark))


async def standing(connection: Any) -> list[Mark]:
    """The marks that nobody took back, oldest first."""
    rows = await connection.fetch(f"SELECT {_MARK_FIELDS} FROM repeat_mark WHERE withdrawn_at IS NULL ORDER BY id")
    return [Mark(**row) for row in rows]


class Repeats:
    """What people do about repeats. Each use case works in the session's transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @needs("cases:write")
    async def mark(
        self,
        session: AsyncSession,
        *,
        kind: str,
        work_order_no: str,
        other_no: str | None = None,
        code: Code | None = None,
        reason: str,
        evidence: str | None = None,
        actor: str,
    ) -> Mark:
        """Merge an order with another, split it off, exclude it under a code, or challenge it (申诉).

        Raises InvalidInput for an order that is not there or out of reach, and Conflict where it is marked so already.
        """
        connection = await driver(session)
        for number, field in ((work_order_no, "work_order"), (other_no, "other")):
            if number is not None and not await _reached(session, connection, number):
                raise InvalidInput(f"there is no work order {number}", field=field)
        if kind == "merged" and other_no in (None, work_order_no):
            raise InvalidInput("a merge names another work order", field="other")
        if kind == "excluded" and not (code and evidence):
            raise InvalidInput("an exclusion needs its code and its evidence", field="code" if not code else "evidence")
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('repeat:' || $1, 0))", work_order_no)
        if await connection.fetchval(
            """SELECT EXISTS (SELECT 1 FROM repeat_mark WHERE kind = $1 AND work_order_no = $2
                 AND other_no IS NOT DISTINCT FROM $3 AND withdrawn_at IS NULL)""",
            kind,
            work_order_no,
            other_no,
        ):
            raise Conflict(f"work order {work_order_no} is {kind} already")
        row = await connection.fetchrow(
            f"""INSERT INTO repeat_mark (kind, work_order_no, other_no, code, reason, evidence, at, by)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING {_MARK_FIELDS}""",
            kind,
            work_order_no,
            other_no,
            code,
            reason,
            evidence,
            self._clock.now(),
            actor,
        )
        return await self._kept(connection, Mark(**row), f"repeat.{kind}", actor)

    @needs("cases:review")
    async def decide(self, session: AsyncSession, mark_id: int, *, upheld: bool, note: str, actor: str) -> Mark:
        """Decide a challenge: somebody else than raised it. Raises NotFound, Conflict, Forbidden."""
        connection = await driver(session)
        mark = await self._locked(session, connection, mark_id)
        if mark.kind != "challenged" or mark.decided_at is not None:
            raise Conflict("only a challenge that nobody has decided can be decided")
        if mark.by == actor:
            raise Forbidden("a challenge is decided by somebody other than who raised it")
        row = await connection.fetchrow(
            f"""UPDATE repeat_mark SET upheld = $2, decision = $3, decided_at = $4, decided_by = $5 WHERE id = $1
                RETURNING {_MARK_FIELDS}""",
            mark_id,
            upheld,
            note,
            self._clock.now(),
            actor,
        )
        return await self._kept(connection, Mark(**row), "repeat.challenge_decided", actor)

    @needs("cases:write")
    async def withdraw(self, session: AsyncSession, mark_id: int, *, actor: str) -> Mark:
        """Take a mark back; it stays visible. Raises NotFound, Conflict."""
        connection = await driver(session)
        await self._locked(session, connection, mark_id)
        row = await connection.fetchrow(
            f"""UPDATE repeat_mark SET withdrawn_at = $2, withdrawn_by = $3 WHERE id = $1 RETURNING {_MARK_FIELDS}""",
            mark_id,
            self._clock.now(),
            actor,
        )
        return await self._kept(connection, Mark(**row), "repeat.withdrawn", actor)

    async def _locked(self, session: AsyncSession, connection: Any, mark_id: int) -> Mark:
        row = await connection.fetchrow(f"SELECT {_MARK_FIELDS} FROM repeat_mark WHERE id = $1 FOR UPDATE", mark_id)
        if row is None or not await _reached(session, connection, row["work_order_no"]):
            raise NotFound("There is no mark with this id.")
        if row["withdrawn_at"] is not None:
            raise Conflict("it was taken back already")
        return Mark(**row)

    async def _kept(self, connection: Any, mark: Mark, action: str, actor: str) -> Mark:
        await audit.write(
            connection,
            at=self._clock.now(),
            actor=actor,
            action=action,
            subject=f"work_order:{mark.work_order_no}",
            after={
                "mark": mark.id,
                "other": mark.other_no,
                "code": mark.code,
                "reason": mark.reason,
                "upheld": mark.upheld,
            },
        )
        return mark


async def _reached(session: AsyncSession, connection: Any, work_order_no: str) -> bool:
    """Whether there is this order for who acts: of an account within their part, or any for the whole utility."""
    there: bool = await connection.fetchval(
        f"""SELECT EXISTS (SELECT 1 FROM work_order w WHERE w.work_order_no = $1
              AND {within_sql("w.account_id", "$2")})""",
        work_order_no,
        part_of(session),
    )
    return there


async def marks(session: AsyncSession, work_order_no: str | None, *, before: int | None, limit: int) -> list[Mark]:
    """Up to `limit` marks made before `before`, newest first; taken back ones among them."""
    require(session, "cases:read")
    connection = await driver(session)
    rows = await connection.fetch(
        f"""SELECT {_MARK_FIELDS} FROM repeat_mark k
            WHERE ($1::text IS NULL OR work_order_no = $1 OR other_no = $1) AND ($2::bigint IS NULL OR id < $2)
              AND ($4::int[] IS NULL OR EXISTS (SELECT 1 FROM work_order w WHERE w.work_order_no = k.work_order_no
                                                  AND {within_sql("w.account_id", "$4")}))
            ORDER BY id DESC LIMIT $3""",
        work_order_no,
        before,
        limit,
        part_of(session),
    )
    return [Mark(**row) for row in rows]
