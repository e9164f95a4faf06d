"""What each role may do. A person may hold several; the scopes are those of API keys. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.staff.keys import SCOPES

ROLES: Final = ("admin", "archive_admin", "account_manager", "handler", "reviewer", "supervisor", "auditor")

_READING: Final = frozenset(scope for scope in SCOPES if scope.endswith(":read"))
_COMMON: Final = frozenset(
    [
        "archive:read", "notices:read", "outages:read", "templates:read", "ladder:read", "messages:read",
        "inbound:read", "evaluations:read", "corrections:read", "cases:read", "tasks:read", "followups:read",
    ]
)  # fmt: skip

#: The scopes of each role.
GRANTED: Final[dict[str, frozenset[str]]] = {
    # Everything: runs the house.
    "admin": frozenset(SCOPES),
    # Fixes who is reached where.
    "archive_admin": _COMMON
    | {
        "archive:write", "imports", "corrections:decide", "inbound:resolve", "changes:read", "changes:acknowledge",
        "notices:write", "outages:write", "templates:write", "ladder:write", "messages:send", "messages:decide",
        "cases:write", "tasks:write", "policy:read", "personal:show",
    },
    # Keeps promises to the customers that are theirs.
    # What their customers said of them they never read one by one: the words of replies are not theirs to read.
    "account_manager": _COMMON - {"inbound:read"}
    | {"followups:write", "cases:write", "tasks:write", "messages:send", "personal:show"},
    # The front line: works the cases and pays the visits that are given to them. What customers say of that they read
    # in figures alone, and who is asked they have no say in.
    "handler": frozenset(
        [
            "archive:read", "outages:read", "cases:read", "cases:write", "tasks:read", "tasks:write", "followups:read",
            "followups:write", "evaluations:read", "personal:show",
        ]
    ),
    # The second pair of eyes, and who asks customers instead of the account manager.
    "reviewer": _COMMON
    | {
        "notices:approve", "templates:approve", "corrections:decide", "inbound:resolve", "followups:review",
        "cases:write", "tasks:write", "policy:read", "personal:show", "evaluations:review", "evaluations:audit",
    },
    # Reads satisfaction, sees trouble coming, contests ratings for the unit.
    "supervisor": _COMMON
    | {
        "notices:approve", "cases:write", "cases:review", "tasks:write", "inbound:resolve", "policy:read",
        "evaluations:challenge",
    },
    # Sees everything that was done, draws again what was drawn, and changes nothing.
    "auditor": _READING | {"evaluations:audit"},
}  # fmt: skip
assert tuple(GRANTED) == ROLES

#: Roles of those whose work customers rate: none of them has a say in who is asked (promise P6).
RATED: Final = ("account_manager", "handler")
#: The scopes by which it could be chosen who is asked, or kept out what was answered.
STEERING: Final = frozenset(
    [
        "evaluations:invite", "evaluations:review", "evaluations:programmes", "evaluations:audit", "notices:write",
        "notices:approve", "imports", "policy:write", "archive:write", "corrections:decide", "inbound:resolve",
        "inbound:read", "templates:write", "followups:review", "staff:write", "admin",
    ]
)  # fmt: skip


def scopes_of(roles: Iterable[str]) -> frozenset[str]:
    """What these roles together may do: with a rated one among them, nothing that has a say in who is asked."""
    held = list(roles)
    together = frozenset[str]().union(*(GRANTED[role] for role in held))
    return together - STEERING if any(role in RATED for role in held) else together


def at_odds(roles: Iterable[str]) -> tuple[str, str] | None:
    """A rated role and one that steers, where nobody may hold both; None where these go together."""
    held = list(roles)
    rated = next((role for role in held if role in RATED), None)
    steers = next((role for role in held if GRANTED[role] & STEERING), None)
    return (rated, steers) if rated is not None and steers is not None else None
