"""Errors as answers: `application/problem+json` (RFC 9457), one stable `type` for each kind of trouble.

This is the boundary where the error tree becomes HTTP. What is not in the tree is a fault of ours: it is logged
in full and answered as a bare 500.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web
from pydantic import ValidationError

from gateway.kernel.database import AWAY
from gateway.kernel.errors import (
    Conflict,
    FieldError,
    Forbidden,
    InvalidInput,
    LamplighterError,
    NotFound,
    TooLarge,
    Unavailable,
)

CONTENT_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of trouble: the last part of its `type`, its status and title, and what a caller can do about it."""

    slug: str
    status: int
    title: str
    advice: str

    @property
    def type(self) -> str:
        """The URI reference that names it."""
        return f"/problems/{self.slug}"


MALFORMED = Kind("malformed", 400, "The request cannot be read", "Send well-formed JSON in UTF-8.")
UNAUTHENTICATED = Kind(
    "unauthenticated", 401, "A key is needed", "Send `Authorization: Bearer <key>` with a key that is in force."
)
FORBIDDEN = Kind("forbidden", 403, "Not allowed", "Use a key that holds the scope which `detail` names.")
NOT_FOUND = Kind("not-found", 404, "There is no such thing", "Check the address and the identifier in it.")
METHOD = Kind("method-not-allowed", 405, "Not with this method", "The `Allow` header lists the methods there are.")
TOO_SLOW = Kind("too-slow", 408, "It took too long", "Send the body faster, or ask again.")
CONFLICT = Kind("conflict", 409, "Not in the present state", "Read the present state before trying again.")
TOO_LARGE = Kind("too-large", 413, "Too large", "Split what is sent; `detail` names the bound.")
MEDIA_TYPE = Kind(
    "unsupported-media-type", 415, "Not in this form", "Send the media type that `detail` names, not compressed."
)
INVALID = Kind("invalid-input", 422, "Some fields are wrong", "`errors` names each field and what is wrong with it.")
KEY_REUSED = Kind(
    "idempotency-key-reused",
    422,
    "This Idempotency-Key belongs to another request",
    "Use a fresh key for each request that is not a repeat.",
)
INTERNAL = Kind("internal", 500, "Something went wrong here", "Report the `X-Request-Id` of the answer.")
UNAVAILABLE = Kind("unavailable", 503, "Not now", "Try again after the seconds that `Retry-After` names.")

KINDS: Final = {
    kind.slug: kind
    for kind in (
        MALFORMED, UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, METHOD, TOO_SLOW, CONFLICT, TOO_LARGE, MEDIA_TYPE, INVALID,
        KEY_REUSED, INTERNAL, UNAVAILABLE,
    )
}  # fmt: skip

_BY_ERROR: Final[tuple[tuple[type[LamplighterError], Kind], ...]] = (
    (InvalidInput, INVALID),
    (NotFound, NOT_FOUND),
    (Conflict, CONFLICT),
    (Forbidden, FORBIDDEN),
    (TooLarge, TOO_LARGE),
    (Unavailable, UNAVAILABLE),
)
_BY_STATUS: Final = {
    kind.status: kind
    for kind in (MALFORMED, FORBIDDEN, NOT_FOUND, METHOD, TOO_SLOW, TOO_LARGE, MEDIA_TYPE, UNAVAILABLE)
}

#: Seconds after which a caller may try again when the database is away.
RETRY_AFTER: Final = "2"
#: What a caller is told beside the problem. The rest of a body that is too large is not waited for.
_HEADERS: Final[Mapping[Kind, Mapping[str, str]]] = {
    UNAVAILABLE: {"Retry-After": RETRY_AFTER},
    TOO_LARGE: {"Connection": "close"},
}


class Refusal(LamplighterError):
    """Trouble with the request as HTTP, which no room of the domain knows of."""

    def __init__(self, kind: Kind, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.kind = kind
        self.headers = dict(headers or {})


def document(kind: Kind, detail: str, errors: Sequence[FieldError] = ()) -> dict[str, Any]:
    """The body of a problem."""
    body: dict[str, Any] = {"type": kind.type, "title": kind.title, "status": kind.status, "detail": detail}
    if errors:
        body["errors"] = [{"field": one.field, "message": one.message, "code": one.code} for one in errors]
    return body


def answer(
    kind: Kind, detail: str, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
) -> web.Response:
    """A problem as a response."""
    return web.Response(
        # Escaped, so that a lone surrogate quoted from a request cannot break the answer.
        body=json.dumps(document(kind, detail, errors)).encode("ascii"),
        status=kind.status,
        content_type=CONTENT_TYPE,
        headers=headers,
    )


def of(error: Exception) -> web.Response | None:
    """The answer to `error`; None where it is a fault of ours."""
    if isinstance(error, Refusal):
        return answer(error.kind, str(error), headers=error.headers)
    for cls, kind in _BY_ERROR:
        if isinstance(error, cls):
            errors = error.errors if isinstance(error, InvalidInput | Conflict) else ()
            return answer(kind, str(error), errors, _HEADERS.get(kind))
    if isinstance(error, web.HTTPException):
        return _of_http(error)
    if isinstance(error, AWAY):
        return answer(UNAVAILABLE, "The database is away.", headers={"Retry-After": RETRY_AFTER})
    return None


def _of_http(error: web.HTTPException) -> web.Response | None:
    if error.status < 400:
        return None
    kind = _BY_STATUS.get(error.status)
    if kind is None:
        kind = Kind("http", error.status, error.reason, "")
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
    detail = "There is nothing at this address." if kind is NOT_FOUND else f"{kind.title}."
    return answer(kind, detail, headers=headers)


def internal() -> web.Response:
    """The answer to a fault of ours: no detail leaves the house."""
    return answer(INTERNAL, "The request could not be carried out; it has been recorded.")


def fields(error: ValidationError, *, prefix: str = "", tags: frozenset[str] = frozenset()) -> list[FieldError]:
    """pydantic's findings as field errors. `tags` are names of union members, which are no part of a field."""
    found: list[FieldError] = []
    for one in error.errors(include_url=False, include_input=False):
        parts = list(one["loc"])
        if parts and parts[0] in tags:
            del parts[0]
        if one["type"].startswith("union_tag"):
            parts.append(str(one.get("ctx", {}).get("discriminator", "")).strip("'"))
        found.append(FieldError(_path(parts, prefix) or "body", one["msg"], one["type"]))
    return found


def _path(parts: Sequence[str | int], prefix: str) -> str:
    path = prefix
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path
