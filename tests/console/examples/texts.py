"""Texts, changes of them and versions of the policy that tests look at."""

from __future__ import annotations

from gateway.notices.texts import Proposed
from gateway.notices.wording import TextKey

from ..world import World, example


@example("/texts/{name}")
async def one(world: World) -> str:
    return "/texts/arrears"


@example("/texts/revisions/{id}")
async def revision(world: World) -> str:
    if "revision" not in world.made:
        texts = world.house.texts
        key = TextKey("announcement", "zh-CN", "neutral")
        template = texts.in_force.find(key)
        assert template is not None
        source = template.source.replace("{{ text }}", "{{ text }}谢谢。")
        async with world.database.session() as session:
            world.made["revision"] = await texts.draft(
                session, [Proposed(key=key, source=source)], note="更客气", actor="staff:E000001"
            )
            await session.commit()
    return f"/texts/revisions/{world.made['revision']}"


@example("/policy/{version}")
async def policy(world: World) -> str:
    async with world.database.session() as session:
        in_force = await world.house.policy.version(session, None)
    return f"/policy/{in_force.version}"
