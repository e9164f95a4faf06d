"""The embedded carrier's REST API: Twilio's fields, Twilio's errors, and Twilio's own client against it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from uuid import UUID

import aiohttp
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from gateway.channels.twilio import TwilioChannel
from gateway.outbox.carriers import Accepted, Found, Handover, NotThere, Outcome, Refused, Throttled, Unknown

from .conftest import NUMBER, SENDER, SID, TOKEN, Outside, Start, credentials

MESSAGE = UUID("00000000-0000-7000-8000-000000000001")

#: The fields of Twilio's Message resource, from its documentation.
FIELDS = {
    "account_sid", "api_version", "body", "date_created", "date_sent", "date_updated", "direction", "error_code",
    "error_message", "from", "messaging_service_sid", "num_media", "num_segments", "price", "price_unit", "sid",
    "status", "subresource_uris", "to", "uri",
}  # fmt: skip


async def test_a_text_is_taken_with_twilios_fields(start: Start) -> None:
    carrier = await start(receipt_delay=60)
    status, message = await carrier.send(Body="【国网供电】" + "电" * 80)
    assert status == 201
    assert set(message) == FIELDS
    assert len(message["sid"]) == 34 and message["sid"].startswith("SM")
    expected = {
        "account_sid": SID,
        "to": NUMBER,
        "from": SENDER,
        "status": "queued",
        "num_segments": "2",
        "num_media": "0",
        "price": None,
        "date_sent": None,
        "error_code": None,
        "direction": "outbound-api",
        "uri": f"/2010-04-01/Accounts/{SID}/Messages/{message['sid']}.json",
    }
    assert {name: message[name] for name in expected} == expected
    assert parsedate_to_datetime(message["date_created"]).tzinfo is not None


async def test_a_messaging_service_says_less_at_first(start: Start) -> None:
    carrier = await start(receipt_delay=60)
    _, message = await carrier.send(From="", MessagingServiceSid="MG" + "0" * 32)
    assert (message["status"], message["from"], message["num_segments"]) == ("accepted", None, "0")


REFUSALS: dict[str, tuple[dict[str, str], int, int]] = {
    "no number": ({"To": ""}, 400, 21604),
    "half a number": ({"To": "139"}, 400, 21211),
    "a number in full width": ({"To": "＋８６１３９００００００００"}, 400, 21211),
    "words": ({"To": "+86打错了"}, 400, 21211),
    "no sender": ({"From": ""}, 400, 21603),
    "another's sender": ({"From": "+15005550001"}, 400, 21606),
    "no text": ({"Body": ""}, 400, 21602),
    "too long": ({"Body": "电" * 1601}, 400, 21617),
    "a callback that is no address": ({"StatusCallback": "localhost/x"}, 400, 21609),
}


@pytest.mark.parametrize(("fields", "status", "code"), REFUSALS.values(), ids=REFUSALS.keys())
async def test_refusals(start: Start, fields: dict[str, str], status: int, code: int) -> None:
    carrier = await start()
    answered, error = await carrier.send(**fields)
    assert (answered, error["status"], error["code"]) == (status, status, code)
    assert error["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert error["message"]
    assert (await carrier.get("/_carrier/stats"))["texts"] == 0


@pytest.mark.parametrize("given", [("AC1", TOKEN), (SID, "wrong"), (SID, "密码"), None])
async def test_strangers_are_turned_away(start: Start, given: tuple[str, str] | None) -> None:
    carrier = await start()
    async with aiohttp.ClientSession(headers=credentials(*given) if given else None) as stranger:
        for call in (stranger.post, stranger.get):
            async with call(f"{carrier.messages}.json") as answer:
                assert answer.status == 401
                assert (await answer.json())["code"] == 20003


async def test_what_does_not_exist(start: Start) -> None:
    carrier = await start()
    assert (await carrier.get(f"/2010-04-01/Accounts/{SID}/Messages/SM1.json"))["code"] == 20404
    assert (await carrier.get("/2010-04-01/Accounts/AC1/Messages.json"))["code"] == 20404


def twilio_client(carrier: Outside) -> Client:
    client = Client(SID, TOKEN)
    client.api.base_url = carrier.url
    return client


async def test_twilios_own_client_is_at_home(start: Start) -> None:
    """Create, fetch, list over several pages, cancel: by the vendor's package, over the wire."""
    carrier = await start(receipt_delay=60)

    def walk() -> None:
        messages = twilio_client(carrier).messages
        created = [messages.create(to=NUMBER, from_=SENDER, body=f"第 {i} 条 & 100%") for i in range(5)]
        other = messages.create(to="+8613900000002", from_=SENDER, body="别的号码")
        assert messages(created[0].sid).fetch().body == "第 0 条 & 100%"
        listed = messages.list(to=NUMBER, page_size=2)
        assert [message.sid for message in listed] == [message.sid for message in reversed(created)]
        assert listed[0].date_created is not None and abs(datetime.now(UTC) - listed[0].date_created) < timedelta(
            minutes=1
        )
        assert len(messages.list()) == 6
        # What is not sent yet has no DateSent.
        assert messages.list(to=NUMBER, date_sent_after=datetime.now(UTC) - timedelta(days=1)) == []
        assert messages(other.sid).update(status="canceled").status == "canceled"
        with pytest.raises(TwilioRestException) as late:
            messages(other.sid).update(status="canceled")
        assert late.value.code == 30409
        with pytest.raises(TwilioRestException) as refused:
            messages.create(to="139", from_=SENDER, body="x")
        assert (refused.value.code, refused.value.status) == (21211, 400)

    await asyncio.to_thread(walk)


