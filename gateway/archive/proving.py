"""Proving a contact: a code sent to the number and answered, or a yes on the account's trusted channel.

A number that somebody only names is nobody's proof. The customer's own proposal wants the code from the new
number, and, unless it came from a contact that is itself proven, something only the holder has beside it: the
account number or the amount of a bill (domain notes §5.3.7).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from gateway.archive import changes, links
from gateway.archive.changes import NewChange
from gateway.kernel import audit
from gateway.kernel.ids import new_id

#: How long a code is good, and how often it may be tried.
CODE_LASTS: Final = timedelta(minutes=30)
QUESTION_LASTS: Final = timedelta(hours=72)
MOST_TRIES: Final = 5
#: Codes that one number is sent, or one person asks for, in a day.
MOST_CODES: Final = 3
#: Digits of an account number that only somebody with a bill in hand knows: texts show the last four.
_KNOWN_DIGITS: Final = 6

_FIGURES: Final = re.compile(r"\d[\d,]*(?:\.\d{1,2})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An account for which a number is to be proven, and as what. `correction` is the case that brings it."""

    account_id: int
    account_no: str
    role: str
    correction: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A proof that was asked for and can still be given."""

    id: UUID
    account_id: int
    account_no: str
    contact_point_id: int
    number: str
    role: str
    how: str
    correction_id: UUID | None
    digest: str | None
    tries: int
    needs_knowledge: bool
    replaces_point_id: int | None


def new_code() -> str:
    """Six digits that nobody can foresee."""
    return f"{secrets.randbelow(1_000_000):06d}"


def _digest(proof: UUID, code: str) -> str:
    return hashlib.sha256(proof.bytes + code.encode()).hexdigest()


def figures(text: str) -> list[str]:
    """The figures in a text, full-width ones and grouped ones included."""
    return [found.replace(",", "") for found in _FIGURES.findall(unicodedata.normalize("NFKC", text))]


def knows(told: Sequence[str], code: str, account_no: str, amounts: Sequence[Decimal]) -> bool:
    """Whether the figures of an answer show, beside the code, what only the holder has."""
    rest = list(told)
    if code in rest:
        rest.remove(code)
    return any(
        (len(figure) >= _KNOWN_DIGITS and account_no.endswith(figure)) or ("." in figure and Decimal(figure) in amounts)
        for figure in rest
    )


async def may_ask(connection: Any, contact_point_id: int, asked_by: str, at: datetime) -> bool:
    """Whether the number may be sent one more code today, and whether `asked_by` may ask for one."""
    most = await connection.fetchval(
        """SELECT greatest(count(DISTINCT message_id) FILTER (WHERE contact_point_id = $1),
                           count(DISTINCT message_id) FILTER (WHERE asked_by = $2))
           FROM contact_proof WHERE how = 'code' AND asked_at > $3 AND (contact_point_id = $1 OR asked_by = $2)""",
        contact_point_id,
        asked_by,
        at - timedelta(days=1),
    )
    return int(most) < MOST_CODES


async def ask(
    connection: Any,
    wishes: Sequence[Wish],
    contact_point_id: int,
    *,
    how: str,
    code: str | None,
    message_id: UUID,
    asked_by: str,
    at: datetime,
    needs_knowledge: bool = False,
    replaces: int | None = None,
) -> None:
    """Keep that proof was asked for; an earlier one for the same account and number is given up."""
    await connection.execute(
        """UPDATE contact_proof SET state = 'expired', settled_at = $3
           WHERE contact_point_id = $1 AND account_id = ANY($2::int[]) AND state = 'asked' AND how = $4""",
        contact_point_id,
        [wish.account_id for wish in wishes],
        at,
        how,
    )
    for wish in wishes:
        proof = new_id(at)
        await connection.execute(
            """INSERT INTO contact_proof (id, account_id, contact_point_id, role, correction_id, how, asked_at,
                 asked_by, expires_at, digest, needs_knowledge, replaces_point_id, message_id)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)""",
            proof,
            wish.account_id,
            contact_point_id,
            wish.role,
            wish.correction,
            how,
            at,
            asked_by,
            at + (CODE_LASTS if how == "code" else QUESTION_LASTS),
            None if code is None else _digest(proof, code),
            needs_knowledge,
            replaces,
            message_id,
        )


_OPEN: Final = """
SELECT f.id, f.account_id, a.account_no, f.contact_point_id, p.address AS number, f.role, f.how, f.correction_id,
       f.digest, f.tries, f.needs_knowledge, f.replaces_point_id
