"""Warnings: raised by rule once a day or by hand, acknowledged in time, closed with what was done; and their rules."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.cases.warnings import rules as table
from gateway.cases.warnings.finding import Found, find, written
from gateway.cases.warnings.reach import must_speak_for, require_unit, units_within
from gateway.cases.warnings.rules import KIND_OF, RuleTable
from gateway.kernel import audit
from gateway.kernel.acting import needs
from gateway.kernel.clock import Clock
from gateway.kernel.database import Database, driver
from gateway.kernel.errors import Conflict, InvalidInput, NotFound
from gateway.kernel.ids import new_id
from gateway.staff import notes
from gateway.staff.heads import heads_of
from gateway.staff.tasks import NewTask, drop_tasks, open_tasks

#: When the rules are gone through, at the utility's home.
HOUR: Final = time(7)
ACTOR: Final = "clock"
_LOOK: Final = timedelta(hours=24)
_BATCH: Final = 500
UNACKNOWLEDGED: Final = "warning_unacknowledged"
CARD_OVERDUE: Final = "card_overdue"

# What stands open, or was raised within the rule's own window, is not raised again.
_RAISE: Final = """
INSERT INTO warning (id, kind, rule, rule_version, subject, words, evidence, unit, raised_at, raised_by, due_at)
SELECT t.id, $1, $2, $3, t.subject, t.words, t.evidence::jsonb, t.unit, $4, $5, $6
FROM unnest($7::uuid[], $8::text[], $9::text[], $10::text[], $11::text[]) AS t(id, subject, words, evidence, unit)
WHERE NOT EXISTS (SELECT 1 FROM warning w WHERE w.rule = $2 AND w.subject = t.subject AND w.raised_at > $12)
ON CONFLICT (rule, subject) WHERE state <> 'closed' DO NOTHING RETURNING id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVersion:
    """A version of the rules."""

    version: int
    made_at: datetime | None
    made_by: str
    why: str
    in_force: bool
    rules: Mapping[str, Any]


def _read(document: Any) -> dict[str, Any]:
    # A session's connection reads JSON itself, another one does not.
    read: dict[str, Any] = json.loads(document) if isinstance(document, str) else document
    return read


async def in_force(connection: Any) -> RuleTable:
    """The rules in force."""
    row = await connection.fetchrow("SELECT version, document FROM warning_rules ORDER BY version DESC LIMIT 1")
    return RuleTable() if row is None else table.table_of(_read(row["document"]), row["version"])


