"""Commitments, hand-overs, warnings, cards and their files over HTTP."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from uuid import uuid4

from openpyxl import load_workbook

from gateway.web.api.exports import PLACES
from tests.web.conftest import NOW, ROOT, House
from tests.web.test_cases import A, X, a_case, an_account

DUE = (NOW + timedelta(days=4)).isoformat()


async def test_a_commitment_is_made_moved_and_listed(house: House) -> None:
    account = await an_account(house)
    case = await a_case(house, account)
    body = {"case": str(case), "what": "更换表箱", "due_at": DUE}
    made = await house.call("POST", "/commitments", json=body, expect=201)
    assert (made["state"], made["unit"]) == ("open", "customer_service")
    assert re.fullmatch(r"S\d{6}", made["reference"])
    assert made["case_id"] == str(case) and made["account_no"] == A and made["told_percent"] == 0
    one = f"/commitments/{made['id']}"
    assert (await house.call("POST", f"{one}/progress", json={"progress": "备料完成"}))["progress"] == "备料完成"
    await house.call("POST", f"{one}/progress", json={"progress": "转E000013处理"}, expect=422)
    assert (await house.call("POST", f"{one}/told", json={"how": "电话"}))["told_how"] == "电话"
    later = (NOW + timedelta(days=6)).isoformat()
    new = await house.call("POST", f"{one}/renegotiate", json={"due_at": later, "reason": "缺料"}, expect=201)
    assert new["replaces"] == made["id"] and (await house.call("GET", one))["replaced_by"] == new["id"]
    await house.call("POST", f"{one}/keep", json={"outcome": "好了"}, expect=409)
    kept = await house.call("POST", f"/commitments/{new['id']}/keep", json={"outcome": "好了"})
    assert (kept["state"], kept["ended_by"]) == ("kept", "key:bootstrap")
    other = await house.call(
        "POST",
        "/commitments",
        json={"number": X, "topic": "表箱锈蚀", "unit": "TM0003", "what": "回电", "due_at": DUE, "told": "电话"},
        expect=201,
    )
    assert other["number"] == X and other["reference"].startswith("C")
    await house.call("POST", f"/commitments/{other['id']}/break", json={"reason": "没有人手"})
    for query, found in (
        ("state=kept", [new["id"]]),
        ("unit=TM0003", [other["id"]]),
        (f"case={case}&kind=work", [new["id"], made["id"]]),
        (f"account_no={A}&state=renegotiated", [made["id"]]),
        ("owner=E1", []),
    ):
        items = (await house.call("GET", f"/commitments?{query}"))["items"]
        assert [item["id"] for item in items] == found, query
    page = await house.call("GET", "/commitments?limit=2")
    assert len(page["items"]) == 2 and page["next"]
    summary = await house.call("GET", "/commitments/summary?by=unit")
    assert {one["key"]: (one["kept"], one["broken"], one["rate"]) for one in summary["items"]} == {
        "TM0003": (0, 1, 0.0),
        "customer_service": (1, 0, 1.0),
    }
    for bad in (
        {"what": "x", "due_at": DUE},
        {**body, "due_at": NOW.isoformat()},
        {**body, "case": str(uuid4())},
        {**body, "nonsense": 1},
    ):
        await house.call("POST", "/commitments", json=bad, expect=422)
    await house.call("GET", f"/commitments/{uuid4()}", expect=404)


async def test_a_case_by_staff_is_judged_handed_over_and_answered(house: House) -> None:
    await an_account(house)
    body = {"class": "opinion", "topic": "表箱锈蚀", "summary": "表箱锈穿了", "account_no": A, "owner": "E7"}
    refused = await house.call("POST", "/cases", json=body, expect=422)
    assert refused["errors"][0]["field"] == "owner"
    async with house.database.work() as work:
        await work.execute("INSERT INTO staff_member (staff_no, name) VALUES ('E7', '王坚'), ('E9', '赵')")
        await work.commit()
    case = await house.call("POST", "/cases", json=body, expect=201)
    assert (case["class"], case["first_owner"], case["severity"]) == ("opinion", "E7", "normal")
    assert (await house.call("POST", "/cases", json=body, expect=201))["id"] == case["id"]
    one = f"/cases/{case['id']}"
    judged = await house.call("POST", f"{one}/judge", json={"severity": "high", "note": "有老人"})
    assert (judged["severity"], judged["severity_by_rule"]) == ("high", "normal")
    await house.call("POST", f"{one}/assign", json={"owner": "NOBODY"}, expect=422)
    handed = await house.call("POST", f"{one}/assign", json={"unit": "TM0003"})
    (handover,) = handed["handovers"]
    assert (handed["unit"], handover["from_owner"], handover["acknowledged_at"]) == ("TM0003", "E7", None)
    taken = await house.call("POST", f"{one}/handovers/{handover['id']}/acknowledge", json={"owner": "E9"})
    assert taken["owner"] == "E9"
    rated = await house.call("POST", f"{one}/handovers/{handover['id']}/rate", json={"rating": 4})
    assert rated["handovers"][0]["rating"] == 4
    await house.call("POST", f"{one}/handovers/{handover['id']}/rate", json={"rating": 6}, expect=422)
    await house.call("POST", f"{one}/handovers/99/acknowledge", expect=404)
    await house.call("POST", f"{one}/answer", json={"solved": True, "note": "好了"}, expect=409)
    assert (await house.call("POST", f"{one}/close", json={"outcome": "已换"}))["state"] == "asked"
    closed = await house.call("POST", f"{one}/answer", json={"solved": True, "note": "好了"})
    assert (closed["state"], closed["confirmation"]) == ("closed", "confirmed")
    summary = await house.call("GET", "/cases/summary?by=unit")
    (unit,), (given,) = summary["items"], summary["handovers"]
    assert (unit["key"], unit["confirmed"], unit["missed"], unit["overrated"]) == ("customer_service", 1, 1, 0)
    assert unit["solved_share"] == 1.0 and 0 < unit["low"] < 1
    assert (given["unit"], given["acknowledged"], given["rating"], given["late"]) == ("customer_service", 1, 4.0, 0)
    assert (await house.call("GET", "/cases/summary?by=month"))["items"][0]["key"] == "2025-10"
    assert (await house.call("GET", "/cases?severity=high&unit=TM0003&owner=E9"))["items"][0]["id"] == case["id"]


async def test_warnings_cards_and_rules(house: House) -> None:
    body = {"kind": "common", "subject": "topic:错发短信", "words": "增多", "unit": "TM1", "due_at": DUE}
    made = await house.call("POST", "/warnings", json=body, expect=201)
    await house.call("POST", "/warnings", json=body, expect=409)
    assert [one["id"] for one in (await house.call("GET", "/warnings?state=open&unit=TM1"))["items"]] == [made["id"]]
    assert (await house.call("POST", f"/warnings/{made['id']}/acknowledge"))["state"] == "acknowledged"
    closed = await house.call("POST", f"/warnings/{made['id']}/close", json={"outcome": "已整改"})
    assert closed["outcome"] == "已整改"
    rules = await house.call("GET", "/warnings/rules")
    assert rules["version"] == 1 and rules["rules"]["common_area"]["at_least"] == 5
    change = {"rules": {"common_area": {"at_least": 9}}, "why": "太多", "version": 1}
    assert (await house.call("PUT", "/warnings/rules", json=change))["version"] == 2
    await house.call("PUT", "/warnings/rules", json=change, expect=409)
    await house.call("PUT", "/warnings/rules", json={"rules": {"x": {}}, "why": "?"}, expect=422)
    assert len((await house.call("GET", "/warnings/rules/versions"))["items"]) == 2
    async with house.database.work() as work:
        for code, staff_no in (("T1", "E1"), ("T2", "E2"), ("T3", "E3")):
            await work.execute("INSERT INTO team (code, name) VALUES ($1, $1)", code)
            await work.execute(
                "INSERT INTO staff_member (staff_no, name, team_id) SELECT $1, $1, id FROM team WHERE code = $2",
                staff_no,
                code,
            )
        await work.commit()
    card = {"words": "整改", "issuer": "E1", "doer": "E2", "checker": "E3", "due_at": DUE}
    await house.call("POST", "/supervision-cards", json={**card, "checker": "E2"}, expect=403)
    issued = await house.call("POST", "/supervision-cards", json=card, expect=201)
    one = f"/supervision-cards/{issued['id']}"
    await house.call("POST", f"{one}/report", json={"by": "E3", "report": "做了"}, expect=403)
    await house.call("POST", f"{one}/report", json={"by": "E2", "report": "做了"})
    passed = await house.call("POST", f"{one}/check", json={"by": "E3", "passed": True, "result": "好"})
    assert passed["state"] == "passed"
    assert len((await house.call("GET", "/supervision-cards?doer=E2&state=passed"))["items"]) == 1


async def test_files_of_cases_hold_no_formula_and_no_whole_number(house: House) -> None:
    account = await an_account(house)
    await a_case(house, account, words="=cmd|'/C calc'!A1")
    headers = {"Authorization": f"Bearer {ROOT}"}
    for path in (place.removeprefix("/").removesuffix("/export") for place, *_ in PLACES.values()):
        for kind in ("csv", "xlsx"):
            async with house.client.get(f"/api/v1/{path}/export?format={kind}", headers=headers) as response:
                content = await response.read()
                assert response.status == 200 and f".{kind}" in response.headers["Content-Disposition"]
            if kind == "csv":
                lines = content.decode("utf-8-sig").splitlines()
            else:
                sheet = load_workbook(io.BytesIO(content)).active
                assert sheet is not None
                rows = list(sheet.iter_rows(values_only=True))
                assert len(rows) == len(lines)
            if path == "cases":
                assert len(lines) == 2 and "'=cmd" in lines[1] and X not in content.decode(errors="replace")
    await house.call("GET", "/cases/export?format=pdf", expect=422)
    await house.call("GET", "/cases/export", key="nobody", expect=401)
