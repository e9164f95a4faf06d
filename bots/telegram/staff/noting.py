"""Notes in the staff's chats: the day's plan with its buttons. One node tells, and each note is taken before that."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from bots.channel import NoAnswer, NotConnected
from bots.pace import Pace
from bots.telegram.api import BotApi
from bots.telegram.channel import SCREENS
from bots.telegram.staff.duty import PLATFORM, short
from bots.telegram.staff.words import StaffWords
from gateway.followups import REMINDER
from gateway.kernel.cancelling import unless_cancelled
from gateway.kernel.database import AWAY, Database
from gateway.kernel.logs import logger
from gateway.staff import notes
from gateway.staff.notes import Note

log = logger(__name__)

#: Seconds between looks when nobody says that a note was left; notes that are taken at once.
_ROUND: Final = 5.0
_AT_ONCE: Final = 20
_PAUSE: Final = 2.0
_KEPT: Final = timedelta(days=30)
#: The screen that a kind of note leads to.
_SCREENS: Final = {"warnings": "warnings", "promise_broken": "broken"}


class Notes:
    """Tells notes in the chats of those whom they are for."""

    def __init__(self, api: BotApi, database: Database, pace: Pace, language: str) -> None:
        self._api = api
        self._database = database
        self._pace = pace
        self._language = language
        self._awake = asyncio.Event()

    def wake(self, _payload: str = "") -> None:
        """A note was left: look at once."""
        self._awake.set()

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            self._awake.clear()
            try:
                while await self.round():
                    pass
            except NotConnected as error:
                log.warning("notes put off", error=str(error))
                await asyncio.sleep(_PAUSE)
            except AWAY as error:
                unless_cancelled()
                log.warning("notes put off", error=type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._awake.wait(), _ROUND)

    async def round(self) -> int:
        """Tell what waits; how many notes."""
        async with self._database.connection() as connection:
            taken = await notes.take(connection, PLATFORM, limit=_AT_ONCE)
        for place, note in enumerate(taken):
            try:
                await self._tell(note)
            except NotConnected:
                for one in taken[place:]:
                    await self._end(notes.put_back, one)
                raise
        return len(taken)

    async def forget(self, now: datetime) -> None:
        """Drop notes of which nobody asks any more."""
        async with self._database.connection() as connection:
            await notes.forget(connection, now - _KEPT)

    async def _tell(self, note: Note) -> None:
        await self._pace.turn(note.chat, SCREENS)
        words = StaffWords(note.language or self._language)
        try:
            reply = await self._api.call("sendMessage", _shown(note, words))
        except NoAnswer:
            # It may stand in the chat: it is not told once more.
            await self._end(notes.told, note, where=f"{note.chat}, perhaps")
            return
        if reply.ok:
            await self._end(notes.told, note, where=f"{note.chat}:{reply.result['message_id']}")
        elif reply.retry_after is not None:
            await self._end(notes.put_back, note)
            await asyncio.sleep(min(reply.retry_after, 30))
        elif reply.status >= 500:
            # Nor does the platform know whether it did what it was asked.
            await self._end(notes.told, note, where=f"{note.chat}, perhaps ({reply.status})")
        else:
            log.warning("a note was not told", status=reply.status, why=reply.description)
            why = reply.description or str(reply.status)
            await self._end(notes.not_told, note, why=why, again=note.kind != REMINDER)

    async def _end(self, how: Callable[..., Awaitable[None]], note: Note, **facts: str | bool) -> None:
        async with self._database.connection() as connection:
            await how(connection, note.id, **facts)


def _shown(note: Note, words: StaffWords) -> dict[str, Any]:
    """A note as a message: what it says, and what can be done about it at once."""
    said = dict(note.values)
    if note.kind == REMINDER:
        id_ = short(UUID(note.subject.partition(":")[2]))
        text = words("note_followup_due", tail=said["account_tail"][-4:], topic=said["topic"])
        rows = [[("done", f"fd:{id_}"), ("move", f"fm:{id_}")], [("today", "today")]]
    else:
        screen = _SCREENS[note.kind]
        text, rows = words(f"note_{note.kind}", **said), [[(screen, screen)]]
    buttons = [[{"text": words(name), "callback_data": data} for name, data in row] for row in rows]
    return {"chat_id": int(note.chat), "text": text[:4000], "reply_markup": {"inline_keyboard": buttons}}
