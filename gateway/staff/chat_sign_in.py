"""Signing staff in to the staff bot: a code from the console or the command line, good once and for ten minutes.

Whoever is signed in acts by the roles that he holds at that moment: taking a role away, or the sign-in, takes effect
with the next step.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.kernel import audit
from gateway.kernel.acting import Acting
from gateway.kernel.errors import NotFound
from gateway.staff.roles import scopes_of

CODE_LASTS: Final = timedelta(minutes=10)
#: Wrong codes that a chat may try in a while.
MOST_TRIES: Final = 5
_FORGOTTEN: Final = timedelta(minutes=15)

_WHO: Final = """
SELECT c.id AS sign_in, m.staff_no, m.name, l.roles, l.language,
  CASE WHEN l.organisation_id IS NULL THEN NULL ELSE ARRAY(
    WITH RECURSIVE below AS (
      SELECT l.organisation_id AS id UNION
      SELECT o.id FROM organisation o JOIN below b ON o.parent_id = b.id
    ) SELECT id FROM below) END AS reach
FROM staff_chat c JOIN staff_login l USING (staff_id) JOIN staff_member m ON m.id = c.staff_id
WHERE c.platform = $1 AND c.chat = $2 AND c.ended_at IS NULL AND l.disabled_at IS NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class InChat:
    """A member of staff who is signed in in a chat."""

    staff_no: str
    name: str
    roles: tuple[str, ...]
    language: str | None
    acting: Acting

    def may(self, scope: str) -> bool:
        """Whether one of their roles holds `scope`."""
        return self.acting.may(scope)


def _digest(code: str) -> str:
    return hashlib.sha256(f"staff:{code}".encode()).hexdigest()


async def new_code(connection: Any, name: str, *, actor: str, at: datetime) -> str:
    """A code for whoever signs in as `name`, or has that staff number; earlier ones are good no more.

    Raises NotFound where nobody signs in so.
    """
    staff = await connection.fetchval(
        """SELECT l.staff_id FROM staff_login l JOIN staff_member m ON m.id = l.staff_id
           WHERE (l.name = lower($1) OR m.staff_no = $1) AND l.disabled_at IS NULL""",
        name,
    )
    if staff is None:
        raise NotFound("Nobody signs in by this name.")
    await connection.execute("DELETE FROM staff_code WHERE staff_id = $1 AND used_at IS NULL", staff)
    code = f"{secrets.randbelow(100_000_000):08d}"
    await connection.execute(
        "INSERT INTO staff_code (digest, staff_id, made_at, expires_at) VALUES ($1, $2, $3, $4)",
        _digest(code),
        staff,
        at,
        at + CODE_LASTS,
    )
    await audit.write(connection, at=at, actor=actor, action="staff.code_made", subject=f"staff:{staff}")
    return code


async def sign_in(connection: Any, platform: str, chat: str, code: str, *, at: datetime) -> InChat | None:
    """Sign in by a code; None where it is wrong, old or used, or where the chat has tried too often."""
    subject = f"chat:{platform}:{chat}"
    tried = await connection.fetchval(
        "SELECT failures FROM sign_in_tries WHERE subject = $1 AND last_at > $2 FOR UPDATE", subject, at - _FORGOTTEN
    )
    staff = None
    if (tried or 0) < MOST_TRIES:
        staff = await connection.fetchval(
            """UPDATE staff_code SET used_at = $2 WHERE digest = $1 AND used_at IS NULL AND expires_at > $2
               RETURNING staff_id""",
            _digest(code),
            at,
        )
    if staff is None:
        await connection.execute(
            """INSERT INTO sign_in_tries AS t (subject, failures, last_at) VALUES ($1, 1, $2)
               ON CONFLICT (subject) DO UPDATE SET last_at = $2,
                 failures = CASE WHEN t.last_at < $3 THEN 1 ELSE least(t.failures + 1, 1000) END""",
            subject,
            at,
            at - _FORGOTTEN,
        )
        return None
    await sign_out(connection, platform, chat, at=at)
    await connection.execute(
        "INSERT INTO staff_chat (platform, chat, staff_id, began_at) VALUES ($1, $2, $3, $4)", platform, chat, staff, at
    )
    found = await who(connection, platform, chat)
    if found is not None:
        await audit.write(
            connection,
            at=at,
            actor=found.acting.actor,
            action="staff.signed_in",
            subject=f"staff:{staff}",
            after={"platform": platform},
        )
    return found


async def sign_out(connection: Any, platform: str, chat: str, *, at: datetime) -> None:
    """End the sign-in of a chat, where there is one."""
    ended = await connection.fetchrow(
        """UPDATE staff_chat c SET ended_at = $3 FROM staff_member m
           WHERE c.platform = $1 AND c.chat = $2 AND c.ended_at IS NULL AND m.id = c.staff_id
           RETURNING m.id, m.staff_no""",
        platform,
        chat,
        at,
    )
    if ended is not None:
        await audit.write(
            connection,
            at=at,
            actor=f"staff:{ended['staff_no']}",
            action="staff.signed_out",
            subject=f"staff:{ended['id']}",
            after={"platform": platform},
        )


async def who(connection: Any, platform: str, chat: str) -> InChat | None:
    """Who is signed in in a chat, with the roles of this moment."""
    row = await connection.fetchrow(_WHO, platform, chat)
    if row is None:
        return None
    reach = row["reach"]
    return InChat(
        staff_no=row["staff_no"],
        name=row["name"],
        roles=tuple(row["roles"]),
        language=row["language"],
        acting=Acting(
            actor=f"staff:{row['staff_no']}",
            scopes=scopes_of(row["roles"]),
            organisations=None if reach is None else frozenset(reach),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Somebody who is told something in a chat."""

    staff_no: str
    chat: str
    language: str | None
    scopes: frozenset[str]

    def may(self, scope: str) -> bool:
        """Whether one of their roles holds `scope`."""
        return scope in self.scopes or "admin" in self.scopes


#: That whoever signs in (`staff_login l`) acts for the part of the utility that an account (its number) belongs to,
#: or for the whole of it. What belongs to no account, or to one that hangs nowhere, is the whole utility's.
ACTS_FOR: Final = """(l.organisation_id IS NULL OR l.organisation_id IN (
  WITH RECURSIVE above AS (
    SELECT t.organisation_id AS id FROM account a JOIN transformer_area t ON t.id = a.transformer_area_id
    WHERE a.account_no = {account_no} UNION
    SELECT o.parent_id FROM organisation o JOIN above ON above.id = o.id WHERE o.parent_id IS NOT NULL
  ) SELECT id FROM above))"""

_LISTENING: Final = f"""
SELECT m.staff_no, c.chat, l.language, l.roles
FROM staff_chat c JOIN staff_login l USING (staff_id) JOIN staff_member m ON m.id = c.staff_id
WHERE c.platform = $1 AND c.ended_at IS NULL AND l.disabled_at IS NULL AND ($2::text[] IS NULL OR l.roles && $2::text[])
  AND {ACTS_FOR.format(account_no="$3::text")} ORDER BY c.id
"""


async def listening(
    connection: Any, platform: str, *, roles: Sequence[str] | None, account_no: str | None
) -> list[Listener]:
    """Who is signed in on a platform and may see what concerns an account: those with one of the roles, or all."""
    rows = await connection.fetch(_LISTENING, platform, None if roles is None else list(roles), account_no)
    return [
        Listener(staff_no=row["staff_no"], chat=row["chat"], language=row["language"], scopes=scopes_of(row["roles"]))
        for row in rows
    ]
