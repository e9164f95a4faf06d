"""Where rules and likeness meet: the main intent, and whether a person decides.

Two witnesses speak to every text. Likeness gives each intent a share; a rule that spoke raises its intent by
what such a rule was worth on texts that neither had met (`WORTH`, fitted by cross-validation over some 1,800
replies before anybody had looked at them). What comes out is a share again, and it was found to be honest: of
the readings with a share of 0.8, some four in five are right.

Rules keep the last word where a mistake does harm. A contact is stopped or opted out only where a rule or at
least a cue in the customer's words says so (`EVIDENCE`) and the share is high; a rating is never made up, and
danger that a rule hears stays flagged whatever the share.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import exp

from gateway.inbox.understanding.likeness import Likeness
from gateway.inbox.understanding.phrases import Words, pattern

#: What a rule's word adds to its intent, in natural logarithms.
WORTH: Mapping[str, float] = {
    "abuse": 0.9, "ack": 2.2, "billing_dispute": 1.4, "broken_commitment": 1.7, "comment": 1.2, "complaint": 0.8,
    "false_closure": 1.2, "help": 0.6, "human": 0.9, "moved_or_sold": 1.6, "not_account_holder": 1.1,
    "not_restored": 1.3, "opt_in": 1.2, "opt_out": 1.6, "outage_question": 0.8, "outage_report": 0.9,
    "payment_extension": 1.4, "payment_made": 1.0, "payment_promise": 1.3, "payment_question": 1.7,
    "repeat_appeal": 1.2, "restored_confirm": 1.1, "safety_urgent": 0.0, "score": 1.3, "thanks": 0.6,
    "unclear": 1.3, "wrong_number": 0.8,
}  # fmt: skip
#: What it loses where the rule itself would leave the decision to a person, and gains where it heard nearly all.
HESITANT = -1.15
FILLED = 0.4
#: What an intent gains whose words can mean nothing else (`Rule.certain`); it always stands.
CERTAIN = 3.0
#: A rating with a figure that can be used, and one without.
FIGURE = 0.4
NO_FIGURE = -0.5

#: Below this share a person decides.
SURE = 0.38
#: Below these a person decides about a stop or an opt-out that a rule heard, and one that only a cue speaks for.
SURE_STOP = 0.5
SURE_STOP_UNHEARD = 0.65
SURE_OUT = 0.5
SURE_OUT_UNHEARD = 0.7
#: A stop that rules heard beside the main intent, and that is less likely than this, does not stand; nor an opt-out,
#: which often comes beside something else ("3，以后别发了") and needs less.
BESIDE_STOP = 0.12
BESIDE_OUT = 0.004
#: The three ways of saying that the account is not one's own count together.
DISOWNING = ("wrong_number", "moved_or_sold", "not_account_holder")
#: Whoever says so is never struck off by a machine.
RELATED = "not_account_holder"
#: From this share on a text that no rule finds dangerous is shown to a person at once.
ALARMING = 0.10

STOPS = frozenset(("wrong_number", "moved_or_sold"))
COSTLY = STOPS | {"opt_out"}
_LEAST = 1e-4

#: Words without which nobody can be said to have disowned an account, moved away, or refused our messages.
EVIDENCE: Mapping[str, Words] = {
    "wrong_number": pattern(
        r"错|误发|不是|不认|认不|不知道|不晓得|没听|不熟|谁|哪位|哪个|哪家|无关|没关系|不相干|关我|没有?[^,。!?]{0,6}(?:人|户|房|家|表|号)"
        r"|哪有|哪来|从没|没[^,。!?]{0,4}过|别人|人家|换(?:了)?主|原主|机主|前任|新号|新办|刚办|二手|陌生|无此|查无|弄混|搞混"
        r"|号[^,。!?]{0,8}(?:新|刚|才|买|办|换|给)",
        r"\b(?:wrong|not|n't|no|never|who|whose|nobody|stranger|someone|somebody|else|mistake\w*|different|another|new"
        r"|previous|recycled|mixed)\b",
    ),
    "moved_or_sold": pattern(
        r"搬|卖|售|租|退|转|过户|拆|关门|关了|倒闭|停业|歇业|不住|不在|换(?:了)?(?:人|主|东)|盘|交房|交接|离开|注销|销户|抵|拍"
        r"|以前|原来|早就|到期|不干|不做|不开|法院|收回|征",
        r"\b(?:moved|sold|left|expired|ended|over|demolished|closed|transferred|vacated|no longer|used to|any ?more"
        r"|former|handed|gave up|new (?:owner|tenant))\b",
    ),
    "opt_out": pattern(
        r"退|不要|别|勿|停|取消|拒|屏蔽|拉黑|关闭|关掉|删|移除|解绑|不用|不收|不接|不想|免|骚扰|烦|不需要|少发|莫",
        r"\b(?:stop|unsub\w*|remove|cancel|quit|opt|no more|not|delete|block|off|leave|enough|end)\b",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spoken:
    """What rules made of a text before likeness is asked: the intents they heard, main first.

    `known`: any rule spoke. `hesitant`: they would leave it to a person. `filled`: the main rule's words are
    nearly the whole text. `given`, `figure`: a rating was meant, and has a usable figure. `denied` are intents
    whose ground a rule took away, `certain` those heard in words that can mean nothing else.
    """

    intents: Collection[str]
    main: str
    known: bool
    hesitant: bool
    filled: bool
    given: bool
    figure: bool
    denied: frozenset[str] = frozenset()
    certain: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Weighed:
    """The main intent and its share; whether a person decides, and at once; what rules heard that does not stand."""

    main: str
    share: float
    doubt: bool
    urgent: bool
    dropped: frozenset[str]


def weigh(likeness: Likeness, spoken: Spoken, text: str) -> Weighed:
    """Weigh what rules heard in a plain `text` against what it is like."""
    weights = _weights(likeness.shares, spoken)
    total = sum(weights.values())
    main = _main(weights)
    share = weights[main] / total
    if main in STOPS and main not in spoken.intents and RELATED in spoken.intents:
        main, share = RELATED, sum(weights.get(name, 0.0) for name in DISOWNING) / total
    dropped = frozenset(
        name
        for name in spoken.intents
        if name in COSTLY
        and name != main
        and name not in spoken.certain
        and weights.get(name, 0.0) / total < (BESIDE_STOP if name in STOPS else BESIDE_OUT)
    )
    return Weighed(main, share, _doubtful(main, share, spoken, text), likeness.urgent >= ALARMING, dropped)


def _main(weights: Mapping[str, float]) -> str:
    """The likeliest intent; a family of intents with one consequence stands together."""
    family = {name: weights[name] for name in DISOWNING if name in weights}
    most = max(weights.values())
    if sum(family.values()) >= most:
        weights, most = family, max(family.values())
    return max(name for name, weight in weights.items() if weight == most)


def _weights(like: Mapping[str, float], spoken: Spoken) -> dict[str, float]:
    """What speaks for each intent that is open, in parts of their sum."""
    found = {name: share + _LEAST for name, share in like.items()}
    for name in spoken.denied:
        found.pop(name, None)
    if spoken.figure:
        found.pop("ack", None)
    if spoken.given:
        found["score"] *= exp(FIGURE if spoken.figure else NO_FIGURE)
    else:
        del found["score"]
    if spoken.known:
        if spoken.main in found:
            found[spoken.main] *= exp(WORTH[spoken.main] + HESITANT * spoken.hesitant + FILLED * spoken.filled)
        del found["unclear"]
    for name in spoken.certain & found.keys():
        found[name] *= exp(CERTAIN)
    return found


def _doubtful(main: str, share: float, spoken: Spoken, text: str) -> bool:
    if main not in COSTLY:
        return share < SURE
    sure, unheard = (SURE_STOP, SURE_STOP_UNHEARD) if main in STOPS else (SURE_OUT, SURE_OUT_UNHEARD)
    if main in spoken.intents:
        return share < sure
    return share < unheard or EVIDENCE[main].search(text) is None
