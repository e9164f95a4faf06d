from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.kernel.database import Database
from tests.outbox.world import World


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
