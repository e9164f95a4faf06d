"""Taking the answer to which of several accounts was meant by a "not me" that named none (`disowning`)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from gateway.archive.misdirection import DISOWNING, HeldLink
from gateway.archive.names import plain
from gateway.inbox import disowning, doubting
from gateway.inbox.answers import ASKS_ACCOUNT
from gateway.inbox.heard import Heard, Reaction, Tools

#: How long the answer is taken; links that wait for it go on sooner.
_MEMORY: Final = timedelta(days=14)


def accounts_named(text: str, links: Sequence[HeldLink]) -> set[int]:
    """The accounts that an answer names, by the last figures of their numbers or by their holder. Pure."""
    said = plain(text)
    return disowning.by_figures(text, links) or {
        link.account_id for link in links if len(plain(link.holder)) > 1 and plain(link.holder) in said
    }


async def react(connection: Any, heard: Heard, tools: Tools) -> Reaction | None:
    """Stop what is named in answer to our asking, and let go what else was held; None for any other text."""
    asked = next((one for one in heard.sent if one.template == ASKS_ACCOUNT), None)
    if asked is None or heard.at - asked.sent_at > _MEMORY or heard.by_code:
        return None
    named = accounts_named(heard.text, await disowning.held_links(connection, heard))
    row = await connection.fetchrow(
        """SELECT id, reading::text FROM inbound WHERE sender = $1 AND state = 'triage' AND id < $2
             AND effects @> $3::jsonb ORDER BY id DESC LIMIT 1 FOR UPDATE""",
        heard.sender,
        heard.id,
        json.dumps([{"effect": disowning.ASKED_ACCOUNT}]),
    )
    if row is None or not named:
        return None
    intent: Any = next((one for one in json.loads(row["reading"])["intents"] if one in DISOWNING), DISOWNING[0])
    gone_on = await doubting.clear(connection, row["id"], heard, tools, otherwise=False)
    links = await disowning.held_links(connection, heard)
    meant = [link for link in links if link.account_id in named and link.state in ("unverified", "verified")]
    reaction = Reaction(answers=asked.id)
    if meant:
        await disowning.stop(connection, heard, intent, asked.id, meant, tools, reaction)
    else:
        reaction.caused("already_stopped")
    for case, accounts in gone_on:
        await tools.catch_up(connection, sorted(set(accounts) - named), case, heard.at)
    await connection.execute(
        "UPDATE inbound SET state = 'done', choices = '[]', effects = effects || $2::jsonb WHERE id = $1",
        row["id"],
        json.dumps([{"effect": "said_which", "inbound_id": str(heard.id)}]),
    )
    reaction.caused("clarified", inbound_id=str(row["id"]))
    return reaction
