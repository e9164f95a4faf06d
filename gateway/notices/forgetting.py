"""What notices let go of: previews, whose samples name people. Texts are the outbox's."""

from __future__ import annotations

from typing import Final

from gateway.retention.rules import Rule, Statements

#: While a stop of supply is under way, everything that was told must be at hand.
HELD: Final = "SELECT account_id FROM disconnection WHERE state NOT IN ('restored', 'cancelled')"

RULES: Final[tuple[Rule, ...]] = (
    Statements(
        name="previews",
        days=30,
        least=1,
        kind="uuid",
        choose="""SELECT p.notice_id AS key FROM notice_preview p JOIN notice n ON n.id = p.notice_id
                  WHERE n.state <> 'draft' AND p.state <> 'running' AND p.begun_at < $1""",
        acts=("DELETE FROM notice_preview WHERE notice_id = ANY($1::uuid[])",),
    ),
)
