"""Every page that is registered, in a browser: both languages, desk and telephone, light and dark, by role."""

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


async def address(page: Page, world: World) -> str:
    """Where to look for a page."""
    if page.path in EXAMPLES:
        return await EXAMPLES[page.path](world)
    assert "{" not in page.path, f"say in tests/console/world.py where to look for {page.path}"
    return page.path if page.path != "/" else ""


async def look(someone: Seat, path: str, *, axe: bool = False) -> None:
    """Open a page once, and look at it as wide as a desk and as a telephone."""
    await someone.size(1440)
    await someone.go(path)
    await someone.look(axe=axe)
    await someone.size(390)
    await someone.look()


@pytest.mark.browser
async def test_every_page_is_sound(world: World, seat: Seats) -> None:
    # axe takes most of the time, and finds the same in either language and at either width.
    admin, stranger = await seat("admin"), await seat(None)
    for page in LOOKED_AT:
        if not page.public:
            await look(admin, await address(page, world), axe=True)
    await look(stranger, "/sign-in", axe=True)
    assert admin.problems + stranger.problems == []


@pytest.mark.browser
async def test_every_page_is_sound_for_the_roles_that_open_it(world: World, seat: Seats) -> None:
    """In English and in the dark; of the roles that open a page each has its turn."""
    seats = {role: await seat(role, "en", dark=True) for role in ROLES}
    seen: set[str] = set()
    for place, page in enumerate(LOOKED_AT):
        if page.public:
            continue
        allowed = [role for role in ROLES if page.open_to(scopes_of([role]).__contains__)]
        role = next((one for one in allowed if one not in seen), allowed[place % len(allowed)])
        seen.add(role)
        await look(seats[role], await address(page, world))
    assert seen == set(ROLES)
    assert [problem for one in seats.values() for problem in one.problems] == []
