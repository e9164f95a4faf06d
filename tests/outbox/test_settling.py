"""What the carrier answered and reported becomes the message's state, in any order, never backwards."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import islice, permutations
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kernel.ids import new_id
from gateway.outbox.carriers import Accepted, Evidence, Outcome, Receipt, Refused, Throttled, Unknown
from gateway.outbox.settling import MAX_ATTEMPTS, Settled, apply_receipts, backoff, evidence_of, settle
from tests.outbox.world import NOON, World, receipt

NODE = uuid4()
TAKEN = Accepted(carrier_id="SM1")
NOT_NOW = Refused(code="30001", for_good=False, why="the queue overflowed")
NEVER = Refused(code="21211", for_good=True, why="not a valid number", evidence=Evidence.MALFORMED)
BUSY = Throttled(after=3, code="20429")
WHO_KNOWS = Unknown(why="ServerTimeoutError")


async def _claimed(world: World, **fields: Any) -> UUID:
    message = await world.message(**fields)
    await world.claim(node=NODE)
    return message


async def _settle(world: World, message: UUID, outcome: Outcome, *, attempts: int = 1, node: UUID = NODE) -> None:
    point = (await world.row(message))["contact_point_id"]
    async with world.database.connection() as connection, connection.transaction():
        await settle(connection, node, [Settled(message, point, attempts, outcome, NOON, "main")])


async def _report(world: World, *receipts: Receipt) -> Any:
    async with world.database.connection() as connection, connection.transaction():
        return await apply_receipts(connection, [(one, NOON) for one in receipts])


@pytest.mark.parametrize(
    ("outcome", "state", "event"),
    [
        (TAKEN, "sent", "accepted"),
        (NEVER, "failed", "failed"),
        (NOT_NOW, "queued", "retry"),
        (BUSY, "queued", "retry"),
        (WHO_KNOWS, "uncertain", "uncertain"),
    ],
)
async def test_each_answer_has_its_state(world: World, outcome: Outcome, state: str, event: str) -> None:
    message = await _claimed(world)
    await _settle(world, message, outcome)
    row = await world.row(message)
    assert row["state"] == state
    assert await world.events(message) == [event]
    assert row["sent_at"] == (NOON if state == "sent" else None)
    assert (row["doubt_since"] is not None) == (state == "uncertain")
    assert (row["not_before"] > NOON) == (state == "queued")


async def test_it_is_tried_again_later_but_not_for_ever(world: World) -> None:
    message = await _claimed(world)
    await world.sql("UPDATE message SET attempts = $1", MAX_ATTEMPTS)
    await _settle(world, message, NOT_NOW, attempts=MAX_ATTEMPTS)
    assert await world.state(message) == "failed"


@pytest.mark.parametrize("outcome", [BUSY, Refused(code="not_connected", for_good=False, why="ConnectorError")])
async def test_trouble_with_the_carrier_never_fails_a_message(world: World, outcome: Outcome) -> None:
    message = await _claimed(world)
    await world.sql("UPDATE message SET attempts = $1", MAX_ATTEMPTS + 5)
    await _settle(world, message, outcome, attempts=MAX_ATTEMPTS + 5)
    assert await world.state(message) == "queued"


async def test_what_the_last_try_said_is_forgotten_when_it_is_sent(world: World) -> None:
    message = await _claimed(world)
    await _settle(world, message, NOT_NOW)
    assert (await world.row(message))["error_code"] == "30001"
    world.clock.move(minutes=1)
    await world.claim(node=NODE)
    await _settle(world, message, TAKEN, attempts=2)
    row = await world.row(message)
    assert (row["state"], row["error_code"], row["carrier_id"]) == ("sent", None, "SM1")


async def test_an_answer_counts_though_the_node_was_taken_for_dead(world: World) -> None:
    message = await _claimed(world)
    await world.sql("UPDATE message SET state = 'uncertain', doubt_since = now()")
    await _settle(world, message, TAKEN)
    row = await world.row(message)
    assert (row["state"], row["doubt_since"]) == ("sent", None)


async def test_a_carrier_speaks_of_what_went_to_its_own_lanes_alone(world: World) -> None:
    message = await _claimed(world)
    await _settle(world, message, TAKEN)
    async with world.database.connection() as connection, connection.transaction():
        elsewhere = await apply_receipts(connection, [(receipt(message, "delivered"), NOON)], carrier="smpp")
    assert (elsewhere.known, await world.state(message)) == (frozenset(), "sent")
    async with world.database.connection() as connection, connection.transaction():
        ours = await apply_receipts(connection, [(receipt(message, "delivered"), NOON)], carrier="twilio")
    assert (ours.known, await world.state(message)) == (frozenset({message}), "delivered")


@pytest.mark.parametrize("state", ["queued", "withheld", "cancelled", "expired"])
async def test_what_the_carrier_took_is_sent_whatever_became_of_it_here(world: World, state: str) -> None:
    message = await _claimed(world)
    await world.sql("UPDATE message SET state = $1", state)
    await _settle(world, message, TAKEN)
    assert await world.state(message) == "sent"
    await world.sql("UPDATE message SET state = $1", state)
    await _report(world, receipt(message, "delivered"))
    assert await world.state(message) == "delivered"


@pytest.mark.parametrize("outcome", [NEVER, NOT_NOW, BUSY, WHO_KNOWS])
async def test_an_answer_about_an_earlier_hand_over_says_nothing_about_the_next(world: World, outcome: Outcome) -> None:
    message = await _claimed(world)
    await world.sql("UPDATE message SET attempts = 2")
    await _settle(world, message, outcome, attempts=1)
    assert await world.state(message) == "sending"
    await world.sql("UPDATE message SET attempts = 1")
    await _settle(world, message, outcome, node=uuid4())
    assert await world.state(message) == "sending"
    assert await world.events(message) == []


async def test_what_cannot_be_stored_is_replaced(world: World) -> None:
    message = await _claimed(world)
    await _settle(world, message, Unknown(why="bad\x00 \ud800answer"))
    await _report(world, receipt(message, "undelivered", code="3\x00", carrier_id="SM\x00"))
    assert await world.state(message) == "undelivered"


async def test_refusals_tell_about_numbers() -> None:
    one, other = new_id(NOON), new_id(NOON)
    told = evidence_of(
        [
            Settled(one, 7, 1, NEVER, NOON, "main"),
            Settled(other, None, 1, NEVER, NOON, "main"),
            Settled(other, 8, 1, NOT_NOW, NOON, "main"),
        ]
    )
    assert [(item.contact_point_id, item.evidence, item.code) for item in told] == [(7, Evidence.MALFORMED, "21211")]


@given(st.integers(1, 40), st.floats(0, 1, exclude_max=True))
def test_waits_grow_with_jitter_and_have_an_end(attempts: int, draw: float) -> None:
    assert 1 <= backoff(attempts, draw) <= 900
    assert backoff(attempts, draw) <= backoff(attempts + 1, 0) * 2


# Receipts.


@pytest.mark.parametrize("order", list(permutations(["settle", "sent", "delivered", "delivered"])))
async def test_any_order_ends_delivered(world: World, order: Sequence[str]) -> None:
    message = await _claimed(world)
    for step in order:
        if step == "settle":
            await _settle(world, message, TAKEN)
        else:
            await _report(world, receipt(message, step))
    row = await world.row(message)
    assert (row["state"], row["carrier_id"]) == ("delivered", "SM1")
    assert row["sent_at"] == row["delivered_at"] == NOON


_RANK = {"queued": 0, "sending": 0, "uncertain": 0, "sent": 1, "undelivered": 2, "failed": 2, "delivered": 3}


async def test_never_backwards_in_any_order_and_any_batches(world: World) -> None:
    """Every order and every split into batches of what can be reported ends in the same state."""
    steps = ["sent", "sent", "undelivered", "delivered", None]
    for order in set(permutations(steps)):
        for cut in (0, 2, 5):
            message = await world.message()
            rank = 0
            for batch in (order[:cut], order[cut:]):
                await _report(world, *(receipt(message, state) for state in batch))
                now = _RANK[await world.state(message)]
                assert now >= rank
                rank = now
            assert await world.state(message) == "delivered"


async def test_of_two_endings_the_first_stands(world: World) -> None:
    message = await _claimed(world)
    await _report(world, receipt(message, "undelivered", code="30005"), receipt(message, "failed", code="30007"))
    row = await world.row(message)
    assert (row["state"], row["error_code"]) == ("undelivered", "30005")
    await _report(world, receipt(message, "failed", code="30007"))
    assert (await world.row(message))["error_code"] == "30005"
    await _report(world, receipt(message, "delivered"))
    row = await world.row(message)
    assert (row["state"], row["error_code"]) == ("delivered", None)


async def test_a_repeat_changes_nothing(world: World) -> None:
    message = await _claimed(world)
    first = await _report(world, receipt(message, "delivered"))
    before, events = await world.row(message), await world.events(message)
    again = await _report(world, receipt(message, "delivered"), receipt(message, "sent"))
    assert await world.row(message) == before
    assert await world.events(message) == events == ["delivered"]
    assert first.known == again.known == {message}


async def test_each_step_of_a_batch_is_an_event(world: World) -> None:
    message = await _claimed(world)
    await _report(world, receipt(message, "delivered"), receipt(message, "sent"), receipt(message, "sent"))
    assert await world.events(message) == ["sent", "delivered"]


async def test_unknown_messages_are_named_and_harm_nobody(world: World) -> None:
    message = await _claimed(world)
    stranger = new_id(NOON - timedelta(days=400))
    reported = await _report(world, receipt(stranger, "sent"), receipt(message, "sent"), receipt(None, "sent"))
    assert reported.known == {message}
    assert (await _report(world)).known == frozenset()


async def test_evidence_counts_once_and_only_where_it_is_news(world: World) -> None:
    message = await _claimed(world)
    bounce = receipt(message, "undelivered", code="30005")
    bounce = Receipt(**{**_fields(bounce), "evidence": Evidence.UNALLOCATED})
    assert len((await _report(world, bounce, bounce)).told) == 1
    assert (await _report(world, bounce)).told == []


async def test_a_receipt_settles_doubt(world: World) -> None:
    message = await _claimed(world)
    await _settle(world, message, WHO_KNOWS)
    await _report(world, receipt(message, "sent", carrier_id="SM9"))
    row = await world.row(message)
    assert (row["state"], row["carrier_id"], row["doubt_since"]) == ("sent", "SM9", None)
    await _settle(world, message, WHO_KNOWS)
    assert (await world.row(message))["doubt_since"] is None


# Receipts that speak of another hand-over of the same text.


async def test_a_failure_under_another_id_says_nothing_of_ours(world: World) -> None:
    message = await _claimed(world)
    await _settle(world, message, TAKEN)
    for _ in range(2):
        await _report(world, receipt(message, "failed", code="30005", carrier_id="SM2"))
    row = await world.row(message)
    assert (row["state"], row["carrier_id"], row["error_code"]) == ("sent", "SM1", None)
    assert await world.events(message) == ["accepted", "twice"]
    await _report(world, receipt(message, "delivered", carrier_id="SM2"))
    row = await world.row(message)
    assert (row["state"], row["carrier_id"]) == ("delivered", "SM1")


async def test_a_failure_that_came_before_our_record_yields_to_what_was_taken(world: World) -> None:
    message = await _claimed(world)
    await _report(world, receipt(message, "undelivered", code="30008", carrier_id="SM0"))
    assert await world.state(message) == "undelivered"
    await _settle(world, message, TAKEN)
    row = await world.row(message)
    assert (row["state"], row["carrier_id"], row["error_code"]) == ("sent", "SM1", None)


async def test_a_failure_of_ours_that_came_before_our_record_stands(world: World) -> None:
    message = await _claimed(world)
    await _report(world, receipt(message, "undelivered", code="30008", carrier_id="SM1"))
    await _settle(world, message, TAKEN)
    row = await world.row(message)
    assert (row["state"], row["carrier_id"], row["error_code"]) == ("undelivered", "SM1", "30008")


async def test_a_receipt_that_names_no_id_of_the_carriers_counts(world: World) -> None:
    message = await _claimed(world)
    await _report(world, receipt(message, "sent", carrier_id=""))
    assert (await world.row(message))["carrier_id"] is None
    await _settle(world, message, TAKEN)
    await _report(world, receipt(message, "undelivered", code="30008", carrier_id=""))
    assert await world.state(message) == "undelivered"


async def test_what_a_late_answer_says_was_taken_is_sent_though_the_next_try_was_refused(world: World) -> None:
    message = await _claimed(world)
    await world.sql("UPDATE message SET attempts = 2")
    await _settle(world, message, NEVER, attempts=2)
    await _settle(world, message, TAKEN, attempts=1, node=uuid4())
    row = await world.row(message)
    assert (row["state"], row["carrier_id"], row["error_code"]) == ("sent", "SM1", None)


async def test_batches_that_meet_do_not_dead_lock(world: World) -> None:
    written = await world.messages(60)
    await world.claim(node=NODE)

    async def settle_all(order: int) -> None:
        async with world.database.connection() as connection, connection.transaction():
            await settle(connection, NODE, [Settled(id_, None, 1, TAKEN, NOON, "m") for id_ in written[::order]])

    async def report_all(order: int) -> None:
        await _report(world, *(receipt(id_, "sent") for id_ in written[::order]))

    for _ in range(10):
        await asyncio.gather(settle_all(1), report_all(-1), settle_all(-1), report_all(1))
    assert await world.states() == {"sent": 60}


async def test_many_nodes_report_on_the_same_messages_and_none_goes_backwards(world: World) -> None:
    """Whoever changes messages locks them first; one statement that did both once made the server itself fall."""
    written = await world.messages(4000, contact=await world.contact())
    async with world.database.connection() as connection:
        await connection.execute("UPDATE message SET state = 'sending', node_id = $1, attempts = 1", NODE)
        await connection.execute("VACUUM ANALYZE message")
    draw = Random(7)
    reports = iter([(id_, state) for id_ in written for state in ("sent", "delivered")])

    async def report() -> None:
        while batch := list(islice(reports, draw.randint(1, 48))):
            await _report(world, *(receipt(id_, state) for id_, state in batch))

    await asyncio.gather(*(report() for _ in range(4)))
    assert await world.states() == {"delivered": 4000}


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}
