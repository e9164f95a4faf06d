"""Lists on the server: every page of them is looked through and put in order, not the one that is shown."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kernel.errors import InvalidInput
from gateway.web.console import PAGES
from gateway.web.console.lists import Listing, Terms, listed
from gateway.web.console.pages import ListQuery

from .conftest import Visitors
from .test_pages import address
from .world import World

BEGAN = datetime(2025, 4, 1, tzinfo=UTC)
#: Newest first, as most lists come.
ROWS = [
    SimpleNamespace(id=n, name=f"户{n % 7}", at=BEGAN + timedelta(hours=n), worth=(n * 37) % 101 or None)
    for n in range(230, 0, -1)
]
COLUMNS: dict[str, Any] = {
    "name": Terms("nothing", lambda one: one.name),
    "at": lambda one: one.at,
    "worth": lambda one: one.worth,
}


async def read(before: int | None, limit: int) -> list[Any]:
    return [one for one in ROWS if before is None or one.id < before][:limit]


async def pages(**asked: Any) -> tuple[list[Any], Listing[Any]]:
    """Every row of the list, page after page."""
    rows: list[Any] = []
    cursor = None
    while True:
        view: Any = SimpleNamespace(zone=ZoneInfo("Asia/Shanghai"), word=lambda _, value: value, listing=None)
        view.query = ListQuery(cursor=cursor, **asked)
        page: Listing[Any] = await listed(view, "rows", read, lambda one: one.id, COLUMNS, of=int)
        assert view.listing is page and len(page.items) <= 50
        rows += page.items
        if page.next is None:
            return rows, page
        cursor = page.next


async def test_a_list_comes_as_it_is_where_nothing_is_asked() -> None:
    rows, page = await pages()
    assert rows == ROWS and page.found is None


@pytest.mark.parametrize("column", list(COLUMNS))
async def test_a_list_is_sorted_over_all_its_pages(column: str) -> None:
    rising, page = await pages(sort=column)
    falling, _ = await pages(sort=f"-{column}")
    values = [getattr(one, column) for one in rising]
    assert page.found == len(ROWS) == len({one.id for one in rising})
    known = [value for value in values if value is not None]
    assert known == sorted(known) and values[: len(values) - len(known)] == [None] * (len(values) - len(known))
    assert [getattr(one, column) for one in falling] == values[::-1]


@given(st.lists(st.sampled_from(["户3", "户5", "2025-04-03", "12:00", " "]), max_size=3))
async def test_what_is_found_is_what_holds_every_word(words: list[str]) -> None:
    found, _ = await pages(find=" ".join(words) or None)

    def text(one: Any) -> str:
        return f"{one.name} {one.at.astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m-%d %H:%M} {one.worth}"

    assert found == [one for one in ROWS if all(word in text(one) for word in words if word.strip())]


async def test_a_cursor_of_another_order_is_refused() -> None:
    view: Any = SimpleNamespace(zone=ZoneInfo("Asia/Shanghai"), word=lambda _, value: value, listing=None)
    view.query = ListQuery(sort="at")
    page: Listing[Any] = await listed(view, "rows", read, lambda one: one.id, COLUMNS, of=int)
    view.query = ListQuery(cursor=page.next)
    with pytest.raises(InvalidInput):
        await listed(view, "rows", read, lambda one: one.id, COLUMNS, of=int)


async def test_every_list_sorts_finds_and_is_a_file(world: World, visitor: Visitors) -> None:
    admin = visitor("admin")
    for page in PAGES:
        if page.method != "GET" or page.part or page.query is None or not issubclass(page.query, ListQuery):
            continue
        path = await address(page, world)
        status, text = await admin.get(path)
        assert status == 200, page.name
        by = [one.replace("&amp;", "&") for one in re.findall(r'class="table-sort" href="/console([^"]+)"', text)]
        for link in by:
            status, sorted_text = await admin.get(link)
            assert status == 200 and 'aria-sort="ascending"' in sorted_text, (page.name, link)
        joint = "&" if "?" in path else "?"
        status, nothing = await admin.get(f"{path}{joint}find=%E6%B2%A1%E6%9C%89%E8%BF%99%E4%B8%AA%E8%AF%8D")
        assert status == 200 and (not by or "没有符合的内容" in nothing), page.name
        if page.path in NO_FILE:
            continue
        status, file = await admin.get(f"{path}{joint}format=csv")
        table = list(csv.reader(io.StringIO(file.removeprefix("\ufeff"))))
        assert status == 200 and not file.startswith("<") and len(table[0]) > 1, page.name


#: Lists that are worked off one by one, not taken away.
NO_FILE = ("/triage",)
