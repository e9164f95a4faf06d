"""What a reaction is given, and what it answers with."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol
from uuid import UUID

from gateway.archive import completing
from gateway.archive.completing import CatchUp, tell_nobody
from gateway.inbox.answers import Answers, OutageText, Recipient
from gateway.inbox.choices import choices
from gateway.inbox.dialogues import Dialogue
from gateway.inbox.threads import Sent, Thread
from gateway.inbox.understanding import Reading
from gateway.outbox import AccountPart


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A text that was stored, threaded and read; `contact_point_id` is None for a number nobody knows."""

    id: UUID
    sender: str
    text: str
    channel: str
    at: datetime
    contact_point_id: int | None
    language: str | None
    thread: Thread
    reading: Reading
    #: What went to the number within 90 days, newest first.
    sent: tuple[Sent, ...] = ()
    dialogue: Dialogue = field(default_factory=Dialogue)
    #: The account that the sender chose in a dialogue, where there was one.
    account: AccountPart | None = None
    #: `customer`, or who read it in the customer's place.
    actor: str = "customer"
    #: Whether a text has gone out already that says what is done about it: one answers everything that was said.
    answered: bool = False

    @property
    def to(self) -> Recipient:
        """Whom an answer goes to."""
        return Recipient(
            number=self.sender,
            contact_point_id=self.contact_point_id,
            language=self.language,
            channel=self.channel,
        )

    @property
    def by_code(self) -> bool:
        """Whether it is a code of an open question rather than words."""
        return self.thread.digit is not None and self.thread.question is not None


@dataclass(slots=True, kw_only=True)
class Reaction:
    """What a text caused. A `remark` leaves it to a person, whatever else was done."""

    effects: list[dict[str, Any]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    answers: UUID | None = None

    def caused(self, effect: str, **facts: Any) -> None:
        """Note an effect; `facts` are what JSON can hold."""
        self.effects.append({"effect": effect, **facts})

    def leave(self, remark: str) -> None:
        """Leave it to a person, because."""
        self.remarks.append(remark)

    def add(self, other: Reaction) -> None:
        """Take over what another reaction to the same text caused."""
        self.effects += other.effects
        self.remarks += other.remarks
        self.answers = self.answers or other.answers


class Pause(Protocol):
    """Pauses the reminders of accounts; `gateway.notices.pause` is one. How many queued texts that withheld."""

    async def __call__(
        self,
        connection: Any,
        accounts: Sequence[int],
        because: str,
        *,
        inbound_id: UUID,
        case_id: UUID,
        actor: str,
        at: datetime,
    ) -> int: ...


class KnownOutage(Protocol):
    """An outage that an account hangs on."""

    @property
    def outage_no(self) -> str: ...

    @property
    def matter(self) -> str:
        """What a case about it is about."""
        ...

    @property
    def ground(self) -> str:
        """What a text about it rests on."""
        ...

    @property
    def under_way(self) -> bool: ...

    @property
    def to_come(self) -> bool: ...

    @property
    def just_over(self) -> bool: ...

    @property
    def account(self) -> tuple[int, str]:
        """The account that hangs on it, by its row and its number."""
        ...


class Outages(Protocol):
    """What replies ask about outages; `gateway.notices.outages.desk.OutageDesk` is one."""

    async def known(self, connection: Any, accounts: Sequence[int], at: datetime) -> KnownOutage | None: ...

    def say(self, known: Any, language: str | None, at: datetime) -> OutageText: ...

    async def report(self, connection: Any, known: Any, *, inbound_id: UUID, actor: str, at: datetime) -> None: ...

    async def wants_answer(self, connection: Any, known: Any) -> bool: ...

    async def answered(self, connection: Any, known: Any, message: UUID) -> None: ...

    async def confirm(self, connection: Any, message: UUID, *, actor: str, at: datetime) -> list[str]: ...


#: The amounts of the latest bills of accounts; `gateway.notices.amounts` is one.
Amounts = Callable[[Any, Sequence[int]], Awaitable[Mapping[int, Sequence[Decimal]]]]


async def no_amounts(_connection: Any, _accounts: Sequence[int]) -> Mapping[int, Sequence[Decimal]]:
    """Where no room keeps bills."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What reactions need beside a connection."""

    answers: Answers
    region: str
    pause: Pause
    outages: Outages
    #: Numbers of those on duty, who are texted when somebody may be in danger.
    alert_numbers: Sequence[str] = ()
    #: Tells accounts what they missed once a contact of theirs is proven.
    catch_up: CatchUp = tell_nobody
    #: What only the holder knows: the amounts of the latest bills.
    amounts: Amounts = no_amounts
    #: `all` makes every refusal global.
    opt_out_scope: Literal["purpose", "all"] = "purpose"
    #: Whether an invitation to the chat carries the link to the bot.
    bot_link: bool = False

    async def proven(self, connection: Any, links: Sequence[int], at: datetime) -> list[UUID]:
        """What follows once links were proven: cases go on, what was missed is told; which cases."""
        return await completing.proven(connection, links, at, self.catch_up)


def quoted(text: str, most: int = 500) -> str:
    """A customer's words as evidence, cut where they are very long."""
    return text if len(text) <= most else f"{text[:most]}…"


async def keep(connection: Any, heard: Heard, reaction: Reaction) -> None:
    """Write down how a text was read and what it caused; it is done, or waits for a person."""
    asked = heard.thread.answers
    offered = choices(heard.reading, heard.text, asked.kind if asked else "none") if reaction.remarks else []
    await connection.execute(
        """UPDATE inbound SET state = $2, contact_point_id = $3, answers = $4, reading = $5::jsonb,
             effects = effects || $6::jsonb, remark = $7, urgent = urgent OR $8, choices = $9::jsonb WHERE id = $1""",
        heard.id,
        "triage" if reaction.remarks else "done",
        heard.contact_point_id,
        reaction.answers,
        json.dumps(asdict(heard.reading), ensure_ascii=False),
        json.dumps(reaction.effects, ensure_ascii=False),
        "; ".join(reaction.remarks) or None,
        heard.reading.urgent,
        json.dumps([asdict(choice) for choice in offered], ensure_ascii=False),
    )
