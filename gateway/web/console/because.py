"""Why a text went when it went, or did not go: the stored decision in the viewer's language.

Decisions are kept in English, as pieces joined by semicolons with the policy's version behind them.
`words/because.yaml` has the pieces: `en` as they are stored, with `{names}` where they vary, `zh` says the same.
A piece that is not there is shown as it is.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.web.console.refusals import shape
from gateway.web.console.wording import Catalogue

_AREA: Final = "because."
#: Where the values in a piece have their names.
_TERMS: Final = ("link_roles", "message_kinds", "purposes", "segments", "withheld", "states")
_version: Final = re.compile(r"(.*) \(policy (\S+)\)", re.DOTALL).fullmatch


class Because:
    """Sentences of decisions, known by their shape."""

    def __init__(self, words: Catalogue) -> None:
        self._shapes = [(shape(entry.other), entry.zh) for key, entry in words.entries.items() if key.startswith(_AREA)]
        self._words = words

    def say(self, language: str, sentence: str) -> str:
        """`sentence` in `language`."""
        if language == "en":
            return sentence[:1].upper() + sentence[1:]
        signed = _version(sentence)
        words, version = (signed[1], signed[2]) if signed else (sentence, None)
        whole = self._piece(words)
        if whole is None:
            whole = "\uff1b".join(self._piece(part) or part for part in words.split("; "))
        behind = self._words.say(language, "messages.by_policy", version=version) if version else ""
        return f"{whole}{behind}"

    def _piece(self, words: str) -> str | None:
        for known, chinese in self._shapes:
            found = known.fullmatch(words)
            # Nothing that varies reaches from one piece into the next.
            if found is not None and not any(";" in value for value in found.groupdict().values()):
                return chinese.format(**{name: self._term(value) for name, value in found.groupdict().items()})
        return None

    def _term(self, value: str) -> str:
        for area in _TERMS:
            known = self._words.entries.get(f"{area}.{value}")
            if known is not None:
                return known.zh
        return self._piece(value) or value
