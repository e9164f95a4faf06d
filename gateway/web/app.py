"""The web application of one node: the interface, the webhooks, the probes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final

from aiohttp import web

from gateway.kernel.logs import logger
from gateway.staff.keys import KeyRing
from gateway.web import problems
from gateway.web.accepting import SingleMessages
from gateway.web.api import ROUTES
from gateway.web.api.docs import Docs
from gateway.web.console import PAGES, Console
from gateway.web.feeds import PATH as FEED
from gateway.web.feeds import Feeds
from gateway.web.health import Health
from gateway.web.metrics import Metrics
from gateway.web.routing import PREFIX, Endpoint, Route, Surroundings
from gateway.web.services import Services
from gateway.web.webhooks import platforms, twilio

log = logger(__name__)

#: For `web.AppRunner`: bodies stay packed (a gzip bomb is refused unread), requests are logged by the endpoints.
SERVER_OPTIONS: Final[dict[str, Any]] = {
    "auto_decompress": False,
    "access_log": None,
    "keepalive_timeout": 75.0,
    "lingering_time": 5.0,
}

#: The probes of an application, for who serves them elsewhere too.
HEALTH: Final = web.AppKey("health", Health)

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes_for(services: Services) -> Sequence[Route]:
    """The operations this node offers: those of the sandbox only there."""
    return [route for route in ROUTES if services.sandbox is not None or not route.sandbox_only]


def make_app(services: Services) -> web.Application:
    """The application; serve it with `web.AppRunner(app, **SERVER_OPTIONS)`."""
    metrics = Metrics(services.registry)
    keys = KeyRing(
        services.database,
        bootstrap=services.settings.bootstrap_api_key.get_secret_value() if services.settings.sandbox else "",
    )
    singles = SingleMessages(services.database, services.clock, services.messages)
    around = Surroundings(services, keys, metrics, singles)

    app = web.Application(middlewares=[_as_problems])
    offered = routes_for(services)
    for route in offered:
        app.router.add_route(route.method, PREFIX + route.path, Endpoint(route, around).serve)
    app.router.add_routes(twilio.routes(twilio.TwilioWebhooks(services, metrics)))
    app.router.add_routes(Console(services, metrics, PAGES).routes())
    app.router.add_routes(platforms.routes(services.hooks, metrics))
    docs = Docs(offered)
    app.router.add_get("/api/openapi.json", docs.openapi)
    app.router.add_get("/api/docs", docs.page)
    health = Health(services.database, services.clock, metrics.registry, works=lambda: singles.alive)
    app[HEALTH] = health
    app.router.add_routes(health.routes())
    app.router.add_get("/problems/{slug}", _problem)
    app.router.add_get(FEED, Feeds(services).followups)

    async def run_singles(_app: web.Application) -> AsyncIterator[None]:
        singles.start()
        yield
        await singles.close()

    app.cleanup_ctx.append(run_singles)
    return app


def make_monitor(health: Health) -> web.Application:
    """The probes alone, for a port of their own."""
    monitor = web.Application()
    monitor.router.add_routes(health.routes())
    return monitor


@web.middleware
async def _as_problems(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """What no endpoint answers (an unknown address, another method, a page that fails) is a problem too."""
    try:
        return await handler(request)
    except Exception as error:
        response = problems.of(error)
        if response is not None:
            return response
        if isinstance(error, web.HTTPException):
            raise
        log.error("a page failed", exc_info=error)
        return problems.internal()


async def _problem(request: web.Request) -> web.Response:
    """What a problem's `type` means."""
    kind = problems.KINDS.get(request.match_info["slug"])
    if kind is None:
        raise web.HTTPNotFound
    return web.Response(text=f"{kind.title} ({kind.status})\n\n{kind.advice}\n")
