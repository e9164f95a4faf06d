"""The people behind the demo's handsets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sandbox.carrier.people import ANSWERS, BOUNCES, bounce, reply

SURVEY = "【国网供电】您报修的故障已处理，请评价：5 非常满意 … 1 非常不满意，未解决回复 9。"
ARREARS = "【国网供电】户号 3201 电费 86.50 元未交，请尽快缴费。"
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


@pytest.mark.parametrize(
    "body",
    [
        "【国网供电】非常抱歉打扰您，此号码不再接收电费通知。",
        "【国网供电】已为您退订电费类短信，停电通知仍会发送。",
        "Sorry for the mix-up: this number will get no more bills.",
        "你好",
    ],
)
def test_what_asks_nothing_is_not_answered(body: str) -> None:
    assert not any(reply(number, body, 0) for number in [*NUMBERS[:100], "+8613900000044"])
