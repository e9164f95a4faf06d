"""The account managers' plan: today, ten days, planning, moving, completing; and what their customers say."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from aiogram import F, Router
from aiogram.filters import StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.methods import TelegramMethod
from aiogram.types import CallbackQuery, Message

from bots.telegram.staff import calendar
from bots.telegram.staff.duty import Duty, long, short
from gateway.followups import Change, Plan
from gateway.followups.reading import Followup, FollowupFilter, followup, followups, voices
from gateway.kernel.acting import require
from gateway.kernel.errors import Forbidden

router = Router(name="staff planning")

_MOST = 20
_ID = r"[A-Za-z0-9_-]{22}"


class Completing(StatesGroup):
    """Completing a follow-up: what came of it."""

    outcome = State()


class Planning(StatesGroup):
    """Planning one: for which account, on which day, about what."""

    account = State()
    day = State()
    topic = State()


def _line(duty: Duty, one: Followup) -> str:
    return duty.words(
        "followup",
        day=f"{one.planned_for:%m-%d}",
        tail=one.account_no[-4:],
        topic=one.topic,
        channel=duty.words(f"by_{one.channel}"),
        state=duty.words(f"is_{one.state}"),
    )


@router.callback_query(F.data.in_({"today", "ten_days"}))
async def plan(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """What is planned: today and what was missed, or the next ten days."""
    require(duty.session, "followups:write")
    until = duty.today if query.data == "today" else duty.today + timedelta(days=10)
    wanted = FollowupFilter(manager=duty.me.staff_no, states=("planned", "missed"), until=until)
    found = sorted(await followups(duty.session, wanted, before=None, limit=200), key=lambda one: one.planned_for)
    rows = [[(_line(duty, one)[:60], f"f:{short(one.id)}")] for one in found[:_MOST]]
    return duty.show(query, duty.words("today" if query.data == "today" else "ten_days") if rows
                     else duty.words("nothing"), rows)  # fmt: skip


@router.callback_query(F.data.regexp(rf"^f:{_ID}$"))
async def one_followup(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """One follow-up, and what can be done with it."""
    one = await _mine(duty, (query.data or "")[2:])
    id_ = short(one.id)
    return duty.show(
        query, _line(duty, one), [[(duty.words("done"), f"fd:{id_}")], [(duty.words("move"), f"fm:{id_}")]]
    )


async def _mine(duty: Duty, text: str) -> Followup:
    """A follow-up of one's own, or that one stands in for. Raises Forbidden for another's."""
    require(duty.session, "followups:write")
    one = await followup(duty.session, long(text))
    if duty.me.staff_no not in (one.manager, one.deputy) and "admin" not in duty.me.roles:
        raise Forbidden(duty.words("not_yours"))
    return one


@router.callback_query(F.data.regexp(rf"^fd:{_ID}$"))
async def complete(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """It was done: the outcome is asked for."""
    one = await _mine(duty, (query.data or "")[3:])
    await state.set_state(Completing.outcome)
    await state.set_data({"followup": short(one.id)})
    return duty.show(query, f"{_line(duty, one)}\n{duty.words('say_outcome')}")


@router.message(StateFilter(Completing.outcome), F.text, ~F.text.startswith("/"))
async def outcome(message: Message, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """The outcome: it is done, and the customer is asked by somebody else."""
    one = await _mine(duty, (await state.get_data())["followup"])
    await duty.rooms.followups.change(
        duty.session, one.id, Change(state="done", outcome=(message.text or "")[:2000]), actor=duty.actor
    )
    await state.clear()
    return [duty.say(duty.words("kept"), [[(duty.words("back"), "home")]])]


@router.callback_query(F.data.regexp(rf"^fm:{_ID}$"))
async def move(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """Another day is chosen."""
    one = await _mine(duty, (query.data or "")[3:])
    await state.set_data({"followup": short(one.id)})
    return duty.show(query, duty.words("which_day"), calendar.month(duty.today, duty.today, "mv", duty.words.language))


@router.callback_query(F.data.regexp(r"^(mv|pl)>\d{4}-\d{2}$"))
async def another_month(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """The calendar's next or last month."""
    purpose, _, shown = (query.data or "").partition(">")
    rows = calendar.month(date.fromisoformat(f"{shown}-01"), duty.today, purpose, duty.words.language)
    return duty.show(query, duty.words("which_day"), rows)


