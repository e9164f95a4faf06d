"""Single messages in groups: what befalls one of a group befalls none of the others."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from gateway.house import House
from gateway.kernel.database import Database
from gateway.kernel.errors import LamplighterError, Unavailable
from gateway.kernel.settings import Settings
from gateway.notices import Acceptor, Asked, Taken, Wording
from gateway.outbox.partitions import ensure
from gateway.web import at_once
from gateway.web.accepting import SingleMessages
from gateway.web.idempotency import Claim, Earlier
from tests.web.conftest import StandingClock, StandInMessages

TEXT: dict[str, Any] = {"template": "announcement", "values": {"text": "今晚八点检修"}}
OF_NONE: dict[str, Any] = {"template": "nothing"}


class OfNoUseForAccounts(StandInMessages):
    def __init__(self, error: Exception) -> None:
        self.error = error

    async def accept(
        self, connection: Any, asked: Sequence[Asked], *, now: datetime, wake: bool = True
    ) -> list[Taken | LamplighterError]:
        if any(one.account_no is not None for one in asked):
            raise self.error
        return await super().accept(connection, asked, now=now, wake=wake)


class OfNoUse(StandInMessages):
    async def accept(self, *_given: Any, **_named: Any) -> list[Taken | LamplighterError]:
        raise AssertionError("the longer way")


@pytest.mark.parametrize(
    ("error", "told"), [(RuntimeError("broken"), RuntimeError), (ConnectionResetError("gone"), Unavailable)]
)
async def test_what_was_written_is_neither_refused_nor_written_again_for_the_sake_of_another(
    database: Database, error: Exception, told: type[Exception]
) -> None:
    singles = SingleMessages(database, StandingClock(), OfNoUseForAccounts(error))
    singles.start()
    try:
        first, second, third = await asyncio.gather(
            singles.take(Asked(to="+8613812345670", **TEXT), None),
            singles.take(Asked(account_no="0001", **TEXT), None),
            singles.take(Asked(to="+8613812345671", **TEXT), None),
            return_exceptions=True,
        )
    finally:
        await singles.close()
    assert isinstance(first, Earlier) and isinstance(third, Earlier)
    assert isinstance(second, told)
    async with database.work() as work:
        assert await work.value("SELECT count(*) FROM message") == 2


async def test_however_many_come_at_once_they_are_written_by_one_statement_at_a_time(database: Database) -> None:
    singles = SingleMessages(database, StandingClock(), OfNoUse())
    singles.start()
    try:
        answers = await asyncio.gather(
            *(singles.take(Asked(to=f"+8613812{turn:06d}", **TEXT), None) for turn in range(at_once.MOST * 2 + 1))
        )
    finally:
        await singles.close()
    assert len({answer.body for answer in answers}) == at_once.MOST * 2 + 1
    async with database.work() as work:
        assert await work.value("SELECT count(*) FROM message") == at_once.MOST * 2 + 1


async def test_two_nodes_answer_what_is_written_and_write_what_is_answered(
    database: Database, database_url: str
) -> None:
    """Numbers that are new on both, requests that are repeated on the other, keys that are used for another one."""
    chance, clock = random.Random(7), StandingClock()
    orders: list[tuple[Asked, Claim | None]] = []
    for turn in range(300):
        number = chance.randrange(60)
        asked = Asked(to=f"+86138123{number + 45000}", reference=str(number), **(TEXT if turn % 40 else OF_NONE))
        digest = str(turn) if turn % 30 == 0 else str(number)
        orders.append((asked, Claim("key:crm", f"k{number}", digest) if turn % 3 else None))
    async with database.work() as work:
        await ensure(work.connection, clock.now())
        await work.commit()
    other = Database(database_url, size=8)
    await other.start()
    nodes = [SingleMessages(one, clock, furnished(one, clock)) for one in (database, other)]
    for node in nodes:
        node.start()
    try:
        answers = await asyncio.gather(*(chance.choice(nodes).take(*order) for order in orders), return_exceptions=True)
    finally:
        for node in nodes:
            await node.close()
        await other.close()
    assert all(isinstance(answer, Earlier | LamplighterError) for answer in answers)
    async with database.work() as work:
        written = {
            str(row["id"]): row
            for row in await work.fetch(
                "SELECT m.id, m.to_address, m.reference, p.address FROM message m"
                " LEFT JOIN contact_point p ON p.id = m.contact_point_id"
            )
        }
        kept = {
            row["key"]: row for row in await work.fetch("SELECT key, request_digest, response FROM idempotency_key")
        }
        assert not await work.value("SELECT count(*) - count(DISTINCT address) FROM contact_point")
    answered = [
        (order, answer, json.loads(answer.body)["id"])
        for order, answer in zip(orders, answers, strict=True)
        if isinstance(answer, Earlier)
    ]
    assert {id_ for _, _, id_ in answered} == written.keys()
    assert all(row["address"] == row["to_address"] for row in written.values())
    assert {json.loads(row["response"])["id"] for row in kept.values()} <= written.keys()
    alone = [id_ for (_, claim), _, id_ in answered if claim is None]
    assert len(alone) == len(set(alone)) and len(written) == len(alone) + len(kept)
    for (asked, claim), answer, id_ in answered:
        assert (written[id_]["reference"], written[id_]["to_address"]) == (asked.reference, asked.to)
        if claim is not None:
            assert (kept[claim.key]["request_digest"], kept[claim.key]["response"]) == (claim.digest, answer.body)


def furnished(database: Database, clock: StandingClock) -> Acceptor:
    return House(Settings(_env_file=None), database, clock, Wording.load()).acceptor
