"""Settings: who may sign in and as what, and keys for programs."""

from __future__ import annotations

from typing import Annotated, Final

from aiohttp import web
from pydantic import BeforeValidator, Field

from gateway.kernel.database import driver
from gateway.staff import chat_sign_in, keys, members, passwords
from gateway.staff.keys import SCOPES
from gateway.staff.roles import GRANTED, ROLES
from gateway.staff.signing_in import organisations
from gateway.web.console.pages import Form, ListQuery, Menu, Page, View


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


_Words = Annotated[list[str], BeforeValidator(_several)]


class NewPerson(Form):
    """Somebody who may sign in from now on."""

    sign_in: str
    name: str | None = None
    roles: _Words = Field(default_factory=list)
    organisation: str | None = None


class Changed(Form):
    """Other roles, another part of the utility."""

    roles: _Words = Field(default_factory=list)
    organisation: str | None = None


class NewKey(Form):
    """A key for a program."""

    name: str
    scopes: _Words = Field(default_factory=list)


async def listing(view: View) -> web.StreamResponse:
    """Everybody who may sign in, and the form to add somebody."""
    if view.query is not None and view.query.format == "csv":
        rows = [
            [one.sign_in, one.name, " ".join(one.roles), one.organisation, one.team, one.seen_at, one.disabled_at]
            for one in await members.members(view.session)
        ]
        return view.csv("people", _PEOPLE, rows)
    return view.render(
        "people/list.html",
        members=await members.members(view.session),
        organisations=await organisations(view.session),
        roles=ROLES,
        granted=GRANTED,
    )


_PEOPLE: Final = (
    "door.name", "people.person", "door.roles", "door.organisation", "people.team", "people.seen", "people.out",
)  # fmt: skip


async def add(view: View) -> web.StreamResponse:
    """Let somebody sign in, with a password that is shown once and is good once."""
    form: NewPerson = view.form
    password = passwords.one_time()
    await members.add(
        view.session,
        sign_in=form.sign_in,
        name=form.name,
        roles=form.roles,
        organisation=form.organisation,
        password=password,
        must_change=True,
        clock=view.services.clock,
        actor=view.actor,
    )
    return view.render("people/password.html", sign_in=form.sign_in, password=password)


async def one(view: View) -> web.StreamResponse:
    """Somebody's roles and part of the utility."""
    return view.render(
        "people/one.html",
        one=await members.member(view.session, view.number("person")),
        organisations=await organisations(view.session),
        roles=ROLES,
    )


async def change(view: View) -> web.StreamResponse:
    """Give somebody other roles."""
    form: Changed = view.form
    staff_id = view.number("person")
    await members.change(
        view.session,
        staff_id,
        roles=form.roles,
        organisation=form.organisation,
        clock=view.services.clock,
        actor=view.actor,
    )
    return view.go(f"/people/{staff_id}", "people.changed")


async def lock_out(view: View) -> web.StreamResponse:
    """Let somebody sign in no more."""
    return await _lock(view, out=True)


async def let_in(view: View) -> web.StreamResponse:
    """Let somebody sign in again."""
    return await _lock(view, out=False)


async def _lock(view: View, *, out: bool) -> web.StreamResponse:
    staff_id = view.number("person")
    await members.lock_out(view.session, staff_id, out=out, clock=view.services.clock, actor=view.actor)
    undo = f"/people/{staff_id}/{'let-in' if out else 'lock-out'}"
    return view.go(f"/people/{staff_id}", "people.locked" if out else "people.let_in", undo=undo)


async def reset(view: View) -> web.StreamResponse:
    """A password for somebody who forgot theirs, shown once."""
    staff_id = view.number("person")
    found = await members.member(view.session, staff_id)
    password = await members.reset_password(view.session, staff_id, clock=view.services.clock, actor=view.actor)
    return view.render("people/password.html", sign_in=found.sign_in, password=password)


async def chat_code(view: View) -> web.StreamResponse:
    """A code that signs somebody in to the staff bot, shown once."""
    found = await members.member(view.session, view.number("person"))
    code = await chat_sign_in.new_code(
        await driver(view.session), found.sign_in, actor=view.actor, at=view.services.clock.now()
    )
    return view.render("people/password.html", sign_in=found.sign_in, password=code, in_chat=True)


async def key_list(view: View) -> web.StreamResponse:
    """Keys for programs."""
    if view.query is not None and view.query.format == "csv":
        rows = [
            [one.name, " ".join(one.scopes), one.made_at, one.revoked_at] for one in await keys.listed(view.session)
        ]
        return view.csv("keys", ["people.key", "people.scopes", "people.made", "people.revoked"], rows)
    return view.render("people/keys.html", keys=await keys.listed(view.session), scopes=list(SCOPES), made=None)


async def make_key(view: View) -> web.StreamResponse:
    """Make a key and show it, once."""
    form: NewKey = view.form
    made = await keys.create(
        view.session, name=form.name, scopes=form.scopes, at=view.services.clock.now(), actor=view.actor
    )
    return view.render("people/keys.html", keys=await keys.listed(view.session), scopes=list(SCOPES), made=made)


async def revoke_key(view: View) -> web.StreamResponse:
    """End a key."""
    await keys.revoke(view.session, name=view.text("name"), at=view.services.clock.now(), actor=view.actor)
    return view.go("/keys", "people.key_revoked")


def _page(method: str, path: str, handler: object, **more: object) -> Page:
    under = "/keys" if path.startswith("/keys") else "/people"
    fields = {"title": f"people.{'keys' if under == '/keys' else 'title'}", "under": under, **more}
    return Page(method=method, path=path, handler=handler, scope="staff:write", whole=True, **fields)  # type: ignore[arg-type]


PAGES: Final = (
    _page("GET", "/people", listing, query=ListQuery, menu=Menu(group="settings", order=70, icon="users")),
    _page("POST", "/people", add, form=NewPerson, again=listing),
    _page("GET", "/people/{id}", one),
    _page("POST", "/people/{id}", change, form=Changed, again=one),
    _page("POST", "/people/{id}/lock-out", lock_out, again=one),
    _page("POST", "/people/{id}/let-in", let_in, again=one),
    _page("POST", "/people/{id}/reset", reset, again=one),
    _page("POST", "/people/{id}/chat-code", chat_code, again=one),
    _page("GET", "/keys", key_list, query=ListQuery, menu=Menu(group="settings", order=80, icon="key")),
    _page("POST", "/keys", make_key, form=NewKey, again=key_list),
    _page("POST", "/keys/{name}/revoke", revoke_key, again=key_list),
)
