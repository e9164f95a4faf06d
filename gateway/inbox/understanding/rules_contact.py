"""Who is reached: wrong numbers, movers, relatives.

What is said to be wrong is judged here: the recipient (a wrong number), or the amount, the notice, the
customer's own typing (none of ours).
"""

from __future__ import annotations

from gateway.inbox.understanding.phrases import pattern
from gateway.inbox.understanding.rule import Rule

_RATED = frozenset(("survey", "vip_followup"))
_NOT_RATED = frozenset(("arrears", "outage_planned", "outage_fault", "restoration", "contact_confirm", "none"))
_CHECK = frozenset(("contact_confirm",))

# Something other than the recipient is said to be wrong.
_OTHER_ERROR = (
    r"(?:金额|钱数|电费|费用|账单|数字|度数|读数|表数|电量|电表|表号|日期|时间|地址|名字|姓名|户名|单子"
    r"|发票|价格|数额|数目|账|分数?|评分|打分|字|键|数)~"
    r"(?:打错|发错|搞错|弄错|算错|写错|填错|输错|按错|错了|不对|有误)|(?:算|抄|按|输|收|扣|选|点|写|看|听"
    r"|充|交|修|接|装|停|剪|拉)错"
    r"|错(?:别)?字|手滑|手误|打快了|点快了|错了?(?:一个|个)?字|(?:刚才|刚刚|上面|上一条|前面|我)(?:那条"
    r"|那个|的)?(?:是我|我)?(?:打|发|回复?|按|评|选|写)错"
    r"|(?:打|发|回|按|评|选)错了?,?~(?:应该|是|改|重新|要|想)~?(?:打|给|评|选|发)?[0-5一二三四五]分?"
)
_TYPING = pattern(_OTHER_ERROR)
_RETURNED = pattern(
    r"没(?:有)?(?:打|发|找|弄|搞)错|没错,?是我|(?<!不)是我(?:的号|本人)|我就是(?:户主|本人|机主|他本人)"
)

_WHO = (
    r"(?:他|这个?人|这人|那个?人|此人|该人|户主|机主|这户|这一户|这家|那家|业主|叫"
    r"|这[个位](?!号码?|电话|链接|短信|字|app|网|平台|交费|小程序|单位|公司|按钮|[\u4e00-\u9fff]{1,4}码)|什么|谁|姓"
    r"|名字|所谓|你们?(?:说|找|发)|你)"
)

_KIN = (
    r"(?:爸妈?|妈|老[爸妈爹娘豆窦汉]|阿[爸妈爷婆]|爹|娘|父亲|母亲|父母|爷爷|奶奶|外公|外婆|姥姥|姥爷|公公"
    r"|婆婆|岳父|岳母|丈母娘|老丈人|老公|老婆"
    r"|爱人|媳妇|丈夫|妻子|先生|太太|儿子|女儿|儿媳|女婿"
    r"|哥哥?|姐姐?|弟弟?|妹妹?|嫂子?|姐夫|妹夫|叔叔?|舅舅?|姑姑?|姨妈?|阿姨|伯伯|侄子|侄女|外甥|孙子|孙女"
    r"|表[哥弟姐妹]|堂[哥弟姐妹]|男朋友|女朋友|对象|前夫|前妻|前男友|前女友|亲戚|家属|邻居|朋友|同事|房东"
    r"|老板|公司|单位|学校|合伙人|家人|老人|老爷子|老太太|徒弟|助手|室友|舍友|租客|孩子)"
)


def _wrong(because: str, *words: str, **more: object) -> Rule:
    return Rule(intent="wrong_number", because=because, words=pattern(*words), **more)  # type: ignore[arg-type]


