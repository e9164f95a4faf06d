from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.archive.tables import ROLES as ARCHIVE_ROLES
from gateway.kernel.errors import InvalidInput
from gateway.notices.policy import (
    DEFAULT,
    FRESH,
    REASONS,
    ROLES,
    Expire,
    History,
    Link,
    Matter,
    Paused,
    PolicyTable,
    Recipient,
    SendAt,
    Wish,
    Withhold,
    choose_link,
    decide,
    is_proven,
)
from gateway.notices.wording import KINDS, Wording
from gateway.outbox.hours import (
    NARROWED,
    STANDARD_HOURS,
    HoursClass,
    HoursTable,
    Quiet,
    is_public_holiday,
    is_working_day,
)
from gateway.outbox.messages import ANSWERS
from gateway.outbox.tables import WITHHELD_REASONS

#: What a decision is made from.
Scene = tuple[Recipient, Wish, History, datetime, PolicyTable]
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2025, 4, 8, 12, tzinfo=SHANGHAI)  # a Tuesday
NIGHT = datetime(2025, 4, 8, 23, tzinfo=SHANGHAI)
HOLDER = Link(role="holder", state="verified", is_default=True, link_id=1)
HOME = Recipient(links=(HOLDER,), zone=SHANGHAI, region="CN")

WISHES = {
    template.name: Wish(kind=template.kind, klass=template.klass, purpose=template.purpose, hours=template.hours)
    for template in Wording.load(languages=["zh-CN"]).templates
}
ARREARS, SURVEY, ADVICE, FAULT = (WISHES[n] for n in ("arrears", "survey", "advice", "outage_fault"))
LEGAL, CODE, PLANNED, APOLOGY = (WISHES[n] for n in ("legal_notice", "verification", "outage_planned", "apology"))


def home(**facts: Any) -> Recipient:
    return replace(HOME, **facts)


def refusing(*purposes: str) -> Recipient:
    return home(links=(replace(HOLDER, opt_outs=frozenset(purposes)),))


def outcome(recipient: Recipient, wish: Wish, history: History = FRESH, now: datetime = NOON, **table: Any) -> str:
    decision = decide(recipient, wish, history, now, PolicyTable(**table))
    assert decision.because
    match decision:
        case Withhold(reason=reason):
            return reason
        case Expire():
            return "expire"
        case SendAt(at=at):
            return at.astimezone(recipient.zone).strftime("%d %H:%M")


def ago(**span: int) -> datetime:
    return NOON - timedelta(**span)


def test_the_words_are_those_of_the_rooms_below() -> None:
    assert REASONS == WITHHELD_REASONS
    assert set(ROLES) == set(ARCHIVE_ROLES)
    assert frozenset(ANSWERS) == DEFAULT.answers
    assert DEFAULT.answers | DEFAULT.urgent_kinds | DEFAULT.person_instead["vulnerable"] <= set(KINDS)


