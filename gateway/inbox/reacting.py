"""From a reading to what follows: each intent's reaction, in the order in which they go.

Danger comes before everything, doubt before every act. What no reaction here settles is left to a person
together with what was done.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from gateway.archive.misdirection import DISOWNING
from gateway.inbox import (
    alarming,
    answering,
    clarifying,
    closings,
    consenting,
    disowning,
    paying,
    preferring,
    proposing,
    raising,
    roles,
    saying_which,
    supplying,
)
from gateway.inbox.heard import Heard, Reaction, Tools
from gateway.inbox.threads import Sent

_React = Callable[[Any, Heard, Tools], Awaitable[Reaction]]

#: What is done first: no other answer is as urgent to somebody without supply.
SUPPLY: Final[tuple[tuple[Collection[str], _React], ...]] = ((raising.FAULTS, supplying.report),)
#: What is done about intents, from the top; a reaction takes in all the intents beside it.
REACTIONS: Final[tuple[tuple[Collection[str], _React], ...]] = (
    ((roles.INTENT,), roles.ask),
    (("opt_out",), consenting.refuse),
    (("opt_in",), consenting.resume),
    (raising.GRIEVANCES, raising.grieve),
    ((supplying.QUESTION,), supplying.question),
    (paying.INTENTS, paying.pay),
    (("unclear",), clarifying.ask_again),
)
#: Intents that want nothing done: said alone, or beside what was done.
QUIET: Final = frozenset(("ack", "thanks", "comment", "restored_confirm"))
#: What the reader makes of a new number, or of the code that proves it.
_BESIDE_PROPOSALS: Final = frozenset(("help", "unclear"))
#: What only a person can answer, in words for whoever looks.
FOR_PEOPLE: Final[Mapping[str, str]] = {
    "human": "asks for a person",
    "abuse": "insults or threatens",
    "help": "asks how something is done",
    "payment_question": "asks about paying",
}
#: Effects that are a text to the customer about what is done.
_ANSWERED: Final = frozenset(("case_told", "outage_explained"))
#: Questions whose answer is a rating of a service.
_RATED: Final = ("survey",)


async def react(connection: Any, heard: Heard, tools: Tools) -> Reaction:
    """Do what the reading asks for, in the connection's transaction."""
    reading = heard.reading
    reaction = Reaction(answers=heard.thread.answers.id if heard.thread.answers else None)
    if reading.urgent:
        reaction.add(await alarming.alarm(connection, heard, tools))
        reaction.leave("urgent")
    if (which := await saying_which.react(connection, heard, tools)) is not None:
        _go_on(reaction, which)
        return reaction
    if (own := await proposing.react(connection, heard, tools)) is not None:
        _go_on(reaction, own)
        if set(reading.intents) <= QUIET | _BESIDE_PROPOSALS:
            return reaction
    if (wish := await preferring.react(connection, heard, tools)) is not None:
        _go_on(reaction, wish)
        return reaction
    if (closing := await closings.answer(connection, heard, tools)) is not None:
        _go_on(reaction, closing[0])
        return _with_the_rest(reaction, heard, closing[1])
    if reading.abstain:
        main: Any = next(iter(reading.intents), None)
        if main in DISOWNING:
            _go_on(reaction, await disowning.hold(connection, heard, main))
        if set(reading.intents) == {"unclear"}:
            reaction.add(await clarifying.ask_again(connection, heard, tools))
        reaction.leave(f"the reader leaves it to a person: {'; '.join(reading.because) or 'in doubt'}")
        return reaction
    settled: set[str] = set(_BESIDE_PROPOSALS) if own is not None else set()
    if roles.is_answer(heard):
        _go_on(reaction, await roles.answer(connection, heard, tools))
        settled |= {roles.INTENT, "opt_out", "wrong_number", "moved_or_sold"}
    else:
        for intent in reading.intents:
            if intent in DISOWNING:
                return await _disown(connection, heard, intent, tools, reaction)
    heard = await _all(connection, heard, tools, SUPPLY, reaction, settled)
    rated = await _rate(connection, heard, tools, reaction)
    if roles.INTENT in reading.intents and "opt_out" in reading.intents:
        # One who is not the holder is left alone by stopping the link; nobody is opted out (reader guide).
        settled.add("opt_out")
    intents = set(reading.intents)
    await _all(connection, _aware(heard, reaction), tools, REACTIONS, reaction, settled)
    if "ack" in intents and _checks_contact(heard.thread.question):
        _go_on(reaction, await answering.confirm_contact(connection, heard, tools))
    if "ack" in intents and heard.by_code and not _checks_contact(heard.thread.question):
        _go_on(reaction, await supplying.confirm(connection, heard, tools))
    if "restored_confirm" in intents:
        _go_on(reaction, await supplying.back(connection, heard, tools))
    return _with_the_rest(reaction, heard, settled | rated)


async def _all(
    connection: Any,
    heard: Heard,
    tools: Tools,
    reactions: tuple[tuple[Collection[str], _React], ...],
    reaction: Reaction,
    settled: set[str],
) -> Heard:
    """React to each intent that is not settled; what was heard, knowing whether it was answered by that."""
    for wanted, act in reactions:
        meant = set(heard.reading.intents) & set(wanted) - settled
        if meant:
            _go_on(reaction, await act(connection, heard, tools))
            settled |= meant
            heard = _aware(heard, reaction)
    return heard


def _aware(heard: Heard, reaction: Reaction) -> Heard:
    """What was heard, knowing whether an answer has gone out."""
    answered = any(one["effect"] in _ANSWERED for one in reaction.effects)
    return replace(heard, answered=True) if answered and not heard.answered else heard


async def _disown(connection: Any, heard: Heard, intent: Any, tools: Tools, reaction: Reaction) -> Reaction:
    """A stranger opts nobody out and rates nothing: stopping the number comes first (reader guide)."""
    _go_on(reaction, await disowning.react(connection, heard, intent, tools))
    settled = {"opt_out", "score", *DISOWNING}
    if set(raising.GRIEVANCES) & set(heard.reading.intents):
        reaction.add(await raising.grieve_as_stranger(connection, heard, tools))
        settled |= set(raising.GRIEVANCES)
    return _with_the_rest(reaction, heard, settled)


async def _rate(connection: Any, heard: Heard, tools: Tools, reaction: Reaction) -> set[str]:
    """Record a rating, if the text gives one, and what follows from it; the intents that settles."""
    intents = set(heard.reading.intents)
    question = heard.thread.question or heard.thread.about
    asked = question is not None and question.kind in _RATED
    if "score" not in intents and not (asked and answering.answers_beside(question, intents)):
        return set()
    rated = await answering.rate(connection, heard)
    _go_on(reaction, rated)
    if rated.effects and rated.answers is not None and "score" in intents:
        reaction.add(await raising.recover(connection, heard, tools, rated.answers))
    return {"score"}


def _checks_contact(question: Sent | None) -> bool:
    return question is not None and question.kind == "contact_confirm"


def _go_on(reaction: Reaction, other: Reaction) -> None:
    """Add a reaction whose message, where it names one, is the one answered."""
    reaction.answers = other.answers or reaction.answers
    reaction.add(other)


def _with_the_rest(reaction: Reaction, heard: Heard, settled: Collection[str]) -> Reaction:
    """Leave what nobody settled to a person."""
    for intent in heard.reading.intents:
        if intent not in settled and intent not in QUIET and not (intent == "safety_urgent" and heard.reading.urgent):
            reaction.leave(FOR_PEOPLE.get(intent, f"waits for a person: {intent}"))
    return reaction
