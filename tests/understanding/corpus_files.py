"""The labelled corpus: real situations, written before looking at how the rules read them.

`corpus/` is what the reader learns from. `held_out/` is never trained on, and was measured before anybody looked at
what was read wrongly: it says how texts are read that the reader has not met.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from gateway.inbox.understanding import Context, Reading, Turn, read, read_dialogue

FOLDER = Path(__file__).parent / "corpus"
HELD_OUT = Path(__file__).parent / "held_out"

#: Intents by which a contact is said not to belong to the account, and those that stop it.
FAMILY = frozenset(("wrong_number", "moved_or_sold", "not_account_holder"))
STOPPING = frozenset(("wrong_number", "moved_or_sold"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One labelled reply: `undecided` marks those that a careful person would hand on to another."""

    id: str
    context: Context
    text: str
    turns: tuple[Turn, ...]
    intents: tuple[str, ...]
    score: int | None
    urgent: bool
    undecided: bool
    score_turn: int | None

    @property
    def main(self) -> str:
        return self.intents[0]

    def read(self) -> Reading:
        return read_dialogue(self.turns, self.context) if self.turns else read(self.text, self.context)


@cache
def cases() -> tuple[Case, ...]:
    """Every case of the corpus, file by file."""
    return _cases(FOLDER)


@cache
def held_out() -> tuple[Case, ...]:
    """Every case that is kept from training, file by file."""
    return _cases(HELD_OUT)


def _cases(folder: Path) -> tuple[Case, ...]:
    found = [
        _case(json.loads(line))
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    assert len({case.id for case in found}) == len(found), f"an id stands twice in {folder.name}"
    return tuple(found)


@cache
def readings() -> tuple[tuple[Case, Reading], ...]:
    """Every case of the corpus with its reading."""
    return tuple((case, case.read()) for case in cases())


@cache
def fresh_readings() -> tuple[tuple[Case, Reading], ...]:
    """Every case that is kept from training with its reading."""
    return tuple((case, case.read()) for case in held_out())


def _scale(given: Any) -> tuple[int, int] | None:
    return None if given is None else (given[0], given[1])


def _case(row: dict[str, Any]) -> Case:
    context, expect = row["context"], row["expect"]
    return Case(
        id=row["id"],
        context=Context(
            kind=context["kind"],
            scale=_scale(context["scale"]),
            hours_since=context["hours_since"],
            codes=context.get("codes"),
        ),
        text=row["text"],
        turns=tuple(
            Turn(
                role=turn["role"],
                text=turn["text"],
                kind=turn["kind"] or "none",
                scale=_scale(turn["scale"]),
                at_hours=turn["at_hours"],
            )
            for turn in row.get("turns", ())
        ),
        intents=tuple(expect["intents"]),
        score=expect["score"],
        urgent=expect["urgent"],
        undecided=expect["abstain"],
        score_turn=expect.get("score_turn"),
    )
