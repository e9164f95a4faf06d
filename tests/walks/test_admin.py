"""The admin's first day, in a browser, from an empty database: files in, rows mended, a notice out, a wrong contact
taken off, and the next file cannot bring it back.

`CONSOLE_PICTURES` names a folder for screenshots of the way, which `docs/console.md` shows.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from gateway.demo import SAMPLE
from tests.walks.carrier import OutsideCarrier
from tests.walks.conftest import Start
from tests.walks.gateway import Gateway

pytestmark = [pytest.mark.process, pytest.mark.browser]

PICTURES = os.environ.get("CONSOLE_PICTURES")
#: Good numbers for the rows that are mended.
MENDED = [f"1391000{at:04d}" for at in range(1, 11)]


@dataclass
class Desk:
    """Somebody before a browser, and what must never happen on any page."""

    page: Page
    url: str
    problems: list[str]

    async def open(self, path: str) -> None:
        answer = await self.page.goto(f"{self.url}/console{path}")
        assert answer is not None and answer.status == 200, (path, answer and answer.status)

    async def sign_in(self, name: str, password: str) -> None:
        """Through the door; a password that was given is changed at once."""
        await self.open("")
        await self.page.fill("#f-name", name)
        await self.page.fill("#f-password", password)
        await self.page.click("main button.btn-primary")
        await self.page.locator("#f-old, .figures").first.wait_for()
        if await self.page.locator("#f-old").count():
            for field, value in (("old", password), ("password", f"{password}-new"), ("again", f"{password}-new")):
                await self.page.fill(f"#f-{field}", value)
            await self.page.click("main button.btn-primary")
            await self.page.locator("#flash .alert-success").wait_for()
            await self.open("")
        await self.page.locator(".figures").first.wait_for()

    async def yes(self) -> None:
        """Say yes to what is asked before a form is sent."""
        await self.page.click("dialog[open] button[value=yes]")

    async def hand_in(self, kind: str, path: Path, name: str) -> str:
        """A file through the page; the path of the import once it is over."""
        await self.open("/imports")
        await self.page.select_option("#f-kind", kind)
        content = await asyncio.to_thread(path.read_bytes)
        await self.page.set_input_files("#f-file", {"name": name, "mimeType": "text/csv", "buffer": content})
        await self.page.click("main form[enctype] button")
        await self.page.wait_for_url(re.compile(r"/imports/[0-9a-f-]{36}"))
        return await self.over()

    async def over(self) -> str:
        """Wait on the page of an import until it is over, then look at it anew."""
        await self.page.locator(".work").wait_for(state="detached", timeout=60_000)
        await self.page.reload()
        assert await self.page.locator("main .state-green").count()
        return self.page.url.partition("/console")[2]

    async def picture(self, name: str) -> None:
        if PICTURES:
            await self.page.evaluate("scrollTo(0, 0)")
            width = (self.page.viewport_size or {}).get("width", 0)
            mark = "-phone" if width < 800 else ""
            await self.page.screenshot(path=Path(PICTURES) / f"console-{name}{mark}.png", full_page=width < 800)

    async def fits(self) -> None:
        wide = await self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            self.problems.append(f"{self.page.url} is {wide} px too wide")


class Desks:
    """Desks of a width, each with a browser of its own as far as cookies go."""

    def __init__(self, browser: object, url: str, width: int) -> None:
        self._browser, self._url, self._width = browser, url, width
        self.open: list[Desk] = []

    async def __call__(self) -> Desk:
        context = await self._browser.new_context(  # type: ignore[attr-defined]
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            viewport={"width": self._width, "height": 900 if self._width > 800 else 844},
        )
        desk = Desk(await context.new_page(), self._url, [])
        desk.page.on("pageerror", lambda error: desk.problems.append(f"{desk.page.url}: {error}"))
        desk.page.on("console", lambda said: desk.problems.append(said.text) if said.type == "error" else None)
        desk.page.on(
            "request",
            lambda asked: None if asked.url.startswith((self._url, "data:")) else desk.problems.append(asked.url),
        )
        self.open.append(desk)
        return desk


@pytest.fixture(params=[1440, 390])
async def walk(request: pytest.FixtureRequest, start: Start) -> AsyncIterator[tuple[Gateway, Desks]]:
    """An empty gateway in the morning of 1 April 2025, and desks before it."""
    gateway = await start()
    await gateway.set_clock("2025-04-01T09:30:00")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        desks = Desks(browser, gateway.url, request.param)
        yield gateway, desks
        await browser.close()
    assert [problem for desk in desks.open for problem in desk.problems] == []


async def person(gateway: Gateway, name: str, role: str) -> str:
    """Somebody who may sign in, as an operator lets them in; the password that is good once."""
    code, out, err = await gateway.command("staff", "add", name, "--role", role)
    assert code == 0, err
    found = re.search(r"[\w-]{10,}\s*$", out.strip())
    assert found is not None, out
    return found[0]


async def test_the_admins_first_day(walk: tuple[Gateway, Desks], carrier: OutsideCarrier) -> None:
    gateway, desks = walk
    admin, reviewer = await desks(), await desks()
    await admin.sign_in("chen", await person(gateway, "chen", "admin"))

    # An empty house says what to do.
    await admin.open("/archive")
    await admin.fits()
    await admin.open("/imports")
    assert await admin.page.locator(".empty").count()

    # Files in, and what they refuse.
    await admin.hand_in("accounts", SAMPLE / "accounts.csv", "用户档案.csv")
    contacts = await admin.hand_in("contacts", SAMPLE / "contacts.csv", "联系方式.csv")
    await admin.fits()
    await admin.picture("import")

    # Ten rows mended where they stand.
    wrong = admin.page.locator(".reject:has(.cell input.is-invalid)")
    assert await wrong.count() >= 10
    for at, number in enumerate(MENDED):
        await wrong.nth(at).locator(".cell input.is-invalid").first.fill(number)
    await admin.picture("mending")
    await admin.page.click(".sticky-actions .btn-primary")
    await admin.page.wait_for_url(lambda url: contacts not in url)
    await admin.over()
    figures = await admin.page.locator(".figure-value").all_inner_texts()
    assert (figures[0], figures[1], figures[4]) == ("10", "10", "0"), figures
    await admin.open(contacts)
    assert await admin.page.locator(".reject-done").count() == 10

    # Who owes, and what is written to them: seen first, and approved by somebody else.
    await admin.hand_in("arrears", SAMPLE / "arrears.csv", "欠费清单.csv")
    await admin.open("/notices/new?kind=arrears")
    await admin.page.fill("#f-billing_month", "2025-03")
    await admin.page.click("main form .btn-primary")
    await admin.page.locator(".samples").wait_for(timeout=30_000)
    await admin.fits()
    await admin.picture("preview")
    notice = re.search(r"/notices/[0-9a-f-]{36}", admin.page.url)
    assert notice is not None
    await reviewer.sign_in("liu", await person(gateway, "liu", "reviewer"))
    await reviewer.open(f"{notice[0]}/preview")
    await reviewer.page.click("form.approve button, .approving button.btn-primary")
    if await reviewer.page.locator("dialog[open]").count():
        await reviewer.yes()
    await reviewer.page.locator(".live").wait_for()
    await gateway.idle()
    await carrier.settled()
    told = next(text for text in carrier.texts if "电费" in text.body)

    # Somebody who is not meant writes back, and a correction waits.
    assert await carrier.reply(told.to, "打错了，我不认识这个人") == 200
    await gateway.idle()
    await admin.open("/corrections")
    await admin.page.locator("main td a").first.click()
    await admin.page.locator("blockquote", has_text="打错了").first.wait_for()
    await admin.fits()
    await admin.picture("correction")
    case = admin.page.url.partition("/console")[2]
    links = await admin.page.locator("fieldset.link-decision").count()
    assert links
    for at in range(links):
        row = admin.page.locator("fieldset.link-decision").nth(at)
        mine = await admin.page.locator("section.link").nth(at).locator(".state-red").count()
        await row.locator(f"input[value={'revoke' if mine else 'keep'}]").check()
    account = await admin.page.locator("section.link:has(.state-red) h2 a").first.inner_text()
    await admin.page.fill("#f-note", "电话核实，号码已易主")
    await admin.page.click(".sticky-actions .btn-primary")
    await admin.yes()
    await admin.page.locator("#flash .alert-success").wait_for()

    # The same file once more: what was taken off stays off, and the customer system is told.
    again = await admin.hand_in("contacts", SAMPLE / "contacts.csv", "联系方式-次日.csv")
    await admin.open(f"{again}?scope=conflict")
    assert account in await admin.page.locator("main").inner_text()
    await admin.open("/conflicts")
    assert account in await admin.page.locator("#conflicts").inner_text()
    await admin.fits()
    await admin.picture("conflicts")
    await admin.open("/changes")
    assert account in await admin.page.locator("#changes").inner_text()
    await admin.open(f"/accounts/{account}")
    await admin.fits()
    await admin.picture("account")
    assert "revoked" in [link["state"] for link in (await gateway.get(f"/accounts/{account}"))["links"]]
    await admin.open(case)
    assert await admin.page.locator(".state").first.inner_text() in ("已执行", "核实中")

    # The day as it stands, and what else an admin looks at.
    for path, name in (("", "overview"), ("/findings", "findings"), ("/retention", "retention"), ("/audit", "audit")):
        await admin.open(path)
        await admin.fits()
        await admin.picture(name)
