"""Recording what a customer said about a service: on the event that was asked about, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gateway.evaluations.suspecting import suspect
from gateway.evaluations.tallies import uncount
from gateway.kernel.ids import new_id

#: The invitation a text belongs to: the one that asked, its reminder, a question that followed.
OF_TEXT: Final = """
SELECT id FROM invitation WHERE message_id = $1
UNION ALL SELECT invitation_id FROM invitation_text WHERE message_id = $1
"""
_INVITATION: Final = f"""
SELECT i.id, (SELECT asks FROM invitation_text WHERE message_id = $1) AS asked
FROM invitation i WHERE i.id IN ({OF_TEXT}) ORDER BY i.id LIMIT 1 FOR UPDATE OF i
"""
_INSERT: Final = """
INSERT INTO evaluation (id, invitation_id, score, solved, comment, why, at, channel, contact_point_id, inbound_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
# What the later answer does not say stands from the earlier one; what it does say goes over it. A score that was
# taken back counts again when another is given; one that a reviewer struck, or looks made up, stays that.
_SUPERSEDE: Final = """
UPDATE evaluation SET
  history = history || jsonb_build_array(jsonb_build_object(
    'score', score, 'solved', solved, 'comment', comment, 'at', at, 'inbound_id', inbound_id)),
  score = coalesce($2, score), solved = coalesce($3, solved), comment = coalesce($4, comment),
  why = coalesce($5, why), at = $6, channel = $7, inbound_id = $8,
  state = CASE WHEN state = 'withdrawn' THEN 'counted' ELSE state END
WHERE id = $1
"""
_WITHDRAW: Final = f"""
UPDATE evaluation e SET
  history = e.history || jsonb_build_array(jsonb_build_object(
    'score', e.score, 'solved', e.solved, 'comment', e.comment, 'at', e.at, 'inbound_id', e.inbound_id)),
  score = NULL, state = CASE WHEN e.state = 'counted' THEN 'withdrawn' ELSE e.state END, at = $2, inbound_id = $3
FROM invitation i WHERE i.id = e.invitation_id AND i.id IN ({OF_TEXT}) AND e.score IS NOT NULL
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

    A later answer supersedes an earlier one, which stays in the history. Words that answer why a score was low are
    kept as that.
    """
    invitation = await connection.fetchrow(_INVITATION, answer.message_id)
    if invitation is None:
        return None
    comment, why = answer.comment, None
    if invitation["asked"] == "why":
        comment, why = None, answer.comment
    earlier = await connection.fetchval(
        "SELECT id FROM evaluation WHERE invitation_id = $1 FOR UPDATE", invitation["id"]
    )
    said = (answer.score, answer.solved, comment, why, answer.at, answer.channel)
    if earlier is not None:
        await connection.execute(_SUPERSEDE, earlier, *said, answer.inbound_id)
        evaluation = earlier
    else:
        evaluation = new_id(answer.at)
        await connection.execute(
            _INSERT, evaluation, invitation["id"], *said, answer.contact_point_id, answer.inbound_id
        )
    await uncount(connection, [invitation["id"]])
    await suspect(connection, evaluation, answer.at)
    return Recorded(id=evaluation, revised=earlier is not None)


async def withdraw(connection: Any, message_id: UUID, *, inbound_id: UUID, at: datetime) -> UUID | None:
    """Take back the score given in answer to a message; the evaluation, None where no score counts.

    What was given stays in the history; a later score counts again.
    """
    evaluation: UUID | None = await connection.fetchval(_WITHDRAW, message_id, at, inbound_id)
    if evaluation is not None:
        await uncount(connection, [row["id"] for row in await connection.fetch(OF_TEXT, message_id)])
    return evaluation


async def answers_since(connection: Any, message_id: UUID, inbound_id: UUID) -> list[UUID]:
    """The inbounds behind the evaluation that a message invited to, where a score counts, of those after another."""
    rows = await connection.fetch(
        f"""SELECT said.id FROM evaluation e CROSS JOIN LATERAL (
              SELECT e.inbound_id AS id
              UNION SELECT (earlier ->> 'inbound_id')::uuid FROM jsonb_array_elements(e.history) AS earlier
            ) AS said WHERE e.invitation_id IN ({OF_TEXT}) AND e.score IS NOT NULL AND said.id > $2""",
        message_id,
        inbound_id,
    )
    return [row["id"] for row in rows]


async def asked_about(connection: Any, message_id: UUID) -> tuple[str, str] | None:
    """The service event that a message invited to evaluate, `(kind, reference)`; None where it invited to nothing."""
    row = await connection.fetchrow(
        f"SELECT event_kind, event_ref FROM invitation WHERE id IN ({OF_TEXT}) ORDER BY id LIMIT 1", message_id
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
