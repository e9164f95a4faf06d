"""Single messages and batches: accepted once for each key, listed by keyset."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from gateway.outbox import AccountPart, insert
from gateway.outbox.messages import WAKE
from tests.web.conftest import NOW, House, a_message

ONE = {"to": "13812345670", "template": "announcement", "values": {"text": "今晚八点检修"}}


async def sent(house: House) -> int:
    async with house.database.work() as work:
        return int(await work.value("SELECT count(*) FROM message"))


async def test_a_message_is_accepted_and_read_back(house: House) -> None:
    taken = await house.call("POST", "/messages", json={**ONE, "reference": "工单-7"}, expect=202)
    assert taken["state"] == "queued"
    message = await house.call("GET", f"/messages/{taken['id']}")
    assert message["to"] == "+8613812345670"
    assert message["body"] == "今晚八点检修"
    assert message["created_at"] == "2025-10-20T02:00:00Z"
    assert message["accounts"] == [] and message["account_no"] is None
    assert message["events"] == []
    assert [one["id"] for one in (await house.call("GET", "/messages?reference=工单-7"))["items"]] == [taken["id"]]


async def test_dispatchers_are_told_of_a_message(house: House) -> None:
    heard = asyncio.Event()
    listener = await asyncpg.connect(house.database.url)
    try:
        await listener.add_listener(WAKE, lambda *_: heard.set())
        await house.call("POST", "/messages", json=ONE, expect=202)
        async with asyncio.timeout(20):
            await heard.wait()
    finally:
        await listener.close()


async def test_the_accounts_a_text_speaks_for_are_listed_in_order(house: House) -> None:
    parts = [AccountPart(account_id=2, account_no="0002", link_id=None), AccountPart(1, "0001", None)]
    message = a_message(accounts=parts)
    async with house.database.work() as work:
        await insert(work.connection, [message, a_message()])
        await work.execute(
            "INSERT INTO message_event (id, at, kind, detail) VALUES ($1, $2, 'sent', '送达')", message.id, NOW
        )
        await work.commit()
    for account in ("0001", "0002"):
        listed = (await house.call("GET", f"/messages?account_no={account}"))["items"]
        assert [one["id"] for one in listed] == [str(message.id)]
        assert listed[0]["accounts"] == ["0002", "0001"] and listed[0]["account_no"] == "0002"
    one = await house.call("GET", f"/messages/{message.id}")
    assert one["events"] == [{"at": "2025-10-20T02:00:00Z", "kind": "sent", "detail": "送达"}]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "template"),
        ({"template": "announcement"}, "body"),
        ({**ONE, "account_no": "1"}, "body"),
        ({**ONE, "colour": "red"}, "colour"),
        ({**ONE, "to": "12"}, "to"),
        ({**ONE, "to": 13812345670}, "to"),
        ({**ONE, "template": "nothing-such"}, "template"),
        ({**ONE, "not_before": "2025-10-20T02:00:00"}, "not_before"),
        ({**ONE, "not_before": 1760000000}, "not_before"),
        ({**ONE, "not_before": "9999-12-31T23:59:59Z"}, "not_before"),
        ({**ONE, "values": {"text": "a\x00b"}}, "values.text"),
        ({**ONE, "values": {"text": {"inner": ["x", "\x00"]}}}, "values.text.inner[1]"),
        ([], "body"),
        ("text", "body"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_written(house: House, body: Any, field: str) -> None:
    problem = await house.call("POST", "/messages", json=body, expect=422)
    assert problem["type"] == "/problems/invalid-input"
    assert field in [one["field"] for one in problem["errors"]], problem
    assert await sent(house) == 0


async def test_the_same_key_and_body_get_the_first_answer(house: House) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = await house.call("POST", "/messages", json=ONE, headers=headers, expect=202)
    assert await house.call("POST", "/messages", json=ONE, headers=headers, expect=202) == first
    problem = await house.call("POST", "/messages", json={**ONE, "reference": "b"}, headers=headers, expect=422)
    assert problem["type"] == "/problems/idempotency-key-reused"
    assert await sent(house) == 1


async def test_a_refused_request_leaves_its_key_free(house: House) -> None:
    headers = {"Idempotency-Key": "k1"}
    await house.call("POST", "/messages", json={**ONE, "template": "none"}, headers=headers, expect=422)
    await house.call("POST", "/messages", json=ONE, headers=headers, expect=202)


@pytest.mark.parametrize("path", ["/messages", "/messages/batch"])
async def test_concurrent_duplicates_write_one_message(house: House, path: str) -> None:
    body = ONE if path == "/messages" else {"messages": [ONE]}
    calls = [house.call("POST", path, json=body, headers={"Idempotency-Key": "same"}, expect=202) for _ in range(20)]
    answers = await asyncio.gather(*calls)
    assert all(answer == answers[0] for answer in answers)
    assert await sent(house) == 1


async def test_two_bodies_under_one_key_at_once_write_one_message(house: House) -> None:
    async def one(reference: str) -> int:
        async with house.client.post(
            "/api/v1/messages",
            json={**ONE, "reference": reference},
            headers={"Idempotency-Key": "same", "Authorization": "Bearer root-key-of-the-sandbox"},
        ) as response:
            return response.status

    statuses = await asyncio.gather(*(one(str(number)) for number in range(10)))
    assert sorted(statuses) == [202] + [422] * 9
    assert await sent(house) == 1


async def test_keys_of_different_callers_do_not_meet(house: House) -> None:
    from gateway.staff import keys

    async with house.database.session() as session:
        other = await keys.create(session, name="other", scopes=["messages:send"], at=NOW, actor="test")
        await session.commit()
    first = await house.call("POST", "/messages", json=ONE, headers={"Idempotency-Key": "k"}, expect=202)
    second = await house.call("POST", "/messages", json=ONE, key=other, headers={"Idempotency-Key": "k"}, expect=202)
    assert first["id"] != second["id"]


@pytest.mark.parametrize("key", ["", "a b", "中文", "x" * 201])
async def test_a_key_of_another_form_is_refused(house: House, key: str) -> None:
    headers = {"Idempotency-Key": key}
    if not key.isascii():
        headers = {"Idempotency-Key": key.encode().decode("latin-1")}
    problem = await house.call("POST", "/messages", json=ONE, headers=headers, expect=422)
    assert problem["errors"][0]["field"] == "Idempotency-Key"


async def test_a_batch_answers_each_in_order(house: House) -> None:
    batch = {"messages": [ONE, {**ONE, "to": "1"}, {**ONE, "template": "none"}, ONE, 7]}
    items = (await house.call("POST", "/messages/batch", json=batch, expect=202))["items"]
    assert [("id" in one and one["id"] is not None) for one in items] == [True, False, False, True, False]
    assert items[1]["errors"][0]["field"] == "to"
    assert items[2]["errors"][0]["field"] == "template"
    assert await sent(house) == 2


async def test_a_batch_of_more_than_a_thousand_is_refused(house: House) -> None:
    problem = await house.call("POST", "/messages/batch", json={"messages": [ONE] * 1001}, expect=422)
    assert problem["errors"][0]["field"] == "messages"
    assert await sent(house) == 0


async def test_pages_hold_every_message_once_while_others_are_written(house: House) -> None:
    async with house.database.work() as work:
        await insert(work.connection, [a_message(at=NOW + timedelta(seconds=number)) for number in range(25)])
        await work.commit()
    seen: list[str] = []
    cursor = ""
    while True:
        page = await house.call("GET", f"/messages?limit=10{cursor}")
        seen += [one["id"] for one in page["items"]]
        async with house.database.work() as work:
            await insert(work.connection, [a_message(at=NOW + timedelta(hours=1))])
            await work.commit()
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == 25
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=x", "limit"),
        ("cursor=%F0%9F%98%80", "cursor"),
        ("cursor=bm90OjE", "cursor"),
        ("cursor=bWVzc2FnZXM6eA", "cursor"),
        ("cursor=" + "A" * 300, "cursor"),
        ("state=gone", "state[0]"),
        ("notice=7", "notice"),
        ("since=yesterday", "since"),
        ("since=1760000000", "since"),
        ("colour=red", "colour"),
        ("account_no=%00", "account_no"),
        ("to=12", "to"),
    ],
)
async def test_a_wrong_parameter_is_named(house: House, query: str, field: str) -> None:
    problem = await house.call("GET", f"/messages?{query}", expect=422)
    assert [one["field"] for one in problem["errors"]] == [field]


async def test_filters_hold_together(house: House) -> None:
    notice = uuid4()
    async with house.database.work() as work:
        await insert(
            work.connection,
            [
                a_message(notice_id=notice),
                a_message(notice_id=notice, withheld_reason="paid"),
                a_message(to="+8613900000001", at=NOW + timedelta(hours=1)),
            ],
        )
        await work.commit()
    assert len((await house.call("GET", f"/messages?notice={notice}"))["items"]) == 2
    withheld = (await house.call("GET", f"/messages?notice={notice}&state=withheld,sent"))["items"]
    assert [one["withheld_reason"] for one in withheld] == ["paid"]
    # The plus of a number and of an offset, escaped and as people forget to.
    for to in ("%2B8613900000001", "+8613900000001", "13900000001"):
        assert len((await house.call("GET", f"/messages?to={to}"))["items"]) == 1
    for since in ("2025-10-20T10:30:00%2B08:00", "2025-10-20T02:30:00Z"):
        assert len((await house.call("GET", f"/messages?since={since}"))["items"]) == 1


@pytest.mark.parametrize("id_", ["7", "0195eef8-4004-7002-9ba4-362a0e2b802d", "%00"])
async def test_an_unknown_message_is_not_found(house: House, id_: str) -> None:
    problem = await house.call("GET", f"/messages/{id_}", expect=404)
    assert problem["type"] == "/problems/not-found"


async def test_a_batch_that_is_repeated_with_its_key_gets_its_first_answer(house: House) -> None:
    batch = {"messages": [ONE, {**ONE, "template": "nothing"}, {**ONE, "to": "13812345671"}]}
    headers = {"Idempotency-Key": "batch-1"}
    answers = await asyncio.gather(
        *(house.call("POST", "/messages/batch", json=batch, headers=headers, expect=202) for _ in range(3))
    )
    first = answers[0]["items"]
    assert [one.get("state") for one in first] == ["queued", None, "queued"]
    assert [one["items"] for one in answers] == [first] * 3
    assert await sent(house) == 2
    other = {"messages": [ONE]}
    problem = await house.call("POST", "/messages/batch", json=other, headers=headers, expect=422)
    assert problem["type"] == "/problems/idempotency-key-reused"
    assert await sent(house) == 2
