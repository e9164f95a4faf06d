"""What was said before: the last turns of a thread, for readings that depend on them.

A later "刚才打错了, 是5分" revises the score that was given before it, even if something else was sent since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.inbox.threads import Sent
from gateway.inbox.understanding import Turn
from gateway.kernel.ids import first_id

#: How far back a dialogue reaches: as long as a rating is taken to answer its survey. And how many turns.
WINDOW: Final = timedelta(days=7)
MOST: Final = 12
#: The scale that survey texts print.
SCALE: Final = (1, 5)


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Turns, the last being the text that is read; and the message behind each turn of ours."""

    turns: tuple[Turn, ...] = ()
    messages: tuple[UUID | None, ...] = ()

    def message(self, turn: int | None) -> UUID | None:
        """The message of a turn."""
        return None if turn is None else self.messages[turn]

    def answered(self, turn: int | None) -> bool:
        """Whether the customer said something between a turn of ours and the last."""
        return turn is not None and any(one.role == "customer" for one in self.turns[turn + 1 : -1])


def scale_of(kind: str) -> tuple[int, int] | None:
    """The scale that texts of a kind ask a figure on."""
    return SCALE if kind == "survey" else None


async def dialogue(
    connection: Any, *, inbound_id: UUID, sender: str, text: str, at: datetime, sent: Sequence[Sent]
) -> Dialogue:
    """The dialogue that ends with an inbound; empty where nothing of ours went before it within the window."""
    ours = [message for message in sent if at - message.sent_at <= WINDOW][:MOST]
    if not ours:
        return Dialogue()
    bodies = {
        row["id"]: row["body"]
        for row in await connection.fetch(
            "SELECT id, body FROM message WHERE id = ANY($1::uuid[])", [message.id for message in ours]
        )
    }
    said = await connection.fetch(
        """SELECT received_at, text FROM inbound WHERE sender = $1 AND id >= $2 AND id < $3 AND text <> ''
           ORDER BY id DESC LIMIT $4""",
        sender,
        first_id(at - WINDOW),
        inbound_id,
        MOST,
    )
    start = min(message.sent_at for message in ours)
    spoken: list[tuple[datetime, Turn, UUID | None]] = [
        (
            message.sent_at,
            Turn(
                role="utility",
                text=bodies[message.id],
                kind=message.kind,
                scale=scale_of(message.kind),
                at_hours=_hours(start, message.sent_at),
            ),
            message.id,
        )
        for message in reversed(ours)
        if message.id in bodies
    ]
    spoken += [
        (row["received_at"], Turn(role="customer", text=row["text"], at_hours=_hours(start, row["received_at"])), None)
        for row in said
        if row["received_at"] >= start
    ]
    # At one moment, what we sent was there before it was answered.
    spoken.sort(key=lambda turn: (turn[0], turn[1].role == "customer"))
    spoken = spoken[1 - MOST :]
    turns = [turn for _, turn, _ in spoken]
    return Dialogue(
        turns=(*turns, Turn(role="customer", text=text, at_hours=_hours(start, at))),
        messages=(*(message for _, _, message in spoken), None),
    )


def _hours(start: datetime, moment: datetime) -> float:
    return (moment - start).total_seconds() / 3600
