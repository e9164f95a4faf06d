"""Evaluations, events with their draws, challenges and other sources as rows of a file, oldest first."""

from __future__ import annotations

import json
from typing import Final

from gateway.evaluations.drawing import STANDARD
from gateway.kernel.exporting import SPAN

#: The first version of each programme, which no table holds, as rows.
_USUAL: Final = ", ".join(f"('{one.code}', '{json.dumps(one.body)}')" for one in STANDARD.values())

#: Nobody reads a single answer about themselves (domain notes §4.5.5): $3 is the member of staff who exports, if any.
_NOT_OWN: Final = "({0} IS DISTINCT FROM $3::text OR $3::text IS NULL)"
#: $1 and $2 are the span of the answer, the draw, the challenge or the check, either of them open.
QUERIES: Final = {
    "evaluations": f"""
      SELECT e.id, i.event_kind, i.event_ref, i.team_code AS team, i.person_no AS person, e.score, e.solved, e.comment,
             e.why, e.state, array_to_string(e.suspicions, ' ') AS suspicions, e.channel, e.at,
             i.occurred_at AS served_at
      FROM evaluation e JOIN invitation i ON i.id = e.invitation_id
      WHERE {SPAN.format("e.at")} AND {_NOT_OWN.format("i.person_no")} ORDER BY e.at, e.id""",
    "events": f"""
      SELECT i.event_kind, i.event_ref, i.service, i.team_code AS team, i.person_no AS person, i.began_at,
             i.occurred_at, i.programme, i.programme_version, i.seed_day, i.draw, i.rate, i.drawn, i.drawn_at,
             i.skipped, coalesce(i.ended_state, m.state) AS text, coalesce(i.ended_reason, m.withheld_reason) AS reason,
             array_to_string(i.flags, ' ') AS flags, i.invited_at, i.reminder_id IS NOT NULL AS reminded
      FROM invitation i LEFT JOIN message m ON m.id = i.message_id
      WHERE {SPAN.format("coalesce(i.drawn_at, i.invited_at)")} ORDER BY i.id""",
    "survey-programmes": f"""
      SELECT p.code, p.version, p.body ->> 'rate' AS rate,
             (SELECT string_agg(ask, ' ') FROM jsonb_array_elements_text(p.body -> 'asks') AS ask) AS asks,
             p.body ->> 'answer_hours' AS answer_hours, p.body ->> 'remind_hours' AS remind_hours, p.reason, p.made_at,
             p.made_by
      FROM (SELECT code, version, body, reason, made_at, made_by FROM evaluation_programme
            UNION ALL
            SELECT usual.code, 1, usual.body::jsonb, 'standard', NULL, NULL
            FROM (VALUES {_USUAL}) AS usual(code, body)) AS p
      WHERE p.made_at IS NULL OR {SPAN.format("p.made_at")} ORDER BY p.code, p.version""",
    "challenges": f"""
      SELECT c.id, i.event_kind, i.event_ref, c.team_code AS team, c.by_no AS by, c.grounds, c.evidence, c.state,
             c.opened_at, c.reviewer_no AS reviewer, c.decided_at, c.decision, c.evaluation_id
      FROM evaluation_challenge c JOIN evaluation e ON e.id = c.evaluation_id
      JOIN invitation i ON i.id = e.invitation_id
      WHERE {SPAN.format("c.opened_at")} AND ({_NOT_OWN.format("i.person_no")} OR c.by_no = $3) ORDER BY c.id""",
    "sources": f"""
      SELECT o.source, o.ref, o."on" AS date, o.team_code AS team_id, o.person_no AS staff_id, o.event_ref AS wo_id,
             o.score, o.best, o.comment
      FROM outside_score o
      WHERE {SPAN.format('o."on"::timestamptz')} AND {_NOT_OWN.format("o.person_no")} ORDER BY o.id""",
}
