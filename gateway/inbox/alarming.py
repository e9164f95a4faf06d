"""Reacting to danger: staff know at once, whatever the hour and whatever else the text says."""

from __future__ import annotations

from typing import Any

from gateway.cases import Danger, raise_alert
from gateway.inbox.heard import Heard, Reaction, Tools, quoted
from gateway.inbox.places import accounts_meant


async def alarm(connection: Any, heard: Heard, tools: Tools) -> Reaction:
    """Raise the alert of an urgent text, once, and text those on duty."""
    reaction = Reaction()
    accounts = await accounts_meant(connection, heard)
    alert = await raise_alert(
        connection,
        Danger(
            kind="safety" if "safety_urgent" in heard.reading.intents else "loss",
            inbound_id=heard.id,
            sender=heard.sender,
            account_no=accounts[0].account_no if accounts else None,
            words=quoted(heard.text),
            actor=heard.actor,
            at=heard.at,
        ),
    )
    if alert is None:
        return reaction
    told = [
        await tools.answers.alert(connection, number, alert, sender=heard.sender, words=heard.text, now=heard.at)
        for number in tools.alert_numbers
    ]
    reaction.caused("alert_raised", id=str(alert), message_ids=[str(message) for message in told])
    return reaction
