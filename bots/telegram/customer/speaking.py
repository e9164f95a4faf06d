"""What is said in the chat: answers by button, faults and hazards, "not mine", free words. All of it is inbound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from aiogram import F, Router
from aiogram.filters import Command, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.methods import AnswerCallbackQuery, EditMessageReplyMarkup, EditMessageText, TelegramMethod
from aiogram.types import CallbackQuery, Message

from bots import desk
from bots.choices import choices, pressed
from bots.desk import AccountSeen
from bots.telegram.customer import menu
from bots.telegram.customer.hearing import SHOWN, hear_words, how_to_be_known, is_seen, said_by, stands_alone
from bots.telegram.customer.talk import Talk

router = Router(name="speaking")

#: Accounts that are offered at once.
_PAGE: Final = 20
#: What a report begins with, so that the reader knows what the dialogue knows.
_FAULT = {"zh-CN": "家里停电了，报修：{}", "en": "power cut, fault report: {}"}
_HAZARD = {"zh-CN": "有触电危险，请马上来：{}", "en": "danger: sparks or a live wire, please come at once: {}"}
_NOT_MINE = {"zh-CN": "这不是我的户号，不要再发给我", "en": "this is not my account, wrong number"}
_PERSON = {"zh-CN": "转人工", "en": "I want to talk to a person"}


class Report(StatesGroup):
    """Reporting a fault or a hazard: which account, then what is wrong."""

    account = State()
    words = State()


@router.callback_query(F.data.regexp(r"^a:[A-Za-z0-9_-]{22}:[0-9]$"))
async def answered(query: CallbackQuery, talk: Talk) -> list[TelegramMethod[Any]]:
    """A button under a text was pressed: it says what its digit says by SMS. A stale one only says that it is."""
    found = pressed(query.data or "")
    assert found is not None
    message, code = found
    asked = await desk.question(talk.connection, message, talk.chat.point, talk.now)
    assert query.message is not None
    number = query.message.message_id
    if asked is not None:
        await desk.seen(talk.connection, asked, f"{talk.id}:{number}", talk.now)
    if asked is None or asked.answered or not asked.open:
        why = "stale_answered" if asked is not None and asked.answered else "stale_over"
        return [talk.tell(query, talk.words(why)), EditMessageReplyMarkup(chat_id=talk.id, message_id=number)]
    labels = {one.code: one.label for row in choices(asked.template, asked.version, menu.codes_of(talk)) for one in row}
    await talk.hear(code, replies_to=asked.id)
    said = f"{asked.body}\n\n{talk.words('noted', answer=labels.get(code, code))}"
    return [
        talk.tell(query, talk.words("thanks")),
        # The question may stand in the chat twice: as it came, and on the screen that asks for a rating.
        *(
            EditMessageText(chat_id=talk.id, message_id=one, text=said)
            for one in dict.fromkeys((number, asked.place_in(talk.id)))
            if one is not None
        ),
    ]


@router.callback_query(F.data.in_({"m:report", "m:hazard"}))
async def report(query: CallbackQuery, state: FSMContext, talk: Talk) -> list[TelegramMethod[Any]]:
    """A report begins: for which account, where there are several."""
    hazard = query.data == "m:hazard"
    await state.set_data({"hazard": hazard})
    seen = await talk.accounts()
    # Nobody has to choose while something sparks.
    if hazard or len(seen) < 2:
        if seen:
            await state.update_data(account=seen[0].id if len(seen) == 1 else None)
        return await _ask_words(query, state, talk)
    await state.set_state(Report.account)
    return _which(query, talk, seen, "r")


def _which(
    query: CallbackQuery, talk: Talk, seen: Sequence[AccountSeen], kind: str, first: int = 0
) -> list[TelegramMethod[Any]]:
    """Accounts to choose from, a page at a time; whose numbers end alike are told apart by their holders."""
    tails = Counter(one.tail for one in seen)
    rows = []
    for one in seen[first : first + _PAGE]:
        label = talk.words("account_short", tail=one.tail)
        rows.append([(label if tails[one.tail] == 1 else f"{label}　{one.holder}　{one.address}", f"{kind}:{one.id}")])
    if len(seen) > _PAGE:
        further = first + _PAGE if first + _PAGE < len(seen) else 0
        rows.append([(talk.words("more_accounts"), f"{kind}>{further}")])
    text = talk.words("which_account" if seen else "no_accounts")
    return talk.show(query, text, [*rows, [(talk.words("back"), "m:home")]])


@router.callback_query(F.data.regexp(r"^[rn]>\d{1,6}$"))
async def more_accounts(query: CallbackQuery, state: FSMContext, talk: Talk) -> list[TelegramMethod[Any]]:
    """Another page of the accounts to choose from."""
    kind, _, first = (query.data or "").partition(">")
    if kind == "r":
        await state.set_state(Report.account)
    return _which(query, talk, await talk.accounts(), kind, int(first))


@router.callback_query(StateFilter(Report.account), F.data.regexp(r"^r:\d{1,18}$"))
async def report_account(query: CallbackQuery, state: FSMContext, talk: Talk) -> list[TelegramMethod[Any]]:
    """The account that a report is for; only one of the chat's own."""
    chosen = int((query.data or "").partition(":")[2])
    if chosen not in {one.id for one in await talk.accounts()}:
        return [talk.tell(query, talk.words("stale_menu"))]
    await state.update_data(account=chosen)
    return await _ask_words(query, state, talk)


