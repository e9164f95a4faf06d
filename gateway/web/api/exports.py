"""Cases and all that hangs on them, follow-ups and evaluations as files."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final, Literal

from aiohttp import hdrs, web
from pydantic import BaseModel, ConfigDict

from gateway.cases import exporting as of_cases
from gateway.evaluations import exporting as of_evaluations
from gateway.followups import exporting as of_followups
from gateway.kernel import exporting
from gateway.kernel.errors import TooLarge
from gateway.kernel.spreadsheets import XlsxWriter, csv_lines
from gateway.web.paging import QueryTime
from gateway.web.routing import Call, Route

QUERIES: Final = of_cases.QUERIES | of_followups.QUERIES | of_evaluations.QUERIES
#: Where each is, under which scope and heading. Single answers are for those who look after ratings.
PLACES: Final = {
    "cases": ("/cases/export", "cases:read", "cases"),
    "handovers": ("/cases/handovers/export", "cases:read", "cases"),
    "commitments": ("/commitments/export", "cases:read", "commitments"),
    "warnings": ("/warnings/export", "cases:read", "warnings"),
    "supervision-cards": ("/supervision-cards/export", "cases:read", "warnings"),
    "repeat-marks": ("/cases/repeats/marks/export", "cases:read", "cases"),
    "followups": ("/followups/export", "followups:read", "followups"),
    "voices": ("/followups/voices/export", "followups:read", "followups"),
    "independent": ("/followups/independent/export", "followups:review", "followups"),
    "evaluations": ("/evaluations/export", "evaluations:audit", "evaluations"),
    "events": ("/evaluations/events/export", "evaluations:audit", "evaluations"),
    "challenges": ("/evaluations/challenges/export", "evaluations:read", "evaluations"),
    "sources": ("/evaluations/sources/export", "evaluations:read", "evaluations"),
}
assert PLACES.keys() == QUERIES.keys()

CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: A sheet of more rows is made of CSV by whoever needs it.
_MOST_ROWS: Final = 100_000
_BOM: Final = b"\xef\xbb\xbf"


class ExportQuery(BaseModel):
    """What began from `since` to before `until`, as which file."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["csv", "xlsx"] = "csv"
    since: QueryTime | None = None
    until: QueryTime | None = None


def _exporting(kind: str) -> Any:
    async def export(call: Call[None, ExportQuery]) -> web.Response:
        query = call.query
        name = f"{kind}.{query.format}"
        headers = {hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"', hdrs.CACHE_CONTROL: "no-store"}
        if query.format == "xlsx":
            return web.Response(body=await _sheet(call, kind), content_type=XLSX, headers=headers)
        return web.Response(body=_lines(call, kind), headers={**headers, hdrs.CONTENT_TYPE: f"{CSV}; charset=utf-8"})

    return export


async def _lines(call: Call[None, ExportQuery], kind: str) -> AsyncIterator[bytes]:
    """CSV as it is read; memory stays flat however long it is."""
    yield _BOM
    async with call.services.database.work() as work:
        found = exporting.pages(work.connection, QUERIES[kind], since=call.query.since, until=call.query.until)
        async with aclosing(found) as pages:
            async for rows in pages:
                yield csv_lines(rows)


async def _sheet(call: Call[None, ExportQuery], kind: str) -> bytes:
    """A workbook; its rows are written beside the loop. Raises TooLarge."""
    writer, count = XlsxWriter(kind), 0
    async with call.services.database.work() as work:
        found = exporting.pages(work.connection, QUERIES[kind], since=call.query.since, until=call.query.until)
        async with aclosing(found) as pages:
            async for rows in pages:
                count += len(rows)
                if count > _MOST_ROWS + 1:
                    raise TooLarge(f"a sheet holds {_MOST_ROWS} rows; ask for a shorter span, or for CSV")
                await asyncio.to_thread(writer.add, rows)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "export.xlsx"
        await asyncio.to_thread(writer.save, path)
        return await asyncio.to_thread(path.read_bytes)


ROUTES: Final = tuple(
    Route(
        method="GET",
        path=path,
        handler=_exporting(kind),
        scope=scope,
        tag=tag,
        summary=f"{kind.replace('-', ' ').capitalize()} as CSV or XLSX, oldest first, numbers masked",
        answer=str,
        query=ExportQuery,
        own_transaction=True,
        files=(CSV, XLSX),
    )
    for kind, (path, scope, tag) in PLACES.items()
)
