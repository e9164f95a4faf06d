"""Processes beside the benchmark: the gateway as an operator runs it, a bare server, whoever calls them."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import aiohttp
import asyncpg

TOKEN: Final = "token"
SENDER: Final = "10690000"
KEY: Final = "lamp_bench"
_PATIENCE: Final = 60.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


class Served(NamedTuple):
    """A gateway's process."""

    #: Where its web node listens.
    address: str
    pid: int


@asynccontextmanager
async def gateway(
    url: str, directory: Path, roles: str, *, port: int, carrier: str = "http://127.0.0.1:1", **settings: object
) -> AsyncIterator[Served]:
    """`lamplighter serve` with these roles over the database at `url`. `port` is that of the node which answers
    webhooks."""
    listening = port if "web" in roles else free_port()
    address = f"http://127.0.0.1:{port}"
    named = {
        "database_url": url,
        "data_dir": directory,
        "roles": roles,
        "port": listening,
        "public_url": address,
        "bootstrap_api_key": KEY,
        "log_level": "warning",
        "twilio__account_sid": "AC" + "0" * 32,
        "twilio__auth_token": TOKEN,
        "twilio__sender": SENDER,
        "twilio__base_url": carrier,
        "twilio__concurrency": 512,
        **settings,
    }
    env = os.environ | {f"LAMPLIGHTER_{name.upper()}": str(value) for name, value in named.items()}
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _SERVE, env=env, cwd=directory)
    try:
        await _ready(url, address if "web" in roles else None, process, roles)
        yield Served(address, process.pid)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


_SERVE: Final = "import sys; sys.argv = ['lamplighter', 'serve']; from gateway.cli import main; main()"


async def _ready(url: str, address: str | None, process: Any, roles: str) -> None:
    async with asyncio.timeout(_PATIENCE), aiohttp.ClientSession() as session:
        while process.returncode is None:
            if address is not None:
                try:
                    async with session.get(f"{address}/readyz") as response:
                        if response.status == 200:
                            return
                except aiohttp.ClientConnectionError:
                    pass
            else:
                connection = await asyncpg.connect(url)
                try:
                    if await connection.fetchval("SELECT true FROM node WHERE roles = $1", roles):
                        return
                finally:
                    await connection.close()
            await asyncio.sleep(0.1)
        raise RuntimeError(f"a node ended with {process.returncode} while it started")


@asynccontextmanager
async def bare_server() -> AsyncIterator[str]:
    """An aiohttp handler that reads a request and answers 202, in a process of its own; its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.bare_server", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}"
    finally:
        process.kill()
        await process.wait()


async def called(
    kind: str, address: str, number: int, connections: int, ids: Sequence[object] = (), *, first: int = 0
) -> dict[str, Any]:
    """What `python -m bench.load` told: seconds, and milliseconds of a call at the median and the 99th percentile."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.load", kind, address, str(number), str(connections), str(first),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate("".join(f"{one}\n" for one in ids).encode())
    if process.returncode:
        raise RuntimeError(f"calling {kind} ended with {process.returncode}")
    told: dict[str, Any] = json.loads(said)
    return told


async def at_noon(address: str) -> None:
    """Set the test clock to noon tomorrow, when any text may leave, whatever the hour of the measurement."""
    noon = datetime.now(ZoneInfo("Asia/Shanghai")).replace(hour=12, minute=0) + timedelta(days=1)
    headers = {"Authorization": f"Bearer {KEY}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{address}/api/v1/sandbox/clock", json={"now": noon.isoformat()}) as answer,
    ):
        answer.raise_for_status()
