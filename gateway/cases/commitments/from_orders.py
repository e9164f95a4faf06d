"""Orders of kind `commitment` in the hotline's export: what was promised on the telephone (S2.16).

What a file tells of the past is written down as it was; for a commitment that still runs the customer hears of its
marks like of any other. Set-based: an import of many orders is three statements.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from gateway.cases.commitments.rules import moment_of, passed
from gateway.kernel.ids import new_id

ACTOR: Final = "hotline"

_ORDERS: Final = """
SELECT w.work_order_no, w.subtype, w.content, w.account_id, w.team_code, w.handler_no, w.opened_at, w.result,
       coalesce(w.promised_at, w.due_at) AS due_at, w.fulfilled_at, k.id AS case_id,
       CASE WHEN w.caller_number LIKE '+%' THEN w.caller_number END AS number
FROM work_order w LEFT JOIN "case" k ON k.matter = 'work_order:' || w.related_no AND w.related_no IS NOT NULL
  AND k.work_order_no = w.related_no
WHERE w.work_order_no = ANY($1::text[]) AND w.kind = 'commitment' AND coalesce(w.promised_at, w.due_at) IS NOT NULL
ORDER BY w.work_order_no
"""
_COLUMNS: Final = (
    ("id", "uuid"), ("work_order_no", "text"), ("kind", "text"), ("state", "text"), ("topic", "text"),
    ("what", "text"), ("case_id", "uuid"), ("account_id", "int"), ("to_number", "text"), ("unit", "text"),
    ("owner_no", "text"), ("made_at", "timestamptz"), ("made_by", "text"), ("due_at", "timestamptz"),
    ("marks", "smallint"), ("next_at", "timestamptz"), ("told_how", "text"), ("fulfilled_at", "timestamptz"),
    ("broken_at", "timestamptz"), ("ended_at", "timestamptz"), ("ended_by", "text"), ("outcome", "text"),
)  # fmt: skip
_NAMES: Final = ", ".join(name for name, _ in _COLUMNS)
#: What a later file changes; what the customer denied stays broken.
_FOLLOWS: Final = (
    "state",
    "due_at",
    "marks",
    "next_at",
    "fulfilled_at",
    "broken_at",
    "ended_at",
    "ended_by",
    "outcome",
)
_MERGE: Final = (
    f"INSERT INTO commitment ({_NAMES}) SELECT {_NAMES} FROM unnest("
    + ", ".join(f"${number}::{kind}[]" for number, (_, kind) in enumerate(_COLUMNS, start=1))
    + f") AS told({_NAMES}) ON CONFLICT (work_order_no) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _FOLLOWS)
    + " WHERE commitment.contradicted_at IS NULL AND (commitment.due_at, commitment.fulfilled_at)"
    " IS DISTINCT FROM (excluded.due_at, excluded.fulfilled_at) RETURNING id, state, work_order_no, xmax = 0 AS made"
)


async def take_over(connection: Any, orders: Sequence[str], now: datetime) -> int:
    """Write down the commitments among these orders, new or changed; how many."""
    rows = await connection.fetch(_ORDERS, list(orders))
    return len(await write_down(connection, rows, now, actor=ACTOR))


async def write_down(
    connection: Any, rows: Sequence[Mapping[str, Any]], now: datetime, *, actor: str
) -> Sequence[Mapping[str, Any]]:
    """Write commitments down that were made elsewhere (rows as `_ORDERS` gives them); those new or changed: `id`,
    `state`, `work_order_no`, `made`."""
    if not rows:
        return []
    written = [_record(row, now, actor) for row in rows]
    columns = list(zip(*written, strict=True))
    changed: Sequence[Mapping[str, Any]] = await connection.fetch(_MERGE, *(list(column) for column in columns))
    await connection.executemany(
        "INSERT INTO commitment_event (commitment_id, at, kind, by, detail) VALUES ($1, $2, $3, $4, $5)",
        [(row["id"], now, _befell(row), actor, row["work_order_no"]) for row in changed],
    )
    await connection.execute(
        """INSERT INTO audit_entry (at, actor, action, subject, after)
           SELECT $2, $3, 'commitment.imported', 'commitment:' || id,
                  jsonb_build_object('state', state, 'work_order', work_order_no)
           FROM commitment WHERE id = ANY($1::uuid[])""",
        [row["id"] for row in changed],
        now,
        actor,
    )
    return changed


def _befell(row: Any) -> str:
    if row["made"]:
        return "made"
    kinds: dict[str, str] = {"kept": "kept", "broken": "fulfilled"}
    return kinds.get(row["state"], "progress")


def _record(row: Any, now: datetime, actor: str) -> tuple[Any, ...]:
    made_at, due_at, done_at = row["opened_at"], row["due_at"], row["fulfilled_at"]
    over = due_at <= now
    state = (
        "open" if done_at is None and not over else "kept" if done_at is not None and done_at <= due_at else "broken"
    )
    marks = passed(made_at, due_at, now) if due_at > made_at else 3
    running = state == "open"
    ended_at = None if running else done_at or due_at
    return (
        new_id(made_at),
        row["work_order_no"],
        "work",
        state,
        row["subtype"] or "诉求",
        row["content"] or row["subtype"] or row["work_order_no"],
        row["case_id"],
        row["account_id"],
        row["number"],
        row["team_code"] or "customer_service",
        row["handler_no"],
        made_at,
        actor,
        due_at,
        marks,
        moment_of(marks, made_at, due_at) if running else None,
        "by the hotline" if actor == ACTOR else "as the file says",
        done_at,
        due_at if state == "broken" else None,
        ended_at,
        None if running else actor,
        row["result"],
    )
