"""On whose behalf a transaction runs: what they may do, and for which organisations.

A session carries who acts. Use cases name the scope that they need (`needs`), so that what a person may do is
decided where it is done, whichever door they came in by. A session on behalf of nobody is the house's own work
(the clock, the command line), which may do everything.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar, cast

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel.errors import Forbidden

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")

_KEY: Final = "acting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """Who acts: a person at the console, a program with a key."""

    #: As the audit trail names them: `staff:E000001`, `key:billing`.
    actor: str
    scopes: frozenset[str]
    #: The organisations whose accounts they may reach; None: the whole utility.
    organisations: frozenset[int] | None = None
    #: Whether their word counts as that of two people where four eyes are asked (the sandbox's key only).
    two_people: bool = False

    def may(self, scope: str) -> bool:
        """Whether they hold `scope`."""
        return scope in self.scopes or "admin" in self.scopes

    @property
    def staff_no(self) -> str | None:
        """Which member of staff acts; None for a program."""
        kind, _, number = self.actor.partition(":")
        return number if kind == "staff" else None

    @property
    def whole(self) -> bool:
        """Whether they act for the whole utility."""
        return self.organisations is None


def act_for(session: AsyncSession, acting: Acting) -> None:
    """Let everything done in `session` be done on behalf of `acting`."""
    session.info[_KEY] = acting


def acting_in(session: AsyncSession) -> Acting | None:
    """On whose behalf `session` works; None: the house's own."""
    found: Acting | None = session.info.get(_KEY)
    return found


def require(session: AsyncSession, scope: str) -> None:
    """Raise Forbidden unless who acts holds `scope`."""
    acting = acting_in(session)
    if acting is not None and not acting.may(scope):
        raise Forbidden(f"This needs the scope {scope}.")


def require_whole(session: AsyncSession) -> None:
    """Raise Forbidden unless who acts does so for the whole utility."""
    acting = acting_in(session)
    if acting is not None and not acting.whole:
        raise Forbidden("This concerns the whole utility, and you act for a part of it.")


Method = Callable[Concatenate[S, AsyncSession, P], Coroutine[Any, Any, R]]


def needs(scope: str, *, whole: bool = False) -> Callable[[Method[S, P, R]], Method[S, P, R]]:
    """A use case (a method whose first argument is the session) that needs `scope`.

    `whole`: what it does concerns the whole utility, so whoever acts for a part of it may not.
    """

    def wrap(method: Method[S, P, R]) -> Method[S, P, R]:
        @wraps(method)
        async def checked(self: S, session: AsyncSession, *given: P.args, **named: P.kwargs) -> R:
            require(session, scope)
            if whole:
                require_whole(session)
            return await method(self, session, *given, **named)

        return cast("Method[S, P, R]", checked)

    return wrap