FROM contact_proof f JOIN account a ON a.id = f.account_id JOIN contact_point p ON p.id = f.contact_point_id
WHERE f.state = 'asked' AND f.expires_at > $1
"""


async def open_codes(connection: Any, contact_point_id: int, at: datetime) -> list[Open]:
    """The codes that a number was sent and can still answer, locked."""
    rows = await connection.fetch(
        f"{_OPEN} AND f.how = 'code' AND f.contact_point_id = $2 ORDER BY f.id FOR UPDATE OF f", at, contact_point_id
    )
    return [Open(**dict(row)) for row in rows]


async def asked_with(connection: Any, message_id: UUID, at: datetime) -> list[Open]:
    """The proofs that a message asked for and that are still open, locked."""
    rows = await connection.fetch(f"{_OPEN} AND f.message_id = $2 ORDER BY f.id FOR UPDATE OF f", at, message_id)
    return [Open(**dict(row)) for row in rows]


def fits(proofs: Sequence[Open], told: Sequence[str]) -> tuple[list[Open], str | None]:
    """The proofs that one of the figures is the code of, and that figure."""
    for figure in told:
        given = [one for one in proofs if one.digest and hmac.compare_digest(one.digest, _digest(one.id, figure))]
        if given:
            return given, figure
    return [], None


async def missed(connection: Any, proofs: Sequence[Open], at: datetime) -> None:
    """Count a wrong try; too many end the proof."""
    await connection.execute(
        """UPDATE contact_proof SET tries = tries + 1,
             state = CASE WHEN tries + 1 >= $2 THEN 'failed' ELSE state END,
             settled_at = CASE WHEN tries + 1 >= $2 THEN $3 ELSE settled_at END WHERE id = ANY($1::uuid[])""",
        [one.id for one in proofs],
        MOST_TRIES,
        at,
    )


async def settle(connection: Any, proofs: Sequence[Open], state: str, at: datetime) -> None:
    """End proofs as `proven` or `refused`."""
    await connection.execute(
        "UPDATE contact_proof SET state = $2, settled_at = $3 WHERE id = ANY($1::uuid[])",
        [one.id for one in proofs],
        state,
        at,
    )


_PROVEN_LINK: Final = """
INSERT INTO contact_link AS l (account_id, contact_point_id, role, state, source, state_since, registered_on,
                               verified_at, verified_how, is_default)
VALUES ($1, $2, $3, 'verified', 'customer', $4, $4::timestamptz::date, $4, $5,
        NOT EXISTS (SELECT 1 FROM contact_link WHERE account_id = $1 AND is_default))
ON CONFLICT (account_id, contact_point_id) DO UPDATE SET state = 'verified', needs_proof = false, reason = NULL,
  questioned_at = NULL,  verified_at = $4, verified_how = $5,
  state_since = CASE WHEN l.state = 'verified' THEN l.state_since ELSE $4 END
RETURNING id
"""


async def link_proven(connection: Any, proofs: Sequence[Open], *, how: str, actor: str, at: datetime) -> list[int]:
    """Make the links that were proven, or verify those there are; even a revoked one comes back by its own proof.

    Which links; what upstream must hear of them is recorded, and in the case that brings them, so that a revert
    takes them back.
    """
    made: list[int] = []
    told: dict[UUID | None, list[NewChange]] = {}
    for proof in proofs:
        before = await links.of_account(connection, proof.account_id, proof.contact_point_id)
        link = await connection.fetchval(_PROVEN_LINK, proof.account_id, proof.contact_point_id, proof.role, at, how)
        made.append(link)
        if proof.correction_id is not None:
            await connection.execute(
                """INSERT INTO correction_contact (correction_id, link_id, account_id, contact_point_id, role, before)
                   VALUES ($1, $2, $3, $4, $5, $6::jsonb) ON CONFLICT (correction_id, link_id) DO NOTHING""",
                proof.correction_id,
                link,
                proof.account_id,
                proof.contact_point_id,
                proof.role,
                None if before is None else before.json,
            )
        kind = "link_added" if before is None else "link_restored" if before.state == "revoked" else None
        if kind is not None:
            told.setdefault(proof.correction_id, []).append(
                NewChange(kind=kind, account_no=proof.account_no, number=proof.number, role=proof.role)
            )
        await audit.write(
            connection,
            at=at,
            actor=actor,
            action="link.proven",
            subject=f"contact_point:{proof.contact_point_id}",
            before=None if before is None else {"state": before.state},
            after={"link": link, "how": how, "proof": str(proof.id)},
        )
    for case, news in told.items():
        await changes.record(connection, news, at=at, correction_id=case)
    return made


async def proven_contact(connection: Any, account_id: int, since: datetime) -> Mapping[str, Any] | None:
    """The contact of an account that was proven last, after `since`: its trusted channel."""
    row: Mapping[str, Any] | None = await connection.fetchrow(
        """SELECT l.id AS link_id, l.contact_point_id, p.address AS number, a.language, a.account_no
           FROM contact_link l JOIN contact_point p ON p.id = l.contact_point_id JOIN account a ON a.id = l.account_id
           WHERE l.account_id = $1 AND l.state = 'verified' AND l.verified_at > $2 AND p.state = 'active'
             AND p.line <> 'landline' ORDER BY l.verified_at DESC LIMIT 1""",
        account_id,
        since,
    )
    return row
