from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.kernel.database import Database
from gateway.outbox.messages import COLUMNS
from gateway.web import accepting, at_once
from gateway.web.at_once import Unwritten
from gateway.web.idempotency import Claim
from tests.web.conftest import House, a_message

NUMBER = "+8613812345670"
ONE = {"to": "13812345670", "template": "announcement", "values": {"text": "今晚八点检修"}}


def unwritten(number: str = NUMBER, *, key: str | None = None, known: int = -1, **changes: Any) -> Unwritten:
    message = a_message(to=number, contact_point_id=known, **changes)
    claim = Claim("key:crm", key, "digest") if key is not None else None
    return Unwritten(message, claim, f'{{"id":"{message.id}"}}')


async def rows(database: Database, statement: str) -> list[tuple[Any, ...]]:
    async with database.work() as work:
        return [tuple(row) for row in await work.fetch(statement)]


async def write(database: Database, *those: Unwritten) -> list[bool]:
    async with database.steady() as connection:
        written = await at_once.write(connection, those, status=202)
    return [one.message.id in written for one in those]


async def test_a_message_its_number_and_its_key_are_written_together(database: Database) -> None:
    first = unwritten(key="工单-1", fallback=["telegram", "wecom"])
    second = unwritten("+861088886666", fallback=None)
    assert await write(database, first, second) == [True, True]
    points = await rows(database, "SELECT kind, address, line FROM contact_point ORDER BY address")
    assert points == [("phone", "+861088886666", "landline"), ("phone", NUMBER, "mobile")]
    texts = await rows(
        database,
        "SELECT m.id, m.to_address, m.body, m.state, m.fallback, p.address FROM message m"
        " JOIN contact_point p ON p.id = m.contact_point_id ORDER BY m.id",
    )
    assert texts == [
        (first.message.id, NUMBER, "通知", "queued", ["telegram", "wecom"], NUMBER),
        (second.message.id, "+861088886666", "通知", "queued", None, "+861088886666"),
    ]
    keys = await rows(database, "SELECT owner, key, request_digest, status, response FROM idempotency_key")
    assert keys == [("key:crm", "工单-1", "digest", 202, first.answer)]


async def test_a_row_is_what_copy_would_have_written(database: Database) -> None:
    from gateway.outbox import insert

    changes: dict[str, Any] = {"reference": "工单-7", "decision": "now [policy 1]", "withheld_reason": "opted_out"}
    one = unwritten(**changes)
    assert await write(database, one) == [True]
    [(point,)] = await rows(database, "SELECT id FROM contact_point")
    other = a_message(to=NUMBER, contact_point_id=point, **changes)
    async with database.work() as work:
        await insert(work.connection, [other])
        await work.commit()
    written, copied = await rows(database, "SELECT * FROM message ORDER BY id")
    assert written[1:] == copied[1:]


async def test_each_row_of_a_group_is_what_copy_would_have_written(database: Database) -> None:
    from gateway.outbox import insert

    those = [
        {"reference": "工单-7", "decision": "now [policy 1]", "withheld_reason": "opted_out"},
        {"reference": "工单-8", "decision": "now [policy 1]", "withheld_reason": "opted_out"},
        {"kind": "verification", "klass": "V", "purpose": "security", "fallback": ["telegram"], "fallback_minutes": 3},
        {"fallback": []},
        {"segments": 2, "expires_at": None, "body": "您好", "channel": "sms", "template_version": "2"},
    ]
    numbers = [f"+861381234567{turn}" for turn in range(len(those))]
    asked = [unwritten(number, **changes) for number, changes in zip(numbers, those, strict=True)]
    assert await write(database, *asked) == [True] * len(those)
    points = dict(await rows(database, "SELECT address, id FROM contact_point"))
    async with database.work() as work:
        again = [
            a_message(to=number, contact_point_id=points[number], **changes)
            for number, changes in zip(numbers, those, strict=True)
        ]
        await insert(work.connection, again)
        await work.commit()
    found = await rows(database, "SELECT * FROM message ORDER BY id")
    assert [row[1:] for row in found[: len(those)]] == [row[1:] for row in found[len(those) :]]


