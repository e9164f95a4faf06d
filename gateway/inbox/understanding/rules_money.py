"""Bills: paid, will be paid, how to pay, more time, and bills that are wrong."""

from __future__ import annotations

from gateway.inbox.understanding.phrases import pattern
from gateway.inbox.understanding.rule import Rule

_PAST = (
    r"(?:已经?|早就?|早已|都|刚刚?|刚才|方才|昨天|前天|昨晚|今早|今天(?:上午|早上|一早)?|上午|早上|上周"
    r"|上个?月|前几天|前两天|[一二三四五六七八九十\d]+[号日]|月初|年初|我|才|就|全|一次性|自动)"
)
_DONE = _PAST.replace("|我|才|就|全|", "|")
_PAY = r"(?:交|付|充|转|还(?!没|是|不|要|在|有|会|能)|存|扣|结|汇|打(?=款|钱|过去))"
_WHEN = (
    r"(?:明天|明儿|明日|明早|明晚|后天|大后天|今晚|今天|今儿|今日|下午|晚上|中午|傍晚|等会|待会|等下"
    r"|等一下|一会|过会|回头|马上|立刻|立马|这就|现在就|稍后|晚点|晚些时候|过两天|过几天|这两天|这几天"
    r"|近日|尽快|改天|周[一二三四五六日天末]|星期[一二三四五六日天]|礼拜[一二三四五六日天]"
    r"|下周[一二三四五六日天]?|月底|月初|下个?月|发(?:了)?工资|有空|下班"
    r"|[一二两三四五六七八九十\d]+[号日天]|我?去(?!年))"
)

