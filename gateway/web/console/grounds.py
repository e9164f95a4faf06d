"""What a judgement about a contact rests on, in the viewer's language.

Judgements are kept in English, in the words of the reviewed tables (`archive/trust/marks.py`, `judging.py`), with
`+ ` or `- ` before them where it matters which way they speak. `words/marks.yaml` and `words/signal_kinds.yaml`
have a name for each.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.archive.trust.judging import WEIGHTS
from gateway.archive.trust.marks import MARKS
from gateway.kernel.logs import mask_numbers
from gateway.web.console.wording import Catalogue

_KEYS: Final = {kind.words: f"signal_kinds.{name}" for name, kind in WEIGHTS.items()} | {
    mark.words: f"marks.{mark.name}" for mark in MARKS
}
_likely: Final = re.compile(r"likely right: (\d+)%").fullmatch


class Grounds:
    """Sentences of judgements."""

    def __init__(self, words: Catalogue) -> None:
        self._words = words

    def say(self, language: str, sentence: str) -> str:
        """`sentence` in `language`; as it is where no table has it (a customer's or colleague's own words)."""
        sign = sentence[:2] if sentence[:2] in ("+ ", "- ") else ""
        plain = sentence.removeprefix(sign)
        if found := _likely(plain):
            return self._words.say(language, "findings.likely_right", percent=found[1])
        key = _KEYS.get(plain)
        if key is None:
            return mask_numbers(sentence)
        return {"+ ": "\uff0b", "- ": "\uff0d"}.get(sign, "") + self._words.say(language, key)
