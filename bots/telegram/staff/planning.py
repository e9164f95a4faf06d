"""The account managers' plan: today, ten days, planning, moving, completing; and what their customers say."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from aiogram import F, Router
from aiogram.filters import StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.methods import TelegramMethod
from aiogram.types import CallbackQuery, Message

from bots.telegram.staff import calendar
from bots.telegram.staff.duty import Duty, NotYours, asking, long, quotes_another, short
from gateway.cases.reading import raised_by_customers_of
from gateway.followups import Change, Plan
from gateway.followups.reading import Followup, FollowupFilter, Managed, followup, followups, managed, voices
from gateway.kernel.acting import require

router = Router(name="staff planning")

_MOST: Final = 20
_SIGNALS: Final = 15
_ID: Final = r"[A-Za-z0-9_-]{22}"


class Completing(StatesGroup):
    """Completing a follow-up: what came of it."""

    outcome = State()


class Planning(StatesGroup):
    """Planning one: for which account and, once the day is chosen, about what."""

    account = State()
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
    head = duty.words(query.data or "today") if rows else duty.words("nothing")
    more = [duty.words("more", count=len(found) - _MOST)] if len(found) > _MOST else []
    return duty.show(query, "\n".join([head, *more]), rows)


@router.callback_query(F.data.regexp(rf"^f:{_ID}$"))
async def one_followup(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """One follow-up, and what can be done with it."""
    one = await _mine(duty, (query.data or "")[2:])
    id_ = short(one.id)
    return duty.show(
        query, _line(duty, one), [[(duty.words("done"), f"fd:{id_}")], [(duty.words("move"), f"fm:{id_}")]]
    )


async def _mine(duty: Duty, text: str) -> Followup:
    """A follow-up of one's own, or that one stands in for. Raises NotYours for another's."""
    require(duty.session, "followups:write")
    one = await followup(duty.session, long(text))
    if duty.me.staff_no not in (one.manager, one.deputy) and "admin" not in duty.me.roles:
        raise NotYours(duty.words("not_yours"))
    return one


@router.callback_query(F.data.regexp(rf"^fd:{_ID}$"))
async def complete(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """It was done: the outcome is asked for."""
    one = await _mine(duty, (query.data or "")[3:])
    await state.set_state(Completing.outcome)
    await state.set_data({"followup": short(one.id), **asking(query)})
    return duty.show(query, f"{_line(duty, one)}\n{duty.words('say_outcome')}")


@router.message(StateFilter(Completing.outcome), F.text, ~F.text.startswith("/"))
async def outcome(message: Message, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """The outcome: it is done, and the customer is asked by somebody else."""
    data = await state.get_data()
    one = await _mine(duty, data["followup"])
    if quotes_another(message, data):
        await state.clear()
        rows = [[(duty.words("done"), f"fd:{short(one.id)}")], [(duty.words("back"), "home")]]
        return [duty.say(f"{duty.words('other_quoted')}\n{_line(duty, one)}", rows)]
    await duty.rooms.followups.change(
        duty.session, one.id, Change(state="done", outcome=(message.text or "")[:2000]), actor=duty.actor
    )
    await state.clear()
    again = await followup(duty.session, one.id)
    return [duty.say(f"{_line(duty, again)}\n{duty.words('kept')}", [[(duty.words("back"), "home")]])]


@router.callback_query(F.data.regexp(rf"^fm:{_ID}$"))
async def move(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """Another day is chosen."""
    return await _which_day(query, duty, f"mv:{(query.data or '')[3:]}", duty.today)


async def _which_day(query: CallbackQuery, duty: Duty, purpose: str, shown: date) -> list[TelegramMethod[Any]]:
    """The calendar of a purpose, which says what the day is for."""
    kind, _, key = purpose.partition(":")
    what = _line(duty, await _mine(duty, key)) if kind == "mv" else _account_line(duty, await _planned_for(duty, key))
    rows = calendar.month(shown, duty.today, purpose, duty.words.language)
    return duty.show(query, f"{what}\n{duty.words('which_day')}", rows)


@router.callback_query(F.data.regexp(rf"^(mv:{_ID}|pl:\d{{1,9}})>\d{{4}}-\d{{2}}$"))
async def another_month(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """The calendar's next or last month."""
    chosen = calendar.pressed(query.data or "")
    if chosen is None:
        return duty.tell(query, duty.words("stale"))
    return await _which_day(query, duty, *chosen)