BILLING: tuple[Rule, ...] = (
    Rule(
        intent="refund",
        because="wants money back",
        words=pattern(
            r"退(?:费|款|钱|还|回|给我|吗|不|一下|到|下)|(?:多|重复|重)(?:交|付|充|扣)了?~(?:怎么|能|退"
            r"|抵)|refund|paid twice|double payment|发票|invoice|receipt|到账"
        ),
        even=frozenset(("asked", "denied", "supposed")),
    ),
    Rule(
        intent="payment_made",
        because="says that it is paid",
        words=pattern(
            rf"(?<!没)(?<!不)(?<!未){_PAST}(?:[^,。!?多]{{0,8}}){_PAY}(?:了|过|清|完|掉|齐|好|上|进去|费了"
            rf"|足)(?!吗|没|么|不了)|(?<!没)(?<!不)(?<!未){_DONE}(?:[^,。!?多要想去能会]{{0,8}}){_PAY}(?:费"
            rf"|电费|款|钱)(?!吗|没|么|不了)",
            r"(?:已|已经|早已|早就)(?:经)?(?:交|付|充|还|结|转账|支付|划扣|扣款|扣费|到账|交费|付款|充值"
            r"|结清)",
            r"(?<!没)(?<!不)刚刚?(?:交|付|充|缴)(?:的|了|过|完)|(?:今早|今天|早上|上午|中午|下午|昨天|昨晚"
            r"|前天|大前天|上周|刚才|[\d一二三四五六七八九十]+[号日])(?:我)?[^,。!?]{0,8}(?:交|付|充|转"
            r"|扣)的(?:电费|费|钱)?(?:$|[,。!啊呀])",
            r"(?:已经?|都|早就?)(?:交|付|充|扣)了(?:嘛|呀|啊|的|么|,|$)|^(?:都|我)?(?:交|付|充|还|存|转)"
            r"(?:过?了|完了?|清了?|过|好了|上了)(?!吗|没|么|呢)|(?<!没)(?<!不)(?:交|付|结|还|充)(?:清|完"
            r"|过)(?:了|啊|,|$|。|!|的)|(?<!没)(?<!不)(?<!刚)(?<!要)(?:交|付|充)了(?:啊|呀|,|$|。|!|的"
            r"|电费|钱|款|[一二两三四五六七八九十百\d]+(?:块|元|多|百|次)?)(?!~(?:才|就)(?:行|能|可以))",
            rf"(?<!么)(?<!何)(?:微信|支付宝|网上|银行|营业厅|掌上|手机)[^,。!?么何]{{0,6}}{_PAY}(?:了|过|清"
            rf"|完|掉|好|上|的(?:$|[,。!啊呀]))(?!吗|没|么|不)",
            r"(?:^|我)有(?:交|付)(?:过|的|了|啊|,|$)",
            r"(?:钱|电费|款|费)(?:我)?(?:已经?|早就?|都|刚刚?|昨天|今天)*(?:交|付|打|转|充|扣|存|划|汇)"
            r"(?:过去|了|过|掉|走|进|上|清|完)|(?:交|付|充)(?:的)?(?:过)?(?:记录|凭证|回执|截图|小票|收据)"
            r"|支付成功|交费成功|扣款成功|付款成功|充值成功|(?:怎么|为什么|还|又)~(?:交|付|充)了~(?:还|又"
            r"|怎么)|不是(?:都|已经|刚|早就?)?(?:交|付|充|扣)(?:过)?了(?:吗|么|嘛)?",
            r"\b(?:(?:i |we |have |has |had |already |just |been |was |is |it |all |bill |fully |now )+"
            r"(?:paid|settled|cleared|transferred|topped up)(?! (?:enough|attention|by the|tenants?))"
            r"|paid (?:it|this|already|yesterday|today|last|on|in full|the|via|by|through|that|online|at"
            r"|up|off|for|my|\d)|paid[。!,]*$|^paid|^done,? (?:just )?(?:paid|transferred)|payment (?:was "
            r"|has been |is |already )*(?:made|sent|done|completed|went through|gone through|submitted"
            r"|processed)|(?:made|sent|completed) (?:the|a|my|full) payment|(?:direct debit|bank|autopay"
            r"|card) (?:has |already |was )*(?:taken|took|paid|charged|deducted|debited))\b",
        ),
        even=frozenset(("hearsay",)),
        unless=pattern(
            r"忘(?:记|了)?(?:交|付|充)",
            rf"(?:明天|后天|明早|今晚|下周|周末|月底|晚点|回头|待会|马上|这就|一会|等会)"
            rf"[^,。!?]{{0,8}}{_PAY}(?!的|过)|(?:绑|签|办)(?:定|约|了)*(?:的)?(?:自动)?(?:代扣|扣款|扣费)|"
            rf"(?<!不是我)(?<!不是)(?:还没|没有?|未|不曾)(?:来得及|有|能|空|时间|去|钱)*{_PAY}(?!到账|错)"
            rf"|{_PAY}不(?:了|上|进|起)|(?:修|等|弄|装|恢复|来电|送电)(?:好)?(?:了)?(?:再|才)(?:给"
            rf"|去)?{_PAY}|not (?:yet )?paid|have not paid|unpaid|will be paid|to be paid|get(?:ting)? paid"
            rf"|when i am paid|once paid|if i paid|not (?:been )?(?:settled|cleared)|paid[^。!?]{0, 40}"
            rf"(?:still (?:off|no power|cut|disconnected|without)|no (?:power|electricity)|not (?:been )?"
            rf"(?:reconnected|restored))|忘(?:记|了)密码|(?:取消|停止|关闭|解除|解绑|解约|停掉)~?(?:自动"
            rf"|代)(?:扣|交)",
        ),
    ),
    Rule(
        intent="payment_made",
        because="asks why it is demanded after it was paid",
        words=pattern(
            r"(?<!没)(?:交|付|充|还|扣)(?:了|过)(?:的|钱|电费)?(?:啊|呀)?,?(?:了)?(?:怎么|为什么|咋|还|又)"
            r"~?(?:还|又|总|老)?~?(?:欠|催|发|收|要|说|短信|提醒|停)",
            r"(?:paid|payment).{0,30}(?:why|still|again).{0,30}(?:owe|remind|text|bill|message|overdue"
            r"|outstanding|getting)|why.{0,40}(?:already|have|just) paid",
        ),
        even=frozenset(("asked", "hearsay")),
    ),
    Rule(
        intent="payment_extension",
        because="asks for time to pay",
        words=pattern(
            rf"剩下的?~(?:下|过|晚|等|月)|先(?:交|付)(?:一?点|一?部分|一半|[一二两三四五六七八九十百\d]+)|"
            rf"(?:宽限|宽容|通融|缓缓|缓一缓|缓一下|缓几天|缓交|延期|延迟|推迟|延后|展期|晚几天|晚两天"
            rf"|晚[一二两三四五六七八九十\d]+天|迟几天|迟两天|推几天|拖几天|拖一拖|等几天|等两天|再等等"
            rf"|再给(?:我)?(?:几天|点时间|[一二两三四五六七八九十\d]+(?:天|个))|给(?:我)?(?:点|些|几天"
            rf"|一点)时间|多给|分期|分(?:几|两|三|\d)(?:次|期|个月)|先交一(?:半|部分|点)|少交点|先欠着"
            rf"|赊){_PAY}?(?!停电|电)",
            r"(?:没|没有|手头|暂时|目前|最近|实在|家里|经济)(?:上)?~?(?:没(?:有)?钱|紧|困难|拿不出|周转"
            r"|揭不开|交不起|付不起|没(?:有)?收入|失业|下岗|没发工资|资金)|交不起|付不起|没钱(?:交|付)?"
            r"|没发工资|工资(?:还)?没(?:发|下来|到)|失业|下岗|低保|困难户|等(?:我)?(?:发|开)(?:了)?工资",
            r"(?:能不能|可不可以|可以|能否|能)(?:不能)?~(?:月底|下个?月|下周|发工资"
            r"|[一二两三四五六七八九十\d]+[号日])~?再?(?:交|付|补)|(?:能不能|可不可以|可以|能|行|请|麻烦"
            r"|求)(?:不能|不可以)?(?:再|先|让我|给我)*(?:等|缓|晚|迟|推|拖|延|过)(?:到)?(?:几天|两天|一下"
            r"|一缓|些天|点|我|段|月底|下个?月|发工资|[一二两三四五六七八九十\d]+[号天日])",
            r"(?:下个?月|月底|发工资|发了工资|下周|过几天|过段时间|过些天"
            r"|[一二两三四五六七八九十\d]+[号天日])~?(?:再)?(?:交|付|还|补)(?:可以|行|好|成|能|要得|中)"
            r"(?:吗|不|么|嘛)|再(?:交|付|还|补),?(?:可以|行|成|要得|中)(?:吗|不|么|嘛)|(?:别|不要|先别|先不要"
            r"|求你们?别)(?:急着|给我|给我家|把我|先|马上|这么快)*"
            r"(?:停|断|掐|剪)(?:我|我家|我们|掉|了|家)*(?:的)?(?:电(?!影)|线)",
            r"\b(?:more time|extra time|extension|extend|(?:a )?(?:few|couple(?: of)?|two|three|\d) "
            r"(?:more |extra )+(?:days|weeks)|(?:pay|paid|settle|wait|give me)(?: it| this| the bill"
            r"| you)? (?:later|next (?:week|month)|until|till|in instal+ments|by instal+ments|in parts"
            r"|half|a few days)~~(?:\?|ok|please|possible|allowed|$)|payment plan|instal+ments?|can (?:it"
            r"|this|you|i|we) (?:wait|hold|delay|postpone|defer)|defer|postpone|(?:can not|could not"
            r"|unable to|struggl\w+ to|not able to) (?:afford|pay)(?! (?:online|on|via|through|by|with"
            r"|in the app))|lost my job|no money|broke right now|short of (?:money|cash)|until (?:pay ?day"
            r"|i get paid|friday|monday|my salary)|wait (?:until|till)|please do not (?:cut|disconnect"
            r"|turn|switch)|do not (?:cut|disconnect|switch) (?:me |us |my |our )?(?:off|power|electricity"
            r"|supply))\b",
        ),
        after=frozenset(("arrears", "none", "survey", "contact_confirm", "vip_followup")),
        even=frozenset(("asked", "supposed", "denied")),
        unless=pattern(
            r"停电(?:能|可以|可不可以|能不能)~(?:推迟|延期|改|晚)|(?:推迟|延期|改期)~(?:停电|检修|送电"
            r"|上门)"
        ),
    ),
    Rule(
        intent="payment_promise",
        because="says that it will be paid",
        words=pattern(
            rf"{_WHEN}(?:就|会|我|去|再|给你们?|一定|肯定|一起|过去|来|要|用|把|上|到|才|一并|了|先|有钱"
            rf"|有空|下班|领|取|让)*~?(?:交(?!流|代|通|接|给|错|不)|付(?!不)|充值|充(?!不|电)|还(?:上|清|钱"
            rf"|款)|转账|转(?:过去|给你|钱)|存(?:钱|上|进)|结清|打(?:过去|钱|款)|补上|补交|补(?:齐|清)?(?:$"
            rf"|[,。!]))(?!了(?:吗|啊|!|$|。)|过|不)",
            r"(?:会|一定|肯定|保证|尽快|尽早|马上|这就|立刻|抓紧|就去|去)(?:按时|及时|尽快|去|把|给你|来"
            r"|马上|记得|抽空)*~?(?:交(?:的|费|上|清|钱|电费|$|,|。|!)|付(?:的|款|清|$|,|。|!)|充(?:值|上"
            r"|$|,)|补(?:上|交|齐)|还(?:上|清|钱))(?!不|了)|(?:交|付)(?:去|一下)(?:了)?$|^(?:好的?|知道了"
            r"|收到|行|嗯|ok),?(?:我)?(?:就|马上|这就|去|现在)*(?:去)?(?:交|付|充)(?:费|钱|值|电费)?(?:吧"
            r"|啊|$|。|!)|忘(?:了|记)(?:交|付|充)|(?:这就|马上|现在|待会|等会|等下|今晚|明天|回头|晚上|下午"
            r"|一会|过会|周末|晚点|晚些|稍后)(?:儿)?(?:就|去|来|再|给)?(?:去)?(?:处理|办|弄|搞"
            r"|整(?![个天整]))(?!不)|(?:代交点|营业厅"
            r"|银行|超市)~?交(?!的|过|了)",
            r"\b(?:(?:i |we )?(?:will|shall|going to|intend to|plan to|promise to|let me|am going to"
            r"|about to) (?:definitely |surely |just |try to |be able to |go and |go |get (?:it|this) "
            r"|make |have )*(?:pay|do (?:it|that|this)|get it done|deal with it|take care of it|settle"
            r"|transfer|top up|payment|clear|paid|sort (?:it|this|the (?:bill|payment))|it paid)|pay"
            r"(?:ing)? (?:it |this |you |the bill |that |up |in full |everything |the rest |them )?"
            r"(?:tomorrow|tonight|today|later|soon|now|on (?:mon|tue|wed|thu|fri|sat|sun|the|my|pay)\w*"
            r"|next (?:week|month)|this (?:week|evening|afternoon|weekend)|by (?:mon|tue|wed|thu|fri|sat"
            r"|sun|the|tomorrow|tonight)\w*|when i|as soon|after|in the morning|asap|within)|payment "
            r"(?:is )?(?:coming|on its way|will)|forgot to pay)\b",
        ),
        even=frozenset(("supposed",)),
        unless=pattern(
            r"(?:交|付|充|转)的(?:电费|费|钱)?(?:$|[,。!啊呀])",
            rf"(?:怎么|如何|哪里|哪儿|在哪|能不能|可不可以|可以|行不行|行吗|好吗)~?{_PAY}|{_PAY}(?:可以|行"
            rf"|好)(?:吗|不)|(?:不|别)(?:会|想|去|打算)?{_PAY}|凭什么{_PAY}|(?:不|没)(?:修|解决|来电|处理"
            rf"|给)~(?:不|别想)~{_PAY}|(?:already|have) paid|can i pay|how|will not (?:be )?pay|not "
            rf"(?:going to )?pay|(?:if|unless|until) (?:you|it)",
        ),
    ),
    Rule(
        intent="payment_question",
        because="asks how, where or how much to pay, or for a refund or invoice",
        words=pattern(
            rf"(?:怎么|如何|怎样|哪里|哪儿|在哪|去哪|上哪|到哪|从哪|用什么|什么(?:地方|渠道|方式|方法)"
            rf"|在什么)~?(?:{_PAY}(?!了|过|电话|扰)(?:费|钱|款|电费|值|账)?|代扣|充值|查(?:询)?(?:电费|余额"
            rf"|账单|欠费)|开(?:电费)?(?:发票|票)|打发票|打印)",
            r"(?:欠|交|付|充|补|还欠|总共|一共|多)~?(?:多少(?!次|遍|年|人|天|小时)|几块|几元)|(?:查|查询"
            r"|看)(?:一)?(?:下|一查)?(?:我|我家|本月|这个?月|上个?月)?的?(?:电费|余额|账单|欠费|电量)|"
            r"(?:看|查|要|发)~?明细|明细~(?:看|查|怎么)|(?:微信|支付宝|app)(?:上)?(?:怎么|如何)|几个月"
            r"(?:没交|的|电费)|交(?:到)?(?:哪|给谁)|(?:账号|卡号|收款码|二维码|链接)(?:给|发)|(?:^|[,?])"
            r"多少(?:啊|呢|$|\?)|(?:交|充|付|转)错(?:到|了)?~(?:户|人|家|号)|(?:转|打|汇|交|存|付)(?:到|给"
            r"|进)(?:哪|什么|谁)|多少(?:钱|电费|元|块|费用|金额|违约金|余额)|电费(?:是|到底|本月|这个月"
            r"|上个?月)?(?:多少|是几|怎么算)|(?:余额|欠费|违约金|滞纳金|金额|账号|账单|明细|清单|电量)"
            r"(?:是|还有|有|还剩|在哪|怎么|哪里|到底)*(?:多少|几|哪里?查|查|是什么|什么|怎么算|查询|给我"
            r"|发我|呢)|还(?:剩|有)多少",
            r"(?:能|能不能|可以|可不可以|支持|可否|是否可以)(?:不能|不可以)?(?:用|在|直接|到|走|去)?"
            r"(?:微信|支付宝|银行卡|信用卡|刷卡|现金|网上|手机|app|银行|营业厅|花呗|转账|对公|别人|代|刷)"
            r"~?(?:交|付|充|支付|转|吗)|(?:微信|支付宝|网上国网|app|银行|营业厅|现金|刷卡)(?:上|里)?(?:能"
            r"|可以|也能)?(?:交|付|支付|充)?(?:不(?=$|[,?。])|吗|行吗|可以吗|行不行|不行|失败|不成功|报错"
            r"|打不开|显示)",
            r"(?:交|付|充|转|支付|充值|扣款)(?:费|款|钱)?(?:不了|不上|不进|失败|不成功|没成功|没到账"
            r"|未到账|没反应|出错|报错|不进去)|(?:没|未|不|还没)到账|(?:开|要|补|打印|邮寄|寄|电子|纸质"
            r"|增值税|专用|普通)(?:一?张|个|下|的)?(?:电费)?(?:发票|票据|收据|凭证)|发票(?!错)|(?:退|返还"
            r"|退还|退回)(?:我)?(?:的)?(?:电费|钱|费|款|余额|押金|多)|(?:多交|多充|多付|多扣|重复交|重复扣"
            r"|交重)~(?:退|怎么办|抵)|(?:多|重复|交重|充错|交错|付重|重交|交多|充多|多充|双份)(?:交|付|充"
            r"|扣|户|了)~(?:退|怎么办|能)|(?:交|充|付|转|打)(?:错|重|多)(?:了)?(?:户号?|账号?|账户|人|家"
            r"|号|钱|一次|两次)|(?:截止|最晚|最迟|最后)~?(?:什么时候|哪天|几号|日期|时间|是|到)|^我?(?:想"
            r"|要)(?:交|付|充)(?:电)?(?:费|钱|值)(?:$|[,。!])|(?:哪天"
            r"|几号|什么时候|多久)(?:前|之前|以前|内|开始)?~?(?:交|付|到账|扣款|出账|收费|停我)",
            r"\b(?:how (?:do|can|could|should|to|would|will) (?:i |we |one |you )?(?:pay|top up|settle"
            r"|get (?:a |an |my )?(?:invoice|receipt|refund))|where (?:do|can|could|should|to|is) (?:i "
            r"|we )?(?:pay|find (?:my|the) (?:bill|balance|account)|the payment)|how much(?! longer"
            r"| more time)|what (?:is|was) (?:the |my )?(?:amount|balance|total|bill|bank|account number"
            r"|due date|payment)|can (?:i|we|you) (?:pay|use|get (?:a |an |my |the )?(?:invoice|receipt"
            r"|refund|copy|breakdown|statement))|(?:is it|possible to) (?:possible )?(?:to )?pay|pay"
            r"(?:ment)? (?:by|with|via|through) (?:card|cash|wechat|alipay|bank|paypal|visa|cheque|credit)"
            r"~~\?|refund|reimburse\w*|invoice|receipt|(?:do|does) (?:you|it) (?:accept|take) |payment "
            r"(?:failed|fails|does not|will not|did not|not|declined|error|bounced|page|link)|(?:can not"
            r"|unable to|could not) (?:pay|make (?:a |the )?payment)(?: (?:online|on|via|through|by|with"
            r"|in))|(?:website|app|link|page) (?:will not|does not|is not|keeps|rejects|says).{0,30}pay"
            r"|when (?:is|was) (?:it|the|this|my) ?(?:bill |payment )?(?:due|the (?:deadline|last day))"
            r"|due date|deadline|paid twice|double payment|breakdown|late fee|what (?:do|does) (?:i|we|it)"
            r" owe)\b",
        ),
        even=frozenset(("asked", "supposed", "denied", "hearsay")),
    ),
    Rule(
        intent="billing_dispute",
        because="says that amount, meter, tariff or debit is wrong",
        words=pattern(
            r"(?:金额|钱数|电费|费用|账单|数字|度数|读数|表数|电量|用电量|数额|数目|这个?数|账|表|电表"
            r"|单价|电价|阶梯|违约金|滞纳金)(?:是不是|好像|应该|肯定|根本|明显|也|都|就|是|有点|算得|算的"
            r"|收得|收的|抄得|抄的|怎么|绝对|这个?月|上个?月)*(?:打错|发错|搞错|弄错|算错|写错|抄错|错了?"
            r"|不对|有误|有问题|不符|不准|不一致|异常|离谱|不合理|偏高|虚高|翻倍|翻了|多了|多算|多收|走"
            r"(?:得)?(?:太)?快|跑(?:得)?(?:太)?快|坏了?|空转|自走|对不上|太高|这么高|那么高|这么多|那么多"
            r"|太多|这么贵|那么贵|高得|暴涨|突增|猛增|飞)",
            r"(?:没|不)(?:有|会|可能|用)?(?:这么|那么)多|不是这个?数|(?:上个?月|以前|平时|往月|去年)"
            r"[^。!?]{0,6}才[^。!?]{0,4}\d+|停用~(?:电费|欠|收)|怎么(?:还|会)?(?:还|会)?有(?:电费|欠费)|"
            r"(?:隔壁|别人家?|邻居|人家|对门|楼上|楼下|同样的?)[^。!?]{0,10}(?:才|只)~\d+|算(?:到|在)?"
            r"(?:我|我家|我们)(?:家)?头上|(?:算错|抄错|多收|多扣|乱收|乱扣|错收|错扣|重复收|重复扣|多算"
            r"|多抄|乱算|瞎抄|瞎算|估抄|虚抄)(?:错|费|了|我|电费|钱|表|\d|$|[,。!?])|(?:扣|收)(?:了)?"
            r"(?:我)?(?:两|2|双|三|好几)(?:次|份|遍|回)|扣多|收多(?!少)|(?:重复|多)(?:扣|收)(?:款|费|钱"
            r"|了)|(?:哪|怎么)(?:用|来|会|可能|能|有)(?:得)?(?:了|到)?(?:这么多|那么多|几百|上千|这些|的)"
            r"(?:电|度|钱|电费|欠费)?|(?:能|会|哪|哪里|怎么)(?:可能)?用(?:得)?(?:了|到|掉)?\d+多?(?:度|块|元)"
            r"|用不了(?:这么|那么|这|几|那)(?:多|些|百)?|没(?:怎么)?用(?:什么|多少"
            r"|过)?电|(?:没人住|无人住|空置|空房|空着|空关|不在家|没住人?|没有人住|人都没|没人在)"
            r"[^。!?]{0,10}(?:电费|用电|扣|欠|收费|收|度|块|这么多)|(?:绑|签|办)(?:定|约|了)*(?:的)?"
            r"(?:自动)?(?:代扣|扣款|扣费)(?:的|了)?|(?:哪来|哪里来|从哪来|哪儿来|怎么会|怎么可能|不可能"
            r"|哪有)(?:有)?(?:的)?(?:欠费|欠|电费|这么多)|(?:电费|度|块|元)~(?:翻(?:倍|了|番)|几倍|\d倍"
            r"|涨了)",
            r"(?:我|我家|我们|本人|公司)?(?:根本|从来|从|并|又|也|都|可|就|又)*(?:不|没|没有|未)(?:存在|有"
            r"|可能|会)?(?:欠)(?:你们?|电费|费|钱|过|什么|款|的|任何|,|$|。|!|啊)|不是我(?:们|家)?(?:欠|用"
            r"|该)(?:的|下)?|(?:不该|不应该|凭什么|为什么要|不归|不由)(?:由|让|叫|问|跟|向|扣|收|找|是)?我"
            r"(?:们|家)?(?:的)?(?:来)?(?:交|付|出|承担|买单|钱|收|扣|罚|多)|凭什么(?:收|扣|罚|要我|多|让我"
            r"|涨|算)|(?:有异议|存疑|提出异议|申诉|核(?:实|查|对)(?:一下)?(?:电费|电量|电表|账单|抄表|金额"
            r"|费用)|校(?:验|表)|验表|查(?:一)?(?:下)?(?:电表|表))|(?:偷|窃)~电|(?:串|接错|装错|挂错)(?:表"
            r"|线|户)|(?:表|电表)~(?:接错|串|装错|对调|换|反)|预付费~(?:扣|不对)|(?:居民|商业|工业|峰谷"
            r"|合表)(?:电价|价)~(?:不|错|应该|为什么)|(?:电费|费用|账单|金额)~(?:太|这么|那么|也太|过)"
            r"(?:高|多|离谱|吓人|恐怖)|一个?月~\d+多?(?:度|块|元)~\?|你们?(?:的)?表(?:是不是|怕|莫|不会)"
            r"|按~(?:商业|工业|居民|阶梯|峰谷|农业)~(?:收|算|计)|(?:交|收|扣|花)(?:我)?(?:这么|那么)多|"
            r"(?:比|是)(?:以前|上个?月|去年|平时|往常|原来)~(?:多|高|翻|倍)|表~(?:飞快|太快|转得快|跑得快)",
            r"\b(?:how (?:can|could|is|come) [^。!?]{0,24}(?:be \d|owe|used \d|\d{2,})|not the (?:right"
            r"|correct) (?:amount|bill|figure|total|reading)|(?:was|were|been|am) away (?:all|the whole"
            r"|for|last)|nobody (?:was )?(?:home|living))\b",
            r"\b(?:(?:bill|amount|charge|charges|meter|reading|tariff|total|balance|price|figure|invoice"
            r"|late fee|debit|sum) (?:is |are |was |were |looks |seems |must be |appears |has to be "
            r"|can not be |has been |just )*(?:too |way |so |very |completely |totally |not |far "
            r"|definitely |obviously )*(?:wrong|incorrect|too high|high|right|correct|faulty|broken"
            r"|mistaken|doubled|tripled|excessive|crazy|insane|ridiculous|inaccurate|off|jumped"
            r"|running fast|not mine|error)|(?:wrong|incorrect|faulty|inaccurate|broken|estimated) (?:bill"
            r"|amount|meter|reading|charge|tariff|total|balance)|over ?charg\w+|double charg\w+|charged "
            r"(?:me |us |my \w+ )?(?:twice|double|too much|again|extra|for)|charg\w+ (?:me |us )?twice|"
            r"(?:debited|taken|deducted|billed) (?:twice|two times|double|too much)|(?:do|did|does)"
            r" not owe|owe (?:you )?nothing|nothing (?:is )?(?:owed|owing|outstanding)|dispute|(?:never"
            r"|could not|can not|did not|not possibly) (?:have )?(?:used?|possibly)(?: that| this| so)? "
            r"(?:much|many)?(?: electricity| power| units| kwh)?|(?:empty|vacant|unoccupied|nobody "
            r"(?:lives|living|was)|no one (?:lives|living))~~(?:bill|charge|owe|electricity|power|used"
            r"|usage|month|kwh)|how (?:can|could|is|come) (?:it|the bill|my bill|this|i|we|that) (?:be "
            r"|possibly |have )?(?:so|this|that|\d|used|owe|possible|high|doubled)|why (?:is|was|am|are"
            r"|did|has) (?:my|the|this|it|i) (?:bill |charge |charged )?(?:so |being |suddenly |gone )?"
            r"(?:high|much|double|up|charged|expensive)|(?:bill|it) (?:has |is )?(?:doubled|tripled"
            r"|gone up)|check (?:the|my) meter|recheck|re-?read)\b",
        ),
        even=frozenset(("asked", "denied", "hearsay")),
        unless=pattern(
            r"没(?:有)?多(?:收|扣|要)|(?:金额|电费|账单|表|数)(?:没|没有)(?:错|问题)|没(?:什么)?问题|不是"
            r"(?:金额|电费|账单)|not (?:a )?(?:billing|dispute)|bill is (?:right|correct|fine|ok)"
        ),
    ),
)
