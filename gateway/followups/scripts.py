"""What a caller says, and the form that is filled in meanwhile: the independent follow-up by telephone.

The words are in `templates/scripts/<language>/`, a part under each `## name`. They name no manager, no score and
nothing that was answered before: whoever calls hears it from the customer alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gateway.kernel.errors import InvalidInput

_NAME: Final = "independent_followup.txt"
#: The parts of a script, in the order in which they may be needed.
PARTS: Final = ("opening", "not_now", "wrong_person", "score", "why", "solved", "comment", "closing")
_CHANNELS: Final[Mapping[str, Mapping[str, str]]] = {
    "zh-CN": {"visit": "上门", "phone": "打电话", "sms": "发短信", "chat": "用微信"},
    "en": {"visit": "in person", "phone": "by telephone", "sms": "by text", "chat": "by chat"},
}
_ASIDE: Final[Mapping[str, str]] = {"zh-CN": "服务走访", "en": "a service visit"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of the outcome form, as `POST /followups/independent/{id}/outcome` takes it."""

    name: str
    #: `yes_no`, `1_to_5` or `text`.
    kind: str
    #: What is asked for it; empty where the caller fills it in by themselves.
    ask: str
    required: bool
    #: When it is asked: always, or only after a score of so much at most.
    only_if_score_at_most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A script and its form, in one language."""

    language: str
    opening: str
    not_now: str
    wrong_person: str
    form: tuple[Field, ...]
    #: What is said at the end, and what after a low score.
    closing: str
    closing_low: str


def languages(directory: Path) -> list[str]:
    """The languages that there is a script in."""
    return sorted(one.parent.name for one in directory.glob(f"*/{_NAME}"))


def script(
    directory: Path,
    language: str,
    *,
    sender: str,
    topic: str,
    channel: str,
    done_on: date | None,
    caller: str | None,
    questions: tuple[str, ...] = (),
) -> Script:
    """The script for one call. Without `done_on` it asks whether anybody came at all. `questions` are those of the
    programme of visits that it belongs to.

    Raises InvalidInput for a language that nobody has written.
    """
    if language not in _CHANNELS or not (directory / language / _NAME).exists():
        known = ", ".join(languages(directory))
        raise InvalidInput(f"there is no script in {language}: there are {known}", field="language")
    values = {
        "sender": sender,
        "topic": topic or _ASIDE[language],
        "channel": _CHANNELS[language].get(channel, ""),
        "done_on": _day(done_on, language),
        "caller": caller,
    }
    said = {name: _filled(part, values | {"low": False}) for name, part in _parts(directory / language / _NAME).items()}
    low = _filled(_parts(directory / language / _NAME)["closing"], values | {"low": True})
    more = tuple(Field(name="comment", kind="text", ask=question, required=False) for question in questions)
    return Script(
        language=language,
        opening=said["opening"],
        not_now=said["not_now"],
        wrong_person=said["wrong_person"],
        form=(
            Field(name="reached", kind="yes_no", ask="", required=True),
            Field(name="score", kind="1_to_5", ask=said["score"], required=False),
            Field(name="comment", kind="text", ask=said["why"], required=False, only_if_score_at_most=2),
            Field(name="solved", kind="yes_no", ask=said["solved"], required=False),
            *more,
            Field(name="comment", kind="text", ask=said["comment"], required=False),
        ),
        closing=said["closing"],
        closing_low=low,
    )


@cache
def _parts(path: Path) -> Mapping[str, str]:
    parts: dict[str, str] = {}
    for block in path.read_text(encoding="utf-8").split("## ")[1:]:
        name, _, words = block.partition("\n")
        parts[name.strip()] = words.strip()
    if tuple(parts) != PARTS:
        raise ValueError(f"{path}: a script has the parts {', '.join(PARTS)}, in this order")
    return parts


def _filled(words: str, values: Mapping[str, Any]) -> str:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    return environment.from_string(words).render(values)


def _day(day: date | None, language: str) -> str:
    if day is None:
        return ""
    return f"{day.month}月{day.day}日" if language == "zh-CN" else f"{day.day} {day:%B}"
