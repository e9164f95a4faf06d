"""What use cases refuse, in the viewer's language. They speak English; `refusals*.yaml` have their sentences.

An entry's key does not matter; `en` is the sentence with `{names}` where it varies, `zh` says the same. A
sentence that is not there is shown as it is: nothing is hidden because nobody has translated it yet.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.web.console.wording import Catalogue

#: Where the names of states are, in this order.
_STATES: Final = (
    "states", "plan_states", "independent_states", "case_states", "promise_states", "card_states", "rating_states",
    "mark_kinds", "units", "topics", "severities", "services",
)  # fmt: skip


class Refusals:
    """Sentences of use cases, known by their shape."""

    def __init__(self, words: Catalogue, area: str = "refusals") -> None:
        self._shapes = [(shape(entry.other), entry.zh) for key, entry in words.entries.items() if key.startswith(area)]
        self._words = words

    def knows(self, sentence: str) -> bool:
        """Whether the catalogue has a sentence of this shape."""
        return any(shape.fullmatch(sentence) for shape, _ in self._shapes)

    def say(self, language: str, sentence: str) -> str:
        """`sentence` in `language`."""
        if language == "en":
            return sentence[:1].upper() + sentence[1:]
        for shape, chinese in self._shapes:
            found = shape.fullmatch(sentence)
            if found is not None:
                return chinese.format(**{name: self._term(name, value) for name, value in found.groupdict().items()})
        return sentence

    def _term(self, name: str, value: str) -> str:
        """A state or the like by its Chinese name, where it has one; a `{topic}` is a topic before anything else."""
        areas = ("topics", *_STATES) if name == "topic" else _STATES
        found = (self._words.entries.get(f"{area}.{value}") for area in areas)
        return next((known.zh for known in found if known is not None), value)


def shape(sentence: str) -> re.Pattern[str]:
    """What a sentence looks like whatever stands for its `{names}`."""
    parts = re.split(r"\{(\w+)\}", sentence)
    return re.compile(
        "".join(re.escape(part) if at % 2 == 0 else f"(?P<{part}>.+?)" for at, part in enumerate(parts)),
        re.IGNORECASE,
    )
