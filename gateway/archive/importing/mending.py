"""Mending refused rows: a person corrects them where they are shown, and they go in as an import of their own."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.importing.runner import submit
from gateway.archive.tables import Import, ImportReject
from gateway.kernel.clock import Clock
from gateway.kernel.errors import Conflict, FieldError, InvalidInput, NotFound

#: Rows that are mended at once.
MOST: Final = 500
_LONGEST_CELL: Final = 2_000


async def mend(
    session: AsyncSession,
    import_id: UUID,
    rows: Mapping[int, Sequence[str]],
    *,
    folder: Path,
    clock: Clock,
    actor: str,
) -> UUID:
    """Queue refused rows of an import again as they were mended; the id of the new import.

    `rows` are whole rows by the id of one of their rejects, cell by cell as the file's headings stand; empty cells
    behind the last heading are none. All rejects of such a row count as mended. Raises NotFound, InvalidInput, and
    Conflict where a row was mended before.
    """
    before = await session.get(Import, import_id)
    if before is None:
        raise NotFound("There is no import with this id.")
    if not rows or len(rows) > MOST:
        raise InvalidInput("nothing was changed, so there is nothing to try again", field="rows")
    if before.headings is None:
        raise Conflict("the headings of this file are not known; hand the file in again")
    width = len(before.headings)
    found = (
        await session.execute(
            select(ImportReject).where(ImportReject.import_id == import_id, ImportReject.id.in_(rows)).with_for_update()
        )
    ).scalars()
    rejects = {reject.id: reject for reject in found}
    if set(rejects) != set(rows):
        raise NotFound("There is no such refused row in this import.")
    if any(reject.scope == "conflict" for reject in rejects.values()):
        raise Conflict("a row that contradicts a correction is not mended but decided")
    if any(reject.mended_by is not None for reject in rejects.values()):
        raise Conflict("one of these rows was mended meanwhile; load the page again")
    whole = {at: _within(cells, width) for at, cells in rows.items()}
    faults = [fault for at, cells in whole.items() if (fault := _fault(f"row {rejects[at].row_number}", cells, width))]
    if faults:
        raise InvalidInput("Some rows cannot go in like this.", errors=faults)
    path = folder / f"{uuid4().hex}.csv"
    await asyncio.to_thread(_write, path, before.headings, [whole[at] for at in sorted(whole)])
    try:
        again = await submit(
            session,
            kind=before.kind,
            filename=f"{Path(before.filename).stem}+.csv",
            path=path,
            requested_by=actor,
            clock=clock,
            mends=import_id,
        )
        numbers = {reject.row_number for reject in rejects.values()}
        await session.execute(
            update(ImportReject)
            .where(
                ImportReject.import_id == import_id,
                ImportReject.row_number.in_(numbers),
                ImportReject.scope != "conflict",
            )
            .values(mended_by=again.id)
        )
        await session.flush()
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return again.id


def _within(cells: Sequence[str], width: int) -> Sequence[str]:
    """A row without what is empty behind the last heading: the place that a joined cell left over."""
    while len(cells) > width and not cells[-1].strip():
        cells = cells[:-1]
    return cells


def _fault(row: str, cells: Sequence[str], width: int) -> FieldError | None:
    if len(cells) > width:
        return FieldError(row, f"{len(cells)} cells under {width} headings", "too_many_cells")
    if any(len(cell) > _LONGEST_CELL or "\x00" in cell for cell in cells):
        return FieldError(row, f"at most {_LONGEST_CELL} characters in a cell", "string_too_long")
    return None


def _write(path: Path, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    sink = io.StringIO()
    writer = csv.writer(sink)
    writer.writerow(headings)
    writer.writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sink.getvalue().encode("utf-8-sig"))
