"""Scores with what they rest on: the whole funnel from eligible services to usable answers, and no ranking.

A share stands beside its interval, beside the share weighted to the company's mix of services, and beside how many
were never asked and why (domain notes §4.2–§4.4). Nothing is said about a person below ten scores, and nobody is
compared below thirty.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel.shares import two_proportions, weighted, wilson

By = Literal["team", "person", "month", "type", "organisation"]

#: Scores below which nothing is said about a person, and nobody is compared (domain notes §7 "Survey scale").
LEAST_FOR_A_PERSON: Final = 10
LEAST_TO_COMPARE: Final = 30
#: Scores below which a type of service says nothing in a weighted share (domain notes §4.4).
_LEAST_IN_A_STRATUM: Final = 5
#: A difference counts where its p, times the number of comparisons, stays below this.
_SIGNIFICANT: Final = 0.05

#: The codes under which not inviting is counted (domain notes §4.5): 1 refused, 2 no usable contact, 3 asked lately.
SKIP_CODES: Final[Mapping[str, str]] = {
    "opted_out": "1",
    "not_consented": "1",
    "no_contact": "2",
    "invalid_number": "2",
    "unreachable": "2",
    "misdirected": "2",
    "revoked": "2",
    "shared_number": "2",
    "surveyed_recently": "3",
    "frequency_cap": "3",
    "duplicate": "3",
}
_OTHERWISE: Final = "5"
_LEFT: Final = frozenset({"sent", "delivered", "undelivered"})
_WAITING: Final = frozenset({"queued", "sending", "uncertain"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Satisfaction:
    """A share of answers, with its 95 % Wilson interval."""

    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighted:
    """The share of 4 and 5 weighted to the mix of services of all groups; `over` is the part of the mix it covers."""

    share: float
    over: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """From services that qualified to scores that count. Every service is sent, waiting or skipped."""

    eligible: int
    invitable: int
    sent: int
    delivered: int
    answered: int
    usable: int
    waiting: int
    #: Code → number: 1 refused, 2 no usable contact, 3 asked lately, 5 did not leave (expired, failed, cancelled).
    skipped: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What a team, a person, a month or a type of service was given, and what that rests on."""

    #: The team's code, the person's number, the month as `YYYY-MM`, …; null where the service names none.
    key: str | None
    name: str | None
    funnel: Funnel
    #: Services that qualified, those whose customer was asked, those that were answered.
    eligible: int
    invited: int
    answered: int
    #: Asked of eligible, and answered of asked.
    coverage: float | None
    response_rate: float | None
    #: Why the others were not asked: reason → number.
    not_invited: dict[str, int]
    #: False where too few have answered to say anything about a person; the scores are null then.
    shown: bool
    #: Answers that give a score.
    n: int
    mean: float | None
    #: Score → number of answers.
    distribution: dict[str, int] | None
    csat: Satisfaction | None
    weighted: Weighted | None
    #: Answers that say that the matter is not solved, and the share of answers that do not.
    not_solved: int | None
    solved: Satisfaction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A group beside all others together: whether its share of 4 and 5 differs, in place of a rank."""

    key: str | None
    name: str | None
    n: int
    share: float
    others_n: int
    others_share: float
    p: float
    #: Whether the difference survives the number of comparisons made (Bonferroni).
    differs: bool


_KEYS: Final[Mapping[By, str]] = {
    "team": "i.team_code",
    "person": "i.person_no",
    "month": "to_char(i.invited_at AT TIME ZONE :zone, 'YYYY-MM')",
    "type": "coalesce(w.kind, i.event_kind)",
    "organisation": "t.district",
}
_NAMES: Final[Mapping[By, str]] = {
    "team": "(SELECT name FROM team WHERE code = key)",
    "person": "(SELECT name FROM staff_member WHERE staff_no = key)",
    "month": "NULL::text",
    "type": "NULL::text",
    "organisation": "key",
}
_SUMMARY: Final = """
SELECT key, {name} AS name, type, state, reason, answered, score, unsolved, number FROM (
  SELECT {key} AS key, coalesce(w.kind, i.event_kind) AS type, m.state, m.withheld_reason AS reason,
         e.id IS NOT NULL AS answered, e.score, e.solved IS FALSE AS unsolved, count(*) AS number
  FROM invitation i
  LEFT JOIN message m ON m.id = i.message_id
  LEFT JOIN evaluation e ON e.invitation_id = i.id AND e.state = 'counted'
  LEFT JOIN work_order w ON i.event_kind = 'work_order' AND w.work_order_no = i.event_ref
  {team}
  WHERE i.invited_at >= coalesce(CAST(:since AS timestamptz), '-infinity')
    AND i.invited_at < coalesce(CAST(:until AS timestamptz), 'infinity')
  GROUP BY 1, 2, 3, 4, 5, 6, 7
) AS grouped ORDER BY key NULLS LAST
"""
_TEAM: Final = "LEFT JOIN team t ON t.code = i.team_code"


async def summary(
    session: AsyncSession, by: By, *, since: datetime | None, until: datetime | None, zone: str
) -> list[Scores]:
    """Scores of services whose customers were invited in the span, in the order of their keys.

    Months are those of `zone`.
    """
    rows = await session.execute(
        text(_SUMMARY.format(key=_KEYS[by], name=_NAMES[by], team=_TEAM if by == "organisation" else "")),
        {"since": since, "until": until, **({"zone": zone} if by == "month" else {})},
    )
    groups: defaultdict[tuple[str | None, str | None], list[Any]] = defaultdict(list)
    mix: Counter[str] = Counter()
    for row in rows:
        groups[row.key, row.name].append(row)
        mix[row.type] += row.number
    least = LEAST_FOR_A_PERSON if by == "person" else 0
    return [_scores(key, name, found, mix, least) for (key, name), found in groups.items()]


def compare(groups: Sequence[Scores]) -> list[Comparison]:
    """Every group with scores enough beside all the others together; sorted by key, never by share."""
    able = [one for one in groups if one.distribution is not None and one.n >= LEAST_TO_COMPARE]
    hits = {id(one): _good(one.distribution or {}) for one in able}
    n, good = sum(one.n for one in able), sum(hits.values())
    made = []
    for one in able:
        others_n, others_good = n - one.n, good - hits[id(one)]
        if others_n < LEAST_TO_COMPARE:
            continue
        p = two_proportions(hits[id(one)], one.n, others_good, others_n)
        made.append((one, others_n, others_good, p))
    return [
        Comparison(
            key=one.key,
            name=one.name,
            n=one.n,
            share=round(hits[id(one)] / one.n, 4),
            others_n=others_n,
            others_share=round(others_good / others_n, 4),
            p=p,
            differs=p * len(made) < _SIGNIFICANT,
        )
        for one, others_n, others_good, p in made
    ]


def _scores(key: str | None, name: str | None, rows: Sequence[Any], mix: Counter[str], least: int) -> Scores:
    not_invited: Counter[str] = Counter()
    distribution = {str(score): 0 for score in range(1, 6)}
    answered = unsolved = 0
    for row in rows:
        if row.state in ("withheld", "expired", "cancelled"):
            not_invited[row.reason or row.state] += row.number
        if row.answered:
            answered += row.number
            unsolved += row.number if row.unsolved else 0
            if row.score is not None:
                distribution[str(row.score)] += row.number
    eligible = sum(row.number for row in rows)
    invited = eligible - not_invited.total()
    n = sum(distribution.values())
    shown = n >= least
    return Scores(
        key=key,
        name=name,
        funnel=_funnel(rows, eligible, answered, n),
        eligible=eligible,
        invited=invited,
        answered=answered,
        coverage=_share(invited, eligible),
        response_rate=_share(answered, invited),
        not_invited=dict(not_invited),
        shown=shown,
        n=n,
        mean=round(sum(int(score) * number for score, number in distribution.items()) / n, 2) if shown and n else None,
        distribution=distribution if shown else None,
        csat=_satisfaction(_good(distribution), n) if shown else None,
        weighted=_weighted(rows, mix) if shown else None,
        not_solved=unsolved if shown else None,
        solved=_satisfaction(answered - unsolved, answered) if shown else None,
    )


def _funnel(rows: Iterable[Any], eligible: int, answered: int, usable: int) -> Funnel:
    states: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    uninvitable = 0
    for row in rows:
        # What was answered was asked, though no text tells so: somebody called.
        state = "delivered" if row.answered and row.state not in _LEFT else row.state
        states[state] += row.number
        if state not in _LEFT and state not in _WAITING:
            code = SKIP_CODES.get(row.reason or "", _OTHERWISE)
            skipped[code] += row.number
            uninvitable += row.number if code != _OTHERWISE else 0
    return Funnel(
        eligible=eligible,
        invitable=eligible - uninvitable,
        sent=sum(states[state] for state in _LEFT),
        delivered=states["delivered"],
        answered=answered,
        usable=usable,
        waiting=sum(states[state] for state in _WAITING),
        skipped=dict(sorted(skipped.items())),
    )


def _weighted(rows: Iterable[Any], mix: Counter[str]) -> Weighted | None:
    good: Counter[str] = Counter()
    of: Counter[str] = Counter()
    for row in rows:
        if row.answered and row.score is not None:
            of[row.type] += row.number
            good[row.type] += row.number if row.score >= 4 else 0
    strata = ((number / mix.total(), good[kind], of[kind]) for kind, number in mix.items())
    found = weighted(strata, least=_LEAST_IN_A_STRATUM)
    return None if found is None else Weighted(share=round(found[0], 4), over=round(found[1], 4))


def _good(distribution: Mapping[str, int]) -> int:
    return distribution.get("4", 0) + distribution.get("5", 0)


def _satisfaction(hits: int, of: int) -> Satisfaction | None:
    if not of:
        return None
    low, high = wilson(hits, of)
    return Satisfaction(share=round(hits / of, 4), low=round(low, 4), high=round(high, 4))


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
