"""Points, stars and figures as customers misspell, dictate or draw them, in the spelling that the rest knows."""

from __future__ import annotations

import re

#: "5份", "四粉", "满份": points misspelt, which only the whole answer or a verb before them tells.
_MISSPELT = re.compile(
    r"(^|[,。!?]|打|给|评)([1-5一二三四五满])(?:份|芬|昐|奋|粉|纷|坟|氛|吩|焚|忿|fen|f)儿?(?=$|[,。!「吧了给])"
)
#: "似分", "打散分": figures as a telephone writes what it heard. 无分 may say that there is none.
_HEARD = re.compile(
    r"(^|[,。!?]|[打给评])([午舞吴武雾捂物悟似寺饲思斯丝撕散伞山衫删尔耳饿医衣依亿幺])(?:分|份|粉|芬)(?=$"
    r"|[,。!「吧了给])"
)
_SOUNDS = {
    sound: figure
    for figure, sounds in {
        "五": "午舞吴武雾捂物悟",
        "四": "似寺饲思斯丝撕",
        "三": "散伞山衫删",
        "二": "尔耳饿",
        "一": "医衣依亿幺",
    }.items()
    for sound in sounds
}
#: "五颗小星星", "五角星五个", "5朵小红花", "五心好评", "满星": other things for stars.
_OTHER_STARS = re.compile(
    r"([1-5一二三四五])(?:个|颗|粒|朵)(?:小|五角)?(?:星星?|红花|红心)|(?:五角)?星(?:星)?([1-5一二三四五])[个颗粒]"
    r"|([五5])心(?=好评|$|[,。!])"
)
#: "㊄ 五分".
_TWICE = re.compile(r"([一二三四五])\1(?=分)")
#: "五(5)分".
_BOTH = re.compile(r"([1-5一二三四五])\(([1-5一二三四五])\)")
_SAME = {"一": "1", "二": "2", "三": "3", "四": "4", "五": "5"}
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "v": "5"}
#: "five five five".
_AGAIN = re.compile(r"\b(one|two|three|four|five)(?:[ ,!]+\1\b)+")
#: "number 5", "all 5s".
_CALLED = re.compile(r"^(?:number|choice) ?([1-5])(?=[,。!]|$)|\b(?:all|straight|full|only) ([1-5])'?s\b")
#: "1「叉」5「好」": a figure crossed out.
_CROSSED = re.compile(r"[1-5](?:分)?「叉」")


#: "理由:1.磨蹭;2.没穿工作服": reasons that are numbered.
_LISTED = re.compile(r"(?:^|[,。:])1。\D.{0,200}2。\D|[,。:]一[,。].{0,200}[,。]二[,。]")
_NUMBERED = re.compile(r"(?:^|[,。:]|(?<=\D))\d。(?=\D)|(?<=[,。:])[一二三四五][,。]")


def spelt(text: str) -> str:
    """Points and stars as the rest knows them."""
    text = _HEARD.sub(lambda found: f"{found[1]}{_SOUNDS[found[2]]}分", text)
    text = _MISSPELT.sub(lambda found: f"{found[1]}{found[2]}分", text)
    if _LISTED.search(text):
        text = _NUMBERED.sub(",", text)
    text = _TWICE.sub(r"\1", text)
    text = _BOTH.sub(
        lambda found: found[1] if _SAME.get(found[1], found[1]) == _SAME.get(found[2], found[2]) else found[0], text
    )
    text = _ROMAN.get(text.strip("。! "), text)
    text = _AGAIN.sub(r"\1", text)
    text = _CALLED.sub(lambda found: found[1] or found[2], text)
    text = _OTHER_STARS.sub(lambda found: f"{found[1] or found[2] or found[3]}星", text)
    return _CROSSED.sub(",", text.replace("满星", "满分"))
