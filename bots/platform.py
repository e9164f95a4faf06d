"""What a chat platform is to the house: its channel and lane, its webhooks, and what runs beside them.

A platform is one folder here and one line in `PLATFORMS` (`bots/__init__.py`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gateway.archive.corrections import Corrections
from gateway.cases.keeping import Cases
from gateway.cases.warnings.keeping import Warnings
from gateway.followups import Followups
from gateway.inbox import Inbox, Intake, Proofs, Tools
from gateway.kernel.clock import Clock
from gateway.kernel.database import Database
from gateway.kernel.settings import Settings
from gateway.notices import Acceptor, PolicyBook, Wording
from gateway.outbox.carriers import Channel
from gateway.outbox.lanes import LaneSpec


class Speech(Protocol):
    """What the house calls things, and says, in the language of staff."""

    def term(self, language: str, area: str, key: str) -> str:
        """What a reason, a role, a topic or the like is called; its key where it has no name."""
        ...

    def told(self, language: str, sentence: str) -> str:
        """A sentence of a use case, numbers masked; as it is where nobody translated it."""
        ...


class Rooms(Protocol):
    """What the bots are given of the house; `gateway.house.House` is one."""

    settings: Settings
    database: Database
    clock: Clock
    wording: Wording
    intake: Intake
    tools: Tools
    acceptor: Acceptor
    corrections: Corrections
    followups: Followups
    cases: Cases
    inbox: Inbox
    policy: PolicyBook
    proofs: Proofs
    warnings: Warnings

    @property
    def speech(self) -> Speech: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What the platform is answered, and how its request is counted (`taken`, `unreadable`, `forged`)."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain"
    outcome: str = "taken"


class Hook(Protocol):
    """An address that a platform calls."""

    @property
    def path(self) -> str: ...
    @property
    def carrier(self) -> str: ...
    @property
    def methods(self) -> Sequence[str]: ...

    async def answer(
        self, *, method: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Answered:
        """Check what came, of which nothing is trusted before that; answer once it is committed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A platform that the settings name, ready to be started."""

    #: How messages, lanes and contact points name it.
    name: str
    #: Where customers are told things there; a bot that is for staff alone has neither.
    lane: LaneSpec | None = None
    channel: Channel | None = None
    hooks: Sequence[Hook] = ()
    #: What runs beside the web, by name, until it is cancelled.
    parts: Mapping[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    #: What one node of all does (`parts` that only whoever holds the office of that name runs).
    offices: Mapping[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    #: What is opened before anything runs, and closed after everything.
    begin: Callable[[], Awaitable[None]] | None = None
    end: Callable[[], Awaitable[None]] | None = None
    #: Drops what is of no use any more, at a moment of the Clock's.
    forget: Callable[[datetime], Awaitable[None]] | None = None
    #: Told what nodes tell one another, by the channel of the database.
    listens: Mapping[str, Callable[[str], None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A platform that the house knows. `wanted` says whether the settings name it."""

    name: str
    wanted: Callable[[Settings], bool]
    open: Callable[[Rooms], Opened]
    #: Whether customers may be reached there.
    customers: bool = True
