"""Words that only look like "not me": what they would stop is held until a person has read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from gateway.inbox import by_hand
from gateway.inbox.heard import keep
from gateway.inbox.listening import COLUMNS, listen
from gateway.inbox.reacting import react
from gateway.inbox.understanding import Reading
from gateway.kernel.errors import Conflict

A, B = "4100000011", "4100000022"
X = "+8613800374443"
#: What a reader takes for "not me" that is not sure of it.
UNSURE = Reading(
    intents=("wrong_number",), score=None, urgent=False, abstain=True, because=("reads like it",), version="test"
)


async def resolve(town: Any, inbound: UUID, intents: list[str] | None) -> None:
    async with town.database.session() as session:
        await town.inbox.resolve(session, inbound, intents=intents, score=None, note="已电话核实", actor="staff:E1")
        await session.commit()


async def doubted(town: Any) -> dict[str, Any]:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    await town.text(X, "outage_planned", [A], state="queued")
    await town.stores(X, "俺跟那户八竿子打不着边儿", "SM1")
    async with town.database.work() as work:
        row = await work.connection.fetchrow(f"SELECT {COLUMNS} FROM inbound")
        heard = replace(await listen(work.connection, row, town.tools.answers), reading=UNSURE)
        await keep(work.connection, heard, await react(work.connection, heard, town.tools))
        await work.commit()
    inbound: dict[str, Any] = await town.inbound("SM1")
    return inbound


async def test_what_an_unsure_reading_would_stop_is_held_for_a_person(town: Any) -> None:
    inbound = await doubted(town)
    assert inbound["state"] == "triage"
    assert [effect["effect"] for effect in inbound["effects"]] == ["links_held", "correction_opened"]
    assert await town.states() == {f"{A} {X}": "suspended"}
    assert await town.queued(X) == [], "nothing goes out meanwhile, and nobody is apologised to yet"
    assert await town.values("SELECT kind FROM signal") == ["seems_wrong"]


@pytest.mark.parametrize("intents", [["billing_dispute"], ["ack"]])
async def test_a_person_who_reads_otherwise_lets_it_go_on(town: Any, intents: list[str]) -> None:
    inbound = await doubted(town)
    await resolve(town, inbound["id"], intents)
    assert await town.states() == {f"{A} {X}": "unverified"}
    assert await town.rows("SELECT state, note FROM correction") == [
        {"state": "dismissed", "note": "a person read the words otherwise"}
    ]
    assert "correction.dismissed" in await town.values("SELECT action FROM audit_entry")


async def test_a_person_who_reads_the_same_stops_it_as_ever(town: Any) -> None:
    inbound = await doubted(town)
    await resolve(town, inbound["id"], ["wrong_number"])
    assert await town.states() == {f"{A} {X}": "suspended"}
    assert await town.values("SELECT reason FROM contact_link") == ["reply: wrong_number"]
    assert await town.values("SELECT state FROM correction") == ["open"]
    assert await town.queued(X) == ["apology"]


async def test_closing_it_without_a_reading_leaves_the_link_to_its_correction(town: Any) -> None:
    inbound = await doubted(town)
    await resolve(town, inbound["id"], None)
    assert await town.states() == {f"{A} {X}": "suspended"}
    assert await town.values("SELECT state FROM correction") == ["open"]


async def test_a_two_that_may_be_a_no_holds_until_it_is_clear(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "contact_confirm", [A])
    town.clock.on(minutes=5)
    survey = await town.invite(X, A, "WO1")
    first = await town.hears(X, "2")
    assert first["state"] == "triage"
    assert await town.states() == {f"{A} {X}": "suspended"}
    await town.do("UPDATE message SET state = 'sent', sent_at = $1 WHERE kind = 'clarification'", town.clock.now())
    town.clock.on(minutes=1)
    # The newest question is named first: it was the survey.
    await town.hears(X, "1")
    assert await town.values("SELECT score FROM evaluation") == [2]
    assert await town.states() == {f"{A} {X}": "unverified"}
    assert survey in await town.values("SELECT answers FROM inbound")


async def test_a_two_that_was_a_no_stays_a_no(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "contact_confirm", [A])
    town.clock.on(minutes=5)
    await town.invite(X, A, "WO1")
    await town.hears(X, "2")
    await town.do("UPDATE message SET state = 'sent', sent_at = $1 WHERE kind = 'clarification'", town.clock.now())
    town.clock.on(minutes=1)
    await town.hears(X, "2")
    assert await town.states() == {f"{A} {X}": "suspended"}
    assert await town.values("SELECT reason FROM contact_link") == ["reply: wrong_number"]


async def test_of_two_texts_that_came_together_the_one_that_was_confirmed_is_not_meant(town: Any) -> None:
    await town.household(A, X)
    await town.household(B, X)
    for account, name, said in ((A, "陈功博", date(2012, 1, 1)), (B, "郑亨元", date(2024, 3, 30))):
        await town.do("UPDATE account SET holder_name = $2 WHERE account_no = $1", account, name)
        await town.do(
            """UPDATE contact_link SET name = $2, registered_on = $3
               WHERE account_id = (SELECT id FROM account WHERE account_no = $1)""",
            account,
            name,
            said,
        )
    await town.do(
        """UPDATE contact_link SET state = 'verified', verified_at = '2025-09-20'
           WHERE account_id = (SELECT id FROM account WHERE account_no = $1)""",
        B,
    )
    await town.text(X, "arrears", [A])
    town.clock.on(minutes=3)
    await town.text(X, "arrears", [B])
    await town.hears(X, "打错了")
    assert await town.states() == {f"{A} {X}": "suspended", f"{B} {X}": "verified"}


async def test_a_reply_taken_back_leaves_the_case_that_another_reply_rests_on(town: Any) -> None:
    """The first was misread, the second was not: what it reported stays stopped."""
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    first = await town.hears(X, "发错了")
    town.clock.on(hours=1)
    second = await town.hears(X, "打错了，我不认识王强")

    async def undo(inbound_id: UUID) -> list[str]:
        async with town.database.session() as session:
            done = await by_hand.undo(
                session, inbound_id, town.corrections, note=None, actor="staff:E1", at=town.clock.now()
            )
            await session.commit()
        return list(done)

    with pytest.raises(Conflict):
        await undo(first["id"])
    assert await town.states() == {f"{A} {X}": "suspended"}
    await town.do("DELETE FROM signal WHERE evidence ->> 'inbound_id' = $1", str(second["id"]))
    assert await undo(first["id"]) == ["correction_opened"]
    assert await town.states() == {f"{A} {X}": "unverified"}
