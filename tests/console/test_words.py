"""What the console says: every word in both languages, and no word outside the catalogue."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from gateway.archive.correction_tables import CORRECTION_STATES
from gateway.archive.opening import REASONS
from gateway.archive.tables import LINK_STATES, POINT_STATES
from gateway.archive.tables import ROLES as LINK_ROLES
from gateway.archive.trust.judging import WEIGHTS
from gateway.archive.trust.marks import MARKS
from gateway.kernel.errors import Misconfigured
from gateway.kernel.phones import Reason
from gateway.outbox.tables import STATES as MESSAGE_STATES
from gateway.staff.keys import SCOPES
from gateway.staff.roles import ROLES
from gateway.web.console import PAGES
from gateway.web.console.imports import KINDS as IMPORT_KINDS
from gateway.web.console.pages import GROUPS
from gateway.web.console.refusals import Refusals
from gateway.web.console.triage import INTENTS
from gateway.web.console.wording import _entry, catalogue

GATEWAY = Path(__file__).parents[2] / "gateway"
CONSOLE = Path(__file__).parents[2] / "gateway" / "web" / "console"
TEMPLATES = sorted((CONSOLE / "templates").rglob("*.html"))
MODULES = sorted(CONSOLE.glob("*.py"))
HAN = re.compile(r"[\u3400-\u9fff]")
#: Words that Chinese pages write as they are.
LATIN = re.compile(
    r"(?i)CSV|JSON|Webhooks?|webhook-(?:id|timestamp|signature)|HTTPS?|upstream|Standard|XLSX|SMS|VIP|API|GB18030|UTF-8|HMAC|SHA-256|ECharts|English|95598|ID|URL|[0-9.:/%‰~+-]+"
)


def named(path: Path) -> set[str]:
    """The keys that a file names whole: `t('area.key')`."""
    text = path.read_text(encoding="utf-8")
    found = set(re.findall(r"""\bt\(\s*["']([a-z_]+\.\w+)["']\s*[,)]""", text))
    if path.suffix == ".py":
        found |= set(re.findall(r"""title="([a-z_]+\.\w+)\"""", text))
        found |= set(re.findall(r"""\.go\([^()]*(?:\([^()]*\)[^()]*)*?,\s*"([a-z_]+\.\w+)\"""", text))
    return found


@pytest.mark.parametrize("path", [*TEMPLATES, *MODULES], ids=lambda path: path.name)
def test_every_word_that_is_named_is_there(path: Path) -> None:
    assert [key for key in sorted(named(path)) if key not in catalogue()] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(CONSOLE)))
def test_templates_say_nothing_of_their_own(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)
    assert not HAN.search(text), "Chinese belongs in words/"
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " ", text, flags=re.DOTALL)
    for attribute in re.findall(r"""\b(?:title|placeholder|aria-label|alt|data-confirm)="([^"]*)\"""", text):
        assert not re.search(r"[A-Za-z]{2,}", attribute), attribute
    text = re.sub(r"<(script|style|kbd)\b.*?</\1>", " ", text, flags=re.DOTALL)
    text = re.sub(r"<[^>]*>", " ", text)
    assert not re.search(r"[A-Za-z]{2,}", text.replace("&nbsp;", " ")), re.findall(r"[A-Za-z]{2,}", text)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_modules_say_nothing_of_their_own_in_chinese(path: Path) -> None:
    assert not HAN.search(path.read_text(encoding="utf-8"))


def test_chinese_is_chinese_and_english_is_english() -> None:
    for key, entry in catalogue().entries.items():
        if key in ("common.to_chinese", "common.to_english"):
            continue
        assert not HAN.search(entry.other + (entry.one or "")), key
        plain = LATIN.sub("", re.sub(r"\{\w+\}", "", entry.zh)).strip()
        assert not plain or HAN.search(plain), key
        assert not re.search(r"(?<=[\u3400-\u9fff])[,;?!]|[,;?!](?=[\u3400-\u9fff])", entry.zh), key


