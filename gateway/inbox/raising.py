"""Reacting to what somebody must follow up: grievances, bad ratings, faults. Each opens a case or joins one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.cases import Opened, Raised, deny, of_order, open_or_join, reopen, take_back, told
from gateway.evaluations import asked_about
from gateway.inbox.heard import Heard, Reaction, Tools, quoted
from gateway.inbox.places import about, accounts_meant
from gateway.inbox.threads import parts_of
from gateway.outbox import AccountPart
from gateway.outbox.sweeping import withhold

#: Intents that are one grievance, however many of them a text holds.
GRIEVANCES: Final = ("false_closure", "broken_commitment", "complaint", "repeat_appeal")
#: Intents that want a crew.
FAULTS: Final = ("not_restored", "outage_report")
#: Intents that deny a closure, and those that deny a promise or what was said of its end.
NOT_SOLVED: Final = frozenset(("false_closure", "repeat_appeal"))
DENIALS: Final = frozenset(("broken_commitment", "false_closure"))
#: The highest score that wants somebody to get in touch (domain notes §4.6).
LOW: Final = 2

#: What a grievance is about, by the kind of text that it answers.
TOPICS: Final[Mapping[str, str]] = {
    "bill": "billing",
    "arrears": "billing",
    "legal_notice": "billing",
    "payment_confirm": "billing",
    "outage_planned": "outage",
    "outage_fault": "outage",
    "outage_update": "outage",
    "restoration": "outage",
    "contact_confirm": "contact",
    "verification": "contact",
}
_USUAL_TOPIC: Final = "service"
#: The text that tells of a case: one for ratings, one for supply that is off, one for all else.
_RATED: Final = "case_progress_low_score"
_FAULT: Final = "case_progress_fault"
_RECEIVED: Final = "case_progress_received"
_APOLOGY_LASTS: Final = timedelta(hours=24)


async def grieve(connection: Any, heard: Heard, tools: Tools) -> Reaction:
    """A grievance: a complaint, told once that somebody will get in touch."""
    intents = heard.reading.intents
    said = [intent for intent in GRIEVANCES if intent in intents]
    if set(said) <= {"repeat_appeal"} and set(FAULTS) & set(intents):
        return Reaction()
    message = about(heard)
    topic = TOPICS.get(message.kind, _USUAL_TOPIC) if message else _USUAL_TOPIC
    rated = message is not None and message.kind == "survey"
    return await _raise(connection, heard, tools, "complaint", topic, said, tell=_RATED if rated else _RECEIVED)


async def not_solved(connection: Any, heard: Heard, tools: Tools, case: Any) -> Reaction:
    """Asked whether a case (its id, class and state) is solved, the customer says no: it is open again."""
    reaction = Reaction()
    accounts = await accounts_meant(connection, heard)
    said = [intent for intent in GRIEVANCES if intent in heard.reading.intents] or ["false_closure"]
    answers = heard.thread.answers.id if heard.thread.answers else None
    raised = _raised(heard, case["klass"], "", said, accounts, "", answers)
    opened = await reopen(connection, case["id"], raised)
    if opened is None:
        reaction.leave("says that a case is not solved which another one stands open for")
        return reaction
    await _tell(connection, heard, tools, opened, accounts, _RECEIVED, reaction)
    await _denied(connection, heard, said, opened, accounts, answers, reaction)
    return reaction


async def grieve_as_stranger(connection: Any, heard: Heard, tools: Tools) -> Reaction:
    """A grievance of somebody who disowns the account: about our texts, and no account's."""
    said = [intent for intent in GRIEVANCES if intent in heard.reading.intents]
    return await _raise(connection, heard, tools, "complaint", "misdirected", said, tell=None, accounts=[])


async def report_fault(
    connection: Any, heard: Heard, tools: Tools, accounts: Sequence[AccountPart], matter: str | None
) -> Reaction:
    """No supply, and no outage explains it: a fault report, on `matter` or on what the text answered is about.

    Who reports is told at once that it was heard, known number or not, and whom to ring.
    """
    said = [intent for intent in (*FAULTS, "repeat_appeal") if intent in heard.reading.intents]
    return await _raise(
        connection, heard, tools, "fault_report", "supply", said, tell=_FAULT, accounts=accounts, matter=matter
    )


