from __future__ import annotations

import asyncio

from gateway.kernel.turns import EndOfTurn


async def test_whoever_waits_goes_on_once_all_that_was_ready_has_run() -> None:
    end_of_turn = EndOfTurn()
    heard: list[str] = []

    async def one(name: str) -> None:
        heard.append(f"{name} is ready")
        await end_of_turn()
        heard.append(f"{name} writes")

    await asyncio.gather(*(one(name) for name in "abc"))
    assert heard == ["a is ready", "b is ready", "c is ready", "a writes", "b writes", "c writes"]


async def test_one_who_gives_up_takes_nobody_along() -> None:
    end_of_turn = EndOfTurn()

    async def one() -> None:
        await end_of_turn()

    waiting = [asyncio.create_task(one()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(one) for one in ended] == [type(None), asyncio.CancelledError, type(None)]


def test_a_loop_that_ended_in_the_middle_of_a_turn_keeps_no_other_waiting() -> None:
    end_of_turn = EndOfTurn()
    loop = asyncio.new_event_loop()
    loop.call_soon(end_of_turn)
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()

    async def wait() -> None:
        async with asyncio.timeout(10):
            await end_of_turn()

    asyncio.run(wait())
