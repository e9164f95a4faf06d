"""The reader: one text in its context, one reading.

The order is that of a careful person: is anyone in danger; is this a machine; is it a code of the question
that was asked; what is asserted; is there a rating; what comes first; would one hesitate.
"""

from __future__ import annotations

import re
from functools import cache

from gateway.inbox.understanding.likeness import URGENT, Likeness, liken
from gateway.inbox.understanding.normalise import plain
from gateway.inbox.understanding.phrases import Phrases
from gateway.inbox.understanding.policy import Side
from gateway.inbox.understanding.rule import Finding, Rule, hear
from gateway.inbox.understanding.rules_contact import MOVED, NOT_HOLDER, NOT_NAMED, WRONG_BARE, WRONG_NUMBER
from gateway.inbox.understanding.rules_money import BILLING
from gateway.inbox.understanding.rules_opting import OPT, SPOKEN_OF
from gateway.inbox.understanding.rules_requests import REQUESTS
from gateway.inbox.understanding.rules_safety import SAFETY
from gateway.inbox.understanding.rules_service import SERVICE
from gateway.inbox.understanding.rules_supply import SUPPLY
from gateway.inbox.understanding.rules_talk import ACK, MACHINE, TALK, THANKS_ALONE, TRIM
from gateway.inbox.understanding.score_words import NO_RATING, Rated
from gateway.inbox.understanding.scores import rate
from gateway.inbox.understanding.settle import beside, settle, stops
from gateway.inbox.understanding.triggers import met
from gateway.inbox.understanding.values import INTENTS, KINDS, Context, Reading
from gateway.inbox.understanding.weighing import ALARMING, Spoken, weigh

#: Stored with each reading; changes whenever a reading may change.
VERSION = "rules-9"

#: The policy, in the order in which it is read.
RULES: tuple[Rule, ...] = (
    *SAFETY,
    *WRONG_NUMBER,
    *WRONG_BARE,
    *MOVED,
    *NOT_HOLDER,
    *NOT_NAMED,
    *OPT,
    *SERVICE,
    *REQUESTS,
    *SUPPLY,
    *BILLING,
    *TALK,
)

#: Hours after which a bare code, and after which a rating, no longer surely answers the question.
CODES_HOLD = 72.0
RATINGS_HOLD = 168.0

#: The share of a text that a rule's words must make up to leave nothing for likeness to say.
FILLS = 0.7
#: In a text of so few characters that is the whole of it: likeness is not asked.
SHORT = 12
#: Below this likeness nobody needs to ask whether a move is only to come, or a refusal only spoken of.
DENIED_MAYBE = 0.02

#: Where one of these is said too, "发错了" is about the notice and not about the number.
_EXPLAINED = ("payment_made", "billing_dispute", "not_account_holder", "payment_promise")


@cache
def side(topic: str, language: str) -> Side:
    """The rules that hold after `topic`, with their wordings in one language.

    Made when the first text asks for it: one language and one topic take a third of the time that all take.
    """
    return Side((rule for rule in RULES if not rule.after or topic in rule.after), language)


_CODE = re.compile(
    r"^(?:(?:刚才|刚刚|不好意思|抱歉|sorry)?[ ,]?(?:按|打|发|回|点|选)错了?[ ,]?(?:应该)?是)?"
    r"(?:回复?|选|按|我选|我回|答案?|reply|option|answer)?[ ,:]?([0-9])"
    r"(?:[,。! ]|$|[^\d是点个小分天日号月年楼层栋人次块元度%:.-])"
)
#: A code put right in the same text ("2，按错了是1").
_RECODED = re.compile(r"[按打发回点选]错了?[ ,]*(?:应该|我)?(?:是|选|回复?)?[ ,]*([0-9])(?![0-9])")
_MEANING = re.compile(r"[a-z]|[\u3400-\u9fff]")
_FACE = re.compile("「.{1,2}」")
#: What a customer has to complain of, whatever it becomes.
_GRIEVED = frozenset(
    (
        "irony",
        "grievance",
        "formal_complaint",
        "complaint",
        "false_closure",
        "broken_commitment",
        "nobody_came",
        "abuse",
    )
)
_UNKNOWN = "no rule knows this"


def warm() -> None:
    """Make the rules of every topic ready, which the first text of each would otherwise wait for."""
    for topic in sorted(set(KINDS.values())):
        for language in ("han", "latin"):
            side(topic, language)
        read("你好 hello", Context(kind=topic))


