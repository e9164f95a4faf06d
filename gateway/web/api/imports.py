"""Files handed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from gateway.archive.reading import imports as reading
from gateway.web import bodies, idempotency
from gateway.web.bodies import Upload
from gateway.web.paging import Page, PageQuery, behind, cut
from gateway.web.routing import Call, Route, json_response

TAG: Final = "imports"
_UPLOADS: Final = "uploads"


#: What a file may hold (contract §4, and `number_checks`).
Kind = Literal[
    "archive", "accounts", "contacts", "topology", "staff", "bills", "arrears", "payments", "outages",
    "work_orders", "followups", "number_checks", "outside_scores", "commitments", "warnings",
    "supervision_cards", "deputies", "visit_programmes",
]  # fmt: skip


class ImportQuery(BaseModel):
    """What is handed in."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportQueued:
    """A file that was taken in."""

    id: UUID
    state: str


async def submit(call: Call[None, ImportQuery]) -> Any:
    """Stream the file to disk, then queue it."""
    settings = call.services.settings
    upload = await bodies.receive_upload(
        call.request, folder=settings.data_dir / _UPLOADS, most=settings.max_upload_mb * bodies.MIB
    )
    kept = False
    try:
        response, kept = await _queue(call, upload)
    finally:
        if not kept:
            upload.discard()
    return response


async def _queue(call: Call[None, ImportQuery], upload: Upload) -> tuple[Any, bool]:
    # Each attempt has another multipart boundary: what is repeated is the file.
    claim = idempotency.claim_of(call.request, call.actor, upload.sha256)
    if claim is not None:
        earlier = await idempotency.claim(call.session, claim)
        if earlier is not None:
            return json_response(earlier.body.encode(), earlier.status), False
    import_id = await call.services.imports.submit(
        call.session,
        kind=call.query.kind,
        filename=upload.filename,
        path=upload.path,
        requested_by=call.actor,
    )
    body = f'{{"id":"{import_id}","state":"queued"}}'
    if claim is not None:
        await idempotency.keep(call.session, claim, 202, body)
    await call.session.commit()
    return json_response(body.encode(), 202), True


async def listed(call: Call[None, PageQuery]) -> Page[reading.Import]:
    """Imports, newest first."""
    before = behind("imports", call.query.cursor, UUID)
    found = await reading.imports(call.session, before=before, limit=call.query.limit + 1)
    return Page[reading.Import](**cut("imports", found, call.query.limit, lambda one: one.id))


async def one(call: Call[None, None]) -> reading.Import:
    """How far an import is."""
    return await reading.import_(call.session, call.id("import"))


async def rejects(call: Call[None, PageQuery]) -> Page[reading.Reject]:
    """What an import refused, in the order of the file."""
    after = behind("rejects", call.query.cursor, int)
    found = await reading.rejects(call.session, call.id("import"), after=after, limit=call.query.limit + 1)
    return Page[reading.Reject](**cut("rejects", found, call.query.limit, lambda one: one.id))


ROUTES: Final = (
    Route(
        method="POST",
        path="/imports",
        handler=submit,
        scope="imports",
        tag=TAG,
        summary="Hand a file in: CSV or XLSX, in the multipart field `file`",
        answer=ImportQueued,
        status=202,
        query=ImportQuery,
        upload=True,
        problems=(408, 413, 415),
    ),
    Route(
        method="GET",
        path="/imports",
        handler=listed,
        scope="imports",
        tag=TAG,
        summary="List imports, newest first",
        answer=Page[reading.Import],
        query=PageQuery,
    ),
    Route(
        method="GET",
        path="/imports/{id}",
        handler=one,
        scope="imports",
        tag=TAG,
        summary="How far an import is",
        answer=reading.Import,
        quiet=True,
    ),
    Route(
        method="GET",
        path="/imports/{id}/rejects",
        handler=rejects,
        scope="imports",
        tag=TAG,
        summary="What was refused: row, column, reason, the row itself",
        answer=Page[reading.Reject],
        query=PageQuery,
    ),
)
