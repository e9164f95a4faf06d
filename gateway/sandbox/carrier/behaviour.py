"""What the carrier can be told to do: slow, wrong, forgetful, busy, or alive with people."""

from __future__ import annotations

import random
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]


class Behaviour(BaseModel):
    """How the carrier behaves towards the gateway. The default is a good day."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    #: Seconds a call takes.
    latency: Seconds = 0.0
    #: Share of texts by error code. 2xxxx is answered at once with 400; any other is taken, and fails later.
    failures: dict[Annotated[str, Field(pattern=r"^\d{5}$")], Share] = {}
    #: Share of calls answered 500, the text not taken.
    server_error_share: Share = 0.0
    #: Share of texts taken whose connection is then cut without an answer.
    lost_answer_share: Share = 0.0
    #: Share of texts taken and answered only after `late_by` seconds: later than a client waits.
    late_share: Share = 0.0
    late_by: Seconds = 30.0
    #: Calls a second before 429; None takes all.
    rate_limit: Annotated[float, Field(gt=0)] | None = None

    #: False: texts move on, and nothing is reported.
    receipts: bool = True
    #: Seconds from taken to sent, and again from sent to delivered.
    receipt_delay: Seconds = 0.3
    #: Share of status posts that never come.
    lost_receipt_share: Share = 0.0
    #: Share of status posts that come twice.
    duplicate_receipt_share: Share = 0.0

    #: Seconds before each further attempt to post an inbound text; then it is given up.
    inbound_retries: tuple[Seconds, ...] = (1.0, 2.0, 4.0, 8.0, 15.0)

    #: `lively`: unattended handsets answer, refuse and bounce by their number; `silent`: they only receive.
    handsets: Literal["lively", "silent"] = "silent"
    #: Seconds in which a lively handset answers: no sooner, no later.
    reply_after: tuple[Seconds, Seconds] = (3.0, 12.0)

    seed: int = 0


class Dice:
    """The carrier's luck, repeatable from the behaviour's seed."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._draw = random.Random(behaviour.seed).random

    def hit(self, share: float) -> bool:
        """Decide whether something of this share happens; draws only where it could go either way."""
        return share > 0 and (share >= 1 or self._draw() < share)

    def failure(self, failures: dict[str, float]) -> str | None:
        """Pick the error code a text meets, if any."""
        if not failures:
            return None
        draw = self._draw()
        for code, share in failures.items():
            if draw < share:
                return code
            draw -= share
        return None


class RateLimit:
    """A bucket that holds one second's calls."""

    def __init__(self, per_second: float, now: float) -> None:
        self._per_second = per_second
        self._tokens = max(per_second, 1.0)
        self._at = now

    def take(self, now: float) -> bool:
        """Take one call; `now` is in seconds and never goes back."""
        most = max(self._per_second, 1.0)
        self._tokens = min(most, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
