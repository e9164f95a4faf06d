"""What happens to a text once it is taken: it moves, it is reported, it is answered."""

from __future__ import annotations

import asyncio
import html
import re
import time
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

from gateway.kernel.errors import InvalidInput
from gateway.sandbox.carrier import people
from gateway.sandbox.carrier.behaviour import Behaviour, Dice, RateLimit
from gateway.sandbox.carrier.posting import Answer, Post, PostOffice
from gateway.sandbox.carrier.texts import FINAL, Handset, Text, Texts

API_VERSION: Final = "2010-04-01"

#: Twilio's default words, whole message only: after the first sends fail with 21610.
_STOP_WORDS: Final = frozenset("STOP UNSUBSCRIBE END QUIT STOPALL REVOKE OPTOUT CANCEL".split())
_START_WORDS: Final = frozenset("START YES UNSTOP".split())

#: Codes that Twilio gives as `failed` rather than `undelivered`: the text never left.
_FAILED_CODES: Final = frozenset({"30001", "30002", "30034", "30036"})

_E164: Final = re.compile(r"\+[1-9]\d{6,14}")
_LONGEST: Final = 1_600


def number_of(typed: str) -> str:
    """Read a number as a person types it: E.164, or a mainland mobile without its country code."""
    number = re.sub(r"[\s()-]", "", typed)
    if re.fullmatch(r"1\d{10}", number, re.ASCII):
        number = f"+86{number}"
    if not is_number(number):
        raise InvalidInput("not a telephone number", field="number")
    return number


def is_number(number: str) -> bool:
    """Whether it is in E.164."""
    return number.isascii() and _E164.fullmatch(number) is not None


class Order(NamedTuple):
    """What the gateway asks for: a text to a number."""

    number: str
    service: str | None
    body: str
    callback: str | None


