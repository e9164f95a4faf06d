"""Contact links as they are read, stopped and put back: the statements that corrections are made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

#: A link as JSON, exact enough to be put back as it was. `l` is the link.
SNAPSHOT: Final = """jsonb_build_object(
  'state', l.state, 'role', l.role, 'reason', l.reason, 'state_since', l.state_since,
  'is_default', l.is_default, 'verified_at', l.verified_at, 'verified_how', l.verified_how,
  'needs_proof', l.needs_proof, 'questioned_at', l.questioned_at)"""

#: The state by which texts go: a link in question is as good as suspended. `link` is the link.
IN_EFFECT: Final = "CASE WHEN link.questioned_at IS NULL OR link.state = 'revoked' THEN link.state ELSE 'suspended' END"
#: Whether nothing goes out through `link`; with it, no text has left or will.
STOPPED: Final = "(link.state IN ('suspended', 'revoked') OR link.questioned_at IS NOT NULL)"

_RESTORE: Final = """
UPDATE contact_link l SET state = was->>'state', role = was->>'role', reason = was->>'reason',
  state_since = (was->>'state_since')::timestamptz, is_default = (was->>'is_default')::boolean,
  verified_at = (was->>'verified_at')::timestamptz, verified_how = was->>'verified_how',
  needs_proof = coalesce((was->>'needs_proof')::boolean, false),
  questioned_at = (was->>'questioned_at')::timestamptz
FROM unnest($1::bigint[], $2::jsonb[]) AS past(id, was) WHERE l.id = past.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """A link with the names of its two ends. `snapshot` is its JSON at the moment it was read."""

    id: int
    account_id: int
    account_no: str
    contact_point_id: int
    number: str
    role: str
    state: str
    snapshot: dict[str, Any]

    @property
    def json(self) -> str:
        """The snapshot as it is kept."""
        return json.dumps(self.snapshot)


_READ: Final = f"""
SELECT l.id, l.account_id, a.account_no, l.contact_point_id, p.address AS number, l.role, l.state,
       ({SNAPSHOT})::text AS snapshot
FROM contact_link l JOIN account a ON a.id = l.account_id JOIN contact_point p ON p.id = l.contact_point_id
"""


async def lock(connection: Any, ids: Sequence[int]) -> dict[int, LinkRow]:
    """Links by id, locked in the order of ids until the transaction ends."""
    rows = await connection.fetch(f"{_READ} WHERE l.id = ANY($1::bigint[]) ORDER BY l.id FOR UPDATE OF l", list(ids))
    return {row["id"]: _link(row) for row in rows}


async def of_account(connection: Any, account_id: int, contact_point_id: int) -> LinkRow | None:
    """The link between an account and a contact point, locked."""
    row = await connection.fetchrow(
        f"{_READ} WHERE l.account_id = $1 AND l.contact_point_id = $2 FOR UPDATE OF l", account_id, contact_point_id
    )
    return None if row is None else _link(row)


def _link(row: Any) -> LinkRow:
    return LinkRow(**{**dict(row), "snapshot": json.loads(row["snapshot"])})


#: That whoever answers at a link said that it is not theirs, or that it is known not to be.
_DISOWNED: Final = "(state = 'revoked' OR state = 'suspended' AND reason LIKE 'reply: %')"
_IN_DOUBT: Final = "(state = 'suspended' AND reason LIKE 'in doubt%')"


async def any_denied(connection: Any, ids: Sequence[int]) -> bool:
    """Whether one of the links was disowned by a reply, for sure or in doubt, or is revoked.

    What carriers or a comparison of records hold against a link is no word of whoever answers there.
    """
    denied: bool = await connection.fetchval(
        f"SELECT EXISTS (SELECT 1 FROM contact_link WHERE id = ANY($1::int[]) AND ({_DISOWNED} OR {_IN_DOUBT}))",
        list(ids),
    )
    return denied


