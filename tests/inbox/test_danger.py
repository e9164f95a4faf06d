"""Danger: staff are told at once, whatever the hour, whatever waits, whatever fails."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from gateway.cases.alerts import acknowledge
from gateway.inbox import Reader
from gateway.kernel.errors import Conflict
from tests.inbox.conftest import ON_DUTY

A = "4100000011"
X, Y = "+8613800374443", "+8613300335193"
FIRE = "电线掉下来冒火花了快来人"


def effects(inbound: dict[str, Any]) -> list[str]:
    return [effect["effect"] for effect in inbound["effects"]]


async def test_danger_is_an_alert_and_a_text_to_those_on_duty_at_night(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    town.clock.on(hours=16)  # two in the morning
    inbound = await town.hears(X, FIRE)
    assert (inbound["state"], inbound["urgent"], effects(inbound)) == ("triage", True, ["alert_raised"])
    (alert,) = await town.rows("SELECT inbound_id, kind, sender, account_no, words, acknowledged_at FROM alert")
    assert alert == {
        "inbound_id": inbound["id"],
        "kind": "safety",
        "sender": X,
        "account_no": A,
        "words": FIRE,
        "acknowledged_at": None,
    }
    (text,) = await town.rows(
        "SELECT priority, hours, not_before, closes_at, body FROM message WHERE to_address = $1", ON_DUTY
    )
    assert (text["priority"], text["hours"], text["not_before"], text["closes_at"]) == (
        0,
        "any",
        town.clock.now(),
        None,
    )
    assert FIRE in text["body"] and X in text["body"]


@pytest.mark.parametrize(
    "text", [FIRE, "我不想活了", "There is smoke coming from the meter box!", "快来救命，有人触电了"]
)
async def test_a_number_nobody_knows_is_heard_too(town: Any, text: str) -> None:
    inbound = await town.hears(Y, text)
    assert (inbound["state"], inbound["urgent"]) == ("triage", True)
    assert await town.values("SELECT sender FROM alert") == [Y]


async def test_a_repeated_webhook_and_two_nodes_raise_one_alert(town: Any) -> None:
    await town.household(A, X)
    for _ in range(3):
        await town.stores(X, FIRE, "SM1")
    readers = [Reader(town.database, town.clock, town.tools) for _ in range(3)]
    while sum(await asyncio.gather(*(reader.round() for reader in readers))):
        pass
    assert len(await town.values("SELECT id FROM alert")) == 1
    assert len(await town.values("SELECT id FROM message WHERE to_address = $1", ON_DUTY)) == 1


async def test_it_never_waits_behind_others(town: Any) -> None:
    """The lookout alone deals with it, while hundreds that came before still wait."""
    for number in range(300):
        await town.stores(f"+86138000{number:05d}", "好的", f"SM{number}")
    await town.stores(X, "好的", "SM-X")
    await town.stores(X, FIRE, "SM-FIRE")
    assert await town.reader.look_out() == 1
    assert (await town.inbound("SM-FIRE"))["state"] == "triage"
    assert await town.values("SELECT count(*) FROM inbound WHERE state = 'received'") == [301]
    assert await town.reader.look_out() == 0


async def test_it_is_seen_before_however_many_came_earlier(town: Any) -> None:
    reader = Reader(town.database, town.clock, town.tools, ahead=3)
    for number in range(5):
        await town.stores(f"+86138000{number:05d}", "好的", f"SM{number}")
    await town.stores(X, FIRE, "SM-FIRE")
    assert await reader.look_out() == 1


async def test_it_is_told_though_the_reaction_fails(town: Any) -> None:
    class Broken:
        """Answers that cannot look codes up."""

        def codes_of(self, _template: str) -> dict[str, str]:
            raise ZeroDivisionError

        def __getattr__(self, name: str) -> Any:
            return getattr(town.tools.answers, name)

    await town.household(A, X)
    await town.text(X, "arrears", [A])
    await town.stores(X, FIRE, "SM1")
    reader = Reader(town.database, town.clock, replace(town.tools, answers=Broken()))
    while await reader.round():
        pass
    inbound = await town.inbound("SM1")
    assert (inbound["state"], inbound["urgent"], inbound["remark"]) == (
        "triage",
        True,
        "could not be dealt with: ZeroDivisionError",
    )
    assert await town.values("SELECT inbound_id FROM alert") == [inbound["id"]]
    assert await town.queued(ON_DUTY) == ["announcement"]


async def test_what_stands_beside_it_is_done_too(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "outage_fault", [A])
    inbound = await town.hears(X, "变压器着火了，整栋楼都没电了")
    assert effects(inbound)[0] == "alert_raised"
    assert inbound["state"] == "triage"


async def test_somebody_takes_it_on_once(town: Any) -> None:
    await town.hears(X, FIRE)
    (alert,) = await town.values("SELECT id FROM alert")
    async with town.database.session() as session:
        await acknowledge(session, alert, note="已派人", actor="staff:E1", clock=town.clock)
        await session.commit()
    async with town.database.session() as session:
        with pytest.raises(Conflict, match="staff:E1"):
            await acknowledge(session, alert, note=None, actor="staff:E2", clock=town.clock)
    assert await town.values("SELECT acknowledged_by FROM alert") == ["staff:E1"]
    assert await town.values("SELECT action FROM audit_entry ORDER BY id") == ["alert.raised", "alert.acknowledged"]
