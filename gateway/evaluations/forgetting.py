"""What evaluations let go of: whose they are and in which words. Score, unit, month and how it ended stay."""

from __future__ import annotations

from typing import Final

from gateway.retention.rules import HOLDS, Rule, Statements

#: A challenge that waits, or an answer that waits for a look, needs all there is.
HELD: Final = """SELECT i.account_id FROM invitation i JOIN evaluation e ON e.invitation_id = i.id
LEFT JOIN evaluation_challenge c ON c.evaluation_id = e.id AND c.state = 'open'
WHERE i.account_id IS NOT NULL AND (c.id IS NOT NULL OR e.state = 'quarantined' AND e.reviewed_at IS NULL)"""

RULES: Final[tuple[Rule, ...]] = (
    Statements(
        name="evaluations",
        days=730,
        least=365,
        kind="int",
        choose=f"""SELECT i.id AS key FROM invitation i
                   WHERE coalesce(i.occurred_at, i.invited_at) < $1 AND i.ended_state IS NOT NULL
                     AND i.account_id IS NOT NULL
                     AND NOT EXISTS (SELECT 1 FROM {HOLDS} WHERE {HOLDS}.account_id = i.account_id)""",
        acts=(
            """UPDATE evaluation SET comment = NULL, why = NULL, contact_point_id = NULL, inbound_id = NULL,
                 history = (SELECT coalesce(jsonb_agg(h - 'comment' - 'why' - 'inbound_id'), '[]')
                            FROM jsonb_array_elements(history) h)
               WHERE invitation_id = ANY($1::int[])""",
            "DELETE FROM invitation_text WHERE invitation_id = ANY($1::int[])",
            # That a text asked stays, or the service would be asked about again.
            """UPDATE invitation SET account_id = NULL, contact_point_id = NULL, contacts = NULL
               WHERE id = ANY($1::int[])""",
        ),
    ),
)
