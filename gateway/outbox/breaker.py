"""When a lane is left alone: a breaker opens on a run of failures, and one message at a time tries it again.

    closed ── most of what ended lately failed ──► open ── its time is up ──► half-open
      ▲                                              ▲                            │
      └──────────────── the try succeeded ───────────┴──── the try failed ◄───────┘

Pure: the moment is an argument, in seconds of any clock that never goes back.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.outbox.carriers import Accepted, Outcome, Refused, Unknown

#: How many hand-overs the judgement looks back on, the share that must have failed, and the fewest it judges by.
_LOOK_BACK: Final = 20
_SHARE: Final = 0.5
_FEWEST: Final = 5
#: Seconds a failure counts.
_MEMORY: Final = 30.0
#: Seconds the lane is left alone at first, and at most; doubling in between.
_FIRST_REST: Final = 1.0
_LONGEST_REST: Final = 30.0


class BreakerState(StrEnum):
    """What may be handed over."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class _Ended:
    at: float
    failed: bool


class Breaker:
    """One lane's breaker on one node."""

    def __init__(self) -> None:
        self._ended: deque[_Ended] = deque(maxlen=_LOOK_BACK)
        self._open_until: float | None = None
        self._rest = _FIRST_REST
        self._trying = False
        #: Why it opened, in words; empty while closed.
        self.reason = ""

    def state(self, now: float) -> BreakerState:
        """The state at `now`."""
        if self._open_until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self._open_until else BreakerState.HALF_OPEN

    def room(self, now: float, free: int) -> int:
        """How many of `free` hand-overs may begin at `now`."""
        state = self.state(now)
        if state is BreakerState.HALF_OPEN:
            return 0 if self._trying else min(free, 1)
        return free if state is BreakerState.CLOSED else 0

    def wait(self, now: float) -> float:
        """Seconds until a try may begin; 0 where nothing is in its way."""
        return 0.0 if self._open_until is None else max(0.0, self._open_until - now)

    def begin(self) -> bool:
        """A hand-over begins; whether it is the try of a half-open lane."""
        trying = self._open_until is not None
        self._trying = self._trying or trying
        return trying

    def not_begun(self, *, trying: bool) -> None:
        """What was claimed was given back; if it was the try, another may be made."""
        if trying:
            self._trying = False

    def ended(self, outcome: Outcome, now: float, draw: float, *, trying: bool = False) -> None:
        """A hand-over ended; `draw` in [0, 1) spreads the tries of many nodes.

        What is refused for good speaks for the carrier's health; throttling speaks neither for it nor against.
        """
        failed = isinstance(outcome, Unknown) or (isinstance(outcome, Refused) and not outcome.for_good)
        succeeded = isinstance(outcome, Accepted) or (isinstance(outcome, Refused) and outcome.for_good)
        if trying:
            self._trying = False
        if self._open_until is not None:
            if succeeded:
                self._close()
            elif failed and trying:
                self._rest = min(_LONGEST_REST, self._rest * 2)
                self._open(outcome, now, draw)
            return
        if failed or succeeded:
            self._ended.append(_Ended(now, failed))
        if not failed:
            return
        lately = [one for one in self._ended if one.at > now - _MEMORY]
        failures = sum(one.failed for one in lately)
        if len(lately) >= _FEWEST and failures > _SHARE * len(lately):
            self._open(outcome, now, draw)

    def _open(self, outcome: Outcome, now: float, draw: float) -> None:
        self._open_until = now + self._rest * (0.75 + draw / 2)
        self._ended.clear()
        self.reason = outcome.why if isinstance(outcome, Refused | Unknown) else ""

    def _close(self) -> None:
        self._open_until = None
        self._rest = _FIRST_REST
        self._ended.clear()
        self.reason = ""
