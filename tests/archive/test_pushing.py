"""Changes pushed to a subscriber: signed as the reference library checks it, in order, until they are taken."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from standardwebhooks import Webhook

from gateway.archive import changes, pushing, upstream
from gateway.archive.pushing import Pusher
from gateway.channels.upstream import Poster
from gateway.kernel.clock import SystemClock
from gateway.kernel.errors import Conflict, InvalidInput

KEY = "a-house-key-of-thirty-two-characters"


@dataclass
class Receiver:
    """The utility's own customer system, at the other end of a real connection."""

    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.read()))
        return web.Response(status=self.answers.pop(0) if self.answers else 204)

    @property
    def ids(self) -> list[int]:
        return [json.loads(body)["data"]["id"] for _, body in self.got]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/changes", receiver.take)
    server = TestServer(app)
    await server.start_server()
    receiver.url = str(server.make_url("/changes"))
    yield receiver
    await server.close()


@pytest.fixture
async def pusher(town: Any) -> AsyncIterator[Pusher]:
    poster = Poster()
    await poster.start()
    yield Pusher(town.database, town.clock, SystemClock(), poster, KEY)
    await poster.close()


async def changed(town: Any, number: int = 1) -> list[int]:
    async with town.database.work() as work:
        new = [
            changes.NewChange(kind="link_revoked", account_no=f"410000001{n}", number="+8613800374443", role="holder")
            for n in range(number)
        ]
        await changes.record(work.connection, new, at=town.clock.now())
        ids = [row["id"] for row in await work.fetch("SELECT id FROM change ORDER BY id")]
        await work.commit()
    return ids[-number:]


async def subscribed(town: Any, url: str, **more: Any) -> UUID:
    asked = {"consumer": "upstream", "actor": "key:erp", "at": town.clock.now(), "live": False, "from_now": False}
    async with town.database.work() as work:
        made = await pushing.subscribe(work.connection, url=url, **{**asked, **more})
        await work.commit()
    return made


async def standing(town: Any) -> pushing.Subscription:
    async with town.database.connection() as connection:
        (one,) = await pushing.subscriptions(connection)
    return one


async def test_every_change_once_in_order_and_signed(town: Any, pusher: Pusher, receiver: Receiver) -> None:
    ids = await changed(town, 3)
    made = await subscribed(town, receiver.url)
    assert (await pusher.push(), await pusher.push()) == (3, 0)
    assert receiver.ids == ids
    secret = pushing.in_words(pushing.secret_of(KEY, made))
    for headers, body in receiver.got:
        told = Webhook(secret).verify(body, {name.lower(): value for name, value in headers.items()})
        assert told["type"] == "change.link_revoked" and told["data"]["number"] == "+8613800374443"
    one = await standing(town)
    assert (one.acknowledged, one.behind, one.failing_since) == (ids[-1], 0, None)


async def test_what_fails_is_tried_again_with_the_same_id_and_holds_the_rest_back(
    town: Any, pusher: Pusher, receiver: Receiver
) -> None:
    first, second = await changed(town, 2)
    await subscribed(town, receiver.url)
    receiver.answers = [500, 302]
    assert (await pusher.push(), await pusher.push()) == (0, 0)
    one = await standing(town)
    assert (one.tries, one.last_status, one.behind, one.failing_since) == (1, 500, 2, town.clock.now())
    async with town.database.connection() as connection:
        assert await pushing.next_due(connection, town.clock.now()) == town.clock.now() + timedelta(seconds=5)
    town.clock.on(seconds=6)
    assert await pusher.push() == 0
    town.clock.on(minutes=6)
    assert await pusher.push() == 2
    assert receiver.ids == [first, first, first, second]
    assert len({headers["webhook-id"] for headers, _ in receiver.got[:3]}) == 1
    assert (await standing(town)).failing_since is None


async def test_a_receiver_that_is_away_loses_nothing(town: Any, pusher: Pusher) -> None:
    await changed(town)
    await subscribed(town, "http://127.0.0.1:9/changes")
    for _ in range(9):
        await pusher.push()
        town.clock.on(hours=11)
    one = await standing(town)
    assert (one.tries, one.behind, one.last_status) == (9, 1, None)
    assert one.last_error is not None and "Connect" in one.last_error


async def test_gone_pauses_until_a_person_lets_it_go_on(town: Any, pusher: Pusher, receiver: Receiver) -> None:
    await changed(town)
    made = await subscribed(town, receiver.url)
    receiver.answers = [410]
    await pusher.push()
    town.clock.on(days=3)
    assert (await pusher.push(), (await standing(town)).state) == (0, "paused")
    async with town.database.work() as work:
        await pushing.go_on(work.connection, made, actor="staff:E1", at=town.clock.now())
        await work.commit()
    assert await pusher.push() == 1


async def test_from_now_on_and_the_end_of_it(town: Any, pusher: Pusher, receiver: Receiver) -> None:
    await changed(town)
    made = await subscribed(town, receiver.url, from_now=True)
    (later,) = await changed(town)
    assert (await pusher.push(), receiver.ids) == (1, [later])
    with pytest.raises(Conflict):
        await subscribed(town, receiver.url)
    async with town.database.work() as work:
        await pushing.unsubscribe(work.connection, made, actor="staff:E1", at=town.clock.now())
        assert await upstream.consumers(work.connection) == []
        await work.commit()
    await changed(town)
    assert await pusher.push() == 0


@pytest.mark.parametrize(
    ("url", "live"),
    [("ftp://crm/x", False), ("crm", False), ("http://a:b@crm/x", False), ("http://crm.example.cn/x", True)],
)
async def test_addresses_that_are_refused(town: Any, url: str, live: bool) -> None:
    with pytest.raises(InvalidInput):
        await subscribed(town, url, live=live)


def test_secrets_differ_and_are_derived() -> None:
    one, other = UUID(int=1), UUID(int=2)
    assert pushing.secret_of(KEY, one) == pushing.secret_of(KEY, one) != pushing.secret_of(KEY, other)
    assert pushing.signed(b"x", "a", datetime(2025, 1, 1, tzinfo=UTC), b"{}")["webhook-signature"].startswith("v1,")
