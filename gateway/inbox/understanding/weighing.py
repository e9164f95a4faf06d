"""Where rules and likeness meet: what the statistical reader may decide, and what it may only doubt.

Rules keep the last word on stopping a contact, on opting out, on ratings and on danger that they hear. Where
no rule knows the words, likeness names the main intent; where a rule is much less likely than another
meaning, that meaning comes first. What likeness alone takes for a stop, an opt-out or a danger is for a person.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.inbox.understanding.likeness import Likeness
from gateway.inbox.understanding.settle import stops

#: A meaning comes before the rules' own where it is this many times as likely.
OUTSPOKEN = 3.0
#: Below this share a meaning that no rule heard, or that displaced a rule's, is for a person.
SURE_ALONE = 0.42
SURE_AGAINST = 0.50
#: What rules would stop or opt out although it looks so little like it is for a person.
STRANGE_STOP = 0.10
#: A meaning that is this unlikely is for a person, whatever rule spoke.
STRANGE = 0.03
#: From this share on a text that no rule finds dangerous is shown to a person at once.
ALARMING = 0.30

_MADE_UP = frozenset(("score",))
_NOTHING = frozenset(("unclear",))
#: What a person decides where only likeness says so.
_COSTLY = frozenset(("wrong_number", "moved_or_sold", "opt_out"))
#: Short answers that rules know surely and that look like nothing.
_PLAIN = frozenset(("ack", "thanks", "unclear", "score"))


@dataclass(frozen=True, slots=True)
class Weighed:
    """What likeness adds: the intent that comes first, whether a person decides, and whether at once."""

    main: str
    doubt: bool
    urgent: bool
    share: float


def weigh(likeness: Likeness, main: str, *, known: bool, rated: bool, denied: frozenset[str] = frozenset()) -> Weighed:
    """Weigh the rules' main intent, or the lack of one (`known`), against what the text is like.

    `rated`: a rating was found, which likeness never overrules; where none was found, it never makes one up.
    `denied` are intents that the rules have ruled out.
    """
    shut = denied | (_MADE_UP if not rated else frozenset()) | (_NOTHING if known else frozenset())
    best, share = likeness.best(shut)
    alarming = likeness.urgent >= ALARMING
    if rated and main == "score":
        return Weighed(main, False, alarming, share)
    if not known:
        return Weighed(best, share < SURE_ALONE or best in _COSTLY, alarming, share)
    own = likeness.shares[main] / (1.0 if rated else 1.0 - likeness.shares["score"] or 1.0)
    if best == main or main == "safety_urgent":
        return Weighed(main, False, alarming, share)
    if best != "score" and share > OUTSPOKEN * own:
        costly = best in _COSTLY or main in _COSTLY
        return Weighed(best, costly or share < SURE_AGAINST, alarming, share)
    strange = own < STRANGE_STOP if stops(main) or main == "opt_out" else own < STRANGE and main not in _PLAIN
    return Weighed(main, strange, alarming, share)
