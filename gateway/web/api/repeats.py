"""Repeat appeals: the events of a month, what people decided about them, and challenges."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from aiohttp import hdrs, web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from gateway.cases import marking, repeating
from gateway.cases.exporting import REPEAT_HEADS, repeat_rows
from gateway.cases.repeats import CODES, Code, Window
from gateway.kernel.errors import NotFound
from gateway.kernel.spreadsheets import XlsxWriter, csv_lines
from gateway.web.files import BOM, CSV, XLSX, saved
from gateway.web.models import Body, Word
from gateway.web.paging import Page, PageQuery, behind, cursor, cut
from gateway.web.routing import Call, Route

TAG: Final = "cases"

Month = Annotated[str, StringConstraints(pattern=r"^20\d\d-(0[1-9]|1[0-2])$"), Field(examples=["2025-10"])]
OrderNo = Annotated[str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]
Codes = Annotated[
    list[Code] | None,
    BeforeValidator(lambda value: [c for c in value.split(",") if c] if isinstance(value, str) else value),
]


class RepeatQuery(PageQuery):
    """Which month, which exclusions are in force (all four), and what a month of repeats is."""

    month: Month
    codes: Codes = None
    window: Window = "rolling"


class RepeatPage(Page[repeating.Repeat]):
    """Events of a month and their figures."""

    figures: repeating.Figures


class MarkQuery(PageQuery):
    """Marks on which work order."""

    work_order: Word | None = None


class Merging(Body):
    """Two work orders about one matter."""

    work_order: OrderNo
    other: OrderNo
    reason: Reason


class Splitting(Body):
    """A work order about a matter of its own."""

    work_order: OrderNo
    reason: Reason


class Excluding(Body):
    """A work order that does not count, with its code and what shows it."""

    work_order: OrderNo
    code: Code
    evidence: Reason
    reason: Reason


class Challenging(Body):
    """A repeat that a unit contests (申诉)."""

    work_order: OrderNo
    reason: Reason
    evidence: Reason | None = None
    code: Code | None = None


class Deciding(Body):
    """What became of a challenge."""

    model_config = ConfigDict(extra="forbid")

    upheld: bool
    note: Reason


class RepeatMark(BaseModel):
    """What a person decided, or contests, about a work order."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: Literal["merged", "split", "excluded", "challenged"]
    work_order_no: str
    other_no: str | None
    code: Code | None
    reason: str
    evidence: str | None
    at: datetime
    by: str
    upheld: bool | None
    decided_at: datetime | None
    decided_by: str | None
    decision: str | None
    withdrawn_at: datetime | None
    withdrawn_by: str | None


async def listed(call: Call[None, RepeatQuery]) -> RepeatPage:
    """Events of a month, in the order of their second contact."""
    query, zone = call.query, call.services.settings.zone
    codes = frozenset(CODES if query.codes is None else query.codes)
    start = _first(query.month, zone)
    found, figures = await repeating.of_month(call.session, start, zone=zone, window=query.window, codes=codes)
    skip = behind("repeats", query.cursor, int) or 0
    more = cursor("repeats", skip + query.limit) if len(found) > skip + query.limit else None
    return RepeatPage(items=found[skip : skip + query.limit], next=more, figures=figures)


class RepeatExport(BaseModel):
    """Which month's repeats, as which file."""

    model_config = ConfigDict(extra="forbid")

    month: Month
    codes: Codes = None
    window: Window = "rolling"
    format: Literal["csv", "xlsx"] = "csv"


async def exported(call: Call[None, RepeatExport]) -> web.Response:
    """The events of a month as a file."""
    query, zone = call.query, call.services.settings.zone
    codes = frozenset(CODES if query.codes is None else query.codes)
    start = _first(query.month, zone)
    found, _ = await repeating.of_month(call.session, start, zone=zone, window=query.window, codes=codes)
    rows = [REPEAT_HEADS, *repeat_rows(found)]
    name = f'attachment; filename="repeats-{query.month}.{query.format}"'
    headers = {hdrs.CONTENT_DISPOSITION: name, hdrs.CACHE_CONTROL: "no-store"}
    if query.format == "xlsx":
        return web.Response(body=await asyncio.to_thread(_sheet, rows), content_type=XLSX, headers=headers)
    body = BOM + await asyncio.to_thread(csv_lines, rows)
    return web.Response(body=body, headers={**headers, hdrs.CONTENT_TYPE: f"{CSV}; charset=utf-8"})


