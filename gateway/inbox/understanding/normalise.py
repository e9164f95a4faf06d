"""From what a handset sent to one plain form, before any meaning is sought.

Width (NFKC), script (traditional to simplified), case, marks, emoji, invisible and broken characters,
spaces and common misspellings are settled here, so that the rules see one spelling of each thing and the
same text written in another way is read alike. Nothing here decides what is meant.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from gateway.inbox.understanding.script import simplified
from gateway.inbox.understanding.spelling import FACES, INITIALS, LATIN, SPELLINGS, SYLLABLES

#: Of a longer text only the beginning and the end are read, and it is left to a person.
LONGEST = 10_000
_HEAD = 6_000

_MARKS = str.maketrans(
    {
        "，": ",", "、": ",", ";": ",", "；": ",", "？": "?", "！": "!", "—": ",", "–": "-", "−": "-", "…": ",",
        "\n": " ", "\r": " ", "\t": " ", "‘": "'", "’": "'", "`": "'", "´": "'", "～": "", "~": "", "･": "", "·": "",
        "「": "“", "」": "”", "『": "“", "』": "”", "«": "“", "»": "”", "〝": "“", "〞": "”", "⁉": "?", "‼": "!",
        "﹖": "?", "¿": "?", "¡": "!", "❗": "!", "❓": "?", "‽": "?", "|": ",", "【": "[", "】": "]",
        "\ufffc": " ", "\ufffd": " ",
    }
)  # fmt: skip
_CJK = "\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff“”「」"
_GAP = re.compile(rf"(?<=[{_CJK},。!?:]) +| +(?=[{_CJK},。!?:])")
_SPACES = re.compile(r" {2,}")
_BLANKS = re.compile(r"\s+")
_STOP = re.compile(r"(?<![0-9])\.|\.(?![0-9])")
_COLON = re.compile(r"(?<![0-9]):|:(?![0-9])")
_MARK_RUN = re.compile(r"([,。!?])[,。!?]*[,。]|([,。!?])\2+|[,。!]+(?=\?)|\?[!?]+")
_LETTER_RUN = re.compile(r"([a-z])\1{2,}")
_HAN_RUN = re.compile(rf"([{_CJK}])\1{{2,}}")
#: "1111111": a key held down; more than a dozen are nobody's answer.
_DIGIT_RUN = re.compile(r"^([0-4])\1{3,11}(?!\d)")
#: "5️⃣5️⃣5️⃣": the same key drawn again and again.
_KEYCAPS = re.compile(r"(\d)\u20e3(?:\s*\1\u20e3)+")
_SPACED = re.compile(r"(?<![a-z0-9'])(?:[a-z] ){2,}[a-z](?![a-z0-9'])")
_WORD = re.compile(r"[a-z0-9][a-z0-9']*")
_FACE = re.compile("|".join(re.escape(face) for face in sorted(FACES, key=len, reverse=True)))
_SPELLING = re.compile("|".join(re.escape(word) for word in sorted(SPELLINGS, key=len, reverse=True)))
_STARRED = re.compile("颗星(?: *星(?!期))+")
_STARS = re.compile("(?<![个颗粒小])星(?: *星(?!期)){2,}")
#: Stars that are drawn; a word for as many before them says the same once more.
_DRAWN = re.compile("★(?: *★)*")
#: Chinese written in letters, its syllables joined or apart.
_PINYIN = re.compile(
    r"(?<![a-z'])(?:"
    + "|".join(" ?".join(phrase.split()) for phrase in sorted(SYLLABLES, key=len, reverse=True))
    + r")(?![a-z'])"
)
PINYIN = {phrase.replace(" ", ""): words for phrase, words in SYLLABLES.items()}
_FIGURES = {
    "壹": "一",
    "贰": "二",
    "叁": "三",
    "肆": "四",
    "伍": "五",
    "陆": "六",
    "柒": "七",
    "捌": "八",
    "玖": "九",
    "〇": "零",
}
#: Pinyin with its tones.
_TONES = str.maketrans("āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜü", "aaaaeeeeiiiioooouuuuvvvvv")
_TABLE = _MARKS | str.maketrans(_FIGURES)
#: Beyond the common signs only letters and figures count.
_ODD = re.compile(r"[^\w\x00-\u30ff“”「」]")
_SILENT = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me"))


@dataclass(frozen=True, slots=True)
class Plain:
    """A text in its plain form; `shown` still has its marks, and `cut` says that its middle was not read."""

    text: str
    shown: str
    cut: bool


def plain(raw: str) -> Plain:
    """One plain form of `raw`: simplified, half-width, lower-case, no needless space, no broken character.

    The cost is linear in the length, which is bounded by `LONGEST`.
    """
    if len(raw) > LONGEST:
        raw = _BLANKS.sub(" ", raw)
    cut = len(raw) > LONGEST
    text = f"{raw[:_HEAD]} {raw[-(LONGEST - _HEAD) :]}" if cut else raw
    if not text.isascii():
        text = _visible(text)
    text = text.lower()
    if not text.isascii():
        text = simplified(text)
    shown = _GAP.sub("", _BLANKS.sub(" ", text))
    text = text.translate(_TABLE)
    if not text.isascii():
        text = _ODD.sub("", _FACE.sub(lambda face: FACES[face[0]], text))
        if "★" in text:
            text = _DRAWN.sub(_counted, text)
        if "星" in text:
            text = _STARS.sub(lambda run: f"{run[0].count('星')}星", _STARRED.sub("颗星", text))
    if not text.isprintable():
        text = "".join(char for char in text if char >= " " and char != "\x7f")
    if "." in text:
        text = _STOP.sub("。", text)
    if ":" in text:
        text = _COLON.sub(",", text)
    if " " in text:
        text = _SPACES.sub(" ", _GAP.sub("", text)).strip()
        text = _SPACED.sub(lambda run: run[0].replace(" ", ""), text)
    text = _MARK_RUN.sub(lambda run: run[1] or run[2] or ("?" if run[0][0] == "?" else ""), text)
    text = _HAN_RUN.sub(r"\1\1", _DIGIT_RUN.sub(r"\1,", text))
    if text.upper() != text:
        text = _PINYIN.sub(lambda run: PINYIN[run[0].replace(" ", "")], _LETTER_RUN.sub(r"\1\1", text))
    words = _WORD.findall(text)
    if len(words) == 1 and words[0] in INITIALS:
        text = text.replace(words[0], INITIALS[words[0]])
    elif words and not LATIN.keys().isdisjoint(words):
        text = _WORD.sub(lambda word: LATIN.get(word[0], word[0]), text)
    return Plain(_SPELLING.sub(lambda word: SPELLINGS[word[0]], text), shown, cut)


def _counted(drawn: re.Match[str]) -> str:
    """So many stars in words, the word alone behind a figure ("5 ★"), nothing where it stands there already."""
    before = drawn.string[: drawn.start()].rstrip()[-1:]
    number = drawn[0].count("★")
    after = drawn.string[drawn.end() :].lstrip()[:1]
    if (before and before in "星分s") or (number == 1 and after and after in "12345"):
        return ""
    return "星" if number == 1 and before and before in "12345一二三四五颗粒个" else f"{number}星"


def _visible(text: str) -> str:
    """NFKC without what cannot be seen: controls, direction marks, joiners, surrogates, private use."""
    text = unicodedata.normalize("NFKC", text.replace("\ufe0f", "").replace("…", ",")).replace("ı", "i")
    if "\u20e3" in text:
        text = _KEYCAPS.sub(r"\1", text)
    text = text.translate(_TONES)
    if text.isprintable():
        return text if "\u20e3" not in text else text.replace("\u20e3", "")
    return "".join(c for c in text if c in "\n\r\t" or unicodedata.category(c) not in _SILENT)
