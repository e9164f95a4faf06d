"""The life of messages against a model: random orders of claim, hand-over, crash, receipt, stop, retry and expiry.

The machine plays the nodes and the carrier; the outbox's own functions do everything else, on a real database.
The carrier knows the truth: what it took, how often, and how far it is. Whatever happens in between, nothing is
taken twice, nothing stopped begins, nothing moves backwards, and in the end both sides agree.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gateway.kernel.database import Database
from gateway.outbox import claiming, nodes, stop_grounds
from gateway.outbox.carriers import Accepted, Outcome, Refused, Throttled, Unknown
from gateway.outbox.claiming import Claimed
from gateway.outbox.doubt import Resolver
from gateway.outbox.messages import AccountPart
from gateway.outbox.settling import Settled, apply_receipts, settle
from tests.outbox.world import Carrier, World, receipt

T = TypeVar("T")
RANK = {"sent": 1, "undelivered": 2, "failed": 2, "delivered": 3}
ENDED = ("sent", "delivered", "undelivered", "failed")
HOWS = ("taken", "taken, lost", "not taken, lost", "later", "never", "busy", "not connected")
NUMBERS = 5
NODES = st.integers(0, 2)


@dataclass
class NodeModel:
    """What a node has in its memory, and what a crash takes from it."""

    id: UUID = field(default_factory=uuid4)
    claimed: list[Claimed] = field(default_factory=list)
    ended: list[Settled] = field(default_factory=list)


class Life(RuleBasedStateMachine):
    """Three nodes, one carrier, some messages."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.run(self.begin())
        self.nodes = [NodeModel() for _ in range(3)]
        self.grounds: dict[UUID, str] = {}
        self.stopped: set[str] = set()
        self.ranks: dict[UUID, int] = {}
        self.reported: dict[UUID, str] = {}

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    async def begin(self) -> None:
        self.database = Database(self.url, size=4)
        await self.database.start()
        async with self.database.connection() as connection:
            for table in (
                "message_event", "message_account", "message", "ground_stop", "node", "contact_link", "account",
                "customer", "premise", "contact_point",
            ):  # fmt: skip
                await connection.execute(f"DELETE FROM {table}")
        self.world = await World.make(self.database)
        self.carrier: Carrier = self.world.carrier
        # Few numbers and two texts, so that look-ups may take one message for another.
        self.contacts = [await self.world.contact() for _ in range(NUMBERS)]
        self.links = [await self.world.link(point) for point, _ in self.contacts]

    def teardown(self) -> None:
        try:
            self.run(self.bring_to_rest())
        finally:
            self.run(self.database.close())
            self.runner.close()

    # What people and rooms do.

    @initialize(contacts=st.lists(st.integers(0, NUMBERS - 1), min_size=2, max_size=6))
    def write_some(self, contacts: list[int]) -> None:
        for contact in contacts:
            self.write(contact, True)

    @rule(contact=st.integers(0, NUMBERS - 1), lasts=st.booleans())
    def write(self, contact: int, lasts: bool) -> None:
        link, ground = self.links[contact], f"bill:{len(self.grounds)}"
        message = self.run(
            self.world.message(
                contact=self.contacts[contact],
                body=f"您有电费未交（{len(self.grounds) % 2}）",
                accounts=[AccountPart(link.account_id, link.account_no, link.link_id, ground)],
                expires_at=None if lasts else self.world.clock.now().replace(year=2026),
            )
        )
        self.grounds[message] = ground

    @precondition(lambda self: len(self.stopped) < len(self.grounds))
    @rule(data=st.data())
    def stop(self, data: st.DataObject) -> None:
        self.do_stop(data.draw(st.sampled_from(self.standing)))

    @property
    def standing(self) -> list[str]:
        return sorted({*self.grounds.values()} - self.stopped)

    def do_stop(self, ground: str) -> None:
        self.stopped.add(ground)
        self.run(self._stop(ground))
        # A second later, claims made before have gone stale; the runner gives them back (`runner.FRESH`).
        for node in self.nodes:
            self.run(self._give_back(node))

    async def _stop(self, ground: str) -> None:
        async with self.database.work() as work:
            await stop_grounds(work.connection, [ground], reason="paid", at=self.world.clock.now())
            await work.commit()

    @rule(minutes=st.sampled_from([1, 60]))
    def time_passes(self, minutes: int) -> None:
        self.world.clock.move(minutes=minutes)

    @rule()
    def validity_ends(self) -> None:
        self.run(self._expire())

    async def _expire(self) -> None:
        async with self.database.connection() as connection:
            await connection.execute(
                "UPDATE message SET expires_at = $1 WHERE expires_at IS NOT NULL AND state = 'queued'",
                self.world.clock.now(),
            )
            await claiming.expire(connection, self.world.clock.now())

    # What nodes do.

    @rule(which=NODES, limit=st.integers(1, 5), hows=st.lists(st.sampled_from(HOWS), max_size=5))
    def work(self, which: int, limit: int, hows: list[str]) -> None:
        """A node claims, and hands over as many as there are answers; the rest it has yet to begin."""
        node = self.nodes[which]
        self.run(self._lease(node))
        node.claimed += self.run(self.world.claim(limit, node=node.id)).claimed
        for how in hows[: len(node.claimed)]:
            self._hand_over(node, how)

    async def _lease(self, node: NodeModel) -> None:
        await self.world.sql(
            """INSERT INTO node (id, roles, leased_until) VALUES ($1, '', clock_timestamp() + interval '1 hour')
               ON CONFLICT (id) DO UPDATE SET leased_until = excluded.leased_until""",
            node.id,
        )

    @precondition(lambda self: any(node.claimed for node in self.nodes))
    @rule(how=st.sampled_from(HOWS))
    def hand_over(self, how: str) -> None:
        self._hand_over(next(node for node in self.nodes if node.claimed), how)

    def _hand_over(self, node: NodeModel, how: str) -> None:
        message = node.claimed.pop(0)
        assert self.grounds[message.id] not in self.stopped, "a stopped message began"
        outcome: Outcome
        if how.startswith("taken"):
            carrier_id = f"SM{len(self.carrier.taken)}"
            self.carrier.taken.append((message.id, carrier_id, message.to, message.body))
            outcome = Accepted(carrier_id=carrier_id) if how == "taken" else Unknown(why="TimeoutError")
        else:
            outcome = {
                "not taken, lost": Unknown(why="TimeoutError"),
                "later": Refused(code="30001", for_good=False, why="queue"),
                "never": Refused(code="21211", for_good=True, why="no number"),
                "busy": Throttled(after=1, code="20429"),
                "not connected": Refused(code="not_connected", for_good=False, why="away"),
            }[how]
        node.ended.append(Settled(message.id, None, message.attempts, outcome, self.world.clock.now(), "main"))

    @precondition(lambda self: any(node.ended for node in self.nodes))
    @rule()
    def settle(self) -> None:
        self.run(self._settle(next(node for node in self.nodes if node.ended)))

    async def _settle(self, node: NodeModel) -> None:
        if node.ended:
            async with self.database.connection() as connection, connection.transaction():
                await settle(connection, node.id, node.ended)
        node.ended.clear()

    @rule(which=NODES)
    def give_back(self, which: int) -> None:
        self.run(self._give_back(self.nodes[which]))

    async def _give_back(self, node: NodeModel) -> None:
        async with self.database.connection() as connection:
            await claiming.give_back(connection, [(one.id, one.attempts) for one in node.claimed], node.id)
        node.claimed.clear()

    @rule(which=NODES)
    def crash(self, which: int) -> None:
        """`kill -9`: whatever it had in its memory is gone; another process takes its place."""
        self.run(self._lose(self.nodes[which]))
        self.nodes[which] = NodeModel()

    @rule(which=NODES)
    def freeze(self, which: int) -> None:
        """Taken for dead, and not dead: it begins nothing, and writes what it knows when it wakes."""
        node = self.nodes[which]
        self.run(self._lose(node))
        node.claimed.clear()

    async def _lose(self, node: NodeModel) -> None:
        async with self.database.connection() as connection:
            await connection.execute("DELETE FROM node WHERE id = $1", node.id)
            await nodes.reap(connection, self.world.clock.now())

    @rule(which=NODES)
    def lost_answer_to_a_claim(self, which: int) -> None:
        node = self.nodes[which]
        self.run(self._lease(node))
        self.run(self.world.claim(3, node=node.id))
        known = [*(one.id for one in node.claimed), *(one.message_id for one in node.ended)]
        self.run(self._reclaim(node, known))

    async def _reclaim(self, node: NodeModel, known: list[UUID]) -> None:
        async with self.database.connection() as connection:
            await claiming.reclaim(connection, self.world.lane, node.id, known=known)

    # What the carrier does.

    @precondition(lambda self: self.carrier.taken)
    @rule(data=st.data(), state=st.sampled_from(["sent", "delivered", "undelivered"]))
    def report(self, data: st.DataObject, state: str) -> None:
        self.do_report(data.draw(st.sampled_from(self.carrier.taken)), state)

    def do_report(self, taken: tuple[UUID, str, str, str], state: str) -> None:
        message, carrier_id, *_ = taken
        if state != "sent":
            state = self.reported.setdefault(message, state)
        self.run(self._report(message, state, carrier_id))

    async def _report(self, message: UUID, state: str, carrier_id: str) -> None:
        async with self.database.connection() as connection, connection.transaction():
            await apply_receipts(connection, [(receipt(message, state, carrier_id=carrier_id), self.world.clock.now())])

    @precondition(lambda self: not any(node.ended for node in self.nodes))
    @rule()
    def look_up(self) -> None:
        """Only what nobody has in hand any more: the grace is longer than a call may take."""
        self.run(self._look_up())

    async def _look_up(self) -> None:
        resolver = Resolver(self.database, self.world.clock, {"twilio": self.carrier}, grace=0)
        await self.world.sql("UPDATE message SET look_at = NULL WHERE state = 'uncertain'")
        await resolver.round()

    # What must hold.

    @invariant()
    def nothing_is_taken_twice(self) -> None:
        assert all(times == 1 for times in self.carrier.times.values())

    @invariant()
    def nothing_goes_backwards(self) -> None:
        rows = self.run(self.world.sql("SELECT id, state, attempts, carrier_id FROM message"))
        for row in rows:
            rank = RANK.get(row["state"], 0)
            assert rank >= self.ranks.get(row["id"], 0), "backwards"
            self.ranks[row["id"]] = rank
            assert row["attempts"] >= 0
            assert row["carrier_id"] is not None or row["state"] not in ("sent", "delivered", "undelivered")

    async def bring_to_rest(self) -> None:
        """Nodes end, doubt is settled, the queue drains: then both sides must agree on everything."""
        for node in self.nodes:
            await self._give_back(node)
            await self._settle(node)
            await self._lose(node)
        for _ in range(len(self.grounds) + 2):
            await self._look_up()
        self.world.clock.move(days=400)
        node = NodeModel()
        for _ in range(len(self.grounds) + 2):
            await self._lease(node)
            for message in (await self.world.claim(100, node=node.id)).claimed:
                carrier_id = f"SM{len(self.carrier.taken)}"
                self.carrier.taken.append((message.id, carrier_id, message.to, message.body))
                now = self.world.clock.now()
                node.ended.append(Settled(message.id, None, 1, Accepted(carrier_id=carrier_id), now, "main"))
            await self._settle(node)
            self.world.clock.move(minutes=1)
        assert all(times == 1 for times in self.carrier.times.values()), "taken twice"
        known = {message: carrier_id for message, carrier_id, *_ in self.carrier.taken}
        rows = await self.world.sql("SELECT id, state, carrier_id FROM message")
        assert len(rows) == len(self.grounds), "lost"
        carriers = [row["carrier_id"] for row in rows if row["carrier_id"]]
        assert len(carriers) == len(set(carriers)), "two messages answer to one text at the carrier"
        for row in rows:
            assert row["state"] in (*ENDED, "withheld", "expired"), f"left {row['state']}"
            if row["id"] in known:
                assert row["state"] in ENDED
            assert (row["id"] in known) == (row["carrier_id"] is not None)


