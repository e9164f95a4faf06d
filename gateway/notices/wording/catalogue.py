"""All texts of the house, found by what is to be said, in which language and tone."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.kernel.errors import FieldError, InvalidInput, Misconfigured, NotFound
from gateway.kernel.segments import Encoding, count
from gateway.notices.wording.compiling import Fill, compile_body
from gateway.notices.wording.findings import Finding, Severity
from gateway.notices.wording.frontmatter import FrontMatter, Klass, Purpose, Tone, Variable, read
from gateway.notices.wording.lint import lint
from gateway.notices.wording.speech import SPEECHES, base_language
from gateway.outbox.hours import HoursClass

DEFAULT_LANGUAGES: Final = ("zh-CN", "en")
#: Signs English texts where the sender's only name would make them UCS-2, and so twice as long.
_PLAIN_SENDER: Final = "Power Supply"
_HOME: Final = ZoneInfo("Asia/Shanghai")


def templates_directory() -> Path:
    """Where the templates are: in an installed package beside the code, otherwise at the repository's root."""
    package = Path(__file__).resolve().parents[2]
    packaged = package / "templates"
    return packaged if packaged.is_dir() else package.parent / "templates"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Template:
    """One text in one language and tone, ready to be filled."""

    #: The stable word by which callers name it; the same in every language and tone.
    name: str
    #: None for the usual text of its kind; otherwise the name without the kind it begins with.
    variant: str | None
    #: A short hash of the file: another version wherever a character of it differs.
    version: str
    front: FrontMatter
    body: str
    signature: str
    fill: Fill
    zone: ZoneInfo
    codes: Mapping[str, str]
    names: frozenset[str]

    @property
    def kind(self) -> str:
        """What the message is, in the contract's words."""
        return self.front.kind

    @property
    def klass(self) -> Klass:
        """N service notice, L legal notice, C commercial-adjacent, S survey, V verification."""
        return self.front.klass

    @property
    def purpose(self) -> Purpose:
        """What a refusal of it refuses."""
        return self.front.purpose

    @property
    def hours(self) -> HoursClass:
        """The sending hours it keeps."""
        return self.front.hours

    @property
    def tone(self) -> Tone:
        """warm, official, or neutral where there is no choice of tones."""
        return self.front.tone

    @property
    def language(self) -> str:
        """The language of the text, as its directory is named."""
        return self.front.language

    @property
    def valid_for(self) -> timedelta | None:
        """How long the text stays true once it may leave; None where it does not age."""
        return self.front.valid_for

    @property
    def variables(self) -> Mapping[str, Variable]:
        """The values it takes."""
        return self.front.variables

    def render(self, values: Mapping[str, Any], zone: ZoneInfo | None = None) -> str:
        """Fill the text and sign it: what goes to the telephone, whole.

        `values` holds exactly the declared variables, typed or as JSON has them; moments are told on the
        clock of `zone`, the home zone if none is given. Raises InvalidInput naming each value that is
        missing, unknown or does not fit.
        """
        if values.keys() != self.names:
            raise self._misnamed(values)
        return self.signature + self.fill(values, zone or self.zone)

    def example(self) -> str:
        """The text with its sample values."""
        return self.render({name: variable.example for name, variable in self.variables.items()})

    def longest(self) -> str:
        """The text with the longest values that are reckoned with."""
        return self.render({name: variable.longest_fill for name, variable in self.variables.items()})

    def _misnamed(self, values: Mapping[str, Any]) -> InvalidInput:
        faults = [
            *(FieldError(f"values.{name}", "missing", "missing") for name in sorted(self.names - values.keys())),
            *(FieldError(f"values.{name}", "unknown", "unknown") for name in sorted(values.keys() - self.names)),
        ]
        told = ", ".join(f"{fault.field.removeprefix('values.')} is {fault.message}" for fault in faults)
        return InvalidInput(f"template {self.name} ({self.language}): {told}", errors=faults)


