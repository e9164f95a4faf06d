"""What customers ask of us beside their supply and their bill; insults and thanks."""

from __future__ import annotations

from gateway.inbox.understanding.phrases import pattern
from gateway.inbox.understanding.rule import Rule

_RATED = frozenset(("survey", "vip_followup"))

REQUESTS: tuple[Rule, ...] = (
    Rule(
        intent="human",
        because="asks for a person or a call",
        words=pattern(
            r"转?人工|(?:找|要|转|接|换|叫|派|请)(?:个|一个|一下|你们?的?)*(?:真人|活人|人工|客服|领导"
            r"|负责人|经理|主任|站长|所长)(?!态度|说|的(?:态度|电话))|(?<!提前)(?:给我|给俺|跟我|麻烦|请"
            r"|能不能|可以|希望|让|叫|速|尽快|方便|你们?|谁能?|人|师傅|经理|客服|工作人员|主管|领导)"
            r"(?:[^,。!?前]{0,8})(?:回|打|来|挂|致)(?:个|一个|下|一下|我|我个|过来|个我)*(?:电话|电(?:$"
            r"|[,。!?])|话|电联|tel|call)|(?:联系|联络|致电|电联|回电|回拨)(?:一下)?(?:我|本人|下我)(?!了)"
            r"|(?:请|麻烦|速|尽快|求)(?:速|尽快|人)?(?:联系|致电|电联|回电|回拨)|(?:^|,)回(?:个|我"
            r"|我个)?电话|(?:能|可以|可否)(?:给我)?打(?:个)?电话|派(?:个)?人~(?:说|讲|解释|谈)|^(?:回电"
            r"|致电|电联|速回电?)|打给我|打过来|(?:给我)?接~(?:领导|经理|值班|主任|客服|人工)|(?:跟|和|找"
            r"|要)~?(?:的)?(?:人|领导|经理|调度|工程师|负责人)~?(?:通话|说话|谈谈|谈一|沟通|说说)|(?:和|跟"
            r"|与)(?:我|你们?(?:的)?(?:人|客服|经理|领导|负责人))(?:电话)?(?:联系|沟通|谈|聊|说话|通话|说)"
            r"|(?:来|派|安排)(?:个|一个|一?位)?(?:活人|真人|人(?:跟|和|给)我|客服|专人)|(?:别|不要)"
            r"(?:用)?机器(?:人)?|(?:不想|不要)跟机器|电话(?:联系|沟通|详谈|聊|说)|打我(?:这个)?(?:电话"
            r"|手机)(?!骚)|加(?:个|我)?微信|我要(?:和|跟|找)(?:人|客服|真人)|有(?:没有)?(?:活人|真人|人工)"
            r"|有没有(?:人|客服|活人|真人)(?:$|\?|在|啊|能)|有人(?:在)?吗|在吗",
            r"\b(?:call me|ring me|phone me|give me a (?:call|ring)|(?:have|get|ask|want|need|let) "
            r"(?:someone|somebody|a person|a human|an agent|anyone|the manager|your (?:manager|supervisor)"
            r"|a manager) (?:to |from \w+ )*(?:call|ring|phone|contact|speak|talk|please)?|(?:speak|talk"
            r"|chat|speaking|talking) (?:to|with) (?:a |an |the |your |some|any)*(?:\w+ )?(?:person|human"
            r"|one|body|someone|agent|manager|representative|rep|operator|supervisor|staff|member|advisor"
            r"|adviser)|real (?:person|human)|human(?: being| please|$|[,。!])|live agent|(?:speak|talk) "
            r"(?:to|with) (?:the|your|an?) \w+|(?:someone|somebody|anyone|one of you)[^。!?]{0,24}(?:ring"
            r"|call|phone) me|(?:让|叫)(?:他|她|领导|负责人|人)~(?:回话|回电|来电话)|representative"
            r"|operator|customer service (?:please|now)|call ?back (?:please|at|on|me|asap)|please (?:call"
            r"|ring|phone|contact)|contact me|(?:can|could|would|will) (?:you|someone|somebody|anyone) "
            r"(?:please )?(?:call|ring|phone|contact)|reach me (?:at|on)|agent please|^agent$|not a (?:bot"
            r"|robot|machine)|anyone there|phone number to (?:call|speak))\b",
        ),
        even=frozenset(("asked", "supposed")),
        unless=pattern(
            r"(?:别|不要|不用|不必|勿|请勿|少|没(?:有)?人?|不)(?:再|给我|跟我|老|总|乱)*(?:打|回|联系)"
            r"(?:我)?(?:的)?(?:电话|我)|(?:已经?|刚|刚才|早上|昨天)(?:给我)?(?:打|回|联系)(?:过|了)"
            r"|do not (?:call|ring|phone|contact)|no need to (?:call|contact)|never called|did not call"
            r"|nobody called|no one called|already called|called me (?:back|yesterday|today)"
        ),
    ),
    Rule(
        intent="help",
        because="asks for instructions, an explanation or an account service",
        words=pattern(
            r"(?:什么|啥|几个)(?:意思|情况|东西|来头|回事|鬼|玩意|单位|公司|短信|信息|通知|业务|服务|号)"
            r"(?=[?啊呢,。!]|$|这)|看不懂|没看懂|不明白|看不明白|不懂(?:什么|啥|意思|怎么)?|(?:你|你们)"
            r"(?:到底|究竟)?(?:是|系)?(?:谁|哪位|哪个|哪里|哪儿|哪家|哪的|什么人|什么单位|什么公司|干什么"
            r"|做什么|干嘛)|^(?:谁|哪位|哪里|请问哪位|你好哪位|请问你是)[啊呀?]*$|(?:真的|真)(?:的)?"
            r"(?:假的|吗|还是(?:假|诈骗|骗))|是不是(?:诈骗|骗子|骗人|假的|骗钱)|(?:诈骗|骗子|骗人的?|假的)"
            r"(?:短信|信息)?(?:吧|吗|\?)|(?:怎么|如何|怎样|咋)(?:知道你|证明|确认|核实)",
            r"(?:怎么|如何|怎样|在哪|哪里|去哪|哪儿|到哪)~?(?:办理?|操作|弄|改|更改|变更|更换|换|查"
            r"(?!电表)|看|绑|解绑|登|注册|下载|用(?!了|得)|评|打分|回复|参加|申请|填|报装|开户|销户|过户"
            r"|更名|增容|安装|开通|关闭|投诉|举报|设置|设|找(?:回)?|联系(?:你们)?|预约)|(?:需要|要|带|准备"
            r"|提供)(?:什么|哪些|啥)(?:材料|资料|证件|手续|东西|证|$|[?,。啊呢])|(?:改|换|更改|变更|更换"
            r"|修改|更新|登记|重新登记|变更一下|改一下|换一下|留)(?:一下|成|为|个|我的?|联系|下)*(?:户名"
            r"|号码|电话|手机号?|名字|姓名|地址|联系人|联系方式|信息|资料|账号|银行卡|密码|户主|预留)|"
            r"(?:户名|号码|电话|手机号?|名字|姓名|地址|联系人|联系方式|预留~|信息)(?:请|帮我|麻烦|要|能"
            r"|需要|想|给|可以|能不能|得|应该|都)*(?:改|换(?!了(?:人|主|机主|号主))|更改|变更|更换|修改"
            r"|更新)(?:成|为|一下|下|到|$|,|。|!|\?|吗)|(?:改|换|更新)(?:成|为|到|一下)?,?1\d{6,}|改(?:期"
            r"|天|个?时间|到(?:周|星期|下周|明天|后天))|(?:户号|账单|短信|信息)~?(?:再|重新)?(?:发|给)"
            r"(?:我)?(?:一)?(?:下|遍|次)|再发(?:一)?(?:下|遍|次)|新号码?(?:是|为|:|,)?1?\d|(?:我|号码?"
            r"|电话|手机号?)换(?:了|新)?(?:新)?(?:号码?|电话号?码?|手机号|联系方式)(?:了)?|(?:以后|今后|请"
            r"|麻烦|下次|短信)(?:都|就|把)?(?:短信|通知|信息|账单)?(?:都)?(?:发|打|联系|转|改)(?:到|给"
            r"|送到|成|往|这个|我)*(?:这个|新|我|他|下面|1\d)~?(?:号码?|手机|电话|\d{5,}|儿子|女儿|老公"
            r"|老婆|爱人|爸|妈)|(?:更名|(?<!没)(?<!没有)过户|销户|开户|报装|增容|减容|暂停|复装|移表|改类"
            r"|新装|分户|并户|扩容|一户多人口|多人口|峰谷|充电桩|光伏)(?:怎么|如何|手续|申请|办|需要|要"
            r"|业务|能|可以|流程|在|$)|(?:想|要|我要|需要|申请|帮我|麻烦|请|咨询)(?:一下)?(?:办理?|办个"
            r"|申请)?(?:更名|过户(?!给)|销户|开户|报装|增容|减容|移表|新装|装(?:个)?(?:电表|表)|分户"
            r"|峰谷电?|多人口|充电桩|光伏)",
            r"(?:取消|停止|关闭|解除|解绑|解约|停掉)~?(?:代扣|扣款|自动(?:扣|交))|(?:停用|暂停|报停|拆除?|迁"
            r"|移)(?:掉|了)?(?:这|那|我)(?:个|块|只|家)?(?:的)?(?:电?表|户)"
            r"|(?:户号|客户编号|用户号|密码|验证码)(?:是|忘|在|怎么|找)~?(?:多少|什么|哪|了|不到|\?)|"
            r"(?:户号|户名|编号)(?:是)?(?:多少|什么|谁|哪个|几)|(?:哪个|什么|哪一个|哪套|哪户|哪家|谁"
            r"|哪里)(?:的)?(?:户号|户|房子|地址|电费|账户|房)(?=[?啊呢的]|$)|(?:登|登录|登陆|打|进|点|注册"
            r"|绑定|绑|收)(?:不上|不了|不进|不开|不进去|不到)|验证码|(?:app|网上国网|小程序|公众号|链接"
            r"|网站)~?(?:打不开|怎么|在哪|下载|用不了|登|崩)|(?:回|回复|发|按)(?:什么|几|哪个|啥|多少)(?:$"
            r"|[?啊呢,])|怎么(?:回|选|评|填|弄|搞|办)(?:$|[?啊呢,])|(?:改|换|变更|更换|修改|更新)~(?:户名"
            r"|号码|手机号|电话号码|联系人|联系方式|绑定|银行卡)(?!~(?:不是|主))|户名~换|改名了|干嘛的"
            r"|[1-5](?:分|星)?是(?:最)?(?:好|高|满意|差|低)|(?:打|给|评)几分|几分(?:算|是|才|叫)|^(?:帮助"
            r"|help|\?|菜单|功能|说明|info|menu)[?。!]*$|(?:请|能|能不能|可以|麻烦|帮我|帮忙|给我)"
            r"(?:不能)?(?:解释|说明|讲|告诉|指导|查)(?:一下|下|我)?|解释一下|说清楚|讲清楚|什么户号|请问"
            r"(?!停|电费)",
            r"\b(?:who (?:is|are) (?:this|you|that|it|sending|texting)|what (?:is|does|are) (?:this|that"
            r"|it|the|mean|these|\d)~~(?:\?|about|for|mean|message|text|code|$)|what (?:do|should) i (?:do"
            r"|reply|press|send|answer|choose|need)|i do not (?:understand|get it|know (?:how|what (?:this"
            r"|to)))|do not understand|how (?:do|can|should|to|would|could) (?:i |we |one )?(?!pay|get "
            r"(?:my )?(?:refund|invoice|receipt)|you|it|they|this)(?:\w+)|explain|change (?:my|the|our) "
            r"(?:\w+ )*(?:number|name|address|details|contact|email|phone|account|tariff|plan|bank|meter)"
            r"|use (?:my|this|the) new (?:number|phone|email)|(?:send|post"
            r"|mail)[^。!?]{0,30} to my (?:new )?(?:e?-?mail|address|flat|house)"
            r"|(?:stop|cancel|end|change|set up) (?:the |my |our |this )?(?:direct debit|auto ?pay"
            r"|standing order|contract)|扫(?:码|不)~(?:不出|不了|失败)|update (?:my"
            r"|the|our|your)|(?:my )?new (?:number|phone|contact|mobile) is|(?:is this|this is|are you"
            r"|it is) (?:a )?(?:scam|fraud|real|genuine|legit|spam|phishing|for real)|how do i know|which "
            r"(?:account|house|address|property|meter|number)|what (?:account|is my account|documents"
            r"|papers|do i need)|transfer (?:the )?(?:account|ownership|name)|open (?:an|a new) account"
            r"|close (?:my|the|an) account|new connection|register|log ?in|password|forgot|set up|sign up"
            r"|^help(?: please| me)?[。!?]*$|^info$|instructions|need help|can you help|help me)\b",
        ),
        even=frozenset(("asked", "denied", "supposed", "hearsay")),
        unless=None,
    ),
    Rule(
        intent="redirect",
        because="wants somebody else to receive it",
        words=pattern(
            r"(?:以后|今后|改|下次|往后|换成?|麻烦|请|直接|短信|通知)~?(?:发|通知|联系|打|转)(?:给|到|成)"
            r"~?(?:我(?:儿|女|老|爸|妈|爱)|\d{6,}|他(?:的)?(?:号|手机|电话))|(?:send|text) (?:it|them"
            r"|these|this|messages) to (?:my|his|her|\d)"
        ),
        even=frozenset(("asked",)),
    ),
    Rule(
        intent="no_such_service",
        because="says that no such service was asked for",
        words=pattern(
            r"(?:没|没有|从没|从来没|未|根本没)(?:有)?(?:报过?修|报过障|申请过?|打过(?:电话|95598|你们)"
            r"|找过你们|叫过(?:人|师傅)|办过(?:业务|什么)|预约过?|维修过|反映过)|(?:did not|never) "
            r"(?:report|request|ask for|call|book|ordered|have any)(?:ed)? (?:any|a|for|you|repair"
            r"|anything)"
        ),
        after=_RATED,
        even=frozenset(("denied",)),
    ),
    Rule(
        intent="abuse",
        because="insult or threat",
        words=pattern(
            r"^(?:操|靠|草|日|妈的|滚)[!。啊]*$|尼[玛马]|[泥麻]马|妈蛋|仙人板板|傻[逼bx叉比吊屌缺子]|煞笔"
            r"|沙比|傻比|撒比|(?<![a-z])(?:sb"
            r"|nt|sx|2b|nc)(?![a-z])|脑残|智障|弱智|白痴|蠢(?:货|猪|驴|蛋)|废物|饭桶|窝囊废|(?:他|你|特|尼"
            r"|踏)(?:妈|马|吗|玛|娘)(?:的|逼|b|个|蛋|了个|比)(?!电话|号|房|家|户|手机|名)|妈(?:的|逼|卖批"
            r"|了个)(?!电话|号|房|家|户|手机|名|电费)(?<!我妈的)(?<!他妈的)|[催停发打问叫找日干]你(?:妈"
            r"|大爷|爹|娘|全家|老母|奶奶)|关你(?:屁|毛|鸟|什么)事|操你|草你|艹|草泥马|日你|干你(?:妈|娘)"
            r"|肏|滚(?:蛋|犊子|粗|开|远|一边|$|[,。!])|去死(?!算)|死(?:全家|一户口本|妈)|全家死|不得好死"
            r"|断子绝孙|王八(?:蛋|羔子)?|混(?:蛋|账)|狗(?:日|屁|东西|杂种|娘养|逼|腿子|比)|畜生|禽兽|人渣"
            r"|渣(?:滓|男)|贱(?:人|货)|婊|杂种|不要脸|臭不要脸|放屁|放你|吃屎|狗屎|屁话|神经病|有病(?:吧"
            r"|啊|$|[,。!?])|脑子(?:有(?:病|坑|问题)|进水)|(?:弄|打|砍|整|搞|杀|捅|干)(?:死|残|断)(?:你|他"
            r"|你们|他们)|(?:砸|烧|炸)(?:了|烂|掉)?(?:你们?|供电|营业厅|电力局)|(?:打|揍|砍|捅|杀)(?:你|他"
            r"|你们|人|了你)(?!电话|们?的?电话)|找人(?:弄|打|砍|收拾)|(?:见一次|来一个|来一次)打|小心"
            r"(?:点)?(?:你|你们)|等着瞧|死骗子|骗子(?!吧|吗|\?|短信)|骗子公司|土匪|强盗|流氓|吸血鬼|垃圾"
            r"(?:公司|东西|玩意|们|人|$|[,。!])|「骂」",
            r"\b(?:fuck\w*|f+ck|f\*+k|f\*+|f u\b|wtf|stfu|shit\w*|bull ?shit|bastards?|idiots?|morons?"
            r"|assholes?|arseholes?|screw you|go to hell|damn you|bitch\w*|crap|scum\w*|thie(?:f|ves)"
            r"|crooks?|robbers|scammers?|liars?|stupid|piss off|pricks?|dick\w*|wank\w*|retard\w*"
            r"|rot in hell|drop dead|kill (?:you|him|them|u)|beat (?:you|him|them) up|burn (?:your|the) "
            r"(?:office|place) down|bloody (?:idiots?|fools?|useless|hell)|clowns?|losers?|parasites?"
            r"|go die|you (?:suck|stink))\b",
        ),
        even=frozenset(("asked", "supposed", "hearsay", "denied")),
        unless=pattern(r"是不是(?:诈骗|骗子)|以为是?骗子|不是骗子|怕是骗子"),
    ),
    Rule(
        intent="thanks",
        because="thanks",
        words=pattern(
            r"谢谢|多谢|感谢|谢了|感激|辛苦|谢(?:过|师傅|啊|$)|有劳|费心了|「谢」|劳驾|鸣谢|致谢",
            r"\b(?:thanks|thank you|many thanks|much appreciated|appreciate (?:it|your|the|that)|grateful"
            r"|thankful|bless you|god bless)\b",
        ),
        even=frozenset(("asked", "hearsay", "denied", "supposed")),
        unless=pattern(r"不用谢|no thanks|no thank you|thanks for nothing|谢谢(?:配合|合作|理解)"),
    ),
)
