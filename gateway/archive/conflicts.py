"""Conflicts: imports that bring a stopped link again (promise P7, domain notes §5.3.5).

The link stays as it is. What brought it is kept by import and counted; the utility's own system is told that it
is still wrong there, once a week as long as that lasts. An import that speaks of the account and leaves the
number out is what a correction waits for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.archive import changes

#: How long the utility's own system has before it is told the same again.
TELL_AGAIN: Final = timedelta(days=7)

_KEEP: Final = """
INSERT INTO conflict (link_id, import_id, at, row_number, link_state, source)
SELECT link_id, $1, $2, row_number, state, source
FROM unnest($3::int[], $4::int[], $5::text[], $6::text[]) AS c(link_id, row_number, state, source)
ON CONFLICT (link_id, import_id) DO NOTHING
"""
_UNTOLD: Final = """
SELECT c.id, a.account_no, p.address AS number, l.role, c.row_number, i.filename, decided.correction_id
FROM conflict c JOIN contact_link l ON l.id = c.link_id JOIN account a ON a.id = l.account_id
JOIN contact_point p ON p.id = l.contact_point_id JOIN import i ON i.id = c.import_id
LEFT JOIN LATERAL (SELECT correction_id FROM correction_link WHERE link_id = l.id AND decision = 'revoke'
                   ORDER BY correction_id DESC LIMIT 1) AS decided ON true
WHERE c.import_id = $1 AND c.link_id = ANY($2::int[]) AND c.link_state = 'revoked' AND NOT EXISTS (
  SELECT 1 FROM conflict earlier WHERE earlier.link_id = c.link_id AND earlier.told AND earlier.at > $3)
ORDER BY c.id
"""
# Rows of one account may stand apart in a file: what is clean so far is soiled by a later row of the same import.
_CLEAN: Final = """
UPDATE correction_link SET clean_import_id = CASE WHEN link_id = ANY($3::int[]) THEN NULL ELSE $1 END
WHERE link_id = ANY($2::int[]) AND decision = 'revoke' AND NOT EXISTS (
  SELECT 1 FROM conflict c WHERE c.link_id = correction_link.link_id AND c.import_id = $1
    AND link_id <> ALL($3::int[]))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradicted:
    """A stopped link that a row of a file brought again."""

    link_id: int
    state: str
    row_number: int
    source: str | None


async def heed(
    connection: Any, import_id: UUID, contradicted: Sequence[Contradicted], revoked: Sequence[int], now: datetime
) -> None:
    """Keep the conflicts of a chunk, tell upstream, and note which of the `revoked` links came clean.

    `revoked` are all revoked links of the accounts that the chunk speaks of.
    """
    if contradicted:
        await connection.execute(
            _KEEP,
            import_id,
            now,
            [one.link_id for one in contradicted],
            [one.row_number for one in contradicted],
            [one.state for one in contradicted],
            [one.source for one in contradicted],
        )
    again = [one.link_id for one in contradicted if one.state == "revoked"]
    if revoked:
        await connection.execute(_CLEAN, import_id, list(revoked), again)
    if again:
        await _tell(connection, import_id, again, now)


async def _tell(connection: Any, import_id: UUID, links: Sequence[int], now: datetime) -> None:
    rows = await connection.fetch(_UNTOLD, import_id, list(links), now - TELL_AGAIN)
    if not rows:
        return
    await changes.record_still_wrong(
        connection,
        [
            changes.StillWrong(
                account_no=row["account_no"],
                number=row["number"],
                role=row["role"],
                correction_id=row["correction_id"],
                detail=json.dumps(
                    {"import_id": str(import_id), "file": row["filename"], "row": row["row_number"]},
                    ensure_ascii=False,
                ),
            )
            for row in rows
        ],
        at=now,
    )
    await connection.execute("UPDATE conflict SET told = true WHERE id = ANY($1::int[])", [row["id"] for row in rows])
