"""What a notice would do if it were approved now: gone through as composing would, and nothing kept."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Protocol, runtime_checkable
from uuid import UUID
from zoneinfo import ZoneInfo

from gateway.kernel.clock import Clock
from gateway.kernel.database import copy, plan_anew
from gateway.kernel.phones import PhoneNumber
from gateway.notices.audience import RECIPIENT_COLUMNS, Audience, Finder, bring_together
from gateway.notices.composing import START, Chunk, Composer, Cursor
from gateway.notices.history import NOTHING_TOLD
from gateway.notices.kinds import NoticeKind, Row, kind_of
from gateway.outbox import NewMessage

_SAMPLES: Final = 10
_RECIPIENTS: Final = "preview_recipient"
_OWN_TABLE: Final = f"CREATE TEMP TABLE {_RECIPIENTS} (LIKE notice_recipient INCLUDING INDEXES) ON COMMIT DROP"


@runtime_checkable
class Superseding(Protocol):
    """A kind whose texts replace what was told before."""

    def supersedes(self, subject: Row) -> UUID | None:
        """The earlier message that a text about this subject says is true no more, if there is one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One text as it would go out, and how many accounts it speaks for."""

    to_masked: str
    body: str
    segments: int
    accounts: int
    not_before: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Twice:
    """A number that would get another text on the same day, and the kinds of the others."""

    to_masked: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Superseded:
    """Earlier texts of a notice that would be replaced."""

    notice_id: UUID | None
    kind: str
    messages: int


@dataclass(kw_only=True)
class Preview:
    """What a notice would do if it were approved now."""

    #: Subjects found so far, while the audience is being gone through.
    found: int = 0
    #: Subjects in the audience: bills, work orders.
    audience: int = 0
    #: Texts that would go out, the numbers they go to, the segments they take and what those cost.
    messages: int = 0
    recipients: int = 0
    segments: int = 0
    cost: Decimal = Decimal(0)
    withheld: Counter[str] = field(default_factory=Counter)
    #: Texts by the hour at which they would leave (start of the hour, UTC).
    by_hour: Counter[datetime] = field(default_factory=Counter)
    by_segments: Counter[int] = field(default_factory=Counter)
    #: Up to ten texts, the longest first.
    samples: list[Sample] = field(default_factory=list)
    #: Numbers that would get two texts or more on one day, and up to ten of them.
    twice_a_day: int = 0
    twice_samples: list[Twice] = field(default_factory=list)
    supersedes: list[Superseded] = field(default_factory=list)


class Previewer:
    """Goes through a notice's whole audience in the caller's transaction. Memory stays flat."""

    def __init__(
        self,
        clock: Clock,
        composer: Composer,
        kinds: Mapping[str, NoticeKind],
        finder: Finder,
        *,
        zone: ZoneInfo,
        segment_price: Decimal,
    ) -> None:
        self._clock = clock
        self._composer = composer
        self._kinds = kinds
        self._finder = finder
        self._zone = zone
        self._segment_price = segment_price

    async def go_through(self, connection: Any, notice: dict[str, Any], seen: Preview | None = None) -> Preview:
        """What the draft `notice` would do; what it needs is left in the transaction, to be rolled back.

        `seen` is filled as it goes. Recipients go to a table of the connection's own: neither the notice is locked
        while its audience is gone through, nor does a large one swell the table that composing uses.
        """
        seen = seen or Preview()
        kind, now = kind_of(self._kinds, notice), self._clock.now()
        wish = self._composer.wish(notice, kind)
        await plan_anew(connection)
        await connection.execute(_OWN_TABLE)
        await kind.begin(connection, notice, now)
        async with Audience.of(connection, notice, kind) as audience:
            while rows := await audience.contacts(now):
                found = self._finder.recipients(rows, notice["id"], wish, now)
                await copy(connection, _RECIPIENTS, RECIPIENT_COLUMNS, found)
                seen.found += len(found)
                await asyncio.sleep(0)
        await bring_together(connection, notice["id"], _RECIPIENTS)
        await connection.execute(f"ANALYZE {_RECIPIENTS}")
        cursor, asked, days = START, set[int](), _Days(self._zone)
        replaced: Counter[tuple[UUID | None, str]] = Counter()

        def read(cursor: Cursor) -> Awaitable[Chunk | None]:
            return self._composer.read(connection, notice, kind, cursor, now, recipients=_RECIPIENTS)

        while (chunk := await read(cursor)) is not None:
            messages, told = await self._composer.compose(notice, kind, chunk, now, asked)
            cursor = chunk.cursor
            seen.audience += len(told)
            for message in messages:
                _count(seen, message, days, chunk)
            if isinstance(kind, Superseding):
                going = {message.id for message in messages if message.state == "queued"}
                earlier = {kind.supersedes(subject) for subject, message in told if message in going} - {None}
                replaced.update(await _notices_of(connection, earlier))
        seen.supersedes = [Superseded(notice_id=of, kind=name, messages=n) for (of, name), n in replaced.items()]
        seen.cost = seen.segments * self._segment_price
        return seen


async def _notices_of(connection: Any, messages: Collection[UUID | None]) -> dict[tuple[UUID | None, str], int]:
    """Of which notice and kind messages are, and how many of each. A number's messages are all in one chunk."""
    if not messages:
        return {}
    rows = await connection.fetch(
        "SELECT notice_id, kind, count(*) AS messages FROM message WHERE id = ANY($1::uuid[]) GROUP BY 1, 2",
        list(messages),
    )
    return {(row["notice_id"], row["kind"]): row["messages"] for row in rows}


