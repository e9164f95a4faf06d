"""Whether a figure is given at all: one considered, denied, past, supposed or somebody else's is not."""

from __future__ import annotations

import re

_TAKEN_BACK = re.compile(
    r"想好了?|(?<!要)不打(?![扰算])|原想|(?:隔壁|邻居|老[张王李赵刘陈]|人家"
    r"|他们?)[^,。!?]{0,6}说[他她]?(?:们)?(?:打|给)了?|再(?:给"
    r"|打)|本来|原来|为什么(?:我)?要?|怎么(?:才能?)?(?:给|打|评|选|按|回|发)|谁(?:会|能|还|肯|愿意)?(?:给|打)"
    r"|还想(?:要)?|什么时候[^,。!?]{1,8}什么时候|等[^,。!?]{2,8}才"
    r"|原本|本想|(?<!其实)(?<!其实是)(?<!真正)(?:想给|想打)|准备(?:给|打)|留着|存着|欠着|攒着|但凡|哪怕|只要"
    r"|听说|催着?我?打|听(?:师傅|他)的|师傅叫我?打"
    r"|不敢(?:打|给)|群里|隔壁(?!都|家都)|外卖|淘宝|京东|快递|换个?人|别家|不然|否则|要不然|差一点|就差|(?:师傅"
    r"|他)自己(?:说|给|打)|拿(?:我|走)?的?手机|(?:乱|误|瞎|随手)[点按打评填选触回踩发]|踩的"
    r"|都(?:让|叫)(?:打|给)|他说(?:打|给)|打算|差点(?!意思)|要是|如果|假如|若是|除非|上次|上回(?!一样|差不多)"
    r"|以前|之前|去年"
    r"|别人|邻居|网上|刚才(?:打|回|发|按|评|给|选|那|点|写)|刚刚(?:打|回|发|按|评|给|选|那|点)|(?:前面"
    r"|早上|昨天)(?:打|回|发|给|评|选|那[个条次]?是?$)|错(?:打|按|发|回|评|选)?(?:成|了)|不是"
    r"|(?<!都)(?<!也)不要|别给|不想"
    r"|不会(?!发短信|打字|写字|用手机|弄手机|玩手机)|不能(?!再?更?好)"
    r"|按理|按道理|照理|没法|没有?给|不值|不给|给不了|打不了|不够|凭什么|(?:怎么|不)可能"
    r"|(?<!没)(?<!没有)(?<!不用)让(?:我|你)|(?<!没)(?<!没有)(?<!不用)(?:叫我|要我)|要求|(?<!牛)逼|求我|请我"
    r"|希望(?:我|你)|(?:师傅|工人|你们)说(?!话)|以为|(?:老公|老婆|媳妇|我爸|我妈|儿子|女儿|孩子|邻居|同事|朋友)(?:说"
    r"|觉得|让|要|想)"
    r"|撤回|收回|撤掉|取消|上上次|下次|下回"
    r"|\b(?:would have|was going to|wanted to|going to give|almost gave|if |unless|last time|before"
    r"|next time|instead of|rather than|not(?= (?:an?\b|the\b|my\b|even|worth|giv|going|deserv|really an?"
    r"|quite an?|get|rat|scor|press|put"
    r"|say|send|mean|want|expect|think|intend)|$| $| [1-5])|never(?= (?:an?|giv|gave|get|rat|scor|do)|$| $)"
    r"|no longer|could have|should have|asked (?:me )?(?:to|for)|told (?:me|to)|said (?:to )?(?:reply|press"
    r"|give)|begged|wants? me|by mistake"
    r"|accident\w*|typo|mistyped"
    r"|earlier|previous\w*|no way|about to|tempted to|thinking (?:of|about)|make me (?:give|rate)"
    r"|one more [a-z]+ and|you will get|could be(?! better)|do not expect|how (?:do|to|can|should)|what (?:is|does|do)"
    r"|which (?:is|one))\b"
)
#: "fix it and I will give 5": what is offered for something.
_OFFERED = re.compile(
    r"^(?:please )?(?:just )?(?:fix|come|repair|sort|send|finish|bring|return|refund|get)\b[^。!?]{0,30}(?:and"
    r"|then) (?:then )?i will"
    r"|(?:[能把等]|给我|只要|哪天|今晚|明天|以后|用.{0,4}[月天周年]|道个?歉|赔|钱?退(?!休)|补|不停|不跳|没事"
    r"|来个?人)[^,。!?]{0,10}"
    r"(?:就|再|才)(?:给|打|改|是|有|评)?(?:你们?)?(?:成|为)?个?$|^(?:钱退|退|赔)[^,。!?]{0,8}我?(?:就)?(?:给|打)个?$"
    r"|^等(?!了|的)[^,。!?]{2,16}了?我?(?:就|再|才)?(?:给|打)个?$|(?:的话|撑得住|不坏|不停电|不跳闸?|用好了),?我?(?:就"
    r"|再|才)?(?:给|打)?个?$"
    r"|没(?:有)?(?:问题|坏|毛病|再停|停)(?:了)?(?:我)?就(?:是|给|打|评)|(?:修好|弄好|搞好|解决|处理好"
    r"|退)(?:了)?,?(?:我)?(?:再|才)(?:给|打|评|回)"
)
#: "等你们把坑填了,5分少不了", "我要是没等那么久,5分没跑".
_WAITED = re.compile(r"^(?:等|只要|哪天|能|把|我?要是|如果|要不是)")
_SURELY = re.compile(r"(?:分|星)?(?:就是|少不了|没跑|立马|马上|奉上|不在话下|跑不了)")
#: What one offers; a low figure is what one threatens, or gives ("就给1分").
_HIGH = "45四五"
#: "5 if you come back today".
_PROVIDED = re.compile(
    r" (?:stars? |points? )?(?:if(?! you ask| i am| being| honest| i have to)|when it is|when you|once (?:it"
    r"|you)|as soon as|unless)\b"
)
_MINE_NOW = re.compile(
    r"(?:现在|[1-5]分?的[^,。!?]{2,}给$|但|不过|后来|最后|最终|还是|改|结果|一想|想起|想到|想想|份上|面子|转念"
    r"|所以|偏|只|就|才|算|应该"
    r"|[^,。!?]{4,}我(?:代|替|帮)?(?:他|她|老人家?)?(?:给|打|评)(?!了|过)|我(?:也|还是|真|自愿|要|得|必须)(?:想"
    r"|是|要)?(?:给|打|评|选)|自愿|听我的|[打评]分$|评价$|but|now|so|then|still|however"
    r"|instead|actually|meant|make|这个|这次|这回|本次)"
)
_SUPPOSED = re.compile(r"(?:如果|要不是|要是|假如|若是|早知道|除非)[^。!?]{0,20}$|\bif [^。!?]{0,40}$")
_THEN = re.compile(r"^,?(?:我|那|那我|我肯定|肯定|一定)?(?:就|也|都|肯定|一定|会|能|可以)|would")
#: "要是我年轻二十岁,高低给你打个五分": the sequel of a supposition, unless it says what is so now.
_GIVES = re.compile(
    r"^(?!.*(?:现在|但|可|这次|这回|只能|只好|所以|还是|最后|实际|算了|我就))[^,。!?]{0,8}(?:给|打|评)(?:你们?"
    r"|他)?(?:打|评)?个?$"
)
_UNDONE = re.compile(
    r" ?(?:分|星|stars?)?(?:的)?(?:是)?(?:(?:谈|说)不上(?=$|[,。!])|打不了|达不到|才怪|短信|你们?信|撤|作废"
    r"|取消|收回|不算"
    r"|打错|按错|发错"
    r"|错了|不对|点错"
    r"|手滑|误| ?was (?:a )?(?:mistake|typo"
    r"|wrong)| ?by mistake|不给|给不了|都不(?!嫌|够)|(?:也|都)(?:别想|休想|不给|不值|不配|不想)|好评返|个(?:屁|鬼"
    r"|头|毛|锤子|什么)|是?不(?:可能|存在|会给)"
    r"|没有(?:吗|吧|么)?(?:$|[,。!那就])|是?(?:我|他|她)?(?:误触|误按|理解反|看反|搞反|弄反|理解错|看错|填错)"
    r"|太(?:多|高)|高了|有点高|偏高|没门|是(?:我|我家)?(?:孙子|孙女|儿子|女儿|孩子|小孩|娃儿?"
    r"|宝宝)[^,。!?]{0,3}[按点打发]的|[打给评](?:少|低|高|多)了|(?:先)?寄存|留给|[给喂]狗|是?(?:我)?(?:瞎|乱"
    r"|随手)[按打点填发回]"
    r"| my (?:foot|arse|ass)|别想|免谈|想都别想|不是我|[,。!]?\((?:反话|才怪))"
)
#: "minus five", "负五分": nothing of the scale.
_NEGATIVE = re.compile(r"(?:负|\b(?:minus|negative) )$")
#: "达不到5分", "没有0分": just before the figure.
_SHORT_OF = re.compile(
    r"(?:达不到|够不上|到不了|没到|算不上|谈不上|没有?|不(?:想)?[评选回填]|(?<!都)[别甭休]想(?:要)?"
    r"|(?<![时钟天来多])不到)$"
    r"|\b(?:almost|nearly|not quite|close to)(?: an?)? $"
)
#: "下回再这样就给1": what is threatened, not given.
_THREATENED = re.compile(r"(?:下次|下回|再(?:有下次|这样|来一次|停|坏|跳|拖))[^,。!?]{0,8}就(?:给|打|是|只给)?个?$")
#: "不是1是4": what is denied is the figure before.
_OTHER_THAN = re.compile(r"[1-9一二三四五六七八九](?:分|星)?[哈啊呀哦吧嘛呢]? ?,?(?:而|应该|要|该)?(?:是|给|打|选|改)$")

