"""`python -m tests.world`: live through the months and say how it went."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from tests.walks.carrier import OutsideCarrier
from tests.walks.gateway import Gateway
from tests.world.figures import told
from tests.world.life import Life
from tests.world.other_towns import TOWNS


async def live(accounts: int, months: int, seed: int, nights: int, kind: str) -> None:
    """One town, one gateway."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="world-", ignore_cleanup_errors=True) as directory:
        carrier = OutsideCarrier()
        await carrier.start()
        gateway = Gateway(Path(directory), carrier, TWILIO__RATE="0", LOG_LEVEL="warning")
        try:
            await gateway.start()
            town = TOWNS[kind](accounts, seed, date(2025, 4, 1))
            life = Life(
                town, gateway, carrier, seed=seed, nights=nights,
                say=lambda words: print(f"{time.monotonic() - began:5.0f} s  {words}", file=sys.stderr, flush=True),
            )  # fmt: skip
            tally = await life.run(months)
            print(told(tally, accounts))
        finally:
            await gateway.stop()
            await carrier.close()
    print(f"{time.monotonic() - began:.0f} s")


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(prog="python -m tests.world")
    parser.add_argument("--accounts", type=int, default=2000)
    parser.add_argument("--months", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--nights", type=int, default=3, help="imports of the upstream file a month")
    parser.add_argument("--town", choices=list(TOWNS), default="usual", help="which shares, names and kinds of errors")
    asked = parser.parse_args()
    os.environ.setdefault("LAMPLIGHTER_EMBEDDED_EXTRA", "fsync = off; full_page_writes = off; synchronous_commit = off")
    asyncio.run(live(asked.accounts, asked.months, asked.seed, asked.nights, asked.town))


if __name__ == "__main__":
    main()
