"""What the web needs of the house. `gateway.app` puts it together; tests put stand-ins in.

Use cases that get a session or a connection work in its transaction and leave the commit to the web, which keeps
the answer to an Idempotency-Key in that transaction too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.checklist import Concerned, Left
from gateway.archive.findings import Findings
from gateway.archive.trust.sweeping import Swept
from gateway.cases.commitments.keeping import Commitments
from gateway.cases.keeping import NewCase
from gateway.cases.marking import Repeats
from gateway.cases.raising import Opened
from gateway.cases.warnings.cards import Cards
from gateway.cases.warnings.keeping import Warnings
from gateway.evaluations import Ratings
from gateway.followups import Asking, Deputies, Followups, Series
from gateway.kernel.clock import Clock
from gateway.kernel.database import Database
from gateway.kernel.errors import LamplighterError
from gateway.kernel.settings import Settings
from gateway.notices import Asked, Draft, KeptPreview, Taken, Wording
from gateway.notices.ladder.feed import Watermark
from gateway.notices.ladder.reading import LadderBill
from gateway.notices.ladder.running import Ran
from gateway.notices.ladder.tones import Comparison
from gateway.notices.outages.feed import Became, Event
from gateway.notices.outages.keeping import NewOutage
from gateway.notices.outages.scopes import Scope
from gateway.notices.policies import PolicyVersion
from gateway.notices.policy_trial import Trial
from gateway.notices.texts import Proposed, TextPreview
from gateway.outbox import NewMessage
from gateway.outbox.carriers import InboundText, Receipt
from gateway.outbox.health import LaneSeen
from gateway.retention.keeping import Retention

__all__ = [
    "Accepting",
    "Cases",
    "Changes",
    "Corrections",
    "Hook",
    "HookAnswer",
    "Imports",
    "Inbox",
    "Intake",
    "LadderDesk",
    "LinkDecision",
    "NewContact",
    "Notices",
    "Outages",
    "Policy",
    "Previews",
    "Proofs",
    "Sandbox",
    "Services",
    "Texts",
    "Verifier",
    "Wire",
]


class Imports(Protocol):
    """Takes files in."""

    async def submit(self, session: AsyncSession, *, kind: str, filename: str, path: Path, requested_by: str) -> UUID:
        """Queue the file at `path`; the id of the import. Raises InvalidInput for an unknown kind."""
        ...

    async def mend(
        self, session: AsyncSession, import_id: UUID, rows: Mapping[int, Sequence[str]], *, actor: str
    ) -> UUID:
        """Queue refused rows again as they were mended, by the id of a reject; the id of the new import."""
        ...


class Notices(Protocol):
    """Notices, from draft to done. All work in the session's transaction."""

    @property
    def channels(self) -> frozenset[str]:
        """The channels that a notice may name."""

    async def draft(self, session: AsyncSession, asked: Draft, *, actor: str) -> UUID: ...

    async def approve(
        self, session: AsyncSession, notice_id: UUID, *, actor: str, two_people: bool, head: str | None = None
    ) -> None:
        """`two_people`: the actor's word counts as that of two, so it may have drafted the notice itself.
        `head`: the staff number of who answers for a legal notice."""
        ...

    async def pause(self, session: AsyncSession, notice_id: UUID, *, actor: str, remark: str | None = None) -> None: ...

    async def resume(self, session: AsyncSession, notice_id: UUID, *, actor: str) -> None: ...

    async def cancel(
        self, session: AsyncSession, notice_id: UUID, *, actor: str, remark: str | None = None
    ) -> None: ...

    async def resend(self, session: AsyncSession, notice_id: UUID, *, actor: str) -> UUID: ...


class Previews(Protocol):
    """What notices would do, found out beside the request. Each opens transactions of its own."""

    async def ask(self, notice_id: UUID, patience: float) -> KeptPreview: ...

    async def last(self, notice_id: UUID) -> KeptPreview: ...


class LadderDesk(Protocol):
    """The ladder of arrears. All but `draft_due` work in the session's transaction."""

    async def draft_due(self, *, stage: str | None, actor: str) -> Ran: ...

    async def bills(
        self,
        session: AsyncSession,
        *,
        account_no: str | None,
        billing_month: str | None,
        settled: bool,
        before: int | None,
        limit: int,
    ) -> Sequence[LadderBill]: ...

    async def feed(self, session: AsyncSession) -> Watermark: ...

    async def declare(self, session: AsyncSession, until: datetime, *, actor: str) -> None: ...

    async def tones(self, session: AsyncSession, *, since: datetime, until: datetime) -> Comparison: ...

    async def stopped(self, session: AsyncSession, stop_id: UUID, *, at: datetime | None, actor: str) -> None: ...

    async def restored(self, session: AsyncSession, stop_id: UUID, *, at: datetime | None, actor: str) -> None: ...

    async def give_up(self, session: AsyncSession, stop_id: UUID, *, because: str, actor: str) -> None: ...


