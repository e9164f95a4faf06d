"""The claim: what leaves, in which order, and what does not leave any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from gateway.kernel.database import Database
from gateway.kernel.ids import new_id
from gateway.outbox import cancel_notice, claiming, lanes, pause_notice, resume_notice, stop_grounds
from gateway.outbox.lanes import LaneSpec
from tests.outbox.world import NOON, World, ids, lane_spec


async def test_due_messages_leave_by_priority_and_then_by_time(world: World) -> None:
    late = await world.message(priority=3, not_before=NOON)
    early = await world.message(priority=3, not_before=NOON - timedelta(minutes=5))
    code = await world.message(priority=0, not_before=NOON)
    tomorrow = await world.message(priority=0, not_before=NOON + timedelta(days=1))

    claim = await world.claim()

    assert ids(claim.claimed) == [code, early, late]
    assert await world.state(tomorrow) == "queued"
    assert {row["state"] for row in await world.sql("SELECT state FROM message WHERE id <> $1", tomorrow)} == {
        "sending"
    }


async def test_a_small_claim_takes_the_most_urgent(world: World) -> None:
    await world.messages(5, priority=3)
    urgent = await world.messages(2, priority=1)

    assert ids((await world.claim(2)).claimed) == urgent


async def test_two_claims_never_share_a_message(world: World) -> None:
    await world.messages(40)
    async with world.database.work() as other:
        held = await other.fetch("SELECT id FROM message ORDER BY id LIMIT 15 FOR UPDATE")
        claim = await world.claim(100)
    assert set(ids(claim.claimed)).isdisjoint(row["id"] for row in held)
    assert len(claim.claimed) == 25
    assert len((await world.claim(100)).claimed) == 15


async def test_a_claim_counts_the_hand_over_and_says_who_holds_it(world: World) -> None:
    node = uuid4()
    message = await world.message()
    (claimed,) = (await world.claim(node=node)).claimed
    row = await world.row(message)
    assert (claimed.attempts, row["attempts"], row["node_id"], row["lane_id"]) == (1, 1, node, world.lane.id)
    assert row["claimed_at"] == NOON


async def test_notices_of_one_priority_share_a_claim(world: World) -> None:
    big, small = uuid4(), uuid4()
    await world.messages(30, notice_id=big)
    await world.messages(10, notice_id=small)
    single = await world.message()

    claimed = ids((await world.claim(12)).claimed)

    owners = [(await world.row(message))["notice_id"] for message in claimed]
    assert owners.count(big) == owners.count(small)
    assert single in claimed


async def test_what_one_notice_leaves_over_the_others_get(world: World) -> None:
    await world.messages(30, notice_id=uuid4())
    await world.messages(2, notice_id=uuid4())
    assert len((await world.claim(20)).claimed) >= 12
    assert len((await world.claim(20)).claimed) == 20


async def test_a_claim_begins_where_the_last_one_ended_and_misses_nothing(world: World) -> None:
    """A stream remembers how far it has been claimed; what is put back before that point is found by the next look."""
    from gateway.outbox.streams import Streams

    first = await world.messages(6, notice_id=uuid4())
    streams = Streams("sms")
    node = uuid4()
    async with world.database.connection() as connection:
        await streams.look(connection, world.clock.now())
        seen = []
        while streams:
            shares = streams.share(2)
            claim = await claiming.claim(connection, world.lane, node=node, now=NOON, limit=2, shares=shares)
            streams.took(shares, claim.seen, full=claim.full, now=NOON)
            seen += ids(claim.claimed)
        assert seen == first
        await claiming.give_back(connection, [(first[0], 1)], node)
        await streams.look(connection, world.clock.now())
        claim = await claiming.claim(connection, world.lane, node=node, now=NOON, limit=2, shares=streams.share(2))
    assert ids(claim.claimed) == [first[0]]


async def test_a_single_message_is_found_after_a_wake_however_far_claims_have_gone(world: World) -> None:
    from gateway.outbox.streams import Streams

    await world.messages(3)
    streams = Streams("sms")
    streams.woken()
    async with world.database.connection() as connection:
        for _ in range(2):
            shares = streams.share(10)
            claim = await claiming.claim(connection, world.lane, node=uuid4(), now=NOON, limit=10, shares=shares)
            streams.took(shares, claim.seen, full=claim.full, now=NOON)
        assert not streams
        # Written by a transaction that began earlier: a little older than what was claimed.
        older = await world.message(not_before=NOON - timedelta(seconds=1))
        streams.woken()
        shares = streams.share(10)
        claim = await claiming.claim(connection, world.lane, node=uuid4(), now=NOON, limit=10, shares=shares)
    assert ids(claim.claimed) == [older]


# What must not leave any more.


async def test_expired(world: World) -> None:
    message = await world.message(expires_at=NOON)
    claim = await world.claim()
    assert claim.claimed == []
    assert await world.state(message) == "expired"
    assert await world.events(message) == ["expired"]


async def test_what_expires_while_nobody_claims(world: World) -> None:
    gone = await world.message(expires_at=NOON, not_before=NOON + timedelta(hours=1))
    held = await world.message(expires_at=NOON)
    stays = await world.message(expires_at=NOON + timedelta(seconds=1))
    await world.sql("UPDATE message SET held = true WHERE id = $1", held)
    async with world.database.connection() as connection:
        assert await claiming.expire(connection, NOON) == 2
    assert [await world.state(one) for one in (gone, held, stays)] == ["expired", "expired", "queued"]


async def test_late_for_its_hours(world: World) -> None:
    message = await world.message(closes_at=NOON, hours="service")
    claim = await world.claim()
    assert claim.claimed == []
    assert ids(claim.late) == [message]
    assert await world.state(message) == "queued"


async def test_put_off_or_expired_where_its_validity_ends_before(world: World) -> None:
    goes = await world.message(closes_at=NOON, hours="service", expires_at=NOON + timedelta(days=2))
    dies = await world.message(closes_at=NOON, hours="service", expires_at=NOON + timedelta(hours=1))
    morning = NOON + timedelta(hours=22)
    async with world.database.connection() as connection:
        await claiming.put_off(connection, [(id_, morning, None) for id_ in (goes, dies)], NOON)
    assert [await world.state(one) for one in (goes, dies)] == ["queued", "expired"]
    assert (await world.row(goes))["not_before"] == morning
    assert [await world.events(one) for one in (goes, dies)] == [["deferred"], ["expired"]]


@pytest.mark.parametrize(("state", "reason"), [("suspended", "misdirected"), ("revoked", "revoked")])
async def test_a_link_that_ended(world: World, state: str, reason: str) -> None:
    contact = await world.contact()
    message = await world.message(contact=contact, accounts=[await world.link(contact[0], state)])
    assert (await world.claim()).claimed == []
    row = await world.row(message)
    assert (row["state"], row["withheld_reason"], row["attempts"]) == ("withheld", reason, 0)
    assert await world.events(message) == ["withheld"]


async def _grounded(world: World, *grounds: str | None, **fields: Any) -> UUID:
    contact = await world.contact()
    parts = []
    for ground in grounds:
        part = await world.link(contact[0]) if not parts else parts[0]
        parts.append(type(part)(part.account_id, part.account_no, part.link_id, ground))
    return await world.message(contact=contact, accounts=parts, **fields)


async def test_a_ground_that_ended(world: World) -> None:
    message = await _grounded(world, "bill:3100001001:202503")
    # As a stop that committed after the text was written and did not see it.
    await world.sql("INSERT INTO ground_stop VALUES ('bill:3100001001:202503', 'paid', $1)", NOON)
    assert (await world.claim()).claimed == []
    assert (await world.row(message))["withheld_reason"] == "paid"


async def test_a_ground_that_ended_in_part(world: World) -> None:
    message = await _grounded(world, "bill:a", "bill:b")
    async with world.database.work() as work:
        assert await stop_grounds(work.connection, ["bill:a"], reason="paid", at=NOON) == 0
        await work.commit()
    claim = await world.claim()
    assert (claim.claimed, claim.partly_stopped) == ([], [message])
    assert await world.state(message) == "queued"


async def test_a_stopped_ground_withholds_at_once_what_rests_on_nothing_else(world: World) -> None:
    whole, part = await _grounded(world, "bill:a"), await _grounded(world, "bill:a", None)
    async with world.database.work() as work:
        assert await stop_grounds(work.connection, ["bill:a"], reason="paid", at=NOON) == 1
        await work.commit()
    assert [await world.state(one) for one in (whole, part)] == ["withheld", "queued"]


@pytest.mark.parametrize(
    ("purpose", "fields", "leaves"),
    [
        ("billing", {}, False),
        ("all", {}, False),
        ("outage", {}, True),
        ("all", {"klass": "L"}, True),
        ("all", {"klass": "V"}, True),
        ("all", {"kind": "opt_out_confirm"}, True),
    ],
)
async def test_refusals(world: World, purpose: str, fields: dict[str, Any], leaves: bool) -> None:
    contact = await world.contact()
    message = await world.message(contact=contact, **fields)
    await world.sql("INSERT INTO opt_out VALUES ($1, $2, $3, 'reply')", contact[0], purpose, NOON)
    assert ids((await world.claim()).claimed) == ([message] if leaves else [])
    if not leaves:
        assert (await world.row(message))["withheld_reason"] == "opted_out"


@pytest.mark.parametrize(("klass", "leaves"), [("N", False), ("L", False), ("V", True)])
async def test_a_number_that_cannot_be_reached(world: World, klass: str, leaves: bool) -> None:
    message = await world.message(contact=await world.contact("unreachable"), klass=klass)
    assert ids((await world.claim()).claimed) == ([message] if leaves else [])


async def test_a_paused_notice_waits_and_goes_on(world: World) -> None:
    notice = uuid4()
    before = await world.message(notice_id=notice)
    async with world.database.work() as work:
        await pause_notice(work.connection, notice, at=NOON)
        await work.commit()
    # Composed by a transaction that did not see the pause.
    after = await world.message(notice_id=notice)
    assert (await world.claim()).claimed == []
    assert await world.states() == {"queued": 2}
    async with world.database.work() as work:
        await resume_notice(work.connection, notice)
        await work.commit()
    assert ids((await world.claim()).claimed) == [before, after]


async def test_a_cancelled_notice(world: World) -> None:
    notice = uuid4()
    before = await world.message(notice_id=notice)
    async with world.database.work() as work:
        assert await cancel_notice(work.connection, notice, at=NOON) == 1
        await work.commit()
    after = await world.message(notice_id=notice)
    assert (await world.claim()).claimed == []
    assert [await world.state(one) for one in (before, after)] == ["cancelled", "cancelled"]
    assert await world.events(after) == ["cancelled"]


# Order: two texts to one number about one thing.


async def test_the_later_text_about_a_thing_waits_for_the_earlier(world: World) -> None:
    contact = await world.contact()
    first = await world.message(contact=contact, reference="工单20250304", priority=3)
    second = await world.message(contact=contact, reference="工单20250304", priority=0, body="又一条")
    assert ids((await world.claim()).claimed) == [first]
    assert (await world.claim()).claimed == []
    assert (await world.row(second))["not_before"] == NOON
    await world.sql("UPDATE message SET state = 'sent' WHERE id = $1", first)
    assert ids((await world.claim()).claimed) == [second]


async def test_the_later_text_waits_for_the_next_try_of_the_earlier(world: World) -> None:
    contact = await world.contact()
    first = await world.message(contact=contact, reference="r")
    await world.claim()
    again = NOON + timedelta(minutes=4)
    await world.sql("UPDATE message SET state = 'queued', not_before = $2 WHERE id = $1", first, again)
    second = await world.message(contact=contact, reference="r", body="又一条")
    assert (await world.claim()).claimed == []
    assert (await world.row(second))["not_before"] == again
    world.clock.move(minutes=4)
    assert ids((await world.claim()).claimed) == [first]


async def test_one_in_doubt_holds_up_the_next_until_patience_ends(world: World) -> None:
    contact = await world.contact()
    first = await world.message(contact=contact, reference="r")
    await world.claim()
    await world.sql("UPDATE message SET state = 'uncertain', doubt_since = clock_timestamp() WHERE id = $1", first)
    second = await world.message(contact=contact, reference="r", body="又一条")
    assert (await world.claim()).claimed == []
    world.clock.move(minutes=1)
    await world.sql("UPDATE message SET doubt_since = doubt_since - interval '20 minutes' WHERE id = $1", first)
    assert ids((await world.claim()).claimed) == [second]


async def test_a_text_that_comes_back_after_a_newer_one_left_is_superseded(world: World) -> None:
    contact = await world.contact()
    first = await world.message(contact=contact, reference="r")
    await world.claim()
    second = await world.message(contact=contact, reference="r", body="又一条")
    await world.sql("UPDATE message SET state = 'sent' WHERE id = $1", second)
    await world.sql("UPDATE message SET state = 'queued' WHERE id = $1", first)
    assert (await world.claim()).claimed == []
    assert (await world.row(first))["withheld_reason"] == "superseded"


async def test_other_texts_to_the_number_do_not_wait(world: World) -> None:
    contact = await world.contact()
    await world.message(contact=contact, body="第一条", reference="r")
    await world.message(contact=contact, body="第二条", reference="s")
    await world.message(contact=contact, body="第三条")
    assert len((await world.claim()).claimed) == 3


async def test_word_for_word_the_same_waits_until_the_first_is_settled(world: World) -> None:
    """A look-up at the carrier could not tell the two apart."""
    contact = await world.contact()
    first, second = await world.messages(2, contact=contact)
    assert ids((await world.claim()).claimed) == [first]
    await world.sql(
        "UPDATE message SET state = 'uncertain', doubt_since = now() - interval '1 day' WHERE id = $1", first
    )
    world.clock.move(minutes=1)
    assert (await world.claim()).claimed == []
    await world.sql("UPDATE message SET state = 'sent' WHERE id = $1", first)
    world.clock.move(minutes=1)
    assert ids((await world.claim()).claimed) == [second]


async def test_texts_on_one_ground_keep_their_order_too(world: World) -> None:
    contact = await world.contact()
    part = await world.link(contact[0])
    grounded = type(part)(part.account_id, part.account_no, part.link_id, "outage:PO25-017")
    first = await world.message(contact=contact, accounts=[grounded], kind="outage_planned")
    await world.message(contact=contact, accounts=[grounded], kind="outage_update", body="又一条")
    assert ids((await world.claim()).claimed) == [first]


# Rates.


async def test_tokens_are_taken_with_the_claim_and_come_back_with_time(database: Database) -> None:
    world = await World.make(database, rate=100)
    await world.messages(60)
    await world.sql("UPDATE lane SET tokens = 0, refilled_at = clock_timestamp() + interval '1 hour'")
    assert (await world.claim()).claimed == []
    await world.sql("UPDATE lane SET tokens = 0, refilled_at = clock_timestamp() - interval '150 milliseconds'")
    assert 15 <= len((await world.claim()).claimed) <= 20
    await world.sql("UPDATE lane SET tokens = 0, refilled_at = clock_timestamp() - interval '1 hour'")
    assert len((await world.claim()).claimed) == 20


async def test_what_a_claim_does_not_use_stays(database: Database) -> None:
    world = await World.make(database, rate=100)
    await world.sql("UPDATE lane SET tokens = 10, refilled_at = clock_timestamp()")
    await world.messages(4)
    assert len((await world.claim()).claimed) == 4
    ((left,),) = await world.sql("SELECT tokens FROM lane")
    assert left >= 6


async def test_lanes_are_written_once_and_follow_the_settings(database: Database) -> None:
    async with database.connection() as connection:
        await lanes.ensure(connection, lane_spec(rate=5))
        await lanes.ensure(connection, lane_spec(rate=7, concurrency=3, rank=1))
        (row,) = await lanes.enabled(connection)
        assert (row.rate, row.concurrency, row.rank) == (7, 3, 1)
        await connection.execute("UPDATE lane SET enabled = false")
        await lanes.ensure(connection, LaneSpec(**{**_fields(lane_spec()), "rate": 9}))
        assert await lanes.enabled(connection) == []


def _fields(spec: LaneSpec) -> dict[str, Any]:
    return {name: getattr(spec, name) for name in spec.__dataclass_fields__}


# Giving back, and what a lost answer left behind.


async def test_given_back_only_by_whom_it_belongs_to(world: World) -> None:
    node = uuid4()
    message = await world.message()
    await world.claim(node=node)
    async with world.database.connection() as connection:
        await claiming.give_back(connection, [(message, 1)], uuid4())
        assert await world.state(message) == "sending"
        await claiming.give_back(connection, [(message, 2)], node)
        assert await world.state(message) == "sending"
        await claiming.give_back(connection, [(message, 1)], node)
    row = await world.row(message)
    assert (row["state"], row["attempts"], row["node_id"]) == ("queued", 0, None)


async def test_claims_whose_answer_was_lost_go_back(world: World) -> None:
    node = uuid4()
    known, lost = await world.messages(2)
    await world.claim(node=node)
    others = await world.message()
    await world.claim(node=uuid4())
    async with world.database.connection() as connection:
        assert await claiming.reclaim(connection, world.lane, node, known=[known]) == 1
    assert [await world.state(one) for one in (known, lost, others)] == ["sending", "queued", "sending"]


def test_identifiers_of_one_instant_keep_their_order() -> None:
    made = [new_id(NOON) for _ in range(100)]
    assert made == sorted(made)
