"""Supply: off, back, off again, and what people ask about it."""

from __future__ import annotations

from gateway.inbox.understanding.phrases import pattern
from gateway.inbox.understanding.rule import Rule

#: Topics in which an outage is known to us.
_KNOWN = frozenset(("outage_planned", "outage_fault", "restoration"))
_UNDER_WAY = frozenset(("outage_fault", "restoration"))
_NOT_KNOWN = frozenset(("survey", "arrears", "vip_followup", "contact_confirm", "none"))

_OFF = (
    r"(?:没|没有|无|还是没|没了|断了?|停了?)(?:有|过|来|通|恢复|供)?电(?!话|费|视|脑|梯|工|影|瓶|表|压|线"
    r"|器|动|池|子|商|信|力|缆|源|费|磁|饭|热|灯|扇|缴|冰|机|卡)(?!停)|停电(?=了|$|[,。!啊呢着中咯]|到现在"
    r"|很久|好久|半|[一二三四五六七八九十几\d])|(?:又|现在|突然|还在|正在|一直|这边|这里|小区|家里|我家)"
    r"停电|断电(?!通知|短信|保护)"
    r"|黑(?:着|灯|乎乎|漆漆|了(?:一)?(?:天|晚|夜|宿)|灯瞎火|咕隆咚|洞洞|麻麻)|摸黑|点蜡烛|打(?:着)?手电"
    r"|一片(?:漆)?黑|没亮|不亮|灯(?:都|也|全|还)?(?:灭|没亮|不亮|黑)|电(?:还|也|又|就|仍|仍然|一直|到现在"
    r"|根本|都|还是)*(?:没|没有|未|不)(?:来|有|通|恢复|送|到|好|了)|(?:又|再次|刚|刚刚|突然|半夜|昨晚|今天"
    r"|今早|现在|刚才|才)(?:又)?(?:停|断|灭|没|跳)了?(?:电|$|,|。|!|啊)"
)
_TROUBLE = (
    r"(?:合|推)不上(?:闸|去|$|[,。!了])|跳闸|跳(?:了)?(?:一下)?闸|总跳|老跳|一直跳|又跳|电压(?:太|很|一直"
    r"|特别|有点|总是?|老|好像|非常|这么|那么)*(?:低|高|不稳|不够|不足|不正常|不行|异常|带不动|弱)|(?:低"
    r"|高|欠|过)电压|缺相|少一相|半边(?:有|没)电|(?:一闪一闪|忽明忽暗|忽亮忽暗|闪个不停|一直闪|灯~闪"
    r"|亮一下~?灭一下|忽亮忽灭"
    r"|时有时无|时断时续|断断续续|一会(?:儿)?有(?:电)?一会(?:儿)?没|一下有一下没|来来停停|停停来来)"
    r"|带不(?:动|起)~?(?:空调|电器|热水器|电饭|冰箱|水泵|洗衣机)?|空调~(?:带不动|启动不了|起不来|开不了"
    r"|不启动|不制冷)|(?:电器|冰箱|电视|空调|电脑|洗衣机|灯泡)~(?:烧坏|烧了|烧掉)|(?:电表|表)(?:没|不)"
    r"(?:显示|亮|走)|黑屏|(?:线路|电路|电)(?:又)?(?:坏|出问题|出故障|故障)|(?:又|还是|再次)(?:坏|出问题"
    r"|出故障|烧|断|不行|老样子|这样)了?|(?:我|要|想|需要|来)报修|^报修|(?:来|派|找)(?:个|人|师傅)~?(?:修"
    r"|看看|看一下|检修|抢修|处理)"
)
_BACK = (
    r"(?:(?:已经?|都|刚刚?|现在|终于|总算|家里|我家|我们?这?|早就?|又|电)*)(?<!没)(?<!不)(?<!未)(?:来电"
    r"(?!话|显|号|者|咨|费|问|说|了?(?:吗|没))(?:了|啦|$|,|。|!)|来了电|有电(?:了|啦|$|,|。|!)|通电(?:了"
    r"|啦|$|,|。|!)|送电(?:了|啦)|电(?:已经?|刚|也|早就?|都|终于|总算)*(?:来|通|有|恢复|好)了|恢复(?:了"
    r"|正常|供电了?|用电|通电|来电|好了|$|,|。|!)|亮了|灯(?:都|又)?亮了|正常了|好了$|一切正常|供电正常"
    r"|用电正常|电正常|已恢复|已经恢复|已来电|已复电|复电了)"
)

