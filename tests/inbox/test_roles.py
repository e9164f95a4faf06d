"""Related, but not the holder: asked once, kept as what they are, or left alone (domain notes §7)."""

from __future__ import annotations

from typing import Any

import pytest

A, B = "4100000011", "4100000022"
X = "+8613800374443"


def effects(inbound: dict[str, Any]) -> list[str]:
    return [effect["effect"] for effect in inbound["effects"]]


async def asked(town: Any, text: str = "我是租客，房东才是户主") -> dict[str, Any]:
    """Somebody who said that he is not the holder, and has got our question."""
    await town.household(A, X)
    await town.household(B, X)
    await town.text(X, "arrears", [A])
    town.clock.on(minutes=1)
    inbound: dict[str, Any] = await town.hears(X, text)
    await town.do("UPDATE message SET state = 'delivered', sent_at = $1 WHERE state = 'queued'", town.clock.now())
    town.clock.on(minutes=1)
    return inbound


async def test_asks_once(town: Any) -> None:
    first = await asked(town)
    assert (first["state"], effects(first)) == ("done", ["asked_role"])
    assert await town.states() == {f"{A} {X}": "unverified", f"{B} {X}": "unverified"}
    (body,) = await town.values("SELECT body FROM message WHERE kind = 'clarification'")
    assert A[-4:] in body
    town.clock.on(days=4)
    again = await town.hears(X, "我不是户主")
    assert (again["state"], effects(again)) == ("triage", [])
    assert len(await town.values("SELECT id FROM message WHERE kind = 'clarification'")) == 1


@pytest.mark.parametrize(
    ("first", "answer", "role"),
    [
        ("我是租客，房东才是户主", "2", "tenant"),
        ("我不是户主", "1", "relative"),
        ("我不是户主", "3", "agent"),
        ("我是房东，租客才是交电费的", "3", "landlord"),
        ("我不是户主", "我是他儿子", "relative"),
        ("我不是户主", "我是租客", "tenant"),
    ],
)
async def test_goes_on_as_what_they_are(town: Any, first: str, answer: str, role: str) -> None:
    assert "asked_role" in effects(await asked(town, first))
    inbound = await town.hears(X, answer)
    assert (inbound["state"], effects(inbound)) == ("done", ["role_kept"])
    rows = await town.rows(
        """SELECT a.account_no, l.role, l.state, l.verified_how FROM contact_link l
           JOIN account a ON a.id = l.account_id ORDER BY 1"""
    )
    assert rows == [
        {"account_no": A, "role": role, "state": "verified", "verified_how": "reply"},
        {"account_no": B, "role": "holder", "state": "unverified", "verified_how": None},
    ]
    assert await town.rows("SELECT kind, account_no, role FROM change") == [
        {"kind": "role_changed", "account_no": A, "role": role}
    ]


@pytest.mark.parametrize("answer", ["0", "别再给我发了", "不要发给我"])
async def test_do_not_send_me_suspends_that_link_alone(town: Any, answer: str) -> None:
    await asked(town)
    await town.text(X, "arrears", [A], state="queued")
    await town.text(X, "arrears", [B], state="queued")
    inbound = await town.hears(X, answer)
    assert inbound["state"] == "done"
    assert effects(inbound) == ["links_suspended", "correction_opened", "apology_queued"]
    assert await town.states() == {f"{A} {X}": "suspended", f"{B} {X}": "unverified"}
    assert await town.values("SELECT purpose FROM opt_out") == []
    assert sorted(await town.queued(X)) == ["apology", "arrears"]
    assert set(await town.values("SELECT kind FROM signal")) == {"not_account_holder"}


async def test_both_at_once_is_the_readers_doubt_and_one_key_for_a_person(town: Any) -> None:
    await town.household(A, X)
    await town.household(B, X)
    await town.text(X, "arrears", [A])
    inbound = await town.hears(X, "我不是户主，别再给我发了")
    assert inbound["state"] == "triage"
    async with town.database.session() as session:
        await town.inbox.resolve(
            session, inbound["id"], intents=["not_account_holder", "opt_out"], score=None, note=None, actor="staff:E1"
        )
        await session.commit()
    assert await town.states() == {f"{A} {X}": "suspended", f"{B} {X}": "unverified"}
    assert await town.values("SELECT purpose FROM opt_out") == []


async def test_who_stays_without_saying_as_whom_is_for_a_person(town: Any) -> None:
    await asked(town, "我不是户主")
    inbound = await town.hears(X, "好的")
    assert inbound["state"] == "triage"
    assert await town.states() == {f"{A} {X}": "unverified", f"{B} {X}": "unverified"}


async def test_a_link_that_was_stopped_meanwhile_stays_stopped(town: Any) -> None:
    await asked(town)
    await town.do("UPDATE contact_link SET state = 'suspended'")
    inbound = await town.hears(X, "2")
    assert (inbound["state"], effects(inbound)) == ("triage", [])
    assert set((await town.states()).values()) == {"suspended"}


async def test_somebody_else_should_receive_it_is_for_a_person(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "contact_confirm", [A])
    inbound = await town.hears(X, "3")
    assert (inbound["state"], effects(inbound)) == ("triage", [])
    assert "somebody else" in inbound["remark"]
