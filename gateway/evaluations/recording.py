"""Recording what a customer said about a service: on the event that was asked about, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gateway.kernel.ids import new_id

_INVITATION: Final = "SELECT id FROM invitation WHERE message_id = $1 ORDER BY id LIMIT 1 FOR UPDATE"
_INSERT: Final = """
INSERT INTO evaluation (id, invitation_id, score, solved, comment, at, channel, contact_point_id, inbound_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
# What the later answer does not say stands from the earlier one; what it does say goes over it.
_SUPERSEDE: Final = """
UPDATE evaluation SET
  history = history || jsonb_build_array(jsonb_build_object(
    'score', score, 'solved', solved, 'comment', comment, 'at', at, 'inbound_id', inbound_id)),
  score = coalesce($2, score), solved = coalesce($3, solved), comment = coalesce($4, comment), at = $5, channel = $6,
  inbound_id = $7,
  state = 'counted'
WHERE id = $1
"""
_WITHDRAW: Final = """
UPDATE evaluation e SET
  history = e.history || jsonb_build_array(jsonb_build_object(
    'score', e.score, 'solved', e.solved, 'comment', e.comment, 'at', e.at, 'inbound_id', e.inbound_id)),
  score = NULL, state = 'withdrawn', at = $2, inbound_id = $3
FROM invitation i WHERE i.id = e.invitation_id AND i.message_id = $1 AND e.state = 'counted' AND e.score IS NOT NULL
RETURNING e.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a customer answered: at least one of `score`, `solved` and `comment`."""

    message_id: UUID
    #: What the customer wrote, and from which number; None where it was said to somebody.
    inbound_id: UUID | None
    contact_point_id: int | None
    channel: str
    at: datetime
    score: int | None = None
    solved: bool | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The evaluation that holds the answer, and whether it superseded an earlier one."""

    id: UUID
    revised: bool


async def record(connection: Any, answer: Answer) -> Recorded | None:
    """Record an answer in the connection's transaction; None where the message invited nobody to evaluate.

    A later answer supersedes an earlier one, which stays in the history.
    """
    invitation = await connection.fetchval(_INVITATION, answer.message_id)
    if invitation is None:
        return None
    earlier = await connection.fetchval("SELECT id FROM evaluation WHERE invitation_id = $1 FOR UPDATE", invitation)
    if earlier is not None:
        await connection.execute(
            _SUPERSEDE,
            earlier,
            answer.score,
            answer.solved,
            answer.comment,
            answer.at,
            answer.channel,
            answer.inbound_id,
        )
        return Recorded(id=earlier, revised=True)
    evaluation = new_id(answer.at)
    await connection.execute(
        _INSERT,
        evaluation,
        invitation,
        answer.score,
        answer.solved,
        answer.comment,
        answer.at,
        answer.channel,
        answer.contact_point_id,
        answer.inbound_id,
    )
    return Recorded(id=evaluation, revised=False)


async def withdraw(connection: Any, message_id: UUID, *, inbound_id: UUID, at: datetime) -> UUID | None:
    """Take back the score given in answer to a message; the evaluation, None where no score counts.

    What was given stays in the history; a later score counts again.
    """
    evaluation: UUID | None = await connection.fetchval(_WITHDRAW, message_id, at, inbound_id)
    return evaluation


async def asked_about(connection: Any, message_id: UUID) -> tuple[str, str] | None:
    """The service event that a message invited to evaluate, `(kind, reference)`; None where it invited to nothing."""
    row = await connection.fetchrow(
        "SELECT event_kind, event_ref FROM invitation WHERE message_id = $1 ORDER BY id LIMIT 1", message_id
    )
    return None if row is None else (row["event_kind"], row["event_ref"])


async def carry_over(connection: Any, successors: Mapping[UUID, UUID]) -> None:
    """Let invitations follow their texts that went on on another channel: the answer comes to the successor."""
    await connection.execute(
        """UPDATE invitation i SET message_id = s.successor FROM unnest($1::uuid[], $2::uuid[]) AS s(id, successor)
           WHERE i.message_id = s.id""",
        list(successors),
        list(successors.values()),
    )
