"""Stopping supply for arrears: by the procedure, by people, and ended by whatever freezes the ladder."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from gateway.kernel.errors import Conflict, InvalidInput
from gateway.notices.ladder import reading
from gateway.notices.ladder.reading import Disconnection
from tests.notices.conftest import Town
from tests.notices.ladder.test_running import elsewhere, known, owes

A = "+8613800000001"


class Street:
    """An account 35 days late that was reminded, and the procedure against it."""

    def __init__(self, town: Town, account_no: str) -> None:
        self.town = town
        self.account_no = account_no
        self.desk = town.house.ladder

    async def proposed(self) -> UUID:
        ran = await self.desk.draft_due(stage="legal", actor="key:clerk")
        (told,) = ran.notices
        assert (told.stage, told.approved) == ("legal", False)
        return told.notice_id

    async def approve(self, notice: UUID, head: str | None = "E7") -> None:
        async with self.town.database.session() as session:
            await self.town.house.notices.approve(session, notice, actor="key:head", two_people=False, head=head)
            await session.commit()

    async def announced(self) -> Disconnection:
        notice = await self.proposed()
        await self.approve(notice)
        assert await self.town.house.notice_runner.compose_next(only=notice)
        return await self.now()

    async def now(self) -> Disconnection:
        async with self.town.database.session() as session:
            (one,) = await reading.disconnections(session, states=None, account_no=None, before=None, limit=5)
        return one

    async def at(self, moment: datetime) -> Disconnection:
        """Let the clock stand at a moment, and what falls due be done."""
        self.town.clock.at = moment
        await self.desk.tick()
        return await self.now()

    async def say(self, what: str, **more: Any) -> None:
        stop = await self.now()
        async with self.town.database.session() as session:
            await getattr(self.desk, what)(session, stop.id, actor="staff:E9", **more)
            await session.commit()

    async def pay(self) -> None:
        async with self.town.database.work() as work:
            await work.execute("UPDATE bill SET settled_at = $1, paid = amount", self.town.clock.now())
            await work.commit()

    async def tasks(self) -> dict[str, str]:
        async with self.town.database.work() as work:
            return {row["kind"]: row["state"] for row in await work.fetch("SELECT kind, state FROM task ORDER BY id")}


@pytest.fixture
async def street(town: Town) -> Street:
    account = await town.account(A)
    await owes(town, account, date(2025, 9, 30), month="202509")
    await known(town)
    async with town.database.work() as work:
        await work.execute("INSERT INTO staff_member (staff_no, name) VALUES ('E7', '主任'), ('E8', '班长')")
        await work.commit()
    # Reminded three weeks ago, and it arrived.
    town.clock.on(days=-21)
    await known(town)
    (told,) = (await town.house.ladder.draft_due(stage=None, actor="key:clerk")).notices
    await town.approve(told.notice_id)
    assert await town.house.notice_runner.compose_next(only=told.notice_id)
    async with town.database.work() as work:
        await work.execute("UPDATE message SET state = 'delivered', sent_at = $1", town.clock.now())
        await work.commit()
    town.clock.on(days=21)
    await known(town)
    return Street(town, account)


async def test_the_whole_procedure(street: Street) -> None:
    town = street.town
    notice = await street.proposed()
    preview = await town.house.notices.preview(notice)
    assert "停电通知" in preview.samples[0].body
    for head in (None, "E99"):
        with pytest.raises(InvalidInput):
            await street.approve(notice, head)
    await street.approve(notice)
    assert await town.house.notice_runner.compose_next(only=notice)
    (text,) = await town.messages(notice)
    assert (text["kind"], text["klass"], text["state"]) == ("legal_notice", "L", "queued")
    # 4 November and seven days: the 11th is a Tuesday. 35 days late, one per mille a day.
    assert "11月11日9时" in text["body"] and "逾期35天" in text["body"] and "3.03元" in text["body"]
    stop = await street.now()
    assert (stop.state, stop.head_no, stop.approved_by) == ("announced", "E7", "key:head")
    assert stop.stop_at == datetime(2025, 11, 11, 1, tzinfo=UTC) and stop.stop_at is not None
    assert await street.tasks() == {"paper_notice": "open"}
    with pytest.raises(Conflict):
        await street.say("stopped", at=None)

    assert (await street.at(stop.stop_at - timedelta(minutes=31))).state == "announced"
    assert (await street.at(stop.stop_at - timedelta(minutes=30))).state == "final"
    assert await town.house.notice_runner.compose_next()
    last = (await town.messages())[-1]
    assert last["template"] == "legal_notice_final" and last["expires_at"] == stop.stop_at
    with pytest.raises(Conflict):
        await street.say("stopped", at=None)
    await street.at(stop.stop_at)
    await street.say("stopped", at=None)
    assert (await street.now()).state == "stopped"
    assert (await street.tasks())["stop_supply"] == "dropped"

    town.clock.on(hours=5)
    await street.pay()
    paid = await street.at(town.clock.now())
    assert paid.restore_due_at == town.clock.now() + timedelta(hours=24)
    assert (await street.tasks())["reconnect"] == "open"
    assert paid.restore_due_at is not None and (await street.at(paid.restore_due_at)).escalated_at is not None
    assert (await street.tasks())["reconnect_overdue"] == "open"
    await street.say("restored", at=None)
    assert (await street.now()).state == "restored"
    told = (await town.messages())[-1]
    assert told["template"] == "payment_confirm_restored" and "恢复供电" in told["body"]
    tasks = await street.tasks()
    assert set(tasks.values()) == {"dropped"}


async def test_supply_stops_on_a_morning_of_the_address(street: Street) -> None:
    """Nine o'clock there is ten in the evening here; the 11th, Veterans Day, and its eve are passed over there."""
    await elsewhere(street.town, street.account_no, "America/New_York", "US-NY")
    notice = await street.proposed()
    preview = await street.town.house.notices.preview(notice)
    assert "11月12日9时" in preview.samples[0].body
    await street.approve(notice)
    assert (await street.now()).stop_at == datetime(2025, 11, 12, 14, tzinfo=UTC)


