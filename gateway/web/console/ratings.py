"""Single answers: low scores to act on, one answer with its history, challenges, and what was set apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal
from uuid import UUID

from aiohttp import web
from pydantic import StringConstraints

from gateway.evaluations import reading, reviewing
from gateway.kernel.database import driver
from gateway.kernel.errors import Forbidden
from gateway.staff import directory
from gateway.web.console.lists import Column, Staff, Teams, Terms, listed
from gateway.web.console.pages import Form, ListQuery, Menu, Page, View

Said = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
#: Scores that somebody should act on.
LOW: Final = 2
#: Single answers are read by those alone who look after ratings.
_LOOKS_AFTER: Final = ("evaluations:review", "evaluations:audit", "evaluations:challenge")


class LowQuery(ListQuery):
    """Whose low scores."""

    team: str | None = None
    person: str | None = None


class ApartQuery(ListQuery):
    """Answers that were set apart: not looked at yet, or all."""

    show: Literal["waiting", "all"] = "waiting"


class ChallengeQuery(ListQuery):
    """Which challenges."""

    state: Literal["open", "upheld", "refused"] = "open"


class NewChallenge(Form):
    """Why the unit contests a rating, and what proves it."""

    grounds: Said
    evidence: Said


class Decision(Form):
    """What comes of a challenge."""

    uphold: Literal["yes", "no"]
    decision: Said


class Review(Form):
    """What an answer that was set apart is worth."""

    counts: Literal["yes", "no"]
    words: Said


#: What the list is sorted by and looked through.
_LOW: Final[dict[str, Column[reading.Evaluation]]] = {
    "evaluations.score": lambda one: one.score,
    "evaluations.said": lambda one: one.comment or one.why,
    "evaluations.whose": Teams(lambda one: one.team),
    "common.account": lambda one: one.account_no,
    "evaluations.at": lambda one: one.at,
    "person": Staff(lambda one: one.person),
    "service": Terms("services", lambda one: one.event.kind),
}


#: The same of answers that were set apart.
_APART: Final[dict[str, Column[reading.Evaluation]]] = {
    "evaluations.score": lambda one: one.score,
    "evaluations.said": lambda one: one.comment,
    "evaluations.team": Teams(lambda one: one.team),
    "evaluations.at": lambda one: one.at,
    "evaluations.review": lambda one: one.review,
}
#: The same of ratings that units contest.
_CHALLENGES: Final[dict[str, Column[reviewing.Challenge]]] = {
    "challenges.team": Teams(lambda one: one.team),
    "challenges.grounds": lambda one: one.grounds,
    "challenges.by": Staff(lambda one: one.by),
    "challenges.opened_at": lambda one: one.opened_at,
    "challenges.decision": lambda one: one.decision,
    "evidence": lambda one: one.evidence,
}


async def low(view: View) -> web.StreamResponse:
    """Low scores that count, newest first."""
    query: LowQuery = view.query
    wanted = reading.EvaluationFilter(team=query.team, person=query.person, at_most=LOW, states=["counted"])
    page = await listed(
        view,
        "low",
        lambda before, limit: reading.evaluations(view.session, wanted, before=before, limit=limit),
        lambda one: one.id,
        _LOW,
    )
    if query.format == "csv":
        rows = [
            [one.score, one.solved, one.why, one.comment, one.team, one.person, one.account_no, one.at]
            for one in page.items
        ]
        return view.csv("low-scores", [f"evaluations.{name}" for name in _LOW_COLUMNS], rows)
    connection = await driver(view.session)
    return view.render(
        "evaluations/low.html", items=page.items, next=page.next, query=query,
        named=await directory.names(connection, [one.person for one in page.items]),
        teams=await directory.team_names(connection),
    )  # fmt: skip


_LOW_COLUMNS: Final = ("score", "solved", "why", "comment", "team", "person", "account", "at")


async def apart(view: View) -> web.StreamResponse:
    """Answers that look made up, newest first."""
    query: ApartQuery = view.query
    everything = query.show == "all"
    wanted = reading.EvaluationFilter(states=["quarantined"])

    async def read(before: UUID | None, limit: int) -> Sequence[reading.Evaluation]:
        found = await reading.evaluations(view.session, wanted, before=before, limit=limit)
        return [one for one in found if everything or one.review is None]

    page = await listed(view, "apart", read, lambda one: one.id, _APART, whole=not everything)
    items = page.items
    if query.format == "csv":
        headings = [
            f"evaluations.{name}" for name in ("score", "comment", "suspicions", "team", "person", "at", "review")
        ]
        rows = [
            [one.score, one.comment, " ".join(one.suspicions), one.team, one.person, one.at, one.review]
            for one in items
        ]
        return view.csv("set-apart", headings, rows)
    return view.render(
        "evaluations/apart.html", items=items, next=page.next, show=query.show,
        teams=await directory.team_names(await driver(view.session)),
    )  # fmt: skip


async def one(view: View) -> web.StreamResponse:
    """One answer: what was said, about which service, earlier answers, what was decided about it."""
    found = await reading.evaluation(view.session, view.id("evaluation"))
    connection = await driver(view.session)
    contested = await reviewing.challenge_of(connection, found.id)
    people = [found.person, *([contested.by, contested.reviewer] if contested else [])]
    return view.render(
        "evaluations/answer.html", one=found, contested=contested, low=LOW,
        named=await directory.names(connection, people), teams=await directory.team_names(connection),
    )  # fmt: skip


async def challenge(view: View) -> web.StreamResponse:
    """Contest it for one's unit."""
    form: NewChallenge = view.form
    await view.services.ratings.challenge(
        view.session, view.id("evaluation"), by=_own(view), grounds=form.grounds, evidence=form.evidence,
        actor=view.actor,
    )  # fmt: skip
    return view.go(f"/evaluations/answers/{view.id('evaluation')}", "evaluations.challenged")


