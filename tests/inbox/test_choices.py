from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inbox.choices import ALIKE, MOST, UNCLEAR, choices
from gateway.inbox.understanding import INTENTS, KINDS, Context, Reading, read


def chosen(text: str, kind: str) -> list[tuple[tuple[str, ...], int | None]]:
    reading = read(text, Context(kind=kind, scale=(1, 5) if kind == "survey" else None, hours_since=1.0))
    return [(choice.intents, choice.score) for choice in choices(reading, text, kind)]


@pytest.mark.parametrize(
    ("text", "kind", "meant"),
    [
        ("3分4分都行吧，公司5分", "survey", (("score",), 3)),
        ("3分4分都行吧，公司5分", "survey", (("score",), 4)),
        ("我不是户主，别再给我发了", "arrears", (("not_account_holder", "opt_out"), None)),
        ("这户的事你们找别人吧", "contact_confirm", (("wrong_number",), None)),
        ("怎么交费？", "arrears", (("payment_question",), None)),
        ("？？", "restoration", (("not_restored",), None)),
    ],
)
def test_the_likeliest_meanings_are_among_the_keys(
    text: str, kind: str, meant: tuple[tuple[str, ...], int | None]
) -> None:
    assert meant in chosen(text, kind)


def test_the_tables_name_only_meanings_that_there_are() -> None:
    assert {*ALIKE, *(intent for alike in ALIKE.values() for intent in alike)} <= INTENTS
    assert set(UNCLEAR) == set(KINDS.values())
    assert all(other != intent for intent, alike in ALIKE.items() for other in alike)


@given(st.text(), st.sampled_from(sorted(KINDS)))
@settings(deadline=None)
def test_there_are_two_or_three_keys_and_each_could_be_resolved(text: str, kind: str) -> None:
    offered = choices(read(text, Context(kind=kind)), text, kind)
    assert 2 <= len(offered) <= MOST
    assert [choice.key for choice in offered] == [str(number) for number in range(1, len(offered) + 1)]
    assert len({(choice.intents, choice.score) for choice in offered}) == len(offered)
    for choice in offered:
        assert choice.intents and set(choice.intents) <= INTENTS - {"unclear"}
        assert ("score" in choice.intents) == (choice.score is not None)


@given(st.lists(st.sampled_from(sorted(INTENTS)), min_size=1, max_size=5, unique=True))
def test_what_was_heard_comes_first(intents: list[str]) -> None:
    reading = Reading(intents=tuple(intents), score=None, urgent=False, abstain=True, because=(), version="x")
    offered = choices(reading, "", "none")
    heard = [intent for intent in intents if intent not in ("unclear", "score")]
    if heard:
        assert set(offered[0].intents) <= set(heard)
