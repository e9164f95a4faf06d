"""What the utility did or left undone: promises, closures, repeats, complaints, irony."""

from __future__ import annotations

from gateway.inbox.understanding.phrases import pattern
from gateway.inbox.understanding.rule import Rule

_RATED = frozenset(("survey", "vip_followup"))
_UNRATED = frozenset(("arrears", "outage_planned", "outage_fault", "restoration", "contact_confirm", "none"))
_ALL_MOODS = frozenset(("asked", "denied", "hearsay"))

_NOBODY = (
    r"(?:没(?:有)?(?:一个|任何|个|见|看见|看到|等)*(?:到)?(?:人影|人|师傅|电工)(?:来|到(?!现)|上门|过来"
    r"|出现|修|看|处理(?!完)|$|,|。|!|啊)|(?:人|师傅|鬼影|鬼|毛|影子|电工|你们?)(?:影|影子)?(?:都|也"
    r"|到现在|还|根本|就|至今|压根|一个)*(?:没|没有|不|未)(?:见|来|到|看到|露|出现|有|上门))"
)

SERVICE: tuple[Rule, ...] = (
    Rule(
        intent="broken_commitment",
        because="what was promised was not kept",
        words=pattern(
            r"(?:说好|讲好|说定|答应|承诺|保证|约好|约定|约的|约了|预约|不是说|说是|说(?:的)?(?:今|明|昨"
            r"|上|下|周|星期|礼拜|马上|[一二两三四五六七八九十\d]+(?:点|个|小时|分钟|天|号|日))|通知(?:说"
            r"|的|是|上)|告诉我|信誓旦旦|讲(?:今|明|昨|上午|下午))[^。!?]{0,26}(?:没来|不来|没人|还没|没见"
            r"|没到|不见|没有|没打|没回|没给|没修|没换|没装|没动静|没消息|没下文|没兑现|没影|人呢|到现在"
            r"|骗人|食言|石沉大海|鸽|爽约|白等|呢(?:\?|$)|都(?:几|过)|还(?:在)?等|不算)",
            r"说~(?:就|马上|下午|明天|待会|一会|回去|今天|上午|晚上|派人)~?(?:来|到|修|派)[^。!?]{0,16}都?"
            r"(?:[一二两三四五六七八九十几好\d]+(?:个)?(?:天|小时|月|星期|礼拜|周|多小时|钟头)|晚上|半夜"
            r"|天黑|下午|过去)(?:了|多了|还)",
            r"(?:承诺|说好?的?|约好|通知)[^。!?]{0,20}(?:实际|结果|却|可是|其实)[^。!?]{0,24}(?:小时|天|没"
            r"|才|周|月)",
            r"让~?等(?:通知|消息|电话|信)[^。!?]{0,24}(?:没下文|没(?:有)?(?:消息|动静|信|人|音)|到现在)"
            r"|没(?:有)?(?:下文|后续|音信)"
            r"|爽约|放(?:我|了)?鸽子|说话不算(?:话|数)|言而无信|食言|失约|失信|不守(?:信|时|承诺|约)|不兑现"
            r"|没(?:有)?兑现|(?:白|空|干)等(?:了)?(?:一|半|整|几|我|到)|出尔反尔|承诺(?:呢|的呢|就是放屁"
            r"|是放屁|没)|答应(?:的|我的)?(?:呢|事)~?(?:没|呢)|(?:等|请假)(?:了)?(?:你们?|师傅)?~?(?:一|半"
            r"|整|两|三|几)(?:天|个?下午|个?上午|早上|晚上)[^。!?]{0,10}(?:没|不见|没来|没人|影)|(?:过了"
            r"|超过|超了|过)(?:时间|点|期限|约定|承诺|预约)[^。!?]{0,10}(?:没|不|还)|(?:没|没有|未)(?:按时"
            r"|准时|如约|按约|在约定|按约定|守约|按承诺)~?(?:来|到|上门|修|回|给|打|完成|$|,|。|!)|(?:回电"
            r"|回电话|回复|电话|答复)(?:呢|也没|没等到|到现在|一直)|(?:没|没有|没人|无人|不)(?:给我|跟我"
            r"|和我)?(?:回(?:过)?(?:我)?(?:电|电话|复|话|访)|打(?:过)?(?:我)?电话|联系我|跟我联系)(?!就)",
            r"\b(?:(?:promised|said (?:you|they|he|she|someone|somebody|the|it|i)|told (?:me|us)|agreed"
            r"|appointment|scheduled|booked|supposed to|was to|were to|assured|guarantee\w*)[^。!?]{0,70}"
            r"(?:no ?(?:one|body)|not|never|no show|nothing|still|no (?:call|sign|visit|word|answer)"
            r"|waited|waiting|where (?:is|are))|(?:no ?(?:one|body)|never|did not|has not|have not|not) "
            r"(?:ever )?(?:called|call|rang|ring|phoned|phone|turned up|turn up|showed(?: up)?|show"
            r"(?: up)?|shown up|contacted|contact|got back|get back|rung)(?: me| us| back)*|no[- ]?show"
            r"|stood (?:me |us )?up|missed (?:the |my |our |your )?(?:appointment|slot|visit|promise)"
            r"|broke\w* (?:the |your |a |their )?(?:promise|word)|did not keep|waited (?:in )?(?:all"
            r"|the whole|half|for|a whole) (?:the )?(?:day|morning|afternoon)?[^。!?]{0,30}(?:no|never"
            r"|nothing|not)|call ?back never|(?:was|were) (?:supposed|meant|due) to (?:come|call|ring|phone"
            r"|visit|be here|turn up|return|replace|fix|get back)"
            r"|still waiting for (?:the |your |a |my |that )(?:call|visit"
            r"|technician|engineer|man|promised|new|replacement))\b",
        ),
        even=frozenset(("asked", "hearsay", "denied")),
        unless=pattern(
            r"不用(?:再)?回(?:电|复)|说好.{0,6}(?:交|给钱)|(?:比|提前).{0,4}(?:约定|说好|承诺)|(?:earlier"
            r"|sooner) than|(?:kept|keeps) (?:the|your|their|his)|as promised|说到做到|没(?:有)?(?:失约"
            r"|食言|爽约|放鸽子|失信)"
        ),
    ),
    Rule(
        intent="false_closure",
        because="declared done, but nobody came or it was never fixed",
        words=pattern(
            r"(?:根本|压根|还|也|都|并|就|到现在|至今|一直|完全|仍|,|^|但|可|问题|故障|事情|事)(?:是|然|就"
            r"|都|也|还|根本|压根|一直|完全)*(?:没|没有|未)(?:给我?|有|能|人|得到|把|见|帮我?)*(?:修|解决"
            r"|处理|弄好|搞好|搞定|弄|换|装好|换好|办|办好|办理|落实|修复|整改|维修|检修|查明|恢复|接好"
            r"|动)(?!错|乱|坏)",
            r"先(?:把|给)[^,。!?]{0,10}(?:修|弄|处理|解决)(?:好|完|了)(?:了)?(?:再|才)|^(?:处理|修|解决"
            r"|弄)(?:了)?个?(?:什么|屁|毛|鬼)(?:了|啊)?(?:$|[,?!。])"
            r"|(?:修|解决|处理|弄|搞|办)(?:得)?(?:不好|不了|不掉|不成|个屁|个毛|什么了|了个寂寞)|没(?:修|弄"
            r"|搞|处理|办|换|接|装)(?:好|成|完|过|了)?(?:$|[,。!?啊呢])|(?:问题|故障|毛病|情况|电压|灯|表"
            r"|事情)(?:依旧|依然|还在|还是|仍然|仍|照样|照旧|没变|存在|老样子)|还(?:是)?(?:会|一样|老|总)?"
            r"(?:老样子|原样|那样|坏的|坏着|不行|不好|没好|没电|不亮|跳|漏|闪|低|这样|一样|没用|不能用"
            r"|用不了)|(?:没|没有)[^。!?]{0,12}(?:显示|就|却|说|写)[^。!?]{0,4}(?:办结|完结|结单|处理完"
            r"|完成|关单)|活~没干|没干活|(?:啥|什么)(?:也|都)没(?:干|做|修|弄)|(?:没好|(?<!有完)没完|未完成|没完成"
            r"|没做完|没弄完|没干完)|(?:谁|哪|哪里|哪个|什么时候|何时)(?:说)?(?:来|修|给我|处理|解决|办)?"
            r"(?:过|完|好)?(?:的|了)?(?:修好|处理完|办结|处理好|解决|完成|来修|来过|修过|修完)(?:了)?"
            r"|(?:处理完|处理完毕|已处理|修好|办结|完结|结单|解决|完成|关单)[^。!?]{0,14}(?:没|根本|哪|谁"
            r"(?!来?赔|负责)|骗|假|扯|胡|呢|屁)|(?:虚假|假)(?:办结|结单|处理|回单|回复|办理)|(?:私自|擅自"
            r"|偷偷|直接|自己)(?:就|给我|把)*(?:办结|结单|关单|销单|完结|结案|关了单|结了)",
            r"\b(?:(?:is |was |are |has |have |still |it |problem |issue |the |been )*(?:not|never)(?: yet"
            r"| been| even| actually| really| got)* (?:fixed|solved|resolved|repaired|done|sorted|working"
            r"|finished|completed|replaced|dealt with|addressed|fix|solve|repair|resolve|happened)|still "
            r"(?:not|broken|the same|no|faulty|tripping|flickering|leaking|low|dark|out|exists?|there"
            r"|happening|an issue|dead|persists?|has not|unresolved|waiting|open|down)|nothing (?:has "
            r"|was |is )*(?:been )?(?:fixed|done|changed|happened|repaired|solved)|unresolved|same problem"
            r"|(?:problem|issue|fault) (?:is |still |remains|persists|not|continues)|(?:closed|marked"
            r"|declared|completed|done|finished|resolved|fixed)\b[^。!?]{0,30}\b(?:but (?:it|the|nobody|no"
            r"|still|not|my|we|i)|nobody|no one|without|lie|not true|false|never))\b",
        ),
        after=_RATED,
        even=frozenset(("asked", "hearsay", "denied")),
        unless=pattern(
            r"没(?:有)?(?:什么|任何|啥)?(?:问题|故障)(?!解决|处理|修)|没(?:有)?(?:什么|任何)?(?:不满意"
            r"|毛病|意见)|修好了?(?:又|没(?:几|两|多久|过)|后又|之后|以后|一天|两天)|又(?:坏|跳|停|断|没电"
            r"|不亮|闪|漏|出|烧)|(?:没|还没)(?:来得及)?(?:评价|回复|看|打分)|没(?:来得及)|(?:没(?:有)?人)"
            r"(?:态度|比)|没修(?:多久|一会|几分钟)|没(?:多久|几分钟|一会|过多久|等多久)~(?:就|修|来|到|好)"
            r"|没(?:有)?处理不|(?:电费|水|票|发票)~没(?:处理|交)|以前没|本来没|之前没",
            r"(?:worked|fixed|ok|fine|lasted|repaired)[^。!?]{0,40}(?:again|then|next day|came back)"
            r"|no problem|not a problem|never had|never been (?:better|so|happier)",
        ),
    ),
    Rule(
        intent="nobody_came",
        because="nobody came",
        words=pattern(
            _NOBODY,
            r"没(?:人|有人|见人|见到人|见人来|任何人|师傅)?(?:来|上门|到|处理|修|来过|过来)(?:过|处理|修"
            r"|看|维修)?(?:啊|$|[,。!?])",
            r"\b(?:(?:no ?body|no one|no ?technician|none|no man|no engineer|no worker|no crew) (?:has "
            r"|have |ever |even |actually |from your side )*(?:came|come|been|visited|showed|turned"
            r"|arrived|fixed|repaired|here|looked|called)|(?:never|not) (?:even |actually |ever )?(?:come"
            r"|came|visited|turned up|showed(?: up)?|arrived|been here))\b",
        ),
        after=_RATED,
        even=frozenset(("asked", "hearsay", "denied")),
        unless=pattern(
            r"没(?:有)?(?:什么|任何|啥)?(?:问题|故障)(?!解决|处理|修)|没(?:有)?(?:什么|任何)?(?:不满意"
            r"|毛病|意见)|修好了?(?:又|没(?:几|两|多久|过)|后又|之后|以后|一天|两天)|又(?:坏|跳|停|断|没电"
            r"|不亮|闪|漏|出|烧)|(?:没|还没)(?:来得及)?(?:评价|回复|看|打分)|没(?:来得及)|(?:没(?:有)?人)"
            r"(?:态度|比)|没修(?:多久|一会|几分钟)|没(?:多久|几分钟|一会|过多久|等多久)~(?:就|修|来|到|好)"
            r"|没(?:有)?处理不|(?:电费|水|票|发票)~没(?:处理|交)|以前没|本来没|之前没",
            r"(?:worked|fixed|ok|fine|lasted|repaired)[^。!?]{0,40}(?:again|then|next day|came back)"
            r"|no problem|not a problem|never had|never been (?:better|so|happier)",
        ),
    ),
    Rule(
        intent="false_closure",
        because="told that it was done when it was not",
        words=pattern(
            r"^(?:处理|修|解决)(?:了)?个?(?:什么|屁|毛|鬼)了|(?:说|短信|显示|写|通知|回复|系统|app"
            r"|工单)~?(?:我)?(?:的)?(?:已经?|都)?~?(?:处理完|处理好"
            r"|处理了|修好|修复|办结|完结|结单|解决|完成|关单|处理完毕|已处理)[^。]{0,16}(?:没|根本|哪"
            r"|谁来|骗|假|扯|胡说|屁|毛|还是)|(?:虚假|假)(?:办结|结单|处理|回单)|(?:没|没有|未)(?:修|处理"
            r"|解决|来)[^。!?]{0,8}(?:就)(?:给我|把|直接|说)?~?(?:办结|结单|关单|销单|完结|结案|说修好"
            r"|说处理)",
            r"\b(?:marked|closed|says?|said|told|declared|claim\w*)[^。!?]{0,30}\b(?:fixed|done|closed"
            r"|resolved|completed|solved|repaired)\b[^。!?]{0,40}\b(?:but|not|never|no ?one|nobody|still"
            r"|lie)\b",
        ),
        after=_UNRATED,
        even=frozenset(("asked", "hearsay", "denied")),
        unless=pattern(r"来电|恢复供电|power|electricity"),
    ),
    Rule(
        intent="repeat_fault",
        because="came back after it was repaired",
        words=pattern(
            r"(?:修|弄|搞|换|处理|装)(?:好|完|过|了)(?:了)?[^。!?]{0,14}(?:又|再次|没(?:几|两|多|过|到)"
            r"[^。!?]{0,6}(?:坏|停|跳|断|没电|不行|出)|就(?:又)?(?:坏|停|跳|断|不行))|(?:才|刚|只)(?:好|用"
            r"|管)(?:了)?[^。!?]{0,8}(?:又|就(?:坏|停|跳|断))|又(?:坏了?|出(?:问题|故障|毛病)|犯|跳闸|跳了"
            r"|停了|停电|没电|断电|断了|烧了|漏|闪|不亮|不行了?|这样)|(?:今天|昨天|晚上|昨晚|第二天|刚刚?"
            r"|现在|今早)又(?:坏|停|跳|断|没|不|出|闪|漏|烧|黑)|复发|老毛病",
            r"\b(?:(?:fixed|repaired|worked|fine|lasted|ok|working|came|restored|replaced)[^。!?]{0,50}"
            r"(?:again|then (?:it )?(?:failed|broke|tripped|went|died)|broke|next (?:day|morning)"
            r"|came back|failed|before it|tripped)|(?:broke|broken|failed|tripp\w+|gone|went|out|off"
            r"|happen\w*|back) (?:down |off |out )?again|again (?:today|tonight|now|this morning"
            r"|yesterday)|same (?:fault|problem|thing|issue) (?:again|is back|came back|has come back"
            r"|returned)|(?:fault|problem|issue) (?:is back|came back|has come back|returned|has returned"
            r"|reappeared))\b",
        ),
        after=_RATED | frozenset(("none", "arrears")),
        even=frozenset(("asked",)),
        unless=pattern(
            r"又(?:快|好|专业|热情|耐心|认真|细心|仔细|负责|亲切|准时|及时|来|打|催|发|欠|收|扣)(?!不)|"
            r"(?:没有?|不会|没再|没|不)(?:再)?(?:坏|停|跳|断)|never again|not (?:happened )?again"
            r"|thanks? again|again,? thank"
        ),
    ),
    Rule(
        intent="repeat_appeal",
        because="raises the matter again",
        words=pattern(
            r"(?:再次|又(?:一次)?|第[二三四五六七八九十几n\d]+次|[二两三四五六七八九十n几\d]+(?:次|遍|回)"
            r"|多次|好几(?:次|回|遍)|数次|无数次|反复|一再|屡次|不止一次|几回|天天|每天都)~?(?:反映|投诉"
            r"|报修|打(?:过)?(?:电话|95598|热线)|打了电话|反馈|跟你们说|和你们说|给你们说|催|申请|要求|报"
            r"(?:过|了|障)|找(?:过)?你们|联系(?:过)?你们|问|举报|发短信说|说明|提(?!醒|前|供))(?!费)",
            r"(?:反映|投诉|报修|打电话|打95598|打热线|反馈|跟你们说|和你们说|给你们说|报|说|催|申请|讲|问"
            r"|求)(?:了|过|都|的|你们|电话|95598)*(?:有)?(?:不下|至少|都|已经?)?"
            r"(?:[二两三四五六七八九十几n\d]+|好几|多|无数|多少|n)(?:多)?(?:次|遍|回)|(?:上次|之前|上个?月"
            r"|上回|早就|去年|前几天|上周|前两天)(?:就)?(?:已经?)?(?:也)?(?:跟|和|给|向)?(?:你们|95598)?"
            r"(?:反映|投诉|报修|报|说|打电话|反馈|催)(?:过|了|的)(?:这个|同样|一样)?|(?:老|还是|同一个"
            r"|一样的?|同样的?|这个)(?:问题|毛病|事)~?(?:说|反映|报|投诉)|说(?:了)?多少(?:遍|次|回)|"
            r"(?:一直|反反复复|三番五次|三番两次|接二连三)(?:反映|投诉|报修|打电话|反馈|说|催|在?打)"
            r"|怎么还(?:没|不)(?:给)?(?:处理|解决|回复|修|办)|到现在(?:都|也|还)?没(?:有)?(?:处理|解决"
            r"|回复|人|修|办|结果|消息)",
            r"\b(?:(?:reported|complained|called|told you|asked|phoned|rang|raised|said|written"
            r"|contacted you|texted) (?:\w+ |about |this |it |you )*(?:again|twice|(?:two|three|four|five"
            r"|six|several|many|multiple|numerous|so many|countless|\d+) times|before|already|last (?:week"
            r"|month|time)|repeatedly|for (?:weeks|months|the (?:second|third|fourth|\w+th) time))|"
            r"(?:second|third|fourth|fifth|\d(?:nd|rd|th)) time (?:i|we|this|now|that|calling|reporting"
            r"|asking|in)|keep (?:calling|reporting|asking|telling|complaining)|how many times|once again"
            r"|following up|follow(?:ing)? up on|yet again|any progress on|chasing)\b",
        ),
        even=frozenset(("asked", "denied", "hearsay")),
        unless=pattern(
            r"(?:终于|总算|这次|这回|一次就?)~(?:修好|解决|搞定|弄好|好了)|(?:扣|收|交|付)"
            r"(?:了)?[两2二三3]次|不用(?:再)?(?:催|说|问)|别(?:再)?催|(?:你们|天天|每天)(?:催|发)"
        ),
    ),
    Rule(
        intent="formal_complaint",
        because="demands redress",
        words=pattern(
            r"谁(?:来)?赔|投诉|(?<!\d)(?:12398|12315|12345)(?!\d)|举报|曝光|(?:找|联系|发给|告诉|上|打给)"
            r"(?:媒体|记者|电视台|抖音|微博|网上|律师|法院|消协|领导|市长|政府|能源局|纪委|工商)|律师|起诉"
            r"|法院见|打官司|告(?:你们|死|到)|上访|信访|讨(?:个)?说法|给(?:我)?(?:个|一个)(?:说法|交代"
            r"|解释|答复)|赔偿|索赔|赔(?:我|钱|礼|付)|要求(?:赔|处理|道歉|给)|追究|问责|道歉",
            r"\b(?:(?:file|make|lodge|raise|register|want|this is|my|formal|official|have) (?:an? |to )?"
            r"(?:\w+ )?complain\w*|complain\w*|report (?:you|this|him|her|them) to|lawyer|solicitor|sue\b"
            r"|suing|(?:to|in|you in|go to) court|legal action|(?:the |local )?(?:press|media|newspaper|tv"
            r"|journalist|reporter|regulator|ombudsman|watchdog)|compensat\w+|apolog(?:y|ise|ize)"
            r"|consumer (?:council|protection|rights)|go public|escalat\w+|demand (?:an? )?(?:explanation"
            r"|answer|action))\b",
        ),
        even=frozenset(("asked", "supposed", "hearsay")),
        unless=pattern(
            r"不(?:想|用|会|打算|要)?(?:去)?投诉|没(?:有)?(?:想)?投诉|(?:取消|撤销|撤回|撤)(?:了)?"
            r"(?:我?的?)?投诉|no complain|not (?:a )?complain|not complaining|nothing to complain"
            r"|can not complain|投诉电话(?:是)?多少|怎么投诉|如何投诉"
        ),
    ),
    Rule(
        intent="grievance",
        because="a grievance about what was done or left undone",
        words=pattern(
            r"把我家?[^,。!?]{0,8}(?:压|踩|弄|撞|刮|挖|砸|搞|扯|锯|砍|划|蹭)(?:了|坏|断|塌|倒|碎|破|脏|烂|死"
            r"|伤)|放跑|弄丢|要你们~(?:干嘛|干什么|何用|有什么用)|(?:检修|修|处理|服务|快)个(?:鬼|屁|毛|头)"
            r"|笑话|踩|生意~"
            r"(?:黄|没法|泡汤|做不)|赔不赔|(?:[一二两三四五六七八九十半几\d]+(?:多)?(?:个)?(?:多)?(?:小时"
            r"|天|遍|次|钟头|分钟|月|星期|周)(?:多)?|报修|催|打电话)[^,。!?]{0,4}才(?:有人|来|接|到|修"
            r"|打通|处理|给)|打(?:电话)?(?:了)?(?:电话)?(?:\d{2,}|好几|几十|[七八九十]+几?)(?:遍|次|个|通"
            r"|回)|不开(?:发?票|收据)|不认账|赖账|整得稀碎|稀碎|酒气|酒味|(?:乱|无故|随便|随意|擅自)"
            r"(?:就)?(?:给)?(?:我家|我)?(?:停|断|剪|拉)|从(?:来)?(?:就)?不~(?:上门|来|管|接|查|抄|准)"
            r"|全靠估|(?:每次|一)~?(?:刮风|下雨|打雷|大风|下雪|雷)~?(?:就)?(?:停|断|没电)|洞|坑(?!爹|人)"
            r"|抢钱|(?:收|要)(?:了)?我~?(?:百|\d{2,}|千)|三更半夜|(?:张口|伸手|开口|要了?|收了?|讨)~"
            r"(?:两?[包条盒]烟|香烟|红包|小费|好处费|茶水费)|一问三不知|转来转去|骂骂咧咧|喝了?酒|醉醺醺"
            r"|脑子(?:呢|坏)|审犯人|态度(?:也|很|太|非常|极其|极|十分|特别|真|有点|那叫一个|实在|那么|这么"
            r"|比较|都)*(?:差|恶劣|不好|不行|不耐烦|冷淡|蛮横|傲慢|嚣张|粗暴|敷衍|凶|坏|不端正|生硬|冷漠"
            r"|不怎么|成问题|横)|(?:推诿|推脱|推卸|踢皮球|扯皮|推来推去|互相推|推给|敷衍|糊弄|忽悠|应付"
            r"|打发|甩锅|拖延|磨洋工|不作为|不负责|不管不问|置之不理|无人问津|爱理不理|爱答不理|不搭理"
            r"|不理人|偷懒|吃拿卡要|索要|要(?:红包|烟|好处)|乱收费|骗钱|骗人|坑人|坑爹|霸道|欺负|刁难|骂人"
            r"|骂我|吼我|凶我|摔|甩脸|扔下|不讲理|没素质|没教养|不专业|不尊重)"
            r"|没(?:有)?人(?:管|理|接|负责|处理|解决|回应|回复|问|答复|应)|(?:打不通|没人接|无人接听|占线"
            r"|一直忙|不接电话|挂(?:我|了我)?电话|打不进|排队(?:等)?了?(?:半|几|一|两|三|\d))|(?:太|真|很"
            r"|这么|那么|实在|简直)(?:差劲?|烂|垃圾|坑|黑|慢|拖拉|离谱|过分|恶心|气人|不像话|不负责任?"
            r"|不靠谱)(?!的?了?不)|差劲|差评|不像话|什么(?:服务|态度|素质|水平|玩意|东西|破)|(?:服务|质量"
            r"|效率|水平|速度|办事|处理|体验)(?:态度|质量|水平)?(?:也|很|太|非常|极其|极|十分|特别|真|有点"
            r"|实在|这么|那么|比较|都|就是|真的)*(?:差|烂|低|垃圾|不行|不好|慢|拖拉|糟糕|糟|一塌糊涂|堪忧"
            r"|恶劣|极差)|垃圾(?:服务|公司|电|态度|供电|单位)|(?:高考|中考|春节|过年|除夕|年夜饭|婚礼"
            r"|大热天|三伏天|大冬天|零下)~(?:停电|断电)|一塌糊涂|糟糕|无语|失望|气死|气愤|愤怒|火大|不能忍"
            r"|忍无可忍|受够|受不了|恶心|寒心|坑爹|扯淡|离谱|过分|太慢|(?:半|一|两|三|几|\d+)个?(?:多)?"
            r"(?:年|月|星期|周)(?:都|了|多)?(?:没|不)(?:来|见|联系|回|管)|慢死|慢得要死|慢吞吞",
            r"(?:等|拖|打|排|耽误|折腾)(?:了)?(?:我|你们|我们)?(?:整整|足足|将近|快|都|有|大概|都快)?(?:一"
            r"|半|两|三|四|五|六|七|八|九|十|几|好几|多|\d+)(?:多)?(?:个)?(?:半)?(?:天|小时|钟头|月|星期"
            r"|礼拜|周|年|夜|晚上|下午|上午|早上|趟|多月|多小时)|等(?:了)?(?:半天|好久|很久|大半天|老半天"
            r"|太久|一晚)|(?:天天|老|总|经常|频繁|三天两头|动不动|隔三差五|一直|老是|总是|又|每天|每次"
            r"|月月|一周|一个?月|几次三番)(?:都|要|给|就|在|又)*(?:停|断)(?:电)?(?!止|留)|停电(?:也|太"
            r"|这么|那么|实在|真)*(?:频繁|多|久|勤|厉害|长)|(?:停|断)(?:了)?"
            r"(?:[一二两三四五六七八九十几\d]+)(?:多)?(?:个)?(?:小时|天|次|钟头|回)[^。!?]{0,10}(?:了|没"
            r"|不)|(?:弄|搞|踩|打|挖|碰|砸|剪|踢|撞|刮|损|烧)(?:坏|断|脏|破|倒|烂|毁)(?:了)?(?:我|我家"
            r"|我们)?|损坏|(?:垃圾|杂物|土|坑|洞|水泥|线头|一地|满地)~(?:没|不|都没)(?:清|收|收拾|打扫|填"
            r"|恢复|扫|处理)|不(?:打扫|清理|收拾|恢复原样|回填)|(?:不|没)(?:提前|事先)?(?:通知|打招呼"
            r"|说一声|吱声|告知)(?!我?了)(?:一声)?(?:就)?(?:停|断|来|剪|拆|换)?|没(?:有)?(?:任何)?(?:通知"
            r"|预告|征兆|招呼)|(?:影响|耽误)(?:了)?(?:我|我们|生意|生活|工作|做生意|孩子|正常)|(?:还让不让"
            r"|还让|让不让)(?:人)?(?:活|睡|过|做生意)|怎么(?:过|活|睡|做生意|做饭|办公)(?:啊|$|\?|,)|(?:吵"
            r"|噪音|噪声|扰民|震动)|(?:树|树枝|线)~(?:不剪|没剪|没人)|(?:你们|供电局?|电力公司|国网"
            r"|国家电网|电老虎|垄断)~(?:黑|坑|吃|欺|霸|垄断|不是人|不要脸|干什么吃|吃干饭|吃白饭)|"
            r"(?:没良心|良心(?:呢|被|坏|何在|不会痛)|昧良心|黑心|干什么吃的|吃干饭|吃白饭|占着茅坑"
            r"|脸都不要|丢人)",
            r"\b(?:mud|dirt|footprints|swore|swear|shout\w*|yell\w*|insult\w* me|not one (?:update|call"
            r"|word)|no (?:updates?|information|info|communication|one explain)|nobody (?:will |can "
            r"|would )?(?:explain|tell|help)|report (?:one of )?(?:your|a|the|an) (?:vans?|staff|drivers?"
            r"|employee|worker|technician|engineer|man)|driving (?:dangerously|badly|too fast)|harass\w*"
            r"|left (?:my|our|the) (?:gate|door|house|road|garden)|cut (?:a |my |our )(?:hole|hedge|tree"
            r"|cable)|(?:broke|broken|scratched|stole|lost) (?:my|our)|smoked|drunk|smelled of alcohol"
            r"|bribe|would not (?:help|listen|come)|refused to|passed (?:me )?around|(?:hours|days|weeks"
            r"|months) (?:late|later|and))\b",
            r"\b(?:rude|unprofessional|arrogant|unacceptable|disgrac\w+|disgust\w+|terrible|horrible|awful"
            r"|appalling|pathetic|useless|incompetent|hopeless|shocking(?: service)|worst|(?:very |so "
            r"|really |extremely |such )?(?:poor|bad|lousy|slow) (?:service|attitude|job|work"
            r"|communication|experience|response)|(?:service|attitude|response|work) (?:is |was |were )?"
            r"(?:so |very |really |too |extremely |absolutely )*(?:poor|bad|terrible|awful|slow|rubbish"
            r"|horrible|lousy|rude)|nobody (?:answers?|cares?|picks?|listens?|responds?|replied|answered)"
            r"|no ?one (?:answers?|cares?|picks?|listens?|responds?|replied|answered|bothered)|(?:no"
            r"|without) (?:answer|response|reply|notice|warning|explanation)|ignored|on hold for|waited "
            r"(?:for )?(?:over |more than |nearly |almost |about )?(?:\d+|two|three|four|five|six|several"
            r"|an?|all|ages|half) ?(?:hours?|days?|weeks?|hrs|day|night|minutes)?|waiting (?:for )?(?:\d+"
            r"|two|three|four|five|several|ages|all|hours|days|weeks)|too (?:slow|long|many)|took "
            r"(?:too long|ages|forever|for ?ever|\d+ (?:hours|days)|three|two days|weeks)|left (?:a |the "
            r"|such )?(?:mess|rubbish|hole|dirt|garbage|wires?)|broke my|damaged|ruined|fed up|sick of"
            r"|sick and tired|angry|furious|disappoint\w+|frustrat\w+|ridiculous|a joke|joke of|shame on"
            r"|not good enough|every (?:week|day|month|night)|keeps? happening|third (?:outage|cut|time)"
            r"|again and again|too (?:many|frequent) (?:outages|cuts)|frequent (?:outages|cuts|power)"
            r"|shouted at|yelled at|hung up|demanded (?:money|cash|cigarettes)|asked (?:me )?for (?:cash"
            r"|money|a bribe|cigarettes)|smoked in|overdue|mess (?:behind|everywhere)|did not (?:care"
            r"|bother|clean|explain|listen|apologi\w+|wear|answer)|spoil\w+ (?:my|all|our)|lost (?:a day"
            r"|business|income|money|customers))\b",
        ),
        even=_ALL_MOODS,
        unless=pattern(
            r"态度(?:不差|不坏|没的说|没话说)|不(?:算|是很|太)?(?:慢|差|吵)(?![,。]?(?:但|可))|没(?:有)?"
            r"(?:推诿|敷衍|拖延|影响|损坏|耽误|等(?:多久|很久|太久))|(?:一点|丝毫|毫)(?:也|都)?(?:不|没)"
            r"(?:拖|推|敷衍|影响)|没什么(?:意见|不满)|(?:not|never) (?:been )?(?:rude|bad|slow"
            r"|disappointed|angry|damaged)|没(?:有)?差评|不(?:是|要|给)差评",
        ),
    ),
    Rule(
        intent="grievance",
        because="asks after something that is still undone",
        words=pattern(
            r"(?:还|一直|到现在|至今|都)(?:都|也|是)?没(?:有)?(?:人)?(?:换|修|来|处理|装|解决|弄|办|答复"
            r"|回复|联系|打)(?!过|错|电)|(?:still|yet) (?:not|no|nothing|waiting)|not (?:been )?"
            r"(?:replaced|repaired|fixed|done|solved|contacted|answered)(?: yet)?"
        ),
        after=frozenset(("none",)),
        even=_ALL_MOODS,
        unless=pattern(r"没来得及|还没(?:来电|有电)|no power|not been paid"),
    ),
    Rule(
        intent="irony",
        because="praise that is not meant",
        words=pattern(
            r"(?:呵呵|「呵呵」|可真|真行|真会|厉害了|佩服|真有你们的|好得很|真是(?:好|棒|谢谢|感谢|厉害"
            r"|服了)|太(?:好|快|棒|及时|准时|贴心)了)[^。]{0,16}(?:呵呵|「呵呵」|等了|才来|没来|没电|停电"
            r"|骗|天才|半天|才修|才到|小时|三天|两天|一周|一个月|点蜡|摸黑|蜡烛|又停|没人|没修|睡着|过年都"
            r"|明年)|(?:谢谢|感谢|多谢|托(?:你们|贵司)的?福|拜你们所赐)(?:你们|供电局|国网|国家电网|贵公司"
            r"|电力局)?[^。]{0,4}(?:让|害|把|给)(?:我|我们|全家|老人|孩子)[^。]{0,10}(?:摸黑|黑|停电|没电"
            r"|热|冻|冷|等|饿|臭|坏|原始人|蜡烛|睡不|过年|中暑|洗不|白|损失|桑拿)|(?:等了|才来|停了|没来|拖了)"
            r"[^。]{0,14}(?:真(?:好|快|棒|行|厉害|及时|高效)|好(?:快|棒|服务|效率)|太(?:好|快|棒|及时"
            r"|高效)了|效率真高|速度真快|可真(?:快|好|行)|服务真好|满分|感动)|(?:快|及时|高效|准时)(?:得"
            r"|的)(?:我)?[^。]{0,6}(?:睡着|头发都白|花都谢|黄花菜|胡子|天都亮|蜗牛|孩子都)|五星好评.{0,8}"
            r"(?:呵呵|「呵呵」|停电|没电)|(?:属|像|跟|是)(?:乌龟|蜗牛)|黄花菜都凉|花儿?都谢了|花都谢"
            r"|呵呵.{0,6}(?:好|棒|厉害|服务|满意)|(?:好|棒|满意|厉害)[^。!?]{0,6}(?:「白眼」|「呵呵」"
            r"|呵呵)",
            r"\b(?:(?:great|nice|good|wonderful|fantastic|brilliant|lovely|excellent|amazing|well done"
            r"|bravo|congrat\w+|thanks|thank you)[^。]{0,30}(?:only (?:took|waited|\d+)|for nothing|for "
            r"(?:the|another|leaving|making|ruining|keeping) (?:\w+ )*(?:dark|candle\w*|cold|hours|days"
            r"|darkness|spoil\w*|wasted|wait\w*|romantic)|another (?:outage|power cut|blackout|night)"
            r"|wait\w* (?:only )?(?:\d+|three|two|four|five) (?:hours|days)|yeah right|not!"
            r"|as always.{0,6}off)|yeah right|slow clap|what a (?:joke|surprise|service)|oh (?:great"
            r"|wonderful|fantastic|brilliant|lovely|joy)|just great|sarcas\w+)\b",
        ),
        even=_ALL_MOODS | frozenset(("supposed",)),
    ),
)
