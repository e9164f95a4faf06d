"""Where benchmarks run: an embedded PostgreSQL of their own, as durable as in production."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg

if TYPE_CHECKING:
    from gateway.house import House

_numbers = count(1)
_TEMPLATE = "template_bench"


def as_production(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run `work` on the event loop and with the collector settings of the command line."""
    from gateway.cli import _run

    _run(work)


@asynccontextmanager
async def furnished_at(url: str, directory: Path) -> AsyncIterator[House]:
    """The rooms over the database at `url`, as `gateway.app` puts them together."""
    from gateway.house import furnished
    from gateway.kernel.logs import configure
    from gateway.kernel.settings import Settings

    configure("warning")
    async with furnished(Settings(_env_file=None, database_url=url, data_dir=directory)) as house:
        yield house


class Lab:
    """What a benchmark may use. `server` is the address of the embedded PostgreSQL, `directory` for its files."""

    def __init__(self, server: str, directory: Path, *, quick: bool) -> None:
        self.server = server
        self.directory = directory
        self.quick = quick

    def rows(self, *, full: int, quick: int) -> int:
        """The size of this run."""
        return quick if self.quick else full

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """The address of a fresh, migrated database, dropped at the end."""
        name = f"bench_{next(_numbers)}"
        async with self._server() as server:
            if not await server.fetchval("SELECT true FROM pg_database WHERE datname = $1", _TEMPLATE):
                from gateway.kernel.migrating import migrate

                await server.execute(f"CREATE DATABASE {_TEMPLATE}")
                await migrate(self._named(_TEMPLATE))
            await server.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        try:
            yield self._named(name)
        finally:
            async with self._server() as server:
                await server.execute(f"DROP DATABASE {name} WITH (FORCE)")

    @asynccontextmanager
    async def house(self) -> AsyncIterator[House]:
        """The rooms over a fresh database."""
        async with self.database() as url, furnished_at(url, self.directory) as house:
            yield house

    async def settle(self) -> None:
        """Let nothing of what came before be charged to what is measured next."""
        async with self._server() as server:
            await server.execute("CHECKPOINT")
        gc.collect()

    async def raw_copy(self, connection: Any, tables: Sequence[str], *, times: int = 3) -> tuple[int, float]:
        """Copy the rows that `tables` hold into bare tables of the same columns with the driver alone.

        The rows are in memory as the driver takes them, each table is one COPY of its own transaction, and the
        bare tables have neither keys nor indexes. Rows copied, and seconds (the median of `times`).
        """
        held: list[tuple[str, list[str], list[tuple[Any, ...]]]] = []
        for table in tables:
            rows = await connection.fetch(f"SELECT * FROM {table}")
            if rows:
                held.append((table, list(rows[0].keys()), [tuple(row) for row in rows]))
            del rows
        taken: list[float] = []
        for _ in range(times):
            for table, _columns, _rows in held:
                await connection.execute(f"DROP TABLE IF EXISTS bare_{table}; CREATE TABLE bare_{table} (LIKE {table})")
            await self.settle()
            began = time.perf_counter()
            for table, columns, rows in held:
                await connection.copy_records_to_table(f"bare_{table}", columns=columns, records=rows)
            taken.append(time.perf_counter() - began)
        return sum(len(rows) for _, _, rows in held), statistics.median(taken)

    @asynccontextmanager
    async def _server(self) -> AsyncIterator[Any]:
        connection = await asyncpg.connect(self.server)
        try:
            yield connection
        finally:
            await connection.close()

    def _named(self, database: str) -> str:
        return self.server.replace("/postgres?", f"/{database}?", 1)
