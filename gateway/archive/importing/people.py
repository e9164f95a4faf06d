"""Accounts with their customers and premises: how a chunk of them comes into the tables.

New rows are copied straight in under ids drawn beforehand; known ones are staged and compared by the database,
so that a file which says nothing new touches no row. None means: the file does not say; an empty text means:
there is none (any more).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.archive.importing import transfers
from gateway.archive.importing.grid import Place, new_ids, on_lines, settle
from gateway.archive.importing.kinds import Fate, Run
from gateway.archive.importing.reading import is_group
from gateway.kernel.database import Work, copy

#: Columns of an account that a file may fill: their type, and what a new account has where it says nothing.
ACCOUNT_COLUMNS: Final[Mapping[str, tuple[str, Any]]] = {
    "holder_name": ("text", ""),
    "tariff_class": ("text", "residential"),
    "voltage": ("text", None),
    "capacity_kva": ("numeric", None),
    "meter_no": ("text", None),
    "opened_on": ("date", None),
    "status": ("text", "active"),
    "important_level": ("text", None),
    "sensitive": ("boolean", False),
    "key_concern": ("boolean", False),
    "vulnerable": ("text", None),
    "vip": ("boolean", False),
    "manager_no": ("text", None),
    "language": ("text", "zh"),
    "sms_opt_out": ("boolean", False),
    "updated_on": ("date", None),
}
_NULLABLE_TEXT: Final = frozenset(["voltage", "meter_no", "important_level", "vulnerable", "manager_no"])
PREMISE_COLUMNS: Final = (
    "address", "city", "district", "street", "community", "building", "unit", "room", "time_zone", "calendar",
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class AccountRecord:
    """What a row says of an account. `account` and `premise` are in the order of the columns above."""

    account_no: str
    account: tuple[Any, ...]
    premise: tuple[str | None, ...]
    place: Place | None = None
    customer_no: str | None = None
    segment: str | None = None
    id_masked: str | None = None
    premise_no: str | None = None


@dataclass(slots=True)
class Settled:
    """An account in the database: its id, and what became of each row that spoke of it."""

    id: int
    new: bool
    fates: list[Fate] = field(default_factory=list)


@dataclass(slots=True)
class _Ids:
    account: int
    customer: int
    premise: int


async def merge_accounts(work: Work, records: Sequence[AccountRecord], run: Run) -> dict[str, Settled]:
    """Bring accounts in by number; the fates of each are in the order of its rows."""
    merged, changed = _merged(records)
    known = await _known(work, list(merged))
    places = [record.place for record in merged.values() if record.place]
    areas = await settle(work, places, run)
    lines = await on_lines(work, places, run)
    customers, new_customers = await _numbered(
        work, "customer", "customer_no", {record.customer_no for record in merged.values() if record.customer_no}
    )
    premises, new_premises = await _numbered(
        work, "premise", "premise_no", {record.premise_no for record in merged.values() if record.premise_no}
    )
    fresh = [record for record in merged.values() if record.account_no not in known]
    ids = await _ids_for(work, fresh, customers, premises)
    await _insert_customers(work, merged.values(), ids, customers, new_customers)
    await _insert_premises(work, merged.values(), ids, premises, new_premises)
    await _insert_accounts(work, fresh, ids, areas, lines)
    touched = await _update(
        work,
        [record for record in merged.values() if record.account_no in known],
        known,
        customers,
        premises,
        areas,
        lines,
        run,
    )
    settled: dict[str, Settled] = {}
    for number in merged:
        new = number not in known
        fates = [Fate.UPDATED if differs else Fate.UNCHANGED for differs in changed[number]]
        if new:
            fates[0] = Fate.CREATED
        else:
            # Against the database only what the rows say together counts; it is noted on the last of them.
            fates = [Fate.UNCHANGED] * len(fates)
            fates[-1] = Fate.UPDATED if number in touched else Fate.UNCHANGED
        settled[number] = Settled((ids if new else known)[number].account, new, fates)
    return settled


def _merged(records: Sequence[AccountRecord]) -> tuple[dict[str, AccountRecord], dict[str, list[bool]]]:
    """One record for each account, later rows going before earlier ones, and which rows brought news."""
    merged: dict[str, AccountRecord] = {}
    changed: dict[str, list[bool]] = {}
    for record in records:
        before = merged.get(record.account_no)
        if before is None:
            merged[record.account_no] = record
            changed[record.account_no] = [True]
            continue
        both = AccountRecord(
            account_no=record.account_no,
            account=_over(before.account, record.account),
            premise=_over(before.premise, record.premise),
            place=record.place or before.place,
            customer_no=record.customer_no or before.customer_no,
            segment=record.segment or before.segment,
            id_masked=record.id_masked or before.id_masked,
            premise_no=record.premise_no or before.premise_no,
        )
        changed[record.account_no].append(both != before)
        merged[record.account_no] = both
    return merged, changed


def _over(before: tuple[Any, ...], after: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(old if new is None else new for old, new in zip(before, after, strict=True))


async def _known(work: Work, numbers: Sequence[str]) -> dict[str, _Ids]:
    rows = await work.fetch(
        "SELECT account_no, id, customer_id, premise_id FROM account WHERE account_no = ANY($1::text[])", numbers
    )
    return {row[0]: _Ids(row[1], row[2], row[3]) for row in rows}


async def _numbered(work: Work, table: str, column: str, numbers: set[str]) -> tuple[dict[str, int], set[str]]:
    """Ids of customers or premises by the utility's number, and which of them have to be made."""
    if not numbers:
        return {}, set()
    rows = await work.fetch(
        f"SELECT {column}, id FROM {table} WHERE {column} = ANY($1::text[])",
        sorted(numbers),
    )
    found: dict[str, int] = {row[0]: row[1] for row in rows}
    new = sorted(numbers - found.keys())
    found.update(zip(new, await new_ids(work, table, len(new)), strict=True))
    return found, set(new)


