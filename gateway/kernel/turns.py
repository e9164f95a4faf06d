"""Turns of the event loop: what is to be written to many sockets is written at the end of a turn, one right after
the other.

A write to a socket whose reader sleeps wakes it, which takes a processor two to four times as long as the write
itself. Where a commit answers twenty callers, or a claim begins thirty hand-overs, and each write comes 50 µs after
the one before, every one of them wakes a reader that has just gone to sleep again.
"""

from __future__ import annotations

import asyncio


class EndOfTurn:
    """Lets what would write wait for the others of this turn. One event loop at a time may use it."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def __call__(self) -> asyncio.Future[None]:
        """Done once everything that is ready to run now has run."""
        loop = asyncio.get_running_loop()
        if not self._waiting or self._loop is not loop:
            self._waiting, self._loop = [], loop
            loop.call_soon(self._over)
        end: asyncio.Future[None] = loop.create_future()
        self._waiting.append(end)
        return end

    def _over(self) -> None:
        waiting, self._waiting = self._waiting, []
        for end in waiting:
            if not end.done():
                end.set_result(None)


#: That of this process's loop.
end_of_turn = EndOfTurn()
