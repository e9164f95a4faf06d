"""Short answers, remarks and machine text: what is left when no rule with consequences has spoken."""

from __future__ import annotations

import re

from gateway.inbox.understanding.phrases import pattern
from gateway.inbox.understanding.rule import Rule

_RATED = frozenset(("survey", "vip_followup"))

_EVEN = frozenset(("asked", "denied", "supposed", "hearsay"))

#: Particles and marks that carry no meaning of their own at the ends of a short answer.
TRIM = re.compile(r"^[\s,。!?:()\[\]“”\"'*#+_=<>/-]+|[\s,。!?:()\[\]“”\"'*#+_=<>/-]+$")
_TAIL = r"(?>了|的|啊|呢|哦|呀|哈|嗯|吧|噢|喔|哟|嘞|嘛|滴|呗|哒|「笑」|「好」|「赞」|谢|,|。|!)*+"

_SHORT_ANSWERS = (
    (
        "好 好的 好好 行 行行 可以 收到 已收到 收悉 知道 知道了 我知道 已知 已知悉 知悉 明白 了解 嗯 "
        "嗯嗯 恩 恩恩 哦 哦哦 噢 喔 中 得 要得 成 没问题 好嘞 好吧 好滴 晓得 是 是的 是我 对 对的 "
        "对对 没错 正确 确认 确认收到 属实 就是我 我是 我就是 本人 是本人 我是本人 是我的 是我本人 "
        "是这个号 仍是 还是我 继续用 在用 同意 接受 理解 看到 看到了 已阅 已评 已评价 阅 已读 1 「好」 「赞」 "
        "「笑」 已知晓 没事 没关系 无妨 方便 有空 那天在 在家 等你们 欢迎 请来 等着 会注意 我会注意 "
        "一定配合 配合 支持 理解万岁 辛苦了 会安排 安排好了 准备好了 提前准备 已转告 转告 已通知 "
        "知道停电"
    ),
    (
        "ok|okok|yes|yes please|yes it is|yes that is me|that is me|that is right|right|correct|true|"
        "sure|fine|got it|noted|noted with thanks|received|understood|roger|will do|alright|"
        "all right|confirmed|confirm|confirm received|acknowledged|agreed|ok ok|ok thanks|"
        "ok thank you|good|great|that works|works for me|no problem|it is me|i am|this is me|"
        "still mine|still my number|yes still|yes this is my number|yes this is the right number|"
        "yes this is the correct number|yes this is still my number|yes i am|i know|i see|copy|"
        "copy that|okie|ok noted|yes still my number"
    ),
)
ACK = re.compile(
    "^(?>(?>"
    + "|".join(sorted([*_SHORT_ANSWERS[0].split(), *_SHORT_ANSWERS[1].split("|")], key=len, reverse=True))
    + ")"
    + _TAIL
    + r"[ ,。!]*+)++$"
)

THANKS_ALONE = re.compile(
    r"^(?>谢谢|多谢|感谢|辛苦了?|谢了|「谢」|谢|谢谢你们?|谢谢师傅|感谢师傅|师傅辛苦了?|感谢你们|thanks"
    r"|thank you|thanks a lot|many thanks|thank you (?:very|so) much|「赞」|「笑」|好|好的|啊|了"
    r"|[ ,。!])++$"
)

