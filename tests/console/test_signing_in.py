"""Signing in and out: throttled, ended, changed; what cookies and answers carry."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from gateway.kernel.database import Database
from gateway.kernel.errors import Conflict, Forbidden, InvalidInput
from gateway.staff import members
from gateway.staff.signing_in import IDLE, LONGEST, Door, Throttled, WrongPassword, forget_old

from .conftest import Seats, Visitors
from .world import PASSWORD, PEOPLE, StandingClock, World

NEW = "another lamp is lit"


@dataclass
class Porch:
    """A door with nobody else about, and a clock of real time that a test moves."""

    database: Database
    clock: StandingClock
    door: Door
    staff_id: int

    async def try_(self, password: str, *, name: str = "e1", address: str = "10.0.0.1") -> str:
        return await self.door.sign_in(name, password, address=address, agent="a browser")

    async def audited(self) -> list[str]:
        async with self.database.connection() as connection:
            return [row[0] for row in await connection.fetch("SELECT action FROM audit_entry ORDER BY id")]


@pytest.fixture
async def porch(database: Database) -> AsyncIterator[Porch]:
    clock = StandingClock()
    async with database.session() as session:
        staff_id = await members.add(
            session,
            sign_in="E1",
            name="王强",
            roles=["archive_admin", "reviewer"],
            organisation=None,
            password=PASSWORD,
            must_change=False,
            clock=clock,
            actor="cli:test",
        )
        await session.commit()
    yield Porch(database, clock, Door(database, clock, "secret", real=clock), staff_id)


async def test_a_person_is_known_by_their_token_until_it_ends(porch: Porch) -> None:
    token = await porch.try_(PASSWORD, name=" E1 ")
    person = await porch.door.person(token)
    assert person is not None
    assert (person.name, person.staff_no, person.roles) == ("王强", "E1", ("archive_admin", "reviewer"))
    assert person.may("corrections:decide") and not person.may("staff:write")
    assert await porch.door.person("x" + token) is None
    assert await Door(porch.database, porch.clock, "another secret").person(token) is None
    porch.clock.at += IDLE + timedelta(seconds=1)
    assert await porch.door.person(token) is None
    assert await porch.audited() == ["staff.added", "staff.signed_in"]


async def test_whoever_works_on_stays_until_the_day_is_over(porch: Porch) -> None:
    token = await porch.try_(PASSWORD)
    for _ in range(int(LONGEST / timedelta(hours=2))):
        assert await porch.door.person(token) is not None
        porch.clock.on(hours=2)
    assert await porch.door.person(token) is None


async def test_wrong_names_and_passwords_are_told_apart_by_nobody(porch: Porch) -> None:
    for name, password in (("e1", "wrong password"), ("nobody", PASSWORD), ("", ""), ("e1", "x" * 10_000)):
        with pytest.raises(WrongPassword, match="the name or the password is wrong"):
            await porch.try_(password, name=name)


async def test_five_failures_make_the_name_wait_and_the_right_password_too(porch: Porch) -> None:
    for _ in range(5):
        with pytest.raises(WrongPassword):
            await porch.try_("wrong password")
    with pytest.raises(Throttled) as caught:
        await porch.try_(PASSWORD, address="10.0.0.2")
    assert caught.value.wait == timedelta(seconds=30)
    porch.clock.on(seconds=31)
    with pytest.raises(WrongPassword):
        await porch.try_("wrong password")
    porch.clock.on(seconds=31)
    with pytest.raises(Throttled):
        await porch.try_(PASSWORD)
    porch.clock.on(seconds=30)
    await porch.try_(PASSWORD)
    # What went well wipes the slate.
    with pytest.raises(WrongPassword):
        await porch.try_("wrong password")
    await porch.try_(PASSWORD)


async def test_an_address_that_tries_many_names_waits(porch: Porch) -> None:
    async with porch.database.connection() as connection:
        await connection.execute(
            "INSERT INTO sign_in_tries (subject, failures, last_at) VALUES ('address:10.0.0.1', 29, $1)", porch.clock.at
        )
    with pytest.raises(WrongPassword):
        await porch.try_("wrong password", name="e30")
    with pytest.raises(Throttled):
        await porch.try_(PASSWORD)
    assert await porch.try_(PASSWORD, address="10.0.0.2")


async def test_tries_at_the_same_moment_are_all_counted(porch: Porch) -> None:
    tries = await asyncio.gather(*(porch.try_("wrong password") for _ in range(8)), return_exceptions=True)
    assert {type(one) for one in tries} <= {WrongPassword, Throttled}
    with pytest.raises(Throttled):
        await porch.try_(PASSWORD)


async def change(porch: Porch, token: str, **given: Any) -> None:
    person = await porch.door.person(token)
    assert person is not None
    async with porch.database.session() as session:
        await members.change_password(
            session,
            porch.staff_id,
            keep=person.session_id,
            clock=porch.clock,
            actor=person.acting.actor,
            **({"old": PASSWORD, "new": NEW} | given),
        )
        await session.commit()


async def test_a_changed_password_ends_the_other_sign_ins(porch: Porch) -> None:
    here, there = await porch.try_(PASSWORD), await porch.try_(PASSWORD)
    for wrong in (
        {"old": "no"},
        {"new": "short"},
        {"new": "E1 likes lamps"},
        {"new": "aaaaaaaaaaaa"},
        {"new": PASSWORD},
    ):
        with pytest.raises(InvalidInput):
            await change(porch, here, **wrong)
    await change(porch, here)
    assert await porch.door.person(here) is not None
    assert await porch.door.person(there) is None
    with pytest.raises(WrongPassword):
        await porch.try_(PASSWORD)
    assert await porch.try_(NEW)


async def test_what_is_of_no_use_any_more_is_forgotten(porch: Porch) -> None:
    await porch.try_(PASSWORD)
    with pytest.raises(WrongPassword):
        await porch.try_("wrong password")
    for days, left in ((1, 1), (40, 0)):
        porch.clock.on(days=days)
        async with porch.database.connection() as connection:
            await forget_old(connection, porch.clock.now())
            assert await connection.fetchval("SELECT count(*) FROM staff_session") == left
            assert bool(await connection.fetchval("SELECT count(*) FROM sign_in_tries")) == bool(left)


async def test_who_is_locked_out_is_out_at_once(porch: Porch) -> None:
    token = await porch.try_(PASSWORD)
    async with porch.database.session() as session:
        await members.lock_out(session, porch.staff_id, out=True, clock=porch.clock, actor="cli:test")
        await session.commit()
    assert await porch.door.person(token) is None
    with pytest.raises(WrongPassword):
        await porch.try_(PASSWORD)


async def test_people_are_added_by_those_who_may(porch: Porch) -> None:
    person = await porch.door.person(await porch.try_(PASSWORD))
    assert person is not None
    from gateway.kernel.acting import act_for

    given: dict[str, Any] = {
        "sign_in": "E2", "name": None, "roles": ["auditor"], "organisation": None, "password": NEW,
        "must_change": True, "clock": porch.clock, "actor": "cli:test",
    }  # fmt: skip
    async with porch.database.session() as session:
        act_for(session, person.acting)
        with pytest.raises(Forbidden):
            await members.add(session, **given)
    async with porch.database.session() as session:
        for wrong in (
            {"roles": ["king"]},
            {"roles": []},
            {"organisation": "月球"},
            {"sign_in": "a b"},
            {"password": "x"},
        ):
            with pytest.raises(InvalidInput):
                await members.add(session, **(given | wrong))
        with pytest.raises(Conflict):
            await members.add(session, **(given | {"sign_in": "e1"}))
        await members.add(session, **given)


async def test_the_door_in_a_browser_without_scripts(world: World, visitor: Visitors) -> None:
    stranger = visitor(None)
    status, _, _ = await stranger.post("/sign-in", {"name": "auditor", "password": "wrong"})
    assert status == 422
    status, _, to = await stranger.post("/sign-in", {"name": "auditor", "password": PASSWORD, "back": "//elsewhere"})
    assert (status, to) == (303, "/console")
    cookie = next(one for one in stranger.client.cookie_jar if one.key == "lamplighter_session")
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/console"
    stranger.csrf, stranger.who = "", "auditor"
    status, text = await stranger.get("/me")
    assert (status == 200 and "审计员" in text) or "Auditor" in text
    assert (await stranger.post("/sign-out"))[2] == "/console/sign-in"
    assert (await stranger.get("/me"))[0] == 303


async def test_who_must_change_their_password_can_do_nothing_else(world: World, visitor: Visitors) -> None:
    async with world.database.session() as session:
        await members.add(
            session, sign_in="new-here", name=None, roles=["admin"], organisation=None, password=PASSWORD,
            must_change=True, clock=world.clock, actor="cli:test",
        )  # fmt: skip
        await session.commit()
    door = Door(world.database, world.clock, world.house.settings.kept_secret())
    world.tokens["new-here"] = await door.sign_in("new-here", PASSWORD, address="127.0.0.1", agent="tests")
    newcomer = visitor("new-here")
    async with newcomer.client.get(f"{world.url}/console/me", allow_redirects=False) as answer:
        assert answer.headers["Location"] == "/console/password"
    _, text = await newcomer.get("/password")
    newcomer.csrf = text.partition('csrf-token" content="')[2][:64]
    form = {"old": PASSWORD, "password": NEW, "again": NEW}
    assert (await newcomer.post("/password", form | {"again": "other words"}))[0] == 422
    async with newcomer.client.post(
        f"{world.url}/console/password", data=form | {"csrf": newcomer.csrf}, allow_redirects=False
    ) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/console"), "on to the day's work"
    assert (await newcomer.get("/me"))[0] == 200


async def test_every_answer_is_bound_to_this_house(world: World, visitor: Visitors) -> None:
    for who, path in (("admin", ""), (None, "/sign-in"), ("admin", "/nowhere")):
        async with visitor(who).client.get(f"{world.url}/console{path}") as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cache-Control"] == "no-store"
            text = await answer.text()
        assert "<style" not in text and " style=" not in text and "onclick" not in text


async def test_assets_are_cached_for_ever_under_their_content(world: World, visitor: Visitors) -> None:
    client = visitor(None).client
    _, text = await visitor(None).get("/sign-in")
    address = text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    async with client.get(world.url + address) as answer:
        assert answer.status == 200 and "immutable" in answer.headers["Cache-Control"]
    mark = address.split("/")[3]
    async with client.get(world.url + address.replace(mark, "0" * 12)) as answer:
        assert answer.status == 404
    async with client.get(f"{world.url}/console/static/{mark}/../pages.py") as answer:
        assert "Templates" not in await answer.text() and answer.content_type == "text/html"


async def test_a_number_is_shown_whole_only_to_who_may_and_is_written_down(world: World, visitor: Visitors) -> None:
    from gateway.web.console.sealing import Seal

    sealed = Seal(world.house.settings.kept_secret()).close("+8613800138000")
    status, text, _ = await visitor("archive_admin").post("/show", {"sealed": sealed})
    assert status == 200 and "+8613800138000" in text
    assert (await visitor("auditor").post("/show", {"sealed": sealed}))[0] == 403
    assert (await visitor("archive_admin").post("/show", {"sealed": sealed[:-4]}))[0] == 422
    async with world.database.connection() as connection:
        row = await connection.fetchrow("SELECT actor, subject FROM audit_entry WHERE action = 'personal_data.shown'")
    assert tuple(row) == ("staff:ARCHIVE-ADMIN", "number:+86138****8000")


async def test_a_form_sent_after_the_session_had_ended_says_so(world: World, visitor: Visitors) -> None:
    stranger = visitor(None)
    from_page = {"Referer": f"{world.url}/console/notices/new?kind=bill"}
    status, _, to = await stranger.post("/notices", {"kind": "bill"}, headers=from_page)
    assert status == 303 and to == "/console/sign-in?back=%2Fnotices%2Fnew%3Fkind%3Dbill&ended=form"
    status, text = await stranger.get(to.removeprefix("/console"))
    assert "刚才提交的内容没有执行" in text and 'value="/notices/new?kind=bill"' in text
    # A piece of a page leads to the door from there, and says no more than that.
    asked = {"HX-Request": "true", "HX-Current-URL": f"{world.url}/console/triage"}
    async with stranger.client.get(f"{world.url}/console/outages/storm/figures", headers=asked) as answer:
        assert (answer.status, answer.headers["HX-Redirect"]) == (401, "/console/sign-in?back=%2Ftriage&ended=page")


async def test_the_address_of_a_refused_form_leads_to_the_form(world: World, visitor: Visitors) -> None:
    async with visitor("admin").client.get(f"{world.url}/console/people/7/lock-out", allow_redirects=False) as answer:
        assert (answer.status, answer.headers.get("Location")) == (303, "/console/people/7")


@pytest.mark.browser
async def test_what_was_typed_comes_back_after_signing_in_again(world: World, seat: Seats) -> None:
    admin = await seat("archive_admin")
    page = admin.page
    await admin.go("/notices/new?kind=announcement")
    await page.fill("#f-text", "明天检修，请留意。")
    await page.check('input[name="whom"][value="accounts"]')
    await page.fill("#f-accounts", world.accounts["东湖区"][3])
    await page.context.clear_cookies()
    await page.click("main form button.btn-primary")
    await page.locator('[data-ended="form"]').wait_for()
    await page.fill('input[name="name"]', PEOPLE["archive_admin"][0])
    await page.fill('input[name="password"]', PASSWORD)
    await page.click("main form button.btn-primary")
    await page.locator("#f-text").wait_for()
    assert await page.input_value("#f-text") == "明天检修，请留意。"
    assert await page.is_checked('input[name="whom"][value="accounts"]')
    assert await page.input_value("#f-accounts") == world.accounts["东湖区"][3]
    assert await page.evaluate("Object.keys(sessionStorage).filter(key => key.startsWith('lamplighter'))") == []
    assert admin.problems == []
