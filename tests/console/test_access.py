"""Who may open what: over every page there is, by role, from outside, and from the other district."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gateway.staff.roles import ROLES, scopes_of
from gateway.web.console import PAGES
from gateway.web.console.pages import Form, Page

from .conftest import Visitors
from .test_pages import address
from .world import EXAMPLES, PEOPLE, World

NOBODYS = "00000000-0000-7000-8000-000000000000"


def invented(page: Page) -> str:
    """An address of this page that leads to nothing."""
    return re.sub(r"\{\w+\}", NOBODYS, page.path) if page.path != "/" else ""


@pytest.mark.parametrize("role", ROLES)
async def test_without_the_role_every_page_and_action_is_refused(world: World, visitor: Visitors, role: str) -> None:
    held = scopes_of([role])
    someone = visitor(role)
    for page in PAGES:
        if page.open_to(held.__contains__) or "admin" in held:
            continue
        path = invented(page)
        status = (await someone.get(path))[0] if page.method == "GET" else (await someone.post(path))[0]
        assert status == 403, (role, page.name)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_what_the_role_allows_opens(world: World, visitor: Visitors, language: str) -> None:
    for role in ROLES:
        held = scopes_of([role])
        for page in PAGES:
            if page.method == "GET" and not page.public and page.open_to(held.__contains__):
                if page.part and "{" in page.path and page.path not in EXAMPLES:
                    continue
                status, text = await visitor(role).get(await address(page, world), language)
                assert status == 200, (role, page.name, text[:300])
                assert page.part or f'<html lang="{language}"' in text, (role, page.name)


async def test_a_stranger_is_sent_to_the_door(world: World, visitor: Visitors) -> None:
    stranger = visitor(None)
    for page in PAGES:
        if page.public:
            continue
        path = invented(page)
        status = (await stranger.get(path))[0] if page.method == "GET" else (await stranger.post(path))[0]
        assert status in (303, 401), page.name


async def test_no_action_is_taken_on_a_forged_form(world: World, visitor: Visitors) -> None:
    admin = visitor("admin")
    for page in PAGES:
        if page.method == "GET":
            continue
        for headers in ({"X-CSRF-Token": "0" * 64}, {"Origin": "https://elsewhere.example"}):
            status, _, _ = await admin.post(invented(page), headers=headers)
            assert status in (403, 415), (page.name, headers)


def filled(form: type[Form] | None) -> dict[str, Any]:
    """A form that is whole as far as its fields go, so that the use case itself has to refuse it."""
    if form is None:
        return {}
    schema = form.model_json_schema()
    known = schema.get("$defs", {})
    found = {name: _example(field, known) for name, field in schema["properties"].items()}
    form.model_validate(found)
    return {name: value for name, value in found.items() if value is not None}


def _example(schema: dict[str, Any], known: dict[str, Any]) -> Any:
    """A value that a schema takes."""
    for way in schema.get("anyOf", ()):
        if way.get("type") != "null":
            return _example(way, known)
    if "$ref" in schema:
        return _example(known[schema["$ref"].rpartition("/")[2]], known)
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    match schema.get("type"):
        case "integer" | "number":
            return str(schema.get("minimum", 1) or 1)
        case "boolean":
            return "true"
        case "array":
            return [_example(schema.get("items", {}), known)]
        case "string":
            moment = {"date": "2025-04-03", "date-time": "2025-04-03T10:00", "uuid": NOBODYS}
            return moment.get(schema.get("format", ""), "1" * max(1, schema.get("minLength", 1)))
        case _:
            return "1"


#: What everybody who plans sees, and only those concerned change.
SEEN_BY_ALL = ("/plans/deputies/{id}/end",)
#: Actions on what no example makes.
WITHOUT_EXAMPLE = ("/plans/voices/{id}/answer",)


@pytest.mark.parametrize("who", ["elsewhere", "manager-elsewhere"])
async def test_another_district_is_not_reached_by_changing_an_address(
    world: World, visitor: Visitors, who: str
) -> None:
    elsewhere = visitor(who)
    held, reached = scopes_of(PEOPLE[who][1]), []
    for page in PAGES:
        if "{" not in page.path or page.scope is None or not page.open_to(held.__contains__):
            continue
        found = next((one for one in EXAMPLES if page.path == one or page.path.startswith(f"{one}/")), None)
        if found is None:
            assert page.whole or page.path in WITHOUT_EXAMPLE, f"say where to look for {page.path}"
            continue
        path = await EXAMPLES[found](world) + page.path.removeprefix(found)
        path = re.sub(r"\{\w+\}", NOBODYS, path)
        kept_out = 403 if page.whole or page.path in SEEN_BY_ALL else 404
        if page.method == "GET":
            statuses = [(await elsewhere.get(path))[0]]
        else:
            # Once with a form that is whole, so that it is no wrong field that keeps them out.
            statuses = [(await elsewhere.post(path, {} if page.upload else filled(page.form)))[0]]
            statuses += [status for status in [(await elsewhere.post(path))[0]] if status != 422]
        if set(statuses) != {kept_out}:
            reached.append((page.name, statuses))
    assert reached == []
