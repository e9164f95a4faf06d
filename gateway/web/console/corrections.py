"""Corrections: what is in doubt, side by side with the evidence; decided link by link, proven, signed, taken back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from aiohttp import web
from pydantic import BeforeValidator, Field

from gateway.archive.correction_tables import CORRECTION_STATES
from gateway.archive.reading import case_files
from gateway.archive.reading import corrections as reading
from gateway.archive.tables import ROLES
from gateway.kernel.errors import Conflict, FieldError, InvalidInput
from gateway.web.console.lists import Column, Terms, listed
from gateway.web.console.pages import Form, ListQuery, Menu, Page, View
from gateway.web.console.rendering import masked
from gateway.web.services import LinkDecision, NewContact

#: The tabs of the list: what to do something about first.
TABS: Final = ("open", "overdue", "verifying", "applied", "watching", "closed", "all")
Tab = Literal["open", "overdue", "verifying", "applied", "watching", "closed", "all"]
_ENDED: Final = ("closed", "dismissed", "reverted")
_OPEN: Final = ("open", "reverted")
#: Rows for new contacts on the form.
_NEW: Final = 3


class CaseQuery(ListQuery):
    """Which cases."""

    tab: Tab = "open"


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Decided(Form):
    """Decisions come as `d:PLACE` (and `role:PLACE`), new contacts as `new_account:N`, `new_number:N`, `new_role:N`."""

    note: str | None = None


class Noted(Form):
    """Why."""

    note: str | None = None


class Signed(Form):
    """That nothing is left, but for what is waived with a reason."""

    waive: Annotated[list[Literal["unproven", "upstream", "import"]], BeforeValidator(_several)] = Field(
        default_factory=list
    )
    note: str | None = None


class Proof(Form):
    """How a new contact is proven: a code asked for or typed in, a question on a trusted channel, papers."""

    account_no: str
    number: str
    how: Literal["code", "trusted_channel", "counter"]
    code: str | None = None
    note: str | None = None


#: What the list is sorted by and looked through.
_SORTED: Final[dict[str, Column[reading.Correction]]] = {
    "common.number": lambda one: masked(one.number) or one.account_no,
    "common.reason": Terms("correction_reasons", lambda one: one.reason),
    "common.state": Terms("states", lambda one: one.state),
    "corrections.links": lambda one: len(one.links) + one.elsewhere,
    "corrections.opened_at": lambda one: one.opened_at,
    "corrections.due_at": lambda one: one.due_at,
    "accounts": lambda one: [link.account_no for link in one.links],
}


async def listing(view: View) -> web.StreamResponse:
    """Cases, newest first."""
    query: CaseQuery = view.query
    states, overdue_at = _wanted(query.tab, view.services.clock.now())
    page = await listed(
        view,
        "corrections",
        lambda before, limit: reading.corrections(
            view.session, states=states, before=before, limit=limit, overdue_at=overdue_at
        ),
        lambda one: one.id,
        _SORTED,
    )
    if query.format == "csv":
        rows = [[one.id, one.state, one.reason, one.opened_at, one.due_at, len(one.links)] for one in page.items]
        return view.csv("corrections", [f"corrections.{name}" for name in _COLUMNS], rows)
    return view.render(
        "corrections/list.html", cases=page.items, next=page.next, tab=query.tab, tabs=TABS, now=view.now
    )


_COLUMNS: Final = ("id", "state", "reason", "opened_at", "due_at", "links")


def _wanted(tab: str, now: datetime) -> tuple[list[str] | None, datetime | None]:
    if tab == "overdue":
        return None, now
    if tab == "all":
        return None, None
    return list({"open": ("open",), "closed": _ENDED}.get(tab, (tab,))), None


async def one(view: View) -> web.StreamResponse:
    """A case with everything that bears on it."""
    correction_id = view.id("correction")
    case = await reading.correction(view.session, correction_id)
    file = await case_files.case_file(view.session, correction_id)
    near = {link.account_no for link in file.links} | {case.account_no}
    hints = [hint for hint in case.hints if hint.get("account_no") is None or hint["account_no"] in near]
    services = view.services.corrections
    return view.render(
        "corrections/one.html",
        case=case,
        file=file,
        hints=hints,
        proposed=_proposed(view, hints),
        left=await services.left(view.session, correction_id),
        concerned=await services.concerned(view.session, correction_id),
        roles=ROLES,
        accounts=sorted({link.account_no for link in file.links}),
        open=case.state in _OPEN,
        now=view.now,
        field_names=_names(view, file),
    )


def _names(view: View, file: case_files.CaseFile) -> dict[str, str]:
    """What the fields of the form are called: a link by its account and number, a new contact by its row."""
    names = {f"d:{at}": f"{link.account_no} {masked(link.number)}" for at, link in enumerate(file.links)}
    for name in view.given:
        start, colon, at = name.partition(":")
        if colon and at.isdecimal() and start in _NEW_NAMES:
            names[name] = f"{view.t('corrections.instead')} {int(at) + 1} · {view.t(_NEW_NAMES[start])}"
    return names


_NEW_NAMES: Final = {
    "new_number": "corrections.new_number", "new_account": "common.account", "new_role": "common.role",
}  # fmt: skip


def _proposed(view: View, hints: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The rows for new contacts: what was proposed, and empty ones."""
    rows = [
        {"account": hint.get("account_no", ""), "number": hint.get("number", ""), "role": hint.get("role", "holder")}
        for hint in hints
        if hint.get("kind") == "new_contact"
    ]
    rows += [{"account": "", "number": "", "role": "holder"} for _ in range(max(1, _NEW - len(rows)))]
    return rows