async def _ask_words(query: CallbackQuery, state: FSMContext, talk: Talk) -> list[TelegramMethod[Any]]:
    await state.set_state(Report.words)
    hazard = (await state.get_data()).get("hazard")
    assert query.message is not None
    await state.update_data(prompt=query.message.message_id)
    return talk.show(query, talk.words("say_hazard" if hazard else "say_fault"), [[(talk.words("back"), "m:home")]])


def _tells(message: Message) -> bool:
    if message.text is not None:
        return not message.text.startswith("/")
    return message.content_type in SHOWN


@router.message(StateFilter(Report.words), _tells)
async def report_words(message: Message, state: FSMContext, talk: Talk) -> list[TelegramMethod[Any]]:
    """What is wrong: read and reacted to like any text, be it words, a picture or a place.

    What is plainly about something else is heard as itself. A fault that was left unsaid is then forgotten; whoever
    wanted to tell of danger may still tell of it.
    """
    data = await state.get_data()
    hazard = bool(data.get("hazard"))
    if stands_alone(message, data.get("prompt")):
        if not hazard:
            await state.clear()
        return [*await hear_words(message, talk), *how_to_be_known(talk)]
    if message.text is not None:
        await state.clear()
    said = (_HAZARD if hazard else _FAULT)[talk.words.language].format(said_by(message))
    await talk.hear(said, account_id=data.get("account"))
    return [talk.say(talk.words("taken" if is_seen(message) else "taken_unseen")), *how_to_be_known(talk)]


@router.callback_query(F.data == "m:not_mine")
async def not_mine(query: CallbackQuery, talk: Talk) -> list[TelegramMethod[Any]]:
    """Which account is not theirs."""
    return _which(query, talk, await talk.accounts(), "n")


@router.callback_query(F.data.regexp(r"^n:\d{1,18}!?$"))
async def sure_not_mine(query: CallbackQuery, talk: Talk) -> list[TelegramMethod[Any]]:
    """ "Not mine", asked once more and then taken in as said: the correction is the one an SMS would open."""
    data = query.data or ""
    account = int(data.strip("n:!"))
    chosen = next((one for one in await talk.accounts() if one.id == account), None)
    if chosen is None:
        return [talk.tell(query, talk.words("stale_menu"))]
    if not data.endswith("!"):
        rows = [[(talk.words("yes"), f"n:{account}!")], [(talk.words("back"), "m:home")]]
        return talk.show(query, talk.words("sure_not_mine", tail=chosen.tail), rows)
    await talk.hear(_NOT_MINE[talk.words.language], account_id=account)
    return talk.show(query, talk.words("taken"), [[(talk.words("back"), "m:home")]])


@router.callback_query(F.data == "m:person")
async def person(query: CallbackQuery, talk: Talk) -> list[TelegramMethod[Any]]:
    """A person is asked for."""
    await talk.hear(_PERSON[talk.words.language])
    return [*talk.show(query, talk.words("person_comes"), [[(talk.words("back"), "m:home")]]), *how_to_be_known(talk)]


@router.message(Command("help"))
async def help_wanted(_message: Message, state: FSMContext, talk: Talk) -> list[TelegramMethod[Any]]:
    """`/help`: the same."""
    await state.clear()
    await talk.hear(_PERSON[talk.words.language])
    return [talk.say(talk.words("person_comes")), *how_to_be_known(talk)]


@router.message(F.text)
async def words(message: Message, talk: Talk) -> list[TelegramMethod[Any]]:
    """Free words. What is quoted is what they answer."""
    return [*await hear_words(message, talk), *how_to_be_known(talk)]


@router.message()
async def no_words(message: Message, talk: Talk) -> list[TelegramMethod[Any]]:
    """A picture or a voice: its caption is read and answered like words; a person is told of what nobody can read."""
    if message.caption:
        return [*await hear_words(message, talk), *how_to_be_known(talk)]
    await talk.leave(said_by(message))
    return [talk.say(talk.words("text_only"))]


@router.callback_query()
async def unknown_button(query: CallbackQuery, talk: Talk) -> list[TelegramMethod[Any]]:
    """A button of another time, or data that no button of ours has."""
    return [AnswerCallbackQuery(callback_query_id=query.id, text=talk.words("stale_menu"))]