class Policy(Protocol):
    """The policy's versions. All work in the session's transaction."""

    @property
    def channels(self) -> Sequence[str]:
        """The channels there are."""
        ...

    async def version(self, session: AsyncSession, number: int | None) -> PolicyVersion: ...

    async def versions(self, session: AsyncSession, *, before: int | None, limit: int) -> Sequence[PolicyVersion]: ...

    async def put(
        self, session: AsyncSession, changes: Mapping[str, Any], *, why: str, base: int | None, actor: str
    ) -> None: ...

    async def tried(self, session: AsyncSession, changes: Mapping[str, Any], *, base: int | None) -> Trial: ...


class Lanes(Protocol):
    """Lanes with their health, and their switches. Both work in the session's transaction."""

    async def lanes(self, session: AsyncSession) -> Sequence[LaneSeen]: ...

    async def switch(self, session: AsyncSession, name: str, *, on: bool, why: str, actor: str) -> LaneSeen: ...


class Outages(Protocol):
    """Outages begin, change and end, all in the session's transaction."""

    async def announce(self, session: AsyncSession, new: NewOutage, *, actor: str) -> str: ...

    async def change(
        self,
        session: AsyncSession,
        outage_no: str,
        changed: Mapping[str, Any],
        *,
        scope: Scope | None,
        actor: str,
        add_to_scope: bool = False,
    ) -> bool: ...

    async def take(self, session: AsyncSession, event: Event, *, actor: str) -> Became: ...


class Texts(Protocol):
    """The wording, and how it is edited. All work in the session's transaction."""

    @property
    def in_force(self) -> Wording: ...

    @property
    def shipped(self) -> Wording: ...

    async def preview(self, session: AsyncSession, texts: Sequence[Proposed]) -> Sequence[TextPreview]: ...

    async def draft(
        self, session: AsyncSession, texts: Sequence[Proposed], *, note: str | None, actor: str
    ) -> UUID: ...

    async def approve(self, session: AsyncSession, revision_id: UUID, *, actor: str, two_people: bool) -> None: ...

    async def refuse(self, session: AsyncSession, revision_id: UUID, *, actor: str, remark: str | None) -> None: ...

    async def approved_by_carrier(
        self,
        session: AsyncSession,
        *,
        name: str,
        version: str,
        carrier: str,
        carrier_template_id: str | None,
        state: str,
        reason: str | None,
        actor: str,
    ) -> None: ...


class Accepting(Protocol):
    """Accepts single messages, many at a time."""

    async def accept(
        self, connection: Any, asked: Sequence[Asked], *, now: datetime, wake: bool = True
    ) -> Sequence[Taken | LamplighterError]:
        """Write what can be accepted in the transaction of `connection` (the driver's); one result for each.

        Its commit tells dispatchers of it, unless the caller does (`wake`)."""
        ...

    async def judged(
        self, connection: Any, asked: Sequence[Asked], *, now: datetime
    ) -> Sequence[NewMessage | LamplighterError]:
        """What messages to numbers would be, without writing any; a number's id is below zero until it is known."""
        ...


class Intake(Protocol):
    """Takes in what carriers report. Each returns once it is committed, a repeat changing nothing."""

    async def text(self, text: InboundText) -> None: ...

    async def receipt(self, receipt: Receipt) -> None: ...

    async def unreadable(self, raw: bytes, *, channel: str) -> None: ...


class Inbox(Protocol):
    """What people do with inbounds."""

    async def resolve(
        self,
        session: AsyncSession,
        inbound_id: UUID,
        *,
        intents: Sequence[str] | None,
        score: int | None,
        note: str | None,
        actor: str,
    ) -> None:
        """Settle an inbound in triage: read as `intents` and reacted to so, or closed where there are none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDecision:
    """What is to become of a link that a correction concerns."""

    account_no: str
    number: str
    decision: str
    role: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContact:
    """A number to be reached instead; without `account_no` that of the case."""

    number: str
    role: str
    account_no: str | None = None


class Corrections(Protocol):
    """Correction cases. Numbers are E.164."""

    async def open_case(
        self,
        session: AsyncSession,
        *,
        account_no: str,
        number: str | None,
        reason: str,
        evidence: str,
        new_contacts: Sequence[NewContact],
        note: str | None,
        actor: str,
    ) -> UUID: ...

    async def apply(
        self,
        session: AsyncSession,
        correction_id: UUID,
        *,
        links: Sequence[LinkDecision],
        new_contacts: Sequence[NewContact],
        note: str | None,
        actor: str,
    ) -> None: ...

    async def dismiss(self, session: AsyncSession, correction_id: UUID, *, note: str | None, actor: str) -> None: ...

    async def revert(
        self,
        session: AsyncSession,
        correction_id: UUID,
        *,
        note: str | None,
        actor: str,
        only_decisions: bool = False,
    ) -> None: ...

    async def sign(
        self,
        session: AsyncSession,
        correction_id: UUID,
        *,
        waive: Sequence[str],
        note: str | None,
        actor: str,
        two_people: bool,
    ) -> None:
        """`two_people`: the actor's word counts as that of two, so it may have decided the case itself."""
        ...

    async def left(self, session: AsyncSession, correction_id: UUID) -> Sequence[Left]: ...

    async def concerned(self, session: AsyncSession, correction_id: UUID) -> Sequence[Concerned]: ...


