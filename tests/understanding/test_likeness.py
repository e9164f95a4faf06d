"""The statistical reader, and where its word counts."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.inbox.understanding import INTENTS, KINDS, Context, read
from gateway.inbox.understanding.concepts import WORDS
from gateway.inbox.understanding.features import pieces
from gateway.inbox.understanding.likeness import Likeness, liken
from gateway.inbox.understanding.normalise import plain
from gateway.inbox.understanding.weighing import COSTLY, EVIDENCE, WORTH, Spoken, weigh

from .phrase_files import phrases
from .training import WEIGHTS, examples, trained, written


def like(urgent: float = 0.0, **shares: float) -> Likeness:
    return Likeness(dict.fromkeys(INTENTS, 0.001) | shares, urgent, "", "none")


def heard(*intents: str, **more: Any) -> Spoken:
    """Rules that heard `intents`, or nothing."""
    told: dict[str, Any] = {"hesitant": False, "filled": False, "given": False, "figure": False} | more
    return Spoken(intents=intents, main=intents[0] if intents else "unclear", known=bool(intents), **told)


def test_pieces_are_runs_words_and_what_they_are_about() -> None:
    found = pieces("电线掉了 the line fell 12", "arrears")
    assert {"@arrears", "电线", "线掉", "电线掉", " line", " the line", "<line", "<hang", "#"} <= found
    assert "电线掉了" not in found


def test_shares_add_up_and_known_words_carry_them() -> None:
    got = liken(plain("请问怎么交电费").text, "arrears")
    assert sum(got.shares.values()) == pytest.approx(1.0)
    assert set(got.shares) == INTENTS
    assert max(got.shares, key=lambda name: got.shares[name]) == "payment_question"
    assert "“" in got.words("payment_question")


def test_a_text_without_a_known_piece_is_like_all_and_nothing() -> None:
    got = liken("", "none")
    assert sum(got.shares.values()) == pytest.approx(1.0)
    assert 0.0 <= got.urgent <= 1.0


def test_where_no_rule_speaks_likeness_names_the_main_intent() -> None:
    sure = weigh(like(help=0.8, ack=0.2), heard(), "")
    assert (sure.main, sure.doubt) == ("help", False)
    assert weigh(like(help=0.3, ack=0.25, thanks=0.25, comment=0.2), heard(), "").doubt


@pytest.mark.parametrize("name", ["wrong_number", "moved_or_sold", "opt_out"])
def test_a_stop_without_a_cue_in_the_words_is_for_a_person(name: str) -> None:
    found = weigh(like(**{name: 0.99}), heard(), "今天天气好")
    assert (found.main, found.doubt) == (name, True)
    against = weigh(like(**{name: 0.99}), heard("ack"), "今天天气好")
    assert (against.main, against.doubt) == (name, True)


@pytest.mark.parametrize(
    ("name", "text"),
    [("wrong_number", "户主是谁我可不认得"), ("moved_or_sold", "去年就搬了"), ("opt_out", "别再给我推了")],
)
def test_a_stop_needs_a_cue_and_a_high_share(name: str, text: str) -> None:
    assert not weigh(like(**{name: 0.97}), heard(), text).doubt
    assert weigh(like(**{name: 0.6, "comment": 0.4}), heard(), text).doubt


def test_a_rule_that_stops_what_looks_like_another_matter_does_not_stop() -> None:
    found = weigh(like(wrong_number=0.02, billing_dispute=0.97), heard("wrong_number"), "")
    assert found.main == "billing_dispute"
    assert found.dropped == {"wrong_number"}
    assert weigh(like(wrong_number=0.27, billing_dispute=0.4, comment=0.33), heard("wrong_number"), "").doubt
    assert not weigh(like(wrong_number=0.9, billing_dispute=0.1), heard("wrong_number"), "").doubt


def test_likeness_never_makes_up_a_rating() -> None:
    assert weigh(like(score=0.9, comment=0.1), heard(), "").main == "comment"
    assert weigh(like(score=0.4, comment=0.6), heard("score", given=True, figure=True), "").main == "score"


def test_likeness_may_raise_an_alarm() -> None:
    assert weigh(like(urgent=0.9, ack=0.99), heard("ack"), "").urgent
    assert not weigh(like(urgent=0.05, ack=0.99), heard("ack"), "").urgent


def test_every_intent_has_a_worth_and_every_costly_one_its_cues() -> None:
    assert set(WORTH) == INTENTS
    assert set(EVIDENCE) == COSTLY


def test_what_likeness_decided_says_by_which_words() -> None:
    got = read("墙角那个铁盒子里头嗞嗞响还往外蹦蓝星子", Context())
    assert got.urgent
    assert any("“" in reason for reason in got.because)


def test_every_word_of_a_class_is_plain_and_short_enough_to_be_met() -> None:
    for word in WORDS:
        assert word.isascii() or len(word) <= 4, word


def test_phrases_are_labelled_with_intents_of_the_contract() -> None:
    found = phrases()
    assert len({case.text for case, _ in found}) > 2_000
    for case, weight in found:
        assert set(case.intents) <= INTENTS, case.id
        assert case.context.kind in KINDS, case.id
        assert 0 < weight <= 1
        assert case.score is None or case.main == "score" or "score" in case.intents, case.id


def test_the_weights_are_small_and_their_heading_names_the_intents() -> None:
    heading, *rows = WEIGHTS.read_text(encoding="utf-8").splitlines()
    assert heading.split() == [*sorted(INTENTS), "urgent"]
    assert len(rows) > 1_000
    assert WEIGHTS.stat().st_size < 700_000


def test_training_is_the_same_each_time() -> None:
    few = examples(phrases()[::25])
    assert written(trained(few)) == written(trained(few))