async def supplied(connection: Any, heard: Heard, restoration: UUID, reaction: Reaction) -> None:
    """The customer says that supply is back: fault reports about that outage are taken back by his own word."""
    for part in await parts_of(connection, restoration):
        texts = await take_back(
            connection,
            subject=_subject(heard, [part]),
            klass="fault_report",
            matter=await _matter(connection, None, [part], "supply"),
            outcome="the customer says that supply is back",
            actor=heard.actor,
            at=heard.at,
            inbound_id=heard.id,
        )
        if texts is not None:
            reaction.caused("case_taken_back", messages_withheld=0)


async def recover(connection: Any, heard: Heard, tools: Tools, rated: UUID) -> Reaction:
    """A bad rating: somebody gets in touch within a day. One that was corrected upwards is left in peace."""
    score = heard.reading.score
    accounts = await parts_of(connection, rated)
    if score is not None and score <= LOW:
        if set(GRIEVANCES) & set(heard.reading.intents):
            return Reaction()
        return await _raise(
            connection,
            heard,
            tools,
            "opinion",
            "low_score",
            ["score"],
            tell=_RATED,
            accounts=accounts,
            message=rated,
            join=False,
        )
    reaction = Reaction()
    texts = await take_back(
        connection,
        subject=_subject(heard, accounts),
        klass="opinion",
        matter=await _matter(connection, rated, accounts, "low_score"),
        outcome="the customer took the low score back" if score is None else f"the customer corrected it to {score}",
        actor=heard.actor,
        at=heard.at,
        inbound_id=heard.id,
    )
    if texts is not None:
        stopped = await withhold(
            connection, texts, reason="superseded", at=heard.at, words="the customer corrected the rating"
        )
        reaction.caused("case_taken_back", messages_withheld=len(stopped))
    return reaction


async def open_task(
    connection: Any, heard: Heard, tools: Tools, topic: str, said: str, accounts: Sequence[AccountPart], *, tell: bool
) -> tuple[Opened, Reaction]:
    """A task for billing about these accounts."""
    reaction = Reaction()
    raised = _raised(heard, "service_request", topic, [said], accounts, topic, None)
    opened = await open_or_join(connection, raised)
    await _tell(connection, heard, tools, opened, accounts, _RECEIVED if tell else None, reaction)
    return opened, reaction


async def _raise(
    connection: Any,
    heard: Heard,
    tools: Tools,
    klass: str,
    topic: str,
    said: Sequence[str],
    *,
    tell: str | None,
    accounts: Sequence[AccountPart] | None = None,
    message: UUID | None = None,
    join: bool = True,
    matter: str | None = None,
) -> Reaction:
    reaction = Reaction()
    if accounts is None:
        accounts = await accounts_meant(connection, heard)
    answered = heard.thread.answers
    answers = message or (answered.id if answered else None)
    matter = matter or await _matter(connection, answers, accounts, topic)
    raised = _raised(heard, klass, topic, said, accounts, matter, answers if join else None)
    if tell == _RATED and await _apologised(connection, _subject(heard, accounts), matter, heard.at):
        tell = None
    opened = await _again(connection, raised) or await open_or_join(connection, raised)
    await _tell(connection, heard, tools, opened, accounts, tell, reaction)
    await _denied(connection, heard, said, opened, accounts, answers, reaction)
    return reaction


async def _apologised(connection: Any, subject: str, matter: str, at: datetime) -> bool:
    """Whether the customer was told of a low score of the same service within a day: once is enough, and the next
    question stands alone."""
    found: bool = await connection.fetchval(
        """SELECT EXISTS (SELECT 1 FROM "case" WHERE subject = $1 AND klass = 'opinion' AND matter = $2
                            AND state = 'open' AND topic = 'low_score' AND told_at > $3)""",
        subject,
        matter,
        at - _APOLOGY_LASTS,
    )
    return found


