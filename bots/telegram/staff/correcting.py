"""Corrections: the next case with its evidence, decided link by link, a new number proposed, a proof asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aiogram import F, Router
from aiogram.filters import StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.methods import TelegramMethod
from aiogram.types import CallbackQuery, Message

from bots.telegram.customer.talk import Button
from bots.telegram.staff.duty import Duty, long, masked, short
from gateway.archive.reach import part_of, within_sql
from gateway.archive.reading.corrections import Correction, correction
from gateway.kernel.acting import require
from gateway.kernel.phones import InvalidPhone, parse

router = Router(name="staff correcting")

_ID = r"[A-Za-z0-9_-]{22}"
# A case that concerns an account outside one's part of the utility is not there.
_NEXT = f"""
SELECT id FROM correction c WHERE state = 'open' AND NOT EXISTS (
  SELECT 1 FROM correction_link k JOIN contact_link l ON l.id = k.link_id
  WHERE k.correction_id = c.id AND NOT {within_sql("l.account_id", "$1")}) ORDER BY due_at, id LIMIT 1
"""
_TO_PROVE = f"""
SELECT c.correction_id, a.account_no, p.address AS number FROM correction_contact c
JOIN contact_link l ON l.id = c.link_id JOIN account a ON a.id = l.account_id
JOIN contact_point p ON p.id = l.contact_point_id JOIN correction k ON k.id = c.correction_id
WHERE k.state = 'verifying' AND l.needs_proof AND l.state <> 'revoked' AND {within_sql("l.account_id", "$1")}
ORDER BY k.due_at, l.id LIMIT 10
"""


class Correcting(StatesGroup):
    """Proposing a number for a case."""

    number = State()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What is to become of a link."""

    account_no: str
    number: str
    decision: str
    role: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A number to be reached instead."""

    number: str
    role: str = "holder"
    account_no: str | None = None


def _evidence(duty: Duty, case: Correction) -> list[str]:
    words = [_plainly(hint.get("words") or hint.get("number") or "") for hint in case.hints]
    return [duty.words("evidence", words=one[:200]) for one in words if one][:6]


def _plainly(said: Any) -> str:
    return "; ".join(map(str, said)) if isinstance(said, list | tuple) else str(said)


def _screen(duty: Duty, case: Correction, data: dict[str, Any]) -> tuple[str, list[list[Button]]]:
    decided: dict[str, str] = data.get("decided", {})
    lines = [
        duty.words("case", number=masked(case.number or "…"), reason=case.reason, due=duty.moment(case.due_at)),
        *_evidence(duty, case),
    ]
    rows: list[list[Button]] = []
    for place, link in enumerate(case.links[:20]):
        decision = decided.get(str(place)) or link.decision
        told = duty.words(decision) if decision in ("keep", "revoke") else decision or duty.words("undecided")
        lines.append(
            duty.words("link", account=link.account_no, number=masked(link.number), role=link.role, decision=told)
        )
        if link.decision is None:
            tail = link.account_no[-4:]
            rows.append(
                [
                    (f"{duty.words('keep')} {tail}/{link.number[-4:]}", f"ck:{place}"),
                    (f"{duty.words('revoke')} {tail}/{link.number[-4:]}", f"cr:{place}"),
                ]
            )
    lines += [duty.words("proposed", number=masked(number)) for number in data.get("proposed", [])]
    rows.append([(duty.words("propose"), "cn")])
    if all(link.decision or str(place) in decided for place, link in enumerate(case.links)):
        rows.append([(duty.words("apply"), "ca")])
    rows.append([(duty.words("dismiss"), "cd")])
    return "\n".join(lines), rows


@router.callback_query(F.data == "correction")
async def next_case(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """The case that is due first."""
    require(duty.session, "corrections:decide")
    found: UUID | None = await duty.connection.fetchval(_NEXT, part_of(duty.session))
    if found is None:
        return duty.show(query, duty.words("nothing"))
    await state.set_data({"case": short(found)})
    return duty.show(query, *_screen(duty, await correction(duty.session, found), {}))


async def _case(state: FSMContext, duty: Duty) -> tuple[Correction | None, dict[str, Any]]:
    require(duty.session, "corrections:decide")
    data = await state.get_data()
    if "case" not in data:
        return None, data
    return await correction(duty.session, long(data["case"])), data


@router.callback_query(F.data.regexp(r"^c[kr]:\d{1,2}$"))
async def decide(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """One link is decided; nothing happens before the whole is applied."""
    case, data = await _case(state, duty)
    kind, _, place = (query.data or "").partition(":")
    if case is None or int(place) >= len(case.links):
        return duty.tell(query, duty.words("stale"))
    data.setdefault("decided", {})[place] = "keep" if kind == "ck" else "revoke"
    await state.set_data(data)
    return duty.show(query, *_screen(duty, case, data))


@router.callback_query(F.data == "cn")
async def propose(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """A new number is asked for."""
    case, _ = await _case(state, duty)
    if case is None:
        return duty.tell(query, duty.words("stale"))
    await state.set_state(Correcting.number)
    return duty.show(query, duty.words("say_number"))


@router.message(StateFilter(Correcting.number), F.text, ~F.text.startswith("/"))
async def proposed(message: Message, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """The number: it is added with the decision, unproven, and asked."""
    case, data = await _case(state, duty)
    try:
        number = parse(message.text or "", duty.rooms.settings.region).e164
    except InvalidPhone:
        return [duty.say(duty.words("say_number"))]
    if case is None:
        return [duty.say(duty.words("stale"))]
    data.setdefault("proposed", []).append(number)
    await state.set_data(data)
    await state.set_state(None)
    text, rows = _screen(duty, case, data)
    return [duty.say(text, [*rows, [(duty.words("back"), "home")]])]


@router.callback_query(F.data == "ca")
async def apply(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """The decisions are carried out, as the console would."""
    case, data = await _case(state, duty)
    if case is None:
        return duty.tell(query, duty.words("stale"))
    decided: dict[str, str] = data.get("decided", {})
    account = case.account_no or case.links[0].account_no
    await duty.rooms.corrections.apply(
        duty.session,
        case.id,
        links=[
            Decided(account_no=link.account_no, number=link.number, decision=decided[str(place)])
            for place, link in enumerate(case.links)
            if str(place) in decided
        ],
        new_contacts=[Proposed(number=number, account_no=account) for number in data.get("proposed", [])],
        note=None,
        actor=duty.actor,
    )
    await state.clear()
    return duty.show(query, duty.words("kept"), [[(duty.words("correction"), "correction")]])


@router.callback_query(F.data == "cd")
async def dismiss(query: CallbackQuery, state: FSMContext, duty: Duty) -> list[TelegramMethod[Any]]:
    """The doubt was unfounded."""
    case, _ = await _case(state, duty)
    if case is None:
        return duty.tell(query, duty.words("stale"))
    await duty.rooms.corrections.dismiss(duty.session, case.id, note=None, actor=duty.actor)
    await state.clear()
    return duty.show(query, duty.words("kept"), [[(duty.words("correction"), "correction")]])


@router.callback_query(F.data == "to_prove")
async def to_prove(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """Contacts that corrections brought and that nobody has proven."""
    require(duty.session, "corrections:decide")
    found = await duty.connection.fetch(_TO_PROVE, part_of(duty.session))
    rows = [
        [
            (
                duty.words("prove", account=row["account_no"], number=masked(row["number"])),
                f"cp:{short(row['correction_id'])}:{row['account_no'][-8:]}:{row['number'][-4:]}",
            )
        ]
        for row in found
    ]
    return duty.show(query, duty.words("to_prove" if rows else "nothing"), rows)


@router.callback_query(F.data.regexp(rf"^cp:{_ID}:\w{{1,8}}:\d{{4}}$"))
async def prove(query: CallbackQuery, duty: Duty) -> list[TelegramMethod[Any]]:
    """A code is sent to the contact."""
    require(duty.session, "corrections:decide")
    _, case, account, number = (query.data or "").split(":")
    row = next(
        (
            one
            for one in await duty.connection.fetch(_TO_PROVE, part_of(duty.session))
            if one["correction_id"] == long(case)
            and one["account_no"].endswith(account)
            and one["number"].endswith(number)
        ),
        None,
    )
    if row is None:
        return duty.tell(query, duty.words("stale"))
    await duty.rooms.proofs.prove(
        duty.session, row["correction_id"], account_no=row["account_no"], number=row["number"], how="code", code=None,
        note=None, actor=duty.actor,
    )  # fmt: skip
    return duty.show(query, duty.words("code_sent"))
