"""What words say of a rating: those of the scale itself, full marks, and praise or blame beside a figure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.inbox.understanding.phrases import pattern
from gateway.inbox.understanding.score_figures import Figure
from gateway.inbox.understanding.score_stance import withdrawn


@dataclass(frozen=True, slots=True)
class Rated:
    """What was found about a rating: `given` if one was meant at all, `score` if a figure can be used."""

    given: bool
    score: int | None
    doubtful: bool
    because: str


NO_RATING = Rated(False, None, False, "")


FULL = re.compile(
    r"^(?:the )?(?:highest|maximum|max|top)(?: possible| one)?[。!]?$|(?:给|选|打|评)(?:你们|师傅"
    r"|他们?)?个?最高(?:的|那个|一个|档|级)*(?=$|[,。!])|^满分[5五]分?(?=$"
    r"|[,。!](?!.*[1-5一二三四五][分星]?[吧了。!]?$))|^(?:打|给|评)满(?:$|[,。!])|(?:five|5) (?:out of"
    r"|outta) (?:five|5)(?! if"
    r"| would)|(?<!不)(?<!没)(?:最高分|顶格)"
    r"(?!是|才|多少)|(?<!不)(?<!没)(?<![不没]打)(?<![不没]给)(?<!就)满分(?!作文|答卷|是|为|才|多少|只|谈不上|1"
    r"|5|十|五|一百)"
    r"|(?:full|top|maximum|max|perfect|highest) "
    r"(?:marks?|score|points?|rating)|五星好评|5星好评"
)
_VERY = (
    r"(?:非常|十分|特别|超级?|一万个|一百个|一千个|极其|极为|极|太|相当|无比|万分|百分之?百|百分百|100%|1000%"
    r"|绝对|真的?很|很|挺"
    r"|蛮|老|真心|巨|贼|好|最|完全)"
)
_NOT = (
    r"(?:不是很|不是太|不太|不大|不怎么|不是特别|不是非常|没有很|不够|不算|不甚|不咋|不很|不是那么|不咋么"
    r"|不是十分|并不|不那么)"
)
_LEAST = re.compile(
    rf"(?:{_VERY}(?:的)?|一点(?:儿)?(?:也|都)|丝毫|毫|压根|根本就?|从来|半点都)(?:地|的)?不(?:是)?"
    rf"(?:很)?满意|very (?:dis|un)satisfied|(?:extremely|totally|completely|highly|really|most) (?:dis|un)"
    rf"satisfied|not (?:at all )satisfied|not satisfied at all|(?:非常|十分|极其?|特别|极度)不满(?!意)"
)
_LESS = re.compile(
    rf"{_NOT}满意|不满(?!意)|不满意|^(?:很|非常)?失望满意|不(?:能|会|可能)满意|(?:dis|un)satisfied|not "
    rf"(?:very |really |too |that |so |quite |particularly )*satisfied|not (?:very |really )*happy with"
)
_MIDDLE = re.compile(
    r"(?<!叫)(?<!是)一般(?!几|下午|上午|早上|晚上|多久|什么|怎么|需要|停|这|那|我|情况|来说|不(?!好不坏|上不下)"
    r"|都|在|人|用户|要"
    r"|是|会|的?时候|居民|工商)|一般般|^普通(?:吧"
    r"|水平)?[。!]?$"
    r"|(?<!the )(?<!same )neutral(?! (?:is|was|wire|line|problem|fault|point))"
)
MOST = re.compile(
    rf"{_VERY}(?:的|地)?满意|满意(?:死了|极了|得很|至极|到极点|加(?:满意|5|五))|(?:very|extremely|totally"
    rf"|completely|highly|really|fully|super|most) satisfied"
)
_GOOD = re.compile(r"满意|satisfied")
_LOWEST = re.compile(
    r"(?:给|打|评|选|只配|只值)(?:你们?|他们?|个)*最低分?(?!是|多少)|^最低分|^(?:the )?(?:lowest"
    r"|minimum)(?: possible| one)?[。!]?$"
    r"|\b(?:lowest|minimum) (?:score|marks?|rating)\b"
)
_ASKED_VERDICT = re.compile(
    r"(?:谈什么满意|(?:你|他|领导|上级|上面|老板)们?满意(?:就|了)|满意,?才怪|谁满意|满意(?:我|自己)的"
    r"|[1-5一二三四五](?:分|星)?(?:就是|是|代表|表示|等于|=)(?:非常|很"
    r"|最)?不?(?:满意"
    r"|一般)(?:吧|对吧|是吧|嘛|的意思)|满意(?:个|什么)(?:屁|鬼|头|毛|锤子)?|几分(?:算|是|才|叫)?满意"
    r"|多少分(?:算|是|才|叫)?满意|满意(?:吗"
    r"|么|不|了吗|没)|满意度|不满意(?:可以"
    r"|怎么|能|的话|会)|satisfied\?|(?<!不)怎么(?:才)?满意|几分~满意|多少分~满意|令?人?满意的?(?:答复|答案"
    r"|解决|处理|结果|说法)|满不满意|满意不满意|(?:^|[,。!])满意\?|才(?:能)?满意|就(?:会)?满意|(?:是|为)你们满意)"
)
#: More than "满意" and less than "非常满意".
_NEARLY_MOST = re.compile(r"(?<!不)(?<!不是)(?<!没有)(?:很|挺|蛮|相当)满意(?!度)")
_FULL_WORDS = re.compile(r"非常|特别|不满意|极|完全|十分|满分|五星")
#: "非常满意谈不上", "没到非常满意".
_NOT_QUITE = re.compile(
    rf"(?:{_VERY})?满意(?:是|还|也|倒)?(?:谈不上|说不上|称不上|不至于|算不上|没到)"
    rf"|(?:没到|不到|没达到|达不到|不是(?=[非特超])|称不上|谈不上|说不上|算不上)(?:{_VERY})?满意"
)
_NOT_BUT = re.compile(r"不是(?:很|非常)?(?:满意|一般),?(?:而)?(?=是)")
_DOUBLE = re.compile(
    r"(?:不能说|不敢说|不好说|不至于|没有?|不是|并非|不算|没什么|没啥|谈不上|说不上|哪有|没有什么"
    r"|没有任何|没有?一点|没有?半点|没有?丝毫|哪里)(?:什么|啥|任何|特别|很|太)?不满意?|没有?(?:什么|任何)?不满"
    r"|not (?:dis|un)satisfied"
    r"|no dissatisfaction|(?:不能|无法|没法)不满意"
)
_TALKED = re.compile(r"(?:谈不上|说不上|称不上|基本|还算|勉强|比较|算|凑合|马马虎虎|差不多|大体|总体上?|大致)满意")
_ALL_IN_ALL = re.compile(r"(?:总体|整体|总的来说|大体)(?:上|来说|还是|还算|也)*满意")
_CONTRAST = re.compile(r"但|不过|可是|就是|只是|而|only because|\b(?:but|however|though|except)\b")

_PRAISE = pattern(
    r"(?<!不)(?<!没)(?<!不太)(?<!不是)(?<!不算)(?:很|非常|十分|特别|挺|真|太|超|蛮|都|都很|也很|相当|最)"
    r"(?:好(?!久|多|几|奇|像)|棒|赞|快(?!死)|专业|热情|耐心|负责|及时|不错|细心|认真|满意|贴心|周到|给力"
    r"|靠谱|到位|高效|迅速)|不错|点赞|好评|「赞」|给力|优秀|完美|杠杠的|没的说|没话说|(?<!不)非常满意|"
    r"(?<!不)很满意|(?<![不算])满意(?!吗)|厉害|表扬|感谢|谢谢|^[1-5],?好(?:$|[,。!])|好(?:样的|评)",
    r"(?<!\bno )(?<!\bnot )(?<!not very )(?<!not so )(?<!not too )(?<!never )\b(?:excellent|quick|great|perfect"
    r"|brilliant|wonderful|fantastic|amazing|awesome|very good|good (?:job"
    r"|work|service)|well done|very (?:satisfied|happy|pleased|professional|helpful|friendly|polite|quick"
    r"|fast)|superb|outstanding|best|love(?:d|ly)|friendly|polite|helpful|professional)\b",
)
_BLAME = pattern(
    r"不满意|不满|(?<![零没无不])差(?<!不算差)(?!不多|点)|恶劣"
    r"|(?<!倒)(?<![倒扔丢][了掉])(?<!扔)垃圾(?!桶|袋|站|房)|糟|失望|投诉|骗|(?<!霉)烂(?!摊子)|太(?:慢|啰嗦|麻烦|贵|久"
    r"|吵|脏|乱)|没修(?!(?:得)?这么)|没解决|没人(?!受|住|在)"
    r"|(?<!去年)(?<!上次)根本没|态度不好|敷衍|推诿|「差」|「怒」|恶心|(?<!水)坑|没处理|不专业|扯淡|差劲|个屁|拖拉|气死",
    r"\b(?:dissatisfied|unsatisfied|terrible|awful|horrible|poor|worst|rude|slow|useless|disappoint\w+"
    r"|unacceptable|nobody|no one(?! could)|waste|pathetic|mess|disgust\w+|rubbish|unprofessional)\b",
)


def by_words(text: str, scale: tuple[int, int], figures: list[Figure], *, aggrieved: bool = False) -> Rated:
    """The rating where no figure is given: the scale's own words, or full marks."""
    if scale != (1, 5):
        return full_marks(text, scale) or NO_RATING
    if _DOUBLE.search(text):
        return NO_RATING
    if _NEARLY_MOST.search(text) and not _FULL_WORDS.search(text):
        return Rated(True, None, True, "between two words of the scale")
    plain = _NOT_BUT.sub("", _ASKED_VERDICT.sub("", text))
    marks: list[int] = []
    for words, figure in ((_LEAST, 1), (_LESS, 2), (MOST, 5), (_TALKED, 0), (_GOOD, 4), (_MIDDLE, 3)):
        plain, count = words.subn("", plain)
        if count:
            marks.append(figure)
    if not marks:
        full = full_marks(text, scale)
        if full is not None:
            return full
        if _LOWEST.search(text):
            return Rated(True, scale[0], False, "the lowest of the scale")
        return Rated(True, None, True, "a figure taken back") if figures else NO_RATING
    if set(marks) in ({4, 5}, {1, 2}) and not _CONTRAST.search(text):
        return Rated(True, 5 if 5 in marks else 1, False, "the scale's own words")
    if len(marks) > 1 or (_CONTRAST.search(text) and marks[0] >= 4 and _BLAME.search(text)):
        return Rated(True, None, True, "more than one verdict")
    if marks[0] == 0:
        if "谈不上" in text or "说不上" in text or "称不上" in text:
            return Rated(True, None, True, "half a verdict")
        return Rated(True, 4, False, "the scale's own words")
    if marks[0] >= 4 and ((aggrieved and not _CONTRAST.search(text)) or _BLAME.search(text)):
        return Rated(True, None, True, "words that contradict each other")
    return Rated(True, marks[0], False, "the scale's own words")


