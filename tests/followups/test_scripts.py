"""What callers say, in both languages; and the form."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.followups.scripts import languages, script
from gateway.kernel.errors import InvalidInput
from gateway.notices import templates_directory

DIRECTORY = templates_directory() / "scripts"
FACTS = {"sender": "晴川供电", "topic": "迎峰度夏", "channel": "visit", "done_on": date(2025, 5, 7), "caller": None}


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_script_says_who_calls_why_and_that_it_is_kept_from_the_manager(language: str) -> None:
    said = script(DIRECTORY, language, **FACTS, questions=("时限是否兑现？",))  # type: ignore[arg-type]
    assert "晴川供电" in said.opening and "迎峰度夏" in said.opening
    assert ("5月7日" if language == "zh-CN" else "7 May") in said.opening
    assert "95598" in said.closing and said.closing_low != said.closing
    assert [(field.name, field.kind) for field in said.form] == [
        ("reached", "yes_no"),
        ("score", "1_to_5"),
        ("comment", "text"),
        ("solved", "yes_no"),
        ("comment", "text"),
        ("comment", "text"),
    ]
    assert all("5" in field.ask and "1" in field.ask for field in said.form if field.name == "score")
    assert said.form[2].only_if_score_at_most == 2 and said.form[4].ask == "时限是否兑现？"
    assert not any("{" in words for words in (said.opening, said.not_now, said.wrong_person, said.closing))


def test_both_languages_are_written_and_no_other() -> None:
    assert languages(DIRECTORY) == ["en", "zh-CN"]
    for wrong in ("fr", "../zh-CN", ""):
        with pytest.raises(InvalidInput):
            script(DIRECTORY, wrong, **FACTS)  # type: ignore[arg-type]


@pytest.mark.parametrize(("language", "words"), [("zh-CN", "联系过没有"), ("en", "whether that happened")])
def test_of_a_visit_that_nobody_says_was_paid_it_asks_whether_anybody_came(language: str, words: str) -> None:
    said = script(DIRECTORY, language, **(FACTS | {"done_on": None}))  # type: ignore[arg-type]
    assert words in said.opening and "迎峰度夏" in said.opening
