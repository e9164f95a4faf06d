"""What may become of a commitment, and when its marks fall due (domain notes S2.11, S2.16). Pure.

A commitment that was kept in time is `kept`; one that was not is `broken`, and stays so when it is done late. It is
`renegotiated` before its time is up, with a new commitment in its place, and `released` where the customer needs it
no more. The customer has the last word: what we noted as kept and the customer denies is broken.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, get_args

State = Literal["open", "kept", "broken", "renegotiated", "released"]
Kind = Literal["contact", "work"]
Deed = Literal["done", "overdue", "admitted", "renegotiated", "released", "denied"]
STATES: Final[tuple[str, ...]] = get_args(State)
KINDS: Final[tuple[str, ...]] = get_args(Kind)

#: Shares of the time after which the customer hears of progress without asking; the last is the end.
MARKS: Final = (0.5, 0.8, 1.0)

_NEXT: Final[Mapping[tuple[State, Deed], State]] = {
    ("open", "done"): "kept",
    ("open", "overdue"): "broken",
    ("open", "admitted"): "broken",
    ("open", "renegotiated"): "renegotiated",
    ("open", "released"): "released",
    ("open", "denied"): "broken",
    # Done late: it stays broken, and is told apart by when it was done.
    ("broken", "done"): "broken",
    ("broken", "denied"): "broken",
    ("kept", "denied"): "broken",
}


def after(state: State, deed: Deed, *, at: datetime, due_at: datetime) -> State | None:
    """What a commitment is after a deed at `at`; None where that cannot be."""
    if deed == "overdue" and at < due_at:
        return None
    if deed in ("renegotiated", "released") and at >= due_at:
        return None
    # Whoever says that nobody came speaks of a time that is over.
    if deed == "denied" and state == "open" and at < due_at:
        return None
    if deed == "done" and state == "open" and at > due_at:
        return "broken"
    return _NEXT.get((state, deed))


def moment_of(mark: int, made_at: datetime, due_at: datetime) -> datetime | None:
    """When the mark behind `mark` earlier ones falls due; None where none is left."""
    if mark >= len(MARKS):
        return None
    return due_at if MARKS[mark] == 1.0 else made_at + (due_at - made_at) * MARKS[mark]


def passed(made_at: datetime, due_at: datetime, now: datetime) -> int:
    """How many marks lie behind `now`."""
    return sum(1 for mark in range(len(MARKS)) if (at := moment_of(mark, made_at, due_at)) is not None and at <= now)
