"""Correction cases: opened, decided, seen through, taken back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Final, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from gateway.archive.correction_tables import CORRECTION_STATES
from gateway.archive.opening import REASONS
from gateway.archive.reading import corrections as reading
from gateway.archive.tables import ROLES
from gateway.web.models import AccountNo, Body, Number, Prose
from gateway.web.paging import Page, PageQuery, Words, behind, cut
from gateway.web.routing import Call, Route
from gateway.web.services import LinkDecision, NewContact

TAG: Final = "corrections"
_MOST_LINKS: Final = 1000

Role = Literal["holder", "payer", "tenant", "relative", "agent", "landlord"]
State = Literal["open", "verifying", "applied", "watching", "closed", "dismissed", "reverted"]
Reason = Literal[
    "reply", "ticket", "bounce", "shared_number", "staff_number", "name_mismatch", "transfer", "newer_number",
    "near_miss", "placeholder", "invalid_format", "lookup", "upstream_conflict", "silence", "proposal", "staff_report",
]  # fmt: skip
assert (get_args(Role), get_args(State), get_args(Reason)) == (ROLES, CORRECTION_STATES, REASONS)


class NewContactBody(Body):
    """A number to be reached instead; without `account_no` that of the case."""

    number: Number
    role: Role
    account_no: AccountNo | None = None

    def asked(self) -> NewContact:
        """As the archive takes it."""
        return NewContact(number=self.number, role=self.role, account_no=self.account_no)


class NewCorrection(Body):
    """A doubt about the contacts of an account, or about one number of it."""

    account_no: AccountNo
    number: Number | None = None
    reason: Reason
    evidence: Prose
    new_contacts: list[NewContactBody] = Field(default_factory=list, max_length=_MOST_LINKS)
    note: Prose | None = None


class DecisionBody(Body):
    """What is to become of a link that the case lists."""

    account_no: AccountNo
    number: Number
    decision: Literal["revoke", "keep", "change_role"]
    role: Role | None = None

    def asked(self) -> LinkDecision:
        """As the archive takes it."""
        return LinkDecision(account_no=self.account_no, number=self.number, decision=self.decision, role=self.role)


class Decisions(Body):
    """A decision on every link that the case lists, and the contacts to be reached instead."""

    links: list[DecisionBody] = Field(default_factory=list, max_length=_MOST_LINKS)
    new_contacts: list[NewContactBody] = Field(default_factory=list, max_length=_MOST_LINKS)
    note: Prose | None = None


class Note(Body):
    """Why."""

    note: Prose | None = None


class Revert(Note):
    """Why, and how much is taken back."""

    #: Take back the decisions alone: what the case had stopped stays stopped, and it is open for another decision.
    only_decisions: bool = False


class Signature(Body):
    """That nothing is left of the case, by a second person; what depends on others may be waived with a reason."""

    waive: list[Literal["unproven", "upstream", "import"]] = Field(default_factory=list, max_length=3)
    note: Prose | None = None


class CorrectionQuery(PageQuery):
    """Which cases. `overdue`: those whose time has passed."""

    state: Annotated[list[State] | None, Words] = None
    overdue: bool = False


class LeftItem(BaseModel):
    """Something that is left before the case may be signed; `waivable` where a person may pass over it."""

    kind: str
    words: str
    account_no: str | None
    number: str | None
    ref: str | None
    waivable: bool


class ConcernItem(BaseModel):
    """Something beside links that the case concerns: a text that waits, an invitation."""

    kind: str
    ref: str
    state: str
    account_no: str
    number: str
    at: datetime


class Checklist(BaseModel):
    """What is left of a case, and what it concerns beside its links."""

    left: list[LeftItem]
    concerns: list[ConcernItem]


async def listed(call: Call[None, CorrectionQuery]) -> Page[reading.Correction]:
    """Cases, newest first."""
    query = call.query
    before = behind("corrections", query.cursor, UUID)
    overdue_at = call.services.clock.now() if query.overdue else None
    found = await reading.corrections(
        call.session, states=query.state, before=before, limit=query.limit + 1, overdue_at=overdue_at
    )
    return Page[reading.Correction](**cut("corrections", found, query.limit, lambda one: one.id))


async def one(call: Call[None, None]) -> reading.Correction:
    """One case."""
    return await reading.correction(call.session, call.id("correction"))


async def open_case(call: Call[NewCorrection, None]) -> reading.Correction:
    """Open a case."""
    body = call.body
    correction_id = await call.services.corrections.open_case(
        call.session,
        account_no=body.account_no,
        number=body.number,
        reason=body.reason,
        evidence=body.evidence,
        new_contacts=[contact.asked() for contact in body.new_contacts],
        note=body.note,
        actor=call.actor,
    )
    return await reading.correction(call.session, correction_id)


async def apply(call: Call[Decisions, None]) -> reading.Correction:
    """Carry out what was decided on every link."""
    correction_id = await _known(call)
    await call.services.corrections.apply(
        call.session,
        correction_id,
        links=[link.asked() for link in call.body.links],
        new_contacts=[contact.asked() for contact in call.body.new_contacts],
        note=call.body.note,
        actor=call.actor,
    )
    return await reading.correction(call.session, correction_id)


async def dismiss(call: Call[Note, None]) -> reading.Correction:
    """The doubt was unfounded."""
    correction_id = await _known(call)
    await call.services.corrections.dismiss(call.session, correction_id, note=call.body.note, actor=call.actor)
    return await reading.correction(call.session, correction_id)


async def revert(call: Call[Revert, None]) -> reading.Correction:
    """Take back all that the case did."""
    correction_id = await _known(call)
    await call.services.corrections.revert(
        call.session,
        correction_id,
        note=call.body.note,
        actor=call.actor,
        only_decisions=call.body.only_decisions,
    )
    return await reading.correction(call.session, correction_id)


async def close(call: Call[Signature, None]) -> reading.Correction:
    """Sign that nothing is left."""
    correction_id = await _known(call)
    await call.services.corrections.sign(
        call.session,
        correction_id,
        waive=list(call.body.waive),
        note=call.body.note,
        actor=call.actor,
        two_people=call.caller.two_people,
    )
    return await reading.correction(call.session, correction_id)


class Proof(Body):
    """Of which new contact, and how: a code (sent without `code`, taken with it), a question on the account's
    trusted channel, or papers seen at the counter, which the note names."""

    account_no: AccountNo
    number: Number
    how: Literal["code", "trusted_channel", "counter"]
    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")] | None = None
    note: Prose | None = None


async def prove(call: Call[Proof, None]) -> reading.Correction:
    """Ask for a proof of a new contact, or take one."""
    correction_id = await _known(call)
    body = call.body
    await call.services.proofs.prove(
        call.session,
        correction_id,
        account_no=body.account_no,
        number=body.number,
        how=body.how,
        code=body.code,
        note=body.note,
        actor=call.actor,
    )
    return await reading.correction(call.session, correction_id)


async def checklist(call: Call[None, None]) -> Checklist:
    """What is left, and what it concerns."""
    correction_id = (await reading.correction(call.session, call.id("correction"))).id
    return Checklist(
        left=[LeftItem(**asdict(one)) for one in await call.services.corrections.left(call.session, correction_id)],
        concerns=[
            ConcernItem(**asdict(one)) for one in await call.services.corrections.concerned(call.session, correction_id)
        ],
    )


async def _known(call: Call[Any, None]) -> UUID:
    """The case in the path, which the caller may work on."""
    return (await reading.correction(call.session, call.id("correction"))).id


def _deciding(name: str, handler: Any, summary: str, body: Any, *, optional: bool = True) -> Route:
    return Route(
        method="POST",
        path=f"/corrections/{{id}}/{name}",
        handler=handler,
        scope="corrections:decide",
        tag=TAG,
        summary=summary,
        answer=reading.Correction,
        body=body,
        body_optional=optional,
        problems=(409,),
    )


ROUTES: Final = (
    Route(
        method="GET",
        path="/corrections",
        handler=listed,
        scope="corrections:read",
        tag=TAG,
        summary="List correction cases, newest first",
        answer=Page[reading.Correction],
        query=CorrectionQuery,
    ),
    Route(
        method="POST",
        path="/corrections",
        handler=open_case,
        scope="corrections:decide",
        tag=TAG,
        summary="Open a correction",
        answer=reading.Correction,
        status=201,
        body=NewCorrection,
        problems=(409,),
    ),
    Route(
        method="GET",
        path="/corrections/{id}",
        handler=one,
        scope="corrections:read",
        tag=TAG,
        summary="One correction with every link it concerns",
        answer=reading.Correction,
    ),
    _deciding("apply", apply, "Carry out a decision on every link of the case", Decisions, optional=False),
    _deciding("dismiss", dismiss, "The doubt was unfounded: links send again as before", Note),
    _deciding("revert", revert, "Take back, as a whole, what the case did", Revert),
    _deciding("prove", prove, "Ask for a proof of a new contact, or take one", Proof, optional=False),
    _deciding("close", close, "A second person signs that nothing is left; 30 days' watch begins", Signature),
    Route(
        method="GET",
        path="/corrections/{id}/checklist",
        handler=checklist,
        scope="corrections:read",
        tag=TAG,
        summary="What is left of a correction, and what it concerns beside its links",
        answer=Checklist,
    ),
)
