"""Looking sideways: one wrong row of a batch is seldom alone (domain notes §5.3.9).

Where rows of a file slipped by one, every number stands on the account before or behind its own. Links that one
import brought stand in the order of its rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

C = TypeVar("C")

#: Links on each side that are shown.
_ON_EACH_SIDE: Final = 2
_MOST: Final = 12

_BESIDE: Final = """
SELECT DISTINCT {beside}near.id, near.import_id, a.account_no, p.address AS number, near.role
FROM contact_link l
JOIN contact_link near ON near.id BETWEEN l.id - $2 AND l.id + $2 AND near.import_id = l.import_id
JOIN account a ON a.id = near.account_id JOIN contact_point p ON p.id = near.contact_point_id
WHERE l.id = ANY($1::int[]) AND near.contact_point_id <> l.contact_point_id
  AND near.state IN ('unverified', 'suspended') {which}ORDER BY near.id
"""
_OF_ONE: Final = f"{_BESIDE.format(beside='', which='AND near.id <> ALL($1::int[]) ')} LIMIT $3"
_OF_MANY: Final = _BESIDE.format(beside="l.id AS beside, ", which="")


async def hints(connection: Any, links: Sequence[int]) -> list[dict[str, Any]]:
    """Unproven links that came in beside `links` in the same import, as hints for the person who decides."""
    rows = await connection.fetch(_OF_ONE, list(links), _ON_EACH_SIDE, _MOST)
    return [_hint(row) for row in rows]


async def hints_of(connection: Any, cases: Mapping[C, Sequence[int]]) -> dict[C, list[dict[str, Any]]]:
    """The same for many cases at once, each with its links in doubt."""
    near: dict[int, list[Any]] = {}
    of_all = sorted({link for links in cases.values() for link in links})
    for row in await connection.fetch(_OF_MANY, of_all, _ON_EACH_SIDE):
        near.setdefault(row["beside"], []).append(row)
    found: dict[C, list[dict[str, Any]]] = {}
    for case, links in cases.items():
        rows = {row["id"]: row for link in links for row in near.get(link, ()) if row["id"] not in links}
        found[case] = [_hint(rows[id_]) for id_ in sorted(rows)[:_MOST]]
    return found


def _hint(row: Any) -> dict[str, Any]:
    return {
        "kind": "neighbour",
        "account_no": row["account_no"],
        "number": row["number"],
        "role": row["role"],
        "import_id": str(row["import_id"]),
    }