def test_every_column_of_a_message_is_its_own_or_what_is_alike() -> None:
    assert sorted((*at_once._OWN, *at_once._ALIKE)) == sorted(COLUMNS)


async def test_of_two_to_a_new_number_one_is_looked_at_again(database: Database) -> None:
    assert sorted(await write(database, unwritten(key="工单-1"), unwritten(key="工单-2"))) == [False, True]
    assert await rows(database, "SELECT count(*) FROM message") == [(1,)]
    assert await rows(database, "SELECT count(*) FROM idempotency_key") == [(1,)]


async def test_a_number_that_was_made_known_meanwhile_is_looked_at_again(database: Database) -> None:
    async with database.work() as work:
        await work.execute("INSERT INTO contact_point (kind, address) VALUES ('phone', $1)", NUMBER)
        await work.commit()
    assert await write(database, unwritten(key="工单-1"), unwritten("+8613812345671")) == [False, True]
    assert await rows(database, "SELECT to_address FROM message") == [("+8613812345671",)]
    assert await rows(database, "SELECT key FROM idempotency_key") == []


async def test_a_key_that_was_taken_meanwhile_keeps_its_first_answer(database: Database) -> None:
    assert await write(database, unwritten(key="工单-1")) == [True]
    [(point,)] = await rows(database, "SELECT id FROM contact_point")
    assert await write(database, unwritten(key="工单-1", known=point), unwritten(known=point)) == [False, True]
    assert await rows(database, "SELECT count(*) FROM message") == [(2,)]


async def test_two_who_make_one_number_known_at_a_time_both_end(database: Database) -> None:
    numbers = [f"+86138123456{turn}" for turn in range(10, 40)]
    ended = await asyncio.gather(
        write(database, *map(unwritten, numbers)), write(database, *map(unwritten, reversed(numbers)))
    )
    assert sum(map(sum, ended)) == len(numbers)
    assert await rows(database, "SELECT count(*) FROM contact_point") == [(30,)]


@pytest.mark.parametrize("keyed", [False, True])
async def test_callers_at_once_get_each_their_answer(house: House, keyed: bool) -> None:
    asked = [{**ONE, "to": f"138123456{turn % 7 + 70}", "reference": f"工单-{turn}"} for turn in range(40)]
    asked[5]["template"] = "nothing"
    answers = await asyncio.gather(
        *(
            house.call(
                "POST",
                "/messages",
                json=one,
                expect=422 if turn == 5 else 202,
                **({"headers": {"Idempotency-Key": f"k{turn}"}} if keyed else {}),
            )
            for turn, one in enumerate(asked)
        )
    )
    for turn, (one, answer) in enumerate(zip(asked, answers, strict=True)):
        if turn != 5:
            message = await house.call("GET", f"/messages/{answer['id']}")
            assert (message["reference"], message["to"]) == (one["reference"], f"+86{one['to']}")
    async with house.database.work() as work:
        assert await work.value("SELECT count(*) FROM message") == 39
        assert await work.value("SELECT count(*) FROM idempotency_key") == (39 if keyed else 0)


async def test_one_key_twice_at_once_is_one_message(house: House) -> None:
    headers = {"Idempotency-Key": "工单-1".encode().hex()}
    answers = await asyncio.gather(
        *(house.call("POST", "/messages", json=ONE, headers=headers, expect=202) for _ in range(12))
    )
    assert len({answer["id"] for answer in answers}) == 1
    async with house.database.work() as work:
        assert await work.value("SELECT count(*) FROM message") == 1


def test_a_text_that_opens_a_task_goes_the_longer_way() -> None:
    legal = a_message(klass="L", contact_point_id=-1)
    assert not accepting._is_a_row_alone(legal)
    assert accepting._is_a_row_alone(a_message(contact_point_id=-1))
