"""Stopping (promise P3): what must not leave any more is withheld in the transaction of what stops it.

Every stop also tells all nodes, so that what they have claimed and not begun goes back and is judged anew. A
message already handed over cannot be called back; it stays as it is.

A stop of a ground holds from its commit, however many texts rest on it, since every claim judges by the ground:
a pause touches no text at all, and of very many the rows follow (`gateway.outbox.sweeping`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gateway.outbox.messages import ANSWERS, WAKE
from gateway.outbox.sweeping import FIRST, PAGE, notice_ground, sweep, withhold

#: Channel on which a stop is told; the payload is empty, since whatever is claimed and not begun is re-judged.
STOP: Final = "outbox_stop"


async def tell_nodes(connection: Any) -> None:
    """Tell every dispatcher, when the transaction commits, to look again at what it has not begun."""
    await connection.execute("SELECT pg_notify($1, '')", STOP)


async def stop_grounds(connection: Any, grounds: Sequence[str], *, reason: str, at: datetime) -> int:
    """Declare grounds as no longer holding and withhold the texts that rest on nothing else.

    A text that speaks for other accounts too stays queued; its next claim finds it partly stopped, and it is
    composed anew without them. How many texts were withheld at once; of very many the others follow. `reason`
    is one of the contract's.
    """
    if not grounds:
        return 0
    await _halt(connection, grounds, reason, at)
    whole = await connection.fetch(
        """SELECT DISTINCT a.id FROM message_account a JOIN message m USING (id)
           WHERE a.ground = ANY($1::text[]) AND m.state = 'queued' AND NOT EXISTS (
             SELECT 1 FROM message_account other LEFT JOIN ground_stop stop ON stop.ground = other.ground
             WHERE other.id = a.id AND stop.ground IS NULL)
           LIMIT $2""",
        list(grounds),
        PAGE + 1,
    )
    stopped = await withhold(
        connection, [row["id"] for row in whole[:PAGE]], reason=reason, at=at, words=f"its ground ended: {reason}"
    )
    if len(whole) > PAGE:
        await _follow_up(connection, grounds)
    await tell_nodes(connection)
    return len(stopped)


async def resume_grounds(connection: Any, grounds: Sequence[str]) -> None:
    """Let grounds hold again (a payment was reversed, a paused notice goes on). Withheld texts stay withheld."""
    await connection.execute("DELETE FROM ground_stop WHERE ground = ANY($1::text[])", list(grounds))


async def pause_notice(connection: Any, notice: UUID, *, at: datetime) -> None:
    """Keep back whatever of a notice is queued as long as it is paused: no claim takes it, its rows stay."""
    await _halt(connection, [notice_ground(notice)], "paused", at)
    await tell_nodes(connection)


async def resume_notice(connection: Any, notice: UUID) -> None:
    """Let a paused notice go on."""
    await connection.execute("DELETE FROM ground_stop WHERE ground = $1 AND reason = 'paused'", notice_ground(notice))
    await connection.execute("SELECT pg_notify($1, '')", WAKE)


async def cancel_notice(connection: Any, notice: UUID, *, at: datetime) -> int:
    """Cancel whatever of a notice is queued; how many texts at once. Of very many the others follow."""
    ground = notice_ground(notice)
    await _halt(connection, [ground], "cancelled", at)
    await _follow_up(connection, [ground])
    cancelled = await sweep(connection, ground, "cancelled", FIRST, at)
    await tell_nodes(connection)
    return cancelled


async def _halt(connection: Any, grounds: Sequence[str], reason: str, at: datetime) -> None:
    await connection.execute(
        """INSERT INTO ground_stop (ground, reason, at)
           SELECT DISTINCT ground, $2, $3::timestamptz FROM unnest($1::text[]) AS ground ORDER BY ground
           ON CONFLICT (ground) DO UPDATE SET reason = excluded.reason, at = excluded.at""",
        list(grounds),
        reason,
        at,
    )


async def _follow_up(connection: Any, grounds: Sequence[str]) -> None:
    """Leave the texts on stopped grounds to the sweeper, from the first on."""
    await connection.execute(
        "UPDATE ground_stop SET sweep_after = $2 WHERE ground = ANY($1::text[])", list(grounds), FIRST
    )


async def stop_links(connection: Any, links: Sequence[int], *, reason: str, at: datetime, words: str) -> int:
    """Withhold queued texts that go out through these links alone; how many. `reason`: misdirected or revoked.

    A text to a number that names no account goes out through whatever links the number has: it is withheld
    when none of them is left, unless it answers what was just written from there.
    """
    rows = await connection.fetch(
        """SELECT a.id FROM message_account a JOIN message m USING (id)
           WHERE m.state = 'queued'
             AND (m.contact_point_id IN (SELECT contact_point_id FROM contact_link WHERE id = ANY($1::bigint[]))
                  OR m.contact_point_id IN (
                    SELECT b.chat_point_id FROM contact_link l
                    JOIN chat_binding b ON b.phone_point_id = l.contact_point_id
                    WHERE l.id = ANY($1::bigint[]) AND b.ended_at IS NULL))
             AND a.link_id = ANY($1::bigint[])
             AND NOT EXISTS (
               SELECT 1 FROM message_account other LEFT JOIN contact_link l ON l.id = other.link_id
               WHERE other.id = a.id AND (
                 l.id IS NULL OR l.state NOT IN ('suspended', 'revoked') AND l.questioned_at IS NULL))
           UNION
           SELECT m.id FROM message m
           WHERE m.state = 'queued' AND m.kind <> ALL ($2::text[])
             AND m.contact_point_id IN (SELECT contact_point_id FROM contact_link WHERE id = ANY($1::bigint[]))
             AND NOT EXISTS (SELECT 1 FROM message_account a WHERE a.id = m.id)
             AND NOT EXISTS (SELECT 1 FROM contact_link l WHERE l.contact_point_id = m.contact_point_id
                               AND l.state NOT IN ('suspended', 'revoked'))""",
        list(links),
        list(ANSWERS),
    )
    stopped = await withhold(connection, list({row["id"] for row in rows}), reason=reason, at=at, words=words)
    await tell_nodes(connection)
    return len(stopped)


async def give_up_at(connection: Any, contact_point: int, *, code: str, at: datetime, words: str) -> int:
    """Let what is queued for a contact point and may go on elsewhere fail there, so that it does; how many texts.

    What has nowhere else to go stays, and its claim says why it does not leave.
    """
    rows = await connection.fetch(
        """WITH failed AS (
             UPDATE message SET state = 'failed', error_code = $2
             WHERE contact_point_id = $1 AND state = 'queued' AND fallback IS NOT NULL RETURNING id)
           INSERT INTO message_event (id, at, kind, detail) SELECT id, $3, 'failed', $4 FROM failed RETURNING id""",
        contact_point,
        code,
        at,
        words,
    )
    await tell_nodes(connection)
    return len(rows)


async def stop_purposes(
    connection: Any, contact_point: int, purposes: Sequence[str], *, at: datetime, words: str
) -> int:
    """Withhold queued texts of these purposes (`all` for every one) to a contact point; how many."""
    rows = await connection.fetch(
        """SELECT id FROM message WHERE contact_point_id = $1 AND state = 'queued' AND klass NOT IN ('L', 'V')
             AND ('all' = ANY($2::text[]) OR purpose = ANY($2::text[]))
             AND kind <> ALL ($3::text[])""",
        contact_point,
        list(purposes),
        list(ANSWERS),
    )
    stopped = await withhold(connection, [row["id"] for row in rows], reason="opted_out", at=at, words=words)
    await tell_nodes(connection)
    return len(stopped)