class Wording:
    """Every template, checked and compiled. Made once, when the process starts; immutable."""

    def __init__(
        self, templates: Sequence[Template], languages: Sequence[str], warnings: Sequence[Finding] = ()
    ) -> None:
        self.languages = tuple(languages)
        self.warnings = tuple(warnings)
        self.templates = tuple(templates)
        self._named: Mapping[tuple[str, str, str], Template] = MappingProxyType(
            {(t.name, t.language, t.tone): t for t in templates}
        )
        self._names: Mapping[tuple[str, str | None], str] = MappingProxyType(
            {(t.kind, t.variant): t.name for t in templates}
        )
        self._chosen: dict[tuple[str, str, str | None], Template] = {}

    @classmethod
    def load(
        cls,
        directory: Path | None = None,
        sender_name: str | Mapping[str, str] = "国网供电",
        languages: Sequence[str] = DEFAULT_LANGUAGES,
        zone: ZoneInfo = _HOME,
    ) -> Wording:
        """Read all templates; the first of `languages` is the one to fall back to.

        `sender_name` may differ by language (`{"zh-CN": …, "en": …}`). Raises Misconfigured with every
        error, one a line, each naming file, line and what is wrong; `warnings` keeps what is only advice.
        """
        wording, findings = cls._read(directory or templates_directory(), sender_name, languages, zone)
        errors = [finding for finding in findings if finding.severity is Severity.ERROR]
        if errors:
            raise Misconfigured("templates are wrong:\n" + "\n".join(f"  {finding}" for finding in errors))
        return wording

    @classmethod
    def check(
        cls,
        directory: Path | None = None,
        sender_name: str | Mapping[str, str] = "国网供电",
        languages: Sequence[str] = DEFAULT_LANGUAGES,
        zone: ZoneInfo = _HOME,
    ) -> list[Finding]:
        """Say everything there is to say about a directory of templates, errors first."""
        _, findings = cls._read(directory or templates_directory(), sender_name, languages, zone)
        return sorted(findings, key=lambda f: (f.severity is not Severity.ERROR, str(f.path), f.line))

    @classmethod
    def _read(
        cls,
        directory: Path,
        sender_name: str | Mapping[str, str],
        languages: Sequence[str],
        zone: ZoneInfo,
    ) -> tuple[Wording, list[Finding]]:
        if not languages:
            raise Misconfigured("no language is configured for the templates")
        templates: list[tuple[Path, Template]] = []
        findings: list[Finding] = []
        for language in languages:
            if base_language(language) not in SPEECHES:
                raise Misconfigured(f"no dates and amounts are known in the language {language}")
            paths = [p for p in sorted((directory / language).glob("*")) if p.suffix in {".txt", ".j2"}]
            if not paths:
                findings.append(Finding(directory / language, 1, f"there is no template in {language}"))
            for path in paths:
                template, faults = _read_one(path, language, _signature(sender_name, language), zone)
                findings += faults
                if template is not None:
                    templates.append((path, template))
        findings += _across(templates, languages)
        warnings = [finding for finding in findings if finding.severity is Severity.WARNING]
        return cls([template for _, template in templates], languages, warnings), findings

    def choose(self, kind: str, language: str, tone: str | None = None, variant: str | None = None) -> Template:
        """Find the text of a kind; without `variant` its usual one.

        A language we do not write falls back to the nearest, then to the first of ours; a tone that the
        text does not have, to what it has. Raises NotFound where there is no such text.
        """
        name = self._names.get((kind, variant))
        if name is None:
            told = f"{kind}, variant {variant}" if variant else kind
            raise NotFound(f"there is no template for {told}")
        return self.named(name, language, tone)

    def named(self, name: str, language: str, tone: str | None = None) -> Template:
        """Find a text by its name, as `choose` does by kind. Raises NotFound."""
        key = (name, language, tone)
        template = self._chosen.get(key)
        if template is None:
            template = self._search(name, language, tone)
            if len(self._chosen) < 4096:
                self._chosen[key] = template
        return template

    def _search(self, name: str, language: str, tone: str | None) -> Template:
        nearest = self.nearest_language(language)
        for candidate in (tone, "neutral", "warm", "official"):
            if candidate is not None and (found := self._named.get((name, nearest, candidate))):
                return found
        raise NotFound(f"there is no template {name!r}")

    def nearest_language(self, language: str) -> str:
        """Ours that comes nearest: the same, the same without its country, or the first."""
        if language in self.languages:
            return language
        base = base_language(language)
        return next((ours for ours in self.languages if base_language(ours) == base), self.languages[0])


