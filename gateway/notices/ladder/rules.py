"""The ladder's stages and figures, and where a bill stands on it: pure (domain notes §3.6, §7).

A stage is due a number of days after a bill's due date (before it, where negative). Of several that are due, the
highest is taken: whoever becomes known late is not told three things in one day. Between two stages of a bill lies
at least a gap. What freezes a bill stops every stage; it goes on where it stood once the cause is gone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final, Literal
from zoneinfo import ZoneInfo

from gateway.kernel.errors import InvalidInput
from gateway.notices.ladder.late_charge import Rates
from gateway.outbox.hours import is_working_day

By = Literal["text", "person", "legal"]
#: `draw`: by the logged draw between the tones; None: the text's usual one.
StageTone = Literal["warm", "official", "draw"]
_DAY: Final = timedelta(days=1)
_FURTHEST: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One rung. Texts name their kind and template; people are sent to those in `segments`; `legal` is a proposal."""

    name: str
    #: Days after the due date; before it, where negative.
    day: int
    by: By = "text"
    kind: Literal["bill", "arrears"] = "arrears"
    template: str = "arrears"
    tone: StageTone | None = None
    #: Held while the payment feed is late: whoever has paid must not be told that he has not.
    needs_payments: bool = True
    #: Whether the clock may approve it by itself; otherwise it waits as a draft.
    by_itself: bool = True
    segments: frozenset[str] = frozenset()


