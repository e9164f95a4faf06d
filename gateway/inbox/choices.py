"""The two or three likeliest meanings of a text that waits for a person, each chosen with one key.

Pure. What the reader heard comes first, then what it is most easily taken for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.inbox.understanding import KINDS, Reading

MOST: Final = 3

#: What each meaning is most easily taken for.
ALIKE: Final[Mapping[str, tuple[str, ...]]] = {
    "score": ("comment", "complaint"),
    "comment": ("complaint", "thanks"),
    "wrong_number": ("not_account_holder", "moved_or_sold", "billing_dispute"),
    "moved_or_sold": ("not_account_holder", "wrong_number"),
    "not_account_holder": ("wrong_number", "moved_or_sold"),
    "opt_out": ("wrong_number", "comment"),
    "opt_in": ("opt_out", "help"),
    "complaint": ("comment", "repeat_appeal"),
    "broken_commitment": ("false_closure", "complaint"),
    "false_closure": ("repeat_appeal", "complaint"),
    "repeat_appeal": ("false_closure", "complaint"),
    "billing_dispute": ("payment_question", "complaint"),
    "payment_made": ("payment_promise", "billing_dispute"),
    "payment_promise": ("payment_made", "payment_extension"),
    "payment_question": ("help", "billing_dispute"),
    "payment_extension": ("payment_promise", "human"),
    "outage_report": ("outage_question", "complaint"),
    "outage_question": ("outage_report", "help"),
    "restored_confirm": ("not_restored", "ack"),
    "not_restored": ("restored_confirm", "outage_report"),
    "ack": ("thanks", "comment"),
    "thanks": ("ack", "comment"),
    "human": ("complaint", "help"),
    "help": ("human", "payment_question"),
    "safety_urgent": ("outage_report", "complaint"),
    "abuse": ("complaint", "comment"),
}

#: What a text that says nothing clear is likeliest to mean, by what was asked.
UNCLEAR: Final[Mapping[str, tuple[str, ...]]] = {
    "survey": ("comment", "complaint", "ack"),
    "arrears": ("payment_made", "payment_question", "ack"),
    "outage_planned": ("ack", "outage_question", "complaint"),
    "outage_fault": ("outage_question", "not_restored", "ack"),
    "restoration": ("restored_confirm", "not_restored", "ack"),
    "vip_followup": ("ack", "human", "comment"),
    "contact_confirm": ("ack", "wrong_number", "not_account_holder"),
    "none": ("ack", "human", "help"),
}

#: Meanings that say more together than alone.
_TOGETHER: Final = (("not_account_holder", "opt_out"), ("outage_report", "repeat_appeal"))
_FIGURES: Final = re.compile(r"(?<![\d.])[1-5](?![\d.])|[一二三四五](?=[分星颗])")
_HAN: Final = "零一二三四五"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One meaning: the key that chooses it, its intents and score, and how it reads to a person."""

    key: str
    intents: tuple[str, ...]
    score: int | None
    words: str


def choices(reading: Reading, text: str, kind: str) -> list[Choice]:
    """Up to three meanings of `text`, likeliest first, where `reading` is what the reader made of it."""
    found: list[tuple[tuple[str, ...], int | None]] = []
    for intents, score in _likely(reading, text, KINDS.get(kind, "none")):
        if (intents, score) not in found:
            found.append((intents, score))
        if len(found) == MOST:
            break
    return [
        Choice(key=str(number), intents=intents, score=score, words=_words(intents, score))
        for number, (intents, score) in enumerate(found, start=1)
    ]


def _likely(reading: Reading, text: str, topic: str) -> Iterator[tuple[tuple[str, ...], int | None]]:
    heard = [intent for intent in reading.intents if intent != "unclear"]
    whole = tuple(intent for intent in heard if intent != "score" or reading.score is not None)
    for pair in _TOGETHER:
        if set(pair) <= set(heard):
            yield pair, None
    if "score" in heard:
        if reading.score is not None:
            yield whole, reading.score
        for figure in _figures(text):
            yield ("score",), figure
    for intent in heard:
        if intent != "score":
            yield (intent,), None
    for intent in heard:
        for other in ALIKE.get(intent, ()):
            if other not in heard:
                yield (other,), None
    for intent in UNCLEAR[topic]:
        yield (intent,), None


def _figures(text: str) -> Iterator[int]:
    for found in _FIGURES.findall(unicodedata.normalize("NFKC", text)):
        yield _HAN.index(found) if found in _HAN else int(found)


def _words(intents: tuple[str, ...], score: int | None) -> str:
    told = " + ".join(intent.replace("_", " ") for intent in intents)
    return told if score is None else f"{told}: {score}"
