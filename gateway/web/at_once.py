"""Messages to numbers, written by one statement with their numbers and their Idempotency-Keys.

A transaction of several statements takes a trip to the database for each, and each trip waits for its turn among
everything else that the process does: beside a group of twenty messages they were most of what a caller waited for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from gateway.kernel.phones import parse
from gateway.outbox import NewMessage
from gateway.outbox.messages import COLUMNS, TYPES
from gateway.web.idempotency import Claim

_POINT: Final = COLUMNS.index("contact_point_id")
_FALLBACK: Final = COLUMNS.index("fallback")
_EXTRA: Final = {"line": "text", "owner": "text", "key": "text", "digest": "text", "answer": "text"}
_NAMES: Final = (*COLUMNS, *_EXTRA)
_ARRAYS: Final = ", ".join(f"${number}::{type_}[]" for number, type_ in enumerate((*TYPES, *_EXTRA.values()), 1))
_VALUES: Final = ", ".join(
    {"contact_point_id": "point_id", "fallback": "string_to_array(fallback, ',')"}.get(name, name) for name in COLUMNS
)
# Numbers before keys, and both sorted: groups that meet wait for one another and never in a ring. Where the number or
# the key is somebody else's by now, nothing of the message is written, nor its key.
_WRITE: Final = f"""
WITH asked AS (
  SELECT * FROM unnest({_ARRAYS}) AS asked ({", ".join(_NAMES)})
), made AS (
  INSERT INTO contact_point (kind, address, line)
  SELECT DISTINCT 'phone', to_address, line FROM asked WHERE contact_point_id IS NULL ORDER BY to_address
  ON CONFLICT (address, kind) DO NOTHING RETURNING id, address
), known AS MATERIALIZED (
  SELECT asked.*, coalesce(asked.contact_point_id, made.id) AS point_id
  FROM asked LEFT JOIN made ON made.address = asked.to_address
  WHERE asked.contact_point_id IS NOT NULL OR made.id IS NOT NULL
), claimed AS (
  INSERT INTO idempotency_key (owner, key, request_digest, status, response)
  SELECT owner, key, digest, ${len(_NAMES) + 1}, answer FROM known WHERE key IS NOT NULL ORDER BY owner, key
  ON CONFLICT DO NOTHING RETURNING owner, key
)
INSERT INTO message ({", ".join(COLUMNS)})
SELECT {_VALUES} FROM known
WHERE key IS NULL OR EXISTS (SELECT FROM claimed WHERE claimed.owner = known.owner AND claimed.key = known.key)
RETURNING id
"""
#: So many are joined to their numbers one by one; larger groups are better off with COPY.
MOST: Final = 128


class Unwritten(NamedTuple):
    """A message as it was judged (`Accepting.judged`), its key if it has one, and the answer to keep."""

    message: NewMessage
    claim: Claim | None
    answer: str


async def write(connection: Any, unwritten: Sequence[Unwritten], *, status: int) -> set[UUID]:
    """Write what can be, in a transaction of its own: the identifiers of those that were.

    The others are to be looked at again: the number was made known or the key taken by somebody else meanwhile.
    No two may have the same key.
    """
    rows = [
        (
            *one.message.row(),
            None if _is_known(one.message) else parse(one.message.to_address or "").kind,
            *((one.claim.owner, one.claim.key, one.claim.digest) if one.claim is not None else (None, None, None)),
            one.answer if one.claim is not None else None,
        )
        for one in unwritten
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    columns[_POINT] = [point if point is not None and point > 0 else None for point in columns[_POINT]]
    columns[_FALLBACK] = [names and ",".join(names) for names in columns[_FALLBACK]]
    return {row["id"] for row in await connection.fetch(_WRITE, *columns, status)}


def _is_known(message: NewMessage) -> bool:
    return message.contact_point_id is not None and message.contact_point_id > 0
