"""Finding accounts by what somebody says."""

from __future__ import annotations

import pytest

from gateway.archive.reading.searching import pattern, search, syllables
from gateway.kernel.acting import Acting, act_for
from gateway.staff.roles import scopes_of

from .conftest import Visitors
from .world import OTHER_DISTRICT, World, sample


async def found(world: World, words: str, part: list[int] | None = None) -> dict[str, str]:
    """The accounts that fit, and by what."""
    async with world.database.session() as session:
        reach = None if part is None else frozenset(part)
        act_for(session, Acting(actor="staff:X", scopes=scopes_of(["admin"]), organisations=reach))
        return {one.account_no: one.by for one in await search(session, words, region="CN", limit=50)}


async def test_accounts_are_found_by_whatever_is_said(world: World) -> None:
    account = world.accounts["东湖区"][0]
    row = next(row for row in sample("accounts") if row["account_no"] == account)
    number = (await world.numbers(account))[0]
    assert (await found(world, number))[account] == "number"
    assert (await found(world, f" {number[3:6]} {number[6:10]} {number[10:]} "))[account] == "number"
    assert (await found(world, account))[account] == "account"
    assert account in await found(world, account[:6])
    assert account in await found(world, account[-4:])
    assert (await found(world, row["holder_name"]))[account] == "name"
    assert account in await found(world, row["holder_name"][1:])
    assert account in await found(world, row["address"][3:])
    assert (await found(world, row["meter_no"]))[account] in ("meter", "number", "account")
    for nothing in ("", "   ", "%", "_", "\\", "没有这个人", "'; DROP TABLE account; --", "zzz"):
        assert await found(world, nothing) == {}, nothing


async def test_names_are_found_by_their_reading(world: World) -> None:
    account = world.accounts["东湖区"][0]
    assert next(row for row in sample("accounts") if row["account_no"] == account)["holder_name"] == "温兰香"
    for words in ("wenlanxiang", "wen lan xiang", "Lanxiang", "wen lan"):
        assert (await found(world, words)).get(account) == "pinyin", words


@pytest.mark.parametrize(
    ("words", "parts"),
    [("xian", ["xian"]), ("xi an", ["xi", "an"]), ("wangqiang", ["wang", "qiang"]), ("hello", None), ("", None)],
)
def test_pinyin_is_parted_into_syllables(words: str, parts: list[str] | None) -> None:
    assert syllables(words) == parts


def test_a_syllable_stands_for_its_characters() -> None:
    assert {"王", "汪"} <= set(pattern(["wang"])) and "李" not in pattern(["wang"])


async def test_a_part_of_the_utility_finds_its_own(world: World, visitor: Visitors) -> None:
    async with world.database.connection() as connection:
        part = await connection.fetchval("SELECT id FROM organisation WHERE name = $1", OTHER_DISTRICT)
    near, far = world.accounts[OTHER_DISTRICT][0], world.accounts["东湖区"][0]
    assert near in await found(world, near, [part])
    assert await found(world, far, [part]) == {}
    assert (await visitor("elsewhere").get(f"/accounts/{near}"))[0] == 200
    assert (await visitor("elsewhere").get(f"/accounts/{far}"))[0] == 404


async def test_a_number_is_invited_to_the_chat_from_its_page(world: World, visitor: Visitors) -> None:
    account = world.accounts["东湖区"][4]
    async with world.database.connection() as connection:
        point = await connection.fetchval(
            """SELECT l.contact_point_id FROM contact_link l JOIN account a ON a.id = l.account_id
               WHERE a.account_no = $1 AND l.state <> 'revoked' LIMIT 1""",
            account,
        )
    path = f"/numbers/{point}"
    assert "邀请绑定聊天" in (await visitor("admin").get(path))[1]
    assert (await visitor("auditor").post(f"{path}/chat-invitation"))[0] == 403
    status, text, to = await visitor("admin").post(f"{path}/chat-invitation")
    assert (status, to) == (303, f"/console{path}"), text
    async with world.database.connection() as connection:
        kind = await connection.fetchval(
            "SELECT template FROM message WHERE contact_point_id = $1 ORDER BY id DESC LIMIT 1", point
        )
    assert kind.startswith("verification_chat")
    assert "邀请" in (await visitor("admin").get(path))[1]
