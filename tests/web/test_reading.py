"""What is read: notices, inbounds, evaluations, the archive, corrections; and what a POST does to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from gateway.archive.correction_tables import Correction, CorrectionLink
from gateway.archive.tables import (
    Account,
    ContactLink,
    ContactPoint,
    Customer,
    OptOut,
    Premise,
    Signal,
)
from gateway.evaluations.tables import Evaluation, Invitation
from gateway.inbox.tables import Inbound
from gateway.kernel import audit
from gateway.kernel.ids import new_id
from gateway.outbox import insert
from gateway.staff.tables import StaffMember, Team
from tests.web.conftest import NOW, House, a_message

NUMBER = "+8613812345670"


async def an_archive(house: House) -> UUID:
    """Two accounts on one number, one link suspended, a correction that lists both; the correction's id."""
    async with house.database.session() as session:
        customer = Customer(name="白飞超")
        premise = Premise(address="东湖区锦绣东路29号")
        point = ContactPoint(address=NUMBER)
        session.add_all([customer, premise, point])
        await session.flush()
        accounts = [
            Account(account_no=number, customer_id=customer.id, premise_id=premise.id, holder_name="白飞超")
            for number in ("4100008346", "4100008347")
        ]
        session.add_all(accounts)
        await session.flush()
        links = [
            ContactLink(account_id=accounts[0].id, contact_point_id=point.id, role="holder", is_default=True),
            ContactLink(
                account_id=accounts[1].id,
                contact_point_id=point.id,
                role="tenant",
                state="suspended",
                state_since=NOW,
                reason="reply",
            ),
        ]
        session.add_all(links)
        session.add(OptOut(contact_point_id=point.id, purpose="service", at=NOW, source="reply"))
        session.add(Signal(contact_point_id=point.id, kind="reply", at=NOW, evidence={"words": "打错了"}))
        case = Correction(
            id=new_id(NOW),
            reason="reply",
            contact_point_id=point.id,
            opened_at=NOW,
            opened_by="customer",
            due_at=NOW + timedelta(days=7),
            hints=[{"kind": "evidence", "words": "打错了"}],
        )
        session.add(case)
        await session.flush()
        for link in links:
            session.add(CorrectionLink(correction_id=case.id, link_id=link.id, before_case={}))
        audit.record(session, at=NOW, actor="customer", action="correction.opened", subject=f"correction:{case.id}")
        await session.commit()
        return case.id


async def test_an_account_and_a_number_show_each_other(house: House) -> None:
    case = await an_archive(house)
    account = await house.call("GET", "/accounts/4100008347")
    assert account["address"] == "东湖区锦绣东路29号"
    (link,) = account["links"]
    assert (link["number"], link["role"], link["state"], link["reason"]) == (NUMBER, "tenant", "suspended", "reply")
    for written in (NUMBER, "%2B8613812345670", "13812345670"):
        contact = await house.call("GET", f"/contacts/{written}")
        assert contact["number"] == NUMBER and contact["state"] == "active"
    assert contact["opt_outs"] == ["service"]
    assert [one["account_no"] for one in contact["links"]] == ["4100008346", "4100008347"]
    assert [one["suspended_at"] for one in contact["links"]] == [None, "2025-10-20T02:00:00Z"]
    assert contact["signals"] == [
        {"kind": "reply", "at": "2025-10-20T02:00:00Z", "account_no": None, "evidence": {"words": "打错了"}}
    ]
    assert contact["corrections"] == [str(case)]
    assert [one["action"] for one in contact["history"]] == ["correction.opened"]


@pytest.mark.parametrize(
    "path", ["/accounts/1", "/accounts/%00", "/contacts/+8613900000000", "/contacts/无", "/contacts/12"]
)
async def test_what_is_not_in_the_archive_is_not_found(house: House, path: str) -> None:
    await house.call("GET", path, expect=404)


