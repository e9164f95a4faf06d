"""Handing files in and looking at what became of them, for the tests of every room that imports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from gateway.archive import completing
from gateway.archive.importing import ACCOUNTS, CONTACTS, FLAT, NUMBER_CHECKS, TOPOLOGY, ImportRunner, submit
from gateway.cases.commitments.importing import COMMITMENTS
from gateway.cases.importing import WORK_ORDERS
from gateway.cases.warnings.importing import WARNINGS
from gateway.cases.warnings.importing_cards import SUPERVISION_CARDS
from gateway.evaluations import handled_accounts
from gateway.evaluations.outside import OUTSIDE
from gateway.followups import DEPUTIES, FOLLOWUPS, VISIT_PROGRAMMES
from gateway.kernel.clock import Clock, ShiftedClock
from gateway.kernel.database import Database
from gateway.notices.billing import billing_kinds
from gateway.staff.importing import STAFF

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass
class Office:
    """Somebody who hands files in."""

    database: Database
    folder: Path
    clock: Clock = field(default_factory=ShiftedClock)
    chunk: int = 5_000
    rewritten: list[str] = field(default_factory=list)
    _numbers: Any = field(default_factory=count)

    def runner(self) -> ImportRunner:
        kinds = (
            FLAT,
            ACCOUNTS,
            CONTACTS,
            NUMBER_CHECKS,
            TOPOLOGY,
            STAFF,
            WORK_ORDERS,
            FOLLOWUPS,
            COMMITMENTS,
            WARNINGS,
            SUPERVISION_CARDS,
            DEPUTIES,
            VISIT_PROGRAMMES,
            OUTSIDE,
            *billing_kinds(self._rewrite),
        )
        return ImportRunner(
            self.database,
            self.clock,
            {kind.name: kind for kind in kinds},
            zone=ZONE,
            region="CN",
            chunk=self.chunk,
            finished=(completing.after_import,),
            handled=handled_accounts,
        )

    async def _rewrite(self, _connection: Any, grounds: Sequence[str]) -> None:
        self.rewritten += grounds

    def _saved(self, content: str | bytes) -> Path:
        path = self.folder / f"{next(self._numbers)}.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    async def hand_in(
        self, kind: str, content: str | bytes | Path, name: str = "a.csv", *, by: str = "key:test"
    ) -> UUID:
        """Queue a file; its id."""
        path = content if isinstance(content, Path) else self._saved(content)
        async with self.database.session() as session:
            handed_in = await submit(session, kind=kind, filename=name, path=path, requested_by=by, clock=self.clock)
            await session.commit()
        return handed_in.id

    async def load(
        self, kind: str, content: str | bytes | Path, name: str = "a.csv", *, by: str = "key:test"
    ) -> dict[str, Any]:
        """Import a file; its row."""
        import_id = await self.hand_in(kind, content, name, by=by)
        await self.runner().run(import_id)
        return await self.look(import_id)

    async def look(self, import_id: UUID) -> dict[str, Any]:
        return (await self.rows("SELECT * FROM import WHERE id = $1", import_id))[0]

    async def rejects(self, loaded: dict[str, Any]) -> list[tuple[int, str | None, str, str]]:
        """Row, column, first word of the reason and scope of whatever did not go in."""
        return [
            (row["row_number"], row["column_name"], row["reason"].partition(":")[0], row["scope"])
            for row in await self.rows("SELECT * FROM import_reject WHERE import_id = $1 ORDER BY id", loaded["id"])
        ]

    async def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        async with self.database.connection() as connection:
            return [dict(row) for row in await connection.fetch(statement, *values)]

    async def execute(self, statement: str, *values: Any) -> None:
        async with self.database.connection() as connection:
            await connection.execute(statement, *values)

    async def links(self) -> list[tuple[str, str, str, str, bool]]:
        """Account, number, role, state and whether it is the default."""
        rows = await self.rows(
            "SELECT a.account_no, p.address, l.role, l.state, l.is_default FROM contact_link l"
            " JOIN account a ON a.id = l.account_id JOIN contact_point p ON p.id = l.contact_point_id"
            " ORDER BY a.account_no, l.id"
        )
        return [tuple(row.values()) for row in rows]  # type: ignore[misc]

    async def versions(self) -> dict[str, list[str]]:
        """The version of every row of the archive: what is rewritten gets another, changed or not."""
        return {
            table: [
                row["x"] for row in await self.rows(f"SELECT xmin::text || ctid::text AS x FROM {table} ORDER BY 1")
            ]
            for table in ("customer", "premise", "account", "contact_point", "contact_link", "transformer_area", "bill")
        }


def counts(loaded: dict[str, Any]) -> tuple[int, ...]:
    """Rows, created, updated, unchanged, rejected, conflicts."""
    names = ("rows", "created", "updated", "unchanged", "rejected", "conflicts")
    assert loaded["state"] == "done", loaded["error"]
    assert loaded["rows"] == sum(loaded[name] for name in names[1:5])
    return tuple(loaded[name] for name in names)


def at(text: str) -> datetime:
    """A time of the home zone, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)