TALK: tuple[Rule, ...] = (
    Rule(
        intent="confirmed",
        because="confirms, or takes note",
        words=pattern(
            r"^认识(?=[,。]|$)|(?<!不)(?<!以前)(?<!之前)(?<!原来)(?<!曾经)(?<!过去)是我家(?:的)?(?:$|[,。!])"
            r"|(?<!不)(?:是我(?!爸|妈|老|爹|娘|儿|女|哥|姐|弟|妹|爱|媳|公|婆|房|朋|同|亲|表|堂|外|爷|奶|前|侄"
            r"|孙|丈|岳|阿|先|太)|就是我(?!爸|妈|老|儿|女)|是本人|是我的号)"
            r"(?!们|家|欠|弄|打|发)|(?:没|没有|不会)(?:打|发|弄|搞|找)错|号码?(?:是|也)?(?:没(?:有)?(?:换|变|错)"
            r"|对的?|正确|不变|照旧)|\d+点(?:钟)?(?:可以|行|方便|ok)|没换|没变|还是(?:我|这个号|这个"
            r"|原来的号?|老号)|(?:可以|继续|照常|照旧|接着)(?:给我)?(?:发|接收|通知)|发给我(?:就|也)?(?:行"
            r"|好|可以|就可以)|^(?:收到|好的?|知道了?|明白|了解|行|可以|嗯|ok|noted|yes|sure|对|是的?"
            r"|收到收到|知道知道|嗯嗯)"
            r"(?=[,。!啊呢哦]|$)|(?:会|已经?|都)(?:提前)?(?:准备|安排|注意|转告|通知)(?:好了?|的|了)?",
            r"\b(?:(?:yes|yep),? (?:this|it|that) is|still (?:my|the right|the correct|mine)"
            r"|correct number|right number|keep (?:sending|texting|me|using)|this is (?:me|my number"
            r"|the right|correct)|noted|understood|will (?:prepare|make arrangements|plan|be ready))\b",
        ),
        unless=pattern(r"不是我|没收到|没(?:有)?收到"),
    ),
    Rule(
        intent="praise",
        because="praise",
        words=pattern(
            r"(?<!不)(?<!没)(?:很|非常|十分|特别|挺|真|太|超|蛮|都|也|相当|还|最)(?:好(?!久|多|几|奇|像)"
            r"|棒|赞|快|专业|热情|耐心|负责|及时|不错|细心|认真|贴心|周到|给力|靠谱|到位|高效|迅速|准时"
            r"|客气|礼貌|干净|方便|亲切|细致|有礼貌|满意)|不错|点赞|好评|「赞」|给力|优秀|完美|杠杠的"
            r"|没的说|没话说|厉害|表扬|好样的|棒|赞|好人|专业|热心|耐心|负责任?|(?:态度|服务|技术|速度"
            r"|效率|师傅|小伙子?|小哥|人)(?:也|都|还)?(?:好|行|可以|ok|棒|赞|快|一流)|越来越好|继续保持"
            r"|再接再厉|加油|满意|修好了|解决了|来得快|及时|挺好|蛮好|好$|放心|省心|暖心|感动|仔细|早到"
            r"|提前到|没耽误|没顾上|顾不上|没得挑|守信|默契|了不起|进步|头一(?:次|回)|说到做到|真就|好孩子"
            r"|帮我(?:换|弄|修|装)|绝$|妥妥|没话说|好服务|利索|细致|(?:活|做得|干得|弄得)~细|声音~甜|公道"
            r"|没收(?:钱|费)|强多了|满头大汗|顺畅|清楚|终于修好|没得说|没话讲|总算修好|不容易|热情|周到"
            r"|敬业|忙到|扛着|爬(?:杆|上|高)|冒着(?:雨|雪|大雨)|连夜|一丝不苟|5星|五星|一级棒|牛|顶呱呱"
            r"|巴适|安逸|瓜瓜叫|呱呱叫|要得",
            r"\b(?:excellent|great|perfect|brilliant|wonderful|fantastic|amazing|awesome|good|well done"
            r"|nice|professional|helpful|friendly|polite|quick|fast|prompt|superb|outstanding|happy"
            r"|arrived|on time|in the rain|pleased|satisfied|impressed|fine|lovely|efficient|courteous|ok"
            r"|not bad|kind|decent|tidy|works? (?:now|well|fine))\b",
        ),
        even=frozenset(("hearsay",)),
    ),
    Rule(
        intent="remark",
        because="a remark, a suggestion or a refusal to rate",
        words=pattern(
            r"(?:过年|春节|放假|暑假|寒假|年底|偶尔|很少|不常|平时不)~(?:回|住|去)|(?:别|不要)(?:老|总"
            r"|再)?(?:让|叫)我(?:评|打分)|不用(?:天天|老|总|一直)?提醒|^可以$|(?:准备|打算|正在|快要?|即将"
            r"|马上要?|下个?月|年底|明年)~(?:搬|卖|过户|退租|转让|到期|退户)|我(?:们)?(?:人)?(?:在|去)?(?:外地|外面"
            r"|出差|国外|老家|外省)|没(?:有)?回(?:去|家)|没人住|空着|锁着|安全第一|不急|少发|发少|太?贵"
            r"|注意安全|慢慢(?:来|修)|不(?:着)?急|催得|催太|刚提醒|又来(?:催|提醒|了$)|慢$|建议|希望|最好"
            r"(?!的)|如果能|要是能|能不能(?:早|快|提前|多|少)|下次|以后(?!都|不|别)|应该(?:早|多|提前|加)"
            r"|还行|还可以|还好|凑合|马马虎虎|将就|过得去|一般般?|普通|中规中矩|说不上|不好说|不予?评价|不"
            r"(?:想|愿意?|便|参与|做|会|作|发)(?:评|打分|参加|回答|填|说|评价|评论|表)|一次就?(?:够|行|可以)"
            r"|懒得|没(?:空|时间|兴趣"
            r"|什么(?:好)?(?:说|意见|评价|建议)|意见|话)|无(?:意见|可奉告|所谓|评价|话可说|建议)|弃权|随便"
            r"|随意|都行|不知道(?:怎么评|打几分|选)|(?:慢|晚|迟|久|贵|远|麻烦|复杂)(?:了)?(?:点|一点|些"
            r"|一些)|有点(?:慢|晚|久|贵|麻烦|远|吵)|(?:不是很|不太|不够|不怎么|没那么)(?:好|及时|快|专业"
            r"|方便|清楚|热情|耐心|理想)|没(?:有)?(?:什么|啥)?问题|没毛病|没(?:有)?(?:什么)?不满意?"
            r"|不是不满|差不多|无所谓|看情况|再说|别催|不用催|催什么|催催催|老催|天天催|还用你说|我不在"
            r"(?:家)?|没在家|不在家|(?:晚上|半夜|凌晨|夜里|中午|早上|休息|午休|睡觉)~(?:别|不要|勿|少|发"
            r"|打)|(?:别|不要)~(?:晚上|半夜|凌晨|夜里|中午|这么早|这么晚)|太频繁|发得?太(?:多|勤)|发这么多"
            r"|(?:收|看)到(?:了)?(?:好)?(?:几|多|两|三)(?:条|次|遍)",
            r"\b(?:suggest\w*|suggestion|hope|wish|should|could be (?:better|quicker|faster|improved)"
            r"|next time|so[- ]so|average|not bad|ok(?:ish)?|no comments?|nothing to (?:say|add)"
            r"|rather not|prefer not|will not (?:rate|answer)|do not want to (?:rate|answer|take)|no time"
            r"|not interested|whatever|a (?:bit|little) (?:slow|late|long|expensive|noisy)|could have"
            r"|would be (?:nice|better|good)|please (?:try|make|let|give|notify|tell|improve)|improve"
            r"|better if|at night|so late|too early|not at home|no opinion|neutral|late|slow|expensive"
            r"|nagging|chasing|rushing|moving (?:next|soon|out)|no worries|no rush|robbery|prices?"
            r"|never mind|too many (?:texts|messages))\b",
        ),
        even=_EVEN,
    ),
)

