"""Posting webhooks as Twilio does: signed forms, a bounded number at a time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp
from twilio.request_validator import RequestValidator

#: Seconds Twilio waits for a webhook's answer.
_TIMEOUT = 15.0
#: Posts that may wait; more are dropped and counted, for memory has an end.
_WAITING = 200_000
#: What is read of an answer.
_ANSWER = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a webhook said."""

    ok: bool
    content_type: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One webhook to post; `answered` hears how it went."""

    url: str
    form: dict[str, str]
    answered: Callable[[Answer], None] | None = None


class PostOffice:
    """Posts what is dropped into it, `carriers` at a time, each once."""

    def __init__(self, auth_token: str, counts: Counter[str], carriers: int = 64) -> None:
        self._signer = RequestValidator(auth_token)
        self._counts = counts
        self._carriers = carriers
        self._waiting: asyncio.Queue[Post] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._idle = carriers

    async def start(self) -> None:
        """Open the session and begin."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._carriers),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=_TIMEOUT),
            headers={"User-Agent": "TwilioProxy/1.1", "Content-Type": "application/x-www-form-urlencoded"},
        )
        self._tasks = [asyncio.create_task(self._carry()) for _ in range(self._carriers)]

    async def close(self) -> None:
        """Stop; what still waits is not posted."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session.close()

    @property
    def waiting(self) -> int:
        """Posts not yet answered."""
        return self._waiting.qsize() + self._carriers - self._idle

    def drop(self, post: Post) -> None:
        """Take a post; never waits."""
        if self._waiting.qsize() >= _WAITING:
            self._counts["posts_dropped"] += 1
            return
        self._waiting.put_nowait(post)

    async def _carry(self) -> None:
        while True:
            post = await self._waiting.get()
            self._idle -= 1
            try:
                answer = await self._send(post)
            finally:
                self._idle += 1
            self._counts["posts_acknowledged" if answer.ok else "posts_failed"] += 1
            if post.answered is not None:
                post.answered(answer)

    async def _send(self, post: Post) -> Answer:
        self._counts["posts"] += 1
        headers = {"X-Twilio-Signature": self._signer.compute_signature(post.url, post.form)}
        try:
            async with self._session.post(
                post.url, data=urlencode(post.form).encode(), headers=headers, allow_redirects=False
            ) as response:
                body = await response.content.read(_ANSWER)
                return Answer(
                    ok=200 <= response.status < 300,
                    content_type=response.content_type,
                    body=body.decode("utf-8", "replace") if post.answered is not None else "",
                )
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            # ValueError: an address that only looked like one.
            return Answer(ok=False)