async def all_disowned(connection: Any, contact_points: Sequence[int]) -> bool:
    """Whether every link of these contact points was disowned for sure; False where there is none."""
    disowned: bool | None = await connection.fetchval(
        f"SELECT bool_and({_DISOWNED}) FROM contact_link WHERE contact_point_id = ANY($1::bigint[])",
        list(contact_points),
    )
    return bool(disowned)


async def suspend(connection: Any, ids: Sequence[int], *, at: datetime, reason: str) -> list[int]:
    """Suspend those of the links that still send; which they were."""
    rows = await connection.fetch(
        """UPDATE contact_link SET state = 'suspended', state_since = $2, reason = $3
           WHERE id IN (SELECT id FROM contact_link WHERE id = ANY($1::bigint[])
                        AND state IN ('unverified', 'verified') ORDER BY id FOR UPDATE) RETURNING id""",
        list(ids),
        at,
        reason,
    )
    return sorted(row["id"] for row in rows)


async def question(connection: Any, ids: Sequence[int], *, at: datetime) -> list[int]:
    """Put those of the links in question that still send, until somebody says or decides which is wrong; which."""
    rows = await connection.fetch(
        """UPDATE contact_link SET questioned_at = $2
           WHERE id IN (SELECT id FROM contact_link WHERE id = ANY($1::bigint[]) AND questioned_at IS NULL
                        AND state IN ('unverified', 'verified') ORDER BY id FOR UPDATE) RETURNING id""",
        list(ids),
        at,
    )
    return sorted(row["id"] for row in rows)


async def answer(connection: Any, ids: Sequence[int]) -> list[int]:
    """Links are in question no more; the accounts of those that were, and that go on."""
    rows = await connection.fetch(
        """WITH was AS (SELECT id, account_id, state FROM contact_link
                        WHERE id = ANY($1::bigint[]) AND questioned_at IS NOT NULL ORDER BY id FOR UPDATE)
           UPDATE contact_link l SET questioned_at = NULL FROM was WHERE l.id = was.id
           RETURNING was.account_id, was.state""",
        list(ids),
    )
    return sorted({row["account_id"] for row in rows if row["state"] in ("unverified", "verified")})


async def revoke(connection: Any, ids: Sequence[int], *, at: datetime, reason: str) -> None:
    """Revoke links for good; a revoked link is nobody's default."""
    await connection.execute(
        """UPDATE contact_link SET state = 'revoked', state_since = $2, reason = $3, is_default = false,
             questioned_at = NULL
           WHERE id = ANY($1::bigint[])""",
        list(ids),
        at,
        reason,
    )


async def restore(connection: Any, snapshots: Sequence[tuple[int, dict[str, Any]]]) -> None:
    """Put links back as their snapshots have them."""
    if snapshots:
        await connection.execute(_RESTORE, [id_ for id_, _ in snapshots], [json.dumps(was) for _, was in snapshots])


async def verify(connection: Any, ids: Sequence[int], *, at: datetime, how: str) -> list[int]:
    """Note that links were confirmed; stopped links stay stopped. Which were confirmed."""
    rows = await connection.fetch(
        """UPDATE contact_link SET verified_at = $2, verified_how = $3, state = 'verified', needs_proof = false,
             questioned_at = NULL, state_since = CASE WHEN state = 'verified' THEN state_since ELSE $2 END
           WHERE id = ANY($1::bigint[]) AND state IN ('unverified', 'verified') RETURNING id""",
        list(ids),
        at,
        how,
    )
    return sorted(row["id"] for row in rows)


async def language_of(connection: Any, contact_point_id: int) -> str | None:
    """The language of the account that a contact point chiefly stands for; None where it stands for none."""
    language: str | None = await connection.fetchval(
        """SELECT a.language FROM contact_link l JOIN account a ON a.id = l.account_id
           WHERE l.contact_point_id = $1 ORDER BY l.is_default DESC, l.id LIMIT 1""",
        contact_point_id,
    )
    return language
