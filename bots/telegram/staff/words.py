"""The words of the staff bot, Chinese first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "who": (
        "这里供员工使用。请输入控制台或命令行给您的一次性登录码。",
        "This bot is for staff. Please type the one-time code from the console or the command line.",
    ),
    "wrong_code": ("登录码不对或已失效。", "The code is wrong or no longer good."),
    "signed_in": ("{name}，您好。", "Hello {name}."),
    "signed_out": ("已退出。", "Signed out."),
    "menu": ("请选择：", "What would you like to do?"),
    "today": ("📅 今天的计划", "📅 Today's plan"),
    "ten_days": ("🗓 未来十天", "🗓 Next ten days"),
    "plan": ("➕ 新计划", "➕ Plan"),
    "signals": ("📣 我的客户动态", "📣 My customers' signals"),
    "correction": ("🧾 下一件更正", "🧾 Next correction"),
    "to_prove": ("🔎 待核实的联系方式", "🔎 Contacts to prove"),
    "broken": ("🤝 未兑现的承诺", "🤝 Broken promises"),
    "warnings": ("⚠️ 预警", "⚠️ Early warnings"),
    "tasks": ("📌 督办事项", "📌 For supervision"),
    "alerts": ("🚨 紧急告警", "🚨 Urgent alerts"),
    "sign_out": ("退出", "Sign out"),
    "back": ("⬅️ 返回", "⬅️ Back"),
    "nothing": ("没有要处理的。", "Nothing to do here."),
    "followup": (
        "{day}　户号尾号{tail}　{topic}（{channel}）　{state}",
        "{day}, account …{tail}: {topic} ({channel}), {state}",
    ),
    "note_followup_due": (
        "📅 今天的回访：户号尾号{tail}，{topic}。完成后请登记结果。",
        "📅 Today's follow-up: account …{tail}, {topic}. Please note the outcome afterwards.",
    ),
    "by_visit": ("上门", "visit"),
    "by_phone": ("电话", "phone"),
    "by_sms": ("短信", "SMS"),
    "by_chat": ("聊天", "chat"),
    "is_planned": ("待办", "planned"),
    "is_missed": ("已错过", "missed"),
    "is_done": ("已完成", "done"),
    "is_cancelled": ("已取消", "cancelled"),
    "is_open": ("办理中", "open"),
    "is_asked": ("待客户确认", "waits for the customer's word"),
    "done": ("✅ 完成", "✅ Done"),
    "move": ("🗓 改期", "🗓 Move"),
    "say_outcome": ("请写下结果：", "What came of it?"),
    "which_day": ("选哪一天？", "Which day?"),
    "which_account": ("请输入户号：", "Please type the account number:"),
    "for_account": ("户号{account}", "Account {account}"),
    "which_topic": ("请写下事由：", "What is it about?"),
    "other_quoted": (
        "没有记录：您引用的是另一条消息，而刚才问的是下面这一件。请按下面的按钮再写。",
        "Nothing was noted: you quoted another message, while what was asked is below. Press its button to write.",
    ),
    "kept": ("已记录。", "Noted."),
    "not_yours": ("这不是您的客户。", "This is not your customer."),
    "case": (
        "更正{number}：{reason}，{due}前处理。",
        "Correction on {number}: {reason}, due {due}.",
    ),
    "evidence": ("依据（{kind}）：{words}", "Evidence ({kind}): {words}"),
    "link": ("户号{account} ↔ {number}（{role}）：{decision}", "Account {account} ↔ {number} ({role}): {decision}"),
    "undecided": ("未决定", "undecided"),
    "keep": ("保留", "keep"),
    "revoke": ("停用", "revoke"),
    "change_role": ("改身份", "change of role"),
    "propose": ("📱 补充新号码", "📱 Propose a number"),
    "which_of_case": ("新号码是哪个户号的？", "Which account is the new number for?"),
    "say_number": ("请输入户号{account}的新号码：", "Please type the new number for account {account}:"),
    "no_number": (
        "这不像电话号码。请输入户号{account}的新号码：",
        "This is no telephone number. Please type the new number for account {account}:",
    ),
    "proposed": ("新号码：{number}（户号{account}，{role}）", "New number: {number} (account {account}, {role})"),
    "which_role": ("{number}是户号{account}的什么人？", "Who is {number} for account {account}?"),
    "take_off": ("🗑 去掉{tail}", "🗑 Take off {tail}"),
    "there_already": (
        "没有补充：{number}就是这件更正里户号{account}的号码，或者已经补充过了。",
        "Not added: {number} is the number of account {account} that this case is about, or was proposed already.",
    ),
    "more_links": ("⏬ 更多联系", "⏬ More links"),
    "page_of_links": (
        "第{first}–{last}条，共{count}条，还有{left}条未决定。",
        "Links {first}–{last} of {count}; {left} undecided.",
    ),
    "next_case": ("➡️ 下一件", "➡️ The next one"),
    "back_card": ("⬅️ 返回这件更正", "⬅️ Back to this case"),
    "case_over": ("这件更正已经处理过了。", "This case is not waiting for a decision any more."),
    "card_changed": (
        "这张卡片显示的已经变了，没有执行。已按现在的情况重新显示。",
        "What this card showed has changed, so nothing was done. It now shows how things stand.",
    ),
    "sure": ("✅ 确定", "✅ Yes, do it"),
    "sure_apply": (
        "确定按上面的决定执行吗？停用的联系不再发送消息，新号码会收到确认短信。",
        "Carry out these decisions? Revoked contacts are told nothing any more; new numbers are asked to confirm.",
    ),
    "sure_dismiss": (
        "确定没有问题吗？暂停的联系会恢复，消息照常发送。",
        "Was there nothing wrong? What was suspended is told things again as before.",
    ),
    "apply": ("✅ 执行", "✅ Apply"),
    "dismiss": ("↩️ 无误，恢复", "↩️ Nothing wrong, restore"),
    "prove": ("户号{account} {number}：发验证码", "Account {account} {number}: send a code"),
    "code_sent": ("验证码已发出。", "A code was sent."),
    "promise": ("{reference}　{what}（{who}，应在{due}前兑现）", "{reference}: {what} ({who}, due {due})"),
    "seen_already": ("　已知悉", ", acknowledged"),
    "warning": ("{kind}：{words}（{unit}，{due}前知悉）", "{kind}: {words} ({unit}, acknowledge by {due})"),
    "warning_seen": ("{kind}：{words}（{unit}，{who}已知悉）", "{kind}: {words} ({unit}, acknowledged by {who})"),
    "warning_typical": ("典型问题", "Typical"),
    "warning_repeated": ("重复诉求", "Repeated"),
    "warning_common": ("共性问题", "Common"),
    "warning_escalating": ("可能升级", "May escalate"),
    "more": ("还有{count}条，请到控制台查看。", "{count} more in the console."),
    "close": ("✅ 办结", "✅ Close"),
    "say_done": ("请写下采取了什么措施：", "What was done about it?"),
    "note_warnings": ("⚠️ 今天有{count}条新预警，请知悉。", "⚠️ New early warnings today: {count}."),
    "note_promise_broken": ("🤝 承诺未兑现：{reference}　{what}", "🤝 A promise was broken: {reference}, {what}"),
    "task": ("{words}（{due}前）", "{words} (by {due})"),
    "seen": ("👁 知悉", "👁 Acknowledge"),
    "alert": ("🚨 {kind}：{words}\n{place}\n来自{sender}，{at}", "🚨 {kind}: {words}\n{place}\nfrom {sender}, {at}"),
    "at_account": ("户号{account}，{address}", "account {account}, {address}"),
    "more_accounts": ("还有{count}个户号，请问清是哪一个。", "{count} more accounts: ask which one it is."),
    "no_place": ("没有登记的户号，请问清地点。", "No account is registered: ask where it is."),
    "bound_chat": ("{channel}聊天（{numbers}）", "a chat of {channel} ({numbers})"),
    "unbound_chat": ("{channel}聊天（未绑定号码）", "a chat of {channel} (no number linked)"),
    "channel_telegram": ("Telegram", "Telegram"),
    "channel_wecom": ("企业微信", "WeCom"),
    "safety": ("人身危险", "danger"),
    "loss": ("重大损失", "great loss"),
    "take_on": ("🙋 我来处理", "🙋 I take it on"),
    "taken_on": ("✓ {name}已接手", "✓ {name} has taken it on"),
    "escalated": ("（5分钟无人接手）", "(nobody took it on for 5 minutes)"),
    "voice": ("户号尾号{tail}：{words}（{due}前答复）", "Account …{tail}: {words} (answer by {due})"),
    "case_open": ("户号尾号{tail}：{topic}，{state}", "Account …{tail}: {topic}, {state}"),
    "failed": ("没有办成：{why}", "That did not work: {why}"),
    "stale": ("这个按钮已失效，请用 /menu 重新打开。", "This button is no longer valid. Please use /menu."),
    "sorry": ("抱歉，刚才没有处理成功。", "Sorry, that failed."),
    "not_allowed": ("您的角色不能这样做。", "Your role does not allow this."),
}

#: The commands that the platform offers staff beside the input field.
COMMANDS: Final[Mapping[str, tuple[str, str]]] = {"menu": ("菜单", "Menu"), "start": ("登录", "Sign in")}


class StaffWords:
    """The words in one language."""

    def __init__(self, language: str | None) -> None:
        self.language = "en" if (language or "zh").lower().startswith("en") else "zh-CN"
        self._place = 0 if self.language == "zh-CN" else 1

    def __call__(self, key: str, **values: object) -> str:
        """The words of a key, filled. Raises KeyError for one that is not there."""
        return WORDS[key][self._place].format(**values)
