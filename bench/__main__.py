"""`python -m bench`: run the benchmarks and show their figures."""

from __future__ import annotations

import argparse
import atexit
import importlib
import os
import pkgutil
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
from rich.console import Console

import bench
from bench.figures import Figure, Median, medians, table
from bench.lab import Lab, as_production

_REPEAT = 3


def main() -> int:
    """Run what was asked for; 1 where a wanted ratio was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the hot paths.")
    parser.add_argument("--only", action="append", metavar="NAME", help="this benchmark alone; may be repeated")
    parser.add_argument("--list", action="store_true", help="say what there is")
    parser.add_argument(
        "--full", action="store_true", help=f"full sizes, {_REPEAT} runs each: hours, and 30 GB of disk"
    )
    parser.add_argument("--repeat", type=int, metavar="N", help="runs of each benchmark")
    asked = parser.parse_args()
    known = _benchmarks()
    unknown = set(asked.only or ()) - known.keys()
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))} (there are {', '.join(known)})")
    if asked.list:
        for name, module in known.items():
            print(f"{name:16} {' '.join(str(module.__doc__).split())}")
        return 0
    # The figures are those of the defaults, whatever this shell is set to.
    for name in [name for name in os.environ if name.startswith("LAMPLIGHTER_")]:
        del os.environ[name]
    chosen = {name: module for name, module in known.items() if not asked.only or name in asked.only}
    repeat = asked.repeat or (_REPEAT if asked.full else 1)
    directory = Path(tempfile.mkdtemp(prefix="bench-"))
    directory.chmod(0o755)
    # Registered before the server registers its own end, so it comes after it.
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    found: list[Median] = []
    as_production(lambda: _measure(chosen, directory, not asked.full, repeat, found))
    Console(width=None if sys.stdout.isatty() else 150).print(table(found))
    return int(any(median.figure.missed for median in found))


def _benchmarks() -> dict[str, Any]:
    """The modules that are benchmarks, by name."""
    modules = {
        each.name: importlib.import_module(f"bench.{each.name}")
        for each in pkgutil.iter_modules(bench.__path__)
        if not each.name.startswith("_")
    }
    return {name: module for name, module in modules.items() if hasattr(module, "run")}


async def _measure(chosen: dict[str, Any], directory: Path, quick: bool, repeat: int, found: list[Median]) -> None:
    from gateway.kernel import embedded

    server = embedded.ensure_running(directory / "postgresql")
    lab = Lab(server, directory, quick=quick)
    print(f"{os.cpu_count()} cores, {await _durability(server)}")
    for name, module in chosen.items():
        runs: list[Sequence[Figure]] = []
        for turn in range(1 if getattr(module, "ONCE", False) else repeat):
            await lab.settle()
            began = time.perf_counter()
            figures: list[Figure] = await module.run(lab)
            runs.append(figures)
            said = "; ".join(f"{figure.name} {figure.ratio:.3f}" for figure in figures)
            print(f"{name} {turn + 1}: {said} ({time.perf_counter() - began:.0f} s with setting up)", flush=True)
        found.extend(medians(runs))


async def _durability(server: str) -> str:
    connection = await asyncpg.connect(server)
    try:
        version = await connection.fetchval("SHOW server_version")
        settings = [f"{name} {await connection.fetchval(f'SHOW {name}')}" for name in ("fsync", "synchronous_commit")]
        return f"PostgreSQL {version}, {', '.join(settings)}"
    finally:
        await connection.close()


if __name__ == "__main__":
    sys.exit(main())
