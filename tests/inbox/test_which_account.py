"""A "not me" from somebody who pays for many, that names no account: held, asked about, and not for ever."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from gateway.outbox import claiming, lanes
from gateway.outbox.streams import Streams
from tests.archive.test_corrections import Decision, apply
from tests.outbox.world import lane_spec

X = "+8613800374443"
FLATS = ["4100000039", "4100000047", "4100000055", "4100000063"]


@pytest.fixture
async def landlord(town: Any) -> Any:
    """One who pays for four flats, told of each this morning, the last of them last."""
    for place, flat in enumerate(FLATS):
        await town.household(flat, X, role="payer")
        await town.do("UPDATE account SET holder_name = $2 WHERE account_no = $1", flat, f"租客{'甲乙丙丁'[place]}")
    await town.do("UPDATE contact_link SET name = '戴鹏亮', registered_on = '2020-05-01'")
    for flat in FLATS:
        await town.text(X, "arrears", [flat])
        town.clock.on(minutes=1)
    return town


async def asked(town: Any, words: str = "打错了") -> dict[str, Any]:
    """They say that it is not theirs, and our asking which has arrived."""
    inbound: dict[str, Any] = await town.hears(X, words)
    await town.do("UPDATE message SET state = 'delivered', sent_at = $1 WHERE kind = 'clarification'", town.clock.now())
    return inbound


async def held(town: Any) -> set[str]:
    """The flats about which nothing goes to the number: stopped, or in question."""
    return await flats(town, "l.state = 'suspended' OR l.questioned_at IS NOT NULL")


async def flats(town: Any, where: str) -> set[str]:
    rows = await town.rows(
        f"SELECT a.account_no FROM contact_link l JOIN account a ON a.id = l.account_id WHERE {where}"
    )
    return {row["account_no"] for row in rows}


async def confirmed(town: Any, flat: str) -> None:
    await town.do(
        """UPDATE contact_link SET state = 'verified', verified_at = $1 WHERE account_id = (
             SELECT id FROM account WHERE account_no = $2)""",
        town.clock.now() - timedelta(days=9),
        flat,
    )


@pytest.mark.parametrize("words", ["打错了", "wrong number"])
async def test_all_that_may_be_meant_is_held_and_which_is_asked(landlord: Any, words: str) -> None:
    inbound = await landlord.hears(X, words)
    assert await held(landlord) == set(FLATS)
    assert await landlord.queued(X) == ["clarification"], "asked, and nothing else"
    assert [effect["effect"] for effect in inbound["effects"]] == ["links_held", "correction_opened", "asked_account"]
    assert inbound["state"] == "triage", "a person sees it too"
    assert await landlord.values("SELECT due_at FROM correction") == [landlord.clock.now() + timedelta(days=3)]


@pytest.mark.parametrize("answer", ["0047", "户号后四位：００４７", "租客乙那户", "The one ending 0047 please"])
async def test_what_is_named_is_stopped_and_the_rest_goes_on(landlord: Any, answer: str) -> None:
    first = await asked(landlord)
    second = await landlord.hears(X, answer)
    assert await held(landlord) == {FLATS[1]}
    assert await landlord.values("SELECT reason FROM contact_link WHERE state = 'suspended'") == ["reply: wrong_number"]
    assert (await landlord.inbound(first["carrier_id"]))["state"] == second["state"] == "done"
    assert await landlord.values("SELECT state FROM correction") == ["open"]
    assert "apology" in await landlord.queued(X)


async def test_an_answer_that_names_nothing_changes_nothing(landlord: Any) -> None:
    await asked(landlord)
    await landlord.hears(X, "9999")
    assert await held(landlord) == set(FLATS)


async def left(town: Any) -> int:
    """How many of the texts that are due the claim lets leave."""
    streams = Streams("sms")
    async with town.database.connection() as connection:
        await lanes.ensure(connection, lane_spec())
        (lane,) = await lanes.enabled(connection)
        now = town.clock.now()
        await streams.look(connection, now)
        claimed = await claiming.claim(connection, lane, node=uuid4(), now=now, limit=50, shares=streams.share(50))
    return len(claimed.claimed)


async def test_one_is_stopped_and_the_others_wait_however_long_it_takes(landlord: Any) -> None:
    queued = await landlord.text(X, "bill", FLATS[:1], state="queued")
    await landlord.hears(X, "打错了")
    assert await flats(landlord, "l.state = 'suspended'") == {FLATS[3]}, "nothing speaks against any: the one told last"
    assert await landlord.values("SELECT withheld_reason FROM message WHERE id = $1", queued) == ["misdirected"]
    landlord.clock.on(days=40)
    await landlord.do("UPDATE message SET state = 'delivered' WHERE state = 'queued'")
    for flat in FLATS:
        await landlord.text(X, "arrears", [flat], state="queued")
    assert await left(landlord) == 0
    assert await landlord.values("SELECT withheld_reason FROM message WHERE state = 'withheld'") == 5 * ["misdirected"]


async def test_a_decision_lets_go_on_what_was_in_question(landlord: Any) -> None:
    await landlord.hears(X, "打错了")
    (case,) = await landlord.values("SELECT id FROM correction")
    await apply(landlord, case, *(Decision(flat, X, "revoke" if flat == FLATS[0] else "keep") for flat in FLATS))
    assert await held(landlord) == set()
    assert await flats(landlord, "l.state = 'unverified'") == set(FLATS[1:])
    await landlord.do("UPDATE message SET state = 'delivered' WHERE state = 'queued'")
    await landlord.text(X, "arrears", FLATS[1:2], state="queued")
    assert await left(landlord) == 1


async def test_an_account_that_was_changed_since_is_likelier_than_the_last_told(landlord: Any) -> None:
    await landlord.do("UPDATE account SET updated_on = '2020-05-01'")
    await landlord.do("UPDATE account SET updated_on = '2024-08-01' WHERE account_no = $1", FLATS[0])
    await landlord.hears(X, "打错了")
    assert await flats(landlord, "l.state = 'suspended'") == {FLATS[0]}


async def test_what_is_named_later_is_stopped_for_good(landlord: Any) -> None:
    await asked(landlord)
    await landlord.hears(X, "你们搞错了,我不是租客丙")
    assert FLATS[2] in await flats(landlord, "l.state = 'suspended' AND l.reason = 'reply: wrong_number'")


async def test_digits_in_the_first_words_name_the_account_at_once(landlord: Any) -> None:
    await landlord.hears(X, "发错了,尾号0055不是我的")
    assert await held(landlord) == {FLATS[2]}


async def test_what_was_confirmed_lately_waits_too_since_it_may_be_what_is_meant(landlord: Any) -> None:
    for flat in FLATS[:2]:
        await confirmed(landlord, flat)
    await landlord.hears(X, "打错了")
    assert await held(landlord) == set(FLATS)


async def test_what_is_surely_ones_own_waits_beside_what_is_stopped(landlord: Any) -> None:
    home = "4100000071"
    await landlord.household(home, X)
    await landlord.text(X, "arrears", [home])
    inbound = await landlord.hears(X, "打错了")
    assert await flats(landlord, "l.state = 'suspended'") == {home}, "of nobody else it pays for is it said as surely"
    assert await held(landlord) == {home, *FLATS}
    caused = [effect["effect"] for effect in inbound["effects"]]
    assert caused == ["links_suspended", "correction_opened", "links_held", "correction_joined", "asked_account"]


async def test_what_it_was_told_of_weeks_ago_goes_on(landlord: Any) -> None:
    landlord.clock.on(days=9)
    await landlord.text(X, "arrears", FLATS[:1])
    await landlord.hears(X, "打错了")
    assert await held(landlord) == set(FLATS[:1])
