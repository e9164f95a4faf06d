"""Twilio, sending and looking up: what goes out on the wire, and what each answer means."""

from __future__ import annotations

import asyncio
import json
import socket
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlencode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from gateway.channels.twilio import TwilioChannel, form_value
from gateway.kernel.errors import Misconfigured
from gateway.outbox.carriers import (
    Accepted,
    Evidence,
    Found,
    Handover,
    NotThere,
    Outcome,
    Refused,
    Throttled,
    Unknown,
)

SID = "AC" + "0" * 32
TOKEN = "not-a-secret"
MESSAGE = UUID("00000000-0000-7000-8000-000000000001")
CALLBACK = f"http://127.0.0.1:8080/webhooks/twilio/status/{MESSAGE}"
MESSAGES = f"/2010-04-01/Accounts/{SID}/Messages"
CHINESE = "【国网供电】王强您好，户号 3201 电费 ￥86.50 未交，缴费请认准官方渠道 & 回复TD退订 😀"


def http(status: int, body: object = b"", *headers: str) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(content)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + content


def error(status: int, code: int, *headers: str) -> bytes:
    return http(status, {"code": code, "message": "no", "more_info": "", "status": status}, *headers)


def text(**fields: Any) -> Handover:
    given_fields = {"message_id": MESSAGE, "to": "+8613900000001", "body": CHINESE, "status_callback": CALLBACK}
    return Handover(**{**given_fields, **fields})


Start = Callable[..., Awaitable[TwilioChannel]]


@pytest.fixture
async def start(wire: Any) -> AsyncIterator[Start]:
    opened: list[TwilioChannel] = []

    async def start(**settings: Any) -> TwilioChannel:
        values: dict[str, Any] = {
            "account_sid": SID,
            "auth_token": TOKEN,
            "sender": "+15005550006",
            "base_url": wire.url,
            "concurrency": 8,
            "timeout": 5.0,
        }
        channel = TwilioChannel(**{**values, **settings})
        await channel.start()
        opened.append(channel)
        return channel

    yield start
    for channel in opened:
        await channel.close()


ANSWERS: dict[str, tuple[bytes, Outcome]] = {
    "queued": (
        http(201, {"sid": "SM1", "num_segments": "2", "status": "queued", "price": None}),
        Accepted(carrier_id="SM1", segments=2),
    ),
    "accepted by a messaging service": (
        http(201, {"sid": "SM2", "num_segments": "0", "status": "accepted", "from": None}),
        Accepted(carrier_id="SM2", segments=None),
    ),
    "segments as a number": (http(200, {"sid": "SM3", "num_segments": 3}), Accepted(carrier_id="SM3", segments=3)),
    "segments unreadable": (http(200, {"sid": "SM4", "num_segments": "x"}), Accepted(carrier_id="SM4")),
    "bad number": (
        error(400, 21211),
        Refused(code="21211", for_good=True, why="not a valid number", evidence=Evidence.MALFORMED),
    ),
    "opted out": (
        error(400, 21610),
        Refused(
            code="21610",
            for_good=True,
            why="the person has opted out with the carrier",
            evidence=Evidence.OPTED_OUT,
        ),
    ),
    "landline": (
        error(400, 21614),
        Refused(code="21614", for_good=True, why="not a mobile number", evidence=Evidence.NO_SMS),
    ),
    "unknown code": (error(400, 29999), Refused(code="29999", for_good=True, why="Twilio answered 400")),
    "wrong credentials": (
        error(401, 20003),
        Refused(code="20003", for_good=False, why="our credentials are refused"),
    ),
    "400 of something in between": (
        http(400, b"<html>"),
        Refused(code="http_400", for_good=False, why="Twilio answered 400"),
    ),
    "403 of a firewall": (http(403, b"no"), Refused(code="http_403", for_good=False, why="Twilio answered 403")),
    "413": (http(413), Refused(code="http_413", for_good=False, why="Twilio answered 413")),
    "429": (error(429, 20429, "Retry-After: 3"), Throttled(after=3.0, code="20429")),
    "429 without a word": (http(429), Throttled(after=1.0, code="http_429")),
    "429 for an hour": (error(429, 20429, "Retry-After: 3600"), Throttled(after=300.0, code="20429")),
    "429 with nonsense": (error(429, 20429, "Retry-After: nan"), Throttled(after=1.0, code="20429")),
    "429 until a date": (
        error(429, 20429, "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT"),
        Throttled(after=1.0, code="20429"),
    ),
    "queue full": (error(400, 21611), Throttled(after=1.0, code="21611")),
}


@pytest.mark.parametrize(("answer", "outcome"), ANSWERS.values(), ids=ANSWERS.keys())
async def test_each_answer_means_what_the_table_says(wire: Any, start: Start, answer: bytes, outcome: Outcome) -> None:
    wire.answer = answer
    assert await (await start()).hand_over(text()) == outcome


