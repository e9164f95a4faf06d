"""Idempotency keys: a POST that is repeated with its key gets the first answer again and does nothing.

The key is inserted in the transaction of the work itself, before the work begins. A crash in between loses both
or keeps both, so one key never does two things; a concurrent duplicate waits at the unique index until the first
has committed (then it gets its answer) or rolled back (then it does the work). Only what was done is kept: a
request that was refused may be sent again, corrected, under the same key.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from aiohttp import web
from asyncpg import LockNotAvailableError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel.errors import Conflict, InvalidInput
from gateway.web import problems
from gateway.web.problems import Refusal

HEADER: Final = "Idempotency-Key"
_FORM = re.compile(r"[\x21-\x7e]{1,200}")
#: How long a duplicate waits for the first to end.
_WAIT: Final = "10s"


class Claim(NamedTuple):
    """A request's claim to its key: whose, which, and a digest of what is asked."""

    owner: str
    key: str
    digest: str


class Earlier(NamedTuple):
    """The answer that the key got before."""

    status: int
    body: str


def claim_of(request: web.Request, owner: str, body: bytes | str) -> Claim | None:
    """The claim of a request with this body (or a digest of it); None where it brings no key."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not _FORM.fullmatch(key):
        raise InvalidInput("a key is 1 to 200 visible ASCII characters", field=HEADER)
    hashed = hashlib.sha256(f"{request.method} {request.raw_path}\n".encode("utf-8", "surrogateescape"))
    hashed.update(body if isinstance(body, bytes) else body.encode())
    return Claim(owner, key, hashed.hexdigest())


class Stored(NamedTuple):
    """A key that is taken: what was asked with it, and the answer where there is one."""

    digest: str
    status: int | None
    body: str | None

    def answer_to(self, claimed: Claim) -> Earlier:
        """The answer for a repeat. Raises where the key is another request's or its answer is not known."""
        if self.digest != claimed.digest:
            raise Refusal(problems.KEY_REUSED, "This Idempotency-Key was used for another request.")
        if self.status is None or self.body is None:
            raise Conflict("The first request with this Idempotency-Key was cut off; look up what it did.")
        return Earlier(self.status, self.body)


async def claim(session: AsyncSession, claimed: Claim) -> Earlier | None:
    """Take the key in the session's transaction; the earlier answer where it is taken."""
    values = {"owner": claimed.owner, "key": claimed.key, "digest": claimed.digest}
    try:
        await session.execute(text("SELECT set_config('lock_timeout', :wait, true)"), {"wait": _WAIT})
        inserted = await session.execute(
            text(
                "INSERT INTO idempotency_key (owner, key, request_digest) VALUES (:owner, :key, :digest)"
                " ON CONFLICT DO NOTHING RETURNING true"
            ),
            values,
        )
        if inserted.scalar():
            await session.execute(text("SET LOCAL lock_timeout TO DEFAULT"))
            return None
    except DBAPIError as error:
        if isinstance(error.__cause__ and error.__cause__.__cause__, LockNotAvailableError):
            raise Conflict("The first request with this Idempotency-Key is still being dealt with.") from error
        raise
    found = await session.execute(
        text("SELECT request_digest, status, response FROM idempotency_key WHERE owner = :owner AND key = :key"),
        values,
    )
    row = found.one()
    return Stored(row.request_digest, row.status, row.response).answer_to(claimed)


async def keep(session: AsyncSession, claimed: Claim, status: int, body: str) -> None:
    """Keep the answer, in the session's transaction."""
    await session.execute(
        text("UPDATE idempotency_key SET status = :status, response = :body WHERE owner = :owner AND key = :key"),
        {"status": status, "body": body, "owner": claimed.owner, "key": claimed.key},
    )


async def claim_one(connection: Any, claimed: Claim) -> Earlier | None:
    """What `claim` does, in the transaction of the driver's `connection`."""
    await connection.execute(f"SET LOCAL lock_timeout = '{_WAIT}'")
    try:
        taken = await claim_many(connection, [claimed])
    except LockNotAvailableError as error:
        raise Conflict("The first request with this Idempotency-Key is still being dealt with.") from error
    await connection.execute("SET LOCAL lock_timeout TO DEFAULT")
    stored = taken.get((claimed.owner, claimed.key))
    return stored.answer_to(claimed) if stored is not None else None


async def claim_many(connection: Any, claims: Sequence[Claim]) -> dict[tuple[str, str], Stored]:
    """Take many distinct keys in the connection's transaction; those that are taken already."""
    # One order for all nodes, so that two of them cannot wait for each other.
    ordered = sorted(claims, key=lambda one: (one.owner, one.key))
    taken = await connection.fetch(
        """INSERT INTO idempotency_key (owner, key, request_digest)
           SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING RETURNING owner, key""",
        [one.owner for one in ordered],
        [one.key for one in ordered],
        [one.digest for one in ordered],
    )
    if len(taken) == len(ordered):
        return {}
    fresh = {(row["owner"], row["key"]) for row in taken}
    others = [one for one in ordered if (one.owner, one.key) not in fresh]
    rows = await connection.fetch(
        """SELECT owner, key, request_digest, status, response FROM idempotency_key
           JOIN unnest($1::text[], $2::text[]) AS asked(owner, key) USING (owner, key)""",
        [one.owner for one in others],
        [one.key for one in others],
    )
    return {(row["owner"], row["key"]): Stored(row["request_digest"], row["status"], row["response"]) for row in rows}


async def keep_many(connection: Any, kept: Sequence[tuple[Claim, Earlier]], let_go: Sequence[Claim]) -> None:
    """Keep the answers to keys taken, and let go of those whose requests were refused."""
    if kept:
        await connection.execute(
            """UPDATE idempotency_key AS k SET status = a.status, response = a.body
               FROM unnest($1::text[], $2::text[], $3::smallint[], $4::text[]) AS a(owner, key, status, body)
               WHERE k.owner = a.owner AND k.key = a.key""",
            [one.owner for one, _ in kept],
            [one.key for one, _ in kept],
            [answer.status for _, answer in kept],
            [answer.body for _, answer in kept],
        )
    if let_go:
        await connection.execute(
            """DELETE FROM idempotency_key AS k USING unnest($1::text[], $2::text[]) AS a(owner, key)
               WHERE k.owner = a.owner AND k.key = a.key""",
            [one.owner for one in let_go],
            [one.key for one in let_go],
        )
