"""Danger, and large loss about to happen. These rules come first and nothing silences their urgency."""

from __future__ import annotations

from gateway.inbox.understanding.phrases import pattern
from gateway.inbox.understanding.rule import Rule

_ANY = frozenset(("asked", "hearsay"))
#: Words of a danger that lasts: beside them, nothing that is told as past or as luck takes its ground away.
_LASTING = (
    r"快来|快派|赶[紧快](?:来|派|处理|切|断)|速来|到现在|至今|还(?:是|会|有)?(?:麻|漏|冒|烫|响|打火)|还(?:在"
    r"|没|压|挂|搭|垂|躺|悬|泡)|没人(?:管|来"
    r"|修|处理)|正在|怎么办"
    r"|又(?:冒|着|起|掉|漏|打)|越来越|更(?:厉害|大|歪|严重)|快要?(?:倒|掉|断|烧)"
)
_PAST = rf"^(?!.*(?:{_LASTING})).*?"
_OVER = pattern(
    _PAST + r"(?:去年|前年|上个?月|上周|上次|以前|之前|昨天|前天|前几天|那天|当时|那会)~~(?:着火|起火|冒烟|冒火"
    r"|火花|触电|漏电|麻|烧|烫|断|倒|掉|炸|困)"
    r"(?!~(?:现在|还在|又))",
    _PAST + r"(?:(?:已经|都|早就?|后来)~(?:灭了|扑灭|没事了|修好了?|处理好|处理了|解决了|接好|换好|救出|出来了|好了)"
    r"|没事了|虚惊|多亏|幸好|幸亏|(?<![正刚])好在|谢天谢地|还好~(?:来|发现|及时|早)|(?:贵|电费|账单)~(?:心脏病|犯病|晕"
    r"|中暑)|差点(?:就)?(?:起火|着火|烧)"
    r"|再晚~(?:就|要)~~(?:谢|幸|及时))",
    r"shock\w* (?:when|to|at|by)[^。]{0,24}(?:bill|amount|price|see|saw|rude)|(?:lads?|guys?|team|he"
    r"|technician|engineer|service) (?:was|were|is|are) on fire|差点(?:就)?(?:中暑|晕倒|摔)"
    r"|隐患|演练|开(?:个|了)?玩笑|看错了|闹笑话"
    r"|静电|已经剪掉|围起来了|没大碍|刚才那条[^。!?]{0,12}别管|(?:热|冻|烦|气|笑|逼|吓|累|吵|急)死人了|电价"
    r"|怎么(?:登记|申请)|登记(?:为|成)?~用户"
    r"|借到(?:了)?发电机|(?:心脏病|血压|高血压)~(?:都|要)(?:犯|高|气)|烤红薯|排除(?:了"
    r"|掉|完)|(?:原因|因为|由于|听说)~(?:挖断|撞断|刮断|砸断)|现在(?:好了|没事|正常)|(?:火|烟)"
    r"(?:已经?)?灭了|危险~(?:解除|排除)",
    r"(?:last (?:week|month|year|night|time)|yesterday|used to)\b.{0,40}(?:fire|smok|spark|shock|burn)"
    r"|(?:fire|smok|spark|shock|burn|line|wire|cable).{0,40}(?:last (?:week|month|year|time)|yesterday)"
    r"|(?:fire|danger|it|they|line|wire|leak) (?:is |was |has been |were )(?:already )?(?:put out|out now"
    r"|fixed|safe now|over|sorted)"
    r"|(?:was|were) (?:smoking|sparking|burning|melting)[^。!?]{0,30}(?:but|and|then) (?:he|she|they|you"
    r"|your \w+) (?:\w+ )?(?:replaced|fixed|repaired|changed|sorted|swapped|dealt)"
    r"|all safe|no longer dangerous|safe now|thanks? for (?:fixing|coming|sorting|dealing)",
)


def _danger(because: str, *words: str, doubtful: bool = False, even: frozenset[str] = _ANY) -> Rule:
    return Rule(
        intent="safety_urgent",
        because=because,
        words=pattern(*words),
        unless=_OVER,
        even=even,
        urgent=True,
        doubtful=doubtful,
    )


def _loss(because: str, *words: str, doubtful: bool = False) -> Rule:
    return Rule(
        intent="loss",
        because=because,
        words=pattern(*words),
        unless=pattern(
            r"总算来|终于来|来了,停|停了整整|有电了|(?<!不)来电了|恢复了|已经死|都死了|保住了|送电了|(?:去年|前年"
            r"|上个?月|上周|上次|以前|之前|那次)",
            r"会不会停|last (?:week|month|year|time)",
        ),
        even=_ANY | frozenset(("supposed",)),
        urgent=True,
        doubtful=doubtful,
    )


