"""Short labelled phrases that the statistical reader learns from, beside the corpus.

`phrases/*.txt`: a heading `= topics | intents`, then one phrase a line. The main intent stands first;
`score=4` gives a figure, `!` says that it is urgent, `?` that a careful person would hand it on.
"""

from __future__ import annotations

import re
from pathlib import Path

from gateway.inbox.understanding import Context

from .corpus_files import Case

FOLDER = Path(__file__).parent / "phrases"

_HEADING = re.compile(r"= ([a-z_ ]+) \| ([a-z_ =0-9]+?)( !)?( \?)?")
_SCORE = re.compile(r"=(\d)")


def phrases() -> tuple[tuple[Case, float], ...]:
    """Each phrase in each topic of its heading, with the weight that it has there."""
    found: list[tuple[Case, float]] = []
    for path in sorted(FOLDER.glob("*.txt")):
        heading: re.Match[str] | None = None
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if line.startswith("= "):
                heading = _HEADING.fullmatch(line)
                assert heading is not None, f"{path.name}:{number}: not a heading: {line}"
            elif line:
                assert heading is not None, f"{path.name}:{number}: a phrase without a heading"
                found += _cases(f"{path.stem}:{number}", heading, line)
    return tuple(found)


def _cases(name: str, heading: re.Match[str], text: str) -> list[tuple[Case, float]]:
    topics = heading[1].split()
    score = _SCORE.search(heading[2])
    return [
        (
            Case(
                id=f"{name}:{topic}",
                context=Context(kind=topic, scale=(1, 5) if topic == "survey" else None),
                text=text,
                turns=(),
                intents=tuple(_SCORE.sub("", heading[2]).split()),
                score=int(score[1]) if score else None,
                urgent=heading[3] is not None,
                undecided=heading[4] is not None,
                score_turn=None,
            ),
            len(topics) ** -0.5,
        )
        for topic in topics
    ]
