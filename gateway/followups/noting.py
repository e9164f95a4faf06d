"""The audit entries of follow-ups."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.kernel import audit


async def note(
    connection: Any,
    now: datetime,
    actor: str,
    action: str,
    followup_id: UUID,
    after: dict[str, Any],
    before: dict[str, Any] | None = None,
) -> None:
    """Write down who did what to a follow-up, in the connection's transaction."""
    await audit.write(
        connection,
        at=now,
        actor=actor,
        action=action,
        subject=f"followup:{followup_id}",
        before=before,
        after=after,
    )
