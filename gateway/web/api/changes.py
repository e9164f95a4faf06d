"""What the utility's own customer system must take over from corrections, and how far it has got."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from gateway.archive import pushing, upstream
from gateway.archive.pushing import Subscription
from gateway.archive.reading import conflicts as reading
from gateway.kernel.database import driver
from gateway.web.models import Body, Word
from gateway.web.paging import MOST, USUAL, Page, PageQuery, behind, cursor, cut
from gateway.web.routing import Call, Route

TAG: Final = "corrections"


class ChangeQuery(BaseModel):
    """Where to go on: behind the change that `since` names, or from the beginning."""

    model_config = {"extra": "forbid"}

    since: str | None = Field(default=None, max_length=200)
    cursor: str | None = Field(default=None, max_length=200, description="The same as `since`.")
    limit: int = Field(default=USUAL, ge=1, le=MOST)


class Change(BaseModel):
    """A change that the utility's own customer system must take over."""

    id: int
    at: datetime
    kind: str
    account_no: str
    number: str
    role: str | None
    correction_id: UUID | None
    #: Of `still_wrong`: the import, its file and the row that brought the number again.
    detail: dict[str, Any] | None = None


class Acknowledgement(Body):
    """Everything up to `cursor` (a `next` of `GET /changes`, or the id of a change) was taken over."""

    cursor: Annotated[str, StringConstraints(min_length=1, max_length=200)] | Annotated[int, Field(ge=1)]
    consumer: Word = upstream.OWN


class Consumer(BaseModel):
    """A system that takes changes, how far it says it has got, and how many changes are behind that."""

    consumer: str
    acknowledged: int
    acknowledged_at: datetime | None
    behind: int


async def acknowledge(call: Call[Acknowledgement, None]) -> Consumer:
    """Everything up to a change was taken over."""
    asked = call.body
    upto = asked.cursor if isinstance(asked.cursor, int) else behind("changes", asked.cursor, int, field="cursor")
    taken = await upstream.acknowledge(
        await driver(call.session), asked.consumer, upto or 0, actor=call.actor, at=call.services.clock.now()
    )
    return Consumer(**asdict(taken))


async def consumers(call: Call[None, None]) -> Page[Consumer]:
    """The systems that take changes."""
    found = await upstream.consumers(await driver(call.session))
    return Page[Consumer](items=[Consumer(**asdict(one)) for one in found], next=None)


async def changes(call: Call[None, ChangeQuery]) -> Page[Change]:
    """Changes in the order of their commit. `next` is null only where nothing was found: ask again behind it."""
    query = call.query
    name, given = ("cursor", query.cursor) if query.cursor is not None else ("since", query.since)
    after = behind("changes", given, int, field=name) or 0
    found = await call.services.changes.since(call.session, after=after, limit=query.limit)
    items = [Change.model_validate(dict(one)) for one in found]
    return Page[Change](items=items, next=cursor("changes", items[-1].id) if items else None)


