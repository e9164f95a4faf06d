"""The wall of handsets: one page with its style and script, from the package, with nothing from elsewhere."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

_FILES: Final = {
    "/": ("wall.html", "text/html"),
    "/_carrier/wall.css": ("wall.css", "text/css"),
    "/_carrier/wall.js": ("wall.js", "text/javascript"),
    "/_carrier/chats.js": ("chats.js", "text/javascript"),
}

#: Texts come from anywhere: the script writes them as text only, and the page runs nothing of its own.
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def wall_routes() -> list[web.RouteDef]:
    """The routes of the page."""
    return [web.get(path, _serve(name, kind)) for path, (name, kind) in _FILES.items()]


def _serve(name: str, kind: str) -> Handler:
    body = (files(__package__) / "page" / name).read_bytes()

    async def serve(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=_HEADERS)

    return serve