def full_marks(text: str, scale: tuple[int, int]) -> Rated | None:
    """The highest of the scale where full marks are given, None where they are not."""
    found = FULL.search(text)
    if found is None or withdrawn(text, found.start(), found.end()):
        return None
    if _BLAME.search(text):
        return Rated(True, None, True, "full marks and blame")
    return Rated(True, scale[1], False, "full marks")


def contradicted(text: str, score: int, scale: tuple[int, int], *, aggrieved: bool = False) -> bool:
    """Whether the words beside a figure say the opposite of it."""
    if scale != (1, 5):
        return False
    text = _NOT_QUITE.sub("", _DOUBLE.sub("", _ASKED_VERDICT.sub("", text)))
    unhappy = bool(_LEAST.search(text) or _LESS.search(text)) and not _ALL_IN_ALL.search(text)
    happy = not unhappy and bool(MOST.search(text) or _GOOD.search(text))
    if (unhappy and score >= 4) or (happy and score <= 2):
        return True
    if (score in (3, 4) and _TOP.search(text)) or _BESIDE_ITS_WORD.match(text):
        return True
    if unhappy:
        return False
    praise, blame = bool(_PRAISE.search(text)), bool(_BLAME.search(text))
    if score >= 4 and not praise and _SNEER.search(text):
        return True
    if score == 4:
        return blame and not praise and bool(_HARSH.search(text))
    excused = blame or aggrieved or bool(_CONTRAST.search(text))
    return (score <= 2 and praise and not excused) or (
        score == 5 and blame and not praise and not _mild(text) and _is_verdict(text)
    )


