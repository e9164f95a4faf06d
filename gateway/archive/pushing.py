"""Pushing changes to whoever subscribed, signed, in order, each until it is taken (standardwebhooks.com).

A change is the next one's turn only once the receiver has answered 2xx, which counts as its acknowledgement. What
fails is tried again, later and later, for as long as it takes: nothing is skipped, and how it stands can be read.
A receiver that answers 410 wants no more; its subscription pauses until a person lets it go on.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from gateway.archive import changes, upstream
from gateway.kernel import audit
from gateway.kernel.clock import Clock
from gateway.kernel.database import Database
from gateway.kernel.errors import Conflict, InvalidInput, NotFound
from gateway.kernel.ids import new_id

#: Waits before a change is tried again; the last one repeats (the schedule that Standard Webhooks suggests).
WAITS: Final = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000))
_AT_ONCE: Final = 100
_GONE: Final = 410
_MOST_SAID: Final = 200


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of one post: the status, or in words why there is none."""

    status: int | None
    error: str | None = None


#: Posts a body to an address with headers; never raises for what the network or the receiver does.
Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[Answered]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription and how it fares."""

    id: UUID
    consumer: str
    url: str
    state: str
    made_at: datetime
    made_by: str
    acknowledged: int
    behind: int
    tries: int
    next_try_at: datetime | None
    failing_since: datetime | None
    last_status: int | None
    last_error: str | None


_LISTED: Final = """
SELECT s.id, s.consumer, s.url, s.state, s.made_at, s.made_by, c.acknowledged,
       (SELECT count(*) FROM change WHERE id > c.acknowledged) AS behind,
       s.tries, s.next_try_at, s.failing_since, s.last_status, s.last_error
FROM subscription s JOIN change_consumer c ON c.name = s.consumer
"""


def secret_of(key: str, subscription: UUID) -> bytes:
    """The secret of a subscription: derived from the house's own key, so that none is kept."""
    return hmac.new(key.encode(), b"subscription:" + subscription.bytes, hashlib.sha256).digest()


def in_words(secret: bytes) -> str:
    """A secret as receivers are given it."""
    return f"whsec_{b64encode(secret).decode()}"


