"""Answers that are written together."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from gateway.kernel.turns import end_of_turn


class Together(web.Response):
    """An answer of a busy route, written with those that are ready at the same moment (`gateway.kernel.turns`)."""

    async def write_eof(self, data: Any = b"") -> None:
        """Write it and be done."""
        await end_of_turn()
        await super().write_eof(data)
