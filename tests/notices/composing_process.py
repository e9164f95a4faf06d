"""Processes that compose one notice each and nothing else, to be killed: `python -m tests.notices.composing_process`.

Each line on standard input names a database and a notice. A process is forked for it, since loading the house takes
longer than composing; its number is told on standard output, and `ended` once it has.
"""

from __future__ import annotations

import asyncio
import os
import sys
from uuid import UUID

from gateway.house import House
from gateway.kernel.database import Database
from gateway.kernel.settings import Settings
from gateway.notices import NoticeRunner, Wording
from gateway.outbox.hours import check_region
from tests.notices.conftest import MORNING, SteadyClock

#: Small, so that a kill meets many chunks.
CHUNK = 40


async def compose(url: str, notice: UUID, wording: Wording) -> None:
    """Compose until nothing of the notice is left to compose."""
    database = Database(url, size=6)
    await database.start()
    clock = SteadyClock(MORNING)
    house = House(Settings(_env_file=None), database, clock, wording)
    runner = NoticeRunner(database, clock, house.composer, house.notice_kinds, house.finder, house.policy, chunk=CHUNK)
    async with database.connection() as connection:
        while await connection.fetchval("SELECT state FROM notice WHERE id = $1", notice) != "sending":
            # One that was killed holds its lock until the server has noticed.
            if not await runner.compose_next(only=notice):
                await asyncio.sleep(0.05)
    await database.close()


def main() -> None:
    """Fork for every line, one after another."""
    wording = Wording.load()
    check_region("CN")
    for line in sys.stdin:
        url, notice = line.split()
        process = os.fork()
        if not process:
            asyncio.run(compose(url, UUID(notice), wording))
            os._exit(0)
        _say(str(process))
        _, status = os.waitpid(process, 0)
        _say(f"ended {status}")


def _say(what: str) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
