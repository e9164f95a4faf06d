"""Labels: how people read what the reader left to them, kept for its next version."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gateway.inbox.answers import Answers
from gateway.inbox.heard import Heard
from gateway.inbox.listening import context_of
from gateway.kernel.database import Database

_EVERY: Final = """
SELECT inbound_id, text, context::text, turns::text, intents::text, score, reading->>'version' AS version, by, at
FROM label ORDER BY id
"""


async def keep(
    connection: Any,
    heard: Heard,
    answers: Answers,
    *,
    intents: Sequence[str],
    score: int | None,
    doubted: str | None,
    by: str,
    at: datetime,
) -> None:
    """Keep a person's reading of a text with what the reader was given; `doubted` is its reading as JSON."""
    context = context_of(heard.thread, answers, heard.at, heard.text)
    await connection.execute(
        """INSERT INTO label (inbound_id, text, context, turns, intents, score, reading, by, at)
           VALUES ($1, $2, $3::jsonb, $4::jsonb, $5::jsonb, $6, $7::jsonb, $8, $9)
           ON CONFLICT (inbound_id) DO UPDATE SET intents = excluded.intents, score = excluded.score,
             by = excluded.by, at = excluded.at""",
        heard.id,
        heard.text,
        json.dumps(
            {
                "kind": context.kind,
                "scale": context.scale,
                "hours_since": None if context.hours_since is None else round(context.hours_since, 2),
                "codes": None if context.codes is None else dict(context.codes),
            }
        ),
        json.dumps([asdict(turn) for turn in heard.dialogue.turns], ensure_ascii=False),
        json.dumps(list(intents)),
        score,
        doubted,
        by,
        at,
    )


async def forget(connection: Any, inbound_id: UUID) -> None:
    """Drop the label of a reading that was taken back: it is to be read anew."""
    await connection.execute("DELETE FROM label WHERE inbound_id = $1", inbound_id)


async def lines(database: Database) -> AsyncIterator[str]:
    """Every label as a JSON line that `lamplighter read` takes; `expect` holds what it should answer."""
    async with database.work() as work:
        async for row in work.connection.cursor(_EVERY, prefetch=500):
            turns = json.loads(row["turns"])
            line: dict[str, Any] = {
                "id": str(row["inbound_id"]),
                "context": json.loads(row["context"]),
                "text": row["text"],
            }
            if turns:
                line["turns"] = turns
            line["expect"] = {"intents": json.loads(row["intents"]), "score": row["score"]}
            line["expect"] |= {"urgent": "safety_urgent" in line["expect"]["intents"], "abstain": False}
            line |= {"version": row["version"], "by": row["by"], "at": row["at"].isoformat()}
            yield json.dumps(line, ensure_ascii=False)