@router.callback_query(F.data.regexp(r"^mv:\d{4}-\d{2}-\d{2}$"))
async def moved(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """It is moved to that day."""
    data = await state.get_data()
    if "followup" not in data:
        return duty.tell(query, duty.words("stale"))
    one = await _mine(duty, data["followup"])
    day = date.fromisoformat((query.data or "")[3:])
    await duty.rooms.followups.change(duty.session, one.id, Change(planned_for=day), actor=duty.actor)
    await state.clear()
    return duty.show(query, duty.words("kept"))


@router.callback_query(F.data == "plan")
async def begin_plan(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """A new plan begins with its account."""
    require(duty.session, "followups:write")
    await state.set_state(Planning.account)
    return duty.show(query, duty.words("which_account"))


@router.message(StateFilter(Planning.account), F.text, ~F.text.startswith("/"))
async def plan_account(message: Message, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """The account: one of one's own customers."""
    account = (message.text or "").strip()
    manager = await duty.connection.fetchval("SELECT manager_no FROM account WHERE account_no = $1", account)
    if manager != duty.me.staff_no and "admin" not in duty.me.roles:
        return [duty.say(duty.words("not_yours")), duty.say(duty.words("which_account"))]
    await state.set_data({"account": account})
    await state.set_state(Planning.day)
    rows = calendar.month(duty.today, duty.today, "pl", duty.words.language)
    return [duty.say(duty.words("which_day"), rows)]


@router.callback_query(StateFilter(Planning.day), F.data.regexp(r"^pl:\d{4}-\d{2}-\d{2}$"))
async def plan_day(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """The day."""
    await state.update_data(day=(query.data or "")[3:])
    await state.set_state(Planning.topic)
    return duty.show(query, duty.words("which_topic"))


@router.message(StateFilter(Planning.topic), F.text, ~F.text.startswith("/"))
async def plan_topic(message: Message, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """What it is about: it is planned."""
    require(duty.session, "followups:write")
    data = await state.get_data()
    await duty.rooms.followups.plan(
        duty.session,
        Plan(
            account_no=data["account"],
            planned_for=date.fromisoformat(data["day"]),
            topic=(message.text or "")[:200],
            manager_no=duty.me.staff_no,
        ),
        actor=duty.actor,
    )
    await state.clear()
    return [duty.say(duty.words("kept"), [[(duty.words("back"), "home")]])]


# Single scores are nobody's of the line they are about, nor is what was said when a follow-up was asked about:
# only what was raised by name is shown.
_CASES = """
SELECT a.account_no, c.topic, c.state FROM "case" c JOIN account a ON a.id = c.account_id
WHERE a.manager_no = $1 AND c.closed_at IS NULL AND c.topic <> 'low_score'
  AND (c.matter IS NULL OR c.matter NOT LIKE 'followup:%') ORDER BY c.id DESC LIMIT 15
"""


@router.callback_query(F.data == "signals")
async def signals(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """What one's customers want looked into, and what they raised."""
    require(duty.session, "followups:write")
    said = await voices(duty.session, owner=duty.me.staff_no, state="open", before=None, limit=15)
    lines = [
        duty.words("voice", tail=one.account_no[-4:], words=one.words[:200], due=f"{one.due_on:%m-%d}") for one in said
    ]
    lines += [
        duty.words("case_open", tail=row["account_no"][-4:], topic=row["topic"], state=duty.words(f"is_{row['state']}"))
        for row in await duty.connection.fetch(_CASES, duty.me.staff_no)
    ]
    return duty.show(query, "\n".join(lines) or duty.words("nothing"))
