"""One harness for every channel: a server that answers with given bytes, and the hostile answers."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import pytest


@dataclass
class Wire:
    """A server on an ephemeral port that keeps each request and answers with the bytes it was given.

    `answer` is one answer for every request or a list taken in order; None never answers.
    """

    url: str = ""
    answer: bytes | list[bytes | None] | None = b""
    requests: list[bytes] = field(default_factory=list)
    seen: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await self._request(reader):
                self.requests.append(head)
                self.seen.set()
                answer = self.answer.pop(0) if isinstance(self.answer, list) else self.answer
                if answer is None:
                    await reader.read()
                    return
                writer.write(answer)
                await writer.drain()
                if b"Connection: close" in answer or not answer.startswith(b"HTTP/1.1 "):
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                head += await reader.readexactly(int(value))
        return head

    @property
    def line(self) -> str:
        """Method and path of the last request."""
        return self.requests[-1].split(b" HTTP/1.1", 1)[0].decode()

    @property
    def headers(self) -> dict[str, str]:
        head = self.requests[-1].split(b"\r\n\r\n", 1)[0].decode()
        return {name.lower(): value.strip() for name, _, value in (h.partition(":") for h in head.split("\r\n")[1:])}

    @property
    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.requests[-1].split(b"\r\n\r\n", 1)[1].decode(), keep_blank_values=True)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    wire = Wire()
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    wire.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield wire
    server.close()


def http(status: int, body: bytes = b"", *headers: str) -> bytes:
    """Put an answer together as it stands on the wire."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


_CREATED = b"HTTP/1.1 201 Created\r\nConnection: close\r\n"

#: Answers that leave in doubt whether a message was taken, whatever the carrier.
HOSTILE = {
    "hangs up without a word": b"",
    "speaks no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "breaks off in the body": _CREATED + b'Content-Length: 500\r\n\r\n{"sid": "SM1"',
    "breaks off in a chunk": _CREATED + b'Transfer-Encoding: chunked\r\n\r\nff\r\n{"sid": "SM1"',
    "500 with HTML": http(500, b"<html>oops</html>"),
    "502 of a proxy": http(502, b"<html>Bad gateway</html>", "Content-Type: text/html"),
    "503 that asks to wait": http(503, b"", "Retry-After: 1"),
    "504": http(504),
    "408": http(408),
    "redirect": http(302, b"", "Location: http://127.0.0.1:9/"),
    "redirect that repeats the POST": http(307, b"", "Location: http://127.0.0.1:9/"),
    "200 with HTML": http(200, b"<html>Please sign in to the hotel</html>"),
    "200 with nothing": http(200),
    "204": http(204),
    "200 with a list": http(200, b"[]"),
    "200 with an empty object": http(200, b"{}"),
    "200 that is not UTF-8": http(200, '{"sid": "错"}'.encode("gb18030")),
    "200 nested without end": http(200, b"[" * 100_000),
    "200 with a number too long to read": http(200, b'{"sid": ' + b"9" * 5_000 + b"}"),
    "201 in gzip, unasked": http(201, gzip.compress(b'{"sid": "SM1"}'), "Content-Encoding: gzip"),
    "201 larger than any": http(201, b'{"sid": "SM1", "body": "' + b"x" * 3_000_000 + b'"}'),
}


@pytest.fixture(params=HOSTILE.values(), ids=HOSTILE.keys())
def hostile(request: pytest.FixtureRequest) -> bytes:
    """An answer after which nobody knows whether the message was taken: every channel says `Unknown`."""
    answer: bytes = request.param
    return answer
