"""Which figure, if any, the customer gives as the rating.

Every figure of the text is judged by what stands around it: a count of minutes, a floor, a date, an amount
or a badge is none; a figure considered, denied or past gives way to the one finally given. Where two remain,
or figure and words contradict each other, there is no score, and a person decides.
"""

from __future__ import annotations

import re

from gateway.inbox.understanding.score_figures import FULL_BASE, Figure, figures_of, value_of
from gateway.inbox.understanding.score_spelling import spelt
from gateway.inbox.understanding.score_stance import RELAYED, withdrawn
from gateway.inbox.understanding.score_words import FULL, MOST, Rated, by_words, contradicted

_CHANGES = re.compile(
    r"改(?:成|为|到|给|打)|换成|更正|纠正|算了|还是(?:给|打|选)|最终|最后|不对|(?:打|按|发|回|评|选|写|点"
    r"|弄)错|错[按发]|误[触按]|反了|实为|应为|手滑|手误|应该(?:是|为|给|打)|哦不|不,|重新|收回|才对"
    r"|\b(?:sorry|meant|mean|change|correction|actually|no wait|oops|make (?:it|that)|should (?:be"
    r"|have been)|instead|mistake|typo|(?<!would )rather|final\w*|scratch that)\b"
)
_FINAL = re.compile(
    r"(?:^|[,。!? 吧吗呢嘛啊]|(?<=[\d分星]))(?:那|那么|所以|哎|唉|算了|我)?"
    r"(?:(?:就按|就|还是|最终|最后|综合(?:下来|起来)?|总体|总的(?:来说)?|总分|总评|实打|实给|四舍五入|听我的|可惜|等于"
    r"|取中|折中|中和|现在|目前|正确的?|实际|真实)(?:就|给|打|评|选|是|算|记|按|取|只能)*"
    r"|(?:就|给|打|评|选|是|算|记|按|取|只能|其实想|其实是|我说|我说给)+)(?:你们?|个)?$"
    r"|(?:综合|听我的|听他的|最终|最后|取中|折中|(?<=[,。!?分吧吗呢])(?:那|那么|所以)|也就是|等于|\d-\d=)$"
    r"|\b(?:but no,? ?|would but ?|(?:go(?:ing)?|went|stick(?:ing)?) with (?:the |an? )?|settled? (?:on|for) (?:an? )?"
    r"|(?:overall|finally|so|therefore|hence|final answer|call it|all in all|on balance|let us say"
    r"|i say)[,:]? (?:it is |i give |i say |an? )*)$"
)
#: "去年给1分，这回来得快，5分": what is said of this time counts.
_THIS_TIME = re.compile(
    r"(?:去年|上次|上回|上上次|上个?月|上周|昨天|之前|以前|从前|过去|往常|平时|以往|一向|一直|前几次|前两次"
    r"|那次|那回|从不|从没|第一次|原以为|想好了)"
    r"[^!?]{0,80}(?:这次|这回|这趟|这个月|今年|今天|今儿|本次|如今|没想到|这两)[^,。!?]{0,24}(?:,[^,。!?]{0,24}){0,3}$"
    r"|\b(?:(?:last|previous) (?:time|year|month|winter|summer|week|visit)|used to|usually|normally|yesterday"
    r"|it was)\b[^!?]{0,80}"
    r"\b(?:this (?:time|year|month|week|one)|today|now)\b[^。!?]{0,24}$"
)
#: "打5怕他骄傲,4": a figure that stands alone at the end, after another with words of its own.
_ALONE_AT_LAST = re.compile(
    r"[1-5](?:分|星)?[^。!?\d]{3,}[,。!?](?:就|给|打|算)?[1-5](?:分|星)?(?:吧|了)?[。!]?$|[1-5](?:分"
    r"|星)[^,。!?\d]{3,}[1-5](?:分|星)?(?:吧|算了)[。!]?$"
)
#: What one thought of giving, before the figure one gave.
_FIRST_THOUGHT = re.compile(
    r"(?:第一反应|一开始|起初|起先|原来|本来|原本)[^,。!?]{0,4}$"
    r"|\b(?:first (?:thought|said)|would (?:have )?give[n]?|was going to)\b[^。!?]{0,16}$"
)
_DEDUCTS = re.compile(
    r"(?:再)?多[一1]分(?:都|也)|剩(?:到|下)?(?:的)?那?[一1]分|留(?:下|了)?[一两二12]分"
    r"|扣掉?[^,。!?0-9]{0,8}那[一二两三半1-3]分|(?:扣|减|(?<!至)(?<!最)少"
    r"|(?<![的字太真极很务度])差|去掉|(?<![回出上下过进来])去(?=[一1两2])|(?<!就)掉|降|加)(?:的那|的|那|了|你"
    r"|你们|他|他们|个|掉"
    r"|给)*(?:[一二两三四五半\d])(?:分|颗?星)|"
    r"(?:take|taking|took|minus|deduct\w*|knock\w*|lose|lost|dock\w*|less|off) (?:off )?(?:a|one|1|two|2"
    r"|half a)? ?(?:points?|stars?|marks?)|(?:one|a|1|two|2) (?:points?|stars?|marks?) (?:off|less"
    r"|deducted|down)"
)
#: What may follow a figure that is a whole answer.
_ENDS = ("", ",", "。", "!", "?", "「", " ")
#: "5分扣1分，4分": what is left, and nothing behind it.
_REST = re.compile(r"(?:分|星)?(?:吧|了)?[。!]?$")
_RANGE = re.compile(
    r"[1-5一二三四五](?:分|星)?还是(?:打|给|选)?[1-5一二三四五](?:分|星)?(?:呢|啊|呀|你|都|好|合适|\?|,|。|$)"
    r"|[1-4](?:分"
    r"|星)?\+(?!\+)|(?:不低于|不少于|高于|不止|超过)[1-5]"
    r"|[一二三四]点[一二三四五六七八九](?=分(?!钟)|吧|左右|$|[,。!])|[一二三四][,/][二三四五]分"
    r"|[1-5] ?or ?[1-5]|not sure|^[1-5] [1-5] whatever|\d⁄\d|[1-5] and a half|不是[1-5]就是[1-5]"
    r"|太多[^。!?]{0,8}太少|看着[填给评打]"
    r"|随便你?们?[挑填选]|不,?算了|^[^给打评]{0,12}([1-5])分(?!\1)[1-5]分(?!,)"
    r"|[一二三四五](?:到|至|或者?)[一二三四五]分|[1-5][分星]?(?:-|到|至|或者?|和|/| or | to )[1-5](?!\d)"
    r"[分星]?(?!分制)|[三二四一][四五三二][分星]|[1-5]\.[1-9](?!\d)|[1-5][分星]?半(?!个|小时|天|夜|路|拉|点|年)"
    r"|[一二三四][分星]半|十二分满意"
    r"|(?<!\d)\d{1,2}%满意|or above|high \d low|between [1-5]"
)
_TARGETS = re.compile(
    r"(?:师傅|人|工人|小伙|小哥|电工|抢修|维修|员工|服务态度|态度|worker|man|guy|technician|crew|team"
    r"|engineer)[^。!?]{0,6}?[1-5一二三四五]分?[^\d。!?]{0,3}(?:,|但|但是|不过|而|and|but)[^。!?]{0,6}?"
    r"(?:公司|供电局|单位|你们|速度|效率|质量|结果|调度|客服|系统|电网|流程|时间|company|utility|office"
    r"|call cent|hotline|speed|you|system|response)[^。!?]{0,6}?(?:[1-5]|[一二三四五](?=[分星,。!]|$))"
    r"|(?:公司|供电局|单位|你们|速度|效率|质量|调度|客服|系统|company|utility|office|hotline|speed"
    r"|response)[^。!?]{0,6}?[1-5一二三四五]分?[^\d。!?]{0,3}(?:,|但|不过|and|but)[^。!?]{0,6}?(?:师傅|人"
    r"|工人|小哥|电工|维修|员工|态度|worker|man|guy|technician|crew|team)[^。!?]{0,6}?(?:[1-5]"
    r"|[一二三四五](?=[分星,。!]|$))"
)
#: What is rated apart.
_RATED = (
    r"(?:师傅|工人|小[哥伙]|电工|维修|抢修|员工|人|活|态度|服务(?:态度)?|技术(?:水平)?|速度|效率|质量|价格|收费"
    r"|材料|公司|单位|供电局"
    r"|客服|热线|95598|接线员?|前台|派单|调度|系统|流程|专业|卫生|沟通|及时性?|响应|结果|满意度|解决度)"
)
_RATED_LATIN = (
    r"(?:fix|wait|work|job|visit|calls?|app|bill(?:s|ing)?(?: dept)?|worker|man|guy|technician|crew|team"
    r"|engineer|speed|quality|service|manners?|attitude|price|cost|office|company"
    r"|hotline|call cent(?:er|re)|phone|communication|response|repair|electrician|utility|system)"
)
_EACH = re.compile(
    rf"{_RATED}(?:我|只|才|就|给|打|是|的|得)*[1-5五四三二一](?:分|星)?[,。 ]?(?:但|不过|而|和)?{_RATED}"
    rf"(?:我|只|才|就|给|打|是|的|得|也|能)*(?:[1-5](?!\d)|[五四三二一](?=[分星,。]|$))"
    r"|^(?:人|活儿?|技术|态度|服务|师傅|质量|速度)[1-5]分?[,。 ]?(?:价格|收费|速度|公司|单位"
    r"|态度|服务)[1-5]分?$|[1-5](?: stars?)? (?:for"
    r"|to) [^,。!?0-9]{2,40}(?:,|and|but|yet|though)"
    r"[^。!?0-9]{0,12}(?:[1-5]|zero|one|two|three|four|five)(?: stars?)? (?:for|to) "
    r"|(?:five out of five|full marks) for [^,。!?]{2,30}, ?(?:but |and )?(?:zero|one|two|three|four|[0-4]) for "
    r"|(?:的|人)我?(?:只)?给?[1-5五四三二一](?:分|颗?星|,)[^。!?0-9]{2,14}(?:的|人|那个)我?(?:只"
    r"|就)?给?(?:[1-5](?!\d)|[一二三四五](?=[分颗星]|$))"
    rf"|\b{_RATED_LATIN}(?: was| is| gets?)?[:,]? [1-5](?: stars?)?[,。 ]*(?:and |but )?(?:the "
    rf"|your )?{_RATED_LATIN}(?: was| is| gets?)?[:,]? [1-5]\b"
    r"|[1-5五四三二一零0]分给[^,。!?0-9]{1,6}[,。 ]?[0-5零一二三四五]分给"
    rf"|^(?!nearly|almost|not|was|sorry|oops|now|make)[a-z]{{3,}} [1-5],? (?!but|now|then|make"
    rf"|or)[a-z]{{3,}} [1-5][。!]?$"
    r"|[1-5] on [a-z ]{2,16},? (?:and |but )?[1-5] on "
    r"|给(?!你|个|打|分|满)[\u3400-\u9fff]{1,4}[1-5](?:分|星)?[,。 ]?(?:但|不过)?给[\u3400-\u9fff]{1,4}[1-5]"
    r"|一[个位次趟回][^,。!?]{0,6}?[1-5](?:分|星)?[,。 ]?(?:另)?一[个位次趟回][^,。!?]{0,6}?[1-5]"
    r"|的[^,。!?0-9]{0,4}[1-5]分[,。 ]?[^,。!?0-9给改次]{2,10}的[^,。!?0-9给改次]{0,4}[1-5]分"
    r"|1st [^,。!?]{2,12} [1-5],? ?(?:and )?2nd [^,。!?]{2,12} [1-5]|(?:人|师傅"
    r"|态度)(?:给)?满分[,。 ]?[^,。!?]{1,6}(?:零蛋|[0零1一]分)"
    r"|第一[个位][^,。!?]{0,6}?[1-5]分?[,。 ]?第二[个位][^,。!?]{0,6}?[1-5]"
    r"|^[\u3400-\u9fff]{2,3}[1-5]分?[,。 ]?(?:师傅|电工|客服|前台|抢修)[1-5]分?$"
)
_RATED_EACH = re.compile(r"[1-5]|[零一二三四五](?=[分星颗])|\b(?:zero|one|two|three|four|five)\b")
#: What comes of several ratings.
_OVERALL = re.compile(
    r"(?:总的(?:来说|来讲|来看)?|总体(?:来说|上)?|综合(?:起来|下来)?|总分|总评|整体|合起来|最终|最后|折中|取中|算)"
    r"(?:就|给|打|评|算|是|选)*个?[1-5一二三四五](?:分|星)?(?:吧|了)?[。!]?$|\boverall (?:an? )?[1-5]"
)
#: What neither of two things rated apart is called by: words of giving, of time, of correction.
_NO_THING = r"给打评选改次来回是不想要原就还现按那这总综今昨前后错算最共发说为从由到升降减加扣\W\da-z"
#: "修理5,短信通知2": two things, each with its figure, and nothing else.
_PAIR = re.compile(
    rf"^(?:[^,。:\d]{{2,8}}[:,])?[^{_NO_THING}]{{1,4}}[1-5](?:分|星)?[,。 ]?(?:但|不过|而|和)?"
    rf"[^{_NO_THING}]{{1,5}}[1-5](?:分|星)?[。!]?$"
    r"|^(?!.*\b(?:was|last|now|not|gave|give|this|meant|score|rate|said|but it|change|make|i|in|from|overall|total)\b)"
    r"(?:the |my )?[a-z][a-z ]{2,20},? ?[1-5](?: stars?)?,(?:and |but )?(?:the )?[a-z][a-z ]{2,20},? ?[1-5][。!]?$"
)
_ORDERS = re.compile(
    r"(?<!没)(?<!没有)(?<!不用)(?:让|叫|要|要求|逼|求|请|喊|希望)(?:我|你|客户|他)(?:们)?(?:必须|一定要?|务必"
    r"|都|要)?(?:给|打|回|评|选|按|填)"
    r"[^,。!?]{0,6}[1-5五满]|(?:told|asked|begged|forced|wants?|made) me (?:to )?(?:give|rate|press|reply"
    r"|answer|for(?= (?:an? )?[1-5]))"
)