SUPPLY: tuple[Rule, ...] = (
    Rule(
        intent="not_restored",
        because="still off, or off again, in a known outage",
        words=pattern(
            r"(?:还|仍|依然|依旧|到现在|至今|一直|目前|怎么|根本|并|都|也|就|我家|我们|这里|这边|家里|现在"
            r"|,|^|但|可)(?:是|然|旧|就|也|都|还|我家|我们?|这里|这边|家里|仍|然|处于)*(?:没|没有|未|不"
            r"|无)(?:有|见|能|得到|看到|听到|曾)?(?:来|通|送|恢复|复|供|修|给|来过|有|弄)?(?:电|好)(?!话"
            r"|费|视|脑|梯|工|表|压|线|器|动|池|源|灯|扇)",
            r"亮一下~?[灭停黑]一下|(?:没|没有|未|不见|尚未|仍未|还未)(?:来电(?!话)|恢复|复电|通电|送电|有电"
            r"|修好|见电|来(?:$|,"
            r"|。|!|啊|呢|的)|亮)|电(?:还|也|仍|仍然|一直|到现在|根本|都|还是|就)*(?:没|没有|未|不)(?:来"
            r"|有|通|恢复|送|到|好|见)|(?:来|有|恢复|好|送)了?(?:一下|一会儿?|几分钟"
            r"|[一二两三四五六七八九十\d]+(?:个)?(?:分钟|小时|秒))?(?:就)?(?:又|再次)(?:停|断|没|跳|黑|灭)"
            r"|(?:刚|才)(?:来|有|恢复)~又|又(?:停|断|没|灭|黑|跳)(?:电|了|闸)|(?:还|仍|依然|一直|还是)"
            r"(?:是)?(?:停(?:着|电)|黑(?:着|灯|的|乎)|断(?:着|电)|没亮|摸黑|没好|老样子|一片黑)|只有(?:我"
            r"|我们|我家)~(?:没|停|黑)|(?:就|唯独|偏偏)(?:我|我们|我家)~(?:没|停|黑)|(?:有|来|亮)了?,(?:但|可"
            r"|就|唯独)?(?:我们?|我家)[^,。!?]{0,6}(?:没|还没)(?:有|来|亮)?(?:$|[,。!?啊呢])"
            r"|(?:别人|人家|邻居"
            r"|隔壁|对面|楼上|楼下|其他)~(?:来|有|亮|恢复|好)~(?:我|我家|我们|就)~(?:没|不|还|停|黑)|来个?"
            r"(?:屁|毛|鬼|锤子)|哪(?:里|儿)?(?:来|有|恢复)(?:的)?电|(?:没|没有|毫无|一点)(?:一点|什么|任何"
            r"|也没有?)?动静|动静~没|^(?:没有?|还?没呢?|没有呢|没来|还没有?|未|否|no|not yet|nope)"
            r"[啊呢呀哦,。!]*$",
            r"\b(?:still (?:no|off|out|not|dark|without|waiting|down|have no|in the dark|nothing|has not"
            r"|have not)|not (?:yet )?(?:restored|back|on|returned|come back|fixed|working)(?: yet| here"
            r"| at)?|no (?:power|electricity|supply|light|lights|current)|(?:power|electricity|supply"
            r"|lights?) (?:is |are |has |have )?(?:still )?(?:off|out|not|gone|down|went|cut)|without "
            r"(?:power|electricity)|gone again|off again|out again|(?:went|gone|go|tripped|cut) (?:off|out"
            r"|down) again|(?:came|was) (?:back )?(?:on )?(?:for )?.{0,24}(?:then|but|and) (?:went|gone"
            r"|off|out|it went)|^(?:sorry )?no,? (?!problem|worries|thanks?)|only (?:next door|(?:the|my"
            r"|our) neighbou?rs?)|in the dark|nothing (?:is )?(?:back|on|yet)|(?:is|has) not "
            r"(?:come )?back|has not (?:come|been)|(?:next door|neighbou?rs?|everyone else|others"
            r"|across the (?:road|street)).{0,30}(?:but (?:not )?(?:we|i|me|mine|ours|us|my)|except))\b",
        ),
        after=_KNOWN,
        even=frozenset(("asked", "denied")),
        unless=pattern(
            r"(?:没有|不会|不)(?:再)?停电(?:了)?$|没停(?:电|过)?|不停电了|no (?:power|electricity) "
            r"(?:outage|cut)s?|not out|not off"
        ),
    ),
    Rule(
        intent="outage_report",
        because="reports that supply is off or in trouble",
        words=pattern(
            _OFF,
            _TROUBLE,
            r"paid[^。!?]{0,40}(?:still (?:off|no power|cut|disconnected|without)|no (?:power|electricity)"
            r"|not (?:been )?(?:reconnected|restored))|(?:village|street|house|building|block|area|town"
            r"|place|estate) is (?:all |totally |completely |still )?(?:dark|black|out)\b|(?:交|付|充)"
            r"(?:了|完|清|过|好)~(?:不|没|还)~(?:送电|来电|复电|通电|恢复|有电|给电|合闸|开电)",
            r"\b(?:no (?:power|electricity|supply|light|lights|current)|(?:power|electricity|supply"
            r"|lights?|the lights) (?:is |are |has |have |just |all |keeps? |has been |have been |went "
            r"|gone |suddenly )*(?:off|out|gone|down|failed|cut|tripp\w+|dead|going off|flicker\w*"
            r"|dimm?\w*|unstable|dropping|lost)|power (?:outage|cut|failure) (?:here|at|in|again|now|since"
            r"|on)|black ?out|lost (?:power|electricity)|without (?:power|electricity)|(?:low|high"
            r"|unstable|fluctuating|bad) voltage|voltage (?:is |too |very |keeps |so )*(?:low|high"
            r"|unstable|fluctuat\w+|dropp\w+|all over)|flicker\w*|breaker (?:keeps |has |is )*(?:tripp\w+)"
            r"|(?:keeps?|kept) (?:tripping|cutting|going off)|tripp(?:ed|ing)|half the house|in the dark"
            r"|we are having an? (?:outage|power cut))\b",
        ),
        after=_NOT_KNOWN,
        unless=pattern(
            r"(?:乱|随便|无故|频繁|随意|擅自)(?:就)?(?:给)?(?:我家|我)?停|才(?:修好|来电|恢复|有电|送电)|"
            r"(?:没有|没|不会|别|不要|不能|不该|不应该|未|先别|避免|怕|担心|威胁|敢)(?:再|给我|把我|给我家"
            r"|随便|乱|频繁|老|经常|出现|发生|马上)*(?:停|断|掐)(?:我|我家|我们|了)*(?:的)?电|(?:如果|要是"
            r"|万一|再)~停电|停电(?:也|都)(?:不|没)|停电(?:了)?(?:怎么办|会|要|前|的话|通知|计划)|(?:去年"
            r"|上次|上个?月|以前|之前|那次|那天|昨天|前天|上周)~(?:停电|没电|跳闸)(?!~(?:今天|现在|又|还))"
            r"|(?:会|要|将|准备|打算|是不是要|什么时候|几点|哪天)(?:不会|不要)?(?:停|断)电|(?:不会|没有|没"
            r"|不)(?:再)?跳(?:闸)?了?|不(?:再)?(?:闪|跳)了|手机没电|(?:手机|电动车|电池|遥控器|门锁)~没电"
            r"|(?:cut|turn|switch)(?:ting)? (?:off )?(?:my|our|the) (?:power|electricity)|no (?:power"
            r"|electricity) (?:cut|outage|problem)s?|last (?:week|month|year|time)",
        ),
    ),
    Rule(
        intent="outage_question",
        because="asks to move the outage, or where it is",
        words=pattern(
            r"(?:不停|别停|晚停|少停|换天|改天)~?(?:行不行|行吗|行不|可以吗|好不好|可不可以)",
            r"\b(?:can|could|would) you (?:please )?(?:do|move|change|postpone|reschedule|make) (?:it|this"
            r"|that|the)|(?:可以|能|能不能|可不可以|麻烦)(?:不能|不可以|不)?(?:改|推迟|提前|延期|取消|换"
            r"|晚点|早点|不停|少停)|(?:改|推迟|提前|延期|取消|换)(?:到|成|个|一下)?(?:哪天|别的|几点|时间"
            r"|日期|周末|吗|行吗|晚上|一天)|哪(?:里|儿|个地方|段|条)?~(?:坏|断|故障|出问题)",
            r"\bwhich (?:area|street|building|block|house|part)\w*",
        ),
        after=_KNOWN,
        even=frozenset(("asked", "denied", "supposed")),
    ),
    Rule(
        intent="outage_report",
        because="supply is back but in trouble",
        words=pattern(
            r"跳闸|跳(?:了)?(?:一下)?闸|(?:一半|部分|有的|有些|几个|半边)~(?:房间|屋|插座|灯|层)~(?:有电"
            r"|没电|亮|不亮)|电压~(?:低|高|不稳|不够|不足)|(?:灯|电)~(?:闪|暗)|忽明忽暗|带不(?:动|起)|缺相"
            r"|半边(?:有|没)电|三相~(?:少|缺|没)|(?:插座|空调|冰箱|水泵)~(?:没电|不转|烧|不能用|用不了)|"
            r"(?:一|有的|有些|部分|几个)~(?:房间|插座|屋|层)~没(?:有)?电|low voltage|voltage|flicker\w*"
            r"|dim(?:ming|med)? lights?|(?:lights?|it|they) (?:are |is )?(?:very |so |too |really |all )?"
            r"(?:dim|weak)|half the (?:house|rooms)",
        ),
        after=_UNDER_WAY,
        unless=pattern(r"还没(?:来|有)电|没来电|no power"),
    ),
    Rule(
        intent="outage_report",
        because="off before its time",
        words=pattern(
            r"(?:现在|怎么现在|提前|已经|就|还没到|今天|刚刚?|怎么今天)(?:就|已经|怎么|都|突然|时间|点"
            r"|提前)*(?:停(?:了|电|掉)|没电|断电|断了)|(?:没到|不到|还没到|没有到)~(?:时间|点)~(?:停|断"
            r"|没电)|提前(?:停|断)|跳闸|电压~(?:低|高|不稳)|灯~闪|(?:already|now) (?:off|out|no power|cut)"
            r"|gone (?:off )?early|off early",
        ),
        after=frozenset(("outage_planned",)),
        even=frozenset(("asked",)),
        unless=pattern(r"还没来|还没恢复|still"),
    ),
    Rule(
        intent="restored_confirm",
        because="supply is back",
        words=pattern(
            r"^(?:嗯+|是的?|对|哦|好的?),?(?:已经?)?(?:来(?:电)?|有|好)了|^(?:已经?|刚刚?|都|早)?(?:来了"
            r"|好了|有了|通了|亮了)+(?:啊|呢|,|。|!|的|$)|^(?:可以|行|ok|没问题)了[。!,]*$|^(?:是的?|有|对"
            r"|有的|yes|yep|yes it is|it is)[啊呢呀哦,。!]*$",
            _BACK,
            r"\b(?:(?:power|electricity|supply|lights?|it|everything|all|we|we are|mine|ours|yes it)"
            r"(?:'s)? (?:is |are |has |have |was |just |now |been |all |came |come |already |are "
            r"|finally )*(?:back(?: on| up| now| to normal|$|[,。!])|restored|returned|on now|on again"
            r"|up again|working(?: again| now| fine)?|back)|back (?:on|to normal|up|now)|(?:came|come)"
            r" back|restored|got (?:it|power|electricity) back|have (?:power|electricity|light|lights)"
            r"(?: again| now| back)?|(?:power|electricity|lights?) (?:is |are )?on(?! my)|all (?:good|fine"
            r"|ok|working|back|normal))\b",
        ),
        after=_UNDER_WAY | frozenset(("outage_planned",)),
        even=frozenset(("hearsay",)),
        unless=pattern(
            r"(?:没|没有|未|不)(?:来电|恢复|通电|有电|复电|送电)|又(?:停|断|没|跳|灭)|(?:什么时候|几点"
            r"|多久|何时)~(?:来|恢复|有电|通)|(?:就|只有|唯独)(?:我|我们|我家)|来了(?:一下|一会)~又|not "
            r"(?:back|restored|on|working)|no power|still|again off|off again|has not|but (?:not|we|i|my"
            r"|mine|ours)|when (?:will|is|are)",
        ),
    ),
    Rule(
        intent="outage_question",
        because="asks about an outage",
        words=pattern(
            r"^(?:什么|是什么|啥)?(?:原因|情况)(?:啊|呢|$|\?)|能来(?:电)?(?:不|吗|么)(?:$|\?)|(?:好久"
            r"|啥时)(?:才|能|会|可以)*(?:来电|来(?:啊|呢|嘛|\?|$)|恢复|修|通电|有电)|(?:抢修|师傅|人"
            r"|抢修队)~(?:到|来|出发|修好)了(?:没|么|吗)|到(?:底)?(?:几号|几点|哪天)|(?:什么时候|什么时间"
            r"|什么点|几点|多久|多长时间|哪天|几号|几时|啥时|大概|大约|预计|到底|还要|还得|要)(?:才|能|会"
            r"|可以|大概|还|要|到底|钟|左右|等|多久|才能)*(?:来电|来(?:啊|呢|\?|$)|恢复|修好|送电|有电|停"
            r"(?!发|止发|催)|通电|复电|供电|修完|弄好|好(?:啊|呢|\?|$)|抢修|结束|完工|检修完)",
            r"(?:停|断|没电|停电|修|抢修|检修)(?:到|多久|多长|几个?(?:小时|钟头|天)|要多久|几天|什么时候"
            r"|几点|多少(?:小时|天))|(?:为什么|怎么(?!办))~(?:停(?!车|止)|没(?:有)?电|跳闸|检修)|(?:为什么"
            r"|怎么|凭什么|什么原因|咋)(?:又|老|总|总是|老是|天天|经常|还|突然|会|现在|都|要|这么|今天|没"
            r"|不|,)*(?:停|断|没(?:有)?电|跳闸|来电|检修|停电|恢复|修好)|(?:停电|没电|跳闸|断电|故障)"
            r"(?:的)?(?:是)?(?:为什么|什么原因|怎么回事|原因|因为什么|咋回事)|怎么回事(?!~(?:电费|欠))|"
            r"(?:哪里|哪些|哪个|哪几|哪片|什么地方|哪)(?:个)?(?:地方|小区|台区|线路|片区|区域|几栋|楼"
            r"|单元)?(?:会|要|在|也)?(?:停|没电|检修)",
            r"(?<!不)(?:会|还会|要|还要|还|是不是|是否|到底|今天|明天|后天|我家|我们|我们?这|小区|我这"
            r"|这边|周末|那天|[\d一二三四五六七八九十]+(?:栋|号楼|单元|幢|号|楼|期|组|村))~?停(?:不停|电吗"
            r"|吗|没|么|电么|电不|电没|电嘛|不)|(?<!说)停不停|停电(?:吗|么|不|没|呢\?)|(?:来电|有电|恢复"
            r"|修好|通电|送电|复电)(?:了)?(?:吗|没有?|么|不)(?:$|\?|,)|能(?:不能)?(?:按时|准时|提前|如期)?"
            r"(?:来电|恢复|送电|修好)|(?:电梯|水|水泵|自来水|信号|网|路灯|空调)~(?:能用|停|有)~?(?:吗|不"
            r"|么)|(?:范围|包括|包含|涉及|影响)(?:到)?(?:哪|我|我们|我家|不|吗|几|多|小区"
            r"|[\u4e00-\u9fff]{2,6}(?:吗|不))|(?<!吧,)(?<!停,)(?:早点|快点|赶紧|尽快|抓紧|快些|赶快)"
            r"(?:给我们?)?(?:来电|恢复|送电|修好|修|抢修|通电)",
            r"(?:还要|要|得)?(?:再)?等(?:到)?(?:多久|什么时候|几点|多长时间)|(?:进展|进度|情况)(?:怎么样"
            r"|如何|呢|到哪)|(?:修|抢修)(?:到哪|得怎么样|好了?没|好了?吗|的怎么样)|(?:师傅|抢修|人|抢修队)"
            r"(?:什么时候|几点|多久|到哪|出发|来了?)(?:能|到|来|了)*(?:吗|没|\?|$)",
            r"\b(?:when (?:will|is|are|do|does|can|would|exactly)~~(?:power|electricity|back|restored"
            r"|fixed|it|on|lights?|outage|start|end|over|come|supply|work|off|cut)|how (?:long|much longer"
            r"|many hours|soon)|what time|(?:is|are|will|does|do) (?:my|our|the|this|that|we|it|there"
            r"|building|block|street|power|electricity|you)~~(?:affected|included|outage|off|cut|back"
            r"|restored|still (?:on|going|happening|planned)|lose|power|include|shut|fixed)|why (?:is|are"
            r"|was|did|has|have|does|do|no|again|another|the|there)~~(?:power|off|out|outage|cut"
            r"|electricity|dark|lights?|tripp\w*|taking|long)|what (?:happened|caused|is (?:happening"
            r"|going on|the cause|wrong|the reason|the eta|the status))|(?:is|are|does) [^。!?]{1,30} "
            r"(?:included|affected|on the list)|any (?:update|news|eta|idea)|\beta\b|(?:can|could) (?:you"
            r"|it) (?:change|move|postpone|reschedule|be (?:moved|postponed|done))|(?:back|restored|fixed"
            r"|on) yet)\b",
        ),
        even=frozenset(("asked", "denied", "supposed", "hearsay")),
        unless=pattern(
            r"(?:电费|账单|欠费|多少钱|扣款)~(?:什么时候|多久|怎么回事)|为什么~(?:电费|扣|收费|欠)"
            r"|^怎么回事[?。!啊]*$"
        ),
    ),
)
