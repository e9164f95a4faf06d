"""A carrier that costs next to nothing: `python -m bench.outbox_carrier LATENCY` prints its port and answers.

It speaks as much of HTTP as the clients measured here use: requests with Content-Length on kept connections,
each answered after the latency with a message of its own. In a process of its own, so that what it costs is
charged to nobody.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import count
from typing import Any

_HEAD = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: "
_BODY = (
    '{{"sid":"SM{:032x}","status":"queued","num_segments":"2","price":null,"error_code":null,'
    '"direction":"outbound-api","from":"10690000","uri":"/2010-04-01/Accounts/AC/Messages/SM.json"}}'
)
_numbers = count(1)


class Connection(asyncio.Protocol):
    """One kept connection; requests come one after the other."""

    latency = 0.0

    def __init__(self) -> None:
        self._held = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            at = self._held.find(b"Content-Length: ", 0, end)
            size = int(self._held[at + 16 : self._held.find(b"\r\n", at)]) if at >= 0 else 0
            if len(self._held) < end + 4 + size:
                return
            self._held = self._held[end + 4 + size :]
            asyncio.get_running_loop().call_later(self.latency, self._answer)

    def _answer(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            body = _BODY.format(next(_numbers)).encode()
            self._transport.write(_HEAD + str(len(body)).encode() + b"\r\n\r\n" + body)


async def _serve() -> None:
    Connection.latency = float(sys.argv[1])
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(_serve())
