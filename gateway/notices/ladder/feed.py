"""The watermark of the payment feed: up to when all payments are known (domain notes S0.24).

A bank's file that is late makes debtors of people who have paid. Reminders wait until the feed has caught up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.kernel import audit
from gateway.kernel.errors import InvalidInput

PAYMENTS: Final = "payments"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """Up to when payments are complete, and by what word; None where none was ever seen."""

    complete_until: datetime | None
    source: str | None
    #: Why reminders wait, None where they need not.
    late: str | None


async def move(connection: Any, until: datetime | None, *, source: str, now: datetime) -> None:
    """Move the watermark on to `until`, never back and never beyond the present, in the connection's transaction."""
    if until is None:
        return
    await connection.execute(
        """INSERT INTO feed (name, complete_until, source) VALUES ($1, $2, $3)
           ON CONFLICT (name) DO UPDATE SET complete_until = excluded.complete_until, source = excluded.source
           WHERE feed.complete_until < excluded.complete_until""",
        PAYMENTS,
        min(until, now),
        source,
    )


async def declare(connection: Any, until: datetime, *, actor: str, now: datetime) -> None:
    """Take a person's or the bank's word that payments are complete up to a moment."""
    if until > now:
        raise InvalidInput("payments cannot be complete beyond the present", field="complete_until")
    await move(connection, until, source=actor, now=now)
    await audit.write(
        connection,
        at=now,
        actor=actor,
        action="feed.declared",
        subject="feed:payments",
        after={"complete_until": until.isoformat()},
    )


async def read(connection: Any, now: datetime, may_lag: timedelta) -> Watermark:
    """The watermark as it stands, and whether reminders wait for it."""
    row = await connection.fetchrow("SELECT complete_until, source FROM feed WHERE name = $1", PAYMENTS)
    if row is None:
        return Watermark(complete_until=None, source=None, late="no file of payments has been seen yet")
    late = None
    if now - row["complete_until"] > may_lag:
        late = f"payments are complete only up to {row['complete_until']:%Y-%m-%d %H:%M} UTC"
    return Watermark(complete_until=row["complete_until"], source=row["source"], late=late)
