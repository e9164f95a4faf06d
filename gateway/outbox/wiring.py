"""What the dispatcher is given from other rooms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gateway.outbox.carriers import Channel
from gateway.outbox.hours import Hours, standard
from gateway.outbox.settler import Hear, hear_nothing
from gateway.outbox.sweeping import withhold

#: Composes texts anew that rest on several grounds of which some ended; in a transaction that holds them.
Recompose = Callable[[Any, Sequence[UUID]], Awaitable[None]]


async def withhold_partly_stopped(connection: Any, messages: Sequence[UUID]) -> None:
    """What happens to partly stopped texts where no room composes them anew: nothing of them leaves."""
    at = await connection.fetchval("SELECT clock_timestamp()")
    await withhold(connection, messages, reason="superseded", at=at, words="part of what it says no longer holds")


def count_nothing(_lane: str, _outcome: str) -> None:
    """Where nobody counts hand-overs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What the dispatcher is given from other rooms."""

    #: By the name that lanes give as their carrier.
    channels: Mapping[str, Channel]
    #: `{base}/{message_id}` is where the carrier of a channel reports; by the same name.
    callbacks: Mapping[str, str]
    region: str
    #: The sending hours as policy has them.
    hours: Hours = standard
    recompose: Recompose = withhold_partly_stopped
    hear: Hear = hear_nothing
    #: Counts a hand-over by its lane and how it ended (`accepted`, `refused`, `throttled`, `unknown`).
    count: Callable[[str, str], None] = count_nothing
