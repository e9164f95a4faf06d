"""Routes as data: the router and the OpenAPI document are both made from them.

An `Endpoint` serves one route: who calls and may they, what is asked and is it sound, the handler, its answer;
and every error becomes a problem. A POST runs in one transaction together with its Idempotency-Key.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

import structlog
from aiohttp import hdrs, web
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel.acting import act_for
from gateway.kernel.errors import FieldError, Forbidden, InvalidInput, NotFound
from gateway.kernel.logs import logger
from gateway.staff.keys import Caller, KeyRing
from gateway.web import bodies, idempotency, problems
from gateway.web.accepting import SingleMessages
from gateway.web.idempotency import Claim
from gateway.web.metrics import Metrics
from gateway.web.problems import Refusal
from gateway.web.services import Services
from gateway.web.together import Together

log = logger(__name__)

PREFIX: Final = "/api/v1"
REQUEST_ID: Final = "X-Request-Id"
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

B = TypeVar("B")
Q = TypeVar("Q")


@dataclass(slots=True, kw_only=True)
class Call(Generic[B, Q]):
    """One request as a handler sees it. `body` and `query` are the route's models, None where it has none."""

    around: Surroundings
    caller: Caller
    request: web.Request
    body: B
    query: Q
    #: Where the handler itself sees to the Idempotency-Key (`Route.own_transaction`).
    claim: Claim | None = None
    opened: AsyncSession | None = None

    @property
    def session(self) -> AsyncSession:
        """The transaction the handler works in; the endpoint commits it."""
        assert self.opened is not None, "a route with a transaction of its own has no session"
        return self.opened

    @property
    def services(self) -> Services:
        """Everything the web calls."""
        return self.around.services

    @property
    def actor(self) -> str:
        """How the audit trail names the caller."""
        return self.caller.actor

    def text(self, name: str) -> str:
        """A part of the path."""
        value: str = self.request.match_info[name]
        if "\x00" in value:
            raise NotFound(f"There is no such {name}.")
        return value

    def id(self, what: str, name: str = "id") -> UUID:
        """The identifier in the path; NotFound where it cannot be one."""
        try:
            return UUID(self.request.match_info[name])
        except ValueError as error:
            raise NotFound(f"There is no {what} with this id.") from error


