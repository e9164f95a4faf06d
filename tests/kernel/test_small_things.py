from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from gateway.kernel.clock import ShiftedClock, SystemClock, aware
from gateway.kernel.election import hold_office
from gateway.kernel.ids import first_id, new_id
from gateway.kernel.logs import configure, logger, mask_numbers

AT = datetime(2025, 11, 30, 23, 59, 59, 999000, tzinfo=UTC)


def test_ids_sort_by_time_and_by_making() -> None:
    made = [new_id(AT) for _ in range(500)]
    assert made == sorted(made) and len(set(made)) == 500
    assert all(id_.version == 7 for id_ in made)
    assert first_id(AT) <= made[0] and made[-1] < first_id(AT + timedelta(milliseconds=1))


_FORKED = """
import os
from datetime import UTC, datetime
from gateway.kernel.ids import new_id
reading, writing = os.pipe()
at = datetime(2025, 11, 30, tzinfo=UTC)
if os.fork() == 0:
    os.write(writing, new_id(at).bytes)
    os._exit(0)
os.wait()
print(os.read(reading, 16) == new_id(at).bytes)
"""


def test_a_process_and_its_child_make_other_ids() -> None:
    ended = subprocess.run([sys.executable, "-c", _FORKED], check=True, capture_output=True, text=True, timeout=60)
    assert ended.stdout == "False\n"


@given(st.integers(946_684_800, 7_258_118_400).map(lambda second: datetime.fromtimestamp(second, UTC)))
def test_an_id_lies_in_the_month_it_was_made(at: datetime) -> None:
    start = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    end = (start + timedelta(days=32)).replace(day=1)
    assert first_id(start) <= new_id(at) < first_id(end)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        aware(datetime(2025, 1, 1))  # noqa: DTZ001


def test_a_shifted_clock_goes_on_ticking() -> None:
    clock = ShiftedClock(timedelta(days=-200))
    assert timedelta(days=199) < SystemClock().now() - clock.now() < timedelta(days=201)
    assert clock.now() <= clock.now()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("to +8613800374443 now", "to +86138****4443 now"),
        ("13800374443", "138****4443"),
        ("call +12025550120", "call +120****0120"),
        ("order 24100100000001 of 2025-11-30", "order 24100100000001 of 2025-11-30"),
        ("95598", "95598"),
    ],
)
def test_numbers_are_starred(text: str, masked: str) -> None:
    assert mask_numbers(text) == masked


def test_logs_carry_no_personal_data(capsys: pytest.CaptureFixture[str]) -> None:
    configure("info", terminal=False)
    try:
        logger("test").info("sent", number="+8613800374443", body="您欠费86.50元", holder_name="王强", count=3)
    finally:
        structlog.reset_defaults()
    line = json.loads(capsys.readouterr().err)
    assert line["number"] == "+86138****4443" and line["count"] == 3
    assert "王强" not in str(line) and "欠费" not in str(line)


async def test_one_node_is_in_office_and_another_follows(database_url: str) -> None:
    serving: list[str] = []
    turns = {name: asyncio.Event() for name in "ab"}

    async def serve(name: str) -> None:
        serving.append(name)
        turns[name].set()
        await asyncio.Event().wait()

    first = asyncio.create_task(hold_office(database_url, 42, lambda: serve("a")))
    await asyncio.wait_for(turns["a"].wait(), 60)
    second = asyncio.create_task(hold_office(database_url, 42, lambda: serve("b")))
    await asyncio.sleep(0.2)
    assert serving == ["a"]
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await asyncio.wait_for(turns["b"].wait(), 60)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)


_IN_OFFICE = """
import asyncio, sys
from gateway.kernel.election import hold_office

async def serve():
    print("in office", flush=True)
    await asyncio.Event().wait()

asyncio.run(hold_office(sys.argv[1], 43, serve))
"""


@pytest.mark.process
async def test_the_office_moves_when_its_holder_is_killed(database_url: str) -> None:
    """Nothing is said to the successor: the server lets go of the lock, and whoever stands asks every two seconds."""
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _IN_OFFICE, database_url, stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout is not None
    succeeded = asyncio.Event()

    async def serve() -> None:
        succeeded.set()
        await asyncio.Event().wait()

    try:
        assert await asyncio.wait_for(holder.stdout.readline(), 60) == b"in office\n"
        successor = asyncio.create_task(hold_office(database_url, 43, serve))
        holder.kill()
        await asyncio.wait_for(succeeded.wait(), 60)
        successor.cancel()
        await asyncio.gather(successor, return_exceptions=True)
    finally:
        if holder.returncode is None:
            holder.kill()
        await holder.wait()
