"""Telegram: the customer bot with its channel, and the staff bot. Opened where the settings name a token."""

from __future__ import annotations

from typing import Final

from bots.platform import Opened, Platform, Rooms

#: How messages, lanes and contact points name it.
NAME: Final = "telegram"
STAFF_NAME: Final = "telegram-staff"

# aiogram builds several hundred models when it is imported, which is half the start of a node and all of it for
# nothing where no token is named: what needs it is imported when a bot is opened.


def _open_customer(rooms: Rooms) -> Opened:
    from bots.telegram import opening

    return opening.open_customer(rooms)


def _open_staff(rooms: Rooms) -> Opened:
    from bots.telegram import opening

    return opening.open_staff(rooms)


CUSTOMERS: Final = Platform(
    name=NAME, wanted=lambda settings: bool(settings.telegram.token.get_secret_value()), open=_open_customer
)
STAFF: Final = Platform(
    name=STAFF_NAME,
    wanted=lambda settings: bool(settings.telegram_staff.token.get_secret_value()),
    open=_open_staff,
    customers=False,
)
