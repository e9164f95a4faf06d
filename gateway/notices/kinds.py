"""Kinds of notice: whom each concerns, on what ground, and what is said to one recipient."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.notices.policy import Wish

Row = Mapping[str, Any]

#: Key of a notice's `about` under which stands the notice whose failures it sends again.
RESENDS: Final = "resends"
#: Key of a notice's `about` under which stand the accounts, by id, that alone are told.
ONLY: Final = "only"

#: Accounts, each with its ground, that a notice (`{notice}`) did not reach, and that nothing of it, nor of what sent
#: its failures again, reached or is about to reach since. An announcement rests on no ground.
UNREACHED: Final = """
SELECT told.account_id, coalesce(told.ground, '') FROM message JOIN message_account told USING (id)
WHERE message.notice_id = {notice} AND message.state IN ('failed', 'undelivered') AND NOT EXISTS (
  SELECT 1 FROM message_account part JOIN message later USING (id)
  WHERE part.account_id = told.account_id AND coalesce(part.ground, '') = coalesce(told.ground, '')
    AND later.state IN ('queued', 'sending', 'uncertain', 'sent', 'delivered')
    AND (later.notice_id = {notice}
         OR later.notice_id IN (SELECT id FROM notice WHERE (about ->> 'resends')::uuid = {notice})))
"""
# Looked up once, however many subjects the kind has.
_FAILED: Final = f"""
SELECT every.* FROM ({{subjects}}) AS every
WHERE (every.account_id, coalesce(every.ground, '')) IN ({UNREACHED.format(notice="($1::jsonb ->> 'resends')::uuid")})
"""
_CHOSEN: Final = """
SELECT every.* FROM ({subjects}) AS every
WHERE every.account_id = ANY (ARRAY(SELECT jsonb_array_elements_text($1::jsonb -> 'only')::bigint))
"""


@dataclass(frozen=True, slots=True)
class Saying:
    """Which text says it to one recipient, and with which values."""

    template: str
    values: Mapping[str, Any]
    #: From when it is not worth saying any more, where that comes before the notice's own end.
    expires_at: datetime | None = None
    #: Another place in the queue than its kind has (`gateway.outbox.priority_of`).
    priority: int | None = None
    #: What all texts about the same thing carry, so that none overtakes another.
    reference: str | None = None


@dataclass(frozen=True, kw_only=True)
class Moment:
    """When and where something is said."""

    now: datetime
    zone: ZoneInfo
    #: When the text may leave: `now`, or the opening it is deferred to.
    leaves: datetime
    #: Amounts go only to links that were proven, where the setting asks for it.
    masked: bool = False

    @cached_property
    def today(self) -> date:
        """The day at the utility's home."""
        return self.now.astimezone(self.zone).date()


