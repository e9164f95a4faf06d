"""What tests of the outbox stand on: messages in a real database, a clock that is told the time, a scripted
carrier at the port, and nodes over them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from gateway.kernel.database import Database
from gateway.kernel.ids import new_id
from gateway.outbox import AccountPart, NewMessage, claiming, insert, lanes
from gateway.outbox.carriers import Accepted, Found, Handover, LookUp, NotThere, Outcome, Receipt, Unknown
from gateway.outbox.claiming import Claim
from gateway.outbox.dispatcher import Dispatcher, Wiring
from gateway.outbox.lanes import LaneRow, LaneSpec
from gateway.outbox.nodes import Lease
from gateway.outbox.streams import Streams

#: A Tuesday, ten in the morning in Shanghai.
NOON = datetime(2025, 3, 4, 2, 0, tzinfo=UTC)
TEXT = "【国网供电】尊敬的客户，您户号3100001001本月电费86.40元，请及时交费。"


class Hands:
    """A clock that is moved by hand."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def move(self, **by: float) -> None:
        self._now += timedelta(**by)


@dataclass
class Carrier:
    """A carrier at the port: answers by script, remembers what it took, waits where it is told to."""

    name: str = "twilio"
    #: What to answer to a hand-over; Accepted where the script has nothing to say.
    script: Callable[[Handover], Outcome | None] = lambda _: None
    #: Whether a hand-over whose outcome is Unknown was taken all the same.
    takes_unknown: bool = False
    handed: list[Handover] = field(default_factory=list)
    #: Carrier ids by message, in the order taken.
    taken: list[tuple[UUID, str, str, str]] = field(default_factory=list)
    #: Set to let calls end; cleared, they hang.
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    most_at_once: int = 0
    asked: list[UUID] = field(default_factory=list)
    knows: Callable[[UUID], LookUp] | None = None
    _at_once: int = 0
    _ids: Any = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.gate.set()

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    def take(self, handover: Handover) -> Accepted:
        carrier_id = f"SM{next(self._ids):08}"
        self.taken.append((handover.message_id, carrier_id, handover.to, handover.body))
        return Accepted(carrier_id=carrier_id)

    async def hand_over(self, handover: Handover) -> Outcome:
        self.handed.append(handover)
        self.begun.set()
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await self.gate.wait()
        finally:
            self._at_once -= 1
        outcome = self.script(handover)
        if outcome is None:
            return self.take(handover)
        if isinstance(outcome, Unknown) and self.takes_unknown:
            self.take(handover)
        return outcome

    async def look_up(
        self,
        message_id: UUID,
        to: str,
        body: str,
        carrier_id: str | None,
        since: datetime,
        now: datetime,
        taken: Collection[str] = (),
    ) -> LookUp:
        self.asked.append(message_id)
        if self.knows is not None:
            return self.knows(message_id)
        for _, known_as, number, text in self.taken:
            if (number, text) == (to, body) and known_as not in taken:
                return found(message_id, known_as)
        return NotThere(why="not in the list")

    @property
    def times(self) -> Counter[UUID]:
        """How often each message was taken."""
        return Counter(message_id for message_id, *_ in self.taken)


def found(message_id: UUID, carrier_id: str, state: str | None = "sent") -> Found:
    return Found(carrier_id=carrier_id, segments=1, receipt=receipt(message_id, state, carrier_id=carrier_id))


def receipt(message_id: UUID | None, state: str | None, *, code: str | None = None, carrier_id: str = "SM1") -> Receipt:
    return Receipt(
        message_id=message_id,
        carrier_id=carrier_id,
        state=state,  # type: ignore[arg-type]
        error_code=code,
        raw_status=state or "queued",
    )


