"""The hotline's orders as cases: each order is one, with its class, topic, owner, severity. Set-based.

What the hotline closed is closed; the survey asks the customer, and a "not solved" opens it again here, whatever a
later file says of the same closing. Praise goes to whoever is praised; what presses and is fresh goes to a person at
once; what was found malicious or unreasonable is a case, and nobody's task (domain notes S0.17, S0.32).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.archive import segments
from gateway.cases.owners import Ownerless, owners
from gateway.cases.raising import RULES, reference_of
from gateway.cases.severity import Raising, Severity, judge
from gateway.cases.urgent import Pressing, press
from gateway.cases.watching import Came, watch
from gateway.kernel.ids import new_id
from gateway.staff.tasks import NewTask, open_tasks

ACTOR: Final = "hotline"
#: Class of the case by kind of the order; commitments are no cases.
CLASSES: Final[Mapping[str, str]] = {
    "fault_repair": "fault_report",
    "complaint": "complaint",
    "opinion": "opinion",
    "consultation": "enquiry",
    "report": "report",
    "service_request": "service_request",
    "suggestion": "suggestion",
    "praise": "praise",
}
#: Who comes with one of these was perhaps not helped.
_AGAIN: Final = frozenset(("fault_repair", "complaint", "opinion", "service_request", "report"))
#: Older ones press nobody any more; praise is passed on for longer.
_FRESH: Final = timedelta(days=3)
_PRAISE_LASTS: Final = timedelta(days=30)
_PASS_ON: Final = timedelta(days=7)
#: Whose work a praise is about: the related order's, else the last repair of the account within this.
_PRAISED_WITHIN: Final = timedelta(days=60)

_ORDERS: Final = f"""
SELECT w.work_order_no, w.kind, coalesce(w.subtype, w.kind) AS topic, coalesce(w.content, '') AS content, w.channel,
       w.determination, w.account_id, w.account_no, w.caller_number, w.opened_at, w.due_at, w.closed_at, w.once_done,
       w.team_code, w.handler_no, w.related_no, w.result, p.id AS point, {segments.COLUMNS.format(now="$2")}
