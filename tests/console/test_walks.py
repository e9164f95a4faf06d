"""From an empty database, in the browser: a manager plans a quarter; a supervisor finds the worst funnel and a broken
promise, and issues a card. With `CONSOLE_PICTURES` naming a folder, pictures are taken on the way."""

from __future__ import annotations

import csv
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from gateway.staff import members

from .conftest import Seat, Seats
from .examples.ratings import judged
from .world import NOW, PASSWORD, World, sample

MANAGER, DEPUTY, SUPERVISOR, REVIEWER = "E000023", "E000024", "E000005", "E001023"
#: Customers of the manager.
CUSTOMERS = 3
TODAY = NOW.date()

pytestmark = pytest.mark.browser


class Walk:
    """A world with people who sit down before it."""

    def __init__(self, world: World, seats: Seats) -> None:
        self.world, self._seats = world, seats
        self.pictures = Path(os.environ["CONSOLE_PICTURES"]) if "CONSOLE_PICTURES" in os.environ else None

    async def sign_in(self, name: str) -> Page:
        """Somebody signs in on the page, at a desk."""
        seat = await self._seats(None)
        await seat.size(1440)
        page = seat.page
        await page.goto(f"{self.world.url}/console")
        await page.fill("#f-name", name)
        await page.fill("#f-password", PASSWORD)
        await page.click("main button.btn-primary, .card button.btn-primary")
        await page.wait_for_selector("h1.page-title")
        self.seat: Seat = seat
        return page

    async def open(self, page: Page, path: str) -> None:
        await page.goto(f"{self.world.url}/console{path}")

    async def picture(self, page: Page, name: str) -> None:
        if self.pictures is not None:
            await page.wait_for_load_state("networkidle")
            await page.screenshot(path=self.pictures / f"console-{name}.png")

    async def day(self, followup: str) -> str:
        async with self.world.database.work() as work:
            found = await work.value("SELECT planned_for FROM followup WHERE id = $1::uuid", followup)
        return str(found)


@pytest.fixture
async def walk(nothing: World, browser: Browser) -> AsyncIterator[Walk]:
    seats = Seats(nothing, browser)
    await _people(nothing)
    yield Walk(nothing, seats)
    await seats.close()


async def _people(world: World) -> None:
    """The first admin, by the command line's use case; the archive by their hand; and who may sign in beside them."""
    if world.made:
        return
    world.made["people"] = True
    await _let_in(world, "admin", "admin")


async def _let_in(world: World, name: str, role: str) -> None:
    async with world.database.session() as session:
        await members.add(
            session, sign_in=name, name=None, roles=[role], organisation=None, password=PASSWORD, must_change=False,
            clock=world.clock, actor="cli:test",
        )  # fmt: skip
        await session.commit()


def _files(folder: Path) -> dict[str, Path]:
    """The grid, the staff and a dozen accounts, three of them the manager's."""
    accounts = [row for row in sample("accounts") if row["district"] == "东湖区"][:12]
    for row in accounts[:CUSTOMERS]:
        row |= {"vip": "Y", "manager_id": MANAGER}
    numbers, areas = {row["account_no"] for row in accounts}, {row["tarea_id"] for row in accounts}
    rows = {
        "topology": [row for row in sample("topology") if row["tarea_id"] in areas],
        "staff": sample("staff"),
        "accounts": accounts,
        "contacts": [row for row in sample("contacts") if row["account_no"] in numbers],
    }
    paths = {}
    for kind, some in rows.items():
        paths[kind] = folder / f"{kind}.csv"
        with paths[kind].open("w", encoding="utf-8", newline="") as sink:
            writer = csv.DictWriter(sink, list(some[0]))
            writer.writeheader()
            writer.writerows(some)
    return paths


