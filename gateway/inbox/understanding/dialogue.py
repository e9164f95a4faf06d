"""A reply read in its dialogue: what was asked before, and what the customer said before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.inbox.understanding.normalise import plain
from gateway.inbox.understanding.reader import CODES_HOLD, RATINGS_HOLD, read
from gateway.inbox.understanding.values import Context, Reading, Turn

_CORRECTS = re.compile(
    r"[打按发回评选点写填]错|(?:理解|看|搞|弄|按|选)反|手滑|手误|改成|改为|改到|更正|纠正|应该是|刚才|刚刚|前面|上面|上一条|之前(?:那|打|评|给|的)|重新(?:评|打)"
    r"|换成|不对|撤回|收回|作废|不算|改\d|改一下"
    r"|\b(?:mistake|mistyped|typo|meant|correction|change (?:it|that|my)|wrong (?:key|button|digit)|sorry|actually"
    r"|make (?:it|that)|earlier|previous|should (?:be|have been))\b"
)
_WITHDRAWS = re.compile(
    r"(?:分|评价|评分|打分|那条|刚才(?:的|那个|那条)?|前面(?:的|那个)?|上(?:一)?条)[^,。!?]{0,6}"
    r"(?:不算|作废|撤回|收回|取消|别算|不作数|不要了|无效)"
    r"|(?:撤回|收回|撤销|取消)[^,。!?]{0,6}(?:评价|评分|分|打分)|不算数"
    r"|\b(?:withdraw|cancel|ignore|disregard|delete|take back|forget|scrap)\b[^,。!?]{0,24}"
    r"\b(?:score|rating|answer|reply|number|that|it|last|previous)\b"
)
_EXPLICIT = re.compile(
    r"[0-9一二三四五]分(?!钟)|[0-9一二三四五]颗?星|满意|满分|评分|打分|\b(?:stars?|score|rating|rate|satisfied)\b"
)
_PROMISE = re.compile(
    r"承诺|将(?:在|于)|会(?:在|于)|预计.{0,12}(?:前|到)|之?前(?:更换|联系|完成|到|处理|答复|由)|安排.{0,10}(?:上门|联系)"
    r"|\b(?:promised?|will (?:contact|call|visit|replace|be (?:replaced|there)|come)|by \d|scheduled)\b",
    re.IGNORECASE,
)
_UNKEPT = re.compile(
    r"(?:还|都|也|一直|到现在|至今|根本|怎么)[^,。!?]{0,6}没|没(?:有)?(?:人|见|等到|来|换|修|打|联系|回)|不见(?:人|影)|人呢|超时|过了"
    r"|\b(?:nobody|no one|not yet|still (?:not|no|waiting|nothing)|never|has not|have not|did not|heard nothing)\b"
)
_TYPED = re.compile(
    r"(?:不好意思|抱歉|刚才|刚刚|啊|哦|[,。!? ])*[打按发回]错了?[啊呀哦吧,。!? ]*(?:不好意思|抱歉)?[,。!? ]*"
)
_SLIP = re.compile(r"[打按发回点]错")
_NAMED = re.compile(r"不是|不认识|没有?这")
_ASKS_FIGURE = re.compile(r"回复数字|几分|打分|评分|\b(?:reply with|1-5|1 to 5|rate)\b", re.IGNORECASE)
_THIN = frozenset(("unclear", "ack", "thanks", "comment", "complaint"))
_LOST = frozenset(("wrong_number", "moved_or_sold"))


@dataclass(frozen=True, slots=True)
class _Survey:
    """A survey in the dialogue: where it stands, what it asks, and the figure given to it so far."""

    index: int
    asked: Context
    score: int | None


def read_dialogue(turns: Sequence[Turn], context: Context) -> Reading:
    """The reading of the last turn, which is the customer's, in the light of those before it.

    `context` is that of the last utility turn. A survey that nobody has answered stays open behind a notice
    that asks nothing; a correction of an earlier rating is read on that survey's scale even if something
    else was asked since. `score_turn` is the index of the survey that the rating answers.
    """
    alone = _continued(turns, read(turns[-1].text, context), context)
    words = plain(turns[-1].text).text
    survey = _last_survey(turns)
    current = max((i for i, turn in enumerate(turns) if turn.role == "utility"), default=-1)
    if survey is not None and survey.index == current and context.rating is not None:
        return _answering(survey, alone, words)
    if survey is not None:
        again = read(turns[-1].text, survey.asked)
        if _ASKS_FIGURE.search(turns[current].text):
            return _answering(survey, again, words)
        revised = _behind(survey, again, alone, words, context)
        if revised is not None:
            return revised
    return _unkept(alone, words, turns[current].text if current >= 0 else "")


def _continued(turns: Sequence[Turn], alone: Reading, context: Context) -> Reading:
    """After a remark of ours that asks nothing, the question before it is still what is talked about."""
    thin = alone.abstain or alone.heard[0] in _THIN
    if context.topic != "none" or context.codes is not None or not thin or alone.urgent:
        return alone
    for index in range(len(turns) - 1, -1, -1):
        turn = turns[index]
        asked = Context(kind=turn.kind, hours_since=_age(turns, index))
        if turn.role != "utility" or asked.topic == "none":
            continue
        late = asked.hours_since is not None and asked.hours_since > CODES_HOLD
        if late or asked.rating is not None:
            return alone
        again = read(turns[-1].text, asked)
        return alone if again.intents[0] == "unclear" or again.abstain else again
    return alone


def _last_survey(turns: Sequence[Turn]) -> _Survey | None:
    for index in range(len(turns) - 1, -1, -1):
        turn = turns[index]
        asked = Context(kind=turn.kind, scale=turn.scale)
        if turn.role != "utility" or asked.rating is None:
            continue
        asked = Context(kind="survey", scale=asked.rating, hours_since=_age(turns, index))
        score = None
        for later in turns[index + 1 : -1]:
            if later.role == "customer":
                given = read(later.text, Context(kind="survey", scale=asked.scale)).score
                score = given if given is not None else score
        return _Survey(index, asked, score)
    return None


def _answering(survey: _Survey, alone: Reading, words: str) -> Reading:
    """The survey is what was asked last."""
    if survey.score is not None and alone.score is None:
        serious = set(alone.heard) - {"score", "comment", "unclear", "wrong_number", "ack", "thanks"}
        lost = bool(_LOST & set(alone.heard))
        if lost and _SLIP.search(words) and _NAMED.search(words) and not _WITHDRAWS.search(words):
            return _doubted(alone)
        meant_typing = not lost or re.fullmatch(r"[^人]*[打发按回]错[^人]*", words)
        if _WITHDRAWS.search(words) or (_CORRECTS.search(words) and not serious and meant_typing):
            return _taken_back(survey, alone, words)
    if "score" in alone.intents:
        return replace(alone, score_turn=survey.index)
    return alone


def _taken_back(survey: _Survey, alone: Reading, words: str) -> Reading:
    sure = bool(_WITHDRAWS.search(words))
    others = tuple(name for name in alone.heard if name not in ("score", "unclear", "comment", *_LOST))
    return replace(
        alone,
        intents=("score", *others) if "score" not in others else others,
        score=None,
        withdraws=True,
        abstain=not sure,
        because=("an earlier rating is taken back", *alone.because),
        score_turn=survey.index,
    )


def _behind(survey: _Survey, again: Reading, alone: Reading, words: str, context: Context) -> Reading | None:
    """Something else was said or asked since the survey; None where the reply is not about the rating."""
    late = survey.asked.hours_since
    if late is not None and late > RATINGS_HOLD:
        return None
    open_still = context.topic == "none" and context.codes is None
    if survey.score is not None:
        if not _CORRECTS.search(words) and not _WITHDRAWS.search(words):
            return None
        if again.score is None:
            lost = _LOST & set(alone.heard)
            if lost and open_still and _NAMED.search(words) and not _WITHDRAWS.search(words):
                return _doubted(alone)
            typed = lost and _TYPED.fullmatch(words)
            return _taken_back(survey, alone, words) if typed or _WITHDRAWS.search(words) else None
        names = tuple(name for name in again.intents if name not in _LOST)
        because = ("corrects the rating given before", *again.because)
        return replace(again, intents=names, because=because, score_turn=survey.index)
    if again.score is None or "score" not in again.intents:
        return None
    if open_still or _EXPLICIT.search(words):
        return replace(again, score_turn=survey.index)
    if set(alone.heard) <= _THIN and not alone.urgent:
        because = ("a figure, but something else was asked since the survey", *again.because)
        return replace(again, abstain=True, because=because, score_turn=survey.index)
    return None


def _doubted(alone: Reading) -> Reading:
    """Whoever rated and then denies more than the figure: a person looks, and the links are held meanwhile."""
    return replace(alone, abstain=True, because=("denies the number after a rating", *alone.because))


def _unkept(alone: Reading, words: str, asked: str) -> Reading:
    """What we said would happen did not, by the customer's account."""
    open_to_it = set(alone.heard) <= {
        "unclear",
        "ack",
        "complaint",
        "comment",
        "false_closure",
        "repeat_appeal",
        "human",
    }
    if not open_to_it or not _PROMISE.search(asked) or not _UNKEPT.search(words):
        return alone
    others = tuple(name for name in alone.heard if name not in ("unclear", "ack", "comment", "complaint"))
    return replace(
        alone,
        intents=("broken_commitment", "complaint", *others),
        abstain=False,
        because=("what we said would be done was not", *alone.because),
    )


def _age(turns: Sequence[Turn], survey: int) -> float | None:
    asked, now = turns[survey].at_hours, turns[-1].at_hours
    return None if asked is None or now is None else max(0.0, now - asked)
