"""The policy table: the figures and lists that decisions go by, which an admin may replace."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal, get_args

from gateway.kernel.errors import InvalidInput
from gateway.notices.ladder.rules import Ladder
from gateway.notices.outages.timetable import Timetable
from gateway.outbox.hours import STANDARD_HOURS, HoursTable

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
class ByChannel:
    """The channels on which a segment is written to, the first choice first, where nobody named any."""

    segment: str
    channels: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.channels or len(set(self.channels)) != len(self.channels):
            raise InvalidInput("each channel is named once, and one at least", field="channels")


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
    #: Channels by segment: the first row of whose segment an account is.
    channels: tuple[ByChannel, ...] = ()
    #: The sending hours of each class.
    hours: HoursTable = STANDARD_HOURS
    #: What follows on a bill that is not paid.
    ladder: Ladder = field(default_factory=Ladder)
    #: When a planned outage is told of again, and what goes with outages.
    outages: Timetable = field(default_factory=Timetable)
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

    def channels_of(self, segments: Collection[str]) -> tuple[str, ...] | None:
        """The channels for somebody in these segments; None where the policy names none."""
        return next((row.channels for row in self.channels if row.segment in segments), None)

    def __post_init__(self) -> None:
        if set(self.role_order) != set(ROLES) or len(self.role_order) != len(ROLES):
            raise InvalidInput(f"the order of roles must name each once: {', '.join(ROLES)}", field="role_order")
        for name in ("arrears_gap", "survey_gap", "commercial_gap", "same_text_gap"):
            if getattr(self, name) < timedelta(0):
                raise InvalidInput("a time between two texts is never negative", field=name)
        if self.trust_lasts <= timedelta(0):
            raise InvalidInput("a time to wait is longer than none", field="trust_lasts")
        if self.one_person_approves < 0:
            raise InvalidInput("a number of recipients is never negative", field="one_person_approves")
        if self.halt_failures < 1:
            raise InvalidInput("a notice halts after one failure at least", field="halt_failures")
        if not 0 <= self.halt_share <= 1:
            raise InvalidInput("a share lies between 0 and 1", field="halt_share")


DEFAULT: Final = PolicyTable()
#: The policy in force when it is asked; rooms keep this, not a table.
Policy = Callable[[], PolicyTable]
