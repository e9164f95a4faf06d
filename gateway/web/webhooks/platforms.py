"""The webhooks of chat platforms: bounded here, checked and understood by the platform itself."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from gateway.kernel.errors import TooLarge
from gateway.kernel.logs import logger
from gateway.web import bodies, problems
from gateway.web.metrics import Metrics
from gateway.web.problems import Refusal
from gateway.web.services import Hook

log = logger(__name__)


class PlatformWebhook:
    """One address of one platform."""

    def __init__(self, hook: Hook, metrics: Metrics) -> None:
        self._hook = hook
        self._metrics = metrics

    async def serve(self, request: web.Request) -> web.Response:
        """Answer once the platform's word is committed, or say why it is not taken."""
        carrier = self._hook.carrier
        try:
            body = await bodies.read(request, most=bodies.WEBHOOK_LIMIT)
            answered = await self._hook.answer(
                method=request.method, query=request.query, headers=request.headers, body=body
            )
        except (Refusal, TooLarge) as error:
            self._count("refused")
            return problems.of(error) or problems.internal()
        except Exception as error:
            # The platform brings it again.
            self._count("failed")
            response = problems.of(error)
            if response is None:
                log.error("a webhook failed", carrier=carrier, exc_info=error)
            return response or problems.internal()
        self._count(answered.outcome)
        if answered.outcome == "forged":
            log.warning("a webhook without a good signature", carrier=carrier)
            return problems.answer(problems.FORBIDDEN, "The signature does not fit.")
        return web.Response(status=answered.status, body=answered.body, content_type=answered.content_type)

    def _count(self, outcome: str) -> None:
        self._metrics.webhooks.labels(self._hook.carrier, "inbound", outcome).inc()


def routes(hooks: Sequence[Hook], metrics: Metrics) -> list[web.RouteDef]:
    """For the router."""
    return [
        web.route(method, hook.path, PlatformWebhook(hook, metrics).serve) for hook in hooks for method in hook.methods
    ]
