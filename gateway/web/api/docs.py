"""The document of the interface and the page that shows it. The page asks nothing of any other server."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

from aiohttp import web

from gateway.web.openapi import document
from gateway.web.routing import Route

_PAGE: Final = Path(__file__).with_name("docs.html")


class Docs:
    """Both, made once."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._document = json.dumps(document(routes, version=version("lamplighter")), ensure_ascii=False).encode()
        self._page = _PAGE.read_bytes()
        self._headers = {
            "Content-Security-Policy": policy(self._page),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }

    async def openapi(self, _request: web.Request) -> web.Response:
        """`/api/openapi.json`."""
        return web.Response(body=self._document, content_type="application/json")

    async def page(self, _request: web.Request) -> web.Response:
        """`/api/docs`."""
        return web.Response(body=self._page, content_type="text/html", charset="utf-8", headers=self._headers)


def policy(page: bytes) -> str:
    """A content security policy under which only this page's own script and style run."""
    script, style = (_hashes(page, tag) for tag in (b"script", b"style"))
    return (
        f"default-src 'none'; script-src {script}; style-src {style}; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _hashes(page: bytes, tag: bytes) -> str:
    inline = re.findall(rb"<%s>(.*?)</%s>" % (tag, tag), page, re.DOTALL)
    return " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(one).digest()).decode()}'" for one in inline)
