"""The statistical reader: what a text is like, where no rule knows it.

A linear model over the pieces of a text (`features`), trained from the labelled texts of this repository by
`make reader-train`. Its weights stand in `weights.txt`: a heading with the intents, then one piece a line with
a whole number for each intent that it speaks for or against (`b12d-5`: 12 parts for the second intent, 5
against the fourth). It only ever advises: `weighing` says where its word counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import exp, sqrt
from struct import unpack

from gateway.inbox.understanding.features import pieces

#: Weights are whole numbers of this part.
PART = 16
#: The name under which urgency is weighed beside the intents.
URGENT = "urgent"


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like each intent a text is: shares that add up to one, and apart from them that of urgency."""

    shares: Mapping[str, float]
    urgent: float
    _text: str
    _topic: str

    def best(self, without: frozenset[str] = frozenset()) -> tuple[str, float]:
        """The likeliest intent that is not in `without`, and its share among those that are not."""
        open_ = {name: share for name, share in self.shares.items() if name not in without}
        name = max(open_, key=lambda name: (open_[name], name))
        return name, open_[name] / (sum(open_.values()) or 1.0)

    def words(self, name: str) -> str:
        """The pieces that speak most for `name`, for an admin to read."""
        intents, rows = _weights()
        lane, lifted = 32 * intents.index(name), _lifted(len(intents))
        told = [
            ((rows[piece] + lifted >> lane & _LANE) - _RAISED, piece)
            for piece in pieces(self._text, self._topic) & rows.written.keys()
            if piece[0] not in "@<" and len(piece) > 1
        ]
        chosen: list[str] = []
        for weight, piece in sorted(told, key=lambda one: (-one[0], -len(one[1]), one[1])):
            words = piece.strip(" ^$~,。!?")
            if weight > 0 and words and not any(words in other or other in words for other in chosen):
                chosen.append(words)
            if len(chosen) == 3:
                break
        return ", ".join(f"“{words}”" for words in chosen) or "no single words"


class _Rows(dict[str, int]):
    """The rows of weights as they are asked for, each one whole number: 32 bits for every intent.

    Adding two rows is then one addition, however many intents there are.
    """

    def __init__(self, written: Mapping[str, str]) -> None:
        self.written = written

    def __missing__(self, piece: str) -> int:
        self[piece] = sum(weight << 32 * index for index, weight in _entries(self.written[piece]))
        return self[piece]


Weights = tuple[tuple[str, ...], _Rows]


def parsed(text: str) -> Weights:
    """Weights as `weights.txt` writes them: the intents with urgency, and the rows."""
    heading, *lines = text.split("\n")
    return tuple(heading.split()), _Rows({piece: row for piece, _, row in (line.partition("\t") for line in lines)})


@cache
def _weights() -> Weights:
    return parsed(files(__package__).joinpath("weights.txt").read_text(encoding="utf-8"))


_ENTRY = re.compile(r"([^0-9-])(-?[0-9]+)")
#: Added to each sum while it is taken out of the whole, so that none is below nothing.
_RAISED = 1 << 30
_LANE = (1 << 32) - 1


@cache
def _lifted(size: int) -> int:
    return sum(_RAISED << 32 * index for index in range(size))


def _entries(written: str) -> list[tuple[int, int]]:
    """A written row as numbers of intents and their weights."""
    return [(ord(one[1]) - 97, int(one[2])) for one in _ENTRY.finditer(written)]


def liken(text: str, topic: str, weights: Weights | None = None) -> Likeness:
    """What the plain form of a text, as an answer to a question of `topic`, is like; by other weights if given."""
    intents, rows = weights or _weights()
    known = pieces(text, topic) & rows.written.keys()
    size = len(intents)
    total = sum(map(rows.__getitem__, known)) + _lifted(size)
    sums = [one - _RAISED for one in unpack(f"<{size}I", total.to_bytes(4 * size, "little"))]
    part = 1.0 / (PART * sqrt(len(known) or 1))
    urgent = sums.pop() * part
    most = max(sums)
    raised = [exp((one - most) * part) for one in sums]
    total_share = sum(raised)
    shares = {name: one / total_share for name, one in zip(intents, raised, strict=False)}
    return Likeness(shares, 1.0 / (1.0 + exp(-urgent)), text, topic)
