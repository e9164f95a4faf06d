"""Cases and all that hangs on them, follow-ups and evaluations as files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any, Final, Literal

from aiohttp import hdrs, web
from pydantic import BaseModel, ConfigDict

from gateway.cases import exporting as of_cases
from gateway.evaluations import exporting as of_evaluations
from gateway.evaluations.summaries import SEE_AT_ONCE
from gateway.followups import exporting as of_followups
from gateway.kernel import exporting
from gateway.kernel.errors import Forbidden, TooLarge
from gateway.kernel.spreadsheets import XlsxWriter, csv_lines
from gateway.web.files import BOM, CSV, XLSX, saved
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
    "deputies": ("/followups/deputies/export", "followups:read", "followups"),
    "visit-programmes": ("/followups/programmes/export", "followups:read", "followups"),
    "voices": ("/followups/voices/export", "followups:read", "followups"),
    "independent": ("/followups/independent/export", "followups:review", "followups"),
    "evaluations": ("/evaluations/export", "evaluations:audit", "evaluations"),
    "events": ("/evaluations/events/export", "evaluations:audit", "evaluations"),
    "survey-programmes": ("/evaluations/programmes/export", "evaluations:read", "evaluations"),
    "challenges": ("/evaluations/challenges/export", "evaluations:read", "evaluations"),
    "sources": ("/evaluations/sources/export", "evaluations:read", "evaluations"),
}
assert PLACES.keys() == QUERIES.keys()

#: What tells of single ratings: a person sees it who has a part in looking after them.
_SINGLE: Final = ("evaluations", "challenges", "sources")
#: A sheet of more rows is made of CSV by whoever needs it.
_MOST_ROWS: Final = 100_000


class ExportQuery(BaseModel):
    """What began from `since` to before `until`, as which file."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["csv", "xlsx"] = "csv"
    since: QueryTime | None = None
    until: QueryTime | None = None


def _exporting(kind: str) -> Any:
    async def export(call: Call[None, ExportQuery]) -> web.Response:
        query = call.query
        looks_after = any(call.caller.may(scope) for scope in SEE_AT_ONCE)
        if kind in _SINGLE and call.caller.staff_no is not None and not looks_after:
            raise Forbidden("single ratings are read by those who look after them")
        name = f"{kind}.{query.format}"
        headers = {hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"', hdrs.CACHE_CONTROL: "no-store"}
        if query.format == "xlsx":
            return web.Response(body=await _sheet(call, kind), content_type=XLSX, headers=headers)
        return web.Response(body=_lines(call, kind), headers={**headers, hdrs.CONTENT_TYPE: f"{CSV}; charset=utf-8"})

    return export


async def _lines(call: Call[None, ExportQuery], kind: str) -> AsyncIterator[bytes]:
    """CSV as it is read; memory stays flat however long it is."""
    yield BOM
    async with call.services.database.work() as work:
        found = _found(call, work.connection, kind)
        async with aclosing(found) as pages:
            async for rows in pages:
                yield csv_lines(rows)


def _found(call: Call[None, ExportQuery], connection: Any, kind: str) -> AsyncGenerator[list[Sequence[Any]], None]:
    """The heading and the rows that whoever calls may read."""
    query, staff_no = call.query, call.caller.staff_no
    return exporting.pages(connection, QUERIES[kind], since=query.since, until=query.until, staff_no=staff_no)


async def _sheet(call: Call[None, ExportQuery], kind: str) -> bytes:
    """A workbook; its rows are written beside the loop. Raises TooLarge."""
    writer, count = XlsxWriter(kind), 0
    async with call.services.database.work() as work:
        found = _found(call, work.connection, kind)
        async with aclosing(found) as pages:
            async for rows in pages:
                count += len(rows)
                if count > _MOST_ROWS + 1:
                    raise TooLarge(f"a sheet holds {_MOST_ROWS} rows; ask for a shorter span, or for CSV")
                await asyncio.to_thread(writer.add, rows)
    return await asyncio.to_thread(saved, writer)


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
