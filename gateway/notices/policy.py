"""May we send this text to this recipient, and when: one pure decision (domain notes §7).

`decide` takes what is known of the recipient, what is to be said, what was said before, and the moment; it
answers `SendAt`, `Withhold` with a reason of the contract, or `Expire`, each with its reason in words. Every
number in it comes from a `PolicyTable`, which an admin may replace and which carries a version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

from gateway.kernel.errors import InvalidInput
from gateway.notices.ladder.rules import Ladder
from gateway.outbox.hours import STANDARD_HOURS, HoursClass, HoursTable, describe, next_window

Reason = Literal[
    "opted_out", "misdirected", "revoked", "unreachable", "invalid_number", "no_contact", "frequency_cap", "paid",
    "superseded", "recovered", "visit_instead", "duplicate", "surveyed_recently", "shared_number",
    "not_consented",
]  # fmt: skip
Tone = Literal["warm", "official"]
Role = Literal["holder", "payer", "tenant", "relative", "landlord", "agent"]
Matter = Literal["open", "paid", "superseded", "recovered"]
REASONS: Final[tuple[str, ...]] = get_args(Reason)
ROLES: Final[tuple[Role, ...]] = get_args(Role)


#: The channels of a text that names none.
USUAL: Final[tuple[str, ...]] = ("sms",)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTable:
    """The figures and lists that the decision goes by, with the defaults of domain notes §7."""

    version: str = "1"
    #: Who is written to where the default contact cannot be.
    role_order: tuple[Role, ...] = ROLES
    #: `all`: a refusal of one purpose is a refusal of every one.
    opt_out_scope: Literal["purpose", "all"] = "purpose"
    #: Classes that no refusal stops: what the law and verification ask for.
    beyond_refusal: frozenset[str] = frozenset({"L", "V"})
    #: Kinds that answer what a person just wrote: they go to that very number, whatever is known of it.
    answers: frozenset[str] = frozenset({"apology", "opt_out_confirm", "clarification", "verification"})
    #: Purposes that need a consent given beforehand, by class.
    consent_classes: frozenset[str] = frozenset({"C"})
    #: Purposes that need one whatever the class.
    consent_purposes: frozenset[str] = frozenset({"demand_response"})
    #: Shortest time between two texts to one person: arrears, surveys, class C; and between two same texts.
    arrears_gap: timedelta = timedelta(hours=72)
    survey_gap: timedelta = timedelta(days=30)
    commercial_gap: timedelta = timedelta(days=30)
    same_text_gap: timedelta = timedelta(hours=24)
    #: Segment → kinds that are not texted to it: a person goes or calls instead.
    person_instead: Mapping[str, frozenset[str]] = field(
        default_factory=lambda: {"vulnerable": frozenset({"arrears", "legal_notice"}), "vip": frozenset({"arrears"})}
    )
    #: Segment → tone in which it is spoken to, where nobody asked for another.
    tones: Mapping[str, Tone] = field(default_factory=lambda: {"vulnerable": "warm", "sensitive": "warm"})
    #: The sending hours of each class.
    hours: HoursTable = STANDARD_HOURS
    #: What follows on a bill that is not paid.
    ladder: Ladder = field(default_factory=Ladder)
    #: Kinds that reach at any hour those who reported the fault, medical-device homes and important users.
    urgent_kinds: frozenset[str] = frozenset({"outage_fault", "outage_update", "restoration"})
    #: Kinds that wait while an account's reminders are paused.
    held_kinds: frozenset[str] = frozenset({"arrears", "legal_notice"})
    #: A number shared by unrelated households is only a signal, unless this says otherwise.
    stop_shared_numbers: bool = False
    #: Proof of a contact fades after this time (18 months).
    trust_lasts: timedelta = timedelta(days=548)
    #: Arrears texts to contacts without proof carry no amount.
    mask_unproven: bool = False
    #: A notice about so many at most needs no second person to approve it; 0 always asks for one.
    one_person_approves: int = 0
    #: A notice pauses itself once so many of its texts failed, if they are this share of all that left.
    halt_failures: int = 50
    halt_share: float = 0.2

    def signed(self, because: str) -> str:
        """A reason with the version of the policy that gave it: how it is kept with a message."""
        return f"{because} (policy {self.version})"

    def tone_of(self, segments: Iterable[str]) -> Tone | None:
        """The tone for somebody in these segments; warm where they ask for both."""
        tones = {self.tones[segment] for segment in segments if segment in self.tones}
        return "warm" if "warm" in tones else next(iter(tones), None)

    def __post_init__(self) -> None:
        if set(self.role_order) != set(ROLES) or len(self.role_order) != len(ROLES):
            raise InvalidInput(f"the order of roles must name each once: {', '.join(ROLES)}", field="role_order")


DEFAULT: Final = PolicyTable()
#: The policy in force when it is asked; rooms keep this, not a table.
Policy = Callable[[], PolicyTable]
_NOTHING: Final[frozenset[str]] = frozenset()
#: Kinds whose texts have a form without the amount.
_WITH_AMOUNTS: Final = frozenset({"arrears", "bill"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A contact of the account, with what is known of the number behind it."""

    role: Role
    state: Literal["unverified", "verified", "suspended", "revoked"]
    link_id: int = 0
    contact_point_id: int = 0
    is_default: bool = False
    verified_at: datetime | None = None
    #: Brought by a correction or a proposal and not proven yet: it is told no amount.
    needs_proof: bool = False
    #: Whether a text can reach the number at all.
    line: Literal["mobile", "landline", "unknown", "invalid"] = "mobile"
    number_state: Literal["active", "unreachable", "retired"] = "active"
    #: Purposes refused on the number; `all` for every purpose.
    opt_outs: frozenset[str] = _NOTHING
    #: Purposes its owner asked for.
    consents: frozenset[str] = _NOTHING
    #: The number stands on too many unrelated accounts.
    shared: bool = False
    #: The number is a staff member's; it is never a customer's contact.
    of_staff: bool = False
    #: The place of its channel among those the text may use.
    place: int = 0
    #: How likely it reaches somebody who belongs to the account, in steps of 0.05; None where nobody reckoned it.
    trust: float | None = None

    @property
    def doubted(self) -> bool:
        """Whether it is more likely wrong than right."""
        return self.trust is not None and self.trust < _EVEN


