"""Contact checks that the clock drafts: week by week, the whole year round, never two at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.kernel.errors import InvalidInput
from gateway.notices import CheckRounds, ContactChecks
from tests.notices.conftest import Town


def rounds(town: Town, *, automatic: bool = True) -> CheckRounds:
    house: Any = town.house
    return CheckRounds(
        town.database,
        town.clock,
        house.notices,
        house.notice_kinds["contact_confirm"],
        zone=house.settings.zone,
        automatic=automatic,
    )


async def drafts(town: Town) -> list[str]:
    async with town.database.work() as work:
        return [row[0] for row in await work.fetch("SELECT state FROM notice WHERE drafted_by = 'clock' ORDER BY id")]


async def settle(town: Town, notice: Any) -> None:
    async with town.database.session() as session:
        await town.house.notices.approve(session, notice, actor="staff:E1", two_people=True)
        await session.commit()
    while await town.house.notice_runner.compose_next():
        pass


async def test_a_year_of_mondays_asks_everybody_once(town: Town) -> None:
    for number in range(30):
        await town.account(f"+8613800000{number:03d}")
    clock = rounds(town)
    asked = []
    for _ in range(52):
        town.clock.at = await clock.next_due(None, town.clock.now())  # type: ignore[assignment]
        notice = await clock.tick()
        if notice is not None:
            await settle(town, notice)
            asked.append(notice)
        assert await clock.tick() is None, "once a week"
    assert 5 < len(asked) <= 30
    async with town.database.work() as work:
        counts = [row[0] for row in await work.fetch("SELECT count(*) FROM contact_check GROUP BY contact_point_id")]
    assert counts == [1] * 30


async def test_a_link_that_is_doubted_does_not_wait_for_its_turn(town: Town) -> None:
    for number in range(20):
        await town.account(f"+8613800000{number:03d}")
    async with town.database.work() as work:
        await work.execute(
            """INSERT INTO link_trust (link_id, marks, probability, at)
               SELECT id, 0, 0.3, now() FROM contact_link ORDER BY id LIMIT 7"""
        )
        await work.commit()
    clock = rounds(town)
    town.clock.at = await clock.next_due(None, town.clock.now())  # type: ignore[assignment]
    notice = await clock.tick()
    assert notice is not None
    seen = await town.house.notices.preview(notice)
    assert 7 <= seen.audience < 12


async def test_a_round_waits_while_another_waits_for_approval(town: Town) -> None:
    await town.account("+8613800000001")
    async with town.database.work() as work:
        await work.execute(
            "INSERT INTO link_trust (link_id, marks, probability, at) SELECT id, 0, 0.3, now() FROM contact_link"
        )
        await work.commit()
    clock = rounds(town)
    for _ in range(3):
        town.clock.at = await clock.next_due(None, town.clock.now())  # type: ignore[assignment]
        await clock.tick()
    assert await drafts(town) == ["draft"]


async def test_nothing_is_drafted_by_hand_settings_or_where_nobody_is_due(town: Town) -> None:
    clock = rounds(town)
    town.clock.at += timedelta(days=8)
    assert await clock.tick() is None
    by_hand = rounds(town, automatic=False)
    assert await by_hand.tick() is None and await by_hand.next_due(None, town.clock.now()) is None
    assert await drafts(town) == []


@pytest.mark.parametrize(
    "asked", [{"due": True, "turn": 52}, {"due": True, "turn": "1"}, {"accounts": ["1"], "turn": 1}]
)
def test_a_turn_is_one_of_the_years(town: Town, asked: dict[str, Any]) -> None:
    kind: Any = town.house.notice_kinds["contact_confirm"]
    assert isinstance(kind, ContactChecks)
    with pytest.raises(InvalidInput):
        kind.parse(asked)
