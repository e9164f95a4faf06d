"""Whether a customer wishes to be written to: opting out and in, wholly or in part.

Stop counts only when the messages are its object, not the supply, the visit or a debit; a wish about hours is
no refusal.
"""

from __future__ import annotations

from gateway.inbox.understanding.phrases import pattern
from gateway.inbox.understanding.rule import Rule

#: Where a stretch of its own begins and ends, and what may stand around a refusal in it without changing it.
_OPENS = r"(?:^|[,。!?「」 ]|就是|只是|[1-5]分?)"
_CLOSES = r"(?=$|[,。!「 ])"
_TEXTS = r"短信|信息|消息|简讯|讯息|推送|通知短信|短信通知"
_PLEADS = (
    r"请|麻烦|求求?|拜托|你们?|以后|今后|下次|从此|从今|就|都|也|能不能|可不可以|算了|这个?|这些|这种|那些?|我"
    r"|给我|帮我|给俺|把|再有|另外"
    r"|还有|一律|全部|所有|任何|一条|的|啥|什么|无聊|垃圾|破|该|此|类|没用|统统|真的|赶紧|立即|马上|直接|我要"
    r"|我想|再次|申请|要求|那些个|些个|另外"
)
_NO_MORE = (
    r"(?:别|不要|不用|不必|请勿|勿|莫|甭|不准|不许|停止|不需要|不想)(?:再|在)?(?:给(?:我|俺|老子|这个号|本号)"
    r"|往我|向我|老|总|一直|天天|乱|瞎)*"
    r"(?:发送?|推送?|群发|接收|收)(?:了|来|过来|给我|到我手机)?|不收|不看也不收"
)
_TAIL = (
    r"了|没啥用|没用|不看|看不懂|吧|啊|呀|嘛|好吗|行吗|谢谢|感谢|谢了|给我|来|拉|呗|哈|全部|所有|一下|掉|短信"
    r"|我|烦死了?|烦人|到我手机"
)
#: Opting out spoken of, asked about, taken back, or of something that is not ours.
_ABOUT_IT = (
    r"(?:退订|拒收|停发|回复?[tr]|td)[^。!]{0,14}(?:是什么|是退|是拒|什么意思|会不会|还会|还能|还告诉|想再收"
    r"|先问|是不是|怎么恢复|也?收不到)"
    r"|(?:别人|人家|邻居|他们|谁)(?:都|也)?(?:给我)?(?:退订|拒收)|我不退(?!订吗)"
    r"|(?:没|不|没有|不是|不用|别|误|错|未|上回|上次|之前|以前|早就|早已)(?:已经)?(?:说|想|要|说要|想要"
    r"|我)?(?:给)?(?:退订|拒收|退了|取消(?!.{0,4}短信))"
    r"|退订~(?:票|酒店|订单|会员|套餐|业务|外卖|航班|机票|彩铃|房间|房费|预存|流量|抵扣|代扣)|退订(?:过|错|的人)"
    r"|(?:改|换)(?:成|发)?短信|不要只发|发我手机|怎么(?:设|弄)|咋设|(?:条子|通知单|贴单)[^。!]{0,12}(?:短信|手机)"
    r"|(?:不|别)(?:用)?取消[,。 ]?(?:继续|准时|照)"
)
_ABOUT_IT_LATIN = (
    r"\b(?:paper|letters?|by post)\b.{0,24}\b(?:text|sms|instead|email)|\b(?:do not|not|never|did not) (?:stop"
    r"|cancel|unsubscribe|opt)"
    r"|(?:if|when) i (?:stop|unsubscribe|reply stop)"
)
SPOKEN_OF = pattern(
    _ABOUT_IT,
    # a debit or an order is the object, or the messages are to stay
    r"(?:代扣|扣款|委托|自动扣)[^,。!?]{0,8}(?:取消|停|关|退)|(?:取消|停|关|退)[^,。!?]{0,6}(?:代扣|扣款|自动扣)",
    r"不用停|不要钱|短信(?:还是|还)?(?:留着|照发|照样发|要的|得留)",
    _ABOUT_IT_LATIN,
    r"\b(?:stop|cancel|end) [^,。!?]{0,16}(?:debit|auto ?pay)",
)
_NO_REFUSAL = pattern(
    _ABOUT_IT,
    r"(?:别|不要|不用)(?:再)?(?:给我)?发短信[,。]?[^,。!?]{0,10}(?:打(?:个)?电话|打我|来人|派人|当面)",
    r"但|不过|除了|只(?:发|要|留|收)|其他|再给我发[,。]|(?:晚上|半夜|凌晨|夜里|中午|周末|太早|太晚"
    r"|[0-9一二三四五六七八九十]点)",
    _ABOUT_IT_LATIN,
    r"\b(?:cut|power cut|outages?|rushing|at night|after \d|before \d|but keep|except|only|instead)\b|how (?:do"
    r"|can|to)",
)