async def _denied(
    connection: Any,
    heard: Heard,
    said: Sequence[str],
    opened: Opened,
    accounts: Sequence[AccountPart],
    answers: UUID | None,
    reaction: Reaction,
) -> None:
    """What was promised and is denied is broken, whatever we had noted. A denied closure speaks of its text alone."""
    if not DENIALS & set(said):
        return
    promise = "broken_commitment" in said
    broken = await deny(
        connection,
        message_id=answers,
        case_id=opened.id if promise else None,
        accounts=[part.account_id for part in accounts] if promise else [],
        inbound_id=heard.id,
        words=quoted(heard.text),
        actor=heard.actor,
        at=heard.at,
    )
    if broken:
        reaction.caused("commitments_broken", ids=[str(one) for one in broken])


async def _again(connection: Any, raised: Raised) -> Opened | None:
    """The case of the hotline's order that is said not to be solved, open again (domain notes §4.6 "9")."""
    kind, _, number = raised.matter.partition(":")
    if kind != "work_order" or not NOT_SOLVED & set(raised.said.split(", ")):
        return None
    case = await of_order(connection, number)
    return None if case is None else await reopen(connection, case["id"], raised)


async def _matter(connection: Any, answers: UUID | None, accounts: Sequence[AccountPart], topic: str) -> str:
    """The work order or the outage that a text is about where one is known, else its topic."""
    event = None if answers is None else await asked_about(connection, answers)
    if event is not None:
        return f"{event[0]}:{event[1]}"
    # The ground of a text about an outage names the revision it was written from as well.
    outage = next((part.ground for part in accounts if (part.ground or "").startswith("outage:")), None)
    return outage.partition("@")[0] if outage else topic


def _subject(heard: Heard, accounts: Sequence[AccountPart]) -> str:
    return f"account:{accounts[0].account_id}" if accounts else f"number:{heard.sender}"


def _raised(
    heard: Heard,
    klass: str,
    topic: str,
    said: Sequence[str],
    accounts: Sequence[AccountPart],
    matter: str,
    answers: UUID | None,
) -> Raised:
    return Raised(
        klass=klass,
        topic=topic,
        matter=matter,
        subject=_subject(heard, accounts),
        account_id=accounts[0].account_id if accounts else None,
        contact_point_id=heard.contact_point_id,
        said=", ".join(said),
        broken="broken_commitment" in said,
        words=quoted(heard.text),
        inbound_id=heard.id,
        answers=answers,
        actor=heard.actor,
        at=heard.at,
    )


async def _tell(
    connection: Any,
    heard: Heard,
    tools: Tools,
    opened: Opened,
    accounts: Sequence[AccountPart],
    template: str | None,
    reaction: Reaction,
) -> None:
    """Note the case, and tell the customer of a new one, once."""
    reaction.caused(
        "case_joined" if opened.joined else "case_reopened" if opened.reopened else "case_opened",
        id=str(opened.id),
        reference=opened.reference,
        **{"class": opened.klass},
    )
    if opened.joined or template is None or heard.answered:
        return
    if template == _FAULT and opened.klass == "fault_report":
        # It promises nobody's call: of a fault that many report, a crew and an outage that is entered are the answer.
        message = await tools.answers.hear_fault(connection, heard.to, opened.reference, accounts[:1], heard.at)
        await told(connection, opened.id, message, at=heard.at, contact_by=None)
        reaction.caused("case_told", message_id=str(message))
        return
    if heard.contact_point_id is None:
        return
    message = await tools.answers.tell_case(
        connection,
        heard.to,
        template,
        reference=opened.reference,
        contact_by=opened.due_at,
        accounts=[AccountPart(part.account_id, part.account_no, part.link_id) for part in accounts[:1]],
        now=heard.at,
    )
    await told(connection, opened.id, message, at=heard.at, contact_by=opened.due_at)
    reaction.caused("case_told", message_id=str(message))
