"""Clauses, their mood, and what turns a meaning round: negation, quotation, hearsay, supposition.

The one place where "没打错", "不是不满意", "你们短信说已来电", "要是修好了" and "打错了吗" are told from what they
contain. Rules name a meaning; whether the customer asserts it is decided here.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

#: In a rule's pattern "~" stands for a short stretch inside one clause, "~~" for a longer one.
INSIDE = "[^,。!?]"


_HAN = re.compile(r"[\u3400-\u9fff]")
#: A group repeated without end, whose parts may overlap, could take time without end.
_UNBOUNDED = re.compile(r"\)[*+](?![+?])")
_LATIN = re.compile(r"(?<![\\])[a-z]{2}")
#: What may part or hold together wordings: a class of characters and what is escaped count as one.
_AROUND = re.compile(r"(\\b)?\(\?:(.*)\)(\\b)?")
_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]])*\]|[()|]")


class Words:
    """What a rule listens for: its Chinese and its English wordings apart, so that a text pays for its own.

    Texts are plain (`normalise`), hence lower-case. Each side is compiled when the first text asks for it.
    """

    def __init__(self, alternatives: Sequence[str]) -> None:
        self.alternatives = tuple(alternatives)

    def side(self, language: str) -> tuple[str, ...]:
        """The single wordings that can be met in a text that holds Chinese characters (`han`) or letters (`latin`)."""
        own, other = (_HAN, _LATIN) if language == "han" else (_LATIN, _HAN)
        chosen = [one for one in self.alternatives if own.search(one) or not other.search(one)]
        return tuple(wording for one in chosen for wording in _wordings(_written_out(one)))

    @cached_property
    def han(self) -> re.Pattern[str] | None:
        """All wordings that can be met in a text that holds Chinese characters, as one."""
        return _joined(self.side("han"))

    @cached_property
    def latin(self) -> re.Pattern[str] | None:
        """All wordings that can be met in a text that holds letters, as one."""
        return _joined(self.side("latin"))

    def search(self, text: str) -> re.Match[str] | None:
        """The first find in `text`, or None."""
        if not text.isascii() and self.han is not None and (found := self.han.search(text)):
            return found
        if self.latin is not None and text.upper() != text:
            return self.latin.search(text)
        return None


def _joined(wordings: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(wordings)) if wordings else None


def _written_out(alternative: str) -> str:
    """An alternative without the notation of the rule table."""
    text = _UNBOUNDED.sub(lambda star: "){0,6}" if star[0] == ")*" else "){1,6}", alternative)
    return text.replace("~~", INSIDE + "{0,24}").replace("~", INSIDE + "{0,8}")


def _wordings(alternative: str) -> Iterator[str]:
    r"""An alternative cut at each "|" that stands in no bracket, or only in one around all: "\b(?:one|other)\b"."""
    for wording in _cut(alternative):
        around = _AROUND.fullmatch(wording)
        inner = list(_cut(around[2])) if around else []
        if around and inner:
            yield from (f"{around[1] or ''}{one}{around[3] or ''}" for one in inner)
        else:
            yield wording


def _cut(text: str) -> Iterator[str]:
    """The stretches between each "|" that stands in no bracket; none where brackets close what they did not open."""
    cuts = [-1]
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += (token[0] == "(") - (token[0] == ")")
        if depth < 0:
            return
        if token[0] == "|" and not depth:
            cuts.append(token.start())
    for before, after in pairwise([*cuts, len(text)]):
        yield text[before + 1 : after]


def pattern(*alternatives: str) -> Words:
    """Alternatives written in the notation of the rule table, each of them in one language where it can be."""
    return Words(alternatives)


_CLAUSE = re.compile(r"[^,。!?]+[,。!?]?")
_QUOTED = re.compile(r"“([^“”]{1,200})”|\"([^\"]{2,200})\"|\[([^\[\]]{2,100})\]")
_QUOTING = re.compile(
    r"(?:说|写|讲|问|发|收到|短信|内容|提示|显示|通知|称|叫|是|says?|said|text|message|reads?|of|about|:|,)$"
)
_ASKS = re.compile(
    r"(?:吗|么|嘛|呢|没有|(?<!不)是不是|是否|有没有|会不会|能不能|可不可以)[啊呀了]?$|^(?:请问|想问|问一下|问下)"
    r"|什么时候|为什么|怎么办|哪天|几点|多久|多少钱|谁啊|(?<!不)是不是|是否"
    r"|^(?:who|what|when|where|why|how|which) "
    r"|^(?:is|are|was|were|do|does|did|"
    r"can|could|will|would|should|has|have|may|shall) "
    r"(?:i|you|u|we|it|this|that|the|they|he|she|my|our|your|there|someone|anyone|any|block|building|power)\b"
)
_SUPPOSES = re.compile(
    r"如果|要是|假如|假设|倘若|若是|万一|的话$|除非|哪怕|即使|就算|要不是|早知道|以防"
    r"|\b(?:if|unless|in case|suppose|what if|would have|should you)\b"
)
_HEARSAY = re.compile(
    r"(?<![跟和对给向])(?:你们|短信|信息|通知|师傅|客服|他们?|物业|邻居|网上|工作人员|电工|热线|95598|系统|上面|这上面"
    r"|app|小程序|公众号)"
    r"(?:的?短信|里|里面|上|都|又|跟我|和我|给我|也|刚才?|今天|昨天|回复我?|还)*"
    r"(?:说|写|讲|告诉我|告知|显示|通知我?|提示|声称|谎称|骗我)"
    r"|(?:you|they|he|she|message|text|website|app|worker|man|guy|technician|crew|engineer) (?:all )?"
    r"(?:said|say|says|claim(?:ed|s)?|told me|tells me|wrote|shows)"
)
_DENIES = re.compile(
    r"(?:不是|没有|没|不|未|别|无|并非|非|不算|不会|不曾|从未|从没|谁说|哪里|不存在|不可能|又不|绝非|不叫"
    r"|(?<![多至不])少|免得|以免|省得"
    r"|(?:\b(?:not|never|no|without|nobody|none|hardly)\b))"
    r"(?:我|你们?|他|有|是|要|被|在|再|想|说|真的|人|家|都|自己|也|就|什么"
    r"|a|the|any|really|yet|been|have|be|my|is|it)? ?$"
)
_DENIES_ASKED = re.compile(r"(?:是不是|有没有|是否|会不会|要不|能不能|可不可以|对不对)[^,。!?]{0,3}$")


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch between two marks; `asked`, `supposed` and `hearsay` say that it is not simply asserted."""

    start: int
    end: int
    asked: bool
    supposed: bool
    hearsay: int
    """Where the words of somebody else begin, or a place beyond the text."""


