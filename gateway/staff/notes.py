"""Notes: what a member of staff is told in the chat in which they are signed in, in place of a text to their number.

    left ──► being told ──► told
      │           └──► not told: the chat refuses it. Whoever left the note says it otherwise (`give_up`);
      │                what nobody says otherwise is told again, ever later, for three days
      └──► given up: nobody told it in time, so whoever left the note says it otherwise

A note is taken before it is told, in a transaction of its own, and is given up only while nobody has taken it: so it
is never told in the chat and elsewhere too. What may have been told, by a node that died or by a call without an
answer, counts as told.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.kernel.ids import new_id
from gateway.staff.chat_sign_in import ACTS_FOR

#: Channel on which nodes tell one another that a note was left.
WAKE: Final = "staff_notes"
#: How long the chat has, in real time, before the note is told otherwise.
PATIENCE: Final = timedelta(minutes=10)
_SECONDS: Final = PATIENCE.total_seconds()
#: How long after a refusal what nobody says otherwise is told again; each further time twice as long. After some days
#: it is no news any more.
AGAIN: Final = timedelta(minutes=5)
NEWS: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNote:
    """What is to be told to whom: words of the bot's by their `kind`, filled with `values`."""

    staff_no: str
    kind: str
    #: What it is about (`followup:…`).
    subject: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note as it is told, in a chat of the person's."""

    id: UUID
    staff_no: str
    kind: str
    subject: str
    values: Mapping[str, str]
    chat: str
    language: str | None


async def in_chat(connection: Any, staff_nos: Collection[str]) -> set[str]:
    """Those of some members of staff who are signed in in a chat."""
    rows = await connection.fetch(
        """SELECT DISTINCT m.staff_no FROM staff_chat c JOIN staff_login l USING (staff_id)
           JOIN staff_member m ON m.id = c.staff_id
           WHERE c.ended_at IS NULL AND l.disabled_at IS NULL AND m.staff_no = ANY($1::text[])""",
        list(staff_nos),
    )
    return {row["staff_no"] for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What everybody of a role is told. `account_no` is whose matter it is; none: the whole utility's."""

    subject: str
    values: Mapping[str, str]
    account_no: str | None = None


async def tell_role(connection: Any, role: str, kind: str, said: Sequence[Said], *, at: datetime) -> None:
    """Leave notes for everybody who holds a role, acts for the part of the utility that each concerns, and is signed
    in in a chat.

    Nobody is told them otherwise.
    """
    rows = await connection.fetch(
        f"""SELECT DISTINCT s.place, m.staff_no FROM unnest($2::text[]) WITH ORDINALITY AS s(account_no, place)
            CROSS JOIN staff_chat c JOIN staff_login l USING (staff_id) JOIN staff_member m ON m.id = c.staff_id
            WHERE c.ended_at IS NULL AND l.disabled_at IS NULL AND $1 = ANY(l.roles)
              AND {ACTS_FOR.format(account_no="s.account_no")} ORDER BY m.staff_no, s.place""",
        role,
        [one.account_no for one in said],
    )
    noted = [
        NewNote(staff_no=row["staff_no"], kind=kind, subject=one.subject, values=one.values)
        for row in rows
        for one in (said[row["place"] - 1],)
    ]
    await leave(connection, noted, at=at)


async def leave(connection: Any, notes: Sequence[NewNote], *, at: datetime) -> None:
    """Leave notes, in the connection's transaction."""
    if not notes:
        return
    await connection.execute(
        """INSERT INTO staff_note (id, staff_no, kind, subject, "values", at)
           SELECT n.id, n.staff_no, n.kind, n.subject, n.filled::jsonb, $6
           FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
             AS n(id, staff_no, kind, subject, filled)""",
        [new_id(at) for _ in notes],
        [note.staff_no for note in notes],
        [note.kind for note in notes],
        [note.subject for note in notes],
        [json.dumps(dict(note.values), ensure_ascii=False) for note in notes],
        at,
    )
    await connection.execute("SELECT pg_notify($1, '')", WAKE)


async def take(connection: Any, platform: str, *, limit: int) -> list[Note]:
    """Take up to `limit` notes to be told on a platform now; each is taken once."""
    rows = await connection.fetch(
        """UPDATE staff_note n SET telling_at = clock_timestamp() FROM (
             SELECT n.id, c.chat, l.language FROM staff_note n JOIN staff_member m ON m.staff_no = n.staff_no
             JOIN LATERAL (SELECT chat, staff_id FROM staff_chat
                           WHERE staff_id = m.id AND platform = $1 AND ended_at IS NULL
                           ORDER BY id DESC LIMIT 1) c ON true
             JOIN staff_login l ON l.staff_id = c.staff_id AND l.disabled_at IS NULL
             WHERE n.telling_at IS NULL AND n.ended_at IS NULL
               AND (n.remark IS NULL OR n.again_at <= clock_timestamp())
               AND n.left_at > clock_timestamp() - $3::interval
             ORDER BY n.id LIMIT $2 FOR UPDATE OF n SKIP LOCKED) AS due
           WHERE n.id = due.id
           RETURNING n.id, n.staff_no, n.kind, n.subject, n."values"::text AS values, due.chat, due.language""",
        platform,
        limit,
        NEWS,
    )
    return [
        Note(
            id=row["id"],
            staff_no=row["staff_no"],
            kind=row["kind"],
            subject=row["subject"],
            values=json.loads(row["values"]),
            chat=row["chat"],
            language=row["language"],
        )
        for row in sorted(rows, key=lambda row: row["id"])
    ]


async def told(connection: Any, note: UUID, *, where: str) -> None:
    """A note was told, or may have been."""
    await connection.execute(
        "UPDATE staff_note SET ended_at = clock_timestamp(), ended = 'told', remark = $2 WHERE id = $1", note, where
    )


async def put_back(connection: Any, note: UUID) -> None:
    """A note that surely was not told may be taken again."""
    await connection.execute("UPDATE staff_note SET telling_at = NULL WHERE id = $1 AND ended_at IS NULL", note)


async def not_told(connection: Any, note: UUID, *, why: str, again: bool) -> None:
    """A note cannot be told in the chat now; with `again` it is tried later, for nobody says it otherwise."""
    await connection.execute(
        """UPDATE staff_note SET telling_at = NULL, remark = $2, tries = tries + 1,
             again_at = CASE WHEN $3 THEN clock_timestamp() + $4::interval * power(2, least(tries, 10)) END
           WHERE id = $1 AND ended_at IS NULL""",
        note,
        why,
        again,
        AGAIN,
    )


async def give_up(connection: Any, kind: str) -> list[tuple[str, str, Mapping[str, str]]]:
    """Give up the notes of a kind that nobody took in time, or that cannot be told: staff number, subject, values."""
    rows = await connection.fetch(
        f"""UPDATE staff_note SET ended_at = clock_timestamp(), ended = 'given_up'
            WHERE kind = $1 AND ended_at IS NULL AND telling_at IS NULL
              AND (remark IS NOT NULL OR left_at < clock_timestamp() - interval '{_SECONDS:.0f} s')
            RETURNING id, staff_no, subject, "values"::text AS values""",
        kind,
    )
    return [
        (row["staff_no"], row["subject"], json.loads(row["values"])) for row in sorted(rows, key=lambda row: row["id"])
    ]


async def forget(connection: Any, before: datetime) -> None:
    """Drop what was left long ago."""
    await connection.execute("DELETE FROM staff_note WHERE at < $1", before)
