"""A node at work: everything leaves once, nothing that was stopped leaves, and what is in doubt is said so."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from gateway.kernel.database import Database
from gateway.outbox import lanes, nodes, stop_grounds
from gateway.outbox import runner as running
from gateway.outbox.carriers import Accepted, Evidence, Handover, Refused, Throttled, Unknown
from gateway.outbox.claiming import Claimed
from gateway.outbox.dispatcher import Dispatcher
from gateway.outbox.hot import HotPath
from gateway.outbox.messages import AccountPart
from gateway.outbox.pace import Pace
from gateway.outbox.runner import LaneRunner
from gateway.outbox.settler import Settler
from gateway.outbox.settling import Settled, Told
from tests.outbox.world import NOON, Carrier, World, lane_spec


async def test_everything_due_leaves_once(world: World) -> None:
    await world.messages(120)
    await world.node()
    await world.settled("sent")
    assert set(world.carrier.times.values()) == {1}
    assert len(world.carrier.taken) == 120
    assert world.carrier.most_at_once <= world.lane.concurrency


async def test_what_goes_out_is_what_was_written(world: World) -> None:
    message = await world.message(expires_at=NOON + timedelta(minutes=2))
    await world.node()
    await world.settled("sent")
    (handed,) = world.carrier.handed
    row = await world.row(message)
    assert (handed.to, handed.body, handed.valid_for) == (row["to_address"], row["body"], 120)
    assert handed.status_callback == f"http://gateway/webhooks/twilio/status/{message}"


async def test_two_nodes_share_the_work_and_nothing_goes_twice(world: World) -> None:
    await world.messages(200)
    await world.node()
    await world.node()
    await world.settled("sent")
    assert len(world.carrier.taken) == len(world.carrier.times) == 200


async def test_a_written_message_leaves_when_the_node_is_woken(world: World) -> None:
    await world.node()
    await world.message()
    await world.settled("sent")


async def test_answers_in_all_their_kinds(world: World) -> None:
    """Half of them meet something other than "taken", and each ends where it belongs."""
    refused, doubtful, busy, later = (UUID(int=0),) * 4
    seen: set[UUID] = set()

    def script(handover: Handover) -> Any:
        first = handover.message_id not in seen
        seen.add(handover.message_id)
        if handover.message_id == refused:
            return Refused(code="21211", for_good=True, why="no number", evidence=Evidence.MALFORMED)
        if handover.message_id == doubtful:
            return Unknown(why="TimeoutError")
        if handover.message_id == busy and first:
            return Throttled(after=0.01, code="20429")
        if handover.message_id == later and first:
            return Refused(code="30001", for_good=False, why="queue")
        return None

    heard: list[Told] = []

    async def hear(_connection: Any, told: Any) -> None:
        heard.extend(told)

    refused, doubtful, busy, later, *_ = await world.messages(12)
    world.carrier.script = script
    await world.node(hear=hear)

    async def done() -> bool:
        world.clock.move(seconds=1)
        return await world.states() == {"sent": 10, "failed": 1, "uncertain": 1}

    await world.until(done)
    assert [told.message_id for told in heard] == [refused]
    assert await world.state(doubtful) == "uncertain"
    assert await world.events(busy) == ["retry", "accepted"]
    assert await world.events(later) == ["retry", "accepted"]
    assert world.carrier.times[doubtful] == 0


async def test_a_listener_that_breaks_does_not_keep_a_message_from_being_settled(world: World) -> None:
    async def hear(connection: Any, _told: Any) -> None:
        await connection.execute("UPDATE contact_point SET state = 'retired'")
        raise RuntimeError("a bug in another room")

    world.carrier.script = lambda _: Refused(code="1", for_good=True, why="no", evidence=Evidence.NO_SMS)
    message = await world.message()
    await world.node(hear=hear)
    await world.settled("failed")
    assert (await world.sql("SELECT DISTINCT state FROM contact_point"))[0]["state"] == "active"
    assert await world.events(message) == ["failed"]


async def test_a_channel_that_raises_leaves_doubt_and_not_a_stuck_message(world: World) -> None:
    def script(_: Handover) -> Any:
        raise ValueError("a bug in a channel")

    world.carrier.script = script
    await world.message()
    await world.node()
    await world.settled("uncertain")


# Stopping (P3).


async def _ground(world: World, ground: str) -> UUID:
    contact = await world.contact()
    part = await world.link(contact[0])
    return await world.message(
        contact=contact, accounts=[AccountPart(part.account_id, part.account_no, part.link_id, ground)]
    )


async def test_what_is_stopped_while_others_are_handed_over_never_begins(database: Database) -> None:
    """One at a time, so that all the rest are still queued when the first one is under way."""
    world = await World.make(database, concurrency=1)
    written = [await _ground(world, f"bill:{number}") for number in range(8)]
    world.carrier.gate.clear()
    await world.node()
    await world.until(world.carrier.begun.is_set)
    async with database.work() as work:
        await stop_grounds(work.connection, [f"bill:{number}" for number in range(8)], reason="paid", at=NOON)
        await work.commit()
    world.carrier.gate.set()
    await world.settled("sent", "withheld")
    assert [one.message_id for one in world.carrier.handed] == written[:1]
    await world.end()


async def _claimed_ahead(database: Database) -> tuple[World, Dispatcher, LaneRunner]:
    """A lane with a pace: after a few calls all hang, and the next messages are claimed already."""
    world = await World.make(database, concurrency=4)

    def hang(_: Handover) -> None:
        if len(world.carrier.handed) >= 20:
            world.carrier.gate.clear()

    world.carrier.script = hang
    dispatcher = await world.node()
    await world.until(lambda: bool(dispatcher._runners))
    runner = next(iter(dispatcher._runners.values()))[0]
    runner._pace = _Brisk()
    for number in range(80):
        await _ground(world, f"bill:{number}")
    await world.until(lambda: bool(runner._ready) and not world.carrier.gate.is_set())
    world.carrier.script = lambda _: None
    return world, dispatcher, runner


class _Brisk(Pace):
    def a_second(self, now: float) -> float:
        return 1000.0


async def test_what_is_claimed_ahead_and_stopped_never_begins(database: Database) -> None:
    world, _, runner = await _claimed_ahead(database)
    begun = {one.message_id for one in world.carrier.handed}
    async with database.work() as work:
        await stop_grounds(work.connection, [f"bill:{number}" for number in range(80)], reason="paid", at=NOON)
        await work.commit()
    runner.let_go()
    world.carrier.gate.set()
    await world.settled("sent", "withheld")
    assert {one.message_id for one in world.carrier.handed} == begun
    await world.end()


async def test_what_is_claimed_ahead_of_calls_that_hang_goes_back_by_itself(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody was told of a stop, and no call ends: what waits is not kept longer than its judgement holds."""
    world, _, runner = await _claimed_ahead(database)
    runner._pace = Pace()
    monkeypatch.setattr(running, "FRESH", -1.0)

    async def given_back() -> bool:
        return not runner._ready and (await world.states())["sending"] <= 4

    await world.until(given_back)
    monkeypatch.undo()
    world.carrier.gate.set()
    await world.settled("sent")
    assert set(world.carrier.times.values()) == {1}
    await world.end()