class NoticeKind(Protocol):
    """One kind of notice.

    `subjects` is a query of what the notice is about, `$1` being the notice's `about` as JSON. Its columns:
    `subject_id` (unique, ascending in time of making, and as an index has it, since it is looked up one by one),
    `account_id`, `ground`, `own_point` (the contact point that alone is right for it, or NULL) and whatever facts
    `say` needs.
    """

    @property
    def name(self) -> str: ...

    @property
    def template(self) -> str:
        """Its usual template; purpose, class and hours come from there."""
        ...

    @property
    def merges(self) -> bool:
        """Whether everything for one number goes into one text."""
        ...

    @property
    def subjects(self) -> str: ...

    @property
    def audience(self) -> str:
        """The same query without the facts that only `say` needs: for finding whom the notice concerns."""
        ...

    @property
    def facts(self) -> str:
        """The same query for texts that are written anew: with subjects that were told meanwhile."""
        ...

    @property
    def outlives(self) -> bool:
        """Whether what it says now goes on being worth saying after the notice's own end."""
        ...

    async def may_steer(self, session: AsyncSession, now: datetime) -> None:
        """Raise Forbidden where who acts has no say in notices of this kind."""
        ...

    @property
    def strict(self) -> bool:
        """Whether a subject with a contact point of its own is told there or nowhere."""
        ...

    @property
    def gone(self) -> str:
        """Why a subject that was there when the audience was found is not there any more."""
        ...

    def parse(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Validate what a draft is about; raises InvalidInput naming the field."""
        ...

    def of(self, about: Mapping[str, Any]) -> NoticeKind:
        """The kind as one notice has it: itself, unless what it says depends on what it is about."""
        ...

    def say(self, subjects: Sequence[Row], moment: Moment) -> Saying:
        """What is said about these subjects, all for one recipient."""
        ...

    def lock(self, notice: Mapping[str, Any]) -> str:
        """What is composed by one node at a time: the notice, or whatever several notices are about."""
        ...

    def parts(self, subjects: Sequence[Row]) -> Sequence[Sequence[Row]]:
        """The subjects of one number, divided into what one text can say."""
        ...

    def wish(self, subjects: Sequence[Row], usual: Wish, now: datetime) -> Wish:
        """What is to be said about these subjects; `usual` is the wish of the kind's usual template."""
        ...

    async def drafted(self, connection: Any, notice: UUID, about: Mapping[str, Any], now: datetime) -> None:
        """Called in the transaction of a draft. Raises where there is nothing that could be told."""
        ...

    async def begin(self, connection: Any, notice: Mapping[str, Any], now: datetime) -> None:
        """Called before the audience is sought, in a transaction of its own; again after a crash."""
        ...

    async def goes_on(self, connection: Any, notice: UUID) -> bool:
        """Whether a notice of which everything is said so far may have more to say by itself."""
        ...

    async def written(self, connection: Any, notice: Any, told: Sequence[tuple[Row, Any]], now: datetime) -> None:
        """Called with each chunk's subjects and the id of the message of each, in the chunk's transaction."""
        ...


class PlainKind:
    """What most kinds have in common: a text for all subjects of a number, and nothing kept beside the messages."""

    subjects: str
    outlives = False
    strict = False

    @property
    def audience(self) -> str:
        """See `NoticeKind`."""
        return self.subjects

    @property
    def facts(self) -> str:
        """See `NoticeKind`."""
        return self.subjects

    async def may_steer(self, session: AsyncSession, now: datetime) -> None:
        """See `NoticeKind`; the usual scopes are enough."""

    def of(self, about: Mapping[str, Any]) -> Any:
        """See `NoticeKind`."""
        return self

    def lock(self, notice: Mapping[str, Any]) -> str:
        """See `NoticeKind`."""
        return str(notice["id"])

    def parts(self, subjects: Sequence[Row]) -> Sequence[Sequence[Row]]:
        """See `NoticeKind`."""
        return (subjects,)

    def wish(self, subjects: Sequence[Row], usual: Wish, now: datetime) -> Wish:
        """See `NoticeKind`."""
        return usual

    async def drafted(self, connection: Any, notice: UUID, about: Mapping[str, Any], now: datetime) -> None:
        """See `NoticeKind`."""

    async def begin(self, connection: Any, notice: Mapping[str, Any], now: datetime) -> None:
        """See `NoticeKind`."""

    async def goes_on(self, connection: Any, notice: UUID) -> bool:
        """See `NoticeKind`."""
        return False

    async def written(self, connection: Any, notice: Any, told: Sequence[tuple[Row, Any]], now: datetime) -> None:
        """See `NoticeKind`."""


def kind_of(kinds: Mapping[str, NoticeKind], notice: Mapping[str, Any]) -> NoticeKind:
    """The kind of a notice as its row has it."""
    about = notice["about"]
    return kinds[notice["kind"]].of(json.loads(about) if isinstance(about, str) else about)


def subjects_of(kind: NoticeKind, about: Mapping[str, Any] | str) -> str:
    """The query of what a notice with this `about` concerns; where it sends another's failures again, those only."""
    return _narrowed(kind.subjects, about)


def audience_of(kind: NoticeKind, about: Mapping[str, Any] | str) -> str:
    """The same query for finding whom it concerns: without the facts that its texts need."""
    return _narrowed(kind.audience, about)


def _narrowed(subjects: str, about: Mapping[str, Any] | str) -> str:
    told = json.loads(about) if isinstance(about, str) else about
    subjects = _FAILED.format(subjects=subjects) if RESENDS in told else subjects
    return _CHOSEN.format(subjects=subjects) if ONLY in told else subjects
