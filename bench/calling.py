"""A caller that costs next to nothing: requests that are made already, on kept connections, one at a time on each."""

from __future__ import annotations

import asyncio
import time
from base64 import b64encode
from collections import deque
from collections.abc import Callable
from hmac import digest
from typing import Any
from urllib.parse import urlsplit

Answered = Callable[[int, bytes], None]

_ACCOUNT = "AC" + "0" * 32


def post(url: str, body: bytes, *, kind: str, headers: str = "") -> bytes:
    """A POST as it stands on the wire. `headers` are whole lines."""
    parts = urlsplit(url)
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: {kind}\r\n{headers}"
    return b"%sContent-Length: %d\r\n\r\n%s" % (head.encode(), len(body), body)


def status_post(token: str, callback: str, sid: str, state: str) -> bytes:
    """Twilio's report on a message, with the fields it has and its signature."""
    fields = {
        "AccountSid": _ACCOUNT,
        "ApiVersion": "2010-04-01",
        "From": "10690000",
        "MessageSid": sid,
        "MessageStatus": state,
        "SmsSid": sid,
        "SmsStatus": state,
        "To": "13800000000",
    }
    signed = callback + "".join(f"{name}{value}" for name, value in fields.items())
    signature = b64encode(digest(token.encode(), signed.encode(), "sha1")).decode()
    body = "&".join(f"{name}={value}" for name, value in fields.items()).encode()
    return post(
        callback, body, kind="application/x-www-form-urlencoded", headers=f"X-Twilio-Signature: {signature}\r\n"
    )


class Callers:
    """Connections to one address; what finds none free waits its turn."""

    def __init__(self, url: str, connections: int) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 80)
        self._waiting: deque[tuple[bytes, Answered]] = deque()
        self._free: list[_Caller] = []
        self._loop = asyncio.get_running_loop()
        self.opening = [self._loop.create_task(self._open()) for _ in range(connections)]

    async def _open(self) -> None:
        await self._loop.create_connection(lambda: _Caller(self), *self._address)

    def call(self, request: bytes, answered: Answered) -> None:
        """Call as soon as a connection is free."""
        if self._free:
            self._free.pop().call(request, answered)
        else:
            self._waiting.append((request, answered))

    def free(self, caller: _Caller) -> None:
        """For connections."""
        if self._waiting:
            caller.call(*self._waiting.popleft())
        else:
            self._free.append(caller)


class _Caller(asyncio.Protocol):
    def __init__(self, callers: Callers) -> None:
        self._callers = callers
        self._transport: Any = None
        self._answered: Answered | None = None
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._callers.free(self)

    def connection_lost(self, error: Exception | None) -> None:
        if self._answered is not None:
            raise RuntimeError("a connection was lost") from error

    def call(self, request: bytes, answered: Answered) -> None:
        self._answered = answered
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._held += data
        end = self._held.find(b"\r\n\r\n")
        if end < 0 or self._answered is None:
            return
        at = self._held.find(b"Content-Length: ", 0, end)
        size = int(self._held[at + 16 : self._held.find(b"\r\n", at)]) if at >= 0 else 0
        if len(self._held) < end + 4 + size:
            return
        answered, status, body = self._answered, int(self._held[9:12]), self._held[end + 4 :]
        self._answered, self._held = None, b""
        answered(status, body)
        self._callers.free(self)


async def all_of(url: str, requests: list[bytes], connections: int, *, wanted: int) -> tuple[float, list[float]]:
    """Make all the calls; seconds for all of them, and for each in order of their size. Any answer but `wanted`
    is an error."""
    callers = Callers(url, connections)
    await asyncio.gather(*callers.opening)
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    taken: list[float] = []

    def begin(request: bytes) -> None:
        began = time.perf_counter()

        def answered(status: int, body: bytes) -> None:
            taken.append(time.perf_counter() - began)
            if status != wanted and not done.done():
                done.set_exception(RuntimeError(f"{status}: {body[:300]!r}"))
            if following := next(waiting, None):
                begin(following)
            elif len(taken) == len(requests) and not done.done():
                done.set_result(None)

        callers.call(request, answered)

    waiting = iter(requests)
    began = time.perf_counter()
    for _ in range(connections):
        if request := next(waiting, None):
            begin(request)
    await done
    return time.perf_counter() - began, sorted(taken)
