"""Every page that is registered, in a browser: both languages, desk and telephone, light and dark."""

from __future__ import annotations

import pytest

from gateway.web.console import PAGES
from gateway.web.console.pages import Page

from . import examples
from .conftest import Seats
from .world import EXAMPLES, World

examples.load()
LOOKED_AT = [page for page in PAGES if page.method == "GET" and not page.part]


async def address(page: Page, world: World) -> str:
    """Where to look for a page."""
    if page.path in EXAMPLES:
        return await EXAMPLES[page.path](world)
    assert "{" not in page.path, f"say in tests/console/world.py where to look for {page.path}"
    return page.path if page.path != "/" else ""


@pytest.mark.browser
@pytest.mark.parametrize(
    ("language", "width", "dark", "axe"),
    # axe takes most of the time, and finds the same in either language: each width and each colour has its turn.
    [("zh-CN", 1440, False, True), ("en", 390, True, True), ("zh-CN", 390, False, False), ("en", 1440, True, False)],
)
async def test_every_page_is_sound(world: World, seat: Seats, language: str, width: int, dark: bool, axe: bool) -> None:
    admin = await seat("admin", language, dark=dark)
    await admin.size(width)
    for page in LOOKED_AT:
        if page.public:
            continue
        await admin.go(await address(page, world))
        await admin.look(axe=axe)
    stranger = await seat(None, language, dark=dark)
    await stranger.size(width)
    await stranger.go("/sign-in")
    await stranger.look(axe=axe)
    assert admin.problems + stranger.problems == []
