"""Listening: a stored text in its thread and its dialogue, read by the present reader."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gateway.archive import chats
from gateway.archive.links import language_of
from gateway.inbox.answers import Answers
from gateway.inbox.dialogues import Dialogue, dialogue, scale_of
from gateway.inbox.heard import Heard
from gateway.inbox.threads import Sent, Thread, account_behind, answered_by, bare_digit, sent_to, thread
from gateway.inbox.understanding import Context, Reading, read, read_dialogue
from gateway.outbox.carriers import kind_of_point

#: What the code of a text means that asks nothing, and goes out while something else may be asked still.
_OFFERED: Final = frozenset(("broken_commitment",))
#: The columns of an inbound that listening needs.
COLUMNS: Final = "id, sender, text, channel, received_at, contact_point_id, replies_to, account_id"


async def listen(connection: Any, row: Any, answers: Answers) -> Heard:
    """A text as it stood when it came: what it answers, what was said before, and how that is read."""
    sender, at = row["sender"] or "", row["received_at"]
    point = row["contact_point_id"] or await connection.fetchval(
        "SELECT id FROM contact_point WHERE address = $1 AND kind = $2", sender, kind_of_point(row["channel"])
    )
    sent: list[Sent] = []
    answered: set[UUID] = set()
    language = None
    spoken = Dialogue()
    if point is not None:
        sent = await sent_to(connection, point, at)
        answered = await answered_by(connection, sender, row["channel"], at, row["id"])
        of = language_of if row["channel"] == "sms" else chats.language_of
        language = await of(connection, point)
        spoken = await dialogue(connection, inbound_id=row["id"], sender=sender, text=row["text"], at=at, sent=sent)
    account = None
    if point is not None and row["account_id"] is not None:
        account = await account_behind(connection, point, row["account_id"])
    found = thread(row["text"], sent, answered, answers.codes_of, at, row["replies_to"])
    context = context_of(found, answers, at, row["text"])
    # What a bare digit means is settled by the thread: only what an open question says.
    in_dialogue = found.digit is None and bool(spoken.turns)
    return Heard(
        id=row["id"],
        sender=sender,
        text=row["text"],
        channel=row["channel"],
        at=at,
        contact_point_id=point,
        language=language,
        thread=found,
        account=account,
        reading=read_dialogue(spoken.turns, context) if in_dialogue else read(row["text"], context),
        sent=tuple(sent),
        dialogue=spoken,
    )


def answering(heard: Heard, question: Sent, answers: Answers) -> Heard:
    """The same text as the answer to `question`."""
    found = Thread(question=question, about=question, digit=bare_digit(heard.text))
    reading: Reading = read(heard.text, context_of(found, answers, heard.at, heard.text))
    return replace(heard, thread=found, reading=reading, dialogue=Dialogue())


def context_of(found: Thread, answers: Answers, at: datetime, text: str) -> Context:
    """The question that was open, as the reader takes it.

    What we promise in a case offers a code for when it is not kept, and asks nothing: words without that figure
    answer what was asked before.
    """
    asked = found.question or (found.about if found.digit is None else None)
    if asked is None:
        return Context(kind="none", codes={})
    codes: Mapping[str, str] | None = answers.codes_of(asked.template) if found.question is not None else {}
    if codes and set(codes.values()) <= _OFFERED and not set(codes) & set(unicodedata.normalize("NFKC", text)):
        codes = None
    hours = (at - asked.sent_at).total_seconds() / 3600
    return Context(kind=asked.kind, scale=scale_of(asked.kind), hours_since=max(0.0, hours), codes=codes)
