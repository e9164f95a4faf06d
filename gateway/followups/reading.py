"""Follow-ups as they are read. The plan says how far its independent follow-up has got, and never what it answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.reach import part_of, within_sql
from gateway.kernel.database import driver
from gateway.kernel.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Followup:
    """A contact or visit that a manager planned."""

    id: UUID
    plan_no: str | None
    series_id: UUID | None
    account_no: str
    manager: str
    deputy: str | None
    planned_for: date
    topic: str
    channel: str
    state: str
    done_at: datetime | None
    outcome: str | None
    #: How far the independent follow-up is: `asked`, `to_call`, `answered`, `unreached`; null before it began.
    independent: str | None
    #: The programme of visits it belongs to.
    programme: str | None
    #: By which rule it recurs (the value of an RRULE); null for one that does not, or whose series was ended.
    rule: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Independent:
    """An independent follow-up, for those who make it."""

    id: UUID
    followup_id: UUID
    account_no: str
    state: str
    asked_at: datetime
    answer_by: datetime
    caller: str | None
    #: How the caller was drawn.
    draw: str | None
    call_by: datetime | None
    calls: int
    message_id: UUID | None
    #: What the visit was about, for the call's opening; how it was made, and by which programme.
    topic: str
    done_at: datetime | None
    channel: str
    programme: str | None
    #: The language of the account.
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """What a customer wants looked into."""

    id: UUID
    followup_id: UUID
    account_no: str
    words: str
    owner: str
    due_on: date
    state: str
    said_at: datetime
    answer: str | None
    answered_at: datetime | None
    #: The task of whoever owes the answer.
    task_id: UUID | None


_FOLLOWUPS: Final = """
SELECT f.id, f.plan_no, f.series_id, a.account_no, f.manager_no AS manager,
       coalesce(f.deputy_no, d.deputy_no) AS deputy, f.planned_for, f.topic, f.channel, f.state, f.done_at, f.outcome,
       i.state AS independent, f.programme, s.rule
FROM followup f JOIN account a ON a.id = f.account_id LEFT JOIN independent_followup i ON i.followup_id = f.id
LEFT JOIN followup_series s ON s.id = f.series_id AND s.ended_at IS NULL
LEFT JOIN LATERAL (
  SELECT deputy_no FROM deputy WHERE manager_no = f.manager_no AND f.state = 'planned'
    AND f.planned_for BETWEEN first_day AND last_day ORDER BY id LIMIT 1
) d ON true
"""
_INDEPENDENT: Final = """
SELECT i.id, i.followup_id, a.account_no, i.state, i.asked_at, i.answer_by, i.caller_no AS caller, i.draw, i.call_by,
       i.calls, i.message_id, f.topic, f.done_at, f.channel, f.programme, a.language
FROM independent_followup i JOIN followup f ON f.id = i.followup_id JOIN account a ON a.id = f.account_id
"""
_VOICES: Final = """
SELECT v.id, v.followup_id, a.account_no, v.words, v.owner_no AS owner, v.due_on, v.state, v.said_at, v.answer,
       v.answered_at, v.task_id
FROM customer_voice v JOIN followup f ON f.id = v.followup_id JOIN account a ON a.id = f.account_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowupFilter:
    """Which to list; everything given must hold. `manager`: whose it is, or who stands in, that day or by name."""

    manager: str | None = None
    account_no: str | None = None
    states: Sequence[str] | None = None
    since: date | None = None
    until: date | None = None


async def followups(
    session: AsyncSession, wanted: FollowupFilter, *, before: UUID | None, limit: int
) -> list[Followup]:
    """Up to `limit` made before `before`, newest first."""
    connection = await driver(session)
    rows = await connection.fetch(
        f"""{_FOLLOWUPS} WHERE ($1::text IS NULL OR f.manager_no = $1 OR coalesce(f.deputy_no, d.deputy_no) = $1)
              AND ($2::text IS NULL OR a.account_no = $2) AND ($3::text[] IS NULL OR f.state = ANY($3))
              AND ($4::date IS NULL OR f.planned_for >= $4) AND ($5::date IS NULL OR f.planned_for <= $5)
              AND ($6::uuid IS NULL OR f.id < $6) AND {within_sql("f.account_id", "$8")}
            ORDER BY f.id DESC LIMIT $7""",
        wanted.manager,
        wanted.account_no,
        list(wanted.states) if wanted.states is not None else None,
        wanted.since,
        wanted.until,
        before,
        limit,
        part_of(session),
    )
    return [Followup(**row) for row in rows]


