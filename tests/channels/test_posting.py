"""Posting, call by call: connections are kept and shared, each answer finds its request, and none is guessed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from yarl import URL

from gateway.channels import posting
from gateway.channels.posting import Answer, NoAnswer, NotConnected, Poster
from tests.channels.conftest import http

SOON = 5.0


@pytest.fixture
async def poster(wire: Any) -> AsyncIterator[Poster]:
    poster = Poster(URL(f"{wire.url}/路/x?y=1"), {"X-One": "1"}, timeout=SOON, most=10_000)
    yield poster
    poster.close()


class Echo:
    """A server that answers each request with its own body, and counts its connections."""

    def __init__(self) -> None:
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
                body = await reader.readexactly(size)
                await asyncio.sleep(0)
                writer.write(http(201, body))
        except (ConnectionError, asyncio.IncompleteReadError):
            writer.close()


@pytest.fixture
async def echo() -> AsyncIterator[tuple[Echo, Poster]]:
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    poster = Poster(URL(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"), {}, timeout=SOON, most=10_000)
    yield echo, poster
    poster.close()
    server.close()


async def test_a_request_is_written_as_it_should_be(wire: Any, poster: Poster) -> None:
    wire.answer = http(200, "好".encode(), "Retry-After: 3")
    assert await poster.post("内容".encode()) == Answer(200, "3", "好".encode())
    host = wire.url.removeprefix("http://")
    assert wire.requests == [
        f"POST /%E8%B7%AF/x?y=1 HTTP/1.1\r\nHost: {host}\r\nX-One: 1\r\nContent-Length: 6\r\n\r\n内容".encode()
    ]


async def test_many_at_once_share_connections_and_each_gets_its_own_answer(echo: tuple[Echo, Poster]) -> None:
    """A connection is taken again the moment it is free, before whoever had it has looked at the answer."""
    server, poster = echo
    waiting = iter(range(200))

    async def work() -> list[tuple[bytes, bytes]]:
        return [(f"{one}".encode(), (await poster.post(f"{one}".encode())).body) for one in waiting]

    told = await asyncio.gather(*(work() for _ in range(10)), *(_staggered(work, turn) for turn in range(10)))
    pairs = [pair for part in told for pair in part]
    assert len(pairs) == 200
    assert all(asked == answered for asked, answered in pairs)
    assert server.connections <= 20


async def _staggered(work: Any, turns: int) -> Any:
    for _ in range(turns):
        await asyncio.sleep(0)
    return await work()


async def test_whoever_gives_up_takes_the_connection_along(echo: tuple[Echo, Poster]) -> None:
    server, poster = echo
    await poster.post(b"first")
    giving_up = asyncio.create_task(poster.post(b"second"))
    await asyncio.sleep(0)
    giving_up.cancel()
    await asyncio.gather(giving_up, return_exceptions=True)
    assert (await poster.post(b"third")).body == b"third"
    assert server.connections == 2


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        pytest.param(b"HTTP/1.1 201 Created\r\nConnection: close\r\n\r\n{}", b"{}", id="ended by its connection"),
        pytest.param(b"HTTP/1.0 201 Created\r\n\r\n{}", b"{}", id="an old protocol"),
        pytest.param(
            b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
            b"{}",
            id="in chunks",
        ),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + http(201, b"{}"), b"{}", id="after an interim answer"),
        pytest.param(
            b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + http(201, b"{}"), b"{}", id="after early hints"
        ),
        pytest.param(http(204), b"", id="without a body"),
    ],
)
async def test_whole_answers(wire: Any, poster: Poster, answer: bytes, body: bytes) -> None:
    wire.answer = answer
    assert (await poster.post(b"x")).body == body
    assert (await poster.post(b"x")).body == body


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 201 Created\r\nContent-Length: 9\r\nConnection: close\r\n\r\n{}", id="broken off"),
        pytest.param(b"HTTP/1.1 201 Created\r\nX: " + b"x" * 20_000, id="a header without end"),
        pytest.param(http(101, b"", "Upgrade: chat", "Connection: Upgrade"), id="another protocol"),
        pytest.param(b"HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n", id="interim and no more"),
        pytest.param(b"\x16\x03\x01 TLS, it seems", id="no HTTP"),
    ],
)
async def test_no_answer_is_made_up(wire: Any, poster: Poster, answer: bytes) -> None:
    wire.answer = answer
    with pytest.raises(NoAnswer):
        await poster.post(b"x")


@pytest.mark.parametrize("more", [http(200, b"stray"), b"HTTP/1.1 200", b"x"], ids=["whole", "begun", "no HTTP"])
async def test_an_answer_that_nobody_asked_for_is_nobodys(wire: Any, poster: Poster, more: bytes) -> None:
    wire.answer = [http(201, b"mine") + more, http(201, b"yours")]
    assert (await poster.post(b"1")).body == b"mine"
    assert (await poster.post(b"2")).body == b"yours"


async def test_a_connection_that_was_idle_too_long_is_not_used(
    echo: tuple[Echo, Poster], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, poster = echo
    monkeypatch.setattr(posting, "_IDLE_SECONDS", 0.0)
    assert (await poster.post(b"1")).body == b"1"
    assert (await poster.post(b"2")).body == b"2"
    assert server.connections == 2


async def test_idle_connections_are_closed_by_and_by(
    echo: tuple[Echo, Poster], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, poster = echo
    monkeypatch.setattr(posting, "_IDLE_SECONDS", 0.02)
    await asyncio.gather(*(poster.post(b"x") for _ in range(5)))
    async with asyncio.timeout(SOON):
        while poster._open:
            await asyncio.sleep(0.01)


async def test_a_server_that_closes_idle_connections_is_connected_to_anew(wire: Any, poster: Poster) -> None:
    wire.answer = [http(201, b"1", "Connection: close"), http(201, b"2")]
    assert (await poster.post(b"x")).body == b"1"
    assert (await poster.post(b"x")).body == b"2"


async def test_a_closed_poster_connects_no_more(wire: Any, poster: Poster) -> None:
    wire.answer = http(201)
    await poster.post(b"x")
    poster.close()
    with pytest.raises(NotConnected):
        await poster.post(b"x")
    assert len(wire.requests) == 1


async def test_tls_that_cannot_be_agreed_on_is_no_connection(wire: Any) -> None:
    poster = Poster(URL(wire.url.replace("http://", "https://")), {}, timeout=1, most=100)
    wire.answer = b"no TLS here"
    with pytest.raises(NotConnected):
        await poster.post(b"x")
    assert wire.requests == []
    poster.close()
