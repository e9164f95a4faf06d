"""Evaluations as they are read: lists of them, and scores by team, person or month with what they rest on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.tables import Account
from gateway.evaluations import tables
from gateway.evaluations.intervals import wilson

By = Literal["team", "person", "month"]

#: Answers below which nothing is said about a person (domain notes §7 "Survey scale").
LEAST_FOR_A_PERSON: Final = 10


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
    event: Event
    team: str | None
    person: str | None
    account_no: str | None
    at: datetime
    channel: str
    state: str
    invited_at: datetime
    message_id: UUID
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Satisfaction:
    """The share of scores 4 and 5, with its 95 % Wilson interval."""

    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What a team, a person or a month was given, and what that rests on."""

    #: The team's code, the person's number, or the month as `YYYY-MM`; null where the service names none.
    key: str | None
    name: str | None
    #: Services that qualified, those whose customer was asked, those that were answered.
    eligible: int
    invited: int
    answered: int
    #: Asked of eligible, and answered of asked.
    coverage: float | None
    response_rate: float | None
    #: Why the others were not asked: reason → number.
    not_invited: dict[str, int]
    #: False where too few have answered to say anything about a person; the scores are null then.
    shown: bool
    #: Answers that give a score.
    n: int
    mean: float | None
    #: Score → number of answers.
    distribution: dict[str, int] | None
    csat: Satisfaction | None
    #: Answers that say that the matter is not solved.
    not_solved: int | None


async def evaluations(
    session: AsyncSession, wanted: EvaluationFilter, *, before: UUID | None, limit: int
) -> list[Evaluation]:
    """Up to `limit` first given before `before`, newest first."""
    row, asked = tables.Evaluation, tables.Invitation
    query = (
        select(row, asked, Account.account_no)
        .join(asked, asked.id == row.invitation_id)
        .outerjoin(Account, Account.id == asked.account_id)
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
    if wanted.since is not None:
        query = query.where(row.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(row.at < wanted.until)
    return [_evaluation(one, invitation, account_no) for one, invitation, account_no in await session.execute(query)]


def _evaluation(row: tables.Evaluation, asked: tables.Invitation, account_no: str | None) -> Evaluation:
    return Evaluation(
        id=row.id,
        score=row.score,
        solved=row.solved,
        comment=row.comment,
        event=Event(kind=asked.event_kind, ref=asked.event_ref),
        team=asked.team_code,
        person=asked.person_no,
        account_no=account_no,
        at=row.at,
        channel=row.channel,
        state=row.state,
        invited_at=asked.invited_at,
        message_id=asked.message_id,
        notice_id=asked.notice_id,
        history=row.history,
    )


_KEYS: Final = {
    "team": "i.team_code",
    "person": "i.person_no",
    "month": "to_char(i.invited_at AT TIME ZONE :zone, 'YYYY-MM')",
}
_NAMES: Final = {
    "team": "(SELECT name FROM team WHERE code = key)",
    "person": "(SELECT name FROM staff_member WHERE staff_no = key)",
    "month": "NULL::text",
}
_SUMMARY: Final = """
SELECT key, {name} AS name, reason, answered, score, unsolved, number FROM (
  SELECT {key} AS key,
         CASE WHEN m.state IN ('withheld', 'expired', 'cancelled')
              THEN coalesce(m.withheld_reason, m.state) END AS reason,
         e.id IS NOT NULL AS answered, e.score, e.solved IS FALSE AS unsolved, count(*) AS number
  FROM invitation i
  LEFT JOIN message m ON m.id = i.message_id
  LEFT JOIN evaluation e ON e.invitation_id = i.id AND e.state = 'counted'
  WHERE i.invited_at >= coalesce(CAST(:since AS timestamptz), '-infinity')
    AND i.invited_at < coalesce(CAST(:until AS timestamptz), 'infinity')
  GROUP BY 1, 2, 3, 4, 5
) AS grouped ORDER BY key NULLS LAST
"""


async def summary(
    session: AsyncSession, by: By, *, since: datetime | None, until: datetime | None, zone: str
) -> list[Scores]:
    """Scores of services whose customers were invited in the span, by `by`; months are those of `zone`."""
    rows = await session.execute(
        text(_SUMMARY.format(key=_KEYS[by], name=_NAMES[by])),
        {"since": since, "until": until, **({"zone": zone} if by == "month" else {})},
    )
    groups: defaultdict[tuple[str | None, str | None], list[Any]] = defaultdict(list)
    for row in rows:
        groups[row.key, row.name].append(row)
    least = LEAST_FOR_A_PERSON if by == "person" else 0
    return [_scores(key, name, found, least) for (key, name), found in groups.items()]


def _scores(key: str | None, name: str | None, rows: Sequence[Any], least: int) -> Scores:
    eligible = sum(row.number for row in rows)
    not_invited: defaultdict[str, int] = defaultdict(int)
    distribution = {str(score): 0 for score in range(1, 6)}
    answered = unsolved = 0
    for row in rows:
        if row.reason is not None:
            not_invited[row.reason] += row.number
        if row.answered:
            answered += row.number
            unsolved += row.number if row.unsolved else 0
            if row.score is not None:
                distribution[str(row.score)] += row.number
    invited = eligible - sum(not_invited.values())
    n = sum(distribution.values())
    shown = n >= least
    low, high = wilson(distribution["4"] + distribution["5"], n)
    return Scores(
        key=key,
        name=name,
        eligible=eligible,
        invited=invited,
        answered=answered,
        coverage=_share(invited, eligible),
        response_rate=_share(answered, invited),
        not_invited=dict(not_invited),
        shown=shown,
        n=n,
        mean=round(sum(int(score) * number for score, number in distribution.items()) / n, 2) if shown and n else None,
        distribution=distribution if shown else None,
        csat=Satisfaction(
            share=round((distribution["4"] + distribution["5"]) / n, 4), low=round(low, 4), high=round(high, 4)
        )
        if shown and n
        else None,
        not_solved=unsolved if shown else None,
    )


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
