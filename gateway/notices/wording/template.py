"""One text of the house, ready to be filled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from gateway.kernel.errors import FieldError, InvalidInput
from gateway.notices.wording.compiling import Fill
from gateway.notices.wording.frontmatter import FrontMatter, Klass, Purpose, Tone, Variable
from gateway.outbox.hours import HoursClass


@dataclass(frozen=True, slots=True, order=True)
class TextKey:
    """Which text: `zh-CN/bill.txt` is bill in zh-CN, neutral; `en/arrears.warm.txt` arrears in en, warm."""

    name: str
    language: str
    tone: str = "neutral"

    @property
    def filename(self) -> str:
        """How its file is named."""
        return f"{self.name}.txt" if self.tone == "neutral" else f"{self.name}.{self.tone}.txt"

    @property
    def filename_in(self) -> tuple[str, str]:
        """Its directory and how its file is named there."""
        return self.language, self.filename

    def __str__(self) -> str:
        return f"{self.language}/{self.filename}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Template:
    """One text in one language and tone, ready to be filled."""

    #: The stable word by which callers name it; the same in every language and tone.
    name: str
    #: None for the usual text of its kind; otherwise the name without the kind it begins with.
    variant: str | None
    #: A short hash of the source: another version wherever a character of it differs.
    version: str
    #: The whole file, front matter and all.
    source: str
    front: FrontMatter
    body: str
    signature: str
    fill: Fill
    zone: ZoneInfo
    codes: Mapping[str, str]
    names: frozenset[str]

    @property
    def key(self) -> TextKey:
        """Which text it is."""
        return TextKey(self.name, self.language, self.tone)

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