async def test_a_manager_plans_a_quarter(walk: Walk, tmp_path: Path) -> None:
    world = walk.world
    page = await walk.sign_in("admin")
    assert await page.is_visible("ol.begin a[href='/console/imports']"), "a new house says where to begin"
    for kind, path in _files(tmp_path).items():
        await walk.open(page, "/imports")
        await page.select_option("#f-kind", kind)
        await page.set_input_files("#f-file", path)
        await page.click("form[enctype] button.btn-primary")
        await page.wait_for_url("**/imports/*")
        async with world.database.work() as work:
            handed_in = await work.value("SELECT id FROM import WHERE state = 'queued'")
        await world.house.imports.run(handed_in)
    await walk.open(page, "")
    assert await page.locator("ol.begin").count() == 0
    for name, role in ((MANAGER, "account_manager"), (SUPERVISOR, "supervisor"), (REVIEWER, "reviewer")):
        await _let_in(world, name, role)

    # One visit every quarter, and one every week for a month.
    manager = await walk.sign_in(MANAGER)
    await walk.open(manager, "/plans/new")
    customers = await manager.eval_on_selector_all("#customers option", "all => all.map(one => one.value)")
    assert len(customers) == CUSTOMERS
    await _plan(manager, customers[0], "季度用电安全走访", "quarter")
    assert "每季度" in await manager.inner_text("main")
    await walk.open(manager, f"/plans/new?account={customers[1]}&day={TODAY + timedelta(days=1)}")
    await _plan(manager, customers[1], "增容方案沟通", "week", times="4")
    weekly = manager.url.rpartition("/")[2]

    # One is moved by dragging it to the day after, taken by mistake to the past it stays, and by a key it moves on.
    await walk.open(manager, "/plans")
    event = manager.locator(f'[data-plan="{weekly}"]')
    await event.wait_for()
    assert await manager.locator("[data-plan]").count() == 5
    target = manager.locator(f'td[data-date="{TODAY + timedelta(days=2)}"]')
    await event.drag_to(target, target_position={"x": 40, "y": 60})
    await manager.wait_for_selector("#flash .alert-success")
    assert await walk.day(weekly) == str(TODAY + timedelta(days=2))
    await manager.locator(f'[data-plan="{weekly}"]').focus()
    await manager.keyboard.press("Shift+ArrowRight")
    await manager.wait_for_function(
        "day => document.getElementById('flash').textContent.includes(day)", arg=str(TODAY + timedelta(days=3))
    )
    assert await walk.day(weekly) == str(TODAY + timedelta(days=3))
    await manager.click("#flash button")
    await manager.wait_for_function(
        "day => document.getElementById('flash').textContent.includes(day)", arg=str(TODAY + timedelta(days=2))
    )
    await walk.picture(manager, "plans")

    # On leave in the second week: the deputy's name stands on that visit.
    await walk.open(manager, "/plans/deputies")
    await manager.fill("#f-deputy", DEPUTY)
    await manager.fill("#f-first_day", str(TODAY + timedelta(days=7)))
    await manager.fill("#f-last_day", str(TODAY + timedelta(days=10)))
    await manager.click("form:has(#f-deputy) button.btn-primary")
    await manager.wait_for_selector("#flash .alert-success")
    await walk.open(manager, f"/plans/today?of={DEPUTY}")
    assert "增容方案沟通" in await manager.inner_text("main") and "代办" in await manager.inner_text("main")

    # This one and all that follow are moved to every two weeks; what lies before stays.
    await walk.open(manager, f"/plans/{weekly}")
    await manager.click("summary:has-text('修改这次及以后')")
    following = manager.locator("form[action$='/follow']")
    await following.locator("select[name=rule]").select_option("fortnight")
    await following.locator("button.btn").click()
    await manager.wait_for_selector("#flash .alert-success")
    assert "每两周" in await manager.inner_text("main")

    # The first visit is done, with what the customer wants; somebody else asks how it was.
    await walk.open(manager, "/plans/today")
    await manager.click("text=季度用电安全走访 >> xpath=../a")
    first = manager.url.rpartition("/")[2].partition("#")[0]
    await manager.fill("#f-outcome", "已核对用电方案，客户认可")
    await manager.click("summary:has-text('客户提出了要跟进的事')")
    await manager.fill("#f-wish", "想了解分时电价")
    await manager.fill("#f-due_on", str(TODAY + timedelta(days=7)))
    await manager.click("form[action$='/complete'] button.btn-primary")
    await manager.wait_for_selector("#flash .alert-success")
    assert "想了解分时电价" in await manager.inner_text("main")
    assert walk.seat.problems == []

    # Nobody answers the text: a call appears elsewhere, and the manager cannot open it.
    world.clock.on(hours=73)
    await world.house.due_followups.run(world.clock.now())
    manager = await walk.sign_in(MANAGER)
    assert await _status(manager, f"{world.url}/console/calls") == 403
    reviewer = await walk.sign_in(REVIEWER)
    await walk.open(reviewer, "/calls?show=to_call")
    await reviewer.click("table a:has-text('季度用电安全走访')")
    await walk.picture(reviewer, "call")
    await reviewer.select_option("#f-score", "4")
    await reviewer.fill("#f-comment", "讲得清楚，就是来得晚")
    await reviewer.click("form[action$='/outcome'] button.btn-primary")
    await reviewer.wait_for_selector("#flash .alert-success")
    await walk.open(manager, f"/plans/{first}")
    said = await manager.inner_text("main")
    assert "已答复" in said and "来得晚" not in said