async def test_whatever_leaves_doubt_is_unknown(wire: Any, start: Start, hostile: bytes) -> None:
    wire.answer = hostile
    channel = await start()
    assert isinstance(await channel.hand_over(text()), Unknown)
    assert len(wire.requests) == 1, "a channel never tries again by itself"


async def test_hostile_answers_to_a_look_up_are_unknown(wire: Any, start: Start, hostile: bytes) -> None:
    wire.answer = hostile
    channel = await start()
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for carrier_id in (None, "SM1"):
        assert isinstance(await channel.look_up(MESSAGE, "+8613900000001", "x", carrier_id, now, now), Unknown)


async def test_a_silent_carrier_is_unknown_after_the_timeout(wire: Any, start: Start) -> None:
    wire.answer = None
    assert await (await start(timeout=0.05)).hand_over(text()) == Unknown(why="TimeoutError")


async def test_a_closed_port_is_surely_not_taken(start: Start) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    channel = await start(base_url=f"http://127.0.0.1:{port}")
    outcome = await channel.hand_over(text())
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.for_good) == ("not_connected", False)


async def test_a_host_that_does_not_exist_is_surely_not_taken(start: Start) -> None:
    outcome = await (await start(base_url="http://carrier.invalid")).hand_over(text())
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.for_good) == ("not_connected", False)


async def test_a_channel_that_is_closed_takes_nothing_and_ends_what_is_under_way_in_doubt(
    wire: Any, start: Start
) -> None:
    wire.answer = None
    channel = await start()
    under_way = asyncio.create_task(channel.hand_over(text()))
    await wire.seen.wait()
    await channel.close()
    assert isinstance(await under_way, Unknown)
    after = await channel.hand_over(text())
    assert isinstance(after, Refused)
    assert not after.for_good


async def test_a_text_that_is_not_unicode_is_refused_before_the_wire(wire: Any, start: Start) -> None:
    outcome = await (await start()).hand_over(text(body="broken \ud83d"))
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.for_good, wire.requests) == ("unencodable", True, [])


@pytest.mark.parametrize("base_url", ["", "api.twilio.com", "ftp://api.twilio.com", "http://"])
def test_an_unusable_address_is_refused_when_the_process_starts(base_url: str) -> None:
    with pytest.raises(Misconfigured, match="BASE_URL"):
        TwilioChannel(account_sid=SID, auth_token=TOKEN, sender="+1", base_url=base_url, concurrency=1, timeout=1)


