"""The statistical reader, and where its word counts."""

from __future__ import annotations

import pytest

from gateway.inbox.understanding import INTENTS, KINDS, Context, read
from gateway.inbox.understanding.concepts import WORDS
from gateway.inbox.understanding.features import pieces
from gateway.inbox.understanding.likeness import Likeness, liken
from gateway.inbox.understanding.normalise import plain
from gateway.inbox.understanding.weighing import weigh

from .phrase_files import phrases
from .training import WEIGHTS, examples, trained, written


def like(urgent: float = 0.0, **shares: float) -> Likeness:
    return Likeness({"score": 0.0} | shares, urgent, "", "none")


def test_pieces_are_runs_words_and_what_they_are_about() -> None:
    found = pieces("电线掉了 the line fell 12", "arrears")
    assert {"@arrears", "电线", "线掉", "电线掉", " line", " the line", "<line", "<hang", "#"} <= found
    assert "电线掉了" not in found


def test_shares_add_up_and_known_words_carry_them() -> None:
    got = liken(plain("请问怎么交电费").text, "arrears")
    assert sum(got.shares.values()) == pytest.approx(1.0)
    assert set(got.shares) == INTENTS
    assert got.best()[0] == "payment_question"
    assert got.best(frozenset(("payment_question",)))[0] != "payment_question"
    assert "“" in got.words("payment_question")


def test_a_text_without_a_known_piece_is_like_all_and_nothing() -> None:
    got = liken("", "none")
    assert sum(got.shares.values()) == pytest.approx(1.0)
    assert 0.0 <= got.urgent <= 1.0


def test_where_no_rule_speaks_likeness_names_the_main_intent() -> None:
    assert weigh(like(help=0.8, ack=0.2), "unclear", known=False, rated=False).main == "help"
    assert not weigh(like(help=0.8, ack=0.2), "unclear", known=False, rated=False).doubt
    assert weigh(like(help=0.3, ack=0.25, thanks=0.25, comment=0.2), "unclear", known=False, rated=False).doubt


@pytest.mark.parametrize("name", ["wrong_number", "moved_or_sold", "opt_out"])
def test_a_stop_that_no_rule_heard_is_for_a_person(name: str) -> None:
    found = weigh(like(**{name: 0.99}), "unclear", known=False, rated=False)
    assert (found.main, found.doubt) == (name, True)
    against = weigh(like(**{name: 0.97, "ack": 0.01}), "ack", known=True, rated=False)
    assert (against.main, against.doubt) == (name, True)


def test_a_rule_that_stops_what_looks_like_another_matter_is_for_a_person() -> None:
    assert weigh(like(wrong_number=0.02, billing_dispute=0.97), "wrong_number", known=True, rated=False).doubt
    assert not weigh(like(wrong_number=0.6, billing_dispute=0.3), "wrong_number", known=True, rated=False).doubt


def test_likeness_neither_makes_up_a_rating_nor_takes_one_away() -> None:
    assert weigh(like(score=0.9, comment=0.1), "unclear", known=False, rated=False).main == "comment"
    assert weigh(like(score=0.01, comment=0.99), "score", known=True, rated=True).main == "score"


def test_likeness_never_silences_danger_and_may_raise_it() -> None:
    assert weigh(like(ack=0.99, safety_urgent=0.001), "safety_urgent", known=True, rated=False).main == "safety_urgent"
    assert weigh(like(urgent=0.9, ack=0.99), "ack", known=True, rated=False).urgent


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
    assert WEIGHTS.stat().st_size < 400_000


def test_training_is_the_same_each_time() -> None:
    few = examples(phrases()[::25])
    assert written(trained(few)) == written(trained(few))
