"""Triage: what customers said that waits for a person, decided with one key each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, get_args
from uuid import UUID

from aiohttp import web
from pydantic import BeforeValidator

from gateway.archive.reading import searching
from gateway.inbox import reading
from gateway.kernel.errors import InvalidInput, NotFound
from gateway.outbox import reading as outbox
from gateway.web.api.inbound import Intent
from gateway.web.console.pages import Form, ListQuery, Menu, Page, View
from gateway.web.paging import behind, cut

#: Meanings that have a key on every reply, behind those that the reader offers; what fits one key is not doubled.
USUAL: Final = ("wrong_number", "payment_made", "complaint", "outage_report", "human", "ack")
INTENTS: Final = get_args(Intent)
_AT_ONCE: Final = 30
_LAST_KEY: Final = 8


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


class TriageQuery(ListQuery):
    """The replies behind a cursor, or one reply alone."""

    id: UUID | None = None


class Decision(Form):
    """One of the reply's choices by its key, intents by name (`score` with a figure), or nothing to do."""

    choice: str | None = None
    intents: Annotated[list[Intent] | None, BeforeValidator(_several)] = None
    score: int | None = None
    nothing: bool = False
    #: Chosen from the whole list instead of by a key.
    more: Intent | None = None
    chosen: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A decision with its key: what the form sends (`name` and `value`), and how it reads."""

    key: int
    name: str
    value: str
    intents: tuple[str, ...]
    score: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A reply as it is decided: the text it answers, and its keys."""

    one: reading.Inbound
    answered: outbox.Message | None
    keys: list[Key]


async def triage(view: View) -> web.StreamResponse:
    """What waits, the urgent first."""
    query: TriageQuery = view.query if view.query is not None else TriageQuery()
    if query.id is not None:
        found = [await reading.inbound(view.session, query.id)]
        page: dict[str, Any] = {"items": found, "next": None}
    else:
        wanted = reading.InboundFilter(states=["triage"])
        before = behind("inbound", query.cursor, UUID)
        found = await reading.inbounds(view.session, wanted, before=before, limit=_AT_ONCE + 1)
        page = cut("inbound", found, _AT_ONCE, lambda one: one.id)
    waiting = [await _waiting(view, one) for one in page["items"]]
    ids = await searching.number_id(view.session, [one.sender for one in page["items"] if one.sender])
    return view.render("triage.html", waiting=waiting, next=page["next"], ids=ids, intents=INTENTS, alone=query.id)


async def _waiting(view: View, one: reading.Inbound) -> Waiting:
    answered: outbox.Message | None = None
    if one.answers is not None:
        try:
            answered = await outbox.message(view.session, one.answers)
        except NotFound:
            answered = None
    return Waiting(one=one, answered=answered, keys=keys(one.choices))


def keys(choices: Sequence[dict[str, Any]]) -> list[Key]:
    """The keys of a reply: those the reader offers, then the usual meanings; 9 is always `nothing to do`."""
    offered = [
        Key(
            key=int(choice["key"]),
            name="choice",
            value=choice["key"],
            intents=tuple(choice["intents"]),
            score=choice["score"],
        )
        for choice in choices
    ]
    taken = {key.intents for key in offered}
    for intent in USUAL:
        if (intent,) not in taken and len(offered) < _LAST_KEY:
            offered.append(Key(key=len(offered) + 1, name="intents", value=intent, intents=(intent,), score=None))
    return [*offered, Key(key=9, name="nothing", value="true", intents=(), score=None)]


async def decide(view: View) -> web.StreamResponse:
    """Settle one reply: read so and acted on, or closed."""
    form: Decision = view.form
    inbound_id = view.id("reply")
    waiting = await reading.inbound(view.session, inbound_id)
    intents: list[str] | None = list(form.intents) if form.intents else None
    score = None
    if form.chosen and form.more is not None:
        intents, score = [form.more], form.score
    if form.choice is not None:
        chosen = next((one for one in waiting.choices if one["key"] == form.choice), None)
        if chosen is None:
            raise InvalidInput("there is no such choice", field="choice")
        intents, score = chosen["intents"], chosen["score"]
    if intents is None and not form.nothing:
        raise InvalidInput("say what it means, or that there is nothing to do", field="intents")
    await view.services.inbox.resolve(
        view.session, inbound_id, intents=intents, score=score, note=form.note, actor=view.actor
    )
    return view.go("/triage", "triage.decided")


PAGES: Final = (
    Page(
        method="GET", path="/triage", handler=triage, scope="inbound:read", title="triage.title", query=TriageQuery,
        menu=Menu(group="today", order=20, icon="keyboard"),
    ),
    Page(
        method="POST", path="/triage/{id}", handler=decide, scope="inbound:resolve", title="triage.title",
        under="/triage", form=Decision, again=triage,
    ),
)  # fmt: skip
