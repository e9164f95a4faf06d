"""Which rules, and which of their wordings, are worth trying on a text.

The table of rules has well over a thousand wordings, and a text can hold a few dozen of them at most. So each
is entered under the characters and pairs that it cannot do without (`triggers`), and a text tries what stands
under its own. What is heard, and in which order, is as if all of them had been tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from functools import cache

from gateway.inbox.understanding.rule import Rule
from gateway.inbox.understanding.triggers import needed

_needed = cache(needed)
_compiled = cache(re.compile)


class Side:
    """Rules in the order of policy, each with its wordings in one language."""

    def __init__(self, rules: Iterable[Rule], language: str) -> None:
        wordings = [(rule, wording) for rule in rules for wording in rule.words.side(language)]
        self._rules = [rule for rule, _ in wordings]
        self._wordings = [wording for _, wording in wordings]
        self._patterns: dict[int, re.Pattern[str]] = {}
        self._always: set[int] = set()
        self._under: dict[str, list[int]] = {}
        self._besides: list[tuple[frozenset[str], ...]] = []
        for number, wording in enumerate(self._wordings):
            first, *besides = _needed(wording) or ((),)
            self._besides.append(tuple(besides))
            for one in first:
                self._under.setdefault(one, []).append(number)
            if not first:
                self._always.add(number)

    def worth_trying(self, there: Set[str]) -> Iterable[tuple[Rule, list[re.Pattern[str]]]]:
        """Rules with those of their wordings that a text made of `there` (`triggers.met`) may hold."""
        under, besides, patterns, rules = self._under, self._besides, self._patterns, self._rules
        found: dict[int, tuple[Rule, list[re.Pattern[str]]]] = {}
        for number in sorted(self._always.union(*[under[one] for one in there if one in under])):
            for needs in besides[number]:
                if needs.isdisjoint(there):
                    break
            else:
                pattern = patterns.get(number) or self._pattern(number)
                rule = rules[number]
                if (chosen := found.get(id(rule))) is None:
                    found[id(rule)] = (rule, [pattern])
                else:
                    chosen[1].append(pattern)
        return found.values()

    def _pattern(self, number: int) -> re.Pattern[str]:
        """A wording compiled when the first text may hold it: most texts ask for few."""
        made = self._patterns[number] = _compiled(self._wordings[number])
        return made
