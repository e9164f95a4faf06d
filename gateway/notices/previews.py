"""Previews that take longer than a caller waits: made once, kept, and fetched while and after they are made.

A preview of a million recipients goes through all of them, for minutes. It belongs to no request: whoever asks for one
that is being made waits for it with whoever asked first, on any node, and what was found is kept until the next one is
asked for. A preview whose node died is made anew by the next who asks.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from pydantic import TypeAdapter

from gateway.kernel.cancelling import unless_cancelled
from gateway.kernel.clock import Clock
from gateway.kernel.database import AWAY, Database
from gateway.kernel.errors import Conflict, LamplighterError, NotFound
from gateway.kernel.logs import logger
from gateway.notices.previewing import Preview, Previewer

log = logger(__name__)

#: Previews that one node makes at a time; others wait their turn.
_AT_ONCE: Final = 2
#: Seconds between two words that a preview is still being made.
_BEAT: Final = 1.0
#: Seconds without such a word after which its node counts as dead.
_DEAD: Final = 30.0
_LOOK: Final = 0.25
_PREVIEW: Final = TypeAdapter(Preview)

_BEGIN: Final = f"""
INSERT INTO notice_preview (notice_id, run, state, begun_at) VALUES ($1, $2, 'running', $3)
ON CONFLICT (notice_id) DO UPDATE SET run = excluded.run, state = 'running', begun_at = excluded.begun_at,
  beat_at = clock_timestamp(), found = NULL, error = NULL
WHERE notice_preview.state <> 'running'
   OR notice_preview.beat_at < clock_timestamp() - make_interval(secs => {_DEAD})
RETURNING run
"""
_WRITE: Final = """
UPDATE notice_preview SET state = $3, found = $4, error = $5, beat_at = clock_timestamp()
WHERE notice_id = $1 AND run = $2 RETURNING (SELECT state FROM notice WHERE id = $1)
"""
_READ: Final = f"""
SELECT begun_at, found, error, CASE
  WHEN state = 'running' AND beat_at < clock_timestamp() - make_interval(secs => {_DEAD}) THEN 'broken_off'
  ELSE state END AS state
FROM notice_preview WHERE notice_id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPreview:
    """A preview and how far it is: `running`, `done`, `failed` (see `error`) or `broken_off` (its node died)."""

    state: str
    begun_at: datetime
    found: Preview
    error: str | None = None


class Previews:
    """Makes previews beside the requests for them, and keeps the last of each notice."""

    def __init__(self, database: Database, clock: Clock, previewer: Previewer) -> None:
        self._database = database
        self._clock = clock
        self._previewer = previewer
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._making: dict[UUID, asyncio.Task[None]] = {}

    async def ask(self, notice_id: UUID, patience: float) -> KeptPreview:
        """A preview of a draft as it is now, finished or, after `patience` seconds, as far as it is.

        Raises NotFound, and Conflict where the notice is no draft any more; and whatever speaks against its texts.
        """
        until = time.monotonic() + patience
        run = uuid4()
        async with self._database.connection() as connection:
            _must_be_draft(await connection.fetchval("SELECT state FROM notice WHERE id = $1", notice_id), notice_id)
            ours = await connection.fetchval(_BEGIN, notice_id, run, self._clock.now()) == run
        if ours:
            making = asyncio.create_task(self._make(notice_id, run), name=f"preview {notice_id}")
            self._making[notice_id] = making
            making.add_done_callback(self._made)
        making_here = self._making.get(notice_id)
        if making_here is not None:
            await asyncio.wait([making_here], timeout=patience)
            if making_here.done() and (error := making_here.exception()) is not None:
                raise error
        kept = await self.last(notice_id)
        while kept.state == "running" and time.monotonic() < until:
            await asyncio.sleep(_LOOK)
            kept = await self.last(notice_id)
        return kept

    async def last(self, notice_id: UUID) -> KeptPreview:
        """The last preview that was asked for, as far as it is. Raises NotFound where there is none."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_READ, notice_id)
        if row is None:
            raise NotFound("There is no notice with this id of which a preview was asked for.")
        found = _PREVIEW.validate_json(row["found"]) if row["found"] is not None else Preview()
        return KeptPreview(state=row["state"], begun_at=row["begun_at"], found=found, error=row["error"])

    async def close(self) -> None:
        """Break off what is being made."""
        making = list(self._making.values())
        for task in making:
            task.cancel()
        await asyncio.gather(*making, return_exceptions=True)

    def _made(self, making: asyncio.Task[None]) -> None:
        """What became of it stands in its row; whoever still waits here is told of the error itself."""
        self._making = {notice: task for notice, task in self._making.items() if task is not making}
        if not making.cancelled():
            making.exception()

    async def _make(self, notice_id: UUID, run: UUID) -> None:
        seen = Preview()
        try:
            await self._while_wanted(notice_id, run, seen)
        except LamplighterError as error:
            await self._write(notice_id, run, "failed", seen, str(error))
            raise
        except Exception as error:
            log.error("a preview failed", notice=str(notice_id), exc_info=error)
            await self._write(notice_id, run, "failed", seen, "it could not be carried out; it has been recorded")
            raise
        await self._write(notice_id, run, "done", seen, None)

    async def _while_wanted(self, notice_id: UUID, run: UUID, seen: Preview) -> None:
        """Go through the audience, and say so, until it is done or nobody wants it any more."""
        beating = asyncio.create_task(self._beat(notice_id, run, seen))
        going = asyncio.create_task(self._go(notice_id, seen))
        try:
            await asyncio.wait([beating, going], return_when=asyncio.FIRST_COMPLETED)
            if not going.done():
                beating.result()
                raise Conflict("the notice is no draft any more")
            going.result()
        finally:
            for task in (beating, going):
                task.cancel()
            await asyncio.gather(beating, going, return_exceptions=True)

    async def _go(self, notice_id: UUID, seen: Preview) -> None:
        async with self._slots, self._database.work() as work:
            row = await work.connection.fetchrow("SELECT * FROM notice WHERE id = $1", notice_id)
            _must_be_draft(row["state"] if row else None, notice_id)
            await self._previewer.go_through(work.connection, dict(row), seen)

    async def _beat(self, notice_id: UUID, run: UUID, seen: Preview) -> None:
        """Say every moment how far it is; ends when nobody wants it any more."""
        while True:
            await asyncio.sleep(_BEAT)
            try:
                if await self._write(notice_id, run, "running", seen, None) != "draft":
                    return
            except AWAY as error:
                unless_cancelled()
                log.warning("a preview could not say how far it is", error=type(error).__name__)

    async def _write(self, notice_id: UUID, run: UUID, state: str, seen: Preview, error: str | None) -> Any:
        """Write down how far it is; the state of the notice, None where another run took over."""
        found = _PREVIEW.dump_json(seen).decode()
        async with self._database.connection() as connection:
            return await connection.fetchval(_WRITE, notice_id, run, state, found, error)


def _must_be_draft(state: str | None, notice_id: UUID) -> None:
    if state is None:
        raise NotFound(f"there is no notice {notice_id}")
    if state != "draft":
        raise Conflict(f"the notice is {state} already; its messages say what it did")
