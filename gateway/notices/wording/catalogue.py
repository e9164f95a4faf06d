"""All texts of the house, found by what is to be said, in which language and tone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from gateway.kernel.errors import Misconfigured, NotFound
from gateway.notices.wording.findings import Finding, Severity
from gateway.notices.wording.reading import read_all
from gateway.notices.wording.speech import base_language
from gateway.notices.wording.template import Template, TextKey

DEFAULT_LANGUAGES: Final = ("zh-CN", "en")
_HOME: Final = ZoneInfo("Asia/Shanghai")
_NO_EDITS: Final[Mapping[TextKey, str]] = MappingProxyType({})


def templates_directory() -> Path:
    """Where the templates are: in an installed package beside the code, otherwise at the repository's root."""
    package = Path(__file__).resolve().parents[2]
    packaged = package / "templates"
    return packaged if packaged.is_dir() else package.parent / "templates"


@dataclass(frozen=True, slots=True)
class Place:
    """Where texts come from, and who signs them."""

    directory: Path
    senders: Mapping[str, str]
    languages: tuple[str, ...]
    zone: ZoneInfo
    #: The user name of the bot that links lead to; empty where there is none.
    bot: str = ""

    def read(self, edits: Mapping[TextKey, str]) -> tuple[list[Template], list[Finding]]:
        """Every text, an edited one in place of its file, and every finding."""
        return read_all(self.directory, edits, self.senders, self.languages, self.zone, self.bot)


class Wording:
    """Every text, checked and compiled.

    What is in force changes only as a whole, by `adopt`: whoever holds the wording finds the new texts in it at the
    next look, and a text that was found before stays as it was.
    """

    def __init__(self, place: Place, templates: Sequence[Template], findings: Sequence[Finding] = ()) -> None:
        self.place = place
        self._hold(templates, findings)

    def _hold(self, templates: Sequence[Template], findings: Sequence[Finding]) -> None:
        self.templates = tuple(templates)
        self.findings = tuple(findings)
        self._named: Mapping[TextKey, Template] = MappingProxyType({t.key: t for t in templates})
        self._names: Mapping[tuple[str, str | None], str] = MappingProxyType(
            {(t.kind, t.variant): t.name for t in templates}
        )
        self._chosen: dict[tuple[str, str, str | None], Template] = {}

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages written; the first is the one to fall back to."""
        return self.place.languages

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is only advice."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.WARNING)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What keeps a text from being used."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @classmethod
    def load(
        cls,
        directory: Path | None = None,
        sender_name: str | Mapping[str, str] = "国网供电",
        languages: Sequence[str] = DEFAULT_LANGUAGES,
        zone: ZoneInfo = _HOME,
        bot: str = "",
    ) -> Wording:
        """Read all templates; the first of `languages` is the one to fall back to; links lead to `bot`.

        `sender_name` may differ by language (`{"zh-CN": …, "en": …}`). Raises Misconfigured with every
        error, one a line, each naming file, line and what is wrong; `warnings` keeps what is only advice.
        """
        wording = cls._read(directory, sender_name, languages, zone, bot)
        if wording.errors:
            raise Misconfigured("templates are wrong:\n" + "\n".join(f"  {finding}" for finding in wording.errors))
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
        findings = cls._read(directory, sender_name, languages, zone).findings
        return sorted(findings, key=lambda f: (f.severity is not Severity.ERROR, str(f.path), f.line))

    @classmethod
    def _read(
        cls,
        directory: Path | None,
        sender_name: str | Mapping[str, str],
        languages: Sequence[str],
        zone: ZoneInfo,
        bot: str = "",
    ) -> Wording:
        senders = {"zh-CN": sender_name} if isinstance(sender_name, str) else dict(sender_name)
        place = Place(directory or templates_directory(), MappingProxyType(senders), tuple(languages), zone, bot)
        return cls(place, *place.read(_NO_EDITS))

    def edited(self, edits: Mapping[TextKey, str]) -> Wording:
        """The wording as it is shipped but for `edits`, with its findings; nothing is refused here."""
        return Wording(self.place, *self.place.read(edits))

    def adopt(self, other: Wording) -> None:
        """Have the texts of `other` from now on."""
        self._hold(other.templates, other.findings)

    def find(self, key: TextKey) -> Template | None:
        """Exactly this text, if it is there."""
        return self._named.get(key)

    def of_version(self, name: str, version: str) -> Template | None:
        """The text of that name and version, if it is one of those in force."""
        return next((text for text in self.templates if text.name == name and text.version == version), None)

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
            if candidate is not None and (found := self._named.get(TextKey(name, nearest, candidate))):
                return found
        raise NotFound(f"there is no template {name!r}")

    def nearest_language(self, language: str) -> str:
        """Ours that comes nearest: the same, the same without its country, or the first."""
        if language in self.languages:
            return language
        base = base_language(language)
        return next((ours for ours in self.languages if base_language(ours) == base), self.languages[0])