def test_an_entry_that_is_not_whole_is_refused() -> None:
    for said in ({"zh": "一"}, {"zh": "{n} 个", "en": "some"}, {"zh": "{n} 个", "en": "{m} of them"}, "words"):
        with pytest.raises(Misconfigured):
            _entry("test.key", said)


def test_english_counts() -> None:
    words = catalogue()
    entry = _entry("test.key", {"zh": "{count} 行", "en": {"one": "{count} row", "other": "{count} rows"}})
    assert entry.in_("en", 1) == "{count} row" and entry.in_("en", 0) == "{count} rows"
    assert words.say("zh-CN", "common.printed", name="王强", time="9:30") == "王强 打印于 9:30"


def test_closed_lists_have_their_words() -> None:
    words = catalogue()
    for area, values in (
        ("roles", ROLES),
        ("scopes", [scope.replace(":", "_") for scope in SCOPES]),
        ("menu", GROUPS),
        ("states", (*CORRECTION_STATES, *LINK_STATES, *POINT_STATES, *MESSAGE_STATES)),
        ("link_roles", LINK_ROLES),
        ("correction_reasons", REASONS),
        ("signal_kinds", WEIGHTS),
        ("marks", [mark.name for mark in MARKS]),
        ("intents", INTENTS),
        ("import_kinds", IMPORT_KINDS),
    ):
        assert [value for value in values if f"{area}.{value}" not in words] == [], area


def test_pages_have_a_title_and_their_place() -> None:
    for page in PAGES:
        assert page.title in catalogue(), page.name
        assert page.menu is None or page.menu.group in GROUPS, page.name
        assert page.under is None or page.under in {one.path for one in PAGES if one.menu}, page.name
    assert len({page.name for page in PAGES}) == len(PAGES)


def test_fields_of_forms_have_their_names() -> None:
    words = catalogue()
    fields = {name for page in PAGES if page.form is not None for name in page.form.model_fields}
    assert [name for name in sorted(fields) if f"fields.{name}" not in words] == []


def test_what_use_cases_refuse_is_said_in_chinese() -> None:
    refusals = Refusals(catalogue())
    told = "signing in failed too often; try again in 30 seconds"
    assert refusals.say("zh-CN", told) == "登录失败次数过多，请 30 秒后再试。"
    assert refusals.say("en", told) == "Signing in failed too often; try again in 30 seconds"
    assert refusals.say("zh-CN", "nobody has translated this") == "nobody has translated this"


def sentences(room: Path) -> Iterator[str]:
    """What the use cases of a room refuse with, a value standing for whatever varies."""
    for path in sorted(room.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
                continue
            if node.func.id not in ("InvalidInput", "Conflict", "Forbidden", "NotFound"):
                continue
            said = node.args[0]
            for one in (said.body, said.orelse) if isinstance(said, ast.IfExp) else (said,):
                if isinstance(one, ast.Constant):
                    yield str(one.value)
                elif isinstance(one, ast.JoinedStr):
                    yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in one.values)


@pytest.mark.parametrize("room", ["followups", "evaluations", "cases", "notices", "outbox"])
def test_what_a_room_refuses_is_said_in_chinese(room: str) -> None:
    refusals = Refusals(catalogue())
    assert [one for one in sentences(GATEWAY / room) if not HAN.search(refusals.say("zh-CN", one))] == []


def test_reasons_and_tasks_are_said_in_chinese() -> None:
    refusals = Refusals(catalogue())
    for said, chinese in (
        ("may go further up", "可能升级"),
        ("to billing: 请核对表底", "移交 电费核算：请核对表底"),
        ("severity: normal → high: 多次反映", "轻重：一般 → 重要：多次反映"),
        ("S000007: the customer has heard nothing for 48 hours", "S000007：客户已 48 小时没有得到消息"),
        ("billing: 3 matters came again (7 contacts) in 30 days", "“电费问题”30 天内有 3 件事再次反映（共 7 次）"),
    ):
        assert refusals.say("zh-CN", said) == chinese


