"""What the documents say of the code, held against the code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import typer
from pydantic import BaseModel, SecretStr

from gateway.archive.importing import ACCOUNTS, CONTACTS, FLAT, NUMBER_CHECKS, TOPOLOGY
from gateway.cases.commitments.importing import COMMITMENTS
from gateway.cases.importing import WORK_ORDERS
from gateway.cases.warnings.importing import WARNINGS
from gateway.cases.warnings.importing_cards import SUPERVISION_CARDS
from gateway.cli import app
from gateway.evaluations.outside import OUTSIDE
from gateway.followups import DEPUTIES, FOLLOWUPS, VISIT_PROGRAMMES
from gateway.kernel.settings import Settings
from gateway.notices.billing import billing_kinds
from gateway.notices.outages.importing import OutagesKind
from gateway.notices.wording import Wording
from gateway.schema import metadata
from gateway.staff.importing import STAFF
from gateway.staff.keys import SCOPES
from gateway.web.api import ROUTES
from gateway.web.metrics import Metrics
from gateway.web.problems import KINDS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.glob("*.md")])


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def first_cells(page: str, heading: str) -> Iterator[list[str]]:
    """The cells of the rows of the first table below a heading, that of the headings left out."""
    section = re.split(r"^## ", page.partition(f"\n## {heading}\n")[2], flags=re.MULTILINE)[0]
    rows = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert rows is not None, f"there is no table below {heading!r}"
    for row in rows[0].splitlines()[2:]:
        yield [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]


def defaults(model: type[BaseModel], prefix: str = "") -> dict[str, str]:
    """Every setting by its name, with its default as it is written; empty where there is none."""
    found: dict[str, str] = {}
    for name, field in model.model_fields.items():
        default: Any = field.get_default(call_default_factory=True)
        if isinstance(default, BaseModel):
            found |= defaults(type(default), f"{prefix}{name.upper()}__")
        else:
            found[f"{prefix}{name.upper()}"] = written(default)
    return found


def written(value: Any) -> str:
    match value:
        case SecretStr():
            return value.get_secret_value()
        case bool():
            return str(value).lower()
        case list():
            return ",".join(value)
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def test_the_table_of_settings_is_that_of_the_code() -> None:
    table = {
        row[0].strip("`"): "" if row[1] == "empty" else row[1].strip("`")
        for row in first_cells(text_of("docs/operations.md"), "Settings")
    }
    assert table == defaults(Settings)


def test_the_example_of_an_environment_names_every_setting_with_its_default() -> None:
    lines = re.findall(r"^(# )?LAMPLIGHTER_([A-Z0-9_]+)=(.*)$", text_of(".env.example"), re.MULTILINE)
    known = defaults(Settings)
    assert sorted(name for _, name, _ in lines) == sorted(known)
    for commented, name, value in lines:
        assert bool(commented) == (known[name] == ""), name
        if not commented:
            assert value == known[name], name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / unquote(path)).resolve() if path else page
        assert there.exists(), f"{page.name}: {target}"
        assert there.is_relative_to(ROOT), f"{page.name}: {target}"
        if anchor:
            assert anchor in anchors(there.read_text(encoding="utf-8")), f"{page.name}: {target}"


def anchors(page: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands() -> set[str]:
    """Every command of the command line, sub-commands with their group."""
    group = typer.main.get_command(app)
    found: set[str] = set()
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        found.add(name)
        found |= {f"{name} {sub}" for sub in getattr(command, "commands", {})}
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_named_exists(page: Path) -> None:
    there = commands()
    named = re.findall(
        r"(?:\.venv/bin/|`|serve |^)lamplighter ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert set(named) <= there, page.name


def test_every_command_is_explained() -> None:
    page = text_of("docs/operations.md")
    groups = {command.partition(" ")[0] for command in commands() if " " in command}
    for command in commands() - groups:
        assert f"`lamplighter {command}" in page, command


def test_the_scopes_are_those_of_the_code() -> None:
    table = {row[0].strip("`") for row in first_cells(text_of("docs/api.md"), "Keys and scopes")}
    assert table == set(SCOPES)


def test_every_operation_is_named() -> None:
    page = text_of("docs/api.md")
    named = set(re.findall(r"`(GET|POST|PATCH|PUT|DELETE) (/[^`?]*)", page))
    there = {(route.method, route.path) for route in ROUTES}
    outside = {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics"), ("GET", "/api/openapi.json")}
    assert there <= named, there - named
    assert {one for one in named - outside if not one[1].startswith(("/webhooks", "/api/"))} <= there


def test_the_columns_of_files_are_those_of_the_code() -> None:
    page = {row[0].split("`")[1]: row[1] for row in first_cells(text_of("docs/api.md"), "Import files")}
    own = [
        FLAT,
        ACCOUNTS,
        CONTACTS,
        NUMBER_CHECKS,
        TOPOLOGY,
        STAFF,
        WORK_ORDERS,
        FOLLOWUPS,
        OUTSIDE,
        COMMITMENTS,
        WARNINGS,
        SUPERVISION_CARDS,
        DEPUTIES,
        VISIT_PROGRAMMES,
    ]
    kinds = [*own, OutagesKind(), *billing_kinds(write_nothing)]
    assert set(page) == {kind.name for kind in kinds}
    for kind in kinds:
        cell = page[kind.name]
        if kind is FLAT:
            cell = f"{page['accounts']}, {cell.partition(', and ')[2]}"
        told = [re.fullmatch(r"(\*\*)?`(\w+)`(?:\*\*)? (\S+)", part) for part in cell.split(", ")]
        assert all(told), kind.name
        found = [(one[2], bool(one[1]), one[3]) for one in told if one is not None]
        columns = [column for headings in kind.headings for column in headings.columns]
        assert [one[:2] for one in found] == [(column.name, column.required) for column in columns], kind.name
        assert all(word in column.words for (_, _, word), column in zip(found, columns, strict=True)), kind.name


async def write_nothing(_connection: Any, _grounds: Any) -> None:
    """What writes texts anew where there are none."""


def test_the_problems_are_those_of_the_code() -> None:
    table = {row[0].strip("`"): row[1] for row in first_cells(text_of("docs/api.md"), "Errors")}
    assert table == {slug: str(kind.status) for slug, kind in KINDS.items()}


def test_every_metric_is_named() -> None:
    from prometheus_client import CollectorRegistry

    registry = CollectorRegistry()
    Metrics(registry)
    page = text_of("docs/operations.md")
    for family in registry.collect():
        assert f"`{family.name}" in page, family.name


def test_every_table_is_named() -> None:
    page = text_of("docs/architecture.md")
    assert [name for name in metadata.tables if f"`{name}`" not in page] == []


def test_every_dependency_is_accounted_for() -> None:
    import tomllib

    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    names = {re.split(r"[\[<>=;!~ ]", line)[0] for line in project["dependencies"]}
    listed = {row[0].strip("`") for row in first_cells(text_of("docs/architecture.md"), "Dependencies")}
    assert listed == names


def test_the_kinds_of_text_are_in_the_glossary() -> None:
    page = text_of("docs/glossary.md")
    for template in Wording.load().templates:
        assert f"`{template.kind}`" in page, template.kind


def test_nothing_of_the_machine_it_was_written_on_is_in_the_documents() -> None:
    for page in [*PAGES, ROOT / ".env.example"]:
        assert not re.search(r"/(?:work|home|root|tmp)/", page.read_text(encoding="utf-8")), page.name


def test_both_languages_walk_through_the_same_demo() -> None:
    def demo(name: str) -> list[str]:
        block = text_of(name).partition("<!-- demo -->\n```sh\n")[2].partition("```")[0]
        return [re.sub(r"\s+# .*$", "", line) for line in block.splitlines()]

    assert demo("README.md") == demo("docs/README.zh-CN.md") != []
