"""The statistical reader: what a text is like.

A linear model over the pieces of a text (`features`), each as such and each as an answer to its topic, trained
from the labelled texts of this repository by `make reader-train`. Its weights stand in `weights.txt`: a heading
with the intents, then one piece a line with a letter for each intent that it speaks for or against and a sign
for how much (`_SIGNS`). A line that begins with a topic holds what the piece says beyond that as an answer to
that topic. It only ever advises: `weighing` says where its word counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import exp, sqrt
from struct import unpack

from gateway.inbox.understanding.features import pieces

#: Weights are whole numbers of this part.
PART = 2
#: The name under which urgency is weighed beside the intents.
URGENT = "urgent"
#: A weight is written as one sign: those before the middle speak against, those behind it for.
SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+"
LARGEST = len(SIGNS) // 2
_WEIGHTS = {sign: place - LARGEST for place, sign in enumerate(SIGNS)}


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like each intent a text is: shares that add up to one, and apart from them that of urgency."""

    shares: Mapping[str, float]
    urgent: float
    _text: str
    _topic: str

    def words(self, name: str) -> str:
        """The pieces that speak most for `name`, for an admin to read."""
        model = _weights()
        rows, index = model.rows(self._topic), model.names.index(name)
        told = [
            (rows.weight(piece, index), piece)
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


class Rows(dict[str, int]):
    """The rows of weights of one topic as they are asked for, each one whole number: 32 bits for every intent.

    Adding two rows is then one addition, however many intents there are. Above the intents each row counts
    how many were added: one for the piece, one more where the topic has something to add.
    """

    def __init__(self, written: Mapping[str, str], more: Mapping[str, str], size: int) -> None:
        self.written = written
        self._more = more
        self._count = 1 << 32 * size

    def __missing__(self, piece: str) -> int:
        row = _row(self.written[piece]) + self._count
        if (more := self._more.get(piece)) is not None:
            row += _row(more) + self._count
        self[piece] = row
        return row

    def weight(self, piece: str, index: int) -> int:
        """What the piece says for or against one intent."""
        letter = chr(97 + index)
        return sum(
            _WEIGHTS[written[at + 1]]
            for written in (self.written[piece], self._more.get(piece, ""))
            for at in range(0, len(written), 2)
            if written[at] == letter
        )


class Model:
    """The weights as `weights.txt` writes them."""

    def __init__(self, text: str) -> None:
        heading, *lines = text.split("\n")
        self.names = tuple(heading.split())
        self._written: dict[str, str] = {}
        self._more: dict[str, dict[str, str]] = {}
        self._rows: dict[str, Rows] = {}
        for line in lines:
            head, _, rest = line.partition("\t")
            topic, _, piece = head.rpartition("|")
            if topic:
                self._more.setdefault(topic, {})[piece] = rest
            elif rest:
                self._written[piece] = rest
        size = len(self.names)
        self.lifted = sum(_RAISED << 32 * index for index in range(size))

    def rows(self, topic: str) -> Rows:
        """The rows for answers to a question of `topic`."""
        found = self._rows.get(topic)
        if found is None:
            found = self._rows[topic] = Rows(self._written, self._more.get(topic, {}), len(self.names))
        return found


@cache
def _weights() -> Model:
    return Model(files(__package__).joinpath("weights.txt").read_text(encoding="utf-8"))


#: Added to each sum while it is taken out of the whole, so that none is below nothing.
_RAISED = 1 << 30


def _row(written: str) -> int:
    return sum(_WEIGHTS[written[at + 1]] << 32 * (ord(written[at]) - 97) for at in range(0, len(written), 2))


def liken(text: str, topic: str, model: Model | None = None) -> Likeness:
    """What the plain form of a text, as an answer to a question of `topic`, is like; by another model if given."""
    model = model or _weights()
    rows = model.rows(topic)
    names = model.names
    size = len(names)
    total = sum(map(rows.__getitem__, pieces(text, topic) & rows.written.keys())) + model.lifted
    *sums, count = unpack(f"<{size + 1}I", total.to_bytes(4 * size + 4, "little"))
    part = 1.0 / (PART * sqrt(count or 1))
    urgent = (sums.pop() - _RAISED) * part
    most = max(sums)
    raised = [exp((one - most) * part) for one in sums]
    total_share = sum(raised)
    shares = {name: one / total_share for name, one in zip(names, raised, strict=False)}
    return Likeness(shares, 1.0 / (1.0 + exp(-urgent)), text, topic)