async def review(view: View) -> web.StreamResponse:
    """Say what it is worth."""
    form: Review = view.form
    await view.services.ratings.review(
        view.session, view.id("evaluation"), by=_own(view), counts=form.counts == "yes", words=form.words,
        actor=view.actor,
    )  # fmt: skip
    return view.go("/evaluations/apart", "evaluations.reviewed")


async def challenges(view: View) -> web.StreamResponse:
    """Ratings that units contest, newest first."""
    query: ChallengeQuery = view.query if view.query is not None else ChallengeQuery()
    connection = await driver(view.session)
    page = await listed(
        view,
        "challenges",
        lambda before, limit: reviewing.challenges(
            view.session, states=[query.state], team=None, before=before, limit=limit
        ),
        lambda one: one.id,
        _CHALLENGES,
        query=query,
    )
    if query.format == "csv":
        names = ("event_kind", "event_ref", "team", "by", "grounds", "evidence", "state", "opened_at", "decision")
        rows = [[getattr(one, name) for name in names] for one in page.items]
        return view.csv("challenges", [f"challenges.{name}" for name in names], rows)
    people = [number for one in page.items for number in (one.by, one.reviewer)]
    return view.render(
        "evaluations/challenges.html", items=page.items, next=page.next, state=query.state,
        named=await directory.names(connection, people), teams=await directory.team_names(connection),
    )  # fmt: skip


async def decide(view: View) -> web.StreamResponse:
    """Decide one, from outside the unit."""
    form: Decision = view.form
    await view.services.ratings.decide(
        view.session, view.id("challenge"), by=_own(view), uphold=form.uphold == "yes", decision=form.decision,
        actor=view.actor,
    )  # fmt: skip
    return view.go("/evaluations/challenges", "challenges.decided")


def _own(view: View) -> str:
    """The staff number of who is signed in."""
    number = view.person.acting.staff_no
    if number is None:
        raise Forbidden("this is said by a member of staff")
    return number


PAGES: Final = (
    Page(
        method="GET", path="/evaluations/low", handler=low, scope="evaluations:read", title="evaluations.low_title",
        one_of=_LOOKS_AFTER, query=LowQuery, menu=Menu(group="service", order=41, icon="mood-sad"),
    ),
    Page(
        method="GET", path="/evaluations/apart", handler=apart, scope="evaluations:read",
        title="evaluations.apart_title", one_of=_LOOKS_AFTER, query=ApartQuery, under="/evaluations/low",
    ),
    Page(
        method="GET", path="/evaluations/challenges", handler=challenges, scope="evaluations:read",
        title="challenges.title", query=ChallengeQuery, whole=True, under="/evaluations/low",
    ),
    Page(
        method="POST", path="/evaluations/challenges/{id}/decide", handler=decide, scope="evaluations:review",
        title="challenges.title", under="/evaluations/low", form=Decision, again=challenges, whole=True,
    ),
    Page(
        method="GET", path="/evaluations/answers/{id}", handler=one, scope="evaluations:read",
        title="evaluations.one_answer", under="/evaluations/low", one_of=_LOOKS_AFTER,
    ),
    Page(
        method="POST", path="/evaluations/answers/{id}/challenge", handler=challenge, scope="evaluations:challenge",
        title="evaluations.one_answer", under="/evaluations/low", form=NewChallenge, again=one,
    ),
    Page(
        method="POST", path="/evaluations/answers/{id}/review", handler=review, scope="evaluations:review",
        title="evaluations.one_answer", under="/evaluations/low", form=Review, again=one,
    ),
)  # fmt: skip