WRONG_NUMBER: tuple[Rule, ...] = (
    _wrong(
        "the message reached a wrong person or number",
        r"(?:发|打|找|弄|搞|传|寄|送|整|认|催|通知|联系|留|存|记|登)错(?:了|到)?~?(?:人|对象|号码?|电话|地方了?吧?"
        r"|手机|家|门|户)(?!的?(?:电费|电表|钱|线|闸))",
        r"错发|误发|错号|空号了?吧|(?<![表户单账工型编])(?:电话|号码?|手机)(?:是|也|都|又|绝对|肯定)?(?:错"
        r"(?:的|了|误)|不对|有误|不正确|搞错|弄错|留错|填错|登记错|打错)|(?:留|填|登记|写|存|记|录|绑)错"
        r"(?:了|成)?~?(?:号|电话|手机|我)|(?:发|打)到我(?:这|手机|这里|这儿)(?:来|了)|串号|收错(?:了)?"
        r"(?:短信|信息|人)|(?:短信|信息|通知)收错|(?:别人|人家|原来的人)的(?:旧)?号~(?:卖|给|分|放)",
        even=frozenset(("asked",)),
        unless=_RETURNED,
    ),
    Rule(
        intent="sent_wrongly",
        because="says that we dialled or sent wrongly",
        words=pattern(
            r"(?<!我)(?<!扫)(?:打|发|搞|弄|找)错(?:了|啦|吧)?(?![0-9字一二三四五分个]|数|金额|钱|时间|日期"
            r"|地址|单)",
        ),
        after=_NOT_RATED,
        even=frozenset(("asked",)),
        unless=pattern(_OTHER_ERROR, *_RETURNED.alternatives),
    ),
    Rule(
        intent="sent_wrongly",
        because="says that you dialled or sent wrongly",
        words=pattern(
            r"你们?(?:是不是|肯定|绝对|又|一定|这|好像|怕是|可能|怎么)*(?:打|发|搞|弄|找)错(?:了|吧)?(?!字|数"
            r"|金额|钱|时间|日期|地址|单|了?价)",
        ),
        after=_RATED,
        even=frozenset(("asked",)),
        unless=pattern(_OTHER_ERROR.split(r"|(?:刚才", maxsplit=1)[0]),
    ),
    _wrong(
        "does not know the person",
        rf"不认识(?:{_WHO}|$|[,。!?]|啊|的$|的人|你们?(?:说|找))",
        r"(?:查|并?没|根本没|我家没|我们?(?:这|家)?没|这(?:里|儿)?没)有?(?:这个|此|这|叫)~?人(?!来|接|修"
        r"|管|理|上门|处理|态度)|查无此人|无此人|没听(?:说)?过(?:他|这个?人|这个?名字|叫)|(?:谁|哪个)认识"
        r"(?:他|啊)",
        r"不认识[\u4e00-\u9fff]{2,4}(?:$|[,。!?])|(?<!有)没(?:有)?(?:这个|这位|这名|此)(?:职工|员工|同事|客户"
        r"|住户|老师|同学|师傅|业主|租客)(?:$|[,。!])"
        r"|(?<!有)没(?:有)?(?:人)?(?:叫|姓)[\u4e00-\u9fff]{1,4}的(?:$"
        r"|[,。!?人])"
        r"|号码?[()]*(?:并|可|也|根本)?不是(?![我你他]|以前|原来|新|错|真|空|官方|正规"
        r"|别人)[\u4e00-\u9fff]{2,4}的(?:$|[,。!?号])",
        unless=pattern(r"不认识(?:来的|维修|那个?师傅|师傅|字|你们?的?(?:人|员工)|上面|这个?字|几个)"),
    ),
    _wrong(
        "is not the person or household",
        r"(?<!是)不是(?:我|本人|我家|我们家?|我本人|我们公司|我们单位|我们这)(?:的)?(?:户号?|电费|房子?"
        r"|号码?|手机|电话|账户|账号|名字|家|地址|店|单子|用户|客户编号|户头|户名|那个)?的?(?:$"
        r"|[,。!?啊呢呀吧了哦]|发|你们)",
        r"(?<!是)(?:我|这|本机|本号|这个?(?:号|手机|电话))(?:并|可|根本|真|又|也|都)?不(?:是|叫|姓)"
        r"(?!你们?的?(?:电工|员工|人)|说|因为|不|很|太|这个?意思|那个?意思|针对|没|要|来|想|对|满意|嫌|怪"
        r"|为|开玩笑|傻|好人|报|投诉|欠|投|催|第|急|故意|一般|一个人|在|指|有|生气|坏|专业|吹|户主|业主"
        r"|房主|机主|本人|他?(?:儿|女|爸|妈|老)|电|今天|昨天|刚|就|已经?)[\u4e00-\u9fff]{1,6}(?:$|[,。!?])",
        r"不是(?:这|那|他|该|此)(?:个|家|户)?(?:家|户|号|人|业主|房子|地址|小区|单位|公司)(?:的|人|主)?"
        r"(?!的?(?:问题|原因|态度|事|错))",
        r"(?:反正|肯定|根本|都|这|那)?不是(?:我|我家|我们|我们家)的(?:$|[,。!啊呢呀])|没(?:有)?用"
        r"(?:过)?你们(?:家)?的?电(?!话|视|脑|器)|^(?:不是|非)本人(?:$|[,。!])",
        r"我(?:姓|叫)[\u4e00-\u9fff]{1,4},?(?:我)?(?:不|又不|并不|可不)(?:姓|叫|是)|不是~(?:那个人|这个人"
        r"|当事人|欠费(?:的)?人)",
        r"不是你(?:们)?(?:要|想)?(?:找|说|联系|通知|发)的?(?:那个|这个)?(?:人|户|客户|用户|他)?",
        r"不在(?:这|那|你们)(?:个|片|边|条)?(?:小区|街|路|巷子?|村|楼|地址|城市|地方|省|市|区)(?!住)"
        r"|没(?:有)?(?:去过|住过"
        r"|到过)(?:那|这)|(?:从来|从|根本|压根)(?:就)?没(?:有)?(?:在)?(?:住过|去过|到过|那里住|那住)|(?:我"
        r"|我家|我们)(?:人)?(?:根本|都|压根|又)?(?:不|没)(?:在|住)(?:这里|那里|那边|那儿|那|你们那)(?:住"
        r"|了)?(?:$|[,。!?啊])|(?:没|不)在你们(?:那|这)(?:里|边|儿)?~?(?:住|租|用电)|一直(?:住|在)(?:外地"
        r"|北京|上海|广东|深圳|[\u4e00-\u9fff]{2}),[^。]{0,16}不知道|没有(?:这个|这)(?:户号|房子|房|户"
        r"|地址|账户|电表)|(?:名下|我)(?:根本|从来|并|也|都)?(?:没有?|无)(?:这个?|此|这套|你们?的?|任何)"
        r"(?:户号|房子|房|户|账户|电表|店|公司|商铺)"
        r"|(?:不知道|没有?)(?:这|这个|此|该)?(?:户号|用户)是谁|(?:外地|外省|外国|别的城市|广东|上海|北京"
        r"|四川|深圳|杭州|武汉|成都|重庆)(?:的)?(?:人|号码?),?~(?:没|不|跟|和|怎么|哪)|我(?:人)?在(?:外地"
        r"|外省|外国|国外|广东|上海|北京|四川|深圳|杭州|武汉|成都|重庆|新疆|海南|东北)(?:啊|的|呢)?,?~"
        r"(?:没有?|哪有?|哪来|不是)~?(?:房|户|家|电)",
        unless=pattern(
            r"(?<!不)是我(?:的号|本人)|我就是|不是我(?:欠|弄|打|报|投|要|不|们?不|说|想|的(?:错|问题|原因"
            r"|责任|意思|态度))",
            r"是(?:整|全|隔壁|楼上|楼下|我们整|大家)|(?:名字|户名|姓名|地址)~(?:写|登记|打|录|弄|搞)?错|"
            r"(?:想|要|以前|原来)~不是这(?:个)?(?:价|样)|不是这(?:个)?(?:问题|原因|意思|态度|价|样|事)",
        ),
    ),
    _wrong(
        "has no link to the account",
        r"(?:我|俺|咱|本人)(?:家)?(?:从来|从|根本|压根|并|也|都)*(?:不|没(?:有)?)用(?:过)?(?:这|那|此|该)(?:一)?个?"
        r"(?:户号?|户头|账户)(?!了|[交缴查办报])|"
        r"(?:跟|和|与|同|关)(?:我|我们|本人|我家|俺)(?:一点|半点|毛线|半毛钱|什么|根本|都|有什么|又)*(?:没"
        r"|无|有什么|没有|何|什么)(?:一点|半点|半毛钱|任何|什么|毛线)*(?:关系|关联|相干|干|事|瓜葛)"
        r"|(?:跟|和|与)(?:你们?|贵公司|这户|该户|此户|这家|那家|这个?户|那个?户|那边)(?:那|这)?(?:儿|边|里"
        r"|个地方)?(?:家|户)?"
        r"(?:一点|半点|毛线|半毛钱|根本|都|又|早就|也)*(?:没|无)(?:有)?(?:一点|半点|半毛钱|任何|什么"
        r"|毛线)*(?:关系|关联|相干|瓜葛)(?!了)"
        r"|关我(?:什么|屁|p|毛|鸟)事|与(?:我|本人)(?:无关|无涉|不相干)|不关我(?:的)?事|(?:不归|不属于"
        r"|不该)我(?:管|交|家)?(?:的)?(?:户|房|号)|(?:别人|人家|其他人|他人|隔壁|邻居)(?:家)?的(?:户号"
        r"|电费|账单|房子|号码|通知|短信|电表)(?!发到|也)|不是发给我的|(?:这|这条|这个?(?:短信|信息|通知))"
        r"(?:应该)?(?:不是|不该)(?:给|发给)我",
        even=frozenset(("asked",)),
        unless=pattern(r"(?:修|检修|线路|树|物业|变压器|施工)~(?:跟|和|与|关)我"),
        after=_NOT_RATED,
    ),
    _wrong(
        "the number is new to its holder",
        r"(?:刚|新|才|前几天|上个?月|昨天|今年|这个月|最近|去年)(?:刚|才|新|刚刚)?(?:去)?(?:办|买|申请|开"
        r"|领|入|开通|弄|启用|拿)(?:的|到|了|下来)*(?:一?张|个|这|这个|这张|这一?)*(?:新)?(?:的)?(?:手机)?"
        r"(?:号码?|卡|电话(?:号|卡)?)(?!给)",
        r"(?:号码?|手机|电话)(?:也|根本|并|都)?不是(?:他|户主|机主|你们?说|那个?人)|(?:号码?|卡|手机号)"
        r"是?~(?:新|刚|才)(?:刚)?(?:开|办|买|申请|领)的|(?:^|[,。!?])我不是[。!啊呀]*$|(?:号码?|卡|手机号)"
        r"(?:系|是)我?(?:刚|新|才)(?:刚)?(?:买|办|申请|开|领|入)|^新(?:号码?|卡)(?:,|。|$)",
        r"(?:这|这个|这张|本|此|我这个?|我)(?:手机)?(?:号码?|卡|电话(?:号码?|卡)?)(?:是|也是|我|我也|本来"
        r"|才|都|,)*(?:刚|新|才|前几天|上个?月|昨天|今年|这个月|最近|半年前|去年)(?:刚|才|新|刚刚|我)?"
        r"(?:去)?(?:办|买|申请|开|领|入|开通|弄|启用|拿|用|给我)(?!完|成|理业务|手续|在)",
        r"(?:号码?|手机号|电话号?)(?:已经?|早就|早已|都)?(?:换(?:了)?(?:主人|机主|人用?|号主|别人)|易主"
        r"|不是(?:他|原来|以前|原机主|那个人)的?(?:在用|了|用)|被(?:注销|回收)(?:过|了|后)|二次放号)|二次"
        r"(?:放|发)号|(?:以前|原来|之前|上一个|前(?:一)?任|上任)的?(?:号主|机主|主人|用户|那个人)(?:的|留"
        r"|用|不|登)|(?:前|上|原)(?:一)?任(?:的)?(?:机主|号主)|二手(?:的)?(?:手机)?(?:号|卡)|(?:号主|机主"
        r"|主人)(?:已经?|早就?)?(?:换|变)(?!手机)|前机主|原机主|(?:前面|前|原|上个"
        r"|之前|原来)(?:那|的|那个|那位)*(?:机主|号主)|号码(?:原来|以前|之前)(?:是|的)(?:别人|主人|机主"
        r"|他)|我用这个?(?:号码?|手机号?)(?:才|刚|没|不到)",
        unless=pattern(
            r"(?:更新|改成|换成|改为|登记|记一?下|发到|发我)~?(?:新)?号|新号(?:码)?(?:是|为|1)|换(?:了)?"
            r"(?:新)?手机(?!号)|给(?:我)?(?:爸|妈|老人|孩子|父|母|他)~办"
        ),
    ),
    _wrong(
        "wrong number (English)",
        r"(?:is|was) not (?:his|her|their|that person's|\w+'s) (?:number|phone|mobile)|(?:text|messag"
        r"|contact|send)\w* me about (?:someone|somebody|another|other)|(?:^|[,。!?] ?)(?:no |that is "
        r"|it is |this is |sorry )?(?:not|is not) (?:me|us|mine|him)(?:$| ?[,。!?])|\b(?:(?:had|have|using"
        r"|got) (?:this|the) (?:phone |mobile )?number (?:for|since|only)|(?:do not|never|not) (?:even )?"
        r"(?:have|had|got) (?:an? |any )?(?:account|property|house|flat|service) (?:with you|there|at)"
        r"|not (?:a |your )?customer(?: of yours)?|no account with|(?:who ?ever|the (?:person|man|woman"
        r"|one|guy)) you (?:want|are (?:looking for|after|trying)|need)|there is no (?:one |body |such "
        r"|mr |mrs |ms )*\w* ?(?:here|at this number|on this number|by that name|with that name)"
        r"|different person|(?:someone|somebody) else'?s? (?:account|bill|number|house|electricity)"
        r"|belongs to (?:someone|somebody) else|not (?:meant |intended )?for me|no (?:idea|clue) who (?:that"
        r"|he|she) is"
        r"|(?:got|bought|picked up) (?:this|the) (?:phone |mobile |sim )?(?:sim"
        r"|number)(?: card)?\b(?! (?:changed|updated|registered))"
        r"|mistaken identity|mixed "
        r"(?:me )?up|confus\w+ me with|live in (?:another|a different) (?:city|country|town|state))\b",
        r"\b(?:wrong|incorrect|mistaken) (?:number|person|phone|contact|recipient|guy|man|woman|party"
        r"|people|family|customer|tel|mobile|one|house ?hold|no\b)|(?:number|contact|phone) is (?:wrong"
        r"|incorrect|not (?:his|hers|theirs))|not the (?:right|correct) (?:person|number|contact|one)|"
        r"(?:texting|messaging|sent|sending|reached|contacting|contacted|got|have|send)(?: this| it"
        r"| these)?(?: to)? (?:the |a )?(?:wrong|stranger)(?! (?:amount|bill|time|date|meter|total|reading"
        r"|address on))"
        r"|(?:do|does|did) not know (?:him|her|them|this (?:person|man|woman|guy|name|customer|account"
        r"|family)|that (?:person|man|woman|guy|name)|anyone (?:called|named|by|with)|any (?:mr|mrs|ms"
        r"|such)|who (?:that|this|he|she|it) is|(?:mr|mrs|ms|miss) |anybody|this address|that address)"
        r"|never heard of (?:him|her|them|this person|that (?:person|name)|any|mr|mrs|ms|such|the "
        r"(?:person|name))"
        r"|no(?:body| one| ?such person| person)?,? ?(?:here |lives here )?(?:(?:called|named)(?! (?:me|us"
        r"|back|to|again|you|in))|(?:by that name|with that name|of that name|by the name)|such person)|"
        r"(?:i am|this is|we are) (?:not|no longer) (?:(?:mr|mrs|ms|miss)\b|him\b|her\b|that person"
        r"|this person|the person|wang|li|zhang|chen|liu|zhao|john|that guy|who you|the one you|who you)|"
        r"(?:is|am|are) not (?:me\b|mine\b|my (?:account|house|number|address|home|bill|electricity"
        r"|property|flat|apartment|meter|name|place|text|message|shop)|our (?:account|house|address|bill"
        r"|property|flat|meter))(?! (?:fault|problem|mistake|job))|not (?:my|our) (?:account|house|number"
        r"|address|home|property|flat|apartment|meter|name|place)\b(?! (?:fault|number is))",
        r"\b(?:(?:this is (?:a |my )?|i )?(?:just |only |recently )+(?:got|bought|received|given|took over"
        r"|registered|activated|have|been given|had|started using) (?:this |a |the |my )?(?:new )?"
        r"(?:phone |mobile |sim )?(?:number|sim|card)|this (?:number |is a |is my )+(?:new|just|recent)\w*"
        r"(?: number)?(?: to me)?|new (?:to this number|owner of this number)|(?:previous|former|old|last"
        r"|prior) (?:owner|holder|user) of (?:this|the) (?:number|phone|sim)|number (?:used to belong"
        r"|belonged|changed hands|has a new owner)|(?:number|sim) (?:was |has been )?recycled|never "
        r"(?:lived|been|had an account|had a house|owned)\b~~|no (?:connection|relation|link|association"
        r"|account) (?:to|with) (?:this|that|you|him|her|the)|nothing to do with (?:me|us)|i (?:do not"
        r"|never) (?:have|had|own) (?:an?|any|this|that) (?:account|house|property|flat|meter|home)|"
        r"(?:i )?do not (?:even )?live (?:there|at (?:that|this)|in (?:that|this|your|china)))\b",
        even=frozenset(("asked",)),
        unless=pattern(
            r"wrong (?:amount|bill|total|meter|reading|date|time|tariff)|typed|my typo|i meant|pressed|"
            r"(?:not|is not) (?:a |the )?wrong (?:number|person)|not my (?:fault|problem)"
        ),
    ),
)

