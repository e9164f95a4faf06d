"""What a person does with a text that waits: closes it, or says how it is to be read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.links import language_of
from gateway.inbox.heard import Heard, Reaction, Tools, keep
from gateway.inbox.reacting import react
from gateway.inbox.threads import answered_by, sent_to, thread
from gateway.inbox.understanding import INTENTS, Reading
from gateway.kernel import audit
from gateway.kernel.clock import Clock
from gateway.kernel.database import driver
from gateway.kernel.errors import Conflict, InvalidInput, NotFound

#: Intents that must have an effect when a person chooses them.
ACTED_ON: Final = frozenset(("score", "wrong_number", "moved_or_sold", "opt_out", "opt_in"))


class Inbox:
    """What people do with inbounds. Nothing here commits."""

    def __init__(self, clock: Clock, tools: Tools) -> None:
        self._clock = clock
        self._tools = tools

    async def resolve(
        self,
        session: AsyncSession,
        inbound_id: UUID,
        *,
        intents: Sequence[str] | None,
        score: int | None,
        note: str | None,
        actor: str,
    ) -> None:
        """Settle an inbound in triage: read as `intents` and reacted to so, or closed where there are none.

        Raises NotFound, Conflict where it does not wait, InvalidInput for an unknown intent or a score alone.
        """
        _check(intents, score)
        connection = await driver(session)
        now = self._clock.now()
        row = await connection.fetchrow(
            """SELECT id, sender, text, channel, received_at, state, contact_point_id, answers, reading::text, remark
               FROM inbound WHERE id = $1 FOR UPDATE""",
            inbound_id,
        )
        if row is None:
            raise NotFound("there is no such inbound")
        if row["state"] != "triage":
            raise Conflict(f"only what is in triage can be resolved; this is {row['state']}")
        if intents:
            heard = await self._read_by_hand(connection, row, intents, score, actor)
            reaction = await react(connection, heard, self._tools)
            if ACTED_ON & set(intents) and not reaction.effects:
                raise Conflict("; ".join(reaction.remarks) or "there is nothing that this would change")
            await keep(connection, heard, Reaction(effects=reaction.effects, answers=reaction.answers))
        await connection.execute(
            """UPDATE inbound SET state = 'done', resolved_by = $2, resolved_at = $3, remark = coalesce($4, remark)
               WHERE id = $1""",
            inbound_id,
            actor,
            now,
            note,
        )
        await audit.write(
            connection,
            at=now,
            actor=actor,
            action="inbound.resolved",
            subject=f"inbound:{inbound_id}",
            before={
                "state": "triage",
                "remark": row["remark"],
                "reading": json.loads(row["reading"]) if row["reading"] else None,
            },
            after={"intents": list(intents or ()), "score": score, "note": note},
        )

    async def _read_by_hand(
        self, connection: Any, row: Any, intents: Sequence[str], score: int | None, actor: str
    ) -> Heard:
        point = row["contact_point_id"]
        sent = [] if point is None else await sent_to(connection, point, row["received_at"])
        answered = set() if point is None else await answered_by(connection, row["sender"], row["received_at"])
        found = thread(
            row["text"],
            sent,
            answered - {row["answers"]},
            self._tools.answers.codes_of,
            row["received_at"],
        )
        return Heard(
            id=row["id"],
            sender=row["sender"] or "",
            text=row["text"],
            channel=row["channel"],
            at=self._clock.now(),
            contact_point_id=point,
            language=None if point is None else await language_of(connection, point),
            thread=found,
            reading=Reading(
                intents=tuple(intents),
                score=score,
                urgent=False,
                abstain=False,
                because=(f"read by {actor}",),
                version="person",
            ),
            actor=actor,
        )


def _check(intents: Sequence[str] | None, score: int | None) -> None:
    unknown = sorted(set(intents or ()) - INTENTS)
    if unknown:
        raise InvalidInput(f"unknown intents: {', '.join(unknown)}", field="intents")
    if score is not None and "score" not in (intents or ()):
        raise InvalidInput("a score is given only with the intent score", field="score")
    if score is not None and not 1 <= score <= 5:
        raise InvalidInput("a score is a figure from 1 to 5", field="score")
    if score is None and "score" in (intents or ()):
        raise InvalidInput("the intent score needs a figure", field="score")
