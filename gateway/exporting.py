"""Exports: what the gateway knows as CSV, streamed, numbers masked but in `changes`; labels as JSON lines."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TextIO
from zoneinfo import ZoneInfo

from gateway.cases import exporting as of_cases
from gateway.cases import repeating
from gateway.evaluations import exporting as of_evaluations
from gateway.followups import exporting as of_followups
from gateway.inbox import labels
from gateway.kernel.database import Database
from gateway.kernel.errors import InvalidInput
from gateway.kernel.exporting import pages
from gateway.kernel.spreadsheets import XlsxWriter, safe
from gateway.outbox import reaching

_MASKED: Final = "left({0}, greatest(length({0}) - 8, 0)) || '****' || right({0}, 4)"

QUERIES: Final = {
    "trust": """SELECT o.link_id, o.at, o.how, round(o.probability::numeric, 4) AS thought,
                       o.turned_out_right AS right FROM link_outcome o ORDER BY o.at, o.link_id""",
    "messages": f"""SELECT m.id, m.notice_id, m.kind, {_MASKED.format("m.to_address")} AS "to", m.state,
                           m.withheld_reason, m.segments, m.created_at, m.sent_at, m.delivered_at, m.error_code
                    FROM message m ORDER BY m.id""",
    "corrections": f"""SELECT c.id, c.state, c.reason, {_MASKED.format("p.address")} AS number, c.opened_at, c.due_at
                       FROM correction c LEFT JOIN contact_point p ON p.id = c.contact_point_id ORDER BY c.id""",
    "changes": """SELECT id, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at, kind, account_no,
                         number, role, correction_id, detail FROM change ORDER BY id""",
}


#: Statements over a span, which the command line leaves open.
OVER_A_SPAN: Final = of_cases.QUERIES | of_followups.QUERIES | of_evaluations.QUERIES

#: Which customers came again with the same matter, of so many months.
REPEATS: Final = "repeats"
_MONTHS: Final = 13
#: How well the right person is reached, and how often each kind of evidence was right, of the last three years.
MEASURES: Final = ("contact-measures", "signal-precision")
_SPAN: Final = timedelta(days=3 * 366)
_PAGE: Final = 2000
#: Taken over by programs, which need numbers whole and cells as they are.
_FOR_MACHINES: Final = ("changes",)


async def export_labels(database: Database, sink: TextIO) -> int:
    """Write how people read what was left to them, one JSON line each; the number of lines.

    A text is what its writer said: it is given whole, for a reader to learn from.
    """
    written = 0
    async for line in labels.lines(database):
        sink.write(line + "\n")
        written += 1
    return written


async def export_csv(database: Database, kind: str, sink: TextIO, *, now: datetime, zone: ZoneInfo) -> int:
    """Write one kind as CSV with a header; the number of rows. Raises InvalidInput for an unknown kind."""
    _check(kind)
    plain = kind in _FOR_MACHINES
    writer, rows = csv.writer(sink, lineterminator="\n"), 0
    async with database.work() as work:
        async for page in _pages(database, work.connection, kind, now, zone):
            for row in page:
                writer.writerow([_moment(value) if plain else safe(_moment(value)) for value in row])
            rows += len(page)
    return rows - 1


async def export_xlsx(database: Database, kind: str, path: Path, *, now: datetime, zone: ZoneInfo) -> int:
    """Write one kind as XLSX with a header; the number of rows. Raises InvalidInput for an unknown kind."""
    _check(kind)
    writer, rows = XlsxWriter(kind), 0
    async with database.work() as work:
        async for page in _pages(database, work.connection, kind, now, zone):
            writer.add(page)
            rows += len(page)
    writer.save(path)
    return rows - 1


def _check(kind: str) -> None:
    known = [*QUERIES, *MEASURES, *OVER_A_SPAN, REPEATS]
    if kind not in known:
        raise InvalidInput(f"no such export: {kind} (there are {', '.join(known)}, labels)", field="kind")


async def _pages(
    database: Database, connection: Any, kind: str, now: datetime, zone: ZoneInfo
) -> AsyncIterator[list[Sequence[Any]]]:
    """The header, then the rows, some thousand at a time."""
    if kind in MEASURES:
        yield await _measured(connection, kind, now, zone)
        return
    if kind == REPEATS:
        yield await _repeats(database, now, zone)
        return
    if kind in OVER_A_SPAN:
        async for page in pages(connection, OVER_A_SPAN[kind]):
            yield page
        return
    statement = await connection.prepare(QUERIES[kind])
    yield [[attribute.name for attribute in statement.get_attributes()]]
    cursor = await statement.cursor()
    while rows := await cursor.fetch(_PAGE):
        yield [list(row) for row in rows]


async def _repeats(database: Database, now: datetime, zone: ZoneInfo) -> list[Sequence[Any]]:
    """The repeats of the last thirteen months, the present one among them, oldest first."""
    rows: list[Sequence[Any]] = [of_cases.REPEAT_HEADS]
    month = now.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    months = [month]
    while len(months) < _MONTHS:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    async with database.session() as session:
        for one in reversed(months):
            found, _ = await repeating.of_month(session, one, zone=zone)
            rows += of_cases.repeat_rows(found)
    return rows


async def _measured(connection: Any, kind: str, now: datetime, zone: ZoneInfo) -> list[Sequence[Any]]:
    since = (now - _SPAN).astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if kind == "contact-measures":
        found = await reaching.measures(connection, "both", since=since, until=now, now=now, zone=zone.key)
        heads, rows = reaching.flat(found)
        return [heads, *rows]
    seen = await reaching.precision(connection, "both", since=since, until=now, zone=zone.key)
    return [reaching.PRECISION_HEADS, *reaching.flat_precision(seen)]


def _moment(value: Any) -> Any:
    return value.isoformat(sep=" ") if isinstance(value, datetime) else value