async def _ids_for(
    work: Work, fresh: Sequence[AccountRecord], customers: Mapping[str, int], premises: Mapping[str, int]
) -> dict[str, _Ids]:
    """Ids for new accounts, and for the customers and premises that have no number of their own."""
    accounts = await new_ids(work, "account", len(fresh))
    own_customers = iter(await new_ids(work, "customer", sum(not record.customer_no for record in fresh)))
    own_premises = iter(await new_ids(work, "premise", sum(not record.premise_no for record in fresh)))
    return {
        record.account_no: _Ids(
            account,
            customers[record.customer_no] if record.customer_no else next(own_customers),
            premises[record.premise_no] if record.premise_no else next(own_premises),
        )
        for record, account in zip(fresh, accounts, strict=True)
    }


async def _insert_customers(
    work: Work,
    records: Any,
    ids: Mapping[str, _Ids],
    customers: Mapping[str, int],
    new: set[str],
) -> None:
    rows: dict[int, tuple[Any, ...]] = {}
    for record in records:
        if record.customer_no:
            if record.customer_no not in new:
                continue
            id_ = customers[record.customer_no]
        elif record.account_no in ids:
            id_ = ids[record.account_no].customer
        else:
            continue
        name = record.account[0] or ""
        segment = record.segment or ("group" if is_group(name) else "individual")
        named = rows.setdefault(id_, (id_, record.customer_no or None, name, segment, record.id_masked or None))
        if named[-1] is None and record.id_masked:
            # Another account of the same customer says it; otherwise only a second import would write it down.
            rows[id_] = (*named[:-1], record.id_masked)
    if rows:
        await copy(work.connection, "customer", ("id", "customer_no", "name", "segment", "id_masked"), rows.values())


async def _insert_premises(
    work: Work, records: Any, ids: Mapping[str, _Ids], premises: Mapping[str, int], new: set[str]
) -> None:
    rows: dict[int, tuple[Any, ...]] = {}
    for record in records:
        if record.premise_no:
            if record.premise_no not in new:
                continue
            id_ = premises[record.premise_no]
        elif record.account_no in ids:
            id_ = ids[record.account_no].premise
        else:
            continue
        address, *parts = record.premise
        rows.setdefault(id_, (id_, record.premise_no or None, address or "", *(part or None for part in parts)))
    if rows:
        await copy(work.connection, "premise", ("id", "premise_no", *PREMISE_COLUMNS), rows.values())


async def _insert_accounts(
    work: Work,
    fresh: Sequence[AccountRecord],
    ids: Mapping[str, _Ids],
    areas: Mapping[Place, tuple[int | None, Fate]],
    lines: Mapping[Place, int],
) -> None:
    if not fresh:
        return
    defaults = [default for _, default in ACCOUNT_COLUMNS.values()]
    await copy(
        work.connection,
        "account",
        ("id", "account_no", "customer_id", "premise_id", "transformer_area_id", *ACCOUNT_COLUMNS),
        [
            (
                own.account,
                record.account_no,
                own.customer,
                own.premise,
                (areas[record.place][0] or lines.get(record.place)) if record.place else None,
                *[
                    default if value is None or value == "" else value
                    for value, default in zip(record.account, defaults, strict=True)
                ],
            )
            for record in fresh
            for own in (ids[record.account_no],)
        ],
    )


_STAGED: Final = ("account_no", "account_id", "customer_id", "premise_id", "area_id", "line_area_id", "id_masked")
_STAGE: Final = (
    "CREATE TEMP TABLE IF NOT EXISTS staged_account (account_no text, account_id int, customer_id int,"
    " premise_id int, area_id int, line_area_id int, id_masked text, "
    + ", ".join(f"{name} {kind}" for name, (kind, _) in ACCOUNT_COLUMNS.items())
    + ", "
    + ", ".join(f"{name} text" for name in PREMISE_COLUMNS)
    + ") ON COMMIT DELETE ROWS"
)


