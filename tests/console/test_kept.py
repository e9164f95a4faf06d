"""What is dear to ask for is asked by one at a time, and kept in proportion to what it cost."""

from __future__ import annotations

import asyncio

from gateway.web.console.kept import Kept


class Asked:
    """Something to ask that takes so many seconds of a made-up time, and says how often it was asked."""

    def __init__(self, *, takes: float) -> None:
        self.now, self.takes, self.times = 0.0, takes, 0

    async def ask(self) -> int:
        self.times += 1
        await asyncio.sleep(0)
        self.now += self.takes
        return self.times


async def test_what_is_dear_is_asked_once_by_all_and_again_when_it_has_paid_for_itself() -> None:
    asked = Asked(takes=2)
    kept = Kept(lambda: asked.now)
    assert await asyncio.gather(*(kept.get("trend", asked.ask) for _ in range(9))) == [1] * 9
    asked.now += 39
    assert await kept.get("trend", asked.ask) == 1
    assert await kept.get("another", asked.ask) == 2
    asked.now += 1
    assert await kept.get("trend", asked.ask) == 3


async def test_what_costs_little_is_as_fresh_as_the_page() -> None:
    asked = Asked(takes=0.9)
    kept = Kept(lambda: asked.now)
    assert [await kept.get("trend", asked.ask) for _ in range(3)] == [1, 2, 3]
