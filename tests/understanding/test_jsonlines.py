"""JSON lines in, JSON lines out."""

from __future__ import annotations

import ast
import io
import json
import sys
from pathlib import Path
from typing import Any

from gateway.inbox import understanding
from gateway.inbox.understanding import read_lines


def answers(*lines: str) -> tuple[int, list[dict[str, Any]]]:
    sink = io.StringIO()
    code = read_lines(io.StringIO("".join(line + "\n" for line in lines)), sink)
    return code, [json.loads(line) for line in sink.getvalue().splitlines()]


def asked(text: str, **context: Any) -> str:
    return json.dumps({"id": "a", "context": {"kind": "survey", "scale": [1, 5], **context}, "text": text})


def test_a_reply_is_answered_in_the_form_of_the_contract() -> None:
    code, (answer,) = answers(asked("5 师傅很好", hours_since=2.5))
    assert code == 0
    assert answer["id"] == "a"
    assert answer["intents"] == ["score", "comment"]
    assert answer["score"] == 5
    assert answer["urgent"] is False
    assert answer["abstain"] is False
    assert answer["because"]
    assert "score_turn" not in answer


def test_a_dialogue_names_the_survey_turn() -> None:
    turns = [
        {"role": "utility", "kind": "survey", "scale": [1, 5], "at_hours": 0, "text": "请评价"},
        {"role": "customer", "at_hours": 1, "text": "4"},
        {"role": "customer", "at_hours": 1.1, "text": "刚才打错了, 是5分"},
    ]
    line = json.dumps(
        {"id": 7, "context": {"kind": "survey", "scale": [1, 5]}, "text": "刚才打错了, 是5分", "turns": turns}
    )
    code, (answer,) = answers(line)
    assert code == 0
    assert (answer["id"], answer["intents"][0], answer["score"], answer["score_turn"]) == (7, "score", 5, 0)


def test_order_is_kept_and_a_bad_line_does_not_stop_the_rest() -> None:
    code, got = answers(
        asked("5"),
        "{not json",
        '{"id": "b", "text": 5}',
        '{"id": "c", "context": {"kind": "weather"}, "text": "5"}',
        "",
        '{"id": "d", "context": {"kind": "survey", "scale": [5, 1]}, "text": "5"}',
        '{"id": "e", "context": {"kind": "none"}, "text": "", "turns": []}',
        "[1]",
        '{"id": "f", "context": {"kind": "survey", "hours_since": 1%s}, "text": "5"}' % ("0" * 400),
        '{"id": "g", "context": {"kind": "survey", "hours_since": NaN}, "text": "5"}',
        asked("4"),
    )
    assert code == 1
    assert [answer.get("score") for answer in got] == [5, *[None] * 8, 4]
    assert [answer.get("id") for answer in got] == ["a", None, "b", "c", "d", "e", None, "f", "g", "a"]
    for answer in got[1:-1]:
        assert set(answer) == {"id", "error"}
        assert "\n" not in answer["error"]
    assert "context.kind" in got[3]["error"]
    assert "line 2" in got[1]["error"]


def test_broken_characters_survive_on_the_way_in_and_out() -> None:
    raw = b'{"id": "\\ud800", "context": {"kind": "none"}, "text": "\\ud83d \\udc00 \xe5\xa5\xbd"}\n'
    sink = io.StringIO()
    assert read_lines(io.BytesIO(raw + b'{"id": 1, "text": "\xff\xfe"}\n'), sink) == 0
    first, second = (json.loads(line) for line in sink.getvalue().splitlines())
    assert first["id"] == "\ud800"
    assert second["intents"] == ["unclear"]


def test_the_reader_is_pure() -> None:
    allowed = {"gateway.kernel.errors", "opencc"}
    for path in Path(understanding.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                continue
            for name in names:
                own = name.startswith("gateway.inbox.understanding")
                standard = name.split(".")[0] in sys.stdlib_module_names
                assert own or standard or name in allowed, f"{path.name} imports {name}"
                assert name not in ("time", "datetime", "random", "os", "socket", "asyncio"), path.name
