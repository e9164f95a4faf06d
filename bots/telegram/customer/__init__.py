"""The customer bot: what updates of customers' chats do. Handlers are thin; what they do is the house's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiogram import Router
from aiogram.types import Update as TelegramUpdate

from bots import binding as binding_use
from bots.platform import Rooms
from bots.telegram import NAME
from bots.telegram.api import BotApi
from bots.telegram.customer import binding, menu, preferring, speaking
from bots.telegram.customer.talk import Talk
from bots.telegram.talking import Talking, parse, sorry
from bots.updates import Call, Update
from gateway.archive import chats
from gateway.outbox import give_up_at

#: In the order in which they are asked; free words come last.
_ROUTERS: Sequence[Router] = (binding.router, menu.router, preferring.router, speaking.router)


class CustomerBot:
    """Deals with the updates of the customer bot."""

    def __init__(self, rooms: Rooms, api: BotApi) -> None:
        self._rooms = rooms
        self._bot_id = api.bot_id
        self._talking = Talking(api, _ROUTERS)

    async def handle(self, connection: Any, update: Update) -> list[Call]:
        """One update in the connection's transaction; what is to be shown for it."""
        try:
            parsed = parse(update.body)
        except ValueError:
            await self._rooms.intake.keep(connection, update.body, channel=NAME)
            return []
        if _is_elsewhere(parsed):
            return []
        if parsed.my_chat_member is not None:
            await self._member(connection, update, parsed)
            return []
        talk = await self._talk(connection, update, parsed)
        return await self._talking.feed(connection, parsed, talk=talk)

    async def excuse(self, connection: Any, update: Update) -> list[Call]:
        """What is said where an update could not be dealt with; a person is left the bytes."""
        await self._rooms.intake.keep(connection, update.body, channel=NAME)
        if not update.chat.lstrip("-").isdigit():
            return []
        chat = await chats.find(connection, NAME, update.chat)
        words = binding_use.words_for(chat, None, self._rooms)
        return sorry(update.body, update.chat, words("sorry"))

    async def _talk(self, connection: Any, update: Update, parsed: TelegramUpdate) -> Talk:
        chat = await chats.open_chat(connection, NAME, update.chat, at=update.at)
        event = parsed.message or parsed.callback_query
        speaker = event.from_user if event is not None else None
        language = (speaker.language_code or "")[:2] if speaker is not None else None
        words = binding_use.words_for(chat, language, self._rooms)
        if chat.language is None:
            # What its person's program speaks, until he chooses.
            await chats.speak(connection, chat.point, words.language)
        return Talk(
            connection=connection,
            rooms=self._rooms,
            chat=chat,
            now=update.at,
            words=words,
            number=f"{self._bot_id}:{parsed.update_id}",
        )

    async def _member(self, connection: Any, update: Update, parsed: TelegramUpdate) -> None:
        """The bot was blocked, or let back in."""
        change = parsed.my_chat_member
        assert change is not None
        if change.new_chat_member.status not in ("kicked", "left"):
            await chats.open_chat(connection, NAME, update.chat, at=update.at)
            return
        # Looked for and not opened: a chat that was found out of reach already has not come back.
        chat = await chats.find(connection, NAME, update.chat)
        if chat is not None and await chats.left(connection, chat.point, why="blocked", actor="customer", at=update.at):
            words = "the chat cannot be written to: the bot was blocked"
            await give_up_at(connection, chat.point, code="blocked", at=update.at, words=words)


def _is_elsewhere(update: TelegramUpdate) -> bool:
    """Whether it happened anywhere but in a person's own chat with the bot: nobody's accounts are shown there."""
    for event in (update.message, update.my_chat_member):
        if event is not None:
            return event.chat.type != "private"
    query = update.callback_query
    return query is None or query.message is None or query.message.chat.type != "private"
