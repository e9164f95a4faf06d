"""Switching a lane off and on again by hand.

A lane that is off hands nothing over from the next look of each node on (half a second); what it had claimed goes
back to the queue, and leaves by the other lanes of its channel or waits. Settings leave the switch as it is.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel import audit
from gateway.kernel.acting import needs
from gateway.kernel.clock import Clock
from gateway.kernel.database import driver
from gateway.kernel.errors import Conflict, InvalidInput, NotFound
from gateway.outbox.health import LaneSeen, lanes


class LaneSwitch:
    """The use cases of lanes. They work in the session's transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @needs("messages:read", whole=True)
    async def lanes(self, session: AsyncSession) -> list[LaneSeen]:
        """Every lane with what living nodes say of it, by channel and rank."""
        return await lanes(session)

    @needs("lanes:write", whole=True)
    async def switch(self, session: AsyncSession, name: str, *, on: bool, why: str, actor: str) -> LaneSeen:
        """Let the lane send, or let it send nothing more; the lane as it is then.

        Raises NotFound, Conflict where it is so already, InvalidInput without a reason.
        """
        if not why.strip():
            raise InvalidInput("a reason is needed", field="why")
        connection = await driver(session)
        enabled = await connection.fetchval("SELECT enabled FROM lane WHERE name = $1 FOR NO KEY UPDATE", name)
        if enabled is None:
            raise NotFound("There is no such lane.")
        if enabled is on:
            raise Conflict("the lane is on already" if on else "the lane is off already")
        await connection.execute("UPDATE lane SET enabled = $2 WHERE name = $1", name, on)
        await audit.write(
            connection,
            at=self._clock.now(),
            actor=actor,
            action=f"lane.switched_{'on' if on else 'off'}",
            subject=f"lane:{name}",
            before={"enabled": enabled},
            after={"enabled": on, "why": why.strip()},
        )
        return next(lane for lane in await lanes(session) if lane.name == name)