class _Captured(HttpClient):
    """Takes what the twilio package would send, instead of sending it."""

    def __init__(self) -> None:
        self.method = self.uri = ""
        self.data: dict[str, object] = {}
        self.auth: tuple[str, str] | None = None

    def request(  # the package's own signature
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        self.method, self.uri, self.data, self.auth = method, uri, data or {}, auth
        return Response(201, json.dumps({"sid": "SM1"}))


@pytest.mark.parametrize("body", [CHINESE, "a+b&c=d%20 é\r\n~", "", "😀" * 800], ids=["zh", "en", "empty", "emoji"])
@pytest.mark.parametrize("valid_for", [None, 3600])
@pytest.mark.parametrize("sender", ["+15005550006", "MG" + "0" * 32, "国网"], ids=["number", "service", "name"])
async def test_our_request_is_the_one_the_twilio_package_sends(
    wire: Any, start: Start, body: str, valid_for: int | None, sender: str
) -> None:
    captured = _Captured()
    by = {"messaging_service_sid" if sender.startswith("MG") else "from_": sender}
    validity = {} if valid_for is None else {"validity_period": valid_for}
    Client(SID, TOKEN, http_client=captured).messages.create(
        to="+8613900000001", body=body, status_callback=CALLBACK, **by, **validity
    )

    wire.answer = http(201, {"sid": "SM1"})
    await (await start(sender=sender)).hand_over(text(body=body, valid_for=valid_for))

    assert wire.line == f"{captured.method} {captured.uri.removeprefix('https://api.twilio.com')}"
    assert wire.form == parse_qs(urlencode(captured.data), keep_blank_values=True)
    assert captured.auth is not None
    scheme, credentials = wire.headers["authorization"].split()
    assert (scheme, b64decode(credentials).decode()) == ("Basic", ":".join(captured.auth))
    assert wire.headers["content-type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize(("valid_for", "sent"), [(0, "1"), (90, "90"), (10**6, "36000")])
async def test_validity_stays_within_what_twilio_takes(wire: Any, start: Start, valid_for: int, sent: str) -> None:
    wire.answer = http(201, {"sid": "SM1"})
    await (await start()).hand_over(text(valid_for=valid_for))
    assert wire.form["ValidityPeriod"] == [sent]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_form_values_survive(value: str) -> None:
    assert form_value(value) == quote_plus(value).encode()


# ---- looking up ------------------------------------------------------------------------------------

CARRIER_NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
DATE = "Date: Sun, 01 Mar 2026 12:00:00 GMT"
#: The gateway's clock may be a test clock, months away from the carrier's.
OUR_NOW = datetime(2025, 10, 8, 9, 0, 0, tzinfo=UTC)


def listed(sid: str, seconds_ago: float, **fields: Any) -> dict[str, Any]:
    created = CARRIER_NOW - timedelta(seconds=seconds_ago)
    message = {
        "sid": sid,
        "to": "+8613900000001",
        "body": CHINESE,
        "direction": "outbound-api",
        "status": "sent",
        "error_code": None,
        "num_segments": "1",
        "date_created": created.strftime("%a, %d %b %Y %H:%M:%S +0000"),
    }
    return {**message, **fields}


def page(*messages: dict[str, Any], following: str | None = None) -> bytes:
    return http(200, {"messages": messages, "next_page_uri": following}, DATE)


async def ask(
    channel: TwilioChannel, *, carrier_id: str | None = None, age: int = 120, taken: tuple[str, ...] = ()
) -> object:
    since = OUR_NOW - timedelta(seconds=age)
    return await channel.look_up(MESSAGE, "+8613900000001", CHINESE, carrier_id, since, OUR_NOW, taken)


async def test_look_up_by_sid(wire: Any, start: Start) -> None:
    wire.answer = http(200, listed("SM1", 5, status="undelivered", error_code=30005))
    found = await ask(await start(), carrier_id="SM1")
    assert wire.line == f"GET {MESSAGES}/SM1.json"
    assert isinstance(found, Found)
    assert (found.carrier_id, found.segments) == ("SM1", 1)
    assert (found.receipt.state, found.receipt.error_code) == ("undelivered", "30005")
    assert (found.receipt.message_id, found.receipt.evidence) == (MESSAGE, Evidence.UNALLOCATED)


async def test_look_up_of_a_sid_that_does_not_exist(wire: Any, start: Start) -> None:
    wire.answer = error(404, 20404)
    assert isinstance(await ask(await start(), carrier_id="SM1/../x"), NotThere)
    assert wire.line == f"GET {MESSAGES}/SM1%2F..%2Fx.json"


LISTS: dict[str, tuple[list[bytes], str | type]] = {
    "empty": ([page()], NotThere),
    "there": ([page(listed("SM1", 60))], "SM1"),
    "at the very moment": ([page(listed("SM1", 120))], "SM1"),
    "a little before, by a clock of whole seconds": ([page(listed("SM1", 150))], "SM1"),
    "too old": ([page(listed("SM1", 3600))], NotThere),
    "another text": ([page(listed("SM1", 60, body="别的"))], NotThere),
    "another number": ([page(listed("SM1", 60, to="+8613900000002"))], NotThere),
    "their text, which reads like ours": ([page(listed("SM1", 60, direction="inbound"))], NotThere),
    "spaces trimmed": ([page(listed("SM1", 60, body=CHINESE + "\n"))], "SM1"),
    "two of the same: the older": ([page(listed("SM2", 30), listed("SM1", 60))], "SM1"),
    "one of them is another message's": ([page(listed("SM2", 30), listed("SM-taken", 60))], "SM2"),
    "a date nobody can read": ([page(listed("SM1", 60, date_created="yesterday"))], "SM1"),
    "on the second page": (
        [page(listed("SM3", 10, body="别的"), following=f"{MESSAGES}.json?Page=1"), page(listed("SM1", 60))],
        "SM1",
    ),
    "not beyond what is too old": (
        [page(listed("SM3", 9000), following=f"{MESSAGES}.json?Page=1"), page(listed("SM1", 60))],
        NotThere,
    ),
    "a next page elsewhere is not followed": ([page(following="https://elsewhere.example/")], NotThere),
    "pages without end": ([page(following=f"{MESSAGES}.json?Page=1")] * 20, Unknown),
    "refused": ([error(401, 20003)], Unknown),
    "no list": ([http(200, {"messages": None})], Unknown),
    "a list of something else": ([http(200, {"messages": [1]})], Unknown),
}


@pytest.mark.parametrize(("answers", "expected"), LISTS.values(), ids=LISTS.keys())
async def test_look_up_by_list(wire: Any, start: Start, answers: list[bytes], expected: str | type) -> None:
    wire.answer = list(answers)
    found = await ask(await start(), taken=("SM-taken",))
    if isinstance(expected, str):
        assert isinstance(found, Found)
        assert found.carrier_id == expected
    else:
        assert type(found) is expected
    assert wire.requests[0].startswith(f"GET {MESSAGES}.json?To=%2B8613900000001&PageSize=100 ".encode())


async def test_personal_data_does_not_show_in_reprs() -> None:
    assert "139" not in repr(text()) and "王强" not in repr(text())
