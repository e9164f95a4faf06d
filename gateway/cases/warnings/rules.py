"""When a warning is raised: a table of rules, each with its figures, whom it goes to and until when (S2.17). Pure.

Four kinds: typical (what a unit gets most of), repeated (matters that come again), common (one topic in many places),
escalating (a case that is likely to go further up).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import Field, TypeAdapter, ValidationError

from gateway.kernel.errors import FieldError, InvalidInput

Kind = Literal["typical", "repeated", "common", "escalating"]
Code = Literal["typical_topic", "repeated_matter", "common_topic", "common_area", "escalating_case"]
KINDS: Final[tuple[str, ...]] = get_args(Kind)
CODES: Final[tuple[str, ...]] = get_args(Code)
KIND_OF: Final[Mapping[Code, Kind]] = {
    "typical_topic": "typical",
    "repeated_matter": "repeated",
    "common_topic": "common",
    "common_area": "common",
    "escalating_case": "escalating",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: looks `days` back, speaks from `at_least` on, and wants an acknowledgement within `hours`.

    `share` is of a unit's cases (typical alone); `places` how many units a common topic is in. `unit` is whom it goes
    to; none is the unit that it is about.
    """

    days: Annotated[int, Field(ge=1, le=366)]
    at_least: Annotated[int, Field(ge=1, le=100_000)]
    hours: Annotated[int, Field(ge=1, le=24 * 60)]
    share: Annotated[float, Field(ge=0, le=1)] = 0.0
    places: Annotated[int, Field(ge=1, le=1000)] = 1
    unit: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")] | None = None
    enabled: bool = True


def _standard() -> dict[Code, Rule]:
    return {
        "typical_topic": Rule(days=30, at_least=20, share=0.3, hours=72),
        "repeated_matter": Rule(days=30, at_least=3, hours=48),
        "common_topic": Rule(days=7, at_least=15, places=3, hours=24, unit="supervision"),
        "common_area": Rule(days=7, at_least=5, hours=24, unit="dispatch"),
        "escalating_case": Rule(days=60, at_least=3, hours=8),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTable:
    """Every rule by its code, with the defaults of the product; version 1 is not stored."""

    version: int = 1
    rules: Mapping[Code, Rule] = field(default_factory=_standard)


_RULES: Final = TypeAdapter(dict[Code, Rule])


def document_of(table: RuleTable) -> dict[str, Any]:
    """The rules as JSON has them."""
    written: dict[str, Any] = _RULES.dump_python(dict(table.rules), mode="json")
    return written


def table_of(document: Mapping[str, Any], version: int) -> RuleTable:
    """The table of a whole document. Raises InvalidInput naming each wrong field."""
    known = set(Rule.__dataclass_fields__)
    unknown = [f"rules.{code}" for code in document if code not in CODES] + [
        f"rules.{code}.{name}"
        for code, rule in document.items()
        if isinstance(rule, Mapping)
        for name in rule
        if name not in known
    ]
    if unknown:
        raise InvalidInput(
            "there is no such rule or field", errors=[FieldError(path, "unknown", "unknown") for path in unknown]
        )
    try:
        rules = _RULES.validate_python(dict(document))
    except ValidationError as error:
        faults = [
            FieldError(".".join(["rules", *map(str, one["loc"])]), one["msg"], one["type"]) for one in error.errors()
        ]
        raise InvalidInput("the rules are wrong", errors=faults) from error
    if missing := sorted(set(CODES) - set(rules)):
        raise InvalidInput("a rule is switched off, not taken out", field=f"rules.{missing[0]}")
    return RuleTable(version=version, rules=rules)


def merged(before: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Rules with changes laid over them, field by field."""
    after = dict(before)
    for code, rule in changes.items():
        old = after.get(code)
        after[code] = {**old, **rule} if isinstance(rule, Mapping) and isinstance(old, Mapping) else rule
    return after
