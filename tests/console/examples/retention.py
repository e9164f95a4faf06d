"""Rules of retention that tests look at."""

from __future__ import annotations

from ..world import World, example


@example("/retention/{name}")
async def one(world: World) -> str:
    return "/retention/message_bodies"
