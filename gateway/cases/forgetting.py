"""What cases let go of: the words in what is closed, and callers in old work orders. What was done, when and by whom
stays, so that repeats and units can still be counted."""

from __future__ import annotations

from typing import Final

from gateway.retention.rules import HOLDS, Rule, Statements

HELD: Final = """SELECT account_id FROM "case" WHERE state <> 'closed' AND account_id IS NOT NULL
UNION SELECT account_id FROM commitment WHERE state = 'open' AND account_id IS NOT NULL
UNION SELECT a.id FROM alert JOIN account a ON a.account_no = alert.account_no WHERE alert.acknowledged_at IS NULL"""

RULES: Final[tuple[Rule, ...]] = (
    Statements(
        name="case_words",
        days=1095,
        least=365,
        kind="uuid",
        choose=f"""SELECT c.id AS key FROM "case" c WHERE c.state = 'closed' AND c.closed_at < $1 AND c.summary <> ''
                     AND NOT EXISTS (SELECT 1 FROM {HOLDS} WHERE {HOLDS}.account_id = c.account_id)""",
        acts=(
            "UPDATE \"case\" SET summary = '', outcome = NULL WHERE id = ANY($1::uuid[])",
            "UPDATE case_event SET detail = NULL WHERE case_id = ANY($1::uuid[])",
            "UPDATE case_handover SET note = NULL, reason = NULL, rating_note = NULL WHERE case_id = ANY($1::uuid[])",
            """UPDATE commitment SET topic = '', what = '', progress = NULL, to_number = NULL
               WHERE case_id = ANY($1::uuid[]) AND state <> 'open'""",
        ),
    ),
    Statements(
        name="work_orders",
        days=1095,
        least=400,
        kind="int",
        # Ninety days and more are looked back upon for repeats: by account and topic, not by words.
        choose=f"""SELECT w.id AS key FROM work_order w
                   WHERE w.closed_at < $1
                     AND (w.caller_number IS NOT NULL OR w.caller_name IS NOT NULL OR w.content IS NOT NULL)
                     AND NOT EXISTS (SELECT 1 FROM account a JOIN {HOLDS} ON {HOLDS}.account_id = a.id
                                     WHERE a.account_no = w.account_no)""",
        acts=(
            """UPDATE work_order SET caller_number = NULL, caller_name = NULL, content = NULL
               WHERE id = ANY($1::int[])""",
        ),
    ),
)