FROM work_order w LEFT JOIN account a ON a.id = w.account_id
LEFT JOIN contact_point p ON p.kind = 'phone' AND p.address = w.caller_number
WHERE w.work_order_no = ANY($1::text[]) AND w.kind <> 'commitment' ORDER BY w.opened_at, w.work_order_no
"""
_COLUMNS: Final = (
    ("id", "uuid"), ("klass", "text"), ("topic", "text"), ("subject", "text"), ("matter", "text"),
    ("account_id", "int"), ("contact_point_id", "bigint"), ("unit", "text"), ("owner_no", "text"),
    ("summary", "text"), ("opened_at", "timestamptz"), ("opened_by", "text"), ("due_at", "timestamptz"),
    ("severity", "text"), ("severity_why", "text"), ("first_unit", "text"), ("first_owner", "text"),
    ("work_order_no", "text"), ("state", "text"), ("closed_at", "timestamptz"), ("closed_by", "text"),
    ("confirmation", "text"), ("outcome", "text"),
)  # fmt: skip
_NAMES: Final = ", ".join(name for name, _ in _COLUMNS)
#: An open case that a reply raised on the same matter stays the one that is open.
_TAKEN: Final = """NOT EXISTS (
  SELECT 1 FROM "case" o WHERE o.subject = t.subject AND o.klass = t.klass AND o.matter = t.matter
    AND o.state = 'open' AND t.state = 'open' AND o.work_order_no IS DISTINCT FROM t.work_order_no)"""
_CHANGED: Final = (
    "(c.summary, c.account_id, c.state = 'closed', c.outcome) IS DISTINCT FROM"
    " (excluded.summary, excluded.account_id, excluded.state = 'closed', excluded.outcome)"
)
# Who owns the case, its class, topic and severity are the gateway's own from the first import on: people judge them.
_MERGE: Final = (
    f'INSERT INTO "case" AS c ({_NAMES}) SELECT {_NAMES} FROM unnest('
    + ", ".join(f"${number}::{kind}[]" for number, (_, kind) in enumerate(_COLUMNS, start=1))
    + f") AS t({_NAMES}) WHERE {_TAKEN} ON CONFLICT (work_order_no) DO UPDATE SET"
    " summary = excluded.summary, account_id = excluded.account_id, state = excluded.state,"
    " closed_at = excluded.closed_at, closed_by = excluded.closed_by, confirmation = excluded.confirmation,"
    " outcome = excluded.outcome, next_at = NULL, asked_message_id = NULL"
    f" WHERE {_CHANGED} AND c.state <> 'asked' AND c.confirmation IS DISTINCT FROM 'confirmed'"
    " AND (c.contradicted_at IS NULL OR excluded.closed_at > c.contradicted_at)"
    " RETURNING id, number, work_order_no, state, xmax = 0 AS made"
)


async def take_over(connection: Any, orders: Sequence[str], now: datetime) -> int:
    """Make or change the cases of these orders, new or changed; how many."""
    rows = await connection.fetch(_ORDERS, list(orders), now)
    if not rows:
        return 0
    judged = {row["work_order_no"]: _judged(row) for row in rows}
    ids = {row["work_order_no"]: new_id(row["opened_at"]) for row in rows}
    alone = [
        Ownerless(
            id=ids[row["work_order_no"]],
            matter=f"work_order:{row['work_order_no']}",
            account_id=row["account_id"],
            unit=_unit(row),
        )
        for row in rows
        if row["handler_no"] is None
    ]
    drawn = await owners(connection, alone)
    records = [
        _record(
            row, id_ := ids[row["work_order_no"]], row["handler_no"] or drawn.get(id_), *judged[row["work_order_no"]]
        )
        for row in rows
    ]
    columns = list(zip(*records, strict=True))
    touched = await connection.fetch(_MERGE, *(list(column) for column in columns))
    await _write_down(connection, touched, now)
    made = {row["work_order_no"]: row for row in touched if row["made"]}
    fresh = [row for row in rows if row["work_order_no"] in made]
    await _press(connection, fresh, made, judged, now)
    await _pass_praise_on(connection, fresh, made, now)
    came = [
        Came(case=made[row["work_order_no"]]["id"], account_id=row["account_id"], at=row["opened_at"])
        for row in fresh
        if row["account_id"] is not None and row["kind"] in _AGAIN and now - row["opened_at"] <= _FRESH
    ]
    await watch(connection, came, at=now, actor=ACTOR)
    return len(touched)


def _judged(row: Any) -> tuple[Severity, str | None]:
    raised = Raising(
        klass=CLASSES[row["kind"]],
        words=row["content"],
        topic=row["topic"],
        channel=row["channel"] or "",
        determination=row["determination"] or "",
        segments=segments.segments_of(row) if row["account_id"] is not None else (),
    )
    return judge(raised)


def _unit(row: Any) -> str:
    return row["team_code"] or RULES[CLASSES[row["kind"]]].unit


def _record(row: Any, id_: UUID, owner: str | None, severity: Severity, why: str | None) -> tuple[Any, ...]:
    klass = CLASSES[row["kind"]]
    rule = RULES[klass]
    unit = _unit(row)
    closed = row["closed_at"] is not None
    number = row["caller_number"] or row["account_no"] or "?"
    return (
        id_,
        klass,
        row["topic"],
        f"account:{row['account_id']}" if row["account_id"] is not None else f"number:{number}",
        f"work_order:{row['work_order_no']}",
        row["account_id"],
        row["point"],
        unit,
        owner,
        row["content"],
        row["opened_at"],
        ACTOR,
        row["due_at"] or row["opened_at"] + rule.within,
        severity,
        why,
        unit,
        owner,
        row["work_order_no"],
        "closed" if closed else "open",
        row["closed_at"],
        ACTOR if closed else None,
        "hotline" if closed else None,
        row["result"],
    )


async def _write_down(connection: Any, touched: Sequence[Any], now: datetime) -> None:
    ids, kinds = [row["id"] for row in touched], [_befell(row) for row in touched]
    await connection.execute(
        """INSERT INTO case_event (case_id, at, kind, by, detail)
           SELECT c.id, $3, t.kind, $4, c.work_order_no
           FROM unnest($1::uuid[], $2::text[]) AS t(id, kind) JOIN "case" c ON c.id = t.id""",
        ids,
        kinds,
        now,
        ACTOR,
    )
    await connection.execute(
        """INSERT INTO audit_entry (at, actor, action, subject, after)
           SELECT $2, $3, 'case.imported', 'case:' || id,
                  jsonb_build_object('state', state, 'work_order', work_order_no, 'severity', severity)
           FROM "case" WHERE id = ANY($1::uuid[])""",
        ids,
        now,
        ACTOR,
    )


def _befell(row: Any) -> str:
    if row["made"]:
        return "opened"
    return "closed" if row["state"] == "closed" else "noted"


async def _press(
    connection: Any,
    rows: Sequence[Any],
    made: Mapping[str, Any],
    judged: Mapping[str, tuple[Severity, str | None]],
    now: datetime,
) -> None:
    """Open ones of the last days that are critical or high."""
    pressing = [
        Pressing(
            case=made[row["work_order_no"]]["id"],
            reference=reference_of(made[row["work_order_no"]]["number"]),
            words=row["content"],
            why=judged[row["work_order_no"]][1],
            account_id=row["account_id"],
            unit=_unit(row),
            owner_no=row["handler_no"],
            critical=judged[row["work_order_no"]][0] == "critical",
            due_at=row["due_at"] if row["due_at"] is not None and row["due_at"] > now else None,
        )
        for row in rows
        if row["closed_at"] is None
        and judged[row["work_order_no"]][0] in ("critical", "high")
        and now - _FRESH <= row["opened_at"] <= now
    ]
    await press(connection, pressing, at=now, actor=ACTOR)


_PRAISED: Final = """
SELECT praise.work_order_no, done.team_code, done.handler_no FROM work_order praise
JOIN LATERAL (
  SELECT d.team_code, d.handler_no FROM work_order d
  WHERE d.work_order_no = praise.related_no AND d.kind <> 'praise' OR (
    d.account_id = praise.account_id AND d.kind IN ('fault_repair', 'service_request')
    AND d.opened_at BETWEEN praise.opened_at - $2::interval AND praise.opened_at)
  ORDER BY d.work_order_no = praise.related_no DESC NULLS LAST, d.opened_at DESC LIMIT 1) AS done ON true
