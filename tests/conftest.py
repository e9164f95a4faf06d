"""A real PostgreSQL for every test that asks: migrated once, copied from a template for each test."""

from __future__ import annotations

import os
import tempfile
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
def server_url() -> Iterator[str]:
    """Address of the embedded server of this test run, in a directory that no other run touches."""
    with tempfile.TemporaryDirectory(prefix="lamplighter-tests-", ignore_cleanup_errors=True) as directory:
        yield embedded.ensure_running(Path(directory) / "data")


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
async def new_database_url(server_url: str, template_database: str) -> AsyncIterator[str]:
    """Address of a database of the test's own: for what starts processes, moves partitions or breaks connections."""
    name = f"test_{next(_numbers)}"
    connection = await asyncpg.connect(server_url)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY file_copy")
    yield _named(server_url, name)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture(scope="session")
async def shared_database_url(server_url: str, template_database: str) -> str:
    """Address of the database that tests use one after the other."""
    connection = await asyncpg.connect(server_url)
    await connection.execute(f"CREATE DATABASE shared TEMPLATE {template_database} STRATEGY file_copy")
    await connection.close()
    return _named(server_url, "shared")


# Emptying the few tables that a test wrote to costs milliseconds; a database for each test would cost a second.
EMPTY = """
DO $$
DECLARE name text; found boolean;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR name IN SELECT c.oid::regclass::text FROM pg_class c
              WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
                AND c.relname <> 'alembic_version' LOOP
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %s)', name) INTO found;
    IF found THEN EXECUTE format('DELETE FROM %s', name); END IF;
  END LOOP;
END $$
"""


@pytest.fixture
async def database_url(shared_database_url: str) -> AsyncIterator[str]:
    """Address of a migrated database that is empty when the test begins."""
    yield shared_database_url
    connection = await asyncpg.connect(shared_database_url)
    # What a test left running must not write into the next one's world, nor hold a lock in it.
    await connection.execute(
        """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND pid <> pg_backend_pid()"""
    )
    await connection.execute(EMPTY)
    await connection.close()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A started Database over an empty, migrated database."""
    database = Database(database_url, size=8)
    await database.start()
    yield database
    await database.close()
