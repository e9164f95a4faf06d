"""Early warnings from above, as a file (`warnings`): what another part of the utility wants a unit to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.archive.importing import ImportKind, Outcome, Parsed, Reader, RowRefused, Run
from gateway.archive.importing.kinds import Fate
from gateway.kernel.database import Work
from gateway.kernel.ids import new_id
from gateway.kernel.tabular import Column, Headings

KINDS: Final = {
    **{word: word for word in ("typical", "repeated", "common", "escalating")},
    "典型": "typical",
    "典型问题": "typical",
    "重复": "repeated",
    "重复诉求": "repeated",
    "共性": "common",
    "共性问题": "common",
    "易升级": "escalating",
    "升级风险": "escalating",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningRecord:
    """A warning as the file has it."""

    kind: str
    subject: str
    words: str
    unit: str
    due_at: datetime


class WarningsKind(ImportKind[WarningRecord]):
    """Warnings to units, each to be acknowledged in time: `warnings`. One is open on a subject at a time."""

    name = "warnings"
    tables = ("warning",)
    headings = (
        Headings(
            [
                Column(name="kind", words=("预警类型", "类型"), required=True),
                Column(name="subject", words=("预警对象", "对象"), required=True),
                Column(name="words", words=("预警内容", "内容"), required=True),
                Column(name="unit", words=("接收单位", "责任单位"), required=True),
                Column(name="due_at", words=("签收期限", "反馈期限"), required=True),
            ]
        ),
    )

    def parse(self, cells: Reader) -> WarningRecord:
        kind = KINDS.get(cells.required("kind"))
        if kind is None:
            raise RowRefused("kind", f"unknown_word: Known are {'、'.join(KINDS)}.")
        cells.required("due_at")
        due_at = cells.moment("due_at")
        if due_at is None:
            raise RowRefused(*cells.refused[-1])
        return WarningRecord(
            kind=kind,
            subject=cells.required("subject"),
            words=cells.required("words"),
            unit=cells.required("unit"),
            due_at=due_at,
        )

    async def merge(self, work: Work, rows: Sequence[Parsed[WarningRecord]], run: Run) -> Outcome:
        # Of several rows on one subject the last is taken, and what became of it counts once.
        records = {row.record.subject: row.record for row in rows}
        names = tuple(WarningRecord.__dataclass_fields__)
        columns = [[getattr(record, name) for record in records.values()] for name in names]
        ids = [new_id(run.now) for _ in records]
        actor = f"import:{run.import_id}"
        touched = await work.fetch(_MERGE, ids, *columns, run.now, actor)
        await work.execute(_AUDIT, [row[0] for row in touched], run.now, actor)
        became = {row[1]: Fate.CREATED if row[2] else Fate.UPDATED for row in touched}
        return Outcome.of([became.pop(row.record.subject, Fate.UNCHANGED) for row in rows], [])


_MERGE: Final = """
INSERT INTO warning (id, kind, rule, subject, words, evidence, unit, raised_at, raised_by, due_at)
SELECT id, kind, 'by_hand', subject, words, '{}', unit, $7, $8, due_at
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
  AS new(id, kind, subject, words, unit, due_at)
ON CONFLICT (rule, subject) WHERE state <> 'closed' DO UPDATE SET
  kind = excluded.kind, words = excluded.words, unit = excluded.unit, due_at = excluded.due_at
WHERE warning.state = 'open' AND (warning.kind, warning.words, warning.unit, warning.due_at)
  IS DISTINCT FROM (excluded.kind, excluded.words, excluded.unit, excluded.due_at)
RETURNING id, subject, xmax = 0
"""
_AUDIT: Final = """
INSERT INTO audit_entry (at, actor, action, subject, after)
SELECT $2, $3, 'warning.imported', 'warning:' || id, jsonb_build_object('unit', unit, 'subject', subject)
FROM warning WHERE id = ANY($1::uuid[])
"""

WARNINGS: Final = WarningsKind()
