"""Notes on an account: what a customer said about paying, with the date it was said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID


async def note(
    connection: Any, accounts: Sequence[int], kind: str, *, words: str, inbound_id: UUID, actor: str, at: datetime
) -> list[int]:
    """Note `kind` (payment_promise, payment_extension) on accounts, once for a reply; which were noted on."""
    rows = await connection.fetch(
        """INSERT INTO account_note (account_id, kind, at, by, words, inbound_id)
           SELECT account_id, $2, $3, $4, $5, $6 FROM unnest($1::int[]) account_id
           ON CONFLICT DO NOTHING RETURNING account_id""",
        sorted(set(accounts)),
        kind,
        at,
        actor,
        words,
        inbound_id,
    )
    return [row["account_id"] for row in rows]