#: What a handler is; its answer is of the route's `answer` type, or a finished response.
Handler = Callable[[Call[Any, Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation of the interface."""

    method: str
    #: Below `/api/v1`, with `{names}`.
    path: str
    handler: Handler
    scope: str
    summary: str
    #: The type of the answer's body.
    answer: Any
    tag: str
    status: int = 200
    #: A pydantic model (or a union of them), None where no body is taken.
    body: Any = None
    #: An empty body counts as `{}`.
    body_optional: bool = False
    #: Names of union members in `body`, which pydantic puts before a field.
    body_tags: frozenset[str] = frozenset()
    query: Any = None
    #: Answers with a file of one of these types instead of JSON.
    files: tuple[str, ...] = ()
    #: Takes a multipart file instead of JSON.
    upload: bool = False
    most: int = bodies.JSON_LIMIT
    #: The handler works in a transaction of its own and keeps the Idempotency-Key there.
    own_transaction: bool = False
    #: Not logged when it went well.
    quiet: bool = False
    #: Statuses beside `status` that come with an answer of the same kind.
    also: tuple[int, ...] = ()
    #: Further statuses that the document names.
    problems: tuple[int, ...] = ()
    sandbox_only: bool = False

    @property
    def operation_id(self) -> str:
        """A stable name for generated clients."""
        words = [part for part in re.split(r"[^a-z0-9_]+", self.path.lower()) if part]
        return "_".join((self.method.lower(), *words))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What endpoints share."""

    services: Services
    keys: KeyRing
    metrics: Metrics
    singles: SingleMessages


class Endpoint:
    """Serves one route."""

    def __init__(self, route: Route, surroundings: Surroundings) -> None:
        self._route = route
        self._around = surroundings
        self._answer: TypeAdapter[Any] = TypeAdapter(route.answer)
        self._body: TypeAdapter[Any] | None = TypeAdapter(route.body) if route.body is not None else None
        self._query: TypeAdapter[Any] | None = TypeAdapter(route.query) if route.query is not None else None
        self._keyed = route.method == "POST"
        self._timers: dict[int, Any] = {}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer a request, whatever happens."""
        began = perf_counter()
        given = request.headers.get(REQUEST_ID)
        request_id = given if given is not None and _SANE_ID.fullmatch(given) else f"{random.getrandbits(64):016x}"
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            response = await self._carry_out(request)
        except Exception as error:
            response = self._trouble(error)
        response.headers[REQUEST_ID] = request_id
        took = perf_counter() - began
        self._timer(response.status).observe(took)
        if not self._route.quiet or response.status >= 400:
            self._note(response.status, took)
        return response

    def _timer(self, status: int) -> Any:
        timer = self._timers.get(status)
        if timer is None:
            timer = self._around.metrics.requests.labels(self._route.method, self._route.path, status)
            self._timers[status] = timer
        return timer

    def _note(self, status: int, took: float) -> None:
        route = self._route
        log.info(
            "request",
            method=route.method,
            route=route.path,
            status=status,
            milliseconds=round(took * 1000, 1),
        )

    def _trouble(self, error: Exception) -> web.Response:
        response = problems.of(error)
        if response is None:
            log.error("a request failed", route=self._route.path, exc_info=error)
            return problems.internal()
        if response.status == 503:
            log.warning("unavailable", error=type(error).__name__)
        return response

    async def _carry_out(self, request: web.Request) -> web.Response:
        caller = await self._authenticated(request)
        query = self._asked(request)
        content = await self._content(request)
        body = self._parsed(content)
        claim = self._claim(request, caller, content)
        call: Call[Any, Any] = Call(
            around=self._around, caller=caller, request=request, body=body, query=query, claim=claim
        )
        if self._route.own_transaction:
            # A session costs more than all the rest of a short request.
            return await self._plain(call)
        async with self._around.services.database.session() as call.opened:
            act_for(call.session, caller.acting)
            return await (self._plain(call) if claim is None else self._once(call, claim))

    async def _authenticated(self, request: web.Request) -> Caller:
        scheme, _, key = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        caller = await self._around.keys.caller(key.strip()) if scheme.lower() == "bearer" and key else None
        if caller is None:
            raise Refusal(
                problems.UNAUTHENTICATED,
                "Send Authorization: Bearer with a key that is in force.",
                headers={hdrs.WWW_AUTHENTICATE: 'Bearer realm="lamplighter"'},
            )
        if not caller.may(self._route.scope):
            raise Forbidden(f"This needs the scope {self._route.scope}, which this key does not hold.")
        return caller

    def _asked(self, request: web.Request) -> Any:
        if self._query is None:
            if request.query_string:
                name = next(iter(request.query), "")
                raise InvalidInput("This address takes no parameters.", field=name[:100] or "query")
            return None
        asked: dict[str, Any] = {}
        for name in request.query:
            value = ",".join(request.query.getall(name))
            if "\x00" in value:
                raise InvalidInput("NUL is no text.", field=name[:100])
            asked[name] = value
        try:
            return self._query.validate_python(asked)
        except ValidationError as error:
            raise InvalidInput("The parameters are wrong.", errors=problems.fields(error)) from error

    async def _content(self, request: web.Request) -> bytes:
        if self._route.upload:
            return b""
        if self._body is None and not request.body_exists:
            return b""
        content = await bodies.read(request, most=self._route.most)
        if content:
            bodies.require_json(request)
        return content

    def _parsed(self, content: bytes) -> Any:
        if self._body is None:
            if content.strip() not in (b"", b"{}"):
                raise InvalidInput("This operation takes no body.", field="body")
            return None
        if not content and self._route.body_optional:
            content = b"{}"
        if b"\\u0000" in content:
            _refuse_nul(content)
        try:
            return self._body.validate_json(content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            if first["type"] == "json_invalid":
                raise Refusal(problems.MALFORMED, first["msg"]) from error
            found = problems.fields(error, tags=self._route.body_tags)
            raise InvalidInput("Some fields are wrong.", errors=found) from error

    def _claim(self, request: web.Request, caller: Caller, content: bytes) -> Claim | None:
        # The digest of an upload needs its file; its handler claims.
        if not self._keyed or self._route.upload:
            return None
        return idempotency.claim_of(request, caller.actor, content)

    async def _plain(self, call: Call[Any, Any]) -> web.Response:
        value = await self._route.handler(call)
        if isinstance(value, web.Response):
            return value
        body = self._answer.dump_json(value, by_alias=True)
        if call.opened is not None and self._route.method != "GET":
            await call.opened.commit()
        return json_response(body, self._route.status)

    async def _once(self, call: Call[Any, Any], claim: Claim) -> web.Response:
        earlier = await idempotency.claim(call.session, claim)
        if earlier is not None:
            return json_response(earlier.body.encode(), earlier.status)
        value = await self._route.handler(call)
        body = self._answer.dump_json(value, by_alias=True)
        await idempotency.keep(call.session, claim, self._route.status, body.decode())
        await call.session.commit()
        return json_response(body, self._route.status)


def json_response(body: bytes, status: int) -> web.Response:
    """JSON that is finished already."""
    return Together(body=body, status=status, headers=_JSON)


_JSON: Final = {hdrs.CONTENT_TYPE: "application/json", hdrs.CACHE_CONTROL: "no-store"}


def _refuse_nul(content: bytes) -> None:
    """Name the field that holds a NUL, which no text has and PostgreSQL cannot keep."""
    try:
        found = _nul_at(json.loads(content), "")
    except (ValueError, RecursionError):
        return  # the parser behind this says what is wrong
    if found is not None:
        raise InvalidInput("Some fields are wrong.", errors=(FieldError(found or "body", "NUL is no text.", "nul"),))


def _nul_at(value: Any, path: str) -> str | None:
    if isinstance(value, str):
        return path if "\x00" in value else None
    parts: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        if any("\x00" in name for name in value):
            return path
        parts = [(f"{path}.{name}" if path else name, item) for name, item in value.items()]
    elif isinstance(value, list):
        parts = [(f"{path}[{index}]", item) for index, item in enumerate(value)]
    for where, item in parts:
        if (found := _nul_at(item, where)) is not None:
            return found
    return None
