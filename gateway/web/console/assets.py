"""Style, scripts and pictures of the console: from the package, cached for a year under a name of their content."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from aiohttp import hdrs, web

PREFIX: Final = "/console/static"
_KINDS: Final = {
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "md": "text/plain",
    "txt": "text/plain",
}
_LONG: Final = "public, max-age=31536000, immutable"


class Assets:
    """The files below `static/`, read once."""

    def __init__(self) -> None:
        self._files = dict(_below(files(__package__) / "static", ""))
        self._marks = {name: hashlib.sha256(body).hexdigest()[:12] for name, body in self._files.items()}
        self._packed = cache(lambda name: gzip.compress(self._files[name], 6))

    def url(self, name: str) -> str:
        """The address of a file; another one when its content changes. Raises KeyError for one that is not there."""
        return f"{PREFIX}/{self._marks[name]}/{name}"

    async def serve(self, request: web.Request) -> web.Response:
        """Answer one file, packed where the browser unpacks."""
        name = request.match_info["name"]
        if name not in self._files or request.match_info["mark"] != self._marks[name]:
            raise web.HTTPNotFound
        headers = {hdrs.CACHE_CONTROL: _LONG, "X-Content-Type-Options": "nosniff", hdrs.VARY: "Accept-Encoding"}
        body = self._files[name]
        if "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "") and len(body) > 1024:
            body = self._packed(name)
            headers[hdrs.CONTENT_ENCODING] = "gzip"
        return web.Response(body=body, content_type=_KINDS[name.rpartition(".")[2]], charset="utf-8", headers=headers)


def _below(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for one in folder.iterdir():
        name = f"{prefix}{one.name}"
        found += _below(one, f"{name}/") if one.is_dir() else [(name, one.read_bytes())]
    return found