def _said(column: str) -> str:
    """The value of a column after the update: what the file says, or what was there."""
    if column in _NULLABLE_TEXT or column in PREMISE_COLUMNS[1:]:
        return f"CASE WHEN s.{column} IS NULL THEN t.{column} ELSE nullif(s.{column}, '') END"
    if column in ("capacity_kva", "opened_on", "updated_on") or ACCOUNT_COLUMNS.get(column, ("",))[0] == "boolean":
        return f"coalesce(s.{column}, t.{column})"
    return f"coalesce(nullif(s.{column}, ''), t.{column})"


def _update_of(table: str, join: str, columns: Mapping[str, str], only: str = "true") -> str:
    return (
        f"UPDATE {table} t SET {', '.join(f'{name} = {value}' for name, value in columns.items())}"
        f" FROM staged_account s WHERE t.id = {join} AND {only} AND ({', '.join(f't.{name}' for name in columns)})"
        f" IS DISTINCT FROM ({', '.join(columns.values())}) RETURNING s.account_no"
    )


# A customer takes the holder's name when an account's changes, not whenever one of several accounts differs:
# otherwise two accounts with two spellings would rename the customer at every import.
_RENAME_CUSTOMERS: Final = """
UPDATE customer t SET name = s.holder_name FROM staged_account s JOIN account a ON a.id = s.account_id
WHERE t.id = s.customer_id AND t.id = a.customer_id AND s.holder_name <> '' AND s.holder_name <> a.holder_name
  AND t.name = a.holder_name
"""
_FILL_CUSTOMERS: Final = """
UPDATE customer t SET id_masked = s.id_masked FROM staged_account s
WHERE t.id = s.customer_id AND t.id_masked IS NULL AND s.id_masked <> '' RETURNING s.account_no
"""
# Of several accounts at one premise the first speaks for it: two spellings would else change it at every import.
_UPDATE_PREMISES: Final = _update_of(
    "premise",
    "s.premise_id",
    {name: _said(name) for name in PREMISE_COLUMNS},
    only="NOT EXISTS (SELECT 1 FROM account o WHERE o.premise_id = t.id AND o.id < s.account_id)",
)
# A file that names the feeder alone moves nobody from his area on it.
_AREA: Final = """coalesce(s.area_id, CASE WHEN s.line_area_id IS NULL THEN t.transformer_area_id ELSE (
  SELECT CASE WHEN own.feeder_id = line.feeder_id THEN own.id ELSE line.id END
  FROM transformer_area line LEFT JOIN transformer_area own ON own.id = t.transformer_area_id
  WHERE line.id = s.line_area_id) END)"""
_UPDATE_ACCOUNTS: Final = _update_of(
    "account",
    "s.account_id",
    {
        **{name: _said(name) for name in ACCOUNT_COLUMNS},
        "customer_id": "s.customer_id",
        "premise_id": "s.premise_id",
        "transformer_area_id": _AREA,
    },
)


async def _update(
    work: Work,
    records: Sequence[AccountRecord],
    known: Mapping[str, _Ids],
    customers: Mapping[str, int],
    premises: Mapping[str, int],
    areas: Mapping[Place, tuple[int | None, Fate]],
    lines: Mapping[Place, int],
    run: Run,
) -> set[str]:
    """Bring known accounts up to what the file says; the numbers of those that changed."""
    if not records:
        return set()
    await work.execute(_STAGE)
    await work.execute("TRUNCATE staged_account")
    await copy(
        work.connection,
        "staged_account",
        (*_STAGED, *ACCOUNT_COLUMNS, *PREMISE_COLUMNS),
        [
            (
                record.account_no,
                own.account,
                customers.get(record.customer_no or "", own.customer),
                premises.get(record.premise_no or "", own.premise),
                areas[record.place][0] if record.place else None,
                lines.get(record.place) if record.place else None,
                record.id_masked,
                *record.account,
                *record.premise,
            )
            for record in records
            for own in (known[record.account_no],)
        ],
    )
    touched: set[str] = set()
    await transfers.note(work, run)
    await work.execute(_RENAME_CUSTOMERS)
    for statement in (_FILL_CUSTOMERS, _UPDATE_PREMISES, _UPDATE_ACCOUNTS):
        touched.update(row[0] for row in await work.fetch(statement))
    left = [(known[record.account_no], record) for record in records]
    await _drop_orphans(
        work,
        [own.customer for own, record in left if customers.get(record.customer_no or "", own.customer) != own.customer],
        [own.premise for own, record in left if premises.get(record.premise_no or "", own.premise) != own.premise],
    )
    return touched


async def _drop_orphans(work: Work, customers: Sequence[int], premises: Sequence[int]) -> None:
    """Remove the nameless stand-ins of accounts whose customer or premise has become known by its number."""
    for table, number, ids in (("customer", "customer_no", customers), ("premise", "premise_no", premises)):
        if ids:
            await work.execute(
                f"DELETE FROM {table} t WHERE t.id = ANY($1::int[]) AND t.{number} IS NULL"
                f" AND NOT EXISTS (SELECT 1 FROM account a WHERE a.{table}_id = t.id)",
                ids,
            )
