"""Showing a masked number in full, which is written down first."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from gateway.kernel import audit
from gateway.kernel.errors import InvalidInput
from gateway.web.console.pages import Form, Page, View
from gateway.web.console.rendering import masked


class Hidden(Form):
    """What a page named without showing it."""

    sealed: str


async def show(view: View) -> web.StreamResponse:
    """The number whole. Only what a page of ours has sealed can be asked for."""
    form: Hidden = view.form
    number = view.console.seal.open(form.sealed)
    if not isinstance(number, str):
        raise InvalidInput("the page is too old; load it again", field="sealed")
    audit.record(
        view.session,
        at=view.services.clock.now(),
        actor=view.actor,
        action="personal_data.shown",
        subject=f"number:{masked(number)}",
    )
    return view.render("parts/shown.html", number=number)


PAGES: Final = (Page(method="POST", path="/show", handler=show, scope="personal:show", form=Hidden, part=True),)
