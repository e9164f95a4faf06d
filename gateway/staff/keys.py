"""API keys: who may call the interface, and for what.

A key is shown once, when it is made; only its SHA-256 is kept. Keys are long and random, so that a plain digest
is enough, and a digest can be looked up by an index.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel import audit
from gateway.kernel.acting import Acting, require, require_whole
from gateway.kernel.database import Database
from gateway.kernel.errors import Conflict, InvalidInput, NotFound
from gateway.staff.tables import ApiKey

#: What a key may be allowed. `admin` holds every other one.
SCOPES: Final = {
    "archive:read": "accounts, contacts and links",
    "archive:write": "changes to accounts and contacts outside a correction",
    "imports": "hand files in, read how they went",
    "notices:read": "notices, their previews and counts",
    "notices:write": "draft, pause, resume and cancel notices",
    "notices:approve": "approve notices",
    "policy:read": "the policy in force and its versions",
    "policy:write": "make a new version of the policy",
    "outages:read": "outages, their history and who knows of them",
    "outages:write": "announce and change outages",
    "templates:read": "texts, their versions and revisions",
    "templates:write": "propose texts, note what carriers say of them",
    "templates:approve": "put proposed texts in force, or turn them down",
    "ladder:read": "where bills stand on the ladder of arrears, disconnections, tones",
    "ladder:write": "take due stages, declare payments complete, report on disconnections",
    "messages:read": "messages and what befell them",
    "messages:send": "single messages and batches",
    "lanes:write": "switch lanes off and on",
    "messages:decide": "say whether a carrier took a message in doubt",
    "inbound:read": "what customers said",
    "inbound:resolve": "settle what waits for a person",
    "evaluations:read": "scores, response rates and coverage",
    "evaluations:invite": "draft and steer surveys as notices; no role whose work is rated holds it",
    "evaluations:challenge": "contest ratings for the unit whose work is rated",
    "evaluations:review": "decide on contested ratings and on answers set apart; leave events out, with a code",
    "evaluations:programmes": "change how many of which services are asked about, and what",
    "evaluations:audit": "every event with its draw, and the seeds of days that are over",
    "corrections:read": "correction cases",
    "corrections:decide": "open, apply, dismiss, revert and close corrections",
    "cases:read": "what customers raised, alerts, notes on accounts",
    "cases:write": "write on cases, hand them on, close them; take alerts on",
    "cases:review": "decide what units challenge",
    "tasks:read": "what people are to do beside the texts",
    "tasks:write": "close tasks with what came of them",
    "followups:read": "the account managers' plan",
    "followups:write": "plan follow-ups, say what came of them, name deputies",
    "followups:programmes": "name programmes of visits, switch them on or off",
    "followups:review": "the independent follow-up: who is to be called, and what came of it",
    "changes:read": "corrections for the utility's own customer system",
    "changes:acknowledge": "say that changes were taken over, subscribe to them",
    "audit:read": "who did what, with what before and after",
    "personal:show": "see a masked number on a page of the console in full, which is written down",
    "staff:write": "who may sign in and as what, keys for programs",
    "sandbox": "the test clock",
    "admin": "everything",
}

_PREFIX: Final = "lamp_"
#: Seconds for which a key that was good is taken as good: how long a revoked key may live on.
CACHE_SECONDS: Final = 5.0
_MOST_CACHED: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The program behind a request."""

    name: str
    scopes: frozenset[str]
    #: Whether its word counts as that of two people where four eyes are asked (the sandbox's key only).
    two_people: bool = False
    #: The member of staff whose key it is; None for a program's.
    staff_no: str | None = None

    @property
    def actor(self) -> str:
        """How the audit trail names it: the person whose key it is, or the program."""
        return f"key:{self.name}" if self.staff_no is None else f"staff:{self.staff_no}"

    @property
    def acting(self) -> Acting:
        """As use cases know it."""
        return Acting(actor=self.actor, scopes=self.scopes, two_people=self.two_people)

    def may(self, scope: str) -> bool:
        """Whether it holds `scope`."""
        return scope in self.scopes or "admin" in self.scopes


