"""The policy: what is in force as a form, what a change would do, every version with what it changed and why."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from aiohttp import web
from pydantic import Field, StringConstraints

from gateway.kernel.errors import FieldError, InvalidInput
from gateway.notices.policies import PolicyVersion
from gateway.notices.policy_trial import COUNTED, Trial
from gateway.staff import members
from gateway.web.console import policy_form
from gateway.web.console.lists import Actors, Column, listed
from gateway.web.console.pages import Form, ListQuery, Menu, Page, Query, View

_COLUMNS: Final = ("version_no", "made_at", "made_by", "why")


class PolicyQuery(Query):
    """`like`: the form begins with what this version says."""

    like: int | None = Field(default=None, ge=1, le=10**9)


class NewPolicy(Form):
    """A form as `policy_form` reads it, or what is to change as JSON; why; and the version that was looked at."""

    why: Annotated[str, StringConstraints(max_length=1000)] | None = None
    base: int = Field(ge=1)
    json_: Annotated[str, StringConstraints(max_length=50_000)] | None = Field(default=None, alias="json")


async def policy(view: View) -> web.StreamResponse:
    """What is in force, as a form for those who may change it."""
    query: PolicyQuery | None = view.query
    return await _in_force(view, like=query.like if query is not None else None)


async def _in_force(view: View, *, like: int | None = None, trial: Trial | None = None) -> web.Response:
    book = view.services.policy
    shown = await book.version(view.session, None)
    document = shown.policy if like is None else (await book.version(view.session, like)).policy
    form = policy_form.sections(policy_form.widened(document, view.given), book.channels)
    return view.render(
        "rules/policy.html",
        one=shown,
        like=like,
        form=form,
        field_names=_names(view, form),
        values=policy_form.values(form, document),
        typed=view.given if "base" in view.given and "json" not in view.given else None,
        trial=trial,
        changed=None if trial is None else policy_form.compared(trial.before, trial.after, book.channels),
        most=COUNTED,
        names=await members.names(view.session),
    )


def _names(view: View, form: Sequence[policy_form.Section]) -> dict[str, str]:
    """How the form calls each field, and each part of it, for what is wrong with them."""
    names = {f"policy.{path}": view.t(f"policy_sections.{key}") for path, key in _PARTS.items()}
    for section in form:
        for row in section.rows:
            beside = [view.word(row.area, row.key)] if row.area else []
            for cell in row.cells:
                said = [view.t(f"policy_sections.{section.key}"), *beside, view.t(f"policy.{cell.label}")]
                names[cell.name] = " · ".join(said)
    return names


_PARTS: Final = {
    "hours": "hours", "ladder.stages": "stages", "channels": "channels", "role_order": "order", "tones": "segments",
    "person_instead": "segments", "outages.reminders": "reminders", "outages": "outages",
}  # fmt: skip


async def version(view: View) -> web.StreamResponse:
    """One version: what it changed of the one before, and the whole of it."""
    book, number = view.services.policy, view.number("version", "version")
    shown = await book.version(view.session, number)
    earlier = await book.versions(view.session, before=number, limit=1)
    in_force = await book.version(view.session, None)
    form = policy_form.sections(shown.policy, book.channels)
    return view.render(
        "rules/version.html",
        one=shown,
        changed=policy_form.compared(earlier[0].policy, shown.policy, book.channels) if earlier else None,
        newest=in_force.version,
        form=form,
        values=policy_form.values(form, shown.policy),
        names=await members.names(view.session),
    )


async def document(view: View) -> web.StreamResponse:
    """A version as a file that `PUT /api/v1/policy` and the form's JSON take."""
    number = view.number("version", "version")
    shown = await view.services.policy.version(view.session, number)
    text = json.dumps(shown.policy, ensure_ascii=False, indent=2)
    return web.Response(
        text=text,
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="policy-{number}.json"', "Cache-Control": "no-store"},
    )


#: What the list is sorted by and looked through.
_SORTED: Final[dict[str, Column[PolicyVersion]]] = {
    "rules.version_no": lambda one: one.version,
    "rules.made_at": lambda one: one.made_at,
    "rules.made_by": Actors(lambda one: one.made_by),
    "rules.why": lambda one: one.why,
}


async def versions(view: View) -> web.StreamResponse:
    """Every version there was, newest first."""
    query: ListQuery = view.query
    page = await listed(
        view,
        "versions",
        lambda before, limit: view.services.policy.versions(view.session, before=before, limit=limit),
        lambda one: one.version,
        _SORTED,
        of=int,
    )
    if query.format == "csv":
        rows = [[one.version, one.made_at, one.made_by, one.why] for one in page.items]
        return view.csv("policy-versions", [f"rules.{name}" for name in _COLUMNS], rows)
    return view.render(
        "rules/versions.html",
        versions=page.items,
        next=page.next,
        names=await members.names(view.session),
    )


async def _asked(view: View) -> Mapping[str, Any]:
    """The changes that were asked for, by the form or as JSON."""
    form: NewPolicy = view.form
    if form.json_ is not None:
        try:
            changes = json.loads(form.json_)
        except ValueError as error:
            raise InvalidInput("some fields are wrong", errors=[FieldError("json", str(error), "json")]) from error
        if not isinstance(changes, dict):
            raise InvalidInput("some fields are wrong", errors=[FieldError("json", "an object is needed", "json")])
        return changes
    in_force = await view.services.policy.version(view.session, None)
    # A form that began with more rows than the version in force has is read whole.
    sent = policy_form.sections(policy_form.widened(in_force.policy, view.given), view.services.policy.channels)
    return policy_form.read(sent, view.given, in_force.policy)


async def look(view: View) -> web.StreamResponse:
    """What would change, and what that does to the texts that wait. Nothing is changed."""
    form: NewPolicy = view.form
    trial = await view.services.policy.tried(view.session, await _asked(view), base=form.base)
    return await _in_force(view, trial=trial)


async def change(view: View) -> web.StreamResponse:
    """Make a new version; it is in force at once."""
    form: NewPolicy = view.form
    if form.why is None:
        raise InvalidInput("some fields are wrong", errors=[FieldError("why", "a reason is needed", "missing")])
    await view.services.policy.put(view.session, await _asked(view), why=form.why, base=form.base, actor=view.actor)
    return view.go("/policy", "rules.changed")


PAGES: Final = (
    Page(
        method="GET", path="/policy", handler=policy, scope="policy:read", title="rules.policy", whole=True,
        query=PolicyQuery, menu=Menu(group="settings", order=20, icon="scale"),
    ),
    Page(
        method="POST", path="/policy", handler=change, scope="policy:write", title="rules.policy", whole=True,
        under="/policy", form=NewPolicy, again=policy,
    ),
    Page(
        method="POST", path="/policy/try", handler=look, scope="policy:write", title="rules.policy", whole=True,
        under="/policy", form=NewPolicy, again=policy,
    ),
    Page(
        method="GET", path="/policy-versions", handler=versions, scope="policy:read", title="rules.versions",
        whole=True, under="/policy", query=ListQuery,
    ),
    Page(
        method="GET", path="/policy/{version}", handler=version, scope="policy:read", title="rules.policy", whole=True,
        under="/policy",
    ),
    Page(
        method="GET", path="/policy/{version}/document", handler=document, scope="policy:read", title="rules.policy",
        whole=True, part=True,
    ),
)  # fmt: skip
