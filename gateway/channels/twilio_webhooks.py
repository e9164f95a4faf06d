"""Twilio's webhooks: their signature, and what status posts and inbound messages say.

Source: Twilio's page on webhook security.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from gateway.channels.twilio_codes import is_id, receipt, storable
from gateway.kernel.errors import InvalidInput
from gateway.outbox.carriers import InboundText, Receipt

#: The answer to an inbound webhook: anything else that is text would be sent to the customer.
EMPTY_TWIML: Final = b'<?xml version="1.0" encoding="UTF-8"?><Response />'

_to_decode = re.compile(rb"(?:%[0-9A-Fa-f]{2})+").sub


def parse_form(body: bytes) -> dict[str, list[str]]:
    """Read a form body: every name with all its values, in order. Never raises.

    Bytes that are not UTF-8 become lone surrogates, so that the signature is still computed over
    what was sent; `read_inbound` replaces them.
    """
    form: dict[str, list[str]] = {}
    for pair in body.decode("utf-8", "surrogateescape").split("&"):
        if pair:
            name, _, value = pair.partition("=")
            if "%" in pair or "+" in pair:
                name, value = _form_text(name), _form_text(value)
            form.setdefault(name, []).append(value)
    return form


def _form_text(part: str) -> str:
    raw = part.replace("+", " ").encode("utf-8", "surrogateescape")
    return _to_decode(_decode_run, raw).decode("utf-8", "surrogateescape")


def _decode_run(run: re.Match[bytes]) -> bytes:
    return bytes.fromhex(run[0].replace(b"%", b"").decode())


def sign(auth_token: str, url: str, form: Mapping[str, Collection[str]]) -> str:
    """Compute `X-Twilio-Signature`: HMAC-SHA1 over the URL and the sorted names and distinct values."""
    signed = [
        name + value
        for name, values in sorted(form.items())
        for value in (sorted(set(values)) if len(values) > 1 else values)
    ]
    message = (url + "".join(signed)).encode("utf-8", "surrogateescape")
    return b64encode(hmac.digest(auth_token.encode(), message, "sha1")).decode("ascii")


class WebhookVerifier:
    """Checks that a webhook was posted by Twilio to the address we gave it.

    What is checked is the configured public address, never Host or X-Forwarded-*: otherwise a
    request captured elsewhere would pass. The signature has no timestamp, so a replay passes too;
    being idempotent is what protects from that.
    """

    def __init__(self, *, auth_token: str, public_url: str) -> None:
        self._auth_token = auth_token
        self._bases = _with_and_without_port(public_url)

    def verify(self, path: str, form: Mapping[str, Collection[str]], signature: str | None) -> bool:
        """Tell whether `signature` fits; `path` is the raw path with its query. Never raises."""
        if not signature:
            return False
        given = signature.encode("ascii", "replace")
        return any(
            hmac.compare_digest(sign(self._auth_token, f"{base}{path}", form).encode("ascii"), given)
            for base in self._bases
        )


def _with_and_without_port(public_url: str) -> tuple[str, ...]:
    """Twilio signs its URL at times with the port and at times without it."""
    url = public_url.rstrip("/")
    parts = urlsplit(url)
    host = parts.netloc.rpartition(":")[0] if parts.port else parts.netloc
    port = parts.port or (443 if parts.scheme == "https" else 80)
    other = parts._replace(netloc=host if parts.port else f"{host}:{port}").geturl()
    return (url, other)


def read_receipt(form: Mapping[str, list[str]], message_id: UUID | None) -> Receipt:
    """Read a status callback; `message_id` is the one its path names.

    Raises InvalidInput when it names no message at the carrier.
    """
    sid = _sid(form)
    status = _first(form, "MessageStatus") or _first(form, "SmsStatus")
    return receipt(message_id, sid, storable(status), _first(form, "ErrorCode"))


def read_inbound(form: Mapping[str, list[str]]) -> InboundText:
    """Read an inbound message. Raises InvalidInput when it has no Sid or no sender."""
    sender = storable(_first(form, "From"))
    if not sender:
        raise InvalidInput("an inbound message without a sender", field="From")
    return InboundText(
        carrier_id=_sid(form),
        sender=sender,
        recipient=storable(_first(form, "To")),
        text=storable(_first(form, "Body")),
        raw={storable(name): [storable(value) for value in values] for name, values in form.items()},
    )


def _sid(form: Mapping[str, list[str]]) -> str:
    sid = _first(form, "MessageSid") or _first(form, "SmsSid")
    if not is_id(sid):
        raise InvalidInput("no usable message Sid", field="MessageSid")
    return sid


def _first(form: Mapping[str, list[str]], name: str) -> str:
    values = form.get(name)
    return values[0] if values else ""
