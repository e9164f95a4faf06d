"""The Bot API over HTTP: one call, one answer, and what is known where there is none."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from yarl import URL

from bots.channel import NoAnswer, NotConnected
from gateway.kernel.errors import Misconfigured

#: Bytes of an answer that are read; seconds that a call may take.
_ANSWER_LIMIT: Final = 4 * 1024 * 1024
TIMEOUT: Final = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the Bot API answered. `status` is that of HTTP; `result` is None where it says no."""

    status: int
    ok: bool
    result: Any = None
    description: str = ""
    retry_after: float | None = None


class BotApi:
    """One bot's calls. Nothing is tried again here."""

    def __init__(self, token: str, base: str | Callable[[], str]) -> None:
        bot, _, secret = token.partition(":")
        if not bot.isdigit() or not secret:
            raise Misconfigured("a Telegram token looks like 123456:ABC…")
        self.bot_id = int(bot)
        self.token = token
        # The sandbox knows where its own platform listens when that has begun to, which is before the first call.
        self._base = base if callable(base) else lambda: base
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Open the session; the connections come with the first calls."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=64, keepalive_timeout=4),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=TIMEOUT / 2),
        )

    async def close(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def call(self, method: str, params: Mapping[str, Any], *, within: float = TIMEOUT) -> Reply:
        """Call a method. Raises NotConnected or NoAnswer."""
        if self._session is None:
            raise NotConnected("not started")
        form = {name: _field(value) for name, value in params.items()}
        url = URL(f"{self._base().rstrip('/')}/bot{self.token}/{method}", encoded=True)
        try:
            async with (
                asyncio.timeout(within),
                self._session.post(url, data=form, allow_redirects=False) as response,
            ):
                body = await response.content.read(_ANSWER_LIMIT)
                return _reply(response.status, body)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotConnected(type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # The address of a call holds the token: no error that names it goes on.
            raise NoAnswer(type(error).__name__) from None


def _field(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _reply(status: int, body: bytes) -> Reply:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not isinstance(answer.get("ok"), bool):
        # Something between us and Telegram, such as a proxy's page.
        return Reply(status=status if status >= 300 else 502, ok=False, description="no answer of the Bot API")
    parameters = answer.get("parameters")
    after = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return Reply(
        status=status,
        ok=answer["ok"] and 200 <= status < 300,
        result=answer.get("result"),
        description=str(answer.get("description", ""))[:300],
        retry_after=float(after) if isinstance(after, int | float) and not isinstance(after, bool) else None,
    )
