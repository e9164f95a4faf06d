"""What time it is. Everything asks a `Clock`; nothing else calls `now()`.

In the sandbox the clock is shifted: real time plus an offset that is kept in the database and moved on by the
test-clock endpoint, so that a month can be lived through in a minute. It keeps ticking in between.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time as an aware datetime in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class ShiftedClock:
    """The machine's time plus an offset that may be moved; never read backwards by its own movement."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self.offset = offset

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset


def aware(value: datetime) -> datetime:
    """`value`, refused with ValueError where it names no zone."""
    if value.tzinfo is None:
        raise ValueError(f"a time without a zone: {value.isoformat()}")
    return value
