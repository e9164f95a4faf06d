"""The figures of a text that may be a rating, each judged by what stands around it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.inbox.understanding.score_stance import withdrawn

_HAN = {"零": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_EN = {
    "zero": 0,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
}
# What follows a figure that counts something else. A customer's space between figure and words is gone by now, so a
# counter that also begins a word counts nothing where that word stands ("1 根本没来", "4 多谢").
_UNIT = (
    r"(?:点(?!评|赞|满|$|,|。|!)|点钟|个(?!师傅未)|小时|分钟|分多钟|分半|秒|天(?!儿|气|冷|热|天)|日|号(?!称)"
    r"|月|年(?!轻|纪)"
    r"|周(?!到)|星期|礼拜|楼|层|栋|幢|座|单元|室|户(?!主)|人(?=来(?!是)|上门|一|在(?!外)|等|,|。|$|干|住|用"
    r"|家(?!里)|围|爬|轮|站|抽|也没来|到|就|修|搞|弄|帮|把|进|去)|位|名|次|遍|回(?!复"
    r"|访|电|应)|趟"
    r"|块|元|毛(?!病)|万(?!分)|千(?!万)|百|十|度|千瓦|kw|kv|v\b|a\b|米|公里|里(?!面|头)|岁|%|折(?!腾)|路(?!灯)"
    r"|区|组|队|班"
    r"|台|只(?!是|有|能|想|给|因|要|说|会)|张(?!口|嘴)|条|页|项|批(?!评)|期|级|档|口(?!气)|家(?!里|人|电)|间|辆"
    r"|把(?!我|你|他|电|灯)|根(?!本)|盏|套|份|代|[gb](?![a-z])|步|段|片|线(?!路)|号线|升|l\b|厅|环(?!境)|排(?!队|除)"
    r"|下(?=开关|就|电话|门|键|$|[,。!])|声(?!音)|句|种|样|件|斤|瓦|安(?!全|装|排)|伏|相(?!当|信|比)"
    r"|联(?!系)|方(?!便)|刻|世|角|倍|成(?!功)|带(?!着|了)"
    r"|维(?!修|护)|点多|楼层|多(?!谢|亏|好|么)|几(?!乎)|来(?!得|修|是|了|的)|年级|分之"
    r"|货(?!车)|分局|分公司|分店|分厂|/\d|-\d|\d)"
    r"|(?: ?(?:minutes?|minute|hours?|hour|days?|weeks?|months?|years?|pm\b|am\b|th\b|st\b|nd\b|rd\b"
    r"|o'clock|floors?|times?|people|persons?|guys?|men|man\b|workers?|technicians?|engineers?|visits?"
    r"|calls?|yuan|dollars?|usd|rmb|kwh|units?|kids?|children|flats?|apartments?|houses?|meters?|lights?"
    r"|rooms?|phases?|attempts?|trips?|messages?|texts?|bills?|accounts?|percent|more\b|thumbs?\b|missed|broken"
    r"|failed|wasted|in a million|of \d [a-z]{3,}|of (?:them|us|you"
    r"|the)|storeys?|blocks?|am\b))"
)
#: Words that begin like a counter and count nothing: "5 路这么烂也赶来了".
_NO_UNIT = (
    r"(?:线[从接断掉头杆拉乱没]|路(?!公交|车|电|线|口|$|[,。!])|片区|代(?:表|替|我|为|他|她|妈|爸)|样样"
    r"|期[待望]|级别|条[件理]|项目"
    r"|班[组长]|队[员长伍]|组长|台风|刻苦|角落|倍[感儿]"
    r"|次次|回回|名[副不]|位置|室[内外]|楼道|层层|日[子常]|天天|个个|秒[回到杀]|百分|千恩|万[事一]|十分(?:满|感"
    r"|好|专|热|认|及|快|负|给)|来之|来得|句句|件件"
    r"|人品|人性|家属|家乡|周边|度过|步行|步骤|批准|口头|口音|把握|根据|套路|线上|线下|声称|种种|方面|方式|联网"
    r"|成立|世界|里外)"
)
_BEFORE = re.compile(
    r"(?:×|(?<![a-z])x|no。|第|尾号|户号|工号|编号|单号|证号|牌号|电话|手机|号码?|楼|栋|幢|单元|室|￥|¥|\$|约"
    r"|(?<!中)等了?|花了?"
    r"|近|晚了?|迟到?了?|来了|才来|修了|停了|用了|跑了|打了(?=\d个|\d次)|打(?=\d次|\d个)|交了|付了|欠|充了"
    r"|扣了|多收|家里|一共|总共|共|有|每|这|那|前|后|(?<![偏体])上|(?<![一偏])下|从|(?<![收给减降升改提])到"
    r"|\b(?:rmb|g|no\.?|number|room|flat|unit|floor"
    r"|building|block|apartment|badge|account|order|ticket|ref|line|feeder|at|after|before|until|till|by"
    r"|past|(?<!complain )about|around|over|waited|for|took|in|within|another|last|next|these|those|only"
    r"|(?<!at )all|the|my|our|phase|tower|gate|level|least|have|has|had|than|plus|from|on"
    r"|bus|route|house|villa|shop|gang|team|zone|area|operator|desk|counter|extension|window|agent|type|version"
    r"|page|day|week|pm|am)) ?$"
)
_RATES = re.compile(
    r"(?:\bthink|\breckon|\bguess|(?:^|[,。!?吧吗呢了])那|打个?|数字|大写|选项|say(?:s|ing)?|看到了?|回个|给个?"
    r"|评个?|选个?|评价(?:是"
    r"|为)?|评分(?:是|为)?|打分(?:是|为)?"
    r"|评定|回复?|发个?|填|点|按|是"
    r"|算了|\bok|算|为|就|这次|本次|这回|今天这个|的份上|put me down for(?: an?)?"
    r"|改(?:成|为|到)?|换成|应该(?:是|给|打)?|值|得|满意度(?:是|为)?|服务态度"
    r"|服务(?=[1-5](?:分|$"
    r"|[,。!]))|总体|综合|整体|还是|最多|顶多|只能|最终|最后|只能给|勉强|才给?|只给?|score(?: is| of)?|write"
    r"|rate(?: it| you| them| this| the service)?(?: at| as| a)?|rating(?: is| of)?|given(?: an?)?|give(?: you"
    r"| it| them"
    r"| him| this| the service| the man| her)?(?: an?)?|giving(?: you| it| them)?(?: an?)?|deserves?"
    r"(?: an?)?|gets?(?: an?)?|choose|pick|say|answer(?: is)?|make (?:it|that)(?: an?)?|(?:it |i )?mean"
    r"(?:t|s)?|an?|it is(?: an?)?|is|change (?:it |that |mine |this |my (?:score|answer|rating) )?to(?: an?)?"
    r"|gives(?: an?)?"
    r"|should (?:be|have been)"
    r"|option|reply|overall|solid|then|=|->|,|:|full|easily|definitely) ?$"
)
FULL_BASE = re.compile(
    r"按(?:你们)?(?:的)?[五5]分(?:制|的?算)|^1(?:分)?(?:到|至|-)5(?:分)?(?:是吧|是吗|对吧|吧|嘛)"
    r"|(?<!给)(?<!打)(?<!评)满分(?:是|为)?(?:\d{2,4}|[5五十百]{1,3})分?|[\d五十一百]{1,4}分(?:满分|制)"
    r"|^(?:从|在)?1(?:分|星)?(?:到|至|-|,)5(?:分|星)?(?:的话|里面?|之?中|之间)?(?=[^\d].*[1-5])"
    r"|(?:out ?of|outta|(?<=[1-5] )of|(?<=four )of|(?<=five )of|(?<=three )of) (?:five|5)\b|/ ?5"
    r"(?!\d)(?: stars?)?"
)
_FIGURE = re.compile(
    r"(?<![\d.])-?\d+(?:\.\d+)?|(?<![一二三四五六七八九十百千万几数零])[零一二两三四五六七八九](?=[分星]|[颗粒]星|$"
    r"|[,。!]|主要|因为|原因)"
    r"|(?:(?<=[给打评])|^)十(?=分(?:吧|了)?[。!]?$|[。!]?$)"
    r"|(?<![a-z])(?:zero|one|two|three|four|five|six|seven|eight|nine|ten)(?![a-z])"
)
_WORDS_FIGURE = re.compile(r"(?:选项|打|给|评|选|回|改成|改为|是|必须)个?([零一二两三四五])(?=$|[,。!?吧啊了])")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that may be a rating, and where it stands.

    `strong`: a word of giving or of points is with it. `withdrawn`: considered, denied, past, supposed or another's.
    """

    value: float
    start: int
    end: int
    strong: bool
    withdrawn: bool


