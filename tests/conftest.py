"""A real PostgreSQL for every test that asks: migrated once, copied from a template for each test."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from gateway.kernel import embedded
from gateway.kernel.database import Database
from gateway.kernel.migrating import migrate

_numbers = count(1)


def pytest_configure(config: pytest.Config) -> None:
    # Tests may lose their database with the machine; they may not spend their time on fsync.
    os.environ.setdefault("LAMPLIGHTER_EMBEDDED_EXTRA", "fsync = off; full_page_writes = off; synchronous_commit = off")
    for name in [name for name in os.environ if name.startswith("LAMPLIGHTER_")]:
        if name != "LAMPLIGHTER_EMBEDDED_EXTRA":
            del os.environ[name]


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the embedded server of this test run."""
    directory: Path = tmp_path_factory.mktemp("postgresql") / "data"
    yield embedded.ensure_running(directory)


def _named(url: str, database: str) -> str:
    return url.replace("/postgres?", f"/{database}?", 1)


@pytest.fixture(scope="session")
async def template_database(server_url: str) -> str:
    """Name of a database with every migration applied."""
    connection = await asyncpg.connect(server_url)
    await connection.execute("CREATE DATABASE template_lamplighter")
    await connection.close()
    await migrate(_named(server_url, "template_lamplighter"))
    return "template_lamplighter"


@pytest.fixture
async def database_url(server_url: str, template_database: str) -> AsyncIterator[str]:
    """Address of a fresh, migrated database."""
    name = f"test_{next(_numbers)}"
    connection = await asyncpg.connect(server_url)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY file_copy")
    yield _named(server_url, name)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A started Database over a fresh, migrated database."""
    database = Database(database_url, size=8)
    await database.start()
    yield database
    await database.close()
