"""From a template's body to a function that fills it, with everything checked on the way.

Most texts are words and values in turn. These are filled by joining strings, in half the time that Jinja
takes; the others, with conditions in them, by Jinja itself. A test holds both to the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gateway.kernel.errors import InvalidInput
from gateway.notices.wording.findings import Finding
from gateway.notices.wording.frontmatter import FrontMatter, line_of
from gateway.notices.wording.speech import (
    FILTERS_OF,
    PARSERS,
    SPEECHES,
    Parse,
    Speech,
    ValueType,
    base_language,
    link_to,
)

#: Fills a text with values whose names have been checked; raises InvalidInput naming a value that does not fit.
Fill = Callable[[Mapping[str, Any], ZoneInfo], str]

_ALLOWED_NODES: Final = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Filter,
    nodes.If,
    nodes.For,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Const,
)
_PLAIN_FILTERS: Final = ("join", "length", "lower", "upper")


def environment(language: str) -> ImmutableSandboxedEnvironment:
    """The Jinja environment of one language, with its filters and nothing that reaches outside the text."""
    # A text message is no page: escaping would send "&amp;" to a telephone.
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )
    plain = {name: environment.filters[name] for name in _PLAIN_FILTERS}
    environment.globals.clear()
    environment.filters.clear()
    environment.filters.update(plain)
    environment.filters.update(SPEECHES[base_language(language)].filters)
    return environment


def compile_body(
    path: Path, source: str, front: FrontMatter, body: str, lines_before: int, *, fast: bool = True, bot: str = ""
) -> tuple[Fill | None, list[Finding]]:
    """Check `body` against its front matter and compile it; no function where something is wrong.

    `bot` is the user name that links lead to.
    """
    jinja = environment(front.language)
    try:
        tree = jinja.parse(body)
        findings = [
            Finding(path, lines_before + line, message)
            for line, message in (
                *_undeclared(tree, front),
                *_forbidden(tree),
                *_said_wrongly(tree, front),
                *_adjacent(tree),
            )
        ]
    except TemplateSyntaxError as error:
        return None, [Finding(path, lines_before + error.lineno, error.message or "the text cannot be read")]
    used = {node.name for node in tree.find_all(nodes.Name)}
    findings += [
        Finding(path, line_of(source, ("variables", name)), f"the variable {name} is declared and never used")
        for name in front.variables
        if name not in used
    ]
    if findings:
        return None, findings
    slots = _slots(tree, front)
    parsers = {
        name: link_to(bot, one.example) if one.type is ValueType.BOT_LINK else PARSERS[one.type]
        for name, one in front.variables.items()
    }
    if slots is not None and fast:
        return _joined(slots, front, parsers, SPEECHES[base_language(front.language)]), []
    return partial(_fill_by_jinja, jinja.from_string(body).render, parsers), []


def _undeclared(tree: nodes.Template, front: FrontMatter) -> Iterator[tuple[int, str]]:
    for name in sorted(meta.find_undeclared_variables(tree) - front.variables.keys()):
        line = next((node.lineno for node in tree.find_all(nodes.Name) if node.name == name), 1)
        yield line, f"the variable {name} is used and not declared"


def _forbidden(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED_NODES):
            yield node.lineno, f"a text may not contain a {type(node).__name__.lower()}"


def _said_wrongly(tree: nodes.Template, front: FrontMatter) -> Iterator[tuple[int, str]]:
    """Values printed raw (`2025-06-25`), and filters put on values they cannot say."""
    typed = {name: variable.type for name, variable in front.variables.items()}
    speaking = frozenset().union(*FILTERS_OF.values())
    for output in tree.find_all(nodes.Output):
        for node in output.nodes:
            if isinstance(node, nodes.Name) and typed.get(node.name) in FILTERS_OF:
                needed = f"{node.name}|{typed[node.name].value}"
                yield node.lineno, f"the variable {node.name} needs a filter: {needed}"
    for node in tree.find_all(nodes.Filter):
        if node.name not in speaking or not isinstance(node.node, nodes.Name):
            continue
        kind = typed.get(node.node.name)
        if kind is not None and node.name not in FILTERS_OF.get(kind, frozenset()):
            yield node.lineno, f"the filter {node.name} cannot say {node.node.name}, which is {kind.value}"
        if node.name == "until" and _start_of(node, typed) is None:
            yield node.lineno, f"{node.node.name}|until needs the variable it starts from, of type datetime"


def _start_of(node: nodes.Filter, typed: Mapping[str, ValueType]) -> str | None:
    if len(node.args) != 1 or node.kwargs or not isinstance(node.args[0], nodes.Name):
        return None
    name = node.args[0].name
    return name if typed.get(name) is ValueType.DATETIME else None


def _adjacent(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    """Two values with nothing between them: carriers refuse such templates, and readers run them together."""
    for output in tree.find_all(nodes.Output):
        previous: nodes.Node | None = None
        for node in output.nodes:
            if isinstance(node, nodes.TemplateData):
                if node.data.strip():
                    previous = None
                continue
            if previous is not None:
                yield node.lineno, "two variables stand side by side; put words between them"
            previous = node


#: A piece of words, or a variable with the filter that says it and the variable that filter starts from.
_Slot = str | tuple[str, str | None, str | None]


def _slots(tree: nodes.Template, front: FrontMatter) -> list[_Slot] | None:
    """The text as words and values in turn, or None where it is more than that."""
    slots: list[_Slot] = []
    for statement in tree.body:
        if not isinstance(statement, nodes.Output):
            return None
        for node in statement.nodes:
            match node:
                case nodes.TemplateData(data=words):
                    slots.append(words)
                case nodes.Name(name=name):
                    slots.append((name, None, None))
                case nodes.Filter(node=nodes.Name(name=name), name="until", args=[nodes.Name(name=start)]):
                    slots.append((name, "until", start))
                case nodes.Filter(node=nodes.Name(name=name), name=said, args=[], kwargs=[]) if said in FILTERS_OF.get(
                    front.variables[name].type, ()
                ):
                    slots.append((name, said, None))
                case _:
                    return None
    return slots


def _joined(slots: list[_Slot], front: FrontMatter, parsers: Mapping[str, Parse], speech: Speech) -> Fill:
    pieces: list[str] = []
    said: list[tuple[int, str, Callable[[object, ZoneInfo], Any], Callable[[Any], str] | None]] = []
    stretches: list[tuple[int, str, str]] = []
    for index, slot in enumerate(slots):
        if isinstance(slot, str):
            pieces.append(slot)
            continue
        pieces.append("")
        name, filter_name, start = slot
        if start is not None:
            stretches.append((index, name, start))
            continue
        kind = front.variables[name].type
        say = speech.filters[filter_name] if filter_name else str if kind is ValueType.INTEGER else None
        said.append((index, name, parsers[name], say))
    moment, until = PARSERS[ValueType.DATETIME], speech.filters["until"]

    def fill(values: Mapping[str, Any], zone: ZoneInfo) -> str:
        out = pieces.copy()
        name = ""
        try:
            for index, name, parse, say in said:
                value = parse(values[name], zone)
                out[index] = value if say is None else say(value)
            for index, name, start in stretches:
                out[index] = until(moment(values[name], zone), moment(values[start], zone))
        except ValueError as error:
            raise _unfit(name, error) from error
        return "".join(out)

    return fill


def _fill_by_jinja(
    render: Callable[[Mapping[str, Any]], str],
    parsers: Mapping[str, Callable[[object, ZoneInfo], Any]],
    values: Mapping[str, Any],
    zone: ZoneInfo,
) -> str:
    parsed: dict[str, Any] = {}
    for name, parse in parsers.items():
        try:
            parsed[name] = parse(values[name], zone)
        except ValueError as error:
            raise _unfit(name, error) from error
    try:
        return render(parsed)
    except TemplateError as error:
        raise InvalidInput(f"the text cannot be filled: {error}") from error


def _unfit(name: str, error: ValueError) -> InvalidInput:
    return InvalidInput(f"the value {name} does not fit: {error}", field=f"values.{name}")
