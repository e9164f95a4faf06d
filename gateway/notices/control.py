"""What people do with notices: draft, look at what it would do, approve, pause, resume, cancel.

Approval needs a second person; kinds named in `AUTO_APPROVE` need none. Everything leaves an audit entry.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel import audit
from gateway.kernel.clock import Clock
from gateway.kernel.database import Database, driver
from gateway.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from gateway.kernel.ids import new_id
from gateway.kernel.phones import PhoneNumber
from gateway.notices.audience import Finder, read_chunk, write_chunk
from gateway.notices.composing import START, Composer
from gateway.notices.kinds import NoticeKind, kind_of
from gateway.notices.tables import Notice
from gateway.outbox import cancel_notice, pause_notice, resume_notice

#: Channel on which nodes tell one another that there is something to compose.
COMPOSE: Final = "notices_compose"
_SAMPLES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A notice as it was asked for."""

    kind: str
    about: Mapping[str, Any]
    tone: str | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None
    channels: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One text as it would go out, and how many accounts it speaks for."""

    to_masked: str
    body: str
    segments: int
    accounts: int
    not_before: datetime


@dataclass(kw_only=True)
class Preview:
    """What a notice would do if it were approved now."""

    #: Subjects in the audience: bills, work orders.
    audience: int = 0
    #: Texts that would go out, and the segments they take.
    messages: int = 0
    segments: int = 0
    withheld: Counter[str] = field(default_factory=Counter)
    #: Texts by the hour at which they would leave (start of the hour, UTC).
    by_hour: Counter[datetime] = field(default_factory=Counter)
    by_segments: Counter[int] = field(default_factory=Counter)
    #: Up to ten texts, the longest first.
    samples: list[Sample] = field(default_factory=list)


class Notices:
    """The use cases of the notices room."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        composer: Composer,
        kinds: Mapping[str, NoticeKind],
        finder: Finder,
        *,
        auto_approve: Collection[str],
    ) -> None:
        self._database = database
        self._clock = clock
        self._composer = composer
        self._kinds = kinds
        self._finder = finder
        self._auto_approve = frozenset(auto_approve)

    def kind(self, name: str) -> NoticeKind:
        """The kind of that name. Raises InvalidInput naming those there are."""
        kind = self._kinds.get(name)
        if kind is None:
            raise InvalidInput(f"no such kind of notice: {name} (there are {', '.join(self._kinds)})", field="kind")
        return kind

    async def draft(self, session: AsyncSession, asked: Draft, *, actor: str) -> UUID:
        """Write a draft down; its id. A kind that needs no approval is approved at once."""
        kind = self.kind(asked.kind)
        about = kind.parse(asked.about)
        now = self._clock.now()
        if asked.tone not in (None, "warm", "official"):
            raise InvalidInput("the tones are warm and official", field="tone")
        if asked.expires_at is not None and asked.expires_at <= max(now, asked.not_before or now):
            raise InvalidInput("it would expire before it may leave", field="expires_at")
        if unknown := set(asked.channels or ()) - {"sms"}:
            raise InvalidInput(f"no such channel: {', '.join(sorted(unknown))}", field="channels")
        notice = Notice(
            id=new_id(now),
            kind=asked.kind,
            about=about,
            tone=asked.tone,
            not_before=asked.not_before,
            expires_at=asked.expires_at,
            channels=list(asked.channels) if asked.channels else None,
            drafted_by=actor,
            drafted_at=now,
        )
        session.add(notice)
        await session.flush()
        self._note(session, actor, "notice drafted", notice, after={"kind": notice.kind, "about": about})
        if asked.kind in self._auto_approve:
            await self._approve(session, notice, "policy:AUTO_APPROVE")
        return notice.id

    async def preview(self, notice_id: UUID) -> Preview:
        """Go through the whole audience as composing would, and keep nothing. Memory stays flat."""
        async with self._database.work() as work:
            row = await work.connection.fetchrow("SELECT * FROM notice WHERE id = $1", notice_id)
            if row is None:
                raise NotFound(f"there is no notice {notice_id}")
            if row["state"] != "draft":
                raise Conflict(f"the notice is {row['state']} already; its messages say what it did")
            return await self._go_through(work.connection, dict(row))

    async def _go_through(self, connection: Any, notice: dict[str, Any]) -> Preview:
        kind, now, seen = kind_of(self._kinds, notice), self._clock.now(), Preview()
        wish = self._composer.wish(notice, kind)
        behind = 0
        while rows := await read_chunk(connection, notice, kind, behind):
            await write_chunk(connection, notice["id"], self._finder.recipients(rows, notice["id"], wish, now))
            behind = rows[-1]["subject_id"]
        cursor, asked = START, set[int]()
        while (chunk := await self._composer.read(connection, notice, kind, cursor, now)) is not None:
            messages, told = await self._composer.compose(notice, kind, chunk, now, asked)
            cursor = chunk.cursor
            seen.audience += len(told)
            for message in messages:
                _count(seen, message)
        return seen

    async def approve(self, session: AsyncSession, notice_id: UUID, *, actor: str, two_people: bool) -> None:
        """Approve a draft, so that it is composed and sent: somebody else than drafted it, unless counted as two."""
        notice = await self._locked(session, notice_id)
        if notice.state != "draft":
            raise Conflict(f"only a draft can be approved; this notice is {notice.state}")
        if notice.drafted_by == actor and not two_people:
            raise Forbidden("a notice is approved by somebody other than who drafted it")
        await self._approve(session, notice, actor)

    async def _approve(self, session: AsyncSession, notice: Notice, actor: str) -> None:
        notice.state, notice.approved_by, notice.approved_at = "approved", actor, self._clock.now()
        self._note(session, actor, "notice approved", notice, before={"state": "draft"}, after={"state": "approved"})
        await session.flush()
        await (await driver(session)).execute("SELECT pg_notify($1, '')", COMPOSE)

    async def pause(self, session: AsyncSession, notice_id: UUID, *, actor: str, remark: str | None = None) -> None:
        """Keep back what has not left; composing stops too."""
        notice = await self._locked(session, notice_id)
        if notice.state not in ("approved", "composing", "sending"):
            raise Conflict(f"a notice that is {notice.state} cannot be paused")
        before = notice.state
        notice.state, notice.remark = "paused", remark
        await session.flush()
        await pause_notice(await driver(session), notice.id, at=self._clock.now())
        self._note(session, actor, "notice paused", notice, before={"state": before}, after={"state": "paused"})

    async def resume(self, session: AsyncSession, notice_id: UUID, *, actor: str) -> None:
        """Let a paused notice go on where it stood."""
        notice = await self._locked(session, notice_id)
        if notice.state != "paused":
            raise Conflict(f"only a paused notice can be resumed; this one is {notice.state}")
        left = await (await driver(session)).fetchval(
            "SELECT EXISTS (SELECT 1 FROM notice_recipient WHERE notice_id = $1)", notice.id
        )
        notice.state = "composing" if left or not notice.audience_found else "sending"
        notice.remark = None
        await session.flush()
        await resume_notice(await driver(session), notice.id)
        await (await driver(session)).execute("SELECT pg_notify($1, '')", COMPOSE)
        after = {"state": notice.state}
        self._note(session, actor, "notice resumed", notice, before={"state": "paused"}, after=after)

    async def cancel(self, session: AsyncSession, notice_id: UUID, *, actor: str, remark: str | None = None) -> None:
        """Give a notice up: what is queued is cancelled, what has left stays as it is."""
        notice = await self._locked(session, notice_id)
        if notice.state in ("done", "cancelled"):
            raise Conflict(f"the notice is {notice.state} already")
        before = notice.state
        notice.state, notice.remark = "cancelled", remark
        await session.flush()
        connection = await driver(session)
        await cancel_notice(connection, notice.id, at=self._clock.now(), words="its notice was cancelled")
        await connection.execute("DELETE FROM notice_recipient WHERE notice_id = $1", notice.id)
        after = {"state": "cancelled"}
        self._note(session, actor, "notice cancelled", notice, before={"state": before}, after=after)

    async def _locked(self, session: AsyncSession, notice_id: UUID) -> Notice:
        notice = await session.scalar(select(Notice).where(Notice.id == notice_id).with_for_update())
        if notice is None:
            raise NotFound(f"there is no notice {notice_id}")
        return notice

    def _note(
        self,
        session: AsyncSession,
        actor: str,
        action: str,
        notice: Notice,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
    ) -> None:
        audit.record(
            session,
            at=self._clock.now(),
            actor=actor,
            action=action,
            subject=f"notice:{notice.id}",
            before=before,
            after=after,
        )


def _count(seen: Preview, message: Any) -> None:
    if message.state != "queued":
        seen.withheld[message.withheld_reason or "expired"] += 1
        return
    seen.messages += 1
    seen.segments += message.segments
    seen.by_segments[message.segments] += 1
    seen.by_hour[message.not_before.replace(minute=0, second=0, microsecond=0)] += 1
    samples = seen.samples
    if len(samples) < _SAMPLES or len(message.body) > len(samples[0].body):
        sample = Sample(
            to_masked=PhoneNumber(message.to_address).masked,
            body=message.body,
            segments=message.segments,
            accounts=len(message.accounts),
            not_before=message.not_before,
        )
        if len(samples) == _SAMPLES:
            samples.pop()
        samples.append(sample)
        samples.sort(key=lambda one: len(one.body), reverse=True)
