"""Walk 3: a closed work order is asked about, and what the customer answers lands on who did the work."""

from __future__ import annotations

from typing import Any

import pytest

from tests.walks import files
from tests.walks.carrier import OutsideCarrier
from tests.walks.conftest import Start
from tests.walks.gateway import Gateway

pytestmark = pytest.mark.process

FIRST, SECOND, THIRD = (files.account_no(serial) for serial in range(904101, 904104))
CALLER, OTHER, SILENT = (f"+861391236000{last}" for last in (1, 2, 3))
HEADINGS = (
    "wo_id,biz_type,subtype,channel,caller_number,caller_name,account_no,content,opened_at,due_at,promised_at,"
    "fulfilled_at,closed_at,team_id,handler_id,once_done"
).split(",")


def order(number: str, kind: str, caller: str, account: str, closed: str, handler: str = "E000013") -> tuple[str, ...]:
    """A row of the hotline's export."""
    return (
        number, kind, "客户内部停电", "phone", caller, "", account, "客户反映家中停电", "2025-03-20 09:00:00",
        "2025-03-20 10:00:00", "", "", closed, "TM0003", handler, "N",
    )  # fmt: skip


ORDERS = [
    order("25032000000001", "fault_repair", "013912360001", FIRST, "2025-03-20 11:00:00"),
    order("25032000000002", "service_request", "13912360002", SECOND, "2025-03-21 11:00:00", "E000014"),
    order("25032000000003", "consultation", "13912360003", THIRD, "2025-02-21 11:00:00"),
    order("25032000000004", "fault_repair", "13912360003", THIRD, ""),
    order("25032000000005", "commitment", "13912360003", THIRD, "2025-03-22 11:00:00"),
]


@pytest.fixture(scope="module")
async def gateway(start: Start, carrier: OutsideCarrier) -> Gateway:
    """A gateway on 1 April 2025 that has asked about the orders closed in March."""
    gateway = await start()
    await gateway.set_clock("2025-04-01T10:00:00")
    await gateway.import_file("staff", files.sample("staff"))
    households = [
        files.household(FIRST, "吴一", "13912360001"),
        files.household(SECOND, "吴二", "13912360002"),
        files.household(THIRD, "吴三", "13912360003"),
    ]
    await gateway.imported("archive", files.archive_csv(households))
    await gateway.imported("work_orders", files.sheet([HEADINGS, *ORDERS]).encode("gb18030"), "95598工单_gb18030.csv")
    await gateway.approved({"kind": "survey", "closed_from": "2025-03-01", "closed_to": "2025-03-31"})
    await carrier.settled()
    return gateway


async def _evaluation(gateway: Gateway) -> Any:
    (evaluation,) = await gateway.every("/evaluations")
    return evaluation


async def test_only_orders_closed_in_the_span_are_asked_about(gateway: Gateway, carrier: OutsideCarrier) -> None:
    assert carrier.by_number() == {CALLER: 1, OTHER: 1}
    (question,) = carrier.to(CALLER)
    assert all(word in question for word in ("5非常满意", "1非常不满意", "3月20日", "报修"))


async def test_a_score_with_a_comment_lands_on_who_did_the_work(gateway: Gateway, carrier: OutsideCarrier) -> None:
    assert await carrier.reply(CALLER, "4 师傅很好就是来晚了") == 200
    await gateway.idle()
    evaluation = await _evaluation(gateway)
    assert (evaluation["score"], evaluation["comment"]) == (4, "师傅很好就是来晚了")
    assert evaluation["event"] == {"kind": "work_order", "ref": "25032000000001"}
    assert (evaluation["team"], evaluation["person"], evaluation["account_no"]) == ("TM0003", "E000013", FIRST)
    assert (evaluation["channel"], evaluation["state"], evaluation["history"]) == ("sms", "counted", [])
    (inbound,) = await gateway.every("/inbound")
    assert inbound["reading"]["intents"][:2] == ["score", "comment"] and inbound["reading"]["score"] == 4
    (question,) = await gateway.messages(to=CALLER, kind="survey")
    assert (inbound["state"], inbound["answers"]) == ("done", question["id"])


async def test_a_correction_within_the_day_revises_it_and_the_history_shows(
    gateway: Gateway, carrier: OutsideCarrier
) -> None:
    await gateway.advance("PT20M")
    assert await carrier.reply(CALLER, "刚才打错了,是5分") == 200
    await gateway.idle()
    evaluation = await _evaluation(gateway)
    assert evaluation["score"] == 5
    assert [earlier["score"] for earlier in evaluation["history"]] == [4]
    assert evaluation["history"][0]["comment"] == "师傅很好就是来晚了"
    # What looks like a wrong number is none.
    contact = await gateway.get(f"/contacts/{CALLER}")
    assert {link["state"] for link in contact["links"]} == {"unverified"} and contact["corrections"] == []


