"""The customer bot with its channel, and the staff bot, made ready to be started."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from bots.choices import codes_in
from bots.pace import Pace, Quota, forgetting
from bots.platform import Opened, Rooms
from bots.telegram import NAME, STAFF_NAME, receiving
from bots.telegram.api import BotApi
from bots.telegram.channel import OVERALL, TelegramChannel
from bots.telegram.customer import CustomerBot
from bots.telegram.staff import StaffBot
from bots.telegram.staff.alarming import Alarms
from bots.telegram.staff.noting import Notes
from bots.telegram.staff.words import COMMANDS as STAFF_COMMANDS
from bots.telegram.talking import Showing
from bots.updates import WAKE, Updates
from bots.words import COMMANDS
from gateway.outbox.lanes import LaneSpec
from gateway.staff.notes import WAKE as NOTE_LEFT

#: Commands with their words, Chinese first.
Commands = Mapping[str, tuple[str, str]]


def open_customer(rooms: Rooms) -> Opened:
    """The customer bot."""
    settings = rooms.settings.telegram
    token = settings.token.get_secret_value()
    api = BotApi(token, lambda: settings.api_base)
    lane = f"{NAME}:{api.bot_id}"
    pace = Pace(rooms.database, lane)
    bot = CustomerBot(rooms, api)
    updates = Updates(
        lane,
        rooms.database,
        rooms.clock,
        handle=bot.handle,
        show=Showing(api, pace).show,
        excuse=bot.excuse,
    )
    secret = receiving.secret_for(rooms.settings.kept_secret(), token)
    hooks, offices = _ways_in(rooms, api, updates, secret, "customer", settings.mode, COMMANDS)
    return Opened(
        name=NAME,
        lane=LaneSpec(name=lane, channel=NAME, carrier=NAME, sender=str(api.bot_id), rate=OVERALL, concurrency=32),
        channel=TelegramChannel(api, partial(codes_in, rooms.wording), pace),
        hooks=hooks,
        parts={"telegram updates": updates.run, "telegram intake": updates.take_in},
        offices=offices,
        forget=forgetting(pace, updates.forget),
        listens={WAKE: updates.wake},
    )


def open_staff(rooms: Rooms) -> Opened:
    """The staff bot; it speaks the same API and comes in by the same way as the customer bot."""
    token = rooms.settings.telegram_staff.token.get_secret_value()
    api = BotApi(token, lambda: rooms.settings.telegram.api_base)
    lane = f"{STAFF_NAME}:{api.bot_id}"
    pace = Pace(rooms.database, lane, overall=Quota(most=int(OVERALL), span=1))
    bot = StaffBot(rooms, api)
    updates = Updates(
        lane,
        rooms.database,
        rooms.clock,
        handle=bot.handle,
        show=Showing(api, pace).show,
        excuse=bot.excuse,
    )
    secret = receiving.secret_for(rooms.settings.kept_secret(), token)
    hooks, offices = _ways_in(rooms, api, updates, secret, "staff", rooms.settings.telegram.mode, STAFF_COMMANDS)
    alarms = Alarms(api, rooms.database, rooms.clock, pace, rooms.settings)
    notes = Notes(api, rooms.database, pace, rooms.settings.language)
    return Opened(
        name=STAFF_NAME,
        hooks=hooks,
        parts={"staff updates": updates.run, "staff intake": updates.take_in},
        offices={**offices, "staff alarms": alarms.run, "staff notes": notes.run},
        begin=api.start,
        end=api.close,
        forget=forgetting(pace, updates.forget, notes.forget),
        listens={WAKE: updates.wake, NOTE_LEFT: notes.wake},
    )


def _ways_in(
    rooms: Rooms, api: BotApi, updates: Updates, secret: str, name: str, mode: str, commands: Commands
) -> tuple[list[receiving.Webhook], dict[str, Callable[[], Awaitable[None]]]]:
    """The webhook, which is there in either mode, and what one node does: tell Telegram where it is, or poll;
    and what the bot offers beside the input field."""
    unreadable = partial(rooms.intake.unreadable, channel=NAME)
    path = f"/webhooks/telegram/{name}"
    hook = receiving.Webhook(path=path, carrier=NAME, secret=secret, updates=updates, unreadable=unreadable)
    also: list[tuple[str, dict[str, Any]]] = [
        ("setMyCommands", {"commands": _commands(commands, 1)}),
        ("setMyCommands", {"commands": _commands(commands, 0), "language_code": "zh"}),
    ]
    if mode == "polling":
        return [hook], {f"telegram {name} polling": partial(receiving.poll, api, updates, unreadable, also)}
    told = partial(receiving.set_webhook, api, rooms.settings.base_url + path, secret, also)
    return [hook], {f"telegram {name} webhook": told}


def _commands(commands: Commands, place: int) -> list[dict[str, str]]:
    return [{"command": name, "description": words[place]} for name, words in commands.items()]
