"""A bare aiohttp handler: it reads the body and answers. `python -m bench.bare_server` prints its port."""

from __future__ import annotations

import asyncio

from aiohttp import web

from bench.lab import as_production


async def _take(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(body=b'{"id":"0"}', status=202, content_type="application/json")


async def _report(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(status=204)


async def _serve() -> None:
    app = web.Application()
    app.router.add_post("/api/v1/messages", _take)
    app.router.add_post("/webhooks/twilio/status/{message_id}", _report)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    as_production(_serve)
