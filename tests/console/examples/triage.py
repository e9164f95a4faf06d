"""Replies that tests look at."""

from __future__ import annotations

from gateway.kernel.ids import new_id

from ..world import World, example


@example("/triage/{id}")
async def one(world: World) -> str:
    if "reply" not in world.made:
        world.made["reply"] = new_id(world.clock.now())
        number = (await world.numbers(world.accounts["东湖区"][0]))[0]
        async with world.database.work() as work:
            await work.execute(
                """INSERT INTO inbound (id, channel, carrier_id, sender, text, received_at, state, resolved_by)
                   VALUES ($1, 'sms', 'SMexample', $2, '知道了', $3, 'done', 'cli:test')""",
                world.made["reply"],
                number,
                world.clock.now(),
            )
            await work.commit()
    return f"/triage/{world.made['reply']}"
