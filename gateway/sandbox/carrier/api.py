"""Twilio's Messages resource, as its documentation gives it: https://www.twilio.com/docs/messaging/api."""

from __future__ import annotations

import asyncio
import hmac
import json
import re
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from email.utils import formatdate
from functools import lru_cache
from itertools import islice
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from gateway.sandbox.carrier.network import API_VERSION, Network, Order, is_number
from gateway.sandbox.carrier.texts import Text

_LONGEST: Final = 1_600
_LONGEST_VALIDITY: Final = 36_000
_PAGE_SIZE: Final = 50
_LARGEST_PAGE: Final = 1_000

_is_url = re.compile(r"https?://[^\s/?#]+(?:[/?#]\S*)?").fullmatch

#: What each error code says, and with which HTTP status.
_ERRORS: Final[Mapping[str, tuple[int, str]]] = {
    "20003": (401, "Authenticate"),
    "20404": (404, "The requested resource was not found"),
    "20429": (429, "Too Many Requests"),
    "20500": (500, "An internal server error has occurred"),
    "21211": (400, "Invalid 'To' Phone Number"),
    "21602": (400, "Message body is required."),
    "21603": (400, "A 'From' phone number is required."),
    "21604": (400, "A 'To' phone number is required."),
    "21606": (400, "The 'From' phone number provided is not a valid message-capable Twilio phone number."),
    "21609": (400, "The 'StatusCallback' URL is not a valid URL."),
    "21610": (400, "Attempt to send to unsubscribed recipient"),
    "21617": (400, "The concatenated message body exceeds the 1600 character limit."),
    "30409": (409, "The message could not be canceled: it is already on its way"),
}


