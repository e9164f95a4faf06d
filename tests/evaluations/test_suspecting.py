"""Answers that look made up are set apart with the reason, and never deleted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.evaluations.suspecting import Known, same, suspicions
from tests.evaluations.conftest import CLOSED, Desk

SPAN = {"closed_from": "2025-11-04T00:00:00+08:00", "closed_to": "2025-11-05T00:00:00+08:00"}


@given(st.booleans(), st.integers(1, 6), st.integers(1, 6), st.integers(0, 6))
def test_each_suspicion_stands_for_itself(of_staff: bool, holders: int, at_once: int, alike: int) -> None:
    found = suspicions(Known(of_staff=of_staff, holders=holders, at_once=at_once, saying_the_same=alike))
    expected = {"staff_number": of_staff, "one_number_for_many": holders > 3, "burst": at_once >= 4}
    assert set(found) == {name for name, holds in (expected | {"same_words": alike >= 4}).items() if holds}


def test_words_are_the_same_whatever_their_dress() -> None:
    assert same("师傅很好，服务态度不错!") == same("师傅很好 服务态度不错。") == same("师傅很好,服务态度不错")
    assert same("很好") is None and same(None) is None and same("Ｖｅｒｙ good work") == same("very GOOD work!")


async def _asked(desk: Desk, numbers: list[str]) -> list[str]:
    for place, number in enumerate(numbers):
        await desk.order(f"W{place}", await desk.town.account(number))
    await desk.town.compose("survey", SPAN)
    await desk.sent()
    return [row["message_id"] for row in (await desk.invitations()).values()]


async def _states(desk: Desk) -> list[tuple[str, list[str]]]:
    return [tuple(row) for row in await desk.rows("SELECT state, suspicions FROM evaluation ORDER BY id")]


async def test_the_same_words_from_many_numbers_are_set_apart_together(desk: Desk) -> None:
    messages = await _asked(desk, [f"+861380000000{digit}" for digit in range(5)])
    for place, message in enumerate(messages[:3]):
        await desk.answer(message, score=5, comment="师傅非常专业,服务一流")
        assert [state for state, _ in await _states(desk)] == ["counted"] * (place + 1)
    await desk.answer(messages[3], score=5, comment="师傅非常专业，服务一流！")
    assert await _states(desk) == [("quarantined", ["same_words"])] * 4
    await desk.answer(messages[4], score=2, comment="来得太晚了,等了一下午")
    assert (await _states(desk))[4] == ("counted", [])
    assert len(await desk.rows("SELECT 1 FROM audit_entry WHERE action = 'evaluation.quarantined'")) == 4


async def test_a_number_of_staff_is_set_apart_and_the_raw_answer_kept(desk: Desk) -> None:
    (message,) = await _asked(desk, ["+8613800000001"])
    await desk.rows("INSERT INTO staff_member (staff_no, name, phone) VALUES ('E1', '甲', '+8613800000001')")
    await desk.answer(message, score=5, comment="很好")
    assert await _states(desk) == [("quarantined", ["staff_number"])]
    # A later answer supersedes the words, and is set apart as well.
    await desk.answer(message, score=4)
    (row,) = await desk.rows("SELECT score, state, history FROM evaluation")
    assert (row["score"], row["state"]) == (4, "quarantined") and '"score": 5' in row["history"]


async def test_one_number_for_many_customers_is_set_apart_with_all_it_said(desk: Desk) -> None:
    messages = await _asked(desk, [f"+861380000000{digit}" for digit in range(4)])
    (point,) = await desk.rows("SELECT min(id) AS id FROM contact_point")
    for message in messages:
        desk.town.clock.on(hours=1)
        await desk.answer(message, score=5, contact_point_id=point["id"])
    assert await _states(desk) == [("quarantined", ["one_number_for_many"])] * 4


async def test_many_numbers_at_once_are_no_burst(desk: Desk) -> None:
    """Their questions left together in the morning; so their answers come together."""
    messages = await _asked(desk, [f"+861380000000{digit}" for digit in range(9)])
    for message in messages:
        await desk.answer(message, score=5, comment="很满意")
    assert {state for state, _ in await _states(desk)} == {"counted"}
    assert desk.town.clock.now() > CLOSED
