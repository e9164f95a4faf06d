"""The grid that accounts hang on: substation → feeder → transformer area, looked up or made as files name it.

A list gives codes, names or both. What has a code is known by it; what has only a name, by its name below its
parent. A name met first without a code takes the code when a later list brings it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.archive.importing.kinds import Fate, Run
from gateway.kernel.database import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in the grid something hangs, in the words of a file."""

    substation_code: str | None = None
    substation: str | None = None
    feeder_code: str | None = None
    feeder: str | None = None
    area_code: str | None = None
    area: str | None = None
    kind: str | None = None
    district: str | None = None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One thing on one level. `parent` and the extras None: not said."""

    code: str | None
    name: str | None
    parent: int | None = None
    kind: str | None = None
    organisation: int | None = None


@dataclass(slots=True)
class _Known:
    id: int
    code: str | None
    name: str
    parent: int | None
    kind: str | None = None
    organisation: int | None = None


#: Kind of the area of those who hang on a feeder directly.
LINE: Final = "line"
#: Tables that only imports add to, and these one at a time: a whole block of their ids can be taken at once.
_ONLY_IMPORTED: Final = frozenset(["account", "customer", "premise", "substation", "feeder", "transformer_area"])
_PARENTS: Final = {"substation": "NULL::int", "feeder": "substation_id", "transformer_area": "feeder_id"}


async def settle(work: Work, places: Iterable[Place], run: Run) -> dict[Place, tuple[int | None, Fate]]:
    """The transformer area of each place, made where it was missing, and the most that happened on its levels.

    What was settled before in this run is remembered and counts as unchanged.
    """
    known: dict[Place, int | None] = run.memory.setdefault("places", {})
    new = [place for place in dict.fromkeys(places) if place not in known]
    fates = dict.fromkeys(places, Fate.UNCHANGED)
    if new:
        organisations = await _organisations(work, [place.district for place in new if place.district])
        stations = await _level(work, "substation", [_Wanted(place.substation_code, place.substation) for place in new])
        feeders = await _level(
            work,
            "feeder",
            [
                _Wanted(place.feeder_code, place.feeder, station)
                for place, (station, _) in zip(new, stations, strict=True)
            ],
        )
        areas = await _level(
            work,
            "transformer_area",
            [
                _Wanted(place.area_code, place.area, feeder, place.kind, organisations.get(place.district or ""))
                for place, (feeder, _) in zip(new, feeders, strict=True)
            ],
        )
        lines: dict[Place, int] = run.memory.setdefault("lines", {})
        for place, levels in zip(new, zip(areas, feeders, stations, strict=True), strict=True):
            known[place] = levels[0][0]
            if levels[0][0] is None and levels[1][0] is not None:
                lines[place] = levels[1][0]
            # A new feeder above an area that was there is a change to the area, not a new one.
            above = max(levels[1][1], levels[2][1])
            fates[place] = max(levels[0][1], Fate.UPDATED if above else Fate.UNCHANGED)
    return {place: (known[place], fate) for place, fate in fates.items()}


async def on_lines(work: Work, places: Iterable[Place], run: Run) -> dict[Place, int]:
    """For settled places that name a feeder and no transformer area: what hangs on that feeder directly.

    Each such feeder has one area of its own for them (`kind` is `LINE`), so that whoever goes along the feeder meets
    them too.
    """
    lines: dict[Place, int] = run.memory.get("lines", {})
    wanted = {place: lines[place] for place in places if place in lines}
    if not wanted:
        return {}
    feeders = sorted(set(wanted.values()))
    await work.execute(
        """INSERT INTO transformer_area (name, kind, feeder_id) SELECT name, $2, id FROM feeder
           WHERE id = ANY($1::int[])
             AND NOT EXISTS (SELECT 1 FROM transformer_area a WHERE a.feeder_id = feeder.id AND a.kind = $2)
           ORDER BY id""",
        feeders,
        LINE,
    )
    rows = await work.fetch(
        "SELECT feeder_id, min(id) FROM transformer_area WHERE feeder_id = ANY($1::int[]) AND kind = $2 GROUP BY 1",
        feeders,
        LINE,
    )
    areas = dict(map(tuple, rows))
    return {place: areas[feeder] for place, feeder in wanted.items()}


async def _organisations(work: Work, names: Sequence[str]) -> dict[str, int]:
    if not names:
        return {}
    await work.execute(
        "INSERT INTO organisation (name) SELECT DISTINCT unnest($1::text[]) ON CONFLICT (name) DO NOTHING", names
    )
    rows = await work.fetch("SELECT id, name FROM organisation WHERE name = ANY($1::text[])", names)
    return {row["name"]: row["id"] for row in rows}


async def _level(work: Work, table: str, wanted: Sequence[_Wanted]) -> list[tuple[int | None, Fate]]:
    """Each wanted thing's id on one level of the grid (None where the file names none)."""
    level = _Level(await _read(work, table, wanted))
    found = [level.settle(each) for each in wanted]
    if level.made:
        ids = await new_ids(work, table, len(level.made))
        for thing, id_ in zip(level.made, ids, strict=True):
            thing.id = id_
    await _write(work, table, level)
    return [(None, Fate.UNCHANGED) if thing is None else (thing.id, fate) for thing, fate in found]


