"""The report on the reader: `make reader-report`."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import fields
from typing import TextIO

from gateway.inbox.understanding import Reading

from .corpus_files import Case, fresh_readings, readings
from .figures import Figures, Share, figures

Pairs = tuple[tuple[Case, Reading], ...]


def report(sink: TextIO) -> None:
    """Print the measures, precision and recall by intent, abstentions and confusions.

    First of the texts that are kept from training, which is what to expect of a customer's; then, shorter, of the
    corpus, which the reader has learnt and so reads better.
    """
    fresh, known = fresh_readings(), readings()
    _measures("Held out: never trained on", fresh, sink)
    _by_intent(fresh, sink)
    _confusions(fresh, sink)
    _measures("The corpus: what the reader was trained on, which flatters", known, sink)
    _by_intent(known, sink)
    _confusions(known, sink)


def _measures(title: str, pairs: Pairs, sink: TextIO) -> None:
    dialogues = sum(1 for case, _ in pairs if case.turns)
    measured = figures(pairs)
    sink.write(f"{title}\n{'=' * len(title)}\n{len(pairs) - dialogues} replies and {dialogues} dialogues\n\n")
    sink.writelines(
        f"{field.name.replace('_', ' '):<22} {getattr(measured, field.name)}\n" for field in fields(Figures)
    )


def _by_intent(pairs: Pairs, sink: TextIO) -> None:
    expected: Counter[str] = Counter()
    given: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for case, got in pairs:
        if case.undecided:
            continue
        expected[case.main] += 1
        given[got.intents[0]] += 1
        right[case.main] += got.intents[0] == case.main
    sink.write(f"\n{'main intent':<20} {'precision':>18} {'recall':>18}\n")
    for intent in sorted(expected | given):
        precision, recall = Share(right[intent], given[intent]), Share(right[intent], expected[intent])
        sink.write(f"{intent:<20} {precision!s:>18} {recall!s:>18}\n")


def _confusions(pairs: Pairs, sink: TextIO) -> None:
    sink.write("\nconfusions (expected -> read)\n")
    for case, got in pairs:
        wrong = not case.undecided and got.intents[0] != case.main
        if wrong or got.score != case.score or got.urgent != case.urgent:
            sink.write(
                f"  {case.id} {case.context.kind}: {case.main} {case.score} -> {got.intents[0]} {got.score}"
                f"{' abstains' if got.abstain else ''}: {ascii_safe(case.text)}\n"
            )
    sink.write("\nabstained where a careful person would decide\n")
    for case, got in pairs:
        if got.abstain and not case.undecided:
            sink.write(f"  {case.id} {case.context.kind}: {case.main}: {ascii_safe(case.text)}\n")
    sink.write("\n")


def ascii_safe(text: str) -> str:
    """The text as one line that any terminal can take."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\n", "\\n")[:80]


if __name__ == "__main__":
    report(sys.stdout)
