"""Programmes and seeds as they are kept: versions append-only, one seed a day."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.evaluations.drawing import QUESTIONS, STANDARD, Programme, digest_of
from gateway.kernel import audit
from gateway.kernel.errors import Conflict, InvalidInput, NotFound

_NEWEST: Final = "SELECT DISTINCT ON (code) code, version, body FROM evaluation_programme ORDER BY code, version DESC"
#: How long after the end of a day its seed stays secret: a draw of the last moment is committed by then.
_SECRET_FOR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """A day's seed as it may be told: the seed itself only when its day is over."""

    day: date
    digest: str
    seed: str | None
    made_at: datetime


async def programmes(connection: Any) -> dict[str, Programme]:
    """Every programme in force, by its code."""
    found = dict(STANDARD)
    for row in await connection.fetch(_NEWEST):
        if row["code"] in found:
            found[row["code"]] = _programme(row)
    return found


def _programme(row: Any) -> Programme:
    body = json.loads(row["body"]) if isinstance(row["body"], str) else row["body"]
    return Programme(**{**body, "asks": tuple(body["asks"]), "version": row["version"]})


async def change(
    connection: Any, code: str, changes: dict[str, Any], *, version: int, reason: str, at: datetime, actor: str
) -> Programme:
    """Make a new version of a programme out of `version`, for events that are drawn from now on.

    Raises NotFound, Conflict where another version is in force, InvalidInput naming the field.
    """
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('programme ' || $1, 0))", code)
    before = (await programmes(connection)).get(code)
    if before is None:
        raise NotFound(f"There is no programme {code}: there are {', '.join(STANDARD)}.")
    if before.version != version:
        raise Conflict(f"version {before.version} is in force")
    if unknown := changes.keys() - {"rate", "asks", "answer_hours", "remind_hours"}:
        raise InvalidInput("a programme has no such field", field=min(unknown))
    if "asks" in changes:
        changes["asks"] = tuple(word for word in QUESTIONS if word in changes["asks"])
    after = replace(before, **changes, version=before.version + 1)
    await connection.execute(
        """INSERT INTO evaluation_programme (code, version, body, reason, made_at, made_by)
           VALUES ($1, $2, $3::jsonb, $4, $5, $6)""",
        code,
        after.version,
        json.dumps(after.body),
        reason,
        at,
        actor,
    )
    await audit.write(
        connection,
        at=at,
        actor=actor,
        action="evaluation_programme.changed",
        subject=f"evaluation_programme:{code}",
        before=before.body,
        after={**after.body, "reason": reason},
    )
    return after


async def seed_of(connection: Any, now: datetime, zone: ZoneInfo) -> tuple[date, str]:
    """The seed of today's draws; made now where nobody made it ahead."""
    day = now.astimezone(zone).date()
    await make_seeds(connection, [day], now)
    seed: str = await connection.fetchval("SELECT seed FROM draw_seed WHERE day = $1", day)
    return day, seed


async def make_seeds(connection: Any, days: list[date], now: datetime) -> None:
    """Make the seeds of these days where there are none; each leaves its digest in the audit trail."""
    made = [(day, secrets.token_hex(32)) for day in days]
    rows = await connection.fetch(
        """INSERT INTO draw_seed (day, seed, digest, made_at)
           SELECT day, seed, digest, $4 FROM unnest($1::date[], $2::text[], $3::text[]) AS new(day, seed, digest)
           ON CONFLICT (day) DO NOTHING RETURNING day, digest""",
        [day for day, _ in made],
        [seed for _, seed in made],
        [digest_of(seed) for _, seed in made],
        now,
    )
    for row in rows:
        await audit.write(
            connection,
            at=now,
            actor="clock",
            action="draw_seed.made",
            subject=f"draw_seed:{row['day']}",
            after={"digest": row["digest"]},
        )


async def seeds(connection: Any, *, before: date | None, limit: int, now: datetime, zone: ZoneInfo) -> list[Seed]:
    """Up to `limit` seeds of days before `before`, the newest first."""
    rows = await connection.fetch(
        """SELECT day, digest, seed, made_at FROM draw_seed WHERE $1::date IS NULL OR day < $1
           ORDER BY day DESC LIMIT $2""",
        before,
        limit,
    )
    return [
        Seed(
            day=row["day"],
            digest=row["digest"],
            seed=row["seed"] if now >= _told_at(row["day"], zone) else None,
            made_at=row["made_at"],
        )
        for row in rows
    ]


def _told_at(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), zone) + _SECRET_FOR