STAGES: Final = (
    Stage(name="bill_issued", day=-60, kind="bill", template="bill", needs_payments=False),
    Stage(name="before_due", day=-3, kind="bill", template="bill_reminder"),
    Stage(name="overdue", day=1, template="arrears", tone="draw"),
    Stage(name="daily_charge", day=7, template="arrears_charge", tone="draw"),
    Stage(name="contact", day=15, by="person", segments=frozenset({"vulnerable", "medical_device", "vip"})),
    Stage(name="legal", day=31, by="legal", by_itself=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Legal:
    """The procedure of a disconnection for arrears; each figure is a parameter, since the rules differ by place."""

    #: Days between the notice and the stop.
    notice_days: int = 7
    #: The last notice comes so many minutes before the stop.
    final_minutes_residential: int = 30
    final_minutes_others: int = 60
    stop_at: time = time(9)
    #: The last reminder lies at least so many days back.
    reminded_days: int = 7
    #: Supply is back within so many hours of the payment.
    restore_hours: int = 24
    #: Staff numbers of those who may approve; empty: anybody on the staff list who is named.
    heads: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 3 <= self.notice_days <= 30:
            raise InvalidInput("the notice comes 3 days before the stop at least", field="notice_days")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepayment:
    """To whom prepayment is offered: so many bills paid late within so many months, asked once in so many days."""

    late_bills: int = 3
    within_months: int = 12
    once_in_days: int = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Everything an admin may set about the ladder."""

    stages: tuple[Stage, ...] = STAGES
    #: When the day's stages are drafted, at the utility's home.
    runs_at: time = time(8)
    gap: timedelta = timedelta(hours=72)
    #: A stage about more bills than this waits for a person, whatever it says itself.
    confirm_above: int = 50_000
    #: Payments are late when the feed is not complete up to this long ago.
    feed_may_lag: timedelta = timedelta(hours=48)
    #: Share of accounts that the draw gives the warm tone.
    warm_share: float = 0.5
    #: Tones are compared by what was paid within so many days of the text.
    paid_within_days: int = 7
    legal: Legal = field(default_factory=Legal)
    prepayment: Prepayment = field(default_factory=Prepayment)
    rates: Rates = field(default_factory=Rates)

    def __post_init__(self) -> None:
        days = [stage.day for stage in self.stages]
        if days != sorted(set(days)):
            raise InvalidInput("stages are listed by day, each day once", field="stages")
        if len({stage.name for stage in self.stages}) != len(self.stages):
            raise InvalidInput("stages have names of their own", field="stages")
        if any(stage.by == "legal" and stage.day <= 30 for stage in self.stages):
            raise InvalidInput("supply is not stopped before more than 30 days have passed", field="stages")
        if not 0 <= self.warm_share <= 1:
            raise InvalidInput("a share lies between 0 and 1", field="warm_share")

    def stage(self, name: str) -> Stage | None:
        """The stage of that name."""
        return next((stage for stage in self.stages if stage.name == name), None)


class Freeze(StrEnum):
    """What stops a bill's stages, the first found being told."""

    HOLD = "hold"
    DOUBT = "contact_in_doubt"
    PROTECTED = "protected_event"
    VULNERABLE = "vulnerable"
    KEY_ACCOUNT = "key_account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A bill as far as the ladder needs it. `today` and moments are at the utility's home."""

    due: date
    settled: bool
    #: The highest stage taken, by its day, and when; None before the first.
    taken_day: int | None
    taken_at: datetime | None
    #: The account's reminders are paused, in words.
    held: str | None
    #: A contact of the account is under suspicion, or a correction about one is undecided.
    doubt: bool
    segments: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a bill stands: the next stage and its earliest day, or why there is none."""

    state: Literal["running", "frozen", "settled", "done"]
    next: Stage | None
    due_on: date | None
    freeze: Freeze | None
    because: str


def freeze_of(facts: Facts, by: By) -> tuple[Freeze, str] | None:
    """What stops a stage of this sort for a bill, and in which words."""
    if facts.held is not None:
        return Freeze.HOLD, facts.held
    if facts.doubt:
        return Freeze.DOUBT, "a contact of the account is in doubt; what is said might reach somebody else"
    if "protected_event" in facts.segments:
        return Freeze.PROTECTED, "supply is guarded for an event"
    if by == "person":
        return None
    if facts.segments & {"vulnerable", "medical_device"}:
        return Freeze.VULNERABLE, "the household is vulnerable; a person goes instead, and supply is not stopped"
    if by == "legal" and "vip" in facts.segments:
        return Freeze.KEY_ACCOUNT, "a key account; its manager settles it"
    return None


def standing(facts: Facts, stages: Sequence[Stage], now: datetime, gap: timedelta, zone: ZoneInfo) -> Standing:
    """Where a bill stands at a moment."""
    if facts.settled:
        return Standing(state="settled", next=None, due_on=None, freeze=None, because="the bill has been paid")
    ahead = [stage for stage in stages if facts.taken_day is None or stage.day > facts.taken_day]
    ahead = [stage for stage in ahead if not stage.segments or stage.segments & facts.segments]
    if not ahead:
        return Standing(state="done", next=None, due_on=None, freeze=None, because="every stage has been taken")
    today = now.astimezone(zone).date()
    due = [stage for stage in ahead if facts.due + _DAY * stage.day <= today]
    following = due[-1] if due else ahead[0]
    if (frozen := freeze_of(facts, following.by)) is not None and following.kind != "bill":
        return Standing(state="frozen", next=following, due_on=None, freeze=frozen[0], because=frozen[1])
    earliest = max(today, facts.due + _DAY * following.day)
    if facts.taken_at is not None:
        earliest = max(earliest, (facts.taken_at + gap).astimezone(zone).date())
    words = f"{following.name} follows {following.day} days after the bill fell due"
    if following.day < 0:
        words = f"{following.name} follows {-following.day} days before the bill falls due at the earliest"
    return Standing(state="running", next=following, due_on=earliest, freeze=None, because=words)


def stop_day(approved: date, legal: Legal, region: str, closed: Collection[date] = ()) -> date:
    """The day of a disconnection approved on `approved`: after the notice's days, and never a day on which nobody
    works, nor the eve of one."""
    day = approved + _DAY * legal.notice_days
    for _ in range(_FURTHEST):
        if is_working_day(day, region) and is_working_day(day + _DAY, region) and day not in closed:
            return day
        day += _DAY
    raise InvalidInput(f"no day to stop on within {_FURTHEST} days of {approved}", field="region")


def final_minutes(tariff_class: str, legal: Legal) -> int:
    """How long before the stop the last notice comes."""
    return legal.final_minutes_residential if tariff_class == "residential" else legal.final_minutes_others


def owed_with_charge(owed: Decimal, charge: Decimal) -> Decimal:
    """What settles a bill: the bill and the charge on it."""
    return owed + charge
