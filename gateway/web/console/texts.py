"""Texts: what is in force, proposed with a preview, put in force by a second person."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from aiohttp import web
from pydantic import StringConstraints

from gateway.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from gateway.notices.texts import Proposed, reading
from gateway.notices.wording import TextKey
from gateway.staff import members
from gateway.web.console.lists import Actors, Column, Terms, listed
from gateway.web.console.pages import Form, ListQuery, Menu, Page, View


class TextsQuery(ListQuery):
    """Which texts."""

    language: str = "zh-CN"


class RevisionsQuery(ListQuery):
    """Which revisions."""

    state: Literal["draft", "approved", "refused", "withdrawn"] | None = None


class Proposal(Form):
    """A text as it is to be; `show` looks at it and keeps nothing."""

    language: str
    tone: Literal["warm", "official", "neutral"]
    source: Annotated[str, StringConstraints(max_length=20_000)]
    note: Annotated[str, StringConstraints(max_length=2000)] | None = None
    show: str | None = None


class Remarked(Form):
    """Why."""

    remark: Annotated[str, StringConstraints(max_length=2000)] | None = None


async def listing(view: View) -> web.StreamResponse:
    """Every text in force, and what waits to be approved."""
    query: TextsQuery = view.query
    texts = view.services.texts
    found = await reading.in_force(view.session, texts.in_force, texts.shipped, None)
    waiting = await reading.revisions(view.session, states=["draft"], before=None, limit=20)
    if query.format == "csv":
        rows = [
            [text.name, text.language, text.tone, text.kind, text.example.body, text.example.segments, text.edited]
            for text in found
        ]
        return view.csv("texts", [f"texts.{name}" for name in _COLUMNS], rows)
    languages = sorted({text.language for text in found}, reverse=True)
    return view.render(
        "texts/list.html",
        texts=[text for text in found if text.language == query.language],
        chosen=query.language,
        languages=languages,
        waiting=waiting,
        names=await members.names(view.session),
    )


_COLUMNS: Final = ("name", "language", "tone", "kind", "example", "segments", "edited")


async def one(view: View) -> web.StreamResponse:
    """A text in its languages and tones, with every version there was."""
    return await _text(view, shown=None)


async def _text(view: View, shown: Any) -> web.Response:
    texts, name = view.services.texts, view.text("name")
    found = await reading.in_force(view.session, texts.in_force, texts.shipped, name)
    try:
        versions = await reading.versions(view.session, texts.in_force, name)
    except NotFound:
        versions = []
    return view.render("texts/one.html", name=name, texts=found[::-1], versions=versions[:30], shown=shown)


async def propose(view: View) -> web.StreamResponse:
    """Look at a text as it would be, or propose it."""
    form: Proposal = view.form
    source = form.source.replace("\r\n", "\n").strip("\n") + "\n"
    asked = [Proposed(key=TextKey(view.text("name"), form.language, form.tone), source=source)]
    if form.show is not None:
        return await _text(view, (await view.services.texts.preview(view.session, asked))[0])
    revision_id = await view.services.texts.draft(view.session, asked, note=form.note, actor=view.actor)
    return view.go(f"/texts/revisions/{revision_id}", "texts.proposed")


#: What the list is sorted by and looked through.
_SORTED: Final[dict[str, Column[reading.Revision]]] = {
    "texts.one": lambda one: [text.name for text in one.texts],
    "common.state": Terms("revision_states", lambda one: one.state),
    "texts.note": lambda one: one.note,
    "notices.drafted": lambda one: one.drafted_at,
    "texts.decided": lambda one: one.decided_at,
    "by": Actors(lambda one: one.drafted_by),
}


async def revisions(view: View) -> web.StreamResponse:
    """Changes of texts, newest first."""
    query: RevisionsQuery = view.query
    states = [query.state] if query.state else None
    page = await listed(
        view,
        "revisions",
        lambda before, limit: reading.revisions(view.session, states=states, before=before, limit=limit),
        lambda revision: revision.id,
        _SORTED,
    )
    if query.format == "csv":
        rows = [
            [" ".join(text.name for text in one.texts), one.state, one.note, one.drafted_at, one.drafted_by,
             one.decided_at, one.decided_by]
            for one in page.items
        ]  # fmt: skip
        headings = ["texts.one", "common.state", "texts.note", "notices.drafted", "notices.drafted_by",
                    "texts.decided", "texts.decided_by"]  # fmt: skip
        return view.csv("text-revisions", headings, rows)
    names = await members.names(view.session)
    return view.render("texts/revisions.html", revisions=page.items, next=page.next, names=names)


async def revision(view: View) -> web.StreamResponse:
    """A change of texts beside what is in force."""
    found = await reading.revision(view.session, view.id("revision", "id"))
    texts = view.services.texts
    now = {
        (text.name, text.language, text.tone): text.source
        for text in await reading.in_force(view.session, texts.in_force, texts.shipped, None)
    }
    return view.render("texts/revision.html", one=found, now=now, names=await members.names(view.session))


async def approve(view: View) -> web.StreamResponse:
    """Put it in force; somebody other than who proposed it."""
    revision_id = view.id("revision")
    await reading.revision(view.session, revision_id)
    try:
        await view.services.texts.approve(
            view.session, revision_id, actor=view.actor, two_people=view.person.acting.two_people
        )
    except Forbidden as error:
        raise Conflict(str(error)) from error
    except InvalidInput as error:
        raise Conflict(str(error)) from error
    return view.go(f"/texts/revisions/{revision_id}", "texts.approved")


async def refuse(view: View) -> web.StreamResponse:
    """Turn it down, or take one's own back."""
    revision_id = view.id("revision")
    known = await reading.revision(view.session, revision_id)
    if known.drafted_by != view.actor and not view.may("templates:approve"):
        raise Forbidden("This needs the scope templates:approve: the texts were proposed by somebody else.")
    await view.services.texts.refuse(view.session, revision_id, actor=view.actor, remark=view.form.remark)
    return view.go(f"/texts/revisions/{revision_id}", "texts.refused")


PAGES: Final = (
    Page(
        method="GET", path="/texts", handler=listing, scope="templates:read", title="texts.title", whole=True,
        query=TextsQuery, menu=Menu(group="settings", order=10, icon="template"),
    ),
    Page(
        method="GET", path="/texts/revisions", handler=revisions, scope="templates:read", title="texts.revisions",
        whole=True, under="/texts", query=RevisionsQuery,
    ),
    Page(
        method="GET", path="/texts/revisions/{id}", handler=revision, scope="templates:read", title="texts.revision",
        whole=True, under="/texts",
    ),
    Page(
        method="POST", path="/texts/revisions/{id}/approve", handler=approve, scope="templates:approve",
        title="texts.revision", whole=True, under="/texts", again=revision,
    ),
    Page(
        method="POST", path="/texts/revisions/{id}/refuse", handler=refuse, scope="templates:read",
        title="texts.revision", whole=True, under="/texts", form=Remarked, again=revision,
    ),
    Page(
        method="GET", path="/texts/{name}", handler=one, scope="templates:read", title="texts.one", whole=True,
        under="/texts",
    ),
    Page(
        method="POST", path="/texts/{name}", handler=propose, scope="templates:write", title="texts.one", whole=True,
        under="/texts", form=Proposal, again=one,
    ),
)  # fmt: skip
