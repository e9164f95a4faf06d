"""WeCom's server API: the access token, and calls with it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import aiohttp
from yarl import URL

from bots.channel import NoAnswer, NotConnected

TIMEOUT: Final = 15.0
_ANSWER_LIMIT: Final = 1024 * 1024
#: The token was given up before its time, or another node asked for a new one: a fresh one is asked for, once.
_STALE: Final = (40014, 42001, 40001)
_EARLY: Final = 300.0


class WeComApi:
    """One application's calls. Nothing but a stale token makes a call go out twice."""

    def __init__(self, corp_id: str, secret: str, base: str | Callable[[], str]) -> None:
        self._corp_id = corp_id
        self._secret = secret
        self._base = base if callable(base) else lambda: base
        self._session: aiohttp.ClientSession | None = None
        self._token = ""
        self._until = 0.0
        self._asking = asyncio.Lock()

    async def start(self) -> None:
        """Open the session."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=32, keepalive_timeout=4),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=TIMEOUT / 2),
        )

    async def close(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def call(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Post to `/cgi-bin/{path}`; WeCom's answer, whose `errcode` says how it went.

        Raises NotConnected or NoAnswer.
        """
        for fresh in (False, True):
            token = await self._access_token(fresh=fresh)
            answer = await self._ask("POST", path, {"access_token": token}, body)
            if answer.get("errcode") not in _STALE:
                return answer
        return answer

    async def _access_token(self, *, fresh: bool) -> str:
        async with self._asking:
            if fresh or time.monotonic() >= self._until:
                try:
                    answer = await self._ask("GET", "gettoken", {"corpid": self._corp_id, "corpsecret": self._secret})
                except NoAnswer as error:
                    raise NotConnected(f"no token: {error}") from None
                if answer.get("errcode") != 0 or not isinstance(answer.get("access_token"), str):
                    raise NotConnected(f"no token: {answer.get('errcode')}")
                self._token = answer["access_token"]
                self._until = time.monotonic() + max(60.0, float(answer.get("expires_in", 7200)) - _EARLY)
            return self._token

    async def _ask(
        self, method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        if self._session is None:
            raise NotConnected("not started")
        url = URL(f"{self._base().rstrip('/')}/cgi-bin/{path}").with_query(query)
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        try:
            async with (
                asyncio.timeout(TIMEOUT),
                self._session.request(method, url, data=data, allow_redirects=False) as response,
            ):
                raw = await response.content.read(_ANSWER_LIMIT)
                status = response.status
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotConnected(type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # The address of a call holds the token: no error that names it goes on.
            raise NoAnswer(type(error).__name__) from None
        try:
            answer = json.loads(raw)
        except ValueError:
            answer = None
        if status != 200 or not isinstance(answer, dict) or not isinstance(answer.get("errcode"), int):
            raise NoAnswer(f"http_{status}")
        return answer