class Warnings:
    """Use cases on warnings. Those on one raise NotFound, and Conflict where its state does not allow it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @needs("cases:write")
    async def raise_by_hand(
        self, session: AsyncSession, *, kind: str, subject: str, words: str, unit: str, due_at: datetime, actor: str
    ) -> UUID:
        """Warn a unit. Raises Conflict where it was warned of the same and has not closed it."""
        connection, now = await driver(session), self._clock.now()
        units = await units_within(session)
        if units is not None and unit not in units:
            raise InvalidInput("this unit is not of your part of the utility", field="unit")
        if due_at <= now:
            raise InvalidInput("an acknowledgement lies ahead", field="due_at")
        made: UUID | None = await connection.fetchval(
            """INSERT INTO warning (id, kind, rule, subject, words, evidence, unit, raised_at, raised_by, due_at)
               VALUES ($1, $2, 'by_hand', $3, $4, '{}', $5, $6, $7, $8)
               ON CONFLICT (rule, subject) WHERE state <> 'closed' DO NOTHING RETURNING id""",
            new_id(now),
            kind,
            subject,
            words,
            unit,
            now,
            actor,
            due_at,
        )
        if made is None:
            raise Conflict("a warning about that stands open already")
        await _audit(connection, "raised", made, actor, now, {"unit": unit, "subject": subject})
        return made

    @needs("cases:write")
    async def acknowledge(self, session: AsyncSession, warning_id: UUID, *, note: str | None, actor: str) -> None:
        """The unit knows of it. Raises Forbidden for a person of another team."""
        connection, now = await driver(session), self._clock.now()
        await self._locked(session, connection, warning_id, "open")
        await connection.execute(
            """UPDATE warning SET state = 'acknowledged', acknowledged_at = $2, acknowledged_by = $3, note = $4
               WHERE id = $1""",
            warning_id,
            now,
            actor,
            note,
        )
        await drop_tasks(
            connection,
            [f"warning:{warning_id}"],
            kinds=(UNACKNOWLEDGED,),
            because="it was acknowledged",
            at=now,
            actor=actor,
        )
        await _audit(connection, "acknowledged", warning_id, actor, now, {"note": note})

    @needs("cases:write")
    async def close(self, session: AsyncSession, warning_id: UUID, *, outcome: str, actor: str) -> None:
        """What was done about it; it was acknowledged before. Raises Forbidden for a person of another team."""
        connection, now = await driver(session), self._clock.now()
        await self._locked(session, connection, warning_id, "acknowledged")
        await connection.execute(
            "UPDATE warning SET state = 'closed', closed_at = $2, closed_by = $3, outcome = $4 WHERE id = $1",
            warning_id,
            now,
            actor,
            outcome,
        )
        await _audit(connection, "closed", warning_id, actor, now, {"outcome": outcome})

    @needs("policy:write", whole=True)
    async def put_rules(
        self, session: AsyncSession, changes: Mapping[str, Any], *, why: str, base: int | None, actor: str
    ) -> RuleVersion:
        """Keep a new version of the rules: those in force with `changes` laid over them.

        `base` is the version that was looked at: Conflict where there is a newer one.
        """
        connection, now = await driver(session), self._clock.now()
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('warning_rules', 0))")
        newest = await in_force(connection)
        if base is not None and base != newest.version:
            raise Conflict(f"version {newest.version} is in force; it was made after version {base}")
        if not changes:
            raise InvalidInput("nothing is changed", field="rules")
        before = table.document_of(newest)
        made = table.table_of(table.merged(before, changes), newest.version + 1)
        after = table.document_of(made)
        await connection.execute(
            "INSERT INTO warning_rules (version, made_at, made_by, why, document) VALUES ($1, $2, $3, $4, $5)",
            made.version,
            now,
            actor,
            why,
            json.dumps(after),
        )
        changed = [code for code in after if after[code] != before[code]]
        await audit.write(
            connection,
            at=now,
            actor=actor,
            action="warning_rules.changed",
            subject=f"warning_rules:{made.version}",
            before={code: before[code] for code in changed},
            after={code: after[code] for code in changed} | {"why": why},
        )
        return RuleVersion(version=made.version, made_at=now, made_by=actor, why=why, in_force=True, rules=after)

    async def rule_versions(self, session: AsyncSession, *, before: int | None, limit: int) -> Sequence[RuleVersion]:
        """Up to `limit` versions older than `before`, newest first; the product's own is the last."""
        connection = await driver(session)
        rows = await connection.fetch(
            """SELECT *, version = (SELECT max(version) FROM warning_rules) AS in_force FROM warning_rules
               WHERE $1::int IS NULL OR version < $1 ORDER BY version DESC LIMIT $2""",
            before,
            limit,
        )
        found = [
            RuleVersion(
                version=row["version"],
                made_at=row["made_at"],
                made_by=row["made_by"],
                why=row["why"],
                in_force=row["in_force"],
                rules=_read(row["document"]),
            )
            for row in rows
        ]
        own = RuleTable()
        if len(found) < limit and (before is None or before > own.version):
            newest = await connection.fetchval("SELECT max(version) FROM warning_rules")
            found.append(
                RuleVersion(
                    version=own.version,
                    made_at=None,
                    made_by="the product",
                    why="the defaults",
                    in_force=newest is None,
                    rules=table.document_of(own),
                )
            )
        return found

    @staticmethod
    async def _locked(session: AsyncSession, connection: Any, warning_id: UUID, wanted: str) -> Any:
        row = await connection.fetchrow("SELECT state, unit FROM warning WHERE id = $1 FOR UPDATE", warning_id)
        if row is None:
            raise NotFound("There is no warning with this id.")
        await require_unit(session, row["unit"])
        await must_speak_for(session, row["unit"])
        if row["state"] != wanted:
            raise Conflict(f"the warning is {row['state']}")
        return row


