"""Every page that is registered, in a browser: both languages, desk and telephone, light and dark, by every role."""

from __future__ import annotations

import pytest

from gateway.staff.roles import ROLES, scopes_of
from gateway.web.console import PAGES
from gateway.web.console.pages import Page

from . import examples
from .conftest import Seat, Seats
from .world import EXAMPLES, World

examples.load()
LOOKED_AT = [page for page in PAGES if page.method == "GET" and not page.part]
_WIDTHS = (1440, 390)


async def address(page: Page, world: World) -> str:
    """Where to look for a page."""
    if page.path in EXAMPLES:
        return await EXAMPLES[page.path](world)
    assert "{" not in page.path, f"say in tests/console/world.py where to look for {page.path}"
    return page.path if page.path != "/" else ""


async def look(someone: Seat, path: str, *, axe: bool = False) -> None:
    """Open a page once, and look at it at each width."""
    await someone.size(_WIDTHS[0])
    await someone.go(path)
    await someone.look(axe=axe)
    await someone.size(_WIDTHS[1])
    await someone.look()


@pytest.mark.browser
# axe takes most of the time, and finds the same in either language.
@pytest.mark.parametrize(("language", "axe"), [("zh-CN", True), ("en", False)])
async def test_every_page_is_sound(world: World, seat: Seats, language: str, axe: bool) -> None:
    admin, stranger = await seat("admin", language), await seat(None, language)
    for page in LOOKED_AT:
        if not page.public:
            await look(admin, await address(page, world), axe=axe)
    await look(stranger, "/sign-in", axe=axe)
    assert admin.problems + stranger.problems == []


@pytest.mark.browser
async def test_every_page_is_sound_for_every_role(world: World, seat: Seats) -> None:
    problems: list[str] = []
    roles = [role for role in ROLES if role != "admin"]
    for place, role in enumerate(roles):
        held = scopes_of([role])
        someone = await seat(role, ("zh-CN", "en")[place % 2], dark=place % 3 == 0)
        theirs = [page for page in LOOKED_AT if not page.public and (page.scope is None or page.scope in held)]
        # What a role sees of a page differs little from the next role's: every page has its turn with half of them.
        for page in theirs[place % 2 :: 2]:
            await look(someone, await address(page, world))
        problems += someone.problems
    assert problems == []