async def test_links_are_listed_by_state_and_since(house: House) -> None:
    await an_archive(house)
    page = await house.call("GET", "/links?state=suspended,revoked")
    assert [(one["account_no"], one["number"], one["since"]) for one in page["items"]] == [
        ("4100008347", NUMBER, "2025-10-20T02:00:00Z")
    ]
    assert (await house.call("GET", "/links?state=suspended&since=2025-10-20T10:00:01+08:00"))["items"] == []
    first = await house.call("GET", "/links?limit=1")
    second = await house.call("GET", f"/links?limit=1&cursor={first['next']}")
    assert [first["items"][0]["account_no"], second["items"][0]["account_no"]] == ["4100008346", "4100008347"]
    assert second["next"] is None


async def test_corrections_list_every_link_they_concern(house: House) -> None:
    case = await an_archive(house)
    page = await house.call("GET", "/corrections?state=open")
    (one,) = page["items"]
    assert one == await house.call("GET", f"/corrections/{case}")
    assert (one["number"], one["reason"], one["due_at"]) == (NUMBER, "reply", "2025-10-27T02:00:00Z")
    assert [(link["account_no"], link["decision"]) for link in one["links"]] == [
        ("4100008346", None),
        ("4100008347", None),
    ]
    assert one["hints"] == [{"kind": "evidence", "words": "打错了"}]
    assert (await house.call("GET", "/corrections?state=applied"))["items"] == []


async def test_decisions_reach_the_room_as_they_were_made(house: House) -> None:
    case = await an_archive(house)
    body = {
        "links": [{"account_no": "4100008346", "number": "138 1234 5670", "decision": "revoke"}],
        "new_contacts": [{"account_no": "4100008346", "number": "13900000001", "role": "holder"}],
        "note": "已电话核实",
    }
    await house.call("POST", f"/corrections/{case}/apply", json=body)
    await house.call("POST", f"/corrections/{case}/revert", json={"note": "弄错了"})
    await house.call("POST", f"/corrections/{case}/dismiss")
    assert [name for name, _ in house.corrections.calls] == ["apply", "revert", "dismiss"]
    applied = house.corrections.calls[0][1]
    assert applied["links"][0].number == NUMBER and applied["new_contacts"][0].number == "+8613900000001"
    assert applied["actor"] == "key:bootstrap" and applied["note"] == "已电话核实"
    assert house.corrections.calls[2][1]["note"] is None


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/corrections", {}, "account_no"),
        ("/corrections", {"account_no": "1", "reason": "mood", "evidence": ""}, "reason"),
        ("/corrections/{case}/apply", {"links": [{"number": "1"}]}, "links[0].account_no"),
        ("/corrections/{case}/apply", {"links": [{"decision": "burn"}]}, "links[0].decision"),
        ("/corrections/{case}/apply", {"new_contacts": [{"number": "无", "role": "x"}]}, "new_contacts[0].number"),
        ("/corrections/{case}/dismiss", {"why": "x"}, "why"),
        ("/corrections/{case}/dismiss", {"note": "\x00"}, "note"),
    ],
)
async def test_a_wrong_decision_is_named(house: House, path: str, body: dict[str, Any], field: str) -> None:
    case = await an_archive(house)
    problem = await house.call("POST", path.replace("{case}", str(case)), json=body, expect=422)
    assert field in [one["field"] for one in problem["errors"]]
    assert house.corrections.calls == []


async def test_changes_go_on_behind_the_last_one_seen(house: House) -> None:
    change = {"at": NOW, "kind": "link_revoked", "account_no": "1", "number": NUMBER, "role": "holder"}
    house.changes.answer = [{"id": 7, "correction_id": None, **change}]
    page = await house.call("GET", "/changes")
    assert page["items"][0]["number"] == NUMBER
    house.changes.answer = []
    for name in ("since", "cursor"):
        assert await house.call("GET", f"/changes?{name}={page['next']}") == {"items": [], "next": None}
    assert [call["after"] for _, call in house.changes.calls] == [0, 7, 7]
    problem = await house.call("GET", "/changes?since=7", expect=422)
    assert problem["errors"][0]["field"] == "since"