async def test_a_node_that_stops_gives_back_what_it_claimed_ahead(database: Database) -> None:
    world, dispatcher, runner = await _claimed_ahead(database)
    begun = len(world.carrier.handed)
    stopping = asyncio.create_task(dispatcher.stop(5))
    await world.until(lambda: not runner._ready)
    world.carrier.gate.set()
    await stopping
    assert await world.states() == {"sent": begun, "queued": 80 - begun}
    await world.end()


async def test_a_claim_that_has_gone_stale_goes_back_and_is_judged_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node claims, is frozen past the second that a stop may take, and the stop comes in between."""
    monkeypatch.setattr(running, "FRESH", -1.0)
    message = await _ground(world, "bill:1")
    await world.node()

    async def given_back() -> bool:
        return (await world.row(message))["claimed_at"] is not None and await world.state(message) == "queued"

    await world.until(given_back)
    assert world.carrier.handed == []
    await world.sql("INSERT INTO ground_stop VALUES ('bill:1', 'paid', now())")
    await world.settled("withheld")
    assert world.carrier.handed == []
    assert (await world.row(message))["attempts"] == 0


async def test_a_stop_that_is_told_drops_what_is_claimed_and_not_begun(world: World) -> None:
    """The stop commits between the claim and the hand-over, and the node hears of it before it begins."""
    message = await _ground(world, "bill:1")
    dispatcher = await world.node()
    await world.until(lambda: bool(dispatcher._runners))
    runner = next(iter(dispatcher._runners.values()))[0]
    begin = runner._begin

    def told_just_before(claimed: Claimed, judged: float) -> None:
        begin(claimed, judged)
        dispatcher.stop_told()
        # Nothing more is claimed until the test has looked.
        runner._leave_alone_until = time.monotonic() + 1

    runner._begin = told_just_before  # type: ignore[method-assign]

    async def given_back() -> bool:
        return (await world.row(message))["claimed_at"] is not None and await world.state(message) == "queued"

    await world.until(given_back)
    runner._begin = begin  # type: ignore[method-assign]
    await world.sql("INSERT INTO ground_stop VALUES ('bill:1', 'paid', now())")
    await world.settled("withheld")
    assert world.carrier.handed == []


async def test_stops_that_never_end_keep_nobody_from_sending(world: World) -> None:
    dispatcher = await world.node()
    await world.messages(60)

    async def stops() -> None:
        while True:
            dispatcher.stop_told()
            await asyncio.sleep(0)

    storm = asyncio.create_task(stops())
    await world.settled("sent")
    storm.cancel()
    assert set(world.carrier.times.values()) == {1}


async def test_no_hand_over_begins_without_a_lease(world: World) -> None:
    dispatcher = await world.node()
    world.lease_of(dispatcher)._good_until = 0
    await world.messages(3)
    dispatcher.wake()
    await asyncio.sleep(0.3)
    assert await world.states() == {"queued": 3}
    await world.lease_of(dispatcher).renew()
    await world.settled("sent")


async def test_nothing_begins_after_its_validity_though_it_was_claimed_before(world: World) -> None:
    await world.sql("SELECT 1")
    dispatcher = await world.node()
    await world.until(lambda: bool(dispatcher._runners))
    runner = next(iter(dispatcher._runners.values()))[0]
    claimed = Claimed(uuid4(), "+8613800000000", "x", None, 1, world.clock.now(), 3)
    runner._begin(claimed, time.monotonic())
    await asyncio.gather(*runner._flying.values())
    assert world.carrier.handed == []


# Second looks.


async def test_late_texts_are_put_off_to_their_next_opening(world: World) -> None:
    world.clock.move(hours=11)  # nine in the evening
    message = await world.message(hours="service", closes_at=world.clock.now() - timedelta(hours=1))
    await world.node()

    async def put_off() -> bool:
        return (await world.events(message)) == ["deferred"]

    await world.until(put_off)
    row = await world.row(message)
    assert row["not_before"].isoformat() == "2025-03-05T00:00:00+00:00"
    assert row["closes_at"].isoformat() == "2025-03-05T12:00:00+00:00"
    assert world.carrier.handed == []


@pytest.mark.parametrize("wrong", [{"hours": "whenever"}, {"zone": "Asia/Atlantis"}])
async def test_hours_that_nobody_can_tell_hold_up_nobody_else(world: World, wrong: dict[str, Any]) -> None:
    odd = await world.message(closes_at=NOON, **wrong)
    fine = await world.message()
    await world.node()

    async def done() -> bool:
        return await world.state(fine) == "sent" and await world.events(odd) == ["deferred"]

    await world.until(done)
    assert await world.state(odd) == "queued"


async def _partly(world: World) -> UUID:
    contact = await world.contact()
    one, other = await world.link(contact[0]), await world.link(contact[0])
    return await world.message(
        contact=contact,
        accounts=[
            AccountPart(one.account_id, one.account_no, one.link_id, "bill:stopped"),
            AccountPart(other.account_id, other.account_no, other.link_id, "bill:open"),
        ],
    )


async def test_a_partly_stopped_text_is_composed_anew_and_leaves(world: World) -> None:
    async def recompose(connection: Any, messages: Any) -> None:
        await connection.execute("UPDATE message SET body = '只剩一户' WHERE id = ANY($1::uuid[])", messages)
        await connection.execute("DELETE FROM message_account WHERE ground = 'bill:stopped'")

    await _partly(world)
    await world.sql("INSERT INTO ground_stop VALUES ('bill:stopped', 'paid', now())")
    await world.node(recompose=recompose)
    await world.settled("sent")
    assert [one.body for one in world.carrier.handed] == ["只剩一户"]


async def _does_nothing(_connection: Any, _messages: Any) -> None: ...


async def _raises(_connection: Any, _messages: Any) -> None:
    raise KeyError("template")


@pytest.mark.parametrize("recompose", [_does_nothing, _raises])
async def test_a_text_that_cannot_be_composed_anew_is_withheld_and_holds_up_nobody(
    world: World, recompose: Any
) -> None:
    message = await _partly(world)
    other = await world.message()
    await world.sql("INSERT INTO ground_stop VALUES ('bill:stopped', 'paid', now())")
    await world.node(recompose=recompose)
    await world.settled("sent", "withheld")
    assert await world.state(other) == "sent"
    assert (await world.row(message))["withheld_reason"] == "superseded"


# Breaker and failover.


async def test_a_dead_carrier_opens_the_breaker_and_the_other_lane_takes_over(world: World) -> None:
    async with world.database.connection() as connection:
        await lanes.ensure(connection, lane_spec(name="second", carrier="other", rank=1))
    backup = Carrier(name="other")
    world.carrier.script = lambda _: Refused(code="not_connected", for_good=False, why="ConnectorError")
    await world.node(world.carrier, backup)
    await world.messages(60)

    async def done() -> bool:
        world.clock.move(seconds=1)
        return await world.states() == {"sent": 60}

    await world.until(done)
    assert len(backup.taken) == 60
    assert world.carrier.taken == []

    async def seen() -> bool:
        async with world.database.connection() as connection:
            states = {row.lane: row.state for row in await lanes.breakers(connection)}
        return states.get("main") in {"open", "half_open"} and states.get("second") == "closed"

    await world.until(seen)


async def test_the_second_choice_waits_while_the_first_is_well(world: World) -> None:
    async with world.database.connection() as connection:
        await lanes.ensure(connection, lane_spec(name="second", carrier="other", rank=1))
    backup = Carrier(name="other")
    await world.node(world.carrier, backup)
    await world.messages(60)
    await world.settled("sent")
    assert backup.taken == []


async def test_a_carrier_that_comes_back_is_used_again(world: World) -> None:
    world.carrier.script = lambda _: Refused(code="not_connected", for_good=False, why="ConnectorError")
    await world.node()
    await world.messages(30)

    async def opened() -> bool:
        rows = await world.sql("SELECT state FROM lane_breaker")
        return [row["state"] for row in rows] == ["open"]

    await world.until(opened)
    offered = len(world.carrier.handed)
    world.carrier.script = lambda _: None

    async def done() -> bool:
        world.clock.move(seconds=1)
        return await world.states() == {"sent": 30}

    await world.until(done)
    assert offered <= world.lane.concurrency * 2


async def test_a_busy_carrier_is_left_alone_for_as_long_as_it_asks(world: World) -> None:
    world.carrier.script = lambda _: Throttled(after=30, code="20429")
    await world.messages(40)
    await world.node()

    async def asked() -> bool:
        return (await world.states())["sending"] == 0 and len(world.carrier.handed) > 0

    await world.until(asked)
    world.clock.move(minutes=5)
    await asyncio.sleep(0.2)
    assert len(world.carrier.handed) <= world.lane.concurrency


async def test_a_lane_may_be_changed_disabled_and_enabled_while_it_runs(world: World) -> None:
    dispatcher = await world.node()
    await world.until(lambda: bool(dispatcher._runners))
    await world.sql("UPDATE lane SET enabled = false")
    runner = next(iter(dispatcher._runners.values()))[0]
    await world.until(lambda: runner.disabled)
    await world.message()
    await asyncio.sleep(0.2)
    assert await world.states() == {"queued": 1}
    await world.sql("UPDATE lane SET enabled = true, concurrency = 3")
    await world.settled("sent")
    assert runner.lane.concurrency == 3


# The end of a node.


async def test_it_stops_by_finishing_what_is_under_way_and_giving_up_nothing(world: World) -> None:
    world.carrier.gate.clear()
    await world.messages(40)
    dispatcher = await world.node()
    await world.until(world.carrier.begun.is_set)
    stopping = asyncio.create_task(dispatcher.stop(5))
    await asyncio.sleep(0.05)
    begun = len(world.carrier.handed)
    world.carrier.gate.set()
    await stopping
    assert await world.states() == {"sent": begun, "queued": 40 - begun}
    assert len(world.carrier.handed) == begun


async def test_what_does_not_end_in_time_is_in_doubt_and_said_so(world: World) -> None:
    world.carrier.gate.clear()
    await world.messages(3)
    dispatcher = await world.node()
    await world.until(lambda: len(world.carrier.handed) == 3)
    await dispatcher.stop(0.05)
    assert await world.states() == {"uncertain": 3}


async def test_stopping_a_node_that_never_ran(world: World) -> None:
    dispatcher = await world.node()
    await dispatcher.stop(1)


async def test_what_a_dead_node_held_becomes_uncertain_and_nothing_else(world: World) -> None:
    world.carrier.gate.clear()
    await world.messages(5)
    dead = await world.node()
    await world.until(lambda: len(world.carrier.handed) == 5)
    await world.kill(dead)
    async with world.database.connection() as connection:
        assert await nodes.reap(connection, NOON) == 0
        await connection.execute("UPDATE node SET leased_until = clock_timestamp() - interval '1 second'")
        assert await nodes.reap(connection, NOON) == 5
        assert await nodes.reap(connection, NOON) == 0
    assert await world.states() == {"uncertain": 5}


async def test_a_claim_whose_answer_was_lost_is_found_again(world: World) -> None:
    """The database took the claim, and its answer never came: nobody here knows of the message, yet it is ours."""
    dispatcher = await world.node()
    await world.until(lambda: bool(dispatcher._runners))
    world.lease_of(dispatcher)._good_until = 0
    await world.message()
    await world.claim(node=world.lease_of(dispatcher).id)
    assert await world.states() == {"sending": 1}
    await world.lease_of(dispatcher).renew()
    runner = next(iter(dispatcher._runners.values()))[0]
    runner.look_astray()
    await world.settled("sent")
    assert len(world.carrier.handed) == 1


# The database away.


async def test_it_waits_for_the_database_and_forgets_nothing(world: World) -> None:
    world.carrier.gate.clear()
    await world.messages(30)
    await world.node()
    await world.until(lambda: len(world.carrier.handed) == world.lane.concurrency)
    name = world.database.url.rpartition("/")[2].partition("?")[0]
    await world.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()", name
    )
    world.carrier.gate.set()
    for _ in range(5):
        await asyncio.sleep(0.05)
        await world.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()",
            name,
        )
    await world.settled("sent")
    assert set(world.carrier.times.values()) == {1}
    assert len(world.carrier.taken) == 30


async def test_settling_keeps_what_it_could_not_write(world: World) -> None:
    hot = HotPath("postgresql://nobody@127.0.0.1:1/nothing")
    await hot.start()
    settler = Settler(world.database, hot, uuid4(), _does_nothing)
    message = await world.message()
    settler.ended(Settled(message, None, 1, Accepted(carrier_id="SM1"), NOON, "main"))
    task = asyncio.create_task(settler.run())
    assert not await settler.drain(0.4)
    assert settler.known == [message]
    settler._hot = HotPath(world.database.url)
    await settler._hot.start()
    assert await settler.drain(5)
    task.cancel()
    await settler._hot.close()
    assert await world.state(message) == "sent"
