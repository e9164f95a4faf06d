"""Chats on the wall: whoever has a handset may also write to the utility's bots, see what they say, press buttons.

A person is known by a telephone number, which is what they share with a bot that asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from gateway.sandbox.telegram import Emulator
from gateway.sandbox.wecom import WeComEmulator


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Something in a chat. A button says what it says and what it sends."""

    n: int
    text: str
    mine: bool
    at: float
    buttons: Sequence[Sequence[tuple[str, str]]] = ()
    #: Whether the bot asks for the person's number.
    asks_number: bool = False


class App(Protocol):
    """A chat program as people hold it; `number` is E.164."""

    @property
    def name(self) -> str: ...
    @property
    def watchers(self) -> set[Callable[[str], None]]:
        """Are told the number of whoever's chat has changed."""
        ...

    def numbers(self) -> list[str]:
        """Whoever has such a chat."""
        ...

    def chat(self, number: str) -> list[Shown]:
        """What the chat shows, oldest first."""
        ...

    def say(self, number: str, text: str) -> None: ...
    def press(self, number: str, message: int, data: str) -> None: ...
    def share(self, number: str) -> None: ...
    def block(self, number: str, *, blocked: bool) -> None: ...
    def is_blocked(self, number: str) -> bool: ...


@dataclass(slots=True)
class Telegram:
    """One bot's chats. A person's chat has the digits of their number."""

    name: str
    emulator: Emulator
    token: str
    watchers: set[Callable[[str], None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.emulator.watchers.add(self._changed)

    def numbers(self) -> list[str]:
        return [f"+{chat}" for chat, shown in self.emulator.bots[self.token].chats.items() if shown]

    def chat(self, number: str) -> list[Shown]:
        return [
            Shown(
                n=one.message_id,
                text=one.text or "📱",
                mine=not one.from_bot,
                at=one.at,
                buttons=[[(button["text"], button.get("callback_data", "")) for button in row] for row in one.buttons],
                asks_number=any(button.get("request_contact") for row in one.keyboard for button in row),
            )
            for one in self.emulator.chat(self.token, _digits(number))
        ]

    def say(self, number: str, text: str) -> None:
        self.emulator.say(self.token, _digits(number), text)

    def press(self, number: str, message: int, data: str) -> None:
        self.emulator.press_data(self.token, _digits(number), message, data)

    def share(self, number: str) -> None:
        self.emulator.share(self.token, _digits(number), number)

    def block(self, number: str, *, blocked: bool) -> None:
        (self.emulator.block if blocked else self.emulator.unblock)(self.token, _digits(number))
        self._changed(self.token, _digits(number))

    def is_blocked(self, number: str) -> bool:
        return _digits(number) in self.emulator.bots[self.token].gone

    def _changed(self, token: str, chat: int) -> None:
        if token == self.token:
            for watcher in self.watchers:
                watcher(f"+{chat}")


@dataclass(slots=True)
class WeCom:
    """The application's chats. A person is named `u` and the digits of their number."""

    emulator: WeComEmulator
    name: str = "wecom"
    watchers: set[Callable[[str], None]] = field(default_factory=set)
    left: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.emulator.watchers.add(self._changed)

    def numbers(self) -> list[str]:
        return [f"+{person[1:]}" for person, shown in self.emulator.people.items() if shown]

    def chat(self, number: str) -> list[Shown]:
        return [
            Shown(n=one.n, text=one.text, mine=one.mine, at=one.at, buttons=[[button] for button in one.buttons])
            for one in self.emulator.people.get(f"u{_digits(number)}", [])
        ]

    def say(self, number: str, text: str) -> None:
        self.left.discard(number)
        self.emulator.say(f"u{_digits(number)}", text)

    def press(self, number: str, message: int, data: str) -> None:
        self.emulator.press(f"u{_digits(number)}", data)

    def share(self, number: str) -> None:
        self.say(number, f"绑定 {number}")

    def block(self, number: str, *, blocked: bool) -> None:
        (self.left.add if blocked else self.left.discard)(number)
        if blocked:
            self.emulator.leave(f"u{_digits(number)}")
        self._changed(f"u{_digits(number)}")

    def is_blocked(self, number: str) -> bool:
        return number in self.left

    def _changed(self, person: str) -> None:
        for watcher in self.watchers:
            watcher(f"+{person[1:]}")


def _digits(number: str) -> int:
    return int(number.removeprefix("+"))


def card(app: App, number: str, count: int) -> dict[str, Any]:
    """A chat as the wall shows it, with its newest `count` messages."""
    shown = app.chat(number)
    return {
        "platform": app.name,
        "number": number,
        "count": len(shown),
        "blocked": app.is_blocked(number),
        "asks_number": bool(shown) and any(one.asks_number for one in shown[-3:]),
        "at": shown[-1].at if shown else 0,
        "texts": [
            {
                "n": one.n,
                "inbound": one.mine,
                "body": one.text,
                "created": round(one.at, 3),
                "buttons": [[{"text": text, "data": data} for text, data in row] for row in one.buttons],
            }
            for one in shown[-count:]
        ],
    }
