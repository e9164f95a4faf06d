"""Walk 2: "打错了，我不是王强" stops a number at once, and its correction outlives the next import."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.walks import files
from tests.walks.carrier import OutsideCarrier
from tests.walks.conftest import Start
from tests.walks.gateway import Gateway, Refused

pytestmark = pytest.mark.process

#: Wang's three accounts; the third is reached at another number. The stranger's number stands on a fourth.
HOME, SHOP, ELSEWHERE, NEIGHBOUR, OTHER, TOLD = (files.account_no(serial) for serial in range(903101, 903107))
NUMBER, SECOND, PROPOSED, UNCONCERNED, BUSY = (f"+861391235000{last}" for last in (1, 2, 3, 4, 5))
ARCHIVE = files.archive_csv(
    [
        files.household(HOME, "王强", "13912350001"),
        files.household(SHOP, "王强", "139-1235-0001"),
        files.household(ELSEWHERE, "王强", "13912350002"),
        files.household(NEIGHBOUR, "李四", "13912350001"),
        files.household(OTHER, "周五", "13912350004"),
        files.household(TOLD, "郑六", "13912350005"),
    ]
)
CUSTOMERS = files.sheet(
    [
        ("account_no", "customer_no", "holder_name", "address"),
        *((account, "C903", "王强", f"岚州市东湖区章家河{account[-4:]}号") for account in (HOME, SHOP, ELSEWHERE)),
    ]
).encode()
ALL = (HOME, SHOP, ELSEWHERE, NEIGHBOUR, OTHER)


@pytest.fixture(scope="module")
async def gateway(start: Start, carrier: OutsideCarrier) -> Gateway:
    """A gateway in the morning of 2 April 2025 that has dunned everybody and has much more queued."""
    gateway = await start(TWILIO__RATE="20")
    await gateway.set_clock("2025-04-02T10:00:00")
    await gateway.imported("archive", ARCHIVE)
    await gateway.imported("accounts", CUSTOMERS)
    await gateway.imported("arrears", files.arrears_csv(files.owes(account, "王强", "80.00") for account in ALL))
    bills = [("202504", account, "90.00", "2025-04-25") for account in ALL]
    await gateway.imported(
        "bills", files.sheet([("billing_month", "account_no", "amount", "due_date"), *bills]).encode()
    )
    await gateway.approved({"kind": "arrears", "billing_month": "202503", "tone": "official"})
    await carrier.settled()
    later = "2025-04-03T09:00:00+08:00"
    await gateway.approved({"kind": "bill", "billing_month": "202504", "not_before": later})
    told = {"values": {"text": "营业厅迁址公告。"}, "audience": {"accounts": list(ALL)}, "not_before": later}
    await gateway.approved({"kind": "announcement", "template": "announcement", **told})
    single = {"template": "announcement", "not_before": later}
    batch = [
        *({"account_no": account, "values": {"text": f"公告{account}。"}, **single} for account in ALL),
        *({"to": NUMBER, "values": {"text": f"公告{number}。"}, **single} for number in range(20)),
    ]
    answered = await gateway.post("/messages/batch", {"messages": batch}, status=202)
    assert all("errors" not in item or item["errors"] is None for item in answered["items"]), answered
    return gateway


@pytest.fixture(scope="module")
async def heard(gateway: Gateway, carrier: OutsideCarrier) -> Any:
    """The inbound "打错了，我不是王强", after everything that follows at once."""
    assert len(carrier.to(NUMBER)) == 1
    assert len(await gateway.messages(to=NUMBER, state="queued")) >= 24
    assert await carrier.reply(NUMBER, "打错了，我不是王强") == 200
    await gateway.idle()
    await carrier.settled()
    (inbound,) = await gateway.every("/inbound")
    return inbound


async def test_it_is_read_as_a_wrong_number_and_acted_on(heard: Any) -> None:
    assert heard["from"] == NUMBER and heard["text"] == "打错了，我不是王强"
    assert heard["state"] == "done" and heard["reading"]["intents"][0] == "wrong_number"


async def test_whatever_was_queued_is_withheld(gateway: Gateway, heard: Any) -> None:
    messages = await gateway.messages(to=NUMBER)
    assert {m["state"] for m in messages if m["kind"] not in ("arrears", "apology")} == {"withheld"}
    assert {m["withheld_reason"] for m in messages if m["state"] == "withheld"} == {"misdirected"}


async def test_one_apology_goes_to_the_number_and_then_nothing(
    gateway: Gateway, carrier: OutsideCarrier, heard: Any
) -> None:
    assert await carrier.reply(NUMBER, "说了打错了，别再发了") == 200
    await gateway.idle()
    await gateway.advance("P2D")
    dunned, apology = carrier.to(NUMBER)
    assert "80.00" not in apology and not any(account[-4:] in apology for account in ALL)
    assert "抱歉" in apology and dunned != apology
    # The others get what was queued for them.
    assert len(carrier.to(UNCONCERNED)) == 4 and len(carrier.to(SECOND)) == 4


async def test_the_contact_shows_links_signal_and_correction(gateway: Gateway, heard: Any) -> None:
    contact = await gateway.get(f"/contacts/{NUMBER}")
    assert {link["account_no"]: link["state"] for link in contact["links"]} == dict.fromkeys(
        (HOME, SHOP, NEIGHBOUR), "suspended"
    )
    assert all(link["suspended_at"] and link["reason"] for link in contact["links"])
    assert {signal["kind"] for signal in contact["signals"]} == {"wrong_number"}
    assert {signal["account_no"] for signal in contact["signals"]} >= {HOME, SHOP, NEIGHBOUR}
    assert len(contact["corrections"]) == 1
    suspended = await gateway.every("/links", state="suspended")
    assert {(link["account_no"], link["number"]) for link in suspended} == {
        (account, NUMBER) for account in (HOME, SHOP, NEIGHBOUR)
    }


async def test_nothing_new_is_composed_for_the_number(gateway: Gateway, carrier: OutsideCarrier, heard: Any) -> None:
    before = carrier.by_number()
    notice_id = await gateway.approved(
        {"kind": "announcement", "values": {"text": "新公告。"}, "audience": {"accounts": list(ALL)}}
    )
    single = await gateway.post(
        "/messages", {"to": NUMBER, "template": "announcement", "values": {"text": "单条公告。"}}, status=202
    )
    of_account = await gateway.post(
        "/messages", {"account_no": SHOP, "template": "announcement", "values": {"text": "单条公告。"}}, status=202
    )
    await gateway.idle()
    assert (await gateway.get(f"/notices/{notice_id}"))["withheld"] == {"misdirected": 3}
    for accepted in (single, of_account):
        message = await gateway.get(f"/messages/{accepted['id']}")
        assert (message["state"], message["withheld_reason"]) == ("withheld", "misdirected")
    assert carrier.by_number()[NUMBER] == before[NUMBER]


async def test_importing_the_archive_again_brings_nothing_back(gateway: Gateway, heard: Any) -> None:
    done = await gateway.import_file("archive", ARCHIVE)
    assert (done["created"], done["updated"]) == (0, 0), done
    contact = await gateway.get(f"/contacts/{NUMBER}")
    assert {link["state"] for link in contact["links"]} == {"suspended"}


async def _correction(gateway: Gateway) -> Any:
    contact = await gateway.get(f"/contacts/{NUMBER}")
    return await gateway.get(f"/corrections/{contact['corrections'][0]}")


async def test_the_correction_lists_every_link_it_may_concern(gateway: Gateway, heard: Any) -> None:
    case = await _correction(gateway)
    assert (case["state"], case["reason"], case["number"]) == ("open", "reply", NUMBER)
    assert {(link["account_no"], link["number"]): link["state"] for link in case["links"]} == {
        (HOME, NUMBER): "suspended",
        (SHOP, NUMBER): "suspended",
        (NEIGHBOUR, NUMBER): "suspended",
        (ELSEWHERE, SECOND): "unverified",
    }
    assert {link["decision"] for link in case["links"]} == {None}
    assert [one["id"] for one in await gateway.every("/corrections", state="open")] == [case["id"]]
    assert any("打错了" in str(hint) for hint in case["hints"])


async def test_it_cannot_be_applied_while_a_link_is_undecided(gateway: Gateway, heard: Any) -> None:
    case = await _correction(gateway)
    half = {"links": [{"account_no": HOME, "number": NUMBER, "decision": "revoke"}], "new_contacts": [], "note": "半个"}
    with pytest.raises(Refused) as refused:
        await gateway.post(f"/corrections/{case['id']}/apply", half)
    assert refused.value.status in (409, 422) and SHOP in str(refused.value.answer)
    assert {link["decision"] for link in (await _correction(gateway))["links"]} == {None}


@pytest.fixture(scope="module")
async def applied(gateway: Gateway, heard: Any) -> str:
    """The id of the correction, applied: the number revoked everywhere, a new one for Wang's home."""
    case = await _correction(gateway)
    decided = {
        "links": [
            *({"account_no": account, "number": NUMBER, "decision": "revoke"} for account in (HOME, SHOP, NEIGHBOUR)),
            {"account_no": ELSEWHERE, "number": SECOND, "decision": "keep"},
        ],
        "new_contacts": [{"account_no": HOME, "number": PROPOSED, "role": "holder"}],
        "note": "电话核实",
    }
    await gateway.post(f"/corrections/{case['id']}/apply", decided)
    await gateway.idle()
    case_id: str = case["id"]
    return case_id