WRONG_BARE: tuple[Rule, ...] = (
    Rule(
        intent="wrong_number",
        because="says no to “is this the contact number”",
        words=pattern(
            r"^(?:(?:我|这|本号)?(?:不是|并不是|不是的|不是啊|不是我|不是本人|非本人|不是我的|不是了|不对"
            r"|否|非|不|没有|都不是|不是这个|no|no,? (?:mate|pal|sir|madam|sorry|bro|buddy)|not me|it is not"
            r"|no it is not|not mine|incorrect|wrong|错"
            r"|错了|错的|不正确|不符|「叉」)[,。!啊呢哦的了]*)+$",
            r"^(?:no|不是|否|不),?(?:this is not|it is not|not|不是)",
        ),
        after=_CHECK,
        even=frozenset(("asked",)),
    ),
    Rule(
        intent="wrong_number",
        because="says that it is not them",
        words=pattern(
            r"^(?:这)?(?:不是我|不是我的|不是本人|非本人|不是我家|不是我家的|not me|not mine|bushiwo)"
            r"[,。!啊呢哦的]*$"
        ),
        after=frozenset(("arrears", "outage_planned", "outage_fault", "restoration", "none")),
        even=frozenset(("asked",)),
    ),
    Rule(
        intent="wrong_number",
        because="says that it is not them, after a survey",
        words=pattern(
            r"^(?:这)?(?:不是我|不是我的|不是本人|非本人|不是我家|打错了?|发错了?|not me|not mine)"
            r"[,。!啊呢哦的]*$"
        ),
        after=_RATED,
        doubtful=True,
        even=frozenset(("asked",)),
    ),
)