#: "把2改成4", "change my 1 to 4": what a figure is turned into.
_TURNED = re.compile(
    r"[1-5一二三四五](?:分|星)?(?:[^,。!?0-9]{0,4})(?:改成|改为|换成|改到|变成)(?:了)?([1-5一二三四五])(?!\d|个"
    r"|小时|天)"
    r"|(?:^|[,。!? 把])[1-5](?:分|星)?改([1-5])(?:分|星)?(?:吧)?(?:$|[,。!])"
    r"|\b(?:change|switch|correct|update|turn) [^。!?0-9]{0,24}[1-5](?: stars?)? (?:to|into) (?:an? )?([1-5])\b"
    r"|[1-5](?:分|星)?[,。]?(?:啊|哦|噢|哎|呃|额|唉|诶|哎呀)[,。]?(?:不|不是|不对|错了|打错了?)[,。]?(?:是"
    r"|应该)?([1-5])(?:分|星)?(?:吧|了)?(?:$|[,。!])"
    r"|^[1-5][,。!]?[ ,。]*(?:hmm|no|wait|actually|oops|or rather|i mean)(?:[ ,。]+(?:no|wait"
    r"|i mean))*[ ,。]+([1-5])(?:$|[,。!])"
    r"|[1-5](?:分|星)?(?:降|减|升|加|提|调|改|变|换)(?:到|为|成|至)?([1-5])(?:分|星)?(?:吧|了)?(?:$|[,。!])"
    r"|以([1-5一二三四五])(?:分|星)?为准"
    r"|^(?:刚才|刚刚)?(?:(?:按|打|发|点|选|回)错了?[, ]?)+(?:应该)?(?:是|给)?([1-5一二三四五])(?:分|星)?"
    r"(?:$| [1-5]$|[, ]?不是[1-5一二三四五])"
    r"|之间,?(?:那)?(?:就|还是|算)(?:给|打|选|按)?([1-5一二三四五])(?:分|星)?(?:吧|了)?$"
    r"|(?<![\d.])(?<!of )([1-5])(?: stars?)? from (?:me|us)\b(?! if)|\b(one|two|three|four|five) from (?:me|us)\b"
)


