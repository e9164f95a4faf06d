"""From a reading to what follows: each intent's reaction, in the order in which they go.

What no reaction here settles is left to a person together with what was done.
"""

from __future__ import annotations

from typing import Any, Final

from gateway.archive.misdirection import DISOWNING
from gateway.inbox import answering, consenting, disowning
from gateway.inbox.heard import Heard, Reaction, Tools
from gateway.inbox.threads import Sent

#: Intents that want nothing done: said alone, or beside what was done.
QUIET: Final = frozenset(("ack", "thanks", "comment", "restored_confirm"))
#: Questions whose answer is a rating of a service.
_RATED: Final = ("survey",)


async def react(connection: Any, heard: Heard, tools: Tools) -> Reaction:
    """Do what the reading asks for, in the connection's transaction."""
    reading = heard.reading
    reaction = Reaction(answers=heard.thread.answers.id if heard.thread.answers else None)
    if reading.abstain:
        reaction.leave(f"the reader leaves it to a person: {'; '.join(reading.because) or 'in doubt'}")
        return reaction
    settled: set[str] = set()
    for intent in reading.intents:
        if intent in DISOWNING:
            # A stranger opts nobody out and rates nothing: stopping the number comes first (reader guide).
            done = await disowning.react(connection, heard, intent, tools)  # type: ignore[arg-type]
            settled |= {intent, "opt_out", "score", "moved_or_sold", "wrong_number"}
            return _with_the_rest(done, heard, settled)
    rated = _rates(heard)
    if rated is not None:
        reaction.add(await answering.rate(connection, heard))
        settled |= rated
    if "opt_out" in reading.intents:
        _go_on(reaction, await consenting.refuse(connection, heard, tools))
        settled.add("opt_out")
    if "opt_in" in reading.intents:
        _go_on(reaction, await consenting.resume(connection, heard, tools))
        settled.add("opt_in")
    if "ack" in reading.intents and _checks_contact(heard.thread.question):
        _go_on(reaction, await answering.confirm_contact(connection, heard))
    return _with_the_rest(reaction, heard, settled)


def _rates(heard: Heard) -> set[str] | None:
    """The intents that an evaluation takes in, or None where the text rates nothing."""
    intents = set(heard.reading.intents)
    if "score" in intents:
        return {"score", *(intents & answering.NOT_SOLVED)}
    question = heard.thread.question or heard.thread.about
    if question is not None and question.kind in _RATED and intents & {"comment", *answering.NOT_SOLVED}:
        return intents & answering.NOT_SOLVED
    return None


def _checks_contact(question: Sent | None) -> bool:
    return question is not None and question.kind == "contact_confirm"


def _go_on(reaction: Reaction, other: Reaction) -> None:
    """Add a reaction whose message, where it names one, is the one answered."""
    reaction.answers = other.answers or reaction.answers
    reaction.add(other)


def _with_the_rest(reaction: Reaction, heard: Heard, settled: set[str]) -> Reaction:
    """Leave what nobody settled, and everything urgent, to a person."""
    rest = [intent for intent in heard.reading.intents if intent not in settled and intent not in QUIET]
    if rest:
        reaction.leave(f"waits for a person: {', '.join(rest)}")
    if heard.reading.urgent:
        reaction.leave("urgent")
    reaction.answers = reaction.answers or (heard.thread.answers.id if heard.thread.answers else None)
    return reaction
