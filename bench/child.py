"""The gateway as a process of its own, doing one thing: `python -m bench.child import|compose|preview URL …`.

The last line it prints is a JSON object with the most memory it held, in MB, and the seconds it took.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from bench import composing, importing
from bench.lab import as_production, furnished_at


def main() -> None:
    """Do what the arguments say and report."""
    task, url, directory, *rest = sys.argv[1:]

    async def work() -> None:
        async with furnished_at(url, Path(directory)) as house:
            idle = peak()
            if task == "import":
                seconds = await importing.import_file(house, Path(rest[0]))
            elif task == "preview":
                seconds = await composing.preview(house)
            else:
                seconds = await composing.compose(house)
            print(json.dumps({"idle": idle, "peak": peak(), "seconds": seconds}))

    as_production(work)


def peak(pid: int | str = "self") -> float:
    """The most memory that a process has held so far, in MB. Another's can be told on Linux only."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        # What `getrusage` says may be the parent's: it survives the exec.
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        assert found is not None
        return int(found[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


if __name__ == "__main__":
    main()
