"""What people decide about ratings, each where their role and their part of the utility allow it: a rating is
contested, a challenge decided, an answer that was set apart looked at. The rules are those of `reviewing`."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.reach import require_account
from gateway.evaluations import reviewing
from gateway.kernel.acting import needs
from gateway.kernel.clock import Clock
from gateway.kernel.database import driver

_ACCOUNT: Final = """
SELECT i.account_id FROM evaluation e JOIN invitation i ON i.id = e.invitation_id WHERE e.id = $1
"""


class Ratings:
    """Use cases on one rating each; `by` is the staff number of who says it. Each raises NotFound, Conflict and
    Forbidden as `reviewing` does."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @needs("evaluations:challenge")
    async def challenge(
        self, session: AsyncSession, evaluation: UUID, *, by: str, grounds: str, evidence: str, actor: str
    ) -> UUID:
        """Contest a rating for the unit whose work it was; the challenge."""
        connection = await self._within(session, evaluation)
        return await reviewing.challenge(
            connection, evaluation, by=by, grounds=grounds, evidence=evidence, at=self._clock.now(), actor=actor
        )

    @needs("evaluations:review", whole=True)
    async def decide(
        self, session: AsyncSession, challenge: UUID, *, by: str, uphold: bool, decision: str, actor: str
    ) -> None:
        """Decide a challenge from outside the unit."""
        await reviewing.decide(
            await driver(session),
            challenge,
            by=by,
            uphold=uphold,
            decision=decision,
            at=self._clock.now(),
            actor=actor,
        )

    @needs("evaluations:review")
    async def review(
        self, session: AsyncSession, evaluation: UUID, *, by: str, counts: bool, words: str, actor: str
    ) -> None:
        """Say what an answer that was set apart is worth."""
        connection = await self._within(session, evaluation)
        await reviewing.review(
            connection, evaluation, by=by, counts=counts, words=words, at=self._clock.now(), actor=actor
        )

    @staticmethod
    async def _within(session: AsyncSession, evaluation: UUID) -> Any:
        connection = await driver(session)
        await require_account(session, await connection.fetchval(_ACCOUNT, evaluation), "evaluation")
        return connection
