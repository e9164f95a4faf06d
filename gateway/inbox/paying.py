"""Reacting to what is said about paying: reminders pause while it is looked into, promises are noted."""

from __future__ import annotations

from typing import Any, Final

from gateway.cases import note
from gateway.inbox.heard import Heard, Reaction, Tools, quoted
from gateway.inbox.places import accounts_meant
from gateway.inbox.raising import open_task

#: What is said, the task that it makes for billing, and the pause that it asks for.
_PAUSING: Final = {"payment_made": ("payment_check", "paid"), "billing_dispute": ("billing_dispute", "disputed")}
_NOTED: Final = ("payment_promise", "payment_extension")
#: What a person judges beside: nobody is given time, nor is a ladder frozen for a month, on a machine's word alone.
_JUDGED: Final = {"payment_extension": "asks for time to pay", "billing_dispute": "disputes the bill"}
INTENTS: Final = (*_PAUSING, *_NOTED)


async def pay(connection: Any, heard: Heard, tools: Tools) -> Reaction:
    """Pause the reminders of the accounts that were reminded of, or note on them what was said."""
    reaction = Reaction()
    accounts = await accounts_meant(connection, heard, "billing")
    if not accounts:
        reaction.leave("speaks of a bill, but it cannot be told of which account")
        return reaction
    ids = [part.account_id for part in accounts]
    numbers = [part.account_no for part in accounts]
    for intent, (topic, because) in _PAUSING.items():
        if intent not in heard.reading.intents:
            continue
        disputed = because == "disputed"
        opened, task = await open_task(connection, heard, tools, topic, intent, accounts, tell=disputed)
        reaction.add(task)
        withheld = await tools.pause(
            connection, ids, because, inbound_id=heard.id, case_id=opened.id, actor=heard.actor, at=heard.at
        )
        reaction.caused("reminders_paused", accounts=numbers, because=because, messages_withheld=withheld)
    for intent in _NOTED:
        if intent in heard.reading.intents:
            noted = await note(
                connection,
                ids,
                intent,
                words=quoted(heard.text),
                inbound_id=heard.id,
                actor=heard.actor,
                at=heard.at,
            )
            if noted:
                reaction.caused("noted", kind=intent, accounts=numbers)
    for intent, remark in _JUDGED.items():
        if intent in heard.reading.intents:
            reaction.leave(remark)
    return reaction
