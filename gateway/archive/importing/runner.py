"""Running imports: one at a time over all nodes, chunk by chunk, in the order they were handed in.

One at a time, because an arrears list means the archive that was handed in before it. Each chunk is one
transaction that holds its rows, its rejects and how far the file has got, so a node that dies loses nothing
that was counted and repeats nothing: the next one goes on behind `rows`.
"""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.importing.ahead import Chunk, read_ahead
from gateway.archive.importing.kinds import ImportKind, Outcome, Run
from gateway.archive.importing.reading import Reader
from gateway.archive.tables import Import
from gateway.kernel import audit
from gateway.kernel.acting import require, require_whole
from gateway.kernel.cancelling import unless_cancelled
from gateway.kernel.clock import Clock
from gateway.kernel.database import AWAY, Database, Work, copy
from gateway.kernel.errors import InvalidInput, LamplighterError, NotFound
from gateway.kernel.ids import new_id
from gateway.kernel.logs import logger
from gateway.kernel.tabular import Limits, Table, open_table

log = logger(__name__)

T = TypeVar("T")

CHUNK: Final = 5_000
#: Key of the advisory lock that the node holds which imports.
_LOCK: Final = 0x11_3907
_ATTEMPTS: Final = 5
#: The planner is told of the tables once this many rows brought something, and again at each multiple.
_ANALYSE_FROM: Final = 1_000
_ANALYSE_AGAIN: Final = 4
_POLL: Final = 0.5

#: Told when an import is done, in the transaction that says so: `(connection, import_id, now)`.
Finished = Callable[[Any, UUID, datetime], Awaitable[Any]]

#: The accounts (ids) at which a member of staff redirects nothing at this moment.
Handled = Callable[[Any, str, datetime], Awaitable[frozenset[int]]]

#: Told after each chunk: rows dealt with, and the share of the file that has been read (0 to 1).
Progress = Callable[[int, float], None]


async def submit(
    session: AsyncSession,
    *,
    kind: str,
    filename: str,
    path: Path,
    requested_by: str,
    clock: Clock,
    mends: UUID | None = None,
) -> Import:
    """Queue a file for import; the caller commits before it acknowledges. `path` must stay until it is done.

    A file may speak of any account, so whoever hands it in acts for the whole utility. `mends`: the import whose
    refused rows it brings again.
    """
    require(session, "imports")
    require_whole(session)
    now = clock.now()
    handed_in = Import(
        id=new_id(now),
        kind=kind,
        filename=filename,
        path=str(path),
        state="queued",
        requested_by=requested_by,
        requested_at=now,
        mends=mends,
    )
    session.add(handed_in)
    audit.record(
        session,
        at=now,
        actor=requested_by,
        action="import.submitted",
        subject=f"import:{handed_in.id}",
        after={"kind": kind, "filename": filename, **({"mends": str(mends)} if mends else {})},
    )
    return handed_in


