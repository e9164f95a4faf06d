from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from gateway.kernel.errors import Conflict, InvalidInput, NotFound

A, X = "4100000011", "+8613800374443"


async def resolve(town: Any, inbound: UUID, intents: list[str] | None = None, score: int | None = None) -> None:
    async with town.database.session() as session:
        await town.inbox.resolve(session, inbound, intents=intents, score=score, note="已电话核实", actor="staff:E1")
        await session.commit()


async def test_a_person_closes_what_waits(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    inbound = await town.hears(X, "怎么交费？")
    await resolve(town, inbound["id"])
    row = (await town.rows("SELECT state, resolved_by, remark FROM inbound"))[0]
    assert row == {"state": "done", "resolved_by": "staff:E1", "remark": "已电话核实"}
    assert "inbound.resolved" in await town.values("SELECT action FROM audit_entry")
    with pytest.raises(Conflict):
        await resolve(town, inbound["id"])


async def test_a_person_says_how_it_is_to_be_read_and_that_is_done(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    inbound = await town.hears(X, "那屋我都不去了，你们找别人吧")
    await resolve(town, inbound["id"], ["moved_or_sold"])
    assert await town.states() == {f"{A} {X}": "suspended"}
    assert await town.values("SELECT actor FROM audit_entry WHERE action = 'correction.joined'") == ["staff:E1"]
    assert await town.queued(X) == ["apology"]
    row = await town.inbound("SM" + "1".zfill(32))
    assert (row["state"], row["reading"]["version"], row["reading"]["intents"]) == ("done", "person", ["moved_or_sold"])


async def test_a_person_reads_a_score(town: Any) -> None:
    await town.household(A, X)
    await town.invite(X, A, "WO1")
    inbound = await town.hears(X, "3分4分都行吧，公司5分")
    assert inbound["state"] == "triage"
    await resolve(town, inbound["id"], ["score"], 3)
    assert await town.values("SELECT score FROM evaluation") == [3]


async def test_a_reading_that_can_have_no_effect_is_refused(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    inbound = await town.hears(X, "怎么交费？")
    with pytest.raises(Conflict):
        await resolve(town, inbound["id"], ["score"], 4)
    assert await town.values("SELECT state FROM inbound") == ["triage"]


@pytest.mark.parametrize(
    ("intents", "score"), [(["joy"], None), (["ack"], 4), (["score"], 6), (["score"], None), (["unclear", "ack"], None)]
)
async def test_what_is_no_reading_is_refused(town: Any, intents: list[str], score: int | None) -> None:
    with pytest.raises(InvalidInput):
        await resolve(town, uuid4(), intents, score)


async def test_what_is_not_there_is_not_found(town: Any) -> None:
    with pytest.raises(NotFound):
        await resolve(town, uuid4())
