"""The exceptions of the gateway.

    LamplighterError
    ├── InvalidInput     what was asked is malformed; `errors` names each bad field
    ├── NotFound         there is no such thing, or it is not yours to see
    ├── Conflict         it cannot be done in the present state
    ├── Forbidden        the role, scope or organisation does not allow it
    ├── TooLarge         a body, file or batch is over its bound
    ├── Unavailable      the database or a carrier is away; try again
    └── Misconfigured    settings or templates are wrong; the process does not start

Drivers' errors are translated where the driver is called; nothing above knows them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One bad field: where it is (`audience.accounts[3]`), what is wrong, and a stable code."""

    field: str
    message: str
    code: str = "invalid"


class LamplighterError(Exception):
    """Root of everything this project raises on purpose."""


class InvalidInput(LamplighterError):
    """What was asked is malformed."""

    def __init__(self, message: str, *, field: str | None = None, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(message)
        self.errors: tuple[FieldError, ...] = tuple(errors) or (
            (FieldError(field, message),) if field is not None else ()
        )


class NotFound(LamplighterError):
    """There is no such thing, or it is not yours to see."""


class Conflict(LamplighterError):
    """It cannot be done in the present state. `errors` name what stands in the way, where that can be named."""

    def __init__(self, message: str, *, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(message)
        self.errors: tuple[FieldError, ...] = tuple(errors)


class Forbidden(LamplighterError):
    """The role, scope or organisation does not allow it."""


class TooLarge(LamplighterError):
    """A body, file or batch is over its bound."""


class Unavailable(LamplighterError):
    """The database or a carrier is away; try again."""


class Misconfigured(LamplighterError):
    """Settings or templates are wrong; the process does not start."""
