"""The reader held to its targets on the labelled corpus."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from gateway.inbox.understanding import INTENTS, KINDS, read

from .corpus_files import FOLDER, HELD_OUT, cases, fresh_readings, held_out, readings
from .figures import figures
from .report import report
from .training import everything


def test_the_corpus_is_large_and_well_formed() -> None:
    replies = [case for case in cases() if not case.turns]
    dialogues = [case for case in cases() if case.turns]
    assert len(replies) >= 600
    assert len(dialogues) >= 60
    english = [case for case in replies if case.text.isascii() and any(char.isalpha() for char in case.text)]
    assert len(english) / len(replies) >= 0.18
    for case in cases():
        assert set(case.intents) <= INTENTS, case.id
        assert case.context.kind in KINDS, case.id
        assert case.intents == ("unclear",) or "unclear" not in case.intents, case.id
        assert case.score is None or "score" in case.intents, case.id
        assert not case.turns or case.turns[-1].text == case.text, case.id


def test_wrong_numbers_are_understood_and_lookalikes_left_alone() -> None:
    measured = figures()
    assert measured.family_recall.value >= 0.95
    assert measured.lookalikes_stopped.value <= 0.01


def test_opt_outs_are_understood_and_lookalikes_left_alone() -> None:
    measured = figures()
    assert measured.opt_out_recall.value >= 0.99
    assert measured.lookalikes_opted_out.value <= 0.01


def test_scores_are_exact_and_never_invented() -> None:
    measured = figures()
    assert measured.score_exact.value >= 0.97
    assert measured.no_score_invented.value >= 0.99


def test_every_urgent_one_is_caught() -> None:
    missed = [case.text for case, got in readings() if case.urgent and not got.urgent]
    assert missed == []


def test_the_main_intent_is_right_with_few_abstentions() -> None:
    measured = figures()
    assert measured.main_right.value >= 0.90
    assert measured.abstained.value <= 0.08


def test_what_is_held_out_is_not_trained_on() -> None:
    assert len(held_out()) >= 600
    assert {case.id for case in held_out()}.isdisjoint(case.id for case, _ in everything())


def test_what_was_never_trained_on_is_read_as_well() -> None:
    """What is asked of texts that nobody has seen. A change that learns the corpus by heart falls through it."""
    measured = figures(fresh_readings())
    assert measured.main_right.value >= 0.90
    assert measured.abstained.value <= 0.08
    assert measured.family_recall.value >= 0.95
    assert measured.lookalikes_stopped.value <= 0.01
    assert measured.opt_out_recall.value >= 0.99
    assert measured.lookalikes_opted_out.value <= 0.01
    assert measured.score_exact.value >= 0.97
    assert measured.no_score_invented.value >= 0.99
    assert [case.text for case, got in fresh_readings() if case.urgent and not got.urgent] == []


def test_each_reading_says_why() -> None:
    for case, got in readings():
        assert got.because, case.id
        assert all(reason.strip() for reason in got.because), case.id
        assert got.intents, case.id
        assert len(set(got.intents)) == len(got.intents), case.id
        assert got.intents == ("unclear",) or "unclear" not in got.intents, case.id


def test_a_dialogue_names_the_survey_that_the_score_answers() -> None:
    for case, got in readings():
        if case.turns and not case.undecided and got.score is not None:
            assert got.score_turn == case.score_turn, case.id


def test_the_report_can_be_printed() -> None:
    sink = io.StringIO()
    report(sink)
    told = sink.getvalue()
    assert told.index("Held out") < told.index("main right") < told.index("The corpus")
    assert "wrong_number" in told


@pytest.mark.parametrize(
    "path", sorted((*FOLDER.glob("*.jsonl"), *HELD_OUT.glob("*.jsonl"))), ids=lambda path: path.stem
)
def test_corpus_files_are_json_lines(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        assert {"id", "context", "text", "expect"} <= set(row)


def test_a_reading_does_not_depend_on_what_was_read_before() -> None:
    for case, got in readings()[:200]:
        if not case.turns:
            assert read(case.text, case.context) == got