_GONE = (
    r"(?:已经?|早就?|早已|都|就|刚|才|现在|前年|去年|今年|上个?月|上周|几年前|好几年|半年前"
    r"|[一二三四五六七八九十两\d]+月份?|[一二三四五六七八九十两\d]+年前?|年初|年前)"
)
_PLACE = (
    r"(?:房子?|店面?|铺子?|门面|商铺|门市|厂房?|公司|饭店|超市|房产|住宅|那套|这套|小区|屋|宅子|公寓|铺面"
    r"|网吧|车间|档口|摊位)"
)

MOVED: tuple[Rule, ...] = (
    Rule(
        intent="moved_or_sold",
        because="it was theirs and is another's now",
        words=pattern(
            r"(?:以前|之前|原来|曾经|过去)是(?:我家|我们家|我的)(?:的)?(?:房子?|店|户|号)?,?(?:现在|如今"
            r"|后来)~?(?:归|给了|卖|转|过户|属于)"
            r"(?!我(?:$|[,。!了的管]))"
        ),
    ),
    Rule(
        intent="moved_or_sold",
        because="had the link and lost it",
        words=pattern(
            rf"(?:我|我们|我家|我们家|本人|全家|人|公司|店)?{_GONE}*(?:从(?:那|这)(?:里|边|儿)?)?搬(?:走|家"
            rf"|离|出去|出来|到|去|了|迁)(?:了|很久|好久|多年|到|[一二三四五六七八九十两\d]+年|外地|新|别"
            rf"|去|啊|,|$)",
            rf"{_PLACE}~(?:卖|出售|转手|转让|过户|盘出去|转出去|兑出去|退租|退了|退掉|不租了|到期|拆了|拆掉"
            rf"|拆迁|拆除|关门|关了|倒闭|注销|法拍|抵押掉|交给别人|给别人了|易主|没了|不是我的了)(?!吗)",
            rf"(?:{_GONE})(?:把)?~(?:卖(?:掉|了|给(?!我)|出)|退租|过户(?:给|了|出)|转让(?:给|了|出)|盘(?:给"
            rf"|出)|转(?:给|手|出))",
            r"(?<!买)卖(?:掉|给(?!我)|出去)了?~?(?:别人|人家|他|新|房东|$|,)|(?<![撑忍顶扛保挡留稳站])"
            r"(?:已|不再|没有再|没再|早不|已经不|早就不|不)(?:在)?(?:租|住)(?:在)?(?:这|那|这里|那里|那边"
            r"|这边|那儿|那套|这套|你们那|这个小区|该处|此处)?了|(?:早就?|早已|已经?|去年"
            r"|前年)不在[^,。!?]{1,8}(?:上班|工作|住|做事|干|开店|做生意)了|(?:已|不)在(?:这|那)(?:里|边|儿|个小区"
            r"|个地方)?住了|租约~(?:到期|结束|满)|(?:房租|租期|租房|合同)(?:已|已经|早|早就|上个?月)?"
            r"(?:到期|结束|满)(?:了|搬|退|不)|退(?:了)?租了?|退房了",
            r"(?:我|早|已|已经|现在|早就)(?:已经)?不是(?:这|那)?(?:个|家|户|里)?(?:的)?(?:那|这)?(?:个|家"
            r"|户|店|公司|厂)*(?:里)?(?:的)?(?:业主|房主|户主|房东|店主|老板|租客|住户|租户|用户|法人"
            r"|负责人)了|不在(?:那|这|你们那)(?:里|边|儿)?(?:开|做|干|上班|经营)|房东~(?:收回|收走)|卖给"
            r"(?:了)?(?:我)?(?:表|堂|哥|弟|姐|朋友|同事|邻居|别人|人家|亲戚|他|一个)|离开(?:了)?(?:那|这)~"
            r"(?:出租屋|房|小区|公司|店|城市|地方)~(?:了|年|月)|(?:店|厂|公司|铺子?|饭店|超市)~(?:倒闭"
            r"|关门|注销|转让|停业|歇业|不开)|(?:以前|之前|原来|曾经|过去|早前)(?:我)?(?:是|在|住|租)~?"
            r"(?:住|租|的|我的|我家|那|这)~(?:现在|后来|早|已|不)|(?:以前|原来|之前)(?:住|租)(?:过|在|的)?"
            r"(?:那|这)(?:里|边|儿)?(?:的|了)?(?:$|[,。])|拆迁了|(?:房子|那里|那边|那片|我们村|老房子|村)~"
            r"(?:拆了|拆完|拆掉|推平|平了)|店~(?:不开|没开|不干|关)了|(?:铺|店|生意|饭店)~(?:不做|不干"
            r"|不开)了|转(?:让|租)给(?:了)?(?:别人|人家|他|新|下家)|已(?:经)?(?:销户|过户)|过户给~了"
            r"|过户了",
            r"\b(?:(?:i|we|have|has|already|just|long ago|they) (?:have )?(?:already |since |just "
            r"|long )?moved(?! the)|moved (?:out|away|house|home|to|last|in \d|years|long|abroad|from)"
            r"|no longer (?:live|lives|living|rent|renting|own|owns|owner|at this|at that|there|my "
            r"(?:house|home|flat|account|place|shop|address)|the owner|a tenant|tenants?|here|in (?:that"
            r"|this))|(?:do|does) not (?:live|rent|own)~~ (?:any ?more|now|since|any longer)|(?:not"
            r"|is not) (?:living|renting|staying) (?:there|here)(?: any ?more)?|sold (?:the|my|our|that|it"
            r"|this)|(?:house|flat|apartment|property|shop|place|home|store|business|restaurant) (?:was "
            r"|is |has been |had been |got )?(?:already )?(?:sold|demolished|torn down|knocked down"
            r"|handed over|closed down|transferred)|used to (?:live|rent|own|be (?:my|our))|(?:lease"
            r"|tenancy|rental|contract) (?:has |had |is |was )?(?:already )?(?:ended|expired|finished|up"
            r"|over|terminated)|(?:i|we) left (?:the|that|this) (?:flat|house|apartment|place|address"
            r"|property|shop)|gave up the (?:lease|shop|flat)|closed (?:the|my|our) (?:shop|business|store"
            r"|restaurant)|handed (?:over )?the (?:shop|keys|flat|house)|(?:new owner|someone else) "
            r"(?:lives|owns|has)|(?:former|previous|old) (?:tenant|owner|address) of)\b",
        ),
        unless=pattern(
            r"(?:准备|打算|计划|正在|正|快要?|即将|马上|可能|想|将要?|会|下个?月|明天|明年|后年|下周"
            r"|(?<!年)(?<!去)(?<!前)年底|过几天"
            r"|(?<!上个)(?<!上)(?<!\d)(?<![一二三四五六七八九十])月底|到时候?|等)~(?:搬|卖|退租|退房|过户"
            r"|转让|拆|到期|满|结束)|要(?:把~)?(?:搬|卖|退|过户|转让|拆)|没(?:有)?(?:搬|卖"
            r"|退租|过户|转)|未(?:搬|卖|过户)",
            r"(?:租客|租户|房客|邻居|楼上|楼下|对门|隔壁|人家|师傅|工人|你们|电工|把)~?(?:早|都|已经?|就"
            r"|已)*(?:搬|退租)|(?:电表|表箱|电线杆|变压器|杆|设备|东西|家具|表|电箱)~搬|搬了?新|搬(?:回来"
            r"|进来|进去|进|来|过来|新|不|东西)|又搬|(?:刚|才|新|上个?月)~搬(?:到这|来|进|过来|新家)|"
            r"(?:微信|支付宝|app|平台|网上国网|户号)~过户(?!了)|怎么~过户|过户(?:手续|需要|怎么|要|流程"
            r"|费)",
            r"\b(?:will|going to|about to|planning to|plan to|before (?:i|we)|when (?:i|we)|might|may"
            r"|want to|next (?:month|week|year)) (?:be )?(?:mov\w+|sell\w*)|(?:moving|selling) (?:out "
            r"|house |it )?(?:next|soon|in|on|tomorrow)|not (?:yet )?(?:moved|sold)|(?:tenant|old one"
            r"|previous one|last one|they|neighbou?rs?) (?:has |have )?"
            r"(?:moved|left)|moved (?:in|back|here)\b",
        ),
    ),
)

