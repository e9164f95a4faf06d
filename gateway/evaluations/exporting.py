"""Evaluations, events with their draws, challenges and other sources as rows of a file, oldest first."""

from __future__ import annotations

from typing import Final

from gateway.kernel.exporting import SPAN

#: $1 and $2 are the span of the answer, the draw, the challenge or the check, either of them open.
QUERIES: Final = {
    "evaluations": f"""
      SELECT e.id, i.event_kind, i.event_ref, i.team_code AS team, i.person_no AS person, e.score, e.solved, e.comment,
             e.why, e.state, array_to_string(e.suspicions, ' ') AS suspicions, e.channel, e.at,
             i.occurred_at AS served_at
      FROM evaluation e JOIN invitation i ON i.id = e.invitation_id
      WHERE {SPAN.format("e.at")} ORDER BY e.at, e.id""",
    "events": f"""
      SELECT i.event_kind, i.event_ref, i.service, i.team_code AS team, i.person_no AS person, i.began_at,
             i.occurred_at, i.programme, i.programme_version, i.seed_day, i.draw, i.rate, i.drawn, i.drawn_at,
             i.skipped, coalesce(i.ended_state, m.state) AS text, coalesce(i.ended_reason, m.withheld_reason) AS reason,
             array_to_string(i.flags, ' ') AS flags, i.invited_at, i.reminder_id IS NOT NULL AS reminded
      FROM invitation i LEFT JOIN message m ON m.id = i.message_id
      WHERE {SPAN.format("coalesce(i.drawn_at, i.invited_at)")} ORDER BY i.id""",
    "challenges": f"""
      SELECT c.id, i.event_kind, i.event_ref, c.team_code AS team, c.by_no AS by, c.grounds, c.evidence, c.state,
             c.opened_at, c.reviewer_no AS reviewer, c.decided_at, c.decision, c.evaluation_id
      FROM evaluation_challenge c JOIN evaluation e ON e.id = c.evaluation_id
      JOIN invitation i ON i.id = e.invitation_id
      WHERE {SPAN.format("c.opened_at")} ORDER BY c.id""",
    "sources": f"""
      SELECT o.source, o.ref, o."on" AS date, o.team_code AS team_id, o.person_no AS staff_id, o.event_ref AS wo_id,
             o.score, o.best, o.comment
      FROM outside_score o WHERE {SPAN.format('o."on"::timestamptz')} ORDER BY o.id""",
}