async def test_a_notice_goes_through_its_life_and_counts_its_messages(house: House) -> None:
    draft = {"kind": "arrears", "billing_month": "202510", "tone": "warm"}
    notice = await house.call("POST", "/notices", json=draft, headers={"Idempotency-Key": "n"}, expect=201)
    again = await house.call("POST", "/notices", json=draft, headers={"Idempotency-Key": "n"}, expect=201)
    assert notice == again and notice["state"] == "draft" and notice["about"] == {"billing_month": "202510"}
    path = f"/notices/{notice['id']}"
    preview = await house.call("POST", f"{path}/preview", headers={"Idempotency-Key": "p"})
    assert preview == await house.call("POST", f"{path}/preview", headers={"Idempotency-Key": "p"})
    assert preview == await house.call("GET", f"{path}/preview")
    early = await house.call("POST", f"{path}/preview?wait=0", headers={"Idempotency-Key": "q"}, expect=202)
    assert early["state"] == "running"
    await house.call("POST", f"{path}/preview?wait=1000", expect=422)
    assert (preview["audience"], preview["withheld"], preview["samples"][0]["to"]) == (2, {"paid": 1}, "+86138****0000")
    assert (await house.call("POST", f"{path}/approve"))["state"] == "approved"
    await house.call("POST", f"{path}/approve", expect=409)
    assert (await house.call("POST", f"{path}/pause", json={"remark": "等一等"}))["remark"] == "等一等"
    assert (await house.call("POST", f"{path}/resume"))["state"] == "sending"
    async with house.database.work() as work:
        of = {"notice_id": UUID(notice["id"])}
        withheld = [a_message(**of, withheld_reason=reason) for reason in ("paid", "paid", "opted_out")]
        await insert(work.connection, [a_message(**of), a_message(**of), *withheld, a_message()])
        await work.commit()
    one = await house.call("GET", path)
    assert one["counts"] == {"queued": 2, "withheld": 3}
    assert one["withheld"] == {"opted_out": 1, "paid": 2}
    assert (await house.call("POST", f"{path}/cancel", json={}))["state"] == "cancelled"
    listed = await house.call("GET", "/notices?state=cancelled,done&kind=arrears")
    assert [item["id"] for item in listed["items"]] == [notice["id"]]


async def test_a_survey_of_whole_days_includes_the_last(house: House) -> None:
    body = {"kind": "survey", "closed_from": "2025-10-01", "closed_to": "2025-10-31"}
    about = (await house.call("POST", "/notices", json=body, expect=201))["about"]
    assert about == {"closed_from": "2025-10-01T00:00:00+08:00", "closed_to": "2025-11-01T00:00:00+08:00"}
    exact = {**body, "closed_to": "2025-10-31T12:00:00+08:00"}
    assert (await house.call("POST", "/notices", json=exact, expect=201))["about"]["closed_to"] == (
        "2025-10-31T04:00:00+00:00"
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "kind"),
        ({"kind": "gossip"}, "kind"),
        ({"kind": "arrears"}, "billing_month"),
        ({"kind": "arrears", "billing_month": "202513"}, "billing_month"),
        ({"kind": "arrears", "billing_month": "202510", "colour": 1}, "colour"),
        ({"kind": "arrears", "billing_month": "202510", "tone": "cross"}, "tone"),
        ({"kind": "survey", "closed_from": "2025-02-30", "closed_to": "2025-03-01"}, "closed_from"),
        ({"kind": "contact_confirm"}, "body"),
        ({"kind": "contact_confirm", "due": False}, "due"),
        ({"kind": "announcement", "values": {"text": "x"}, "audience": {}}, "audience"),
        ({"kind": "announcement", "values": {"text": "x"}}, "audience"),
    ],
)
async def test_a_wrong_notice_is_named(house: House, body: dict[str, Any], field: str) -> None:
    problem = await house.call("POST", "/notices", json=body, expect=422)
    assert field in [one["field"] for one in problem["errors"]], problem


