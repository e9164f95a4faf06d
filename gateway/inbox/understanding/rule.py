"""What a rule is, and how it speaks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.inbox.understanding.phrases import Phrases, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of policy: words that carry an intent, where they count, and what silences them.

    `words` is what is sought. By default a find counts only where the customer asserts it: not in a
    question, a supposition, another's words, or after a negation; `even` lists the exceptions (`asked`,
    `supposed`, `hearsay`, `denied`). `after` are the topics in which the rule holds (all if empty),
    `unless` what anywhere in the text takes its ground away, `doubtful` that a person should decide,
    `urgent` that a person must look within minutes, `certain` that the words can mean nothing else, whatever the
    rest of the text is like.
    """

    intent: str
    because: str
    words: Words
    after: frozenset[str] = frozenset()
    unless: Words | None = None
    even: frozenset[str] = frozenset()
    doubtful: bool = False
    urgent: bool = False
    certain: bool = False


_WONDERS = re.compile(r"吗|么[?]?$|(?<!不)是不是|会不会|\b(?:is it|is this|are you sure|do you)\b")


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that spoke, and the customer's words that made it speak."""

    rule: Rule
    words: str
    at: int
    unsure: bool = False
    """The customer only wonders whether it is so ("是不是发错了")."""

    def told(self) -> str:
        """The finding in words for an admin."""
        return f"{self.rule.because} (“{self.words}”)"


def hear(rule: Rule, wordings: Sequence[re.Pattern[str]], phrases: Phrases) -> Finding | None:
    """The first find of one of `wordings`, some of those of `rule`, that counts, or None."""
    text = phrases.text
    # most rules that might have something to say have nothing: ask that first, and cheaply
    wordings = [wording for wording in wordings if wording.search(text) is not None]
    if not wordings:
        return None
    even = rule.even
    for match in finds(wordings, text):
        at = match.start()
        if "denied" not in even and phrases.denied(at):
            continue
        clause = phrases.clause(at)
        if clause.asked and "asked" not in even:
            continue
        if clause.supposed and "supposed" not in even:
            continue
        if clause.hearsay <= at and "hearsay" not in even:
            continue
        if rule.unless is not None and rule.unless.search(text):
            return None
        unsure = clause.asked and bool(_WONDERS.search(text[clause.start : clause.end]))
        return Finding(rule, match[0][:40], at, unsure)
    return None


def finds(wordings: Sequence[re.Pattern[str]], text: str) -> Iterator[re.Match[str]]:
    """What one pattern of all wordings would find: the leftmost, of those at one place the earlier wording."""
    if len(wordings) == 1:
        yield from wordings[0].finditer(text)
        return
    at = 0
    left = wordings
    while True:
        found = [(match, wording) for wording in left if (match := wording.search(text, at)) is not None]
        if not found:
            return
        first = min((match for match, _ in found), key=lambda match: match.start())
        yield first
        left = [wording for _, wording in found]
        at = max(first.end(), first.start() + 1)
