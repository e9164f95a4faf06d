"""Twilio's webhooks: the signature first, nothing stored otherwise, an answer only after the commit."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientResponse

from gateway.channels.twilio_webhooks import parse_form, sign
from gateway.kernel.errors import Unavailable
from tests.web.conftest import PUBLIC, TOKEN, House

INBOUND = "/webhooks/twilio/inbound"
REPLY = {"MessageSid": "SM1", "From": "+8613812345670", "To": "+8610", "Body": "打错了,我不是王强"}


async def post(
    house: House, path: str, form: dict[str, str] | bytes, *, token: str = TOKEN, base: str = PUBLIC
) -> ClientResponse:
    body = form if isinstance(form, bytes) else urlencode(form).encode()
    signature = sign(token, f"{base}{path}", parse_form(body))
    return await house.client.post(
        path,
        data=body,
        headers={"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature},
    )


async def test_a_text_is_taken_in_and_answered_with_empty_twiml(house: House) -> None:
    for _ in range(2):
        response = await post(house, INBOUND, REPLY)
        assert response.status == 200
        assert response.content_type == "text/xml"
        assert (await response.text()).endswith("<Response/>")
    assert [one.text for one in house.intake.texts.values()] == ["打错了,我不是王强"]


@pytest.mark.parametrize("path", [INBOUND, "/webhooks/twilio/status/0195eef8-4004-7002-9ba4-362a0e2b802d"])
async def test_a_forged_signature_is_refused_and_nothing_stored(house: House, path: str) -> None:
    form = {**REPLY, "MessageStatus": "delivered"}
    assert (await post(house, path, form, token="other")).status == 403
    assert (await post(house, path, form, base="http://127.0.0.1")).status == 403
    for signature in ("", "é", "x" * 5000):
        headers = {"X-Twilio-Signature": signature} if signature else {}
        response = await house.client.post(path, data=form, headers=headers)
        assert response.status == 403
        assert response.content_type == "application/problem+json"
    assert not house.intake.texts and not house.intake.receipts and not house.intake.raw


async def test_a_receipt_names_our_message(house: House) -> None:
    message = uuid4()
    response = await post(
        house, f"/webhooks/twilio/status/{message}", {"MessageSid": "SM1", "MessageStatus": "delivered"}
    )
    assert response.status == 204
    assert [(one.message_id, one.state) for one in house.intake.receipts] == [(message, "delivered")]


async def test_the_query_of_the_address_is_signed_too(house: House) -> None:
    path = f"/webhooks/twilio/status/{UUID(int=1)}?node=%E7%94%B2&x=1"
    assert (await post(house, path, {"MessageSid": "SM1", "MessageStatus": "sent"})).status == 204


@pytest.mark.parametrize(
    ("path", "form"),
    [
        (INBOUND, {"Body": "没有号码"}),
        (INBOUND, {"MessageSid": "SM1"}),
        (INBOUND, b"\xff\xfe=%ff&&=&=%"),
        ("/webhooks/twilio/status/not-an-id", {"MessageSid": "SM1", "MessageStatus": "sent"}),
        (f"/webhooks/twilio/status/{UUID(int=1)}", {"MessageStatus": "sent"}),
    ],
)
async def test_what_cannot_be_understood_is_kept_with_its_bytes(
    house: House, path: str, form: dict[str, str] | bytes
) -> None:
    assert (await post(house, path, form)).status in (200, 204)
    assert house.intake.raw == [form if isinstance(form, bytes) else urlencode(form).encode()]


@pytest.mark.parametrize("error", [Unavailable("away"), ConnectionRefusedError()])
async def test_a_carrier_is_told_to_come_again_when_the_database_is_away(house: House, error: Exception) -> None:
    house.intake.away = error
    response = await post(house, INBOUND, REPLY)
    assert response.status == 503
    assert response.headers["Retry-After"]


async def test_a_fault_of_ours_is_a_bare_500(house: House) -> None:
    house.intake.away = RuntimeError("secret detail")
    response = await post(house, INBOUND, REPLY)
    assert response.status == 500
    assert "secret" not in await response.text()


async def test_a_body_over_its_bound_or_packed_is_refused(house: House) -> None:
    assert (await post(house, INBOUND, {**REPLY, "Body": "长" * 100_000})).status == 413
    packed = await house.client.post(INBOUND, data=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    assert packed.status == 415
    assert not house.intake.texts and not house.intake.raw
