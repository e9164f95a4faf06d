"""Corrections that tests look at."""

from __future__ import annotations

from ..world import World, example


@example("/corrections/{id}")
async def one(world: World) -> str:
    if "correction" not in world.made:
        account = world.accounts["东湖区"][0]
        async with world.database.session() as session:
            detail = await world.numbers(account)
            world.made["correction"] = await world.house.corrections.open_case(
                session,
                account_no=account,
                number=detail[0],
                reason="staff_report",
                evidence="抄表时住户说号码早就换了",
                new_contacts=[],
                note=None,
                actor="staff:E000001",
            )
            await session.commit()
    return f"/corrections/{world.made['correction']}"