async def apply(view: View) -> web.StreamResponse:
    """Carry out what was decided on every link."""
    correction_id = view.id("correction")
    form: Decided = view.form
    file = await case_files.case_file(view.session, correction_id)
    decisions = []
    for at, link in enumerate(file.links):
        decision = view.given.get(f"d:{at}")
        if isinstance(decision, str) and decision:
            role = view.given.get(f"role:{at}") if decision == "change_role" else None
            decisions.append(LinkDecision(account_no=link.account_no, number=link.number, decision=decision, role=role))
    undecided = [
        FieldError(f"d:{at}", "this link waits for a decision", "undecided")
        for at, link in enumerate(file.links)
        if link.decision is None and not view.given.get(f"d:{at}")
    ]
    if undecided:
        raise InvalidInput("every link that the case lists needs one decision", errors=undecided)
    new = _new_contacts(view)
    try:
        await view.services.corrections.apply(
            view.session,
            correction_id,
            links=decisions,
            new_contacts=list(new.values()),
            note=form.note,
            actor=view.actor,
        )
    except InvalidInput as error:
        raise by_rows(error, list(new)) from error
    return view.go(
        f"/corrections/{correction_id}", "corrections.applied", undo=f"/corrections/{correction_id}/take-back"
    )


def by_rows(error: InvalidInput, rows: Sequence[str]) -> InvalidInput:
    """Faults of new contacts by the fields of the form; `rows` are the places that were filled in, in their order."""

    def field(name: str) -> str:
        found = _new_contact(name)
        if found is None or int(found[1]) >= len(rows):
            return name
        return f"new_{found[2].removesuffix('_no')}{rows[int(found[1])]}"

    told = [FieldError(field(one.field), one.message, one.code) for one in error.errors]
    return InvalidInput(str(error), errors=told) if told else error


_new_contact: Final = re.compile(r"new_contacts\[(\d+)\]\.(account_no|number|role)").fullmatch


def _new_contacts(view: View) -> dict[str, NewContact]:
    """The new contacts of the form, by their place in it (`:0`)."""
    contacts: dict[str, NewContact] = {}
    for name, number in view.given.items():
        if name.startswith("new_number:") and isinstance(number, str) and number.strip():
            at = name.partition(":")[2]
            account = view.given.get(f"new_account:{at}") or None
            role = view.given.get(f"new_role:{at}") or "holder"
            contacts[f":{at}"] = NewContact(number=number.strip(), role=role, account_no=account)
    return contacts


async def dismiss(view: View) -> web.StreamResponse:
    """The doubt was unfounded."""
    form: Noted = view.form
    correction_id = view.id("correction")
    await view.services.corrections.dismiss(view.session, correction_id, note=form.note, actor=view.actor)
    return view.go(f"/corrections/{correction_id}", "corrections.dismissed")


async def revert(view: View) -> web.StreamResponse:
    """Take back, as a whole, what was carried out."""
    correction_id = view.id("correction")
    note = view.given.get("note") or None
    await view.services.corrections.revert(view.session, correction_id, note=note, actor=view.actor)
    return view.go(f"/corrections/{correction_id}", "corrections.reverted")


async def take_back(view: View) -> web.StreamResponse:
    """Take back the decisions alone; the case is open for others."""
    correction_id = view.id("correction")
    await view.services.corrections.revert(
        view.session, correction_id, note=None, actor=view.actor, only_decisions=True
    )
    return view.go(f"/corrections/{correction_id}", "corrections.taken_back")


async def sign(view: View) -> web.StreamResponse:
    """Sign as a second person that nothing is left."""
    form: Signed = view.form
    correction_id = view.id("correction")
    try:
        await view.services.corrections.sign(
            view.session,
            correction_id,
            waive=list(form.waive),
            note=form.note,
            actor=view.actor,
            two_people=view.person.acting.two_people,
        )
    except Conflict as error:
        # What is left stands on the page, thing by thing.
        raise Conflict(str(error)) from error
    return view.go(f"/corrections/{correction_id}", "corrections.signed")


async def prove(view: View) -> web.StreamResponse:
    """Ask for a proof of a new contact, or take one."""
    form: Proof = view.form
    correction_id = view.id("correction")
    await reading.require_whole_case(view.session, correction_id)
    await view.services.proofs.prove(
        view.session,
        correction_id,
        account_no=form.account_no,
        number=form.number,
        how=form.how,
        code=form.code,
        note=form.note,
        actor=view.actor,
    )
    said = "corrections.code_sent" if form.how == "code" and form.code is None else "corrections.proof_taken"
    return view.go(f"/corrections/{correction_id}", said)


def _action(name: str, handler: Any, form: type[Form]) -> Page:
    return Page(
        method="POST",
        path=f"/corrections/{{id}}/{name}",
        handler=handler,
        scope="corrections:decide",
        title="corrections.one",
        under="/corrections",
        form=form,
        again=one,
    )


PAGES: Final = (
    Page(
        method="GET", path="/corrections", handler=listing, scope="corrections:read", title="corrections.title",
        query=CaseQuery, menu=Menu(group="archive", order=20, icon="arrows-exchange"),
    ),
    Page(
        method="GET", path="/corrections/{id}", handler=one, scope="corrections:read", title="corrections.one",
        under="/corrections",
    ),
    _action("apply", apply, Decided),
    _action("dismiss", dismiss, Noted),
    _action("revert", revert, Noted),
    _action("take-back", take_back, Noted),
    _action("sign", sign, Signed),
    _action("prove", prove, Proof),
)  # fmt: skip
assert set(CORRECTION_STATES) >= {*_ENDED, *_OPEN}