#: "给4给5随便你们填", "3到4之间吧".
_LEFT_OPEN = re.compile(
    r"[1-5五四三二一][^。!?]{0,24}(?:看着[填给评打]|随便你?们?[挑填选])"
    r"|[1-5](?:分|星)?(?:到|至|-|和)[1-5](?:分|星)?之间(?![^1-5]{0,6}[1-5])"
)
#: "8/10", "8 out of 10": the scale is said with the figure.
_OF_TEN = re.compile(
    r"(?<![\d/.])(\d{1,2}|three|four|five|six|seven|eight|nine|ten)(?: stars?)? ?(?:/|out of|outta)"
    r" ?(?:10|ten)(?![\d/])"
)
_BETWEEN = re.compile(r"\d(?:分|星)?(?:-|到|至|或者?|和|/| or | to )\d")
#: A figure and nothing but a question mark.
_QUESTIONED = re.compile(r"^[1-5](?:分|星)?\?+$")


def _alike(ratings: str) -> bool:
    """Whether all that is rated there gets the same figure."""
    given = [value_of(figure) for figure in _RATED_EACH.findall(ratings)]
    return len(given) > 1 and len(set(given)) == 1


def _clear(kept: list[Figure], text: str, scale: tuple[int, int]) -> list[Figure]:
    """Without figures that run on into other words, and such as no scale has, where another is plainly given."""
    if len({figure.value for figure in kept}) < 2:
        return kept
    plain = [figure for figure in kept if figure.strong or text[figure.end : figure.end + 1] in _ENDS]
    if len({figure.value for figure in plain}) == 1:
        return plain
    last = kept[-1]
    settled = scale[0] <= last.value <= scale[1] < 10 and _REST.match(text[last.end :])
    if settled and all(figure.value >= 10 or figure.value == last.value for figure in kept):
        return [last]
    return kept