@pytest.mark.parametrize(
    ("recipient", "wish", "history", "now", "expected"),
    [
        (HOME, ARREARS, FRESH, NOON, "08 12:00"),
        (HOME, ARREARS, FRESH, NIGHT, "09 08:00"),
        # The days are those of the address
        (home(region="US-NY"), ARREARS, FRESH, datetime(2025, 11, 27, 12, tzinfo=SHANGHAI), "28 08:00"),
        (HOME, ARREARS, FRESH, datetime(2025, 11, 27, 12, tzinfo=SHANGHAI), "27 12:00"),
        (home(region="US-NY"), ARREARS, FRESH, datetime(2025, 10, 2, 12, tzinfo=SHANGHAI), "02 12:00"),
        (HOME, ARREARS, FRESH, datetime(2025, 10, 2, 12, tzinfo=SHANGHAI), "09 08:00"),
        # What the matter itself says
        (HOME, replace(ARREARS, matter="paid"), FRESH, NOON, "paid"),
        (HOME, replace(FAULT, matter="recovered"), FRESH, NOON, "recovered"),
        (HOME, replace(PLANNED, matter="superseded"), FRESH, NOON, "superseded"),
        # A person instead of a text
        (home(segments=frozenset({"vulnerable"})), ARREARS, FRESH, NOON, "visit_instead"),
        (home(segments=frozenset({"vulnerable"})), LEGAL, FRESH, NOON, "visit_instead"),
        (home(segments=frozenset({"vulnerable"})), PLANNED, FRESH, NOON, "08 12:00"),
        (home(segments=frozenset({"vip"})), ARREARS, FRESH, NOON, "visit_instead"),
        (home(segments=frozenset({"vip"})), SURVEY, FRESH, NOON, "08 12:00"),
        # Contacts
        (home(links=()), ARREARS, FRESH, NOON, "no_contact"),
        (home(links=(replace(HOLDER, state="suspended"),)), ARREARS, FRESH, NOON, "misdirected"),
        (home(links=(replace(HOLDER, state="revoked"),)), ARREARS, FRESH, NOON, "revoked"),
        (home(links=(replace(HOLDER, number_state="unreachable"),)), ARREARS, FRESH, NOON, "unreachable"),
        (home(links=(replace(HOLDER, number_state="retired"),)), ARREARS, FRESH, NOON, "unreachable"),
        (home(links=(replace(HOLDER, line="landline"),)), ARREARS, FRESH, NOON, "invalid_number"),
        (home(links=(replace(HOLDER, line="invalid"),)), ARREARS, FRESH, NOON, "invalid_number"),
        (home(links=(replace(HOLDER, of_staff=True),)), ARREARS, FRESH, NOON, "shared_number"),
        (home(links=(replace(HOLDER, shared=True),)), ARREARS, FRESH, NOON, "08 12:00"),
        (home(links=(replace(HOLDER, state="suspended"),)), LEGAL, FRESH, NOON, "misdirected"),
        # Refusals
        (refusing("billing"), ARREARS, FRESH, NOON, "opted_out"),
        (refusing("service"), ARREARS, FRESH, NOON, "08 12:00"),
        (refusing("all"), ARREARS, FRESH, NOON, "opted_out"),
        (refusing("billing", "service", "advice"), FAULT, FRESH, NOON, "08 12:00"),
        (refusing("outage"), FAULT, FRESH, NOON, "opted_out"),
        (refusing("all"), FAULT, FRESH, NOON, "opted_out"),
        (refusing("all"), LEGAL, FRESH, NOON, "08 12:00"),
        (refusing("all"), CODE, FRESH, NOON, "08 12:00"),
        (refusing("all"), APOLOGY, FRESH, NOON, "08 12:00"),
        (home(sms_opt_out=True), SURVEY, FRESH, NOON, "opted_out"),
        (home(sms_opt_out=True), LEGAL, FRESH, NOON, "08 12:00"),
        (HOME, ADVICE, FRESH, NOON, "not_consented"),
        # Frequency
        (HOME, ARREARS, History(last_by_kind={"arrears": ago(hours=71)}), NOON, "frequency_cap"),
        (HOME, ARREARS, History(last_by_kind={"arrears": ago(hours=72)}), NOON, "08 12:00"),
        (HOME, ARREARS, History(last_by_kind={"survey": ago(hours=1)}), NOON, "08 12:00"),
        (HOME, SURVEY, History(last_by_kind={"survey": ago(days=29)}), NOON, "surveyed_recently"),
        (HOME, SURVEY, History(last_by_kind={"survey": ago(days=30)}), NOON, "08 12:00"),
        (HOME, PLANNED, History(same_text_at=ago(hours=23)), NOON, "duplicate"),
        (HOME, PLANNED, History(same_text_at=ago(hours=24)), NOON, "08 12:00"),
        (HOME, APOLOGY, History(same_text_at=ago(hours=1)), NOON, "duplicate"),
        (HOME, CODE, History(same_text_at=ago(hours=1)), NOON, "08 12:00"),
        # The gap is measured when the text would leave: 71 hours now are 80 tomorrow morning.
        (HOME, ARREARS, History(last_by_kind={"arrears": NIGHT - timedelta(hours=71)}), NIGHT, "09 08:00"),
        # Hours
        (HOME, FAULT, FRESH, NIGHT, "09 06:00"),
        (home(segments=frozenset({"medical_device", "vulnerable"})), FAULT, FRESH, NIGHT, "08 23:00"),
        (home(segments=frozenset({"important"})), FAULT, FRESH, NIGHT, "08 23:00"),
        (home(reported=True), WISHES["restoration"], FRESH, NIGHT, "08 23:00"),
        (home(segments=frozenset({"medical_device"})), PLANNED, FRESH, NIGHT, "09 08:00"),
        (home(segments=frozenset({"medical_device"})), WISHES["payment_confirm_restored"], FRESH, NIGHT, "09 06:00"),
        (home(segments=frozenset({"important"})), SURVEY, FRESH, NIGHT, "09 08:00"),
        (home(segments=frozenset({"important"})), replace(FAULT, hours=HoursClass.SERVICE), FRESH, NIGHT, "09 08:00"),
        (HOME, APOLOGY, FRESH, NIGHT, "08 23:00"),
        (HOME, LEGAL, FRESH, NIGHT, "08 23:00"),
        (home(zone=ZoneInfo("Asia/Urumqi")), ARREARS, FRESH, NOON.replace(hour=9), "08 08:00"),
        # Wanted later, and validity
        (HOME, replace(ARREARS, not_before=NOON + timedelta(days=2)), FRESH, NOON, "10 12:00"),
        (HOME, replace(ARREARS, not_before=NOON - timedelta(days=2)), FRESH, NOON, "08 12:00"),
        (HOME, replace(ARREARS, not_before=NIGHT), FRESH, NOON, "09 08:00"),
        (HOME, replace(ARREARS, expires_at=NOON + timedelta(minutes=1)), FRESH, NOON, "08 12:00"),
        (HOME, replace(ARREARS, expires_at=NOON), FRESH, NOON, "expire"),
        (HOME, replace(FAULT, expires_at=NIGHT + timedelta(hours=6)), FRESH, NIGHT, "expire"),
    ],
)  # fmt: skip
def test_decisions(recipient: Recipient, wish: Wish, history: History, now: datetime, expected: str) -> None:
    assert outcome(recipient, wish, history, now) == expected


