"""Importing the flat export against copying the rows that it left behind."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench import archive_file
from bench.figures import Figure
from bench.lab import Lab

if TYPE_CHECKING:
    from gateway.house import House

#: Every table that the import fills.
TABLES: Final = (
    "substation", "feeder", "transformer_area", "customer", "premise", "account", "contact_point", "contact_link",
    "import_reject",
)  # fmt: skip


async def run(lab: Lab) -> list[Figure]:
    """Import once into empty tables, then the same file again, which changes nothing."""
    accounts = lab.rows(full=100_000, quick=20_000)
    path = lab.directory / f"archive-{accounts}.csv"
    if not path.exists():
        await asyncio.to_thread(archive_file.write, path, accounts)
    async with lab.house() as house:
        await lab.settle()
        first = await import_file(house, path)
        async with house.database.connection() as connection:
            _, raw = await lab.raw_copy(connection, TABLES)
        again = await import_file(house, path)
    speed = accounts / raw
    return [
        Figure(
            name=f"import of {accounts:,} accounts",
            value=accounts / first,
            baseline=speed,
            unit="accounts/s",
            against="raw COPY of the same rows",
            at_least=0.05,
        ),
        Figure(
            name=f"the same {accounts:,} again",
            value=accounts / again,
            baseline=speed,
            unit="accounts/s",
            against="raw COPY of the same rows",
        ),
    ]


async def import_file(house: House, path: Path) -> float:
    """Import a flat export to its end; the seconds it took."""
    from gateway.archive.importing import submit

    async with house.database.session() as session:
        handed_in = await submit(
            session, kind="archive", filename=path.name, path=path, requested_by="bench", clock=house.clock
        )
        await session.commit()
        began = time.perf_counter()
        await house.imports.run(handed_in.id)
        taken = time.perf_counter() - began
        await session.refresh(handed_in)
    if handed_in.state != "done":
        raise RuntimeError(f"the import is {handed_in.state}: {handed_in.error}")
    return taken
