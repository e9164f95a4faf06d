"""What words are about: classes of things, people and happenings that customers name in many words.

The statistical reader sees, beside the words themselves, which classes a text names, so that a word it has
rarely met counts like its neighbours: `电缆` and `火线` are both lines, `耷拉` and `垂` both hanging. The classes
stand in `concepts.txt`, one a line, their words in plain form (`normalise`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files


def _words() -> Iterator[tuple[str, str]]:
    table = files(__package__).joinpath("concepts.txt").read_text(encoding="utf-8")
    for line in table.splitlines():
        if not line.startswith("#"):
            name, _, words = line.partition(":")
            for word in words.split():
                yield word, name


#: Each word with the class it belongs to.
WORDS: Mapping[str, str] = dict(_words())