WHERE praise.work_order_no = ANY($1::text[])
"""


async def _pass_praise_on(connection: Any, rows: Sequence[Any], made: Mapping[str, Any], now: datetime) -> None:
    """Praise of the last weeks reaches the person praised, by way of the team's list."""
    praise = [row for row in rows if row["kind"] == "praise" and row["opened_at"] >= now - _PRAISE_LASTS]
    if not praise:
        return
    found = await connection.fetch(_PRAISED, [row["work_order_no"] for row in praise], _PRAISED_WITHIN)
    whose = {row["work_order_no"]: (row["team_code"], row["handler_no"]) for row in found}
    tasks = []
    for row in praise:
        case = made[row["work_order_no"]]
        team, person = whose.get(row["work_order_no"], (row["team_code"], None))
        tasks.append(
            NewTask(
                kind="praise",
                subject=f"case:{case['id']}",
                words=f"{reference_of(case['number'])}: praise: {row['content']}",
                unit=team or "customer_service",
                owner_no=person,
                account_id=row["account_id"],
                due_at=now + _PASS_ON,
            )
        )
    await open_tasks(connection, tasks, at=now, actor=ACTOR)
    await connection.executemany(
        "INSERT INTO case_event (case_id, at, kind, by, detail) VALUES ($1, $2, 'praised', $3, $4)",
        [
            (made[row["work_order_no"]]["id"], now, ACTOR, task.owner_no or task.unit)
            for row, task in zip(praise, tasks, strict=True)
        ],
    )