async def test_the_new_contact_is_asked_to_confirm_and_says_yes(
    gateway: Gateway, carrier: OutsideCarrier, applied: str
) -> None:
    await carrier.settled()
    (question,) = carrier.to(PROPOSED)
    assert HOME[-4:] in question and "1" in question
    (message,) = await gateway.messages(to=PROPOSED)
    assert (message["kind"], message["state"]) == ("contact_confirm", "delivered")
    (link,) = (await gateway.get(f"/contacts/{PROPOSED}"))["links"]
    assert (link["state"], link["verified_at"]) == ("unverified", None)

    assert await carrier.reply(PROPOSED, "1") == 200
    await gateway.idle()
    (link,) = (await gateway.get(f"/contacts/{PROPOSED}"))["links"]
    assert link["state"] == "verified" and link["verified_at"]
    links = {link["number"]: link["state"] for link in (await gateway.get(f"/accounts/{HOME}"))["links"]}
    assert links == {NUMBER: "revoked", PROPOSED: "verified"}


async def test_the_utilitys_own_system_hears_of_each_change_once(gateway: Gateway, applied: str) -> None:
    seen: list[Any] = []
    cursor = None
    while page := await gateway.get("/changes", limit="2", **({"since": cursor} if cursor else {})):
        if not page["items"]:
            break
        seen += page["items"]
        if page["next"] is None:
            break
        cursor = page["next"]
    told = [(change["kind"], change["account_no"], change["number"]) for change in seen]
    assert sorted(told) == sorted(
        [*(("link_revoked", account, NUMBER) for account in (HOME, SHOP, NEIGHBOUR)), ("link_added", HOME, PROPOSED)]
    )
    assert all(change["correction_id"] == applied for change in seen)
    assert [change["id"] for change in seen] == sorted({change["id"] for change in seen})