async def test_inbounds_are_read_and_resolved(house: House) -> None:
    reading = {"intents": ["wrong_number"], "score": None, "urgent": False, "abstain": False, "because": ["打错了"]}
    async with house.database.session() as session:
        rows = [
            Inbound(
                id=new_id(NOW + timedelta(seconds=number)),
                channel="sms",
                carrier_id=f"SM{number}",
                sender=NUMBER,
                recipient="10690",
                text="打错了",
                received_at=NOW,
                state="triage" if number % 2 else "done",
                reading={**reading, "version": "1"},
                effects=[{"kind": "apology"}],
            )
            for number in range(4)
        ]
        session.add_all(rows)
        await session.commit()
    waiting = (await house.call("GET", "/inbound?state=triage"))["items"]
    assert [one["id"] for one in waiting] == [str(rows[3].id), str(rows[1].id)]
    assert waiting[0]["from"] == NUMBER and waiting[0]["reading"]["intents"] == ["wrong_number"]
    assert len((await house.call("GET", f"/inbound?from={NUMBER}&urgent=false"))["items"]) == 4
    assert (await house.call("GET", "/inbound?urgent=true"))["items"] == []
    one = f"/inbound/{rows[1].id}"
    assert (await house.call("GET", one))["effects"] == [{"kind": "apology"}]
    await house.call("POST", f"{one}/resolve", json={"intents": ["score"], "score": 4, "note": "听了录音"})
    name, call = house.inbox.calls[0]
    assert (name, call["intents"], call["score"], call["actor"]) == ("resolve", ["score"], 4, "key:bootstrap")
    problem = await house.call("POST", f"{one}/resolve", json={"intents": ["joy"]}, expect=422)
    assert problem["errors"][0]["field"] == "intents[0]"


async def test_a_misreading_is_taken_back(house: House) -> None:
    async with house.database.session() as session:
        point = ContactPoint(address=NUMBER)
        session.add(point)
        await session.flush()
        heard = Inbound(
            id=new_id(NOW),
            contact_point_id=point.id,
            channel="sms",
            carrier_id="SM1",
            sender=NUMBER,
            recipient="10690",
            text="把银行代扣取消掉",
            received_at=NOW,
            state="done",
            reading={"intents": ["opt_out"], "version": "1"},
            effects=[{"effect": "opted_out", "purpose": "billing"}],
        )
        session.add_all([heard, OptOut(contact_point_id=point.id, purpose="billing", at=NOW, source="reply")])
        await session.commit()
    undone = await house.call("POST", f"/inbound/{heard.id}/undo", json={"note": "说的是代扣"})
    assert undone["state"] == "triage"
    assert undone["effects"][-1]["effect"] == "taken_back" and undone["effects"][-1]["what"] == ["opted_out"]
    assert undone["effects"][-1]["by"] == "key:bootstrap"
    async with house.database.session() as session:
        assert await session.get(OptOut, (heard.contact_point_id, "billing")) is None
    await house.call("POST", f"/inbound/{heard.id}/undo", expect=409)
    await house.call("POST", f"/inbound/{new_id(NOW)}/undo", expect=404)


async def some_evaluations(house: House) -> None:
    """Team 甲 has 12 services: 2 withheld, 10 asked, 5 answered (5 5 4 4 1), the last not solved."""
    async with house.database.session() as session:
        session.add_all([Team(code="TM1", name="甲班"), StaffMember(staff_no="E1", name="李")])
        messages = []
        for number in range(12):
            message = a_message(withheld_reason="opted_out" if number < 2 else None)
            messages.append(message)
            asked = Invitation(
                event_kind="work_order",
                event_ref=f"W{number}",
                team_code="TM1",
                person_no="E1",
                message_id=message.id,
                invited_at=NOW,
            )
            session.add(asked)
            await session.flush()
            if number >= 7:
                session.add(
                    Evaluation(
                        id=new_id(NOW + timedelta(seconds=number)),
                        invitation_id=asked.id,
                        score=(5, 5, 4, 4, 1)[number - 7],
                        solved=False if number == 11 else None,
                        comment="师傅很好" if number == 7 else None,
                        at=NOW,
                        channel="sms",
                        contact_point_id=1,
                    )
                )
        await session.commit()
    async with house.database.work() as work:
        await insert(work.connection, messages)
        await work.commit()