@pytest.mark.parametrize("before", ["proposed", "announced", "final"])
async def test_a_payment_ends_it_at_any_time_before_the_stop(street: Street, before: str) -> None:
    if before == "proposed":
        await street.proposed()
    else:
        stop = await street.announced()
        assert stop.final_at is not None
        if before == "final":
            await street.at(stop.final_at)
    await street.pay()
    ended = await street.at(street.town.clock.now())
    assert (ended.state, ended.because) == ("cancelled", "the bill has been paid")
    assert set((await street.tasks()).values()) <= {"dropped"}


async def test_what_freezes_the_ladder_ends_it_and_it_may_be_proposed_again(street: Street) -> None:
    await street.announced()
    async with street.town.database.work() as work:
        await work.execute("UPDATE account SET vulnerable = 'home_oxygen'")
        await work.commit()
    ended = await street.at(street.town.clock.now())
    assert ended.state == "cancelled" and ended.because is not None and "vulnerable" in ended.because
    assert list((await street.desk.draft_due(stage="legal", actor="key:clerk")).notices) == []
    async with street.town.database.work() as work:
        await work.execute("UPDATE account SET vulnerable = NULL")
        await work.commit()
    assert len((await street.desk.draft_due(stage="legal", actor="key:clerk")).notices) == 1


async def test_the_clock_starts_anew_where_the_address_was_wrong(street: Street) -> None:
    """Domain notes §5.3.8: what a wrong contact was told is no notice."""
    town = street.town
    await street.announced()
    async with town.database.work() as work:
        await work.execute("UPDATE contact_link SET state = 'suspended', reason = 'reply: wrong_number'")
        await work.commit()
    ended = await street.at(town.clock.now())
    assert ended.state == "cancelled" and ended.because is not None and "in doubt" in ended.because
    async with town.database.work() as work:
        await work.execute("UPDATE contact_link SET state = 'revoked', reason = 'reply', is_default = false")
        await work.execute(
            """INSERT INTO contact_point (address) VALUES ('+8613800000002');
               INSERT INTO contact_link (account_id, contact_point_id, role, is_default, state, verified_at)
               SELECT account.id, point.id, 'holder', true, 'verified', '2025-01-01' FROM account, contact_point point
               WHERE point.address = '+8613800000002'"""
        )
        await work.commit()
    assert list((await street.desk.draft_due(stage="legal", actor="key:clerk")).notices) == [], "nobody was told yet"
    async with town.database.work() as work:
        # What was missed is told again, and reaches the right person.
        await work.execute(
            """UPDATE message_account SET link_id = (SELECT max(id) FROM contact_link)
               WHERE id IN (SELECT id FROM message WHERE kind = 'arrears')"""
        )
        await work.execute("UPDATE message SET sent_at = $1 WHERE kind = 'arrears'", town.clock.now())
        await work.commit()
    town.clock.on(days=6)
    await known(town)
    assert list((await street.desk.draft_due(stage="legal", actor="key:clerk")).notices) == []
    town.clock.on(days=1)
    await known(town)
    assert len((await street.desk.draft_due(stage="legal", actor="key:clerk")).notices) == 1


async def test_a_refused_proposal_and_one_given_up_are_over(street: Street) -> None:
    notice = await street.proposed()
    async with street.town.database.session() as session:
        await street.town.house.notices.cancel(session, notice, actor="key:head")
        await session.commit()
    assert (await street.at(street.town.clock.now())).because == "the proposal was refused"
    with pytest.raises(Conflict):
        await street.say("give_up", because="x")


async def test_without_the_last_notice_in_time_nobody_is_cut_off(street: Street) -> None:
    stop = await street.announced()
    assert stop.stop_at is not None
    missed = await street.at(stop.stop_at + timedelta(minutes=1))
    assert (missed.state, missed.because) == ("cancelled", "the last notice could not be given in time")
