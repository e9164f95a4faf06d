"""Gateways as processes of their own, and the carrier outside that counts what they send."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from tests.walks.carrier import OutsideCarrier
from tests.walks.gateway import Gateway

_numbers = count(1)

#: Makes a started gateway over a database of its own.
Start = Callable[..., Awaitable[Gateway]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--storm", type=int, default=0, help="people who lose supply in the storm")
    parser.addoption("--town", type=int, default=0, help="accounts of the town that nobody has seen")
    parser.addoption("--quarter", action="store_true", help="walk the quarter at full size")


@pytest.fixture(scope="module")
async def carrier() -> AsyncIterator[OutsideCarrier]:
    """The carrier outside."""
    carrier = OutsideCarrier()
    await carrier.start()
    yield carrier
    await carrier.close()


@pytest.fixture(scope="module")
async def start(
    carrier: OutsideCarrier, server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Start]:
    """Start gateways over databases of their own that live as long as the tests of one module."""
    async with AsyncExitStack() as stack:

        async def started(**settings: str) -> Gateway:
            name = f"walk_{next(_numbers)}"
            connection = await asyncpg.connect(server_url)
            await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY file_copy")
            await connection.close()
            url = server_url.replace("/postgres?", f"/{name}?", 1)
            directory: Path = tmp_path_factory.mktemp(name)
            gateway = Gateway(directory, carrier, DATABASE_URL=url, **settings)
            stack.push_async_callback(_dropped, server_url, name)
            stack.push_async_callback(gateway.stop)
            await gateway.start()
            return gateway

        yield started


async def _dropped(server_url: str, name: str) -> None:
    connection = await asyncpg.connect(server_url)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()
