"""What people do with notices: draft, look at what it would do, approve, pause, resume, cancel.

Approval needs a second person; kinds named in `AUTO_APPROVE` need none. Everything leaves an audit entry.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel import audit
from gateway.kernel.acting import acting_in, needs, require, require_whole
from gateway.kernel.clock import Clock
from gateway.kernel.database import Database, driver
from gateway.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from gateway.kernel.ids import new_id
from gateway.notices.halting import baseline
from gateway.notices.kinds import RESENDS, UNREACHED, NoticeKind, subjects_of
from gateway.notices.policy import USUAL, Policy
from gateway.notices.previewing import Preview, Previewer
from gateway.notices.tables import Notice
from gateway.outbox import cancel_notice, pause_notice, resume_notice

#: Channel on which nodes tell one another that there is something to compose.
COMPOSE: Final = "notices_compose"
#: A notice that sends the failures of `$1` again and has not been composed yet.
_SENDS_AGAIN: Final = """
SELECT id FROM notice WHERE (about ->> 'resends')::uuid = $1 AND state IN ('draft', 'approved', 'composing', 'paused')
ORDER BY id LIMIT 1
"""
#: Whether something of `$2`, which is `$1` or sends that again, failed and was not made good.
_ANY_UNREACHED: Final = f"""
SELECT EXISTS (SELECT 1 FROM message WHERE notice_id = $2 AND state IN ('failed', 'undelivered'))
   AND EXISTS ({UNREACHED.format(notice="$1")})
"""
_OF_OUTAGES: Final = frozenset({"outage_planned", "outage_fault", "restoration"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A notice as it was asked for."""

    kind: str
    about: Mapping[str, Any]
    tone: str | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None
    channels: Sequence[str] | None = None
    #: Minutes that each channel but the last may try; the usual ten where it is empty.
    fallback_minutes: int | None = None


class OnApproval(Protocol):
    """What an approval of a kind means beyond the notice, in its transaction; it may refuse."""

    async def __call__(self, session: AsyncSession, notice: Any, *, actor: str, head: str | None) -> None: ...


