"""The lane that tests look at."""

from __future__ import annotations

from gateway.outbox.lanes import LaneSpec, ensure

from ..world import World, example

LANE = "sms-main"


@example("/lanes/{name}")
async def lane(world: World) -> str:
    spec = LaneSpec(name=LANE, channel="sms", carrier="twilio", sender="95598", rate=50, concurrency=20)
    async with world.database.work() as work:
        await ensure(work, spec)
        await work.commit()
    return f"/lanes/{LANE}"
