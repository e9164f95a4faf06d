"""Which figure, if any, the customer gives as the rating.

Every figure of the text is judged by what stands around it: a count of minutes, a floor, a date, an amount
or a badge is none; a figure considered, denied or past gives way to the one finally given. Where two remain,
or figure and words contradict each other, there is no score, and a person decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.inbox.understanding.phrases import pattern

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
    r"|把(?!我|你|他|电|灯)|根(?!本)|盏|套|份|代|g(?![a-z])|步|段|片|线(?!路)|号线|升|l\b|厅|环(?!境)|排(?!队|除)"
    r"|声(?!音)|句|种|样|件|斤|瓦|安(?!全|装|排)|伏|相(?!当|信|比)|联(?!系)|方(?!便)|刻|世|角|倍|成(?!功)|带(?!着|了)"
    r"|维(?!修|护)|点多|楼层|多(?!谢|亏|好|么)|几(?!乎)|来(?!得|修|是|了|的)|年级|分之"
    r"|货(?!车)|分局|分公司|分店|分厂|/\d|-\d|\d)"
    r"|(?: ?(?:minutes?|minute|hours?|hour|days?|weeks?|months?|years?|pm\b|am\b|th\b|st\b|nd\b|rd\b"
    r"|o'clock|floors?|times?|people|persons?|guys?|men|man\b|workers?|technicians?|engineers?|visits?"
    r"|calls?|yuan|dollars?|usd|rmb|kwh|units?|kids?|children|flats?|apartments?|houses?|meters?|lights?"
    r"|rooms?|phases?|attempts?|trips?|messages?|texts?|bills?|accounts?|percent|more\b|thumbs?\b|missed|broken"
    r"|failed|wasted|in a million|of \d [a-z]{3,}|of (?:them|us|you"
    r"|the)|storeys?|blocks?|am\b))"
)
_BEFORE = re.compile(
    r"(?:×|x|no。|第|尾号|户号|工号|编号|单号|证号|牌号|电话|手机|号码?|楼|栋|幢|单元|室|￥|¥|\$|rmb|约|等了?|花了?"
    r"|近|晚了?|迟到?了?|来了|才来|修了|停了|用了|跑了|打了(?=\d个|\d次)|打(?=\d次|\d个)|交了|付了|欠|充了"
    r"|扣了|多收|家里|一共|总共|共|有|每|这|那|前|后|上|下|从|到|g|no\.?|number|room|flat|unit|floor"
    r"|building|block|apartment|badge|account|order|ticket|ref|line|feeder|at|after|before|until|till|by"
    r"|past|about|around|over|nearly|almost|waited|for|took|in|within|another|last|next|these|those|only"
    r"|all|these|the|my|our|phase|tower|gate|level|no|least) ?$"
)
_RATES = re.compile(
    r"(?:打个?|选项|say(?:s|ing)?|看到了?|回个|给个?|评个?|选个?|评价(?:是|为)?|评分(?:是|为)?|打分(?:是|为)?"
    r"|评定|回复?|发个?|填|点|按|是"
    r"|算了|\bok|算|为|就|这次|本次|这回|今天这个|的份上|put me down for(?: an?)?"
    r"|改(?:成|为|到)?|换成|应该(?:是|给|打)?|值|得|满意度(?:是|为)?|服务态度"
    r"|服务(?=[1-5](?:分|$"
    r"|[,。!]))|总体|综合|整体|还是|最多|顶多|只能|最终|最后|只能给|勉强|才给?|只给?|score(?: is| of)?|write"
    r"|rate(?: it| you| them| this| the service)?(?: at| as| a)?|rating(?: is| of)?|given(?: an?)?|give(?: you"
    r"| it| them"
    r"| him| this| the service| the man| her)?(?: an?)?|giving(?: you| it| them)?(?: an?)?|deserves?"
    r"(?: an?)?|gets?(?: an?)?|choose|pick|say|answer(?: is)?|make (?:it|that)(?: an?)?|(?:it |i )?mean"
    r"(?:t|s)?|an?|it is(?: an?)?|is|change (?:it |that |my (?:score|answer|rating) )?to(?: an?)?|gives(?: an?)?"
    r"|should (?:be|have been)"
    r"|option|reply|overall|solid|then|=|->|,|:|full|easily|definitely) ?$"
)
_TAKEN_BACK = re.compile(
    r"想好了?|原想|(?:隔壁|邻居|老[张王李赵刘陈]|人家|他们?)[^,。!?]{0,6}说[他她]?(?:们)?(?:打|给)了?|再(?:给"
    r"|打)|本来|原来"
    r"|原本|本想|想给|想打|准备给|打算|差点|要是|如果|假如|若是|除非|上次|上回(?!一样|差不多)|以前|之前|去年"
    r"|别人|邻居|网上|刚才(?:打|回|发|按|评|给|选|那|点|写)|刚刚(?:打|回|发|按|评|给|选|那|点)|(?:前面"
    r"|早上|昨天)(?:打|回|发|那|给|评|选)|错(?:打|按|发|回|评|选)?(?:成|了)|不是|(?<!都)(?<!也)不要|别给|不想"
    r"|不会(?!发短信|打字|写字|用手机)|不能"
    r"|按理|按道理|照理|没法|没有?给|没有?(?=[零0]分)|不值|不给|给不了|打不了|不够|凭什么|(?:怎么|不)可能"
    r"|让(?:我|你)|叫我|要我|要求|逼|求我|请我"
    r"|希望(?:我|你)|(?:师傅|工人|你们)说(?!话)|以为|(?:老公|老婆|媳妇|我爸|我妈|儿子|女儿|孩子|邻居|同事|朋友)(?:说"
    r"|觉得|让|要|想)"
    r"|撤回|收回|撤掉|取消|上上次|下次|下回"
    r"|\b(?:would have|was going to|wanted to|going to give|almost gave|if |unless|last time|before"
    r"|next time|instead of|rather than|not an?|not(?! more than)|never|no longer|do not|could have|should have|asked "
    r"(?:me )?(?:to|for)|told me|begged|wants? me|by mistake|accident\w*|typo|mistyped|earlier|previous\w*"
    r"|could be)\b"
)
_MINE_NOW = re.compile(
    r"(?:现在|[1-5]分?的[^,。!?]{2,}给$|但|不过|后来|最后|最终|还是|改|结果|一想|想起|想到|想想|转念|所以|偏|只|就|才|算|应该"
    r"|[^,。!?]{4,}我(?:代|替|帮)?(?:他|她|老人家?)?(?:给|打|评)(?!了|过)|but|now|so|then|still|however"
    r"|instead|actually|meant|make|这个|这次|这回|本次)"
)
_CHANGES = re.compile(
    r"改(?:成|为|到|给|打)|换成|更正|纠正|算了|还是(?:给|打|选)|最终|最后|不对|(?:打|按|发|回|评|选|写|点"
    r"|弄)错|手滑|手误|应该(?:是|为|给|打)|哦不|不,|重新|收回|才对"
    r"|\b(?:sorry|meant|mean|change|correction|actually|no wait|oops|make (?:it|that)|should (?:be"
    r"|have been)|instead|mistake|typo|(?<!would )rather|final\w*|scratch that)\b"
)
_FINAL = re.compile(
    r"(?:^|[,。!? ]|(?<=\d))(?:那|那么|所以|哎|唉|算了|我)?"
    r"(?:(?:就按|就|还是|最终|最后|综合(?:下来|起来)?|总体|实打|实给|四舍五入|听我的|可惜|等于)"
    r"(?:就|给|打|评|选|是|算|记|按|取|只能)*|(?:就|给|打|评|选|是|算|记|按|取|取中|只能|其实想|其实是)+)(?:你们?)?$"
    r"|(?:综合|听我的|听他的|最终|最后)$|\b(?:but no,? ?|would but ?|go with (?:the )?)$"
)
#: "去年给1分，这回来得快，5分": what is said of this time counts.
_THIS_TIME = re.compile(
    r"(?:去年|上次|上回|上个?月|之前|以前|从不|从没|第一次|原以为|想好了)[^。!?]*[,。](?:但|可是?|不过)?[^,。!?]{0,6}"
    r"(?:这次|这回|今天|本次|这趟|今儿|没想到|这两)[^。!?]{0,24}$"
    r"|\blast (?:time|year|month|winter|summer|week)\b.*\bthis time\b[^。!?]{0,24}$"
)
#: "打5怕他骄傲,4": a figure that stands alone at the end, after another with words of its own.
_ALONE_AT_LAST = re.compile(r"[1-5](?:分|星)?[^,。!?\d]{3,}[,。!?](?:就|给|打|算)?[1-5](?:分|星)?(?:吧|了)?[。!]?$")
#: What one thought of giving, before the figure one gave.
_FIRST_THOUGHT = re.compile(
    r"(?:第一反应|一开始|起初|起先|原来|本来|原本)[^,。!?]{0,4}$"
    r"|\b(?:first (?:thought|said)|would (?:have )?give[n]?|was going to)\b[^。!?]{0,16}$"
)
_DEDUCTS = re.compile(
    r"(?:再)?多[一1]分(?:都|也)|剩(?:到|下)?(?:的)?那?[一1]分|留(?:下|了)?[一两二12]分"
    r"|扣掉?[^,。!?0-9]{0,8}那[一二两三半1-3]分|(?:扣|减|少"
    r"|差|去掉|(?<!就)掉|降|加)(?:的那|的|那|了|你|你们|他|他们|个|掉|给)*(?:[一二两三四五半\d])(?:分|颗?星)|"
    r"(?:take|taking|took|minus|deduct\w*|knock\w*|lose|lost|dock\w*|less|off) (?:off )?(?:a|one|1|two|2"
    r"|half a)? ?(?:points?|stars?|marks?)|(?:one|a|1|two|2) (?:points?|stars?|marks?) (?:off|less"
    r"|deducted|down)"
)
_FULL = re.compile(
    r"^满分[5五]分?(?=$|[,。!])|^(?:打|给|评)满(?:$|[,。!])|(?:five|5) (?:out of|outta) (?:five|5)(?! if"
    r"| would)|(?<!不)(?<!没)(?:最高分|顶格)"
    r"(?!是|才|多少)|(?<!不)(?<!没)(?<![不没]打)(?<![不没]给)(?<!就)满分(?!作文|答卷|是|为|才|多少|只|谈不上|1"
    r"|5|十|五|一百)"
    r"|(?:full|top|maximum|max|perfect|highest) "
    r"(?:marks?|score|points?|rating)|五星好评|5星好评"
)
_FULL_BASE = re.compile(
    r"按(?:你们)?(?:的)?[五5]分(?:制|的?算)|^1(?:分)?(?:到|至|-)5(?:分)?(?:是吧|是吗|对吧|吧|嘛)"
    r"|(?<!给)(?<!打)(?<!评)满分(?:是|为)?[\d一二三四五十百]+分?|[\d五十一百]+分(?:满分|制)"
    r"|(?:out of|outta) (?:five|5|ten|10)\b|/ ?5"
    r"(?!\d)(?: stars?)?"
)
_FIGURE = re.compile(
    r"(?<![\d.])-?\d+(?:\.\d+)?|(?<![一二三四五六七八九十百千万几数零])[零一二两三四五](?=[分星]|[颗粒]星|$"
    r"|[,。!]|主要|因为|原因)"
    r"|\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten)\b"
)
_WORDS_FIGURE = re.compile(r"(?:选项|打|给|评|选|回|改成|改为|是|必须)个?([零一二两三四五])(?=$|[,。!?吧啊了])")
_RANGE = re.compile(
    r"[一二三四五](?:到|至|或者?)[一二三四五]分|[1-5][分星]?(?:-|到|至|或者?|和|/| or | to )[1-5](?!\d)"
    r"[分星]?(?!分制)|[三二四一][四五三二][分星]|[1-5]\.[1-9]|[1-5][分星]?半|[一二三四][分星]半|十二分满意"
    r"|\d%满意|or above|high \d low|between [1-5]"
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
_EACH = re.compile(
    r"^(?:人|活儿?|技术|态度|服务|师傅|质量|速度)[1-5]分?[,。 ]?(?:价格|收费|速度|公司|单位"
    r"|态度|服务)[1-5]分?$|[1-5](?: stars?)? (?:for"
    r"|to) [^,。!?0-9]{2,40}(?:,|and|but|yet|though)"
    r"[^。!?0-9]{0,12}(?:[1-5]|zero|one|two|three|four|five)(?: stars?)? (?:for|to) "
    r"|(?:five out of five|full marks) for [^,。!?]{2,30}, ?(?:but |and )?(?:zero|one|two|three|four|[0-4]) for "
    r"|(?:的|人)我?(?:只)?给?[1-5五四三二一](?:分|颗?星|,)[^。!?0-9]{2,14}(?:的|人|那个)我?(?:只"
    r"|就)?给?(?:[1-5](?!\d)|[一二三四五](?=[分颗星]|$))"
    r"|1st [^,。!?]{2,12} [1-5],? ?(?:and )?2nd [^,。!?]{2,12} [1-5]|(?:人|师傅"
    r"|态度)(?:给)?满分[,。 ]?[^,。!?]{1,6}(?:零蛋|[0零1一]分)"
    r"|第一[个位][^,。!?]{0,6}?[1-5]分?[,。 ]?第二[个位][^,。!?]{0,6}?[1-5]"
    r"|^[\u3400-\u9fff]{2,3}[1-5]分?[,。 ]?(?:师傅|电工|客服|前台|抢修)[1-5]分?$"
)
_ORDERS = re.compile(
    r"(?:让|叫|要|要求|逼|求|请|喊|希望)(?:我|你|客户|他)(?:们)?(?:必须|一定要?|务必|都|要)?(?:给|打|回|评|选|按|填)"
    r"[^,。!?]{0,6}[1-5五满]|(?:told|asked|begged|forced|wants?|made) me (?:to )?(?:give|rate|press|reply"
    r"|answer|for(?= (?:an? )?[1-5]))"
)

_VERY = (
    r"(?:非常|十分|特别|超级?|极其|极为|太|相当|无比|万分|百分之?百|百分百|100%|1000%|绝对|真的?很|很|挺"
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
    r"(?<!叫)(?<!是)一般(?!这|那|我|情况|来说|不|都|在|人|用户|要|是|会|的?时候|居民|工商)|一般般|^普通(?:吧"
    r"|水平)?[。!]?$"
    r"|(?<!the )(?<!same )neutral(?! (?:is|was|wire|line|problem|fault|point))"
)
_MOST = re.compile(
    rf"{_VERY}(?:的|地)?满意|满意(?:极了|得很|至极|到极点|加(?:满意|5|五))|(?:very|extremely|totally"
    rf"|completely|highly|really|fully|super|most) satisfied"
)
_GOOD = re.compile(r"满意|satisfied")
_LOWEST = re.compile(
    r"(?:给|打|评|选|只配|只值)(?:你们?|他们?|个)*最低分?(?!是|多少)|^最低分"
    r"|\b(?:lowest|minimum) (?:score|marks?|rating)\b"
)
_ASKED_VERDICT = re.compile(
    r"(?:满意(?:个|什么)(?:屁|鬼|头|毛|锤子)?|几分(?:算|是|才|叫)?满意|多少分(?:算|是|才|叫)?满意|满意(?:吗"
    r"|么|不|了吗|没)|满意度|不满意(?:可以"
    r"|怎么|能|的话|会)|satisfied\?|(?<!不)怎么(?:才)?满意|几分~满意|多少分~满意|令?人?满意的?(?:答复|答案"
    r"|解决|处理|结果|说法)|满不满意|满意不满意|(?:^|[,。!])满意\?|才(?:能)?满意|就(?:会)?满意|(?:是|为)你们满意)"
)
_NOT_BUT = re.compile(r"不是(?:很|非常)?(?:满意|一般),?(?:而)?(?=是)")
_DOUBLE = re.compile(
    r"(?:不能说|不敢说|不好说|不至于|没有?|不是|并非|不算|没什么|没啥|谈不上|说不上|哪有|没有什么"
    r"|没有任何)(?:什么|啥|任何|特别|很|太)?不满意?|没有?(?:什么|任何)?不满|not (?:dis|un)satisfied"
    r"|no dissatisfaction|(?:不能|无法|没法)不满意"
)
_TALKED = re.compile(r"(?:谈不上|说不上|称不上|基本|还算|勉强|比较|算|凑合|马马虎虎|差不多|大体|总体上?|大致)满意")
_ALL_IN_ALL = re.compile(r"(?:总体|整体|总的来说|大体)(?:上|来说|还是|还算|也)*满意")
_CONTRAST = re.compile(r"但|不过|可是|就是|只是|而|but|however|though|except")

_PRAISE = pattern(
    r"(?<!不)(?<!没)(?<!不太)(?<!不是)(?<!不算)(?:很|非常|十分|特别|挺|真|太|超|蛮|都|都很|也很|相当|最)"
    r"(?:好(?!久|多|几|奇|像)|棒|赞|快(?!死)|专业|热情|耐心|负责|及时|不错|细心|认真|满意|贴心|周到|给力"
    r"|靠谱|到位|高效|迅速)|不错|点赞|好评|「赞」|给力|优秀|完美|杠杠的|没的说|没话说|(?<!不)非常满意|"
    r"(?<!不)很满意|(?<![不算])满意(?!吗)|厉害|表扬|感谢|谢谢|^[1-5],?好(?:$|[,。!])|好(?:样的|评)",
    r"\b(?:excellent|quick|great|perfect|brilliant|wonderful|fantastic|amazing|awesome|very good|good (?:job"
    r"|work|service)|well done|very (?:satisfied|happy|pleased|professional|helpful|friendly|polite|quick"
    r"|fast)|superb|outstanding|best|love(?:d|ly)|friendly|polite|helpful|professional)\b",
)
_BLAME = pattern(
    r"不满意|不满|(?<![零没无])差(?!不多|点(?:儿)?(?:给|忘|没|出))|恶劣"
    r"|(?<!倒)(?<![倒扔丢][了掉])(?<!扔)垃圾(?!桶|袋|站|房)|糟|失望|投诉|骗|(?<!霉)烂|太(?:慢|啰嗦|麻烦|贵|久"
    r"|吵|脏|乱)|没修(?!(?:得)?这么)|没解决|没人(?!受|住|在)"
    r"|(?<!去年)(?<!上次)根本没|态度不好|敷衍|推诿|「差」|「怒」|恶心|(?<!水)坑|没处理|不专业|扯淡|差劲|个屁|拖拉|气死",
    r"\b(?:dissatisfied|unsatisfied|terrible|awful|horrible|poor|worst|rude|slow|useless|disappoint\w+"
    r"|unacceptable|nobody|no one(?! could)|waste|pathetic|mess|disgust\w+|rubbish|unprofessional)\b",
)


@dataclass(frozen=True, slots=True)
class Rated:
    """What was found about a rating: `given` if one was meant at all, `score` if a figure can be used."""

    given: bool
    score: int | None
    doubtful: bool
    because: str


NO_RATING = Rated(False, None, False, "")


@dataclass(frozen=True, slots=True)
class _Figure:
    value: float
    start: int
    end: int
    strong: bool
    withdrawn: bool


#: "把2改成4", "change my 1 to 4": what a figure is turned into.
_TURNED = re.compile(
    r"[1-5一二三四五](?:分|星)?(?:[^,。!?0-9]{0,4})(?:改成|改为|换成|改到|变成)(?:了)?([1-5一二三四五])(?!\d|个"
    r"|小时|天)"
    r"|\b(?:change|switch|correct|update|turn) [^。!?0-9]{0,24}[1-5](?: stars?)? (?:to|into) (?:an? )?([1-5])\b"
    r"|以([1-5一二三四五])(?:分|星)?为准"
    r"|^(?:刚才|刚刚)?(?:(?:按|打|发|点|选|回)错了?[, ]?)+(?:应该)?(?:是|给)?([1-5一二三四五])(?:分|星)?"
    r"(?:$| [1-5]$|[, ]?不是[1-5一二三四五])"
    r"|之间,?(?:那)?(?:就|还是|算)(?:给|打|选|按)?([1-5一二三四五])(?:分|星)?(?:吧|了)?$"
    r"|(?<![\d.])([1-5])(?: stars?)? from (?:me|us)\b|\b(one|two|three|four|five) from (?:me|us)\b"
)


#: A figure and nothing but a question mark.
_QUESTIONED = re.compile(r"^[1-5](?:分|星)?\?+$")


def _value(figure: str) -> int:
    return _HAN[figure] if figure in _HAN else _EN[figure] if figure in _EN else int(figure)


#: "5份", "四粉", "满份": points misspelt, which only the whole answer or a verb before them tells.
_MISSPELT = re.compile(
    r"(^|[,。!?]|打|给|评)([1-5一二三四五满])(?:份|芬|昐|奋|粉|纷|坟|氛|吩|焚|忿|fen|f)儿?(?=$|[,。!「吧了给])"
)
#: "五颗小星星", "五角星五个", "5朵小红花", "五心好评", "满星": other things for stars.
_OTHER_STARS = re.compile(
    r"([1-5一二三四五])(?:个|颗|粒|朵)(?:小)?(?:星星?|红花|红心)|(?:五角)?星(?:星)?([1-5一二三四五])[个颗粒]"
    r"|([五5])心(?=好评|$|[,。!])"
)
#: "1「叉」5「好」": a figure crossed out.
_CROSSED = re.compile(r"[1-5](?:分)?「叉」")


#: "理由:1.磨蹭;2.没穿工作服": reasons that are numbered.
_LISTED = re.compile(r"[,。:]1。\D.*[,。]2。\D")
_NUMBERED = re.compile(r"[,。:]\d。(?=\D)")


def _spelt(text: str) -> str:
    """Points and stars as the rest knows them."""
    text = _MISSPELT.sub(lambda found: f"{found[1]}{found[2]}分", text)
    if _LISTED.search(text):
        text = _NUMBERED.sub(",", text)
    text = _OTHER_STARS.sub(lambda found: f"{found[1] or found[2] or found[3]}星", text)
    return _CROSSED.sub(",", text.replace("满星", "满分"))


def rate(text: str, scale: tuple[int, int]) -> Rated:
    """The rating in a plain text that answers a survey on `scale`, or `NO_RATING`."""
    low, high = scale
    text = _spelt(text)
    deducted = _DEDUCTS.search(text)
    seen = _DEDUCTS.sub(lambda found: "," * len(found[0]), text) if deducted else text
    if _TARGETS.search(seen) or _EACH.search(seen):
        return Rated(True, None, True, "two things are rated apart")
    if _QUESTIONED.match(text) or (_MOST.search(text) and "非常不满意" in text):
        return Rated(True, None, True, "the scale is asked about, or quoted")
    turned = _TURNED.search(text)
    if turned is not None:
        final = _value(next(filter(None, turned.groups())))
        if low <= final <= high:
            return Rated(True, final, False, f"the figure finally given, {final}")
    figures = [figure for figure in _figures(seen, scale) if figure.strong or low <= figure.value <= high]
    if deducted and not figures:
        return Rated(True, None, True, "a deduction is not a figure")
    kept = [figure for figure in figures if not figure.withdrawn]
    values = list(dict.fromkeys(figure.value for figure in kept))
    last = bool(kept and (_FINAL.search(text[: kept[-1].start]) or _THIS_TIME.search(text[: kept[-1].start])))
    last = last or bool(_ALONE_AT_LAST.search(text))
    if _RANGE.search(_FULL_BASE.sub("", text)) and not (values and (last or _CHANGES.search(text))):
        return Rated(True, None, True, "between two figures")
    if len(values) > 1:
        settled = last or _FIRST_THOUGHT.search(text[: kept[0].start])
        if settled or _CHANGES.search(text) or len({f.value for f in figures}) > len(values):
            values = values[-1:]
        else:
            return Rated(True, None, True, "more than one figure")
    if not values:
        return _by_words(text, scale, figures)
    value = values[0]
    full = _FULL.search(text)
    if full and value != high and not _withdrawn(text, full.start(), full.end()):
        return Rated(True, None, True, "full marks and another figure")
    if last:
        value = kept[-1].value
    if value != int(value) or not low <= value <= high:
        if full:
            return Rated(True, high, False, "full marks")
        return Rated(True, None, value != int(value) or value in (10, 100), "the figure is not on the scale")
    score = int(value)
    if _contradicted(text, score, scale):
        return Rated(True, None, True, "figure and words contradict each other")
    if _ORDERS.search(text) and all(figure.value == value for figure in figures):
        return Rated(True, None, True, "the figure is what somebody asked for")
    return Rated(True, score, False, f"the figure {score}")


def _figures(text: str, scale: tuple[int, int]) -> list[_Figure]:
    found: list[_Figure] = []
    stripped = _FULL_BASE.sub(lambda base: "," * len(base[0]), text)
    bare = text.strip(" ,。!?「」赞笑谢好()[]{}<>#*_+=:\"'“”")
    for match in _FIGURE.finditer(stripped):
        figure = _figure(stripped, match, bare)
        if figure is not None:
            found.append(figure)
    for match in _WORDS_FIGURE.finditer(stripped):
        if not any(figure.start <= match.start(1) < figure.end for figure in found):
            withdrawn = _withdrawn(stripped, match.start(1), match.end(1))
            found.append(_Figure(_HAN[match[1]], match.start(1), match.end(1), True, withdrawn))
    return sorted(found, key=lambda figure: figure.start)


_ASKED_ABOUT = re.compile(
    r"(?:分|星| stars?)?(?:的话|以下|以上|起|够吗|行吗|可以吗|好吗|吗|是(?:什么|最?好|最?坏|满意|最?高|最?低|最?差)"
    r"|代表|表示|什么意思|\?| means| (?:the )?(?:good|best|worst|bad|top|highest|lowest|enough)"
    r"[^,。!]{0,16}\?| the (?:best|worst|highest|lowest)\b| is (?:what|the (?:best|worst|highest|lowest)))"
)
#: "给三分，一分给速度两分给技术": how a rating is made up, not ratings.
_ALLOTS = re.compile(r"分(?:是)?给(?!那|这|你|他|师傅|足|到|满|上|了|,|。|!|$)")
#: "一分没收", money that was not taken.
_UNTAKEN = re.compile(r"分(?:钱)?(?:也|都)?(?:没|不)(?:有)?(?:要(?!再|问|发)|收|多收|拿|花)")
_SUPPOSED = re.compile(r"(?:如果|要不是|要是|假如|若是|早知道|除非)[^。!?]{0,20}$|\bif [^。!?]{0,40}$")
_THEN = re.compile(r"^,?(?:我|那|那我|我肯定|肯定|一定)?(?:就|也|都|肯定|一定|会|能|可以)|would")
_UNDONE = re.compile(
    r" ?(?:分|星|stars?)?(?:的)?(?:是)?(?:(?:谈|说)不上(?=$|[,。!])|打不了|达不到|才怪|短信|你们?信|撤|作废"
    r"|取消|收回|不算"
    r"|打错|按错|发错"
    r"|错了|不对|点错"
    r"|手滑|误| ?was (?:a )?(?:mistake|typo"
    r"|wrong)| ?by mistake|不给|给不了|都不(?!嫌)|好评返|个(?:屁|鬼|头|毛|锤子)|是?不(?:可能|存在|会给)"
    r"|没有(?:$|[,。!])|没门|别想|免谈|想都别想|不是我|[,。!]?\((?:反话|才怪))"
)
#: "four out of five", "three only": what may stand behind a figure in words.
_BASED = re.compile(r" ,+(?:$|[^,])| only(?:$|[,。!])")
#: "five your guy is a legend": what goes on behind a figure in words.
_GOES_ON = re.compile(r" (?:your|because|cos|coz|thanks|thank|he|she|very|great|good|nice|all good)\b")
#: "minus five", "负五分": nothing of the scale.
_NEGATIVE = re.compile(r"(?:负|\b(?:minus|negative) )$")
#: "下回再这样就给1": what is threatened, not given.
_THREATENED = re.compile(r"(?:下次|下回|再(?:有下次|这样|来一次))[^,。!?]{0,8}就(?:给|打|是|只给)?个?$")
#: "3 fitters came": a plural after the figure is what it counts.
_COUNTS = re.compile(
    r" (?!thanks|is\b|was\b|this|as\b|has\b|yes|always|works|plus|because|stars|points|marks)[a-z]{2,}s\b"
    r"(?! (?:up|down))"
)
#: "only 2": a figure made little of is still the figure.
_MERELY = re.compile(r"(?:^|(?<=[,。!?]))(?:only|just|maybe|merely|barely|roughly|probably)(?: an?)? $")
#: A surname that is also a counter: "5 张经理很好".
_NAMED = re.compile(
    r" ?[张方安段成代项口白路里米毛天万千百位班辆](?:师傅|经理|工(?!程)|主任|先生|女士|姐|哥|小姐|所长"
    r"|站长|队长|班长)"
)
_POINTS = re.compile(
    r" ?(?:分(?!钟|钱|之|公司|局|店|厂|半钟|多钟|别|开|析|组|期|享|成|工|辨"
    r"|明|不(?=清|出|开|明|到|来)|配|支|歧|清)|[颗粒个]?星"
    r"(?![期级])|stars?|points?|out of|/ ?5|marks?)"
)
#: "8点20".
_CLOCK = re.compile(r"[0-9]点$")
_UNIT_AFTER = re.compile(_UNIT)


def _figure(text: str, match: re.Match[str], bare: str) -> _Figure | None:
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
    ):
        return None
    if (len(word) > 1 and word[0] == "0") or (before[-1:].isascii() and before[-1:].isalpha()):
        return None
    withdrawn = _withdrawn(text, start, end)
    if _POINTS.match(after):
        if value < 0 or value > 999:
            return None
        return _Figure(value, start, end, True, withdrawn)
    if (_UNIT_AFTER.match(after) or after.startswith("星级")) and not _NAMED.match(after):
        return None
    if bare == word:
        return _Figure(value, start, end, not latin, withdrawn)
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
        return _Figure(value, start, end, True, withdrawn)
    if opens and closes:
        return _Figure(value, start, end, False, withdrawn)
    if latin and opens and _GOES_ON.match(after):
        return _Figure(value, start, end, False, withdrawn)
    if latin or word in _HAN:
        return None
    if not before or before[-1] in ",。!?":
        return _Figure(value, start, end, False, withdrawn)
    if not after or after.strip(",。! 「」赞笑谢吧哈啦呗嘛") == "":
        return _Figure(value, start, end, False, withdrawn)
    return None


#: "不是1是4": what is denied is the figure before.
_OTHER_THAN = re.compile(r"[1-5一二三四五](?:分|星)? ?,?(?:而|应该|要|该)?(?:是|给|打|选|改)$")

#: A figure further than this from what takes figures back is another matter.
_FAR, _FAR_LATIN = 16, 40


#: "早来半小时我就给5分了": what would have been given.
_WOULD = re.compile(r"(?:早|快|再)[^,。!?]{1,12}我?就(?:能|会)?(?:给|打|是)?(?:你们?)?$")
_WOULD_END = re.compile(r"(?:分|星)?了")
#: "要是有6分我就给6分": more than the scale has; what follows is the rating.
_BEYOND = re.compile(r"(?:要是|如果|能)[^,。!?]{0,8}(?:[6-9]|1\d|100|六|七|八|九|十)分?")
#: A relative who gives the rating by another's hand ("我爸说给四分"), as long as the sender has no other opinion.
_RELAYED = re.compile(
    r"(?:^|[^傅工哥])(?:他|她|娘|爹|老人家?|老头子?|老太太?|[爸妈爷奶]|外婆|外公|姥姥|姥爷|老公|老婆|老伴|爱人|媳妇"
    r"|儿子?|女儿|孩子|婆婆|公公|丈母娘"
    r"|岳父|主人)(?:说|让我(?:替他|代他|帮他)?|叫我(?:给你们?|替他)?|要我|口述)[,。]?(?:必须|一定|就|要|该|应该"
    r"|可以)?(?:给|打|评|选|是)?个?$"
)
_OWN = re.compile(r"我(?:自己|个人)?(?:觉得|认为|看|说|给|打|评|要给)|不值|不同意|师傅|工人|电工|小哥")


def _withdrawn(text: str, start: int, end: int) -> bool:
    """Whether the figure is one considered, denied, past, hypothetical or somebody else's."""
    nearest = max(0, start - 40)
    left = max(text.rfind(mark, nearest, start) for mark in ",。!?") + 1
    before = text[max(left, nearest) : start]
    if _WOULD.search(before) and _WOULD_END.match(text[end:]) and not _MINE_NOW.search(text[:left]):
        return True
    if _BEYOND.search(text[:left]) and _THEN.search(before):
        return False
    if _SUPPOSED.search(before) or _NEGATIVE.search(before) or _THREATENED.search(before):
        return True
    if _RELAYED.search(before) and not _OWN.search(text):
        return False
    clause = re.split(r"[,。!?]", text[max(0, left - 40) : max(0, left - 1)])[-1]
    if left > 0 and _THEN.search(before) and _SUPPOSED.search(clause):
        return True
    for match in reversed(list(_TAKEN_BACK.finditer(before))):
        between = before[match.end() :]
        if _OTHER_THAN.search(between):
            return False
        return len(between) <= (_FAR_LATIN if between.isascii() else _FAR) and not _MINE_NOW.search(between)
    after = text[end : end + 14]
    return bool(_UNDONE.match(after))