OPT: tuple[Rule, ...] = (
    Rule(
        intent="opt_in",
        because="asks for the messages to start again",
        words=pattern(
            r"(?:恢复|重新|继续|再次|还是要?|还想|想要?|我要|请|帮我|又想)(?:给我|接着|再|开始|把)*"
            r"(?:发送?|接收|收到?|订阅|开通|推送|开启|打开|通知|收取|恢复)(?:一下|吧)?(?:你们?的?|电费"
            r"|停电|账单|的|这个|这些|欠费|所有|服务)*(?:短信|信息|通知|提醒|消息|推送|订阅)(?!了?不"
            r"|.{0,3}(?:别|停|关))",
            r"(?:重新|恢复|继续)~(?:发|收|接收)~(?:账单|短信|通知|提醒|信息)|(?:恢复|重新(?:开通|订阅|打开"
            r"|接收)|开通|打开)~?(?:短信|提醒|通知|信息|推送)|(?:恢复|重新|继续)(?:给我)?(?:发(?:送|给我"
            r"|短信|通知|信息)|订阅|接收|推送|开通)|(?:取消|撤销|撤回|解除)(?:退订|拒收|屏蔽|拉黑)|不退订"
            r"|不想退订|退订(?:错|点错|按错)"
            r"|误退订|(?:短信|通知|提醒|信息)(?:请|还是|给我|帮我)*(?:恢复|打开|开通|重新|继续)(?!供电"
            r"|送电|了)|(?:开通|打开|开启)(?:短信|通知|提醒|信息)",
            r"(?:(?:不|没|没有)(?:给我)?发|收不到|没收到)~(?:短信|账单|通知|提醒|信息"
            r"|电费)[^。!]{0,12}(?:恢复|重新|开通)"
            r"|^恢复(?:吧|一下|下)(?:,|$|。|!)|^(?:恢复|开通|重新订阅|订阅|恢复订阅|start|unstop|subscribe"
            r"|resubscribe|opt ?in|resume)[。!]?$",
            r"\b(?:start (?:sending|texting|messaging|the (?:texts|messages|alerts)|again|my (?:texts"
            r"|messages|alerts))|(?:re-?subscribe|subscribe me|sign me up|opt(?: me)?(?: back)? in|opt-in)"
            r"|resume (?:the |my |sending |texts|messages|alerts|notif\w+)+|(?:send|text|message) me "
            r"(?:the |your )?(?:\w+ )?(?:messages |texts |alerts |notices )?again|(?:want|like|wish) "
            r"(?:to )?(?:get|receive|have) (?:the |your |my |these |them |texts |messages |alerts "
            r"|notices |outage )+~~again|turn (?:the |my )?(?:texts|messages|alerts|notifications|them)"
            r" back on|(?:undo|cancel|reverse) (?:the |my )?(?:opt[- ]?out|unsubscribe|stop)"
            r"|changed my mind,? (?:please )?(?:keep|send))\b",
        ),
        unless=pattern(r"(?:别|不要|不想|不用|停止)(?:再)?(?:继续|重新|给我)?(?:发|推|接收|收)"),
    ),
    Rule(
        intent="opt_out",
        because="sends the stop word",
        words=pattern(
            r"^(?:请|我要|我|回复?|要求|申请|麻烦|帮我|全部|都|短信)*(?:退订|td|t|r|拒收|全部退订|退订全部"
            r"|退订短信|短信退订)(?:了|吧|谢谢|短信|全部|所有|!|。|,|td|t|r|退订|啊|一下|回复|一切|通知"
            r"|信息|掉)*$",
            r"^(?:please |pls |reply )?(?:stop|stop ?all|unsubscribe(?: me)?|opt[- ]?out|optout|remove me"
            r"|take me off|stop please|please stop|stop it|stop now|stop stop|revoke|stopp+)(?: please"
            r"| all| now| thanks| thank you)?[。!,]*$",
        ),
    ),
    Rule(
        intent="opt_out",
        because="says in so many words that no messages are wanted",
        words=pattern(
            rf"{_OPENS}(?:{_PLEADS})*(?:{_TEXTS})?(?:{_PLEADS})*(?:退订|拒收|td)(?:{_TEXTS}|{_TAIL})*{_CLOSES}",
            rf"{_OPENS}(?:{_PLEADS})*(?:{_TEXTS})(?:{_PLEADS})*(?:{_NO_MORE})(?:{_TAIL})*{_CLOSES}",
            rf"{_OPENS}(?:{_PLEADS})*(?:{_NO_MORE})(?:{_TAIL}|{_PLEADS})*(?:{_TEXTS})(?:{_TAIL})*{_CLOSES}",
            rf"{_OPENS}(?:{_PLEADS})*(?:别|不要|莫|勿|请勿|不准|不许)(?:再|在)?(?:给我|给老子|往我|向我)?发"
            rf"(?:了|来了|过来了?|给我了?|到我手机(?:上|里)?了?)(?:{_TAIL})*{_CLOSES}",
            rf"(?:{_TEXTS})[^,。!?]{{0,6}}(?:给我|帮我|都|全|请|把)*(?:退了|停了|停掉|关了|关掉|去掉|去了|撤了|取消了?)"
            rf"(?:{_TAIL})*{_CLOSES}",
            r"(?:撤回|收回|撤销)[^,。!?]{0,12}(?:同意|授权)|不(?:愿意?|同意"
            r"|接受)(?:再)?接?收[^,。!?]{0,8}(?:短信|信息|通知|消息)"
            r"|(?:短信|信息|消息)[,，]?不[,，]?要[,，]?再?[,，]?发|再(?:给我)?发(?:一?条|短信"
            r"|来)?[^,。!?]{0,4}(?:我|老子)?(?:就|立马|马上)?(?:投诉你|投诉到|举报|拉黑|砸|报警)"
            r"|短信都?别到我手机|(?:号码?|手机)[,，]?(?:今后|以后)?[,，]?一条(?:短信|信息)?[,，]?都?不收"
            r"|谢绝(?:来信|短信|信息|打扰|推送)|(?:短信|信息|消息|通知)[^,。!?]{0,4}(?:一条|一概|一律)?都?不收",
            r"(?:^|[,。!?] ?)(?:please |and |so |just |ok |again |kindly )*stop (?:all |with |these |those "
            r"|the |your |this |any )*"
            r"(?:further |automat\w+ |auto |stupid |damn )?(?:texts|messages|texting|messaging|spam\w*|sms"
            r"|alerts|text messages"
            r"|communications?(?: by \w+)?|sending (?:me|us)(?! (?:paper|letters))|contacting me|messaging me"
            r"|texting me)\b",
            r"(?:^|[,。!?] ?)(?:please |and |so |just |now )*(?:unsubscribe(?: me| this number)?(?: please| now"
            r"| from [^,。!?]{2,24})?"
            r"|(?:take|remove) me (?:off|from) (?:your|the|this) [^,。!?]{2,24}|no more (?:texts|messages"
            r"|sms)(?: please)?"
            r"|stop)(?= ?(?:$|[,。!]))|\bwithdraw (?:my )?consent\b",
        ),
        unless=_NO_REFUSAL,
        certain=True,
    ),
    Rule(
        intent="opt_out",
        because="asks us not to send any more",
        words=pattern(
            r"(?:别|不要|不用|不必|请勿|勿|甭|少|停止|停|禁止|不准|不许|拒绝|不需要|取消|无需|不接受|不想)"
            r"(?:再|再次|在|继续|老|总|一直|天天|每天|乱|给我|给老子|给(?:这个|本|我这个?)?(?:号码?|手机)|向我"
            r"|跟我|往我|对我|往|这|这个|你们|他妈|总是|老是|随便|瞎|反复|又|本机|这个号|本号码|这个?号码?"
            r"|我这|我的?手机)*(?:发送?|推送|寄|群发|传)(?!电(?!费|话|力)|火|票|脾气|货|错|生|愁|现|飙|疯"
            r"|牢骚|工单|誓|呆|车|钱|烧|动|光|放|热|展|挥|人|师傅|纸质|发票|单|个人|这么|那么|太|点|少|得)",
            r"^拒绝接收|(?:名单|列表|群发)(?:里|上|中)?~?(?:拿掉|删|去掉|剔|移|踢|划掉)|(?:别|不要|少)推(?:送)?给我"
            r"|不(?:要|好)再?send|[,。]r$",
            r"不(?:需要|要|想要)(?:再)?(?:你们?的?|这个|这种|这些|这|任何|什么)*(?:短信|通知|提醒|消息"
            r"|信息|推送)(?!费)|(?<!之前)(?<!上次)(?<!误)(?<!是)退订(?!错|过|的|了?,?~(?:重新|恢复"
            r"|怎么恢复|再开))|(?:取消|关闭|停止|停掉|终止|关掉|停了|停用|解除|屏蔽|去掉|注销|拒绝|拒收|不"
            r"(?:想|要|需要|愿|愿意)?(?:再|在)?(?:收|收到|接收|订阅|接受))(?:我的?|这个?|所有|一切|全部"
            r"|你们?的?|这些|这种|该|此|电费|停电|欠费|账单|催费|贵公司的?|任何|相关|到|吧,?)*(?:短信|信息"
            r"(?!登记)|通知|消息|推送|提醒|订阅|服务短信|骚扰|垃圾|短讯)",
            r"(?:短信|信息|通知|消息|提醒|推送)(?:服务|功能)?(?:请|能不能|可以|可不可以|给我|帮我|都|全部"
            r"|一律|麻烦|就|我|以后|也)*(?:不要|别|不用|不需要|停了吧?|停掉|停止|取消|关了|关掉|关闭|退了"
            r"|退掉|不收|停一停)(?:再|在)?(?:发|来|了|吧|掉|推|收|给|$|,|!|。)",
            r"(?:不想|不愿|不要|不再|别让我|拒绝)(?:再|在)?(?:意)?(?:收|看|接)(?:到)?(?:你们?的?|这些|这种"
            r"|这个|这|任何|这类|贵)(?!钱|费|电)|(?:别|不要|勿|请勿|停止|少|不准|禁止)(?:再|在|来|总|老"
            r"|一直|总是|老是)*(?:骚扰|打扰|烦我|烦人|轰炸|扰民)|(?:把我|将我|把这个?号码?|把我的?号码?"
            r"|我的号码?)(?:从)?~?(?:移除|删除|删掉|去掉|拉黑|移出|去除|删了|除名|划掉)|(?:删除|删掉|去掉"
            r"|移除)(?:掉)?(?:我的?|这个?|本)(?:手机|电话)?号码?|(?:不要|别|不用)(?:再)?(?:给我)?(?:回访"
            r"|调查|发问卷)|拒收|勿扰|(?:屏蔽|拉黑)你们?|不用(?:再)?(?:通知|提醒)我?了?(?:$|[,。!])|(?:别"
            r"|不要|不用)(?:再)?(?:通知|提醒)(?:我|了)",
            r"\b(?:stop|quit|cease|halt|no more|end) (?:(?:all|with|the|these|your|those|any|further|of|this"
            r"|more) ){0,4}"
            r"(?:sending|texting|messaging|contacting|bothering|spamming|harassing|spam|texts?|messages?|alerts?"
            r"|notifications?|reminders?|surveys?|questionnaires?)\b(?! the power)",
            r"\b(?:unsubscribe|opt(?: me| us)?[- ]?out|(?:take|get) (?:me|my (?:number|phone)|this number|us) off"
            r"|remove (?:me|my (?:number|phone|mobile|details|contact)|this number|us)|delete (?:my|this) "
            r"(?:number|phone|mobile)|(?:do|please do|would you) not (?:ever )?(?:text|message|send"
            r"|contact|sms|write|bother)(?: me| us| to me| any| more| this| these| it| texts| messages"
            r"| again| anymore|$|[,。!])|do not (?:want|wish|need)(?: to)? (?:get|receive|have|see|hear"
            r"|be)?~~(?:texts?|messages?|alerts|notifications?|reminders|from you)|do not (?:want"
            r"|need) (?:these|them|those)"
            r" (?:any ?more|please|thanks)|not (?:interested|want)"
            r" (?:in )?(?:your |these |any |receiv\w+ )+~~(?:texts?|messages?)|leave me alone|cancel "
            r"(?:the |my |these |all |your )?(?:\w+ )?(?:texts?|messages?|alerts?|subscription"
            r"|notifications?|reminders?)|turn off (?:the |these |my |all )?(?:\w+ )?(?:texts?|messages?"
            r"|alerts?|notifications?|reminders?)|block(?:ing)? (?:you|this number)|no (?:more )?(?:texts"
            r"|messages) please)\b",
        ),
        even=frozenset(("asked", "denied", "supposed")),
        unless=pattern(
            _ABOUT_IT,
            _ABOUT_IT_LATIN,
            r"put (?:this|it) in|(?:别|不要|少)老(?:是)?发短信问|别发短信(?:约|说|聊)",
            r"(?:晚上|半夜|凌晨|夜里|大半夜|中午|早上|清晨|休息时间|上班时间|周末|深夜|午休|睡觉|这么(?:早"
            r"|晚)|太早|太晚|[0-9一二三四五六七八九十]+点(?:以?后|以?前|之[前后]))~~(?:不要|别|勿|少|不用)"
            r"|(?:不要|别|勿|少)~(?:晚上|半夜|凌晨|夜里|大半夜|中午|清晨|这么早|这么晚|休息时间|睡觉|午休"
            r"|深夜|周末)",
            r"(?:别|不要|不用|停止|少)(?:再|给我|在)*(?:发(?:电|火|票|脾气|货|错|生|愁|纸质|飙|疯|牢骚"
            r"|工单|誓|呆|现)|传(?:单|票))|(?:不小心|误|之前|上次|以前|手滑|点错)~退订|不退订|(?:取消|撤销|撤回"
            r"|解除)(?:退订|拒收|屏蔽|拉黑)"
            r"|(?:别|不要|不用)(?:再)?(?:给我)?发短信[,。]?(?:直接|打电话|来(?:个)?电话|来人|派人)"
            r"|没退订|不是要退订|不想退订|不要退订|别退订|怎么(?:就)?(?:给我)?退订|谁(?:给我)?退订"
            r"|(?:是不是|为什么|怎么|谁)~把我~(?:拉黑|删|移)|怎么(?:就|又)?(?:不|没)(?:给我)?发~?(?:短信|账单"
            r"|通知|提醒|信息|了)|(?:取消"
            r"|停止)(?:停电|检修|供电|计划|上门|预约|代扣|扣款|委托)(?!通知|短信|信息|提醒)",
            r"(?:stop|do not).{0,30}(?:at night|after \d|before \d|late|so early|in the (?:evening|morning"
            r"|middle)|on weekends|during)|(?:after|before) (?:\d+|dark|work|nine|ten|eight).{0,24}(?:stop"
            r"|do not)|do not (?:send|text).{0,24}(?:man|technician|worker|someone|engineer|crew|guy"
            r"|anyone|him|people|paper|bill by)|stop (?:rushing|chasing|nagging|pestering|hurrying)|"
            r"(?:text|message|call|send)[^。!?]{0,24}(?:in the (?:morning|night)|at \d)|do not stop "
            r"(?:send|text|the (?:text|mess|alert))|not (?:want to )?unsubscribe|stop (?:the |my |our "
            r"|cutting |sending )?(?:power|electricity|supply|outage|cut)",
        ),
    ),
    Rule(
        intent="opt_out",
        because="wants only some of the messages",
        words=pattern(
            r"\b(?:only|just) (?:send|text|want|need|give|message)\b|只(?:要|发|收|接收|需要?|想收)~"
            r"(?:通知|短信|停电|电费|账单|提醒)"
        ),
        doubtful=True,
    ),
    Rule(
        intent="opt_out",
        because="a bare word that may mean stop",
        words=pattern(
            r"^[.\s]*(?:取消|n|end|cancel|quit|停止|停|不要|不需要|取消了?|不用了?|tt|退|退了|qx|0000|停掉"
            r"|关闭|no more|停吧)[。!]*$"
        ),
        doubtful=True,
    ),
    Rule(
        intent="partial",
        because="refuses some messages and not others",
        words=pattern(
            r"(?:只|仅|除了|以外|之外)~(?:发|收|通知|停电|电费|短信|提醒)~|还(?:是)?(?:要|得|可以|能)"
            r"(?:照常)?(?:发|收|通知)|照发|除外|(?:不要|别|不用|取消|退订|不收)~(?:短信|通知|信息|提醒"
            r"|账单|广告|调查|问卷|回访|发)~(?:但|不过|只|其他|其它|保留|还要|照发|照常|可以|要)",
            r"\b(?:only|except|but (?:keep|still|not the|i (?:still )?(?:want|need))|just the)\b~~"
            r"(?:outage|bill|power|fault|text|message|alert|survey)",
        ),
        even=frozenset(("supposed",)),
    ),
)
