"""Chat platforms: one folder and one line each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bots import telegram, wecom
from bots.platform import Opened, Platform, Rooms
from gateway.kernel.settings import Settings

#: The platforms there are.
PLATFORMS: Final[Sequence[Platform]] = (telegram.CUSTOMERS, telegram.STAFF, wecom.PLATFORM)


def channels(settings: Settings, platforms: Sequence[Platform] = PLATFORMS) -> list[str]:
    """The channels that customers may be reached on beside SMS."""
    return [platform.name for platform in platforms if platform.customers and platform.wanted(settings)]


def open_platforms(rooms: Rooms, platforms: Sequence[Platform] = PLATFORMS) -> list[Opened]:
    """The platforms that the settings name, ready to be started."""
    return [platform.open(rooms) for platform in platforms if platform.wanted(rooms.settings)]
