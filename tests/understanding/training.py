"""Training the statistical reader: `make reader-train`.

A softmax over the main intent and, beside it, one weight for urgency, fitted by AdaGrad over the pieces of
each text; the same texts in the same order from the same seed give the same weights. `--folds` says how well
it reads texts of the corpus it was not trained on.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from math import log
from pathlib import Path

import numpy as np

from gateway.inbox import understanding
from gateway.inbox.understanding import INTENTS
from gateway.inbox.understanding.features import pieces
from gateway.inbox.understanding.likeness import PART, URGENT, liken, parsed
from gateway.inbox.understanding.normalise import plain
from gateway.inbox.understanding.weighing import ALARMING

from .corpus_files import Case, cases
from .phrase_files import phrases

WEIGHTS = Path(understanding.__file__).parent / "weights.txt"

_NAMES = tuple(sorted(INTENTS))
_ROUNDS = 10
_RATE = 0.3
_DECAY = 1e-4
#: A piece met in fewer texts is chance; a weight below this part of one says nothing; so many pieces are kept.
_LEAST_TEXTS = 2
_LEAST_WEIGHT = 0.25
_PIECES = 6_500
#: What one missed danger weighs against one false alarm.
_DANGER = 3.0
_UNDECIDED = 0.5

Example = tuple[list[str], int, bool, float]


def examples(given: Sequence[tuple[Case, float]]) -> list[Example]:
    """Each case as its pieces, the number of its main intent, its urgency and its weight."""
    return [
        (
            sorted(pieces(plain(case.text).text, case.context.topic)),
            _NAMES.index(case.main),
            case.urgent,
            weight * (_UNDECIDED if case.undecided else 1.0),
        )
        for case, weight in given
    ]


def everything() -> list[tuple[Case, float]]:
    """The corpus, without dialogues, whose last words say little alone, and the phrases."""
    return [(case, 1.0) for case in cases() if not case.turns] + list(phrases())


def trained(given: Sequence[Example]) -> dict[str, np.ndarray]:
    """Fitted once with every piece, and once more with those alone that told the intents best apart."""
    texts = Counter(piece for known, *_ in given for piece in known)
    first = fitted(given, {piece for piece, number in texts.items() if number >= _LEAST_TEXTS})
    telling = sorted(first, key=lambda piece: (-first[piece].std() * log(1 + texts[piece]), piece))
    return fitted(given, set(telling[:_PIECES]))


def fitted(given: Sequence[Example], known: set[str], seed: int = 1) -> dict[str, np.ndarray]:
    """For each known piece the weights of all intents, that of urgency last."""
    kept = sorted(known)
    place = {piece: index for index, piece in enumerate(kept)}
    rows = [np.array([place[piece] for piece in met if piece in place], dtype=np.int64) for met, *_ in given]
    weights = np.zeros((len(kept), len(_NAMES) + 1))
    steps = np.full_like(weights, 1e-8)
    chance = random.Random(seed)
    order = [index for index, row in enumerate(rows) if len(row)]
    for _ in range(_ROUNDS):
        chance.shuffle(order)
        for index in order:
            row, (_, intent, urgent, weight) = rows[index], given[index]
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
    raised = np.exp(sums - sums.max())
    return raised / raised.sum()


def written(weights: Mapping[str, np.ndarray]) -> str:
    """The weights as the reader reads them: small ones left out, the rest as whole numbers."""
    lines = [" ".join((*_NAMES, URGENT))]
    for piece in sorted(weights):
        row = weights[piece].copy()
        row[:-1] -= np.median(row[:-1])
        told = [
            f"{chr(97 + index)}{round(float(one) * PART)}" for index, one in enumerate(row) if abs(one) >= _LEAST_WEIGHT
        ]
        if told:
            lines.append(f"{piece}\t{''.join(told)}")
    return "\n".join(lines) + "\n"


def folded(folds: int) -> str:
    """How well likeness alone names the main intent of texts of the corpus that it was not trained on."""
    given = everything()
    own = [case for case, weight in given if weight == 1.0 and not case.undecided]
    right = caught = dangers = 0
    for fold in range(folds):
        left_out = {case.id for case in own[fold::folds]}
        weights = parsed(written(trained(examples([one for one in given if one[0].id not in left_out]))))
        for case in own[fold::folds]:
            like = liken(plain(case.text).text, case.context.topic, weights)
            right += like.best()[0] == case.main
            caught += case.urgent and like.urgent >= ALARMING
            dangers += case.urgent
    return f"main intent {right}/{len(own)}, urgent {caught}/{dangers}, each text read by weights of the others\n"


if __name__ == "__main__":
    if "--folds" in sys.argv:
        sys.stdout.write(folded(5))
        sys.exit()
    given = everything()
    text = written(trained(examples(given)))
    WEIGHTS.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(given)} texts, {text.count(chr(10)) - 1} pieces, {len(text.encode())} bytes: {WEIGHTS}\n")
