"""Words that only look like "not me": held until a person, or the customer, has made them clear."""

from __future__ import annotations

import json
from typing import Any, Final
from uuid import UUID

from gateway.archive import opening
from gateway.inbox.heard import Heard, Tools

#: The effect under which an inbound names what it holds.
HELD: Final = "links_held"


async def clear(
    connection: Any, inbound_id: UUID, heard: Heard, tools: Tools, *, otherwise: bool
) -> list[tuple[UUID, list[int]]]:
    """Let go what an inbound holds, now that it is read for sure; the accounts of each case that go on.

    Read `otherwise`, its links go on as before, what they missed is told, and a case that rests on nothing else is
    dismissed. Read as "not me" after all, whoever reacts to it stops them in the same transaction.
    """
    rows = await connection.fetch(
        """SELECT (e.effect ->> 'correction_id')::uuid AS case_id, (e.effect -> 'links')::text AS links
           FROM inbound i CROSS JOIN LATERAL jsonb_array_elements(i.effects) AS e (effect)
           WHERE i.id = $1 AND e.effect ->> 'effect' = $2""",
        inbound_id,
        HELD,
    )
    gone_on = []
    for row in rows:
        accounts = await opening.let_go(
            connection,
            row["case_id"],
            json.loads(row["links"]),
            inbound_id=inbound_id,
            actor=heard.actor,
            at=heard.at,
            unfounded=otherwise,
        )
        if otherwise and accounts:
            await tools.catch_up(connection, accounts, row["case_id"], heard.at)
        gone_on.append((row["case_id"], accounts))
    return gone_on
