"""Reading again: what the present version of the reader would make of texts that an earlier one has read.

Nothing is changed by looking. What is applied, when asked for, is the reading of texts that still wait for a
person and caused nothing yet: what was done stays as it was done, and what a person has read is the person's.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gateway.inbox.heard import Tools, keep
from gateway.inbox.listening import COLUMNS, listen
from gateway.inbox.reacting import react
from gateway.inbox.understanding import Reading
from gateway.kernel import audit
from gateway.kernel.clock import Clock
from gateway.kernel.database import Database
from gateway.kernel.ids import first_id

#: Texts read in one look.
_AT_ONCE: Final = 200
_NEXT: Final = f"""
SELECT {COLUMNS}, state, reading::text FROM inbound
WHERE id >= $1 AND id > $2 AND state <> 'received' AND reading IS NOT NULL AND reading->>'version' <> 'person'
ORDER BY id LIMIT $3
"""
_NOWHERE: Final = UUID(int=0)
#: What a reading says; `because` may change without a change of meaning.
_SAID: Final = ("intents", "score", "urgent", "abstain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A text that would be read otherwise now. `applied`: it was read and reacted to anew."""

    id: UUID
    received_at: datetime
    text: str
    state: str
    before: dict[str, Any]
    after: dict[str, Any]
    applied: bool

    def told(self) -> str:
        """The change as one line of JSON."""
        whole = asdict(self) | {"id": str(self.id), "received_at": self.received_at.isoformat()}
        return json.dumps(whole, ensure_ascii=False)


async def reread(
    database: Database, clock: Clock, tools: Tools, *, since: datetime, apply: bool = False
) -> AsyncIterator[Changed]:
    """Texts since a moment that would be read otherwise, in the order they came."""
    behind = _NOWHERE
    while True:
        async with database.connection() as connection:
            rows = await connection.fetch(_NEXT, first_id(since), behind, _AT_ONCE)
            found = [
                (row, changed)
                for row in rows
                if (changed := _changed(row, (await listen(connection, row, tools.answers)).reading)) is not None
            ]
        for row, changed in found:
            done = apply and await _apply(database, clock, tools, row["id"])
            yield replace(changed, applied=done)
        if len(rows) < _AT_ONCE:
            return
        behind = rows[-1]["id"]


def _changed(row: Any, reading: Reading) -> Changed | None:
    earlier = json.loads(row["reading"])
    before = {name: earlier.get(name) for name in _SAID} | {"version": earlier.get("version")}
    after = {name: getattr(reading, name) for name in _SAID} | {
        "intents": list(reading.intents),
        "version": reading.version,
    }
    if all(before[name] == after[name] for name in _SAID):
        return None
    return Changed(
        id=row["id"],
        received_at=row["received_at"],
        text=row["text"],
        state=row["state"],
        before=before,
        after=after,
        applied=False,
    )


async def _apply(database: Database, clock: Clock, tools: Tools, id_: UUID) -> bool:
    """React to the new reading of a text that still waits and caused nothing; False where it does not, or did."""
    async with database.work() as work:
        connection = work.connection
        row = await connection.fetchrow(
            f"""SELECT {COLUMNS}, reading::text FROM inbound
                WHERE id = $1 AND state = 'triage' AND effects = '[]' FOR UPDATE SKIP LOCKED""",
            id_,
        )
        if row is None:
            return False
        heard = replace(await listen(connection, row, tools.answers), at=clock.now(), actor="reread")
        await keep(connection, heard, await react(connection, heard, tools))
        await audit.write(
            connection,
            at=heard.at,
            actor="reread",
            action="inbound.reread",
            subject=f"inbound:{id_}",
            before={"reading": json.loads(row["reading"])},
            after={"intents": list(heard.reading.intents), "version": heard.reading.version},
        )
        await work.commit()
    return True
