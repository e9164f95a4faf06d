"""The staff bot: the console's use cases in a chat, with the same roles and the same traces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiogram import Router
from aiogram.types import Update as TelegramUpdate

from bots.platform import Rooms
from bots.telegram.api import BotApi
from bots.telegram.staff import correcting, door, planning, supervising
from bots.telegram.staff.duty import PLATFORM, Duty, NotYours
from bots.telegram.staff.words import StaffWords
from bots.telegram.talking import Talking, parse, sorry
from bots.updates import Call, Update
from gateway.kernel.acting import act_for
from gateway.kernel.errors import Conflict, Forbidden, InvalidInput, LamplighterError
from gateway.staff import chat_sign_in

#: In the order in which they are asked: whoever is nobody gets no further than the door.
_ROUTERS: Sequence[Router] = (door.router, planning.router, correcting.router, supervising.router)


class StaffBot:
    """Deals with the updates of the staff bot."""

    def __init__(self, rooms: Rooms, api: BotApi) -> None:
        self._rooms = rooms
        self._talking = Talking(api, _ROUTERS)

    async def handle(self, connection: Any, update: Update) -> list[Call]:
        """One update in the session's transaction; what is to be shown for it. What is refused is said."""
        try:
            parsed = parse(update.body)
        except ValueError:
            return []
        event = parsed.message or parsed.callback_query
        if event is None or not _is_private(parsed):
            return []
        person = await chat_sign_in.who(connection, PLATFORM, update.chat)
        speaker = event.from_user.language_code if event.from_user is not None else None
        duty = Duty(
            session=update.session,
            connection=connection,
            rooms=self._rooms,
            chat=update.chat,
            person=person,
            now=update.at,
            words=StaffWords((person.language if person is not None else None) or speaker),
        )
        if person is not None:
            act_for(update.session, person.acting)
        try:
            async with update.session.begin_nested():
                return await self._talking.feed(connection, parsed, duty=duty)
        except LamplighterError as error:
            faults = [fault.message for fault in error.errors] if isinstance(error, InvalidInput | Conflict) else []
            why = "; ".join(duty.told(said) for said in dict.fromkeys([str(error), *faults]))
            if isinstance(error, Forbidden) and not isinstance(error, NotYours):
                why = duty.words("not_allowed")
            return _refused(duty, parsed, why)

    async def excuse(self, connection: Any, update: Update) -> list[Call]:
        """What is said where an update could not be dealt with."""
        if not update.chat.isdigit():
            return []
        person = await chat_sign_in.who(connection, PLATFORM, update.chat)
        words = StaffWords(person.language if person is not None else self._rooms.settings.language)
        return sorry(update.body, update.chat, words("sorry"))


def _refused(duty: Duty, parsed: TelegramUpdate, why: str) -> list[Call]:
    text = duty.words("failed", why=why)
    calls: list[Call] = [{"method": "sendMessage", "params": {"chat_id": int(duty.chat), "text": text}}]
    if parsed.callback_query is not None:
        calls.insert(
            0,
            {
                "method": "answerCallbackQuery",
                "params": {"callback_query_id": parsed.callback_query.id, "text": text[:190]},
            },
        )
    return calls


def _is_private(update: TelegramUpdate) -> bool:
    if update.message is not None:
        return update.message.chat.type == "private"
    query = update.callback_query
    return query is not None and query.message is not None and query.message.chat.type == "private"
