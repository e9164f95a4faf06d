"""What the outbox lets go of: bodies of texts and the numbers they went to, while their counts stay."""

from __future__ import annotations

from typing import Final

from gateway.retention.rules import HOLDS, Rule, Statements

_ENDED: Final = "('delivered', 'undelivered', 'withheld', 'expired', 'cancelled', 'failed', 'sent')"
#: Texts whose wording may have to be shown in court: what was threatened, and when (domain notes §3.6).
_LEGAL: Final = "('legal_notice')"
# By identifier, which goes by time: months that are too young are not looked into.
_OLD: Final = f"m.id < $2::uuid AND m.created_at < $1 AND m.state IN {_ENDED}"
_BODY: Final = f"{_OLD} AND m.body <> ''"
_UNHELD: Final = f"""NOT EXISTS (
  SELECT 1 FROM message_account ma JOIN {HOLDS} ON {HOLDS}.account_id = ma.account_id WHERE ma.id = m.id)"""

RULES: Final[tuple[Rule, ...]] = (
    Statements(
        name="message_bodies",
        days=365,
        # Records of SMS are kept for five months at least.
        least=150,
        kind="uuid",
        choose=f"SELECT m.id AS key FROM message m WHERE {_BODY} AND m.kind NOT IN {_LEGAL} AND {_UNHELD}",
        acts=("UPDATE message SET body = '', decision = NULL WHERE id = ANY($1::uuid[])",),
    ),
    Statements(
        name="legal_notices",
        days=1825,
        least=1095,
        kind="uuid",
        choose=f"SELECT m.id AS key FROM message m WHERE {_BODY} AND m.kind IN {_LEGAL} AND {_UNHELD}",
        acts=("UPDATE message SET body = '', decision = NULL WHERE id = ANY($1::uuid[])",),
    ),
    Statements(
        name="message_numbers",
        days=540,
        least=180,
        kind="uuid",
        choose=f"""SELECT m.id AS key FROM message m
                   WHERE {_OLD} AND m.to_address IS NOT NULL AND m.kind NOT IN {_LEGAL} AND {_UNHELD}""",
        acts=("UPDATE message SET to_address = NULL, contact_point_id = NULL WHERE id = ANY($1::uuid[])",),
    ),
)
