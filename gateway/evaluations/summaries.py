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
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.reach import part_of
from gateway.evaluations.tallies import SERVICES, parameters
from gateway.kernel.acting import acting_in
from gateway.kernel.database import driver
from gateway.kernel.shares import two_proportions, weighted, wilson

By = Literal["team", "person", "month", "type", "organisation"]

#: Scores below which nothing is said about a person, and nobody is compared (domain notes §7 "Survey scale").
LEAST_FOR_A_PERSON: Final = 10
LEAST_TO_COMPARE: Final = 30
#: Scores below which a type of service says nothing in a weighted share (domain notes §4.4).
_LEAST_IN_A_STRATUM: Final = 5
#: A difference counts where its p, times the number of comparisons, stays below this.
_SIGNIFICANT: Final = 0.05
#: Scopes of those who look after ratings: they see scores as they come.
SEE_AT_ONCE: Final = ("evaluations:review", "evaluations:audit", "evaluations:challenge")

#: The codes under which not inviting is counted (domain notes §4.5).
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
    "sensitive": "4",
    "not_drawn": "6",
    "self_raised": "7",
}
_OTHERWISE: Final = "5"
_NOT_DRAWN: Final = "6"
_LEFT: Final = frozenset({"sent", "delivered", "undelivered"})
_WAITING: Final = frozenset({"waiting", "queued", "sending", "uncertain"})


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
    #: Those whom the draw chose; and of them those who may and can be asked.
    drawn: int
    invitable: int
    sent: int
    delivered: int
    answered: int
    usable: int
    #: Answers set apart because they look made up, and struck by a reviewer.
    quarantined: int
    annulled: int
    waiting: int
    #: Code → number: 1 refused, 2 no usable contact, 3 asked lately, 4 safety or law, 5 did not leave (expired,
    #: failed, cancelled, too late), 6 not drawn, 7 cases that somebody raised or closed for themselves.
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
    #: Cases that somebody raised for themselves, or closed themselves, of all that qualified: nobody is asked about
    #: them, so who makes much of his work in this way is seen beside the funnel.
    self_raised: int
    self_raised_share: float | None
    #: Ratings that the unit challenged, whatever came of it.
    contested: int
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Services of a group that ended alike, and how many."""

    type: str
    state: str | None
    reason: str | None
    answer: str | None
    score: int | None
    solved: bool | None
    number: int


_KEYS: Final[Mapping[By, str]] = {
    "team": "t.team_code",
    "person": "t.person_no",
    "month": "to_char(t.day, 'YYYY-MM')",
    "type": "t.service",
    "organisation": "g.district",
}
_NAMES: Final[Mapping[By, str]] = {
    "team": "(SELECT name FROM team WHERE code = key)",
    "person": "(SELECT name FROM staff_member WHERE staff_no = key)",
    "month": "NULL::text",
    "type": "NULL::text",
    "organisation": "key",
}
_SUMMARY: Final = """
SELECT key, {name} AS name, type, state, reason, answer, score, solved, number FROM (
  SELECT {key} AS key, t.service AS type, t.ended AS state, t.reason, t.answer, t.score, t.solved,
         sum(t.number)::int AS number
  FROM ({services}) AS t LEFT JOIN team g ON g.code = t.team_code
  WHERE ($5::text IS NULL OR t.team_code = $5) AND ($6::text IS NULL OR t.person_no = $6)
    AND ($7::text IS NULL OR g.district = $7) AND ($8::text[] IS NULL OR g.district = ANY($8))
  GROUP BY 1, 2, 3, 4, 5, 6, 7
) AS grouped ORDER BY key NULLS LAST
"""
_CONTESTED: Final = """
SELECT {key} AS key, count(*) AS number FROM (
  SELECT (coalesce(i.occurred_at, i.invited_at) AT TIME ZONE $3::text)::date AS day, i.team_code, i.person_no,
         coalesce(i.service, i.event_kind) AS service
  FROM evaluation_challenge c JOIN evaluation e ON e.id = c.evaluation_id JOIN invitation i ON i.id = e.invitation_id
  WHERE coalesce(i.occurred_at, i.invited_at) >= coalesce($1::timestamptz, '-infinity')
    AND coalesce(i.occurred_at, i.invited_at) < coalesce($2::timestamptz, 'infinity')
) AS t LEFT JOIN team g ON g.code = t.team_code
WHERE ($4::text IS NULL OR t.team_code = $4) AND ($5::text IS NULL OR t.person_no = $5)
  AND ($6::text IS NULL OR g.district = $6) AND ($7::text[] IS NULL OR g.district = ANY($7))