class Notices:
    """The use cases of the notices room."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        kinds: Mapping[str, NoticeKind],
        previewer: Previewer,
        policy: Policy,
        *,
        auto_approve: Collection[str],
        channels: Collection[str] = USUAL,
        on_approval: Mapping[str, OnApproval] = MappingProxyType({}),
    ) -> None:
        self._database = database
        self._clock = clock
        self._kinds = kinds
        self._previewer = previewer
        self._policy = policy
        self._auto_approve = frozenset(auto_approve) - on_approval.keys()
        self._on_approval = on_approval
        self._channels = frozenset(channels)

    def kind(self, name: str) -> NoticeKind:
        """The kind of that name. Raises InvalidInput naming those there are."""
        kind = self._kinds.get(name)
        if kind is None:
            raise InvalidInput(f"no such kind of notice: {name} (there are {', '.join(self._kinds)})", field="kind")
        return kind

    @property
    def channels(self) -> frozenset[str]:
        """The channels that a notice may name."""
        return self._channels

    async def draft(self, session: AsyncSession, asked: Draft, *, actor: str) -> UUID:
        """Write a draft down; its id. A kind that needs no approval is approved at once."""
        _may_draft(session, asked.kind)
        kind = self.kind(asked.kind)
        await kind.may_steer(session, self._clock.now())
        about = kind.parse(asked.about)
        now = self._clock.now()
        if asked.tone not in (None, "warm", "official"):
            raise InvalidInput("the tones are warm and official", field="tone")
        if asked.expires_at is not None and asked.expires_at <= max(now, asked.not_before or now):
            raise InvalidInput("it would expire before it may leave", field="expires_at")
        if unknown := set(asked.channels or ()) - self._channels:
            raise InvalidInput(f"no such channel: {', '.join(sorted(unknown))}", field="channels")
        notice = Notice(
            id=new_id(now),
            kind=asked.kind,
            about=about,
            tone=asked.tone,
            not_before=asked.not_before,
            expires_at=asked.expires_at,
            channels=list(dict.fromkeys(asked.channels)) if asked.channels else None,
            fallback_minutes=asked.fallback_minutes,
            drafted_by=actor,
            drafted_at=now,
        )
        session.add(notice)
        await session.flush()
        await kind.drafted(await driver(session), notice.id, about, now)
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
            return await self._previewer.go_through(work.connection, dict(row))

    @needs("notices:approve", whole=True)
    async def approve(
        self, session: AsyncSession, notice_id: UUID, *, actor: str, two_people: bool, head: str | None = None
    ) -> None:
        """Approve a draft, so that it is composed and sent; `head` is the named person whom a legal notice asks for.

        Somebody else than drafted it has to, unless the caller counts as two people or the notice is so small
        that policy asks for no second pair of eyes.
        """
        notice = await self._locked(session, notice_id)
        if notice.state != "draft":
            raise Conflict(f"only a draft can be approved; this notice is {notice.state}")
        if notice.drafted_by == actor and not two_people and not await self._small(session, notice):
            raise Forbidden("a notice is approved by somebody other than who drafted it")
        if (effects := self._on_approval.get(notice.kind)) is not None:
            await effects(session, notice, actor=actor, head=head)
        await self._approve(session, notice, actor)

    async def _small(self, session: AsyncSession, notice: Notice) -> bool:
        """Whether it concerns no more than policy lets one person approve."""
        most = self._policy().one_person_approves
        if not most:
            return False
        kind, connection = self.kind(notice.kind).of(notice.about), await driver(session)
        await kind.begin(connection, {"id": notice.id, "about": notice.about}, self._clock.now())
        found = await connection.fetchval(
            f"SELECT count(*) FROM (SELECT 1 FROM ({subjects_of(kind, notice.about)}) AS every LIMIT $2) AS few",
            json.dumps(notice.about),
            most + 1,
        )
        return bool(found <= most)

    async def _approve(self, session: AsyncSession, notice: Notice, actor: str) -> None:
        notice.state, notice.approved_by, notice.approved_at = "approved", actor, self._clock.now()
        self._note(session, actor, "notice approved", notice, before={"state": "draft"}, after={"state": "approved"})
        await session.flush()
        await (await driver(session)).execute("SELECT pg_notify($1, '')", COMPOSE)

    @needs("notices:write", whole=True)
    async def pause(self, session: AsyncSession, notice_id: UUID, *, actor: str, remark: str | None = None) -> None:
        """Keep back what has not left; composing stops too."""
        notice = await self._locked(session, notice_id)
        if notice.state not in ("approved", "composing", "sending") and not await self._goes_on(session, notice):
            raise Conflict(f"a notice that is {notice.state} cannot be paused")
        before = notice.state
        notice.state, notice.remark = "paused", remark
        await session.flush()
        await pause_notice(await driver(session), notice.id, at=self._clock.now())
        self._note(session, actor, "notice paused", notice, before={"state": before}, after={"state": "paused"})

    @needs("notices:write", whole=True)
    async def resume(self, session: AsyncSession, notice_id: UUID, *, actor: str) -> None:
        """Let a paused notice go on where it stood."""
        notice = await self._locked(session, notice_id)
        if notice.state != "paused":
            raise Conflict(f"only a paused notice can be resumed; this one is {notice.state}")
        left = await (await driver(session)).fetchval(
            "SELECT EXISTS (SELECT 1 FROM notice_recipient WHERE notice_id = $1)", notice.id
        )
        notice.state = "composing" if left or not notice.audience_found else "sending"
        notice.failed_before, notice.left_before = await baseline(await driver(session), notice.id)
        notice.remark = None
        await session.flush()
        await resume_notice(await driver(session), notice.id)
        await (await driver(session)).execute("SELECT pg_notify($1, '')", COMPOSE)
        after = {"state": notice.state}
        self._note(session, actor, "notice resumed", notice, before={"state": "paused"}, after=after)

    @needs("notices:write", whole=True)
    async def cancel(self, session: AsyncSession, notice_id: UUID, *, actor: str, remark: str | None = None) -> None:
        """Give a notice up: what is queued is cancelled, what has left stays as it is."""
        notice = await self._locked(session, notice_id)
        if notice.state in ("done", "cancelled") and not await self._goes_on(session, notice):
            raise Conflict(f"the notice is {notice.state} already")
        before = notice.state
        notice.state, notice.remark = "cancelled", remark
        await session.flush()
        connection = await driver(session)
        await cancel_notice(connection, notice.id, at=self._clock.now())
        # Its recipients, of whom there may be very many, are cleared away by whoever composes.
        await connection.execute("SELECT pg_notify($1, '')", COMPOSE)
        after = {"state": "cancelled"}
        self._note(session, actor, "notice cancelled", notice, before={"state": before}, after=after)

    @needs("notices:write", whole=True)
    async def resend(self, session: AsyncSession, notice_id: UUID, *, actor: str) -> UUID:
        """Draft the notice again for those alone whom it did not reach; the id of the draft.

        It is previewed and approved like any other, and policy decides again: a number that is dead by now is
        not tried, and who has another contact is told there. Who was reached meanwhile, by another channel or because
        it was sent again before, is not told twice; what sends again is about the notice that was first.
        """
        notice = await self._locked(session, notice_id)
        if notice.state not in ("sending", "paused", "done"):
            raise Conflict(f"a notice that is {notice.state} has nothing to send again")
        first, connection = notice.about.get(RESENDS, str(notice.id)), await driver(session)
        if (waiting := await connection.fetchval(_SENDS_AGAIN, UUID(first))) is not None:
            raise Conflict(f"the notice {waiting} sends its failures again already")
        if not await connection.fetchval(_ANY_UNREACHED, UUID(first), notice.id):
            raise Conflict("nothing of this notice failed that was not sent again since")
        now = self._clock.now()
        again = Notice(
            id=new_id(now),
            kind=notice.kind,
            about={**notice.about, RESENDS: first},
            tone=notice.tone,
            expires_at=notice.expires_at,
            channels=notice.channels,
            fallback_minutes=notice.fallback_minutes,
            drafted_by=actor,
            drafted_at=now,
        )
        session.add(again)
        await session.flush()
        self._note(session, actor, "notice drafted", again, after={"kind": again.kind, "about": again.about})
        return again.id

    async def _goes_on(self, session: AsyncSession, notice: Notice) -> bool:
        """Whether a notice that is done may have more to say."""
        if notice.state != "done":
            return False
        return await self.kind(notice.kind).goes_on(await driver(session), notice.id)

    async def _locked(self, session: AsyncSession, notice_id: UUID) -> Notice:
        notice = await session.scalar(select(Notice).where(Notice.id == notice_id).with_for_update())
        if notice is None:
            raise NotFound(f"there is no notice {notice_id}")
        await self.kind(notice.kind).may_steer(session, self._clock.now())
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


def _may_draft(session: AsyncSession, kind: str) -> None:
    """Whoever keeps outages drafts what tells of them. Raises Forbidden."""
    acting = acting_in(session)
    keeps_outages = acting is not None and kind in _OF_OUTAGES and acting.may("outages:write")
    require(session, "outages:write" if keeps_outages else "notices:write")
    require_whole(session)
