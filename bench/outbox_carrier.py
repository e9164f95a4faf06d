"""A carrier that costs next to nothing: `python -m bench.outbox_carrier LATENCY [TOKEN MESSAGES]`.

It prints its port and answers. It speaks as much of HTTP as the clients measured here use: requests with
Content-Length on kept connections, each answered after the latency with a message of its own. With a TOKEN it
reports each message twice to its StatusCallback, signed, as sent and as delivered, and says so when the reports
on that many MESSAGES were acknowledged. In a process of its own, so that what it costs is charged to nobody.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque
from itertools import count
from typing import Any
from urllib.parse import unquote_to_bytes

from bench.calling import Callers, status_post

_HEAD = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: "
_BODY = (
    b'{"sid":"SM%032x","status":"queued","num_segments":"2","price":null,"error_code":null,'
    b'"direction":"outbound-api","from":"10690000","uri":"/2010-04-01/Accounts/AC/Messages/SM.json"}'
)
_SIZE = len(_BODY % 0)
_numbers = count(1)
#: Connections on which it reports: half as many as there may be hand-overs under way, so that few reports wait for one.
_REPORTING = 256


class Answers:
    """Answers fall due in the order in which they were asked for: one timer for all of them."""

    def __init__(self, latency: float, reports: Reports | None) -> None:
        self.latency = latency
        self.reports = reports
        self._waiting: deque[tuple[float, Connection, bytes]] = deque()
        self._loop = asyncio.get_running_loop()

    def ask(self, connection: Connection, form: bytes) -> None:
        if not self._waiting:
            self._loop.call_later(self.latency, self._answer)
        self._waiting.append((time.monotonic() + self.latency, connection, form))

    def _answer(self) -> None:
        now = time.monotonic()
        while self._waiting and self._waiting[0][0] <= now:
            _, connection, form = self._waiting.popleft()
            number = next(_numbers)
            connection.answer(b"%s%d\r\n\r\n%s" % (_HEAD, _SIZE, _BODY % number))
            if self.reports is not None:
                self.reports.report(form, number)
        if self._waiting:
            self._loop.call_later(max(0.001, self._waiting[0][0] - now), self._answer)


class Reports:
    """Two signed posts for each message, the second once the first was acknowledged."""

    def __init__(self, token: str, messages: int) -> None:
        self._token = token
        self._messages = messages
        self._callers: Callers | None = None
        self._done = 0
        self._refused = 0

    def report(self, form: bytes, number: int) -> None:
        callback = unquote_to_bytes(form.partition(b"StatusCallback=")[2].partition(b"&")[0]).decode()
        if self._callers is None:
            self._callers = Callers(callback, _REPORTING)
        self._post(callback, f"SM{number:032x}", ("sent", "delivered"))

    def _post(self, callback: str, sid: str, states: tuple[str, ...]) -> None:
        def acknowledged(status: int, _body: bytes) -> None:
            self._refused += status != 204
            if states[1:]:
                self._post(callback, sid, states[1:])
                return
            self._done += 1
            if self._done == self._messages:
                print(json.dumps({"refused": self._refused}), flush=True)

        assert self._callers is not None
        self._callers.call(status_post(self._token, callback, sid, states[0]), acknowledged)


class Connection(asyncio.Protocol):
    """One kept connection; requests come one after the other."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
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
            form, self._held = self._held[end + 4 : end + 4 + size], self._held[end + 4 + size :]
            self._answers.ask(self, form)

    def answer(self, response: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(response)


async def _serve() -> None:
    latency, *reporting = sys.argv[1:]
    reports = Reports(reporting[0], int(reporting[1])) if reporting else None
    answers = Answers(float(latency), reports)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(answers), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(_serve())
