"""What the console says, in Chinese and English: one catalogue, both languages side by side.

`words/*.yaml` hold it: the file's name, a dot and the key name an entry (`imports.title`). An entry has `zh` and
`en`; braces name values (`{count}`). English that depends on a number is `{one: …, other: …}` and goes by
`count`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any, Final

import yaml
from babel.numbers import format_decimal

from gateway.kernel.errors import Misconfigured

LANGUAGES: Final = ("zh-CN", "en")
_LOCALES: Final = {"zh-CN": "zh_Hans_CN", "en": "en_GB"}
_KEYS: Final = {"zh-CN": "zh", "en": "en"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to say. `en` by number: `one` and `other`, or `other` alone."""

    zh: str
    one: str | None
    other: str

    def in_(self, language: str, count: object) -> str:
        """The words in `language`, for `count` things where that matters."""
        if language == "zh-CN":
            return self.zh
        return self.one if self.one is not None and count == 1 else self.other

    @property
    def values(self) -> set[str]:
        """The values that the words name; the same in each language (a singular may leave its number out)."""
        return _values(self.zh)


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


class Catalogue:
    """Every entry of every file."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self.entries = entries

    def __contains__(self, key: str) -> bool:
        return key in self.entries

    def say(self, language: str, key: str, **values: Any) -> str:
        """The words of `key`. Raises KeyError for one that is nowhere."""
        words = self.entries[key].in_(language, values.get("count"))
        if not values:
            return words
        return words.format(**{name: _shown(value, language) for name, value in values.items()})


def _shown(value: Any, language: str) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return format_decimal(value, locale=_LOCALES[language])
    return value


def locale_of(language: str) -> str:
    """How Babel calls the language."""
    return _LOCALES[language]


@cache
def catalogue() -> Catalogue:
    """The catalogue of the package. Raises Misconfigured where an entry is not whole."""
    entries: dict[str, Entry] = {}
    for file in sorted((files(__package__) / "words").iterdir(), key=lambda one: one.name):
        area = file.name.removesuffix(".yaml")
        for key, said in (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).items():
            entries[f"{area}.{key}"] = _entry(f"{area}.{key}", said)
    return Catalogue(entries)


def _entry(key: str, said: Any) -> Entry:
    if not isinstance(said, dict) or set(said) != {"zh", "en"} or not isinstance(said["zh"], str):
        raise Misconfigured(f"words: {key} needs zh and en")
    english = said["en"]
    entry = (
        Entry(said["zh"], None, english)
        if isinstance(english, str)
        else Entry(said["zh"], english["one"], english["other"])
    )
    # A use case's sentence may name more than the Chinese repeats.
    most = _values(entry.other) if key.startswith("refusals") else entry.values
    for words in (entry.other, entry.one):
        if words is not None and not entry.values - {"count"} <= _values(words) <= most:
            raise Misconfigured(f"words: {key} names other values in English than in Chinese")
    return entry