class Proofs(Protocol):
    """Proving the contacts that a correction brought."""

    async def prove(
        self,
        session: AsyncSession,
        correction_id: UUID,
        *,
        account_no: str,
        number: str,
        how: str,
        code: str | None,
        note: str | None,
        actor: str,
    ) -> None: ...

    async def invite(self, session: AsyncSession, number: str, *, actor: str) -> None: ...
    async def unlink(self, session: AsyncSession, number: str, *, actor: str) -> int: ...


class Cases(Protocol):
    """What customers raised: judged, written on, handed on, told, closed."""

    async def open(self, session: AsyncSession, asked: NewCase, *, actor: str) -> Opened: ...

    async def tell(self, session: AsyncSession, case_id: UUID, *, progress: str, actor: str) -> None: ...

    async def contacted(self, session: AsyncSession, case_id: UUID, *, note: str, actor: str) -> None: ...

    async def judge(
        self,
        session: AsyncSession,
        case_id: UUID,
        *,
        severity: str | None,
        klass: str | None,
        topic: str | None,
        note: str,
        actor: str,
    ) -> None: ...

    async def acknowledge(
        self, session: AsyncSession, case_id: UUID, handover_id: int, *, owner_no: str | None, actor: str
    ) -> None: ...

    async def give_back(
        self, session: AsyncSession, case_id: UUID, handover_id: int, *, reason: str, actor: str
    ) -> None: ...

    async def rate(
        self,
        session: AsyncSession,
        case_id: UUID,
        handover_id: int,
        *,
        rating: int,
        note: str | None,
        actor: str,
        two_people: bool,
    ) -> None: ...

    async def answer(
        self, session: AsyncSession, case_id: UUID, *, solved: bool, note: str, actor: str, two_people: bool
    ) -> None: ...

    async def write(self, session: AsyncSession, case_id: UUID, *, note: str, actor: str) -> None: ...

    async def assign(
        self,
        session: AsyncSession,
        case_id: UUID,
        *,
        unit: str | None,
        owner_no: str | None,
        note: str | None,
        actor: str,
    ) -> None: ...

    async def close(self, session: AsyncSession, case_id: UUID, *, outcome: str, actor: str) -> None: ...


class Changes(Protocol):
    """Corrections for the utility's own customer system."""

    async def since(self, session: AsyncSession, *, after: int, limit: int) -> Sequence[Mapping[str, Any]]:
        """Changes behind number `after`, in the order they were committed: `id, at, kind, account_no, number,
        role, correction_id, detail`."""
        ...


class Verifier(Protocol):
    """Tells whether a webhook was posted by the carrier."""

    def verify(self, path: str, form: Mapping[str, Collection[str]], signature: str | None) -> bool: ...


class HookAnswer(Protocol):
    """What a chat platform is answered; `outcome` is how its request is counted."""

    @property
    def status(self) -> int: ...
    @property
    def body(self) -> bytes: ...
    @property
    def content_type(self) -> str: ...
    @property
    def outcome(self) -> str: ...


class Hook(Protocol):
    """An address that a chat platform calls."""

    @property
    def path(self) -> str: ...
    @property
    def carrier(self) -> str: ...
    @property
    def methods(self) -> Sequence[str]: ...

    async def answer(
        self, *, method: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> HookAnswer:
        """Check it, take it in, answer once it is committed."""
        ...


class Wire(Protocol):
    """How a carrier's webhooks are read; the module `gateway.channels.twilio_webhooks` is one."""

    def parse_form(self, body: bytes) -> dict[str, list[str]]: ...

    def read_inbound(self, form: Mapping[str, list[str]]) -> InboundText: ...

    def read_receipt(self, form: Mapping[str, list[str]], message_id: UUID | None) -> Receipt: ...


class Sweeping(Protocol):
    """Looking through the archive."""

    async def sweep(self) -> Swept | None:
        """Sweep now; None where a sweep is under way."""
        ...


class Sandbox(Protocol):
    """The sandbox's controls."""

    async def move_to(self, target: datetime) -> datetime:
        """Move the clock; the new time, once everything due in between was done. May raise Conflict."""
        ...

    async def idle(self, patience: float) -> Sequence[str]:
        """Wait until nothing is in progress, `patience` seconds at most; what still was."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything the web calls."""

    settings: Settings
    database: Database
    clock: Clock
    imports: Imports
    notices: Notices
    previews: Previews
    policy: Policy
    lanes: Lanes
    outages: Outages
    texts: Texts
    ladder: LadderDesk
    messages: Accepting
    intake: Intake
    inbox: Inbox
    proofs: Proofs
    corrections: Corrections
    findings: Findings
    cases: Cases
    repeats: Repeats
    commitments: Commitments
    warnings: Warnings
    cards: Cards
    followups: Followups
    ratings: Ratings
    series: Series
    deputies: Deputies
    independent: Asking
    changes: Changes
    sweeping: Sweeping
    retention: Retention
    twilio_verifier: Verifier
    twilio_wire: Wire
    #: What chat platforms call.
    hooks: Sequence[Hook] = ()
    sandbox: Sandbox | None = None
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
