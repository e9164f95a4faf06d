"""The ladder's stages and figures, and where a bill stands on it: pure (domain notes §3.6, §7).

A stage is due a number of days after a bill's due date (before it, where negative). Of several that are due, the
highest is taken: whoever becomes known late is not told three things in one day. Between two stages of a bill lies
at least a gap. What freezes a bill stops every stage; it goes on where it stood once the cause is gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, Literal
from zoneinfo import ZoneInfo

from gateway.kernel.errors import InvalidInput
from gateway.notices.ladder.late_charge import Rates
from gateway.outbox.hours import is_public_holiday, is_working_day

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
    template: Literal["bill", "bill_reminder", "arrears", "arrears_charge"] = "arrears"
    tone: StageTone | None = None
    #: Held while the payment feed is late: whoever has paid must not be told that he has not.
    needs_payments: bool = True
    #: Whether the clock may approve it by itself; otherwise it waits as a draft.
    by_itself: bool = True
    segments: frozenset[str] = frozenset()
    #: A text that has not left by then is stale: it is not sent.
    lasts: timedelta = timedelta(days=3)

    def __post_init__(self) -> None:
        if self.by == "text" and not self.template.startswith(self.kind):
            raise InvalidInput(f"{self.template} is no text of the kind {self.kind}", field="ladder.stages")


STAGES: Final = (
    Stage(name="bill_issued", day=-60, kind="bill", template="bill", needs_payments=False, lasts=timedelta(7)),
    Stage(name="before_due", day=-3, kind="bill", template="bill_reminder", lasts=timedelta(1)),
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
            raise InvalidInput("the notice comes 3 to 30 days before the stop", field="ladder.legal.notice_days")


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
            raise InvalidInput("stages are listed by day, each day once", field="ladder.stages")
        if len({stage.name for stage in self.stages}) != len(self.stages):
            raise InvalidInput("stages have names of their own", field="ladder.stages")
        if any(stage.by == "legal" and stage.day <= 30 for stage in self.stages):
            raise InvalidInput("supply is not stopped before more than 30 days have passed", field="ladder.stages")
        if not 0 <= self.warm_share <= 1:
            raise InvalidInput("a share lies between 0 and 1", field="ladder.warm_share")

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
    """A bill as far as the ladder needs it."""

    due: date
    settled: bool = False
    #: The highest stage taken, by its day, and when the last one was; None before the first.
    taken_day: int | None = None
    taken_at: datetime | None = None
    #: A reminder was taken as a text, whatever became of it.
    texted: bool = False
    #: The bill was told by a notice that somebody drafted, so that no stage has to tell it.
    told: bool = False
    #: When the first reminder about it reached the carrier.
    reminded_at: datetime | None = None
    #: The account's reminders are paused, in words.
    held: str | None = None
    #: A contact of the account is under suspicion, or a correction about one is undecided.
    doubt: bool = False
    segments: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The moment at which stages are looked for, and what it allows."""

    now: datetime
    zone: ZoneInfo
    #: No reminders today: a public holiday.
    holiday: bool = False
    #: Why payments are not known well enough, in words.
    feed_late: str | None = None
    #: Segments to which a person speaks instead of a reminder.
    person_instead: frozenset[str] = frozenset()

    @property
    def today(self) -> date:
        """The date in the day's zone."""
        return self.now.astimezone(self.zone).date()

    def there(self, zone: ZoneInfo, region: str) -> Day:
        """The same moment at an address that keeps other clocks or holidays: a bill is overdue by its own date."""
        return replace(self, zone=zone, holiday=is_public_holiday(self.now.astimezone(zone).date(), region))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a bill stands: its next stage, from which day and by whom; or why there is none."""

    state: Literal["due", "waiting", "frozen", "settled", "done"]
    because: str
    next: Stage | None = None
    by: By | None = None
    on: date | None = None
    freeze: Freeze | None = None


_NEEDS_A_PERSON: Final = frozenset({"vulnerable", "medical_device"})
_SETTLED: Final = Standing(state="settled", because="the bill has been paid")
_DONE: Final = Standing(state="done", because="every stage has been taken")


def standing(facts: Facts, ladder: Ladder, day: Day) -> Standing:
    """Where a bill stands on a day. `due`: its next stage is to be taken now."""
    if facts.settled:
        return _SETTLED
    late = (day.today - facts.due).days
    ahead = [
        stage
        for stage in ladder.stages
        if (facts.taken_day is None or stage.day > facts.taken_day)
        and (not stage.segments or stage.segments & facts.segments)
        and not (facts.told and stage.template == "bill")
    ]
    begun = [stage for stage in ahead if stage.day <= late and not _overtaken(stage, ladder, late)]
    unripe: Stage | None = None
    if begun and begun[-1].by == "legal" and not _ripe(facts, ladder.legal, day.now):
        # Nobody is cut off who was not told before: the reminder comes first, however late it is known.
        begun, unripe = begun[:-1], begun[-1]
    stage = begun[-1] if begun else _missed(facts, ladder, day, late)
    if stage is not None:
        return _due(facts, stage, ladder, day)
    if unripe is not None:
        return _before_legal(facts, unripe, ladder.legal, day)
    following = next((stage for stage in ahead if stage.day > late), None)
    if following is None:
        return _DONE
    on = facts.due + _DAY * following.day
    return Standing(state="waiting", because=f"{following.name} is next", next=following, by=following.by, on=on)


def _overtaken(stage: Stage, ladder: Ladder, late: int) -> bool:
    """Whether a text's time has passed because the next text's has come."""
    later = [other for other in ladder.stages if other.by == stage.by == "text" and other.day > stage.day]
    return bool(later) and later[0].day <= late


def _missed(facts: Facts, ladder: Ladder, day: Day, late: int) -> Stage | None:
    """The reminder that is owed to somebody to whom a person went instead, and to whom nobody would go any more."""
    if facts.taken_day is None or facts.texted or facts.segments & (day.person_instead | _NEEDS_A_PERSON):
        return None
    reminders = [stage for stage in ladder.stages if stage.by == "text" and stage.kind == "arrears"]
    return next((stage for stage in reversed(reminders) if stage.day <= min(late, facts.taken_day)), None)


def _ripe(facts: Facts, legal: Legal, now: datetime) -> bool:
    return facts.reminded_at is not None and now - facts.reminded_at >= _DAY * legal.reminded_days


def _before_legal(facts: Facts, stage: Stage, legal: Legal, day: Day) -> Standing:
    if (frozen := freeze_of(facts, stage)) is not None:
        return Standing(state="frozen", because=frozen[1], next=stage, by="legal", freeze=frozen[0])
    if facts.reminded_at is None:
        return Standing(state="waiting", because="no reminder has reached the customer yet", next=stage, by="legal")
    on = (facts.reminded_at + _DAY * legal.reminded_days).astimezone(day.zone).date()
    words = f"{legal.reminded_days} days must have passed since the reminder"
    return Standing(state="waiting", because=words, next=stage, by="legal", on=on)


def _due(facts: Facts, stage: Stage, ladder: Ladder, day: Day) -> Standing:
    """A stage whose day has come: taken, unless something stops it or it has to wait a little."""
    if (frozen := freeze_of(facts, stage)) is not None:
        return Standing(state="frozen", because=frozen[1], next=stage, by=stage.by, freeze=frozen[0])
    reminder = stage.kind == "arrears" and stage.by == "text"
    by: By = "person" if reminder and facts.segments & day.person_instead else stage.by
    if facts.taken_at is not None and day.now < facts.taken_at + ladder.gap:
        on = (facts.taken_at + ladder.gap).astimezone(day.zone).date()
        return Standing(state="waiting", because="the stage before is not long past", next=stage, by=by, on=on)
    if day.holiday and stage.kind == "arrears":
        on = day.today + _DAY
        return Standing(state="waiting", because="no reminders on a public holiday", next=stage, by=by, on=on)
    if day.feed_late is not None and stage.needs_payments:
        return Standing(state="waiting", because=day.feed_late, next=stage, by=by)
    words = "a person speaks to a key account first" if by != stage.by else f"{_days(stage.day)} the due date"
    return Standing(state="due", because=f"{stage.name}: {words}", next=stage, by=by, on=day.today)


def _days(number: int) -> str:
    days = "day" if abs(number) == 1 else "days"
    return f"{abs(number)} {days} {'before' if number < 0 else 'after'}"


def freeze_of(facts: Facts, stage: Stage) -> tuple[Freeze, str] | None:
    """What stops a stage for a bill, and in which words. A bill that is not due yet is told whatever happens."""
    if stage.kind == "bill":
        return None
    if facts.held is not None:
        return Freeze.HOLD, facts.held
    if facts.doubt:
        return Freeze.DOUBT, "a contact of the account is in doubt; what is said might reach somebody else"
    if "protected_event" in facts.segments:
        return Freeze.PROTECTED, "supply is guarded for an event"
    if stage.by == "person":
        return None
    if facts.segments & _NEEDS_A_PERSON:
        return Freeze.VULNERABLE, "the household is vulnerable; a person goes instead, and supply is not stopped"
    if stage.by == "legal" and "vip" in facts.segments:
        return Freeze.KEY_ACCOUNT, "a key account; its manager settles it"
    return None


def stop_day(approved: date, legal: Legal, region: str) -> date:
    """The day of a disconnection approved on `approved`: after the notice's days, and never a day on which nobody
    works, nor the eve of one."""
    day = approved + _DAY * legal.notice_days
    for _ in range(_FURTHEST):
        if is_working_day(day, region) and is_working_day(day + _DAY, region):
            return day
        day += _DAY
    raise InvalidInput(f"no day to stop on within {_FURTHEST} days of {approved}", field="region")


def stop_moment(approved_at: datetime, legal: Legal, zone: ZoneInfo, region: str) -> datetime:
    """When supply stops at an address with these clocks and holidays, if it is approved at a moment."""
    return datetime.combine(stop_day(approved_at.astimezone(zone).date(), legal, region), legal.stop_at, zone)


def final_minutes(tariff_class: str, legal: Legal) -> int:
    """How long before the stop the last notice comes."""
    return legal.final_minutes_residential if tariff_class == "residential" else legal.final_minutes_others