async def test_the_list_by_date(start: Start) -> None:
    carrier = await start()
    await carrier.send(StatusCallback=carrier.callback())
    await carrier.gateway.post()
    today = datetime.now(UTC).date()
    path = f"/2010-04-01/Accounts/{SID}/Messages.json"
    for query, found in (
        ({"DateSent>": str(today - timedelta(days=1))}, 1),
        ({"DateSent>": str(today + timedelta(days=2))}, 0),
        ({"DateSent<": str(today - timedelta(days=1))}, 0),
        ({"DateSent<": str(today + timedelta(days=1))}, 1),
        ({"DateSent": "nonsense", "PageSize": "x", "PageToken": "PASMzz"}, 1),
    ):
        assert len((await carrier.get(path, **query))["messages"]) == found, query


# ---- our channel against it, on bad days ------------------------------------------------------------


async def offer(carrier: Outside, *, patience: float = 5.0) -> tuple[TwilioChannel, Outcome]:
    channel = TwilioChannel(
        account_sid=SID, auth_token=TOKEN, sender=SENDER, base_url=carrier.url, concurrency=4, timeout=patience
    )
    await channel.start()
    handover = Handover(
        message_id=MESSAGE, to=NUMBER, body="【国网供电】您好 😀", status_callback=carrier.callback(str(MESSAGE))
    )
    return channel, await channel.hand_over(handover)


async def settle(channel: TwilioChannel, carrier_id: str | None = None) -> object:
    now = datetime(2025, 10, 1, tzinfo=UTC)
    try:
        return await channel.look_up(MESSAGE, NUMBER, "【国网供电】您好 😀", carrier_id, now, now)
    finally:
        await channel.close()


async def test_a_good_day(start: Start) -> None:
    carrier = await start()
    channel, outcome = await offer(carrier)
    assert isinstance(outcome, Accepted)
    assert outcome.segments == 1
    await carrier.gateway.post()
    await carrier.gateway.post()
    found = await settle(channel, outcome.carrier_id)
    assert isinstance(found, Found)
    assert (found.carrier_id, found.receipt.state) == (outcome.carrier_id, "delivered")


@pytest.mark.parametrize("behaviour", [{"lost_answer_share": 1}, {"late_share": 1, "late_by": 1}])
async def test_a_text_whose_answer_is_lost_is_found_again(start: Start, behaviour: dict[str, float]) -> None:
    carrier = await start(**behaviour)
    channel, outcome = await offer(carrier, patience=0.3)
    assert isinstance(outcome, Unknown)
    found = await settle(channel)
    assert isinstance(found, Found)
    assert (await carrier.get("/_carrier/stats"))["taken"] == 1


async def test_an_error_of_the_carrier_took_nothing(start: Start) -> None:
    channel, outcome = await offer(await start(server_error_share=1))
    assert isinstance(outcome, Unknown)
    assert isinstance(await settle(channel), NotThere)


async def test_a_share_of_numbers_is_refused(start: Start) -> None:
    channel, outcome = await offer(await start(failures={"21614": 1}))
    await channel.close()
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.for_good) == ("21614", True)


async def test_shares_of_several_errors_add_up(start: Start) -> None:
    carrier = await start(failures={"21614": 0.5, "21211": 0.5})
    assert {(await carrier.send())[1]["code"] for _ in range(20)} == {21614, 21211}


async def test_beyond_the_rate_it_throttles(start: Start) -> None:
    carrier = await start(rate_limit=0.001)
    channel, first = await offer(carrier)
    await channel.close()
    channel, second = await offer(carrier)
    await channel.close()
    assert isinstance(first, Accepted)
    assert second == Throttled(after=1.0, code="20429")


async def test_the_oldest_texts_are_forgotten(start: Start) -> None:
    carrier = await start(keep=3, receipt_delay=60)
    sent = [(await carrier.send(To=f"+861390000000{i % 2}", Body=str(i + 1)))[1]["sid"] for i in range(5)]
    assert (await carrier.get("/_carrier/stats"))["texts"] == 3
    kept = (await carrier.get("/_carrier/texts"))["items"]
    assert [text["sid"] for text in kept] == sent[:1:-1]
    assert [text["body"] for text in (await carrier.get("/_carrier/texts", to="+8613900000000"))["items"]] == ["5", "3"]
