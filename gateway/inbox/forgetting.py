"""What the inbox lets go of: the words of replies that were dealt with, and who sent them. How they were read stays."""

from __future__ import annotations

from typing import Final

from gateway.archive.chats import SPEAKING
from gateway.retention.rules import HOLDS, Rule, Statements

RULES: Final[tuple[Rule, ...]] = (
    Statements(
        name="reply_bodies",
        days=365,
        least=150,
        kind="uuid",
        # A reply that waits for a person is never touched, however old; nor one of an account with something open.
        choose=f"""SELECT i.id AS key FROM inbound i
                   WHERE i.id < $2::uuid AND i.received_at < $1 AND i.state = 'done'
                     AND (i.text <> '' OR i.raw IS NOT NULL OR i.sender IS NOT NULL)
                     AND NOT EXISTS (SELECT 1 FROM {HOLDS} WHERE {HOLDS}.account_id = i.account_id)
                     AND NOT EXISTS (SELECT 1 FROM contact_link l JOIN {HOLDS} ON {HOLDS}.account_id = l.account_id
                                     WHERE l.contact_point_id IN (
                                       {SPEAKING.format(point="i.contact_point_id", at="i.received_at")}))""",
        acts=(
            """UPDATE inbound SET text = '', raw = NULL, sender = NULL, remark = NULL, choices = '[]',
                 reading = reading - 'because',
                 effects = (SELECT coalesce(jsonb_agg(e - 'words' - 'text' - 'number'), '[]')
                            FROM jsonb_array_elements(effects) e)
               WHERE id = ANY($1::uuid[])""",
        ),
    ),
    Statements(
        name="labels",
        days=1095,
        least=30,
        kind="int",
        choose="SELECT id AS key FROM label WHERE at < $1",
        acts=("DELETE FROM label WHERE id = ANY($1::int[])",),
    ),
)
