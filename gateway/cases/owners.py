"""Who owns a case from the first moment, and who may speak for the unit that it is with (domain notes S0.2, S0.15)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel.acting import acting_in
from gateway.kernel.database import driver
from gateway.kernel.errors import Forbidden, InvalidInput

#: That a matter is not how this person did something, as a customer found it: they own no case of that.
_NOT_RATED: Final = """NOT EXISTS (
  SELECT 1 FROM invitation i WHERE i.event_kind = split_part(w.matter, ':', 1)
    AND i.event_ref = substr(w.matter, strpos(w.matter, ':') + 1) AND i.person_no = {person})"""
# Of the staff only those are kept who might be drawn, and the words of their jobs are read once for all cases.
_FIRST: Final = f"""
WITH able AS MATERIALIZED (
  SELECT s.staff_no, t.code, s.job ~* '坐席|座席|客服|回访|follow-up|call cent' AS talks
  FROM staff_member s LEFT JOIN team t ON t.id = s.team_id
  WHERE t.code = ANY($4::text[]) OR s.job ~* '坐席|座席|客服|回访|follow-up|call cent')
SELECT w.id, CASE WHEN w.moved THEN coalesce(unit.staff_no, manager.no, talks.staff_no)
                  ELSE coalesce(manager.no, unit.staff_no, talks.staff_no) END AS owner
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::bool[]) AS w(id, matter, account, unit, moved)
LEFT JOIN LATERAL (
  SELECT a.manager_no AS no FROM account a WHERE a.id = w.account AND {_NOT_RATED.format(person="a.manager_no")}
) AS manager ON true
LEFT JOIN LATERAL (
  SELECT s.staff_no FROM able s WHERE s.code = w.unit AND {_NOT_RATED.format(person="s.staff_no")}
  ORDER BY md5(s.staff_no || w.id::text) LIMIT 1) AS unit ON true
LEFT JOIN LATERAL (
  SELECT s.staff_no FROM able s WHERE s.talks AND {_NOT_RATED.format(person="s.staff_no")}
  ORDER BY md5(s.staff_no || w.id::text) LIMIT 1) AS talks ON true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownerless:
    """A case for which nobody was named. `moved`: its new unit's own people come before the account's manager."""

    id: UUID
    matter: str
    account_id: int | None
    unit: str
    moved: bool = False


async def owners(connection: Any, cases: Sequence[Ownerless]) -> dict[UUID, str]:
    """Who owns each: the account's manager or somebody drawn of the unit, else of those who talk with customers, and
    never whoever it is about. Without an entry where there is nobody: it is the unit's alone."""
    if not cases:
        return {}
    rows = await connection.fetch(
        _FIRST,
        [one.id for one in cases],
        [one.matter for one in cases],
        [one.account_id for one in cases],
        [one.unit for one in cases],
        [one.moved for one in cases],
    )
    return {row["id"]: row["owner"] for row in rows if row["owner"] is not None}


#: Units that every utility has, whether or not a team bears the name.
OFFICES: Final = frozenset({"customer_service", "dispatch", "billing", "supervision"})


async def must_be_known(session: AsyncSession, owner_no: str | None, unit: str | None = None) -> None:
    """Raise InvalidInput where whoever acts names an owner who is no member of staff, or a person a unit that is no
    team: that would be nobody's door. A program may have units of its own."""
    acting = acting_in(session)
    if acting is None:
        return
    connection = await driver(session)
    if owner_no is not None and not await connection.fetchval(
        "SELECT EXISTS (SELECT 1 FROM staff_member WHERE staff_no = $1)", owner_no
    ):
        raise InvalidInput(f"there is no member of staff {owner_no}", field="owner")
    if unit is None or unit in OFFICES or acting.staff_no is None:
        return
    if not await connection.fetchval(
        """SELECT EXISTS (SELECT 1 FROM team WHERE code = $1) OR EXISTS (SELECT 1 FROM "case" WHERE unit = $1)""", unit
    ):
        raise InvalidInput(f"there is no unit {unit}", field="unit")


def person_of(actor: str) -> str | None:
    """The number of the member of staff who acts; None for a program or the house."""
    kind, _, number = actor.partition(":")
    return number if kind == "staff" else None


async def must_receive(connection: Any, handover: Any, actor: str) -> None:
    """Raise Forbidden where a person speaks for the receiving unit who is not of it: of the giving unit's people nobody
    does, and where the receiving one is a team that is known, nobody but its own."""
    person = person_of(actor)
    if person is None:
        return
    team = await _team(connection, person)
    known = await connection.fetchval("SELECT EXISTS (SELECT 1 FROM team WHERE code = $1)", handover["to_unit"])
    giver = person == handover["from_owner"] or team == handover["from_unit"]
    if person == person_of(handover["by"]) or (team != handover["to_unit"] and (giver or known)):
        raise Forbidden(f"this is for {handover['to_unit']}, which receives the case")


async def must_be_outside(connection: Any, case: Any, actor: str) -> None:
    """Raise Forbidden for who owns a case or closed it, and for the people of their units: "solved" is not theirs to
    put down."""
    person = person_of(actor)
    if person is None:
        return
    closer = person_of(case["asked_by"] or "")
    team = await _team(connection, person)
    barred = {case["unit"]} | ({await _team(connection, closer)} if closer is not None else set())
    if person == case["owner_no"] or (team is not None and team in barred):
        raise Forbidden("that it is solved is put down by somebody outside the unit that dealt with it")


async def _team(connection: Any, staff_no: str) -> str | None:
    found: str | None = await connection.fetchval(
        "SELECT t.code FROM staff_member s JOIN team t ON t.id = s.team_id WHERE s.staff_no = $1", staff_no
    )
    return found
