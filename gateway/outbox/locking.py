"""Locking messages before they are changed: in one order everywhere, so that batches that meet wait for each other
and never dead-lock; and by a statement of its own.

PostgreSQL 18 was seen to fall (a segmentation fault of one backend, which restarts them all) where one statement
both locks rows of a partitioned table that others are changing, and changes them: the change meets a version newer
than its snapshot and is rechecked. Locked first, and changed by the next statement, there is nothing to recheck.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

_LOCK: Final = "SELECT FROM message WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"


async def lock(connection: Any, messages: Sequence[UUID]) -> None:
    """Lock messages until the connection's transaction ends, waiting for whoever holds them."""
    await connection.execute(_LOCK, messages)
