"""The ledger of events and their draws, as auditors read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from gateway.evaluations.summaries import SKIP_CODES


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnEvent:
    """An event, its draw, and what became of it. Every event that counts is `sent`, `waiting` or `skipped`."""

    id: int
    kind: str
    ref: str
    service: str | None
    team: str | None
    person: str | None
    occurred_at: datetime | None
    programme: str | None
    programme_version: int | None
    seed_day: date | None
    draw: float | None
    rate: float | None
    drawn: bool
    drawn_at: datetime | None
    #: `under_way` before the service ended, `uncounted` where it ended before anybody was asked about anything.
    state: str
    #: Code and reason of one that is skipped (domain notes §4.5).
    code: str | None
    reason: str | None
    flags: list[str]
    reminded: bool
    answered: bool


_EVENTS: Final = """
SELECT i.id, i.event_kind AS kind, i.event_ref AS ref, i.service, i.team_code AS team, i.person_no AS person,
       i.occurred_at, i.programme, i.programme_version, i.seed_day, i.draw, i.rate, i.drawn, i.drawn_at, i.flags,
       i.reminder_id IS NOT NULL AS reminded, i.qualified_at, i.message_id, i.skipped,
       coalesce(i.ended_state, m.state) AS text_state, coalesce(i.ended_reason, m.withheld_reason) AS text_reason,
       EXISTS (SELECT 1 FROM evaluation e WHERE e.invitation_id = i.id) AS answered
FROM invitation i LEFT JOIN message m ON m.id = i.message_id
WHERE ($1::int IS NULL OR i.id < $1) AND ($2::text IS NULL OR i.event_kind = $2)
  AND ($3::text IS NULL OR i.event_ref = $3) AND ($4::date IS NULL OR i.seed_day = $4)
  AND ($5::text IS NULL OR i.team_code = $5)
ORDER BY i.id DESC LIMIT $6
"""
_LEFT: Final = ("sent", "delivered", "undelivered")
_WAITS: Final = ("queued", "sending", "uncertain")
_OTHERWISE: Final = "5"


async def events(
    connection: Any,
    *,
    before: int | None,
    kind: str | None,
    ref: str | None,
    day: date | None,
    team: str | None,
    limit: int,
) -> list[DrawnEvent]:
    """Up to `limit` events noted before `before`, newest first."""
    found = []
    for row in await connection.fetch(_EVENTS, before, kind, ref, day, team, limit):
        state, reason = _end(row)
        code = SKIP_CODES.get(reason or "", _OTHERWISE) if state == "skipped" else None
        names = (name for name in DrawnEvent.__slots__ if name not in ("state", "code", "reason"))
        found.append(DrawnEvent(**{name: row[name] for name in names}, state=state, code=code, reason=reason))
    return found


def _end(row: Any) -> tuple[str, str | None]:
    """The one end of an event, and the reason of one that is skipped."""
    if row["message_id"] is None and row["qualified_at"] is None:
        return ("under_way" if row["occurred_at"] is None else "uncounted"), None
    if row["skipped"] is not None:
        return "skipped", row["skipped"]
    if row["text_state"] in _LEFT or row["answered"]:
        return "sent", None
    if row["message_id"] is None or row["text_state"] in _WAITS:
        return "waiting", None
    return "skipped", row["text_reason"] or row["text_state"]
