"""The people behind the demo's handsets."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sandbox.carrier.people import ANSWERS, BOUNCES, bounce, reply

SURVEY = "【国网供电】您报修的故障已处理，请评价：5 非常满意 … 1 非常不满意，未解决回复 9。"
ARREARS = "【国网供电】户号 3201 电费 86.50 元未交，请尽快缴费。"
TEMPLATES = Path(__file__).parents[2] / "templates"
NUMBERS = [f"+8613{i:09d}" for i in range(100_000_000, 100_004_000, 7)]


def test_endings_decide_what_bounces() -> None:
    assert {ending: bounce(f"+86139000000{ending}", 0) for ending in BOUNCES} == BOUNCES
    assert {bounce(f"+86139000000{ending}", 0) for ending in ANSWERS} == {None}


def test_endings_decide_what_is_answered() -> None:
    for ending, words in ANSWERS.items():
        answer = reply(f"+86139000000{ending}", ARREARS, 0)
        assert (answer.text if answer else "") == words


def test_the_others_are_a_mixed_company() -> None:
    answers = [answer.text for number in NUMBERS if (answer := reply(number, SURVEY, 0))]
    assert 0.5 < len(answers) / len(NUMBERS) < 0.8
    assert {"5", "4", "3", "9"} <= set(answers)
    assert any("打错了" in answer for answer in answers)
    bounced = sum(bounce(number, 0) is not None for number in NUMBERS)
    assert 0.02 < bounced / len(NUMBERS) < 0.15


def test_english_is_answered_in_english() -> None:
    texts = [answer.text for number in NUMBERS if (answer := reply(number, "Your bill is overdue", 0))]
    assert texts and not any("\u4e00" <= letter <= "\u9fff" for text in texts for letter in text if "打错" not in text)


@given(st.from_regex(r"\+861[3-9][0-9]{9}", fullmatch=True), st.text(), st.integers())
def test_the_same_is_answered_the_same(number: str, body: str, seed: int) -> None:
    first, again = reply(number, body, seed), reply(number, body, seed)
    assert first == again
    assert first is None or 0 <= first.at < 1


def wording(language: str, name: str) -> str:
    return (TEMPLATES / language / f"{name}.txt").read_text().split("\n---\n", 1)[1]


ASKS = [
    "survey",
    "contact_confirm",
    "restoration",
    "outage_planned",
    "outage_fault",
    "arrears.warm",
    "arrears.official",
]
ANSWERS_A_PERSON = [
    "apology",
    "opt_out_confirm",
    "opt_in_confirm",
    "clarification",
    "clarification_role",
    "case_progress_thanks",
    "case_progress_low_score",
    "payment_confirm",
    "verification",
]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("name", ASKS)
def test_what_asks_or_tells_is_answered_by_some(language: str, name: str) -> None:
    answers = {answer.text for number in NUMBERS if (answer := reply(number, wording(language, name), 0))}
    assert len(answers) > 3


def test_each_question_is_understood_as_what_it_is() -> None:
    codes = {"survey": "345", "contact_confirm": "123", "restoration": "012"}
    for name, digits in codes.items():
        for language in ("zh-CN", "en"):
            answers = {answer.text for number in NUMBERS if (answer := reply(number, wording(language, name), 0))}
            assert set(digits) <= answers, (language, name)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("name", ANSWERS_A_PERSON)
def test_what_answers_a_person_ends_the_conversation(language: str, name: str) -> None:
    body = wording(language, name)
    assert not any(reply(number, body, 0) for number in [*NUMBERS[:200], "+8613900000044"])


def test_small_talk_is_not_answered() -> None:
    assert reply("+8613900000044", "你好", 0) is None
