"""What waits for who is signed in: their visits, wishes and promises; calls to make; what a supervisor has to see.

Each figure is counted by an index up to a bound, and only for those whom it concerns.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from gateway.archive.reach import part_of, within_sql
from gateway.kernel.database import driver
from gateway.web.console.pages import View
from gateway.web.console.today import MOST

#: Low scores are new for so long.
_LATELY: Final = timedelta(days=7)
_TAKEN: Final = "('planned', 'missed')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number that waits for somebody, and where it is dealt with. `note` counts what is overdue of it."""

    word: str
    href: str
    number: int
    late: int
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    word: str
    href: str
    scope: str
    #: What is counted, and what of it is late. $1 who, $2 now, $3 today, $4 the part of the utility.
    rows: str
    late: str
    #: The tone where there is some of it, and nothing late.
    tone: str = "warn"
    whole: bool = False
    #: Only for those whose plan it is.
    manager: bool = False


def _within(column: str) -> str:
    return within_sql(column, "$4")


#: Of a thing that is a unit's: that the unit is of one's part of the utility.
_OF_OUR_UNITS: Final = """($4::int[] IS NULL OR unit IN (
  SELECT t.code FROM team t JOIN organisation o ON o.name = t.district WHERE o.id = ANY($4)))"""
_SOURCES: Final = (
    _Source(
        word="visits", href="/plans/today", scope="followups:write", manager=True, tone="",
        rows=f"followup f WHERE (manager_no = $1 OR deputy_no = $1) AND state IN {_TAKEN} AND planned_for <= $3"
        " AND planned_for > $3 - 92",
        late="planned_for < $3",
    ),
    _Source(
        word="wishes", href="/plans/voices", scope="followups:write", manager=True,
        rows="customer_voice v WHERE owner_no = $1 AND state = 'open'", late="due_on < $3",
    ),
    _Source(
        word="promises", href="/commitments", scope="cases:write", manager=True,
        rows="commitment c WHERE owner_no = $1 AND ended_at IS NULL", late="due_at < $2",
    ),
    _Source(
        word="cases", href="/cases", scope="cases:write",
        rows=f"""\"case\" k WHERE state = 'open' AND {_within("k.account_id")}""", late="due_at < $2",
    ),
    _Source(
        word="calls", href="/calls?show=to_call", scope="followups:review",
        rows=f"""independent_followup i JOIN followup f ON f.id = i.followup_id
                 WHERE i.state = 'to_call' AND {_within("f.account_id")}""",
        late="i.call_by < $2",
    ),
    _Source(
        word="low", href="/evaluations/low", scope="evaluations:challenge", tone="warn",
        rows=f"""evaluation e JOIN invitation i ON i.id = e.invitation_id
                 WHERE e.at > $2 - interval '{_LATELY.days} days' AND e.score <= 2 AND e.state = 'counted'
                   AND i.person_no IS DISTINCT FROM $1 AND {_within("i.account_id")}""",
        late="false",
    ),
    _Source(
        word="challenges", href="/evaluations/challenges", scope="evaluations:review", whole=True,
        rows="evaluation_challenge c WHERE state = 'open'", late="opened_at < $2 - interval '7 days'",
    ),
    _Source(
        word="warnings", href="/warnings", scope="cases:review",
        rows=f"warning w WHERE state = 'open' AND {_OF_OUR_UNITS}", late="due_at < $2",
    ),
    _Source(
        word="cards", href="/supervision-cards", scope="cases:review", tone="",
        rows=f"supervision_card s WHERE state = 'issued' AND {_OF_OUR_UNITS}", late="due_at < $2",
    ),
    _Source(
        word="to_check", href="/supervision-cards?state=reported", scope="cases:review",
        rows="supervision_card s WHERE state = 'reported' AND checker = $1", late="false",
    ),
)  # fmt: skip
#: Gives the parameters their types, whatever a statement uses of them.
_TYPES: Final = "$1::text IS NULL AND $2::timestamptz IS NULL AND $3::date IS NULL AND $4::int[] IS NULL AS typed"


async def mine(view: View) -> list[Figure]:
    """What waits for who is signed in."""
    acting = view.person.acting
    manager = "account_manager" in view.person.roles
    wanted = [
        one
        for one in _SOURCES
        if view.may(one.scope) and (manager or not one.manager) and (acting.whole or not one.whole)
    ]
    if not wanted:
        return []
    columns = ", ".join(
        f"(SELECT row(count(*), count(*) FILTER (WHERE late)) FROM (SELECT ({one.late}) AS late FROM {one.rows} "
        f"LIMIT {MOST}) AS found) AS {one.word}"
        for one in wanted
    )
    connection: Any = await driver(view.session)
    today = view.now.astimezone(view.services.settings.zone).date()
    row = await connection.fetchrow(
        f"SELECT {columns}, {_TYPES}", acting.staff_no, view.now, today, part_of(view.session)
    )
    return [_figure(one, *row[one.word]) for one in wanted]


def _figure(one: _Source, number: int, late: int) -> Figure:
    tone = "bad" if late else one.tone if number else "good"
    return Figure(word=one.word, href=one.href, number=number, late=late, tone=tone)
