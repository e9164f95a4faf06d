"""What the gateway says back: the few texts that answer a reply, queued in the reply's own transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from gateway.archive.corrections import AddedContact
from gateway.archive.proving import CODE_LASTS, QUESTION_LASTS
from gateway.archive.trust import asking
from gateway.inbox.threads import Sent
from gateway.kernel.errors import NotFound
from gateway.kernel.ids import first_id, new_id
from gateway.kernel.segments import count
from gateway.outbox import AccountPart, NewMessage, insert
from gateway.outbox.hours import Hours, HoursClass, next_window, standard

#: One apology to a number in this time, however often it says that it is the wrong one.
ONE_APOLOGY: Final = timedelta(days=30)
#: Asked to say it again once in this time, as long as a question is open; asked for the role once in that.
ONCE_AGAIN: Final = timedelta(hours=72)
ONE_ROLE: Final = timedelta(days=90)
#: The text that asks which of several accounts is none of the recipient's.
ASKS_ACCOUNT: Final = "clarification_account"
#: Characters of a customer's words that an alert quotes.
_MOST_QUOTED: Final = 60
#: That a report of no supply was heard is worth saying so long.
_FAULT_LASTS: Final = timedelta(hours=4)
#: A contact check that nobody answered by then is not sent any more.
_CHECK_LASTS: Final = timedelta(days=7)

#: What a question is about, for the text that asks which of two was meant.
_QUESTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "zh": {
        "survey": "对服务的评价",
        "restoration": "家里是否来电",
        "contact_confirm": "号码是否由您接收",
        "arrears": "电费提醒",
        "bill": "电费账单",
        "followup": "回访时间",
        "advice": "用电建议",
        "case_progress": "诉求办理",
    },
    "en": {
        "survey": "your rating of our service",
        "restoration": "whether power is back",
        "contact_confirm": "whether this number is right",
        "arrears": "the payment reminder",
        "bill": "the bill",
        "followup": "the follow-up",
        "advice": "the energy tip",
        "case_progress": "your case",
    },
}
_CHANNELS: Final[Mapping[str, Mapping[str, str]]] = {
    "zh": {"sms": "短信", "wecom": "企业微信", "telegram": "Telegram"},
    "en": {"sms": "SMS", "wecom": "WeCom", "telegram": "Telegram"},
}
_OTHERWISE: Final = {"zh": "较早的一条消息", "en": "an earlier text"}


class Text(Protocol):
    """A text of the house; `gateway.notices.wording.Template` is one."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def klass(self) -> str: ...
    @property
    def purpose(self) -> str: ...
    @property
    def hours(self) -> HoursClass: ...
    @property
    def codes(self) -> Mapping[str, str]: ...
    def render(self, values: Mapping[str, Any], zone: ZoneInfo | None = None) -> str: ...


class Texts(Protocol):
    """All texts of the house; `gateway.notices.wording.Wording` is one."""

    def named(self, name: str, language: str, tone: str | None = None) -> Text:
        """Find a text by its name. Raises NotFound."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who is answered, by number or by chat. `language` is empty where the archive does not know it."""

    number: str
    contact_point_id: int | None
    language: str | None = None
    channel: str = "sms"


class OutageText(Protocol):
    """What is said of an outage to somebody who asks."""

    @property
    def template(self) -> str: ...

    @property
    def values(self) -> Mapping[str, Any]: ...

    @property
    def expires_at(self) -> datetime | None: ...

    @property
    def reference(self) -> str | None: ...