SAFETY: tuple[Rule, ...] = (
    _danger(
        "fire or smoke",
        r"电压(?:特别|太|过|很|突然|这么|非常|一下)*高[^。!?]{0,12}(?:爆|炸|烧)",
        r"着(?:了?大?火|起火)|起火|冒[黑白浓大青]?烟|冒出?~烟|烟冒|烧起来|烧着了|(?<!得)(?<!气)(?<!都)"
        r"(?<!我)冒火(?!了?也)|失火|火灾"
        r"|(?:电表|表箱|电箱|配电箱|插座|电线|线路|线|变压器|空开|开关|闸刀|电缆|接头|电闸)~(?:烧了|烧着"
        r"|在烧|烧起|燃|冒|打火|火花|发红|烧红|烫手|滋滋|噼啪|劈啪|啪啪|「火」)"
        r"|火光|(?:变压器|电表|表箱|电箱|配电箱|插座|空开|电缆)~(?:要|快)(?:爆|炸)"
        r"|(?:电表|表箱|电箱|配电箱|插座|插头|电线|空开|电缆|接头|开关)~(?:发烫|烫得|熔化|烤焦|烧焦)"
        r"|(?:变压器|电表|表箱|电箱|配电箱|线路|电线|插座|空开|电缆|开关|房子|屋|树|电闸)~(?:着了|着起来"
        r"|烧着|烧了)|火花|打火(?!机)|电弧|(?:变压器|电表|空开|插座|电缆|电箱|配电箱|电瓶|开关|电线)~"
        r"(?<!要)炸|火星(?!人|文)|(?<!我要)(?<!气得)(?<!快要)(?<!快)(?<!心态)爆炸(?!性)|爆燃"
        r"|(?:铜排|接头|接线|刀闸|触头|线鼻子?)[^,。!?]{0,6}(?:红了|发亮|红得|烧红|通红)|(?:电井|表箱|电箱"
        r"|配电箱|箱子?里|变压器|单元)[^,。!?]{0,8}放鞭炮"
        r"|(?:电表|表箱|电箱|盒子|插座)[^,。!?]{0,4}(?:呲花|刺花|滋花|吱)|(?:焦糊?|糊|烧焦|胶皮|塑料)~味"
        r"|闻到~(?:焦|糊|煤气|烧)|煤气泄[漏露]|燃气泄[漏露]|一氧化碳",
        r"\b(?:on fire|caught fire|catching fire|there is (?:a )?fire|fire (?:in|at|on|coming|inside|near)"
        r"|house fire|smoking|smoke"
        r"|sparks?|sparking|flames?|burning|smell of burn\w*|burnt smell|smells? (?:like )?(?:burn\w*|gas)"
        r"|gas leak|arcing"
        r"|explod\w+|explosion|blew up|blown up|melting|carbon monoxide)\b",
    ),
    _danger(
        "live or fallen lines",
        r"(?:电线|线路|高压线|电缆|低压线|裸线|进户线|线)(?!上缴)~(?:掉(?!电)|断(?!电|了?网)|落(?:下|地|在"
        r"|到)|垂|耷拉|拖在|搭在|挂在|裸露|露在|露出|倒下|被~(?:刮|挂|扯|撞)断)",
        r"(?:电缆|电线|高压线|线皮)~(?:破皮|破损|磨破|割破)|(?:电缆|电线|高压线|线路|架空线)~(?:挖|撞|刮|砸"
        r"|压|扯|拉|剪|吹)断|(?:挖|撞|刮|砸|压|扯|拉|吹)"
        r"断了?~(?:电缆|电线|高压|线路|线)|线~?(?:全|都)?(?:扯|拽|拉|刮|吹|掉)下来|撞~?(?:电线杆|杆子|线杆"
        r"|电杆|变压器|电箱)|(?:有人|小孩|孩子|娃|学生)~(?:爬|捅|摸|掏|钻|拿棍)~(?:变压器|电线杆|线杆|铁塔"
        r"|配电|电箱|高压)|裸(?:在|露|着)|断线(?!索)~(?:地|路|院|门|小孩|孩子|人)|(?:地上|路上|水里|地面"
        r"|路面|马路)~(?:断线|电线|电缆|高压线|带电)|(?:电线杆|杆子|水泥杆|线杆|电塔|铁塔|杆)~(?:倒|断|歪"
        r"|斜|要倒|撞|裂|倾)|线~(?:甩|扔|丢|撂|摊)~(?:地|路边|门口|外)|(?:铜丝|铜线|铜芯|线芯|线头)~(?:露|裸)"
        r"|(?:碰|挂|刮|蹭|撞|搭|勾|压|缠|绕|砸)(?:到|着|上|在|了)+~?(?:高压线|电线|电缆|变压器)"
        r"|裸露的?(?:电线|线|电缆|铜)"
        r"|(?:梯子?|铁梯|鱼竿|钓竿|风筝|竹竿|吊车|吊臂|脚手架)[^。!?]{0,8}(?:线|高压)[^。!?]{0,3}上|踩(?:到"
        r"|着)[^。!?]{0,6}(?:电线|断线)|(?:小孩"
        r"|孩子|娃|学生|有人)[^。!?]{0,8}(?:翻|爬|钻|捅)[^。!?]{0,6}(?:变电站|配电|围墙里|插座|电箱|变压器)"
        r"|墙里~?(?:滋|响|烫|冒)|(?:滋啦|滋滋|噼啪"
        r"|呲呲)(?:滋啦|滋滋|噼啪|呲呲|地|的)*响|门把手?~打人|积水~(?:冒泡|滋|电|麻)|(?:插座|电线|墙)~(?:烧焦"
        r"|发黑|变黄|烧黑)"
        r"|变压器~(?:漏油|倒|掉|歪)|徒手~(?:剪|接|摸|拉|掰)~线|(?:接线盒|表箱|电箱|插座|盖板"
        r"|配电箱)[^,。!?]{0,6}(?:盖子?|盖板|门)?(?:没了|没装回去?|丢了)"
        r"[^。!?]{0,24}(?:娃|孩子|孙|学生|操场|小孩|手指)|(?:电线|线|风筝线?)~(?:缠|绕)~(?:高压|千伏|[0-9]+kv)",
        r"(?:电表箱|表箱|电箱|配电箱|配电房|电表|插座|变压器|电缆井|箱变|配电柜)~(?:进水|泡|淹|漏水|水里"
        r"|浸)|水~(?:淹|漫|泡)~(?:表箱|电箱|配电|电表|插座|变压器|箱变)"
        r"|(?:表箱|电箱|配电箱|配电柜|箱变|变压器)门?~(?:敞开|敞着|开着|没锁|没盖|没门|没关|关一下|关上)[^。!?]{0,12}"
        r"(?:小孩|孩子|娃|学生)|(?:小孩|孩子|娃|学生)[^。!?]{0,8}(?:摸|碰|玩|伸手|爬)[^。!?]{0,8}(?:电线"
        r"|电箱|表箱|线|变压器|配电)",
        r"\b(?:(?:power |electric\w* |live |overhead )?(?:lines?|wires?|cables?)(?: is| are| has| have"
        r"| was| came|'s)? ?(?:just |all )?(?:come |been )?(?:down|fallen|fell|lying|laying|trailing|loose"
        r"|hanging|dangling|snapped|broken|exposed|on the (?:ground|road|floor|street|path|grass))"
        r"|(?:downed|fallen|dangling|exposed|bare|live|hanging|broken) (?:power |electric\w* )?(?:lines?"
        r"|wires?|cables?)|(?:tree|branch\w*|crane|scaffold\w*) [^。!?]{0,20}(?:on|into|against|touching"
        r"|over) (?:the |a |our )?(?:power |overhead |electric\w* )?(?:lines?|wires?|cables?)"
        r"|(?:hit|struck|crashed into|ran into|knocked(?: down| over)?) (?:the |a |our )?(?:\w+ )?(?:pole"
        r"|pylon|transformer|substation)"
        r"|(?:main switch|fuse ?box|consumer unit|panel|meter)[^。!?]{0,24}(?:under water|flood\w*|buzzing"
        r"|sparking)|buzzing[^。!?]{0,40}(?:open|copper|kids|children|playground)|(?:copper|wires?"
        r"|live parts?) (?:is |are )?showing|water (?:is |was |keeps )?(?:drip|leak|pour|runn|com"
        r"|seep)\w* [^。!?]{0,24}(?:lights?|lamp|socket"
        r"|switch|outlet)"
        r"|(?:socket|plug|outlet|switch|fuse ?box|wire|cable|breaker)\b[^。!?]{0,24}(?:so hot|very hot"
        r"|too hot|red hot|scorch\w*|brown(?!-?out)|charred)"
        r"|pole (?:is |has |has been )?(?:down|fallen|fell|broken|leaning|snapped"
        r"|about to)"
        r"|transformer (?:is |has )?(?:leaking|fallen)|water (?:in|into|inside|dripping|pouring|is coming"
        r"|coming) ~~(?:meter|fuse|socket|panel|box|consumer unit))\b",
    ),
    _danger(
        "electric shock",
        r"(?<![接防])触电(?!了?(?:一样|似的|般)|知识|的感觉)|电到(?!期|位|底|家)(?:了|人|我|他|孩子|小孩"
        r"|狗|牛|手)?|(?:被|让)~?电(?:了(?:$|[,。!一])|打|到|击|麻|得|伤|晕|着)|电死|电击|(?<!电)漏电"
        r"(?!保护|开关|断路|保)|漏了?电(?!保护|开关|断路|保)|带电(?!作业|话|显|池|器|源|脑|饭|动)|麻手"
        r"|手麻|发麻|麻了一下|电麻|(?:还|仍|又)(?:是|在|有)?(?:会)?麻(?!烦|木|利|将|痹)|(?:摸|碰)~(?:麻|有电"
        r"|带电|过电)|跨步电压|(?:站牌|栏杆|护栏|铁门|铁皮|铁丝|水管|龙头|花洒|浴霸|热水器|墙|柜子|柜门|灯杆"
        r"|路灯杆)[^,。!?]{0,8}(?:有电|电人|咬人|打人|带电)"
        r"|一(?:靠|摸|碰|开花洒|沾)就(?:麻|电|打)|谁(?:摸|碰)(?:打|电)谁|(?:胳膊|手|人)(?:被)?弹开",
        r"\b(?:electrocut\w*|(?:electric(?:al)?|got an?|get an?|getting|gave (?:me|him|her|us|my \w+"
        r"|our \w+|the \w+) an?|giving|gives|mild|small|static|had an?) shocks?|shocks? (?:me|him|her|us"
        r"|from|when|off)|(?:was|got|been|being|getting) (?:shocked|zapped) (?:by the|from|when|off"
        r"|touching)|(?:got|get|gets|getting|being) (?:shocked|zapped)|tingl\w+"
        r"|(?:everything|metal|taps?|shower|pipes?|fridge|fence|door|railing)\b[^。!?]{0,20}(?:gives?"
        r"|gave)(?: \w+){0,2} shocks?"
        r"|(?:taps?|posts?|poles?|fence|pipes?|railing|shower|fridge|washing machine)\b[^。!?]{0,20}bites?"
        r"|touch\w* [^。!?]{0,30}(?:threw|jolt\w*|kicked) |live (?:tap|pipe|metal"
        r"|casing))\b",
    ),
    _danger(
        "life depends on power",
        r"呼吸机|血透|制氧机|氧气机|吸氧|透析|腹透|雾化|吸痰|监护仪|心电监护|胰岛素|保温箱~(?:婴儿|宝宝|早产)|"
        r"(?:婴儿|宝宝|早产)~保温箱|早产儿|血氧|供氧|氧气~(?:不够|没了|快)|(?:等着|正在)~手术|手术室|喘气机"
        r"|救命(?:的)?机|"
        r"(?<![a-z])icu(?![a-z])|重症",
        r"\b(?:ventilator|breathing (?:machine|apparatus|aid)|oxygen (?:machine|concentrator|pump|tank)?"
        r"|home oxygen|dialysis|nebuli[sz]er"
        r"|cpap|bipap|life support|incubator|insulin|feeding pump|on oxygen|medical (?:equipment|device"
        r"|machine)|suction machine)\b",
        even=_ANY | frozenset(("supposed",)),
    ),
    _danger(
        "people in danger",
        r"井下[^,。!?]{0,6}人|(?:人(?:已经)?|我)(?:就|已经)?在(?:桥|天台|楼顶|河边)上?(?:了|$)|洗胃|(?:带|拎|提"
        r"|泼|浇)~?汽油|救命|「救」~|(?:变压器|电线杆|电杆|配电|线)~(?:底下|下面|旁边)~人~(?:躺|倒)|有气无力"
        r"|(?:头晕|胸闷|心慌|发晕|头昏"
        r"|喘)~(?:走不动|站不|起不来|得厉害|没力"
        r"|不行)|(?:一直|老)?说~?胸闷|叫不应|喊~不答|(?:人|他|她|娃|孩子)~?粘(?:住|上|着)|气垫床|渐冻"
        r"|靠机器(?:喘|呼吸)|氧机~(?:报警|停|没电)|嘴唇~(?:紫"
        r"|乌)|(?:瘫|偏瘫|卧床|躺床上)~(?:没人|一个人|热|闷|停电)|快不行了|生命危险|人命(?!关天)|死人了|(?:要"
        r"|会|快|出)(?:死人|出人命|人命)|昏(?:倒"
        r"|迷|过去|厥)|晕(?:倒|过去|厥)|中暑|抽搐|喘不(?:上|过)~?气|呼吸困难|没呼吸|口吐白沫|休克|心脏病~"
        r"(?:发|犯)|心梗|心绞痛|脑梗|脑溢血|哮喘~(?:发|犯)|(?:要|得|快|急着)(?:送|去)医院|救护车|犯病|发病"
        r"|大出血|要生了|摔(?:伤|倒|下|断|了)|烫伤|烧伤|砸(?:到|伤|中)~(?:人|了|孩子"
        r"|老人|我)|有人受伤|冻(?:僵|昏)|(?:老人|孩子|宝宝|婴儿|病人)~(?:发烧|高烧|不行了|受不了|快撑不住"
        r"|撑不住|危险|难受)",
        r"(?:困|关|卡|被困|锁)~(?:电梯|里面|里头|车库)|电梯~(?:困|关|卡|有人|里有|停了~人)|被困|(?:人|老人"
        r"|孩子|工人|他|爸|妈)~(?:倒在~(?:地|路|水)|不动了|没反应|叫不醒)",
        r"\b(?:(?:stuck|trapped|people|person|someone|child|kids?|mother|mum|father|dad|wife|husband) "
        r"(?:is |are |am |was )?(?:stuck |trapped |still )?(?:in|inside) (?:the |a |our )?(?:lift"
        r"|elevator)|trapped|between floors|(?:lift|elevator) [^。!?]{0,40}(?:inside|in it)\b|collapsed"
        r"|feels? (?:faint|dizzy|very weak)|passing out"
        r"|fainted|unconscious|can not breathe|heat ?stroke|life or death"
        r"|life[- ]threatening|stuck [^。!?]{0,20}with (?:him|her|them|me|us|people|someone|my \w+) (?:on|in|inside)"
        r"|hit (?:his|her|my|their) head|not answering (?:us|me|the door)|(?:fell|fallen) (?:on"
        r"|down) (?:the )?(?:dark )?stairs"
        r"|relief valve|downwind|thrown off (?:the|a|his) (?:ladder|pole|roof)|pole\b[^。!?]{0,40}(?:cracked"
        r"|swaying)|dying(?! to)|in danger|emergency|injured|hurt badly|someone (?:is|got) hurt"
        r"|(?:baby|mother|father|child|mum|dad|grandma|grandpa) (?:is )?(?:freezing|overheating|very ill"
        r"|sick))\b",
    ),
    _danger(
        "does not want to live",
        r"药(?:我)?(?:已经|都)?(?:吃了|吞了|喝了)(?=[,。!]|密码|$)|(?:打|拧)?开(?:着|了)?煤气~?(?:睡|走|算)"
        r"|煤气(?:打)?开(?:上|着)~?睡|(?:直接"
        r"|就|去)?上天台|从楼上(?:下去|跳|下来算)|(?:安排|安顿)好(?:孩子|娃|老人|后事)[^。!?]{0,6}(?:就走|我就"
        r"|就去)|下辈子(?:再)?(?:还|做|给|当牛)"
        r"|没(?:有)?(?:什么)?牵挂了|(?:试过|试了)[^。!?]{0,6}没死成|没死成|药(?:我)?都?买好了|(?:别来"
        r"|不要)敲门[^。!?]{0,6}(?:吓|怕)"
        r"|(?:我)?应该(?:已经)?不在了[,。]"
        r"|没人(?:看到|知道)我(?:走|死)|不想活|活不下去|活不成|不活了|活(?:够|腻)了?|没法活|安眠药|逼死我"
        r"|活着(?:真|也|都|还|实在|太|好"
        r"|这么)+(?:累|痛苦|煎熬|受罪)|活着(?:真|也|都|还|实在)*(?:没"
        r"|没有|没啥|没什么|有什么|有啥)(?:意思|劲|意义|盼头)|一死了之|死了一了百了|死了干净|想死(?!你|他)"
        r"|去死算了|死了算了|死了得了|自杀|轻生|寻短见|想不开|跳楼(?!价)|跳(?:下去|河|江|桥|井)|从~(?:楼上"
        r"|楼顶|天台|阳台)~跳|上吊|喝(?:农)?药(?:自|死|算)|割腕|一了百了|遗书|死给你|死在你们|没有?活路"
        r"|活着没(?:意思|意义|劲)|不想在这个世上|离开这个世界|(?:生|活着(?:还)?|还)不如死|(?:吃|吞"
        r"|喝)了?(?:一|整|半|几)(?:瓶|把)~?药|同归于尽|(?:想|不如|干脆)~带着?~(?:走了?算|去死"
        r"|一起(?:走|死))|我(?:真的?|实在|也|都|快)*撑不下去|结束(?:自己|生命)|了结自己",
        r"\b(?:kill myself|suicid\w*|(?:took|taken|swallowed) (?:all |too many )?(?:of )?(?:the |my |her |his )?"
        r"(?:sleeping )?(?:pills|tablets)"
        r"|no ?(?:one|body) (?:will|would) miss me|end (?:my life|it all)|do not want to (?:live|be here)"
        r"|not want to live|no (?:reason|point) (?:to |in )?(?:liv\w+|go(?:ing)? on(?! (?:the|a|my|your|it"
        r"|line))|carry\w* on)"
        r"|not see (?:a|any) (?:reason|point)[^。!?]{0,8}(?:go|carry|liv)\w*|better off dead|want to die"
        r"|wish i (?:was"
        r"|were) dead|can not go on|jump off|hang myself|take my (?:own )?life)\b",
        even=frozenset(("asked", "hearsay", "supposed")),
    ),
    _loss(
        "large loss about to happen",
        r"鱼塘|虾塘|蟹塘|增氧|缺氧|(?:鱼|虾|蟹|鸡|猪|鸭|鹅|羊|兔|蚕|苗)(?:~|[^。!?]{0,12}(?:要|快|会|全|都"
        r"|就))(?:要死|快死|会死"
        r"|死完|死光|全死|翻塘|[冻热闷憋渴]死|浮头|保不住)|养殖(?:场|户)?~(?:停|没|断|死|等|急|怎么办)|养鸡场"
        r"|养猪场|鸡舍|猪舍|孵化"
        r"|大棚~(?:冻|卷帘|没电|停电|菜)|电解槽|反应釜|发酵罐|育苗|冷库|冷藏(?:室|库|车)|冻库|疫苗|药品~冷|血库"
        r"|(?:生产线|炉|钢水|高炉|窑|模具|机组|服务器|机房)~(?:停|报废|凝|冻|要坏|烧|断|没电|炸)|整?批~"
        r"(?:报废|坏)|货~(?:全|都|要|快)~?(?:坏|化|烂|臭)|海鲜~(?:死|坏|臭|化)|医院~不能停|[万千]只(?:鸡|鸭|鹅"
        r"|猪|羊)|冷链|血制品|血浆|生物药|兽医院~手术"
        r"|手术做(?:到|了)?一半|(?:备用(?:电|电源|电池|发电机)?|ups|发电机)~(?:只够|只能|只剩|撑(?:到|不)|坏了"
        r"|快没|还有~分钟)|(?:损失|赔)~(?:几十|上百"
        r"|几百|几|十|百|\d+)~?万",
        r"\b(?:fish (?:pond|farm|tank)?s?~~(?:die|dying|dead|oxygen|aerat\w+)|aerators?|(?:chickens?"
        r"|poultry|birds|pigs?|livestock|cattle|prawns?|shrimps?)~~(?:die|dying|dead|suffocat\w+)|hatchery"
        r"|blood ?bank|embryo\w*|fertility clinic|(?:backup|genset|generator|ups)[^。!?]{0,24}(?:failed|dead"
        r"|lasts?|minutes left|running out)|cold (?:store|storage|room)|freezers?~~(?:thaw\w*|defrost\w*"
        r"|spoil\w*|melting|full)|vaccines?"
        r"|production line|furnace|server room|(?:stock|goods|meat|seafood|batch)~~(?:spoil\w*|rot\w*"
        r"|ruined|go(?:ing)? bad|lost))\b",
    ),
)
