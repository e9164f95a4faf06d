"""What a person does with a text that waits: closes it, or says how it is to be read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.misdirection import DISOWNING
from gateway.archive.reach import part_of
from gateway.evaluations import must_not_be_rated_by
from gateway.inbox import doubting, labels
from gateway.inbox.heard import Reaction, Tools, keep
from gateway.inbox.listening import COLUMNS, listen
from gateway.inbox.reacting import react
from gateway.inbox.reading import inbound
from gateway.inbox.understanding import INTENTS, Reading
from gateway.kernel import audit
from gateway.kernel.acting import acting_in, needs
from gateway.kernel.clock import Clock
from gateway.kernel.database import driver
from gateway.kernel.errors import Conflict, InvalidInput, NotFound

#: Intents that must have an effect when a person chooses them.
ACTED_ON: Final = frozenset(
    ("score", "wrong_number", "moved_or_sold", "opt_out", "opt_in", "payment_made", "billing_dispute")
)


class Inbox:
    """What people do with inbounds. Nothing here commits."""

    def __init__(self, clock: Clock, tools: Tools) -> None:
        self._clock = clock
        self._tools = tools

    @needs("inbound:resolve")
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

        What a person reads is kept as a label, for the next version of the reader.

        Raises NotFound, Conflict where it does not wait, InvalidInput for an unknown intent or a score alone.
        """
        _check(intents, score)
        if part_of(session) is not None:
            await inbound(session, inbound_id)
        connection = await driver(session)
        now = self._clock.now()
        row = await connection.fetchrow(
            f"SELECT {COLUMNS}, state, reading::text, remark, answers FROM inbound WHERE id = $1 FOR UPDATE", inbound_id
        )
        if row is None:
            raise NotFound("there is no such inbound")
        if row["state"] != "triage":
            raise Conflict(f"only what is in triage can be resolved; this is {row['state']}")
        acting = acting_in(session)
        if acting is not None and acting.staff_no is not None:
            await must_not_be_rated_by(connection, acting.staff_no, row["answers"] or row["replies_to"])
        if intents:
            listened = await listen(connection, row, self._tools.answers)
            await labels.keep(
                connection,
                listened,
                self._tools.answers,
                intents=intents,
                score=score,
                doubted=row["reading"],
                by=actor,
                at=now,
            )
            reading = Reading(
                intents=tuple(intents),
                score=score,
                urgent="safety_urgent" in intents,
                abstain=False,
                because=(f"read by {actor}",),
                version="person",
            )
            heard = replace(listened, at=now, reading=reading, actor=actor)
            await doubting.clear(
                connection, inbound_id, heard, self._tools, otherwise=not set(DISOWNING) & set(intents)
            )
            reaction = await react(connection, heard, self._tools)
            if ACTED_ON & set(intents) and not reaction.effects:
                raise Conflict("; ".join(reaction.remarks) or "there is nothing that this would change")
            await keep(connection, heard, Reaction(effects=reaction.effects, answers=reaction.answers))
        await connection.execute(
            """UPDATE inbound SET state = 'done', choices = '[]', resolved_by = $2, resolved_at = $3,
                 remark = coalesce($4, remark) WHERE id = $1""",
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


def _check(intents: Sequence[str] | None, score: int | None) -> None:
    unknown = sorted(set(intents or ()) - INTENTS)
    if unknown:
        raise InvalidInput(f"unknown intents: {', '.join(unknown)}", field="intents")
    if "unclear" in (intents or ()) and len(intents or ()) > 1:
        raise InvalidInput("unclear stands alone", field="intents")
    if score is not None and "score" not in (intents or ()):
        raise InvalidInput("a score is given only with the intent score", field="score")
    if score is not None and not 1 <= score <= 5:
        raise InvalidInput("a score is a figure from 1 to 5", field="score")
    if score is None and "score" in (intents or ()):
        raise InvalidInput("the intent score needs a figure", field="score")
