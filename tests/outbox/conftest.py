from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from gateway.kernel.database import Database
from tests.outbox.world import World


@dataclass(frozen=True)
class Crashes:
    """How thoroughly crashes are tried."""

    seeds: int
    messages: int
    thorough: bool


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--crash-seeds", type=int, default=0, help="kill nodes at this many random moments")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "crash: kills real processes; `make crash-test` does so many times")


def _crashes(config: pytest.Config) -> Crashes:
    # Where the whole suite runs, this file's options are not known: the short run is meant.
    seeds = config.getoption("--crash-seeds", default=0)
    return Crashes(seeds, 5000, True) if seeds else Crashes(1, 1000, False)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "crash_seed" in metafunc.fixturenames:
        metafunc.parametrize("crash_seed", range(_crashes(metafunc.config).seeds))
    if "trouble" in metafunc.fixturenames:
        thorough = _crashes(metafunc.config).thorough
        metafunc.parametrize("trouble", ["loses", "repeats", "late", "all"] if thorough else ["all"])


@pytest.fixture
def crashes(request: pytest.FixtureRequest) -> Crashes:
    """How many messages a crash test sends."""
    return _crashes(request.config)


@pytest.fixture
async def own_database(new_database_url: str) -> AsyncIterator[Database]:
    """A started Database that no other test uses: for what makes and drops months."""
    database = Database(new_database_url, size=8)
    await database.start()
    yield database
    await database.close()


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    """A database with one lane, `main`, and a carrier that takes everything."""
    world = await World.make(database)
    yield world
    await world.end()