class _Level:
    """The things of one level that may be meant, and what becomes of them."""

    def __init__(self, known: Sequence[_Known]) -> None:
        self._by_code = {thing.code: thing for thing in known if thing.code is not None}
        self._by_name: dict[str, list[_Known]] = {}
        for thing in known:
            self._by_name.setdefault(thing.name, []).append(thing)
        self.made: list[_Known] = []
        self.changed: dict[int, _Known] = {}

    def settle(self, wanted: _Wanted) -> tuple[_Known | None, Fate]:
        """Find what is meant or make it, and take over what the file says of it."""
        if wanted.code is None and wanted.name is None:
            return None, Fate.UNCHANGED
        thing = self._find(wanted)
        if thing is None:
            thing = _Known(
                0, wanted.code, wanted.name or wanted.code or "", wanted.parent, wanted.kind, wanted.organisation
            )
            if thing.code is not None:
                self._by_code[thing.code] = thing
            self._by_name.setdefault(thing.name, []).append(thing)
            self.made.append(thing)
            return thing, Fate.CREATED
        before = (thing.code, thing.name, thing.parent, thing.kind, thing.organisation)
        thing.code = thing.code or wanted.code
        thing.name = wanted.name or thing.name
        thing.parent = wanted.parent or thing.parent
        thing.kind = wanted.kind or thing.kind
        thing.organisation = wanted.organisation or thing.organisation
        if (thing.code, thing.name, thing.parent, thing.kind, thing.organisation) == before:
            return thing, Fate.UNCHANGED
        if thing.code is not None:
            self._by_code[thing.code] = thing
        if thing.id:
            self.changed[thing.id] = thing
        return thing, Fate.UPDATED

    def _find(self, wanted: _Wanted) -> _Known | None:
        if wanted.code is not None and wanted.code in self._by_code:
            return self._by_code[wanted.code]
        fitting = [
            thing
            for thing in self._by_name.get(wanted.name or "", ())
            if (wanted.code is None or thing.code is None)
            and (wanted.parent is None or thing.parent is None or thing.parent == wanted.parent)
        ]
        # The one below the same parent goes before one whose parent nobody named.
        return max(fitting, key=lambda thing: thing.parent == wanted.parent, default=None)


async def _read(work: Work, table: str, wanted: Sequence[_Wanted]) -> list[_Known]:
    extra = "kind, organisation_id" if table == "transformer_area" else "NULL::text, NULL::int"
    rows = await work.fetch(
        f"SELECT id, code, name, {_PARENTS[table]}, {extra} FROM {table}"
        " WHERE code = ANY($1::text[]) OR name = ANY($2::text[]) ORDER BY id",
        [each.code for each in wanted if each.code],
        [each.name for each in wanted if each.name],
    )
    return [_Known(*row) for row in rows]


async def _write(work: Work, table: str, level: _Level) -> None:
    columns = ["id", "code", "name"]
    if table != "substation":
        columns.append(_PARENTS[table])
    if table == "transformer_area":
        columns += ["kind", "organisation_id"]
    size = len(columns)
    if level.made:
        await work.connection.copy_records_to_table(
            table, columns=columns, records=[_cells(thing)[:size] for thing in level.made]
        )
    if level.changed:
        await work.connection.executemany(
            f"UPDATE {table} SET {', '.join(f'{column} = ${at + 1}' for at, column in enumerate(columns) if at)}"
            " WHERE id = $1",
            [_cells(thing)[:size] for thing in level.changed.values()],
        )


def _cells(thing: _Known) -> tuple[Any, ...]:
    return (thing.id, thing.code, thing.name, thing.parent, thing.kind, thing.organisation)


async def new_ids(work: Work, table: str, count: int) -> list[int]:
    """`count` fresh ids of `table`, so that rows that refer to each other can be copied in at once."""
    if not count:
        return []
    if table in _ONLY_IMPORTED:
        last: int = await work.value(
            "SELECT setval(s, nextval(s) + $2::int - 1) FROM pg_get_serial_sequence($1, 'id') s", table, count
        )
        return list(range(last - count + 1, last + 1))
    ids: list[int] = await work.value(
        # The sequence is looked up once, not for each number.
        "SELECT array(SELECT nextval(s) FROM generate_series(1, $2::int))"
        " FROM (SELECT pg_get_serial_sequence($1, 'id')::regclass AS s OFFSET 0) AS named",
        table,
        count,
    )
    return ids
