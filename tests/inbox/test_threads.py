from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inbox.answering import remark_of
from gateway.inbox.consenting import refuses_everything
from gateway.inbox.threads import Sent, bare_digit, thread

NOW = datetime(2025, 11, 4, 10, tzinfo=UTC)
CODES = {
    "survey": {"5": "score", "1": "score", "9": "false_closure"},
    "restoration": {"1": "restored_confirm", "2": "not_restored", "0": "wrong_number"},
    "contact_confirm": {"1": "ack", "2": "wrong_number"},
    "clarification": {"1": "ack", "2": "ack"},
}


def codes_of(template: str) -> dict[str, str]:
    return CODES.get(template, {})


def sent(kind: str, hours: float) -> Sent:
    return Sent(id=uuid4(), kind=kind, purpose="service", template=kind, sent_at=NOW - timedelta(hours=hours))


def which(text: str, *messages: Sent, answered: set[UUID] | None = None) -> tuple[Sent | None, Sent | None, int]:
    found = thread(text, sorted(messages, key=lambda m: m.sent_at, reverse=True), answered or set(), codes_of, NOW)
    return found.question, found.about, len(found.which)


def test_a_digit_answers_the_open_question_however_much_was_told_since() -> None:
    survey, notice = sent("survey", 3), sent("outage_planned", 1)
    assert which("5", survey, notice) == (survey, notice, 0)
    assert which("５。", survey, notice) == (survey, notice, 0)


def test_a_question_closes_after_72_hours_and_words_stay_with_the_newest_message() -> None:
    assert which("5", sent("survey", 72)) != (None, None, 0)
    late = sent("survey", 72.01)
    assert which("5", late) == (None, late, 0)
    assert which("师傅很好", late) == (None, late, 0)


def test_two_open_questions_that_know_the_digit_are_told_apart_only_by_the_customer() -> None:
    survey, restoration = sent("survey", 3), sent("restoration", 1)
    assert which("1", survey, restoration) == (None, restoration, 2)
    assert which("1", survey, restoration, answered={survey.id}) == (restoration, restoration, 0)
    assert which("2", survey, restoration) == (restoration, restoration, 0)


def test_an_answered_question_may_be_answered_again() -> None:
    survey = sent("survey", 3)
    assert which("1", survey, answered={survey.id}) == (survey, survey, 0)


def test_our_own_answers_are_never_what_a_text_is_about() -> None:
    arrears, apology = sent("arrears", 3), sent("apology", 1)
    assert which("退订", arrears, apology) == (None, arrears, 0)


def test_what_we_ask_for_clarity_is_answered_first() -> None:
    asked = sent("clarification", 0.5)
    assert which("2", sent("contact_confirm", 3), sent("restoration", 2), asked)[0] == asked


def test_nothing_was_sent() -> None:
    assert which("5") == (None, None, 0)


@pytest.mark.parametrize(
    ("text", "digit"),
    [("5", "5"), ("５", "5"), (" 5。\n", "5"), ("“1”", "1"), ("五", None), ("5分", None), ("55", None), ("好5", None)],
)
def test_a_bare_digit_says_nothing_else(text: str, digit: str | None) -> None:
    assert bare_digit(text) == digit


@given(st.text(), st.sampled_from("0123456789"))
def test_words_around_a_digit_make_it_no_bare_digit(words: str, digit: str) -> None:
    assert bare_digit(f"我{words}{digit}") is None


@pytest.mark.parametrize(
    ("text", "score", "remark"),
    [
        ("4 师傅很好就是来晚了", 4, "师傅很好就是来晚了"),
        ("5分,不错", 5, "不错"),
        ("５", 5, None),
        ("4.5分吧", None, "4.5分吧"),
        ("非常满意", 5, "非常满意"),
        ("5月份就报修了,给2分", 2, "5月份就报修了,给2分"),
        ("4 stars, came late", 4, "came late"),
    ],
)
def test_a_remark_is_what_stands_beside_the_figure(text: str, score: int | None, remark: str | None) -> None:
    assert remark_of(text, score) == remark


@pytest.mark.parametrize(
    ("text", "everything"),
    [
        ("全部退订", True),
        ("ＳＴＯＰＡＬＬ", True),
        ("stop all", True),
        ("所有短信都不要发了", True),
        ("退订", False),
        ("STOP", False),
        ("R", False),
        ("电费短信别发了", False),
    ],
)
def test_everything_is_refused_only_where_everything_is_said(text: str, everything: bool) -> None:
    assert refuses_everything(text) is everything
