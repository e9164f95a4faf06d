"""What the statistical reader sees of a text: its pieces, and what they are about.

Pieces are runs of one to three characters in Chinese and words with their pairs in English; figures count by
their length. Beside them stand the classes that the words belong to (`concepts`). The same function serves
training and reading, so that both see the same.
"""

from __future__ import annotations

import re

from gateway.inbox.understanding.concepts import WORDS

#: Characters of a text that are looked at; what a customer means is said by then.
SEEN = 160

_LONGEST_WORD = 4
_FIGURE = re.compile(r"\d+(?:\.\d+)?")
_RUN = re.compile(r"[a-z']+|[^a-z' ]+")


def _lengths() -> dict[str, tuple[int, ...]]:
    """Of the words that begin with a character, how long they are, the longest first."""
    found: dict[str, set[int]] = {}
    for word in WORDS:
        if len(word) <= _LONGEST_WORD:
            found.setdefault(word[0], set()).add(len(word))
    return {char: tuple(sorted(lengths, reverse=True)) for char, lengths in found.items()}


_LENGTHS = _lengths()


def pieces(text: str, topic: str) -> set[str]:
    """The pieces of a plain text with the topic it answers."""
    seen = _FIGURE.sub(_figure, text[:SEEN])
    found = {f"@{topic}"}
    last = "^"
    for run in _RUN.findall(f"^{seen}$"):
        if "a" <= run[0] <= "z":
            found.add(f" {run}")
            if len(run) > 5:
                found.add(f" {run[:5]}~")
            found.add(f" {last} {run}")
            last = run
            if (name := WORDS.get(run)) is not None:
                found.add(f"<{name}")
        else:
            if last != "^":
                found.add(f" {last} $")
            last = "^"
            _han(run, found)
    return found


def _figure(match: re.Match[str]) -> str:
    """A figure by its length: one digit is itself, a longer one only that."""
    digits = match[0]
    if len(digits) == 1:
        return digits
    return "#" if len(digits) == 2 else "##"


def _han(run: str, found: set[str]) -> None:
    """Every run of up to three characters; of the classes, that of the longest word at each place."""
    found.update(run)
    found.update([run[start : start + 2] for start in range(len(run) - 1)])
    found.update([run[start : start + 3] for start in range(len(run) - 2)])
    free = 0
    for start, char in enumerate(run):
        if start < free or char not in _LENGTHS:
            continue
        for length in _LENGTHS[char]:
            if (name := WORDS.get(run[start : start + length])) is not None:
                found.add(f"<{name}")
                free = start + length
                break