class Api:
    """The handlers of `/2010-04-01/Accounts/…`."""

    def __init__(self, network: Network, auth_token: str) -> None:
        self._network = network
        credentials = b64encode(f"{network.account_sid}:{auth_token}".encode()).decode()
        self._authorization = f"Basic {credentials}".encode()
        self._uri = f"/{API_VERSION}/Accounts/{network.account_sid}/Messages"

    def routes(self) -> list[web.RouteDef]:
        """The routes of the resource."""
        messages = f"/{API_VERSION}/Accounts/{{account}}/Messages"
        return [
            web.post(f"{messages}.json", self.create),
            web.get(f"{messages}.json", self.list, allow_head=False),
            web.get(f"{messages}/{{sid}}.json", self.fetch, allow_head=False),
            web.post(f"{messages}/{{sid}}.json", self.update),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """Take a text, unless luck or the form is against it."""
        network = self._network
        behaviour = network.behaviour
        network.counts["requests"] += 1
        if refused := self._stranger(request):
            return refused
        if network.rate_limit is not None and not network.rate_limit.take(time.monotonic()):
            network.counts["throttled"] += 1
            return _error("20429", {"Retry-After": "1"})
        form = _read(await request.read())
        if behaviour.latency:
            await asyncio.sleep(behaviour.latency)
        if network.dice.hit(behaviour.server_error_share):
            network.counts["server_errors"] += 1
            return _error("20500")
        checked = self._check(form)
        failure = network.dice.failure(behaviour.failures)
        refusal = checked if isinstance(checked, str) else failure
        # Twilio's codes from 20000 are answers of the API, those from 30000 come with the receipt.
        if isinstance(checked, str) or (refusal is not None and refusal < "3"):
            network.counts[f"refused_{refusal}"] += 1
            return _error(str(refusal))
        text = network.take(checked, failure)
        if network.dice.hit(behaviour.lost_answer_share):
            network.counts["answers_lost"] += 1
            if request.transport is not None:
                request.transport.abort()
        elif network.dice.hit(behaviour.late_share):
            network.counts["answers_late"] += 1
            answer = self._resource(text)
            await asyncio.sleep(behaviour.late_by)
            return _json(answer, 201)
        return _json(self._resource(text), 201)

    async def fetch(self, request: web.Request) -> web.Response:
        """One message."""
        self._network.counts["look_ups"] += 1
        if refused := self._stranger(request):
            return refused
        text = self._network.texts.by_sid(request.match_info["sid"])
        return _error("20404") if text is None else _json(self._resource(text))

    async def update(self, request: web.Request) -> web.Response:
        """Cancel a message that has not left."""
        if refused := self._stranger(request):
            return refused
        text = self._network.texts.by_sid(request.match_info["sid"])
        if text is None:
            return _error("20404")
        if _read(await request.read()).get("Status") == "canceled" and not self._network.cancel(text):
            return _error("30409")
        return _json(self._resource(text))

    async def list(self, request: web.Request) -> web.Response:
        """Messages newest first, by To and DateSent, in pages."""
        self._network.counts["look_ups"] += 1
        if refused := self._stranger(request):
            return refused
        query = request.query
        size = min(max(_integer(query.get("PageSize"), _PAGE_SIZE), 1), _LARGEST_PAGE)
        number = _integer(query.get("Page"), 0)
        found = self._matching(query)
        page = list(islice(found, size))
        following = None
        if next(found, None) is not None:
            following = self._page_uri(query, number + 1, size, f"PA{page[-1].sid}")
        return _json(
            {
                "messages": [self._resource(text) for text in page],
                "first_page_uri": self._page_uri(query, 0, size, None),
                "next_page_uri": following,
                "previous_page_uri": None,
                "uri": self._page_uri(query, number, size, query.get("PageToken")),
                "page": number,
                "page_size": size,
                "start": number * size,
                "end": number * size + max(len(page) - 1, 0),
            }
        )

    def knows(self, request: web.Request) -> bool:
        """Whether a request has the account's credentials."""
        given = request.headers.get("Authorization", "").encode("utf-8", "replace")
        return hmac.compare_digest(given, self._authorization)

    def _stranger(self, request: web.Request) -> web.Response | None:
        if not self.knows(request):
            return _error("20003", {"WWW-Authenticate": 'Basic realm="Twilio API"'})
        return None if request.match_info["account"] == self._network.account_sid else _error("20404")

    def _check(self, form: Mapping[str, str]) -> Order | str:
        """Read a form, or say which error it earns."""
        number, body = form.get("To", ""), form.get("Body", "")
        service = form.get("MessagingServiceSid")
        sender = form.get("From", "")
        callback = form.get("StatusCallback")
        known = self._network.texts.known(number)
        checks = (
            ("21604", not number),
            ("21211", not is_number(number)),
            ("21603", not sender and not service),
            ("21606", bool(sender) and sender != self._network.sender),
            ("21602", not body),
            ("21617", len(body) > _LONGEST),
            ("21609", callback is not None and not _is_url(callback)),
            ("21610", known is not None and known.opted_out),
        )
        for code, wrong in checks:
            if wrong:
                return code
        return Order(number=number, service=service, body=body, callback=callback)

    def _matching(self, query: Mapping[str, str]) -> Iterator[Text]:
        n = _place(query.get("PageToken"))
        earliest, day = _day(query.get("DateSent>")), _day(query.get("DateSent"))
        latest = _day(query.get("DateSent<"))
        sender = query.get("From")
        for text in self._network.texts.newest(query.get("To")):
            if (n is not None and text.n >= n) or (sender and sender != text.sender):
                continue
            # What has not been sent has no DateSent, and no filter on it finds it.
            sent = datetime.fromtimestamp(text.sent, UTC).date() if text.sent is not None else None
            if (earliest or latest or day) and sent is None:
                continue
            if sent is not None and (
                (earliest and sent < earliest) or (latest and sent > latest) or (day and sent != day)
            ):
                continue
            yield text

    def _page_uri(self, query: Mapping[str, str], page: int, size: int, token: str | None) -> str:
        kept = {name: value for name, value in query.items() if name not in {"Page", "PageSize", "PageToken"}}
        kept |= {"PageSize": str(size), "Page": str(page)}
        if token is not None:
            kept["PageToken"] = token
        return f"{self._uri}.json?{urlencode(kept)}"

    def _resource(self, text: Text) -> dict[str, Any]:
        """The resource with all its fields: numbers as strings, price unknown, addresses relative."""
        uri = f"{self._uri}/{text.sid}"
        pending = text.status == "accepted"
        ours = None if pending and text.service is not None else text.sender
        return {
            "account_sid": self._network.account_sid,
            "api_version": API_VERSION,
            "body": text.body,
            "date_created": _rfc2822(int(text.created)),
            "date_sent": _rfc2822(int(text.sent)) if text.sent is not None else None,
            "date_updated": _rfc2822(int(text.updated)),
            "direction": "inbound" if text.inbound else "outbound-api",
            "error_code": int(text.error) if text.error is not None else None,
            "error_message": None,
            "from": text.number if text.inbound else ours,
            "messaging_service_sid": text.service,
            "num_media": "0",
            "num_segments": "0" if pending else str(text.segments),
            "price": None,
            "price_unit": "USD",
            "sid": text.sid,
            "status": text.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": text.sender if text.inbound else text.number,
            "uri": f"{uri}.json",
        }


# A run of encoded bytes at a time, as Chinese comes: this is the most costly step of taking a text.
_encoded = re.compile(rb"(?:%[0-9A-Fa-f]{2})+").sub


def _read(body: bytes) -> dict[str, str]:
    """Read a form; of a repeated name the last counts."""
    pairs = (pair.partition(b"=") for pair in body.split(b"&") if pair)
    return {_decoded(name): _decoded(value) for name, _, value in pairs}


def _decoded(part: bytes) -> str:
    if b"+" in part:
        part = part.replace(b"+", b" ")
    if b"%" in part:
        part = _encoded(_decoded_run, part)
    return part.decode("utf-8", "replace")


def _decoded_run(run: re.Match[bytes]) -> bytes:
    return bytes.fromhex(run[0].replace(b"%", b"").decode())


def _json(answer: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(
        body=json.dumps(answer).encode(), status=status, content_type="application/json", headers=headers
    )


def _error(code: str, headers: Mapping[str, str] | None = None) -> web.Response:
    status, message = _ERRORS.get(code, (400, "The message was refused"))
    body = {
        "code": int(code),
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return _json(body, status, headers)


def _integer(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else default


def _place(token: str | None) -> int | None:
    """Where a page begins: before the text whose Sid the token carries."""
    try:
        return int(token[-16:], 16) if token else None
    except ValueError:
        return None


def _day(text: str | None) -> date | None:
    try:
        return datetime.fromisoformat(text).date() if text else None
    except ValueError:
        return None


@lru_cache(maxsize=64)
def _rfc2822(second: int) -> str:
    return formatdate(second).replace("-0000", "+0000")
