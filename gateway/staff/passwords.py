"""Passwords: what they must be, and how they are kept (Argon2id)."""

from __future__ import annotations

import asyncio
import secrets
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.kernel.errors import InvalidInput

SHORTEST: Final = 10
LONGEST: Final = 200
#: Without letters and digits that are mistaken for one another when they are read aloud or copied.
_PLAIN: Final = "abcdefghjkmnpqrstuvwxyz23456789"
#: Twice what OWASP asks for at least (19 MiB, 2 passes), and little enough that many may sign in at once.
_hasher = PasswordHasher(time_cost=2, memory_cost=40 * 1024, parallelism=1)
#: What a try with an unknown name is compared with, so that it takes as long as one with a known name.
_NOBODYS: Final = _hasher.hash(secrets.token_urlsafe(16))


def one_time() -> str:
    """A password to hand over: 4 groups of 4 letters and digits, 79 bits."""
    return "-".join("".join(secrets.choice(_PLAIN) for _ in range(4)) for _ in range(4))


def check(password: str, *, name: str) -> None:
    """Raise InvalidInput unless `password` will do for the person who signs in as `name`."""
    if len(password) < SHORTEST:
        raise InvalidInput(f"a password has {SHORTEST} characters or more", field="password")
    if len(password) > LONGEST:
        raise InvalidInput(f"a password has {LONGEST} characters at most", field="password")
    if len(set(password)) < 5 or name.casefold() in password.casefold():
        raise InvalidInput("this password is guessed too easily", field="password")


async def hashed(password: str) -> str:
    """As it is kept. Takes a while, beside the loop."""
    return await asyncio.to_thread(_hasher.hash, password)


async def fits(password: str, kept: str | None) -> bool:
    """Whether `password` is the one kept; takes as long where there is none."""
    return await asyncio.to_thread(_fits, password, kept or _NOBODYS) and kept is not None


def _fits(password: str, kept: str) -> bool:
    try:
        return _hasher.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False
