"""Reacting to what is said of the supply: it is off, when is it back, it is back, the notice was read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gateway.cases import gather
from gateway.inbox import raising
from gateway.inbox.heard import Heard, KnownOutage, Reaction, Tools
from gateway.inbox.places import accounts_meant, accounts_reached
from gateway.outbox import AccountPart

#: Intents of this file.
QUESTION: Final = "outage_question"


async def report(connection: Any, heard: Heard, tools: Tools) -> Reaction:
    """No supply: it belongs to the outage that explains it, and is answered with its estimate; else it is a case."""
    accounts, known = await _concerned(connection, heard, tools)
    if known is None or not known.under_way:
        over = known.matter if known is not None and known.just_over else None
        reaction = await raising.report_fault(connection, heard, tools, accounts, over)
        if over is None and accounts:
            area = await gather(connection, accounts[0].account_id, at=heard.at)
            if area is not None:
                reaction.caused("cluster_found", area=area)
        return reaction
    reaction = Reaction()
    await tools.outages.report(connection, known, inbound_id=heard.id, actor=heard.actor, at=heard.at)
    reaction.caused("outage_reported", outage_id=known.outage_no, account_no=known.account[1])
    if await tools.outages.wants_answer(connection, known):
        await _explain(connection, heard, tools, known, accounts, reaction)
    return reaction


async def question(connection: Any, heard: Heard, tools: Tools) -> Reaction:
    """A question about outages: answered where one is known that is under way or soon to come."""
    reaction = Reaction()
    accounts, known = await _concerned(connection, heard, tools)
    if known is not None and known.under_way and set(raising.FAULTS) & set(heard.reading.intents):
        # The report beside it was answered.
        return reaction
    if known is None or not (known.under_way or known.to_come):
        reaction.leave("asks about an outage, and none is known")
        return reaction
    await _explain(connection, heard, tools, known, accounts, reaction)
    return reaction


async def _concerned(connection: Any, heard: Heard, tools: Tools) -> tuple[Sequence[AccountPart], KnownOutage | None]:
    """The accounts that a text about the supply speaks of, and the outage that explains most about them.

    Where those it seems to mean are not off, or nobody can say which it means, it is any account of the number that is.
    """
    meant = await accounts_meant(connection, heard, "outage")
    known = await tools.outages.known(connection, [part.account_id for part in meant], heard.at)
    if known is None or (known.to_come and set(raising.FAULTS) & set(heard.reading.intents)):
        reached = await accounts_reached(connection, heard)
        other = await tools.outages.known(connection, [part.account_id for part in reached], heard.at)
        if other is not None and (other.under_way or (known is None and other.to_come)):
            return reached, other
    return meant, known


async def _explain(
    connection: Any,
    heard: Heard,
    tools: Tools,
    known: KnownOutage,
    accounts: Sequence[AccountPart],
    reaction: Reaction,
) -> None:
    if heard.contact_point_id is None:
        return
    account_id, account_no = known.account
    link = next((part.link_id for part in accounts if part.account_id == account_id), None)
    said = tools.outages.say(known, heard.language, heard.at)
    message = await tools.answers.explain_outage(
        connection, heard.to, said, [AccountPart(account_id, account_no, link, known.ground)], heard.at
    )
    if known.under_way:
        await tools.outages.answered(connection, known, message)
    reaction.caused("outage_explained", outage_id=known.outage_no, message_id=str(message))


async def confirm(connection: Any, heard: Heard, tools: Tools) -> Reaction:
    """The code that a notice was read."""
    reaction = Reaction()
    asked = heard.thread.question
    assert asked is not None, "a notice is confirmed only in answer to it"
    confirmed = await tools.outages.confirm(connection, asked.id, actor=heard.actor, at=heard.at)
    for outage_no in confirmed:
        reaction.caused("outage_confirmed", outage_id=outage_no)
    return reaction


async def back(connection: Any, heard: Heard, tools: Tools) -> Reaction:
    """Supply is back: what the customer reported of that outage is settled by his own word."""
    reaction = Reaction()
    asked = heard.thread.question
    if asked is not None and asked.kind == "restoration":
        reaction.caused("restoration_confirmed", message_id=str(asked.id))
        await raising.supplied(connection, heard, asked.id, reaction)
    return reaction