def value_of(figure: str) -> int:
    """What a figure in digits, Chinese or English counts; ValueError for any other text."""
    return _HAN[figure] if figure in _HAN else _EN[figure] if figure in _EN else int(figure)


_ASKED_ABOUT = re.compile(
    r"(?:分|星| stars?)?(?:的话|以下|以上|起|够吗|行吗|可以吗|好吗|吗|是(?:什么|最?好|最?坏|满意|最?高|最?低|最?差)"
    r"|[^,。!?0-9]{1,12}(?:吗|(?<![什怎这那多])么)(?:$|[,。!?])|[^,。!?0-9]{0,6}(?:能|有|会"
    r"|可以)[^,。!?0-9]{0,10}[不没](?:$|\?)|在哪|怎么(?:没|不)|(?:有什么|还是[1-5]分?)[^,。!?]{0,6}(?:好处|用"
    r"|意思|区别|呢)|代表|表示|什么意思|\?| means| (?:the )?(?:good|best|worst|bad|top|highest|lowest|enough)"
    r"[^,。!]{0,16}\?| the (?:best|worst|highest|lowest)\b| is (?:what(?! i\b| we\b| he\b)|the (?:best|worst"
    r"|highest|lowest)))"
)
#: "给三分，一分给速度两分给技术": how a rating is made up, not ratings.
_OF_IT = re.compile(r"其中(?:有|的)?$")
_ALLOTS = re.compile(r"分(?:是)?给(?!那|这|你|他|师傅|足|到|满|上|了|,|。|!|$)")
#: "一分没收", money that was not taken.
#: "is 3 average?".
_WHETHER = re.compile(r"^(?:is|are|does|do|would|will|can) [^,。!]*\?$")
_UNTAKEN = re.compile(r"分(?:钱)?(?:也|都)?(?:没|不)(?:有)?(?:要(?!再|问|发)|收|多收|拿|花|扣|少|减)")
#: "four out of five", "three only": what may stand behind a figure in words.
_BASED = re.compile(r" ,+(?:$|[^,])| only(?:$|[,。!])")
#: "five your guy is a legend": what goes on behind a figure in words.
_GOES_ON = re.compile(
    r" (?:for (?:the|your|this|mr|him|her|them|you|worker|service)|your|because|cos|coz|thanks|thank|he|she"
    r"|very|great|good|nice|all good)\b"
)
#: "3 fitters came": a plural after the figure is what it counts.
_COUNTS = re.compile(
    r" (?!thanks|is\b|was\b|this|as\b|has\b|cos\b|bcos\b|us\b|his\b|its\b|yes|tops\b|seems|sounds|feels|looks"
    r"|fits|does|shambles|always|works|plus"
    r"|because|stars|points|marks)[a-z]+[a-rt-z]s\b"
    r"(?! (?:up|down))"
)
#: "only 2": a figure made little of is still the figure.
_MERELY = re.compile(
    r"(?:^|(?<=[,。!?]))(?:only|just|maybe|merely|barely|roughly|probably|at least|at most|at best|around"
    r"|about)(?: an?)? $"
)
#: A surname that is also a counter: "5 张经理很好".
_NAMED = re.compile(
    r" ?[张方安段成代项口白路里米毛天万千百班辆](?:师傅|经理|工(?!程)|主任|先生|女士|姐|哥|小姐|所长"
    r"|站长|队长|班长)"
)
_POINTS = re.compile(
    r" ?(?:分(?!钟|钱|之|公司|局|店|厂|半钟|多钟|别|开|析|组|期|享|成|工|辨"
    r"|明|不(?=清|出|开|明|到|来)|配|支|歧|清)|[颗粒个]?星"
    r"(?![期级])|stars?|points?|pts?\b|out ?of|/ ?5|marks?)"
)
#: "8点20".
_CLOCK = re.compile(r"[0-9]点$")
#: "没毛病5杠杠的": what goes on right behind a figure, once the customer's spaces are gone.
_ON_HAN = re.compile(
    r"「|杠杠|谢|辛苦|感谢|多谢|修|很|非常|挺|真|太|蛮|超|中$|好|棒|赞|牛|师傅|小[哥伙王李张]|服务|态度|速度"
    r"|你们|没毛病"
    r"|不错|可以|吧|因为|就是|但|不过|主要|原因|点赞|加油|满意|一般|不满"
)
_BEHIND_HAN = re.compile(r"[\u3400-\u9fff」](?<![了的过块点米拜喝倒开着周期姓元角第说成减加])$")
#: "oops 5 not 1": what goes on behind a digit in English.
_ON_LATIN = re.compile(
    r" (?:not|but|because|bcoz|bcs|coz|cos|since|as|for|from|is|it|he|she|they|was|were|very|great|good|thanks|thank"
    r"|please|again|overall|instead|then|now|this|i|we|your|well|so|though|although|just|no|sorry|mate|guys|lol|haha)\b"
)
#: "ok5", "score4": a word and the figure in one.
_JOINED = re.compile(r"(?<![a-z])(?:ok|yes|good|great|nice|thanks|score|rate|rating|give|option|reply)$")
_UNIT_AFTER = re.compile(rf"(?!{_NO_UNIT})(?:{_UNIT})")


