"""A text whose channel failed it goes on, once, on another channel of the same person; never round a refusal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from gateway.inbox import hear
from gateway.kernel.database import Database
from gateway.notices import PolicyTable, Successors
from gateway.outbox import AccountPart, lanes
from gateway.outbox.carriers import Evidence, LookUp, NotThere, Outcome, Receipt, Refused, Unknown
from gateway.outbox.failover import Failover
from gateway.outbox.locking import lock
from gateway.outbox.messages import GIVES_UP
from gateway.outbox.settling import apply_receipts
from tests.outbox.world import NOON, Carrier, World, found, lane_spec, receipt

DEAD = Refused(code="30005", for_good=True, why="unknown number", evidence=Evidence.UNALLOCATED)


@dataclass
class Two:
    """A world with SMS and a chat, and somebody who has both."""

    world: World
    chat: Carrier
    failover: Failover
    followed: dict[UUID, UUID]
    phone: tuple[int, str]
    chat_point: int
    part: AccountPart

    async def text(self, **fields: Any) -> UUID:
        values: dict[str, Any] = {"contact": self.phone, "accounts": [self.part], "fallback": ["telegram"]}
        return await self.world.message(**{**values, **fields})

    async def successors(self) -> list[Any]:
        rows: list[Any] = await self.world.sql("SELECT * FROM message WHERE replaces IS NOT NULL ORDER BY id")
        return rows

    async def link_chat(self, account: int, point: int, role: str = "holder") -> None:
        await self.world.sql(
            "INSERT INTO contact_link (account_id, contact_point_id, role, state) VALUES ($1, $2, $3, 'verified')",
            account,
            point,
            role,
        )

    async def told(self, *receipts: Receipt) -> None:
        async with self.world.database.work() as work:
            reported = await apply_receipts(work.connection, [(one, self.world.clock.now()) for one in receipts])
            await hear(work.connection, reported.told)
            await work.commit()


@pytest.fixture
async def two(database: Database) -> AsyncIterator[Two]:
    world = await World.make(database)
    async with database.connection() as connection:
        await lanes.ensure(connection, lane_spec(name="chat", channel="telegram", carrier="telegram"))
    phone = await world.contact()
    part = await world.link(phone[0])
    (row,) = await world.sql("INSERT INTO contact_point (kind, address) VALUES ('telegram', '7001') RETURNING id")
    chat = Carrier(name="telegram")
    followed: dict[UUID, UUID] = {}

    async def follow(_connection: Any, successors: Any) -> None:
        followed.update(successors)

    failover = Failover(
        database,
        world.clock,
        {"twilio": world.carrier, "telegram": chat},
        Successors(region="CN", policy=PolicyTable),
        follow=follow,
        hear=hear,
    )
    two = Two(world, chat, failover, followed, phone, row["id"], part)
    await two.link_chat(part.account_id, row["id"])
    yield two
    await world.end()


async def _failed(two: Two, outcome: Outcome = DEAD, **fields: Any) -> UUID:
    """A text that its carrier refused for good."""
    two.world.carrier.script = lambda _: outcome
    text = await two.text(**fields)
    await two.world.node(two.world.carrier, two.chat, hear=hear)
    await two.world.until(lambda: _is(two, text, "failed"))
    return text


async def _is(two: Two, text: UUID, state: str) -> bool:
    return await two.world.state(text) == state


async def test_what_was_refused_goes_on_once_and_both_say_so(two: Two) -> None:
    text = await _failed(two)
    assert await two.failover.round() == 1
    assert await two.failover.round() == 0
    (successor,) = await two.successors()
    await two.world.until(lambda: _is(two, successor["id"], "sent"))
    first = await two.world.row(text)
    assert [(one.to, one.body) for one in two.chat.handed] == [("7001", first["body"])]
    assert (first["replaced_by"], successor["replaces"], first["fallback"]) == (successor["id"], text, None)
    assert await two.world.events(text) == ["failed", "failover"]
    assert await two.world.events(successor["id"]) == ["failover", "accepted"]
    (part,) = await two.world.sql("SELECT * FROM message_account WHERE id = $1", successor["id"])
    assert (part["account_no"], part["ground"]) == (two.part.account_no, two.part.ground)
    assert part["link_id"] not in (None, two.part.link_id)
    assert two.followed == {text: successor["id"]}


async def test_what_was_taken_and_then_given_up_goes_on(two: Two) -> None:
    text = await two.text()
    await two.world.node(two.world.carrier, two.chat)
    await two.world.settled("sent")
    await two.told(receipt(text, "undelivered", code="30008", carrier_id="SM00000001"))
    assert await two.failover.round() == 1
    assert len(await two.successors()) == 1


async def test_many_rounds_at_once_make_one_successor(two: Two) -> None:
    await _failed(two)
    await asyncio.gather(*(two.failover.round() for _ in range(6)))
    assert len(await two.successors()) == 1


async def test_what_names_no_other_channel_stays_where_it_failed(two: Two) -> None:
    await _failed(two, fallback=None)
    assert await two.failover.round() == 0
    assert await two.successors() == []


async def test_a_crash_before_the_commit_leaves_nothing_and_the_next_round_does_it(two: Two) -> None:
    text = await _failed(two)

    async def dies(_connection: Any, _successors: Any) -> None:
        raise RuntimeError("the process ends here")

    follow, two.failover._follow = two.failover._follow, dies
    with pytest.raises(RuntimeError):
        await two.failover.round()
    assert await two.successors() == []
    two.failover._follow = follow
    assert await two.failover.round() == 1
    assert await two.world.events(text) == ["failed", "failover"]


# Silence.


async def _silent(two: Two) -> UUID:
    text = await two.text()
    await two.world.node(two.world.carrier, two.chat)
    await two.world.settled("sent")
    assert [one.valid_for for one in two.world.carrier.handed] == [GIVES_UP.total_seconds()]
    await two.failover.round()
    assert two.world.carrier.asked == []
    two.world.clock.move(seconds=GIVES_UP.total_seconds())
    return text


@pytest.mark.parametrize(
    ("answer", "goes_on"),
    [("sent", True), (NotThere(why="not in the list"), True), ("delivered", False), (None, False),
     (Unknown(why="TimeoutError"), False)],
)  # fmt: skip
async def test_what_nobody_reports_on_is_asked_about_first(two: Two, answer: Any, goes_on: bool) -> None:
    text = await _silent(two)

    def knows(message: UUID) -> LookUp:
        return found(message, "SM00000001", answer) if answer is None or isinstance(answer, str) else answer

    two.world.carrier.knows = knows
    await two.failover.round()
    await two.failover.round()
    assert two.world.carrier.asked == [text]
    assert len(await two.successors()) == int(goes_on)
    assert await two.world.state(text) == ("delivered" if answer == "delivered" else "sent")


class Slow(Carrier):
    """A carrier that answers look-ups when it is let."""

    asked_about = asyncio.Event()
    may_answer = asyncio.Event()

    async def look_up(self, message_id: UUID, *rest: Any) -> LookUp:
        self.asked_about.set()
        await self.may_answer.wait()
        return await super().look_up(message_id, *rest)


async def test_receipts_that_come_meanwhile_and_what_was_silent_wait_for_each_other_in_one_order(two: Two) -> None:
    """The older text is one that the carrier knows nothing of, the younger one that it gave up."""
    older, younger = await two.text(), await two.text(body="another")
    await two.world.node(two.world.carrier, two.chat)
    await two.world.settled("sent")
    two.world.clock.move(seconds=GIVES_UP.total_seconds())
    slow = Slow()
    slow.knows = lambda message: (
        NotThere(why="not in the list") if message == older else found(message, "SM00000002", "undelivered")
    )
    two.failover._channels = {"twilio": slow}
    going_round = asyncio.create_task(two.failover.round())
    await slow.asked_about.wait()
    async with two.world.database.work() as work:
        await lock(work.connection, [older])
        slow.may_answer.set()
        await two.world.until(two.world.somebody_waits)
        await work.execute("SET LOCAL lock_timeout = '500ms'")
        await lock(work.connection, [younger])
    await going_round
    assert await two.world.state(younger) == "undelivered"


async def test_what_the_carrier_gave_up_in_silence_goes_on(two: Two) -> None:
    text = await _silent(two)
    two.world.carrier.knows = lambda message: found(message, "SM00000001", "undelivered")
    assert await two.failover.round() == 1
    assert await two.world.state(text) == "undelivered"
    assert len(await two.successors()) == 1


async def test_a_receipt_that_comes_after_all_keeps_the_successor_back(two: Two) -> None:
    """At night: the successor waits for the morning, and the first one arrives meanwhile."""
    two.world.clock.move(hours=11)
    text = await _failed(two, hours="service")
    await two.failover.round()
    (successor,) = await two.successors()
    assert successor["not_before"] > two.world.clock.now()
    await two.told(receipt(text, "delivered"))
    row = await two.world.row(successor["id"])
    assert (row["state"], row["withheld_reason"]) == ("withheld", "duplicate")
    assert two.chat.handed == []


# Whom it may go to.


@pytest.mark.parametrize("evidence", [Evidence.OPTED_OUT, Evidence.BLOCKED])
async def test_no_way_round_a_refusal_is_sought(two: Two, evidence: Evidence) -> None:
    text = await _failed(two, Refused(code="1", for_good=True, why="refused", evidence=evidence))
    assert await two.failover.round() == 1
    assert await two.successors() == []
    assert await two.world.events(text) == ["failed", "no_failover"]


async def test_a_refusal_on_the_other_contact_counts(two: Two) -> None:
    await two.world.sql("INSERT INTO opt_out VALUES ($1, 'billing', now(), 'reply')", two.chat_point)
    text = await _failed(two)
    await two.failover.round()
    assert await two.successors() == []
    assert await two.world.events(text) == ["failed", "no_failover"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE contact_link SET role = 'tenant' WHERE contact_point_id = $1",
        "UPDATE contact_link SET state = 'suspended' WHERE contact_point_id = $1",
        "UPDATE contact_link SET state = 'revoked' WHERE contact_point_id = $1",
        "UPDATE contact_point SET state = 'unreachable' WHERE id = $1",
        "UPDATE contact_point SET kind = 'wechat' WHERE id = $1",
        "DELETE FROM contact_link WHERE contact_point_id = $1",
        "UPDATE lane SET enabled = (channel <> 'telegram' OR $1 < 0)",
    ],
)
async def test_nobody_else_is_told(two: Two, change: str) -> None:
    await two.world.sql(change, two.chat_point)
    text = await _failed(two)
    assert await two.failover.round() == 1
    assert await two.successors() == []
    assert await two.world.events(text) == ["failed", "no_failover"]


async def test_a_text_for_several_accounts_goes_on_only_where_it_stands_for_all(two: Two) -> None:
    other = await two.world.link(two.phone[0])
    text = await _failed(two, accounts=[two.part, other])
    await two.failover.round()
    assert await two.successors() == []
    await two.link_chat(other.account_id, two.chat_point)
    await two.world.sql("UPDATE message SET fallback = '{telegram}' WHERE id = $1", text)
    await two.failover.round()
    (successor,) = await two.successors()
    parts = await two.world.sql(
        "SELECT account_no FROM message_account WHERE id = $1 ORDER BY position", successor["id"]
    )
    assert [row["account_no"] for row in parts] == [two.part.account_no, other.account_no]


async def test_a_text_that_cannot_be_judged_holds_up_no_other(two: Two) -> None:
    two.world.carrier.script = lambda _: DEAD
    odd, fine = await two.text(), await two.text(body="停电通知，请留意。")
    await two.world.node(two.world.carrier, two.chat, hear=hear)
    await two.world.settled("failed")
    await two.world.sql("UPDATE message SET hours = 'whenever' WHERE id = $1", odd)
    assert await two.failover.round() == 2
    assert await two.world.events(odd) == ["failed", "no_failover"]
    assert [row["replaces"] for row in await two.successors()] == [fine]


async def test_nothing_goes_on_after_its_validity(two: Two) -> None:
    await _failed(two, expires_at=NOON + timedelta(minutes=1))
    two.world.clock.move(minutes=2)
    await two.failover.round()
    assert await two.successors() == []


async def test_what_was_stopped_meanwhile_does_not_leave_there_either(two: Two) -> None:
    part = AccountPart(two.part.account_id, two.part.account_no, two.part.link_id, "bill:1")
    await _failed(two, accounts=[part])
    await two.world.sql("INSERT INTO ground_stop VALUES ('bill:1', 'paid', now())")
    await two.failover.round()
    (successor,) = await two.successors()
    await two.world.until(lambda: _is(two, successor["id"], "withheld"))
    assert two.chat.handed == []


async def test_it_goes_from_channel_to_channel_in_order_and_never_back(two: Two) -> None:
    async with two.world.database.connection() as connection:
        await lanes.ensure(connection, lane_spec(name="third", channel="wechat", carrier="wechat"))
    (row,) = await two.world.sql("INSERT INTO contact_point (kind, address) VALUES ('wechat', 'wx1') RETURNING id")
    await two.link_chat(two.part.account_id, row["id"])
    third = Carrier(name="wechat")
    two.chat.script = two.world.carrier.script = lambda _: DEAD
    text = await two.text(fallback=["telegram", "wechat"])
    await two.world.node(two.world.carrier, two.chat, third)

    async def arrived() -> bool:
        await two.failover.round()
        return bool(third.taken)

    await two.world.until(arrived)
    second, last = await two.successors()
    assert (second["replaces"], second["channel"], second["replaced_by"]) == (text, "telegram", last["id"])
    assert (last["replaces"], last["channel"], last["fallback"]) == (second["id"], "wechat", None)
    assert [len(one.handed) for one in (two.world.carrier, two.chat, third)] == [1, 1, 1]
