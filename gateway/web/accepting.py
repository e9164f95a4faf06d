"""Single messages: accepted in groups, so that many callers share one commit.

The keys of a group are taken, its messages written and the answers kept in one transaction: a key and its message
stand or fall together. What goes to numbers, which is most, is written by one statement (`gateway.web.at_once`);
what goes to accounts, repeats another, or finds its number or its key taken meanwhile, goes the longer way. Each way
has groups of its own: what fails on the one is no reason to refuse or to write again what was written on the other.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gateway.kernel.batching import Grouped
from gateway.kernel.clock import Clock
from gateway.kernel.database import Database
from gateway.kernel.errors import Conflict, LamplighterError
from gateway.notices import Asked, Taken
from gateway.outbox import NewMessage
from gateway.outbox.waking import Waker
from gateway.web import at_once, idempotency
from gateway.web.at_once import Unwritten
from gateway.web.idempotency import Claim, Earlier, Stored
from gateway.web.services import Accepting

ACCEPTED = 202


class _Order(NamedTuple):
    asked: Asked
    claim: Claim | None

    @property
    def name(self) -> tuple[str, str] | None:
        """What makes it one with a repeat of itself."""
        return (self.claim.owner, self.claim.key) if self.claim is not None else None


def shown(taken: Taken | NewMessage) -> str:
    """The answer to a message that was accepted, as JSON."""
    if taken.withheld_reason is None:
        return f'{{"id":"{taken.id}","state":"{taken.state}"}}'
    return json.dumps({"id": str(taken.id), "state": taken.state, "withheld_reason": taken.withheld_reason})


class SingleMessages:
    """Takes single messages in, each answered once it is committed."""

    def __init__(self, database: Database, clock: Clock, messages: Accepting) -> None:
        self._database = database
        self._clock = clock
        self._messages = messages
        self._group: Grouped[_Order, Earlier | LamplighterError | None] = Grouped(
            self._at_once, most=at_once.MOST, at_once=2
        )
        self._longer: Grouped[_Order, Earlier | LamplighterError] = Grouped(self._closely, at_once=2)
        self._wake = Waker(database)
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to take messages; needs the running loop."""
        self._running = asyncio.create_task(self._run(), name="single messages")

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._group.run())
            group.create_task(self._longer.run())
            group.create_task(self._wake.run())

    def wake(self) -> None:
        """Messages were committed: dispatchers are told."""
        self._wake()

    @property
    def alive(self) -> bool:
        """Whether messages can be taken."""
        return self._running is not None and not self._running.done()

    async def close(self) -> None:
        """Finish what was submitted and take nothing more."""
        if self._running is not None:
            # In this order: what the first leaves out goes on to the other before that is closed.
            await self._group.close()
            await self._longer.close()
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def take(self, asked: Asked, claim: Claim | None) -> Earlier:
        """The answer to a message, once it is committed. Raises what speaks against it."""
        order = _Order(asked, claim)
        simple = asked.to is not None and asked.account_no is None
        result = await self._group.submit(order) if simple else None
        if result is None:
            result = await self._longer.submit(order)
        if isinstance(result, LamplighterError):
            raise result
        return result

    async def _at_once(self, orders: Sequence[_Order]) -> Sequence[Earlier | LamplighterError | None]:
        """Take what has nothing against it; what is answered with None wants a closer look."""
        done: list[Earlier | LamplighterError | None] = [None] * len(orders)
        # By their keys; one without is by itself.
        firsts: dict[object, int] = {}
        for index, order in enumerate(orders):
            firsts.setdefault(order.name or index, index)
        async with self._database.steady() as connection:
            asked = [orders[index].asked for index in firsts.values()]
            judged = await self._messages.judged(connection, asked, now=self._clock.now())
            unwritten: dict[int, Unwritten] = {}
            for index, result in zip(firsts.values(), judged, strict=True):
                claim = orders[index].claim
                if isinstance(result, LamplighterError):
                    done[index] = result if claim is None else None
                elif _is_a_row_alone(result):
                    unwritten[index] = Unwritten(result, claim, shown(result))
            written = await at_once.write(connection, unwritten.values(), status=ACCEPTED) if unwritten else set()
        if written:
            self._wake()
        for index, one in unwritten.items():
            if one.message.id in written:
                done[index] = Earlier(ACCEPTED, one.answer)
        return done

    async def _closely(self, orders: Sequence[_Order]) -> Sequence[Earlier | LamplighterError]:
        firsts: dict[tuple[str, str] | None, _Order] = {
            order.name: order for order in reversed(orders) if order.name is not None
        }
        claims = [order.claim for order in firsts.values() if order.claim is not None]
        async with self._database.work(steady=True) as work:
            taken = await idempotency.claim_many(work.connection, claims) if claims else {}
            to_do = [
                order
                for order in orders
                if order.name is None or (order.name not in taken and firsts[order.name] is order)
            ]
            done = dict(zip(map(id, to_do), await self._accept(work.connection, to_do), strict=True))
            if claims:
                await self._keep(work.connection, [(order, done[id(order)]) for order in to_do])
            await work.commit()
        self._wake()
        return [done[id(order)] if id(order) in done else _repeated(order, taken, firsts, done) for order in orders]

    async def _keep(self, connection: object, done: Sequence[tuple[_Order, Earlier | LamplighterError]]) -> None:
        kept: list[tuple[Claim, Earlier]] = []
        refused: list[Claim] = []
        for order, answer in done:
            if order.claim is not None and isinstance(answer, Earlier):
                kept.append((order.claim, answer))
            elif order.claim is not None:
                refused.append(order.claim)
        await idempotency.keep_many(connection, kept, refused)

    async def _accept(self, connection: object, orders: Sequence[_Order]) -> list[Earlier | LamplighterError]:
        if not orders:
            return []
        results = await self._messages.accept(
            connection, [order.asked for order in orders], now=self._clock.now(), wake=False
        )
        return [Earlier(ACCEPTED, shown(result)) if isinstance(result, Taken) else result for result in results]


def _is_a_row_alone(message: NewMessage) -> bool:
    """Whether there is nothing to write beside it: a legal text opens a task."""
    return message.contact_point_id is not None and message.klass != "L"


def _repeated(
    order: _Order,
    taken: Mapping[tuple[str, str], Stored],
    firsts: Mapping[tuple[str, str] | None, _Order],
    done: Mapping[int, Earlier | LamplighterError],
) -> Earlier | LamplighterError:
    """The answer to an order whose key was taken, by an earlier group or by another order of this one."""
    assert order.name is not None and order.claim is not None
    stored = taken.get(order.name)
    if stored is None:
        first = firsts[order.name]
        answer = done[id(first)]
        assert first.claim is not None
        if isinstance(answer, LamplighterError):
            same = first.claim.digest == order.claim.digest
            return answer if same else Conflict("Another request with this Idempotency-Key was just refused.")
        stored = Stored(first.claim.digest, answer.status, answer.body)
    try:
        return stored.answer_to(order.claim)
    except LamplighterError as error:
        return error
