"""What customers raised, over HTTP: cases, alerts, notes, and the triage list with its keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from gateway.cases import Danger, Raised, note, open_or_join, raise_alert, told
from gateway.inbox.tables import Inbound
from gateway.kernel.ids import new_id
from gateway.notices import pause
from tests.web.conftest import NOW, House

A, X = "4100000011", "+8613800374443"


async def an_account(house: House) -> int:
    async with house.database.work() as work:
        customer = await work.value("INSERT INTO customer (name) VALUES ('王强') RETURNING id")
        premise = await work.value("INSERT INTO premise (address) VALUES ('章家河') RETURNING id")
        account = await work.value(
            """INSERT INTO account (account_no, customer_id, premise_id, holder_name)
               VALUES ($1, $2, $3, '王强') RETURNING id""",
            A,
            customer,
            premise,
        )
        await work.commit()
    return int(account)


async def a_case(house: House, account: int | None = None, **more: Any) -> UUID:
    facts: dict[str, Any] = {
        "klass": "complaint",
        "topic": "service",
        "matter": "service",
        "subject": f"account:{account}" if account else f"number:{X}",
        "account_id": account,
        "contact_point_id": None,
        "said": "complaint",
        "broken": False,
        "words": "我要投诉",
        "inbound_id": uuid4(),
        "answers": None,
        "actor": "customer",
        "at": NOW,
        **more,
    }
    async with house.database.work() as work:
        opened = await open_or_join(work.connection, Raised(**facts))
        if not opened.joined:
            await told(work.connection, opened.id, uuid4(), at=NOW, contact_by=opened.due_at)
        await work.commit()
    return opened.id


async def test_cases_are_listed_and_one_is_told_whole(house: House) -> None:
    account = await an_account(house)
    first = await a_case(house, account)
    assert await a_case(house, account, at=NOW + timedelta(hours=1)) == first
    second = await a_case(house, klass="fault_report", topic="supply", matter="outage:FO1", at=NOW + timedelta(hours=2))
    items = (await house.call("GET", "/cases"))["items"]
    assert [one["id"] for one in items] == [str(second), str(first)]
    assert items[0]["number"] == X and items[0]["account_no"] is None and items[0]["unit"] == "dispatch"
    for query, found in (
        ("class=complaint", [first]),
        ("state=closed", []),
        (f"account_no={A}", [first]),
        (f"number={X}", [second]),
        ("class=complaint,fault_report&state=open", [second, first]),
    ):
        page = await house.call("GET", f"/cases?{query}")
        assert [one["id"] for one in page["items"]] == [str(one) for one in found], query
    one = await house.call("GET", f"/cases/{first}")
    assert (one["class"], one["contacts"], one["account_no"], one["owner"]) == ("complaint", 2, A, None)
    assert [event["kind"] for event in one["events"]] == ["opened", "told", "joined"]
    page = await house.call("GET", "/cases?limit=1")
    assert [one["id"] for one in (await house.call("GET", f"/cases?cursor={page['next']}"))["items"]] == [str(first)]
    await house.call("GET", f"/cases/{uuid4()}", expect=404)


async def test_a_case_is_written_on_handed_on_and_closed_once(house: House) -> None:
    account = await an_account(house)
    case = await a_case(house, account, klass="service_request", topic="payment_check", matter="payment_check")
    async with house.database.work() as work:
        await pause(work.connection, [account], "paid", inbound_id=uuid4(), case_id=case, actor="customer", at=NOW)
        await work.commit()
    await house.call("POST", f"/cases/{case}/note", json={"note": "查银行流水"})
    await house.call("POST", f"/cases/{case}/note", json={"note": "  "}, expect=422)
    await house.call("POST", f"/cases/{case}/assign", json={}, expect=422)
    async with house.database.work() as work:
        await work.execute("INSERT INTO staff_member (staff_no, name) VALUES ('E000007', '王坚')")
        await work.commit()
    handed = await house.call("POST", f"/cases/{case}/assign", json={"owner": "E000007", "note": "熟悉"})
    assert (handed["unit"], handed["owner"]) == ("billing", "E000007")
    closed = await house.call("POST", f"/cases/{case}/close", json={"outcome": "银行文件里有"})
    assert (closed["state"], closed["asked_by"], closed["outcome"]) == ("asked", "key:bootstrap", "银行文件里有")
    assert [event["kind"] for event in closed["events"]] == ["opened", "told", "noted", "assigned", "asked"]
    for deed, body in (("note", {"note": "x"}), ("assign", {"unit": "y"}), ("close", {"outcome": "z"})):
        await house.call("POST", f"/cases/{case}/{deed}", json=body, expect=409)
        await house.call("POST", f"/cases/{uuid4()}/{deed}", json=body, expect=404)
    async with house.database.work() as work:
        assert await work.value("SELECT ended_by FROM hold") == "key:bootstrap"


async def test_alerts_are_taken_on_once(house: House) -> None:
    danger = Danger(
        kind="safety", inbound_id=uuid4(), sender=X, account_no=None, words="着火了", actor="customer", at=NOW
    )
    async with house.database.work() as work:
        alert = await raise_alert(work.connection, danger)
        assert await raise_alert(work.connection, danger) is None
        await work.commit()
    (one,) = (await house.call("GET", "/alerts"))["items"]
    assert (one["id"], one["words"], one["acknowledged_by"]) == (str(alert), "着火了", None)
    taken = await house.call("POST", f"/alerts/{alert}/acknowledge", json={"note": "已派人"})
    assert (taken["acknowledged_by"], taken["note"]) == ("key:bootstrap", "已派人")
    assert (await house.call("GET", "/alerts"))["items"] == []
    assert len((await house.call("GET", "/alerts?state=all"))["items"]) == 1
    await house.call("POST", f"/alerts/{alert}/acknowledge", expect=409)
    await house.call("POST", f"/alerts/{uuid4()}/acknowledge", expect=404)


async def test_notes_of_an_account(house: House) -> None:
    account, inbound = await an_account(house), uuid4()
    async with house.database.work() as work:
        for _ in range(2):
            await note(
                work.connection,
                [account],
                "payment_promise",
                words="周五交",
                inbound_id=inbound,
                actor="customer",
                at=NOW,
            )
        await work.commit()
    (one,) = (await house.call("GET", f"/notes?account_no={A}"))["items"]
    assert (one["kind"], one["words"], one["account_no"]) == ("payment_promise", "周五交", A)
    assert (await house.call("GET", "/notes?account_no=4100000099"))["items"] == []


async def test_the_urgent_come_first_in_the_triage_list_and_pages_lose_none(house: House) -> None:
    async with house.database.session() as session:
        rows = [
            Inbound(
                id=new_id(NOW + timedelta(seconds=number)),
                channel="sms",
                carrier_id=f"SM{number}",
                sender=X,
                text="…",
                received_at=NOW,
                state="triage" if number != 6 else "done",
                reading={"intents": ["unclear"]},
                urgent=number in (1, 3, 6),
            )
            for number in range(7)
        ]
        session.add_all(rows)
        await session.commit()
    wanted = [str(rows[number].id) for number in (3, 1, 5, 4, 2, 0)]
    for limit in (1, 2, 3, 6):
        seen: list[str] = []
        cursor = ""
        while True:
            page = await house.call("GET", f"/inbound?state=triage&limit={limit}{cursor}")
            seen += [one["id"] for one in page["items"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert seen == wanted, limit
    newest = (await house.call("GET", "/inbound"))["items"]
    assert [one["id"] for one in newest] == [str(row.id) for row in reversed(rows)]


async def test_one_key_resolves(house: House) -> None:
    choices = [
        {"key": "1", "intents": ["score"], "score": 3, "words": "score: 3"},
        {"key": "2", "intents": ["comment"], "score": None, "words": "comment"},
    ]
    async with house.database.session() as session:
        row = Inbound(
            id=new_id(NOW),
            channel="sms",
            carrier_id="SM1",
            sender=X,
            text="3分4分都行",
            received_at=NOW,
            state="triage",
            choices=choices,
        )
        session.add(row)
        await session.commit()
    one = f"/inbound/{row.id}"
    assert (await house.call("GET", one))["choices"] == choices
    await house.call("POST", f"{one}/resolve", json={"choice": "3"}, expect=422)
    await house.call("POST", f"{one}/resolve", json={"choice": "1", "intents": ["score"]}, expect=422)
    await house.call("POST", f"{one}/resolve", json={"choice": "1"})
    (call,) = [call for name, call in house.inbox.calls if name == "resolve"]
    assert (call["intents"], call["score"]) == (["score"], 3)