def test_commercial_texts_need_consent_and_keep_their_distance() -> None:
    willing = home(links=(replace(HOLDER, consents=frozenset({"advice"})),))
    assert outcome(willing, ADVICE) == "08 12:00"
    assert outcome(willing, ADVICE, History(last_commercial_at=ago(days=29))) == "frequency_cap"
    assert outcome(willing, ADVICE, History(last_commercial_at=ago(days=30))) == "08 12:00"
    assert outcome(willing, ARREARS, History(last_commercial_at=ago(days=1))) == "08 12:00"
    refused_later = home(links=(replace(HOLDER, consents=frozenset({"advice"}), opt_outs=frozenset({"advice"})),))
    assert outcome(refused_later, ADVICE) == "opted_out"


def test_one_refusal_may_stand_for_all() -> None:
    assert outcome(refusing("advice"), FAULT) == "08 12:00"
    assert outcome(refusing("advice"), FAULT, opt_out_scope="all") == "opted_out"
    assert outcome(refusing("advice"), LEGAL, opt_out_scope="all") == "08 12:00"


def test_shared_numbers_are_stopped_only_on_request() -> None:
    shared = home(links=(replace(HOLDER, shared=True),))
    assert outcome(shared, ARREARS, stop_shared_numbers=True) == "shared_number"


def test_an_unproven_contact_is_told_no_amount_where_that_is_set() -> None:
    fresh = replace(HOLDER, verified_at=NOON - timedelta(days=30))
    stale = replace(HOLDER, verified_at=NOON - timedelta(days=600))
    assert is_proven(fresh, NOON)
    assert not is_proven(stale, NOON)
    assert not is_proven(replace(fresh, state="unverified"), NOON)
    for link, wish, masked in ((fresh, ARREARS, False), (stale, ARREARS, True), (stale, SURVEY, False)):
        decision = decide(home(links=(link,)), wish, FRESH, NOON, PolicyTable(mask_unproven=True))
        assert isinstance(decision, SendAt)
        assert decision.masked is masked
        assert ("without the amount" in decision.because) is masked
    plain = decide(home(links=(stale,)), ARREARS, FRESH, NOON)
    assert isinstance(plain, SendAt)
    assert not plain.masked


def test_decisions_are_told_in_words() -> None:
    def because(recipient: Recipient, wish: Wish, now: datetime = NOON) -> str:
        return decide(recipient, wish, History(last_by_kind={"survey": ago(days=2)}), now).because

    assert because(HOME, ARREARS) == "to the holder, the default contact; 08:00–20:00, not on public holidays"
    assert because(HOME, FAULT, NIGHT) == (
        "to the holder, the default contact; deferred to the next opening of 06:00–22:00"
    )
    assert because(home(segments=frozenset({"important"})), FAULT, NIGHT) == (
        "to the holder, the default contact; at any hour, as the supply matters to them urgently"
    )
    assert because(HOME, APOLOGY) == "to the number that wrote; at any hour"
    assert because(HOME, SURVEY) == "a text of the kind survey went to the person less than 30 days before"
    assert because(refusing("all"), ARREARS) == "texts of the purpose billing were refused on the number"


