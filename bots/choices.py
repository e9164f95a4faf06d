"""What may be answered with a button: the reply codes that a text declares, in words of its language.

A button says what its digit says by SMS, and a press of it is taken in as that digit; so there is one way in which
an answer is understood, whatever it came by.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from gateway.notices import Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A button: the code that it stands for, and what it says."""

    code: str
    label: str


#: Finds the codes and the language of a text of the house by its name and version; None where it is no more.
CodesOf = Callable[[str, str], tuple[Mapping[str, str], str] | None]

#: What a code's intent is called, by language.
_LABELS: Final[Mapping[str, Mapping[str, str]]] = {
    "zh": {
        "restored_confirm": "✅ 来电了",
        "not_restored": "❌ 还没来电",
        "wrong_number": "🚫 不是我的户号",
        "false_closure": "问题没解决",
        "broken_commitment": "没有人联系我",
        "human": "请联系我",
        "help": "我想了解",
        "ack": "✅ 确认",
        "not_account_holder": "请换人接收",
        "comment": "不是",
    },
    "en": {
        "restored_confirm": "✅ It is back",
        "not_restored": "❌ Still off",
        "wrong_number": "🚫 Not my account",
        "false_closure": "Not solved",
        "broken_commitment": "Nobody called",
        "human": "Please call me",
        "help": "Tell me more",
        "ack": "✅ Yes",
        "not_account_holder": "Tell somebody else",
        "comment": "No",
    },
}
#: What single codes of single texts are called instead.
_OF_TEXT: Final[Mapping[str, Mapping[tuple[str, str], str]]] = {
    "zh": {
        ("clarification", "1"): "第 1 个",
        ("clarification", "2"): "第 2 个",
        ("clarification_role", "1"): "我是家人",
        ("clarification_role", "2"): "我是租客",
        ("clarification_role", "3"): "我是代办人或房东",
        ("clarification_role", "0"): "不要再发给我",
        ("case_progress_closed", "1"): "✅ 解决了",
        ("contact_confirm", "1"): "✅ 是我，继续接收",
        ("contact_confirm", "2"): "🚫 不是我的号码",
    },
    "en": {
        ("clarification", "1"): "The first",
        ("clarification", "2"): "The second",
        ("clarification_role", "1"): "I am family",
        ("clarification_role", "2"): "I am a tenant",
        ("clarification_role", "3"): "Agent or landlord",
        ("clarification_role", "0"): "Do not send me this",
        ("case_progress_closed", "1"): "✅ Solved",
        ("contact_confirm", "1"): "✅ Yes, keep sending",
        ("contact_confirm", "2"): "🚫 Not my number",
    },
}
_POINTS: Final = {"zh": "{} 分", "en": "{}"}


def callback_data(message_id: UUID, code: str) -> str:
    """What a button says when it is pressed: `a`, our message, the code; well within any platform's limit."""
    return f"a:{urlsafe_b64encode(message_id.bytes).rstrip(b'=').decode()}:{code}"


def pressed(data: str) -> tuple[UUID, str] | None:
    """The message and the code of a button; None for data that no button of ours has."""
    found = re.fullmatch(r"a:([A-Za-z0-9_-]{22}):([0-9])", data)
    return None if found is None else (UUID(bytes=urlsafe_b64decode(found[1] + "==")), found[2])


def codes_in(wording: Wording, name: str, version: str) -> tuple[Mapping[str, str], str] | None:
    """The codes and the language of a text by its version; None where it asks nothing or is not in force any more."""
    text = wording.of_version(name, version)
    return None if text is None or not text.codes else (text.codes, text.language)


def choices(template: str, version: str, codes_of: CodesOf) -> Sequence[Sequence[Choice]]:
    """The buttons under a text, row by row: ratings in one row, everything else a row each."""
    found = codes_of(template, version)
    if found is None:
        return ()
    codes, language = found
    base = "zh" if language.startswith("zh") else "en"
    ratings = [Choice(code=code, label=_POINTS[base].format(code)) for code in sorted(codes) if codes[code] == "score"]
    others = [
        [Choice(code=code, label=_OF_TEXT[base].get((template, code)) or _LABELS[base].get(intent, code))]
        for code, intent in codes.items()
        if intent != "score"
    ]
    return [*([ratings] if ratings else []), *others]
