"""Asking what was meant, once.

Two open questions and one digit: which of them; the answer is taken back to the digit. A text that says nothing
a careful person could act on: to say it again; then it waits for a person.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from gateway.archive.misdirection import DISOWNING
from gateway.inbox import disowning, doubting
from gateway.inbox.answers import ONCE_AGAIN
from gateway.inbox.heard import Heard, Reaction, Tools, keep
from gateway.inbox.listening import answering
from gateway.inbox.threads import Sent
from gateway.inbox.understanding import Reading

#: The text that asks; its codes are the places of the questions it names.
TEMPLATE: Final = "clarification"
_EFFECT: Final = "asked_which"
_ASKED_AGAIN: Final = "asked_again"
#: A decimal figure of any script and width.
_FIGURE: Final = re.compile(r"\d")


async def ask(connection: Any, heard: Heard, tools: Tools, reaction: Reaction) -> None:
    """Ask which of the open questions the digit answers; the text waits meanwhile."""
    which = heard.thread.which[:2]
    asked = await tools.answers.ask_which(connection, heard.to, which, heard.at)
    reaction.leave("a digit that answers more than one open question")
    if asked is not None:
        reaction.caused(_EFFECT, message_id=str(asked), questions=[str(question.id) for question in which])
    no = next((question for question in which if _may_be_no(heard, question, tools)), None)
    if no is not None:
        reaction.add(await disowning.hold(connection, answering(heard, no, tools.answers), "moved_or_sold"))


def _may_be_no(heard: Heard, question: Sent, tools: Tools) -> bool:
    """Whether the digit says of a contact check that the number is wrong, should that be what it answers."""
    return tools.answers.codes_of(question.template).get(heard.thread.digit or "") in DISOWNING


async def ask_again(connection: Any, heard: Heard, tools: Tools) -> Reaction:
    """Ask politely to say it again; the text waits for a person whatever comes of that.

    A machine is not asked, nor is a number that nobody knows: two machines would talk to each other for ever.
    """
    reaction = Reaction()
    reaction.leave("unclear")
    if heard.contact_point_id is None or heard.reading.machine:
        return reaction
    asked = await tools.answers.ask_again(connection, heard.to, heard.at)
    if asked is not None:
        reaction.caused(_ASKED_AGAIN, message_id=str(asked))
    return reaction


async def settle_earlier(connection: Any, heard: Heard, reaction: Reaction) -> None:
    """What was unclear before is settled by an answer that is acted on; nobody needs to look at it any more."""
    if reaction.remarks or not reaction.effects or heard.contact_point_id is None:
        return
    rows = await connection.fetch(
        """UPDATE inbound SET state = 'done', choices = '[]', effects = effects || $3::jsonb
           WHERE sender = $1 AND id < $2 AND state = 'triage' AND reading->'intents' = '["unclear"]'::jsonb
             AND effects @> $4::jsonb AND received_at > $5 RETURNING id""",
        heard.sender,
        heard.id,
        json.dumps([{"effect": "said_again", "inbound_id": str(heard.id)}]),
        json.dumps([{"effect": _ASKED_AGAIN}]),
        heard.at - ONCE_AGAIN,
    )
    for row in rows:
        reaction.caused("clarified", inbound_id=str(row["id"]))


def left_open(heard: Heard, reaction: Reaction) -> None:
    """A figure within words, after our asking which, that nothing came of ("打错了 是1"): a person looks."""
    asked = heard.sent[0].template if heard.sent else None
    if asked == TEMPLATE and not reaction.effects and not reaction.remarks and _FIGURE.search(heard.text):
        reaction.leave("answers in words what we asked back")


def chooses(heard: Heard) -> bool:
    """Whether the text answers our asking which."""
    question = heard.thread.question
    return question is not None and question.template == TEMPLATE and heard.thread.digit is not None


async def choose(
    connection: Any,
    heard: Heard,
    react: Callable[[Any, Heard, Tools], Awaitable[Reaction]],
    tools: Tools,
    reaction: Reaction,
) -> None:
    """React (`react` does) to the earlier digit as the answer to the question that was chosen now."""
    question = heard.thread.question
    assert question is not None, "only an answer to our asking chooses"
    reaction.answers = question.id
    row = await connection.fetchrow(
        """SELECT id, sender, text, channel, received_at, reading::text, effects::text FROM inbound
           WHERE sender = $1 AND state = 'triage' AND effects @> $2::jsonb ORDER BY id DESC LIMIT 1 FOR UPDATE""",
        heard.sender,
        json.dumps([{"effect": _EFFECT, "message_id": str(question.id)}]),
    )
    chosen = await _chosen(connection, row, int(heard.thread.digit or 0))
    if row is None or chosen is None:
        reaction.leave("answers a question of ours that is settled already")
        return
    reading = json.loads(row["reading"])
    earlier = Heard(
        id=row["id"],
        sender=row["sender"],
        text=row["text"],
        channel=row["channel"],
        at=heard.at,
        contact_point_id=heard.contact_point_id,
        language=heard.language,
        thread=heard.thread,
        reading=Reading(**{**reading, "intents": tuple(reading["intents"]), "because": tuple(reading["because"])}),
    )
    meant = answering(earlier, chosen, tools.answers)
    await doubting.clear(connection, row["id"], meant, tools, otherwise=not set(DISOWNING) & set(meant.reading.intents))
    await keep(connection, meant, await react(connection, meant, tools))
    reaction.caused("clarified", inbound_id=str(row["id"]), question=str(chosen.id))


async def _chosen(connection: Any, row: Any, place: int) -> Sent | None:
    if row is None:
        return None
    questions: list[str] = next(
        effect["questions"] for effect in json.loads(row["effects"]) if effect["effect"] == _EFFECT
    )
    if not 1 <= place <= len(questions):
        return None
    found = await connection.fetchrow(
        """SELECT id, kind, purpose, template, coalesce(sent_at, claimed_at, created_at) AS sent_at
           FROM message WHERE id = $1::uuid""",
        questions[place - 1],
    )
    return None if found is None else Sent(**dict(found))
