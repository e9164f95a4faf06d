"""What a message of any kind says, and how it is heard: words, captions, places, and what nobody here can see."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final

from aiogram.enums import ContentType
from aiogram.methods import TelegramMethod
from aiogram.types import Message

from bots import desk
from bots.telegram.customer.menu import unbound
from bots.telegram.customer.talk import Talk
from gateway.inbox import only_about_texts

#: What a person sends beside words. What Telegram itself tells of a chat (a pinned message, a timer) says nothing.
SHOWN: Final = frozenset(
    (
        ContentType.ANIMATION,
        ContentType.AUDIO,
        ContentType.DOCUMENT,
        ContentType.LOCATION,
        ContentType.PAID_MEDIA,
        ContentType.PHOTO,
        ContentType.VENUE,
        ContentType.VIDEO,
        ContentType.VIDEO_NOTE,
        ContentType.VOICE,
    )
)
_DIGIT: Final = re.compile(r"\d")


def said_by(message: Message) -> str:
    """What a message says in words: its text or caption, a place as `[location 30.58,114.29]` (latitude and longitude
    in degrees), else what kind of thing it is, as `[photo]`."""
    words = message.text or message.caption
    if words:
        return words
    if message.location is not None:
        return f"[location {message.location.latitude},{message.location.longitude}]"
    return f"[{ContentType(message.content_type).value}]"


def is_seen(message: Message) -> bool:
    """Whether what was sent can be understood here: words, or a place."""
    return bool(message.text or message.caption or message.location)


def stands_alone(message: Message, prompt: int | None) -> bool:
    """Whether a message is about something else than the question of the message `prompt`: it quotes another one, is
    a bare digit, or only says whether texts should come."""
    quoted = message.reply_to_message
    if quoted is not None and quoted.message_id != prompt:
        return True
    text = unicodedata.normalize("NFKC", message.text or "").strip()
    return bool(_DIGIT.fullmatch(text)) or (bool(text) and only_about_texts(text))


def how_to_be_known(talk: Talk) -> list[TelegramMethod[Any]]:
    """Whoever is heard without being bound is told that, and how to bind."""
    return [] if talk.chat.phones else [talk.say(talk.words("heard_unbound"), unbound(talk))]


async def hear_words(message: Message, talk: Talk) -> list[TelegramMethod[Any]]:
    """Take in free words. What is quoted is what they answer."""
    quoted = message.reply_to_message
    replies_to = None
    if quoted is not None:
        replies_to = await desk.quoted(talk.connection, f"{talk.id}:{quoted.message_id}", talk.chat.point)
    await talk.hear(said_by(message), replies_to=replies_to)
    return []
