"""Doubt is settled by asking, never by sending again blindly; what nobody can settle is shown to a person."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from gateway.kernel.errors import Conflict
from gateway.outbox import doubt, lanes
from gateway.outbox.carriers import Accepted, Evidence, NotThere, Receipt, Unknown
from gateway.outbox.doubt import Resolver
from gateway.outbox.settling import Settled, Told, settle
from tests.outbox.world import NOON, World, found, lane_spec


async def _doubtful(world: World, number: int = 1, *, age: float = 60, **fields: Any) -> list[UUID]:
    messages = await world.messages(number, **fields)
    await world.claim()
    await world.sql(
        """UPDATE message SET state = 'uncertain', doubt_since = clock_timestamp() - make_interval(secs => $2),
             lane_id = $3, attempts = 1
           WHERE id = ANY($1::uuid[])""",
        messages,
        age,
        world.lane.id,
    )
    return messages


def _resolver(world: World, **more: Any) -> Resolver:
    return Resolver(world.database, world.clock, {"twilio": world.carrier}, grace=30, **more)


async def test_found_at_the_carrier(world: World) -> None:
    (message,) = await _doubtful(world)
    world.carrier.knows = lambda id_: found(id_, "SM7", "delivered")
    assert await _resolver(world).round() == 1
    row = await world.row(message)
    assert (row["state"], row["carrier_id"], row["doubt_since"]) == ("delivered", "SM7", None)


async def test_found_and_not_yet_on_its_way(world: World) -> None:
    (message,) = await _doubtful(world)
    world.carrier.knows = lambda id_: found(id_, "SM7", None)
    await _resolver(world).round()
    assert await world.state(message) == "sent"


async def test_what_the_carrier_never_had_goes_back_to_the_queue(world: World) -> None:
    (message,) = await _doubtful(world)
    await _resolver(world).round()
    assert await world.state(message) == "queued"
    assert await world.events(message) == ["requeued"]
    assert [one.id for one in (await world.claim()).claimed] == [message]


async def test_nothing_is_asked_while_the_hand_over_may_still_be_under_way(world: World) -> None:
    (message,) = await _doubtful(world, age=29)
    assert await _resolver(world).round() == 0
    assert await world.state(message) == "uncertain"


async def test_what_cannot_be_asked_stays_in_doubt_and_is_asked_ever_more_rarely(world: World) -> None:
    (message,) = await _doubtful(world, age=100)
    world.carrier.knows = lambda _: Unknown(why="http_503")
    resolver = _resolver(world)
    assert await resolver.round() == 1
    assert await resolver.round() == 0
    ((wait,),) = await world.sql("SELECT extract(epoch FROM look_at - clock_timestamp())::float8 FROM message")
    assert 20 <= wait <= 26
    await world.sql("UPDATE message SET look_at = clock_timestamp() - interval '1 second'")
    assert await resolver.round() == 1
    assert await world.state(message) == "uncertain"


async def test_a_look_up_that_raises_is_an_unknown(world: World) -> None:
    def broken(_: UUID) -> Any:
        raise ValueError("a bug in a channel")

    (message,) = await _doubtful(world)
    world.carrier.knows = broken
    await _resolver(world).round()
    assert await world.state(message) == "uncertain"


async def test_two_in_doubt_never_share_one_text_at_the_carrier(world: World) -> None:
    """The same text to the same number twice, one of which the carrier took: the other must go out."""
    contact = await world.contact()
    one, other = await _doubtful(world, 2, contact=contact)
    world.carrier.taken.append((one, "SM1", contact[1], (await world.row(one))["body"]))
    resolver = _resolver(world)
    await asyncio.gather(resolver.round(), resolver.round())
    await world.sql("UPDATE message SET look_at = NULL")
    await resolver.round()
    rows = [await world.row(message) for message in (one, other)]
    assert sorted((row["state"], row["carrier_id"]) for row in rows) == [("queued", None), ("sent", "SM1")]


async def test_it_waits_for_the_same_text_that_is_just_being_handed_over(world: World) -> None:
    """Otherwise what the carrier took of the second would be mistaken for the first."""
    contact, node = await world.contact(), uuid4()
    (first,) = await _doubtful(world, contact=contact)
    second = await world.message(contact=contact)
    await world.sql("UPDATE message SET state = 'sending', node_id = $2, attempts = 1 WHERE id = $1", second, node)
    world.carrier.taken.append((second, "SM1", contact[1], (await world.row(second))["body"]))
    resolver = _resolver(world)
    assert await resolver.round() == 0
    async with world.database.connection() as connection:
        taken = Accepted(carrier_id="SM1")
        await settle(connection, node, [Settled(second, contact[0], 1, taken, NOON, "main")])
    assert await resolver.round() == 1
    assert [await world.state(one) for one in (first, second)] == ["queued", "sent"]


async def test_a_receipt_that_comes_while_the_carrier_is_asked_stands(world: World) -> None:
    (message,) = await _doubtful(world)
    loop = asyncio.get_running_loop()
    asked, answer = asyncio.Event(), asyncio.Event()

    async def look_up(*_: Any) -> Any:
        asked.set()
        await answer.wait()
        return NotThere(why="not in the list")

    world.carrier.look_up = look_up  # type: ignore[method-assign]
    round_ = loop.create_task(_resolver(world).round())
    await asked.wait()
    await world.sql("UPDATE message SET state = 'delivered', carrier_id = 'SM5'")
    answer.set()
    await round_
    assert await world.state(message) == "delivered"


async def test_evidence_that_only_a_look_up_brought_is_heard(world: World) -> None:
    heard: list[Told] = []

    async def hear(_connection: Any, told: Any) -> None:
        heard.extend(told)

    (message,) = await _doubtful(world)
    answer = found(message, "SM7", "undelivered")
    told = Receipt(
        message_id=message,
        carrier_id="SM7",
        state="undelivered",
        error_code="30005",
        raw_status="undelivered",
        evidence=Evidence.UNALLOCATED,
    )
    world.carrier.knows = lambda _: type(answer)(carrier_id="SM7", segments=1, receipt=told)
    await _resolver(world, hear=hear).round()
    assert [(one.message_id, one.evidence) for one in heard] == [(message, Evidence.UNALLOCATED)]


async def test_two_carriers_may_give_the_same_id(world: World) -> None:
    """What one carrier calls 7 is not what another calls 7, though text and number are the same."""
    async with world.database.connection() as connection:
        await lanes.ensure(connection, lane_spec(name="second", carrier="other", rank=1))
    contact = await world.contact()
    earlier = await world.message(contact=contact)
    await world.sql(
        """UPDATE message SET state = 'delivered', carrier_id = '7',
             lane_id = (SELECT id FROM lane WHERE name = 'second')"""
    )
    (message,) = await _doubtful(world, contact=contact)
    world.carrier.knows = lambda one: found(one, "7")
    await _resolver(world).round()
    row = await world.row(message)
    assert (row["state"], row["carrier_id"]) == ("sent", "7")
    assert await world.state(earlier) == "delivered"


# People.


async def test_doubt_past_the_limit_is_shown_and_noted_once(world: World) -> None:
    (old,) = await _doubtful(world, age=doubt.LIMIT + 60)
    await _doubtful(world, age=60)
    world.carrier.knows = lambda _: Unknown(why="http_503")
    for _ in range(2):
        await _resolver(world).round()
        await world.sql("UPDATE message SET look_at = NULL")
    async with world.database.connection() as connection:
        (shown,) = await doubt.in_doubt(connection)
    assert (shown.id, shown.lane) == (old, "main")
    assert await world.events(old) == ["doubtful"]


@pytest.mark.parametrize(("taken", "state", "event"), [(True, "sent", "sent"), (False, "queued", "requeued")])
async def test_a_person_decides(world: World, taken: bool, state: str, event: str) -> None:
    (message,) = await _doubtful(world)
    async with world.database.connection() as connection:
        await doubt.decide(connection, message, taken=taken, at=NOON, by="staff:1001")
        with pytest.raises(Conflict):
            await doubt.decide(connection, message, taken=taken, at=NOON, by="staff:1001")
    assert await world.state(message) == state
    assert await world.events(message) == [event]
