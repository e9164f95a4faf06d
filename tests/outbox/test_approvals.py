"""A lane whose carrier approves texts: nothing else is handed to it."""

from __future__ import annotations

from uuid import UUID

from gateway.kernel.database import Database
from gateway.outbox import approvals, lanes
from tests.outbox.world import NOON, World, lane_spec


async def say(world: World, version: str, state: str) -> None:
    async with world.database.work() as work:
        await approvals.record(
            work.connection,
            carrier="twilio",
            template="arrears",
            version=version,
            carrier_template_id="HX1",
            state=state,
            reason=None,
            at=NOON,
            by="key:clerk",
        )
        await work.commit()


async def test_what_is_not_approved_is_refused_and_never_handed_over(database: Database) -> None:
    world = await World.make(database, approved_templates=True)
    try:
        await say(world, "good", "approved")
        await say(world, "asked", "submitted")
        await say(world, "bad", "refused")
        sent: dict[str, UUID] = {}
        for version in ("good", "asked", "bad", "unknown"):
            sent[version] = await world.message(template="arrears", template_version=version, body=f"电费{version}")
        await world.node()
        await world.settled("sent", "failed")
        assert [handed.message_id for handed in world.carrier.handed] == [sent.pop("good")]
        for message in sent.values():
            row = await world.row(message)
            assert (row["state"], row["error_code"]) == ("failed", "template_not_approved")
            assert "failed" in await world.events(message)
    finally:
        await world.end()


async def test_a_lane_that_asks_for_no_approval_sends_everything(database: Database) -> None:
    world = await World.make(database)
    try:
        await say(world, "bad", "refused")
        await world.message(template="arrears", template_version="bad")
        await world.node()
        await world.settled("sent")
    finally:
        await world.end()


async def test_what_lacks_approval_is_named_with_its_carrier(database: Database) -> None:
    world = await World.make(database, approved_templates=True)
    await say(world, "good", "approved")
    await say(world, "bad", "refused")
    versions = [("arrears", "good"), ("arrears", "bad"), ("bill", "good")]
    async with database.connection() as connection:
        assert await approvals.lacking(connection, versions) == [
            ("twilio", ("arrears", "bad")),
            ("twilio", ("bill", "good")),
        ]
        await lanes.ensure(connection, lane_spec())
        assert await approvals.lacking(connection, versions) == []