@dataclass
class World:
    """One database with one lane, and what tests put into it."""

    database: Database
    clock: Hands
    lane: LaneRow
    carrier: Carrier
    nodes: list[Dispatcher] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: count(13_800_000_000))
    _running: list[tuple[Dispatcher, Lease, asyncio.Task[None]]] = field(default_factory=list)

    @classmethod
    async def make(cls, database: Database, **lane: Any) -> World:
        async with database.connection() as connection:
            await lanes.ensure(connection, lane_spec(**lane))
            (row,) = await lanes.enabled(connection)
        return cls(database=database, clock=Hands(), lane=row, carrier=Carrier())

    async def contact(self, state: str = "active") -> tuple[int, str]:
        """A number, with its contact point."""
        number = f"+86{next(self._numbers)}"
        async with self.database.connection() as connection:
            point = await connection.fetchval(
                "INSERT INTO contact_point (address, state) VALUES ($1, $2) RETURNING id", number, state
            )
        return point, number

    async def link(self, point: int, state: str = "verified") -> AccountPart:
        """An account of that contact point."""
        async with self.database.connection() as connection:
            customer = await connection.fetchval("INSERT INTO customer (name) VALUES ('王强') RETURNING id")
            premise = await connection.fetchval("INSERT INTO premise (address) VALUES ('东湖区章家河') RETURNING id")
            account_no = f"3100{customer:06}"
            account = await connection.fetchval(
                "INSERT INTO account (account_no, customer_id, premise_id, holder_name) VALUES ($1, $2, $3, '王强') "
                "RETURNING id",
                account_no,
                customer,
                premise,
            )
            link = await connection.fetchval(
                "INSERT INTO contact_link (account_id, contact_point_id, role, state) VALUES ($1, $2, 'holder', $3) "
                "RETURNING id",
                account,
                point,
                state,
            )
        return AccountPart(account, account_no, link)

    async def message(self, **fields: Any) -> UUID:
        """One queued message, due now, to a number of its own unless one is given."""
        (id_,) = await self.messages(1, **fields)
        return id_

    async def messages(self, number: int, *, contact: tuple[int, str] | None = None, **fields: Any) -> list[UUID]:
        """Queued messages, due now, each to a number of its own unless one is given."""
        now = self.clock.now()
        written = []
        for _ in range(number):
            point, address = contact or await self.contact()
            values: dict[str, Any] = {
                "id": new_id(now), "kind": "arrears", "klass": "N", "purpose": "billing", "template": "arrears_first",
                "template_version": "1", "body": TEXT, "segments": 1, "created_at": now, "not_before": now,
                "hours": "any", "zone": "Asia/Shanghai", "to_address": address, "contact_point_id": point,
            }  # fmt: skip
            written.append(NewMessage(**{**values, **fields}))
        async with self.database.work() as work:
            await insert(work.connection, written)
            await work.commit()
        return [message.id for message in written]

    async def unlike(self, number: int) -> None:
        """Many queued messages at once, each with a text of its own to a number of its own."""
        async with self.database.work() as work:
            await work.execute(
                "INSERT INTO contact_point (address) SELECT '+86' || (13900000000 + n) FROM generate_series(1, $1) n",
                number,
            )
            points = await work.fetch("SELECT id, address FROM contact_point WHERE address LIKE '+86139%'")
            now = self.clock.now()
            written = [
                NewMessage(
                    id=new_id(now), kind="arrears", klass="N", purpose="billing", template="arrears_first",
                    template_version="1", body=f"{TEXT}（{point}）", segments=1, created_at=now, not_before=now,
                    hours="any", zone="Asia/Shanghai", to_address=address, contact_point_id=point,
                )
                for point, address in points
            ]  # fmt: skip
            await insert(work.connection, written)
            await work.commit()

    async def claim(self, limit: int = 100, *, node: UUID | None = None, lane: LaneRow | None = None) -> Claim:
        """One claim, as a node makes it."""
        streams = Streams("sms")
        async with self.database.connection() as connection:
            await streams.look(connection, self.clock.now())
            return await claiming.claim(
                connection,
                lane or self.lane,
                node=node or uuid4(),
                now=self.clock.now(),
                limit=limit,
                shares=streams.share(limit),
            )

    async def row(self, message: UUID) -> Any:
        async with self.database.connection() as connection:
            return await connection.fetchrow("SELECT * FROM message WHERE id = $1", message)

    async def state(self, message: UUID) -> str:
        state: str = (await self.row(message))["state"]
        return state

    async def states(self) -> Counter[str]:
        async with self.database.connection() as connection:
            return Counter(dict(await connection.fetch("SELECT state, count(*) FROM message GROUP BY state")))

    async def events(self, message: UUID) -> list[str]:
        async with self.database.connection() as connection:
            rows = await connection.fetch("SELECT kind FROM message_event WHERE id = $1 ORDER BY number", message)
        return [row["kind"] for row in rows]

    async def sql(self, statement: str, *values: Any) -> Any:
        async with self.database.connection() as connection:
            return await connection.fetch(statement, *values)

    async def node(self, *channels: Carrier, database: Database | None = None, **wiring: Any) -> Dispatcher:
        """A running dispatcher with a lease of its own."""
        database = database or self.database
        lease = Lease(database, "dispatch")
        await lease.renew()
        known = channels or (self.carrier,)
        dispatcher = Dispatcher(
            database,
            self.clock,
            lease,
            Wiring(
                channels={channel.name: channel for channel in known},
                callbacks={channel.name: "http://gateway/webhooks/twilio/status" for channel in known},
                region="CN",
                **wiring,
            ),
        )
        self._running.append((dispatcher, lease, asyncio.create_task(dispatcher.run())))
        return dispatcher

    def lease_of(self, dispatcher: Dispatcher) -> Lease:
        return next(lease for running, lease, _ in self._running if running is dispatcher)

    async def kill(self, dispatcher: Dispatcher) -> None:
        """End a node as `kill -9` does, as far as anybody outside can tell: nothing more is written."""
        entry = next(entry for entry in self._running if entry[0] is dispatcher)
        self._running.remove(entry)
        dispatcher._settler._settle = _never  # type: ignore[method-assign]
        entry[2].cancel()
        await asyncio.gather(entry[2], return_exceptions=True)

    async def somebody_waits(self) -> bool:
        """Whether a transaction waits for another one's lock."""
        rows = await self.sql(
            """SELECT EXISTS (SELECT FROM pg_stat_activity
                              WHERE datname = current_database() AND wait_event_type = 'Lock') AS waits"""
        )
        return bool(rows[0]["waits"])

    async def until(self, what: Callable[[], Any], patience: float = 20) -> None:
        """Wait until `what` holds; a coroutine function or a plain one."""
        async with asyncio.timeout(patience):
            while True:
                holds = what()
                if asyncio.iscoroutine(holds):
                    holds = await holds
                if holds:
                    return
                for dispatcher, _, task in self._running:
                    if task.done():
                        task.result()
                    dispatcher.wake()
                await asyncio.sleep(0.01)

    async def settled(self, *states: str) -> None:
        """Wait until every message is in one of these states."""

        async def all_are() -> bool:
            return set(await self.states()) <= set(states)

        await self.until(all_are)

    async def end(self) -> None:
        for dispatcher, _, task in self._running:
            with suppress(Exception):
                await dispatcher.stop(2)
            task.cancel()
        await asyncio.gather(*(task for *_, task in self._running), return_exceptions=True)


async def _never() -> None:
    await asyncio.Event().wait()


def lane_spec(**fields: Any) -> LaneSpec:
    values = {"name": "main", "channel": "sms", "carrier": "twilio", "sender": "10690", "rate": 0, "concurrency": 16}
    return LaneSpec(**{**values, **fields})


def ids(messages: Sequence[Any]) -> list[UUID]:
    return [message.id for message in messages]