def _by_words(text: str, scale: tuple[int, int], figures: list[_Figure]) -> Rated:
    if scale != (1, 5):
        return _full(text, scale) or NO_RATING
    if _DOUBLE.search(text):
        return NO_RATING
    plain = _NOT_BUT.sub("", _ASKED_VERDICT.sub("", text))
    marks: list[int] = []
    for words, figure in ((_LEAST, 1), (_LESS, 2), (_MOST, 5), (_TALKED, 0), (_GOOD, 4), (_MIDDLE, 3)):
        plain, count = words.subn("", plain)
        if count:
            marks.append(figure)
    if not marks:
        full = _full(text, scale)
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
    if marks[0] >= 4 and _BLAME.search(text):
        return Rated(True, None, True, "words that contradict each other")
    return Rated(True, marks[0], False, "the scale's own words")


def _full(text: str, scale: tuple[int, int]) -> Rated | None:
    found = _FULL.search(text)
    if found is None or _withdrawn(text, found.start(), found.end()):
        return None
    if _BLAME.search(text):
        return Rated(True, None, True, "full marks and blame")
    return Rated(True, scale[1], False, "full marks")


def _contradicted(text: str, score: int, scale: tuple[int, int]) -> bool:
    if scale != (1, 5):
        return False
    text = _DOUBLE.sub("", _ASKED_VERDICT.sub("", text))
    unhappy = bool(_LEAST.search(text) or _LESS.search(text)) and not _ALL_IN_ALL.search(text)
    happy = not unhappy and bool(_MOST.search(text) or _GOOD.search(text))
    if (unhappy and score >= 4) or (happy and score <= 2):
        return True
    if (score in (3, 4) and _TOP.search(text)) or _BESIDE_ITS_WORD.match(text):
        return True
    if unhappy:
        return False
    praise, blame = bool(_PRAISE.search(text)), bool(_BLAME.search(text))
    if score == 4:
        return blame and not praise and bool(_HARSH.search(text))
    return (score <= 2 and praise and not blame) or (score == 5 and blame and not praise and not _mild(text))


#: A figure and, alone beside it, the scale's word for another.
_BESIDE_ITS_WORD = re.compile(r"(?:3|三)(?:分|星)?[, ]?满意[。!]?$|(?:4|四|5|五)(?:分|星)?[, ]?一般[。!]?$")
#: The scale's own words for its highest figure.
_TOP = re.compile(r"(?<!不)非常满意|\bvery satisfied\b")
_MILD = re.compile(
    r"了点|点儿?$|就是|只是|有点|稍|略|不过|但|如果|要是|建议|希望|下次|一点|bit|little|but|just|only"
    r"|slightly|though|next time|wish|hope"
)


_HARSH = re.compile(
    r"差劲|极差|极其?差|(?<!倒)(?<![倒扔丢][了掉])(?<!扔)垃圾(?!桶|袋|站|房)|恶劣|投诉|气死|恶心|骗|没修|没解决"
    r"|没处理|个屁"
    r"|terrible|worst|awful|rubbish|useless|(?:nobody|no one) (?:came|showed|turned)"
)


def _mild(text: str) -> bool:
    return bool(_MILD.search(text)) and not _HARSH.search(text)
