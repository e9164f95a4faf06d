"""Conversation state in PostgreSQL, behind aiogram's own interface: any node takes the next step.

What a handler writes is written in the transaction of the update that it deals with, so a step and what it caused
are kept together or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseStorage, StateType, StorageKey

_SET_STATE: Final = """
INSERT INTO conversation (bot, chat, speaker, state) VALUES ($1, $2, $3, $4)
ON CONFLICT (bot, chat, speaker) DO UPDATE SET state = excluded.state, at = clock_timestamp()
"""
_SET_DATA: Final = """
INSERT INTO conversation (bot, chat, speaker, data) VALUES ($1, $2, $3, $4::jsonb)
ON CONFLICT (bot, chat, speaker) DO UPDATE SET data = excluded.data, at = clock_timestamp()
"""

#: A question is open for half an hour, as a code is: whatever is said later answers nothing that was asked before.
#: `at` is the database's own time, and so is what it is compared with.
_GET_STATE: Final = """
SELECT state FROM conversation
WHERE bot = $1 AND chat = $2 AND speaker = $3 AND at > clock_timestamp() - interval '30 minutes'
"""

_connection: ContextVar[Any] = ContextVar("connection of the update that is dealt with")


class PostgresStorage(BaseStorage):
    """States and data of conversations. Use it inside `in_transaction`."""

    @contextmanager
    def in_transaction(self, connection: Any) -> Iterator[None]:
        """Read and write on this connection, in its transaction, in this task."""
        token = _connection.set(connection)
        try:
            yield
        finally:
            _connection.reset(token)

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        """Have a conversation stand at a state; None ends it."""
        name = state.state if isinstance(state, State) else state
        await _connection.get().execute(_SET_STATE, *_named(key), name)

    async def get_state(self, key: StorageKey) -> str | None:
        """Where a conversation stands; None once nothing was said for half an hour."""
        state: str | None = await _connection.get().fetchval(_GET_STATE, *_named(key))
        return state

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        """Keep what a conversation knows so far, in place of what it knew."""
        await _connection.get().execute(_SET_DATA, *_named(key), json.dumps(dict(data), ensure_ascii=False))

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        """What a conversation knows so far."""
        data = await _connection.get().fetchval(
            "SELECT data::text FROM conversation WHERE bot = $1 AND chat = $2 AND speaker = $3", *_named(key)
        )
        found: dict[str, Any] = json.loads(data) if data else {}
        return found

    async def close(self) -> None:
        """Nothing is held."""


def _named(key: StorageKey) -> tuple[str, str, str]:
    where = f"{key.chat_id}" if key.thread_id is None else f"{key.chat_id}/{key.thread_id}"
    return str(key.bot_id), where, f"{key.user_id}:{key.destiny}"
