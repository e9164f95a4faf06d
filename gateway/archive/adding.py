"""Adding a contact that a correction brings: the number, the link, and what forbids it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.archive import links
from gateway.archive.changes import NewChange
from gateway.archive.deciding import Proposed, check_roles
from gateway.kernel.errors import Conflict, FieldError, InvalidInput
from gateway.kernel.phones import InvalidPhone, Kind, PhoneNumber, parse


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedContact:
    """A link that was made just now and still has to be confirmed by whoever holds the number."""

    link_id: int
    contact_point_id: int
    number: str
    line: str
    account_id: int
    account_no: str
    language: str


@dataclass(frozen=True, slots=True)
class _Wanted:
    number: PhoneNumber
    account_id: int
    account_no: str
    language: str
    role: str


async def add_contacts(
    connection: Any,
    correction_id: UUID,
    contacts: Sequence[Proposed],
    *,
    default_account: str | None,
    region: str,
    at: datetime,
) -> tuple[list[AddedContact], list[NewChange]]:
    """Make the links of `contacts`, unverified; those made, and the changes for upstream.

    A link that is there already only takes the role. Raises InvalidInput naming the field for an account or
    number that cannot be, and Conflict for a link that was revoked: it is not brought back in passing.
    """
    check_roles(contacts)
    added: list[AddedContact] = []
    changes: list[NewChange] = []
    for wanted in await _resolved(connection, contacts, default_account, region):
        point = await _contact_point(connection, wanted.number)
        known = await links.of_account(connection, wanted.account_id, point)
        if known is not None and known.state == "revoked":
            raise Conflict(
                f"number {wanted.number} was revoked for account {wanted.account_no};"
                " it comes back only by a revert or by the customer's own proof"
            )
        if known is not None:
            if known.role != wanted.role:
                await connection.execute("UPDATE contact_link SET role = $2 WHERE id = $1", known.id, wanted.role)
                await _note(connection, correction_id, known.id, wanted, point, known.snapshot)
                changes.append(_change("role_changed", wanted))
            continue
        link = await _make(connection, wanted, point, at)
        await _note(connection, correction_id, link, wanted, point, None)
        changes.append(_change("link_added", wanted))
        added.append(
            AddedContact(
                link_id=link,
                contact_point_id=point,
                number=wanted.number.e164,
                line=wanted.number.kind.value,
                account_id=wanted.account_id,
                account_no=wanted.account_no,
                language=wanted.language,
            )
        )
    return added, changes


async def _resolved(
    connection: Any, contacts: Sequence[Proposed], default_account: str | None, region: str
) -> list[_Wanted]:
    """Contacts with their accounts and numbers, those of staff refused."""
    faults: list[FieldError] = []
    numbers: list[PhoneNumber | None] = []
    for index, contact in enumerate(contacts):
        try:
            numbers.append(parse(contact.number, region))
        except InvalidPhone as error:
            numbers.append(None)
            faults.append(FieldError(f"new_contacts[{index}].number", str(error), error.reason.value))
    accounts = {
        row["account_no"]: row
        for row in await connection.fetch(
            "SELECT id, account_no, language FROM account WHERE account_no = ANY($1::text[])",
            [contact.account_no or default_account or "" for contact in contacts],
        )
    }
    staff = {
        row["phone"]
        for row in await connection.fetch(
            "SELECT phone FROM staff_member WHERE phone = ANY($1::text[])", [n.e164 for n in numbers if n is not None]
        )
    }
    wanted: list[_Wanted] = []
    for index, (contact, number) in enumerate(zip(contacts, numbers, strict=True)):
        account = accounts.get(contact.account_no or default_account or "")
        if account is None:
            faults.append(
                FieldError(f"new_contacts[{index}].account_no", "there is no such account", "unknown_account")
            )
        if number is not None and number.e164 in staff:
            told = "this is the number of a member of staff"
            faults.append(FieldError(f"new_contacts[{index}].number", told, "staff_number"))
        if account is not None and number is not None:
            wanted.append(_Wanted(number, account["id"], account["account_no"], account["language"], contact.role))
    if faults:
        raise InvalidInput("a new contact cannot be added", errors=faults)
    return wanted


async def _contact_point(connection: Any, number: PhoneNumber) -> int:
    line = number.kind.value if number.kind is not Kind.UNKNOWN else "unknown"
    point: int = await connection.fetchval(
        """INSERT INTO contact_point (kind, address, line) VALUES ('phone', $1, $2)
           ON CONFLICT (address, kind) DO UPDATE SET address = excluded.address RETURNING id""",
        number.e164,
        line,
    )
    return point


async def _make(connection: Any, wanted: _Wanted, point: int, at: datetime) -> int:
    link: int = await connection.fetchval(
        """INSERT INTO contact_link (account_id, contact_point_id, role, state, source, state_since, registered_on,
                                     needs_proof, is_default)
           VALUES ($1, $2, $3, 'unverified', 'correction', $4, $4::timestamptz::date, true,
                   NOT EXISTS (SELECT 1 FROM contact_link WHERE account_id = $1 AND is_default)) RETURNING id""",
        wanted.account_id,
        point,
        wanted.role,
        at,
    )
    return link


async def _note(
    connection: Any, case: UUID, link: int, wanted: _Wanted, point: int, before: dict[str, Any] | None
) -> None:
    await connection.execute(
        """INSERT INTO correction_contact (correction_id, link_id, account_id, contact_point_id, role, before)
           VALUES ($1, $2, $3, $4, $5, $6::jsonb)
           ON CONFLICT (correction_id, link_id) DO UPDATE SET role = excluded.role""",
        case,
        link,
        wanted.account_id,
        point,
        wanted.role,
        None if before is None else json.dumps(before),
    )


def _change(kind: str, wanted: _Wanted) -> NewChange:
    return NewChange(kind=kind, account_no=wanted.account_no, number=wanted.number.e164, role=wanted.role)


async def brought_beside(connection: Any, link_ids: Sequence[int]) -> list[int]:
    """Links that the same correction brought for other accounts of the same customer, with the same number.

    Whoever is reached for one of them is reached for all: the number is asked about one.
    """
    rows = await connection.fetch(
        """SELECT DISTINCT l.id FROM correction_contact asked JOIN account a ON a.id = asked.account_id
           JOIN correction_contact c ON c.correction_id = asked.correction_id
             AND c.contact_point_id = asked.contact_point_id
           JOIN account o ON o.id = c.account_id AND o.customer_id = a.customer_id
           JOIN contact_link l ON l.id = c.link_id AND l.state = 'unverified' AND l.needs_proof
           WHERE asked.link_id = ANY($1::int[]) AND l.id <> ALL($1::int[]) ORDER BY 1""",
        list(link_ids),
    )
    return [row["id"] for row in rows]


async def unasked(connection: Any, contact_point_id: int) -> list[AddedContact]:
    """Links of a number that corrections brought, are not proven, and were not asked about yet."""
    rows = await connection.fetch(
        """SELECT DISTINCT l.id AS link_id, p.id AS contact_point_id, p.address AS number, p.line,
                  a.id AS account_id, a.account_no, a.language
           FROM contact_link l JOIN correction_contact c ON c.link_id = l.id
           JOIN contact_point p ON p.id = l.contact_point_id JOIN account a ON a.id = l.account_id
           WHERE l.contact_point_id = $1 AND l.state = 'unverified' AND l.needs_proof
             AND NOT EXISTS (SELECT 1 FROM contact_check k WHERE k.contact_point_id = $1 AND k.link_id = l.id)
           ORDER BY l.id""",
        contact_point_id,
    )
    return [AddedContact(**dict(row)) for row in rows]
