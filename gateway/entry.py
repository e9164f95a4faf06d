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
    """Read replies from standard input, and end with what came of it."""
    from gateway.inbox.understanding import read_lines

    try:
        refused = read_lines(sys.stdin.buffer, sys.stdout)
    except BrokenPipeError:
        sys.exit(1)
    if refused:
        sys.stderr.write("lamplighter: some lines could not be read; their answers say why in `error`\n")
    sys.exit(refused)
