"""Twilio: SMS by its REST API.

Sending is a bare call to the same API that the `twilio` package speaks (a test holds our
request equal to the package's own), because the package's client costs more than the message.
Source: Twilio's Messages resource.
"""

from __future__ import annotations

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote, urlsplit
from uuid import UUID

import aiohttp
from yarl import URL

from gateway.channels.posting import FormPoster
from gateway.channels.twilio_codes import ERROR_CODES, is_id, receipt
from gateway.kernel.errors import Misconfigured
from gateway.outbox.carriers import (
    Accepted,
    Found,
    Handover,
    LookUp,
    NotThere,
    Outcome,
    Refused,
    Throttled,
    Unknown,
)

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
#: Idle connections are dropped before the shortest keep-alive that servers commonly use (5 s): a POST on a
#: connection that the other side is just closing would end in doubt.
_KEEP_ALIVE: Final = 4.0
#: Connections for look-ups, beside those of hand-overs: one that waits behind look-ups could outlive a stop.
_FOR_LOOK_UPS: Final = 32

# Chinese comes in long runs of bytes to encode: a run at a time is twice as fast as urllib's byte at a time.
_to_encode = re.compile(rb"[^A-Za-z0-9_.~ -]+").sub


def form_value(value: str) -> bytes:
    """Encode one value of an `application/x-www-form-urlencoded` body; lone surrogates raise."""
    return _to_encode(_encode_run, value.encode()).replace(b" ", b"+")


def _encode_run(run: re.Match[bytes]) -> bytes:
    return b"%" + run[0].hex("%").upper().encode()


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
        self._poster: FormPoster | None = None
        self._look_ups: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Get ready; the connections come with the first messages."""
        self._poster = FormPoster(
            self._create_url,
            self._headers,
            limit=self._concurrency,
            connecting=self._connecting,
            keepalive=_KEEP_ALIVE,
            largest=_ANSWER_LIMIT,
        )
        self._look_ups = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=_FOR_LOOK_UPS, keepalive_timeout=_KEEP_ALIVE),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=self._headers,
            timeout=aiohttp.ClientTimeout(total=self._timeout, connect=self._connecting),
            auto_decompress=False,
        )

    async def close(self) -> None:
        """Close every connection."""
        poster, look_ups = self._poster, self._look_ups
        self._poster = self._look_ups = None
        if poster is not None:
            await poster.close()
        if look_ups is not None:
            await look_ups.close()

    async def hand_over(self, handover: Handover) -> Outcome:
        """Create the message at Twilio, with one call."""
        poster = self._poster
        if poster is None:
            return Refused(code="not_connected", for_good=False, why="the channel is not started")
        try:
            form = self._form(handover)
        except UnicodeEncodeError:
            return Refused(code="unencodable", for_good=True, why="the text is not valid Unicode")
        try:
            async with asyncio.timeout(self._timeout):
                answer = await poster.post(form)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            # No connection was made, so nothing was written.
            return Refused(code="not_connected", for_good=False, why=type(error).__name__)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Unknown(why=type(error).__name__)
        return _outcome(answer.status, answer.retry_after, answer.body)

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
        if answer is None or not isinstance(sid, str) or not is_id(sid):
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
    if not isinstance(sid, str) or not is_id(sid):
        return None
    status = receipt(message_id, sid, str(answer.get("status") or ""), answer.get("error_code"))
    return Found(carrier_id=sid, segments=_segments(answer), receipt=status)