@dataclass(frozen=True, slots=True)
class Paused:
    """The reminders of an account are paused until a moment, for a reason of the contract and in words."""

    reason: Reason
    because: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """An account as far as the decision needs it. `zone` and `region` are those of the service address.

    A text to a number rather than an account takes that number's links; a number without any is a link of
    its own in the state `unverified`.
    """

    links: Sequence[Link]
    zone: ZoneInfo
    region: str
    #: The archive says the account wants no texts: a refusal of every purpose.
    sms_opt_out: bool = False
    #: The segments the account is in (`gateway.archive.segments`).
    segments: frozenset[str] = _NOTHING
    #: The customer reported the fault that the text is about.
    reported: bool = False
    paused: Paused | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be said: a template's kind, class, purpose and hours, and how the matter behind it stands."""

    kind: str
    klass: str
    purpose: str
    hours: HoursClass
    not_before: datetime | None = None
    expires_at: datetime | None = None
    matter: Matter = "open"
    #: The channels it may use, the first choice first.
    channels: tuple[str, ...] = USUAL


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What was sent to this person, or stands queued: the last moments that count for frequency."""

    last_by_kind: Mapping[str, datetime] = field(default_factory=dict)
    last_commercial_at: datetime | None = None
    #: When the very same text went to the same number.
    same_text_at: datetime | None = None


FRESH: Final = History()


@dataclass(frozen=True, slots=True)
class SendAt:
    """It may leave at `at` (UTC), within hours that end at `closes`; then it is deferred anew.

    `link` is the contact to write to, None where the text answers a number. `masked`: say no amount.
    """

    at: datetime
    closes: datetime | None
    because: str
    link: Link | None = None
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Withhold:
    """It is not sent, for a reason of the contract."""

    reason: Reason
    because: str


@dataclass(frozen=True, slots=True)
class Expire:
    """Its validity ends before it may leave."""

    because: str


Decision = SendAt | Withhold | Expire

_MATTERS: Final[Mapping[str, Withhold]] = {
    "paid": Withhold("paid", "the bill has been paid"),
    "superseded": Withhold("superseded", "a later notice takes its place"),
    "recovered": Withhold("recovered", "supply is back"),
}
#: Why a person goes or calls instead, by segment; where several speak, the first of these.
_INSTEAD: Final[Mapping[str, Withhold]] = {
    "vulnerable": Withhold("visit_instead", "the household is vulnerable; a person visits or calls instead"),
    "vip": Withhold("visit_instead", "a key account; its account manager speaks to it first"),
}
#: Segments that are reached at any hour with what is urgent.
_URGENT_SEGMENTS: Final = frozenset({"medical_device", "important"})
_NO_CONTACT: Final = Withhold("no_contact", "the account has no contact")
# The most telling first: it is given as the reason where every contact is barred.
_BARRED: Final = (
    Withhold("misdirected", "the contact is under suspicion of belonging to somebody else"),
    Withhold("revoked", "the contact is known to be wrong"),
    Withhold("shared_number", "the number belongs to staff or to too many households"),
    Withhold("unreachable", "the number is out of service"),
    Withhold("invalid_number", "no text can reach the number: it is a landline or malformed"),
)
_MISDIRECTED, _REVOKED, _SHARED, _UNREACHABLE, _INVALID = _BARRED
_BAR_RANK: Final = {id(bar): rank for rank, bar in enumerate(_BARRED)}
_ACCOUNT_REFUSES: Final = Withhold("opted_out", "the account wants no texts")
_NOT_CONSENTED: Final = Withhold("not_consented", "nobody has asked for texts of this purpose on the number")
_TOO_SOON_COMMERCIAL: Final = Withhold("frequency_cap", "a text of this class went to the person too recently")
_DUPLICATE: Final = Withhold("duplicate", "the same text went to the number too recently")
#: Below this a contact is more likely wrong than right.
_EVEN: Final = 0.5
#: What the default contact is given before the others, and what is thought of one that nobody reckoned.
_DEFAULT_FIRST: Final = 0.15
_UNRECKONED: Final = 0.85
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


def decide(
    recipient: Recipient,
    wish: Wish,
    history: History,
    now: datetime,
    table: PolicyTable = DEFAULT,
) -> Decision:
    """Decide whether, when and to whom a text goes.

    A refusal, a doubt about the contact, or a matter that is settled always withholds; hours only defer, and
    deciding again at the deferred moment gives the same answer. Frequency is measured at the moment the text
    would leave. Raises InvalidInput for a moment without a time zone.
    """
    if now.tzinfo is None:
        raise InvalidInput("a decision needs the present moment with its time zone", field="now")
    if wish.matter != "open":
        return _MATTERS[wish.matter]
    if (pause := is_paused(recipient.paused, wish.kind, now, table)) is not None:
        return pause
    if (instead := _person_instead(recipient, wish, table)) is not None:
        return instead
    link: Link | None = None
    if wish.kind not in table.answers:
        chosen = choose_link(recipient.links, table)
        if type(chosen) is Withhold:
            return chosen
        assert type(chosen) is Link
        link = chosen
        if (refusal := _refused(recipient, link, wish, table)) is not None:
            return refusal
    return _when(recipient, wish, history, now, table, link)


def _person_instead(recipient: Recipient, wish: Wish, table: PolicyTable) -> Withhold | None:
    """Why a person speaks to the account instead, if one does."""
    found = sorted(segment for segment in recipient.segments if wish.kind in table.person_instead.get(segment, ()))
    if not found:
        return None
    told = next((segment for segment in _INSTEAD if segment in found), found[0])
    return _INSTEAD.get(told) or _segment_instead(told)


def is_paused(paused: Paused | None, kind: str, now: datetime, table: PolicyTable = DEFAULT) -> Withhold | None:
    """Why a text of this kind waits, where the account's reminders are paused at the moment."""
    if paused is None or kind not in table.held_kinds or now >= paused.until:
        return None
    return Withhold(paused.reason, paused.because)


