"""What others say in the words of the console's catalogue: names of things, and sentences of use cases."""

from __future__ import annotations

from gateway.kernel.logs import mask_numbers
from gateway.web.console.because import Because
from gateway.web.console.reasons import Reasons
from gateway.web.console.refusals import Refusals
from gateway.web.console.wording import catalogue


class Speech:
    """Names and sentences in the language of whoever reads them."""

    def __init__(self) -> None:
        self._words = catalogue()
        self._sayings = (Refusals(self._words), Reasons(self._words), Because(self._words))

    def term(self, language: str, area: str, key: str) -> str:
        """What `key` of an area (`correction_reasons`, `topics`) is called; the key where it has no name."""
        name = f"{area}.{key}"
        return self._words.say(language, name) if name in self._words else key

    def told(self, language: str, sentence: str) -> str:
        """A sentence of a use case, as far as the catalogue knows it; numbers masked."""
        if language == "en":
            return mask_numbers(sentence)
        said = (one.say(language, sentence) for one in self._sayings)
        return mask_numbers(next((one for one in said if one != sentence), sentence))
