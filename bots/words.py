"""The words of the bots' screens, Chinese first. Texts that tell customers something are templates, not these."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from babel.dates import format_date
from babel.numbers import format_currency

ZH: Final = "zh-CN"
EN: Final = "en"

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    # Beginning and binding
    "hello": (
        "您好，这里是{sender}客服。绑定手机号后，您可以在这里查户号、电费和停电，报修，评价服务。",
        (
            "Hello, this is {sender}. Link your phone number to see your accounts, bills and outages, report a fault, "
            "and rate our service here."
        ),
    ),
    "share": ("📱 分享我的手机号", "📱 Share my number"),
    "another_number": ("➕ 再绑定一个手机号", "➕ Link another number"),
    "by_code": ("✉️ 用短信验证码绑定", "✉️ Link by a code sent by SMS"),
    "how_to_bind": (
        "请点下面的按钮分享您本人的手机号，或用短信验证码绑定。",
        "Press the button below to share your own number, or link by a code sent by SMS.",
    ),
    "bind_by_words": (
        "请发送“绑定 手机号”，我们用短信发验证码。",
        "Send “bind” and your phone number, and we text you a code.",
    ),
    "foreign_contact": (
        "这不是您本人的手机号，不能用来绑定。请用下面的按钮分享自己的号码。",
        "This is not your own number, so it cannot be linked. Please share yours with the button below.",
    ),
    "unknown_number": (
        "系统里没有这个手机号登记的户号。请联系95598登记后再来。",
        "No account is registered with this number. Please register it with 95598 first.",
    ),
    "bound": ("绑定好了，共{count}个户号。", "Linked. Your accounts: {count}."),
    "bound_already": ("这个号码已经绑定过了。", "This number is linked already."),
    "which_number": ("请输入登记的手机号：", "Please type the registered phone number:"),
    "not_a_number": ("这不像手机号，请再输一次：", "This is no phone number. Please type it again:"),
    "type_number": (
        "您的留言收到了。这不像手机号，要继续绑定，请再输一次手机号：",
        "We have your message. It is no phone number: to go on linking, please type the registered one:",
    ),
    # Says the same whether or not the number is known, so that nobody can try numbers out.
    "code_sent": (
        "如果这个号码已登记，验证码已用短信发出，请在这里输入6位数字：",
        "If this number is registered, a code is on its way by SMS. Please type its 6 digits here:",
    ),
    "heard_unbound": (
        "您的留言收到了。绑定手机号后，我们才知道是哪个户号：",
        "We have your message. Link your number, so that we know which account it is about:",
    ),
    "wrong_code": ("验证码不对，请再输一次：", "This is not the code. Please try again:"),
    "wrong_code_in_words": (
        "验证码不对或已失效，请再输一次，或重新发送“绑定 手机号”。",
        "This is not the code, or it is no longer valid. Please type it again, or send “bind” and your phone number.",
    ),
    "type_code": (
        "您的留言收到了。要继续绑定，请输入短信里的6位数字：",
        "We have your message. To go on linking, please type the 6 digits from the SMS:",
    ),
    "code_over": ("验证码已失效，请重新开始绑定。", "The code is no longer valid. Please start again."),
    "too_many_codes": ("今天的验证码已达上限，请明天再试。", "No more codes can be sent today. Please try tomorrow."),
    "link_over": (
        "这个链接已用过或已过期，请用下面的办法绑定。",
        "This link was used or is too old. Please link your number as follows.",
    ),
    # Menu
    "menu": ("请选择：", "What can we do for you?"),
    "accounts": ("🏠 我的户号", "🏠 My accounts"),
    "bills": ("💰 电费", "💰 Bills"),
    "outages": ("⚡ 停电信息", "⚡ Outages"),
    "report": ("🛠 报修", "🛠 Report a fault"),
    "hazard": ("⚠️ 报危险", "⚠️ Report a hazard"),
    "rate": ("⭐ 评价服务", "⭐ Rate our service"),
    "person": ("👤 找人工", "👤 Talk to a person"),
    "prefs": ("🔔 接收设置", "🔔 What I receive"),
    "not_mine": ("🚫 不是我的户号", "🚫 Not my account"),
    "language": ("🌐 English", "🌐 中文"),
    "unbind": ("🔓 解除绑定", "🔓 Unlink"),
    "back": ("⬅️ 返回", "⬅️ Back"),
    "yes": ("✅ 是", "✅ Yes"),
    "not_bound": ("请先绑定手机号。", "Please link your number first."),
    "no_accounts": ("没有可显示的户号。", "There is no account to show."),
    "account": ("户号尾号{tail}　{holder}　{address}", "Account …{tail}, {holder}, {address}"),
    "account_short": ("户号尾号{tail}", "Account …{tail}"),
    "owes_nothing": ("户号尾号{tail}：没有欠费。", "Account …{tail}: nothing to pay."),
    "owes": (
        "户号尾号{tail}：{month}电费{amount}，请在{due}前交。",
        "Account …{tail}: {amount} for {month}, to be paid by {due}.",
    ),
    "owes_overdue": (
        "户号尾号{tail}：{month}电费{amount}，已逾期。",
        "Account …{tail}: {amount} for {month}, overdue.",
    ),
    "unproven": (
        "户号尾号{tail}：联系方式尚未核实，暂不显示金额。",
        "Account …{tail}: your contact is not confirmed yet, so no amounts are shown.",
    ),
    "no_outage": ("您的用电地址目前没有停电，近7天也没有计划停电。", "No outage now or within 7 days at your address."),
    "subscribe": ("🔔 停电通知发到这里", "🔔 Tell me about outages here"),
    "unsubscribe": ("🔕 停电通知改发短信", "🔕 Tell me about outages by SMS"),
    "which_account": ("是哪个户号？", "Which account?"),
    "more_accounts": ("⏬ 更多户号", "⏬ More accounts"),
    "say_fault": (
        "请说说情况，例如“整栋楼都没电”。我们收到后马上处理。",
        "Please say what is wrong, such as “the whole building is dark”.",
    ),
    "say_hazard": (
        "请远离危险处，不要触碰。请说说在哪里、看到什么，我们立即派人。",
        "Keep away and touch nothing. Please say where it is and what you see; we send somebody at once.",
    ),
    "taken": ("收到，正在处理。", "Thank you, we are on it."),
    "taken_unseen": (
        "收到，正在处理。图片和语音我们看不到，请再用文字说说在哪里、看到什么。",
        "Thank you, we are on it. We cannot see or hear this here: please also write where it is and what you see.",
    ),
    "nothing_to_rate": ("目前没有待评价的服务。", "There is no service to rate just now."),
    "person_comes": ("好的，已转人工，请直接留言。", "A person will answer. Please write what it is about."),
    "sure_not_mine": (
        "确认户号尾号{tail}不是您的？确认后我们不再向您发送它的消息，并更正联系方式。",
        "Account …{tail} is not yours? We stop telling you about it and put the contact right.",
    ),
    "sure_unbind": (
        "确认解除绑定？之后消息改用短信发送。",
        "Unlink your number? Messages then come by SMS.",
    ),
    "unbound": ("已解除绑定。", "Unlinked."),
    # Preferences
    "prefs_are": (
        (
            "点一下即可改：✅ 接收，🚫 不接收；💬 发到这里，✉️ 发短信。\n电费 {billing}，停电 {outage}，"
            "服务 {service}，建议 {advice}；危险与抢修随时。依法必须送达的通知不能拒收。"
        ),
        (
            "Press to change: ✅ told, 🚫 not told; 💬 here, ✉️ by SMS.\nBills {billing}, outages {outage}, "
            "service {service}, advice {advice}; danger at any hour. What the law asks us to tell cannot be refused."
        ),
    ),
    "hours": ("🌙 免打扰时段", "🌙 Quiet hours"),
    "quiet_is": ("您的免打扰时段：{begins}–{ends}。", "Your quiet hours: {begins}–{ends}."),
    "quiet_none": ("您没有设免打扰时段。", "You have chosen no quiet hours."),
    "which_hours": (
        "什么时候不要打扰您？停电、危险和您正在办的事不受影响。也可以直接写，例如“晚上9点到早上8点别发”。",
        (
            "When shall we not write? Outages, danger and what you are asking us for keep their own hours. You may "
            "also write, such as “no texts between 9 pm and 8 am”."
        ),
    ),
    "quiet_night": ("20:00–9:00", "20:00–9:00"),
    "quiet_late": ("22:00–8:00", "22:00–8:00"),
    "quiet_noon": ("12:00–14:00", "12:00–14:00"),
    "quiet_day": ("9:00–18:00", "9:00–18:00"),
    "quiet_never": ("随时可以", "Any time"),
    "billing": ("电费", "Bills"),
    "outage": ("停电", "Outages"),
    "service": ("服务", "Service"),
    "advice": ("用电建议", "Advice"),
    # Answers
    "noted": ("✓ 您的回答：{answer}", "✓ Your answer: {answer}"),
    "thanks": ("收到，谢谢！", "Noted, thank you!"),
    "answer_taken": ("✓ {answer}", "✓ {answer}"),
    "stale_answered": ("这个问题已经回答过了。", "This was answered already."),
    "stale_over": ("这个问题已经过期。", "This question is no longer open."),
    "stale_menu": ("这个按钮已失效，请用 /menu 重新打开。", "This button is no longer valid. Please use /menu."),
    "text_only": ("我们目前只看得懂文字。", "We can only read text here so far."),
    "sorry": ("抱歉，刚才没有处理成功，请稍后再试或拨打95598。", "Sorry, that failed. Try again later or call 95598."),
}

#: The commands that the platform offers customers beside the input field.
COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "menu": ("菜单", "Menu"),
    "start": ("开始、绑定手机号", "Begin, link your number"),
    "help": ("找人工", "Talk to a person"),
}


class Words:
    """The words in one language: `zh-CN` or `en`."""

    def __init__(self, language: str | None, sender: str = "") -> None:
        self.language = EN if (language or ZH).lower().startswith("en") else ZH
        self._sender = sender
        self._place = 0 if self.language == ZH else 1

    def __call__(self, key: str, **values: object) -> str:
        """The words of a key, filled. Raises KeyError for one that is not there."""
        return WORDS[key][self._place].format(sender=self._sender, **values)

    def money(self, amount: Decimal) -> str:
        """An amount in the utility's currency."""
        return f"{amount:.2f}元" if self.language == ZH else str(format_currency(amount, "CNY", locale="en"))

    def day(self, day: date) -> str:
        """A day."""
        return str(
            format_date(day, "M月d日" if self.language == ZH else "d MMMM", locale=self.language.replace("-", "_"))
        )

    def month(self, month: str) -> str:
        """A billing month, from `YYYYMM`."""
        day = date(int(month[:4]), int(month[4:6]), 1)
        pattern = "y年M月" if self.language == ZH else "MMMM y"
        return str(format_date(day, pattern, locale=self.language.replace("-", "_")))
