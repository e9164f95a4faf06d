"""Why a reply was read as it was, and why a case presses, in the viewer's language.

The reader and the tables of severity speak English; the customer's own words stand behind, in quotation marks.
`words/reasons.yaml` has every sentence of theirs (a test walks all rules); what is not there is shown as it is.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.kernel.logs import mask_numbers
from gateway.web.console.refusals import shape
from gateway.web.console.wording import Catalogue

_AREA: Final = "reasons."
_quoted: Final = re.compile(r"(.*?) \(“(.*)”\)", re.DOTALL).fullmatch


class Reasons:
    """Sentences of readings and of severity, known by their shape."""

    def __init__(self, words: Catalogue) -> None:
        self._shapes = [(shape(entry.other), entry.zh) for key, entry in words.entries.items() if key.startswith(_AREA)]
        self._words = words

    def say(self, language: str, sentence: str) -> str:
        """`sentence` in `language`, numbers masked."""
        sentence = mask_numbers(sentence)
        if language == "en":
            return sentence[:1].upper() + sentence[1:]
        whole = self.known(sentence)
        if whole is not None:
            return whole
        first, parted, rest = sentence.partition("; ")
        if parted and (chinese := self.known(first)) is not None:
            return f"{chinese}\uff1b{self.say(language, rest)}"
        quoted = _quoted(sentence)
        chinese = self.known(quoted[1]) if quoted else None
        if quoted is None or chinese is None:
            return sentence
        return f"{chinese}\uff08“{quoted[2]}”\uff09"

    def heard(self, language: str, sentence: str) -> str | None:
        """How a reply was read, before the customer's own words (`billing_dispute: …`); None for anything else."""
        intent, _, words = sentence.partition(": ")
        key = f"intents.{intent}"
        if not words or key not in self._words:
            return None
        return f"{self._words.say(language, key)}{': ' if language == 'en' else '：'}{mask_numbers(words)}"

    def known(self, plain: str) -> str | None:
        """A sentence in Chinese; None where nobody translated it."""
        for known, chinese in self._shapes:
            found = known.fullmatch(plain)
            if found is not None:
                return chinese.format(**{name: self._term(name, value) for name, value in found.groupdict().items()})
        return None

    def _term(self, name: str, value: str) -> str:
        if name == "reasons":
            return "\uff1b".join(self.say("zh-CN", one) for one in value.split("; "))
        if name == "effects":
            named = (self._words.entries.get(f"effects.{one}") for one in value.split(", "))
            return "\u3001".join(one.zh for one in named if one is not None) or value
        entry = self._words.entries.get(f"intents.{value.replace(' ', '_')}") if name == "intent" else None
        return entry.zh if entry is not None else value
