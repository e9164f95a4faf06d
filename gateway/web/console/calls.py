"""The independent follow-up: whom to call, what to say, what came of it. The caller is who is signed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field, StringConstraints

from gateway.archive.reading import contacts
from gateway.followups import Outcome, reading, scripts, visits
from gateway.kernel.database import driver
from gateway.kernel.errors import InvalidInput, NotFound
from gateway.notices import templates_directory
from gateway.staff import directory
from gateway.web.console.lists import Column, Staff, Terms, listed
from gateway.web.console.pages import Form, ListQuery, Menu, Page, View

Said = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
#: States of contacts that may be rung.
_CALLED: Final = ("verified", "unverified")
#: The queue is shown whole up to so many, what is due first before the others.
_MOST: Final = 200


class CallQuery(ListQuery):
    """Which independent follow-ups."""

    show: Literal["mine", "to_call", "asked", "ended"] = "to_call"


class CallOutcome(Form):
    """What came of a call."""

    reached: Literal["yes", "no"]
    score: Annotated[int, Field(ge=1, le=5)] | None = None
    solved: Literal["yes", "no"] | None = None
    comment: Said | None = None


#: What the list is sorted by and looked through.
_SORTED: Final[dict[str, Column[reading.Independent]]] = {
    "calls.topic": lambda one: one.topic,
    "common.account": lambda one: one.account_no,
    "calls.caller": Staff(lambda one: one.caller),
    "calls.tries": lambda one: one.calls,
    "calls.call_by": lambda one: one.call_by or one.answer_by,
    "state": Terms("independent_states", lambda one: one.state),
}


async def calls(view: View) -> web.StreamResponse:
    """The independent follow-up's queue."""
    query: CallQuery = view.query
    ended = query.show == "ended"
    states = ["asked"] if query.show == "asked" else ["to_call"]
    own = view.person.acting.staff_no if query.show == "mine" else None

    async def read(before: UUID | None, limit: int) -> Sequence[reading.Independent]:
        if ended:
            over = ["answered", "unreached"]
            return await reading.independent(view.session, states=over, caller=None, before=before, limit=limit)
        return await reading.calls_due(view.session, states=states, caller=own, limit=limit)

    page = await listed(view, "calls", read, lambda call: call.id, _SORTED, whole=not ended)
    if query.format == "csv":
        rows = [
            [one.topic, one.account_no, one.caller, one.calls, one.call_by or one.answer_by, one.state]
            for one in page.items
        ]
        return view.csv("calls", ["calls.topic", "common.account", *_FILE], rows)
    named = await directory.names(await driver(view.session), [one.caller for one in page.items])
    return view.render("plans/calls.html", items=page.items, next=page.next, show=query.show, named=named)


_FILE: Final = ("calls.caller", "calls.tries", "calls.call_by", "common.state")


async def call(view: View) -> web.StreamResponse:
    """What to say, and the form for what came of it."""
    found = await reading.independent_one(view.session, view.id("call"))
    try:
        numbers = [
            link for link in (await contacts.account(view.session, found.account_no)).links if link.state in _CALLED
        ]
    except NotFound:
        numbers = []
    return view.render(
        "plans/call.html",
        one=found,
        script=await _script(view, found),
        numbers=numbers,
        holder=(await reading.holders(view.session, [found.account_no])).get(found.account_no),
        named=await directory.names(await driver(view.session), [found.caller]),
    )


async def _script(view: View, one: reading.Independent) -> scripts.Script:
    """What is said, in the customer's language where somebody has written it."""
    settings, directory = view.services.settings, templates_directory() / "scripts"
    programmes = await visits.programmes(await driver(view.session))
    language = one.language if one.language in scripts.languages(directory) else settings.language
    return scripts.script(
        directory,
        language,
        sender=(settings.sender_name_en if language == "en" else "") or settings.sender_name,
        topic=one.topic,
        channel=one.channel,
        done_on=one.done_at.astimezone(settings.zone).date() if one.done_at else None,
        caller=view.person.name if language == "en" else view.person.name[:1],
        questions=programmes[one.programme].questions if one.programme in programmes else (),
    )


async def called(view: View) -> web.StreamResponse:
    """Note what came of a call: the caller is who is signed in."""
    form: CallOutcome = view.form
    by = view.person.acting.staff_no
    if by is None:
        raise InvalidInput("a call is made by a member of staff", field="reached")
    reached = form.reached == "yes"
    outcome = Outcome(
        reached=reached,
        score=form.score if reached else None,
        solved=None if form.solved is None or not reached else form.solved == "yes",
        comment=form.comment if reached else None,
    )
    await view.services.independent.called(view.session, view.id("call"), outcome, by=by, actor=view.actor)
    return view.go("/calls", "calls.noted")


PAGES: Final = (
    Page(
        method="GET", path="/calls", handler=calls, scope="followups:review", title="calls.title", query=CallQuery,
        menu=Menu(group="today", order=35, icon="phone"),
    ),
    Page(method="GET", path="/calls/{id}", handler=call, scope="followups:review", title="calls.one", under="/calls"),
    Page(
        method="POST", path="/calls/{id}/outcome", handler=called, scope="followups:review", title="calls.one",
        under="/calls", form=CallOutcome, again=call,
    ),
)  # fmt: skip
