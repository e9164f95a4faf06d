"""Memory of the gateway process while it imports, composes and previews: the peak at ten times the rows."""

from __future__ import annotations

import asyncio
import json
import sys

import asyncpg

from bench import archive_file, composing
from bench.figures import Figure
from bench.lab import Lab

ONCE = True


async def run(lab: Lab) -> list[Figure]:
    """Each size in a process of its own, over a database of its own."""
    few = lab.rows(full=100_000, quick=20_000)
    many = lab.rows(full=1_000_000, quick=100_000)
    return [
        _growth("importing", few, many, await _importing(lab, few), await _importing(lab, many)),
        _growth("composing", few, many, await _composing(lab, few), await _composing(lab, many)),
        _growth("previewing", few, many, await _composing(lab, few, "preview"), await _composing(lab, many, "preview")),
    ]


def _growth(task: str, few: int, many: int, at_few: float, at_many: float) -> Figure:
    return Figure(
        name=f"peak memory {task} {many:,}",
        value=at_many,
        baseline=at_few,
        unit="MB",
        against=f"the same at {few:,}",
        at_most=1.3,
    )


async def _importing(lab: Lab, rows: int) -> float:
    path = lab.directory / f"archive-{rows}.csv"
    if not path.exists():
        await asyncio.to_thread(archive_file.write, path, rows)
    async with lab.database() as url:
        return await _measured(lab, "import", rows, url, str(path))


async def _composing(lab: Lab, rows: int, task: str = "compose") -> float:
    async with lab.database() as url:
        connection = await asyncpg.connect(url)
        await composing.fill(connection, rows)
        await connection.close()
        return await _measured(lab, task, rows, url)


async def _measured(lab: Lab, task: str, rows: int, url: str, *rest: str) -> float:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.child", task, url, str(lab.directory), *rest, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await child.communicate()
    if child.returncode:
        raise RuntimeError(f"{task} of {rows} rows ended with {child.returncode}")
    told = json.loads(said.splitlines()[-1])
    print(
        f"{task} {rows:,}: {told['peak']:.0f} MB ({told['idle']:.0f} MB before it began), "
        f"{told['seconds']:.1f} s, {rows / told['seconds']:,.0f} rows/s",
        flush=True,
    )
    peak: float = told["peak"]
    return peak
