"""Previews that are made beside the requests for them: joined, kept, given up, made anew after a death."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from gateway.kernel.errors import Conflict, InvalidInput, NotFound
from gateway.notices import Arrears, Previewer, Previews
from tests.notices.conftest import Town

A, B = "+8613800000001", "+8613800000002"


@dataclass
class Gated(Arrears):
    """Arrears that are gone through once somebody opens the gate."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    begun: int = 0
    error: Exception | None = None

    async def begin(self, connection: Any, notice: Mapping[str, Any], now: datetime) -> None:
        self.begun += 1
        await self.gate.wait()
        if self.error is not None:
            raise self.error


@dataclass
class Node:
    """One node's previews over a gated kind."""

    town: Town
    kind: Gated
    previews: Previews

    @classmethod
    def of(cls, town: Town, kind: Gated) -> Node:
        house = town.house
        previewer = Previewer(
            town.clock,
            house.composer,
            {"arrears": kind},
            house.finder,
            zone=house.settings.zone,
            segment_price=house.settings.segment_price,
        )
        return cls(town, kind, Previews(town.database, town.clock, previewer))

    async def until(self, notice: UUID, state: str) -> Any:
        async with asyncio.timeout(20):
            while (kept := await self.previews.last(notice)).state != state:
                await asyncio.sleep(0.02)
        return kept


@pytest.fixture
async def node(town: Town) -> AsyncIterator[Node]:
    await town.account(A, owes="10")
    await town.account(B, owes="20")
    await town.account(B, owes="30")
    node = Node.of(town, Gated())
    yield node
    node.kind.gate.set()
    await node.previews.close()


async def test_a_small_one_is_there_at_once_and_kept(node: Node) -> None:
    notice = await node.town.draft()
    node.kind.gate.set()
    kept = await node.previews.ask(notice, 20)
    assert (kept.state, kept.error, kept.begun_at) == ("done", None, node.town.clock.now())
    assert kept.found == await node.town.house.notices.preview(notice)
    assert (kept.found.found, kept.found.audience, kept.found.messages) == (3, 3, 2)
    assert await node.previews.last(notice) == kept
    assert await node.town.messages() == []


async def test_who_does_not_wait_fetches_it_later(node: Node) -> None:
    notice = await node.town.draft()
    assert (await node.previews.ask(notice, 0)).state == "running"
    node.kind.gate.set()
    assert (await node.until(notice, "done")).found.messages == 2


async def test_all_who_ask_share_one_run_on_any_node(node: Node) -> None:
    other = Node.of(node.town, node.kind)
    notice = await node.town.draft()
    asked = [asyncio.create_task(each.previews.ask(notice, 20)) for each in (node, other, node, other)]
    async with asyncio.timeout(20):
        while not node.kind.begun:
            await asyncio.sleep(0.01)
    node.kind.gate.set()
    kept = await asyncio.gather(*asked)
    assert [one.state for one in kept] == ["done"] * 4 and node.kind.begun == 1
    assert (await node.previews.ask(notice, 20)).state == "done" and node.kind.begun == 2


async def test_it_holds_nobody_up_and_ends_when_the_notice_is_approved(node: Node) -> None:
    notice = await node.town.draft()
    assert (await node.previews.ask(notice, 0)).state == "running"
    async with asyncio.timeout(20):
        await node.town.approve(notice)
        assert await node.town.house.notice_runner.compose_next(only=notice)
    kept = await node.until(notice, "failed")
    assert kept.error == "the notice is no draft any more"
    assert len(await node.town.messages(notice)) == 2
    with pytest.raises(Conflict, match="sending already"):
        await node.previews.ask(notice, 0)


async def test_one_whose_node_died_is_made_anew(node: Node) -> None:
    notice = await node.town.draft()
    async with node.town.database.work() as work:
        await work.execute(
            """INSERT INTO notice_preview (notice_id, run, state, begun_at, beat_at)
               VALUES ($1, $2, 'running', $3, clock_timestamp() - interval '1 minute')""",
            notice,
            uuid4(),
            node.town.clock.now(),
        )
        await work.commit()
    assert (await node.previews.last(notice)).state == "broken_off"
    node.kind.gate.set()
    assert (await node.previews.ask(notice, 20)).state == "done"


async def test_what_speaks_against_it_is_told_and_kept(node: Node) -> None:
    notice = await node.town.draft()
    node.kind.error = InvalidInput("there is no outage", field="outage_id")
    node.kind.gate.set()
    with pytest.raises(InvalidInput, match="no outage"):
        await node.previews.ask(notice, 20)
    kept = await node.previews.last(notice)
    assert (kept.state, kept.error) == ("failed", "there is no outage")
    node.kind.error = None
    assert (await node.previews.ask(notice, 20)).state == "done"


async def test_what_was_never_asked_for_or_never_drafted_is_not_found(node: Node) -> None:
    with pytest.raises(NotFound):
        await node.previews.last(await node.town.draft())
    with pytest.raises(NotFound):
        await node.previews.ask(uuid4(), 0)
