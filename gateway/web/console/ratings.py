"""Single answers: low scores to act on, one answer with its history, challenges, and what was set apart."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from aiohttp import web
from pydantic import StringConstraints

from gateway.evaluations import reading, reviewing
from gateway.kernel.database import driver
from gateway.kernel.errors import Forbidden
from gateway.staff import directory
from gateway.web.console.pages import Form, ListQuery, Menu, Page, View
from gateway.web.paging import behind, cut

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


async def low(view: View) -> web.StreamResponse:
    """Low scores that count, newest first."""
    query: LowQuery = view.query
    wanted = reading.EvaluationFilter(team=query.team, person=query.person, at_most=LOW, states=["counted"])
    page = await _page_of(view, query, wanted)
    if query.format == "csv":
        rows = [
            [one.score, one.solved, one.why, one.comment, one.team, one.person, one.account_no, one.at]
            for one in page["items"]
        ]
        return view.csv("low-scores", [f"evaluations.{name}" for name in _LOW_COLUMNS], rows)
    connection = await driver(view.session)
    return view.render(
        "evaluations/low.html", items=page["items"], next=page["next"], query=query,
        named=await directory.names(connection, [one.person for one in page["items"]]),
        teams=await directory.team_names(connection),
    )  # fmt: skip


_LOW_COLUMNS: Final = ("score", "solved", "why", "comment", "team", "person", "account", "at")


async def apart(view: View) -> web.StreamResponse:
    """Answers that look made up, newest first."""
    query: ApartQuery = view.query
    page = await _page_of(view, query, reading.EvaluationFilter(states=["quarantined"]))
    items = [one for one in page["items"] if query.show == "all" or one.review is None]
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
        "evaluations/apart.html", items=items, next=page["next"], show=query.show,
        teams=await directory.team_names(await driver(view.session)),
    )  # fmt: skip


async def _page_of(view: View, query: ListQuery, wanted: reading.EvaluationFilter) -> Any:
    before = behind("evaluations", query.cursor, UUID)
    found = await reading.evaluations(view.session, wanted, before=before, limit=query.limit + 1)
    return cut("evaluations", found, query.limit, lambda one: one.id)


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
    found = await reviewing.challenges(
        view.session, states=[query.state], team=None, before=behind("challenges", query.cursor, UUID),
        limit=query.limit + 1,
    )  # fmt: skip
    page = cut("challenges", found, query.limit, lambda one: one.id)
    if query.format == "csv":
        names = ("event_kind", "event_ref", "team", "by", "grounds", "evidence", "state", "opened_at", "decision")
        rows = [[getattr(one, name) for name in names] for one in page["items"]]
        return view.csv("challenges", [f"challenges.{name}" for name in names], rows)
    people = [number for one in page["items"] for number in (one.by, one.reviewer)]
    return view.render(
        "evaluations/challenges.html", items=page["items"], next=page["next"], state=query.state,
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