def _signature(sender_name: str | Mapping[str, str], language: str) -> str:
    chinese = base_language(language) == "zh"
    if isinstance(sender_name, str):
        sender_name = {"zh-CN": sender_name}
    name = sender_name.get(language) or next(iter(sender_name.values()), "")
    if not chinese and not sender_name.get(language) and not name.isascii():
        name = _PLAIN_SENDER
    if not name.strip() or any(sign in name for sign in "【】\n"):
        raise Misconfigured(f"the sender's name {name!r} cannot sign a text")
    if not chinese and count(name).encoding is Encoding.UCS2:
        raise Misconfigured(f"the sender's name {name!r} would make every text in {language} twice as long")
    return f"【{name}】" if chinese else f"{name}: "


def _read_one(path: Path, language: str, signature: str, zone: ZoneInfo) -> tuple[Template | None, list[Finding]]:
    try:
        source = path.read_text(encoding="utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        return None, [Finding(path, 1, f"the file is not UTF-8: {error.reason}")]
    front, body, before, findings = read(path, source)
    if front is None:
        return None, findings
    findings = [Finding(path, 1, message) for message in _misfiled(path, front, language)]
    fill, faults = compile_body(path, source, front, body, before)
    findings += faults
    if fill is None:
        return None, findings
    name = path.name.split(".", 1)[0]
    template = Template(
        name=name,
        variant=name.removeprefix(front.kind).lstrip("_") or None,
        version=hashlib.sha256(source.encode()).hexdigest()[:12],
        front=front,
        body=body,
        signature=signature,
        fill=fill,
        zone=zone,
        codes=MappingProxyType(dict(front.codes)),
        names=frozenset(front.variables),
    )
    try:
        example = template.example().removeprefix(signature)
        longest = template.longest()
    except InvalidInput as error:
        return None, [*findings, Finding(path, before + 1, f"its sample values do not fill it: {error}")]
    return template, findings + lint(path, front, body, before + 1, example=example, longest=longest)


def _misfiled(path: Path, front: FrontMatter, language: str) -> Iterable[str]:
    if front.language != language:
        yield f"the file lies in {language} and says it is {front.language}"
    _, *tones = path.name.split(".")[:-1]
    if tones != ([] if front.tone == "neutral" else [front.tone]):
        yield f"the file of tone {front.tone} is named {path.name}"


def _across(templates: Sequence[tuple[Path, Template]], languages: Sequence[str]) -> list[Finding]:
    """What can only be seen over all files: a language or tone left out, and siblings that differ."""
    findings: list[Finding] = []
    by_name: defaultdict[str, list[tuple[Path, Template]]] = defaultdict(list)
    for path, template in templates:
        by_name[template.name].append((path, template))
    for name, siblings in by_name.items():
        path, model = siblings[0]
        tones: defaultdict[str, set[str]] = defaultdict(set)
        for _, sibling in siblings:
            tones[sibling.tone].add(sibling.language)
        findings += [
            Finding(path, 1, f"the template {name} ({tone}) is missing in {language}")
            for tone, written in tones.items()
            for language in languages
            if language not in written
        ]
        findings += [
            Finding(other_path, 1, f"the template {name} differs in {what} from {path.parent.name}/{path.name}")
            for other_path, other in siblings[1:]
            for what in _differences(model, other)
        ]
        if model.variant and not any(t.kind == model.kind and t.variant is None for _, t in templates):
            findings.append(Finding(path, 1, f"there is no usual template {model.kind}, only {name}"))
    return findings


def _differences(model: Template, other: Template) -> Iterable[str]:
    """What must not differ between languages and tones, since a caller names the text once for all of them."""
    for what in ("kind", "klass", "purpose", "hours", "variant"):
        if getattr(model, what) != getattr(other, what):
            yield "class" if what == "klass" else what
    ours = {name: variable.type for name, variable in model.variables.items()}
    theirs = {name: variable.type for name, variable in other.variables.items()}
    if ours != theirs:
        yield f"its variables ({', '.join(sorted({name for name, _ in ours.items() ^ theirs.items()}))})"
    if model.tone == other.tone and model.codes != other.codes:
        yield "its codes"