def test_malformed_questions_are_refused() -> None:
    with pytest.raises(InvalidInput, match="time zone"):
        decide(HOME, ARREARS, FRESH, datetime(2025, 4, 8, 9))  # noqa: DTZ001
    with pytest.raises(InvalidInput, match="each once"):
        PolicyTable(role_order=("holder", "payer"))


# Choosing the contact


def contact(role: str, **facts: Any) -> Link:
    return replace(Link(role=role, state="unverified"), **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("links", "chosen"),
    [
        ((contact("agent", is_default=True), contact("holder")), 0),
        ((contact("agent"), contact("landlord"), contact("relative"), contact("tenant"), contact("payer")), 4),
        ((contact("holder", is_default=True, state="suspended"), contact("relative"), contact("payer")), 2),
        ((contact("holder", is_default=True, line="landline"), contact("agent")), 1),
        ((contact("holder", link_id=1), contact("holder", link_id=2, state="verified", verified_at=NOON)), 1),
        (
            (
                contact("holder", state="verified", verified_at=ago(days=9)),
                contact("holder", state="verified", verified_at=ago(days=2)),
            ),
            1,
        ),
        # A refusal is no reason to write to somebody else.
        ((contact("holder", is_default=True, opt_outs=frozenset({"all"})), contact("relative")), 0),
    ],
)
def test_the_default_first_and_then_by_role(links: tuple[Link, ...], chosen: int) -> None:
    assert choose_link(links) is links[chosen]


def test_the_most_telling_bar_is_the_reason() -> None:
    landline, dead = contact("holder", is_default=True, line="landline"), contact("payer", number_state="retired")
    revoked, doubted = contact("tenant", state="revoked"), contact("agent", state="suspended")
    for links, reason in (
        ((landline,), "invalid_number"),
        ((landline, dead), "unreachable"),
        ((landline, dead, revoked), "revoked"),
        ((landline, dead, revoked, doubted), "misdirected"),
    ):
        barred = choose_link(links)
        assert isinstance(barred, Withhold)
        assert barred.reason == reason


# Properties

_SPAN = timedelta(hours=1)
_GAPS = (DEFAULT.arrears_gap, DEFAULT.survey_gap, DEFAULT.commercial_gap, DEFAULT.same_text_gap)
_PURPOSES = ("billing", "outage", "service", "advice", "all")
#: Days that are free in one of the calendars and not in the other: National Day, Independence Day, Thanksgiving.
_FREE = {"CN": (datetime(2025, 10, 1, tzinfo=UTC), datetime(2025, 10, 3, tzinfo=UTC)),
         "US-NY": (datetime(2025, 7, 4, tzinfo=UTC), datetime(2025, 11, 27, tzinfo=UTC))}  # fmt: skip
#: And a Sunday that is worked in one of them.
_FREE_SOMEWHERE = (*_FREE["CN"], *_FREE["US-NY"], datetime(2025, 9, 28, tzinfo=UTC))
#: Wishes that most checks have something to say about, beside all there are.
_TELLING = (ARREARS, SURVEY, ADVICE, FAULT, LEGAL, WISHES["restoration"])


