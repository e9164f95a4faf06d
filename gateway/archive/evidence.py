"""Evidence as it arrives: kept as signals, and every link it speaks of judged at once (domain notes §5.2).

The judge is one and the same for a reply, an order of the hotline, a receipt, a look-up, a file
(`archive.trust.judging`); who brings the evidence acts on the verdict. What was judged last is kept with the link,
so that it can be shown, and so that a contact check asks where the verdict says so.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.archive.signals import Sign, record
from gateway.archive.trust.judging import Evidence, Verdict, judge

#: How far back evidence is weighed, and how many signals of a link at most.
MEMORY: Final = timedelta(days=730)
_MOST: Final = 40

# What came before somebody confirmed a link, or a person let it stand, was weighed then.
_WEIGHED: Final = """
WITH told AS (SELECT DISTINCT * FROM unnest($1::int[], $2::int[]) AS t (point, account))
SELECT l.id, l.contact_point_id AS point, t.probability, l.verified_at, s.kind, s.at
FROM contact_link l LEFT JOIN link_trust t ON t.link_id = l.id
CROSS JOIN LATERAL (
  SELECT greatest(l.verified_at, (
    SELECT max(coalesce(c.decided_at, c.lifted_at, x.settled_at))
    FROM correction_link c JOIN correction x ON x.id = c.correction_id
    WHERE c.link_id = l.id AND (
      c.decision <> 'revoke' OR c.lifted_at IS NOT NULL OR x.state IN ('dismissed', 'reverted'))),
    $3) AS at) AS settled
LEFT JOIN LATERAL (
  SELECT g.kind, g.at FROM signal g
  WHERE g.contact_point_id = l.contact_point_id AND (g.account_id IS NULL OR g.account_id = l.account_id)
    AND (g.at > settled.at OR g.kind = 'paid_after_reminder' AND g.at > $3)
  ORDER BY g.at DESC, g.id DESC LIMIT $4) AS s ON true
WHERE l.state IN ('unverified', 'verified') AND EXISTS (
  SELECT FROM told WHERE told.point = l.contact_point_id AND (told.account IS NULL OR told.account = l.account_id))
  AND l.contact_point_id = ANY($1::int[])
"""
_KEEP: Final = """
INSERT INTO link_judgement (link_id, action, weight, because, doubtful, at)
SELECT id, action, weight, because, doubtful, $6
FROM unnest($1::int[], $2::text[], $3::real[], $4::jsonb[], $5::boolean[])
  AS v (id, action, weight, because, doubtful) ORDER BY id
ON CONFLICT (link_id) DO UPDATE SET action = excluded.action, weight = excluded.weight, because = excluded.because,
  doubtful = excluded.doubtful, at = excluded.at
"""


async def take(connection: Any, signs: Sequence[Sign], at: datetime) -> dict[int, Verdict]:
    """Keep `signs` and judge each link that still sends and that they speak of; verdicts by link."""
    if not signs:
        return {}
    await record(connection, signs)
    return await weigh(connection, [(sign.contact_point_id, sign.account_id) for sign in signs], at)


async def weigh(connection: Any, told: Iterable[tuple[int, int | None]], at: datetime) -> dict[int, Verdict]:
    """Judge the links of contact points, each for one account or (None) for all, by all that is known of them."""
    pairs = sorted(set(told), key=lambda pair: (pair[0], pair[1] or 0))
    if not pairs:
        return {}
    rows = await connection.fetch(
        _WEIGHED, [point for point, _ in pairs], [account for _, account in pairs], at - MEMORY, _MOST
    )
    verdicts = judged(rows, at)
    links = sorted(verdicts)
    await connection.execute(
        _KEEP,
        links,
        [verdicts[link].action for link in links],
        [verdicts[link].weight for link in links],
        [json.dumps(verdicts[link].because, ensure_ascii=False) for link in links],
        [verdicts[link].doubtful_word for link in links],
        at,
    )
    return verdicts


def judged(rows: Iterable[Mapping[str, Any]], at: datetime) -> dict[int, Verdict]:
    """Verdicts from rows of (id, probability, verified_at, kind, at), one for each signal of a link. Pure."""
    evidence: defaultdict[int, list[Evidence]] = defaultdict(list)
    likely: dict[int, float | None] = {}
    for row in rows:
        link = row["id"]
        if link not in likely:
            likely[link] = row["probability"]
            if row["verified_at"] is not None:
                evidence[link].append(Evidence(kind="confirmed", age=_age(row["verified_at"], at)))
        if row["kind"] is not None:
            evidence[link].append(Evidence(kind=row["kind"], age=_age(row["at"], at)))
    return {link: judge(evidence[link], probability) for link, probability in likely.items()}


def hint(verdict: Verdict) -> dict[str, Any]:
    """A verdict as whoever decides a correction sees it."""
    return {"kind": "judgement", "action": verdict.action, "words": verdict.because, "doubtful": verdict.doubtful_word}


def _age(moment: datetime, at: datetime) -> timedelta:
    return max(timedelta(0), at - moment)