def signed(secret: bytes, id_: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of a post: what it is, when it left, and that it is ours."""
    stamp = str(int(at.timestamp()))
    digest = hmac.new(secret, f"{id_}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "webhook-id": id_,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{b64encode(digest).decode()}",
    }


def body_of(change: Mapping[str, Any]) -> bytes:
    """A change as it is posted."""
    data = {**change, "at": change["at"].isoformat(), "correction_id": _text(change["correction_id"])}
    told = {"type": f"change.{change['kind']}", "timestamp": change["at"].isoformat(), "data": data}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def _text(value: object) -> str | None:
    return None if value is None else str(value)


async def subscribe(
    connection: Any, *, url: str, consumer: str, actor: str, at: datetime, live: bool, from_now: bool
) -> UUID:
    """Have changes pushed to an address for a consumer, from the beginning or `from_now`; the subscription's id.

    Raises InvalidInput for an address that is none (in live mode: that is not HTTPS), and Conflict where the
    consumer has a subscription.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.fragment:
        raise InvalidInput("an address such as https://crm.example.cn/lamplighter is needed", field="url")
    if live and parts.scheme != "https":
        raise InvalidInput("personal data leaves by HTTPS only", field="url")
    await connection.execute(
        """INSERT INTO change_consumer (name, acknowledged, made_at)
           VALUES ($1, CASE WHEN $3 THEN coalesce((SELECT max(id) FROM change), 0) ELSE 0 END, $2)
           ON CONFLICT (name) DO NOTHING""",
        consumer,
        at,
        from_now,
    )
    subscription = new_id(at)
    made = await connection.fetchval(
        """INSERT INTO subscription (id, consumer, url, made_at, made_by) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (consumer) DO NOTHING RETURNING true""",
        subscription,
        consumer,
        url,
        at,
        actor,
    )
    if not made:
        raise Conflict(f"{consumer} has a subscription already")
    await _note(connection, actor, "subscribed", subscription, at, {"consumer": consumer, "host": parts.hostname})
    return subscription


async def go_on(connection: Any, subscription: UUID, *, actor: str, at: datetime) -> None:
    """Try again at once, after a pause or a wait."""
    found = await connection.fetchval(
        """UPDATE subscription SET state = 'active', tries = 0, next_try_at = NULL WHERE id = $1 RETURNING true""",
        subscription,
    )
    if not found:
        raise NotFound("There is no subscription with this id.")
    await _note(connection, actor, "resumed", subscription, at, {})


async def unsubscribe(connection: Any, subscription: UUID, *, actor: str, at: datetime) -> None:
    """End a subscription; its consumer takes no more changes, so no correction waits for it any more."""
    consumer = await connection.fetchval("DELETE FROM subscription WHERE id = $1 RETURNING consumer", subscription)
    if consumer is None:
        raise NotFound("There is no subscription with this id.")
    await connection.execute("DELETE FROM change_consumer WHERE name = $1", consumer)
    await _note(connection, actor, "ended", subscription, at, {"consumer": consumer})


async def subscriptions(connection: Any) -> list[Subscription]:
    """Every subscription, by its consumer's name."""
    return [Subscription(**dict(row)) for row in await connection.fetch(f"{_LISTED} ORDER BY s.consumer")]


async def one(connection: Any, subscription: UUID) -> Subscription:
    """One subscription. Raises NotFound."""
    row = await connection.fetchrow(f"{_LISTED} WHERE s.id = $1", subscription)
    if row is None:
        raise NotFound("There is no subscription with this id.")
    return Subscription(**dict(row))


async def _note(
    connection: Any, actor: str, what: str, subscription: UUID, at: datetime, after: dict[str, Any]
) -> None:
    await audit.write(
        connection, at=at, actor=actor, action=f"subscription.{what}", subject=f"subscription:{subscription}",
        after=after,
    )  # fmt: skip


async def next_due(connection: Any, now: datetime) -> datetime | None:
    """When something that failed is tried again next."""
    due: datetime | None = await connection.fetchval(
        "SELECT min(next_try_at) FROM subscription WHERE state = 'active' AND next_try_at > $1", now
    )
    return due


class Pusher:
    """Pushes what subscribers have not taken yet. One node does at a time; no session is held while one thinks."""

    def __init__(self, database: Database, clock: Clock, wall: Clock, post: Post, key: str) -> None:
        self._database = database
        self._clock = clock
        #: A receiver refuses what is signed with another time than its own: signatures tell the real one.
        self._wall = wall
        self._post = post
        self._key = key
        self._alone = asyncio.Lock()

    async def push(self) -> int:
        """Push all that is due; how many changes were taken."""
        async with self._alone:
            async with self._database.connection() as connection:
                due = await connection.fetch(
                    """SELECT s.id, s.consumer, s.url, s.tries, c.acknowledged
                       FROM subscription s JOIN change_consumer c ON c.name = s.consumer
                       WHERE s.state = 'active' AND (s.next_try_at IS NULL OR s.next_try_at <= $1)
                         AND EXISTS (SELECT 1 FROM change WHERE id > c.acknowledged) ORDER BY s.id""",
                    self._clock.now(),
                )
            return sum(await asyncio.gather(*(self._push(row) for row in due)))

    async def _push(self, row: Any) -> int:
        taken, upto = 0, row["acknowledged"]
        while True:
            async with self._database.connection() as connection:
                found = await changes.behind(connection, after=upto, limit=_AT_ONCE)
            for change in found:
                body = body_of(change)
                headers = signed(secret_of(self._key, row["id"]), f"chg_{change['id']}", self._wall.now(), body)
                answered = await self._post(row["url"], body, headers)
                if not await self._keep(row["id"], row["consumer"], change["id"], answered):
                    return taken
                taken, upto = taken + 1, change["id"]
            if len(found) < _AT_ONCE:
                return taken

    async def _keep(self, subscription: UUID, consumer: str, change: int, answered: Answered) -> bool:
        """Write down how a post went; whether the next one may follow."""
        now = self._clock.now()
        status = answered.status
        good = status is not None and 200 <= status < 300
        async with self._database.work() as work:
            row = await work.connection.fetchrow(
                "SELECT state, tries FROM subscription WHERE id = $1 FOR UPDATE", subscription
            )
            if row is None:
                return False
            if good:
                await upstream.acknowledge(work.connection, consumer, change, actor=f"webhook:{consumer}", at=now)
            tries = 0 if good else row["tries"] + 1
            gone = status == _GONE
            await work.execute(
                """UPDATE subscription SET tries = $2, next_try_at = $3, last_status = $4, last_error = $5,
                     failing_since = CASE WHEN $6 THEN NULL ELSE coalesce(failing_since, $7) END,
                     state = CASE WHEN $8 THEN 'paused' ELSE state END WHERE id = $1""",
                subscription,
                min(tries, 30_000),
                None if good or gone else now + WAITS[min(tries, len(WAITS)) - 1],
                status,
                None if good else (answered.error or f"answered {status}")[:_MOST_SAID],
                good,
                now,
                gone,
            )
            await work.commit()
        return good and row["state"] == "active"
