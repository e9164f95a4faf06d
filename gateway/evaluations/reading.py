"""Evaluations as they are read: lists of them, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import false, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.reach import within
from gateway.archive.tables import Account
from gateway.evaluations import tables
from gateway.evaluations.summaries import SEE_AT_ONCE
from gateway.kernel.acting import acting_in
from gateway.kernel.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The service that was evaluated."""

    kind: str
    ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What a customer said about a service."""

    id: UUID
    score: int | None
    solved: bool | None
    comment: str | None
    #: Why the score was low, asked for by itself.
    why: str | None
    event: Event
    team: str | None
    person: str | None
    account_no: str | None
    at: datetime
    channel: str
    #: `counted`, `withdrawn`, `quarantined`, `annulled`.
    state: str
    #: Why it looks made up, and what somebody found who looked into it.
    suspicions: list[str]
    review: str | None
    #: When the service ended: the month it is credited to.
    served_at: datetime | None
    invited_at: datetime | None
    message_id: UUID | None
    notice_id: UUID | None
    #: Earlier answers, oldest first.
    history: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationFilter:
    """Which to list; everything given must hold."""

    team: str | None = None
    person: str | None = None
    account_no: str | None = None
    event: str | None = None
    notice: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    states: Sequence[str] | None = None
    #: Scores up to this one alone.
    at_most: int | None = None


async def evaluations(
    session: AsyncSession, wanted: EvaluationFilter, *, before: UUID | None, limit: int
) -> list[Evaluation]:
    """Up to `limit` first given before `before`, newest first."""
    row, asked = tables.Evaluation, tables.Invitation
    query = (
        select(row, asked, Account.account_no)
        .join(asked, asked.id == row.invitation_id)
        .outerjoin(Account, Account.id == asked.account_id)
        .where(within(session, asked.account_id))
        .order_by(row.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(row.id < before)
    for column, value in (
        (asked.team_code, wanted.team),
        (asked.person_no, wanted.person),
        (Account.account_no, wanted.account_no),
        (asked.event_ref, wanted.event),
        (asked.notice_id, wanted.notice),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.states is not None:
        query = query.where(row.state.in_(wanted.states))
    query = query.where(*_open_to(session))
    if wanted.at_most is not None:
        query = query.where(row.score <= wanted.at_most)
    if wanted.since is not None:
        query = query.where(row.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(row.at < wanted.until)
    return [_evaluation(one, invitation, account_no) for one, invitation, account_no in await session.execute(query)]


def _open_to(session: AsyncSession) -> list[Any]:
    """What holds of the single answers that whoever acts may read (domain notes §4.5.5).

    Nobody reads one about themselves. People who have no part in looking after ratings read none at all: they see
    figures, when a month is over.
    """
    acting = acting_in(session)
    if acting is None or acting.staff_no is None:
        return []
    if not any(acting.may(scope) for scope in SEE_AT_ONCE):
        return [false()]
    return [tables.Invitation.person_no.is_distinct_from(acting.staff_no)]


def _evaluation(row: tables.Evaluation, asked: tables.Invitation, account_no: str | None) -> Evaluation:
    return Evaluation(
        id=row.id,
        score=row.score,
        solved=row.solved,
        comment=row.comment,
        why=row.why,
        event=Event(kind=asked.event_kind, ref=asked.event_ref),
        team=asked.team_code,
        person=asked.person_no,
        account_no=account_no,
        at=row.at,
        channel=row.channel,
        state=row.state,
        suspicions=row.suspicions,
        review=row.review,
        served_at=asked.occurred_at,
        invited_at=asked.invited_at,
        message_id=asked.message_id,
        notice_id=asked.notice_id,
        history=row.history,
    )


async def evaluation(session: AsyncSession, evaluation_id: UUID) -> Evaluation:
    """One evaluation. Raises NotFound, also for whom it is about."""
    row, asked = tables.Evaluation, tables.Invitation
    query = (
        select(row, asked, Account.account_no)
        .join(asked, asked.id == row.invitation_id)
        .outerjoin(Account, Account.id == asked.account_id)
        .where(row.id == evaluation_id, within(session, asked.account_id), *_open_to(session))
    )
    found = (await session.execute(query)).one_or_none()
    if found is None:
        raise NotFound("There is no evaluation with this id.")
    return _evaluation(*found)