class Answers:
    """Composes and queues answers. `say_purposes` names purposes in a language."""

    def __init__(
        self,
        texts: Texts,
        say_purposes: Callable[[Iterable[str], str], str],
        *,
        zone: ZoneInfo,
        region: str,
        language: str,
        hours: Hours = standard,
    ) -> None:
        self._texts = texts
        self._say_purposes = say_purposes
        self._zone = zone
        self._region = region
        self._language = language
        self._hours = hours

    def codes_of(self, template: str) -> Mapping[str, str]:
        """The reply codes that a template declares; none for one that is no more."""
        try:
            return self._texts.named(template, self._language).codes
        except NotFound:
            return {}

    async def apologise(self, connection: Any, to: Recipient, now: datetime) -> UUID | None:
        """Queue the one apology, with nothing about the account in it; None where it was given already."""
        given = await connection.fetchval(
            """SELECT true FROM message WHERE contact_point_id = $1 AND id >= $2 AND kind = 'apology'
                 AND state <> 'cancelled' LIMIT 1""",
            to.contact_point_id,
            first_id(now - ONE_APOLOGY),
        )
        return None if given else await self._say(connection, "apology", {}, to, now)

    async def confirm_refusal(
        self, connection: Any, to: Recipient, stopped: Sequence[str], remaining: Sequence[str], now: datetime
    ) -> UUID:
        """Say once what was stopped and what still comes."""
        language = to.language or self._language
        values = {
            "stopped": self._say_purposes(stopped, language),
            "remaining": self._say_purposes(remaining, language),
        }
        return await self._say(connection, "opt_out_confirm", values, to, now)

    async def confirm_return(self, connection: Any, to: Recipient, resumed: Sequence[str], now: datetime) -> UUID:
        """Say what comes again."""
        values = {"resumed": self._say_purposes(resumed, to.language or self._language)}
        return await self._say(connection, "opt_in_confirm", values, to, now)

    async def confirm_wish(
        self, connection: Any, to: Recipient, template: str, values: Mapping[str, str], now: datetime
    ) -> UUID:
        """Say how a wish about when and where to be told was taken down."""
        language = (to.language or self._language).partition("-")[0]
        channel = values.get("channel")
        named = {} if channel is None else {"channel": _CHANNELS.get(language, _CHANNELS["en"])[channel]}
        return await self._say(connection, template, {**values, **named}, to, now)

    async def ask_which(self, connection: Any, to: Recipient, which: Sequence[Sent], now: datetime) -> UUID | None:
        """Ask which of two questions a digit answered; None where that was asked already while they are open."""
        asked = await connection.fetchval(
            "SELECT true FROM message WHERE contact_point_id = $1 AND id >= $2 AND template = 'clarification' LIMIT 1",
            to.contact_point_id,
            first_id(min(question.sent_at for question in which)),
        )
        if asked:
            return None
        values = {"first": self._named(which[0], to), "second": self._named(which[1], to)}
        return await self._say(connection, "clarification", values, to, now)

    async def ask_again(self, connection: Any, to: Recipient, now: datetime) -> UUID | None:
        """Ask politely to say it again; None where that was asked lately."""
        asked = await connection.fetchval(
            """SELECT true FROM message WHERE contact_point_id = $1 AND id >= $2 AND template = 'clarification_again'
               LIMIT 1""",
            to.contact_point_id,
            first_id(now - ONCE_AGAIN),
        )
        return None if asked else await self._say(connection, "clarification_again", {}, to, now)

    async def ask_role(self, connection: Any, to: Recipient, part: AccountPart, now: datetime) -> UUID | None:
        """Ask whether to go on receiving for an account, and as whom; None where that was asked already."""
        asked = await connection.fetchval(
            """SELECT true FROM message m JOIN message_account a USING (id)
               WHERE m.contact_point_id = $1 AND m.id >= $2 AND m.template = 'clarification_role' AND a.link_id = $3
               LIMIT 1""",
            to.contact_point_id,
            first_id(now - ONE_ROLE),
            part.link_id,
        )
        if asked:
            return None
        values = {"account_tail": part.account_no}
        of_link = AccountPart(part.account_id, part.account_no, part.link_id)
        return await self._say(connection, "clarification_role", values, to, now, [of_link])

    async def ask_account(self, connection: Any, to: Recipient, now: datetime) -> UUID | None:
        """Ask which of several accounts is none of the recipient's; None where that was asked lately."""
        asked = await connection.fetchval(
            """SELECT true FROM message WHERE contact_point_id = $1 AND id >= $2 AND template = $3 LIMIT 1""",
            to.contact_point_id,
            first_id(now - ONCE_AGAIN),
            ASKS_ACCOUNT,
        )
        return None if asked else await self._say(connection, ASKS_ACCOUNT, {}, to, now)

    async def tell_case(
        self,
        connection: Any,
        to: Recipient,
        template: str,
        *,
        reference: str,
        contact_by: datetime,
        accounts: Sequence[AccountPart],
        now: datetime,
    ) -> UUID:
        """Say that what was raised is with somebody, under which reference, and until when they get in touch."""
        values = {"reference": reference, "contact_by": contact_by}
        return await self._say(connection, template, values, to, now, accounts)

    async def hear_fault(
        self, connection: Any, to: Recipient, reference: str, accounts: Sequence[AccountPart], now: datetime
    ) -> UUID:
        """Say at any hour that a report of no supply was heard, who looks into it, and whom to ring."""
        about = [AccountPart(part.account_id, part.account_no, part.link_id) for part in accounts]
        return await self._say(
            connection, "case_progress_fault", {"reference": reference}, to, now, about, _FAULT_LASTS, priority=1
        )

    async def alert(self, connection: Any, number: str, alert: UUID, *, sender: str, words: str, now: datetime) -> UUID:
        """Tell one who is on duty that somebody may be in danger: at any hour, before everything else."""
        said = words if len(words) <= _MOST_QUOTED else f"{words[: _MOST_QUOTED - 1]}…"
        reference = f"A{alert.hex[-8:].upper()}"
        values = {"reference": reference, "sender": sender or "?", "words": said if said.strip() else "…"}
        to = Recipient(number=number, contact_point_id=None)
        return await self._say(connection, "announcement_alert", values, to, now, priority=0)

    async def explain_outage(
        self, connection: Any, to: Recipient, said: OutageText, accounts: Sequence[AccountPart], now: datetime
    ) -> UUID:
        """Say what is known of an outage, at any hour, to somebody who just wrote about it."""
        return await self._say(
            connection,
            said.template,
            said.values,
            to,
            now,
            accounts,
            hours=HoursClass.ANY,
            expires_at=said.expires_at,
            reference=said.reference,
        )

    async def check_contacts(
        self,
        connection: Any,
        contacts: Sequence[AddedContact],
        now: datetime,
        *,
        answered: UUID | None = None,
    ) -> list[UUID]:
        """Ask the holders of numbers whether they are to be reached there, each number about one account at a time.

        Landlines are left out, and so are numbers that were asked too often in vain, and those of which an answer is
        awaited (but for the check `answered` just now): of two questions nobody could tell which a "1" answers.
        """
        asked: list[UUID] = []
        for contact in {contact.contact_point_id: contact for contact in reversed(contacts)}.values():
            point = contact.contact_point_id
            if contact.line == "landline" or not await asking.may_ask(connection, [point], now):
                continue
            if await _is_asked(connection, point, answered, now):
                continue
            await asking.note(connection, [(contact.contact_point_id, contact.link_id)], now)
            to = Recipient(number=contact.number, contact_point_id=contact.contact_point_id, language=contact.language)
            part = AccountPart(account_id=contact.account_id, account_no=contact.account_no, link_id=contact.link_id)
            values = {"account_tail": contact.account_no}
            asked.append(await self._say(connection, "contact_confirm", values, to, now, [part], _CHECK_LASTS))
        return asked

    async def send_code(
        self,
        connection: Any,
        to: Recipient,
        code: str,
        accounts: Sequence[AccountPart],
        now: datetime,
        *,
        with_knowledge: bool,
    ) -> UUID:
        """Send a code to a number that is to be proven; with something only the holder has, where that is asked."""
        template = "verification_known" if with_knowledge else "verification_reply"
        minutes = int(CODE_LASTS.total_seconds() // 60)
        values = {"code": code, "minutes": minutes, "account_tail": accounts[0].account_no}
        return await self._say(connection, template, values, to, now, accounts, CODE_LASTS, priority=0)

    async def tell_proven(self, connection: Any, to: Recipient, part: AccountPart, now: datetime) -> UUID:
        """Say to a number that it is registered now."""
        return await self._say(
            connection, "verification_done", {"account_tail": part.account_no}, to, now, [part], priority=1
        )

    async def ask_other(self, connection: Any, to: Recipient, part: AccountPart, number: str, now: datetime) -> UUID:
        """Ask at an account's trusted contact whether another number is to be registered."""
        values = {"account_tail": part.account_no, "number_tail": number[-4:]}
        return await self._say(connection, "contact_confirm_other", values, to, now, [part], QUESTION_LASTS)

    async def send_text(
        self,
        connection: Any,
        template: str,
        values: Mapping[str, Any],
        to: Recipient,
        now: datetime,
        *,
        lasts: timedelta | None = None,
        priority: int | None = None,
    ) -> UUID:
        """Queue a text by its name, in answer to what somebody just did elsewhere than by SMS."""
        return await self._say(connection, template, values, to, now, lasts=lasts, priority=priority)

    def _named(self, question: Sent, to: Recipient) -> str:
        base = (to.language or self._language).partition("-")[0]
        words = _QUESTIONS.get(base, _QUESTIONS["en"])
        return words.get(question.kind, _OTHERWISE.get(base, _OTHERWISE["en"]))

    async def _say(
        self,
        connection: Any,
        template: str,
        values: Mapping[str, Any],
        to: Recipient,
        now: datetime,
        accounts: Sequence[AccountPart] = (),
        lasts: timedelta | None = None,
        priority: int | None = None,
        hours: HoursClass | None = None,
        expires_at: datetime | None = None,
        reference: str | None = None,
    ) -> UUID:
        text = self._texts.named(template, to.language or self._language)
        body = text.render(values, self._zone)
        window = next_window(hours or text.hours, now, self._zone, self._region, self._hours())
        message = NewMessage(
            id=new_id(now),
            kind=text.kind,
            klass=text.klass,
            purpose=text.purpose,
            template=text.name,
            template_version=text.version,
            body=body,
            segments=count(body).parts if to.channel == "sms" else 1,
            channel=to.channel,
            created_at=now,
            not_before=window.opens,
            closes_at=window.closes,
            expires_at=expires_at if lasts is None else window.opens + lasts,
            reference=reference,
            hours=(hours or text.hours).value,
            zone=self._zone.key,
            to_address=to.number,
            contact_point_id=to.contact_point_id,
            accounts=accounts,
            priority=priority,
        )
        await insert(connection, [message])
        return message.id


async def _is_asked(connection: Any, point: int, answered: UUID | None, now: datetime) -> bool:
    """Whether a contact check to a number waits for its answer."""
    return bool(
        await connection.fetchval(
            """SELECT true FROM message m WHERE m.contact_point_id = $1 AND m.id >= $2 AND m.kind = 'contact_confirm'
                 AND m.state IN ('queued', 'sending', 'uncertain', 'sent', 'delivered') AND m.id IS DISTINCT FROM $3
                 AND NOT EXISTS (
                   SELECT 1 FROM inbound i WHERE i.contact_point_id = $1 AND i.id >= $2 AND i.answers = m.id)
               LIMIT 1""",
            point,
            first_id(now - ONCE_AGAIN),
            answered,
        )
    )
