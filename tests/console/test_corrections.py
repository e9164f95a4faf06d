"""A correction on the pages: decided link by link, proven, signed by a second person, taken back."""

from __future__ import annotations

import re

import pytest

from gateway.archive.reading.corrections import correction
from gateway.kernel.acting import Acting, act_for
from gateway.kernel.errors import Forbidden, NotFound
from gateway.staff.roles import scopes_of

from .conftest import Visitors
from .world import OTHER_DISTRICT, World


async def opened(world: World, visitor: Visitors, account: str) -> str:
    """A case on the first number of an account, opened on its page; the path of the case."""
    number = (await world.numbers(account))[0]
    form = {"number": number, "evidence": "用户来电说号码已换", "new_number": "13900001234", "new_role": "holder"}
    status, text, to = await visitor("archive_admin").post(f"/accounts/{account}/doubt", form)
    assert status == 303, text
    return to.removeprefix("/console")


async def state(world: World, path: str) -> str:
    async with world.database.connection() as connection:
        found: str = await connection.fetchval(
            "SELECT state FROM correction WHERE id = $1::uuid", path.rpartition("/")[2]
        )
    return found


async def test_a_case_is_decided_proven_and_taken_back(world: World, visitor: Visitors) -> None:
    admin = visitor("archive_admin")
    path = await opened(world, visitor, world.accounts["东湖区"][2])
    status, text = await admin.get(path)
    assert status == 200 and "用户来电说号码已换" in text and 'value="+8613900001234"' in text
    links = sorted(set(re.findall(r'name="(d:\d+)"', text)))
    assert links

    # Nothing is decided by halves, and what was typed stands where it was.
    first = {links[0]: "revoke", "note": "住户确认"}
    status, text, _ = await admin.post(f"{path}/apply", first if len(links) > 1 else {"note": "住户确认"})
    assert status == 422 and "住户确认" in text
    decisions = dict.fromkeys(links, "keep") | {links[0]: "revoke"}
    new = {"new_account:0": world.accounts["东湖区"][2], "new_number:0": "139 0000 1234", "new_role:0": "holder"}
    status, text, to = await admin.post(f"{path}/apply", decisions | new)
    assert (status, to) == (303, f"/console{path}"), text
    assert await state(world, path) == "verifying"

    # The page that follows says so, and how to take it back.
    status, text = await admin.get(path)
    assert status == 200 and f'action="/console{path}/revert"' in text
    form = {"account_no": world.accounts["东湖区"][2], "number": "+8613900001234", "how": "counter", "note": "身份证"}
    assert (await admin.post(f"{path}/prove", form))[0] == 303
    assert await state(world, path) == "applied"

    # Four eyes: not who decided.
    assert (await admin.post(f"{path}/sign", {"waive": ["upstream", "import"], "note": "演练"}))[0] in (403, 409)
    status, text, _ = await visitor("reviewer").post(f"{path}/sign", {"waive": ["upstream", "import"], "note": "演练"})
    assert status == 303, text
    assert await state(world, path) == "watching"
    assert (await admin.post(f"{path}/revert"))[0] == 303
    assert await state(world, path) == "reverted"


async def test_whoever_handled_an_order_of_the_customer_decides_nothing(world: World, visitor: Visitors) -> None:
    account = world.accounts["东湖区"][4]
    path = await opened(world, visitor, account)
    async with world.database.connection() as connection:
        await connection.execute(
            """INSERT INTO invitation (event_kind, event_ref, account_id, person_no)
               SELECT 'work_order', 'W-of-the-admin', a.id, m.staff_no
               FROM account a, staff_member m JOIN staff_login l ON l.staff_id = m.id
               WHERE a.account_no = $1 AND l.name = 'archive-admin'""",
            account,
        )
    for deed in ("apply", "dismiss"):
        _, text = await visitor("archive_admin").get(path)
        links = sorted(set(re.findall(r'name="(d:\d+)"', text)))
        form = dict.fromkeys(links, "keep") if deed == "apply" else {"note": "x"}
        status, text, _ = await visitor("archive_admin").post(f"{path}/{deed}", form)
        assert status == 403, text
    assert await state(world, path) == "open"
    assert (await visitor("reviewer").post(f"{path}/dismiss", {"note": "核实无误"}))[0] == 303


