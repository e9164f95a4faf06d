"""Posting: one small request after another to one address, on connections that are kept.

What a node spends most of its processor on is handing over, and most of that was the HTTP client. This one does
what a hand-over needs and nothing else: a POST, an answer of bounded size, a deadline. HTTP/1.1 is parsed by
llhttp (`httptools`), TLS is the loop's own. Its errors tell what a hand-over must know:

    NotConnected    no connection was made, so nothing was written
    NoAnswer        the request may have been read; no whole answer came

Nothing is ever posted twice: a connection that breaks takes its request with it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import aiohappyeyeballs
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from yarl import URL

#: Idle connections are dropped before the shortest keep-alive servers commonly use (5 s): a POST on a connection
#: that the other side is just closing would end in doubt.
_IDLE_SECONDS: Final = 4.0
#: Seconds for which the addresses of a host are remembered.
_ADDRESS_SECONDS: Final = 10.0
#: Seconds after which the next address of a host is tried too (RFC 8305).
_NEXT_ADDRESS: Final = 0.25


class NotConnected(Exception):
    """No connection was made, so nothing was written."""


class NoAnswer(Exception):
    """The request may have been read, and no whole answer to it came."""


class Answer(NamedTuple):
    """What came back, as far as a hand-over needs it."""

    status: int
    retry_after: str | None
    body: bytes


class Poster:
    """Posts to one address, as many at once as it is asked to. `timeout` is in seconds, for a whole call; half of
    it is for connecting. An answer of more than `most` bytes is none."""

    def __init__(self, url: URL, headers: Mapping[str, str], *, timeout: float, most: int) -> None:
        lines = [f"POST {url.raw_path_qs} HTTP/1.1", f"Host: {url.host_port_subcomponent}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._head = "\r\n".join([*lines, "Content-Length: "]).encode()
        self._host, self._port = url.raw_host or "", url.port or 80
        self._tls = ssl.create_default_context() if url.scheme == "https" else None
        self._timeout = timeout
        self._most = most
        #: The oldest first, with the moment since which each is idle.
        self._idle: dict[_Connection, float] = {}
        self._open: set[_Connection] = set()
        self._addresses: Sequence[Any] = ()
        self._known_until = float("-inf")
        self._resolving = asyncio.Lock()
        self._sweeping: asyncio.TimerHandle | None = None
        self._closed = False

    async def post(self, body: bytes) -> Answer:
        """Post once. Raises NotConnected or NoAnswer."""
        connection = self._kept()
        left = self._timeout
        if connection is None:
            loop = asyncio.get_running_loop()
            began = loop.time()
            connection = await self._connect()
            left -= loop.time() - began
        return await connection.post(b"%s%d\r\n\r\n%s" % (self._head, len(body), body), left)

    def close(self) -> None:
        """Drop every connection; calls under way end without an answer."""
        self._closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        for connection in list(self._open):
            connection.drop("the channel was closed")

    def opened(self, connection: _Connection) -> None:
        """For connections: one was made."""
        self._open.add(connection)

    def lost(self, connection: _Connection) -> None:
        """For connections: one is gone."""
        self._open.discard(connection)
        self._idle.pop(connection, None)

    def free(self, connection: _Connection, now: float) -> None:
        """For connections: one may be used again."""
        self._idle[connection] = now
        if self._sweeping is None:
            self._sweeping = asyncio.get_running_loop().call_later(_IDLE_SECONDS, self._sweep)

    def _kept(self) -> _Connection | None:
        """The connection that was used last, if any is left."""
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection, since = self._idle.popitem()
            if now - since < _IDLE_SECONDS and connection.usable:
                return connection
            connection.drop("idle")
        return None

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        self._sweeping = None
        while self._idle:
            connection, since = next(iter(self._idle.items()))
            wait = since + _IDLE_SECONDS - loop.time()
            if wait > 0:
                self._sweeping = loop.call_later(wait, self._sweep)
                return
            del self._idle[connection]
            connection.drop("idle")

    async def _connect(self) -> _Connection:
        if self._closed:
            raise NotConnected("the channel was closed")
        try:
            async with asyncio.timeout(self._timeout / 2):
                socket = await aiohappyeyeballs.start_connection(
                    await self._resolved(), happy_eyeballs_delay=_NEXT_ADDRESS
                )
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: _Connection(self, self._most),
                    sock=socket,
                    ssl=self._tls,
                    server_hostname=self._host if self._tls is not None else None,
                )
        except (OSError, TimeoutError) as error:
            raise NotConnected(type(error).__name__) from error
        if self._closed or not connection.usable:
            connection.drop("the channel was closed")
            raise NotConnected("closed at once")
        return connection

    async def _resolved(self) -> Sequence[Any]:
        loop = asyncio.get_running_loop()
        async with self._resolving:
            if loop.time() > self._known_until:
                self._addresses = await loop.getaddrinfo(self._host, self._port, type=1)
                self._known_until = loop.time() + _ADDRESS_SECONDS
            return self._addresses


class _Connection(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, poster: Poster, most: int) -> None:
        self._poster = poster
        self._most = most
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self._parser = HttpResponseParser(self)
        self._waiting: asyncio.Future[Answer] | None = None
        self._received = 0
        self._retry_after: str | None = None
        self._framed = self._headed = False
        self._body: list[bytes] = []

    @property
    def usable(self) -> bool:
        """Whether a request may be written."""
        return self._transport is not None and not self._transport.is_closing()

    async def post(self, request: bytes, seconds: float) -> Answer:
        """Write a request and wait for its answer. Raises NoAnswer."""
        waiting: asyncio.Future[Answer] = self._loop.create_future()
        self._waiting = waiting
        self._received, self._retry_after, self._framed, self._headed, self._body = 0, None, False, False, []
        timer = self._loop.call_later(seconds, self.drop, "no answer in time")
        self._transport.write(request)
        try:
            return await waiting
        finally:
            timer.cancel()
            # Once answered, the connection may be another call's already.
            if self._waiting is waiting:
                # Cancelled: an answer that comes now would be taken for the next request's.
                self._waiting = None
                self._transport.abort()

    def drop(self, why: str) -> None:
        """Close at once; a call under way ends without an answer."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(NoAnswer(why))
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._poster.opened(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._poster.lost(self)
        if error is None and self._headed and not self._framed:
            # An answer without a length ends with its connection.
            self._answered(keep=False)
        self.drop("the connection was lost" if error is None else type(error).__name__)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if self._waiting is None:
            self.drop("unasked")
        elif self._received > self._most:
            self.drop("the answer is too large")
        else:
            try:
                self._parser.feed_data(data)
            except (HttpParserError, HttpParserUpgrade):
                self.drop("the answer is no HTTP")

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self._waiting is None:
            self.drop("unasked")

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name in (b"content-length", b"transfer-encoding"):
            self._framed = True
        elif name == b"retry-after":
            self._retry_after = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._headed = True

    def on_body(self, data: bytes) -> None:
        self._body.append(data)

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() >= 200:
            self._answered(keep=self._parser.should_keep_alive())
        else:
            # An interim answer, such as 103: the one that counts comes after it.
            self._headed = self._framed = False

    def _answered(self, *, keep: bool) -> None:
        waiting, self._waiting, self._headed = self._waiting, None, False
        if waiting is not None and not waiting.done():
            waiting.set_result(Answer(self._parser.get_status_code(), self._retry_after, b"".join(self._body)))
        if keep and self.usable:
            self._poster.free(self, self._loop.time())
        else:
            self._transport.abort()
