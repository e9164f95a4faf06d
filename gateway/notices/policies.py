"""The policy table as it is kept: versions, append-only, the newest in force on every node.

Version 1 is the product's own table (domain notes §7) with what the settings say; it is not stored. A new version
is the one in force with some of it replaced, checked as a whole before it is kept.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.segments import SEGMENTS
from gateway.kernel import audit
from gateway.kernel.acting import needs
from gateway.kernel.clock import Clock
from gateway.kernel.database import driver
from gateway.kernel.errors import Conflict, FieldError, InvalidInput, NotFound
from gateway.notices.outages.timetable import Timetable
from gateway.notices.policy import USUAL, PolicyTable
from gateway.notices.policy_trial import Trial, moved
from gateway.outbox import keep_new_hours
from gateway.outbox.hours import STANDARD_HOURS, HoursClass, HoursTable

#: Channel on which nodes tell one another that a new version is in force.
CHANGED: Final = "policy"
#: Fields that are no rows of the table: the version itself, what settings say, and what the law and the code fix.
FIXED: Final = frozenset(
    {
        "version", "opt_out_scope", "mask_unproven", "beyond_refusal", "answers", "consent_classes", "consent_purposes",
        "held_kinds",
        "urgent_kinds",
    }
)  # fmt: skip

_TABLE: Final = TypeAdapter(PolicyTable)
#: What follows from a new version beside it, in its transaction.
OnChange = Callable[[Any, PolicyTable], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVersion:
    """A version of the policy: who made it, when and why, and the whole table."""

    version: int
    made_at: datetime | None
    made_by: str
    why: str
    in_force: bool
    policy: Mapping[str, Any]


def document_of(table: PolicyTable) -> dict[str, Any]:
    """A table as JSON has it, without what is fixed. Durations are ISO 8601, times `HH:MM:SS`."""
    whole: dict[str, Any] = _TABLE.dump_python(table, mode="json")
    document = {name: value for name, value in whole.items() if name not in FIXED}
    document["hours"] = document["hours"]["openings"]
    # Sets have no order: written in one, so that versions can be compared.
    document["person_instead"] = {name: sorted(kinds) for name, kinds in document["person_instead"].items()}
    for stage in document["ladder"]["stages"]:
        stage["segments"] = sorted(stage["segments"])
    return document


def table_of(document: Mapping[str, Any], fixed: PolicyTable, version: int) -> PolicyTable:
    """The table that a whole document describes. Raises InvalidInput naming each wrong field."""
    asked = dict(document)
    if "hours" in asked:
        asked["hours"] = {"openings": asked["hours"]}
    try:
        table = _TABLE.validate_python(asked)
    except ValidationError as error:
        raise InvalidInput("the policy is wrong", errors=[_fault(one) for one in error.errors()]) from error
    except InvalidInput as error:
        raise InvalidInput(str(error), field=f"policy.{error.errors[0].field}" if error.errors else "policy") from error
    if unknown := [*_unknown(document, document_of(table), "policy")]:
        raise InvalidInput(
            "the policy has no such field", errors=[FieldError(path, "unknown", "unknown") for path in unknown]
        )
    _check_hours(table.hours)
    _check_words(table)
    kept = {name: getattr(fixed, name) for name in FIXED - {"version"}}
    return replace(table, version=str(version), **kept)


def merged(before: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A document with changes laid over it as a JSON Merge Patch is (RFC 7396): null takes a row out."""
    after = dict(before)
    for name, value in changes.items():
        if value is None:
            after.pop(name, None)
        elif isinstance(value, dict) and isinstance(after.get(name), dict):
            after[name] = merged(after[name], value)
        else:
            after[name] = value
    return after


def _unknown(asked: Any, known: Any, path: str) -> Iterator[str]:
    """The fields of a document that the table made of it does not have."""
    if isinstance(asked, Mapping) and isinstance(known, Mapping):
        for name, value in asked.items():
            if name not in known:
                yield f"{path}.{name}"
            else:
                yield from _unknown(value, known[name], f"{path}.{name}")
    elif isinstance(asked, list) and isinstance(known, list):
        for number, (one, other) in enumerate(zip(asked, known, strict=False)):
            yield from _unknown(one, other, f"{path}.{number}")