class _Days:
    """Tells numbers that would get a second text on one day. Messages of one number come one after another."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._point: int | None = None
        self._kinds: dict[Any, list[str]] = {}
        self._said = False

    def new_number(self, point: int | None) -> bool:
        """Whether `point` is another number than the one before."""
        if point is not None and point == self._point:
            return False
        self._point, self._kinds, self._said = point, {}, False
        return True

    def second_text(self, message: NewMessage, chunk: Chunk) -> tuple[str, ...]:
        """The kinds of the other texts of that day, told once a number; none where it is the only one."""
        day = message.not_before.astimezone(self._zone).date()
        before = chunk.past.get(message.contact_point_id or 0, NOTHING_TOLD)
        others = [kind for kind, at in before.last_by_kind.items() if at.astimezone(self._zone).date() == day]
        others += self._kinds.get(day, [])
        self._kinds.setdefault(day, []).append(message.kind)
        if not others or self._said:
            return ()
        self._said = True
        return tuple(others)


def _count(seen: Preview, message: NewMessage, days: _Days, chunk: Chunk) -> None:
    if message.state != "queued":
        seen.withheld[message.withheld_reason or "expired"] += 1
        return
    seen.recipients += days.new_number(message.contact_point_id)
    if others := days.second_text(message, chunk):
        seen.twice_a_day += 1
        if len(seen.twice_samples) < _SAMPLES:
            seen.twice_samples.append(Twice(to_masked=_masked(message), kinds=others))
    seen.messages += 1
    seen.segments += message.segments
    seen.by_segments[message.segments] += 1
    seen.by_hour[message.not_before.replace(minute=0, second=0, microsecond=0)] += 1
    samples = seen.samples
    if len(samples) < _SAMPLES or len(message.body) > len(samples[0].body):
        sample = Sample(
            to_masked=_masked(message),
            body=message.body,
            segments=message.segments,
            accounts=len(message.accounts),
            not_before=message.not_before,
        )
        if len(samples) == _SAMPLES:
            samples.pop()
        samples.append(sample)
        samples.sort(key=lambda one: len(one.body), reverse=True)


def _masked(message: NewMessage) -> str:
    return PhoneNumber(message.to_address or "").masked
