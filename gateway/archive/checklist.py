"""What is left of a correction before it may be called complete: a question to the tables, not to memory.

A case is complete when every link it lists is decided, nothing waits on a revoked link any more (texts,
invitations), every contact it brought is proven, the wrong number has turned up nowhere else with the same
customer, the utility's own system has taken the changes over, and one of its exports has come without the
mistake (domain notes §5.3.10). The last three may be waived by a person who says why.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

#: What a person may waive, with a reason: what depends on others than the gateway.
WAIVABLE: Final = ("unproven", "upstream", "import")


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """One thing that is left. `ref` names it where it has an identifier."""

    kind: str
    words: str
    account_no: str | None = None
    number: str | None = None
    ref: str | None = None
    waivable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Concerned:
    """Something beside links that a case concerns: a text that waits, an open invitation."""

    kind: str
    ref: str
    state: str
    account_no: str
    number: str
    at: Any
    #: Whether it keeps a correction open as long as it goes out through a revoked link.
    blocks: bool = True


#: What a room above has that goes out through links: `(connection, links)`.
Elsewhere = Callable[[Any, Sequence[int]], Awaitable[list[Concerned]]]

_UNDECIDED: Final = """
SELECT a.account_no, p.address AS number FROM correction_link c
JOIN contact_link l ON l.id = c.link_id JOIN account a ON a.id = l.account_id
JOIN contact_point p ON p.id = l.contact_point_id
WHERE c.correction_id = $1 AND c.decision IS NULL ORDER BY l.id
"""
_UNPROVEN: Final = """
SELECT a.account_no, p.address AS number FROM correction_contact c
JOIN contact_link l ON l.id = c.link_id JOIN account a ON a.id = l.account_id
JOIN contact_point p ON p.id = l.contact_point_id
WHERE c.correction_id = $1 AND l.needs_proof AND l.state <> 'revoked' ORDER BY l.id
"""
# The wrong number on another account of a customer whose link to it was revoked here.
_ELSEWHERE: Final = """
SELECT DISTINCT l.id, a.account_no, p.address AS number FROM correction_link c
JOIN contact_link revoked ON revoked.id = c.link_id AND revoked.state = 'revoked'
JOIN account had ON had.id = revoked.account_id
JOIN contact_link l ON l.contact_point_id = revoked.contact_point_id AND l.state = 'unverified'
JOIN account a ON a.id = l.account_id AND a.customer_id = had.customer_id
JOIN contact_point p ON p.id = l.contact_point_id
WHERE c.correction_id = $1 AND NOT EXISTS (
  SELECT 1 FROM correction_link o WHERE o.correction_id = $1 AND o.link_id = l.id AND o.decision IS NOT NULL)
ORDER BY l.id
"""
_UNTAKEN: Final = """
SELECT count(*) AS changes, (SELECT count(*) FROM change_consumer) AS consumers,
       (SELECT string_agg(name, ', ' ORDER BY name) FROM change_consumer
        WHERE acknowledged < max(change.id)) AS behind
FROM change WHERE correction_id = $1 AND kind <> 'still_wrong'
"""
_UNCLEAN: Final = """
SELECT a.account_no, p.address AS number, again.at AS again_at FROM correction_link c
JOIN contact_link l ON l.id = c.link_id JOIN account a ON a.id = l.account_id
JOIN contact_point p ON p.id = l.contact_point_id
LEFT JOIN import clean ON clean.id = c.clean_import_id AND clean.state = 'done'
LEFT JOIN LATERAL (SELECT max(at) AS at FROM conflict WHERE link_id = l.id) AS again ON true
WHERE c.correction_id = $1 AND c.decision = 'revoke' AND clean.id IS NULL ORDER BY l.id
"""


async def revoked_links(connection: Any, case: UUID) -> list[int]:
    """The links that a case revoked."""
    rows = await connection.fetch(
        """SELECT c.link_id FROM correction_link c JOIN contact_link l ON l.id = c.link_id
           WHERE c.correction_id = $1 AND l.state = 'revoked'""",
        case,
    )
    return [row["link_id"] for row in rows]


async def left(connection: Any, case: UUID, rooms: Sequence[Elsewhere]) -> list[Left]:
    """Everything that is left of a case; nothing where it may be signed."""
    found = [
        Left(kind="undecided", words="waits for a decision", **dict(row))
        for row in await connection.fetch(_UNDECIDED, case)
    ]
    wrong = await revoked_links(connection, case)
    for room in rooms:
        found += [
            Left(
                kind=one.kind,
                words=f"still goes out through a revoked link ({one.state})",
                account_no=one.account_no,
                number=one.number,
                ref=one.ref,
            )
            for one in await room(connection, wrong)
            if one.blocks
        ]
    found += [
        Left(kind="elsewhere", words="the same customer, the same number", account_no=row[1], number=row[2])
        for row in await connection.fetch(_ELSEWHERE, case)
    ]
    found += [
        Left(kind="unproven", words="has not been proven yet", waivable=True, **dict(row))
        for row in await connection.fetch(_UNPROVEN, case)
    ]
    untaken = await connection.fetchrow(_UNTAKEN, case)
    if untaken["changes"] and (untaken["behind"] or not untaken["consumers"]):
        who = untaken["behind"] or "no system has ever acknowledged a change"
        found.append(Left(kind="upstream", words=f"not taken over yet: {who}", waivable=True))
    found += [
        Left(
            kind="import",
            words="an import brought it again" if row["again_at"] else "no import has come without it yet",
            account_no=row["account_no"],
            number=row["number"],
            waivable=True,
        )
        for row in await connection.fetch(_UNCLEAN, case)
    ]
    return found


async def concerned(connection: Any, case: UUID, rooms: Sequence[Elsewhere]) -> list[Concerned]:
    """What beside its links a case concerns, whatever was decided."""
    rows = await connection.fetch("SELECT link_id FROM correction_link WHERE correction_id = $1", case)
    links = [row["link_id"] for row in rows]
    return [one for room in rooms for one in await room(connection, links)] if links else []
