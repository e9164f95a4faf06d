"""Reasons of the reader, of severity and of judgements: every one in both languages."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.archive.trust.judging import WEIGHTS
from gateway.archive.trust.marks import MARKS
from gateway.cases import severity
from gateway.cases.watching import WHY
from gateway.inbox import understanding
from gateway.inbox.understanding.rule import Rule
from gateway.web.console.grounds import Grounds
from gateway.web.console.reasons import Reasons
from gateway.web.console.wording import catalogue
from tests.understanding.corpus_files import cases

HAN = re.compile(r"[\u3400-\u9fff]")
REASONS = Reasons(catalogue())


def rules() -> Iterator[Rule]:
    """Every rule of every module of the reader."""
    for module in pkgutil.iter_modules(understanding.__path__):
        for value in vars(importlib.import_module(f"{understanding.__name__}.{module.name}")).values():
            if isinstance(value, tuple) and value and all(isinstance(one, Rule) for one in value):
                yield from value


def test_every_rule_says_why_in_both_languages() -> None:
    said = {rule.because for rule in rules()}
    assert len(said) > 50
    assert [why for why in sorted(said) if REASONS.known(why) is None] == []


def test_what_the_reader_says_beside_its_rules_too() -> None:
    """Sentences in the code: of `because` and of ratings, found where they are written."""
    folder = Path(understanding.__file__).parent
    found: set[str] = set()
    for name in ("reader", "dialogue", "scores"):
        text = (folder / f"{name}.py").read_text(encoding="utf-8")
        found |= set(re.findall(r'Rated\((?:[^()]|\([^()]*\))*?, f?"([^"]+)"\)', text))
        found |= set(re.findall(r'because\.append\(f?"([^"]+)"\)', text))
        found |= set(re.findall(r'because ?= ?\("([^"]+)"', text))
        found |= set(re.findall(r'_add\([^()]*f?"([a-z][^"]* [^"]*)"\)', text))
    assert len(found) > 25
    blank = {re.sub(r"\{[^{}]*\}", "4", why) for why in found}
    assert [why for why in sorted(blank) if REASONS.known(why) is None] == []


def test_severity_too() -> None:
    said = {rule.why for rule in severity._RULES} | {f"{WHY} a low score", f"{WHY} a correction"}
    assert [why for why in sorted(said) if REASONS.known(why) is None] == []


def test_judgements_about_contacts_too() -> None:
    grounds = Grounds(catalogue())
    for words in [*(mark.words for mark in MARKS), *(kind.words for kind in WEIGHTS.values()), "likely right: 12%"]:
        assert HAN.search(grounds.say("zh-CN", words)), words
        assert HAN.search(grounds.say("zh-CN", f"- {words}")), words
        assert not HAN.search(grounds.say("en", words)), words


def test_nothing_english_is_left_in_readings_of_real_replies() -> None:
    seen = 0
    for case in cases()[::7]:
        for why in case.read().because:
            told = REASONS.say("zh-CN", why)
            # Behind it stand the customer's own words, which may be English.
            plain = re.sub(r"\uff08.*\uff09", "", told, flags=re.DOTALL)
            assert HAN.search(plain) and not re.search(r"[a-z]{4,}", plain), (case.text, why, told)
            seen += 1
    assert seen > 300


@pytest.mark.parametrize(
    ("why", "chinese", "english"),
    [
        ("thanks (“谢谢”)", "道谢（“谢谢”）", "Thanks (“谢谢”)"),
        ("reads like wrong number (打错, 不认识)", "读来像“打错了”（打错, 不认识）", None),
        ("call 13800001111 (“13800001111”)", "call 138****1111 (“138****1111”)", None),
        ("the figure finally given, 4", "最后给的是 4", "The figure finally given, 4"),
    ],
)
def test_words_of_the_customer_stand_behind(why: str, chinese: str, english: str | None) -> None:
    assert REASONS.say("zh-CN", why) == chinese
    if english:
        assert REASONS.say("en", why) == english


def remarks() -> Iterator[str]:
    """Why reactions leave a reply to people, and what the reader says of those that it leaves."""
    for path in sorted((Path(__file__).parents[2] / "gateway" / "inbox").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
            if named and node.target.id in ("_JUDGED", "FOR_PEOPLE") and isinstance(node.value, ast.Dict):
                yield from (one.value for one in node.value.values if isinstance(one, ast.Constant))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "leave":
                said = node.args[0]
                if isinstance(said, ast.Constant):
                    yield str(said.value)
            if isinstance(node, ast.keyword) and node.arg == "remark" and isinstance(node.value, ast.Constant):
                yield str(node.value.value or "in doubt")


def test_why_a_reply_waits_is_said_in_chinese() -> None:
    reasons, found = Reasons(catalogue()), set(remarks())
    assert len(found) > 35
    assert [one for one in sorted(found) if not HAN.search(reasons.say("zh-CN", one))] == []
    left = "the reader leaves it to a person: too long to be read whole; in doubt"
    assert reasons.say("zh-CN", left) == "系统没有把握：太长，没有全部判读；拿不准"
    assert reasons.say("zh-CN", "urgent; asks for time to pay") == "紧急；请求宽限"
    undone = reasons.say("zh-CN", "taken back by a person; this stays: evaluation_recorded, opted_in")
    assert undone == "已由人工撤回；仍保留：记录评价、恢复接收"
    assert reasons.say("zh-CN", "waits for a person: billing dispute").startswith("需要人处理：")


def test_a_reading_before_a_customers_words_has_its_name() -> None:
    said = "billing_dispute: 13812345678 怎么这么多"
    assert REASONS.heard("en", said) == "billing dispute: 138****5678 怎么这么多"
    assert REASONS.heard("zh-CN", said) == "电费异议：138****5678 怎么这么多"
    assert REASONS.heard("en", "billing: 怎么这么多") is None
