"""Cases and all that hangs on them as rows of a file: streamed, numbers masked, oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gateway.archive.own_ratings import NOT_OWN_CASE
from gateway.cases.repeating import Repeat
from gateway.kernel.exporting import MASKED as _MASKED
from gateway.kernel.exporting import SPAN as _SPAN

#: What a customer said of the work of whoever exports ($3) is nobody's own to read (domain notes §4.5.5).
_NOT_OWN: Final = f"({NOT_OWN_CASE.format(case='k', acting='$3::text')})"
_REFERENCE: Final = "'S' || to_char(k.number, 'FM000000')"

#: $1 and $2 are the span in which the row began, either of them open; $3 the member of staff who exports, if any.
QUERIES: Final = {
    "cases": f"""
      SELECT {_REFERENCE} AS reference, k.work_order_no, k.klass AS class, k.topic, k.severity, k.severity_why, k.state,
             a.account_no, {_MASKED.format("p.address")} AS number, k.unit, k.owner_no AS owner, k.first_unit,
             k.first_owner, k.contacts, k.opened_at, k.opened_by, k.due_at, k.told_at, k.asked_at, k.closed_at,
             k.closed_by, k.confirmation, k.contradictions, k.contradicted_at, k.outcome, k.summary, k.id
      FROM "case" k LEFT JOIN account a ON a.id = k.account_id LEFT JOIN contact_point p ON p.id = k.contact_point_id
      WHERE {_SPAN.format("k.opened_at")} AND {_NOT_OWN} ORDER BY k.id""",
    "handovers": f"""
      SELECT {_REFERENCE} AS reference, h.from_unit, h.from_owner, h.to_unit, h.to_owner, h.at, h.by, h.acknowledge_by,
             h.acknowledged_at, h.acknowledged_by, h.returned_at, h.returned_by, h.reason, h.rating, h.rating_note,
             h.rated_by, h.escalated_at, h.note, h.id
      FROM case_handover h JOIN "case" k ON k.id = h.case_id
      WHERE {_SPAN.format("h.at")} AND {_NOT_OWN} ORDER BY h.id""",
    "commitments": f"""
      SELECT coalesce({_REFERENCE}, 'C' || to_char(c.number, 'FM000000')) AS reference, c.kind, c.state, c.topic,
             c.what, a.account_no, {_MASKED.format("c.to_number")} AS number, c.work_order_no,
             c.unit, c.owner_no AS owner,
             c.made_at, c.made_by, c.due_at, c.told_message_id, c.told_how, c.fulfilled_at, c.broken_at,
             c.contradicted_at, c.ended_at, c.ended_by, c.outcome, c.replaces, c.id
      FROM commitment c LEFT JOIN "case" k ON k.id = c.case_id LEFT JOIN account a ON a.id = c.account_id
      WHERE {_SPAN.format("c.made_at")} AND (k.id IS NULL OR {_NOT_OWN}) ORDER BY c.id""",
    "warnings": f"""
      SELECT w.kind, w.rule, w.rule_version, w.subject, w.words, w.unit, w.state, w.raised_at, w.raised_by, w.due_at,
             w.acknowledged_at, w.acknowledged_by, w.note, w.closed_at, w.closed_by, w.outcome, w.escalated_at, w.id
      FROM warning w WHERE {_SPAN.format("w.raised_at")} ORDER BY w.id""",
    "supervision-cards": f"""
      SELECT s.number, s.subject, s.words, s.issuer, s.unit, s.doer, s.checker, s.state, s.issued_at, s.due_at,
             s.reported_at, s.report, s.checked_at, s.result, s.sent_back, s.escalated_at, s.id
      FROM supervision_card s WHERE {_SPAN.format("s.issued_at")} ORDER BY s.id""",
    "repeat-marks": f"""
      SELECT m.id, m.kind, m.work_order_no, m.other_no, m.code, m.reason, m.evidence, m.at, m.by, m.upheld,
             m.decided_at, m.decided_by, m.decision, m.withdrawn_at, m.withdrawn_by
      FROM repeat_mark m WHERE {_SPAN.format("m.at")} ORDER BY m.id""",
}

#: Columns of repeats, one event a row.
REPEAT_HEADS: Final = (
    "second_at", "topic", "account_no", "number", "work_orders", "counted", "exclusion", "evidence", "challenged",
    "upheld",
)  # fmt: skip


def repeat_rows(events: Sequence[Repeat]) -> list[Sequence[Any]]:
    """Repeats as rows of a file, work orders parted by blanks, numbers masked."""
    return [
        (
            one.second_at, one.topic, one.account_no, _masked(one.number), " ".join(one.work_orders), one.counted,
            one.exclusion, one.evidence, one.challenged, one.upheld,
        )
        for one in events
    ]  # fmt: skip


def _masked(number: str | None) -> str | None:
    return None if number is None else f"{number[: max(len(number) - 8, 0)]}****{number[-4:]}"
