"""Twilio's webhooks: the signature, and what status posts and inbound messages say."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

from gateway.channels.twilio_webhooks import (
    EMPTY_TWIML,
    WebhookVerifier,
    parse_form,
    read_inbound,
    read_receipt,
    sign,
)
from gateway.kernel.errors import InvalidInput
from gateway.outbox.carriers import Evidence

MESSAGE = UUID("00000000-0000-7000-8000-000000000001")
TOKEN = "12345"

#: Twilio's own example, from its page on webhook security.
EXAMPLE = {
    "CallSid": ["CA1234567890ABCDE"],
    "Caller": ["+14158675309"],
    "Digits": ["1234"],
    "From": ["+14158675309"],
    "To": ["+18005551212"],
}
EXAMPLE_SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="

REPEATED = {"MediaUrl": ["b", "a", "b"], "Body": ["打错了，我不是王强"], "Empty": [""]}
FORMS = {"example": EXAMPLE, "repeated names": REPEATED, "nothing": {}}
URLS = {
    "as configured": ("https://mycompany.com", "/myapp.php?foo=1&bar=2"),
    "with a port": ("http://127.0.0.1:8080", "/webhooks/twilio/inbound"),
    "with the usual port": ("https://mycompany.com:443", "/webhooks/twilio/inbound"),
    "under a path": ("https://mycompany.com/lamplighter/", "/webhooks/twilio/inbound"),
    "plain http": ("http://mycompany.com", "/a?b=%E6%89%93&b=c"),
}


def as_multidict(form: dict[str, list[str]]) -> MultiDict[str]:
    return MultiDict([(name, value) for name, values in form.items() for value in values])


def test_twilios_own_example() -> None:
    assert sign(TOKEN, "https://mycompany.com/myapp.php?foo=1&bar=2", EXAMPLE) == EXAMPLE_SIGNATURE
    verifier = WebhookVerifier(auth_token=TOKEN, public_url="https://mycompany.com")
    assert verifier.verify("/myapp.php?foo=1&bar=2", EXAMPLE, EXAMPLE_SIGNATURE)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize(("public_url", "path"), URLS.values(), ids=URLS.keys())
def test_we_agree_with_the_twilio_package(public_url: str, path: str, form: dict[str, list[str]]) -> None:
    theirs = RequestValidator(TOKEN)
    ours = WebhookVerifier(auth_token=TOKEN, public_url=public_url)
    url = public_url.rstrip("/") + path
    host_end = url.index("/", 8)
    without_port = url[:8] + url[8:host_end].split(":")[0] + url[host_end:]
    default_port = ":443" if url.startswith("https") else ":80"
    with_port = without_port.replace("/", default_port + "/", 3).replace(default_port, "", 2)
    for signed in (
        url,
        without_port,
        with_port,
        url + "x",
        url.replace("http", "ftp"),
        "https://other.com" + path,
    ):
        signature = theirs.compute_signature(signed, as_multidict(form))
        assert ours.verify(path, form, signature) == theirs.validate(url, as_multidict(form), signature)
    assert ours.verify(path, form, theirs.compute_signature(url, as_multidict(form)))
    assert ours.verify(path, form, theirs.compute_signature(without_port, as_multidict(form)))


@given(st.dictionaries(st.text(min_size=1), st.lists(st.text(), min_size=1, max_size=3), max_size=5))
def test_signatures_agree_for_any_form(form: dict[str, list[str]]) -> None:
    url = "https://mycompany.com/webhooks/twilio/inbound"
    assert sign(TOKEN, url, form) == RequestValidator(TOKEN).compute_signature(url, as_multidict(form))


FORGED = {
    "missing": None,
    "empty": "",
    "another": "RSOYDt4T1cUTdK1PDd93/VVr8B9=",
    "shortened": EXAMPLE_SIGNATURE[:-1],
    "not ASCII": "签名",
    "full-width": EXAMPLE_SIGNATURE.replace("R", "Ｒ"),
    "bytes that were not UTF-8": "\udcff" * 28,
    "NUL": "\x00" * 28,
    "a padding of its own": EXAMPLE_SIGNATURE + "=",
}


@pytest.mark.parametrize("signature", FORGED.values(), ids=FORGED.keys())
def test_a_forged_signature_is_refused_and_raises_nothing(signature: str | None) -> None:
    verifier = WebhookVerifier(auth_token=TOKEN, public_url="https://mycompany.com")
    assert not verifier.verify("/myapp.php?foo=1&bar=2", EXAMPLE, signature)


TAMPERED: dict[str, tuple[str, dict[str, list[str]]]] = {
    "another path": ("/myapp.php?foo=1&bar=3", EXAMPLE),
    "a whole URL as the path": ("https://mycompany.com/myapp.php?foo=1&bar=2", EXAMPLE),
    "a changed field": ("/myapp.php?foo=1&bar=2", {**EXAMPLE, "Digits": ["1235"]}),
    "a field more": ("/myapp.php?foo=1&bar=2", {**EXAMPLE, "New": ["1"]}),
    "a second value": ("/myapp.php?foo=1&bar=2", {**EXAMPLE, "Digits": ["1234", "1"]}),
}


@pytest.mark.parametrize(("path", "form"), TAMPERED.values(), ids=TAMPERED.keys())
def test_what_was_changed_is_refused(path: str, form: dict[str, list[str]]) -> None:
    verifier = WebhookVerifier(auth_token=TOKEN, public_url="https://mycompany.com")
    assert not verifier.verify(path, form, EXAMPLE_SIGNATURE)


def test_another_gateways_webhook_is_refused() -> None:
    """Captured at another address of the same account: only the configured one counts."""
    form = {"MessageSid": ["SM1"], "From": ["+8613900000001"], "Body": ["5"]}
    elsewhere = sign(TOKEN, "https://staging.example/webhooks/twilio/inbound", form)
    verifier = WebhookVerifier(auth_token=TOKEN, public_url="https://gateway.example")
    assert not verifier.verify("/webhooks/twilio/inbound", form, elsewhere)


@given(st.binary(max_size=200), st.text(max_size=40))
def test_any_bytes_are_read_and_refused_without_raising(body: bytes, signature: str) -> None:
    form = parse_form(body)
    verifier = WebhookVerifier(auth_token=TOKEN, public_url="https://mycompany.com")
    assert not verifier.verify("/webhooks/twilio/inbound", form, signature)


def test_json_is_refused_and_raises_nothing() -> None:
    verifier = WebhookVerifier(auth_token=TOKEN, public_url="https://mycompany.com")
    assert not verifier.verify("/webhooks/twilio/inbound?bodySHA256=x", parse_form(b'{"a": "b&c"}'), "x")


@given(st.lists(st.tuples(st.text(), st.text())))
def test_forms_are_read_as_they_were_written(pairs: list[tuple[str, str]]) -> None:
    form = parse_form(urlencode(pairs).encode())
    assert form == {name: [v for n, v in pairs if n == name] for name, _ in pairs}


def test_a_signature_holds_over_bytes_that_are_not_utf8() -> None:
    form = parse_form(b"Body=%B4%F2%B4%ED%C1%CB&MessageSid=SM1&From=%2B1")
    verifier = WebhookVerifier(auth_token=TOKEN, public_url="https://mycompany.com")
    assert verifier.verify("/x", form, sign(TOKEN, "https://mycompany.com/x", form))


RECEIPTS: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "sent": ({"MessageStatus": "sent"}, {"state": "sent", "raw_status": "sent"}),
    "delivered": ({"MessageStatus": "delivered"}, {"state": "delivered"}),
    "read": ({"MessageStatus": "read"}, {"state": "delivered", "raw_status": "read"}),
    "undelivered": (
        {"MessageStatus": "undelivered", "ErrorCode": "30005"},
        {"state": "undelivered", "error_code": "30005", "evidence": Evidence.UNALLOCATED},
    ),
    "off": (
        {"MessageStatus": "undelivered", "ErrorCode": "30003"},
        {"state": "undelivered", "evidence": Evidence.TEMPORARY},
    ),
    "failed": ({"MessageStatus": "failed", "ErrorCode": "30007"}, {"state": "failed", "evidence": Evidence.NONE}),
    "failed with a code we do not know": (
        {"MessageStatus": "failed", "ErrorCode": "39999"},
        {"state": "failed", "error_code": "39999", "evidence": Evidence.NONE},
    ),
    "canceled": ({"MessageStatus": "canceled"}, {"state": "failed", "error_code": "canceled"}),
    "queued": ({"MessageStatus": "queued"}, {"state": None, "raw_status": "queued"}),
    "accepted": ({"MessageStatus": "accepted"}, {"state": None}),
    "sending": ({"MessageStatus": "sending"}, {"state": None}),
    "a status of next year": ({"MessageStatus": "teleported"}, {"state": None, "raw_status": "teleported"}),
    "no status": ({}, {"state": None, "raw_status": ""}),
    "the older name": ({"SmsStatus": "delivered"}, {"state": "delivered"}),
    "empty error": ({"MessageStatus": "delivered", "ErrorCode": ""}, {"error_code": None}),
    "zero error": ({"MessageStatus": "delivered", "ErrorCode": "0"}, {"error_code": None}),
}


@pytest.mark.parametrize(("fields", "expected"), RECEIPTS.values(), ids=RECEIPTS.keys())
def test_receipts(fields: dict[str, str], expected: dict[str, Any]) -> None:
    receipt = read_receipt(parse_form(urlencode({"MessageSid": "SM1", **fields}).encode()), MESSAGE)
    assert (receipt.message_id, receipt.carrier_id) == (MESSAGE, "SM1")
    assert {name: getattr(receipt, name) for name in expected} == expected


def test_an_inbound_text_keeps_every_field() -> None:
    body = urlencode(
        [
            ("MessageSid", "SM9"),
            ("From", "+8613900000001"),
            ("To", "+15005550006"),
            ("Body", " 打错了，我不是王强 😀\n"),
            ("MediaUrl", "a"),
            ("MediaUrl", "b"),
        ]
    )
    inbound = read_inbound(parse_form(body.encode()))
    assert (inbound.carrier_id, inbound.sender, inbound.recipient) == ("SM9", "+8613900000001", "+15005550006")
    assert inbound.text == " 打错了，我不是王强 😀\n"
    assert inbound.raw["MediaUrl"] == ["a", "b"]
    assert "139" not in repr(inbound) and "王强" not in repr(inbound)


def test_an_inbound_text_can_always_be_stored() -> None:
    inbound = read_inbound(parse_form(b"MessageSid=SM9&From=%2B1&Body=a%00b%FFc+%E5%A5%BD"))
    assert inbound.text == "a\ufffdb\ufffdc 好"
    assert inbound.raw["Body"] == ["a\ufffdb\ufffdc 好"]


def test_a_picture_without_words_is_an_empty_text() -> None:
    assert read_inbound({"SmsSid": ["SM9"], "From": ["+1"]}).text == ""


@pytest.mark.parametrize("sid", ["", "x" * 65, "编号", "SM\n1", "SM\x00"])
def test_a_post_about_no_message_is_refused(sid: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_receipt({"MessageSid": [sid], "MessageStatus": ["sent"]}, MESSAGE)
    assert refused.value.errors[0].field == "MessageSid"
    with pytest.raises(InvalidInput):
        read_inbound({"MessageSid": [sid], "From": ["+1"]})


def test_an_inbound_text_from_nobody_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        read_inbound({"MessageSid": ["SM1"], "Body": ["5"]})
    assert refused.value.errors[0].field == "From"


def test_the_empty_answer_is_twiml() -> None:
    assert str(MessagingResponse()).encode() == EMPTY_TWIML