def digest(key: str) -> str:
    """The SHA-256 under which a key is kept, in hexadecimal."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


async def create(
    session: AsyncSession,
    *,
    name: str,
    scopes: Sequence[str],
    at: datetime,
    actor: str,
    staff_no: str | None = None,
) -> str:
    """Make a key in the session's transaction and answer it; it can never be read again.

    With `staff_no` it is that person's, who is barred from what concerns their own work.
    Raises InvalidInput for an unknown scope or none, Conflict where the name is taken.
    """
    require(session, "staff:write")
    require_whole(session)
    if not name.strip():
        raise InvalidInput("a key needs a name", field="name")
    if not scopes:
        raise InvalidInput("a key needs at least one scope", field="scopes")
    for scope in scopes:
        if scope not in SCOPES:
            raise InvalidInput(f"unknown scope {scope!r}; known are {', '.join(SCOPES)}", field="scopes")
    key = f"{_PREFIX}{secrets.token_urlsafe(32)}"
    granted = sorted(set(scopes))
    session.add(ApiKey(name=name, digest=digest(key), scopes=granted, made_at=at, staff_no=staff_no))
    audit.record(
        session,
        at=at,
        actor=actor,
        action="api_key.created",
        subject=f"api_key:{name}",
        after={"scopes": granted, "staff_no": staff_no},
    )
    try:
        await session.flush()
    except IntegrityError as error:
        raise Conflict(f"there is a key named {name!r} already") from error
    return key


async def revoke(session: AsyncSession, *, name: str, at: datetime, actor: str) -> None:
    """End a key in the session's transaction. Nodes that know it let it in for `CACHE_SECONDS` more."""
    require(session, "staff:write")
    require_whole(session)
    revoked = await session.execute(
        update(ApiKey)
        .where(ApiKey.name == name, ApiKey.revoked_at.is_(None))
        .values(revoked_at=at)
        .returning(ApiKey.id)
    )
    if revoked.first() is None:
        raise NotFound(f"there is no key named {name!r} that could be revoked")
    audit.record(session, at=at, actor=actor, action="api_key.revoked", subject=f"api_key:{name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySeen:
    """A key as it is listed; the key itself is nowhere."""

    name: str
    scopes: list[str]
    made_at: datetime
    revoked_at: datetime | None


async def listed(session: AsyncSession) -> list[KeySeen]:
    """Every key, those in force first."""
    require(session, "staff:write")
    require_whole(session)
    query = select(*(getattr(ApiKey, name) for name in KeySeen.__slots__)).order_by(
        ApiKey.revoked_at.is_not(None), ApiKey.name
    )
    return [KeySeen(**row._mapping) for row in await session.execute(query)]


async def authenticate(session: AsyncSession, key: str) -> Caller | None:
    """Whose key this is; None where nobody's, or revoked."""
    found = await session.execute(
        select(ApiKey.name, ApiKey.scopes, ApiKey.staff_no).where(
            ApiKey.digest == digest(key), ApiKey.revoked_at.is_(None)
        )
    )
    row = found.first()
    return Caller(name=row.name, scopes=frozenset(row.scopes), staff_no=row.staff_no) if row is not None else None


class KeyRing:
    """Knows callers by their keys without asking the database each time.

    `bootstrap` is the sandbox's key: every scope, and the word of two people.
    """

    def __init__(
        self, database: Database, *, bootstrap: str = "", monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._bootstrap = digest(bootstrap) if bootstrap else ""
        self._monotonic = monotonic
        self._known: dict[str, tuple[Caller, float]] = {}
        self._root = Caller(name="bootstrap", scopes=frozenset(SCOPES), two_people=True)

    async def caller(self, key: str) -> Caller | None:
        """Whose key this is. Raises what the driver raises when the database is away."""
        hashed = digest(key)
        if self._bootstrap and hmac.compare_digest(hashed, self._bootstrap):
            return self._root
        now = self._monotonic()
        known = self._known.get(hashed)
        if known is not None and known[1] > now:
            return known[0]
        async with self._database.session() as session:
            caller = await authenticate(session, key)
        self._known.pop(hashed, None)
        if caller is not None:
            if len(self._known) >= _MOST_CACHED:
                self._known.clear()
            self._known[hashed] = (caller, now + CACHE_SECONDS)
        return caller
