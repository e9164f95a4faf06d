"""Pages as data: the router, the menu and the tests over all pages are made from the same list.

A `Page` names an address, the scope it needs and its handler; a handler gets a `View`, calls one use case or
reading, and answers by `render`, `go` or a finished response. `docs/console.md` says how to add one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import hdrs, web
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel.errors import Conflict, FieldError, Forbidden, InvalidInput, NotFound
from gateway.kernel.logs import mask_numbers
from gateway.staff.signing_in import Person
from gateway.web import problems
from gateway.web.bodies import Upload
from gateway.web.services import Services

if TYPE_CHECKING:
    from gateway.web.console.serving import Console

#: The parts of the menu, in order.
GROUPS: Final = ("today", "notices", "service", "archive", "settings")

#: Rows on a page of a list, and in a file that is made of it.
ROWS: Final = 50
LONGEST_FILE: Final = 10_000

Handler = Callable[["View"], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """A place in the menu."""

    group: str
    order: int
    icon: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One address of the console and what is done there."""

    method: str
    #: Below `/console`, with `{names}`.
    path: str
    handler: Handler
    #: What one must hold; None: to be signed in is enough.
    scope: str | None
    #: Beside that, one of these at least.
    one_of: tuple[str, ...] = ()
    #: The word that names it, for the browser's title and the menu.
    title: str = "common.console"
    menu: Menu | None = None
    #: The menu's entry that is lit, where the page has none of its own: the path of another page.
    under: str | None = None
    #: Only for those who act for the whole utility.
    whole: bool = False
    query: type[Query] | None = None
    form: type[Form] | None = None
    #: For a form that is refused: the page that is shown again, with what was typed and what is wrong with it.
    again: Handler | None = None
    #: A piece of a page, fetched by a script or by htmx; or a file.
    part: bool = False
    #: Takes a file beside the form's fields.
    upload: bool = False
    #: Without being signed in.
    public: bool = False
    #: Also for those who must change their password first.
    always: bool = False

    def open_to(self, may: Callable[[str], bool]) -> bool:
        """Whether somebody who `may` do so much opens it, as far as scopes go."""
        return (self.scope is None or may(self.scope)) and (not self.one_of or any(map(may, self.one_of)))

    @property
    def name(self) -> str:
        """How the tests call it."""
        return f"{self.method} {self.path}"


