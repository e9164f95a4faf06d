"""What supervisors watch, and what everybody may take on: broken promises, warnings, alerts."""

from __future__ import annotations

from typing import Any

from aiogram import F, Router
from aiogram.methods import EditMessageText, TelegramMethod
from aiogram.types import CallbackQuery

from bots.telegram.customer.talk import buttons
from bots.telegram.staff.duty import Duty, long, short
from gateway.cases import alerts as alarms
from gateway.cases.commitments.reading import CommitmentFilter, commitments
from gateway.cases.reading import Alert, alert, alerts
from gateway.kernel.acting import require
from gateway.staff import tasks
from gateway.staff.tasks import TaskFilter

router = Router(name="staff supervising")

_ID = r"[A-Za-z0-9_-]{22}"
_MOST = 10


def alert_words(duty_words: Any, one: Alert, at: str) -> str:
    """An alert as staff are told of it."""
    sender = f"…{one.sender[-4:]}"
    return str(duty_words("alert", kind=duty_words(one.kind), words=one.words[:500], sender=sender, at=at))


@router.callback_query(F.data == "broken")
async def broken(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """Promises that were broken and not settled."""
    require(duty.session, "cases:review")
    found = await commitments(duty.session, CommitmentFilter(states=("broken",)), before=None, limit=15)
    lines = [
        duty.words("promise", reference=one.reference, what=one.what[:150], due=duty.moment(one.due_at))
        for one in found
    ]
    return duty.show(query, "\n".join(lines) or duty.words("nothing"))


@router.callback_query(F.data == "warnings")
async def warnings(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """What was put before supervision, each to be acknowledged."""
    require(duty.session, "cases:review")
    found = await tasks.tasks(
        duty.session, TaskFilter(states=("open",), units=("supervision",)), before=None, limit=_MOST
    )
    lines = [
        f"{place}. " + duty.words("task", words=one.words[:200], due=duty.moment(one.due_at))
        for place, one in enumerate(found, 1)
    ]
    rows = [[(f"{duty.words('seen')} {place}", f"ws:{short(one.id)}")] for place, one in enumerate(found, 1)]
    return duty.show(query, "\n".join(lines) or duty.words("nothing"), rows)


@router.callback_query(F.data.regexp(rf"^ws:{_ID}$"))
async def seen(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """A warning is acknowledged."""
    require(duty.session, "tasks:write")
    require(duty.session, "cases:review")
    await tasks.finish(
        duty.session,
        long((query.data or "")[3:]),
        outcome="acknowledged in the chat",
        actor=duty.actor,
        clock=duty.rooms.clock,
    )
    screen: list[TelegramMethod[Any]] = await warnings(query, duty)
    return screen


@router.callback_query(F.data == "alerts")
async def open_alerts(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """Alerts that nobody has taken on."""
    found = await alerts(duty.session, open_only=True, before=None, limit=_MOST)
    lines = [f"{place}. " + alert_words(duty.words, one, duty.moment(one.at)) for place, one in enumerate(found, 1)]
    rows = [[(f"{duty.words('take_on')} {place}", f"al:{short(one.id)}")] for place, one in enumerate(found, 1)]
    return duty.show(query, "\n\n".join(lines) or duty.words("nothing"), rows)


@router.callback_query(F.data.regexp(rf"^al:{_ID}$"))
async def take_on(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """An alert is taken on, by one; the others' screens say so by themselves."""
    id_ = long((query.data or "")[3:])
    await alarms.acknowledge(duty.session, id_, note="taken on in the chat", actor=duty.actor, clock=duty.rooms.clock)
    await duty.session.flush()
    one = await alert(duty.session, id_)
    assert query.message is not None
    text = f"{alert_words(duty.words, one, duty.moment(one.at))}\n{duty.words('taken_on', name=duty.me.name)}"
    return [
        *duty.tell(query, duty.words("taken_on", name=duty.me.name)),
        EditMessageText(
            chat_id=int(duty.chat),
            message_id=query.message.message_id,
            text=text,
            reply_markup=buttons([[(duty.words("back"), "home")]]),
        ),
    ]


@router.callback_query()
async def unknown_button(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """A button of another time."""
    return duty.tell(query, duty.words("stale"))


@router.message()
async def unknown_words(_message: Any, duty: Duty) -> list[TelegramMethod[Any]]:
    """Words that no question asked for: the way to the menu."""
    return [duty.say(duty.words("menu"), [[(duty.words("back"), "home")]])]