class DueWarnings:
    """Goes through the rules once a day, and brings what nobody acknowledged or did in time before supervision."""

    def __init__(self, database: Database, zone: ZoneInfo) -> None:
        self._database = database
        self._zone = zone

    async def run(self, now: datetime) -> int:
        """Do what is due at `now`; how many warnings are new."""
        raised = 0
        day = now.astimezone(self._zone)
        async with self._database.work() as work:
            connection = work.connection
            if day.time() >= HOUR and await connection.fetchval(
                "INSERT INTO warning_run (day, at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true",
                day.date(),
                now,
            ):
                raised = await raise_by_rule(connection, now)
                await connection.execute("UPDATE warning_run SET raised = $2 WHERE day = $1", day.date(), raised)
                if raised:
                    said = notes.Said(subject=f"warnings:{day.date()}", values={"count": str(raised)})
                    await notes.tell_role(connection, "supervisor", "warnings", [said], at=now)
            await self._escalate(connection, now)
            await work.commit()
        return raised

    async def next_due(self, connection: Any, now: datetime) -> datetime | None:
        """When the next deadline passes or, where cases came in, the rules are gone through next."""
        row = await connection.fetchrow(
            """SELECT (SELECT min(due_at) FROM warning WHERE state = 'open' AND escalated_at IS NULL AND due_at > $1)
                        AS warning,
                      (SELECT min(due_at) FROM supervision_card WHERE state = 'issued' AND escalated_at IS NULL
                         AND due_at > $1) AS card,
                      EXISTS (SELECT 1 FROM "case" WHERE opened_at > $2) AS busy""",
            now,
            now - timedelta(days=30),
        )
        moments = [row["warning"], row["card"]]
        if row["busy"]:
            here = now.astimezone(self._zone)
            at = datetime.combine(here.date(), HOUR, self._zone)
            moments.append(at if at > now else datetime.combine(here.date() + timedelta(days=1), HOUR, self._zone))
        return min((one for one in moments if one is not None), default=None)

    async def _escalate(self, connection: Any, now: datetime) -> None:
        for statement, kind, words in (
            (
                """UPDATE warning SET escalated_at = $1 WHERE id IN (
                     SELECT id FROM warning WHERE state = 'open' AND escalated_at IS NULL AND due_at <= $1
                     ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED)
                   RETURNING 'warning:' || id AS subject, unit, words, NULL::text AS doer""",
                UNACKNOWLEDGED,
                "has not acknowledged the warning",
            ),
            (
                """UPDATE supervision_card SET escalated_at = $1 WHERE id IN (
                     SELECT id FROM supervision_card WHERE state = 'issued' AND escalated_at IS NULL AND due_at <= $1
                     ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED)
                   RETURNING 'supervision_card:' || id AS subject, unit, words, doer""",
                CARD_OVERDUE,
                "has not reported on the supervision card",
            ),
        ):
            rows = await connection.fetch(statement, now, _BATCH)
            if not rows:
                continue
            heads = await heads_of(
                connection, [row["doer"] for row in rows if row["doer"]], [row["unit"] for row in rows]
            )
            tasks = [
                NewTask(
                    kind=kind,
                    subject=row["subject"],
                    words=f"{row['doer'] or row['unit']} {words}: {row['words']}",
                    unit="supervision",
                    owner_no=heads.get(row["doer"] or "") or heads.get(row["unit"]),
                    due_at=now + _LOOK,
                )
                for row in rows
            ]
            await open_tasks(connection, tasks, at=now, actor=ACTOR)


async def raise_by_rule(connection: Any, now: datetime) -> int:
    """Go through the rules in force; how many warnings are new."""
    current, raised = await in_force(connection), 0
    for code, rule in current.rules.items():
        if not rule.enabled:
            continue
        found = await find(connection, code, rule, now)
        if found:
            raised += await _raise(connection, current, code, found, now)
    return raised


async def _raise(connection: Any, current: RuleTable, code: Any, found: Sequence[Found], now: datetime) -> int:
    rule = current.rules[code]
    rows = await connection.fetch(
        _RAISE,
        KIND_OF[code],
        code,
        current.version,
        now,
        ACTOR,
        now + timedelta(hours=rule.hours),
        [new_id(now) for _ in found],
        [one.subject for one in found],
        [one.words for one in found],
        [written(one.evidence) for one in found],
        [one.unit for one in found],
        now - timedelta(days=rule.days),
    )
    await connection.execute(
        """INSERT INTO audit_entry (at, actor, action, subject, after)
           SELECT $2, $3, 'warning.raised', 'warning:' || id,
                  jsonb_build_object('rule', rule, 'version', rule_version, 'subject', subject, 'unit', unit)
           FROM warning WHERE id = ANY($1::uuid[])""",
        [row["id"] for row in rows],
        now,
        ACTOR,
    )
    return len(rows)


async def _audit(connection: Any, what: str, warning: UUID, actor: str, now: datetime, facts: dict[str, Any]) -> None:
    await audit.write(
        connection, at=now, actor=actor, action=f"warning.{what}", subject=f"warning:{warning}", after=facts
    )