class Network:
    """The carrier's inside: its texts, its luck, and the gateway it reports to."""

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        inbound_url: str,
        sender: str,
        behaviour: Behaviour,
        keep: int = 200_000,
    ) -> None:
        self.account_sid = account_sid
        self.sender = sender
        self.texts = Texts(keep)
        self.counts: Counter[str] = Counter()
        #: Told of every handset on which something changed.
        self.watchers: set[Callable[[Handset], None]] = set()
        self.post_office = PostOffice(auth_token, self.counts)
        self._inbound_url = inbound_url
        self._n = 0
        # A carrier that was started again must not give out the same Sids.
        self._run = f"{time.time_ns() & 0xFFFFFFFFFFFFFFFF:016x}"
        self._running = False
        self.behave(behaviour)

    def behave(self, behaviour: Behaviour) -> None:
        """Behave like this from now on; luck starts again from its seed."""
        self.behaviour = behaviour
        self.dice = Dice(behaviour)
        limit = behaviour.rate_limit
        self.rate_limit = RateLimit(limit, time.monotonic()) if limit is not None else None

    async def start(self) -> None:
        """Begin to report and answer."""
        await self.post_office.start()
        self._running = True

    async def close(self) -> None:
        """Stop; texts under way stay where they are."""
        self._running = False
        await self.post_office.close()

    def take(self, order: Order, failure: str | None = None) -> Text:
        """Take a text from the gateway; from now on it moves by itself, towards `failure` if one is given."""
        text = self._new(
            number=order.number,
            body=order.body,
            inbound=False,
            status="queued" if order.service is None else "accepted",
            service=order.service,
            callback=order.callback,
        )
        self.counts["taken"] += 1
        lively = self.behaviour.handsets == "lively"
        if failure is None and lively:
            failure = people.bounce(order.number, self.behaviour.seed)
        self._later(self.behaviour.receipt_delay, self._depart, text, failure)
        if failure is None and lively:
            self._let_answer(text)
        return text

    def cancel(self, text: Text) -> bool:
        """Cancel a text that has not left; False if it is too late."""
        if text.inbound or text.status not in {"queued", "accepted"}:
            return False
        self._move(text, "canceled")
        return True

    def reply(self, number: str, body: str) -> Text:
        """Let a handset send a text to the gateway."""
        text = self._new(number=number, body=body, inbound=True, status="receiving")
        self.counts["inbound"] += 1
        handset = self.texts.handset(number)
        word = body.strip().upper()
        if word in _STOP_WORDS:
            handset.opted_out = True
        elif word in _START_WORDS:
            handset.opted_out = False
        self._post_inbound(text, 0)
        return text

    def _new(
        self,
        *,
        number: str,
        body: str,
        inbound: bool,
        status: str,
        service: str | None = None,
        callback: str | None = None,
    ) -> Text:
        self._n += 1
        # The carrier is another program with a clock of its own, which no test clock moves.
        now = time.time()
        text = Text(
            n=self._n,
            sid=f"SM{self._run}{self._n:016x}",
            number=number,
            sender=self.sender,
            service=service,
            body=body,
            inbound=inbound,
            status=status,
            created=now,
            updated=now,
            callback=callback,
        )
        handset = self.texts.add(text)
        self._tell(handset)
        return text

    def _later(self, delay: float, what: Callable[..., None], *arguments: object) -> None:
        asyncio.get_running_loop().call_later(delay, what, *arguments)

    def _depart(self, text: Text, code: str | None) -> None:
        if code in _FAILED_CODES:
            self._move(text, "failed", code)
            return
        self._move(text, "sent")
        self._later(self.behaviour.receipt_delay, self._arrive, text, code)

    def _arrive(self, text: Text, code: str | None) -> None:
        self._move(text, "delivered" if code is None else "undelivered", code)

    def _move(self, text: Text, status: str, code: str | None = None) -> None:
        if not self._running or text.status in FINAL:
            return
        text.status = status
        text.error = code
        text.updated = time.time()
        if status == "sent":
            text.sent = text.updated
        self.counts[status] += 1
        self._tell(self.texts.known(text.number))
        self._report(text)

    def _report(self, text: Text) -> None:
        if text.callback is None or not self.behaviour.receipts:
            return
        if self.dice.hit(self.behaviour.lost_receipt_share):
            self.counts["receipts_lost"] += 1
            return
        form = {
            "ApiVersion": API_VERSION,
            "AccountSid": self.account_sid,
            "SmsSid": text.sid,
            "SmsStatus": text.status,
            "MessageSid": text.sid,
            "MessageStatus": text.status,
            "To": text.number,
            "From": text.sender,
        }
        if text.service is not None:
            form["MessagingServiceSid"] = text.service
        if text.error is not None:
            form["ErrorCode"] = text.error
        if text.status in {"delivered", "undelivered"}:
            form["RawDlrDate"] = _raw_dlr_date(int(text.updated) // 60)
        # Twilio does not try a failed status callback again.
        post = Post(url=text.callback, form=form)
        self.post_office.drop(post)
        if self.dice.hit(self.behaviour.duplicate_receipt_share):
            self.counts["receipts_doubled"] += 1
            self.post_office.drop(post)

    def _post_inbound(self, text: Text, attempt: int) -> None:
        if not self._running:
            return
        form = {
            "ToCountry": "",
            "ToState": "",
            "SmsMessageSid": text.sid,
            "NumMedia": "0",
            "ToCity": "",
            "FromZip": "",
            "SmsSid": text.sid,
            "FromState": "",
            "SmsStatus": "received",
            "FromCity": "",
            "Body": text.body,
            "FromCountry": "",
            "To": text.sender,
            "ToZip": "",
            "NumSegments": str(text.segments),
            "MessageSid": text.sid,
            "AccountSid": self.account_sid,
            "From": text.number,
            "ApiVersion": API_VERSION,
        }

        retries = self.behaviour.inbound_retries

        def answered(answer: Answer) -> None:
            if answer.ok:
                self._inbound_settled(text, "received")
                for words in _reply_in(answer):
                    self._auto_reply(text.number, words)
            elif attempt < len(retries):
                self.counts["inbound_retried"] += 1
                self._later(retries[attempt], self._post_inbound, text, attempt + 1)
            else:
                self._inbound_settled(text, "failed")

        self.post_office.drop(Post(url=self._inbound_url, form=form, answered=answered))

    def _inbound_settled(self, text: Text, status: str) -> None:
        text.status = status
        text.updated = time.time()
        self.counts[f"inbound_{status}"] += 1
        self._tell(self.texts.known(text.number))

    def _auto_reply(self, number: str, words: str) -> None:
        """What a webhook answers in plain text or TwiML goes to the person, at Twilio too."""
        text = self._new(number=number, body=words[:_LONGEST], inbound=False, status="queued")
        self.counts["replied_by_webhook"] += 1
        self._later(self.behaviour.receipt_delay, self._depart, text, None)

    def _let_answer(self, text: Text) -> None:
        reply = people.reply(text.number, text.body, self.behaviour.seed)
        if reply is not None:
            soonest, latest = self.behaviour.reply_after
            self._later(soonest + (latest - soonest) * reply.at, self._answer, text, reply.text)

    def _answer(self, text: Text, words: str) -> None:
        handset = self.texts.known(text.number)
        # A person at the handset has taken over, or its text was cleared away.
        attended = handset is None or any(other.inbound and other.n > text.n for other in handset.texts)
        if self._running and not attended:
            self.reply(text.number, words)

    def _tell(self, handset: Handset | None) -> None:
        if handset is not None:
            for watcher in self.watchers:
                watcher(handset)


def _reply_in(answer: Answer) -> list[str]:
    if answer.content_type == "text/plain":
        return [answer.body] if answer.body.strip() else []
    if answer.content_type not in {"text/xml", "application/xml"}:
        return []
    messages = re.findall(r"<Message[^>]*>(.*?)</Message>", answer.body, re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]*>", "", message)) for message in messages]


@lru_cache(maxsize=16)
def _raw_dlr_date(minute: int) -> str:
    return time.strftime("%y%m%d%H%M", time.gmtime(minute * 60))
