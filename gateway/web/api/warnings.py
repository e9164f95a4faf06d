"""Early warnings with the rules that raise them, and supervision cards."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, get_args
from uuid import UUID

from pydantic import Field, JsonValue, StringConstraints

from gateway.cases.warnings import reading
from gateway.cases.warnings.cards import NewCard
from gateway.cases.warnings.keeping import RuleVersion
from gateway.cases.warnings.rules import KINDS
from gateway.cases.warnings.tables import CARD_STATES, WARNING_STATES
from gateway.web.models import Body, Instant, Prose
from gateway.web.paging import Page, PageQuery, QueryTime, Words, behind, cut
from gateway.web.routing import Call, Route

TAG: Final = "warnings"

Kind = Literal["typical", "repeated", "common", "escalating"]
State = Literal["open", "acknowledged", "closed"]
CardState = Literal["issued", "reported", "passed", "withdrawn"]
assert (get_args(Kind), get_args(State), get_args(CardState)) == (KINDS, WARNING_STATES, CARD_STATES)

StaffNo = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
Unit = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Said = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]


class AskedWarning(Body):
    """A warning by hand, to a unit that acknowledges it until `due_at`."""

    kind: Kind
    subject: Subject
    words: Said
    unit: Unit
    due_at: Instant


class Note(Body):
    """What the unit says to it."""

    note: Prose | None = None


class Outcome(Body):
    """What was done."""

    outcome: Said


class NewRules(Body):
    """Changes to the rules in force, laid over them field by field."""

    rules: dict[str, JsonValue]
    why: Annotated[str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True)]
    #: The version that was looked at: 409 where there is a newer one.
    version: int | None = Field(default=None, ge=1)


class AskedCard(Body):
    """A card: issuer, doer and checker by their staff numbers, three people."""

    words: Said
    issuer: StaffNo
    doer: StaffNo
    checker: StaffNo
    due_at: Instant
    unit: Unit | None = None
    subject: Subject | None = None


class Report(Body):
    """What the doer did."""

    by: StaffNo
    report: Said


class Check(Body):
    """What the checker found; sent back it has a new `due_at`."""

    by: StaffNo
    passed: bool
    result: Said
    due_at: Instant | None = None


class TakingBack(Body):
    """Why the issuer takes it back."""

    by: StaffNo
    reason: Said


class WarningQuery(PageQuery):
    """Which warnings; everything given must hold."""

    state: Annotated[list[State] | None, Words] = None
    kind: Annotated[list[Kind] | None, Words] = None
    unit: Annotated[list[str] | None, Words] = None
    subject: str | None = None
    due_before: QueryTime | None = None


class CardQuery(PageQuery):
    """Which cards; everything given must hold."""

    state: Annotated[list[CardState] | None, Words] = None
    unit: Annotated[list[str] | None, Words] = None
    doer: str | None = None
    checker: str | None = None
    subject: str | None = None


async def listed(call: Call[None, WarningQuery]) -> Page[reading.EarlyWarning]:
    """Warnings, newest first."""
    query = call.query
    wanted = reading.WarningFilter(
        states=query.state, kinds=query.kind, units=query.unit, subject=query.subject, due_before=query.due_before
    )
    before = behind("warnings", query.cursor, UUID)
    found = await reading.warnings(call.session, wanted, before=before, limit=query.limit + 1)
    return Page[reading.EarlyWarning](**cut("warnings", found, query.limit, lambda one: one.id))


async def one(call: Call[Any, None]) -> reading.EarlyWarning:
    """One warning."""
    return await reading.warning(call.session, call.id("warning"))


async def raise_(call: Call[AskedWarning, None]) -> reading.EarlyWarning:
    """Warn a unit."""
    body = call.body
    made = await call.services.warnings.raise_by_hand(
        call.session,
        kind=body.kind,
        subject=body.subject,
        words=body.words,
        unit=body.unit,
        due_at=body.due_at,
        actor=call.actor,
    )
    return await reading.warning(call.session, made)


async def acknowledge(call: Call[Note, None]) -> reading.EarlyWarning:
    """The unit knows."""
    await call.services.warnings.acknowledge(call.session, call.id("warning"), note=call.body.note, actor=call.actor)
    return await one(call)


async def close(call: Call[Outcome, None]) -> reading.EarlyWarning:
    """What was done about it."""
    await call.services.warnings.close(call.session, call.id("warning"), outcome=call.body.outcome, actor=call.actor)
    return await one(call)


async def rules(call: Call[None, None]) -> RuleVersion:
    """The rules in force."""
    (version,) = await call.services.warnings.rule_versions(call.session, before=None, limit=1)
    return version


async def put_rules(call: Call[NewRules, None]) -> RuleVersion:
    """Make a new version of the rules."""
    body = call.body
    return await call.services.warnings.put_rules(
        call.session, body.rules, why=body.why, base=body.version, actor=call.actor
    )


async def rule_versions(call: Call[None, PageQuery]) -> Page[RuleVersion]:
    """Versions of the rules, newest first."""
    query = call.query
    before = behind("warning-rules", query.cursor, int)
    found = await call.services.warnings.rule_versions(call.session, before=before, limit=query.limit + 1)
    return Page[RuleVersion](**cut("warning-rules", found, query.limit, lambda one: one.version))


async def cards(call: Call[None, CardQuery]) -> Page[reading.Card]:
    """Cards, newest first."""
    query = call.query
    wanted = reading.CardFilter(
        states=query.state, units=query.unit, doer=query.doer, checker=query.checker, subject=query.subject
    )
    before = behind("supervision-cards", query.cursor, UUID)
    found = await reading.cards(call.session, wanted, before=before, limit=query.limit + 1)
    return Page[reading.Card](**cut("supervision-cards", found, query.limit, lambda one: one.id))


async def card(call: Call[Any, None]) -> reading.Card:
    """One card."""
    return await reading.card(call.session, call.id("supervision card"))


async def issue(call: Call[AskedCard, None]) -> reading.Card:
    """Issue a card."""
    body = call.body
    made = await call.services.cards.issue(
        call.session,
        NewCard(
            words=body.words,
            issuer=body.issuer,
            doer=body.doer,
            checker=body.checker,
            due_at=body.due_at,
            unit=body.unit,
            subject=body.subject,
        ),
        actor=call.actor,
    )
    return await reading.card(call.session, made)


async def report(call: Call[Report, None]) -> reading.Card:
    """What the doer did."""
    body = call.body
    await call.services.cards.report(
        call.session, call.id("supervision card"), by=body.by, report=body.report, actor=call.actor
    )
    return await card(call)


async def check(call: Call[Check, None]) -> reading.Card:
    """What the checker found."""
    body = call.body
    await call.services.cards.check(
        call.session,
        call.id("supervision card"),
        by=body.by,
        passed=body.passed,
        result=body.result,
        due_at=body.due_at,
        actor=call.actor,
    )
    return await card(call)


async def withdraw(call: Call[TakingBack, None]) -> reading.Card:
    """Take a card back."""
    body = call.body
    await call.services.cards.withdraw(
        call.session, call.id("supervision card"), by=body.by, reason=body.reason, actor=call.actor
    )
    return await card(call)


def _post(path: str, handler: Any, summary: str, answer: Any, body: Any, **more: Any) -> Route:
    return Route(
        method="POST",
        path=path,
        handler=handler,
        scope=more.pop("scope", "cases:write"),
        tag=TAG,
        summary=summary,
        answer=answer,
        body=body,
        problems=(409,),
        **more,
    )


def _get(path: str, handler: Any, summary: str, answer: Any, query: Any = None) -> Route:
    return Route(
        method="GET",
        path=path,
        handler=handler,
        scope="cases:read",
        tag=TAG,
        summary=summary,
        answer=answer,
        query=query,
    )


_W: Final = reading.EarlyWarning
_C: Final = reading.Card

ROUTES: Final = (
    _get("/warnings", listed, "List early warnings, newest first", Page[reading.EarlyWarning], WarningQuery),
    _post("/warnings", raise_, "Warn a unit by hand", _W, AskedWarning, status=201),
    _get("/warnings/rules", rules, "The rules that raise warnings, as they are in force", RuleVersion),
    Route(
        method="PUT",
        path="/warnings/rules",
        handler=put_rules,
        scope="policy:write",
        tag=TAG,
        summary="Make a new version of the rules; it is in force from the next time they are gone through",
        answer=RuleVersion,
        body=NewRules,
        problems=(409,),
    ),
    _get("/warnings/rules/versions", rule_versions, "Every version there was", Page[RuleVersion], PageQuery),
    _get("/warnings/{id}", one, "One warning with what shows it", _W),
    _post("/warnings/{id}/acknowledge", acknowledge, "The unit says that it knows", _W, Note, body_optional=True),
    _post("/warnings/{id}/close", close, "Say what was done about it, once it was acknowledged", _W, Outcome),
    _get("/supervision-cards", cards, "List supervision cards, newest first", Page[reading.Card], CardQuery),
    _post("/supervision-cards", issue, "Issue a card: three people and a time", _C, AskedCard, status=201),
    _get("/supervision-cards/{id}", card, "One supervision card", _C),
    _post("/supervision-cards/{id}/report", report, "The doer says what was done", _C, Report),
    _post(
        "/supervision-cards/{id}/check",
        check,
        "The checker finds it done, or sends it back",
        _C,
        Check,
        scope="cases:review",
    ),
    _post("/supervision-cards/{id}/withdraw", withdraw, "The issuer takes it back", _C, TakingBack),
)
