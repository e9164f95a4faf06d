"""Saying that a visit was missed or called off keeps nobody from being asked (promise P6)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from gateway.followups import Onwards
from gateway.followups.visits import change as change_programme
from gateway.kernel.errors import Conflict, InvalidInput
from tests.followups.conftest import Office

A = "+8613800000001"
B = "+8613800000002"
#: The town's clock stands on 2025-11-04, ten in the morning.
TODAY = date(2025, 11, 4)


async def planned(office: Office, ahead: int = 0, **more: Any) -> UUID:
    """A visit by E1 that was planned some days ago, for `ahead` days from now."""
    account = await office.town.account(A, vip=True)
    office.town.clock.on(days=-3)
    followup, *_ = await office.plan(account, TODAY + timedelta(days=ahead), manager_no="E1", **more)
    office.town.clock.on(days=3)
    return followup


async def link(office: Office, account_no: str, number: str) -> None:
    """Give an account a number."""
    async with office.town.database.work() as work:
        await work.execute(
            """WITH point AS (
                 INSERT INTO contact_point (address, line, state) VALUES ($2, 'mobile', 'active') RETURNING id)
               INSERT INTO contact_link (account_id, contact_point_id, role, state, is_default)
               SELECT a.id, point.id, 'holder', 'unverified', true FROM account a, point WHERE a.account_no = $1""",
            account_no,
            number,
        )
        await work.commit()


async def called_off(office: Office, followup: UUID) -> None:
    await office.change(followup, state="cancelled", outcome="客户没空")


async def missed(office: Office, followup: UUID) -> None:
    office.town.clock.on(days=7)


async def series_ended(office: Office, followup: UUID) -> None:
    async with office.town.database.session() as session:
        await office.house.series.end(session, followup, actor="staff:E1")
        await session.commit()


async def all_of_it_ended(office: Office, followup: UUID) -> None:
    async with office.town.database.session() as session:
        await office.house.followups.end_series(session, followup, actor="staff:E1")
        await session.commit()


async def series_moved(office: Office, followup: UUID) -> None:
    async with office.town.database.session() as session:
        onwards = Onwards(starts_on=TODAY + timedelta(days=9))
        await office.house.series.change(session, followup, onwards, actor="staff:E1")
        await session.commit()


async def put_off_and_called_off(office: Office, followup: UUID) -> None:
    await office.change(followup, planned_for=TODAY + timedelta(days=20))
    office.town.clock.on(days=2)
    await called_off(office, followup)


async def programme_switched_off(office: Office, followup: UUID) -> None:
    now, zone = office.town.clock.now(), office.house.settings.zone
    async with office.town.database.work() as work:
        for active in (True, False):
            await work.execute("UPDATE followup_series SET programme = 'visit1'")
            said = {"active": active}
            await change_programme(work.connection, "visit1", said, now=now, zone=zone, actor="staff:E1")
        await work.commit()


@pytest.mark.parametrize(
    "dodge",
    [
        called_off, missed, series_ended, all_of_it_ended, series_moved, put_off_and_called_off, programme_switched_off,
    ],
)  # fmt: skip
@pytest.mark.parametrize("the_clock_came_first", [True, False])
async def test_from_its_day_on_a_visit_is_asked_about_whatever_is_said_of_it(
    office: Office, dodge: Callable[[Office, UUID], Awaitable[None]], the_clock_came_first: bool
) -> None:
    recurs = dodge not in (called_off, missed, put_off_and_called_off)
    followup = await planned(office, **({"rule": "FREQ=MONTHLY"} if recurs else {}))
    if the_clock_came_first:
        await office.due()
    await dodge(office, followup)
    await office.due()
    (event,) = await office.rows("SELECT * FROM invitation WHERE event_ref = $1", str(followup))
    assert event["drawn"] and event["message_id"] and event["skipped"] is None
    assert (event["person_no"], event["team_code"]) == ("E1", "T1")
    (asked,) = [one for one in await office.town.messages() if one["template"] == "survey_followup"]
    assert (asked["id"] == event["message_id"] and "11月4日" in asked["body"]) or dodge is put_off_and_called_off
    assert [row["state"] for row in await office.rows("SELECT state FROM independent_followup")] == ["asked"]


async def test_what_is_drawn_does_not_know_what_became_of_it(office: Office) -> None:
    followup = await planned(office)
    await office.due()
    (before,) = await office.rows("SELECT * FROM invitation")
    assert before["occurred_at"] is None and before["qualified_at"] is None and before["contact_point_id"]
    await called_off(office, followup)
    (after,) = await office.rows("SELECT * FROM invitation")
    kept = ("draw", "rate", "seed_day", "drawn_at", "contact_point_id", "frozen_at")
    assert [before[name] for name in kept] == [after[name] for name in kept]


async def test_a_number_put_in_after_the_day_began_is_not_asked(office: Office) -> None:
    account = await office.town.account(vip=True)
    office.town.clock.on(days=-3)
    (followup,) = await office.plan(account, TODAY, manager_no="E1")
    office.town.clock.on(days=3)
    await office.due()
    await link(office, account, B)
    await office.change(followup, state="done", outcome="客户满意")
    (event,) = await office.rows("SELECT * FROM invitation")
    assert event["frozen_at"] and event["contact_point_id"] is None
    (asked,) = [one for one in await office.town.messages() if one["template"] == "survey_followup"]
    assert (asked["state"], asked["withheld_reason"], asked["to_address"]) == ("withheld", "no_contact", None)
    await office.due()
    assert [row["state"] for row in await office.rows("SELECT state FROM independent_followup")] == ["to_call"]


async def test_what_is_called_off_before_its_day_is_no_service(office: Office) -> None:
    followup = await planned(office, ahead=1)
    await office.due()
    await called_off(office, followup)
    office.town.clock.on(days=2)
    await office.due()
    assert await office.rows("SELECT 1 FROM invitation") == []
    assert await office.town.messages() == []


async def test_a_slip_for_today_may_be_taken_back_within_the_hour(office: Office) -> None:
    account = await office.town.account(A)
    (followup,) = await office.plan(account, TODAY, manager_no="E1")
    await called_off(office, followup)
    await office.due()
    assert await office.rows("SELECT 1 FROM invitation") == []


async def test_no_visit_is_put_off_for_ever(office: Office) -> None:
    followup = await planned(office)
    await office.due()
    with pytest.raises(InvalidInput) as refused:
        await office.change(followup, planned_for=TODAY + timedelta(days=32))
    assert refused.value.errors[0].field == "planned_for"
    office.town.clock.on(days=8)
    await office.due()
    with pytest.raises(Conflict):
        await office.change(followup, planned_for=TODAY + timedelta(days=20))


async def test_what_nobody_could_ask_about_for_weeks_is_counted_and_not_asked(office: Office) -> None:
    followup = await planned(office)
    office.town.clock.on(days=30)
    await office.due()
    (event,) = await office.rows("SELECT event_ref, skipped, qualified_at FROM invitation")
    assert (event["event_ref"], event["skipped"]) == (str(followup), "late") and event["qualified_at"]
    assert await office.town.messages() == []


async def test_a_visit_that_was_not_paid_is_laid_at_nobody_else_s_door(office: Office) -> None:
    followup = await planned(office)
    await office.due()
    await office.change(followup, deputy_no="E9")
    office.town.clock.on(days=7)
    await office.due()
    (event,) = await office.rows("SELECT person_no, team_code, message_id FROM invitation")
    assert (event["person_no"], event["team_code"]) == ("E1", "T1") and event["message_id"]
