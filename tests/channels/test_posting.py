"""Posting, call by call: connections are kept and shared, each answer finds its request, and none is guessed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from yarl import URL

from gateway.channels.posting import Answer, FormPoster
from tests.channels.conftest import http

SOON = 5.0


def poster_to(url: str, *, limit: int = 20, keepalive: float = SOON, connecting: float = SOON) -> FormPoster:
    return FormPoster(
        URL(url), {"X-One": "100%"}, limit=limit, connecting=connecting, keepalive=keepalive, largest=10_000
    )


@pytest.fixture
async def poster(wire: Any) -> AsyncIterator[FormPoster]:
    poster = poster_to(f"{wire.url}/路/x?y=1")
    yield poster
    await poster.close()


class Echo:
    """A server that answers each request with its own body, and counts its connections."""

    def __init__(self) -> None:
        self.connections = 0
        self.url = ""

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
async def echo() -> AsyncIterator[Echo]:
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    echo.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    yield echo
    server.close()


async def test_a_request_is_written_as_it_should_be(wire: Any, poster: FormPoster) -> None:
    wire.answer = http(200, "好".encode(), "Retry-After: 3")
    assert await poster.post("内容".encode()) == Answer(200, "3", "好".encode())
    host = wire.url.removeprefix("http://")
    assert wire.requests == [
        f"POST /%E8%B7%AF/x?y=1 HTTP/1.1\r\nHost: {host}\r\nX-One: 100%\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 6\r\n\r\n内容".encode()
    ]


async def test_many_at_once_share_connections_and_each_gets_its_own_answer(echo: Echo) -> None:
    poster = poster_to(echo.url, limit=10)
    waiting = iter(range(300))

    async def work() -> list[tuple[bytes, bytes]]:
        return [(f"{one}".encode(), (await poster.post(f"{one}".encode())).body) for one in waiting]

    told = await asyncio.gather(*(work() for _ in range(20)))
    pairs = [pair for part in told for pair in part]
    assert len(pairs) == 300
    assert all(asked == answered for asked, answered in pairs)
    assert echo.connections <= 10
    await poster.close()


async def test_whoever_gives_up_takes_the_connection_along(echo: Echo) -> None:
    """Otherwise the next would be answered with what the one before had asked."""
    poster = poster_to(echo.url)
    await poster.post(b"first")
    giving_up = asyncio.create_task(poster.post(b"second"))
    await asyncio.sleep(0)
    giving_up.cancel()
    await asyncio.gather(giving_up, return_exceptions=True)
    assert (await poster.post(b"third")).body == b"third"
    assert echo.connections == 2
    await poster.close()


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
async def test_whole_answers(wire: Any, poster: FormPoster, answer: bytes, body: bytes) -> None:
    wire.answer = answer
    assert (await poster.post(b"x")).body == body
    assert (await poster.post(b"x")).body == body


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 201 Created\r\nContent-Length: 9\r\nConnection: close\r\n\r\n{}", id="broken off"),
        pytest.param(b"HTTP/1.1 201 Created\r\nX: " + b"x" * 20_000, id="a header without end"),
        pytest.param(http(201, b"x" * 10_001), id="too large"),
        pytest.param(b"HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n", id="interim and no more"),
        pytest.param(b"\x16\x03\x01 TLS, it seems", id="no HTTP"),
        pytest.param(http(201, b"mine") + b"x", id="more than HTTP"),
        pytest.param(b"", id="nothing"),
    ],
)
async def test_no_answer_is_made_up(wire: Any, poster: FormPoster, answer: bytes) -> None:
    wire.answer = answer
    with pytest.raises(aiohttp.ClientError) as refused:
        await poster.post(b"x")
    assert not isinstance(refused.value, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)


@pytest.mark.parametrize("more", [http(200, b"stray"), b"HTTP/1.1 200"], ids=["whole", "begun"])
async def test_an_answer_that_nobody_asked_for_is_nobodys(wire: Any, poster: FormPoster, more: bytes) -> None:
    wire.answer = [http(201, b"mine") + more, http(201, b"yours")]
    assert (await poster.post(b"1")).body == b"mine"
    assert (await poster.post(b"2")).body == b"yours"


async def test_an_answer_to_an_idle_connection_is_nobodys() -> None:
    told = asyncio.Event()
    answered = iter([b"mine", b"yours"])

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(http(201, next(answered)))
        await told.wait()
        writer.write(http(408, b"idle too long"))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    poster = poster_to(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert (await poster.post(b"")).body == b"mine"
    told.set()
    # Long enough for what was written to be read: a round trip on another connection.
    (reader, writer) = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
    writer.write(b"POST / HTTP/1.1\r\n\r\n")
    await reader.readuntil(b"idle too long")
    answered = iter([b"yours"])
    assert (await poster.post(b"")).body == b"yours"
    writer.close()
    await poster.close()
    server.close()


@pytest.mark.parametrize("last", [http(408, b"idle too long"), b""], ids=["told", "closed"])
async def test_a_connection_that_ends_at_the_moment_of_writing_is_not_written_to(last: bytes) -> None:
    """Nothing was written on it, so there is nothing in doubt, and what it says is no answer of ours."""
    answered = iter([b"mine", b"yours"])
    writers: list[asyncio.StreamWriter] = []
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        while head := await reader.read(1000):
            asked.append(head)
            writer.write(http(201, next(answered)))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    poster = poster_to(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert (await poster.post(b"")).body == b"mine"
    second = asyncio.create_task(poster.post(b""))
    await asyncio.sleep(0)
    if last:
        writers[0].write(last)
    else:
        writers[0].write_eof()
    assert (await second).body == b"yours"
    assert len(asked) == len(writers) == 2
    await poster.close()
    server.close()


async def test_where_no_connection_stays_open_nothing_is_in_doubt(wire: Any) -> None:
    class Fleeting(FormPoster):
        async def _connect(self) -> aiohttp.connector.Connection:
            connection = await super()._connect()
            assert connection.transport is not None
            connection.transport.close()
            return connection

    poster = Fleeting(URL(wire.url), {}, limit=1, connecting=SOON, keepalive=SOON, largest=10)
    with pytest.raises(aiohttp.ConnectionTimeoutError):
        await poster.post(b"x")
    assert wire.requests == []
    await poster.close()


async def test_a_connection_that_was_idle_too_long_is_not_used(echo: Echo) -> None:
    poster = poster_to(echo.url, keepalive=0.0)
    assert (await poster.post(b"1")).body == b"1"
    assert (await poster.post(b"2")).body == b"2"
    assert echo.connections == 2
    await poster.close()


async def test_a_server_that_closes_idle_connections_is_connected_to_anew(wire: Any, poster: FormPoster) -> None:
    wire.answer = [http(201, b"1", "Connection: close"), http(201, b"2")]
    assert (await poster.post(b"x")).body == b"1"
    assert (await poster.post(b"x")).body == b"2"


async def test_waiting_for_a_connection_ends_in_time(wire: Any) -> None:
    """Whoever waits for one of the connections that are all in use has written nothing."""
    poster = poster_to(wire.url, limit=1, connecting=0.05)
    wire.answer = None
    first = asyncio.create_task(poster.post(b"first"))
    await wire.seen.wait()
    with pytest.raises(aiohttp.ConnectionTimeoutError):
        await poster.post(b"second")
    assert len(wire.requests) == 1
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await poster.close()


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_connection_is_told_from_no_answer(wire: Any, unused_tcp_port: int, scheme: str) -> None:
    """Nobody listens, or TLS cannot be agreed on: nothing of the form has left."""
    wire.answer = b"no TLS here"
    url = wire.url.replace("http", "https") if scheme == "https" else f"http://127.0.0.1:{unused_tcp_port}"
    poster = poster_to(url, connecting=1)
    with pytest.raises((aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)):
        await poster.post(b"x")
    assert wire.requests == []
    await poster.close()
