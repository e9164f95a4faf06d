from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

from gateway.evaluations import Answer, Recorded, record
from tests.inbox.conftest import town, wording

__all__ = ["town", "wording"]

A, X = "4100000011", "+8613800374443"


async def answer(town: Any, message: UUID, **said: Any) -> Recorded | None:
    async with town.database.work() as work:
        found = await record(
            work.connection,
            Answer(
                message_id=message,
                inbound_id=said.pop("inbound_id", None) or uuid4(),
                contact_point_id=1,
                channel="sms",
                at=town.clock.now(),
                **said,
            ),
        )
        await work.commit()
    return found


async def test_a_message_that_invited_nobody_takes_no_answer(town: Any) -> None:
    assert await answer(town, uuid4(), score=5) is None


async def test_what_a_later_answer_does_not_say_stands(town: Any) -> None:
    await town.household(A, X)
    message = await town.invite(X, A, "WO1")
    first_word = uuid4()
    first = await answer(town, message, score=4, comment="师傅很好", inbound_id=first_word)
    town.clock.on(hours=1)
    second = await answer(town, message, solved=False)
    assert first is not None
    assert second == Recorded(id=first.id, revised=True)
    row = (await town.rows("SELECT score, solved, comment, history FROM evaluation"))[0]
    assert (row["score"], row["solved"], row["comment"]) == (4, False, "师傅很好")
    earlier = json.loads(row["history"])
    assert [(one["score"], one["solved"], one["inbound_id"]) for one in earlier] == [(4, None, str(first_word))]


async def test_answers_at_the_same_moment_leave_one_evaluation_with_all_of_them(town: Any) -> None:
    await town.household(A, X)
    message = await town.invite(X, A, "WO1")
    await asyncio.gather(*(answer(town, message, score=score) for score in (1, 2, 3, 4)))
    rows = await town.rows("SELECT score, history FROM evaluation")
    assert len(rows) == 1
    assert sorted([rows[0]["score"], *(one["score"] for one in json.loads(rows[0]["history"]))]) == [1, 2, 3, 4]
