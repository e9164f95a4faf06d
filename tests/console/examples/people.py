"""People that tests look at."""

from __future__ import annotations

from ..world import World, example


@example("/people/{id}")
async def one(world: World) -> str:
    async with world.database.connection() as connection:
        found = await connection.fetchval("SELECT staff_id FROM staff_login WHERE name = 'auditor'")
    return f"/people/{found}"