async def test_the_summary_counts_who_was_asked_and_who_answered(gateway: Gateway) -> None:
    by_team = await gateway.get("/evaluations/summary", by="team")
    (team,) = [one for one in by_team["items"] if one["key"] == "TM0003"]
    assert (team["eligible"], team["invited"], team["answered"], team["n"]) == (2, 2, 1, 1)
    assert team["response_rate"] == 0.5 and team["csat"]["share"] == 1.0
    assert 0 < team["csat"]["low"] < team["csat"]["high"] <= 1
    by_person = await gateway.get("/evaluations/summary", by="person")
    assert all(one["csat"] is None for one in by_person["items"])


async def test_a_digit_without_a_question_is_no_score(gateway: Gateway, carrier: OutsideCarrier) -> None:
    assert await carrier.reply(SILENT, "5") == 200
    await gateway.idle()
    assert len(await gateway.every("/evaluations")) == 1
    (inbound,) = [one for one in await gateway.every("/inbound") if one["from"] == SILENT]
    assert "score" not in inbound["reading"]["intents"]


async def test_r_refuses_surveys_with_one_confirmation(gateway: Gateway, carrier: OutsideCarrier) -> None:
    for _ in range(2):
        assert await carrier.reply(OTHER, "R") == 200
        await gateway.idle()
        await carrier.settled()
    assert (await gateway.get(f"/contacts/{OTHER}"))["opt_outs"] == ["service"]
    _, confirmation = carrier.to(OTHER)
    assert "服务" in confirmation and "电费" in confirmation
    accepted = await gateway.post(
        "/messages", {"to": OTHER, "template": "announcement", "values": {"text": "公告。"}}, status=202
    )
    message = await gateway.get(f"/messages/{accepted['id']}")
    assert (message["state"], message["withheld_reason"]) == ("withheld", "opted_out")
    # Another purpose still goes.
    await gateway.imported("arrears", files.arrears_csv([files.owes(SECOND, "吴二", "12.00")]))
    await gateway.approved({"kind": "arrears", "billing_month": "202503"})
    told = [(m["kind"], m["state"], m["withheld_reason"], m["not_before"]) for m in await gateway.messages(to=OTHER)]
    assert len(carrier.to(OTHER)) == 3, "\n".join(map(str, told))


async def test_only_an_explicit_word_starts_it_again(gateway: Gateway, carrier: OutsideCarrier) -> None:
    assert await carrier.reply(OTHER, "好的") == 200
    await gateway.idle()
    assert (await gateway.get(f"/contacts/{OTHER}"))["opt_outs"] == ["service"]
    assert await carrier.reply(OTHER, "恢复") == 200
    await gateway.idle()
    assert (await gateway.get(f"/contacts/{OTHER}"))["opt_outs"] == []


async def test_a_repeated_webhook_changes_nothing(gateway: Gateway, carrier: OutsideCarrier) -> None:
    sid = "SM" + "f" * 32
    before = await gateway.every("/inbound")
    for _ in range(3):
        assert await carrier.reply(CALLER, "谢谢", sid=sid) == 200
    await gateway.idle()
    assert len(await gateway.every("/inbound")) == len(before) + 1


async def test_a_forged_webhook_is_refused_and_leaves_nothing(gateway: Gateway, carrier: OutsideCarrier) -> None:
    before = await gateway.every("/inbound")
    form = {"MessageSid": "SM" + "e" * 32, "From": CALLER, "To": "+861069559811", "Body": "5"}
    url = f"{gateway.url}/webhooks/twilio/inbound"
    for signed in ("", "bm90IGEgc2lnbmF0dXJl", "签名"):
        status = await carrier.post(url, form, signed=signed) if signed.isascii() else 403
        assert status == 403
    (message,) = await gateway.messages(to=CALLER, kind="survey")
    status_url = f"{gateway.url}/webhooks/twilio/status/{message['id']}"
    assert await carrier.post(status_url, {"MessageSid": "x", "MessageStatus": "failed"}, signed="AAAA") == 403
    assert await gateway.every("/inbound") == before
    assert (await gateway.get(f"/messages/{message['id']}"))["state"] == "delivered"


async def test_what_cannot_be_understood_waits_for_a_person(gateway: Gateway, carrier: OutsideCarrier) -> None:
    assert await carrier.reply(SILENT, "那个蓝的还在老地方搁着呢") == 200
    await gateway.idle()
    waiting = await gateway.every("/inbound", state="triage")
    assert any(one["from"] == SILENT for one in waiting)
    (one,) = [one for one in waiting if "蓝的" in one["text"]]
    resolved = await gateway.post(f"/inbound/{one['id']}/resolve", {"note": "已转营销部"})
    assert resolved["state"] == "done"