#: Machine text: markup, queries, instructions to a program, replies that no person wrote.
MACHINE = re.compile(
    r"<\s*/?\s*(?:script|img|iframe|html|body|div|span|a|b|i|p|br|h\d|style|svg|input|form|table|xml|!--)"
    r"[\s/>!]|<!\[cdata|<\?xml|\{\{.{0,200}\}\}|\{%|\$\{.{0,200}\}|<%|javascript:|onerror\s*=|onload\s*="
    r"|(?:^|['\";)\s])\s*(?:drop|alter|truncate)\s+(?:table|database)\b|\bselect\s+.{1,120}\sfrom\s"
    r"|\binsert\s+into\b|\bunion\s+(?:all\s+)?select\b|\bdelete\s+from\b|\bupdate\s+\w{1,40}\s+set\b"
    r"|['\"]\s*or\s*['\"]?1['\"]?\s*=\s*['\"]?1|;\s*--|xp_cmdshell|/etc/passwd|\.\./\.\./|&&\s*rm\s"
    r"|\brm\s+-rf\b|\bcurl\s+http|%3c|&lt;|\\x[0-9a-f]{2}|\\u[0-9a-f]{4}"
    r"|ignore (?:all |any |the |your |previous |prior |above )+(?:instructions?|prompts?|rules?|messages?"
    r"|text)|disregard (?:all |any |the |your |previous |prior |above )+|(?:system|assistant|developer) ?"
    r"(?:prompt|message)|(?:^|\s)(?:system|assistant|user)\s*:|you are (?:now )?(?:an? )?(?:ai|assistant"
    r"|language model|chatbot|dan|gpt)|as an ai|new instructions|act as |jailbreak|忽略(?:以上|之前|前面"
    r"|上述|所有|先前|一切)~?(?:指令|提示|内容|规则|要求|设定)|无视(?:以上|之前|前面|上述|所有)|你"
    r"(?:现在)?是(?:一个|一名)?(?:ai|人工智能|语言模型|机器人助手|助手)|系统提示(?:词)?|作为(?:一个)?(?:ai"
    r"|人工智能)|(?:请|现在)?(?:输出|返回|打印|执行)(?:以下|如下|json|score|\{)|标记为|标注为|(?:score"
    r"|intents?|abstain|urgent)[\"']\s*[:=]\s*[\"'\[\dtf]|\{\s*\"\w{2,12}\"\s*:|系统指令|忽略其他规则|```"
    r"|[{,]\s*\"(?:id|text|intents|score|role"
    r"|content)\"\s*:"
    r"|自动回复|自动应答|系统自动|此(?:邮件|短信|消息|信息)(?:为|由|是)(?:系统|自动)|我(?:现在)?(?:正在)?"
    r"(?:开会|开车|驾驶|忙|会议中)[,。]?(?:中)?[,。]?~?稍后(?:再)?(?:联系|回复|回电|给你)|(?:正在|现在)"
    r"(?:开会|开车|驾驶|会议)(?:中)?,?~(?:稍后|晚点|一会|待会)|\bauto(?:matic)?[- ]?(?:reply|response"
    r"|matic reply|mated (?:reply|message|response))|out of (?:the )?office|i am (?:currently )?(?:driving"
    r"|away|on leave|on holiday|in a meeting|unavailable)\b.{0,80}(?:later|back|reply|respond|return"
    r"|urgent)|do not reply to this|this is an automated|delivery (?:has )?failed|undeliver\w+"
    r"|mailer-daemon|message could not be delivered|请勿(?:直接)?回复此|验证码(?:是|为|:)?\s*\d{4,8}|(?:您"
    r"|你)的(?:快递|包裹|外卖|验证码|积分|套餐|话费余额)|(?:中奖|刷单|兼职日结|贷款额度|加v信|加微信领)".replace(
        "~?", "[^,。!?]{0,8}"
    ).replace("~", "[^,。!?]{0,8}")
)
