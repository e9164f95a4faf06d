"""What is dear to ask for and told to many: asked for by one at a time, and kept in proportion to what it cost."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Final, TypeVar

Told = TypeVar("Told")

#: Whatever took less is asked for each time: it is as fresh as the page.
_DEAR: Final = 1.0
#: An answer is kept for so many times as long as it took: all who look together cost a twentieth of a processor.
_TIMES: Final = 20


class Kept:
    """Answers of one node, by what was asked. Only for what everybody who may ask is told alike."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._answers: dict[Hashable, tuple[float, Any]] = {}
        self._asking: defaultdict[Hashable, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def get(self, what: Hashable, ask: Callable[[], Awaitable[Told]]) -> Told:
        """The answer that is kept, else that of `ask`; whoever comes meanwhile waits for the same one."""
        async with self._asking[what]:
            self._answers = {key: kept for key, kept in self._answers.items() if self._timer() < kept[0]}
            if what in self._answers:
                told: Told = self._answers[what][1]
                return told
            began = self._timer()
            told = await ask()
            took = self._timer() - began
            if took > _DEAR:
                self._answers[what] = (self._timer() + took * _TIMES, told)
            return told
