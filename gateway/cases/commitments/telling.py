"""Telling the customer of a commitment: its proof, its progress, its end. Many texts are one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from gateway.cases.words import matter_in_words, under_way
from gateway.kernel.errors import LamplighterError
from gateway.notices import Asked, Taken


class Texts(Protocol):
    """Writes single texts; `gateway.notices.Acceptor` does."""

    async def accept(
        self, connection: Any, asked: Sequence[Asked], *, now: datetime
    ) -> list[Taken | LamplighterError]: ...


#: What a text needs to know of a commitment; `where` names commitments as `c`.
SUBJECT: Final = """
SELECT c.id, c.topic, c.due_at, c.made_at, c.progress, c.kind, c.unit, c.owner_no, c.state, c.to_number, c.what,
       c.marks, c.case_id, a.account_no, a.language, coalesce(c.to_number, p.address) AS raised_at,
       coalesce('S' || to_char(k.number, 'FM000000'), 'C' || to_char(c.number, 'FM000000')) AS reference
FROM commitment c LEFT JOIN "case" k ON k.id = c.case_id LEFT JOIN account a ON a.id = c.account_id
LEFT JOIN contact_point p ON p.id = k.contact_point_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A text about one commitment: `row` is one of `SUBJECT`; `values` beside `matter` and `reference`."""

    row: Any
    template: str
    values: Mapping[str, Any]
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What became of a text: its message, and why the customer does not get it, if so."""

    message_id: UUID | None
    withheld: str | None


class Telling:
    """Puts commitments into words and hands them on as messages."""

    def __init__(self, texts: Texts, *, language: str) -> None:
        self._texts = texts
        self._language = language

    def progress_of(self, row: Any) -> str:
        """How far it is, in words."""
        return row["progress"] or under_way(row["language"], self._language)

    async def tell(self, connection: Any, said: Sequence[Said], now: datetime) -> list[Heard]:
        """Write the texts in the connection's transaction; one result for each, also where nobody can be told."""
        reachable = [one for one in said if one.row["account_no"] or one.row["to_number"]]
        taken = await self._texts.accept(connection, [self._asked(one) for one in reachable], now=now)
        found: dict[int, Heard] = {}
        for one, result in zip(reachable, taken, strict=True):
            if isinstance(result, Taken):
                withheld = None if result.state == "queued" else result.withheld_reason or result.state
                found[id(one)] = Heard(message_id=result.id, withheld=withheld)
            else:
                found[id(one)] = Heard(message_id=None, withheld=str(result))
        nobody = Heard(message_id=None, withheld="no_contact")
        return [found.get(id(one), nobody) for one in said]

    def _asked(self, said: Said) -> Asked:
        row = said.row
        matter = matter_in_words(row["topic"], row["language"], self._language)
        return Asked(
            template=said.template,
            account_no=row["account_no"],
            to=None if row["account_no"] else row["to_number"],
            at_number=row["raised_at"],
            language=row["language"],
            values={"matter": matter, "reference": row["reference"], **said.values},
            reference=f"commitment:{row['id']}",
            expires_at=said.expires_at,
        )