async def test_a_doubt_without_ground_is_dismissed(world: World, visitor: Visitors) -> None:
    path = await opened(world, visitor, world.accounts["东湖区"][3])
    assert (await visitor("archive_admin").post(f"{path}/dismiss", {"note": "核实无误"}))[0] == 303
    assert await state(world, path) == "dismissed"
    status, _text, _ = await visitor("archive_admin").post(f"{path}/dismiss")
    assert status == 409


async def test_a_case_of_the_own_part_is_seen_and_decided_there(world: World, visitor: Visitors) -> None:
    account = world.accounts[OTHER_DISTRICT][1]
    number = (await world.numbers(account))[0]
    elsewhere = visitor("elsewhere")
    status, text, to = await elsewhere.post(f"/accounts/{account}/doubt", {"number": number, "evidence": "换号"})
    assert status == 303, text
    path = to.removeprefix("/console")
    assert (await elsewhere.get(path))[0] == 200
    near = world.accounts["东湖区"][4]
    status, _, _ = await elsewhere.post(f"/accounts/{near}/doubt", {"evidence": "换号"})
    assert status == 404
    status, text = await elsewhere.get("/corrections?tab=all")
    assert status == 200 and text.count("/console/corrections/0") >= 1
    assert world.accounts["东湖区"][0] not in text


async def test_the_use_case_itself_refuses(world: World) -> None:
    async with world.database.session() as session:
        act_for(session, Acting(actor="staff:X", scopes=scopes_of(["auditor"])))
        with pytest.raises(Forbidden):
            await world.house.corrections.open_case(
                session, account_no=world.accounts["东湖区"][0], number=None, reason="staff_report", evidence="",
                new_contacts=[], note=None, actor="staff:X",
            )  # fmt: skip
    async with world.database.connection() as connection:
        case = await connection.fetchval("SELECT id FROM correction ORDER BY id LIMIT 1")
    async with world.database.session() as session:
        act_for(session, Acting(actor="staff:X", scopes=scopes_of(["admin"]), organisations=frozenset()))
        with pytest.raises(NotFound):
            await correction(session, case)


async def test_what_is_wrong_is_named_as_the_form_has_it(world: World, visitor: Visitors) -> None:
    admin, account = visitor("archive_admin"), world.accounts["东湖区"][6]
    number = (await world.numbers(account))[0]
    doubt = {"number": number, "evidence": "来电", "new_number": "12345"}
    status, text, _ = await admin.post(f"/accounts/{account}/doubt", doubt)
    assert status == 422 and "new_contacts" not in text and re.search(r"新号码: [^<]*。</li>", text)
    path = await opened(world, visitor, account)
    links = sorted(set(re.findall(r'name="(d:\d+)"', (await admin.get(path))[1])))
    status, text, _ = await admin.post(f"{path}/apply", {})
    assert status == 422 and f"<li>{account} +86" in text and "d:0:" not in text
    rows = {"new_account:1": account, "new_number:1": "0000", "new_role:1": "holder"}
    status, text, _ = await admin.post(f"{path}/apply", dict.fromkeys(links, "revoke") | rows)
    assert status == 422 and "new_contacts" not in text
    # Beside the row that is wrong, though the one before it is empty.
    assert re.search(r'is-invalid" id="nn1"[^>]*>\s*<div class="invalid-feedback d-block" id="hn1">[^<]*。</div>', text)


async def test_what_is_left_before_signing_is_told_without_numbers(world: World, visitor: Visitors) -> None:
    account = world.accounts["东湖区"][9]
    path = await opened(world, visitor, account)
    links = sorted(set(re.findall(r'name="(d:\d+)"', (await visitor("archive_admin").get(path))[1])))
    new = {"new_account:0": account, "new_number:0": "13900001234", "new_role:0": "holder"}
    decided = await visitor("archive_admin").post(f"{path}/apply", dict.fromkeys(links, "revoke") | new)
    assert decided[0] == 303
    form = {"account_no": account, "number": "+8613900001234", "how": "counter", "note": "身份证"}
    assert (await visitor("archive_admin").post(f"{path}/prove", form))[0] == 303
    status, text, _ = await visitor("reviewer").post(f"{path}/sign", {})
    assert status == 409 and re.search("签署前还差 [0-9]+ 件事", text)
    told = text.partition('role="alert"')[2].partition("</div>\n")[0]
    assert not re.search(r"\+?86?1[3-9]\d{9}", told) and "things are left" not in text
