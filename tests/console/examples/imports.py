"""Imports that tests look at."""

from __future__ import annotations

from ..world import World, example


@example("/imports/{id}")
async def one(world: World) -> str:
    return f"/imports/{world.made['arrears']}"
