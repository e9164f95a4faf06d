"""What the bots let go of: reports that could not be dealt with, dialogues nobody goes on with, codes that are over.

What was dealt with goes sooner, as soon as no repeat of it can come (`Updates.forget`).
"""

from __future__ import annotations

from typing import Final

from gateway.retention.rules import Rule, Statements

_NAME: Final = "bot || ' ' || chat || ' ' || speaker"

RULES: Final[tuple[Rule, ...]] = (
    Statements(
        name="chat_reports",
        days=365,
        least=150,
        kind="uuid",
        # What of it a person has to look at waits in triage, with its bytes. Also of bots that there are no more.
        choose="SELECT id AS key FROM chat_update WHERE state IN ('left', 'done') AND id < $2::uuid",
        acts=("DELETE FROM chat_update WHERE id = ANY($1::uuid[])",),
    ),
    Statements(
        name="dialogues",
        days=30,
        least=1,
        kind="text",
        choose=f"SELECT {_NAME} AS key FROM conversation WHERE at < $1",
        acts=(f"DELETE FROM conversation WHERE {_NAME} = ANY($1::text[])",),
    ),
    Statements(
        name="chat_codes",
        days=30,
        least=7,
        kind="bigint",
        choose="SELECT id AS key FROM chat_token WHERE expires_at < $1",
        acts=("DELETE FROM chat_token WHERE id = ANY($1::bigint[])",),
    ),
)
