"""Opening very many cases at once, as a sweep does: a handful of statements for hundreds of findings.

What asks for more than a list goes the way of a single case: a number on which a case is open or was decided, and
a link that is to be suspended.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from gateway.archive import links, neighbours
from gateway.archive.namesakes import namesakes_of
from gateway.archive.opening import DECIDED, DUE, Doubt, Opened, open_or_join
from gateway.kernel import audit
from gateway.kernel.ids import new_id

_TAKEN: Final = """
SELECT DISTINCT contact_point_id AS point FROM correction WHERE contact_point_id = ANY($1::int[])
  AND state = ANY($2::text[])
"""
_IN_DOUBT: Final = """
SELECT l.id, d.place, a.customer_id FROM unnest($1::int[], $2::int[], $3::int[]) AS d (place, point, account)
JOIN contact_link l ON l.contact_point_id = d.point AND l.account_id = d.account JOIN account a ON a.id = l.account_id
"""
_INSERT: Final = """
INSERT INTO correction (id, state, reason, contact_point_id, account_id, opened_at, opened_by, due_at, hints)
SELECT id, 'open', reason, point, account, $5, $6, $7, hints
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $8::jsonb[]) AS c (id, reason, point, account, hints)
"""
_LIST: Final = f"""
INSERT INTO correction_link (correction_id, link_id, before_case)
SELECT wanted.case_id, l.id, {links.SNAPSHOT} FROM (
  SELECT c.case_id, l.id FROM unnest($1::uuid[], $2::int[]) AS c (case_id, point)
  JOIN contact_link l ON l.contact_point_id = c.point
  UNION
  SELECT c.case_id, l.id FROM unnest($3::uuid[], $4::int[]) AS c (case_id, customer)
  JOIN account a ON a.customer_id = c.customer JOIN contact_link l ON l.account_id = a.id
) AS wanted JOIN contact_link l ON l.id = wanted.id
WHERE l.state <> 'revoked' ORDER BY wanted.case_id, l.id
"""


async def open_many(connection: Any, doubts: Sequence[Doubt]) -> list[Opened]:
    """Open or join a case for each doubt, in their order, all at one moment and by one actor."""
    points = sorted({doubt.contact_point_id for doubt in doubts if doubt.contact_point_id is not None})
    await connection.execute("SELECT FROM contact_point WHERE id = ANY($1::int[]) ORDER BY id FOR UPDATE", points)
    taken = {row["point"] for row in await connection.fetch(_TAKEN, points, ["open", *DECIDED])}
    alone: list[int] = []
    fresh: dict[int, UUID] = {}
    for place, doubt in enumerate(doubts):
        if doubt.contact_point_id is None or doubt.contact_point_id in taken or doubt.suspend:
            alone.append(place)
        else:
            taken.add(doubt.contact_point_id)
            fresh[place] = new_id(doubt.at)
    await _open(connection, doubts, fresh)
    opened = {place: Opened(id=case, joined=False, suspended=[]) for place, case in fresh.items()}
    for place in alone:
        opened[place] = await open_or_join(connection, doubts[place])
    return [opened[place] for place in range(len(doubts))]


async def _open(connection: Any, doubts: Sequence[Doubt], fresh: dict[int, UUID]) -> None:
    if not fresh:
        return
    pairs = [(place, doubts[place].contact_point_id, account) for place in fresh for account in doubts[place].accounts]
    in_doubt: dict[int, list[int]] = {place: [] for place in fresh}
    customers: dict[int, set[int]] = {place: set() for place in fresh}
    for row in await connection.fetch(_IN_DOUBT, *(list(column) for column in zip(*pairs, strict=True))):
        in_doubt[row["place"]].append(row["id"])
        customers[row["place"]].add(row["customer_id"])
    known = await namesakes_of(connection, sorted(set().union(*customers.values())))
    beside = await neighbours.hints_of(connection, in_doubt)
    first = doubts[next(iter(fresh))]
    await connection.execute(
        _INSERT,
        list(fresh.values()),
        [doubts[place].reason for place in fresh],
        [doubts[place].contact_point_id for place in fresh],
        [doubts[place].accounts[0] if len(doubts[place].accounts) == 1 else None for place in fresh],
        first.at,
        first.actor,
        first.at + DUE,
        [
            json.dumps([*(dict(hint) for hint in doubts[place].hints), *beside[place]], ensure_ascii=False)
            for place in fresh
        ],
    )
    of_customers = [
        (case, one)
        for place, case in fresh.items()
        for one in sorted(set().union(*({mine} | known.get(mine, set()) for mine in customers[place])))
    ]
    await connection.execute(
        _LIST,
        list(fresh.values()),
        [doubts[place].contact_point_id for place in fresh],
        [case for case, _ in of_customers],
        [customer for _, customer in of_customers],
    )
    await audit.write_all(
        connection,
        at=first.at,
        actor=first.actor,
        action="correction.opened",
        after=[
            (f"correction:{case}", {"reason": doubts[place].reason, "suspended_links": []})
            for place, case in fresh.items()
        ],
    )
