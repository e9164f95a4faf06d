"""What people choose is kept as labels; what a new reader would change is shown before it is applied."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from gateway.exporting import export_labels
from gateway.inbox import by_hand
from gateway.inbox.rereading import Changed, reread
from gateway.inbox.understanding import read_lines

A, X, Y = "4100000011", "+8613800374443", "+8613300335193"


async def resolve(town: Any, inbound: UUID, intents: Sequence[str] | None, score: int | None = None) -> None:
    async with town.database.session() as session:
        await town.inbox.resolve(session, inbound, intents=intents, score=score, note=None, actor="staff:E1")
        await session.commit()


async def test_what_waits_offers_choices_and_what_is_done_none(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    waits = await town.hears(X, "怎么交费？")
    offered = json.loads(waits["choices"])
    assert (offered[0]["key"], offered[0]["intents"], offered[0]["score"]) == ("1", ["payment_question"], None)
    assert 2 <= len(offered) <= 3
    await resolve(town, waits["id"], offered[0]["intents"])
    assert await town.values("SELECT choices FROM inbound") == ["[]"]


async def test_a_choice_is_a_label_that_the_reader_can_be_held_to(town: Any) -> None:
    await town.household(A, X)
    await town.invite(X, A, "WO1")
    town.clock.on(hours=1)
    await town.hears(X, "师傅不错")
    town.clock.on(minutes=1)
    inbound = await town.hears(X, "3分4分都行吧，公司5分")
    assert inbound["state"] == "triage"
    await resolve(town, inbound["id"], ["score"], 3)
    assert await town.values("SELECT score FROM evaluation") == [3]
    out = io.StringIO()
    assert await export_labels(town.database, out) == 1
    line = json.loads(out.getvalue())
    assert line["id"] == str(inbound["id"]) and line["text"] == "3分4分都行吧，公司5分"
    assert line["context"]["kind"] == "survey" and line["context"]["scale"] == [1, 5]
    assert [turn["role"] for turn in line["turns"]] == ["utility", "customer", "customer"]
    assert line["expect"] == {"intents": ["score"], "score": 3, "urgent": False, "abstain": False}
    assert (line["by"], line["version"]) == ("staff:E1", inbound["reading"]["version"])
    answers = io.StringIO()
    assert read_lines(io.StringIO(out.getvalue()), answers) == 0
    answer = json.loads(answers.getvalue())
    assert (answer["intents"], answer["abstain"]) == (inbound["reading"]["intents"], True)


async def test_a_reading_that_is_taken_back_is_no_label(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    inbound = await town.hears(X, "那屋我都不去了，你们找别人吧")
    await resolve(town, inbound["id"], ["moved_or_sold"])
    assert await export_labels(town.database, io.StringIO()) == 1
    async with town.database.session() as session:
        await by_hand.undo(session, inbound["id"], town.corrections, note=None, actor="staff:E1", at=town.clock.now())
        await session.commit()
    assert await export_labels(town.database, io.StringIO()) == 0


async def test_only_closing_is_no_label(town: Any) -> None:
    inbound = await town.hears(X, "怎么交费？")
    await resolve(town, inbound["id"], None)
    assert await town.values("SELECT id FROM label") == []


async def differently(town: Any, *, apply: bool = False) -> list[Changed]:
    since = town.clock.now().replace(hour=0)
    return [one async for one in reread(town.database, town.clock, town.tools, since=since, apply=apply)]


async def as_if_read(town: Any, inbound: UUID, **reading: Any) -> None:
    """As an earlier version read it."""
    await town.do(
        "UPDATE inbound SET reading = reading || $2::jsonb WHERE id = $1",
        inbound,
        json.dumps(reading | {"version": "rules-0"}),
    )


async def test_the_same_reader_changes_nothing(town: Any) -> None:
    await town.household(A, X)
    await town.invite(X, A, "WO1")
    for text in ("4 师傅很好", "刚才打错了，是5分", "怎么交费？", "谢谢", "？？"):
        town.clock.on(minutes=1)
        await town.hears(X, text)
        await town.do("UPDATE message SET state = 'sent', sent_at = $1 WHERE state = 'queued'", town.clock.now())
    assert await differently(town) == []


async def test_what_would_change_is_shown_and_nothing_is_done(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    inbound = await town.hears(X, "电费早就交了")
    await as_if_read(town, inbound["id"], intents=["unclear"], abstain=True)
    before = await town.rows("SELECT * FROM inbound")
    (changed,) = await differently(town)
    assert (changed.before["intents"], changed.after["intents"]) == (["unclear"], ["payment_made"])
    assert (changed.before["version"], changed.after["version"]) == ("rules-0", inbound["reading"]["version"])
    assert json.loads(changed.told())["applied"] is False
    assert await town.rows("SELECT * FROM inbound") == before


async def test_applied_is_only_what_still_waits_and_caused_nothing(town: Any) -> None:
    await town.household(A, X)
    await town.household("4100000022", Y)
    waiting, done, halfway = [], [], []
    for number, ids, state, effects in (
        (X, waiting, "triage", "[]"),
        (Y, done, "done", "[]"),
        (Y, halfway, "triage", '[{"effect": "asked_again"}]'),
    ):
        town.clock.on(hours=1)
        await town.text(number, "arrears", [A if number == X else "4100000022"])
        inbound = await town.hears(number, "电费早就交了")
        ids.append(inbound["id"])
        await town.do("UPDATE inbound SET state = $2, effects = $3::jsonb WHERE id = $1", inbound["id"], state, effects)
        await as_if_read(town, inbound["id"], intents=["unclear"], abstain=True)
    await town.do("DELETE FROM hold")
    changed = {one.id: one.applied for one in await differently(town, apply=True)}
    assert changed == {waiting[0]: True, done[0]: False, halfway[0]: False}
    assert await town.values("SELECT account_no FROM hold JOIN account a ON a.id = account_id") == [A]
    states = dict(
        zip(
            await town.values("SELECT id FROM inbound ORDER BY id"),
            await town.values("SELECT state FROM inbound ORDER BY id"),
            strict=True,
        )
    )
    assert states == {waiting[0]: "done", done[0]: "done", halfway[0]: "triage"}
    # Once more changes nothing more: what was applied is read as the present reader reads it.
    again = {one.id: one.applied for one in await differently(town, apply=True)}
    assert again == {done[0]: False, halfway[0]: False}


async def test_what_a_person_read_is_the_persons(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    inbound = await town.hears(X, "怎么交费？")
    await resolve(town, inbound["id"], ["help"])
    assert await differently(town) == []


async def test_a_danger_that_was_overlooked_is_told_when_it_is_applied(town: Any) -> None:
    inbound = await town.hears(X, "电线掉下来冒火花了快来人")
    await town.do("DELETE FROM alert")
    await town.do("UPDATE inbound SET effects = '[]', urgent = false")
    await as_if_read(town, inbound["id"], intents=["unclear"], urgent=False, abstain=True)
    (changed,) = await differently(town, apply=True)
    assert changed.applied and changed.after["urgent"]
    assert await town.values("SELECT inbound_id FROM alert") == [inbound["id"]]


@pytest.mark.parametrize("broken", ["\x00", "\ud800", "a" * 10_000])
async def test_hostile_text_is_offered_choices_too(town: Any, broken: str) -> None:
    inbound = await town.hears(X, broken)
    assert inbound["state"] == "triage"
    assert len(json.loads(inbound["choices"])) >= 2


def test_a_change_is_told_on_one_line() -> None:
    from datetime import UTC, datetime

    at = datetime(2025, 11, 4, tzinfo=UTC)
    one = Changed(id=UUID(int=1), received_at=at, text="一\n二", state="triage", before={}, after={}, applied=False)
    assert "\n" not in replace(one, applied=True).told()
