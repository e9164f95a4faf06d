"""What the embedded carrier posts to the gateway. The gateway here refuses what is not signed."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import NUMBER, SENDER, SID, Start


async def statuses(carrier: Any, count: int) -> list[str]:
    return [(await carrier.gateway.post())[1]["MessageStatus"] for _ in range(count)]


async def stats(carrier: Any) -> dict[str, int]:
    figures: dict[str, int] = await carrier.get("/_carrier/stats")
    return figures


async def settled(carrier: Any, name: str, count: int) -> dict[str, int]:
    """Poll until a counter is reached; the test's own timeout ends what never comes."""
    while (figures := await stats(carrier)).get(name, 0) < count:
        pass
    return figures


async def test_a_text_is_reported_sent_and_delivered(start: Start) -> None:
    carrier = await start()
    _, message = await carrier.send(StatusCallback=carrier.callback("abc"))
    posts = [await carrier.gateway.post(), await carrier.gateway.post()]
    forms = {form["MessageStatus"]: form for _, form in posts}
    assert {path for path, _ in posts} == {"/webhooks/twilio/status/abc"}
    assert set(forms) == {"sent", "delivered"}
    expected = {
        "MessageSid": message["sid"],
        "SmsSid": message["sid"],
        "SmsStatus": "sent",
        "AccountSid": SID,
        "To": NUMBER,
        "From": SENDER,
        "ApiVersion": "2010-04-01",
        "MessageStatus": "sent",
    }
    assert forms["sent"] == expected
    assert len(forms["delivered"]["RawDlrDate"]) == 10
    assert (await settled(carrier, "posts_acknowledged", 2))["posts"] == 2


async def test_a_text_that_bounces(start: Start) -> None:
    carrier = await start(failures={"30005": 1})
    status, _ = await carrier.send(StatusCallback=carrier.callback())
    assert status == 201
    forms = {form["MessageStatus"]: form for form in [(await carrier.gateway.post())[1] for _ in range(2)]}
    assert set(forms) == {"sent", "undelivered"}
    assert forms["undelivered"]["ErrorCode"] == "30005"


async def test_a_text_that_never_left(start: Start) -> None:
    carrier = await start(failures={"30001": 1})
    await carrier.send(StatusCallback=carrier.callback())
    _, form = await carrier.gateway.post()
    assert (form["MessageStatus"], form["ErrorCode"]) == ("failed", "30001")


@pytest.mark.parametrize("behaviour", [{"receipts": False}, {"lost_receipt_share": 1}])
async def test_receipts_that_never_come(start: Start, behaviour: dict[str, Any]) -> None:
    carrier = await start(**behaviour)
    _, message = await carrier.send(StatusCallback=carrier.callback())
    await settled(carrier, "delivered", 1)
    assert (await carrier.get(message["uri"]))["status"] == "delivered"
    assert "posts" not in await stats(carrier)


async def test_receipts_that_come_twice(start: Start) -> None:
    carrier = await start(duplicate_receipt_share=1)
    await carrier.send(StatusCallback=carrier.callback())
    assert sorted(await statuses(carrier, 4)) == ["delivered", "delivered", "sent", "sent"]


async def test_a_refused_receipt_is_not_tried_again(start: Start) -> None:
    carrier = await start()
    carrier.gateway.answers = [(503, "text/plain", ""), (503, "text/plain", "")]
    await carrier.send(StatusCallback=carrier.callback())
    assert sorted(await statuses(carrier, 2)) == ["delivered", "sent"]
    assert (await settled(carrier, "posts_failed", 2))["posts"] == 2


async def test_a_callback_nobody_answers_does_no_harm(start: Start) -> None:
    carrier = await start()
    await carrier.send(StatusCallback="http://127.0.0.1:1/x")
    assert (await settled(carrier, "posts_failed", 2))["delivered"] == 1


async def test_the_same_message_sent_twice_is_counted(start: Start) -> None:
    carrier = await start(receipts=False)
    for message in ("a", "b", "a"):
        await carrier.send(StatusCallback=carrier.callback(message))
    assert (await stats(carrier))["repeated"] == 1


async def test_an_answer_on_a_handset_reaches_the_gateway(start: Start) -> None:
    carrier = await start()
    assert await carrier.reply("打错了，我不是王强 <b>&amp;</b> 😀") == 202
    path, form = await carrier.gateway.post()
    assert path == "/webhooks/twilio/inbound"
    assert (form["From"], form["To"], form["Body"]) == (NUMBER, SENDER, "打错了，我不是王强 <b>&amp;</b> 😀")
    assert form["MessageSid"] == form["SmsSid"] == form["SmsMessageSid"]
    assert (form["SmsStatus"], form["NumMedia"], form["NumSegments"]) == ("received", "0", "1")
    await settled(carrier, "inbound_received", 1)


