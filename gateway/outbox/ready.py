"""What a node has claimed and not begun: the highest priority first, and within one in the order it was claimed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from gateway.outbox.claiming import Claimed
from gateway.outbox.tables import PRIORITIES


class Ready:
    """Messages that wait for a call to end, each with the moment at which its claim was judged."""

    def __init__(self) -> None:
        self._levels: dict[int, deque[tuple[Claimed, float]]] = {priority: deque() for priority in PRIORITIES}
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Claimed]:
        return (message for level in self._levels.values() for message, _ in level)

    def add(self, message: Claimed, judged: float) -> None:
        """`judged` is a reading of the monotonic clock."""
        self._levels[message.priority].append((message, judged))
        self._size += 1

    def take(self) -> tuple[Claimed, float]:
        """The next one, which leaves. Raises IndexError where nothing is ready."""
        for level in self._levels.values():
            if level:
                self._size -= 1
                return level.popleft()
        raise IndexError("nothing is ready")

    def stale(self, before: float) -> bool:
        """Whether any was judged before that moment."""
        return any(level and level[0][1] < before for level in self._levels.values())

    def clear(self) -> None:
        """Forget all."""
        for level in self._levels.values():
            level.clear()
        self._size = 0
