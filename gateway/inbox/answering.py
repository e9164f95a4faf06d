"""Reacting to answers: a rating of a service, and the yes to a contact check."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from gateway.archive import adding, links
from gateway.evaluations import Answer, answers_since, record, withdraw
from gateway.inbox.dialogues import WINDOW
from gateway.inbox.heard import Heard, Reaction, Tools
from gateway.inbox.threads import Sent, parts_of
from gateway.kernel import audit

#: Said of a service that was rated, these mean that it did not solve the matter.
NOT_SOLVED: Final = frozenset(("false_closure", "repeat_appeal"))
#: In answer to whether it is solved, these mean that it is.
_SOLVED: Final = frozenset(("ack", "restored_confirm", "thanks"))
#: Who reads without a person.
_MACHINES: Final = frozenset(("customer", "reread"))
#: The questions that follow a score, by their texts.
_ASKS_SOLVED: Final = "survey_solved"
_ASKS_WHY: Final = "survey_why"

_FIGURE: Final = re.compile(
    r"^[\W_]*([0-9])\s*(?:分|星|points?|stars?)?(?![0-9.:：点月号日元度年])[\W_]*", re.IGNORECASE
)


def remark_of(text: str, score: int | None) -> str | None:
    """What is said beside the figure that leads a text; None where nothing is."""
    plain = unicodedata.normalize("NFKC", text).strip()
    lead = _FIGURE.match(plain)
    if lead is not None and (score is None or lead[1] == str(score)):
        plain = plain[lead.end() :].strip()
    return plain or None


def answers_beside(question: Sent | None, intents: Collection[str]) -> bool:
    """Whether a text without a score answers what a survey asked: a remark, solved or not, why."""
    template = question.template if question is not None else None
    wanted = {"comment", *NOT_SOLVED} | (_SOLVED if template == _ASKS_SOLVED else set())
    return template == _ASKS_WHY or bool(wanted & set(intents))


async def rate(connection: Any, heard: Heard) -> Reaction:
    """Record the rating, the remark, or that nothing was solved, on the service asked about."""
    reaction = Reaction()
    reading = heard.reading
    if taken_back(heard):
        return await _withdraw(connection, heard)
    if "score" in reading.intents and reading.score is None:
        reaction.leave("answers the survey without a figure that can be used")
        return reaction
    message = _rated(heard)
    if message is None or heard.contact_point_id is None:
        reaction.leave("rates a service, but no question to this number is known")
        return reaction
    asked = [part.link_id for part in await parts_of(connection, message) if part.link_id is not None]
    if heard.actor in _MACHINES and await links.any_denied(connection, asked):
        # One who denies any link rates nothing (reader guide), unless a person has found otherwise.
        if {"score", *NOT_SOLVED} & set(reading.intents):
            reaction.leave("rates a service, but this number said that it is not the customer's")
        return reaction
    if await _rated_since(connection, heard, message):
        reaction.leave("rates a service that a later reply has rated since")
        return reaction
    solved = _solved(heard)
    recorded = await record(
        connection,
        Answer(
            message_id=message,
            inbound_id=heard.id,
            contact_point_id=heard.contact_point_id,
            channel=heard.channel,
            at=heard.at,
            score=reading.score,
            solved=solved,
            comment=None if _corrects(heard) else remark_of(heard.text, reading.score),
        ),
    )
    if recorded is None:
        reaction.leave("rates a service, but the message it answers invited nobody to")
        return reaction
    reaction.answers = message
    reaction.caused(
        "evaluation_revised" if recorded.revised else "evaluation_recorded",
        id=str(recorded.id),
        score=reading.score,
        solved=solved,
    )
    await audit.write(
        connection,
        at=heard.at,
        actor=heard.actor,
        action="evaluation.revised" if recorded.revised else "evaluation.recorded",
        subject=f"evaluation:{recorded.id}",
        after={"score": reading.score, "solved": solved, "inbound_id": str(heard.id)},
    )
    return reaction


async def _rated_since(connection: Any, heard: Heard, message: UUID) -> bool:
    """Whether a later reply gave a figure that counts: a person may read an older text after a newer one."""
    since = [] if heard.reading.score is None else await answers_since(connection, message, heard.id)
    later: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT 1 FROM inbound WHERE id = ANY($1::uuid[]) AND reading->>'score' IS NOT NULL)", since
    )
    return later


def _solved(heard: Heard) -> bool | None:
    """Whether the customer says that the matter is solved; None where nothing is said of it."""
    intents, question = set(heard.reading.intents), heard.thread.question or heard.thread.about
    if NOT_SOLVED & intents:
        return False
    return True if question is not None and question.template == _ASKS_SOLVED and _SOLVED & intents else None


def taken_back(heard: Heard) -> bool:
    """Whether a text takes back the score that was given before it."""
    return heard.reading.withdraws


def _rated(heard: Heard) -> UUID | None:
    """The message whose service is rated: the survey the reader found in the dialogue, else the one answered.

    A person may read a score into a text that came behind another notice: then it is the newest survey's.
    """
    found = heard.dialogue.message(heard.reading.score_turn)
    if found is not None:
        return found
    answered = heard.thread.question or heard.thread.about
    if answered is not None and answered.kind != "survey" and heard.reading.score is not None:
        recent = (one for one in heard.sent if one.kind == "survey" and heard.at - one.sent_at <= WINDOW)
        answered = next(recent, answered)
    return None if answered is None else answered.id


def _corrects(heard: Heard) -> bool:
    """Whether a text only corrects the figure: its words are no remark on the service."""
    only = set(heard.reading.intents) <= {"score", "ack"}
    return only and heard.dialogue.answered(heard.reading.score_turn)


async def _withdraw(connection: Any, heard: Heard) -> Reaction:
    reaction = Reaction()
    message = _rated(heard)
    evaluation = None if message is None else await withdraw(connection, message, inbound_id=heard.id, at=heard.at)
    if evaluation is None:
        reaction.leave("takes a rating back, but none counts")
        return reaction
    reaction.answers = message
    reaction.caused("evaluation_withdrawn", id=str(evaluation))
    await audit.write(
        connection,
        at=heard.at,
        actor=heard.actor,
        action="evaluation.withdrawn",
        subject=f"evaluation:{evaluation}",
        after={"inbound_id": str(heard.id)},
    )
    return reaction


async def confirm_contact(connection: Any, heard: Heard, tools: Tools) -> Reaction:
    """The yes to a contact check: the links it asked about are verified. A stopped link stays stopped."""
    reaction = Reaction()
    question = heard.thread.question
    assert question is not None, "a contact is confirmed only in answer to a check"
    reaction.answers = question.id
    asked = [part.link_id for part in await parts_of(connection, question.id) if part.link_id is not None]
    beside = await adding.brought_beside(connection, asked)
    confirmed = await links.verify(connection, sorted({*asked, *beside}), at=heard.at, how="reply")
    if confirmed:
        reaction.caused("links_verified", links=confirmed)
        for case in await tools.proven(connection, confirmed, heard.at):
            reaction.caused("correction_proven", id=str(case))
        await audit.write(
            connection,
            at=heard.at,
            actor=heard.actor,
            action="links.verified",
            subject=f"contact_point:{heard.contact_point_id}",
            after={"links": confirmed, "how": "reply", "inbound_id": str(heard.id)},
        )
        waiting = await adding.unasked(connection, heard.contact_point_id or 0)
        await tools.answers.check_contacts(connection, waiting, heard.at, answered=question.id)
    if len(confirmed) < len(asked) or not asked:
        reaction.leave("confirms a contact that was stopped meanwhile: a person judges who is right")
    return reaction
