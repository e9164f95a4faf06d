"""The overview: what is going out, what came back, what waits for whom, what is about to break."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from gateway.web.console.pages import Menu, Page, View


async def overview(view: View) -> web.StreamResponse:
    """Today."""
    return view.render("overview.html")


PAGES: Final = (
    Page(
        method="GET", path="/", handler=overview, scope=None, title="overview.title",
        menu=Menu(group="today", order=10, icon="home"),
    ),
)  # fmt: skip