async def _plan(page: Page, account: str, topic: str, rule: str, *, times: str = "") -> None:
    await page.fill("#f-account_no", account)
    await page.fill("#f-topic", topic)
    await page.select_option("#f-rule", rule)
    await page.fill("#f-times", times)
    await page.click("main form button.btn-primary")
    await page.wait_for_selector("#flash .alert-success")


async def _status(page: Page, address: str) -> int:
    answer = await page.context.request.get(address)
    return answer.status


async def test_a_supervisor_finds_the_worst_funnel_and_a_broken_promise(walk: Walk) -> None:
    world = walk.world
    async with world.database.work() as work:
        accounts = [row["account_no"] for row in await work.fetch("SELECT account_no FROM account ORDER BY id")]
    for at in range(60):
        poor = at % 2 == 1
        await judged(
            world, f"GD5{at:03d}", (5, 4, 5, 3)[at % 4], account_no=accounts[at % len(accounts)],
            team="TM0002" if poor else "TM0001", person="E000005" if poor else "E000001", asked=not poor or at % 6 == 1,
        )  # fmt: skip
    page = await walk.sign_in(SUPERVISOR)
    await page.click("nav a[href='/console/evaluations']")
    assert "东湖区供电中心抄表催费班" in await page.inner_text(".alert-warning")
    await page.wait_for_selector("[data-drawn] canvas")
    await walk.picture(page, "evaluations")
    await page.click("table a:has-text('东湖区供电中心抄表催费班')")
    assert "不是排名" in await page.inner_text("main")

    # A promise is made to a customer, and its time goes by.
    await walk.open(page, "/cases/new")
    await page.fill("#f-account_no", accounts[4])
    await page.select_option("#f-klass", "complaint")
    await page.fill("#f-summary", "电费比上月多一倍，要求核对")
    await page.click("main form button.btn-primary")
    await page.wait_for_selector("#flash .alert-success")
    await page.fill("#f-what", "明天中午前答复核对结果")
    await page.fill("#f-due_at", (world.clock.now() + timedelta(hours=34)).strftime("%Y-%m-%dT%H:%M"))
    await page.click("form[action$='/promise'] button.btn")
    await page.wait_for_selector("#flash .alert-success")
    world.clock.on(hours=48)
    await world.house.due_commitments.run(world.clock.now())
    page = await walk.sign_in(SUPERVISOR)
    await walk.picture(page, "supervisor")
    await page.click("nav a[href='/console/commitments']")
    await page.click(".page-tabs a:has-text('未履行')")
    await page.click("tr:has-text('明天中午前答复核对结果') a")
    await walk.picture(page, "promise")

    # A card: somebody does it, somebody else checks it.
    await page.click("text=签发督办单")
    assert "明天中午前答复核对结果" in await page.input_value("#f-words")
    await page.fill("#f-doer", "E000001")
    await page.fill("#f-checker", REVIEWER)
    await page.click("main form button.btn-primary")
    await page.wait_for_selector(".paper")
    assert "第 1 号" in await page.inner_text("h1")
    await walk.picture(page, "card")
    await page.emulate_media(media="print")
    assert not await page.is_visible(".navbar-vertical") and await page.is_visible(".paper")
    assert walk.seat.problems == []
