"""What follow-ups let go of: what customers said in passing, once it was answered. The visits and their days stay."""

from __future__ import annotations

from typing import Final

from gateway.retention.rules import HOLDS, Rule, Statements

RULES: Final[tuple[Rule, ...]] = (
    Statements(
        name="voices",
        days=1095,
        least=365,
        kind="uuid",
        choose="""SELECT v.id AS key FROM customer_voice v
                  WHERE v.state <> 'open' AND v.answered_at < $1 AND (v.words <> '' OR v.answer IS NOT NULL)""",
        acts=("UPDATE customer_voice SET words = '', answer = NULL WHERE id = ANY($1::uuid[])",),
    ),
    Statements(
        name="visits",
        days=1825,
        least=365,
        kind="uuid",
        choose=f"""SELECT f.id AS key FROM followup f WHERE f.done_at < $1 AND f.outcome <> ''
                     AND NOT EXISTS (SELECT 1 FROM {HOLDS} WHERE {HOLDS}.account_id = f.account_id)""",
        acts=("UPDATE followup SET outcome = '' WHERE id = ANY($1::uuid[])",),
    ),
)