#: "原想打3分的看师傅还爬杆子,5分": what takes back a figure is spent on the first behind it.
_ABSORBED = re.compile(
    r"满分(?=[^,。!?]{3})[^,。!?]*$|[1-5一二三四五](?:(?:分|星)?(?:的|了|吧)(?!钟)|(?:分"
    r"|星)(?!钟)(?=[^,。!?]{3}))(?![^,。!?]*(?:也|或|和"
    r"|还是|就是|不))[^,。!?]*$"
)
#: "发错了是5": what was meant instead.
_RIGHT = re.compile(r"[^,。!?0-9]{0,8}(?:是|要|给|改|为)(?:给)?个?$")
#: A figure further than this from what takes figures back is another matter.
_FAR, _FAR_PAST, _FAR_LATIN = 8, 16, 40
_PAST = re.compile(r"[上去以之下]|原|本|要是|如果|除非")


#: "早来半小时我就给5分了": what would have been given.
_WOULD = re.compile(r"(?:早|快|再)[^,。!?]{1,12}我?就(?:能|会)?(?:给|打|是)?(?:你们?)?$")
_WOULD_END = re.compile(r"(?:分|星)?了")
#: "要是有6分我就给6分": more than the scale has; what follows is the rating.
_BEYOND = re.compile(r"(?:要是|如果|能)[^,。!?]{0,8}(?:[6-9]|1\d|100|六|七|八|九|十)分?")
#: A relative who gives the rating by another's hand ("我爸说给四分"), as long as the sender has no other opinion.
RELAYED = re.compile(
    r"(?:让|叫|托)我(?:替|代|帮)(?:他|老人家?|我[爸妈爷奶])?(?:给|打|评|回|发|选)?个?$|(?:^|[^傅工哥])(?:他|她"
    r"|娘|爹|老人家?|老头子?|老太太?|[爸妈爷奶]|外婆|外公|姥姥|姥爷|老公|老婆|老伴|爱人|媳妇"
    r"|儿子?|女儿|孩子|婆婆|公公|房东|业主|户主|老板|领导|丈母娘"
    r"|岳父|主人)(?:说|让我(?:替他|代他|帮他|代|替|帮忙)?|叫我(?:给你们?|替他)?|要我|口述)[,。]?(?:必须|一定|就"
    r"|要|该|应该"
    r"|可以)?(?:给|打|评|选|是|回|发|按|填|写|点|投)?(?:一下|下)?(?:你们|师傅|他们?)?个?$"
)
_OWN = re.compile(r"(?<![让叫要替])我(?:自己|个人)?(?:觉得|认为|看|说|给|打|评|要给)|不值|不同意|师傅|工人|电工|小哥")


