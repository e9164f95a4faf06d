"""How long things are kept: what is in force, changed by an admin with a reason, carried out every night in batches.

The audit trail is kept the longest of all, so that whatever can still be seen can also be explained. A batch is a
transaction of its own, so nothing waits for long and a night that breaks off has done what it had done.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as time_of_day
from typing import Any, Final
from zoneinfo import ZoneInfo

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel import audit
from gateway.kernel.acting import needs
from gateway.kernel.clock import Clock
from gateway.kernel.database import Database, driver
from gateway.kernel.errors import InvalidInput, NotFound
from gateway.kernel.logs import logger
from gateway.retention.rules import HOLDS, Rule

log = logger(__name__)

ACTOR: Final = "clock"
#: The rule of the trail itself, which no other may outlast.
AUDIT: Final = "audit"
MOST_DAYS: Final = 36_500
#: Changed in one transaction, and counted at most for somebody who wants to know.
BATCH: Final = 500
COUNTED: Final = 10_000
_LOCK: Final = 0x4C616D76


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How long one kind of thing is kept, by whose word, and what its last night did."""

    name: str
    days: int
    usual: int
    least: int
    why: str | None
    changed_at: datetime | None
    changed_by: str | None
    last_at: datetime | None
    removed: int | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A rule that was carried out."""

    id: int
    rule: str
    at: datetime
    before: datetime
    removed: int
    seconds: float
    error: str | None


class Retention:
    """What is kept how long. `holds` are statements, one a room, each selecting accounts about which something is
    open: nothing of theirs goes."""

    #: When things go each night, at the utility's home.
    HOUR: Final = time_of_day(2, 0)

    def __init__(
        self, database: Database, clock: Clock, rules: Sequence[Rule], holds: Sequence[str], *, zone: ZoneInfo
    ) -> None:
        self._database = database
        self._clock = clock
        self.rules: Mapping[str, Rule] = {rule.name: rule for rule in rules}
        self._holds = tuple(holds)
        self._zone = zone

    async def kept(self, session: AsyncSession) -> list[Kept]:
        """Every rule as it is in force, in the order of the house."""
        connection = await driver(session)
        said = {row["name"]: row for row in await connection.fetch("SELECT * FROM retention_rule")}
        last = {
            row["rule"]: row
            for row in await connection.fetch(
                "SELECT DISTINCT ON (rule) rule, at, removed, error FROM retention_run ORDER BY rule, id DESC"
            )
        }
        return [_kept(rule, said.get(rule.name), last.get(rule.name)) for rule in self.rules.values()]

    @needs("policy:write", whole=True)
    async def change(self, session: AsyncSession, name: str, *, days: int, why: str, actor: str) -> None:
        """Keep a kind of thing for `days` from now on.

        Raises NotFound for a rule that there is not, InvalidInput for fewer days than it allows, for more than
        the audit trail is kept, and for an audit trail that would be outlasted.
        """
        rule = self.rules.get(name)
        if rule is None:
            raise NotFound("There is no such rule of retention.")
        if not why.strip():
            raise InvalidInput("say why", field="why")
        if not rule.least <= days <= MOST_DAYS:
            raise InvalidInput(f"between {rule.least} and {MOST_DAYS} days", field="days")
        connection = await driver(session)
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK + 1)
        in_force = await self._days(connection)
        others = {one: kept for one, kept in in_force.items() if one != AUDIT}
        if name == AUDIT and days < max(others.values()):
            raise InvalidInput(
                f"the audit trail is kept the longest: {max(others.values())} days or more", field="days"
            )
        if name != AUDIT and AUDIT in in_force and days > in_force[AUDIT]:
            raise InvalidInput(f"no longer than the audit trail: {in_force[AUDIT]} days", field="days")
        now = self._clock.now()
        await connection.execute(
            """INSERT INTO retention_rule (name, days, why, changed_at, changed_by) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (name) DO UPDATE SET days = excluded.days, why = excluded.why,
                 changed_at = excluded.changed_at, changed_by = excluded.changed_by""",
            name,
            days,
            why,
            now,
            actor,
        )
        await audit.write(
            connection,
            at=now,
            actor=actor,
            action="retention.changed",
            subject=f"retention:{name}",
            before={"days": in_force[name]},
            after={"days": days, "why": why},
        )

    async def waiting(self, session: AsyncSession, name: str, days: int | None = None) -> int:
        """How many things would go tonight if `name` were kept for `days` (those in force), up to `COUNTED` + 1."""
        rule = self.rules.get(name)
        if rule is None:
            raise NotFound("There is no such rule of retention.")
        connection = await driver(session)
        kept = days if days is not None else (await self._days(connection))[name]
        await self._hold(connection)
        return await rule.waiting(connection, self._clock.now() - timedelta(days=kept), COUNTED + 1)

    async def runs(self, session: AsyncSession, *, before: int | None, limit: int) -> list[Ran]:
        """Up to `limit` rules carried out, the newest first."""
        connection = await driver(session)
        rows = await connection.fetch(
            "SELECT * FROM retention_run WHERE $1::int IS NULL OR id < $1 ORDER BY id DESC LIMIT $2", before, limit
        )
        return [Ran(**dict(row)) for row in rows]

    async def run_if_due(self, *, every: timedelta = timedelta(days=1)) -> dict[str, int] | None:
        """Carry everything out where a night has come since the last one, `every` so often."""
        now = self._clock.now()
        async with self._database.connection() as connection:
            last = await connection.fetchval("SELECT max(at) FROM retention_run")
        home = now.astimezone(self._zone)
        night = datetime.combine(home.date(), self.HOUR, self._zone)
        if night > home:
            night -= timedelta(days=1)
        if last is not None and last >= night - (every - timedelta(days=1)):
            return None
        return await self.run()

    async def run(self, names: Sequence[str] | None = None) -> dict[str, int] | None:
        """Carry out these rules (all); how many things went by rule. None while another node is at it."""
        async with self._database.connection() as holder:
            if not await holder.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
                return None
            try:
                return await self._run(names)
            finally:
                await holder.fetchval("SELECT pg_advisory_unlock($1)", _LOCK)

    async def _run(self, names: Sequence[str] | None) -> dict[str, int]:
        now = self._clock.now()
        async with self._database.connection() as connection:
            days = await self._days(connection)
        gone: dict[str, int] = {}
        for name in names if names is not None else self.rules:
            before, began = now - timedelta(days=days[name]), time.perf_counter()
            removed, error = await self._carry_out(self.rules[name], before)
            gone[name] = removed
            if removed or error or names is None:
                await self._note(name, now, before, removed, time.perf_counter() - began, error)
        if any(gone.values()):
            log.info("retention carried out", **gone)
        return gone

    async def _carry_out(self, rule: Rule, before: datetime) -> tuple[int, str | None]:
        """All that is due of a rule, batch by batch; a fault ends this rule for the night, not the others."""
        removed, behind = 0, None
        while True:
            try:
                async with self._database.work() as work:
                    await self._hold(work.connection)
                    found, behind = await rule.forget(work.connection, before, behind, BATCH)
                    await work.commit()
            except (asyncpg.PostgresError, OSError) as error:
                log.error("retention broke off", rule=rule.name, exc_info=error)
                return removed, type(error).__name__
            removed += found
            if behind is None:
                return removed, None

    async def _hold(self, connection: Any) -> None:
        """Name the accounts about which something is open, for as long as the transaction lasts."""
        await connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {HOLDS} (account_id bigint) ON COMMIT DROP")
        await connection.execute(f"TRUNCATE {HOLDS}")
        for statement in self._holds:
            await connection.execute(
                f"INSERT INTO {HOLDS} SELECT account_id FROM ({statement}) AS open_things (account_id)"
            )
        await connection.execute(f"CREATE INDEX ON {HOLDS} (account_id)")

    async def _note(
        self, name: str, at: datetime, before: datetime, removed: int, seconds: float, error: str | None
    ) -> None:
        async with self._database.work() as work:
            await work.execute(
                """INSERT INTO retention_run (rule, at, before, removed, seconds, error)
                   VALUES ($1, $2, $3, $4, $5, $6)""",
                name,
                at,
                before,
                removed,
                seconds,
                error,
            )
            if removed:
                await audit.write(
                    work.connection,
                    at=at,
                    actor=ACTOR,
                    action="retention.carried_out",
                    subject=f"retention:{name}",
                    after={"removed": removed, "before": before.isoformat()},
                )
            await work.commit()

    async def _days(self, connection: Any) -> dict[str, int]:
        said = {row["name"]: row["days"] for row in await connection.fetch("SELECT name, days FROM retention_rule")}
        return {name: said.get(name, rule.days) for name, rule in self.rules.items()}


def _kept(rule: Rule, said: Any, last: Any) -> Kept:
    return Kept(
        name=rule.name,
        days=said["days"] if said else rule.days,
        usual=rule.days,
        least=rule.least,
        why=said["why"] if said else None,
        changed_at=said["changed_at"] if said else None,
        changed_by=said["changed_by"] if said else None,
        last_at=last["at"] if last else None,
        removed=last["removed"] if last else None,
        error=last["error"] if last else None,
    )
