"""What `lamplighter` starts: the whole command line, or the reader alone.

`lamplighter read` is started for a handful of texts by scripts; loading what the other commands need would take
as long as reading them.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    if sys.argv[1:] == ["read"]:
        _read()
    from gateway.cli import main as whole

    whole()


def _read() -> None:
    from gateway.inbox.understanding import read_lines

    try:
        sys.exit(read_lines(sys.stdin.buffer, sys.stdout))
    except BrokenPipeError:
        sys.exit(1)