def _figure(text: str, match: re.Match[str], bare: str, *, lenient: bool = False) -> Figure | None:
    word, start, end = match[0], match.start(), match.end()
    value = float(_HAN.get(word, _EN.get(word, -99)))
    if value == -99:
        if len(word) > 6:
            return None
        value = float(word)
    after, before = text[end : end + 16], text[max(0, start - 24) : start]
    latin = word.isalpha() and word.isascii()
    if (
        (bare != word and _ASKED_ABOUT.match(after))
        or (_ALLOTS.match(after) and len(_FIGURE.findall(text)) > 1)
        or _UNTAKEN.match(after)
        or (text.isascii() and _WHETHER.match(text))
        or _OF_IT.search(before)
    ):
        return None
    if (len(word) > 1 and word[0] == "0") or (
        before[-1:].isascii() and before[-1:].isalpha() and not (_JOINED.search(before) and not after[:1].isalpha())
    ):
        return None
    unsaid = withdrawn(text, start, end)
    if _POINTS.match(after):
        if value < 0 or value > 999:
            return None
        return Figure(value, start, end, True, unsaid)
    if (_UNIT_AFTER.match(after) or after.startswith("星级")) and not _NAMED.match(after):
        return None
    if bare == word:
        return Figure(value, start, end, not latin, unsaid)
    if _BEFORE.search(_MERELY.sub("", before)) and not _RATES.search(before):
        return None
    if (word[0].isdigit() and len(word) > 2 and value > 5) or word.startswith("-"):
        return None
    before = _MERELY.sub("", before)
    if (
        after.startswith(" ")
        and not _BASED.match(after)
        and ((latin and not _GOES_ON.match(after)) or _COUNTS.match(after))
    ):
        return None
    if _CLOCK.search(before):
        return None
    opens = not before or before[-1] in ",。!?”→"
    closes = not after or after[0] in ",。!?「 " or after.startswith(("主要", "因为", "原因", "杠杠", "多谢", "谢谢"))
    if _RATES.search(before) and (closes or not latin or after.startswith(" for ")) and before[-1] not in ",。!":
        return Figure(value, start, end, True, unsaid)
    if opens and closes:
        return Figure(value, start, end, False, unsaid)
    if latin and opens and _GOES_ON.match(after):
        return Figure(value, start, end, False, unsaid)
    if latin or word in _HAN:
        return None
    if not before or before[-1] in ",。!?":
        return Figure(value, start, end, False, unsaid)
    if not after or after.strip(",。! 「」赞笑谢吧哈啦呗嘛") == "":
        return Figure(value, start, end, False, unsaid)
    if lenient and (
        (before[-1:] == " " and (_ON_LATIN.match(after) or (closes and not latin and after[:1] != " ")))
        or (_BEHIND_HAN.search(before) and (_ON_HAN.match(after) or closes))
    ):
        return Figure(value, start, end, False, unsaid)
    return None


def figures_of(text: str) -> list[Figure]:
    """The figures that may be a rating, in the order of the text.

    Figures in the middle of other words count only where no other figure is given.
    """
    found: dict[int, Figure] = {}
    stripped = FULL_BASE.sub(lambda base: "," * len(base[0]), text)
    bare = text.strip(" ,。!?「」赞笑谢好()[]{}<>#*_+=:\"'“”")
    matches = list(_FIGURE.finditer(stripped))
    for lenient in (False, True):
        if all(figure.withdrawn for figure in found.values()):
            for match in matches:
                figure = _figure(stripped, match, bare, lenient=lenient)
                if figure is not None:
                    found.setdefault(figure.start, figure)
    for match in _WORDS_FIGURE.finditer(stripped):
        if match.start(1) not in found:
            unsaid = withdrawn(stripped, match.start(1), match.end(1))
            found[match.start(1)] = Figure(_HAN[match[1]], match.start(1), match.end(1), True, unsaid)
    return [found[start] for start in sorted(found)]
