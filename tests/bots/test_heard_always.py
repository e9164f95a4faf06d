"""What a person says is heard for what it is, whatever the bot asked before: danger, answers, refusals, pictures."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bots.conftest import Chat, World

_DANGER = "电线掉下来冒火花了，有人触电，快来"
_ALERT = "SELECT al.words FROM alert al JOIN inbound i ON i.id = al.inbound_id WHERE i.sender = $1 AND i.text = $2"
_READ = "SELECT 1 FROM inbound WHERE sender = $1 AND text = $2 AND state <> 'received'"


async def shows(chat: Chat, **content: Any) -> None:
    """The person sends something that is no text, and the bot has dealt with it."""
    who = {"id": chat.id, "is_bot": False, "first_name": "客户", "language_code": chat.language}
    message = {"message_id": 5_000_000, "date": 0, "chat": {"id": chat.id, "type": "private"}, "from": who, **content}
    number = chat.world.emulator.push(chat.token, {"message": message})
    await chat.world.row("SELECT 1 FROM chat_update WHERE update_no = $1 AND state IN ('done', 'left')", str(number))
    await chat.settled()


async def half_an_hour_passes(chat: Chat) -> None:
    async with chat.world.database.work() as work:
        await work.execute("UPDATE conversation SET at = at - interval '31 minutes' WHERE chat = $1", str(chat.id))
        await work.commit()


async def texts_heard(chat: Chat) -> list[str]:
    rows = await chat.world.rows("SELECT text FROM inbound WHERE sender = $1 ORDER BY id", str(chat.id))
    return [row["text"] for row in rows]


PHOTO = {"photo": [{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1}]}
VOICE = {"voice": {"file_id": "a", "file_unique_id": "b", "duration": 1}}
PLACE = {"location": {"latitude": 30.58, "longitude": 114.29}}


async def test_danger_is_heard_while_a_chat_is_being_bound(world: World) -> None:
    number = world.number()
    await world.account(number)
    chat = world.chat()
    await chat.say("/start", until="您好")
    await chat.press("✉️ 用短信验证码绑定", until="请输入登记的手机号")
    await chat.say(_DANGER, until="您的留言收到了。这不像手机号")
    await world.row(_ALERT, str(chat.id), _DANGER)
    await chat.say(number.removeprefix("+86"), until="请在这里输入6位数字")
    for place in range(6):
        await chat.say(f"楼下电线冒火花{place}号楼", until="您的留言收到了。要继续绑定")
    await world.row(_ALERT, str(chat.id), "楼下电线冒火花0号楼")
    assert not [text for text in chat.texts if "验证码不对" in text]
    # Words use up no try.
    sms = await world.row("SELECT body FROM message WHERE to_address = $1 AND template = 'verification_chat'", number)
    code = next(word for word in sms["body"].replace("，", " ").replace("码", " ").split() if word.isdigit())
    await chat.say(f"{code[:3]} {code[3:]}", until="绑定好了")


async def test_who_is_bound_to_nothing_is_heard_and_told_how_to_bind(world: World) -> None:
    """By button and in words; and neither he nor who has unlinked is shown what is behind a binding."""
    chat = world.chat()
    await chat.say("/start", until="您好")
    await chat.press("⚠️ 报危险", until="请远离危险处")
    await chat.say(_DANGER, until="收到，正在处理")
    await world.row(_ALERT, str(chat.id), f"有触电危险，请马上来：{_DANGER}")
    told = await chat.sees("绑定手机号后，我们才知道")
    assert "✉️ 用短信验证码绑定" in told.labels
    await chat.press("👤 找人工", on="绑定手机号后", until="已转人工")
    await chat.press("⬅️ 返回", on="已转人工")
    assert "🏠 我的户号" not in chat.labels
    before = len(chat.texts)
    await chat.say("小区停电了")
    await chat.settled()
    assert "绑定手机号后，我们才知道" in chat.texts[-1] and len(chat.texts) == before + 1


async def test_a_question_left_open_takes_nothing_half_an_hour_later(world: World) -> None:
    chat = world.chat(language="en")
    await chat.say("/start", until="Hello")
    await chat.press("✉️ Link by a code sent by SMS", until="type the registered phone number")
    await half_an_hour_passes(chat)
    await chat.say("5")
    assert await texts_heard(chat) == ["5"]
    number = world.number()
    await world.account(number)
    await chat.bind(number)
    await chat.press("⚠️ Report a hazard", until="Keep away")
    await half_an_hour_passes(chat)
    await chat.say("Thank you for the visit")
    assert await texts_heard(chat) == ["5", "Thank you for the visit"]


async def test_a_report_left_unsaid_takes_no_answer_to_something_else(world: World) -> None:
    number = world.number()
    account = await world.account(number)
    order = await world.closed_order(number, account)
    chat = world.chat()
    await chat.bind(number)
    span = {"closed_from": "2025-11-04T00:00:00+08:00", "closed_to": "2025-11-05T00:00:00+08:00"}
    await chat.press("🛠 报修", until="请说说情况")
    await world.notice("survey", span, channels=["telegram", "sms"])
    asked = await chat.sees("请评价")
    await chat.say("5", reply_to=asked.message_id)
    rated = await world.row(
        "SELECT e.score FROM evaluation e JOIN invitation i ON i.id = e.invitation_id WHERE i.event_ref = $1", order
    )
    assert rated["score"] == 5
    assert not await world.rows(
        'SELECT 1 FROM "case" c JOIN account a ON a.id = c.account_id WHERE a.account_no = $1', account
    )


@pytest.mark.parametrize(("button", "asks"), [("🛠 报修", "请说说情况"), ("⚠️ 报危险", "请远离危险处")])
@pytest.mark.parametrize("words", ["退订", "５"])
async def test_refusals_and_digits_are_no_reports(world: World, button: str, asks: str, words: str) -> None:
    number = world.number()
    await world.account(number)
    chat = world.chat()
    await chat.bind(number)
    await chat.press(button, until=asks)
    await chat.say(words)
    await world.row(_READ, str(chat.id), words)
    assert await texts_heard(chat) == [words]
    assert not await world.rows(_ALERT, str(chat.id), words)


async def test_words_that_quote_what_was_asked_are_the_report(world: World) -> None:
    number = world.number()
    await world.account(number)
    chat = world.chat()
    await chat.bind(number)
    await chat.press("🛠 报修", until="请说说情况")
    await chat.say("整栋楼都没电", reply_to=(await chat.sees("请说说情况")).message_id, until="收到，正在处理")
    assert await texts_heard(chat) == ["家里停电了，报修：整栋楼都没电"]


@pytest.mark.parametrize(
    ("content", "said", "answer"),
    [
        (PHOTO, "[photo]", "请再用文字说说"),
        (VOICE, "[voice]", "请再用文字说说"),
        (PLACE, "[location 30.58,114.29]", "收到，正在处理。"),
        ({**PHOTO, "caption": "就在楼下电线杆这里"}, "就在楼下电线杆这里", "收到，正在处理。"),
    ],
    ids=["photo", "voice", "location", "caption"],
)
async def test_a_danger_that_is_shown_raises_the_alert(
    world: World, content: dict[str, Any], said: str, answer: str
) -> None:
    number = world.number()
    await world.account(number)
    chat = world.chat()
    await chat.bind(number)
    await chat.press("⚠️ 报危险", until="请远离危险处")
    await shows(chat, **content)
    alert = await world.row(_ALERT, str(chat.id), f"有触电危险，请马上来：{said}")
    assert said in alert["words"]
    assert sum(answer in text for text in chat.texts) == 1
    assert not [text for text in chat.texts if "只看得懂文字" in text]
    # Where it is may be told after it was shown.
    await chat.say("在三单元门口")
    assert (await texts_heard(chat))[1:] == ["有触电危险，请马上来：在三单元门口"]


@pytest.mark.parametrize("where", ["3 Hill Street", "[location 30.58,114.29]"])
async def test_a_danger_told_in_english_is_one_wherever_it_is(world: World, where: str) -> None:
    number = world.number()
    await world.account(number, language="en")
    chat = world.chat(language="en")
    await chat.bind(number)
    await chat.press("⚠️ Report a hazard", until="Keep away")
    if where.startswith("["):
        await shows(chat, **PLACE)
    else:
        await chat.say(where)
    said = f"danger: sparks or a live wire, please come at once: {where}"
    await world.row(f"{_ALERT} AND al.kind = 'safety'", str(chat.id), said)


async def test_what_is_shown_unasked_waits_for_a_person_and_is_answered_once(world: World) -> None:
    number = world.number()
    await world.account(number)
    chat = world.chat()
    await chat.bind(number)
    before = len(chat.texts)
    await shows(chat, **PHOTO)
    await shows(chat, **PLACE)
    rows = await world.rows("SELECT text, state, remark FROM inbound WHERE sender = $1 ORDER BY id", str(chat.id))
    why = "no words, which alone can be read"
    assert [tuple(row.values()) for row in rows] == [
        ("[photo]", "triage", why),
        ("[location 30.58,114.29]", "triage", why),
    ]
    # What is written next is dealt with after them, so nothing more comes of them.
    await chat.say(_DANGER)
    await world.row(_ALERT, str(chat.id), _DANGER)
    assert ["只看得懂文字" in text for text in chat.texts[before:]][:2] == [True, True]
    assert not await world.rows(
        "SELECT 1 FROM message WHERE to_address = $1 AND template LIKE 'clarification%'", str(chat.id)
    )
