"""Outages over HTTP, and the feed of an outage management system in the field's vocabulary."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.conftest import House

STARTS, ENDS = "2025-10-20T08:00:00+08:00", "2025-10-20T12:00:00+08:00"


@pytest.fixture
async def grid(house: House) -> House:
    async with house.database.work() as work:
        await work.execute("INSERT INTO feeder (code, name) VALUES ('F1', '10kV寺坪8线'), ('F2', '10kV山工6线')")
        customer = await work.value("INSERT INTO customer (name) VALUES ('王强') RETURNING id")
        premise = await work.value("INSERT INTO premise (address) VALUES ('章家河') RETURNING id")
        for account in ("4100000011", "4100000022"):
            await work.execute(
                "INSERT INTO account (account_no, customer_id, premise_id, holder_name) VALUES ($1, $2, $3, '王强')",
                account,
                customer,
                premise,
            )
        await work.commit()
    return house


def fault(**more: Any) -> dict[str, Any]:
    return {"outage_id": "FO1", "kind": "fault", "scope": {"feeders": ["F1"]}, "starts_at": STARTS, **more}


async def test_an_outage_is_announced_read_and_changed(grid: House) -> None:
    made = await grid.call("POST", "/outages", json=fault(ends_at=ENDS, reason="电缆被挖断"), expect=201)
    assert (made["state"], made["scope"]["feeders"], made["revision"]) == ("active", ["F1"], 1)
    changed = await grid.call("PATCH", "/outages/FO1", json={"ends_at": None, "reason": "雷击"})
    assert (changed["ends_at"], changed["reason"], changed["revision"]) == (None, "雷击", 2)
    assert [one["ends_at"] for one in changed["history"]] == ["2025-10-20T04:00:00Z", None]
    assert await grid.call("GET", "/outages/FO1") == changed
    done = await grid.call("PATCH", "/outages/FO1", json={"state": "restored"})
    assert done["restored_at"] == "2025-10-20T02:00:00Z"
    await grid.call("PATCH", "/outages/FO1", json={"state": "active"}, expect=409)
    await grid.call("POST", "/outages", json=fault(), expect=409)
    await grid.call("GET", "/outages/FO9", expect=404)
    assert (await grid.call("GET", "/outages?state=restored&kind=fault"))["items"][0]["outage_id"] == "FO1"
    assert (await grid.call("GET", "/outages?state=active"))["items"] == []
    async with grid.database.work() as work:
        rows = await work.fetch("SELECT action FROM audit_entry WHERE subject = 'outage:FO1' ORDER BY id")
    assert [row["action"] for row in rows] == ["outage.announced", "outage.changed", "outage.changed"]


async def test_one_without_a_name_gets_one(grid: House) -> None:
    named = {key: value for key, value in fault().items() if key != "outage_id"}
    first = await grid.call("POST", "/outages", json=named, expect=201)
    second = await grid.call("POST", "/outages", json=named, expect=201)
    assert first["outage_id"].startswith("FO2510-") and first["outage_id"] != second["outage_id"]


async def test_nothing_is_drafted_unless_asked_for(grid: House) -> None:
    assert (await grid.call("POST", "/outages", json=fault(), expect=201))["notices"] == []
    await grid.call("POST", "/outages", json=fault(outage_id="FO2", notify=True), expect=201)
    assert [one["kind"] for one in (await grid.call("GET", "/notices"))["items"]] == ["outage_fault"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"scope": {"feeders": ["F9"]}}, "scope.feeders[0]"),
        ({"scope": {"accounts": ["4100000011", "4100000099"]}}, "scope.accounts[1]"),
        ({"scope": {}}, "scope"),
        ({"kind": "storm"}, "kind"),
        ({"starts_at": "soon"}, "starts_at"),
        ({"starts_at": "2025-10-20T08:00:00"}, "starts_at"),
        ({"ends_at": STARTS}, "ends_at"),
        ({"kind": "planned"}, "ends_at"),
        ({"outage_id": "a b"}, "outage_id"),
        ({"customers_out": -1}, "customers_out"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_what_is_wrong_names_its_field(grid: House, wrong: dict[str, Any], field: str) -> None:
    problem = await grid.call("POST", "/outages", json=fault(**wrong), expect=422)
    assert [error["field"] for error in problem["errors"]] == [field]
    assert (await grid.call("GET", "/outages"))["items"] == []


async def test_the_feed_speaks_the_words_of_the_field(grid: House) -> None:
    event = {
        "outageId": "200234",
        "outageType": "C1UP",
        "OUTAGETIME": STARTS,
        "CREWETA": "2025-10-20T10:30:00+08:00",
        "CAUSE": "电缆被挖断",
        "CUSTOMERSOUT": 259,
        "feeders": ["F1"],
        "messageReference": "1",
        "SWITCHPLAN": "unknown to us",
    }
    answer = await grid.call("POST", "/outages/feed", json={"events": [event], "notify": True})
    assert answer["items"] == [{"outage_id": "200234", "became": "created", "errors": None}]
    outage = await grid.call("GET", "/outages/200234")
    assert (outage["kind"], outage["reason"], outage["customers_out"]) == ("fault", "电缆被挖断", 259)
    assert outage["crew_at"] == "2025-10-20T02:30:00Z" and outage["ends_at"] is None
    assert [one["kind"] for one in (await grid.call("GET", "/notices"))["items"]] == ["outage_fault"]

    later = [
        {"outageId": "200234", "ESTRESTTIME": ENDS, "messageReference": "3"},
        {"outageId": "200234", "ESTRESTTIME": "2025-10-20T11:00:00+08:00", "messageReference": "2"},
        {"outageId": "200234", "customers": ["4100000011"], "incrementalUpdate": True},
        {"outageId": "200234", "OUTAGETYPE": "planned"},
        {"outageId": "200235", "OUTAGETIME": STARTS, "customers": ["4100000099"]},
        {"outageId": "200236", "OUTAGETIME": STARTS},
        {"outageId": "200237", "startDateTime": STARTS, "transformerAreas": [], "customers": ["4100000022"]},
        {"outageId": "200237", "discarded": True, "COMPLETIONTIME": "2025-10-20T09:00:00+08:00"},
        {"outageId": "200238", "OUTAGETIME": "10点多", "feeders": ["F1"]},
        "200239",
    ]
    items = (await grid.call("POST", "/outages/feed", json={"events": later}))["items"]
    assert [item["became"] for item in items] == [
        "updated", "stale", "updated", None, None, None, "created", "updated", None, None
    ]  # fmt: skip
    assert [error["field"] for item in items for error in item["errors"] or ()] == [
        "outageType", "scope.accounts[0]", "customers", "OUTAGETIME", "body"
    ]  # fmt: skip
    outage = await grid.call("GET", "/outages/200234")
    assert (outage["ends_at"], outage["scope"]["accounts"]) == ("2025-10-20T04:00:00Z", ["4100000011"])
    assert outage["scope"]["feeders"] == ["F1"]
    assert (await grid.call("GET", "/outages/200237"))["state"] == "cancelled"

    end = {"outageId": "200234", "COMPLETIONTIME": "2025-10-20T09:50:00+08:00"}
    for became in ("updated", "unchanged"):
        answer = await grid.call("POST", "/outages/feed", json={"events": [end]})
        assert answer["items"][0]["became"] == became
    outage = await grid.call("GET", "/outages/200234")
    assert (outage["state"], outage["restored_at"]) == ("restored", "2025-10-20T01:50:00Z")
