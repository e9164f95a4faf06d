"""Messages to numbers, written by one statement with their numbers and their Idempotency-Keys.

A transaction of several statements takes a trip to the database for each, and each trip waits for its turn among
everything else that the process does: beside a group of twenty messages they were most of what a caller waited for.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import Any, Final, NamedTuple
from uuid import UUID

from gateway.kernel.phones import parse
from gateway.outbox import NewMessage
from gateway.outbox.messages import COLUMNS
from gateway.web.idempotency import Claim

#: What each message has for itself: the type `message_own`, with the key and the answer to keep.
_OWN: Final = ("id", "contact_point_id", "to_address", "body", "reference")
#: What most of a group have in common travels once for each kind of message in it: the type `message_alike`, with the
#: kind of a new number's line. Rows of these types, because the driver looks at each value of an array several times.
#: A connection keeps what it learnt of a type, and nodes of two releases share one database: whoever needs another
#: column makes another type, and alters neither of these.
_ALIKE: Final = (
    "notice_id", "channel", "template", "template_version", "kind", "klass", "purpose", "priority", "segments", "state",
    "withheld_reason", "decision", "hours", "zone", "created_at", "not_before", "closes_at", "expires_at",
    "fallback_minutes", "fallback",
)  # fmt: skip
_own: Final = itemgetter(*map(COLUMNS.index, _OWN))
_alike: Final = itemgetter(*map(COLUMNS.index, _ALIKE[:-1]))
_WRITTEN: Final = (*_OWN, *_ALIKE)
_VALUES: Final = ", ".join({"contact_point_id": "point_id"}.get(name, name) for name in _WRITTEN)
# Numbers before keys, and both sorted: groups that meet wait for one another and never in a ring. Where the number or
# the key is somebody else's by now, nothing of the message is written, nor its key. A new number's identifier is taken
# before it is written: nothing has to be compared with everything to find it again.
_WRITE: Final = f"""
WITH asked AS MATERIALIZED (
  SELECT own.*, coalesce(own.contact_point_id, nextval('contact_point_id_seq')) AS point_id
  FROM unnest($2::message_own[]) AS own
), alike AS MATERIALIZED (
  SELECT * FROM unnest($3::message_alike[]) WITH ORDINALITY AS alike (line, {", ".join(_ALIKE)}, turn)
), made AS (
  INSERT INTO contact_point (id, kind, address, line)
  SELECT point_id, 'phone', to_address, line FROM asked JOIN alike ON turn = asked.alike
  WHERE contact_point_id IS NULL ORDER BY to_address
  ON CONFLICT (address, kind) DO NOTHING RETURNING id
), known AS MATERIALIZED (
  SELECT * FROM asked WHERE contact_point_id IS NOT NULL OR point_id IN (SELECT id FROM made)
), claimed AS (
  INSERT INTO idempotency_key (owner, key, request_digest, status, response)
  SELECT owner, key, digest, $1, answer FROM known WHERE key IS NOT NULL ORDER BY owner COLLATE "C", key COLLATE "C"
  ON CONFLICT DO NOTHING RETURNING owner, key
)
INSERT INTO message ({", ".join(_WRITTEN)})
SELECT {_VALUES} FROM known JOIN alike ON turn = known.alike
WHERE key IS NULL OR EXISTS (SELECT FROM claimed WHERE claimed.owner = known.owner AND claimed.key = known.key)
RETURNING id
"""
#: The most that are written by one statement: what they have in common is looked up message by message. Larger groups
#: are no cheaper, and what a group waits for holds up all of it.
MOST: Final = 128

_NO_KEY: Final = (None, None, None, None)


class Unwritten(NamedTuple):
    """A message as it was judged (`Accepting.judged`), its key if it has one, and the answer to keep."""

    message: NewMessage
    claim: Claim | None
    answer: str


async def write(connection: Any, unwritten: Iterable[Unwritten], *, status: int) -> set[UUID]:
    """Write what can be, in a transaction of its own: the identifiers of those that were.

    The others are to be looked at again: the number was made known or the key taken by somebody else meanwhile.
    No two may have the same key, and of those to one number that is not known yet only one is written.
    """
    kinds: dict[tuple[Any, ...], int] = {}
    messages = []
    for message, claim, answer in unwritten:
        row = message.row()
        id_, point, *others = _own(row)
        known = point is not None and point > 0
        line = None if known else parse(message.to_address or "").kind
        names = None if message.fallback is None else tuple(message.fallback)
        alike = kinds.setdefault((line, *_alike(row), names), len(kinds) + 1)
        key = (claim.owner, claim.key, claim.digest, answer) if claim is not None else _NO_KEY
        messages.append((id_, point if known else None, *others, *key, alike))
    return {row["id"] for row in await connection.fetch(_WRITE, status, messages, list(kinds))}
