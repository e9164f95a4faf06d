"""What only the holder of an account knows of its bills, for proving who somebody is."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

#: Bills that count, the latest.
_LATEST = 2


async def amounts(connection: Any, accounts: Sequence[int]) -> dict[int, list[Decimal]]:
    """The amounts of the latest bills, by account."""
    rows = await connection.fetch(
        """SELECT account_id, amount FROM (
             SELECT account_id, amount, row_number() OVER (PARTITION BY account_id ORDER BY billing_month DESC) AS place
             FROM bill WHERE account_id = ANY($1::bigint[])) AS latest WHERE place <= $2""",
        list(accounts),
        _LATEST,
    )
    found: dict[int, list[Decimal]] = {}
    for row in rows:
        found.setdefault(row["account_id"], []).append(row["amount"])
    return found