async def test_the_next_import_is_a_conflict_and_no_resurrection(gateway: Gateway, applied: str) -> None:
    done = await gateway.import_file("archive", ARCHIVE)
    assert (done["state"], done["created"], done["updated"]) == ("done", 0, 0), done
    assert done["conflicts"] == 3
    rejects = [each for each in await gateway.every(f"/imports/{done['id']}/rejects") if each["scope"] == "conflict"]
    assert {each["row"][0] for each in rejects} == {HOME, SHOP, NEIGHBOUR}
    contact = await gateway.get(f"/contacts/{NUMBER}")
    assert {link["state"] for link in contact["links"]} == {"revoked"}
    assert len(await gateway.every("/links", state="revoked")) == 3


async def test_the_account_is_reached_at_its_new_number(
    gateway: Gateway, carrier: OutsideCarrier, applied: str
) -> None:
    await gateway.advance("P1D")
    await gateway.set_clock("2025-04-07T10:00:00")
    # What the wrong number was told of the account, and still holds, has been told to the right one by now.
    before = carrier.by_number()
    told = {"values": {"text": "改号后的公告。"}, "audience": {"accounts": [HOME, SHOP, NEIGHBOUR]}}
    notice_id = await gateway.approved({"kind": "announcement", **told})
    assert (await gateway.get(f"/notices/{notice_id}"))["withheld"] == {"revoked": 2}
    after = carrier.by_number()
    assert (after[PROPOSED], after[NUMBER]) == (before[PROPOSED] + 1, before[NUMBER])


async def test_it_is_reverted_as_a_whole(gateway: Gateway, applied: str) -> None:
    before = (await gateway.get("/changes", limit="500"))["items"]
    case = await gateway.post(f"/corrections/{applied}/revert", {"note": "撤销"})
    assert case["state"] == "reverted"
    contact = await gateway.get(f"/contacts/{NUMBER}")
    assert {link["state"] for link in contact["links"]} == {"unverified"}, "what the case had stopped sends again"
    after = (await gateway.get("/changes", limit="500"))["items"]
    assert after[: len(before)] == before
    assert {(change["kind"], change["account_no"]) for change in after[len(before) :]} >= {
        ("link_restored", account) for account in (HOME, SHOP, NEIGHBOUR)
    }
    links = {link["number"]: link["state"] for link in (await gateway.get(f"/accounts/{HOME}"))["links"]}
    assert links[NUMBER] == contact["links"][0]["state"] and links.get(PROPOSED) in (None, "revoked")


async def test_what_is_on_its_way_at_that_moment_stops_within_a_second(
    gateway: Gateway, carrier: OutsideCarrier
) -> None:
    texts = [{"template": "announcement", "values": {"text": f"第{number}条公告。"}} for number in range(200)]
    to_account = [{"account_no": TOLD, **text} for text in texts[:100]]
    to_number = [{"to": BUSY, **text} for text in texts[100:]]
    await gateway.post("/messages/batch", {"messages": to_account + to_number}, status=202)
    while len(carrier.to(BUSY)) < 10:
        await asyncio.sleep(0.01)
    assert await carrier.reply(BUSY, "你打错了，我不认识他") == 200
    # The promise counts from the commit of the stop, which follows the answer to the webhook.
    stopped_by = datetime.now(UTC) + timedelta(seconds=2)
    await gateway.idle()
    late = [text.body for text in carrier.texts if text.to == BUSY and text.taken_at > stopped_by]
    assert len(late) <= 1 and not any("条公告" in body for body in late)
    states = Counter(message["state"] for message in await gateway.messages(to=BUSY, kind="announcement"))
    assert states["withheld"] > 100 and states["withheld"] + len(carrier.to(BUSY)) - 1 == 200
