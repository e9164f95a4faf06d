"""How ratings are given: every construction that the reader knows, and what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.inbox.understanding import Context, Reading, read

#: The figure that is meant, or "-", and the answer to a survey.
RATINGS = Path(__file__).parent / "ratings.tsv"
TEN = Context(kind="survey", scale=(1, 10), hours_since=2.0)


def _survey(text: str) -> Reading:
    return read(text, Context(kind="survey", scale=(1, 5), hours_since=2.0))


def test_each_way_of_giving_a_rating_is_read() -> None:
    rows = [line.split("\t") for line in RATINGS.read_text(encoding="utf-8").splitlines()]
    assert len(rows) > 1_000
    read_otherwise = [
        (text, wanted, got.score)
        for wanted, text in rows
        if (got := _survey(text)).score != (None if wanted == "-" else int(wanted))
    ]
    assert read_otherwise == []


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("8", 8),
        ("10", 10),
        ("给9分", 9),
        ("八分", 8),
        ("给十分", 10),
        ("7/10", 7),
        ("7 out of 10", 7),
        ("不是7是8", 8),
        ("9分。扣一分是因为迟到", 9),
        ("满分", 10),
        ("7-8", None),
        ("11", None),
        ("满意", None),
        ("十分满意", None),
    ],
)
def test_a_scale_of_ten(text: str, score: int | None) -> None:
    assert read(text, TEN).score == score


@pytest.mark.parametrize(("text", "score"), [("8/10", None), ("three out of ten", None), ("10/10, so 5", 5)])
def test_a_figure_of_another_scale_is_not_pulled_onto_this_one(text: str, score: int | None) -> None:
    assert _survey(text).score == score


def test_a_key_held_down_is_a_figure_until_it_is_nobodys_answer() -> None:
    assert _survey("1111").score == 1
    assert _survey("1" * 10_000).score is None
