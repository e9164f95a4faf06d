"""Series changed from one day on, ended there; and deputies before their days come."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from gateway.followups import Onwards, reading
from gateway.followups.rules import following
from gateway.followups.standing_in import deputies
from gateway.kernel.acting import Acting, act_for
from gateway.kernel.errors import Conflict, Forbidden, InvalidInput
from tests.followups.conftest import Office

A = "+8613800000001"
TODAY = date(2025, 11, 4)
WEEK = timedelta(days=7)


async def weekly(office: Office) -> list[UUID]:
    """Six visits by E1, a week apart."""
    return await office.plan(await office.town.account(A), TODAY, manager_no="E1", rule="FREQ=WEEKLY;COUNT=6")


async def plan_of(office: Office) -> list[tuple[date, str, str]]:
    rows = await office.rows("SELECT planned_for, topic, state FROM followup ORDER BY planned_for, id")
    return [(row["planned_for"], row["topic"], row["state"]) for row in rows]


async def change(office: Office, followup: UUID, **new: Any) -> UUID:
    async with office.town.database.session() as session:
        made: UUID = await office.house.series.change(session, followup, Onwards(**new), actor="key:manager")
        await session.commit()
    return made


async def end(office: Office, followup: UUID) -> int:
    async with office.town.database.session() as session:
        number: int = await office.house.series.end(session, followup, actor="key:manager")
        await session.commit()
    return number


async def test_this_and_all_that_follow_are_changed_and_what_lies_before_stays(office: Office) -> None:
    made = await weekly(office)
    first = await change(office, made[2], starts_on=TODAY + 2 * WEEK + timedelta(days=1), topic="增容方案")
    plan = [(day, topic) for day, topic, state in await plan_of(office) if state == "planned"]
    assert plan[:2] == [(TODAY, "季度走访"), (TODAY + WEEK, "季度走访")]
    # Four of six were left; they come a day later each.
    assert plan[2:] == [(TODAY + (2 + n) * WEEK + timedelta(days=1), "增容方案") for n in range(4)]
    async with office.town.database.session() as session:
        assert (await reading.followup(session, first)).rule == "FREQ=WEEKLY;COUNT=4"
        # The old series makes no more, and is not changed twice.
        assert (await reading.followup(session, made[0])).rule is None
    with pytest.raises(Conflict):
        await change(office, made[1], topic="x")
    await office.due()
    assert len([one for one in await plan_of(office) if one[2] == "planned"]) == 6


async def test_another_rule_and_a_day_that_is_over(office: Office) -> None:
    made = await weekly(office)
    with pytest.raises(InvalidInput) as refused:
        await change(office, made[1], starts_on=TODAY - timedelta(days=1))
    assert refused.value.errors[0].field == "planned_for"
    await change(office, made[1], rule="FREQ=MONTHLY;COUNT=2")
    planned = [day for day, _, state in await plan_of(office) if state == "planned"]
    assert planned == [TODAY, TODAY + WEEK, date(2025, 12, 11)]


async def test_a_series_ends_from_a_day_on(office: Office) -> None:
    made = await weekly(office)
    assert await end(office, made[4]) == 2
    assert [state for _, _, state in await plan_of(office)] == ["planned"] * 4 + ["cancelled"] * 2
    single = await office.plan(await office.town.account(A), TODAY, manager_no="E1")
    with pytest.raises(Conflict):
        await end(office, single[0])


async def test_a_series_is_changed_by_whose_it_is(office: Office) -> None:
    made = await weekly(office)
    for staff_no, allowed in (("E2", False), ("E1", True)):
        async with office.town.database.session() as session:
            act_for(session, Acting(actor=f"staff:{staff_no}", scopes=frozenset(["followups:write"])))
            if allowed:
                assert await office.house.series.end(session, made[3], actor=f"staff:{staff_no}") == 3
            else:
                with pytest.raises(Forbidden):
                    await office.house.series.end(session, made[3], actor=f"staff:{staff_no}")


def test_what_is_left_of_a_count() -> None:
    assert following("RRULE:FREQ=WEEKLY;COUNT=6", 2) == "FREQ=WEEKLY;COUNT=4"
    assert following("FREQ=MONTHLY;UNTIL=20260101", 2) == "FREQ=MONTHLY;UNTIL=20260101"


async def test_a_deputys_plan_shows_the_days_to_come(office: Office) -> None:
    await weekly(office)
    async with office.town.database.session() as session:
        named = await office.house.deputies.name(
            session, manager_no="E1", deputy_no="E2", first_day=TODAY + WEEK, last_day=TODAY + 2 * WEEK,
            reason="休假", actor="key:manager",
        )  # fmt: skip
        await session.commit()
        found = await reading.followups(session, reading.FollowupFilter(manager="E2"), before=None, limit=10)
        assert sorted(one.planned_for for one in found) == [TODAY + WEEK, TODAY + 2 * WEEK]
        assert {one.deputy for one in found} == {"E2"}
        (one,) = await deputies(session, since=TODAY, limit=10)
        assert (one.manager, one.deputy, one.reason) == ("E1", "E2", "休假")
    async with office.town.database.session() as session:
        # Somebody of a part of the utility has no say between two others.
        act_for(session, Acting(actor="staff:E9", scopes=frozenset(["followups:write"]), organisations=frozenset([1])))
        with pytest.raises(Forbidden):
            await office.house.deputies.end(session, named, actor="staff:E9")
    async with office.town.database.session() as session:
        await office.house.deputies.end(session, named, actor="key:manager")
        await session.commit()
        assert await reading.followups(session, reading.FollowupFilter(manager="E2"), before=None, limit=10) == []