#: Where an action's name is made of a room's name and what befell: file, function, the room's, the place of the other.
ACTIONS: Final = {
    ("cases/keeping.py", "_keep"): ("case.", 2),
    ("cases/handing_over.py", "_audit"): ("handover.", 1),
    ("cases/warnings/cards.py", "_audit"): ("supervision_card.", 1),
    ("cases/warnings/keeping.py", "_audit"): ("warning.", 1),
    ("cases/commitments/keeping.py", "_audit"): ("commitment.", 1),
    ("notices/ladder/disconnections.py", "_note"): ("disconnection ", 2),
    ("archive/pushing.py", "_note"): ("subscription.", 2),
}


def actions() -> Iterator[str]:
    """The names of actions that use cases write into the audit trail, as far as they stand in one piece."""
    for path in sorted(GATEWAY.rglob("*.py")):
        text, room = path.read_text(encoding="utf-8"), path.relative_to(GATEWAY).as_posix()
        yield from re.findall(r"'([a-z_]+\.[a-z_]+)', '[a-z_]+:'", text)
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.Call):
                continue
            named = {word.arg: word.value for word in node.keywords}
            if "action" in named and "subject" in named:
                yield from pieces(named["action"])
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if (room, called) in ACTIONS:
                start, at = ACTIONS[room, called]
                yield from (start + what for what in pieces(node.args[at]))
            if called in ("_note", "note", "_written", "_kept"):
                # An action's name among what is handed on whole.
                yield from (what for one in node.args for what in pieces(one) if re.fullmatch(ACTION, what))


ACTION: Final = r"(?!case\b)[a-z_]+\.[a-z_]+|(notice|texts) [a-z ]+"


def pieces(node: ast.expr) -> Iterator[str]:
    """What is said by a name of a closed kind: a constant, or the one or the other."""
    for one in (node.body, node.orelse) if isinstance(node, ast.IfExp) else (node,):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


def test_what_was_done_has_its_words() -> None:
    words = catalogue()
    found = {one for one in actions() if one}
    assert len(found) > 130
    assert [one for one in sorted(found) if f"actions.{re.sub('[. ]', '_', one)}" not in words] == []


def fields_and_subjects() -> Iterator[tuple[str, str]]:
    """The names of values, and the kinds of things, that entries of the audit trail have."""
    for path in sorted(GATEWAY.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = {word.arg: word.value for word in node.keywords} if isinstance(node, ast.Call) else {}
            if "action" not in named or "subject" not in named:
                continue
            subject = named["subject"]
            first = subject.values[0] if isinstance(subject, ast.JoinedStr) else subject
            if isinstance(first, ast.Constant):
                yield "subjects", str(first.value).partition(":")[0]
            for side in ("before", "after"):
                for inner in ast.walk(named.get(side, ast.Constant(None))):
                    for key in inner.keys if isinstance(inner, ast.Dict) else ():
                        if isinstance(key, ast.Constant):
                            yield "audit_fields", str(key.value)


def test_what_changed_has_its_words() -> None:
    words = catalogue()
    assert [one for one in sorted(set(fields_and_subjects())) if ".".join(one) not in words] == []


#: How an import says why it refused a row: a code and a sentence, in one string of its module or in two.
REFUSED = re.compile(r'f?"([a-z]+(?:_[a-z]+)*): ([A-Z][^"]*)"(?:\s*f?"([^"]*)")?')


def refused_rows() -> Iterator[tuple[str, str]]:
    """Every reason for which an import refuses a row, by its module; telephone numbers have their own."""
    for path in sorted(GATEWAY.rglob("*.py")):
        for code, sentence, more in REFUSED.findall(path.read_text(encoding="utf-8")):
            # What is said only where it is known is left out.
            yield code, re.sub(r"\{[^{}]*\}", "x", re.sub(r"\{(?:since|because)\}", "", sentence + more))
    for reason in Reason:
        yield reason.value, reason.sentence


def test_an_import_says_in_chinese_why_it_refused_a_row() -> None:
    said, found = Refusals(catalogue(), "refusals_rows"), dict.fromkeys(refused_rows())
    assert len(found) > 50
    assert [one for one in found if f"rejects.{one[0]}" not in catalogue() and not said.knows(one[1])] == []
