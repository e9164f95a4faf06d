"""A "not me" from somebody who pays for many, that names no account: held, asked about, and not for ever."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.archive import completing, opening
from gateway.inbox.disowning import TO_SAY

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
    return {key.split()[0] for key, state in (await town.states()).items() if state == "suspended"}


async def let_go(town: Any) -> list[Any]:
    async with town.database.work() as work:
        due = await completing.next_due(work.connection, town.clock.now() - timedelta(seconds=1))
        assert due is not None
        gone_on = await opening.let_go_due(work.connection, town.clock.now())
        await work.commit()
    return list(gone_on)


@pytest.mark.parametrize("words", ["打错了", "wrong number"])
async def test_all_that_may_be_meant_is_held_and_which_is_asked(landlord: Any, words: str) -> None:
    inbound = await landlord.hears(X, words)
    assert await held(landlord) == set(FLATS)
    assert await landlord.queued(X) == ["clarification"], "asked, and nothing else"
    assert [effect["effect"] for effect in inbound["effects"]] == ["links_held", "correction_opened", "asked_account"]
    assert inbound["state"] == "triage", "a person sees it too"


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


async def test_after_two_days_only_the_likeliest_stays_stopped(landlord: Any) -> None:
    await landlord.hears(X, "打错了")
    landlord.clock.on(hours=TO_SAY.total_seconds() / 3600 - 1)
    assert await let_go(landlord) == []
    landlord.clock.on(hours=2)
    ((_, accounts),) = await let_go(landlord)
    assert len(accounts) == len(FLATS) - 1
    assert await held(landlord) == {FLATS[3]}, "nothing speaks against any, so the one told last"
    assert await let_go_twice(landlord) == []
    assert "correction.let_go" in await landlord.values("SELECT action FROM audit_entry")


async def let_go_twice(town: Any) -> list[Any]:
    async with town.database.work() as work:
        return list(await opening.let_go_due(work.connection, town.clock.now()))


async def test_an_account_that_was_changed_since_is_likelier_than_the_last_told(landlord: Any) -> None:
    await landlord.do("UPDATE account SET updated_on = '2020-05-01'")
    await landlord.do("UPDATE account SET updated_on = '2024-08-01' WHERE account_no = $1", FLATS[0])
    await landlord.hears(X, "打错了")
    landlord.clock.on(hours=49)
    await let_go(landlord)
    assert await held(landlord) == {FLATS[0]}


async def test_what_is_named_later_does_not_go_on_when_the_time_is_over(landlord: Any) -> None:
    await asked(landlord)
    await landlord.hears(X, "你们搞错了,我不是租客丙")
    landlord.clock.on(hours=49)
    await let_go(landlord)
    assert FLATS[2] in await held(landlord)


async def test_digits_in_the_first_words_name_the_account_at_once(landlord: Any) -> None:
    await landlord.hears(X, "发错了,尾号0055不是我的")
    assert await held(landlord) == {FLATS[2]}


async def test_what_was_confirmed_lately_is_not_held(landlord: Any) -> None:
    await landlord.do(
        """UPDATE contact_link SET state = 'verified', verified_at = $1 WHERE account_id = (
             SELECT id FROM account WHERE account_no = $2)""",
        landlord.clock.now() - timedelta(days=9),
        FLATS[0],
    )
    await landlord.hears(X, "打错了")
    assert await held(landlord) == set(FLATS[1:])
