"""Asking whether a number is right: how often, so that nobody is asked without end.

Six in ten people never answer anything. A number that does not answer is asked three times in half a year at
most; the third time is kept for a correction that needs its word. One that answers may be asked about its next
account sooner.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

#: The span in which checks are counted.
SPAN: Final = timedelta(days=183)
#: Checks in that span to a number that has answered none of them, and how many of them may be routine.
MOST_UNANSWERED: Final = 3
MOST_ROUTINE: Final = 2
#: Routine checks of a number lie so far apart: where it does not answer, and where it does.
APART: Final = timedelta(days=50)
APART_ANSWERED: Final = timedelta(days=20)

#: When a number answered last: it confirmed a link, or one was stopped on its word. What it was asked before counts
#: no more; whoever answered may have given the number up since.
ANSWERED_AT: Final = """(
  SELECT greatest(max(told.verified_at) FILTER (WHERE told.verified_how = 'reply'),
                  max(told.state_since) FILTER (WHERE told.state IN ('suspended', 'revoked')
                                                  AND told.reason LIKE 'reply%'))
  FROM contact_link told WHERE told.contact_point_id = {point})"""


async def note(connection: Any, asked: Sequence[tuple[int, int | None]], at: datetime) -> None:
    """Write down that numbers were asked about links: pairs of contact point and link."""
    await connection.execute(
        """INSERT INTO contact_check (contact_point_id, link_id, at)
           SELECT point, link, $3 FROM unnest($1::int[], $2::int[]) AS asked (point, link)""",
        [point for point, _ in asked],
        [link for _, link in asked],
        at,
    )


async def may_ask(connection: Any, points: Sequence[int], at: datetime) -> set[int]:
    """Those of the numbers that may still be asked."""
    rows = await connection.fetch(
        f"""SELECT asked.point FROM unnest($1::int[]) AS asked (point)
            WHERE (SELECT count(*) FROM contact_check c WHERE c.contact_point_id = asked.point
                     AND c.at > greatest($2, {ANSWERED_AT.format(point="asked.point")})) < $3""",
        list(points),
        at - SPAN,
        MOST_UNANSWERED,
    )
    return {row["point"] for row in rows}


#: How long an answer to a contact check may take before it counts as silence.
TO_ANSWER: Final = timedelta(days=14)

_SILENT: Final = """
INSERT INTO signal (contact_point_id, account_id, kind, at, evidence)
SELECT c.contact_point_id, l.account_id, 'silence', c.at + $2::interval, jsonb_build_object('asked_at', c.at)
FROM contact_check c JOIN contact_point p ON p.id = c.contact_point_id AND p.state = 'active'
JOIN contact_link l ON l.id = c.link_id AND l.state = 'unverified'
WHERE c.at > $1::timestamptz - $2::interval - $3::interval AND c.at <= $1::timestamptz - $2::interval
  AND NOT EXISTS (
    SELECT 1 FROM contact_link told WHERE told.contact_point_id = c.contact_point_id
      AND (told.verified_at >= c.at OR told.state IN ('suspended', 'revoked') AND told.state_since >= c.at))
  AND NOT EXISTS (SELECT 1 FROM signal s WHERE s.contact_point_id = c.contact_point_id AND s.kind = 'silence'
                    AND s.account_id = l.account_id AND s.at = c.at + $2::interval)
"""


async def note_silence(connection: Any, now: datetime) -> None:
    """Keep it as evidence, weak as it is, where a contact check was not answered; each check once."""
    await connection.execute(_SILENT, now, TO_ANSWER, SPAN)
