"""Threading: which message a text answers (domain notes §7 "What a digit means").

A question is a message whose template declares reply codes; it stays open for 72 hours. A bare digit means only
what an open question says. Words are taken to answer the newest message.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.archive import chats
from gateway.kernel.ids import first_id
from gateway.outbox import AccountPart
from gateway.outbox.messages import ANSWERS

#: How long a question is open, and how long a message can be what a text is about.
OPEN: Final = timedelta(hours=72)
MEMORY: Final = timedelta(days=90)
#: A message may wait this long between being written and going out.
_DEFERRED: Final = timedelta(days=14)
#: More than this many texts to one number in 90 days leave the oldest out of sight.
_MOST: Final = 200

_SENT: Final = """
SELECT id, kind, purpose, template, coalesce(sent_at, claimed_at, created_at) AS sent_at FROM message
WHERE contact_point_id = ANY ($1::bigint[]) AND id >= $2
  AND state IN ('sending', 'uncertain', 'sent', 'delivered', 'undelivered')
  AND coalesce(sent_at, claimed_at, created_at) > $3 AND coalesce(sent_at, claimed_at, created_at) <= $5
ORDER BY coalesce(sent_at, claimed_at, created_at) DESC, id DESC LIMIT $4
"""

#: A digit and nothing else that could mean anything.
_DIGIT: Final = re.compile(r"[\W_]*([0-9])[\W_]*")

#: The codes that a template declares: digit → intent.
CodesOf = Callable[[str], Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message that went to the number, newest first in a list."""

    id: UUID
    kind: str
    purpose: str
    template: str
    sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """What a text is taken to answer.

    `question` is the open question it answers, `about` the message it is about where it is no answer to a
    question; `which` are the questions among which only the customer can choose.
    """

    question: Sent | None = None
    about: Sent | None = None
    digit: str | None = None
    which: tuple[Sent, ...] = ()

    @property
    def answers(self) -> Sent | None:
        """The message to keep as the one that was answered."""
        return self.question or self.about


def bare_digit(text: str) -> str | None:
    """The digit that is all a text says, full-width and punctuated ones included, or None."""
    found = _DIGIT.fullmatch(unicodedata.normalize("NFKC", text))
    return found[1] if found else None


def thread(
    text: str,
    sent: Sequence[Sent],
    answered: Collection[UUID],
    codes_of: CodesOf,
    now: datetime,
    replies_to: UUID | None = None,
) -> Thread:
    """What `text` answers, among messages `sent` (newest first) of which `answered` have an answer already.

    `replies_to` is the message that the carrier says it answers: then there is nothing to guess.
    """
    newest = next((message for message in sent if message.kind not in ANSWERS), None)
    named = next((message for message in sent if message.id == replies_to), None)
    if named is not None:
        asks = now - named.sent_at <= OPEN and bool(codes_of(named.template))
        return Thread(question=named if asks else None, about=named, digit=bare_digit(text))
    questions = [message for message in sent if now - message.sent_at <= OPEN and codes_of(message.template)]
    digit = bare_digit(text)
    if digit is not None:
        return _of_digit(digit, questions, answered, codes_of, newest)
    waiting = [question for question in questions if question.id not in answered]
    if waiting and waiting[0].kind != "clarification":
        return Thread(question=waiting[0], about=newest)
    if questions and questions[0] is newest:
        return Thread(question=newest, about=newest)
    return Thread(about=newest)


def _of_digit(
    digit: str,
    questions: Sequence[Sent],
    answered: Collection[UUID],
    codes_of: CodesOf,
    newest: Sent | None,
) -> Thread:
    meant = [question for question in questions if digit in codes_of(question.template)]
    waiting = [question for question in meant if question.id not in answered]
    if not waiting:
        return Thread(question=meant[0] if meant else None, about=newest, digit=digit)
    if waiting[0].kind == "clarification":
        return Thread(question=waiting[0], about=newest, digit=digit)
    by_kind = {question.kind: question for question in reversed(waiting) if question.kind != "clarification"}
    if len(by_kind) > 1:
        which = sorted(by_kind.values(), key=lambda question: question.sent_at, reverse=True)
        return Thread(about=newest, digit=digit, which=tuple(which))
    return Thread(question=waiting[0], about=newest, digit=digit)


async def sent_to(connection: Any, contact_point_id: int, now: datetime) -> list[Sent]:
    """What went out to the person at a contact point within the last 90 days, by SMS or in chats, newest first."""
    points = await chats.person(connection, contact_point_id)
    rows = await connection.fetch(_SENT, points, first_id(now - MEMORY - _DEFERRED), now - MEMORY, _MOST, now)
    return [Sent(**dict(row)) for row in rows]


async def answered_by(connection: Any, sender: str, channel: str, now: datetime, before: UUID) -> set[UUID]:
    """Messages that a sender answered since the oldest question that can be open, before the inbound `before`."""
    rows = await connection.fetch(
        """SELECT DISTINCT answers FROM inbound WHERE sender = $1 AND channel = $4 AND id >= $2 AND id < $3
             AND state <> 'received' AND answers IS NOT NULL""",
        sender,
        first_id(now - OPEN),
        before,
        channel,
    )
    return {row["answers"] for row in rows}


async def account_behind(connection: Any, contact_point_id: int, account_id: int) -> AccountPart | None:
    """An account that the number, or one of a chat's numbers, still stands for; None where none does."""
    row = await connection.fetchrow(
        """SELECT a.id AS account_id, a.account_no, l.id AS link_id
           FROM contact_link l JOIN account a ON a.id = l.account_id
           WHERE a.id = $1 AND l.contact_point_id = ANY($2::bigint[]) AND l.state <> 'revoked' ORDER BY l.id LIMIT 1""",
        account_id,
        await chats.numbers_behind(connection, contact_point_id),
    )
    return None if row is None else AccountPart(**dict(row))


async def parts_of(connection: Any, message_id: UUID) -> list[AccountPart]:
    """The accounts a message speaks for."""
    rows = await connection.fetch(
        "SELECT account_id, account_no, link_id, ground FROM message_account WHERE id = $1 ORDER BY position",
        message_id,
    )
    return [AccountPart(**dict(row)) for row in rows]


async def accounts_within(connection: Any, message_ids: Sequence[UUID]) -> set[int]:
    """The accounts that messages speak for, whichever of them."""
    rows = await connection.fetch(
        "SELECT DISTINCT account_id FROM message_account WHERE id = ANY($1::uuid[])", list(message_ids)
    )
    return {row["account_id"] for row in rows}


async def accounts_told(connection: Any, contact_points: Sequence[int], now: datetime) -> set[int]:
    """Accounts that a person was told about at these contact points within the last 90 days."""
    rows = await connection.fetch(
        """SELECT DISTINCT a.account_id FROM message m JOIN message_account a USING (id)
           WHERE m.contact_point_id = ANY($1::bigint[]) AND m.id >= $2
             AND m.state IN ('sending', 'uncertain', 'sent', 'delivered', 'undelivered')""",
        list(contact_points),
        first_id(now - MEMORY),
    )
    return {row["account_id"] for row in rows}