def test_the_life_of_messages(new_database_url: str) -> None:
    Life.url = new_database_url
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=25,
            stateful_step_count=40,
            deadline=None,
            # Shrinking would take minutes over a real database; a long failure is told sooner.
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_long_life(new_database_url: str, seed: int) -> None:
    """One long walk instead of many short ones: what only many things together bring about."""
    Life.url = new_database_url
    life, draw = Life(), random.Random(seed)
    pick: Any = draw.choice

    def maybe_stop() -> None:
        if life.standing and draw.random() < 0.3:
            life.do_stop(pick(life.standing))

    def maybe_report() -> None:
        for _ in range(3):
            if life.carrier.taken:
                life.do_report(pick(life.carrier.taken), pick(["sent", "delivered", "undelivered"]))

    def maybe_look_up() -> None:
        if not any(node.ended for node in life.nodes):
            life.look_up()

    steps: list[tuple[int, Callable[[], None]]] = [
        (8, lambda: life.write(draw.randrange(NUMBERS), draw.random() < 0.8)),
        (12, lambda: life.work(draw.randrange(3), draw.randint(1, 5), draw.choices(HOWS, k=draw.randrange(5)))),
        (4, lambda: life.settle() if any(node.ended for node in life.nodes) else None),
        (4, lambda: life.time_passes(pick([1, 1, 60]))),
        (3, maybe_report),
        (3, maybe_look_up),
        (1, maybe_stop),
        (1, lambda: life.give_back(draw.randrange(3))),
        (1, lambda: life.crash(draw.randrange(3))),
        (1, lambda: life.freeze(draw.randrange(3))),
        (1, lambda: life.lost_answer_to_a_claim(draw.randrange(3))),
        (1, life.validity_ends),
    ]
    try:
        for step in draw.choices([step for _, step in steps], [weight for weight, _ in steps], k=300):
            step()
            life.nothing_is_taken_twice()
            life.nothing_goes_backwards()
    finally:
        life.teardown()
    assert len(life.carrier.taken) > 20