def choose_link(links: Sequence[Link], table: PolicyTable = DEFAULT) -> Link | Withhold:
    """Pick the contact to write to: on the first channel there is, the default where usable, otherwise by role.

    Among equals a proven contact comes first, then the one proven last. Where none is usable the answer is
    the most telling reason. A refusal does not pass the text on to somebody else, so it plays no part here.
    """
    best: Link | None = None
    worst: Withhold = _NO_CONTACT
    for link in links:
        bar = _barred(link, table)
        if bar is not None:
            if worst is _NO_CONTACT or _BAR_RANK[id(bar)] < _BAR_RANK[id(worst)]:
                worst = bar
        elif best is None or _preference(link, table) < _preference(best, table):
            best = link
    return worst if best is None else best


def is_proven(link: Link, at: datetime, table: PolicyTable = DEFAULT) -> bool:
    """Whether the contact was proven recently enough to be trusted with an amount."""
    return link.state == "verified" and link.verified_at is not None and at - link.verified_at < table.trust_lasts


def _barred(link: Link, table: PolicyTable) -> Withhold | None:
    if link.state == "suspended":
        return _MISDIRECTED
    if link.state == "revoked":
        return _REVOKED
    if link.of_staff or (link.shared and table.stop_shared_numbers):
        return _SHARED
    if link.number_state != "active":
        return _UNREACHABLE
    if link.line == "landline" or link.line == "invalid":
        return _INVALID
    return None


