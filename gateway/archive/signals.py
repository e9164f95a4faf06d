"""Signals: evidence about a contact, append-only, and when it is enough to call a number dead.

Evidence is weighed, never a verdict: carriers re-code their errors, and a number that is dead has not become
somebody else's (domain notes §5.2, §7 "Dead numbers").
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One piece of evidence. `evidence` holds what it rests on: words quoted, a code, the message."""

    contact_point_id: int
    kind: str
    at: datetime
    evidence: Mapping[str, Any]
    account_id: int | None = None


@dataclass(frozen=True, slots=True)
class Pattern:
    """So many signals of a kind, the first and the last at least so far apart, with no delivery in between."""

    kind: str
    times: int
    apart: timedelta


#: When a number counts as dead (domain notes §7). A kind that is missing here never kills a number.
DEAD: Final = (
    Pattern("unallocated", 2, timedelta(hours=24)),
    Pattern("temporary", 3, timedelta(days=14)),
)
#: When no text can ever reach a number, dead or not, and what its line is then (domain notes §3.7, §5.2).
USELESS: Final[Mapping[str, tuple[Pattern, str]]] = {
    "malformed": (Pattern("malformed", 1, timedelta(0)), "invalid"),
    "no_sms": (Pattern("no_sms", 2, timedelta(hours=24)), "landline"),
}
#: How far back bounces are counted.
MEMORY: Final = timedelta(days=90)


def is_dead(moments: Mapping[str, Sequence[datetime]]) -> Pattern | None:
    """The pattern that `moments` (by kind, since the last delivery) fulfil, or None."""
    for pattern in DEAD:
        seen = moments.get(pattern.kind, ())
        if len(seen) >= pattern.times and max(seen) - min(seen) >= pattern.apart:
            return pattern
    return None


def is_useless(moments: Mapping[str, Sequence[datetime]]) -> tuple[Pattern, str] | None:
    """The pattern by which no text can reach a number, and its line; None where one may."""
    for pattern, line in USELESS.values():
        seen = moments.get(pattern.kind, ())
        if len(seen) >= pattern.times and max(seen) - min(seen) >= pattern.apart:
            return pattern, line
    return None


async def record(connection: Any, signs: Sequence[Sign]) -> None:
    """Add signals in the connection's transaction."""
    if not signs:
        return
    await connection.execute(
        """INSERT INTO signal (contact_point_id, account_id, kind, at, evidence)
           SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::timestamptz[], $5::jsonb[])""",
        [sign.contact_point_id for sign in signs],
        [sign.account_id for sign in signs],
        [sign.kind for sign in signs],
        [sign.at for sign in signs],
        [json.dumps(dict(sign.evidence), ensure_ascii=False) for sign in signs],
    )


async def bounces(
    connection: Any, points: Sequence[int], since: Mapping[int, datetime], at: datetime
) -> dict[int, dict[str, list[datetime]]]:
    """Moments of the bounces of each contact point, by kind, after its last delivery (`since`)."""
    rows = await connection.fetch(
        """SELECT contact_point_id, kind, at FROM signal
           WHERE contact_point_id = ANY($1::bigint[]) AND at > $2 AND kind = ANY($3::text[]) ORDER BY at""",
        list(points),
        at - MEMORY,
        [*(pattern.kind for pattern in DEAD), *USELESS],
    )
    found: dict[int, dict[str, list[datetime]]] = {point: {} for point in points}
    for row in rows:
        delivered = since.get(row["contact_point_id"])
        if delivered is None or row["at"] > delivered:
            found[row["contact_point_id"]].setdefault(row["kind"], []).append(row["at"])
    return found
