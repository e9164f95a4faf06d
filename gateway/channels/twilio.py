"""Twilio: SMS by its REST API, and the webhooks it posts back.

Sending is a bare aiohttp call to the same API that the `twilio` package speaks (a test holds our
request equal to the package's own), because the package's client costs more than the message.
Sources: Twilio's Messages resource, its error dictionary, and its page on webhook security.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import re
from base64 import b64encode
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import quote, urlsplit
from uuid import UUID

import aiohttp
from yarl import URL

from gateway.kernel.errors import InvalidInput, Misconfigured
from gateway.outbox.carriers import (
    Accepted,
    Evidence,
    Found,
    Handover,
    InboundText,
    LookUp,
    NotThere,
    Outcome,
    Receipt,
    ReceiptState,
    Refused,
    Throttled,
    Unknown,
)


class Meaning(NamedTuple):
    """What one of Twilio's error codes means for us."""

    #: `refused`: this message will never go; `later`: it may go once something is put right, on our
    #: side or theirs; `throttled`: too much at once.
    verdict: Literal["refused", "later", "throttled"]
    evidence: Evidence
    why: str


_NONE = Evidence.NONE
#: Twilio asks that nobody programs on codes, for causes get re-coded: so they are evidence to weigh.
ERROR_CODES: Final[Mapping[str, Meaning]] = {
    "14107": Meaning("throttled", _NONE, "sending too fast"),
    "20003": Meaning("later", _NONE, "our credentials are refused"),
    "20005": Meaning("later", _NONE, "our account is not active"),
    "20404": Meaning("later", _NONE, "no such account or resource"),
    "20429": Meaning("throttled", _NONE, "too many requests"),
    "20500": Meaning("later", _NONE, "an error of Twilio's own"),
    "21211": Meaning("refused", Evidence.MALFORMED, "not a valid number"),
    "21408": Meaning("refused", _NONE, "our account may not send to that region"),
    "21602": Meaning("refused", _NONE, "the text is empty"),
    "21606": Meaning("later", _NONE, "our sender may not be used for this"),
    "21608": Meaning("refused", _NONE, "a trial account sends to verified numbers only"),
    "21609": Meaning("later", _NONE, "our status callback is not a valid address"),
    "21610": Meaning("refused", Evidence.OPTED_OUT, "the person has opted out with the carrier"),
    "21611": Meaning("throttled", _NONE, "the sender's queue is full"),
    "21612": Meaning("refused", _NONE, "no route from our sender to that number"),
    "21614": Meaning("refused", Evidence.NO_SMS, "not a mobile number"),
    "21617": Meaning("refused", _NONE, "the text is longer than 1,600 characters"),
    "21635": Meaning("refused", Evidence.NO_SMS, "a landline"),
    "30001": Meaning("later", _NONE, "the carrier's queue overflowed"),
    "30002": Meaning("later", _NONE, "our account is suspended"),
    "30003": Meaning("later", Evidence.TEMPORARY, "the handset is off or out of coverage"),
    "30004": Meaning("refused", Evidence.BLOCKED, "blocked by the person or the operator"),
    "30005": Meaning("refused", Evidence.UNALLOCATED, "the number is unknown or out of service"),
    "30006": Meaning("refused", Evidence.NO_SMS, "a landline, or an operator that takes no SMS"),
    "30007": Meaning("refused", _NONE, "filtered for its content or sender"),
    "30008": Meaning("later", _NONE, "not delivered, no reason given"),
    "30034": Meaning("later", _NONE, "our sender is not registered with the operators"),
    "30036": Meaning("refused", _NONE, "the validity ended before it could be delivered"),
    "63014": Meaning("refused", Evidence.OPTED_OUT, "the person has blocked us"),
    "63016": Meaning("refused", _NONE, "outside the conversation window"),
}

#: Twilio's message statuses that move a message; any other says nothing new.
STATUSES: Final[Mapping[str, ReceiptState]] = {
    "sent": "sent",
    "partially_delivered": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "undelivered",
    "failed": "failed",
    "canceled": "failed",
}

#: The answer to an inbound webhook: anything else that is text would be sent to the customer.
EMPTY_TWIML: Final = b'<?xml version="1.0" encoding="UTF-8"?><Response />'

#: No answer of the API that we can use is larger: a page of 100 messages of 1,600 characters.
_ANSWER_LIMIT: Final = 2 * 1024 * 1024
#: The longest Twilio keeps trying, in seconds.
_LONGEST_VALIDITY: Final = 36_000
_PAGES: Final = 20
_PAGE_SIZE: Final = 100
#: Dates in the list are whole seconds, and `Date` is written after the message was made.
_DATE_SLACK: Final = timedelta(seconds=60)
_DEFAULT_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 300.0
#: Connections for look-ups, beside those of hand-overs: one that waits behind look-ups could outlive a stop.
_FOR_LOOK_UPS: Final = 32