#: A figure and, alone beside it, the scale's word for another.
_BESIDE_ITS_WORD = re.compile(r"(?:3|三)(?:分|星)?[, ]?满意[。!]?$|(?:4|四|5|五)(?:分|星)?[, ]?一般[。!]?$")
#: The scale's own words for its highest figure.
_TOP = re.compile(r"(?<!不)非常满意|\bvery satisfied\b")
#: What is laughed at rather than praised.
_SNEER = re.compile(r"(?<!「)呵呵|「呵呵」「呵呵」")
_MILD = re.compile(
    r"了点|点儿?$|就是|只是|有点|稍|略|不过|但|如果|要是|建议|希望|下次|一点|bit|little|but|just|only"
    r"|slightly|though|next time|wish|hope"
)


_HARSH = re.compile(
    r"差评|差劲|极差|极其?差|(?<!倒)(?<![倒扔丢][了掉])(?<!扔)垃圾(?!桶|袋|站|房)|恶劣|投诉|气死|恶心|骗|没修|没解决"
    r"|没处理|个屁"
    r"|terrible|worst|awful|rubbish|useless|(?:nobody|no one) (?:came|showed|turned)"
)


#: "5 服务很差", "5 - terrible": blame that is all that is said of the service, and no story of what was mended.
_VERDICT = re.compile(
    r"^(?:[1-5一二三四五]|five|four|分|星|stars?|points?|[,。! ()\-]|你们|你|的|服务|态度|师傅|工作人员|速度"
    r"|质量|人|真的?|太|很|非常|特别|超级?|就是|简直"
    r"|实在|是|反正|但是?|可是|还是|也|都|什么|the|service|guys?|man|it|is|was|were|just|really|very|so"
    r"|absolutely|your|you|a)*"
)


def _is_verdict(text: str) -> bool:
    start = _VERDICT.match(text)
    found = _BLAME.search(text)
    return found is not None and start is not None and found.start() <= start.end()


def _mild(text: str) -> bool:
    return bool(_MILD.search(text)) and not _HARSH.search(text)
