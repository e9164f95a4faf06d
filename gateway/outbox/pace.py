"""The pace of a lane: how many hand-overs end in a second, as it has been of late."""

from __future__ import annotations

from typing import Final

#: Seconds that are looked at together.
_SPAN: Final = 0.25


class Pace:
    """Counts what ends; a moment is a reading of a monotonic clock, in seconds."""

    def __init__(self) -> None:
        self._since = 0.0
        self._count = 0
        self._a_second = 0.0

    def landed(self) -> None:
        """A hand-over ended."""
        self._count += 1

    def a_second(self, now: float) -> float:
        """How many ended in a second, over the last span that is complete; 0 before the first."""
        passed = now - self._since
        if passed >= _SPAN:
            self._a_second = self._count / passed
            self._since, self._count = now, 0
        return self._a_second
