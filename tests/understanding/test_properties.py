"""What must hold for every text: form never changes meaning, order never matters, cost is bounded."""

from __future__ import annotations

import random
import sys
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inbox.understanding import INTENTS, KINDS, Context, Turn, read, read_dialogue
from gateway.inbox.understanding import reader as reader_module
from gateway.inbox.understanding.normalise import plain
from gateway.inbox.understanding.policy import Side
from gateway.inbox.understanding.rule import finds
from gateway.inbox.understanding.script import TABLE
from gateway.inbox.understanding.triggers import met, needed

from .corpus_files import STOPPING, cases

REPLIES = [case for case in cases() if not case.turns]
CHINESE = [case for case in REPLIES if not any("a" <= char.lower() <= "z" for char in case.text)]
_BACK = {new: chr(old) for old, new in TABLE.items() if len(new) == 1 and TABLE.get(ord(new)) is None}

contexts = st.builds(
    Context,
    kind=st.sampled_from(sorted(KINDS)),
    scale=st.sampled_from([None, (1, 5), (0, 10)]),
    hours_since=st.one_of(st.none(), st.floats(0, 400)),
)


def meaning(text: str, context: Context) -> tuple[object, ...]:
    got = read(text, context)
    return got.intents, got.score, got.urgent, got.abstain


def spaced(text: str, draw: random.Random) -> str:
    """White space beside any character that is not a letter or digit of the Latin script."""
    return "".join(
        char + (draw.choice(" \u3000\n\t") if draw.random() < 0.4 and not char.isascii() else "") for char in text
    )


def wide(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def traditional(text: str) -> str:
    return "".join(_BACK.get(char, char) for char in text)


@pytest.mark.parametrize("index", range(0, len(REPLIES), 25))
def test_full_width_forms_change_nothing(index: int) -> None:
    for case in REPLIES[index : index + 25]:
        assert meaning(wide(case.text), case.context) == meaning(case.text, case.context), case.text


@given(st.sampled_from(CHINESE), st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_white_space_changes_nothing(case: object, draw: random.Random) -> None:
    text, context = case.text, case.context  # type: ignore[attr-defined]
    assert meaning(spaced(text, draw), context) == meaning(text, context), text
    assert meaning(f"  {text}\n\n", context) == meaning(text, context)


def test_white_space_between_english_words_changes_nothing() -> None:
    for case in REPLIES:
        if case.text.isascii():
            assert meaning(case.text.replace(" ", "  \n "), case.context) == meaning(case.text, case.context), case.text


def test_traditional_script_changes_nothing() -> None:
    for case in CHINESE:
        assert meaning(traditional(case.text), case.context) == meaning(case.text, case.context), case.text


def test_capitals_change_nothing() -> None:
    for case in REPLIES:
        if case.text.isascii():
            assert meaning(case.text.upper(), case.context) == meaning(case.text, case.context), case.text


def test_repeated_marks_change_nothing() -> None:
    for case in CHINESE:
        text = unicodedata.normalize("NFKC", case.text)
        assert meaning(text.replace("!", "!!!"), case.context) == meaning(text, case.context), case.text


@pytest.mark.parametrize("language", ["han", "latin"])
def test_wordings_worth_trying_find_what_all_would(language: str) -> None:
    texts = [plain(case.text).text for case in REPLIES[::3]]
    made = [(text, met(text)) for text in texts]
    for rule in reader_module.RULES:
        words = getattr(rule.words, language)
        if words is None:
            continue
        side = Side([rule], language)
        for text, there in made:
            found = words.search(text)
            if found is not None:
                wordings = [one for _, tried in side.worth_trying(there) for one in tried]
                first = next(finds(wordings, text))
                assert (first.start(), first[0]) == (found.start(), found[0]), (rule.because, text)


def test_hardly_any_wording_is_tried_on_every_text() -> None:
    wordings = [one for rule in reader_module.RULES for name in ("han", "latin") for one in rule.words.side(name)]
    assert sum(not needed(wording) for wording in wordings) < len(wordings) / 50


def test_the_order_of_rules_never_matters_for_stopping(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [STOPPING & set(case.read().intents) for case in REPLIES]
    reader_module.side.cache_clear()
    monkeypatch.setattr(reader_module, "RULES", tuple(reversed(reader_module.RULES)))
    try:
        assert [STOPPING & set(case.read().intents) for case in REPLIES] == before
    finally:
        reader_module.side.cache_clear()


@given(st.text(max_size=400), contexts)
@settings(max_examples=200, deadline=None)
def test_any_text_has_a_reading(text: str, context: Context) -> None:
    got = read(text, context)
    assert got.intents
    assert set(got.intents) <= INTENTS
    assert got.because
    scale = context.rating
    assert got.score is None or (scale is not None and scale[0] <= got.score <= scale[1])
    assert got.intents == ("unclear",) or "unclear" not in got.intents


@given(st.lists(st.sampled_from(REPLIES), min_size=2, max_size=5), contexts)
@settings(max_examples=60, deadline=None)
def test_any_dialogue_has_a_reading(said: list[object], context: Context) -> None:
    turns = [
        Turn(role="customer" if index % 2 else "utility", text=case.text, kind=case.context.kind, at_hours=float(index))  # type: ignore[attr-defined]
        for index, case in enumerate(said)
    ]
    if turns[-1].role == "utility":
        turns.append(Turn(role="customer", text="好"))
    got = read_dialogue(turns, context)
    assert got.intents
    assert got.score_turn is None or turns[got.score_turn].role == "utility"


def steps(run: Callable[[], object]) -> int:
    """How many lines of Python a call executes: a clock that no busy machine disturbs."""
    count = 0

    def trace(frame: object, event: str, arg: object) -> object:
        nonlocal count
        count += event == "line"
        return trace

    old = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        run()
    finally:
        sys.settrace(old)
    return count


HOSTILE = [
    "5分",
    "不",
    "没打错吗",
    "“",
    "(",
    "1,",
    "说好今天",
    "promised no ",
    "[1]",
    "\ud800",
    "\u202e",
    "😀",
    "<a ",
    "好的是的",
    "还要还",
    "刚才刚刚",
    "谢谢谢",
    "等了5小时",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_cost_grows_no_faster_than_length(piece: str) -> None:
    context = Context(kind="survey", scale=(1, 5))
    short, long = (piece * (length // len(piece)) for length in (2_000, 8_000))
    assert steps(lambda: read(long, context)) <= 6 * steps(lambda: read(short, context)) + 2_000


@pytest.mark.parametrize("piece", HOSTILE)
def test_what_is_too_long_is_cut_and_left_to_a_person(piece: str) -> None:
    got = read(piece * 40_000, Context(kind="survey", scale=(1, 5)))
    assert got.abstain
    assert any("too long" in reason for reason in got.because)


@pytest.mark.parametrize("before", ["好" * 30_000, " " * 30_000, "a\u3000\n" * 10_000])
def test_danger_at_the_end_of_a_text_too_long_is_heard(before: str) -> None:
    assert read(f"{before}家里着火了电线冒烟", Context()).urgent
    assert read(f"家里着火了电线冒烟{before}", Context()).urgent


def test_blanks_alone_make_no_text_too_long() -> None:
    got = read(f"已经{' ' * 30_000}交了", Context(kind="arrears"))
    assert (got.intents, got.abstain) == (("payment_made",), False)