GROUP BY 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whose services: everything given must hold."""

    team: str | None = None
    person: str | None = None
    organisation: str | None = None


ALL: Final = Whose()


async def summary(
    session: AsyncSession,
    by: By,
    *,
    since: datetime | None,
    until: datetime | None,
    zone: str,
    now: datetime,
    whose: Whose = ALL,
) -> list[Scores]:
    """Scores of services that ended in the span, in the order of their keys. Days and months are those of `zone`.

    People who have no part in reviewing see whole months that are over, and nothing of fewer than ten answers: two
    spans that differ by a day would tell the answers of that day. Whoever acts for a part of the utility sees the
    services of its teams.
    """
    least = LEAST_FOR_A_PERSON if by == "person" or whose.person is not None else 0
    since, until, least = readable_span(session, since, until, now, ZoneInfo(zone), least)
    connection = await driver(session)
    parts = await districts_within(session)
    rows = await connection.fetch(
        _SUMMARY.format(key=_KEYS[by], name=_NAMES[by], services=SERVICES),
        *await parameters(connection, since, until, ZoneInfo(zone)),
        whose.team,
        whose.person,
        whose.organisation,
        parts,
    )
    contested = await _contested(connection, by, since, until, zone, whose, parts)
    groups: defaultdict[tuple[str | None, str | None], list[Any]] = defaultdict(list)
    mix: Counter[str] = Counter()
    for row in rows:
        groups[row["key"], row["name"]].append(_Part(**{name: row[name] for name in _Part.__slots__}))
        mix[row["type"]] += row["number"]
    return [_scores(key, name, found, mix, least, contested.get(key, 0)) for (key, name), found in groups.items()]


def readable_span(
    session: AsyncSession, since: datetime | None, until: datetime | None, now: datetime, zone: ZoneInfo, least: int
) -> tuple[datetime | None, datetime | None, int]:
    """The span that who acts may read of, and how many ratings make a figure at least (`least` for everybody)."""
    acting = acting_in(session)
    if acting is None or acting.staff_no is None or any(acting.may(scope) for scope in SEE_AT_ONCE):
        return since, until, least
    return *whole_months(since, until, now, zone), LEAST_FOR_A_PERSON


async def districts_within(session: AsyncSession) -> list[str] | None:
    """The districts whose teams who acts may read of; None: all of them."""
    part = part_of(session)
    if part is None:
        return None
    rows = await (await driver(session)).fetch("SELECT name FROM organisation WHERE id = ANY($1::int[])", part)
    return sorted(row["name"] for row in rows)


async def team_within(session: AsyncSession, *, team: str | None = None, person: str | None = None) -> bool:
    """Whether this team, or the team of this person, is one that who acts may read of."""
    parts = await districts_within(session)
    if parts is None:
        return True
    found: bool = await (await driver(session)).fetchval(
        """SELECT EXISTS (SELECT 1 FROM team g WHERE g.district = ANY($1::text[])
             AND ($2::text IS NULL OR g.code = $2)
             AND ($3::text IS NULL
                  OR EXISTS (SELECT 1 FROM staff_member s WHERE s.staff_no = $3 AND s.team_id = g.id)))""",
        parts,
        team,
        person,
    )
    return found


def whole_months(
    since: datetime | None, until: datetime | None, now: datetime, zone: ZoneInfo
) -> tuple[datetime | None, datetime]:
    """A span widened at its beginning and cut at its end to whole months that are over."""
    over = _month(now, zone)
    return (None if since is None else _month(since, zone)), (over if until is None else min(_month(until, zone), over))


def _month(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


async def _contested(
    connection: Any,
    by: By,
    since: datetime | None,
    until: datetime | None,
    zone: str,
    whose: Whose,
    parts: list[str] | None,
) -> dict[str | None, int]:
    """How many ratings of each group were challenged."""
    rows = await connection.fetch(
        _CONTESTED.format(key=_KEYS[by]), since, until, zone, whose.team, whose.person, whose.organisation, parts
    )
    return {row["key"]: row["number"] for row in rows}


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


def _scores(
    key: str | None, name: str | None, rows: Sequence[_Part], mix: Counter[str], least: int, contested: int
) -> Scores:
    not_invited: Counter[str] = Counter()
    distribution = {str(score): 0 for score in range(1, 6)}
    answers: Counter[str] = Counter()
    unsolved = waiting = 0
    for row in rows:
        # What was answered was asked, though no text tells so: somebody called.
        if row.answer is None and row.state in ("withheld", "expired", "cancelled", "failed", "skipped"):
            not_invited[row.reason or row.state] += row.number
        waiting += row.number if row.state == "waiting" else 0
        if row.answer is None:
            continue
        answers[row.answer] += row.number
        if row.answer == "counted":
            unsolved += row.number if row.solved is False else 0
            if row.score is not None:
                distribution[str(row.score)] += row.number
    eligible, answered = sum(row.number for row in rows), answers.total()
    invited = eligible - not_invited.total() - waiting
    n = sum(distribution.values())
    shown = n >= least
    return Scores(
        key=key,
        name=name,
        funnel=_funnel(rows, eligible, answered, n, answers),
        eligible=eligible,
        invited=invited,
        answered=answered,
        coverage=_share(invited, eligible),
        response_rate=_share(answered, invited),
        not_invited=dict(not_invited),
        self_raised=not_invited["self_raised"],
        self_raised_share=_share(not_invited["self_raised"], eligible),
        contested=contested,
        shown=shown,
        n=n,
        mean=round(sum(int(score) * number for score, number in distribution.items()) / n, 2) if shown and n else None,
        distribution=distribution if shown else None,
        csat=_satisfaction(_good(distribution), n) if shown else None,
        weighted=_weighted(rows, mix) if shown else None,
        not_solved=unsolved if shown else None,
        solved=_satisfaction(answers["counted"] - unsolved, answers["counted"]) if shown else None,
    )


def _funnel(rows: Iterable[_Part], eligible: int, answered: int, usable: int, answers: Counter[str]) -> Funnel:
    states: Counter[str | None] = Counter()
    skipped: Counter[str] = Counter()
    for row in rows:
        # What was answered was asked, though no text tells so: somebody called.
        state = "delivered" if row.answer is not None and row.state not in _LEFT else row.state
        states[state] += row.number
        if state not in _LEFT and state not in _WAITING:
            skipped[SKIP_CODES.get(row.reason or "", _OTHERWISE)] += row.number
    drawn = eligible - skipped[_NOT_DRAWN]
    return Funnel(
        eligible=eligible,
        drawn=drawn,
        invitable=drawn - sum(number for code, number in skipped.items() if code not in (_OTHERWISE, _NOT_DRAWN)),
        sent=sum(states[state] for state in _LEFT),
        delivered=states["delivered"],
        answered=answered,
        usable=usable,
        quarantined=answers["quarantined"],
        annulled=answers["annulled"],
        waiting=sum(states[state] for state in _WAITING),
        skipped={code: number for code, number in sorted(skipped.items()) if number},
    )


def _weighted(rows: Iterable[_Part], mix: Counter[str]) -> Weighted | None:
    good: Counter[str] = Counter()
    of: Counter[str] = Counter()
    for row in rows:
        if row.answer == "counted" and row.score is not None:
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
