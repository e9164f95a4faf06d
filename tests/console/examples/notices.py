"""Notices that tests look at."""

from __future__ import annotations

from uuid import UUID

from gateway.notices import Draft

from ..world import World, example


async def draft(world: World, month: str = "202503", *, actor: str = "staff:E000001") -> UUID:
    """A draft of the arrears of a month, once for each actor and month."""
    key = f"notice:{month}:{actor}"
    if key not in world.made:
        async with world.database.session() as session:
            asked = Draft(kind="arrears", about={"billing_month": month}, tone="warm")
            world.made[key] = await world.house.notices.draft(session, asked, actor=actor)
            await session.commit()
    found: UUID = world.made[key]
    return found


async def previewed(world: World) -> UUID:
    """A draft that was looked at."""
    notice_id = await draft(world)
    if "preview" not in world.made:
        world.made["preview"] = await world.house.previews.ask(notice_id, 30)
    return notice_id


@example("/notices/{id}")
async def one(world: World) -> str:
    return f"/notices/{await previewed(world)}"


@example("/notices/{id}/preview")
async def preview(world: World) -> str:
    return f"/notices/{await previewed(world)}/preview"


@example("/notices/{id}/preview/progress")
async def progress(world: World) -> str:
    return f"{await preview(world)}/progress"


@example("/notices/{id}/preview/hours")
async def hours(world: World) -> str:
    return f"{await preview(world)}/hours"


@example("/notices/{id}/counts")
async def counts(world: World) -> str:
    return f"/notices/{await previewed(world)}/counts"
