"""Alerts: somebody may be in danger. One for each reply that says so, until a person takes it on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.reach import require_account
from gateway.kernel import audit
from gateway.kernel.acting import require
from gateway.kernel.clock import Clock
from gateway.kernel.database import driver
from gateway.kernel.errors import Conflict, NotFound
from gateway.kernel.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Danger:
    """What a reply says is in danger: `safety` for people, `loss` for things of great worth."""

    kind: str
    inbound_id: UUID
    sender: str
    account_no: str | None
    words: str
    actor: str
    at: datetime


async def raise_alert(connection: Any, danger: Danger) -> UUID | None:
    """Raise the alert of a reply in the connection's transaction; None where it stands already."""
    alert: UUID | None = await connection.fetchval(
        """INSERT INTO alert (id, inbound_id, kind, at, sender, account_no, words) VALUES ($1, $2, $3, $4, $5, $6, $7)
           ON CONFLICT (inbound_id) DO NOTHING RETURNING id""",
        new_id(danger.at),
        danger.inbound_id,
        danger.kind,
        danger.at,
        danger.sender,
        danger.account_no,
        danger.words,
    )
    if alert is not None:
        await audit.write(
            connection,
            at=danger.at,
            actor=danger.actor,
            action="alert.raised",
            subject=f"alert:{alert}",
            after={"kind": danger.kind, "inbound_id": str(danger.inbound_id)},
        )
    return alert


async def acknowledge(session: AsyncSession, alert_id: UUID, *, note: str | None, actor: str, clock: Clock) -> None:
    """Take an alert on. Raises NotFound, and Conflict where somebody else has taken it on."""
    require(session, "cases:write")
    connection = await driver(session)
    row = await connection.fetchrow("SELECT acknowledged_by, account_no FROM alert WHERE id = $1 FOR UPDATE", alert_id)
    if row is None:
        raise NotFound("There is no alert with this id.")
    account = await connection.fetchval("SELECT id FROM account WHERE account_no = $1", row["account_no"])
    await require_account(session, account, "alert")
    if row["acknowledged_by"] is not None:
        raise Conflict(f"{row['acknowledged_by']} has taken this alert on")
    now = clock.now()
    await connection.execute(
        "UPDATE alert SET acknowledged_at = $2, acknowledged_by = $3, note = $4 WHERE id = $1",
        alert_id,
        now,
        actor,
        note,
    )
    await audit.write(
        connection,
        at=now,
        actor=actor,
        action="alert.acknowledged",
        subject=f"alert:{alert_id}",
        after={"note": note},
    )
