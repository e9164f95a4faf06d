"""Outages that tests look at."""

from __future__ import annotations

from gateway.notices.outages.keeping import NewOutage
from gateway.notices.outages.scopes import Scope

from ..world import NOW, World, example


async def fault(world: World, name: str = "FO-TEST") -> str:
    """A fault that is under way, once for each name."""
    key = f"outage:{name}"
    if key not in world.made:
        asked = NewOutage(
            kind="fault",
            scope=Scope(accounts=world.accounts["东湖区"][:4]),
            given={"starts_at": NOW, "reason": "电缆被挖断"},
            outage_no=name,
        )
        async with world.database.session() as session:
            world.made[key] = await world.house.outages.announce(session, asked, actor="staff:E000001")
            await session.commit()
    return name


@example("/outages/{id}")
async def one(world: World) -> str:
    return f"/outages/{await fault(world)}"
