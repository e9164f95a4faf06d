"""What the archive lets go of: files that were imported, refused rows, and words in old corrections and evidence.

Links, tombstones, decisions and who took them stay for ever: they are what keeps a mistake from coming back. An
admin's own files on disk are never touched, only what was handed in to the gateway and lies among its uploads.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from gateway.kernel.clock import SystemClock
from gateway.retention.rules import HOLDS, Rule, Statements

HELD: Final = """SELECT l.account_id FROM correction c JOIN correction_link cl ON cl.correction_id = c.id
JOIN contact_link l ON l.id = cl.link_id WHERE c.state NOT IN ('closed', 'dismissed')
UNION SELECT account_id FROM correction WHERE state NOT IN ('closed', 'dismissed') AND account_id IS NOT NULL"""

#: A file that no import names may be one that is just being handed in.
_STRAYS_AFTER: Final = timedelta(days=1)

RULES: Final[tuple[Rule, ...]] = (
    Statements(
        name="import_rejects",
        days=180,
        least=7,
        kind="int",
        choose="""SELECT r.id AS key FROM import_reject r JOIN import i ON i.id = r.import_id
                  WHERE i.state IN ('done', 'failed') AND i.finished_at < $1 AND r.row_values <> '[]'""",
        acts=("UPDATE import_reject SET row_values = '[]' WHERE id = ANY($1::int[])",),
    ),
    Statements(
        name="correction_words",
        days=1095,
        least=365,
        kind="uuid",
        choose=f"""SELECT c.id AS key FROM correction c
                   WHERE c.state IN ('closed', 'dismissed') AND coalesce(c.closed_at, c.settled_at) < $1
                     AND (c.hints <> '[]' OR c.note IS NOT NULL)
                     AND NOT EXISTS (SELECT 1 FROM {HOLDS} WHERE {HOLDS}.account_id = c.account_id)""",
        acts=(
            """UPDATE signal SET evidence = evidence - 'words' FROM correction c
               WHERE c.id = ANY($1::uuid[]) AND signal.contact_point_id = c.contact_point_id
                 AND signal.at <= coalesce(c.closed_at, c.settled_at)""",
            "UPDATE correction SET hints = '[]', note = NULL WHERE id = ANY($1::uuid[])",
        ),
    ),
)


class Uploads:
    """Files that were handed in: removed once their import is over, and those that no import ever took."""

    name = "uploads"
    days = 0
    least = 0

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def waiting(self, connection: Any, before: datetime, most: int) -> int:
        """How many files would go now."""
        rows = await connection.fetch(_FILES, before, None, most)
        inside = await asyncio.to_thread(lambda: [row for row in rows if self._own(row["path"])])
        return len(inside)

    async def forget(self, connection: Any, before: datetime, behind: Any, limit: int) -> tuple[int, Any]:
        """Remove a batch of files; a file that is gone already counts as none."""
        rows = await connection.fetch(_FILES, before, behind, limit)
        removed = await asyncio.to_thread(self._remove, [row["path"] for row in rows])
        if behind is None:
            removed += await self._strays(connection, before)
        return removed, rows[-1]["id"] if len(rows) == limit else None

    def _own(self, path: str) -> Path | None:
        """The file, where it lies directly among the uploads and is there."""
        file = Path(path)
        try:
            inside = file.resolve().parent == self._folder.resolve()
        except (OSError, ValueError):
            return None
        return file if inside and file.is_file() else None

    def _remove(self, paths: list[str]) -> int:
        removed = 0
        for path in paths:
            file = self._own(path)
            if file is not None:
                file.unlink(missing_ok=True)
                removed += 1
        return removed

    async def _strays(self, connection: Any, before: datetime) -> int:
        """Files that no import names, a day old or more: a request that broke off between file and row."""
        strays = await asyncio.to_thread(self._aged)
        if not strays:
            return 0
        known = await connection.fetch("SELECT path FROM import WHERE path = ANY($1::text[])", [*strays])
        return await asyncio.to_thread(self._remove, sorted(strays - {row["path"] for row in known}))

    def _aged(self) -> set[str]:
        # Real time, since that is what stamps files.
        if not self._folder.is_dir():
            return set()
        youngest = (SystemClock().now() - _STRAYS_AFTER).timestamp()
        return {str(one) for one in self._folder.iterdir() if one.is_file() and one.stat().st_mtime < youngest}


_FILES: Final = """
SELECT id, path FROM import WHERE state IN ('done', 'failed') AND finished_at <= $1
  AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3
"""
