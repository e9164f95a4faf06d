"""Posting to other systems' addresses: what the archive pushes, over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import aiohttp

from gateway.archive.pushing import Answered

#: Seconds that a receiver has to answer; it should store what it got and work on it later.
_PATIENCE: Final = 15


class Poster:
    """Posts bodies; redirects are not followed, since they would take personal data elsewhere."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Open the connections."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_PATIENCE))

    async def close(self) -> None:
        """Close them."""
        if self._session is not None:
            await self._session.close()

    async def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answered:
        """Post a body. Raises nothing that the network or the receiver does."""
        assert self._session is not None, "the poster was not started"
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                return Answered(response.status)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Answered(None, f"{type(error).__name__}: {error}")