def withdrawn(text: str, start: int, end: int) -> bool:
    """Whether the figure is one considered, denied, past, hypothetical or somebody else's."""
    nearest = max(0, start - 40)
    left = max(text.rfind(mark, nearest, start) for mark in ",。!?") + 1
    before = text[max(left, nearest) : start]
    if _WOULD.search(before) and _WOULD_END.match(text[end:]) and not _MINE_NOW.search(text[:left]):
        return True
    if _BEYOND.search(text[:left]) and _THEN.search(before):
        return False
    if (
        ((supposed := _SUPPOSED.search(before)) and not _ABSORBED.search(supposed[0]))
        or _NEGATIVE.search(before)
        or _SHORT_OF.search(before)
        or (text[start] in _HIGH and _OFFERED.search(before))
        or _THREATENED.search(before)
    ):
        return True
    if RELAYED.search(before) and not _OWN.search(text):
        return False
    clause = re.split(r"[,。!?]", text[max(0, left - 40) : max(0, left - 1)])[-1]
    if left > 0 and not before and _WAITED.search(clause) and _SURELY.match(text[end:]):
        return True
    if left > 0 and (_THEN.search(before) or _GIVES.search(before)) and _SUPPOSED.search(clause):
        return True
    for match in reversed(list(_TAKEN_BACK.finditer(before))):
        between = before[match.end() :]
        if _ABSORBED.search(between):
            continue
        if _OTHER_THAN.search(between) or (match[0].endswith("了") and _RIGHT.match(between)):
            return False
        far = _FAR_LATIN if between.isascii() else _FAR_PAST if _PAST.match(match[0]) else _FAR
        return len(between) <= far and not _MINE_NOW.search(between)
    after = text[end : end + 24]
    return bool(_UNDONE.match(after) or _PROVIDED.match(after))