class Query(BaseModel):
    """What is asked of a page, from its address. What nobody asked for is left out, and blanks are nothing."""

    model_config = ConfigDict(extra="ignore", frozen=True, str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _nothing(cls, given: Any) -> Any:
        return {name: value for name, value in given.items() if value not in ("", [])}


class ListQuery(Query):
    """What every list takes: `cursor` for the page behind, `format=csv` for a file, `find` for rows that hold words,
    `sort` for the heading they are sorted by (`-` before it: the greatest first).
    """

    cursor: str | None = None
    format: Literal["csv"] | None = None
    find: Annotated[str, StringConstraints(max_length=200)] | None = None
    sort: Annotated[str, StringConstraints(max_length=64)] | None = None

    @property
    def limit(self) -> int:
        """Rows on a page, or in a file."""
        return LONGEST_FILE if self.format == "csv" else ROWS


class Form(BaseModel):
    """What was typed into a form. An empty field is nothing; a field of a list may come several times."""

    model_config = ConfigDict(extra="ignore", frozen=True, str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _nothing(cls, given: Any) -> Any:
        return {name: value for name, value in given.items() if value not in ("", [])}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a form was refused: a sentence, and what is wrong with single fields (by name)."""

    words: str
    fields: Mapping[str, str]
    status: int


@dataclass(slots=True, kw_only=True)
class View:
    """One request as a handler sees it."""

    console: Console
    request: web.Request
    page: Page
    language: str
    theme: str
    zone: ZoneInfo
    csrf: str
    someone: Person | None
    query: Any = None
    form: Any = None
    #: The file that came; removed unless the handler says that something keeps it.
    upload: Upload | None = None
    upload_kept: bool = False
    opened: AsyncSession | None = None
    #: What was typed, where the form comes back; and why.
    given: Mapping[str, Any] = field(default_factory=dict)
    trouble: Trouble | None = None
    #: The list that is shown (`gateway.web.console.lists`).
    listing: Any = None

    @property
    def services(self) -> Services:
        """Everything the web calls."""
        return self.console.services

    @property
    def session(self) -> AsyncSession:
        """The transaction the handler works in, on behalf of who is signed in; a POST that goes well is committed."""
        assert self.opened is not None
        return self.opened

    @property
    def person(self) -> Person:
        """Who is signed in."""
        assert self.someone is not None, "a public page has nobody"
        return self.someone

    @property
    def actor(self) -> str:
        """How the audit trail names them."""
        return self.person.acting.actor

    @property
    def now(self) -> datetime:
        """The clock's time, in the viewer's zone."""
        return self.services.clock.now().astimezone(self.zone)

    @property
    def htmx(self) -> bool:
        """Whether a part of a page is asked for."""
        return self.request.headers.get("HX-Request") == "true"

    def may(self, scope: str) -> bool:
        """Whether who is signed in holds `scope`."""
        return self.someone is not None and self.someone.may(scope)

    def id(self, what: str, name: str = "id") -> UUID:
        """The identifier in the address; NotFound where it cannot be one."""
        try:
            return UUID(self.request.match_info[name])
        except ValueError as error:
            raise NotFound(f"There is no {what} with this id.") from error

    def moment(self, typed: datetime) -> datetime:
        """What was typed as a time: in the viewer's zone where it names none."""
        return typed if typed.tzinfo is not None else typed.replace(tzinfo=self.zone)

    def text(self, name: str) -> str:
        """A part of the address."""
        value: str = self.request.match_info[name]
        if "\x00" in value:
            raise NotFound(f"There is no such {name}.")
        return value

    def number(self, what: str, name: str = "id") -> int:
        """A number in the address; NotFound where it is none."""
        value = self.request.match_info[name]
        if not (value.isascii() and value.isdigit() and len(value) < 10):
            raise NotFound(f"There is no {what} with this id.")
        return int(value)

    def address(self, changed: Mapping[str, Any]) -> str:
        """This page's address with some of what it asks for changed; None leaves it out."""
        asked = {**self.request.query, **changed}
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return f"{self.request.path}?{query}" if query else self.request.path

    def t(self, key: str, **values: Any) -> str:
        """The words of `key` in the viewer's language."""
        return self.console.words.say(self.language, key, **values)

    def word(self, area: str, value: object) -> str:
        """The name of a value of a closed list; the value itself where it has none."""
        key = f"{area}.{value}"
        return self.t(key) if key in self.console.words else str(value)

    def render(self, template: str, *, status: int | None = None, **values: Any) -> web.Response:
        """The page made from a template; for htmx its content alone."""
        if status is None:
            status = self.trouble.status if self.trouble is not None else 200
        body = self.console.rendering.render(self, template, values)
        return web.Response(text=body, status=status, content_type="text/html", headers=_HTML)

    def go(self, path: str, said: str | None = None, *, undo: str | None = None, **values: Any) -> web.Response:
        """Send the browser on to another page (below `/console`), which says `said`.

        `undo`: the path of a POST without fields that takes it back.
        """
        target = f"/console{path}"
        response = web.Response(status=303, headers={hdrs.LOCATION: target, hdrs.CACHE_CONTROL: "no-store"})
        if self.htmx:
            response = web.Response(status=204, headers={"HX-Redirect": target, hdrs.CACHE_CONTROL: "no-store"})
        if said is not None:
            self.console.remember(response, {"key": said, "values": values, "undo": undo})
        return response

    def csv(self, name: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> web.Response:
        """A table as a file for a spreadsheet: headings are words, and no cell is taken for a formula."""
        sink = io.StringIO()
        writer = csv.writer(sink)
        writer.writerow([self.t(key) for key in headings])
        for row in rows:
            writer.writerow([_safe(value) for value in row])
        return web.Response(
            body=sink.getvalue().encode("utf-8-sig"),
            content_type="text/csv",
            charset="utf-8",
            headers={hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}.csv"', hdrs.CACHE_CONTROL: "no-store"},
        )

    def json(self, value: Any) -> web.Response:
        """Data for a plot or a calendar."""
        return web.json_response(value, headers={hdrs.CACHE_CONTROL: "no-store"})

    def refused(self, error: InvalidInput | Conflict | Forbidden) -> Trouble:
        """An error of a use case in words: nothing was done, and why."""
        found = () if isinstance(error, Forbidden) else error.errors
        fields = {one.field: mask_numbers(self._fault(one)) for one in found}
        said = str(error)
        detail = self.console.refusals.say(self.language, said)
        words = self.t("errors.form") if isinstance(error, InvalidInput) and fields else detail
        status = 422 if isinstance(error, InvalidInput) else 403 if isinstance(error, Forbidden) else 409
        return Trouble(mask_numbers(words), fields, status)

    def _fault(self, fault: FieldError) -> str:
        # A sentence of its own says more than what is said of every fault of that code.
        if self.console.refusals.knows(fault.message):
            return self.console.refusals.say(self.language, fault.message)
        key = f"faults.{fault.code}"
        if key in self.console.words:
            return self.t(key)
        return self.console.refusals.say(self.language, fault.message)


def faults(error: ValidationError) -> InvalidInput:
    """pydantic's findings as an InvalidInput."""
    return InvalidInput("Some fields are wrong.", errors=problems.fields(error))


def _safe(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return "" if value is None else value


#: For every page: nothing from elsewhere, nothing inline. The one style element that is allowed is an empty one,
#: which the calendar fills by itself; its arrows are a font that it carries within its script.
_EMPTY: Final = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
HEADERS: Final = {
    "Content-Security-Policy": (
        f"default-src 'none'; script-src 'self'; style-src 'self' {_EMPTY}; img-src 'self' data:; "
        "font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_HTML: Final = {hdrs.CACHE_CONTROL: "no-store"}
