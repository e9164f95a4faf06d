"""Fairness: which notices have something due, and how many of a claim each may take.

A stream is what the queue is fair between: a notice, or everything that belongs to none. Streams of a higher
priority go first; those of one priority share a claim evenly. Where they stand is looked up every half second
by going from stream to stream in the queue's index, never over the rows between; in between each stream
remembers how far it has been claimed, so that a claim does not walk over what it has already taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.outbox.tables import PRIORITIES, STREAM

#: The stream of everything that belongs to no notice.
SINGLES: Final = UUID(int=0)
_FROM_THE_START: Final = (datetime(1, 1, 2, tzinfo=UTC), UUID(int=0))
#: Single messages may become visible a little out of order, for each commits for itself.
_SLACK: Final = timedelta(seconds=2)
_RECENT: Final = timedelta(seconds=10)

_QUEUED: Final = "state = 'queued' AND NOT held AND channel = $1"
# Every stream, going from one to the next in the queue's index.
_EVERY: Final = f"""
WITH RECURSIVE stream AS (
  (SELECT priority, {STREAM} AS key FROM message WHERE {_QUEUED} ORDER BY priority, {STREAM} LIMIT 1)
  UNION ALL
  SELECT following.priority, following.key FROM stream, LATERAL (
    SELECT priority, {STREAM} AS key FROM message
    WHERE {_QUEUED} AND (priority, {STREAM}) > (stream.priority, stream.key)
    ORDER BY priority, {STREAM} LIMIT 1) AS following
)
"""
_NOT_PAUSED: Final = """
NOT EXISTS (SELECT 1 FROM ground_stop WHERE ground = 'notice:' || stream.key AND reason = 'paused')
"""
_LOOK: Final = f"""{_EVERY}
SELECT stream.priority, stream.key, head.not_before, head.id FROM stream, LATERAL (
  SELECT not_before, id FROM message
  WHERE {_QUEUED} AND priority = stream.priority AND {STREAM} = stream.key AND not_before <= $2
  ORDER BY not_before, id LIMIT 1) AS head
WHERE {_NOT_PAUSED} ORDER BY stream.priority, stream.key
"""
#: What is due on a channel (`$1`) at a moment (`$2`) by priority, `$3` rows counted of one stream at most, and the
#: earliest moment.
DEPTH: Final = f"""{_EVERY}
SELECT stream.priority, sum(few.number)::bigint AS number, min(few.since) AS since FROM stream, LATERAL (
  SELECT count(*) AS number, min(not_before) AS since FROM (
    SELECT not_before FROM message
    WHERE {_QUEUED} AND priority = stream.priority AND {STREAM} = stream.key AND not_before <= $2
    ORDER BY not_before, id LIMIT $3) AS due) AS few
WHERE {_NOT_PAUSED} GROUP BY stream.priority
"""


@dataclass(slots=True)
class Stream:
    """What of a notice, or of none, is due at one priority."""

    priority: int
    key: UUID
    #: Where the next claim begins.
    after: tuple[datetime, UUID] = _FROM_THE_START


@dataclass(frozen=True, slots=True)
class Share:
    """How many messages of a claim one stream may take."""

    stream: Stream
    quota: int


class Streams:
    """The streams of one channel that have something due, as far as this node knows."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._live: dict[tuple[int, UUID], Stream] = {}
        self._reached: dict[tuple[int, UUID], tuple[datetime, UUID]] = {}
        self._turn = 0

    def __bool__(self) -> bool:
        return bool(self._live)

    async def look(self, connection: Any, now: datetime) -> None:
        """Find every stream that has something due at `now`, the Clock's; those of paused notices have not."""
        rows = await connection.fetch(_LOOK, self._channel, now)
        self._live = {
            (priority, key): Stream(priority, key, (not_before, id_)) for priority, key, not_before, id_ in rows
        }

    def drop(self, names: Iterable[tuple[int, UUID]]) -> None:
        """Leave streams `(priority, key)` alone until they are looked up again: their notice is paused."""
        for name in names:
            self._live.pop(name, None)

    def woken(self) -> None:
        """Something was written: single messages of any priority may be due now."""
        for priority in PRIORITIES:
            name = (priority, SINGLES)
            if name not in self._live:
                self._live[name] = Stream(priority, SINGLES, self._reached.get(name, _FROM_THE_START))

    def share(self, limit: int) -> list[Share]:
        """Split a claim of `limit` messages: the highest priority first, evenly within one, in turns."""
        self._turn += 1
        shares: list[Share] = []
        for priority in PRIORITIES:
            level = [stream for stream in self._live.values() if stream.priority == priority]
            if level:
                quota = -(-limit // len(level))
                first = self._turn % len(level)
                shares.extend(Share(stream, quota) for stream in (*level[first:], *level[:first]))
        return shares

    def took(
        self, shares: Sequence[Share], rows: Iterable[tuple[int, UUID, datetime, UUID]], *, full: bool, now: datetime
    ) -> None:
        """Learn from a claim's rows `(priority, key, not_before, id)`; `full` where it took all it could."""
        counts: dict[tuple[int, UUID], int] = {}
        for priority, key, not_before, id_ in rows:
            counts[priority, key] = counts.get((priority, key), 0) + 1
            stream = self._live.get((priority, key))
            if stream is None:
                continue
            recent = key == SINGLES and not_before > now - _RECENT
            stream.after = max(stream.after, (not_before - _SLACK, UUID(int=0)) if recent else (not_before, id_))
        if full:
            return
        for share in shares:
            name = (share.stream.priority, share.stream.key)
            if counts.get(name, 0) < share.quota:
                drained = self._live.pop(name, None)
                if drained is not None and drained.key == SINGLES:
                    self._reached[name] = drained.after
