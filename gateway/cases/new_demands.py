"""Whether a customer who comes again after closing asks for something else than before (domain notes S2.5 ii). Pure.

The hotline's field for it is often left empty, so the words must say: that the demand is new, or that what was asked
for before was done and something else is wanted. What the utility only claims to have done grants nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from typing import Final

from gateway.cases.naming import wide

#: Words by which a customer says himself that what he asks for is new.
_NEW_DEMAND: Final = re.compile(
    r"(?<!重)新(的)?(诉求|要求|问题)|新提出|提出新|与(上次|前次|此前|之前|原)[^,。;]{0,6}(诉求|问题)?(不同|无关)|(变更|更改)(了)?诉求|诉求(变更|改)为"
)
#: Words by which he asks for something beside, unless the first demand is what is still not met.
_BESIDE: Final = re.compile(
    r"(又|再|转而|进一步|现)(新)?提出要求|另(外|行|又)?(要求|提出|申请|希望|请求|主张|想)|(改|转)(为|而)(要求|主张)|改口"
    r"|(增加|追加)(了)?(诉求|要求)|(除此|此)之?外|额外(要求|提出|诉求)|顺(便|带)(要求|提出|申请|问|咨询|把)|(在此|处理)(基础|之余)"
)
#: Words by which he grants that the first demand was met.
_GRANTED: Final = re.compile(
    r"(?<!不)(?<!没)(?<!未)(认可|接受|同意|满意|谅解|说开了|没意见|没有意见|无意见|无异议|没有异议|没异议)"
    r"|已(经)?(解决|办妥|办好|办完|办成|完成(?![缴交充付支])|恢复|更正|改正|通电|复电|送电|装表|装好|装上|改造|改好|更?换(?!了?(手机|号|电话|人))|修|移"
    r"|拆(?!迁)|清理|停发|取消|删除|退(还|费|款|回)|到账|道歉|致歉|能收到|正常)"
    r"|已(给|为|向)[^,。;]{0,8}(退|换|装|修|改|补|赔)"
    r"|(处理|装|修|换|改|办|弄|接|移|剪|清|拆)(好|完|清|掉|妥|成|上)了|(解决|修|移|拆|退|装)了(?!.{0,3}[次回遍])|(短信|通知)(已经|已)停了|到账了|退到了"
    r"|(没|没有|未|不)再(停|收到|发|闪|跳|出现|发生|来|响)|收到(了)?(退款|道歉)|恢复正常|正常了|(现在|目前|都|均)(已)?正常|早(就)?(送|通|来|装|换|修|停|好|退|办)了|送(上|了)电了?"
    r"|(复电|送电|换新|更换|换表|装表|修复|改造|整改|退费)(完成|好|完|完毕)?(之)?后|(手续|施工|工程)完成(之)?后"
)
#: Words by which he says only that the utility calls it done.
_CLAIMED: Final = re.compile(
    r"已(经)?(处理|办结|答复|回复|结束|归档|检定|校验)|处理结果|校验结果|检定结果|办结后|后(电压|供电|用电)?(已)?正常"
)
#: Such words may themselves say "not"; they are set aside before it is asked whether anything was not met.
_NO_FAULT: Final = re.compile(
    r"(没|没有|未|不)再(停|收到|发|闪|跳|出现|发生|来|响)|没意见|没有意见|无意见|无异议|没有异议|没异议|(没|没有|无)(问题|毛病|异常)|未发现(异常|问题)"
)
NOT_MET: Final = re.compile(
    r"没|未|无人|仍|还(是|在|没|未|有|收|发|停|不)|依(旧|然)|照(旧|样|发|停)|不属实|不符|不实|再次发生|虚假|却|实际|根本|骗|敷衍|不认可|有异议|不满意|不彻底|反而|更(高|低|差|多|严重)|"
    r"反复|复发|又(停|发|坏|来(?!电)|收|断|跳|闪|出现|不|没|开始|低|黑)|继续(停|发|偷|收)|老样子|原样"
)
#: What is asked for, in any words.
_DEMAND: Final = re.compile(
    r"要求|申请|希望|提出|请求|主张|索要|索赔|想(要|让|问|把|请)|能不能|能否|给个|告知|赔|补偿|补开|减免|出具|退还|咨询|询问|另问|想再|想换|想请|请你们|怎么"
)
_ASKED_NOW: Final = re.compile(r"现(在)?(要求|提出|希望|申请|请求|主张|想)")
#: What was done, in the customer's own words: granted where nobody is said to have claimed it.
_DONE: Final = re.compile(
    r"(?<!邻居家)(?<!别人家)(?<!隔壁)([修换改装移抬剪清退办接送调补查赔迁砌填刷]|解决|整改|整治|施工|手续|更正|校验|检定|过户|更名|复电|接电|道歉|退费|赔付)[^,。;没未不再还]{0,3}"
    r"(好|完成|完|成功|妥|掉|过来|到位|及时|合格|回来|清楚)了?"
    r"|(?<!邻居家)(?<!别人家)(?<!隔壁)([修换改装移抬剪清退办接送调])(好|完|成|妥|掉|上|高|过来|回来)了|([修移拆装退剪])了(?!.{0,3}[次回遍])|换了(?!.{0,2}(手机|号|电话|人|[次回遍]))"
    r"|道歉了|收到[^,。;]{0,3}[赔退补]|不追究|不再有异议|(不|没再)[闪停跳响断]了|稳了|抢修及时|处理及时"
)
_CLAIM: Final = re.compile(
    r"(?<!客户)(?<!用户)(?<!户主)(?<!先生)(?<!女士)(?<!师傅)(?<![他她])(说|称)|答复|回单|回复|回访|显示|系统|工单|上次|上回|前次|告知|告诉|承诺|答应|催|未|没|无|不(?!追|再|闪|停|跳|响|断)|还|仍|再"
)
#: Words that any order may hold.
_ANY_ORDER: Final = re.compile(r"客户|用户|户主|来电|反映|投诉|要求|申请|户号|号楼|单元|小区|家里|公司|今天|昨天|现在")
#: A clause that says that something is done, in whatever words.
_COMPLETED: Final = re.compile(
    r"(了|完成|完毕|齐全|属实|合格)$|已(经)?[一-鿿]{1,6}$|收到[^,。;]{1,8}$|(是)[^,。;]{1,4}了$"
)
#: What such a clause speaks of where it says nothing of the kind: faults, time that went by, what the customer did.
_NOT_DONE: Final = re.compile(
    r"[没未无还仍又再催拖坏烧断黑暗低高涨多少欠漏歪斜倒掉慢晚久错乱丢吵骂推满超过期限爽砍]|不(?!追|再|闪|停|跳|响|断)|停(?!发|电(名单|短信|信息|通知))|跳(?!闸不)|闪(?!的)"
    r"|[交缴提搬租卖买打问等报](?!装)|申请|反映|投诉|举报|来电|登记|咨询|材料|(换|改)了?(个)?(手机|电话|号)|[次天周月年号]了?$|小时|分钟|快[^,]{0,4}了$|一趟|天数|[化馊死淹冒爆臭热冷急气怕疼病饿]|拆迁|(来|去|看|走|说|给|结|变|成|量|测|约|等|到|停|派|知道|收到短信)了$|已(经)?(结|归档|办结|答复|回复|是|有|到|约|派|转)"
)
#: Words by which what was asked for is still not there, whatever was done.
_STILL: Final = re.compile(
    r"没(有)?[电水]|仍|还(是|在|没|未|有|收|发|停|不)|依(旧|然)|照(旧|样|发|停)|老样子|原样|又(停|发|坏|来(?!电)|收|断|跳|闪|出现|不|没|开始|低|黑)|反复|复发|根本|实际|结果|反而|却|骗|敷衍|假"
    r"|不属实|不符|不实|(没|未)(有)?(解决|处理|办|改善|好转|修|整改)|不认可|不服|不满|有异议|继续|更(高|低|差|多|严重)"
)
#: What the customer did himself, or others got, is nothing that was done for him.
_HIS_OWN: Final = re.compile(
    r"(已经|已)?(完成)?(交清|缴清|结清|补交|补齐|交齐|提交|备齐|缴纳|支付|缴费|交费|付款|充值|搬|退租|换了?(手机|号|电话))[^,。;]*"
    r"|(邻居|隔壁|别人|对门|别家|楼上楼下)[^,。;]*"
    r"|(缴费|交费|付款|充值|材料|资料|申请(?!的)|手续)[^,。;]{0,4}(完成|齐|好|清|交)[^,。;]*"
)


def asks_for_something_else(content: str, before: Sequence[str] = ()) -> bool:
    """Whether the words, after a closing, raise something else than what was closed: the words of `before`."""
    words = wide(content)
    if _NEW_DEMAND.search(words):
        return True
    plain = _HIS_OWN.sub("", words)
    granted = _GRANTED.search(plain) is not None
    failed = NOT_MET.search(_NO_FAULT.sub("", plain)) is not None
    if _BESIDE.search(words):
        return granted or not failed
    if not failed and _ASKED_NOW.search(words):
        return granted or _CLAIMED.search(words) is not None
    if not failed and granted and _DEMAND.search(words):
        return True
    return _was_done(_NO_FAULT.sub("", plain), {pair for one in before for pair in _pairs(wide(one))})


def _was_done(words: str, before: Set[str]) -> bool:
    """Whether something is said to be done, by nobody's claim, before something is asked for; and nothing to be still
    as it was, nor the very thing undone. Done in whatever words is only what the earlier orders spoke of."""
    if _STILL.search(words):
        return False
    clauses = re.split(r"[,。;、!?]", words)
    for place, clause in enumerate(clauses[:-1]):
        after = "".join(clauses[place + 1 :])
        if not _DEMAND.search(after):
            continue
        done = _DONE.search(clause)
        if done is not None and not _CLAIM.search(clause[: done.end()]) and not _DEMAND.search(clause[: done.start()]):
            verb = (done[1] or done[3] or done[5] or "")[:1]
            if not (verb and re.search(f"[没未](有)?{verb}", after)):
                return True
        about_it = _pairs(_ANY_ORDER.sub("", clause)) & before
        if (
            about_it
            and _COMPLETED.search(clause)
            and not any(rule.search(clause) for rule in (_NOT_DONE, _CLAIM, _DEMAND))
        ):
            return True
    return False


def _pairs(words: str) -> set[str]:
    return set(re.findall(r"(?=([一-鿿]{2}))", words))