NOT_HOLDER: tuple[Rule, ...] = (
    Rule(
        intent="not_account_holder",
        because="names the relative who holds the account",
        words=pattern(rf"^(?:这|那|他|户主)?(?:是)?我(?:的)?{_KIN}(?:的)?(?:名字?|号码?|户|家|电话)?(?:$|[,。!])"),
        after=_CHECK,
    ),
    Rule(
        intent="not_account_holder",
        because="is related to the account but does not hold it",
        words=pattern(
            r"(?:我|我们|俺|本人)(?:们)?(?:只|也|都|现在|就|其实|目前)?(?:是|只是|就是|就是个|不过是|也是"
            r"|是个|属于|系)?(?:一个|个|代收电费的?|他的?|这(?:里|边|个?房子?)?的?|业主的?|户主的?|机主的?"
            r"|老人的?|新来的?|新|房东的?|公司的?|代|在这|在这里|这家的?|那家的?|这个号的?"
            r"|[\u4e00-\u9fff]{1,4}[里上]的?)*(?:租客|租户"
            r"|房客|租的?房|租房子?的?|租的|租住|承租|合租|中介|物业|保姆|护工|邻居|代办|代交|代管|管家"
            r"|二房东|房东|房主他?(?:儿|女|老)|看(?:门|房子|店)的?|打工的?|店员|员工(?!号)|前台|秘书|助理"
            r"|会计|财务|门卫|保安|接任|接替|继任|新(?:任|来)的|暂住|借住|房屋管家|网格员|村干部|社工)",
            rf"我(?:是|只是|就是|系)(?:他的?|这家的?|户主的?|业主的?|机主的?|老人的?"
            rf"|[\u4e00-\u9fff]{{2,3}}的)(?:前)?{_KIN}",
            rf"(?:户主|户名|机主|业主|房主|房东|开户人|登记的?人|名字|户头|房本|房产证|电费户|这户|户号"
            rf"|房子|这房子|这房|那房子|电表|账户|号)(?:登记)?(?:上)?(?:的)?(?:名字)?(?:是|系|写的是|写|叫"
            rf"|用的|登记的是|挂在|在)(?:我)?(?:的)?(?:们)?{_KIN}(?!欠)",
            rf"(?:这|那|他|户主)(?:个|户|家)?(?:人)?(?:是|系)我(?:的)?(?:们)?(?:前)?{_KIN}(?:的)?(?:$"
            rf"|[,。!家户房名号])",
            rf"我(?:的)?(?:们)?{_KIN}(?:的)?(?:家|户|房子|户头|名字|名下|户号|电费|电表)(?!~(?:着火|停电了"
            rf"|没电|怎么交|太))",
            r"(?:(?:我|我们|我只|只)(?:是)?(?:代|给)|帮|替)(?:我|他|她|别人|人家|父母|老人|公司|房东|朋友"
            r"|亲戚|邻居|我们)*(?:爸|妈|父母|父亲|母亲|爷爷|奶奶|老人|公司|房东|朋友|亲戚|邻居|家里|他"
            r"|老板|同事|人)?(?:的)?(?:代)?(?:交|管|收|处理|打理|看|办|接收)(?!了?过了)(?:的)?(?:电费|房子"
            r"|店|这个|通知|账|这事)?",
            r"^(?:我是)?(?:租户|租客|房客|物业|中介|房东|儿子|女儿|老婆|老公|亲戚|邻居|保姆|tenant"
            r"|landlord|his son|his wife|neighbou?r)[。!]*$|经办人|(?:这|那)(?:是|个是)?(?:单位|公司|学校"
            r"|村里|厂里|集体)的(?:户|房|电|账)|户主~(?:不在|去世|过世|走了|死了|没了|在外地|出国|不识字"
            r"|换人)|(?:他|我爸|我妈|老人|父亲|母亲|户主|爷爷|奶奶|老伴|业主)(?:已经?|早就?|去年|前年"
            r"|上个?月)*(?:去世|过世|不在了|走了|病故|没了|不在人世)|去世|过世|病故|已故|离婚了?|(?:前夫"
            r"|前妻|前任(?!机主|号主|主人|房主|租客|租户|住户|业主))(?:的)?|(?:房子|房|屋|店|门面"
            r"|铺子)(?:是)?(?:租的|借的|租来的|我租的)|(?:房子?"
            r"|店面?|铺子?|门面)~(?:租出去|租给|出租|租客)|(?:找|问|联系|打给|打|催|发给)(?:我)?(?:们)?"
            r"(?:房东|业主|户主|租客|租户|物业|我(?:爸|妈|老公|老婆|儿子|女儿|哥|姐))(?!了)|(?:交|给|付)"
            r"(?:给)?(?:了)?(?:房东|物业|公司)|(?:电费|费用|钱)~(?:房东|物业|公司|单位|业主)(?:统一|来"
            r"|代)?(?:收|交|付|管)|(?:房东|业主|公司|单位|物业|租客|租户)(?:统一|来|负责|那边|他|会|在)?"
            r"(?:交|管)(?:的|电费|,|$)",
            r"(?:他|那人|小?[\u4e00-\u9fff]{1,2}(?:经理|主任|总|工|会计|主管))(?:已经?|早就?|去年|上个?月"
            r"|现在)*(?:离职|调走|调离|退休|不干|不在这|换岗|辞职|高升|离开)(?:了|,|我)?|我(?:是|现在)?"
            r"(?:接|接替|接手|顶|接管)(?:他|任|了|[\u4e00-\u9fff]{1,3}的)|(?:工作|业务|岗位|这块)(?:已)?"
            r"(?:移交|交接|转给)(?:我|给)",
            r"\b(?:i am|i'm|we are|just|only|this is) (?:just |only |actually )?(?:the |a |an |new |his |her "
            r"|their |only )*(?:tenant|renter|renting|lodger|flatmate|roommate|housemate|caretaker|agent"
            r"|estate agent|property manager|landlord|neighbou?r|son|daughter|wife|husband|brother|sister"
            r"|mother|father|mum|mom|dad|ex(?:[- ]\w+)?|carer|nephew|niece|grandson|granddaughter|cousin"
            r"|partner|secretary|assistant|receptionist|successor|replacement|colleague|friend|subtenant"
            r"|housekeeper|executor)\b|(?:account|bill|house|flat|contract|electricity|it|meter|name"
            r"|apartment) (?:is |belongs |on it is )(?:under |in |to |on )*(?:my|our|the) (?:\w+ )?"
            r"(?:landlord|father|mother|dad|mum|mom|husband|wife|son|daughter|brother|sister|parents?"
            r"|company|boss|ex|ex[- ]\w+|uncle|aunt|roommate|owner|grand\w+)|(?:contact|ask|text|tell"
            r"|message|call) (?:my|the) (?:landlord|owner|father|mother|husband|wife|son|daughter|tenant"
            r"|agent)|(?:my|the) (?:landlord|owner|company) (?:pays|handles|deals)|(?:i )?(?:pay|handle"
            r"|look after|manage) (?:this |it |the bill |the account |the house |the bills )?(?:for"
            r"|on behalf of) (?:my|our|the|an?)|(?:he|she|my (?:father|mother|dad|mum|husband|wife|\w+)"
            r"|account holder|the owner) (?:has |is |was )?(?:passed away|died|deceased|dead)|(?:he|she"
            r"|mr \w+|ms \w+|mrs \w+) (?:has )?(?:left (?:the )?(?:company|firm|us)|retired|resigned)"
            r"|my \w+ is the (?:account |bill )?(?:holder|owner|customer|payer)|(?:only|just) rent(?:ing)?"
            r"|took over (?:from|his|her)|we (?:are )?divorced|my ex\b"
            r"|(?:that|it|this) is my (?:(?:flat|room|house)mate|dad|mum|mom|father|mother|husband|wife|son"
            r"|daughter|landlord|boss|partner)'?s? (?:name|account|bill)|(?:he"
            r"|she) (?:deals? with|handles|looks after)"
            r" (?:the )?(?:electricity|bills?|account)",
        ),
        unless=pattern(
            r"(?<!不)是户主本人|我就是(?:户主|业主|本人)|(?:租客|房客|租户)(?:刚|已经|早就?|都)?搬|给"
            r"(?:我)?打(?:个)?电话|(?:我|本人)是户主",
        ),
    ),
)

NOT_NAMED: tuple[Rule, ...] = (
    Rule(
        intent="not_named",
        because="is not the registered holder",
        words=pattern(
            r"(?:我|但我|可我|我已?经?)(?:们)?(?:并|可|又|也)?不是(?:户主|房主|业主|机主|开户人|房东|法人"
            r"|老板|负责人|登记人|户主本人)(?!了)|(?:非|不是)(?:户主|业主|机主)(?!了)",
            r"(?:not|never) the (?:account[- ]?holder|holder|owner|bill payer|homeowner|landlord)",
        ),
        even=frozenset(("denied",)),
        unless=pattern(r"我(?:就)?是(?:户主|业主)"),
    ),
    Rule(
        intent="unsure",
        because="is not sure",
        words=pattern(
            r"不(?:太|大|是很)?(?:清楚|确定|记得)|可能(?:是|不是|吧)|也许|好像(?:是|不是)|应该(?:是|不是)"
            r"吧|记不清|maybe|not sure|i think so|probably|perhaps"
        ),
        after=_CHECK,
        even=frozenset(("denied", "asked")),
    ),
)
