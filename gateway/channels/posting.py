"""Posting forms to one address, on the connections of aiohttp's connector and through its parser.

A session builds a request, a response, cookies, redirects and timers for every call, which costs more than all
else that the gateway does for a message. A hand-over needs none of them: its head is the same every time. So the
pool, TLS, the protocol and the parser are aiohttp's, and the bytes in between are put together once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final, NamedTuple

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from gateway.kernel.turns import end_of_turn

#: Connections of which each may end at the moment of writing, before it is taken for a carrier that cannot be reached.
_TRIES: Final = 3


class Answer(NamedTuple):
    """What came back: the status, `Retry-After` if there was one, and the body."""

    status: int
    retry_after: str | None
    body: bytes


class FormPoster:
    """Posts `application/x-www-form-urlencoded` bodies to `url` with constant `headers`.

    At most `limit` calls are under way, more wait for one to end. `connecting` is the seconds that a connection
    may take, waiting for one to be free included; `keepalive` those for which an idle one is kept; `largest` the
    bytes of an answer beyond which it is not read. Made within a running loop.
    """

    def __init__(
        self,
        url: URL,
        headers: Mapping[str, str],
        *,
        limit: int,
        connecting: float,
        keepalive: float,
        largest: int,
    ) -> None:
        self._connector = aiohttp.TCPConnector(limit=limit, keepalive_timeout=keepalive)
        self._largest = largest
        self._connecting = aiohttp.ClientTimeout(total=None, connect=connecting)
        # What the connector asks of a request: where to, and how that is secured.
        self._to = aiohttp.ClientRequest("POST", url, loop=asyncio.get_running_loop())
        lines = [
            f"POST {url.raw_path_qs} HTTP/1.1",
            f"Host: {self._to.headers['Host']}",
            *(f"{name}: {value}" for name, value in headers.items()),
            "Content-Type: application/x-www-form-urlencoded",
            "Content-Length: %d\r\n\r\n",
        ]
        self._head = "\r\n".join(line if "%d" in line else line.replace("%", "%%") for line in lines).encode("ascii")

    async def close(self) -> None:
        """Close every connection."""
        await self._connector.close()

    async def post(self, form: bytes) -> Answer:
        """Post a form and read the answer.

        Raises `aiohttp.ClientConnectorError` or `aiohttp.ConnectionTimeoutError` where nothing was written, any
        other `aiohttp.ClientError` or OSError where it is unknown what became of it. Sets no deadline of its own
        for the answer. A call that is cancelled closes its connection.
        """
        connection = await self._quiet()
        try:
            protocol = connection.protocol
            transport = connection.transport
            if protocol is None or transport is None:
                raise aiohttp.ClientConnectionError("the connection was closed")
            protocol.set_response_params(read_until_eof=True, auto_decompress=False)
            transport.write(self._head % len(form) + form)
            while True:
                message, payload = await protocol.read()
                if message.code >= 200 or message.code == 101:
                    break
            body = b""
            while not payload.at_eof():
                body += await payload.readany()
                if len(body) > self._largest:
                    raise aiohttp.ClientPayloadError("the answer is too large")
        except HttpProcessingError as error:
            connection.close()
            raise aiohttp.ClientPayloadError("not an answer in HTTP") from error
        except BaseException:
            connection.close()
            raise
        connection.release()
        return Answer(message.code, message.headers.get("Retry-After"), body)

    async def _quiet(self) -> aiohttp.connector.Connection:
        """A connection at the end of this turn, to be written to at once: it is open and nothing was said on it."""
        for _ in range(_TRIES):
            connection = await self._connect()
            try:
                await end_of_turn()
            except BaseException:
                connection.close()
                raise
            protocol = connection.protocol
            if protocol is not None and protocol.is_connected() and not protocol.should_close:
                return connection
            connection.close()
        raise aiohttp.ConnectionTimeoutError("no connection stays open")

    async def _connect(self) -> aiohttp.connector.Connection:
        while True:
            try:
                connection = await self._connector.connect(self._to, [], self._connecting)
            except TimeoutError as error:
                raise aiohttp.ConnectionTimeoutError("no connection in time") from error
            # An answer that nobody asked for, such as a 408 before closing, must not be taken for ours.
            if connection.protocol is None or not connection.protocol.should_close:
                return connection
            connection.close()