_NOWHERE = 1 << 30


class Phrases:
    """A plain text as its clauses. Quoted words of others are blanked out before anything is sought."""

    def __init__(self, text: str) -> None:
        self.whole = text
        self.text = _unquoted(text)
        self.han = not self.text.isascii()
        self.latin = self.text.upper() != self.text

    @cached_property
    def _clauses(self) -> tuple[list[int], list[Clause | None]]:
        starts = [match.start() for match in _CLAUSE.finditer(self.text)]
        return starts, [None] * len(starts)

    def clause(self, at: int) -> Clause:
        """The clause around position `at`."""
        starts, made = self._clauses
        index = max(0, bisect_right(starts, at) - 1)
        found = made[index] if made else None
        if found is None:
            start = starts[index] if starts else 0
            end = starts[index + 1] if index + 1 < len(starts) else len(self.text)
            found = _clause(self.text, start, end)
            if made:
                made[index] = found
        return found

    def denied(self, at: int) -> bool:
        """Whether a negation stands directly before position `at`, in the same clause."""
        before = self.text[max(0, at - 12) : at]
        return bool(_DENIES.search(before)) and not _DENIES_ASKED.search(before)


def _clause(text: str, start: int, end: int) -> Clause:
    words = text[start:end]
    told = _HEARSAY.search(words)
    return Clause(
        start=start,
        end=end,
        asked=words.endswith("?") or bool(_ASKS.search(words.rstrip(",。!? "))),
        supposed=bool(_SUPPOSES.search(words)),
        hearsay=start + told.end() if told else _NOWHERE,
    )


def _unquoted(text: str) -> str:
    """The text without what is quoted from others; a text that is one quotation is what it quotes."""
    if "“" not in text and '"' not in text and "[" not in text:
        return text

    def blank(match: re.Match[str]) -> str:
        inner = match[1] or match[2] or match[3]
        if match[0][0] == "[":
            return "" if match.end() < len(text) else inner
        alone = len(match[0]) >= len(text) - 1
        if alone or (len(inner) <= 4 and not _QUOTING.search(text[: match.start()][-8:])):
            return inner
        return "「引」"

    return _QUOTED.sub(blank, text)