class NewSubscription(Body):
    """Where changes are to be pushed to, for which system; from the beginning, or from now on."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    consumer: Word = upstream.OWN
    from_now: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionMade(Subscription):
    """A new subscription, with the secret that its posts are signed with."""

    secret: str


async def subscribe(call: Call[NewSubscription, None]) -> SubscriptionMade:
    """Have changes pushed."""
    connection, settings = await driver(call.session), call.services.settings
    made = await pushing.subscribe(
        connection,
        url=call.body.url,
        consumer=call.body.consumer,
        actor=call.actor,
        at=call.services.clock.now(),
        live=not settings.sandbox,
        from_now=call.body.from_now,
    )
    secret = pushing.in_words(pushing.secret_of(settings.kept_secret(), made))
    return SubscriptionMade(**asdict(await pushing.one(connection, made)), secret=secret)


async def subscriptions(call: Call[None, None]) -> Page[Subscription]:
    """Every subscription."""
    found = await pushing.subscriptions(await driver(call.session))
    return Page[Subscription](items=found, next=None)


async def resume(call: Call[None, None]) -> Subscription:
    """Try again at once."""
    connection, id_ = await driver(call.session), call.id("subscription")
    await pushing.go_on(connection, id_, actor=call.actor, at=call.services.clock.now())
    return await pushing.one(connection, id_)


async def unsubscribe(call: Call[None, None]) -> Page[Subscription]:
    """End a subscription; those that are left."""
    connection = await driver(call.session)
    await pushing.unsubscribe(connection, call.id("subscription"), actor=call.actor, at=call.services.clock.now())
    return await subscriptions(call)


class ConflictQuery(PageQuery):
    """Which conflicts; everything given must hold."""

    import_id: UUID | None = None
    account_no: str | None = Field(default=None, max_length=64)


class ConflictSumQuery(BaseModel):
    """What to sum conflicts up by."""

    model_config = {"extra": "forbid"}

    by: Literal["source", "import", "file", "month"] = "source"


async def conflicts(call: Call[None, ConflictQuery]) -> Page[reading.ConflictSeen]:
    """Conflicts, newest first."""
    query = call.query
    found = await reading.conflicts(
        call.session,
        import_id=query.import_id,
        account_no=query.account_no,
        before=behind("conflicts", query.cursor, int),
        limit=query.limit + 1,
    )
    return Page[reading.ConflictSeen](**cut("conflicts", found, query.limit, lambda one: one.id))


async def conflicts_summed(call: Call[None, ConflictSumQuery]) -> Page[reading.ConflictSum]:
    """Conflicts summed up."""
    found = await reading.summed(call.session, call.query.by, call.services.settings.zone.key)
    return Page[reading.ConflictSum](items=list(found), next=None)


ROUTES: Final = (
    Route(
        method="GET",
        path="/changes",
        handler=changes,
        scope="changes:read",
        tag=TAG,
        summary="Corrections for the utility's own customer system, in order, each once",
        answer=Page[Change],
        query=ChangeQuery,
    ),
    Route(
        method="POST",
        path="/changes/ack",
        handler=acknowledge,
        scope="changes:acknowledge",
        tag=TAG,
        summary="Everything up to this change was taken over",
        answer=Consumer,
        body=Acknowledgement,
    ),
    Route(
        method="GET",
        path="/changes/consumers",
        handler=consumers,
        scope="changes:read",
        tag=TAG,
        summary="The systems that take changes, and how far they have got",
        answer=Page[Consumer],
    ),
    Route(
        method="GET",
        path="/changes/subscriptions",
        handler=subscriptions,
        scope="changes:read",
        tag=TAG,
        summary="Where changes are pushed to, and how that fares",
        answer=Page[Subscription],
    ),
    Route(
        method="POST",
        path="/changes/subscriptions",
        handler=subscribe,
        scope="changes:acknowledge",
        tag=TAG,
        summary="Have changes pushed to an address, signed (Standard Webhooks), in order",
        answer=SubscriptionMade,
        status=201,
        body=NewSubscription,
        problems=(409,),
    ),
    Route(
        method="POST",
        path="/changes/subscriptions/{id}/resume",
        handler=resume,
        scope="changes:acknowledge",
        tag=TAG,
        summary="Try again at once, after a pause or a wait",
        answer=Subscription,
    ),
    Route(
        method="DELETE",
        path="/changes/subscriptions/{id}",
        handler=unsubscribe,
        scope="changes:acknowledge",
        tag=TAG,
        summary="End a subscription; no correction waits for its system any more",
        answer=Page[Subscription],
    ),
    Route(
        method="GET",
        path="/conflicts",
        handler=conflicts,
        scope="corrections:read",
        tag=TAG,
        summary="What imports brought again that was stopped, newest first",
        answer=Page[reading.ConflictSeen],
        query=ConflictQuery,
    ),
    Route(
        method="GET",
        path="/conflicts/summary",
        handler=conflicts_summed,
        scope="corrections:read",
        tag=TAG,
        summary="Conflicts by source, import, file or month",
        answer=Page[reading.ConflictSum],
        query=ConflictSumQuery,
    ),
)
