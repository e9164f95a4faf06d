"""Stops of very many texts: the stop holds from its commit, the rows follow page by page, a crash in between or not."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from gateway.kernel.database import Work
from gateway.outbox import cancel_notice, pause_notice, resume_grounds, resume_notice, stop_grounds, sweeping
from gateway.outbox.sweeping import Sweeper
from tests.outbox.world import NOON, World

MANY = 50_000


async def _many(world: World, number: int, notice: UUID | None = None, ground: str | None = None) -> None:
    """So many queued texts at once, of a notice or on a ground, each to a number of its own."""
    await world.sql(
        "INSERT INTO contact_point (address) SELECT '+86' || (13900000000 + n) FROM generate_series(1, $1) n", number
    )
    await world.sql(
        """WITH written AS (
             INSERT INTO message (id, notice_id, contact_point_id, to_address, template, template_version, kind, klass,
               purpose, body, segments, state, hours, zone, created_at, not_before)
             SELECT gen_random_uuid(), $1, id, address, 'arrears_first', '1', 'arrears', 'N', 'billing', address, 1,
               'queued', 'any', 'Asia/Shanghai', $2, $2
             FROM contact_point RETURNING id)
           INSERT INTO message_account (id, position, account_id, account_no, ground)
           SELECT id, 0, 1, '1', $3 FROM written WHERE $3::text IS NOT NULL""",
        notice,
        world.clock.now(),
        ground,
    )


async def _committed(world: World, stop: Any) -> int:
    """Carry a stop out in a transaction; how many texts it wrote to."""
    async with world.database.work() as work:
        await stop(work.connection)
        written: int = await work.value("SELECT count(*) FROM message WHERE xmin = pg_current_xact_id()::xid")
        await work.commit()
    return written


async def test_a_huge_notice_is_paused_and_resumed_without_writing_to_its_texts(world: World) -> None:
    notice = uuid4()
    await _many(world, MANY, notice)
    other = await world.message()
    await world.node()
    assert await _committed(world, lambda c: pause_notice(c, notice, at=NOON)) == 0
    taken = {one.message_id for one in world.carrier.handed}
    await world.until(lambda: other in world.carrier.times)
    assert (await world.claim(1000)).claimed == []
    began = {one.message_id for one in world.carrier.handed} - taken - {other}
    assert len(began) <= world.lane.concurrency
    assert await _committed(world, lambda c: resume_notice(c, notice)) == 0
    gone = len(world.carrier.handed)
    await world.until(lambda: len(world.carrier.handed) > gone + 200)


async def test_a_huge_notice_is_cancelled_at_once_and_its_rows_follow_over_a_crash(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = uuid4()
    await _many(world, MANY, notice)
    written = await _committed(world, lambda c: cancel_notice(c, notice, at=NOON))
    assert written == sweeping.PAGE < MANY
    assert (await world.claim(100)).claimed == []

    class Killed(Exception): ...

    async def killed(_work: Work) -> None:
        raise Killed

    sweeper = Sweeper(world.database, world.clock)
    assert await sweeper.round()
    with monkeypatch.context() as crash, pytest.raises(Killed):
        crash.setattr(Work, "commit", killed)
        await sweeper.round()
    again = Sweeper(world.database, world.clock)
    while await again.round():
        pass
    assert await world.states() == {"cancelled": MANY}
    ((events, messages),) = await world.sql(
        "SELECT count(*), count(DISTINCT id) FROM message_event WHERE kind = 'cancelled'"
    )
    assert (events, messages) == (MANY, MANY)
    assert await world.sql("SELECT 1 FROM ground_stop WHERE sweep_after IS NOT NULL") == []


async def test_two_sweepers_do_not_get_in_each_others_way(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "PAGE", 10)
    first, second = uuid4(), uuid4()
    for notice in (first, second):
        await world.messages(35, notice_id=notice)
        await _committed(world, lambda c, notice=notice: cancel_notice(c, notice, at=NOON))
    assert (await world.states())["cancelled"] == 20
    async with world.database.work() as holder:
        await holder.execute("SELECT 1 FROM ground_stop ORDER BY at, ground LIMIT 1 FOR UPDATE")
        while await Sweeper(world.database, world.clock).round():
            pass
        assert (await world.states())["cancelled"] == 45
    while await Sweeper(world.database, world.clock).round():
        pass
    assert await world.states() == {"cancelled": 70}


async def test_very_many_texts_on_one_ground_follow_its_stop(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from gateway.outbox import stopping

    monkeypatch.setattr(sweeping, "PAGE", 10)
    monkeypatch.setattr(stopping, "PAGE", 10)
    await _many(world, 64, ground="outage:PO2025")
    mixed = (await world.sql("SELECT id FROM message LIMIT 1"))[0]["id"]
    await world.sql(
        "INSERT INTO message_account (id, position, account_id, account_no, ground) VALUES ($1, 1, 2, '2', 'bill:2')",
        mixed,
    )
    stopped = await _committed(world, lambda c: stop_grounds(c, ["outage:PO2025"], reason="recovered", at=NOON))
    assert stopped == 10
    while await Sweeper(world.database, world.clock).round():
        pass
    assert await world.states() == {"withheld": 63, "queued": 1}
    assert await world.state(mixed) == "queued"
    assert await world.sql("SELECT DISTINCT withheld_reason FROM message WHERE state = 'withheld'") == [("recovered",)]


async def test_a_ground_that_holds_again_is_swept_no_further(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from gateway.outbox import stopping

    monkeypatch.setattr(stopping, "PAGE", 10)
    await _many(world, 30, ground="outage:PO2025")
    await _committed(world, lambda c: stop_grounds(c, ["outage:PO2025"], reason="recovered", at=NOON))
    await _committed(world, lambda c: resume_grounds(c, ["outage:PO2025"]))
    assert not await Sweeper(world.database, world.clock).round()
    assert await world.states() == {"withheld": 10, "queued": 20}


async def test_what_an_earlier_release_held_back_is_let_go(world: World) -> None:
    message = await world.message()
    await world.sql("UPDATE message SET held = true")
    assert (await world.claim()).claimed == []
    assert await Sweeper(world.database, world.clock).round()
    assert not await Sweeper(world.database, world.clock).round()
    assert [one.id for one in (await world.claim()).claimed] == [message]
