"""Readings as JSON lines: what `lamplighter read` speaks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, TextIO

from gateway.inbox.understanding.dialogue import read_dialogue
from gateway.inbox.understanding.reader import read
from gateway.inbox.understanding.values import KINDS, Context, Reading, Turn
from gateway.kernel.errors import InvalidInput

#: A thousand years; what is farther off, or no number at all, is no time.
_MOST_HOURS = 8_766_000


def read_lines(source: TextIO | BinaryIO, sink: TextIO) -> int:
    """Read each JSON line of `source` and write its reading as one JSON line to `sink`, in order.

    A line that cannot be understood as a request yields `{"id": …, "error": …}` and reading goes on. Empty
    lines are passed over. Returns 0, or 1 if any line was refused. Output is ASCII, so that broken
    characters survive whatever the terminal's encoding.
    """
    refused = 0
    for number, line in enumerate(_lines(source), start=1):
        if not line.strip():
            continue
        given: Any = None
        try:
            given = _parsed(line)
            answer = _answer(given)
        except InvalidInput as error:
            refused = 1
            name = given.get("id") if isinstance(given, dict) else None
            answer = {"id": name, "error": f"line {number}: {error}"}
        sink.write(json.dumps(answer) + "\n")
        sink.flush()
    return refused


def _lines(source: TextIO | BinaryIO) -> Iterator[str]:
    for line in source:
        if isinstance(line, bytes):
            line = line.decode("utf-8", errors="surrogatepass" if _passes(line) else "replace")
        yield line.removeprefix("\ufeff")


def _passes(line: bytes) -> bool:
    try:
        line.decode("utf-8", errors="surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "it cannot be parsed"
        raise InvalidInput(f"not a JSON object ({reason})") from None


def _answer(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise InvalidInput("not a JSON object")
    context = _context(given.get("context", {}))
    if given.get("turns") is not None:
        turns = _turns(given["turns"])
        return _shown(given.get("id"), read_dialogue(turns, context), dialogue=True)
    return _shown(given.get("id"), read(_text(given, "text"), context), dialogue=False)


def _shown(name: Any, reading: Reading, *, dialogue: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": name,
        "intents": list(reading.intents),
        "score": reading.score,
        "urgent": reading.urgent,
        "abstain": reading.abstain,
        "because": list(reading.because),
        "version": reading.version,
    }
    if dialogue:
        shown["score_turn"] = reading.score_turn
    return shown


def _text(given: Mapping[str, Any], field: str) -> str:
    text = given.get(field)
    if not isinstance(text, str):
        raise InvalidInput(f"{field} must be a string")
    return text


def _context(given: Any) -> Context:
    if given is None:
        given = {}
    if not isinstance(given, dict):
        raise InvalidInput("context must be an object")
    codes = given.get("codes")
    if codes is not None and (
        not isinstance(codes, dict) or not all(isinstance(meaning, str) for meaning in codes.values())
    ):
        raise InvalidInput("context.codes must map digits to intents")
    return Context(
        kind=_kind(given.get("kind"), "context.kind"),
        scale=_scale(given.get("scale"), "context.scale"),
        hours_since=_hours(given.get("hours_since"), "context.hours_since"),
        codes=codes,
    )


def _kind(given: Any, field: str) -> str:
    if given is None:
        return "none"
    if not isinstance(given, str) or given not in KINDS:
        raise InvalidInput(f"{field} must be one of {', '.join(KINDS)}")
    return given


def _scale(given: Any, field: str) -> tuple[int, int] | None:
    if given is None:
        return None
    whole = isinstance(given, list) and all(isinstance(end, int) and not isinstance(end, bool) for end in given)
    if not whole or len(given) != 2 or not 0 <= given[0] < given[1] <= 100:
        raise InvalidInput(f"{field} must be null or [lowest, highest]")
    return given[0], given[1]


def _hours(given: Any, field: str) -> float | None:
    if given is None:
        return None
    number = isinstance(given, int | float) and not isinstance(given, bool)
    if not number or not -_MOST_HOURS <= given <= _MOST_HOURS:
        raise InvalidInput(f"{field} must be a number of hours or null")
    return float(given)


def _turns(given: Any) -> list[Turn]:
    if not isinstance(given, list) or not given:
        raise InvalidInput("turns must be a list that is not empty")
    turns = [_turn(turn, f"turns[{index}]") for index, turn in enumerate(given)]
    if turns[-1].role != "customer":
        raise InvalidInput("the last of turns must be the customer's")
    return turns


def _turn(given: Any, field: str) -> Turn:
    if not isinstance(given, dict) or given.get("role") not in ("utility", "customer"):
        raise InvalidInput(f"{field}.role must be utility or customer")
    text = given.get("text")
    if not isinstance(text, str):
        raise InvalidInput(f"{field}.text must be a string")
    return Turn(
        role=given["role"],
        text=text,
        kind=_kind(given.get("kind"), f"{field}.kind"),
        scale=_scale(given.get("scale"), f"{field}.scale"),
        at_hours=_hours(given.get("at_hours"), f"{field}.at_hours"),
    )