def _check_words(table: PolicyTable) -> None:
    """Segments are named as the archive names them."""
    named: list[tuple[str, Iterable[str]]] = [("person_instead", table.person_instead), ("tones", table.tones)]
    named.append(("channels", [row.segment for row in table.channels]))
    named += [(f"ladder.stages.{n}.segments", stage.segments) for n, stage in enumerate(table.ladder.stages)]
    for path, segments in named:
        if unknown := sorted(set(segments) - SEGMENTS.keys()):
            raise InvalidInput(f"there is no segment {unknown[0]}", field=f"policy.{path}")


def _check_hours(hours: HoursTable) -> None:
    if hours.openings.keys() != STANDARD_HOURS.openings.keys():
        told = ", ".join(name.value for name in STANDARD_HOURS.openings)
        raise InvalidInput(f"hours are given for {told} and nothing else", field="policy.hours")
    for name, opening in hours.openings.items():
        if opening.opens >= opening.closes:
            raise InvalidInput("hours close after they open", field=f"policy.hours.{name.value}.closes")


def _fault(error: Any) -> FieldError:
    path = [str(part) for part in error["loc"] if part not in ("openings", "[key]")]
    return FieldError(".".join(["policy", *path]), error["msg"], error["type"])


class PolicyBook:
    """The policy in force, and the use cases of changing it."""

    def __init__(
        self,
        clock: Clock,
        standard: PolicyTable,
        channels: Collection[str] = USUAL,
        changed: OnChange | None = None,
        *,
        region: str = "CN",
    ) -> None:
        self._clock = clock
        self._region = region
        self._changed = changed
        self._standard = standard
        #: The channels there are.
        self.channels = tuple(dict.fromkeys(channels))
        self._table = standard

    def __call__(self) -> PolicyTable:
        """The table in force, as this node knows it."""
        return self._table

    def hours(self) -> HoursTable:
        """The sending hours in force."""
        return self._table.hours

    def timetable(self) -> Timetable:
        """When planned outages are told of again, as is in force."""
        return self._table.outages

    async def refresh(self, connection: Any) -> None:
        """Take the newest version from the database."""
        row = await connection.fetchrow("SELECT version, document FROM policy_version ORDER BY version DESC LIMIT 1")
        if row is None:
            self._table = self._standard
        elif self._table.version != str(row["version"]):
            self._table = table_of(_read(row["document"]), self._standard, row["version"])

    @needs("policy:write", whole=True)
    async def put(
        self, session: AsyncSession, changes: Mapping[str, Any], *, why: str, base: int | None, actor: str
    ) -> None:
        """Keep a new version: the newest with `changes` laid over it (`merged`).

        `base` is the version that was looked at: Conflict where there is a newer one. Raises InvalidInput naming
        each wrong field.
        """
        connection = await driver(session)
        # One version after another, and never two with one number.
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('policy_version', 0))")
        newest, before, table = await self._laid_over(connection, changes, base)
        after = document_of(table)
        now = self._clock.now()
        await connection.execute(
            "INSERT INTO policy_version (version, made_at, made_by, why, document) VALUES ($1, $2, $3, $4, $5)",
            newest + 1,
            now,
            actor,
            why,
            json.dumps(after, ensure_ascii=False),
        )
        changed = [name for name in after if after[name] != before.get(name)]
        await audit.write(
            connection,
            at=now,
            actor=actor,
            action="policy changed",
            subject=f"policy:{newest + 1}",
            before={name: before.get(name) for name in changed},
            after={**{name: after[name] for name in changed}, "why": why},
        )
        if other := _other_hours(table_of(before, self._standard, newest).hours, table.hours):
            await keep_new_hours(connection, other, now)
        if self._changed is not None:
            await self._changed(connection, table)
        await connection.execute("SELECT pg_notify($1, '')", CHANGED)

    @needs("policy:write", whole=True)
    async def tried(self, session: AsyncSession, changes: Mapping[str, Any], *, base: int | None) -> Trial:
        """The version that `put` would make, and what it would do to the texts that wait; nothing is changed."""
        connection = await driver(session)
        newest, before, table = await self._laid_over(connection, changes, base)
        old = table_of(before, self._standard, newest)
        waiting, later, earlier = await moved(connection, self._clock.now(), old.hours, table.hours, self._region)
        return Trial(
            base=newest, before=before, after=document_of(table), waiting=waiting, later=later, earlier=earlier
        )

    async def _laid_over(
        self, connection: Any, changes: Mapping[str, Any], base: int | None
    ) -> tuple[int, dict[str, Any], PolicyTable]:
        """The newest version's number and document, and the table that comes of laying `changes` over it."""
        row = await connection.fetchrow("SELECT version, document FROM policy_version ORDER BY version DESC LIMIT 1")
        before = document_of(self._standard) if row is None else _read(row["document"])
        newest = int(self._standard.version) if row is None else row["version"]
        if base is not None and base != newest:
            raise Conflict(f"version {newest} is in force; it was made after version {base}")
        if not changes:
            raise InvalidInput("nothing is changed", field="policy")
        table = table_of(merged(before, changes), self._standard, newest + 1)
        self._check_channels(table)
        was = set(before["ladder"]["legal"]["heads"])
        await _know_heads(connection, [head for head in table.ladder.legal.heads if head not in was])
        return newest, before, table

    def _check_channels(self, table: PolicyTable) -> None:
        for row in table.channels:
            if unknown := sorted(set(row.channels) - set(self.channels)):
                raise InvalidInput(f"no such channel: {unknown[0]}", field="policy.channels")

    async def versions(self, session: AsyncSession, *, before: int | None, limit: int) -> Sequence[PolicyVersion]:
        """Up to `limit` versions older than `before`, newest first; the product's own is the last."""
        connection = await driver(session)
        rows = await connection.fetch(
            """SELECT *, version = (SELECT max(version) FROM policy_version) AS in_force FROM policy_version
               WHERE $1::int IS NULL OR version < $1 ORDER BY version DESC LIMIT $2""",
            before,
            limit,
        )
        found = [
            PolicyVersion(
                version=row["version"],
                made_at=row["made_at"],
                made_by=row["made_by"],
                why=row["why"],
                in_force=row["in_force"],
                policy=_read(row["document"]),
            )
            for row in rows
        ]
        if len(found) < limit and (before is None or before > int(self._standard.version)):
            newest = await connection.fetchval("SELECT max(version) FROM policy_version")
            found.append(self._own(in_force=newest is None))
        return found

    async def version(self, session: AsyncSession, number: int | None) -> PolicyVersion:
        """One version, or the one in force. Raises NotFound."""
        found = await self.versions(session, before=None if number is None else number + 1, limit=1)
        if not found or (number is not None and found[0].version != number):
            raise NotFound("There is no such version of the policy.")
        return found[0]

    def _own(self, *, in_force: bool) -> PolicyVersion:
        return PolicyVersion(
            version=int(self._standard.version),
            made_at=None,
            made_by="the product",
            why="the defaults",
            in_force=in_force,
            policy=document_of(self._standard),
        )


def _read(document: Any) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(document) if isinstance(document, str) else document
    return read


async def _know_heads(connection: Any, heads: Sequence[str]) -> None:
    """Raises InvalidInput for a head who is no member of staff: nobody could approve a disconnection then."""
    unknown = await connection.fetchval(
        """SELECT head FROM unnest($1::text[]) WITH ORDINALITY AS named (head, at)
           WHERE NOT EXISTS (SELECT 1 FROM staff_member WHERE staff_no = named.head) ORDER BY at LIMIT 1""",
        list(heads),
    )
    if unknown is not None:
        raise InvalidInput(f"there is no member of staff {unknown}", field="policy.ladder.legal.heads")


def _other_hours(before: HoursTable, after: HoursTable) -> list[HoursClass]:
    """The classes whose hours are not what they were."""
    return [name for name, opening in after.openings.items() if before.openings.get(name) != opening]
