"""Imports: files handed in, how they went, and refused rows corrected in place and tried again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args
from uuid import UUID

from aiohttp import web

from gateway.archive.reading import imports as reading
from gateway.kernel.errors import InvalidInput
from gateway.web.api.imports import Kind
from gateway.web.console.lists import Actors, Column, Terms, listed
from gateway.web.console.pages import Form, ListQuery, Menu, Page, View

KINDS: Final = get_args(Kind)
Shown = Literal["row", "cell", "conflict"]


class RejectQuery(ListQuery):
    """Which of the rejects: whole rows, single cells of rows that went in, conflicts with corrections."""

    scope: Shown = "row"


class HandIn(Form):
    """A file that is handed in."""

    kind: Kind


class Mended(Form):
    """Rows as they were corrected; the cells come as `c:REJECT:PLACE`."""

    scope: Shown = "row"


@dataclass(frozen=True, slots=True, kw_only=True)
class MendableRow:
    """A refused row as it is shown: its cells by heading, and what is wrong with it."""

    reject: reading.Reject
    faults: list[reading.Reject]
    cells: list[tuple[str, str]]

    @property
    def wrong(self) -> set[str]:
        """The headings of the cells at fault."""
        return {fault.column for fault in self.faults if fault.column}


#: What the list is sorted by and looked through.
_SORTED: Final[dict[str, Column[reading.Import]]] = {
    "imports.filename": lambda one: one.filename,
    "common.state": Terms("states", lambda one: one.state),
    "imports.rows": lambda one: one.rows,
    "imports.rejected": lambda one: one.rejected,
    "imports.requested_at": lambda one: one.requested_at,
    "kind": Terms("import_kinds", lambda one: one.kind),
    "by": Actors(lambda one: one.requested_by),
}


async def listing(view: View) -> web.StreamResponse:
    """Imports, newest first, and the form to hand one in."""
    query: ListQuery | None = view.query
    page = await listed(
        view,
        "imports",
        lambda before, limit: reading.imports(view.session, before=before, limit=limit),
        lambda one: one.id,
        _SORTED,
    )
    if query is not None and query.format == "csv":
        return view.csv("imports", [f"imports.{name}" for name in _COLUMNS], [_cells(one) for one in page.items])
    return view.render("imports/list.html", imports=page.items, next=page.next, kinds=KINDS)


_COLUMNS: Final = (
    "kind", "filename", "state", "rows", "created", "updated", "unchanged", "rejected", "conflicts", "requested_by",
    "requested_at",
)  # fmt: skip


def _cells(one: reading.Import) -> list[Any]:
    return [getattr(one, name) for name in _COLUMNS]


async def hand_in(view: View) -> web.StreamResponse:
    """Queue a file."""
    form: HandIn = view.form
    upload = view.upload
    assert upload is not None
    import_id = await view.services.imports.submit(
        view.session, kind=form.kind, filename=upload.filename, path=upload.path, requested_by=view.actor
    )
    view.upload_kept = True
    return view.go(f"/imports/{import_id}", "imports.queued", file=upload.filename)


#: The same of what an import refused.
_REJECTS: Final[dict[str, Column[reading.Reject]]] = {
    "imports.row": lambda one: one.row_number,
    "imports.column": lambda one: one.column,
    "common.reason": lambda one: one.reason,
    "imports.row_itself": lambda one: one.row,
}


async def one(view: View) -> web.StreamResponse:
    """How an import went, and what it refused."""
    import_id = view.id("import")
    found = await reading.import_(view.session, import_id)
    query: RejectQuery = view.query if view.query is not None else RejectQuery.model_validate(view.given)
    counts = await reading.reject_counts(view.session, import_id)
    page = await listed(
        view,
        "conflicts",
        lambda after, limit: reading.rejects(view.session, import_id, after=after, limit=limit, scopes=[query.scope]),
        lambda reject: reject.id,
        _REJECTS,
        of=int,
        query=query,
    )
    if query.format == "csv":
        return _rejects_file(view, found, page.items)
    return view.render(
        "imports/one.html",
        one=found,
        counts=counts,
        scope=query.scope,
        rows=_mendable(found, page.items),
        next=page.next,
        field_names={f"row {reject.row_number}": view.t("imports.row_n", n=reject.row_number) for reject in page.items},
    )


def _rejects_file(view: View, found: reading.Import, rejects: Sequence[reading.Reject]) -> web.Response:
    rows = [[reject.row_number, reject.column, reject.reason, *reject.row] for reject in rejects]
    return view.csv("rejects", ["imports.row", "imports.column", "common.reason"], rows)


def _mendable(found: reading.Import, rejects: Sequence[reading.Reject]) -> list[MendableRow]:
    """Rejects by the row they belong to; several cells of one row stand together."""
    headings = found.headings or []
    rows: dict[int, MendableRow] = {}
    for reject in rejects:
        if reject.row_number in rows:
            rows[reject.row_number].faults.append(reject)
            continue
        width = max(len(headings), len(reject.row))
        names = [headings[at] if at < len(headings) and headings[at] else str(at + 1) for at in range(width)]
        values = [*reject.row, *[""] * (width - len(reject.row))]
        rows[reject.row_number] = MendableRow(
            reject=reject, faults=[reject], cells=list(zip(names, values, strict=True))
        )
    return list(rows.values())


async def progress(view: View) -> web.StreamResponse:
    """How far an import is, for the page that waits for it; when it has ended, the page is loaded anew."""
    found = await reading.import_(view.session, view.id("import"))
    response = view.render("imports/progress.html", one=found)
    if found.state not in ("queued", "running"):
        response.headers["HX-Refresh"] = "true"
    return response


async def mend(view: View) -> web.StreamResponse:
    """Try corrected rows again: those in which anything was changed."""
    import_id = view.id("import")
    changed = await _changed(view, import_id)
    again = await view.services.imports.mend(view.session, import_id, changed, actor=view.actor)
    return view.go(f"/imports/{again}", "imports.mended", count=len(changed))


async def _changed(view: View, import_id: UUID) -> dict[int, list[str]]:
    """The rows of the form that differ from what the file says, whole."""
    typed: dict[int, dict[int, str]] = {}
    for name, value in view.given.items():
        if name.startswith("c:") and isinstance(value, str):
            _, number, place = name.split(":", 2)
            if not (number.isdecimal() and place.isdecimal() and len(number) < 10 and len(place) < 4):
                raise InvalidInput("the form is not one of this page", field="rows")
            typed.setdefault(int(number), {})[int(place)] = value.strip()
    if not typed:
        raise InvalidInput("nothing was changed, so there is nothing to try again", field="rows")
    rejects = await reading.rejects(view.session, import_id, after=min(typed) - 1, limit=1000)
    rows: dict[int, list[str]] = {}
    for reject in rejects:
        cells = typed.get(reject.id)
        if cells is None:
            continue
        row = [*reject.row, *[""] * (max(cells) + 1 - len(reject.row))]
        mended = [cells.get(at, value) for at, value in enumerate(row)]
        if mended != [value.strip() for value in row]:
            rows[reject.id] = mended
    return rows


PAGES: Final = (
    Page(
        method="GET", path="/imports", handler=listing, scope="imports", title="imports.title", whole=True,
        query=ListQuery, menu=Menu(group="archive", order=40, icon="file-import"),
    ),
    Page(
        method="POST", path="/imports", handler=hand_in, scope="imports", title="imports.title", whole=True,
        under="/imports", form=HandIn, upload=True, again=listing,
    ),
    Page(
        method="GET", path="/imports/{id}", handler=one, scope="imports", title="imports.one", whole=True,
        under="/imports", query=RejectQuery,
    ),
    Page(
        method="GET", path="/imports/{id}/progress", handler=progress, scope="imports", whole=True, part=True,
    ),
    Page(
        method="POST", path="/imports/{id}/mend", handler=mend, scope="imports", title="imports.one", whole=True,
        under="/imports", form=Mended, again=one,
    ),
)  # fmt: skip
