"""The policy in force with its versions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from aiohttp import web
from pydantic import Field, StringConstraints

from gateway.kernel.errors import FieldError, InvalidInput
from gateway.staff import members
from gateway.web.console.pages import Form, Menu, Page, View


class NewPolicy(Form):
    """Changes to the version in force, laid over it: what is left out stays."""

    policy: Annotated[str, StringConstraints(max_length=50_000)]
    why: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    base: int = Field(ge=1)


async def policy(view: View) -> web.StreamResponse:
    """What is in force, and every version there was."""
    services = view.services
    in_force = await services.policy.version(view.session, None)
    return await _policy(view, in_force)


async def version(view: View) -> web.StreamResponse:
    """One version."""
    return await _policy(view, await view.services.policy.version(view.session, view.number("version", "version")))


async def _policy(view: View, shown: Any) -> web.Response:
    versions = await view.services.policy.versions(view.session, before=None, limit=50)
    earlier = next((one.policy for one in versions if one.version < shown.version), None)
    rows = list(_flat(shown.policy))
    had = dict(_flat(earlier)) if earlier is not None else None
    return view.render(
        "rules/policy.html",
        one=shown,
        versions=versions,
        rows=rows,
        had=had,
        newest=max((one.version for one in versions), default=shown.version),
        names=await members.names(view.session),
    )


def _flat(document: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Every figure of a policy by its path, as JSON writes it."""
    for name, value in document.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", json.dumps(value, ensure_ascii=False)


async def change(view: View) -> web.StreamResponse:
    """Make a new version; it is in force at once."""
    form: NewPolicy = view.form
    try:
        changes = json.loads(form.policy)
    except ValueError as error:
        raise InvalidInput("some fields are wrong", errors=[FieldError("policy", str(error), "json")]) from error
    if not isinstance(changes, dict):
        raise InvalidInput("some fields are wrong", errors=[FieldError("policy", "an object is needed", "json")])
    await view.services.policy.put(view.session, changes, why=form.why, base=form.base, actor=view.actor)
    return view.go("/policy", "rules.changed")


PAGES: Final = (
    Page(
        method="GET", path="/policy", handler=policy, scope="policy:read", title="rules.policy", whole=True,
        menu=Menu(group="settings", order=20, icon="scale"),
    ),
    Page(
        method="GET", path="/policy/{version}", handler=version, scope="policy:read", title="rules.policy", whole=True,
        under="/policy",
    ),
    Page(
        method="POST", path="/policy", handler=change, scope="policy:write", title="rules.policy", whole=True,
        under="/policy", form=NewPolicy, again=policy,
    ),
)  # fmt: skip