async def holders(session: AsyncSession, account_nos: Sequence[str]) -> dict[str, str]:
    """Whose these accounts are: account number → name of the holder."""
    rows = await (await driver(session)).fetch(
        f"""SELECT a.account_no, a.holder_name FROM account a
            WHERE a.account_no = ANY($1::text[]) AND {within_sql("a.id", "$2")}""",
        sorted(set(account_nos)),
        part_of(session),
    )
    return {row["account_no"]: row["holder_name"] for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed:
    """An account, and whose it is."""

    id: int
    account_no: str
    manager: str | None
    #: Who stands in for the manager on the day that was asked about.
    deputies: list[str]


async def managed(
    session: AsyncSession, today: date, *, account_no: str | None = None, account_id: int | None = None
) -> Managed | None:
    """An account within reach by its number or its id, with its manager; None: there is no such account."""
    connection = await driver(session)
    row = await connection.fetchrow(
        f"""SELECT id, account_no, manager_no AS manager,
              ARRAY(SELECT deputy_no FROM deputy WHERE deputy.manager_no = account.manager_no
                      AND $4::date BETWEEN first_day AND last_day) AS deputies FROM account
            WHERE ($1::text IS NULL OR account_no = $1) AND ($2::int IS NULL OR id = $2)
              AND ($1::text IS NOT NULL OR $2::int IS NOT NULL) AND {within_sql("account.id", "$3")}""",
        account_no,
        account_id,
        part_of(session),
        today,
    )
    return None if row is None else Managed(**dict(row))


async def customers_of(session: AsyncSession, manager: str, *, limit: int) -> list[tuple[str, str]]:
    """Up to `limit` accounts that a manager looks after: account number, holder."""
    rows = await (await driver(session)).fetch(
        f"""SELECT a.account_no, a.holder_name FROM account a WHERE a.manager_no = $1 AND {within_sql("a.id", "$3")}
            ORDER BY a.account_no LIMIT $2""",
        manager,
        limit,
        part_of(session),
    )
    return [(row["account_no"], row["holder_name"]) for row in rows]


async def managers(session: AsyncSession, since: date) -> list[str]:
    """Whose plans there are since a day: staff numbers."""
    rows = await (await driver(session)).fetch(
        f"""SELECT DISTINCT f.manager_no FROM followup f WHERE f.planned_for >= $1
              AND {within_sql("f.account_id", "$2")} ORDER BY 1""",
        since,
        part_of(session),
    )
    return [row["manager_no"] for row in rows]


async def followup(session: AsyncSession, followup_id: UUID) -> Followup:
    """One follow-up. Raises NotFound."""
    row = await (await driver(session)).fetchrow(
        f"{_FOLLOWUPS} WHERE f.id = $1 AND {within_sql('f.account_id', '$2')}", followup_id, part_of(session)
    )
    if row is None:
        raise NotFound("There is no follow-up with this id.")
    return Followup(**row)


async def independent(
    session: AsyncSession, *, states: Sequence[str] | None, caller: str | None, before: UUID | None, limit: int
) -> list[Independent]:
    """Up to `limit` independent follow-ups asked before `before`, newest first."""
    connection = await driver(session)
    rows = await connection.fetch(
        f"""{_INDEPENDENT} WHERE ($1::text[] IS NULL OR i.state = ANY($1)) AND ($2::text IS NULL OR i.caller_no = $2)
              AND ($3::uuid IS NULL OR i.id < $3) AND {within_sql("f.account_id", "$5")}
            ORDER BY i.id DESC LIMIT $4""",
        list(states) if states is not None else None,
        caller,
        before,
        limit,
        part_of(session),
    )
    return [Independent(**row) for row in rows]


async def calls_due(
    session: AsyncSession, *, states: Sequence[str], caller: str | None, limit: int
) -> list[Independent]:
    """Up to `limit` independent follow-ups that wait, what is due first before the others."""
    rows = await (await driver(session)).fetch(
        f"""{_INDEPENDENT} WHERE i.state = ANY($1) AND ($2::text IS NULL OR i.caller_no = $2)
              AND {within_sql("f.account_id", "$4")}
            ORDER BY coalesce(i.call_by, i.answer_by), i.id LIMIT $3""",
        list(states),
        caller,
        limit,
        part_of(session),
    )
    return [Independent(**row) for row in rows]


async def independent_one(session: AsyncSession, independent_id: UUID) -> Independent:
    """One independent follow-up. Raises NotFound."""
    row = await (await driver(session)).fetchrow(
        f"{_INDEPENDENT} WHERE i.id = $1 AND {within_sql('f.account_id', '$2')}", independent_id, part_of(session)
    )
    if row is None:
        raise NotFound("There is no independent follow-up with this id.")
    return Independent(**row)


async def voices(
    session: AsyncSession,
    *,
    owner: str | None,
    state: str | None,
    before: UUID | None,
    limit: int,
    followup: UUID | None = None,
) -> list[Voice]:
    """Up to `limit` of what customers want looked into, said before `before`, newest first."""
    rows = await (await driver(session)).fetch(
        f"""{_VOICES} WHERE ($1::text IS NULL OR v.owner_no = $1) AND ($2::text IS NULL OR v.state = $2)
              AND ($3::uuid IS NULL OR v.id < $3) AND {within_sql("f.account_id", "$5")}
              AND ($6::uuid IS NULL OR v.followup_id = $6)
            ORDER BY v.id DESC LIMIT $4""",
        owner,
        state,
        before,
        limit,
        part_of(session),
        followup,
    )
    return [Voice(**row) for row in rows]


async def voice(session: AsyncSession, voice_id: UUID) -> Voice:
    """One item. Raises NotFound."""
    row: Any = await (await driver(session)).fetchrow(
        f"{_VOICES} WHERE v.id = $1 AND {within_sql('f.account_id', '$2')}", voice_id, part_of(session)
    )
    if row is None:
        raise NotFound("There is no such item.")
    return Voice(**row)
