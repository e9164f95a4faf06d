"""Hearing what carriers say about numbers: signals, dead numbers, refusals given to the carrier."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from gateway.archive import chats, evidence, opt_outs, signals
from gateway.archive.opening import Doubt, open_or_join
from gateway.archive.signals import Pattern, Sign, is_dead, is_useless
from gateway.inbox.consenting import stop
from gateway.kernel import audit
from gateway.kernel.ids import first_id
from gateway.outbox import give_up_at
from gateway.outbox.carriers import Evidence
from gateway.outbox.settling import Told

#: Evidence that is kept as a signal, under this kind.
KINDS: Final = {
    Evidence.TEMPORARY: "temporary",
    Evidence.UNALLOCATED: "unallocated",
    Evidence.NO_SMS: "no_sms",
    Evidence.MALFORMED: "malformed",
    Evidence.BLOCKED: "blocked",
}


async def hear(connection: Any, told: Sequence[Told]) -> None:
    """Weigh evidence in the transaction that settles: signals kept, dead numbers stopped, refusals heeded.

    A dead number is never taken for a wrong person: its links stay as they are, the number alone is
    unreachable, and a correction asks for a better one (domain notes §7 "Dead numbers").
    """
    # First of all and in one order: whoever hears of the same numbers meanwhile waits here, and never in a ring.
    points = sorted({item.contact_point_id for item in told})
    await connection.execute("SELECT FROM contact_point WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE", points)
    signs = [
        Sign(
            contact_point_id=item.contact_point_id,
            kind=KINDS[item.evidence],
            at=item.at,
            evidence={"code": item.code, "message_id": str(item.message_id)},
        )
        for item in told
        if item.evidence in KINDS
    ]
    if signs:
        await evidence.take(connection, signs, max(sign.at for sign in signs))
    for item in told:
        if item.evidence is Evidence.GONE:
            words = f"the chat cannot be written to: {item.code}"
            if await chats.left(connection, item.contact_point_id, why=item.code, actor="carrier", at=item.at):
                await give_up_at(connection, item.contact_point_id, code=item.code, at=item.at, words=words)
        if item.evidence is Evidence.OPTED_OUT:
            await stop(connection, item.contact_point_id, opt_outs.ALL, at=item.at, source="carrier", actor="carrier")
    bounced = {item.contact_point_id: item.at for item in told if item.evidence in _BOUNCES}
    if bounced:
        await _bury(connection, bounced)


_BOUNCES: Final = frozenset((Evidence.TEMPORARY, Evidence.UNALLOCATED, Evidence.NO_SMS, Evidence.MALFORMED))


async def _bury(connection: Any, bounced: dict[int, datetime]) -> None:
    points = sorted(bounced)
    latest = max(bounced.values())
    delivered = await connection.fetch(
        """SELECT contact_point_id, max(delivered_at) AS at FROM message
           WHERE contact_point_id = ANY($1::bigint[]) AND id >= $2 AND state = 'delivered' GROUP BY 1""",
        points,
        first_id(latest - signals.MEMORY),
    )
    moments = await signals.bounces(
        connection, points, {row["contact_point_id"]: row["at"] for row in delivered}, latest
    )
    for point in points:
        pattern = is_dead(moments[point])
        if pattern is not None:
            await _unreachable(connection, point, pattern, bounced[point])
        elif (useless := is_useless(moments[point])) is not None:
            await _no_text(connection, point, *useless, bounced[point])


async def _unreachable(connection: Any, point: int, pattern: Pattern, at: datetime) -> None:
    fell = await connection.fetchval(
        """UPDATE contact_point SET state = 'unreachable', state_since = $2
           WHERE id = $1 AND state = 'active' RETURNING true""",
        point,
        at,
    )
    if not fell:
        return
    words = f"{pattern.kind} at least {pattern.times} times"
    await audit.write(
        connection,
        at=at,
        actor="carrier",
        action="contact_point.unreachable",
        subject=f"contact_point:{point}",
        before={"state": "active"},
        after={"state": "unreachable", "because": words},
    )
    await _ask_for_another(connection, point, "bounce", words, at)


async def _no_text(connection: Any, point: int, pattern: Pattern, line: str, at: datetime) -> None:
    """A number that cannot be, or a landline: policy writes to it no more, and a correction asks for another."""
    was = await connection.fetchval("SELECT line FROM contact_point WHERE id = $1", point)
    if was in ("landline", "invalid"):
        return
    await connection.execute("UPDATE contact_point SET line = $2 WHERE id = $1", point, line)
    await audit.write(
        connection,
        at=at,
        actor="carrier",
        action="contact_point.line",
        subject=f"contact_point:{point}",
        before={"line": was},
        after={"line": line, "because": pattern.kind},
    )
    words = "there is no such number" if line == "invalid" else "no text can reach it: it is no mobile"
    await give_up_at(connection, point, code=pattern.kind, at=at, words=words)
    await _ask_for_another(connection, point, "invalid_format", words, at)


async def _ask_for_another(connection: Any, point: int, reason: str, words: str, at: datetime) -> None:
    """Open a case that asks for a better number, where the number stands on accounts."""
    accounts = await connection.fetch(
        "SELECT account_id FROM contact_link WHERE contact_point_id = $1 AND state <> 'revoked'", point
    )
    if accounts:
        await open_or_join(
            connection,
            Doubt(
                contact_point_id=point,
                accounts=[row["account_id"] for row in accounts],
                suspend=[],
                reason=reason,
                words=words,
                actor="carrier",
                at=at,
                hints=[{"kind": reason, "words": words}],
            ),
        )