@dataclass(frozen=True)
class Scenes:
    """What decisions are made from, drawn from a source of chance: times lie near the present, where they matter.

    Drawn at random, hardly one text in ten would go, and what holds of texts that go would hold of nothing: most
    contacts are sound, and each trouble is rare enough to come alone and common enough to meet another.
    """

    by: Random

    def one_in(self, odds: int) -> bool:
        return self.by.randrange(odds) == 0

    def moment(self, region: str) -> datetime:
        if self.one_in(3):
            return self.by.choice(_FREE[region] if self.one_in(2) else _FREE_SOMEWHERE) + self.hours(0, 24)
        return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=self.by.randrange(3 * 365 * 86400))

    def hours(self, least: float, most: float) -> timedelta:
        return _SPAN * self.by.uniform(least, most)

    def some(self, *words: str) -> frozenset[str]:
        return frozenset(word for word in words if self.by.random() < 0.4)

    def lately(self, now: datetime) -> datetime | None:
        """A moment of the past; as often as not about as long ago as a gap of the table, where waiting decides."""
        if self.one_in(3):
            return None
        if self.one_in(2):
            return now - self.by.choice(_GAPS) - self.hours(-20, 4)
        return now - self.hours(0, 40 * 24)

    def link(self, now: datetime, place: int) -> Link:
        trouble = self.by.randrange(24)
        state = {0: "suspended", 1: "revoked"}.get(trouble, self.by.choice(("unverified", "verified")))
        return Link(
            role=self.by.choice(ROLES),
            state=state,  # type: ignore[arg-type]
            link_id=place,
            contact_point_id=place,
            is_default=self.one_in(2),
            verified_at=self.by.choice((None, now - self.hours(0, 24 * 900))),
            line={2: "landline", 3: "invalid"}.get(trouble, "mobile"),  # type: ignore[arg-type]
            number_state="unreachable" if trouble == 4 else "active",
            opt_outs=self.some(*_PURPOSES) if self.one_in(5) else frozenset(),
            consents=frozenset() if self.one_in(4) else frozenset({"advice", "demand_response"}),
            shared=trouble == 5,
            of_staff=trouble == 6,
            quiet=self.quiet() if self.one_in(4) else None,
            trust=self.by.choice((None, self.by.randrange(21) / 20)),
        )

    def quiet(self) -> Quiet:
        begins, ends = self.by.sample(range(24), 2)
        return Quiet(time(begins), time(ends))

    def recipient(self, now: datetime, region: str) -> Recipient:
        return Recipient(
            links=tuple(self.link(now, place) for place in range(self.by.choice((0, 1, 1, 2, 2, 3, 4)))),
            zone=ZoneInfo(self.by.choice(("Asia/Shanghai", "Asia/Urumqi", "America/New_York"))),
            region=region,
            sms_opt_out=self.one_in(12),
            segments=self.some("vulnerable", "medical_device", "important", "vip", "sensitive")
            if self.one_in(2)
            else frozenset(),
            reported=self.one_in(4),
            paused=Paused("paid", "billing checks", now + self.hours(-9, 30)) if self.one_in(6) else None,
        )

    def table(self) -> PolicyTable:
        opens = self.by.randrange(12)
        closes = min(23, opens + self.by.randrange(2, 12))
        return PolicyTable(
            opt_out_scope=self.by.choice(("purpose", "purpose", "all")),
            role_order=tuple(self.by.sample(ROLES, len(ROLES))),
            stop_shared_numbers=self.one_in(2),
            mask_unproven=self.one_in(2),
            person_instead={
                segment: self.some("arrears", "survey", "legal_notice")
                for segment in ("vulnerable", "vip", "sensitive")
                if self.one_in(2)
            },
            hours=HoursTable(
                {
                    name: replace(opening, opens=time(opens), closes=time(closes))
                    for name, opening in STANDARD_HOURS.openings.items()
                }
            ),
        )

    def scene(self) -> Scene:
        region = self.by.choice(("CN", "US-NY"))
        now = self.moment(region)
        wish = replace(
            self.by.choice(_TELLING) if self.one_in(2) else self.by.choice(list(WISHES.values())),
            not_before=now + self.hours(-6, 48) if self.one_in(3) else None,
            expires_at=self.by.choice((None, None, now, now + self.hours(-6, 72), now + self.hours(0, 72))),
            matter=self.by.choice(get_args(Matter)) if self.one_in(10) else "open",
        )
        recipient, table = self.recipient(now, region), self.table()
        if self.one_in(6):
            # It is worth sending up to the very moment at which it could leave.
            leaves = decide(recipient, replace(wish, expires_at=None), FRESH, now, table)
            wish = replace(wish, expires_at=leaves.at) if isinstance(leaves, SendAt) else wish
        history = History(
            last_by_kind={kind: at for kind in ("arrears", "survey") if (at := self.lately(now)) is not None},
            last_commercial_at=self.lately(now),
            same_text_at=None if self.one_in(2) else self.lately(now),
        )
        return recipient, wish, history, now, table


def test_enough_scenes_let_a_text_go() -> None:
    """Or else what holds of texts that go holds of nothing."""
    scenes = Scenes(Random(1))
    went = [isinstance(decide(*scenes.scene()), SendAt) for _ in range(400)]
    assert sum(went) > len(went) / 5


