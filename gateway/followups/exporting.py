"""The managers' plan, independent follow-ups and customers' wishes as rows of a file, oldest first.

Like the plan on pages, none of it says what the independent follow-up was answered.
"""

from __future__ import annotations

from typing import Final

from gateway.followups.visits import STANDARD
from gateway.kernel.exporting import SPAN

#: The programmes of visits that nobody has changed, as rows.
_USUAL: Final = ", ".join(
    f"('{one.code}', '{one.name}', '{one.topic}', '{one.channel}', '{one.rule}', '{one.audience}',"
    f" '{'|'.join(one.questions)}', {one.active})"
    for one in STANDARD.values()
)

#: $1 and $2 are the span in which the row began, either of them open.
QUERIES: Final = {
    "followups": f"""
      SELECT f.plan_no AS plan_id, a.account_no, f.manager_no AS manager_id, f.deputy_no AS deputy_id,
             f.planned_for AS planned_date, f.topic, f.channel, f.state, f.done_at AS done_date, f.outcome AS result,
             i.state AS independent, f.programme, s.rule, f.made_at, f.made_by, f.id
      FROM followup f JOIN account a ON a.id = f.account_id LEFT JOIN followup_series s ON s.id = f.series_id
      LEFT JOIN independent_followup i ON i.followup_id = f.id
      WHERE {SPAN.format("f.made_at")} ORDER BY f.id""",
    "deputies": f"""
      SELECT d.manager_no AS manager_id, d.deputy_no AS deputy_id, d.first_day, d.last_day, d.reason, d.id
      FROM deputy d WHERE {SPAN.format("d.first_day::timestamptz")} ORDER BY d.id""",
    "visit-programmes": f"""
      SELECT v.code, v.name, v.topic, v.channel, v.rule, v.audience, v.questions, v.active, v.changed_at, v.changed_by
      FROM (SELECT code, name, topic, channel, rule, audience, array_to_string(questions, '|') AS questions, active,
                   changed_at, changed_by FROM visit_programme
            UNION ALL
            SELECT usual.*, NULL, NULL FROM (VALUES {_USUAL}) AS usual(code)
            WHERE code NOT IN (SELECT code FROM visit_programme)) AS v
      WHERE v.changed_at IS NULL OR {SPAN.format("v.changed_at")} ORDER BY v.code""",
    "voices": f"""
      SELECT a.account_no, v.words, v.owner_no AS owner, v.due_on, v.state, v.said_at, v.answer, v.answered_at,
             v.followup_id, v.id
      FROM customer_voice v JOIN followup f ON f.id = v.followup_id JOIN account a ON a.id = f.account_id
      WHERE {SPAN.format("v.said_at")} ORDER BY v.id""",
    "independent": f"""
      SELECT a.account_no, f.manager_no AS manager_id, i.state, i.asked_at, i.answer_by, i.caller_no AS caller, i.draw,
             i.call_by, i.calls, i.ended_at, i.followup_id, i.id
      FROM independent_followup i JOIN followup f ON f.id = i.followup_id JOIN account a ON a.id = f.account_id
      WHERE {SPAN.format("i.asked_at")} ORDER BY i.id""",
}
