"""Training the statistical reader: `make reader-train`.

A linear support vector machine (scikit-learn's liblinear) learns, over the pieces of each text, one weight for
each main intent and, beside them, one for urgency: first with every piece, then with those alone that told the
intents best apart. The same texts in the same order give the same weights. `--folds` says how well it reads texts
of the corpus it was not trained on.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from math import sqrt
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

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
#: How much a text read wrongly counts against large weights.
_COST = 1.0
_SEED = 1
#: A margin times this is a logarithm of odds, fitted on 4,000 texts that were left out.
_SHARPNESS = 4.5
#: A piece met in fewer texts is chance; a weight below this part of one says nothing.
_LEAST_TEXTS = 2
_LEAST_WEIGHT = 0.5
#: So many pieces are kept.
_PIECES = 35_000
_UNDECIDED = 0.5
#: Short phrases weigh less than whole replies.
_PHRASE = 0.8

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
    return [(case, 1.0) for case in cases() if not case.turns] + [
        (case, weight * _PHRASE) for case, weight in phrases()
    ]


def trained(given: Sequence[Example]) -> dict[str, np.ndarray]:
    """Fitted once with every piece, and once more with those alone that told the intents best apart."""
    texts = Counter(piece for known, *_ in given for piece in known)
    first = fitted(given, [piece for piece, number in texts.items() if number >= _LEAST_TEXTS])
    telling = sorted(first, key=lambda piece: (-first[piece].std() * np.log(1 + texts[piece]), piece))
    return fitted(given, telling[:_PIECES])


def fitted(given: Sequence[Example], known: Sequence[str]) -> dict[str, np.ndarray]:
    """For each known piece the weights of all intents, that of urgency last."""
    kept = sorted(known)
    seen = _matrix(given, {piece: index for index, piece in enumerate(kept)})
    weights = np.array([weight for *_, weight in given])
    intents = _machine(seen, np.array([intent for _, intent, _, _ in given]), weights)
    danger = _machine(seen, np.array([urgent for _, _, urgent, _ in given]), weights)
    rows = np.zeros((len(_NAMES) + 1, len(kept)))
    if len(intents.classes_) == 2:
        rows[intents.classes_[0]], rows[intents.classes_[1]] = -intents.coef_[0], intents.coef_[0]
    else:
        rows[intents.classes_] = intents.coef_
    rows[-1] = danger.coef_[0]
    return dict(zip(kept, _SHARPNESS * rows.T, strict=True))


def _matrix(given: Sequence[Example], place: dict[str, int]) -> csr_matrix:
    """A line for each text; its known pieces together have the length of one, as `liken` takes them."""
    rows = [[place[piece] for piece in met if piece in place] for met, *_ in given]
    starts = np.cumsum([0, *map(len, rows)])
    values = np.concatenate([np.full(len(row), 1 / sqrt(len(row) or 1)) for row in rows])
    return csr_matrix((values, np.concatenate(rows).astype(np.int32), starts), shape=(len(rows), len(place)))


def _machine(seen: csr_matrix, meant: np.ndarray, weights: np.ndarray) -> LinearSVC:
    machine = LinearSVC(C=_COST, fit_intercept=False, max_iter=2_000, tol=1e-3, random_state=_SEED)
    return machine.fit(seen, meant, sample_weight=weights)


def written(weights: dict[str, np.ndarray]) -> str:
    """The weights as the reader reads them: small ones left out, the rest as whole numbers."""
    lines = [" ".join((*_NAMES, URGENT))]
    for piece in sorted(weights):
        told = [
            chr(97 + index) + SIGNS[max(-LARGEST, min(LARGEST, round(float(one) * PART))) + LARGEST]
            for index, one in enumerate(weights[piece])
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
