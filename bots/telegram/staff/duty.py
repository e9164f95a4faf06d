"""What the staff bot's handlers are given, and the shapes of what they answer."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from aiogram.methods import AnswerCallbackQuery, EditMessageText, SendMessage, TelegramMethod
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bots.platform import Rooms
from bots.telegram.customer.talk import Button, buttons, shortened
from bots.telegram.staff.words import StaffWords
from gateway.kernel.errors import Forbidden
from gateway.staff.chat_sign_in import InChat

#: How the platform of staff's sign-ins is named.
PLATFORM = "telegram"


class NotYours(Forbidden):
    """What is another's; in the words of whoever asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One step of a member of staff: the transaction, who it is, the moment, the words."""

    session: AsyncSession
    connection: Any
    rooms: Rooms
    chat: str
    person: InChat | None
    now: datetime
    words: StaffWords

    @property
    def me(self) -> InChat:
        """Who it is; handlers behind the sign-in have somebody."""
        assert self.person is not None
        return self.person

    @property
    def actor(self) -> str:
        """How the audit trail names them."""
        return self.me.acting.actor

    @property
    def today(self) -> date:
        """The day at the utility's home."""
        return self.now.astimezone(self.rooms.settings.zone).date()

    def moment(self, at: datetime) -> str:
        """A moment on the wall at home."""
        return f"{at.astimezone(self.rooms.settings.zone):%m-%d %H:%M}"

    def say(self, text: str, rows: Sequence[Sequence[Button]] = ()) -> SendMessage:
        """A new message."""
        if not rows:
            return SendMessage(chat_id=int(self.chat), text=shortened(text))
        return SendMessage(chat_id=int(self.chat), text=shortened(text), reply_markup=buttons(rows))

    def term(self, area: str, key: str) -> str:
        """What a reason, a role, a topic or the like is called."""
        return self.rooms.speech.term(self.words.language, area, key)

    def told(self, sentence: str) -> str:
        """A sentence of a use case in one's language, numbers masked."""
        return self.rooms.speech.told(self.words.language, sentence)

    def show(
        self,
        query: CallbackQuery,
        text: str,
        rows: Sequence[Sequence[Button]] = (),
        *,
        said: str = "",
        way_back: bool = True,
    ) -> list[TelegramMethod[Any]]:
        """Another screen in place of the one whose button was pressed; a way back beneath it, a short word above."""
        assert query.message is not None
        whole = [*rows, [(self.words("back"), "home")]] if way_back else rows
        edit = EditMessageText(
            chat_id=int(self.chat),
            message_id=query.message.message_id,
            text=shortened(text),
            reply_markup=buttons(whole),
        )
        answer = AnswerCallbackQuery(callback_query_id=query.id)
        return [self.tell(query, said)[0] if said else answer, edit]

    def tell(self, query: CallbackQuery, text: str) -> list[TelegramMethod[Any]]:
        """A short word above the screen."""
        return [AnswerCallbackQuery(callback_query_id=query.id, text=text[:190])]


def quotes_another(message: Message, data: Mapping[str, Any]) -> bool:
    """Whether what was written quotes another message than the one that asked: then it is about something else."""
    asked = data.get("asked")
    return asked is not None and message.reply_to_message is not None and message.reply_to_message.message_id != asked


def asking(query: CallbackQuery) -> dict[str, Any]:
    """What a state keeps of the message in which it asks."""
    return {"asked": query.message.message_id if query.message is not None else None}


def short(id_: UUID) -> str:
    """An id as a button carries it."""
    return urlsafe_b64encode(id_.bytes).rstrip(b"=").decode()


def long(text: str) -> UUID:
    """The id that a button carries."""
    return UUID(bytes=urlsafe_b64decode(text + "=="))


def masked(number: str) -> str:
    """A number as it is shown."""
    return f"{number[:-8]}****{number[-4:]}" if len(number) > 8 else "****"