def read(text: str, context: Context) -> Reading:
    """What `text` means as a reply in `context`. Total: any text has a reading, in time linear in its length."""
    return _Read(text, context).reading()


class _Read:
    """One reading in the making."""

    def __init__(self, text: str, context: Context) -> None:
        made = plain(text)
        self.context = context
        self.topic = context.topic
        self.cut = made.cut
        self.shown = made.shown
        self.phrases = Phrases(made.text)
        self.text = self.phrases.text
        self.bare = TRIM.sub("", self.text)
        self.because: list[str] = []
        self.heard: dict[str, Finding | str] = {}
        self.urgent = False
        self.machine = False
        self.known = True
        self.coded = False
        self.torn = False
        self.doubt = made.cut
        self.score: int | None = None

    def reading(self) -> Reading:
        if not _MEANING.search(_FACE.sub("", self.phrases.whole)) and not self.bare.isdigit():
            return self._signs_only()
        if MACHINE.search(self.shown):
            return self._machine()
        if self.bare.isdigit() and self._code(self.bare):
            return self._made(self._order())
        self._listen()
        rated = self._rate()
        self._judge(rated)
        return self._made(self._weighed(self._order(), rated))

    def _weighed(self, intents: list[str], rated: Rated) -> list[str]:
        """The intents after likeness has had its say (`weighing`)."""
        filled = self.known and self._fills(intents[0])
        if filled and len(self.bare) <= SHORT:
            return intents
        like = liken(self.phrases.whole, self.topic)
        if self.coded and self.known:
            self._alarmed(like, like.urgent >= ALARMING)
            return intents
        main = intents[0].removesuffix("!")
        spoken = Spoken(
            intents=[name.removesuffix("!") for name in intents],
            main=main,
            known=self.known,
            hesitant=self.doubt,
            filled=filled,
            given=rated.given,
            figure=rated.score is not None,
            denied=self._denied(like),
            certain=frozenset(name for name in intents if self._certain(name)),
        )
        found = weigh(like, spoken, self.text)
        self._alarmed(like, found.main == "safety_urgent" or (found.urgent and not spoken.filled))
        self.doubt = self.doubt or found.doubt
        if not self.known:
            self.because.remove(_UNKNOWN)
            self.because.append(_liked(like, found.main))
            return [found.main]
        if not self.doubt:
            intents = [name for name in intents if name not in found.dropped]
        if found.main == main:
            if found.doubt:
                self.because.append("but it may mean something else")
            return intents
        self.because.append(_liked(like, found.main))
        return [found.main, *beside(found.main, intents)]

    def _certain(self, intent: str) -> bool:
        """Whether the words that carry an intent can mean nothing else."""
        found = self.heard.get(intent)
        return isinstance(found, Finding) and found.rule.certain

    def _alarmed(self, like: Likeness, danger: bool) -> None:
        """Flag a danger that no rule knows."""
        if danger and not self.urgent:
            self.urgent = True
            self.because.append(f"looks like danger ({like.words(URGENT)})")

    def _fills(self, intent: str) -> bool:
        """Whether a rule heard the intent in nearly all that was said: then likeness has nothing to add."""
        found = self.heard[intent]
        return isinstance(found, Finding) and len(found.words) >= FILLS * len(self.bare)

    def _denied(self, like: Likeness) -> frozenset[str]:
        """Stops whose ground a rule has taken away: a move to come, a tenant gone, a refusal only spoken of."""
        if max(like.shares["moved_or_sold"], like.shares["opt_out"]) <= DENIED_MAYBE:
            return frozenset()
        gone = {rule.intent for rule in MOVED if rule.unless is not None and rule.unless.search(self.text)}
        if "opt_out" not in self.heard and SPOKEN_OF.search(self.text):
            gone.add("opt_out")
        return frozenset(gone)

    def _add(self, intent: str, because: str) -> None:
        self.heard.setdefault(intent, because)

    def _signs_only(self) -> Reading:
        """Nothing but marks, digits with marks, or faces."""
        face = next(
            (
                face
                for face in ("「救」", "「骂」", "「怒」", "「差」", "「谢」", "「赞」", "「好」")
                if face in self.text
            ),
            "",
        )
        digits = re.search(r"(?<![\d.-])\d+(?![\d.])", self.text)
        if digits and len(re.findall(r"\d+", self.text)) == 1 and "-" not in self.text and self._code(digits[0]):
            return self._made(self._order())
        rated = self._rate()
        if rated.given:
            self._judge(rated)
            return self._made(self._order())
        named = {
            "「谢」": "thanks",
            "「赞」": "comment" if self.context.rating else "ack",
            "「好」": "ack",
            "「骂」": "abuse",
        }
        if face == "「救」":
            self.urgent = self.doubt = True
            self._add("safety_urgent", "a cry for help")
        elif face in named:
            self._add(named[face], "a face says it")
        elif face and self.context.rating:
            self._add("comment", "a face says it")
            self.doubt = True
        else:
            self._add("unclear", "nothing to act on")
        return self._made(self._order())

    def _machine(self) -> Reading:
        self._listen()
        danger = [found for found in self.heard.values() if isinstance(found, Finding) and found.rule.urgent]
        self.heard.clear()
        self.machine = True
        self.because.append("written by or for a machine")
        if danger:
            self.doubt = True
            self.because += [found.told() for found in danger]
        return self._made(["unclear"])

    def _code(self, digits: str) -> bool:
        """A bare digit: what the open question says, or nothing much."""
        late = self.context.hours_since
        meaning = self.context.meanings.get(digits)
        rating = self.context.rating
        if rating and rating[0] <= int(digits[:6]) <= rating[1] and len(digits) < 4 and meaning in (None, "score"):
            return False
        if meaning is not None and meaning in INTENTS:
            self._add(meaning, f"the open question says that {digits} means this")
            if meaning == "false_closure":
                self._add("complaint", "not solved")
            self.doubt = self.doubt or (late is not None and late > CODES_HOLD)
            return True
        if rating:
            return False
        if digits == "1" and self.topic in ("arrears", "outage_planned", "outage_fault", "vip_followup"):
            self._add("ack", "a bare 1 to a notice that asked nothing")
        else:
            self._add("unclear", "a figure that answers no open question")
        return True

    def _listen(self) -> None:
        phrases, text, heard = self.phrases, self.text, self.heard
        there = met(text)
        for language in ("han", "latin"):
            if not getattr(phrases, language):
                continue
            for rule, wordings in side(self.topic, language).worth_trying(there):
                if rule.intent in heard and not rule.urgent and not rule.certain:
                    continue
                found = hear(rule, wordings, phrases)
                if found is not None:
                    if rule.certain:
                        heard[rule.intent] = found
                    heard.setdefault(rule.intent, found)
                    self.urgent = self.urgent or rule.urgent

    def _rate(self) -> Rated:
        scale = self.context.rating
        if scale is None:
            return NO_RATING
        rated = rate(
            self.text,
            scale,
            aggrieved=not _GRIEVED.isdisjoint(self.heard),
        )
        late = self.context.hours_since
        if rated.given and late is not None and late > RATINGS_HOLD:
            return Rated(True, None, True, "the survey is more than a week old")
        return rated

    def _judge(self, rated: Rated) -> None:
        """Turn what was heard into intents of the contract."""
        heard, has = self.heard, self.heard.__contains__
        self._words_and_code()
        named = heard.pop("not_named", None)
        # "Wrong number, I am not the holder" says whom it reached, unless a bill is explained beside.
        missent = has("sent_wrongly") and not any(has(name) for name in _EXPLAINED)
        if named and not has("wrong_number") and not missent:
            heard.setdefault("not_account_holder", named)
        if heard.pop("unsure", None):
            self.doubt = True
        if has("partial"):
            heard.pop("partial")
            self.doubt = self.doubt or has("opt_out")
        if has("loss"):
            words = heard.pop("loss")
            self._add(
                "not_restored" if self.topic in ("outage_fault", "restoration") else "outage_report", _told(words)
            )
        if rated.given:
            self._add("score", rated.because)
            self.score = rated.score
            self.doubt = self.doubt or rated.doubtful
        self._grievances(rated)
        if has("repeat_fault"):
            words = heard.pop("repeat_fault")
            heard.pop("false_closure", None)
            if self.topic in ("survey", "vip_followup", "none"):
                self._add("outage_report", _told(words))
                self._add("repeat_appeal", _told(words))
        if heard.pop("refund", None) and has("payment_question"):
            heard.pop("payment_made", None)
        if heard.pop("redirect", None) and has("help"):
            heard.pop("not_account_holder", None)
        if heard.pop("no_such_service", None):
            self.doubt = self.doubt or not has("wrong_number")
            self._add("comment", "says that no such service was asked for")
        if has("sent_wrongly") and not any(has(name) for name in _EXPLAINED):
            heard.setdefault("wrong_number", heard.pop("sent_wrongly"))
        elif has("sent_wrongly"):
            heard.pop("sent_wrongly")
        self._small_talk()

    def _words_and_code(self) -> None:
        """A code with words beside it: both are heard; a person decides where they disagree."""
        code = _CODE.match(self.text)
        if code is None:
            return
        digit = (_RECODED.search(self.text, code.end(1)) or code)[1]
        meaning = self.context.meanings.get(digit)
        if meaning is None or meaning not in INTENTS or (self.context.rating and digit != "9"):
            return
        serious = set(self.heard) - {
            "thanks",
            "ack",
            "praise",
            "remark",
            "repeat_appeal",
            "grievance",
            "help",
            "human",
            "confirmed",
            "unsure",
        }
        agrees = {"restored_confirm": {"restored_confirm"}, "ack": {"ack"}}
        if meaning in agrees and serious - agrees[meaning] - {"safety_urgent", "loss"}:
            self.doubt = True
        self.coded = True
        self._add(meaning, f"the open question says that {digit} means this")

    def _grievances(self, rated: Rated) -> None:
        heard, has = self.heard, self.heard.__contains__
        formal, grievance, irony = (heard.pop(name, None) for name in ("formal_complaint", "grievance", "irony"))
        if irony and self.score is not None and self.score >= 4:
            self.score = None
            self.doubt = True
        if irony:
            for name in ("thanks", "praise", "restored_confirm"):
                heard.pop(name, None)
            self._add("complaint", _told(irony))
        if formal:
            self._add("complaint!", _told(formal))
        if irony or (grievance and self.context.rating):
            heard.pop("outage_report", None)
        if grievance:
            praise = heard.get("praise")
            praised = _at(praise) < _at(grievance) and "就是" in self.text
            if praised or (rated.score is not None and rated.score >= 4):
                self._add("comment", _told(grievance))
            else:
                self._add("complaint", _told(grievance))
        nobody = heard.pop("nobody_came", None)
        if nobody and not has("broken_commitment") and not has("repeat_fault"):
            self._add("false_closure", _told(nobody))
        for name in ("false_closure", "broken_commitment"):
            if has(name):
                self._add("complaint", _told(heard[name]))
        if "complaint!" in heard:
            heard.pop("complaint", None)

    def _small_talk(self) -> None:
        heard, has = self.heard, self.heard.__contains__
        praise, remark, confirmed = (heard.pop(name, None) for name in ("praise", "remark", "confirmed"))
        acknowledged = ACK.match(self.bare)
        if acknowledged and not (self.context.rating and remark) and (not heard or set(heard) <= {"thanks", "ack"}):
            if not (has("thanks") and THANKS_ALONE.match(self.bare)):
                thanks = heard.pop("thanks", None)
                self._add("ack", "a short answer")
                if thanks:
                    heard["thanks"] = thanks
            return
        if has("thanks") and THANKS_ALONE.match(self.bare):
            return
        if confirmed and not (self.context.rating and (praise or remark)):
            self._add("ack", _told(confirmed))
            remark = None
        if praise and (self.context.rating or not heard or set(heard) == {"thanks"}):
            self._add("comment", _told(praise))
        if remark:
            self._add("comment", _told(remark))
        if not heard:
            self.known = False
            self._add("unclear", _UNKNOWN)

    def _order(self) -> list[str]:
        intents, self.torn = settle(self.heard)
        self.doubt = self.doubt or self.torn
        for intent in intents:
            found = self.heard[intent]
            self.because.append(_told(found))
            if isinstance(found, Finding) and (found.rule.doubtful or (found.unsure and stops(intent))):
                self.doubt = True
        return intents

    def _made(self, intents: list[str]) -> Reading:
        names = tuple(dict.fromkeys("complaint" if name == "complaint!" else name for name in intents)) or ("unclear",)
        if self.cut:
            self.because.append("too long to be read whole")
        return Reading(
            intents=names,
            score=self.score if "score" in names else None,
            urgent=self.urgent,
            abstain=self.doubt,
            because=tuple(dict.fromkeys(self.because)),
            version=VERSION,
            machine=self.machine,
            guessed=not self.known,
        )


def _at(found: Finding | str | None) -> int:
    """Where the finding stands in the text; beyond its end if there is none."""
    return found.at if isinstance(found, Finding) else 1 << 30


def _liked(like: Likeness, intent: str) -> str:
    return f"reads like {intent.replace('_', ' ')} ({like.words(intent)})"


def _told(found: Finding | str) -> str:
    return found if isinstance(found, str) else found.told()