def never_out_of_hours_and_never_after_expiry(scene: Scene) -> None:
    recipient, wish, _, now, table = scene
    decision = decide(*scene)
    if not isinstance(decision, SendAt):
        return
    assert decision.at >= now
    assert wish.not_before is None or decision.at >= wish.not_before
    assert wish.expires_at is None or decision.at < wish.expires_at
    if wish.hours not in table.hours.openings:
        return
    there = decision.at.astimezone(recipient.zone)
    urgent = recipient.reported or recipient.segments & {"medical_device", "important"}
    if not (wish.hours is HoursClass.OUTAGE and wish.kind in table.urgent_kinds and urgent):
        opening = table.hours.openings[wish.hours]
        assert opening.opens <= there.time() < opening.closes
        assert decision.closes is not None
    if wish.hours is HoursClass.ARREARS:
        assert not is_public_holiday(there.date(), recipient.region)
    if wish.hours is HoursClass.ADVICE:
        assert is_working_day(there.date(), recipient.region)


def never_when_its_person_wants_none(scene: Scene) -> None:
    """One's own hours hold for what is not urgent, unless they leave nothing of a whole day's opening."""
    recipient, wish, _, _, table = scene
    decision = decide(*scene)
    if not isinstance(decision, SendAt) or decision.link is None or wish.hours not in NARROWED:
        return
    quiet, opening = decision.link.quiet, table.hours.openings[wish.hours]
    if quiet is None or all(quiet.holds(time(hour)) for hour in range(opening.opens.hour, opening.closes.hour)):
        return
    assert not quiet.holds(decision.at.astimezone(recipient.zone).time())
    # Nor does it go on into them.
    assert decision.closes is not None
    last = (decision.closes - timedelta(microseconds=1)).astimezone(recipient.zone)
    assert not quiet.holds(last.time())


def a_refusal_is_passed_over_only_by_law_verification_and_answers(scene: Scene) -> None:
    recipient, wish, _, _, table = scene
    decision = decide(*scene)
    if not isinstance(decision, SendAt) or wish.klass in ("L", "V") or wish.kind in ANSWERS:
        return
    assert not recipient.sms_opt_out
    assert decision.link is not None
    assert not decision.link.opt_outs & {wish.purpose, "all"}
    assert table.opt_out_scope == "purpose" or not decision.link.opt_outs
    assert wish.klass != "C" or wish.purpose in decision.link.consents


def a_refusal_is_told_before_a_consent_that_is_wanting(scene: Scene) -> None:
    recipient, wish, _, _, table = scene
    decision = decide(*scene)
    if isinstance(decision, Withhold) and decision.reason == "not_consented":
        chosen = choose_link(recipient.links, table)
        assert isinstance(chosen, Link)
        assert not recipient.sms_opt_out and not chosen.opt_outs & {wish.purpose, "all"}


def a_pause_holds_reminders_and_nothing_else(scene: Scene) -> None:
    recipient, wish, history, now, table = scene
    pause = recipient.paused
    if pause is None or wish.matter != "open":
        return
    if wish.kind in table.held_kinds and now < pause.until:
        assert decide(*scene) == Withhold(pause.reason, pause.because)
    else:
        assert decide(*scene) == decide(replace(recipient, paused=None), wish, history, now, table)


def nothing_goes_to_a_contact_in_doubt(scene: Scene) -> None:
    recipient, wish, *_ = scene
    decision = decide(*scene)
    if isinstance(decision, SendAt) and wish.kind not in ANSWERS:
        assert decision.link in recipient.links
        assert decision.link is not None
        assert decision.link.state in ("unverified", "verified")
        assert decision.link.number_state == "active"
        assert decision.link.line == "mobile"
        assert not decision.link.of_staff
    if isinstance(decision, SendAt):
        assert wish.matter == "open"
    if isinstance(decision, Withhold):
        assert decision.reason in REASONS


def deciding_again_at_the_deferred_moment_changes_nothing(scene: Scene) -> None:
    recipient, wish, history, _, table = scene
    first = decide(*scene)
    if not isinstance(first, SendAt):
        return
    again = decide(recipient, wish, history, first.at, table)
    assert isinstance(again, SendAt)
    assert (again.at, again.closes, again.link) == (first.at, first.closes, first.link)