def rate(text: str, scale: tuple[int, int], *, aggrieved: bool = False) -> Rated:
    """The rating in a plain text that answers a survey on `scale`, or `NO_RATING`.

    `aggrieved`: a grievance was heard in it, so that kind words beside a low figure are not meant.
    """
    low, high = scale
    text = spelt(text)
    if high > 5:
        text = _OF_TEN.sub(r"\1分", text)
        if _BETWEEN.search(text):
            return Rated(True, None, True, "between two figures")
    elif of_ten := _OF_TEN.search(text):
        text = _OF_TEN.sub(",", text)
        if not figures_of(text):
            return Rated(True, None, of_ten[1] != "10", "a figure of another scale")
    deducted = _DEDUCTS.search(text)
    seen = _DEDUCTS.sub(lambda found: "," * len(found[0]), text) if deducted else text
    if _QUESTIONED.match(text) or (MOST.search(text) and "非常不满意" in text):
        return Rated(True, None, True, "the scale is asked about, or quoted")
    turned = _TURNED.search(text)
    if turned is not None:
        final = value_of(next(filter(None, turned.groups())))
        if low <= final <= high:
            return Rated(True, final, False, f"the figure finally given, {final}")
    bare = FULL_BASE.sub("", seen)
    apart = [found for form in (_TARGETS, _EACH, _PAIR) if (found := form.search(bare))]
    if any(not _alike(found[0]) for found in apart) and not _OVERALL.search(seen):
        return Rated(True, None, True, "two things are rated apart")
    figures = [figure for figure in figures_of(seen) if figure.strong or low <= figure.value <= high]
    if deducted and not figures:
        return Rated(True, None, True, "a deduction is not a figure")
    kept = _clear([figure for figure in figures if not figure.withdrawn], seen, scale)
    values = list(dict.fromkeys(figure.value for figure in kept))
    last = bool(kept and (_FINAL.search(text[: kept[-1].start]) or _THIS_TIME.search(text[: kept[-1].start])))
    last = last or bool(_ALONE_AT_LAST.search(text))
    last = last or bool(deducted and kept and deducted.end() <= kept[-1].start and _REST.match(text[kept[-1].end :]))
    if _LEFT_OPEN.search(text):
        return Rated(True, None, True, "the choice is left to us")
    if _RANGE.search(FULL_BASE.sub("", text)) and not (values and (last or _CHANGES.search(text))):
        return Rated(True, None, True, "between two figures")
    if len(values) > 1:
        settled = last or _FIRST_THOUGHT.search(text[: kept[0].start])
        if settled or _CHANGES.search(text) or len({f.value for f in figures}) > len(values):
            values = values[-1:]
        else:
            return Rated(True, None, True, "more than one figure")
    if not values:
        return by_words(text, scale, figures, aggrieved=aggrieved)
    value = values[0]
    full = FULL.search(text)
    if full and value != high and not last and not withdrawn(text, full.start(), full.end()):
        return Rated(True, None, True, "full marks and another figure")
    if last:
        value = kept[-1].value
    if value != int(value) or not low <= value <= high:
        if full:
            return Rated(True, high, False, "full marks")
        return Rated(True, None, value != int(value) or value in (10, 100), "the figure is not on the scale")
    score = int(value)
    if contradicted(text, score, scale, aggrieved=aggrieved):
        return Rated(True, None, True, "figure and words contradict each other")
    ordered = _ORDERS.search(text) and not any(RELAYED.search(text[: figure.start]) for figure in kept)
    if ordered and all(figure.value == value for figure in figures):
        return Rated(True, None, True, "the figure is what somebody asked for")
    return Rated(True, score, False, f"the figure {score}")
