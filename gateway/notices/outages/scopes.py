"""Where an outage is: parts of the grid and single accounts, and through the grid whom it concerns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.kernel.errors import FieldError, InvalidInput

#: Accounts `a` (with their transformer area `area`) that the scope of outage `{outage}` takes in.
_WITHIN: Final = """
SELECT a.id FROM outage_scope s JOIN transformer_area area ON area.feeder_id = s.feeder_id
JOIN account a ON a.transformer_area_id = area.id WHERE s.outage_id = {outage} AND s.feeder_id IS NOT NULL
  AND a.status <> 'closed'
UNION
SELECT a.id FROM outage_scope s JOIN account a ON a.transformer_area_id = s.transformer_area_id
WHERE s.outage_id = {outage} AND s.transformer_area_id IS NOT NULL AND a.status <> 'closed'
UNION
SELECT a.id FROM outage_scope s JOIN account a ON a.id = s.account_id
WHERE s.outage_id = {outage} AND s.account_id IS NOT NULL AND a.status <> 'closed'
"""
#: The accounts of an outage, `$1` being its row.
WITHIN: Final = _WITHIN.format(outage="$1")

_ROSTER: Final = f"""
INSERT INTO outage_account (outage_id, account_id) SELECT $1, within.id FROM ({WITHIN}) AS within ORDER BY within.id
ON CONFLICT (outage_id, account_id) DO UPDATE SET affected = true WHERE NOT outage_account.affected
"""
_LEFT: Final = f"""
UPDATE outage_account SET affected = false
WHERE outage_id = $1 AND affected AND account_id NOT IN (SELECT within.id FROM ({WITHIN}) AS within)
"""

_TABLES: Final[Mapping[str, tuple[str, str]]] = {
    "feeders": ("feeder", "code"),
    "transformer_areas": ("transformer_area", "code"),
    "accounts": ("account", "account_no"),
}
_WORDS: Final = {"feeders": "feeder", "transformer_areas": "transformer area", "accounts": "account"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where an outage is, in the codes (or names) of the grid and in account numbers."""

    feeders: Sequence[str] = ()
    transformer_areas: Sequence[str] = ()
    accounts: Sequence[str] = ()

    @property
    def empty(self) -> bool:
        """Whether it names nothing."""
        return not (self.feeders or self.transformer_areas or self.accounts)


@dataclass(frozen=True, slots=True)
class Found:
    """A scope as rows of the archive."""

    feeders: frozenset[int] = frozenset()
    areas: frozenset[int] = frozenset()
    accounts: frozenset[int] = frozenset()


async def find(connection: Any, scope: Scope) -> Found:
    """Look a scope up. Raises InvalidInput naming each part that the archive does not know, or knows twice."""
    if scope.empty:
        raise InvalidInput("an outage names feeders, transformer areas or accounts", field="scope")
    faults: list[FieldError] = []
    found = {
        part: await _ids(connection, part, getattr(scope, part), faults)
        for part in ("feeders", "transformer_areas", "accounts")
    }
    if faults:
        raise InvalidInput("the scope names what the archive does not know", errors=faults)
    return Found(*(frozenset(ids) for ids in found.values()))


async def _ids(connection: Any, part: str, names: Sequence[str], faults: list[FieldError]) -> list[int]:
    if not names:
        return []
    table, code = _TABLES[part]
    named = "" if part == "accounts" else " OR name = ANY($1::text[])"
    label = "NULL::text" if part == "accounts" else "name"
    rows = await connection.fetch(
        f"SELECT id, {code} AS code, {label} AS name FROM {table} WHERE {code} = ANY($1::text[]){named}", list(names)
    )
    by_code = {row["code"]: row["id"] for row in rows if row["code"] is not None}
    by_name: defaultdict[str, list[int]] = defaultdict(list)
    for row in rows:
        by_name[row["name"]].append(row["id"])
    ids: list[int] = []
    for place, name in enumerate(names):
        meant = [by_code[name]] if name in by_code else by_name.get(name, [])
        if len(meant) == 1:
            ids.append(meant[0])
            continue
        what = _WORDS[part]
        why = f"several {what}s have the name {name}" if meant else f"there is no {what} {name}"
        faults.append(FieldError(f"scope.{part}[{place}]", why, "ambiguous" if meant else "unknown"))
    return ids


async def kept(connection: Any, outage: int) -> Found:
    """The scope that an outage has."""
    rows = await connection.fetch(
        "SELECT feeder_id, transformer_area_id, account_id FROM outage_scope WHERE outage_id = $1", outage
    )
    feeders, areas, accounts = (frozenset(row[at] for row in rows if row[at] is not None) for at in range(3))
    return Found(feeders, areas, accounts)


async def keep(connection: Any, outage: int, scope: Found) -> None:
    """Give an outage this scope instead of the one it has."""
    await connection.execute("DELETE FROM outage_scope WHERE outage_id = $1", outage)
    rows = [
        *((outage, id_, None, None) for id_ in sorted(scope.feeders)),
        *((outage, None, id_, None) for id_ in sorted(scope.areas)),
        *((outage, None, None, id_) for id_ in sorted(scope.accounts)),
    ]
    await connection.copy_records_to_table(
        "outage_scope", columns=["outage_id", "feeder_id", "transformer_area_id", "account_id"], records=rows
    )


async def call_the_roll(connection: Any, outage: int) -> None:
    """Write down whom an outage takes in by the grid as it is now, and whom it does not take in any more."""
    known = await connection.fetchval("SELECT EXISTS (SELECT 1 FROM outage_account WHERE outage_id = $1)", outage)
    await connection.execute(_ROSTER, outage)
    if known:
        await connection.execute(_LEFT, outage)