# Chinese comes in long runs of bytes to encode: a run at a time is twice as fast as urllib's byte at a time.
_to_encode = re.compile(rb"[^A-Za-z0-9_.~ -]+").sub
_to_decode = re.compile(rb"(?:%[0-9A-Fa-f]{2})+").sub


def form_value(value: str) -> bytes:
    """Encode one value of an `application/x-www-form-urlencoded` body; lone surrogates raise."""
    return _to_encode(_encode_run, value.encode()).replace(b" ", b"+")


def _encode_run(run: re.Match[bytes]) -> bytes:
    return b"%" + run[0].hex("%").upper().encode()


def _decode_run(run: re.Match[bytes]) -> bytes:
    return bytes.fromhex(run[0].replace(b"%", b"").decode())


class TwilioChannel:
    """Hands messages to Twilio, or to anything that speaks its API at `base_url`.

    `timeout` is in seconds, for a call from its connection to the last byte of its answer;
    `concurrency` is how many hand-overs are under way at most.
    """

    name: Final = "twilio"

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        sender: str,
        base_url: str,
        concurrency: int,
        timeout: float,
    ) -> None:
        if urlsplit(base_url).scheme not in {"http", "https"} or not urlsplit(base_url).hostname:
            raise Misconfigured(f"TWILIO__BASE_URL is not an http or https address: {base_url!r}")
        self._base_url = base_url.rstrip("/")
        self._messages = f"/2010-04-01/Accounts/{quote(account_sid, safe='')}/Messages"
        self._create_url = URL(f"{self._base_url}{self._messages}.json", encoded=True)
        self._concurrency = concurrency
        # Connecting ends first, so that "never connected" can be told from "no answer".
        self._timeout = timeout
        self._connecting = timeout / 2
        credentials = b64encode(f"{account_sid}:{auth_token}".encode()).decode()
        self._headers = {
            "Authorization": f"Basic {credentials}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "lamplighter",
        }
        by = "MessagingServiceSid" if sender.startswith("MG") and len(sender) == 34 else "From"
        self._form_tail = b"&%s=%s&Body=" % (by.encode(), form_value(sender))
        self._session: aiohttp.ClientSession | None = None
        self._look_ups: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Open the sessions; the connections come with the first messages."""
        # Idle connections are dropped before the shortest keep-alive servers commonly use (5 s):
        # a POST on a connection that the other side is just closing would end in doubt.
        # Headers that are the session's are put together once, and a deadline of the loop's own
        # costs less than the session's: both are paid for every message.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._concurrency, keepalive_timeout=4),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={**self._headers, "Content-Type": "application/x-www-form-urlencoded"},
            timeout=aiohttp.ClientTimeout(total=None, connect=self._connecting),
            auto_decompress=False,
        )
        self._look_ups = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=_FOR_LOOK_UPS, keepalive_timeout=4),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=self._headers,
            timeout=aiohttp.ClientTimeout(total=self._timeout, connect=self._connecting),
            auto_decompress=False,
        )

    async def close(self) -> None:
        """Close every connection."""
        sessions = self._session, self._look_ups
        self._session = self._look_ups = None
        for session in sessions:
            if session is not None:
                await session.close()

    async def hand_over(self, handover: Handover) -> Outcome:
        """Create the message at Twilio, with one call."""
        session = self._session
        if session is None:
            return Refused(code="not_connected", for_good=False, why="the channel is not started")
        try:
            form = self._form(handover)
        except UnicodeEncodeError:
            return Refused(code="unencodable", for_good=True, why="the text is not valid Unicode")
        try:
            async with (
                asyncio.timeout(self._timeout),
                session.post(self._create_url, data=form, allow_redirects=False) as response,
            ):
                body = await _read(response)
                return _outcome(response.status, response.headers.get("Retry-After"), body)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            # No connection was made, so nothing was written.
            return Refused(code="not_connected", for_good=False, why=type(error).__name__)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Unknown(why=type(error).__name__)

    async def look_up(
        self,
        message_id: UUID,
        to: str,
        body: str,
        carrier_id: str | None,
        since: datetime,
        now: datetime,
        taken: Collection[str] = (),
    ) -> LookUp:
        """Ask by Sid where it is known, otherwise read the list of messages to this number."""
        try:
            if carrier_id is not None:
                return await self._by_sid(message_id, carrier_id)
            return await self._by_list(message_id, to, body, max(now - since, timedelta()), taken)
        except (aiohttp.ClientError, TimeoutError, OSError, UnicodeEncodeError) as error:
            return Unknown(why=type(error).__name__)

    def _form(self, handover: Handover) -> bytes:
        parts = [b"To=", form_value(handover.to), b"&StatusCallback=", form_value(handover.status_callback)]
        if handover.valid_for is not None:
            parts.append(b"&ValidityPeriod=%d" % min(max(handover.valid_for, 1), _LONGEST_VALIDITY))
        return b"".join([*parts, self._form_tail, form_value(handover.body)])

    async def _by_sid(self, message_id: UUID, sid: str) -> LookUp:
        status, _, answer = await self._get(f"{self._messages}/{quote(sid, safe='')}.json")
        if status == 404:
            return NotThere(why="Twilio knows no message with this Sid")
        if status != 200 or answer is None:
            return Unknown(why=f"http_{status}")
        return _found(message_id, answer) or Unknown(why="an answer without a Sid")

    async def _by_list(self, message_id: UUID, to: str, body: str, age: timedelta, taken: Collection[str]) -> LookUp:
        """Find the oldest message to this number with this text that is not younger than `age` allows.

        The list is asked by To alone: its DateSent filter would hide what Twilio has and has not yet
        sent. It comes newest first, so reading ends at the first message that is too old.
        """
        path: str | None = f"{self._messages}.json?To={quote(to, safe='')}&PageSize={_PAGE_SIZE}"
        oldest: Mapping[str, Any] | None = None
        for _ in range(_PAGES):
            if path is None:
                break
            status, date, answer = await self._get(path)
            page = answer.get("messages") if answer is not None else None
            if status != 200 or answer is None or not isinstance(page, list):
                return Unknown(why=f"http_{status}")
            # By the carrier's own clock, so that ours may be a test clock.
            earliest = date - age - _DATE_SLACK if date is not None else None
            path = _next_page(answer)
            for one in page:
                if not isinstance(one, dict):
                    return Unknown(why="a list of something else")
                created = _http_date(one.get("date_created"))
                if earliest is not None and created is not None and created < earliest:
                    path = None
                elif _is_same(one, to, body) and one.get("sid") not in taken:
                    oldest = one
        if oldest is not None:
            return _found(message_id, oldest) or Unknown(why="an answer without a Sid")
        if path is not None:
            return Unknown(why="more messages to this number than we read")
        return NotThere(why="not in Twilio's list of messages to this number")

    async def _get(self, path: str) -> tuple[int, datetime | None, dict[str, Any] | None]:
        """Answer the status, the carrier's own time, and the JSON object, if it is one."""
        if self._look_ups is None:
            raise aiohttp.ClientConnectionError("the channel is not started")
        url = URL(f"{self._base_url}{path}", encoded=True)
        async with self._look_ups.get(url, allow_redirects=False) as response:
            body = await _read(response)
            return response.status, _http_date(response.headers.get("Date")), _json_object(body)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Read an answer, but not one larger than any we could use."""
    if response.content_length is not None and response.content_length <= _ANSWER_LIMIT:
        return await response.read()
    chunks = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > _ANSWER_LIMIT:
            raise aiohttp.ClientPayloadError("the answer is too large")
        chunks.append(chunk)
    return b"".join(chunks)


def _outcome(status: int, retry_after: str | None, body: bytes) -> Outcome:
    answer = _json_object(body)
    if 200 <= status < 300:
        sid = answer.get("sid") if answer is not None else None
        if answer is None or not isinstance(sid, str) or not _is_id(sid):
            return Unknown(why=f"http_{status} without a Sid")
        return Accepted(carrier_id=sid, segments=_segments(answer))
    # 408 may come from something in between that gave up waiting for Twilio.
    if not 400 <= status < 500 or status == 408:
        return Unknown(why=f"http_{status}")
    code = str(answer["code"]) if answer is not None and answer.get("code") else f"http_{status}"
    meaning = ERROR_CODES.get(code)
    if status == 429 or (meaning is not None and meaning.verdict == "throttled"):
        return Throttled(after=_wait(retry_after), code=code)
    if meaning is not None:
        return Refused(code=code, for_good=meaning.verdict == "refused", why=meaning.why, evidence=meaning.evidence)
    # A 400 with a code we do not know is about the message; anything else may be about us.
    for_good = status == 400 and not code.startswith("http_")
    return Refused(code=code, for_good=for_good, why=f"Twilio answered {status}")


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _segments(answer: Mapping[str, Any]) -> int | None:
    """`num_segments` is a string, and "0" while a Messaging Service has not chosen its sender."""
    try:
        return int(answer.get("num_segments") or 0) or None
    except (TypeError, ValueError):
        return None


def _wait(retry_after: str | None) -> float:
    """Seconds to wait. Retry-After in its date form is not used by Twilio."""
    try:
        wait = float(retry_after or _DEFAULT_WAIT)
    except ValueError:
        wait = _DEFAULT_WAIT
    # `not >` also catches NaN.
    return min(wait, _LONGEST_WAIT) if wait > 0 else _DEFAULT_WAIT


def _http_date(text: object) -> datetime | None:
    """Read an RFC 2822 date; None if there is none."""
    if not isinstance(text, str):
        return None
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date


def _next_page(answer: Mapping[str, Any]) -> str | None:
    """Only a path below our own base is followed: the credentials go with it."""
    uri = answer.get("next_page_uri")
    return uri if isinstance(uri, str) and uri.startswith("/") and not uri.startswith("//") else None


def _is_same(one: Mapping[str, Any], to: str, body: str) -> bool:
    return (
        one.get("to") == to
        and str(one.get("direction", "outbound-api")).startswith("outbound")
        and str(one.get("body") or "").strip() == body.strip()
    )


def _found(message_id: UUID, answer: Mapping[str, Any]) -> Found | None:
    sid = answer.get("sid")
    if not isinstance(sid, str) or not _is_id(sid):
        return None
    receipt = _receipt(message_id, sid, str(answer.get("status") or ""), answer.get("error_code"))
    return Found(carrier_id=sid, segments=_segments(answer), receipt=receipt)


def parse_form(body: bytes) -> dict[str, list[str]]:
    """Read a form body: every name with all its values, in order. Never raises.

    Bytes that are not UTF-8 become lone surrogates, so that the signature is still computed over
    what was sent; `read_inbound` replaces them.
    """
    form: dict[str, list[str]] = {}
    for pair in body.split(b"&"):
        if pair:
            name, _, value = pair.partition(b"=")
            form.setdefault(_form_text(name), []).append(_form_text(value))
    return form


def _form_text(part: bytes) -> str:
    if b"+" in part:
        part = part.replace(b"+", b" ")
    if b"%" in part:
        part = _to_decode(_decode_run, part)
    return part.decode("utf-8", "surrogateescape")


def sign(auth_token: str, url: str, form: Mapping[str, Collection[str]]) -> str:
    """Compute `X-Twilio-Signature`: HMAC-SHA1 over the URL and the sorted names and distinct values."""
    signed = [url]
    for name in sorted(form):
        values = form[name]
        for value in sorted(set(values)) if len(values) > 1 else values:
            signed.append(name)
            signed.append(value)
    message = "".join(signed).encode("utf-8", "surrogateescape")
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
    return _receipt(message_id, sid, _storable(status), _first(form, "ErrorCode"))


def _receipt(message_id: UUID | None, sid: str, status: str, error_code: object) -> Receipt:
    state = STATUSES.get(status)
    code = _storable(str(error_code))[:16] if error_code and error_code != "0" else None
    if code is None and status == "canceled":
        code = "canceled"
    meaning = ERROR_CODES.get(code or "")
    return Receipt(
        message_id=message_id,
        carrier_id=sid,
        state=state,
        error_code=code,
        raw_status=status[:32],
        evidence=meaning.evidence if meaning is not None else Evidence.NONE,
    )


def read_inbound(form: Mapping[str, list[str]]) -> InboundText:
    """Read an inbound message. Raises InvalidInput when it has no Sid or no sender."""
    sender = _storable(_first(form, "From"))
    if not sender:
        raise InvalidInput("an inbound message without a sender", field="From")
    return InboundText(
        carrier_id=_sid(form),
        sender=sender,
        recipient=_storable(_first(form, "To")),
        text=_storable(_first(form, "Body")),
        raw={_storable(name): [_storable(value) for value in values] for name, values in form.items()},
    )


def _sid(form: Mapping[str, list[str]]) -> str:
    sid = _first(form, "MessageSid") or _first(form, "SmsSid")
    if not _is_id(sid):
        raise InvalidInput("no usable message Sid", field="MessageSid")
    return sid


def _first(form: Mapping[str, list[str]], name: str) -> str:
    values = form.get(name)
    return values[0] if values else ""


def _is_id(sid: str) -> bool:
    """Whatever is printable and fits a column; Twilio's own are 34 characters."""
    return 0 < len(sid) <= 64 and sid.isascii() and sid.isprintable()


def _storable(text: str) -> str:
    """Replace what PostgreSQL cannot hold: NUL, and bytes that were not UTF-8."""
    if text.isprintable():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\x00", "\ufffd")
