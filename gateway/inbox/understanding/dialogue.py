"""A reply read in its dialogue: what was asked before, and what the customer said before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from gateway.inbox.understanding.normalise import plain
from gateway.inbox.understanding.reader import read
from gateway.inbox.understanding.values import SURVEY_SCALE, Context, Reading, Turn

_CORRECTS = re.compile(
    r"打错|按错|发错|回错|评错|选错|点错|写错|手滑|手误|改成|改为|改到|更正|纠正|应该是|刚才|刚刚|前面|上面|上一条|之前(?:那|打|评|给|的)|重新(?:评|打)|换成|不对|撤回|收回|作废|不算"
    r"|\b(?:mistake|mistyped|typo|meant|correction|change (?:it|that|my)|wrong (?:key|button|number|digit)|sorry|actually|make (?:it|that)|earlier|previous)\b"
)
_WITHDRAWS = re.compile(
    r"(?:分|评价|评分|打分|那条|刚才(?:的|那个|那条)?|前面(?:的|那个)?|上(?:一)?条)[^,。!?]{0,6}(?:不算|作废|撤回|收回|取消|别算|不作数|不要了|无效)|(?:撤回|收回|撤销|取消)[^,。!?]{0,6}(?:评价|评分|分|打分)|不算数"
    r"|\b(?:withdraw|cancel|ignore|disregard|delete|take back|forget|scrap)\b[^,。!?]{0,24}\b(?:score|rating|answer|reply|number|that|it|last|previous)\b"
)


def read_dialogue(turns: Sequence[Turn], context: Context) -> Reading:
    """The reading of the last turn, which is the customer's, in the light of those before it.

    `context` is that of the last utility turn. A correction of an earlier rating is read on that survey's
    scale even if something else was asked since; `score_turn` is the index of the survey it answers.
    """
    last = turns[-1]
    surveys = [i for i, turn in enumerate(turns) if turn.role == "utility" and _scale(turn) is not None]
    alone = read(last.text, context)
    if not surveys:
        return alone
    current = _last_utility(turns)
    if current in surveys and context.rating is not None:
        return _answering(turns, context, alone, current, surveys)
    if not _CORRECTS.search(plain(last.text).text):
        return alone
    return _correcting(turns, alone, surveys[-1])


def _scale(turn: Turn) -> tuple[int, int] | None:
    return Context(kind=turn.kind, scale=turn.scale).rating


def _last_utility(turns: Sequence[Turn]) -> int:
    return max((i for i, turn in enumerate(turns) if turn.role == "utility"), default=-1)


def _scored_before(turns: Sequence[Turn], survey: int) -> int | None:
    """The figure the customer gave to the survey at `survey` in an earlier turn, if any."""
    score = None
    asked = Context(kind="survey", scale=_scale(turns[survey]) or SURVEY_SCALE)
    for turn in turns[survey + 1 : -1]:
        if turn.role == "customer":
            score = read(turn.text, asked).score or score
    return score


def _answering(turns: Sequence[Turn], context: Context, alone: Reading, survey: int, surveys: list[int]) -> Reading:
    words = plain(turns[-1].text).text
    earlier = _scored_before(turns, survey)
    if earlier is not None and alone.score is None and (_WITHDRAWS.search(words) or _CORRECTS.search(words)):
        if not ({"wrong_number", "moved_or_sold"} & set(alone.intents)) or re.fullmatch(r"[^人]*(?:打|发|按|回)错[^人]*", words):
            return replace(
                alone,
                intents=("score",),
                score=None,
                abstain=not _WITHDRAWS.search(words),
                because=("an earlier rating is taken back", *alone.because),
                score_turn=survey,
            )
    if "score" in alone.intents:
        return replace(alone, score_turn=survey)
    return alone


def _correcting(turns: Sequence[Turn], alone: Reading, survey: int) -> Reading:
    """After something else was asked, a correction of the rating given before."""
    if _scored_before(turns, survey) is None:
        return alone
    words = plain(turns[-1].text).text
    asked = Context(kind="survey", scale=_scale(turns[survey]), hours_since=_age(turns, survey))
    again = read(turns[-1].text, asked)
    if again.score is not None or _WITHDRAWS.search(words):
        intents = ("score", *(name for name in again.intents if name not in ("score", "wrong_number")))
        return replace(
            again, intents=intents, because=("corrects the rating given before", *again.because), score_turn=survey
        )
    return alone


def _age(turns: Sequence[Turn], survey: int) -> float | None:
    asked, now = turns[survey].at_hours, turns[-1].at_hours
    return None if asked is None or now is None else max(0.0, now - asked)
