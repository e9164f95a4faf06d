"""The door: signing in and out, one's password, one's sign-ins, and how the pages look."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from aiohttp import hdrs, web
from pydantic import StringConstraints

from gateway.kernel.errors import Conflict, InvalidInput
from gateway.staff import members
from gateway.staff.keys import SCOPES
from gateway.staff.signing_in import Throttled, WrongPassword
from gateway.web.console.pages import Form, Page, Query, View

_Secret = Annotated[str, StringConstraints(strip_whitespace=False)]


class Back(Query):
    """Where to go once signed in: an address below `/console`."""

    back: str | None = None
    #: What a session ended in the middle of: a form that was sent, or a page that asked for a piece of itself.
    ended: Literal["form", "page"] | None = None


class Credentials(Form):
    """Who, and the proof of it."""

    name: str
    password: _Secret
    back: str | None = None
    ended: Literal["form", "page"] | None = None


class NewPassword(Form):
    """One's password, changed."""

    old: _Secret
    password: _Secret
    again: _Secret


class Preference(Form):
    """How the pages look."""

    language: Literal["zh-CN", "en"] | None = None
    theme: Literal["auto", "light", "dark"] | None = None
    back: str | None = None


async def door(view: View) -> web.StreamResponse:
    """The form to sign in with."""
    if view.someone is not None:
        return view.go("")
    back = (view.query.back if view.query is not None else None) or view.given.get("back", "")
    ended = (view.query.ended if view.query is not None else None) or view.given.get("ended", "")
    return view.render("door/sign_in.html", back=back, ended=ended)


async def sign_in(view: View) -> web.StreamResponse:
    """Begin a session."""
    form: Credentials = view.form
    try:
        token = await view.console.door.sign_in(
            form.name,
            form.password,
            address=view.request.remote or "",
            agent=view.request.headers.get(hdrs.USER_AGENT, ""),
        )
    except WrongPassword as error:
        raise InvalidInput(str(error)) from error
    except Throttled as error:
        raise Conflict(
            f"signing in failed too often; try again in {int(error.wait.total_seconds()) + 1} seconds"
        ) from (error)
    response = view.go(_inside(form.back))
    view.console.let_in(response, token)
    return response


async def sign_out(view: View) -> web.StreamResponse:
    """End this session."""
    await view.console.door.sign_out(view.session, view.person)
    response = view.go("/sign-in")
    view.console.let_out(response)
    return response


async def password(view: View) -> web.StreamResponse:
    """The form to change one's password with."""
    return view.render("door/password.html")


async def change_password(view: View) -> web.StreamResponse:
    """Change one's password; other sign-ins of one's own end."""
    form: NewPassword = view.form
    if form.password != form.again:
        raise InvalidInput("the two new passwords differ", field="again")
    await members.change_password(
        view.session,
        view.person.staff_id,
        old=form.old,
        new=form.password,
        keep=view.person.session_id,
        clock=view.services.clock,
        actor=view.actor,
    )
    # Whoever had to change it was on the way to work.
    return view.go("" if view.person.must_change else "/me", "door.password_changed")


async def me(view: View) -> web.StreamResponse:
    """Who one is, what one may do, where one is signed in."""
    return view.render(
        "door/me.html",
        sign_ins=await view.console.door.standing(view.session, view.person),
        scopes=[scope for scope in SCOPES if scope != "admin" and view.may(scope)],
    )


async def end_session(view: View) -> web.StreamResponse:
    """End another sign-in of one's own."""
    await view.console.door.end(view.session, view.person, view.id("sign-in"))
    return view.go("/me", "door.session_ended")


async def end_others(view: View) -> web.StreamResponse:
    """End every other sign-in of one's own."""
    await members.end_sessions(view.session, view.person.staff_id, but=view.person.session_id)
    return view.go("/me", "door.sessions_ended")


async def prefer(view: View) -> web.StreamResponse:
    """Change the language or the theme, and go back to where one was."""
    form: Preference = view.form
    if view.someone is not None:
        await members.prefer(view.session, view.person.staff_id, language=form.language, theme=form.theme)
    response = view.go(_inside(form.back))
    for name, value in (("language", form.language), ("theme", form.theme)):
        if value is not None:
            view.console.prefer(response, name, value)
    return response


def _inside(back: str | None) -> str:
    """An address below `/console`, whatever was asked for."""
    if back is None or not back.startswith("/") or back.startswith(("//", "/\\")) or not back.isprintable():
        return ""
    return back


PAGES: Final = (
    Page(method="GET", path="/sign-in", handler=door, scope=None, title="door.sign_in", query=Back, public=True),
    Page(
        method="POST", path="/sign-in", handler=sign_in, scope=None, title="door.sign_in", form=Credentials,
        public=True, again=door,
    ),
    Page(method="POST", path="/sign-out", handler=sign_out, scope=None, always=True),
    Page(method="GET", path="/password", handler=password, scope=None, title="door.password", always=True),
    Page(
        method="POST", path="/password", handler=change_password, scope=None, title="door.password", form=NewPassword,
        again=password, always=True,
    ),
    Page(method="GET", path="/me", handler=me, scope=None, title="door.me"),
    Page(method="POST", path="/me/sessions/{id}/end", handler=end_session, scope=None),
    Page(method="POST", path="/me/sessions/end-others", handler=end_others, scope=None),
    Page(
        method="POST", path="/preferences", handler=prefer, scope=None, form=Preference, public=True, always=True
    ),
)  # fmt: skip
