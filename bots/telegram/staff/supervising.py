"""What supervisors watch, and what everybody may take on: broken promises, early warnings, tasks, alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from aiogram import F, Router
from aiogram.filters import StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.methods import EditMessageText, TelegramMethod
from aiogram.types import CallbackQuery, Message

from bots.telegram.customer.talk import Button, buttons
from bots.telegram.staff.duty import Duty, asking, long, quotes_another, short
from bots.telegram.staff.whereabouts import Whereabouts, place_of, sender_of, whereabouts
from bots.telegram.staff.words import StaffWords
from gateway.cases import alerts as alarms
from gateway.cases.commitments.reading import CommitmentFilter, commitments
from gateway.cases.reading import Alert, alert, alerts
from gateway.cases.warnings.reading import EarlyWarning, WarningFilter
from gateway.cases.warnings.reading import warning as early_warning
from gateway.cases.warnings.reading import warnings as early_warnings
from gateway.kernel.acting import require
from gateway.staff import directory, tasks
from gateway.staff.tasks import TaskFilter

router = Router(name="staff supervising")

_ID = r"[A-Za-z0-9_-]{22}"
#: Lines of a list, and rows that are looked at to say how many more there are.
_MOST = 10
_COUNTED = 1000
_BROKEN = "commitment_broken"
_ACKNOWLEDGED = "acknowledged in the chat"
#: Whoever may take an alert on has a button for it.
TAKES_ON: Final = "cases:write"


class Closing(StatesGroup):
    """Closing a warning: what was done about it."""

    outcome = State()


def alert_words(words: StaffWords, one: Alert, where: Whereabouts, at: str) -> str:
    """An alert as staff are told of it: what, where as far as it is known, and who says so."""
    return words(
        "alert",
        kind=words(one.kind),
        words=one.words[:500],
        place=place_of(words, where),
        sender=sender_of(words, where),
        at=at,
    )


@router.callback_query(F.data == "broken")
async def broken(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """Promises that were broken and not settled; a button for each that supervision has not acknowledged."""
    require(duty.session, "cases:review")
    waiting = await tasks.tasks(
        duty.session, TaskFilter(states=("open",), kinds=(_BROKEN,)), before=None, limit=_COUNTED, soonest=True
    )
    task_of = {one.subject: one.id for one in waiting}
    ids = [UUID(one.subject.partition(":")[2]) for one in waiting]
    unseen = await commitments(duty.session, CommitmentFilter(states=("broken",), ids=ids), before=None, limit=_COUNTED)
    latest = await commitments(duty.session, CommitmentFilter(states=("broken",)), before=None, limit=_MOST)
    # What nobody has acknowledged comes first, the oldest of it before the rest.
    seen_ones = [one for one in latest if f"commitment:{one.id}" not in task_of]
    found = [*sorted(unseen, key=lambda one: (one.due_at, one.id)), *seen_ones][:_MOST]
    named = await directory.names(duty.connection, [one.owner_no for one in found])
    teams = await directory.team_names(duty.connection)
    lines: list[str] = []
    rows: list[list[Button]] = []
    for place, one in enumerate(found, 1):
        task = task_of.get(f"commitment:{one.id}")
        said = duty.words(
            "promise",
            reference=one.reference,
            what=one.what[:150],
            who=named.get(one.owner_no or "") or teams.get(one.unit) or duty.term("units", one.unit),
            due=duty.moment(one.due_at),
        )
        lines.append(f"{place}. {said}{'' if task else duty.words('seen_already')}")
        if task is not None:
            rows.append([(f"{duty.words('seen')} {place}", f"bs:{short(task)}")])
    lines += _more(duty, len(unseen))
    return duty.show(query, "\n".join(lines) or duty.words("nothing"), rows)


def _more(duty: Duty, count: int) -> list[str]:
    left = f"{count - _MOST:,}{'+' if count == _COUNTED else ''}"
    return [duty.words("more", count=left)] if count > _MOST else []


@router.callback_query(F.data == "warnings")
async def warnings(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """Early warnings: what is open is acknowledged, what is acknowledged is closed with what was done."""
    require(duty.session, "cases:review")
    return duty.show(query, *await _warnings(duty))


async def _warnings(duty: Duty) -> tuple[str, list[list[Button]]]:
    wanted = WarningFilter(states=("open", "acknowledged"))
    found = sorted(
        await early_warnings(duty.session, wanted, before=None, limit=_COUNTED),
        key=lambda one: (one.state != "open", one.due_at),
    )
    who = await directory.actors(duty.connection, [one.acknowledged_by for one in found])
    teams = await directory.team_names(duty.connection)
    lines = [f"{place}. {_said(duty, one, teams, who)}" for place, one in enumerate(found[:_MOST], 1)]
    lines += _more(duty, len(found))
    rows = [
        [(f"{duty.words('seen')} {place}", f"wa:{short(one.id)}")]
        if one.state == "open"
        else [(f"{duty.words('close')} {place}", f"wc:{short(one.id)}")]
        for place, one in enumerate(found[:_MOST], 1)
    ]
    return "\n".join(lines) or duty.words("nothing"), rows


def _said(duty: Duty, one: EarlyWarning, teams: Mapping[str, str], named: Mapping[str, str]) -> str:
    said = {
        "kind": duty.words(f"warning_{one.kind}"),
        "words": duty.told(one.words)[:200],
        "unit": teams.get(one.unit) or duty.term("units", one.unit),
    }
    if one.state == "open":
        return duty.words("warning", **said, due=duty.moment(one.due_at))
    by = one.acknowledged_by or ""
    return duty.words("warning_seen", **said, who=named.get(by) or by.partition(":")[2])


@router.callback_query(F.data.regexp(rf"^wa:{_ID}$"))
async def acknowledge(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """A warning is acknowledged."""
    require(duty.session, "cases:review")
    id_ = long((query.data or "")[3:])
    await duty.rooms.warnings.acknowledge(duty.session, id_, note=_ACKNOWLEDGED, actor=duty.actor)
    return duty.show(query, *await _warnings(duty))


@router.callback_query(F.data.regexp(rf"^wc:{_ID}$"))
async def close(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """A warning is about to be closed: what was done is asked for."""
    require(duty.session, "cases:review")
    id_ = (query.data or "")[3:]
    one = await early_warning(duty.session, long(id_))
    if one.state != "acknowledged":
        return duty.show(query, *await _warnings(duty), said=duty.words("stale"))
    await state.set_state(Closing.outcome)
    await state.set_data({"warning": id_, **asking(query)})
    who = await directory.actors(duty.connection, [one.acknowledged_by])
    teams = await directory.team_names(duty.connection)
    return duty.show(query, f"{_said(duty, one, teams, who)}\n{duty.words('say_done')}")


@router.message(StateFilter(Closing.outcome), F.text, ~F.text.startswith("/"))
async def closed(message: Message, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """What was done: the warning is closed."""
    require(duty.session, "cases:review")
    data = await state.get_data()
    id_ = long(data["warning"])
    await state.clear()
    one = await early_warning(duty.session, id_)
    who = await directory.actors(duty.connection, [one.acknowledged_by])
    said = _said(duty, one, await directory.team_names(duty.connection), who)
    if quotes_another(message, data):
        rows = [[(duty.words("close"), f"wc:{short(id_)}")], [(duty.words("back"), "home")]]
        return [duty.say(f"{duty.words('other_quoted')}\n{said}", rows)]
    await duty.rooms.warnings.close(duty.session, id_, outcome=(message.text or "")[:2000], actor=duty.actor)
    said = f"{said}\n{duty.words('kept')}"
    return [duty.say(said, [[(duty.words("warnings"), "warnings")], [(duty.words("back"), "home")]])]


@router.callback_query(F.data == "tasks")
async def supervision(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """What was put before supervision, each to be acknowledged."""
    require(duty.session, "cases:review")
    return duty.show(query, *await _tasks(duty))


async def _tasks(duty: Duty) -> tuple[str, Sequence[Sequence[Button]]]:
    found = await tasks.tasks(
        duty.session,
        TaskFilter(states=("open",), units=("supervision",)),
        before=None,
        limit=_COUNTED,
        soonest=True,
    )
    lines = [
        f"{place}. " + duty.words("task", words=duty.told(one.words)[:200], due=duty.moment(one.due_at))
        for place, one in enumerate(found[:_MOST], 1)
    ]
    lines += _more(duty, len(found))
    rows = [[(f"{duty.words('seen')} {place}", f"ws:{short(one.id)}")] for place, one in enumerate(found[:_MOST], 1)]
    return "\n".join(lines) or duty.words("nothing"), rows


@router.callback_query(F.data.regexp(rf"^(ws|bs):{_ID}$"))
async def seen(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """A task of supervision is done with: it was acknowledged."""
    require(duty.session, "tasks:write")
    require(duty.session, "cases:review")
    kind, _, id_ = (query.data or "").partition(":")
    await tasks.finish(duty.session, long(id_), outcome=_ACKNOWLEDGED, actor=duty.actor, clock=duty.rooms.clock)
    if kind == "bs":
        screen: list[TelegramMethod[Any]] = await broken(query, duty)
        return screen
    return duty.show(query, *await _tasks(duty))


@router.callback_query(F.data == "alerts")
async def open_alerts(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """Alerts that nobody has taken on."""
    waiting = await alerts(duty.session, open_only=True, before=None, limit=_COUNTED, oldest=True)
    found = waiting[:_MOST]
    where = await whereabouts(duty.connection, [one.id for one in found])
    lines = [
        f"{place}. " + alert_words(duty.words, one, where[one.id], duty.moment(one.at))
        for place, one in enumerate(found, 1)
    ]
    lines += _more(duty, len(waiting))
    rows = [
        [(f"{duty.words('take_on')} {place}", f"al:{short(one.id)}")]
        for place, one in enumerate(found, 1)
        if duty.me.may(TAKES_ON)
    ]
    return duty.show(query, "\n\n".join(lines) or duty.words("nothing"), rows)


@router.callback_query(F.data.regexp(rf"^al:{_ID}$"))
async def take_on(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """An alert is taken on, by one; the others' screens say so by themselves."""
    id_ = long((query.data or "")[3:])
    await alarms.acknowledge(duty.session, id_, note="taken on in the chat", actor=duty.actor, clock=duty.rooms.clock)
    await duty.session.flush()
    one = await alert(duty.session, id_)
    assert query.message is not None
    where = (await whereabouts(duty.connection, [id_]))[id_]
    text = f"{alert_words(duty.words, one, where, duty.moment(one.at))}\n{duty.words('taken_on', name=duty.me.name)}"
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
