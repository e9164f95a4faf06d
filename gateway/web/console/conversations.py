"""Conversations: one thread for each account over all channels, answered by hand, misreadings taken back."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from aiohttp import web
from pydantic import StringConstraints

from gateway.inbox import by_hand
from gateway.inbox.conversations import Conversation, LastHeard, conversation, recent
from gateway.kernel.errors import NotFound
from gateway.kernel.phones import InvalidPhone, parse
from gateway.staff import members
from gateway.web.console.lists import Column, Terms, listed
from gateway.web.console.pages import Form, ListQuery, Menu, Page, View

#: Turns that a page shows.
_TURNS: Final = 120


class SaidQuery(ListQuery):
    """Whose: an account's number leads to its thread, a telephone number to what came from it."""

    q: Annotated[str, StringConstraints(max_length=64)] | None = None


class Answer(Form):
    """Words of one's own."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=500)]


class Undo(Form):
    """Why."""

    note: Annotated[str, StringConstraints(max_length=2000)] | None = None


#: What the list is sorted by and looked through.
_SORTED: Final[dict[str, Column[LastHeard]]] = {
    "common.account": lambda one: one.account_no,
    "conversations.text": lambda one: one.text,
    "conversations.read_as": Terms("intents", lambda one: one.intents[0] if one.intents else None),
    "common.state": Terms("states", lambda one: one.state),
    "conversations.received_at": lambda one: one.received_at,
}


async def listing(view: View) -> web.StreamResponse:
    """What was said last, or the thread that is looked for."""
    query: SaidQuery = view.query
    sender = None
    if query.q:
        try:
            await conversation(view.session, query.q, limit=1)
        except NotFound:
            sender = _number(query.q, view)
        else:
            return view.go(f"/conversations/{query.q}")
    page = await listed(
        view,
        "said",
        lambda before, limit: recent(view.session, sender=sender, before=before, limit=limit),
        lambda one: one.id,
        _SORTED,
    )
    if query.format == "csv":
        rows = [[one.received_at, one.account_no, one.text, one.state] for one in page.items]
        heads = ["conversations.received_at", "common.account", "conversations.text", "common.state"]
        return view.csv("conversations", heads, rows)
    return view.render("conversations/list.html", said=page.items, next=page.next, q=query.q or "")


def _number(text: str, view: View) -> str:
    try:
        return parse(text, view.services.settings.region).e164
    except InvalidPhone:
        return text


async def thread(view: View) -> web.StreamResponse:
    """The thread of an account."""
    found = await conversation(view.session, view.text("account_no"), limit=_TURNS)
    return view.render(
        "conversations/thread.html",
        thread=found,
        undoable=_undoable(found),
        names=await members.names(view.session),
    )


#: Effects that one click takes back.
_TAKES_BACK: Final = frozenset(("correction_opened", "opted_out", "reminders_paused"))


def _undoable(found: Conversation) -> set[UUID]:
    """The replies of which something can be taken back: what came since the last time that was done."""
    undoable: set[UUID] = set()
    for turn in found.turns:
        if turn.inbound is None or turn.inbound.state == "received":
            continue
        since: set[str] = set()
        for effect in turn.inbound.effects:
            since = set() if effect["effect"] == "taken_back" else since | {effect["effect"]}
        if since & _TAKES_BACK:
            undoable.add(turn.inbound.id)
    return undoable


async def answer(view: View) -> web.StreamResponse:
    """Answer in words of one's own, as policy allows."""
    account_no = view.text("account_no")
    found = await conversation(view.session, account_no, limit=_TURNS)
    senders = [turn.inbound.sender for turn in found.turns if turn.inbound is not None and turn.inbound.sender]
    taken = await by_hand.answer(
        view.session,
        view.services.messages,
        account_no,
        view.form.text,
        at_number=senders[-1] if senders else None,
        actor=view.actor,
        at=view.services.clock.now(),
    )
    return view.go(f"/conversations/{account_no}", f"conversations.answer_{taken.state}")


async def undo(view: View) -> web.StreamResponse:
    """Take back what a misreading caused; the text waits to be read anew."""
    account_no, inbound_id = view.text("account_no"), view.id("inbound", "inbound")
    found = await conversation(view.session, account_no, limit=_TURNS)
    if not any(turn.inbound is not None and turn.inbound.id == inbound_id for turn in found.turns):
        raise NotFound("There is no inbound with this id.")
    await by_hand.undo(
        view.session,
        inbound_id,
        view.services.corrections,
        note=view.form.note,
        actor=view.actor,
        at=view.services.clock.now(),
    )
    return view.go(f"/conversations/{account_no}", "conversations.undone")


PAGES: Final = (
    Page(
        method="GET", path="/conversations", handler=listing, scope="inbound:read", title="conversations.title",
        query=SaidQuery, menu=Menu(group="service", order=10, icon="messages"),
    ),
    Page(
        method="GET", path="/conversations/{account_no}", handler=thread, scope="inbound:read",
        title="conversations.one", under="/conversations",
    ),
    Page(
        method="POST", path="/conversations/{account_no}/answer", handler=answer, scope="messages:send",
        title="conversations.one", under="/conversations", form=Answer, again=thread,
    ),
    Page(
        method="POST", path="/conversations/{account_no}/undo/{inbound}", handler=undo, scope="inbound:resolve",
        title="conversations.one", under="/conversations", form=Undo, again=thread,
    ),
)  # fmt: skip
