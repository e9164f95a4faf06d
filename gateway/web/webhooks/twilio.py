"""Twilio's webhooks. Nothing is stored before the signature fits, nothing is answered before it is committed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

from aiohttp import hdrs, web

from gateway.kernel.errors import InvalidInput, TooLarge
from gateway.kernel.logs import logger
from gateway.web import bodies, problems
from gateway.web.metrics import Metrics
from gateway.web.problems import Refusal
from gateway.web.services import Services
from gateway.web.together import Together

log = logger(__name__)

INBOUND: Final = "/webhooks/twilio/inbound"
STATUS: Final = "/webhooks/twilio/status/{message_id}"
_SIGNATURE: Final = "X-Twilio-Signature"
#: Text of another type would be sent to the customer as a reply.
_NO_REPLY: Final = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
_CHANNEL: Final = "sms"

Form = dict[str, list[str]]


class TwilioWebhooks:
    """The two webhooks of one account."""

    def __init__(self, services: Services, metrics: Metrics) -> None:
        self._verifier = services.twilio_verifier
        self._wire = services.twilio_wire
        self._intake = services.intake
        self._outcomes = {
            (kind, outcome): metrics.webhooks.labels("twilio", kind, outcome)
            for kind in ("inbound", "status")
            for outcome in ("taken", "unreadable", "forged", "refused", "failed")
        }

    async def inbound(self, request: web.Request) -> web.Response:
        """A customer's text."""
        return await self._answer(request, "inbound", self._inbound)

    async def status(self, request: web.Request) -> web.Response:
        """How a message of ours fares."""
        return await self._answer(request, "status", self._status)

    async def _answer(
        self, request: web.Request, kind: str, take: Callable[[web.Request, bytes, Form], Awaitable[web.Response]]
    ) -> web.Response:
        try:
            body = await bodies.read(request, most=bodies.WEBHOOK_LIMIT)
            form = self._wire.parse_form(body)
            if not self._verifier.verify(request.raw_path, form, request.headers.get(_SIGNATURE)):
                self._outcomes[kind, "forged"].inc()
                log.warning("a webhook without a good signature", carrier="twilio", kind=kind)
                return problems.answer(problems.FORBIDDEN, "The signature does not fit.")
            return await take(request, body, form)
        except (Refusal, TooLarge) as error:
            self._outcomes[kind, "refused"].inc()
            return problems.of(error) or problems.internal()
        except Exception as error:
            # The carrier, or a look-up later, brings it again.
            self._outcomes[kind, "failed"].inc()
            response = problems.of(error)
            if response is None:
                log.error("a webhook failed", carrier="twilio", kind=kind, exc_info=error)
            return response or problems.internal()

    async def _inbound(self, request: web.Request, body: bytes, form: Form) -> web.Response:
        try:
            text = self._wire.read_inbound(form)
        except InvalidInput:
            await self._keep("inbound", body)
        else:
            await self._intake.text(text)
            self._outcomes["inbound", "taken"].inc()
        return web.Response(body=_NO_REPLY, content_type="text/xml", charset="utf-8")

    async def _status(self, request: web.Request, body: bytes, form: Form) -> web.Response:
        try:
            receipt = self._wire.read_receipt(form, UUID(request.match_info["message_id"]))
        except (InvalidInput, ValueError):
            await self._keep("status", body)
        else:
            await self._intake.receipt(receipt)
            self._outcomes["status", "taken"].inc()
        return Together(status=204)

    async def _keep(self, kind: str, body: bytes) -> None:
        await self._intake.unreadable(body, channel=_CHANNEL)
        self._outcomes[kind, "unreadable"].inc()


def routes(webhooks: TwilioWebhooks) -> list[web.RouteDef]:
    """For the router."""
    return [web.route(hdrs.METH_POST, INBOUND, webhooks.inbound), web.route(hdrs.METH_POST, STATUS, webhooks.status)]
