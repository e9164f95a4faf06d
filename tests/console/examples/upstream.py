"""Findings, conflicts and changes that tests look at."""

from __future__ import annotations

from gateway.archive import pushing

from ..world import World, example


@example("/changes/{id}")
async def subscription(world: World) -> str:
    if "subscription" not in world.made:
        async with world.database.work() as work:
            world.made["subscription"] = await pushing.subscribe(
                work.connection,
                url="https://crm.example.cn/lamplighter",
                consumer="crm",
                actor="cli:test",
                at=world.clock.now(),
                live=True,
                from_now=False,
            )
            await work.commit()
    return f"/changes/{world.made['subscription']}"