def _preference(link: Link, table: PolicyTable) -> tuple[bool, int, float, bool, int, bool, timedelta, int, int]:
    """The default, unless it is more likely wrong than right or another is clearly likelier; then by role."""
    proven_at = link.verified_at or _EARLIEST
    trust = _UNRECKONED if link.trust is None else link.trust
    return (
        link.doubted,
        link.place,
        -min(1.0, trust + _DEFAULT_FIRST) if link.is_default else -trust,
        not link.is_default,
        table.role_order.index(link.role),
        link.state != "verified",
        _EARLIEST - proven_at,
        link.link_id,
        link.contact_point_id,
    )


def _refused(recipient: Recipient, link: Link, wish: Wish, table: PolicyTable) -> Withhold | None:
    """A refusal, or a consent that is wanting. Law and verification are beyond both."""
    if wish.klass in table.beyond_refusal:
        return None
    if recipient.sms_opt_out:
        return _ACCOUNT_REFUSES
    refused = link.opt_outs
    if refused and (wish.purpose in refused or "all" in refused or table.opt_out_scope == "all"):
        return _opted_out(wish.purpose)
    wanted = wish.klass in table.consent_classes or wish.purpose in table.consent_purposes
    if wanted and wish.purpose not in link.consents:
        return _NOT_CONSENTED
    return None


def _when(
    recipient: Recipient,
    wish: Wish,
    history: History,
    now: datetime,
    table: PolicyTable,
    link: Link | None,
) -> Decision:
    wanted = now if wish.not_before is None or wish.not_before <= now else wish.not_before
    hours = wish.hours
    urgent = (
        hours is HoursClass.OUTAGE
        and wish.kind in table.urgent_kinds
        and (recipient.reported or not _URGENT_SEGMENTS.isdisjoint(recipient.segments))
    )
    if urgent:
        hours = HoursClass.ANY
    window = next_window(hours, wanted, recipient.zone, recipient.region, table.hours)
    at = window.opens
    if wish.expires_at is not None and wish.expires_at <= at:
        return _expired(hours, table.hours)
    if (too_soon := _too_soon(wish, history, at, table)) is not None:
        return too_soon
    masked = (
        link is not None
        and wish.kind in _WITH_AMOUNTS
        and (
            link.needs_proof
            or link.doubted
            or (table.mask_unproven and wish.kind == "arrears" and not is_proven(link, at, table))
        )
    )
    because = _words(
        hours,
        table.hours,
        at > wanted,
        urgent,
        None if link is None else link.role,
        link is not None and link.is_default,
        masked,
    )
    return SendAt(at, window.closes, because, link, masked)


def _too_soon(wish: Wish, history: History, at: datetime, table: PolicyTable) -> Withhold | None:
    last = history.last_by_kind.get(wish.kind)
    if last is not None:
        if wish.kind == "arrears" and at - last < table.arrears_gap:
            return _too_soon_words("frequency_cap", wish.kind, table.arrears_gap)
        if wish.kind == "survey" and at - last < table.survey_gap:
            return _too_soon_words("surveyed_recently", wish.kind, table.survey_gap)
    last = history.last_commercial_at
    if wish.klass == "C" and last is not None and at - last < table.commercial_gap:
        return _TOO_SOON_COMMERCIAL
    last = history.same_text_at
    if last is not None and wish.klass != "V" and at - last < table.same_text_gap:
        return _DUPLICATE
    return None


# A large notice gives the same few answers a million times; their words are made once.


@lru_cache(maxsize=256)
def _opted_out(purpose: str) -> Withhold:
    return Withhold("opted_out", f"texts of the purpose {purpose} were refused on the number")


@lru_cache(maxsize=256)
def _too_soon_words(reason: Reason, kind: str, gap: timedelta) -> Withhold:
    hours = int(gap.total_seconds() // 3600)
    span = f"{hours} hours" if hours <= 72 else f"{hours // 24} days"
    return Withhold(reason, f"a text of the kind {kind} went to the person less than {span} before")


@lru_cache(maxsize=64)
def _expired(hours: HoursClass, table: HoursTable) -> Expire:
    return Expire(f"its validity ends before the hours {describe(hours, table)} next allow it")


@lru_cache(maxsize=64)
def _segment_instead(segment: str) -> Withhold:
    return Withhold("visit_instead", f"the account is in the segment {segment}; a person visits or calls instead")


@lru_cache(maxsize=1024)
def _words(
    hours: HoursClass, table: HoursTable, deferred: bool, urgent: bool, role: str | None, is_default: bool, masked: bool
) -> str:
    if role is None:
        whom = "to the number that wrote"
    else:
        whom = f"to the {role}, the default contact" if is_default else f"to the {role}, the best usable contact"
    if urgent:
        when = "at any hour, as the supply matters to them urgently"
    else:
        when = f"deferred to the next opening of {describe(hours, table)}" if deferred else describe(hours, table)
    return f"{whom}; {when}" + ("; without the amount, as the contact is unproven" if masked else "")
