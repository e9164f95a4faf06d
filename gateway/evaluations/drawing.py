"""Who is asked: programmes, and the draw that nobody can influence and everybody can repeat.

A draw is a figure in [0, 1) made of the day's secret seed and the event's name alone: nothing that is known after
the event goes into it (domain notes §4.5.1). It is made as soon as the event is heard of, mostly long before its
outcome. An event is asked about where its figure is below its programme's rate. When the day is over its seed is
told, and `printf '%s' 'SEED:KIND:REF' | sha256sum` gives the figure again: its first 13 digits, as a fraction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final, Literal, get_args

from gateway.kernel.errors import InvalidInput

#: What may be asked after the score: whether it is solved; why the score was low.
Question = Literal["solved", "why"]
QUESTIONS: Final[tuple[str, ...]] = get_args(Question)
#: Hexadecimal digits of the digest that make the figure: 52 bits, which a double holds exactly.
_DIGITS: Final = 13
#: The same in SQL, of the columns or parameters named.
DRAW_SQL: Final = (
    "(('x' || left(encode(sha256(convert_to({seed} || ':' || {kind} || ':' || {ref}, 'UTF8')), 'hex'), 13))"
    "::bit(52)::bigint / 4503599627370496.0)::double precision"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """How many services of a kind are asked about, what is asked, and for how long."""

    code: str
    #: The part of events that is drawn, from 0 (none) to 1 (every one).
    rate: float = 1.0
    #: What is asked after the score, in order.
    asks: tuple[Question, ...] = ()
    #: Hours for which an answer is waited for, and after which the one reminder goes; 0 reminds nobody.
    answer_hours: int = 72
    remind_hours: int = 24
    version: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.rate <= 1:
            raise InvalidInput("a rate is a part of all events, from 0 to 1", field="rate")
        if set(self.asks) - set(QUESTIONS) or len(set(self.asks)) < len(self.asks):
            raise InvalidInput(f"what is asked after the score: {', '.join(QUESTIONS)}, each once", field="asks")
        if not 1 <= self.answer_hours <= 24 * 30:
            raise InvalidInput("an answer is waited for an hour at least and 30 days at most", field="answer_hours")
        if self.remind_hours and not 1 <= self.remind_hours < self.answer_hours:
            raise InvalidInput("a reminder comes before the waiting is over", field="remind_hours")

    @property
    def answer_within(self) -> timedelta:
        """How long an answer is waited for."""
        return timedelta(hours=self.answer_hours)

    @property
    def body(self) -> dict[str, Any]:
        """What a version of it says."""
        whole = asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in whole.items()}


#: The programmes there are. A restoration is told to thousands at once: a tenth of them are asked.
STANDARD: Final[Mapping[str, Programme]] = {
    programme.code: programme
    for programme in (
        Programme(code="order"),
        Programme(code="repair"),
        Programme(code="new_connection"),
        Programme(code="case"),
        Programme(code="restoration", rate=0.1),
        Programme(code="visit", remind_hours=0),
        Programme(code="followup", remind_hours=0),
    )
}
#: Which programme asks about a service; work orders of all other classes belong to `order`.
PROGRAMME_OF: Final[Mapping[str, str]] = {
    "fault_repair": "repair",
    "new_connection": "new_connection",
    "case": "case",
    "restoration": "restoration",
    "visit": "visit",
    "followup": "followup",
}


def programme_of(service: str) -> str:
    """The code of the programme that asks about a service."""
    return PROGRAMME_OF.get(service, "order")


def digest_of(seed: str) -> str:
    """What may be told of a seed before its day is over."""
    return hashlib.sha256(seed.encode()).hexdigest()


def draw(seed: str, kind: str, ref: str) -> float:
    """The figure of an event, in [0, 1)."""
    digest = hashlib.sha256(f"{seed}:{kind}:{ref}".encode()).hexdigest()
    return float(int(digest[:_DIGITS], 16) / 16**_DIGITS)
