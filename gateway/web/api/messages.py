"""Single messages, batches of them, and what became of every text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from gateway.kernel.errors import FieldError, Forbidden, InvalidInput, LamplighterError
from gateway.notices import Asked, Taken
from gateway.outbox import reading
from gateway.web import bodies, idempotency, problems
from gateway.web.accepting import ACCEPTED
from gateway.web.idempotency import Earlier
from gateway.web.models import AccountNo, Body, Instant, Number, Reference, Values, Word, query_number
from gateway.web.paging import Page, PageQuery, QueryTime, Words, behind, cut
from gateway.web.routing import Call, Route, json_response

TAG: Final = "messages"
MOST_IN_BATCH: Final = 1000

State = Literal[
    "queued", "sending", "sent", "delivered", "undelivered", "withheld", "expired", "cancelled", "failed", "uncertain"
]


class NewMessage(Body):
    """One message from a template, to a number or to whoever is reached for an account."""

    to: Number | None = None
    account_no: AccountNo | None = None
    template: Word
    values: Values = Field(default_factory=dict)
    channel: Word | None = None
    not_before: Instant | None = None
    reference: Reference | None = None

    expires_at: Instant | None = None
    tone: Literal["warm", "official"] | None = None
    language: Literal["zh-CN", "en"] | None = None

    @model_validator(mode="after")
    def _somebody(self) -> NewMessage:
        if (self.to is None) == (self.account_no is None):
            raise ValueError("either `to` or `account_no` is needed, and not both")
        return self

    def asked(self) -> Asked:
        """As the acceptance takes it."""
        return Asked(
            template=self.template,
            values=self.values,
            to=self.to,
            account_no=self.account_no,
            channel=self.channel,
            tone=self.tone,
            language=self.language,
            not_before=self.not_before,
            expires_at=self.expires_at,
            reference=self.reference,
        )


def judged(value: Any, judge: ValidatorFunctionWrapHandler) -> Any:
    """An item of a list, or what is wrong with it."""
    try:
        return judge(value)
    except ValidationError as error:
        return error


#: A message, or what is wrong with it.
if TYPE_CHECKING:
    Judged = NewMessage | ValidationError
else:
    Judged = Annotated[NewMessage, WrapValidator(judged)]


class NewMessages(Body):
    """Up to 1,000 messages, each judged for itself."""

    messages: list[Judged] = Field(min_length=1, max_length=MOST_IN_BATCH)


class MessageQuery(PageQuery):
    """Which messages; everything given must hold."""

    account_no: str | None = None
    to: Annotated[str | None, BeforeValidator(query_number)] = None
    notice: UUID | None = None
    state: Annotated[list[State] | None, Words] = None
    kind: Annotated[list[str] | None, Words] = None
    reference: str | None = None
    since: QueryTime | None = None


class Accepted(BaseModel):
    """A message that was accepted: `queued`, or `withheld` for a reason."""

    id: UUID
    state: str
    withheld_reason: str | None = None


class FieldProblem(BaseModel):
    """A field of an item that is wrong."""

    field: str
    message: str
    code: str


class BatchItem(BaseModel):
    """What became of one item: `id` and `state`, or `errors`."""

    id: UUID | None = None
    state: str | None = None
    withheld_reason: str | None = None
    errors: list[FieldProblem] | None = None


class BatchAnswer(BaseModel):
    """One item for each message, in order."""

    items: list[BatchItem]


_BATCH: Final = TypeAdapter(BatchAnswer)


async def send(call: Call[NewMessage, None]) -> Any:
    """Accept one message; many callers share a commit."""
    metrics = call.around.metrics
    if (refused := _by_hand(call, call.body)) is not None:
        raise refused
    try:
        answer = await call.around.singles.take(call.body.asked(), call.claim)
    except LamplighterError:
        metrics.messages_refused.inc()
        raise
    metrics.messages_accepted.inc()
    return json_response(answer.body.encode(), answer.status)


def _by_hand(call: Call[Any, Any], message: NewMessage) -> Forbidden | None:
    """Why some texts are not sent by hand: a survey would choose who is asked, and keep the next invitation from them;
    a legal notice is answered for by who approves notices."""
    if message.template.startswith(_LEGAL) and not call.caller.may(_APPROVES):
        return Forbidden(f"A legal notice is sent by the ladder; to send one by hand needs the scope {_APPROVES}.")
    if not message.template.startswith(_SURVEYS) or call.caller.may(_INVITES):
        return None
    return Forbidden(f"Surveys are asked by rule and draw; to send one by hand needs the scope {_INVITES}.")


#: What the names of all texts begin with that ask for a rating.
_SURVEYS: Final = "survey"
_INVITES: Final = "evaluations:invite"
#: What the names of all texts of class L begin with, and the scope of who answers for them.
_LEGAL: Final = "legal_notice"
_APPROVES: Final = "notices:approve"


async def send_batch(call: Call[NewMessages, None]) -> Any:
    """Accept many messages in one transaction; a wrong one does not hold the others up."""
    async with call.services.database.work() as work:
        if call.claim is not None and (earlier := await idempotency.claim_one(work.connection, call.claim)) is not None:
            return json_response(earlier.body.encode(), earlier.status)
        answer = await _accept_batch(call, work.connection)
        body = _BATCH.dump_json(answer)
        if call.claim is not None:
            await idempotency.keep_many(work.connection, [(call.claim, Earlier(ACCEPTED, body.decode()))], [])
        await work.commit()
    call.around.singles.wake()
    refused = sum(item.errors is not None for item in answer.items)
    call.around.metrics.messages_refused.inc(refused)
    call.around.metrics.messages_accepted.inc(len(answer.items) - refused)
    return json_response(body, ACCEPTED)


async def _accept_batch(call: Call[NewMessages, None], connection: Any) -> BatchAnswer:
    results: dict[int, BatchItem] = {}
    asked: list[tuple[int, Asked]] = []
    for index, item in enumerate(call.body.messages):
        if not isinstance(item, NewMessage):
            results[index] = _wrong(problems.fields(item))
        elif (refusal := _by_hand(call, item)) is not None:
            results[index] = _wrong((), str(refusal))
        else:
            asked.append((index, item.asked()))
    now = call.services.clock.now()
    taken = await call.services.messages.accept(connection, [one for _, one in asked], now=now, wake=False)
    for (index, _), result in zip(asked, taken, strict=True):
        results[index] = (
            BatchItem(id=result.id, state=result.state, withheld_reason=result.withheld_reason)
            if isinstance(result, Taken)
            else _wrong(result.errors if isinstance(result, InvalidInput) else (), str(result))
        )
    return BatchAnswer(items=[results[index] for index in range(len(results))])


def _wrong(errors: Sequence[FieldError], otherwise: str = "") -> BatchItem:
    listed = [FieldProblem(field=one.field, message=one.message, code=one.code) for one in errors]
    return BatchItem(errors=listed or [FieldProblem(field="body", message=otherwise, code="refused")])


async def listed(call: Call[None, MessageQuery]) -> Page[reading.Message]:
    """Messages, newest first."""
    query = call.query
    wanted = reading.MessageFilter(
        account_no=query.account_no,
        to=query.to,
        notice=query.notice,
        states=query.state,
        kinds=query.kind,
        reference=query.reference,
        since=query.since,
    )
    before = behind("messages", query.cursor, UUID)
    found = await reading.messages(call.session, wanted, before=before, limit=query.limit + 1)
    return Page[reading.Message](**cut("messages", found, query.limit, lambda one: one.id))


async def one(call: Call[None, None]) -> reading.MessageDetail:
    """A message with its events."""
    return await reading.message(call.session, call.id("message"))


ROUTES: Final = (
    Route(
        method="POST",
        path="/messages",
        handler=send,
        scope="messages:send",
        tag=TAG,
        summary="Send one message from a template",
        answer=Accepted,
        status=202,
        body=NewMessage,
        own_transaction=True,
        quiet=True,
    ),
    Route(
        method="POST",
        path="/messages/batch",
        handler=send_batch,
        scope="messages:send",
        tag=TAG,
        summary="Send up to 1,000 messages, each answered with its id or its errors",
        answer=BatchAnswer,
        status=202,
        own_transaction=True,
        body=NewMessages,
        most=bodies.BATCH_LIMIT,
    ),
    Route(
        method="GET",
        path="/messages",
        handler=listed,
        scope="messages:read",
        tag=TAG,
        summary="List messages, newest first",
        answer=Page[reading.Message],
        query=MessageQuery,
    ),
    Route(
        method="GET",
        path="/messages/{id}",
        handler=one,
        scope="messages:read",
        tag=TAG,
        summary="One message and what befell it",
        answer=reading.MessageDetail,
    ),
)
