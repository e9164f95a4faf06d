"""What the channels of all chat platforms have in common: who is addressed, the quota of a chat, what is in doubt.

A platform says how one message is sent (`_send`) and what its answers mean. None of them can be asked about a
message, so what is in doubt stays so until a person decides; and what a platform takes, the person has.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from bots.pace import Quota
from gateway.kernel.cancelling import unless_cancelled
from gateway.kernel.database import AWAY
from gateway.outbox.carriers import Handover, LookUp, Outcome, Refused, Throttled, Unknown


class NotConnected(Exception):
    """The platform was not reached, so nothing was asked of it."""


class NoAnswer(Exception):
    """Nobody can say whether the call was carried out."""


class Api(Protocol):
    """A platform's HTTP interface."""

    async def start(self) -> None: ...
    async def close(self) -> None: ...


class Pacing(Protocol):
    """Counts what goes to a chat; `bots.pace.Pace` is one."""

    async def take(self, chat: str, quotas: Sequence[Quota]) -> float:
        """Count one more: 0, or the seconds until it may go."""
        ...


class ChatChannel(ABC):
    """A way to people's chats. `address` is what a whole address of the platform looks like."""

    def __init__(self, name: str, api: Api, pace: Pacing, quotas: Sequence[Quota], address: str) -> None:
        self._name = name
        self._api = api
        self._pace = pace
        self._quotas = quotas
        self._address = re.compile(address)

    @property
    def name(self) -> str:
        """How lanes and messages name this channel."""
        return self._name

    async def start(self) -> None:
        """Open what is needed."""
        await self._api.start()

    async def close(self) -> None:
        """Let go of every connection."""
        await self._api.close()

    async def hand_over(self, handover: Handover) -> Outcome:
        """Send one message, once, where the chat may be sent one more."""
        if self._address.fullmatch(handover.to) is None:
            return Refused(code="no_chat", for_good=True, why=f"this is no address of {self._name}")
        try:
            wait = await self._pace.take(handover.to, self._quotas)
        except AWAY:
            unless_cancelled()
            return Throttled(after=1, code="database_away", recipient_only=True)
        if wait > 0:
            return Throttled(after=wait, code="quota", recipient_only=True)
        try:
            return await self._send(handover)
        except NotConnected as error:
            return Refused(code="not_connected", for_good=False, why=str(error))
        except NoAnswer as error:
            return Unknown(why=str(error))

    async def look_up(
        self,
        message_id: UUID,
        to: str,
        body: str,
        carrier_id: str | None,
        since: datetime,
        now: datetime,
        taken: Collection[str] = (),
    ) -> LookUp:
        """Nobody can ask a chat platform what it has."""
        return Unknown(why=f"{self._name} cannot be asked about a message")

    @abstractmethod
    async def _send(self, handover: Handover) -> Outcome:
        """Send it. Raises NotConnected or NoAnswer."""
