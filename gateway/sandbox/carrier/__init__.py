"""The embedded carrier: to the gateway another program, which speaks Twilio's API over HTTP.

It takes texts, moves them on, reports and answers by signed webhooks, and shows every handset on a
page (`/`) where a person can answer for any of them. `/_carrier/behaviour` makes it slow, wrong,
forgetful or lively; `/_carrier/stats` and `/_carrier/texts` say what it got.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from aiohttp import web

from gateway.sandbox.carrier import lookup
from gateway.sandbox.carrier.api import Api
from gateway.sandbox.carrier.behaviour import Behaviour
from gateway.sandbox.carrier.chats import App
from gateway.sandbox.carrier.control import Control, refuse_politely
from gateway.sandbox.carrier.network import Network
from gateway.sandbox.carrier.wall import wall_routes

__all__ = ["Behaviour", "Carrier"]

#: A text and its form are smaller by far.
_LARGEST_BODY = 64 * 1024


class Carrier:
    """One carrier with one account and one sender.

    `callbacks_base` is the gateway's public address: inbound texts go to
    `{callbacks_base}/webhooks/twilio/inbound`. `keep` texts are remembered. `apps` are the chat programs that people
    hold beside their handsets, `also` the routes of the platforms behind them.
    """

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        callbacks_base: str,
        sender: str,
        behaviour: Behaviour | None = None,
        keep: int = 200_000,
        apps: Sequence[App] = (),
        also: Sequence[web.RouteDef] = (),
    ) -> None:
        self._apps = apps
        self._also = also
        self._network = Network(
            account_sid=account_sid,
            auth_token=auth_token,
            inbound_url=f"{callbacks_base.rstrip('/')}/webhooks/twilio/inbound",
            sender=sender,
            behaviour=behaviour or Behaviour(),
            keep=keep,
        )
        self._api = Api(self._network, auth_token)
        self._runner: web.AppRunner | None = None

    def make_app(self) -> web.Application:
        """Make the application; it works from its start-up to its clean-up."""
        control = Control(self._network, self._apps)
        app = web.Application(client_max_size=_LARGEST_BODY, middlewares=[refuse_politely])
        app.add_routes(
            [*self._api.routes(), *lookup.routes(self._api.knows), *control.routes(), *wall_routes(), *self._also]
        )
        app.cleanup_ctx.append(self._life)
        app.on_shutdown.append(control.close)
        return app

    async def start(self, host: str, port: int) -> str:
        """Listen, and answer the address: `http://host:port`, with the port chosen where 0 was asked."""
        # No access log: a line a request costs more than the request, and holds numbers.
        self._runner = web.AppRunner(self.make_app(), access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        """Stop listening, reporting and answering."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def run(self, host: str, port: int) -> None:
        """Listen until cancelled."""
        await self.start(host, port)
        try:
            await asyncio.Event().wait()
        finally:
            await self.close()

    async def _life(self, _: web.Application) -> AsyncIterator[None]:
        await self._network.start()
        yield
        await self._network.close()