async def test_evaluations_are_listed_with_the_service_they_are_about(house: House) -> None:
    await some_evaluations(house)
    page = await house.call("GET", "/evaluations?team=TM1&limit=3")
    assert [one["event"] for one in page["items"]] == [{"kind": "work_order", "ref": f"W{n}"} for n in (11, 10, 9)]
    rest = await house.call("GET", f"/evaluations?team=TM1&limit=3&cursor={page['next']}")
    assert rest["items"][-1]["comment"] == "师傅很好" and rest["next"] is None
    assert (await house.call("GET", "/evaluations?person=E9"))["items"] == []


async def test_scores_stand_beside_what_they_rest_on(house: House) -> None:
    await some_evaluations(house)
    (team,) = (await house.call("GET", "/evaluations/summary?by=team"))["items"]
    assert (team["key"], team["name"], team["eligible"], team["invited"], team["answered"]) == (
        "TM1",
        "甲班",
        12,
        10,
        5,
    )
    assert (team["coverage"], team["response_rate"], team["not_invited"]) == (0.8333, 0.5, {"opted_out": 2})
    assert team["distribution"] == {"1": 1, "2": 0, "3": 0, "4": 2, "5": 2}
    assert (team["n"], team["mean"], team["not_solved"]) == (5, 3.8, 1)
    assert team["csat"] == {"share": 0.8, "low": 0.3755, "high": 0.9638}
    (month,) = (await house.call("GET", "/evaluations/summary?by=month"))["items"]
    assert month["key"] == "2025-10"
    assert (await house.call("GET", "/evaluations/summary?by=team&since=2025-11-01T00:00:00Z"))["items"] == []


async def test_nothing_is_said_about_a_person_with_few_answers(house: House) -> None:
    await some_evaluations(house)
    (person,) = (await house.call("GET", "/evaluations/summary?by=person"))["items"]
    assert (person["key"], person["shown"], person["n"], person["response_rate"]) == ("E1", False, 5, 0.5)
    assert person["mean"] is person["csat"] is person["distribution"] is person["not_solved"] is None


async def test_the_test_clock_moves_and_says_when_all_is_quiet(house: House) -> None:
    assert (await house.call("GET", "/sandbox/clock"))["now"] == "2025-10-20T02:00:00Z"
    assert (await house.call("POST", "/sandbox/clock", json={"advance": "PT3H"}))["now"] == "2025-10-20T05:00:00Z"
    moved = await house.call("POST", "/sandbox/clock", json={"now": "2025-10-21T08:00:00+08:00"})
    assert moved["now"] == "2025-10-21T00:00:00Z"
    await house.call("POST", "/sandbox/clock", json={"now": "2025-10-01T00:00:00Z"}, expect=409)
    for body in ({}, {"now": "2025-10-22T00:00:00Z", "advance": "PT1H"}, {"advance": "-PT1H"}, {"advance": "soon"}):
        await house.call("POST", "/sandbox/clock", json=body, expect=422)
    await house.call("POST", "/sandbox/clock", json={"now": "2099-12-31T00:00:00Z"})
    await house.call("POST", "/sandbox/clock", json={"advance": "P3000D"}, expect=422)
    assert (await house.call("GET", "/sandbox/idle?timeout=0"))["idle"] is True
    house.sandbox.busy = ["imports"]
    problem = await house.call("GET", "/sandbox/idle?timeout=0", expect=408)
    assert "imports" in problem["detail"]
    for timeout in ("-1", "nan", "1e9", "x"):
        await house.call("GET", f"/sandbox/idle?timeout={timeout}", expect=422)
