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
