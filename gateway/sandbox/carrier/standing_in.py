"""The chat platforms that the embedded carrier stands in for, by the settings: their servers, and people's programs."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from gateway.kernel.settings import Settings
from gateway.sandbox.carrier.chats import App, Telegram, WeCom
from gateway.sandbox.telegram import Emulator
from gateway.sandbox.wecom import Company, WeComEmulator


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIns:
    """What speaks for the platforms; opened and closed with the carrier."""

    apps: Sequence[App] = ()
    routes: Sequence[web.RouteDef] = ()
    open: Sequence[Callable[[], Awaitable[None]]] = ()
    close: Sequence[Callable[[], Awaitable[None]]] = ()


def stand_ins(settings: Settings) -> StandIns:
    """Those that the settings ask for: none, or all."""
    if not settings.carrier.chats:
        return StandIns()
    customers = settings.telegram.token.get_secret_value()
    staff = settings.telegram_staff.token.get_secret_value()
    # The database outlives the emulators: nobody presses a button more often than once a second.
    first = int(time.time())
    telegram = Emulator(customers, staff, first=first)
    wecom = WeComEmulator(
        Company(
            corp_id=settings.wecom.corp_id,
            secret=settings.wecom.secret.get_secret_value(),
            agent_id=settings.wecom.agent_id,
            token=settings.wecom.token.get_secret_value(),
            aes_key=settings.wecom.aes_key.get_secret_value(),
        ),
        f"{settings.base_url}/webhooks/wecom",
        first=first,
    )
    return StandIns(
        apps=(
            Telegram("telegram", telegram, customers),
            Telegram("telegram-staff", telegram, staff),
            WeCom(wecom),
        ),
        routes=(*telegram.routes(), *wecom.routes()),
        open=(telegram.open,),
        close=(telegram.close, wecom.close),
    )