class ImportRunner:
    """Carries out what `submit` queued."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        kinds: Mapping[str, ImportKind[Any]],
        *,
        zone: ZoneInfo,
        region: str,
        chunk: int = CHUNK,
        limits: Limits | None = None,
        finished: Sequence[Finished] = (),
        handled: Handled | None = None,
    ) -> None:
        self._finished = finished
        self._handled = handled
        self._database = database
        self._clock = clock
        self._kinds = kinds
        self._zone = zone
        self._region = region
        self._chunk = chunk
        self._limits = limits

    async def run(self, import_id: UUID, progress: Progress | None = None) -> None:
        """Carry out one import, waiting while another is under way. Nothing happens if it is done already."""
        while True:
            async with self._alone() as alone:
                if alone:
                    await self._run(import_id, progress)
                    return
            await asyncio.sleep(_POLL)

    async def run_forever(self) -> None:
        """Carry out whatever is queued, the oldest first, until cancelled."""
        while True:
            try:
                await self.run_queued()
            except AWAY as error:
                unless_cancelled()
                log.warning("importing waits for the database", error=type(error).__name__)
            await asyncio.sleep(_POLL)

    async def run_queued(self) -> int:
        """Carry out what is queued now; how many imports that was. None while another node imports."""
        done = 0
        async with self._alone() as alone:
            while alone and (import_id := await self._next()):
                await self._run(import_id, None)
                done += 1
        return done

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[bool]:
        """Whether this is the only import under way in the whole house, as long as the block lasts."""
        async with self._database.connection() as connection:
            alone = bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK))
            try:
                yield alone
            finally:
                if alone and not connection.is_closed():
                    await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK)

    async def _next(self) -> UUID | None:
        async with self._database.connection() as connection:
            found: UUID | None = await connection.fetchval(
                "SELECT id FROM import WHERE state IN ('running', 'queued') ORDER BY id LIMIT 1"
            )
            return found

    async def _run(self, import_id: UUID, progress: Progress | None) -> None:
        async with self._database.work() as work:
            rows = await work.fetch(
                "UPDATE import SET state = 'running', started_at = coalesce(started_at, $2)"
                " WHERE id = $1 AND state IN ('queued', 'running') RETURNING kind, filename, path, rows, requested_by",
                import_id,
                self._clock.now(),
            )
            if not rows:
                if not await work.value("SELECT true FROM import WHERE id = $1", import_id):
                    raise NotFound(f"There is no import {import_id}.")
                return
            await work.commit()
        queued = rows[0]
        try:
            await self._carry_out(import_id, queued, progress)
        except AWAY:
            raise
        except LamplighterError as error:
            await self._end(import_id, "failed", str(error))
        except Exception:
            unless_cancelled()
            log.exception("import broke off", import_id=str(import_id), kind=queued["kind"])
            await self._end(import_id, "failed", "The import broke off by a fault of the gateway; see its log.")
        else:
            await self._end(import_id, "done", None)

    async def _carry_out(self, import_id: UUID, queued: Any, progress: Progress | None) -> None:
        kind = self._kinds.get(queued["kind"])
        if kind is None:
            raise InvalidInput(f"There is no import of kind {queued['kind']!r}.")
        handed_in, filename = Path(queued["path"]), queued["filename"]
        path = await asyncio.to_thread(_of_file, kind.as_table, handed_in, self._zone)
        filename = filename if path == handed_in else path.name
        table = await asyncio.to_thread(_of_file, open_table, path, filename, kind.headings, self._limits)
        if path != handed_in:
            path.unlink(missing_ok=True)
        run = Run(import_id=import_id, zone=self._zone, region=self._region, now=self._clock.now())
        who, _, staff_no = queued["requested_by"].partition(":")
        if who == "staff" and self._handled is not None:
            async with self._database.connection() as connection:
                run.staff_no, run.kept_off = staff_no, await self._handled(connection, staff_no, run.now)
        done: int = queued["rows"]
        brought, analyse_at = 0, _ANALYSE_FROM
        with table, _rare_collections():
            await self._note_headings(import_id, table)
            reader = Reader(table, zone=self._zone, region=self._region)
            chunks = read_ahead(kind, table, reader, size=self._chunk, behind=done)
            ahead = asyncio.ensure_future(asyncio.to_thread(_of_file, next, chunks, None))
            try:
                while (chunk := await ahead) is not None:
                    ahead = asyncio.ensure_future(asyncio.to_thread(_of_file, next, chunks, None))
                    run.now = self._clock.now()
                    outcome = await self._keep(kind, chunk, table, run, done)
                    done += chunk.rows
                    brought += outcome.created + outcome.updated
                    if brought >= analyse_at:
                        await self._analyse(kind)
                        analyse_at = brought * _ANALYSE_AGAIN
                    if progress is not None:
                        progress(done, table.fraction)
            finally:
                # The reading thread uses the file: it is waited for before the file is closed.
                await asyncio.wait([ahead])
                ahead.exception()

    async def _keep(self, kind: ImportKind[Any], chunk: Chunk, table: Table, run: Run, done: int) -> Outcome:
        """Merge a chunk in one transaction; another writer who was quicker with the same row is no fault."""
        for attempt in range(_ATTEMPTS):
            try:
                async with self._database.work() as work:
                    outcome = await kind.merge(work, chunk.parsed, run)
                    await self._count(work, chunk, outcome, table, run, done)
                    await work.commit()
            except (
                asyncpg.UniqueViolationError,
                asyncpg.ForeignKeyViolationError,
                asyncpg.DeadlockDetectedError,
                asyncpg.SerializationError,
            ):
                # What the kind remembers of this chunk was never committed.
                run.memory.clear()
                if attempt == _ATTEMPTS - 1:
                    raise
            else:
                return outcome
        raise AssertionError("the last attempt returns or raises")

    async def _count(self, work: Work, chunk: Chunk, outcome: Outcome, table: Table, run: Run, done: int) -> None:
        """Write the rejects and move the counts, in the chunk's transaction."""
        rejects: list[tuple[str, int, str | None, str, str, Sequence[str]]] = [
            (each.sheet, each.number, each.column, each.reason, each.scope, each.raw) for each in chunk.unreadable
        ]
        for refusal in (*chunk.refusals, *outcome.refusals):
            column = table.found.get(refusal.column, refusal.column) if refusal.column else None
            row = refusal.row
            rejects.append((row.sheet, row.number, column, refusal.reason, refusal.scope, row.raw))
        rejects.sort(key=lambda reject: reject[1])
        if rejects:
            await copy(
                work.connection,
                "import_reject",
                ("import_id", "row_number", "column_name", "reason", "scope", "row_values"),
                [
                    (run.import_id, number, column, _placed(sheet, reason), scope, _json(raw))
                    for sheet, number, column, reason, scope, raw in rejects
                ],
            )
        moved = await work.execute(
            "UPDATE import SET rows = rows + $3, created = created + $4, updated = updated + $5,"
            " unchanged = unchanged + $6, rejected = rejected + $7, conflicts = conflicts + $8"
            " WHERE id = $1 AND rows = $2 AND state = 'running'",
            run.import_id,
            done,
            chunk.rows,
            outcome.created,
            outcome.updated,
            outcome.unchanged,
            sum(1 for reject in rejects if reject[4] == "row"),
            sum(1 for reject in rejects if reject[4] == "conflict"),
        )
        if not moved:
            raise LamplighterError("The import was taken over by another node.")

    async def _analyse(self, kind: ImportKind[Any]) -> None:
        """Let the planner know of tables that have grown: it would go by what they were before."""
        if kind.tables:
            async with self._database.connection() as connection:
                await connection.execute(f"ANALYZE {', '.join(kind.tables)}")

    async def _note_headings(self, import_id: UUID, table: Table) -> None:
        async with self._database.work() as work:
            await work.execute(
                "UPDATE import SET ignored_headings = $2::jsonb, headings = $3::jsonb WHERE id = $1",
                import_id,
                _json(table.ignored),
                _json(table.cells),
            )
            await work.commit()

    async def _end(self, import_id: UUID, state: str, error: str | None) -> None:
        async with self._database.work() as work:
            await work.execute(
                "UPDATE import SET state = $2, error = $3, finished_at = $4 WHERE id = $1 AND state = 'running'",
                import_id,
                state,
                error,
                self._clock.now(),
            )
            if state == "done":
                for finished in self._finished:
                    await finished(work.connection, import_id, self._clock.now())
            await work.commit()
        log.info("import ended", import_id=str(import_id), state=state)


def _of_file(read: Callable[..., T], *arguments: Any) -> T:
    """Read a file; that it cannot be read must not pass for a database that is away."""
    try:
        return read(*arguments)
    except OSError as error:
        raise InvalidInput(f"The file cannot be read any more: {error.strerror}.") from error


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Let the collector of cycles look seldom: rows make many objects and no cycles, and with the usual
    threshold going through the whole heap again and again takes as long as importing does."""
    usual = gc.get_threshold()
    gc.set_threshold(200_000, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _placed(sheet: str, reason: str) -> str:
    return f"{reason} (sheet {sheet})" if sheet else reason


def _json(values: Sequence[str]) -> str:
    # PostgreSQL's jsonb takes no zero character; no cell means anything by one.
    return json.dumps([value.replace("\0", "") for value in values], ensure_ascii=False)
