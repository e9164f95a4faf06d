"""Training the statistical reader: `make reader-train`.

A softmax over the main intent and, beside it, one weight for urgency, fitted by AdaGrad over the pieces of
each text and over the pieces as answers to its topic. Half of a text's pieces are left out by chance each time
it is met, so that no single word decides. The same texts in the same order from the same seed give the same
weights. `--folds` says how well it reads texts of the corpus it was not trained on.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from math import log
from pathlib import Path

import numpy as np

from gateway.inbox import understanding
from gateway.inbox.understanding import INTENTS
from gateway.inbox.understanding.features import pieces
from gateway.inbox.understanding.likeness import LARGEST, PART, SIGNS, URGENT, Model, liken
from gateway.inbox.understanding.normalise import plain
from gateway.inbox.understanding.weighing import ALARMING

from .corpus_files import Case, cases
from .phrase_files import phrases

WEIGHTS = Path(understanding.__file__).parent / "weights.txt"

_NAMES = tuple(sorted(INTENTS))
_ROUNDS = 12
_RATE = 0.3
_DECAY = 1e-4
#: The part of a text's pieces that is left out each time it is met.
_LEFT_OUT = 0.5
#: A piece met in fewer texts is chance; a weight below this part of one says nothing.
_LEAST_TEXTS = 2
_LEAST_WEIGHT = 0.65
#: So many pieces are kept, and so many of them as answers to a topic.
_PIECES = 12_000
_ANSWERS = 9_000
#: What one missed danger weighs against one false alarm.
_DANGER = 3.0
_UNDECIDED = 0.5
#: Short phrases weigh less than whole replies.
_PHRASE = 0.8

Example = tuple[list[str], int, bool, float]


def examples(given: Sequence[tuple[Case, float]]) -> list[Example]:
    """Each case as its pieces, the number of its main intent, its urgency and its weight."""
    return [
        (
            _met(plain(case.text).text, case.context.topic),
            _NAMES.index(case.main),
            case.urgent,
            weight * (_UNDECIDED if case.undecided else 1.0),
        )
        for case, weight in given
    ]


def _met(text: str, topic: str) -> list[str]:
    """The pieces of a text, and each of them as an answer to its topic."""
    found = sorted(pieces(text, topic))
    return found + [f"{topic}|{piece}" for piece in found if piece[0] != "@"]


def everything() -> list[tuple[Case, float]]:
    """The corpus, without dialogues, whose last words say little alone, and the phrases."""
    return [(case, 1.0) for case in cases() if not case.turns] + [
        (case, weight * _PHRASE) for case, weight in phrases()
    ]


def trained(given: Sequence[Example]) -> dict[str, np.ndarray]:
    """Fitted once with every piece, and once more with those alone that told the intents best apart."""
    texts = Counter(piece for known, *_ in given for piece in known)
    first = fitted(given, {piece for piece, number in texts.items() if number >= _LEAST_TEXTS})
    telling = sorted(first, key=lambda piece: (-first[piece].std() * log(1 + texts[piece]), piece))
    kept = [piece for piece in telling if "|" not in piece][:_PIECES]
    alone = set(kept)
    answers = [piece for piece in telling if piece.partition("|")[2] in alone]
    return fitted(given, alone | set(answers[:_ANSWERS]))


def fitted(given: Sequence[Example], known: set[str], seed: int = 1) -> dict[str, np.ndarray]:
    """For each known piece the weights of all intents, that of urgency last."""
    kept = sorted(known)
    place = {piece: index for index, piece in enumerate(kept)}
    rows = [np.array([place[piece] for piece in met if piece in place], dtype=np.int64) for met, *_ in given]
    weights = np.zeros((len(kept), len(_NAMES) + 1))
    steps = np.full_like(weights, 1e-8)
    chance = np.random.Generator(np.random.PCG64(seed))
    for _ in range(_ROUNDS):
        for index in chance.permutation(len(rows)):
            row, (_, intent, urgent, weight) = rows[index], given[index]
            row = row[chance.random(len(row)) >= _LEFT_OUT]
            if not len(row):
                continue
            share = len(row) ** -0.5
            sums = weights[row].sum(0) * share
            slope = np.append(_softmax(sums[:-1]), 1 / (1 + np.exp(-sums[-1])) - urgent)
            slope[intent] -= 1
            slope[-1] *= _DANGER if urgent else 1.0
            change = (weight * share * slope)[None, :] + _DECAY * weights[row]
            steps[row] += change**2
            weights[row] -= _RATE * change / np.sqrt(steps[row])
    return {piece: weights[index] for piece, index in place.items()}


def _softmax(sums: np.ndarray) -> np.ndarray:
    raised: np.ndarray = np.exp(sums - sums.max())
    return np.asarray(raised / raised.sum())


def written(weights: Mapping[str, np.ndarray]) -> str:
    """The weights as the reader reads them: small ones left out, the rest as whole numbers."""
    lines = [" ".join((*_NAMES, URGENT))]
    for piece in sorted(weights):
        row = weights[piece].copy()
        row[:-1] -= np.median(row[:-1])
        told = [
            chr(97 + index) + SIGNS[max(-LARGEST, min(LARGEST, round(float(one) * PART))) + LARGEST]
            for index, one in enumerate(row)
            if abs(one) >= _LEAST_WEIGHT
        ]
        if told:
            lines.append(f"{piece}\t{''.join(told)}")
    return "\n".join(lines) + "\n"


def folded(folds: int) -> str:
    """How well likeness alone names the main intent of texts of the corpus that it was not trained on.

    Texts are left out by runs of sixty, as they were written, so that no writer's hand is known from beside.
    """
    given = everything()
    own = [case for case, weight in given if weight == 1.0]
    right = decided = caught = dangers = 0
    for fold in range(folds):
        out = [case for index, case in enumerate(own) if index // 60 % folds == fold]
        names = {case.id for case in out}
        model = Model(written(trained(examples([one for one in given if one[0].id not in names]))))
        for case in out:
            like = liken(plain(case.text).text, case.context.topic, model)
            right += not case.undecided and max(like.shares, key=lambda name: like.shares[name]) == case.main
            decided += not case.undecided
            caught += case.urgent and like.urgent >= ALARMING
            dangers += case.urgent
    return f"main intent {right}/{decided}, urgent {caught}/{dangers}, each text read by weights of the others\n"


if __name__ == "__main__":
    if "--folds" in sys.argv:
        sys.stdout.write(folded(5))
        sys.exit()
    given = everything()
    text = written(trained(examples(given)))
    WEIGHTS.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(given)} texts, {text.count(chr(10)) - 1} pieces, {len(text.encode())} bytes: {WEIGHTS}\n")
