"""Serving the console: who is it, may they, what is asked, the handler, the answer; errors become pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aiohttp import hdrs, web
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel.acting import act_for
from gateway.kernel.errors import Conflict, Forbidden, InvalidInput, LamplighterError, NotFound
from gateway.kernel.logs import logger
from gateway.staff.signing_in import Door, Person
from gateway.web import bodies, problems
from gateway.web.console.assets import PREFIX as STATIC
from gateway.web.console.assets import Assets
from gateway.web.console.kept import Kept
from gateway.web.console.pages import HEADERS, Page, View, faults
from gateway.web.console.refusals import Refusals
from gateway.web.console.rendering import Rendering
from gateway.web.console.sealing import Seal
from gateway.web.console.wording import LANGUAGES, catalogue
from gateway.web.metrics import Metrics
from gateway.web.services import Services

log = logger(__name__)

PREFIX: Final = "/console"
THEMES: Final = ("auto", "light", "dark")
_SESSION: Final = "lamplighter_session"
_VISIT: Final = "lamplighter_visit"
_NOTE: Final = "lamplighter_note"
#: The visit that this answer begins; that what was to be said has been said.
_NEW_VISIT: Final = web.RequestKey("visit", str)
_SAID: Final = web.RequestKey("said", bool)
_A_YEAR: Final = 365 * 86400


class Stranger(LamplighterError):
    """Nobody is signed in."""


class Forged(LamplighterError):
    """A form that this gateway did not give to this person."""


class Console:
    """The console of one node. `pages` is the whole of it."""

    def __init__(self, services: Services, metrics: Metrics, pages: Sequence[Page]) -> None:
        self.services = services
        self.words = catalogue()
        self.refusals = Refusals(self.words)
        secret = services.settings.kept_secret()
        self.seal = Seal(secret)
        self.kept = Kept()
        self.door = Door(services.database, services.clock, secret)
        self.pages = pages
        self._assets = Assets()
        listed = sorted((page for page in pages if page.menu), key=_place)
        self.rendering = Rendering(self.words, self._assets, self.seal, listed)
        self._metrics = metrics
        self._secure = services.settings.base_url.startswith("https:")
        self._host = urlsplit(services.settings.base_url).netloc

    def routes(self) -> list[web.RouteDef]:
        """Everything below `/console`."""
        routes = [web.get(f"{STATIC}/{{mark}}/{{name:.+}}", self._assets.serve)]
        for page in self.pages:
            handler = _Served(self, page).serve
            path = PREFIX + page.path if page.path != "/" else PREFIX
            routes.append(web.route(page.method, path, handler))
        routes += self._back_to_forms()
        routes.append(web.get(f"{PREFIX}/", _home))
        routes.append(web.get(f"{PREFIX}/{{rest:.*}}", _Served(self, _NOWHERE).serve))
        return routes

    def _back_to_forms(self) -> list[web.RouteDef]:
        """A form that came back stands at the address it was sent to; opened again, that leads to where it is shown."""
        shown = {page.handler: page.path for page in self.pages if page.method == "GET"}
        taken = {page.path for page in self.pages if page.method == "GET"}
        return [
            web.get(PREFIX + page.path, _shown_at(PREFIX + shown[page.again]))
            for page in self.pages
            if page.method == "POST" and page.again in shown and page.path not in taken
        ]

    # Cookies

    def _keep(self, response: web.StreamResponse, name: str, value: str, *, seconds: int | None = None) -> None:
        response.set_cookie(
            name, value, max_age=seconds, path=PREFIX, httponly=True, samesite="Lax", secure=self._secure
        )

    def let_in(self, response: web.StreamResponse, token: str) -> None:
        """Give the browser its session."""
        self._keep(response, _SESSION, token)

    def let_out(self, response: web.StreamResponse) -> None:
        """Take the session back."""
        response.del_cookie(_SESSION, path=PREFIX)

    def remember(self, response: web.StreamResponse, note: dict[str, Any]) -> None:
        """Say something on the next page: a word, its values, how to undo what it says."""
        self._keep(response, _NOTE, self.seal.close(note), seconds=60)

    def remembered(self, request: web.Request) -> dict[str, Any] | None:
        """What is to be said on this page."""
        note = request.cookies.get(_NOTE)
        found = self.seal.open(note) if note else None
        if isinstance(found, dict) and str(found.get("key")) in self.words:
            request[_SAID] = True
            return found
        return None

    def prefer(self, response: web.StreamResponse, name: str, value: str) -> None:
        """Keep a choice in the browser, for when nobody is signed in: `language`, `theme`."""
        self._keep(response, f"lamplighter_{name}", value, seconds=_A_YEAR)

    # What a request is

    async def person(self, request: web.Request) -> Person | None:
        """Who is signed in."""
        token = request.cookies.get(_SESSION)
        return await self.door.person(token) if token and len(token) < 200 else None

    def language(self, request: web.Request, person: Person | None) -> str:
        """The language of the page: the person's, the browser's cookie, what the browser asks for, the home's."""
        asked = (person.language if person else None) or request.cookies.get("lamplighter_language")
        if asked in LANGUAGES:
            return asked
        accepted = request.headers.get(hdrs.ACCEPT_LANGUAGE, "")[:2].lower()
        return {"zh": "zh-CN", "en": "en"}.get(accepted, self.services.settings.language)

    def theme(self, request: web.Request, person: Person | None) -> str:
        """`auto`, `light` or `dark`."""
        asked = (person.theme if person else None) or request.cookies.get("lamplighter_theme")
        return asked if asked in THEMES else "auto"

    def zone(self, request: web.Request) -> ZoneInfo:
        """The viewer's zone, which the console's script puts in a cookie; until then the home's."""
        name = request.cookies.get("lamplighter_zone", "")
        try:
            return ZoneInfo(name) if name and len(name) < 64 else self.services.settings.zone
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return self.services.settings.zone

    def visit(self, request: web.Request) -> str:
        """What the forms of somebody who is not signed in are bound to."""
        kept = request.cookies.get(_VISIT)
        if kept and len(kept) < 100:
            return kept
        if _NEW_VISIT not in request:
            request[_NEW_VISIT] = self.seal.visit()
        return request[_NEW_VISIT]

    def finish(self, request: web.Request, response: web.StreamResponse) -> None:
        """What every answer carries."""
        response.headers.update(HEADERS)
        if _NEW_VISIT in request:
            self._keep(response, _VISIT, request[_NEW_VISIT])
        if _SAID in request:
            response.del_cookie(_NOTE, path=PREFIX)

    def same_site(self, request: web.Request) -> bool:
        """Whether a form was sent from a page of ours, as far as the browser says."""
        origin = request.headers.get(hdrs.ORIGIN)
        return origin is None or urlsplit(origin).netloc in (request.host, self._host)

    def count(self, page: Page, status: int, took: float) -> None:
        """Count an answer."""
        self._metrics.requests.labels(page.method, PREFIX + page.path, status).observe(took)


