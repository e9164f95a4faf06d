"""Benchmarks: what the hot paths cost, as ratios against the raw driver or client in the same run.

    python -m bench [--only NAME …] [--quick] [--repeat N]

A benchmark is a module of this package with a function

    async def run(lab: Lab) -> list[Figure]

which sets its data up, measures once, and gives a `Figure` for each thing it measured: the value, the baseline
of the same run, and the ratio wanted between them. `Lab` offers fresh databases of an embedded PostgreSQL with
the durability of production, and the rooms over one of them (`lab.house()`). Sizes come from
`lab.rows(full=…, quick=…)`. The runner calls `run` several times (once where the module says `ONCE = True`) and
shows each figure at its median ratio, with the spread. Modules without a `run` are helpers.
"""

from __future__ import annotations

from bench.figures import Figure
from bench.lab import Lab

__all__ = ["Figure", "Lab"]
