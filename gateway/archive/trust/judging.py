"""Judging: what follows from the evidence about one link. Pure.

`suspend` at once on somebody's own word, and for numbers of staff; `ask` where the link is more likely wrong than
right or the evidence is strong but says nothing certain; `watch` what is weak; `nothing` otherwise. Evidence is
weighed by kind, and what is weak fades. Opting out is no evidence: a refusal is not an error (domain notes §5.2).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

Action = Literal["suspend", "ask", "watch", "nothing"]


@dataclass(frozen=True, slots=True)
class Kind:
    """How much a kind of evidence says against a link, and how long it takes to say half as much."""

    weight: float
    words: str
    half_life: timedelta | None = None


_WEEKS: Final = timedelta(days=30)
_YEAR: Final = timedelta(days=365)

#: Domain notes §5.2: very strong 6, strong 3, medium 1.5, weak 0.5. What proves the contrary counts below zero.
WEIGHTS: Final[dict[str, Kind]] = {
    "wrong_number": Kind(6.0, "somebody at the number says that it is the wrong one"),
    "moved_or_sold": Kind(6.0, "somebody at the number says that they have moved or sold"),
    "seems_wrong": Kind(6.0, "words that look as if the number were the wrong one", timedelta(days=90)),
    "not_account_holder": Kind(1.5, "somebody at the number says that somebody else is the holder", _YEAR),
    "reply": Kind(6.0, "somebody at the number said that it is the wrong one"),
    "proposal": Kind(1.5, "the customer gave another number", _YEAR),
    "bounce": Kind(1.5, "the number does not answer texts any more", _YEAR),
    "ticket": Kind(6.0, "the hotline was told of a misdirected text"),
    "staff_report": Kind(6.0, "a member of staff says that the number is wrong"),
    "staff_number": Kind(6.0, "the number of a member of staff"),
    "lookup": Kind(3.0, "a look-up says that the number was given to somebody else"),
    "lookup_mismatch": Kind(1.5, "a look-up says that the number is in another name", _YEAR),
    "lookup_match": Kind(-3.0, "a look-up says that the number is in the holder's name", _YEAR),
    "newer_number": Kind(3.0, "the same person gave a newer number"),
    "near_miss": Kind(3.0, "one digit from the same person's better known number"),
    "placeholder": Kind(3.0, "a number that stands in for one that nobody knew"),
    "invalid_format": Kind(3.0, "no text can reach a number of this form"),
    "transfer": Kind(3.0, "the account came to another holder since"),
    "shared_number": Kind(3.0, "one number claims to be many different people"),
    "name_mismatch": Kind(1.5, "the name fits nobody on the account"),
    "upstream_conflict": Kind(1.5, "the utility's own system has another number, and newer", _YEAR),
    "unallocated": Kind(1.5, "the carrier says that the number is not in service", _YEAR),
    "no_sms": Kind(0.5, "the carrier says that no text can reach the number", _YEAR),
    "malformed": Kind(1.5, "the carrier says that there is no such number"),
    "temporary": Kind(0.3, "a text did not get through", _WEEKS),
    "silence": Kind(0.3, "a contact check was not answered", _YEAR),
    "blocked": Kind(0.0, "the carrier or the handset blocks our texts"),
    "confirmed": Kind(-6.0, "the customer confirmed the number", timedelta(days=548)),
    "paid_after_reminder": Kind(-1.0, "a payment followed a reminder to the number", _YEAR),
}
#: From this weight on a link is stopped at once; below it people or the customer are asked.
_SUSPENDS: Final = 5.0
_ASKS: Final = 1.4
#: Kinds that may stop a link: somebody's own word, and what is refused outright. Nothing else ever does alone.
_WORDS: Final = frozenset(
    ("wrong_number", "moved_or_sold", "seems_wrong", "reply", "ticket", "staff_report", "staff_number")
)
#: What makes somebody's word doubtful: the number did as its holder would, so lately.
_CONTRARY: Final[dict[str, timedelta]] = {
    "paid_after_reminder": timedelta(days=60),
    "confirmed": timedelta(days=30),
}
#: Links less likely than this, with a finding, are brought before a person.
TO_A_PERSON: Final = 0.15
#: A link is more likely wrong than right below this.
EVEN: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A piece of evidence about a link: a kind of `WEIGHTS`, and how old it is."""

    kind: str
    age: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What follows, how heavy the evidence is together, and why in words."""

    action: Action
    weight: float
    because: list[str]
    #: A person should look soon: what was said contradicts what the number did.
    doubtful_word: bool = False


def judge(evidence: Iterable[Evidence], probability: float | None = None) -> Verdict:
    """Judge one link by its evidence and, where it is known, by how likely it was thought right before.

    Somebody's word suspends however likely the link was thought, since it is acted on first and checked after; but
    where the number had lately confirmed the link or paid upon reminders the word is doubted: it may be a prank, or a
    way out of a bill, and is for a person (domain notes §5.3, 12). So is a word that was not clear. A probability
    alone never suspends.
    """
    evidence = list(evidence)
    weighed = sorted(((_weight(one), one.kind) for one in evidence), key=lambda pair: -abs(pair[0]))
    against = [(value, kind) for value, kind in weighed if value > 0]
    total = sum(value for value, _ in weighed)
    because = list(dict.fromkeys(WEIGHTS[kind].words for value, kind in weighed if value))
    heard = {kind for value, kind in against if kind in _WORDS and value >= _SUSPENDS}
    if heard:
        contrary = any(one.kind in _CONTRARY and one.age <= _CONTRARY[one.kind] for one in evidence)
        doubtful = contrary or heard == {"seems_wrong"}
        return Verdict(action="suspend", weight=total, because=because, doubtful_word=doubtful)
    if total >= _ASKS or (probability is not None and probability < EVEN):
        if probability is not None and probability < EVEN:
            because.append(f"likely right: {probability:.0%}")
        return Verdict(action="ask", weight=total, because=because)
    return Verdict(action="watch" if against and total > 0 else "nothing", weight=total, because=because)


def _weight(one: Evidence) -> float:
    kind = WEIGHTS.get(one.kind)
    if kind is None:
        return 0.0
    faded = 1.0 if kind.half_life is None else 0.5 ** (one.age / kind.half_life)
    return float(kind.weight * faded)