async def test_an_inbound_text_is_tried_again_with_the_same_sid(start: Start) -> None:
    carrier = await start(inbound_retries=(0, 0))
    carrier.gateway.answers = [(503, "text/plain", ""), (500, "text/plain", "")]
    await carrier.reply("5")
    sids = {(await carrier.gateway.post())[1]["MessageSid"] for _ in range(3)}
    assert len(sids) == 1
    assert (await settled(carrier, "inbound_received", 1))["inbound_retried"] == 2


async def test_an_inbound_text_nobody_takes_is_given_up(start: Start) -> None:
    carrier = await start(inbound_retries=(0,))
    carrier.gateway.answers = [(403, "text/plain", "")] * 2
    await carrier.reply("5")
    await settled(carrier, "inbound_failed", 1)
    assert (await carrier.get(f"/_carrier/handsets/{NUMBER}"))["texts"][0]["status"] == "failed"


async def test_after_stop_the_carrier_refuses_until_start(start: Start) -> None:
    carrier = await start()
    for word, code in (("请不要 stop 打扰", None), (" Stop ", 21610), ("谢谢", 21610), ("START", None)):
        await carrier.reply(word)
        _, answer = await carrier.send()
        assert answer.get("code") == code, word
    assert (await carrier.send(To="+8613900000002"))[0] == 201


@pytest.mark.parametrize(
    ("kind", "text", "reached"),
    [
        ("text/plain", "OK", ["OK"]),
        ("text/plain", " ", []),
        ("text/xml", "<Response><Message>谢谢 &amp; 再见</Message></Response>", ["谢谢 & 再见"]),
        ("text/xml", "<Response/>", []),
        ("application/json", "{}", []),
    ],
)
async def test_what_a_webhook_answers_goes_to_the_customer(
    start: Start, kind: str, text: str, reached: list[str]
) -> None:
    carrier = await start()
    carrier.gateway.answers = [(200, kind, text)]
    await carrier.reply("5")
    await settled(carrier, "inbound_received", 1)
    handset = await carrier.get(f"/_carrier/handsets/{NUMBER}")
    assert [text["body"] for text in handset["texts"] if not text["inbound"]] == reached


async def test_the_demo_is_alive(start: Start) -> None:
    carrier = await start(handsets="lively", reply_after=(0, 0))
    await carrier.send(To="+8613900000044", Body="【国网供电】您的电费已欠费，请尽快缴费。")
    _, form = await carrier.gateway.post()
    assert (form["From"], form["Body"]) == ("+8613900000044", "打错了，我不是这个户主")
    await carrier.send(To="+8613900000005", Body="【国网供电】您的电费已欠费。", StatusCallback=carrier.callback())
    assert sorted(await statuses(carrier, 2)) == ["sent", "undelivered"]


async def test_by_default_nobody_answers(start: Start) -> None:
    carrier = await start(reply_after=(0, 0))
    await carrier.send(To="+8613900000044", Body="【国网供电】您的电费已欠费。", StatusCallback=carrier.callback())
    assert sorted(await statuses(carrier, 2)) == ["delivered", "sent"]
    assert "inbound" not in await stats(carrier)


async def test_whoever_answers_first_on_the_wall_speaks_for_the_handset(start: Start) -> None:
    carrier = await start(handsets="lively", reply_after=(0.1, 0.1), receipts=False)
    await carrier.send(To="+8613900000044", Body="您的电费已欠费")
    await carrier.reply("已经交了", "+8613900000044")
    await carrier.send(To="+8613900000045", Body="您的电费已欠费")
    heard = [(await carrier.gateway.post())[1] for _ in range(2)]
    assert [(form["From"][-2:], form["Body"][:4]) for form in heard] == [("44", "已经交了"), ("45", "Wron")]


async def test_a_cancelled_text_stays_cancelled(start: Start) -> None:
    carrier = await start(receipt_delay=0.1)
    _, message = await carrier.send()
    async with carrier.session.post(f"{carrier.url}{message['uri']}", data={"Status": "canceled"}) as answer:
        assert (await answer.json())["status"] == "canceled"
    # Whatever the first was to become, it would have become before this one is delivered.
    await carrier.send(StatusCallback=carrier.callback())
    assert await statuses(carrier, 2) == ["sent", "delivered"]
    assert (await carrier.get(message["uri"]))["status"] == "canceled"


async def test_what_is_forgotten_is_not_counted_as_sent_twice(start: Start) -> None:
    carrier = await start(keep=1, receipts=False)
    for message in ("a", "b", "a"):
        await carrier.send(StatusCallback=carrier.callback(message))
    assert (await stats(carrier))["repeated"] == 0
