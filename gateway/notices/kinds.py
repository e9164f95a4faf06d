"""Kinds of notice: whom each concerns, on what ground, and what is said to one recipient."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

Row = Mapping[str, Any]

#: Key of a notice's `about` under which stands the notice whose failures it sends again.
RESENDS: Final = "resends"

# Grounds are looked up once, however many subjects the kind has.
_FAILED: Final = """
SELECT every.* FROM ({subjects}) AS every
WHERE every.ground = ANY (ARRAY(
  SELECT told.ground FROM message JOIN message_account told USING (id)
  WHERE message.notice_id = ($1::jsonb ->> 'resends')::uuid AND message.state IN ('failed', 'undelivered')))
"""


@dataclass(frozen=True, slots=True)
class Saying:
    """Which text says it to one recipient, and with which values."""

    template: str
    values: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Moment:
    """When and where something is said."""

    now: datetime
    zone: ZoneInfo
    #: Amounts go only to links that were proven, where the setting asks for it.
    masked: bool = False

    @cached_property
    def today(self) -> date:
        """The day at the utility's home."""
        return self.now.astimezone(self.zone).date()


class NoticeKind(Protocol):
    """One kind of notice.

    `subjects` is a query of what the notice is about, `$1` being the notice's `about` as JSON. Its columns:
    `subject_id` (unique, ascending in time of making), `account_id`, `ground`, `own_point` (the contact point
    that alone is right for it, or NULL) and whatever facts `say` needs.
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

    async def written(self, connection: Any, notice: Any, told: Sequence[tuple[Row, Any]], now: datetime) -> None:
        """Called with each chunk's subjects and the id of the message of each, in the chunk's transaction."""
        ...


def kind_of(kinds: Mapping[str, NoticeKind], notice: Mapping[str, Any]) -> NoticeKind:
    """The kind of a notice as its row has it."""
    about = notice["about"]
    return kinds[notice["kind"]].of(json.loads(about) if isinstance(about, str) else about)


def subjects_of(kind: NoticeKind, about: Mapping[str, Any] | str) -> str:
    """The query of what a notice with this `about` concerns; where it sends another's failures again, those only."""
    told = json.loads(about) if isinstance(about, str) else about
    return _FAILED.format(subjects=kind.subjects) if RESENDS in told else kind.subjects
