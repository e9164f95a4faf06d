"""The console over a world of its own, and a browser to look at it with."""

from __future__ import annotations

import re
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from gateway.kernel.database import Database

from .world import World, bare, build

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
_COOKIE = "lamplighter_session"


@pytest.fixture(scope="session")
async def world(server_url: str, template_database: str) -> AsyncIterator[World]:
    """A world that tests look at, and change only where nobody else looks."""
    connection = await asyncpg.connect(server_url)
    await connection.execute(f"CREATE DATABASE console TEMPLATE {template_database} STRATEGY file_copy")
    await connection.close()
    database = Database(server_url.replace("/postgres?", "/console?", 1), size=8)
    await database.start()
    with tempfile.TemporaryDirectory(prefix="console-", ignore_cleanup_errors=True) as folder:
        built = await build(database, Path(folder))
        yield built
        await built.runner.cleanup()
    await database.close()


@pytest.fixture(scope="module")
async def nothing(server_url: str, template_database: str) -> AsyncIterator[World]:
    """A gateway over an empty database, for a walk from the beginning."""
    connection = await asyncpg.connect(server_url)
    await connection.execute("DROP DATABASE IF EXISTS console_walk WITH (FORCE)")
    await connection.execute(f"CREATE DATABASE console_walk TEMPLATE {template_database} STRATEGY file_copy")
    await connection.close()
    database = Database(server_url.replace("/postgres?", "/console_walk?", 1), size=8)
    await database.start()
    with tempfile.TemporaryDirectory(prefix="console-", ignore_cleanup_errors=True) as folder:
        built = await bare(database, Path(folder))
        yield built
        await built.runner.cleanup()
    await database.close()


@dataclass
class Visitor:
    """Somebody with a cookie and no browser."""

    world: World
    client: aiohttp.ClientSession
    who: str | None
    csrf: str = ""

    async def get(self, path: str, language: str = "zh-CN", **options: Any) -> tuple[int, str]:
        """Status and text of a page below `/console`."""
        address = f"{self.world.url}/console{path}"
        options.setdefault("headers", {"Accept-Language": language})
        async with self.client.get(address, allow_redirects=False, **options) as answer:
            return answer.status, await answer.text(errors="replace")

    async def post(self, path: str, data: Any = None, **options: Any) -> tuple[int, str, str]:
        """Status, text and Location of a form that is sent, with the token that goes with it."""
        if not self.csrf:
            _, text = await self.get("/me" if self.who else "/sign-in")
            found = re.search(r'name="csrf-token" content="([0-9a-f]+)"', text)
            assert found is not None
            self.csrf = found[1]
        headers = {"X-CSRF-Token": self.csrf, **options.pop("headers", {})}
        address = f"{self.world.url}/console{path}"
        async with self.client.post(address, data=data, headers=headers, allow_redirects=False, **options) as answer:
            return answer.status, await answer.text(), answer.headers.get("Location", "")


class Visitors:
    """Visitors by role."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._open: dict[str | None, Visitor] = {}

    def __call__(self, who: str | None) -> Visitor:
        """Whoever is of this role; None is a stranger."""
        if who not in self._open:
            jar = aiohttp.CookieJar(unsafe=True)
            client = aiohttp.ClientSession(cookie_jar=jar)
            if who is not None:
                jar.update_cookies({_COOKIE: self._world.tokens[who]})
            self._open[who] = Visitor(self._world, client, who)
        return self._open[who]

    async def close(self) -> None:
        for visitor in self._open.values():
            await visitor.client.close()


@pytest.fixture
async def visitor(world: World) -> AsyncIterator[Visitors]:
    """Makes visitors without a browser."""
    visitors = Visitors(world)
    yield visitors
    await visitors.close()


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The system's Chromium."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield launched
        await launched.close()


@dataclass
class Seat:
    """Somebody before a browser; `problems` gathers what must never happen on any page."""

    world: World
    context: BrowserContext
    page: Page
    problems: list[str] = field(default_factory=list)

    async def go(self, path: str) -> None:
        """Open a page below `/console`."""
        answer = await self.page.goto(f"{self.world.url}/console{path}")
        assert answer is not None and answer.status == 200, (path, answer and answer.status)

    async def size(self, width: int) -> None:
        """As wide as a desk (1440) or a telephone (390)."""
        await self.page.set_viewport_size({"width": width, "height": 900 if width > 800 else 844})

    async def look(self, *, axe: bool = False) -> None:
        """Note what the page gets wrong: too wide, or (with `axe`) a fault of the serious kinds that axe finds, in
        light as a whole and in the dark as to contrast, which is all that is different there."""
        page = self.page
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            self.problems.append(f"{page.url}: {wide} px too wide at {page.viewport_size}")
        if not axe:
            return
        if not await page.evaluate("'axe' in window"):
            await page.evaluate(AXE.read_text(encoding="utf-8"))
        await self._axe("light", "{resultTypes: ['violations']}")
        await page.evaluate("document.documentElement.setAttribute('data-bs-theme', 'dark')")
        # Colours that pass into one another are looked at when they have arrived.
        await page.evaluate(
            "Promise.allSettled(document.getAnimations().filter(one => one.effect.getComputedTiming().endTime < 1e9)"
            ".map(one => one.finished)).then(() => undefined)"
        )
        await self._axe("dark", "{resultTypes: ['violations'], runOnly: ['color-contrast']}")

    async def _axe(self, theme: str, options: str) -> None:
        found = await self.page.evaluate(f"axe.run({options}).then(found => found.violations)")
        for fault in found:
            if fault["impact"] in ("serious", "critical"):
                where = [" ".join(node["target"]) for node in fault["nodes"]][:4]
                self.problems.append(f"{self.page.url} {theme}: {fault['id']} at {where}")


class Seats:
    """Seats by role and language."""

    def __init__(self, world: World, browser: Browser) -> None:
        self._world, self._browser = world, browser
        self._contexts: list[BrowserContext] = []

    async def __call__(self, who: str | None, language: str = "zh-CN", *, dark: bool = False) -> Seat:
        context = await self._browser.new_context(
            locale=language,
            timezone_id="Asia/Shanghai",
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        self._contexts.append(context)
        kept = {"lamplighter_language": language}
        if who is not None:
            kept[_COOKIE] = self._world.tokens[who]
        await context.add_cookies(
            [{"name": name, "value": value, "domain": "127.0.0.1", "path": "/console"} for name, value in kept.items()]
        )
        seat = Seat(self._world, context, await context.new_page())
        seat.page.on("pageerror", lambda error: seat.problems.append(f"{seat.page.url}: {error}"))
        seat.page.on(
            "console",
            lambda said: seat.problems.append(f"{seat.page.url}: {said.text}") if said.type == "error" else None,
        )
        seat.page.on(
            "request",
            lambda asked: (
                None
                if asked.url.startswith((self._world.url, "data:"))
                else seat.problems.append(f"{seat.page.url} asks {asked.url}")
            ),
        )
        return seat

    async def close(self) -> None:
        for context in self._contexts:
            await context.close()


@pytest.fixture
async def seat(world: World, browser: Browser) -> AsyncIterator[Seats]:
    """Seats people before browsers."""
    seats = Seats(world, browser)
    yield seats
    await seats.close()