def _sheet(rows: Sequence[Sequence[Any]]) -> bytes:
    writer = XlsxWriter("repeats")
    writer.add(rows)
    return saved(writer)


def _first(month: str, zone: ZoneInfo) -> datetime:
    year, number = month.split("-")
    return datetime(int(year), int(number), 1, tzinfo=zone)


async def marks(call: Call[None, MarkQuery]) -> Page[RepeatMark]:
    """Marks, newest first."""
    query = call.query
    before = behind("repeat-marks", query.cursor, int)
    found = await marking.marks(call.session, query.work_order, before=before, limit=query.limit + 1)
    shown = [RepeatMark.model_validate(one) for one in found]
    return Page[RepeatMark](**cut("repeat-marks", shown, query.limit, lambda one: one.id))


async def merge(call: Call[Merging, None]) -> RepeatMark:
    """Put two work orders together."""
    return await _mark(call, "merged", other_no=call.body.other)


async def split(call: Call[Splitting, None]) -> RepeatMark:
    """Take a work order out of its matter."""
    return await _mark(call, "split")


async def exclude(call: Call[Excluding, None]) -> RepeatMark:
    """Exclude a work order."""
    return await _mark(call, "excluded", code=call.body.code, evidence=call.body.evidence)


async def challenge(call: Call[Challenging, None]) -> RepeatMark:
    """Contest a repeat."""
    return await _mark(call, "challenged", code=call.body.code, evidence=call.body.evidence)


async def _mark(call: Call[Any, None], kind: str, **more: Any) -> RepeatMark:
    body = call.body
    made = await call.services.repeats.mark(
        call.session, kind=kind, work_order_no=body.work_order, reason=body.reason, actor=call.actor, **more
    )
    return RepeatMark.model_validate(made)


async def decide(call: Call[Deciding, None]) -> RepeatMark:
    """Decide a challenge."""
    made = await call.services.repeats.decide(
        call.session, _id(call), upheld=call.body.upheld, note=call.body.note, actor=call.actor
    )
    return RepeatMark.model_validate(made)


async def withdraw(call: Call[None, None]) -> RepeatMark:
    """Take a mark back."""
    made = await call.services.repeats.withdraw(call.session, _id(call), actor=call.actor)
    return RepeatMark.model_validate(made)


def _id(call: Call[Any, None]) -> int:
    text = call.text("id")
    if not text.isdigit() or len(text) > 18:
        raise NotFound("There is no mark with this id.")
    return int(text)


def _marking(name: str, handler: Any, summary: str, body: Any) -> Route:
    return Route(
        method="POST",
        path=f"/cases/repeats/{name}",
        handler=handler,
        scope="cases:write",
        tag=TAG,
        summary=summary,
        answer=RepeatMark,
        status=201,
        body=body,
        problems=(409,),
    )


ROUTES: Final = (
    Route(
        method="GET",
        path="/cases/repeats",
        handler=listed,
        scope="cases:read",
        tag=TAG,
        summary="Repeat appeals whose second contact falls in a month, with gross, excluded and net figures",
        answer=RepeatPage,
        query=RepeatQuery,
    ),
    Route(
        method="GET",
        path="/cases/repeats/export",
        handler=exported,
        scope="cases:read",
        tag=TAG,
        summary="Repeats of a month as CSV or XLSX, numbers masked",
        answer=str,
        query=RepeatExport,
        files=(CSV, XLSX),
    ),
    Route(
        method="GET",
        path="/cases/repeats/marks",
        handler=marks,
        scope="cases:read",
        tag=TAG,
        summary="What people decided about repeats, newest first",
        answer=Page[RepeatMark],
        query=MarkQuery,
    ),
    _marking("merge", merge, "Two work orders are about one matter", Merging),
    _marking("split", split, "A work order is about a matter of its own", Splitting),
    _marking("exclude", exclude, "A work order does not count, for a code and with evidence", Excluding),
    _marking("challenge", challenge, "Contest a repeat (申诉)", Challenging),
    Route(
        method="POST",
        path="/cases/repeats/marks/{id}/decide",
        handler=decide,
        scope="cases:review",
        tag=TAG,
        summary="Decide a challenge; somebody other than who raised it",
        answer=RepeatMark,
        body=Deciding,
        problems=(409,),
    ),
    Route(
        method="POST",
        path="/cases/repeats/marks/{id}/withdraw",
        handler=withdraw,
        scope="cases:write",
        tag=TAG,
        summary="Take a mark back; it stays visible",
        answer=RepeatMark,
        problems=(409,),
    ),
)