@router.callback_query(F.data.regexp(rf"^mv:{_ID}:\d{{4}}-\d{{2}}-\d{{2}}$"))
async def moved(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """The visit that the calendar was drawn for is moved to that day."""
    chosen = calendar.pressed(query.data or "")
    if chosen is None:
        return duty.tell(query, duty.words("stale"))
    purpose, day = chosen
    one = await _mine(duty, purpose[3:])
    await duty.rooms.followups.change(duty.session, one.id, Change(planned_for=day), actor=duty.actor)
    again = await followup(duty.session, one.id)
    return duty.show(query, f"{_line(duty, again)}\n{duty.words('kept')}")


@router.callback_query(F.data == "plan")
async def begin_plan(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """A new plan begins with its account."""
    require(duty.session, "followups:write")
    await state.set_state(Planning.account)
    return duty.show(query, duty.words("which_account"))


def _account_line(duty: Duty, account: Managed) -> str:
    return duty.words("for_account", account=account.account_no)


async def _planned_for(duty: Duty, key: str) -> Managed:
    """The account that a plan is for, by its id: one of one's own customers. Raises NotYours for another's."""
    require(duty.session, "followups:write")
    account = await managed(duty.session, duty.today, account_id=int(key))
    if account is None or not _is_mine(duty, account):
        raise NotYours(duty.words("not_yours"))
    return account


def _is_mine(duty: Duty, account: Managed) -> bool:
    """Whether it is one's own customer's, or whom one stands in for; an admin plans for any manager."""
    return duty.me.staff_no in (account.manager, *account.deputies) or "admin" in duty.me.roles


@router.message(StateFilter(Planning.account), F.text, ~F.text.startswith("/"))
async def plan_account(message: Message, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """The account: one of one's own customers."""
    require(duty.session, "followups:write")
    account = await managed(duty.session, duty.today, account_no=(message.text or "").strip())
    if account is None or not _is_mine(duty, account):
        return [duty.say(duty.words("not_yours")), duty.say(duty.words("which_account"))]
    await state.clear()
    rows = calendar.month(duty.today, duty.today, f"pl:{account.id}", duty.words.language)
    return [
        duty.say(f"{_account_line(duty, account)}\n{duty.words('which_day')}", [*rows, [(duty.words("back"), "home")]])
    ]


@router.callback_query(F.data.regexp(r"^pl:\d{1,9}:\d{4}-\d{2}-\d{2}$"))
async def plan_day(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """The day, for the account that the calendar was drawn for."""
    chosen = calendar.pressed(query.data or "")
    if chosen is None:
        return duty.tell(query, duty.words("stale"))
    purpose, day = chosen
    account = await _planned_for(duty, purpose[3:])
    await state.set_state(Planning.topic)
    told = {"account": account.account_no, "id": account.id, "day": day.isoformat(), "manager": account.manager}
    await state.set_data(told | asking(query))
    return duty.show(query, f"{_account_line(duty, account)}　{day:%m-%d}\n{duty.words('which_topic')}")


@router.message(StateFilter(Planning.topic), F.text, ~F.text.startswith("/"))
async def plan_topic(message: Message, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """What it is about: it is planned."""
    require(duty.session, "followups:write")
    data = await state.get_data()
    day = date.fromisoformat(data["day"])
    what = f"{duty.words('for_account', account=data['account'])}　{day:%m-%d}"
    if quotes_another(message, data):
        await state.clear()
        rows = [[(duty.words("which_topic"), f"pl:{data['id']}:{day}")], [(duty.words("back"), "home")]]
        return [duty.say(f"{duty.words('other_quoted')}\n{what}", rows)]
    topic = (message.text or "")[:200]
    await duty.rooms.followups.plan(
        duty.session,
        Plan(
            account_no=data["account"],
            planned_for=day,
            topic=topic,
            manager_no=data.get("manager") or duty.me.staff_no,
        ),
        actor=duty.actor,
    )
    await state.clear()
    return [duty.say(f"{what}　{topic}\n{duty.words('kept')}", [[(duty.words("back"), "home")]])]


@router.callback_query(F.data == "signals")
async def signals(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """What one's customers want looked into, and what they raised."""
    require(duty.session, "followups:write")
    said = await voices(duty.session, owner=duty.me.staff_no, state="open", before=None, limit=_SIGNALS)
    lines = [
        duty.words("voice", tail=one.account_no[-4:], words=one.words[:200], due=f"{one.due_on:%m-%d}") for one in said
    ]
    lines += [
        duty.words(
            "case_open",
            tail=(one.account_no or "")[-4:],
            topic=duty.term("topics", one.topic),
            state=duty.words(f"is_{one.state}"),
        )
        for one in await raised_by_customers_of(duty.session, duty.me.staff_no, limit=_SIGNALS)
    ]
    return duty.show(query, "\n".join(lines) or duty.words("nothing"))
