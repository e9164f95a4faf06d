"""Reading texts: from files and edits to templates, with everything that is wrong on the way."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from gateway.kernel.errors import InvalidInput, Misconfigured
from gateway.kernel.segments import Encoding, count
from gateway.notices.wording.compiling import compile_body
from gateway.notices.wording.findings import Finding
from gateway.notices.wording.frontmatter import FrontMatter, read
from gateway.notices.wording.lint import lint, lint_unfilled
from gateway.notices.wording.speech import SPEECHES, base_language
from gateway.notices.wording.template import Template, TextKey

#: Signs English texts where the sender's only name would make them UCS-2, and so twice as long.
_PLAIN_SENDER: Final = "Power Supply"
_VERSION_LENGTH: Final = 12


def version_of(source: str) -> str:
    """The version of a text: the same for the same source, wherever it is read."""
    return hashlib.sha256(source.encode()).hexdigest()[:_VERSION_LENGTH]


def read_all(
    directory: Path,
    edits: Mapping[TextKey, str],
    senders: Mapping[str, str],
    languages: Sequence[str],
    zone: ZoneInfo,
    bot: str = "",
) -> tuple[list[Template], list[Finding]]:
    """Every text of `directory`, an edited one in place of its file, and every finding.

    `bot` is the user name of the bot that links lead to.

    Raises Misconfigured where no language is named, or one that nothing can be said in.
    """
    if not languages:
        raise Misconfigured("no language is configured for the templates")
    templates: list[tuple[Path, Template]] = []
    wrong: set[Path] = set()
    findings: list[Finding] = []
    for language in languages:
        if base_language(language) not in SPEECHES:
            raise Misconfigured(f"no dates and amounts are known in the language {language}")
        signature = signature_in(senders, language)
        sources, faults = _sources(directory, language)
        findings += faults
        wrong |= {fault.path for fault in faults}
        sources |= {directory / str(key): source for key, source in edits.items() if key.language == language}
        if not sources and not faults:
            findings.append(Finding(directory / language, 1, f"there is no template in {language}"))
        for path, source in sorted(sources.items()):
            template, remarks = read_one(path, source, language, signature, zone, bot)
            findings += remarks
            if template is None:
                wrong.add(path)
            else:
                templates.append((path, template))
    findings += _across(templates, languages, {(path.parent.name, path.name.split(".", 1)[0]) for path in wrong})
    return [template for _, template in templates], findings


def _sources(directory: Path, language: str) -> tuple[dict[Path, str], list[Finding]]:
    """What the files of a language hold, by path."""
    sources: dict[Path, str] = {}
    findings: list[Finding] = []
    for path in (directory / language).glob("*.txt"):
        try:
            sources[path] = path.read_text(encoding="utf-8").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            findings.append(Finding(path, 1, f"the file is not UTF-8: {error.reason}"))
    return sources, findings


def signature_in(senders: Mapping[str, str], language: str) -> str:
    """What a text in `language` begins with; the first sender signs where the language has none of its own.

    Raises Misconfigured for a name that cannot sign.
    """
    chinese = base_language(language) == "zh"
    name = senders.get(language) or next(iter(senders.values()), "")
    if not chinese and not senders.get(language) and not name.isascii():
        name = _PLAIN_SENDER
    if not name.strip() or any(sign in name for sign in "【】\n"):
        raise Misconfigured(f"the sender's name {name!r} cannot sign a text")
    if not chinese and count(name).encoding is Encoding.UCS2:
        raise Misconfigured(f"the sender's name {name!r} would make every text in {language} twice as long")
    return f"【{name}】" if chinese else f"{name}: "


# A change of one text reads all of them again, since siblings must agree: each is parsed and compiled once.
@lru_cache(maxsize=1024)
def read_one(
    path: Path, source: str, language: str, signature: str, zone: ZoneInfo, bot: str = ""
) -> tuple[Template | None, tuple[Finding, ...]]:
    """One text as `path` holds it, or would; None where it is wrong."""
    template, findings = _read(path, source, language, signature, zone, bot)
    return template, tuple(findings)


def _read(
    path: Path, source: str, language: str, signature: str, zone: ZoneInfo, bot: str
) -> tuple[Template | None, list[Finding]]:
    front, body, before, findings = read(path, source)
    if front is None:
        return None, findings
    findings = [Finding(path, 1, message) for message in _misfiled(path, front, language)]
    fill, faults = compile_body(path, source, front, body, before, bot=bot)
    findings += faults
    if fill is None:
        return None, [*findings, *lint_unfilled(path, front, body, before + 1)]
    name = path.name.split(".", 1)[0]
    template = Template(
        name=name,
        variant=name.removeprefix(front.kind).lstrip("_") or None,
        version=version_of(source),
        source=source,
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


def _across(
    templates: Sequence[tuple[Path, Template]], languages: Sequence[str], wrong: Collection[tuple[str, str]]
) -> list[Finding]:
    """What can only be seen over all files: a language or tone left out, and siblings that differ.

    `wrong` are the texts, by language and name, that are there and cannot be read: they are not missing.
    """
    kinds = {template.kind for _, template in templates if template.variant is None} | {name for _, name in wrong}
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
            if language not in written and (language, name) not in wrong
        ]
        findings += [
            Finding(other_path, 1, f"the template {name} differs in {what} from {path.parent.name}/{path.name}")
            for other_path, other in siblings[1:]
            for what in differences(model, other)
        ]
        if model.variant and model.kind not in kinds:
            findings.append(Finding(path, 1, f"there is no usual template {model.kind}, only {name}"))
    return findings


def differences(model: Template, other: Template) -> Iterable[str]:
    """What must not differ between languages, tones and versions of one text: a caller names it once for all."""
    for what in ("kind", "klass", "purpose", "hours", "variant"):
        if getattr(model, what) != getattr(other, what):
            yield "class" if what == "klass" else what
    ours = {name: variable.type for name, variable in model.variables.items()}
    theirs = {name: variable.type for name, variable in other.variables.items()}
    if ours != theirs:
        yield f"its variables ({', '.join(sorted({name for name, _ in ours.items() ^ theirs.items()}))})"