def too_soon(wish: Wish, history: History, at: datetime) -> bool:
    """Whether a text that leaves at this moment comes too soon after another."""
    gaps = [
        (history.last_by_kind.get("arrears") if wish.kind == "arrears" else None, timedelta(hours=72)),
        (history.last_by_kind.get("survey") if wish.kind == "survey" else None, timedelta(days=30)),
        (history.last_commercial_at if wish.klass == "C" else None, timedelta(days=30)),
        (history.same_text_at if wish.klass != "V" else None, timedelta(hours=24)),
    ]
    return any(last is not None and at - last < gap for last, gap in gaps)


def frequency_is_that_of_the_moment_of_leaving(scene: Scene) -> None:
    """What may leave tomorrow is not withheld because it could not leave tonight, nor the other way round."""
    recipient, wish, history, now, table = scene
    unhindered = decide(recipient, wish, FRESH, now, table)
    decision = decide(*scene)
    if isinstance(unhindered, SendAt) and too_soon(wish, history, unhindered.at):
        assert isinstance(decision, Withhold)
        assert decision.reason in ("frequency_cap", "surveyed_recently", "duplicate")
    else:
        assert decision == unhindered


def the_order_of_checks_does_not_change_whether_it_goes(scene: Scene) -> None:
    """It goes exactly if each check by itself, with all else in order, lets it go; else the first one says why."""
    recipient, wish, history, now, table = scene
    plain = replace(wish, matter="open", expires_at=None)
    meant = choose_link(recipient.links, table)
    quiet = meant.quiet if isinstance(meant, Link) else None
    sound = replace(HOLDER, consents=frozenset({wish.purpose}), quiet=quiet)
    # What makes a text urgent stays, as its person's own hours do, since they move the moment of leaving.
    urgent = recipient.segments & {"medical_device", "important"}
    nobody = replace(recipient, links=(sound,), sms_opt_out=False, segments=urgent, paused=None)
    links = recipient.links
    willing = tuple(replace(link, opt_outs=frozenset(), consents=sound.consents) for link in links)
    usable = tuple(link for link in links if isinstance(choose_link((link,), table), Link))
    refusing = replace(nobody, links=usable or (sound,), sms_opt_out=recipient.sms_opt_out)
    alone = (
        decide(nobody, replace(plain, matter=wish.matter), FRESH, now, table),
        decide(replace(nobody, paused=recipient.paused), plain, FRESH, now, table),
        decide(replace(nobody, segments=recipient.segments), plain, FRESH, now, table),
        decide(replace(nobody, links=willing), plain, FRESH, now, table),
        decide(refusing, plain, FRESH, now, table),
        decide(nobody, replace(plain, expires_at=wish.expires_at), FRESH, now, table),
        decide(nobody, plain, history, now, table),
    )
    together = decide(*scene)
    against = next((one for one in alone if not isinstance(one, SendAt)), None)
    assert (against is None) if isinstance(together, SendAt) else (together == against)


def the_contact_that_is_meant_decides_alone(scene: Scene) -> None:
    """Neither the order of contacts nor what is known of the others plays a part, once one can be written to."""
    recipient, wish, history, now, table = scene
    decision = decide(*scene)
    chosen = choose_link(recipient.links, table)
    alone = (chosen,) if isinstance(chosen, Link) else recipient.links
    for links in (recipient.links[::-1], alone):
        assert decide(replace(recipient, links=links), wish, history, now, table) == decision


@settings(deadline=None, max_examples=40)
@given(st.randoms(use_true_random=True))
def test_what_holds_of_every_decision(chance: Random) -> None:
    """Deciding costs a hundredth of what drawing piece by piece does: each draw is of a source of many scenes."""
    scenes = Scenes(chance)
    for _ in range(50):
        scene = scenes.scene()
        never_out_of_hours_and_never_after_expiry(scene)
        never_when_its_person_wants_none(scene)
        a_refusal_is_passed_over_only_by_law_verification_and_answers(scene)
        a_refusal_is_told_before_a_consent_that_is_wanting(scene)
        a_pause_holds_reminders_and_nothing_else(scene)
        nothing_goes_to_a_contact_in_doubt(scene)
        deciding_again_at_the_deferred_moment_changes_nothing(scene)
        frequency_is_that_of_the_moment_of_leaving(scene)
        the_contact_that_is_meant_decides_alone(scene)
        the_order_of_checks_does_not_change_whether_it_goes(scene)
