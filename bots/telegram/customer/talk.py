"""What the customer bot's handlers are given, and the shapes of what they answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from aiogram.methods import AnswerCallbackQuery, EditMessageText, SendMessage, TelegramMethod
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup

from bots import desk
from bots.platform import Rooms
from bots.telegram import NAME
from bots.words import Words
from gateway.archive.chats import ChatRow
from gateway.outbox.carriers import InboundText

#: A button: what it says, and what it does.
Button = tuple[str, str]
#: What Telegram takes: UTF-16 units of a text. It shows a hundred buttons, of which a row has two at most here.
LONGEST: Final = 4096
MOST_ROWS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One step of a dialogue: the transaction it happens in, whose chat it is, the moment, the words."""

    connection: Any
    rooms: Rooms
    chat: ChatRow
    now: datetime
    words: Words
    #: The number of the update, with the bot's: what it causes is caused once.
    number: str

    @property
    def id(self) -> int:
        """The chat as Telegram names it."""
        return int(self.chat.address)

    async def accounts(self) -> list[desk.AccountSeen]:
        """The accounts that the chat's numbers stand for."""
        return await desk.accounts(self.connection, self.chat.phones) if self.chat.phones else []

    def say(self, text: str, rows: Sequence[Sequence[Button]] = ()) -> SendMessage:
        """A new message, with buttons."""
        if not rows:
            return SendMessage(chat_id=self.id, text=shortened(text))
        return SendMessage(chat_id=self.id, text=shortened(text), reply_markup=buttons(rows))

    def show(self, query: CallbackQuery, text: str, rows: Sequence[Sequence[Button]] = ()) -> list[TelegramMethod[Any]]:
        """Another screen in place of the one whose button was pressed."""
        assert query.message is not None
        edit = EditMessageText(
            chat_id=self.id, message_id=query.message.message_id, text=shortened(text), reply_markup=buttons(rows)
        )
        return [AnswerCallbackQuery(callback_query_id=query.id), edit]

    def tell(self, query: CallbackQuery, text: str) -> AnswerCallbackQuery:
        """A short word above the screen."""
        return AnswerCallbackQuery(callback_query_id=query.id, text=text)

    async def hear(self, text: str, *, replies_to: UUID | None = None, account_id: int | None = None) -> None:
        """Take in what was said, as any text is: the reader reads it, and the house reacts."""
        said = replace(self._said(text), replies_to=replies_to, account_id=account_id)
        await self.rooms.intake.put(self.connection, said, channel=NAME)

    async def leave(self, text: str) -> None:
        """Take in what has no words to a person who looks at it; nothing reads or answers it."""
        remark = "no words, which alone can be read"
        await self.rooms.intake.put(self.connection, self._said(text), channel=NAME, remark=remark)

    def _said(self, text: str) -> InboundText:
        return InboundText(carrier_id=self.number, sender=self.chat.address, recipient=NAME, text=text, raw={})


def shortened(text: str) -> str:
    """A text that Telegram takes: whole lines as far as they fit, and a sign that there are more."""
    if len(text.encode("utf-16-le")) // 2 <= LONGEST:
        return text
    kept = text.encode("utf-16-le")[: (LONGEST - 2) * 2].decode("utf-16-le", "ignore")
    return (kept[: kept.rindex("\n")] if "\n" in kept else kept) + "\n…"


def buttons(rows: Sequence[Sequence[Button]]) -> InlineKeyboardMarkup:
    """Buttons beneath a message: of more rows than Telegram takes the first, and the last, which is the way back."""
    kept = rows if len(rows) <= MOST_ROWS else [*rows[: MOST_ROWS - 1], rows[-1]]
    return InlineKeyboardMarkup(
        inline_keyboard=[[InlineKeyboardButton(text=text, callback_data=data) for text, data in row] for row in kept]
    )