class _Served:
    """Serves one page."""

    def __init__(self, console: Console, page: Page) -> None:
        self._console = console
        self._page = page

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer, whatever happens."""
        began = perf_counter()
        console = self._console
        try:
            person = await console.person(request)
        except Exception as error:
            answer = problems.of(error)
            if answer is None:
                log.error("a page failed", route=self._page.path, exc_info=error)
                answer = problems.internal()
            return answer
        view = View(
            console=console,
            request=request,
            page=self._page,
            language=console.language(request, person),
            theme=console.theme(request, person),
            zone=console.zone(request),
            csrf=console.seal.token(str(person.session_id) if person else console.visit(request)),
            someone=person,
        )
        response: web.StreamResponse
        try:
            response = await self._carry_out(view)
        except Stranger:
            response = _to_the_door(view)
        except Exception as error:
            response = self._trouble(view, error)
        console.finish(request, response)
        console.count(self._page, response.status, perf_counter() - began)
        return response

    async def _carry_out(self, view: View) -> web.StreamResponse:
        page = self._page
        self._admit(view)
        try:
            await self._read(view)
            async with self._opened(view) as session:
                self._parse(view)
                response = await page.handler(view)
                if page.method != "GET":
                    await session.commit()
                return response
        except (InvalidInput, Conflict, Forbidden) as error:
            if page.again is None:
                raise
            view.trouble = view.refused(error)
        finally:
            if view.upload is not None and not view.upload_kept:
                view.upload.discard()
        # What the handler began was rolled back with its session; the page is made by another.
        async with self._opened(view):
            view.form = None
            return await page.again(view)

    @asynccontextmanager
    async def _opened(self, view: View) -> AsyncIterator[AsyncSession]:
        """A session on behalf of who is signed in."""
        async with self._console.services.database.session() as session:
            if view.someone is not None:
                act_for(session, view.someone.acting)
            view.opened = session
            yield session

    def _admit(self, view: View) -> None:
        page, person = self._page, view.someone
        if page.method != "GET" and not self._console.same_site(view.request):
            raise Forged
        if page.public:
            return
        if person is None:
            raise Stranger
        if person.must_change and not page.always:
            raise MustChange
        if not page.open_to(person.may):
            raise Forbidden(f"This needs the scope {', '.join(filter(None, (page.scope, *page.one_of)))}.")
        if page.whole and not person.acting.whole:
            raise Forbidden("This concerns the whole utility, and you act for a part of it.")

    async def _read(self, view: View) -> None:
        page, request = self._page, view.request
        if page.method == "GET":
            return
        token = request.headers.get("X-CSRF-Token")
        if page.upload:
            settings = self._console.services.settings
            view.upload = await bodies.receive_upload(
                request,
                folder=settings.data_dir / "uploads",
                most=settings.max_upload_mb * bodies.MIB,
                fields=True,
            )
            view.given = view.upload.fields
        else:
            bodies.refuse_packed(request)
            posted = await request.post()
            view.given = {name: _plain(posted.getall(name)) for name in posted if isinstance(posted[name], str)}
        given = view.given.get("csrf", "")
        of = str(view.someone.session_id) if view.someone else self._console.visit(request)
        if not self._console.seal.genuine(token or (given if isinstance(given, str) else ""), of):
            raise Forged
        if any("\x00" in value for value in view.given.values() if isinstance(value, str)):
            raise InvalidInput("NUL is no text.")

    def _parse(self, view: View) -> None:
        page = self._page
        asked = {name: ",".join(view.request.query.getall(name)) for name in view.request.query}
        if any("\x00" in value for value in asked.values()):
            raise NotFound("NUL is no text.")
        try:
            if page.query is not None:
                view.query = page.query.model_validate(asked)
        except ValidationError as error:
            raise NotFound("The address asks for something that there is not.") from error
        try:
            if page.form is not None:
                view.form = page.form.model_validate(view.given)
        except ValidationError as error:
            raise faults(error) from error

    def _trouble(self, view: View, error: Exception) -> web.StreamResponse:
        if isinstance(error, web.HTTPException) and error.status < 400:
            raise error
        if isinstance(error, MustChange):
            return view.go("/password")
        if isinstance(error, Forged):
            return view.render("trouble.html", status=403, kind="forged", detail="")
        answer = problems.of(error)
        if answer is None:
            log.error("a page failed", route=self._page.path, exc_info=error)
            answer = problems.internal()
        kinds = {403: "forbidden", 404: "missing", 409: "conflict", 413: "large", 422: "input", 503: "away"}
        detail = ""
        told = isinstance(error, Forbidden) and self._console.refusals.knows(str(error))
        if told or (isinstance(error, LamplighterError) and answer.status in (409, 413, 422)):
            detail = self._console.refusals.say(view.language, str(error))
        return view.render("trouble.html", status=answer.status, kind=kinds.get(answer.status, "broken"), detail=detail)


class MustChange(LamplighterError):
    """The password must be changed first."""


def _plain(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _to_the_door(view: View) -> web.Response:
    """To the sign-in, and from there back to what was asked for: from a form or a piece of a page, to that page."""
    request = view.request
    if request.method == "GET" and not view.htmx and not view.page.part:
        asked = {"back": request.path_qs.removeprefix(PREFIX)}
    else:
        here = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get(hdrs.REFERER) or "")
        within = here.path.startswith(f"{PREFIX}/")
        asked = {"back": here.path.removeprefix(PREFIX) + (f"?{here.query}" if here.query else "")} if within else {}
        asked["ended"] = "form" if request.method != "GET" else "page"
    target = f"{PREFIX}/sign-in{f'?{urlencode(asked)}' if asked else ''}"
    if view.htmx:
        return web.Response(status=401, headers={"HX-Redirect": target})
    if view.page.part:
        return web.Response(status=401)
    return web.Response(status=303, headers={hdrs.LOCATION: target, hdrs.CACHE_CONTROL: "no-store"})


def _place(page: Page) -> int:
    assert page.menu is not None
    return page.menu.order


def _shown_at(path: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def redirect(request: web.Request) -> web.StreamResponse:
        raise web.HTTPSeeOther(path.format_map({name: quote(one, safe="") for name, one in request.match_info.items()}))

    return redirect


async def _home(_: web.Request) -> web.Response:
    raise web.HTTPFound(PREFIX)


async def _nowhere(view: View) -> web.StreamResponse:
    raise NotFound("There is nothing at this address.")


_NOWHERE: Final = Page(method="GET", path="/{rest}", handler=_nowhere, scope=None, always=True)
