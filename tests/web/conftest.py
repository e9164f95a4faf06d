"""A real server over a real database; only the rooms that others provide are stand-ins."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.findings import Findings
from gateway.archive.tables import Import
from gateway.archive.trust.sweeping import TrustSweeper
from gateway.cases.closing import CaseTexts
from gateway.cases.commitments.keeping import Commitments
from gateway.cases.commitments.telling import Telling
from gateway.cases.keeping import Cases
from gateway.cases.marking import Repeats
from gateway.cases.warnings.cards import Cards
from gateway.cases.warnings.keeping import Warnings
from gateway.channels import twilio_webhooks
from gateway.evaluations import Ratings
from gateway.followups import Asking, Deputies, Followups, Series
from gateway.kernel.database import Database
from gateway.kernel.errors import Conflict, InvalidInput, LamplighterError
from gateway.kernel.ids import new_id
from gateway.kernel.settings import Settings, TwilioSettings
from gateway.notices import Asked, Draft, KeptPreview, PolicyBook, PolicyTable, Preview, Taken, Wording, lift_of_case
from gateway.notices.outages.control import Outages
from gateway.notices.previewing import Sample
from gateway.notices.tables import Notice
from gateway.notices.texts import TextKeeper, Texts
from gateway.outbox import NewMessage, insert, stop_links
from gateway.outbox.carriers import InboundText, Receipt
from gateway.outbox.partitions import ensure
from gateway.outbox.switching import LaneSwitch
from gateway.retention.keeping import Retention
from gateway.web.app import SERVER_OPTIONS, make_app
from gateway.web.services import Services

ROOT = "root-key-of-the-sandbox"
TOKEN = "twilio-token"
PUBLIC = "https://gateway.example.cn"
NOW = datetime(2025, 10, 20, 2, 0, tzinfo=UTC)


class StandingClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


class StandInImports:
    """Writes the row that the importing room would."""

    async def submit(self, session: AsyncSession, *, kind: str, filename: str, path: Path, requested_by: str) -> UUID:
        if kind != "arrears":
            raise InvalidInput(f"no such kind of import: {kind}", field="kind")
        row = Import(
            id=new_id(NOW), kind=kind, filename=filename, path=str(path), requested_by=requested_by, requested_at=NOW
        )
        session.add(row)
        await session.flush()
        return row.id

    async def mend(self, session: AsyncSession, import_id: UUID, rows: Any, *, actor: str) -> UUID:
        raise NotImplementedError


class StandInMessages:
    """Writes each message as it is asked for, `announcement` only."""

    async def accept(
        self, connection: Any, asked: Sequence[Asked], *, now: datetime, wake: bool = True
    ) -> list[Taken | LamplighterError]:
        results: list[Taken | LamplighterError] = []
        for one in asked:
            if one.template != "announcement":
                results.append(InvalidInput("no such template", field="template"))
                continue
            message = a_message(to=one.to, body=str(one.values.get("text")), at=now, reference=one.reference)
            await insert(connection, [message], wake=wake)
            results.append(Taken(message.id, "queued"))
        return results

    async def judged(
        self, connection: Any, asked: Sequence[Asked], *, now: datetime
    ) -> list[NewMessage | LamplighterError]:
        return [
            InvalidInput("no such template", field="template")
            if one.template != "announcement"
            else a_message(
                to=one.to, body=str(one.values.get("text")), at=now, reference=one.reference, contact_point_id=-1
            )
            for one in asked
        ]


def a_message(
    *, to: str | None = "+8613812345670", body: str = "通知", at: datetime = NOW, **changes: Any
) -> NewMessage:
    """A queued message."""
    fields: dict[str, Any] = {
        "id": new_id(at),
        "kind": "announcement",
        "klass": "N",
        "purpose": "service",
        "template": "announcement",
        "template_version": "1",
        "body": body,
        "segments": 1,
        "created_at": at,
        "not_before": at,
        "hours": "day",
        "zone": "Asia/Shanghai",
        "to_address": to,
        "contact_point_id": None,
        **changes,
    }
    return NewMessage(**fields)


class StandInPreviews:
    """A preview that is there at once."""

    async def ask(self, notice_id: UUID, patience: float) -> KeptPreview:
        found = Preview(audience=2, messages=1, segments=2)
        found.withheld["paid"] = 1
        found.samples.append(Sample(to_masked="+86138****0000", body="电费", segments=2, accounts=1, not_before=NOW))
        return KeptPreview(state="done" if patience else "running", begun_at=NOW, found=found)

    async def last(self, notice_id: UUID) -> KeptPreview:
        return await self.ask(notice_id, 1)


class StandInNotices:
    """Notices without an audience."""

    async def draft(self, session: AsyncSession, asked: Draft, *, actor: str) -> UUID:
        notice = Notice(id=new_id(NOW), kind=asked.kind, about=dict(asked.about), drafted_by=actor, drafted_at=NOW)
        session.add(notice)
        await session.flush()
        return notice.id

    async def approve(
        self, session: AsyncSession, notice_id: UUID, *, actor: str, two_people: bool, head: str | None = None
    ) -> None:
        await self._move(session, notice_id, "approved", "draft")

    async def pause(self, session: AsyncSession, notice_id: UUID, *, actor: str, remark: str | None = None) -> None:
        await self._move(session, notice_id, "paused", "approved", remark)

    async def resume(self, session: AsyncSession, notice_id: UUID, *, actor: str) -> None:
        await self._move(session, notice_id, "sending", "paused")

    async def cancel(self, session: AsyncSession, notice_id: UUID, *, actor: str, remark: str | None = None) -> None:
        await self._move(session, notice_id, "cancelled", "sending", remark)

    async def resend(self, session: AsyncSession, notice_id: UUID, *, actor: str) -> UUID:
        return await self.draft(session, Draft(kind="arrears", about={"resends": str(notice_id)}), actor=actor)

    async def _move(
        self, session: AsyncSession, notice_id: UUID, to: str, needed: str, remark: str | None = None
    ) -> None:
        notice = await session.get(Notice, notice_id)
        assert notice is not None
        if notice.state != needed:
            raise Conflict(f"the notice is {notice.state}")
        notice.state, notice.remark = to, remark


@dataclass
class StandInIntake:
    """Remembers what it was given; a repeat changes nothing."""

    texts: dict[str, InboundText] = field(default_factory=dict)
    receipts: list[Receipt] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    away: Exception | None = None

    async def text(self, text: InboundText) -> None:
        if self.away:
            raise self.away
        self.texts.setdefault(text.carrier_id, text)

    async def receipt(self, receipt: Receipt) -> None:
        if self.away:
            raise self.away
        self.receipts.append(receipt)

    async def unreadable(self, raw: bytes, *, channel: str) -> None:
        self.raw.append(raw)


@dataclass
class Recorder:
    """Remembers every call of a room that has no stand-in of its own."""

    answer: Any = None
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        async def called(*given: Any, **named: Any) -> Any:
            self.calls.append((name, {**named, "given": given[1:]}))
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

        return called


class StandInSandbox:
    """A clock that moves and a gateway that is idle or not."""

    def __init__(self, clock: StandingClock) -> None:
        self.clock = clock
        self.busy: list[str] = []

    async def move_to(self, target: datetime) -> datetime:
        if target < self.clock.at:
            raise Conflict("the clock only goes forward")
        self.clock.at = target
        return target

    async def idle(self, patience: float) -> list[str]:
        return self.busy


@dataclass
class House:
    """A running gateway and the parts that a test looks at."""

    client: TestClient[web.Request, web.Application]
    database: Database
    clock: StandingClock
    intake: StandInIntake
    inbox: Recorder
    corrections: Recorder
    changes: Recorder
    sandbox: StandInSandbox
    services: Services

    async def call(
        self, method: str, path: str, *, key: str = ROOT, expect: int = 200, **options: Any
    ) -> dict[str, Any]:
        """The JSON of an answer with the status expected."""
        headers = {"Authorization": f"Bearer {key}", **options.pop("headers", {})}
        async with self.client.request(method, f"/api/v1{path}", headers=headers, **options) as response:
            text = await response.text()
            assert response.status == expect, (response.status, text)
            answer: dict[str, Any] = await response.json(content_type=None)
            return answer


@pytest.fixture
async def house(database: Database, tmp_path: Path) -> AsyncIterator[House]:
    """A gateway in the sandbox."""
    settings = Settings(
        data_dir=tmp_path,
        public_url=PUBLIC,
        max_upload_mb=1,
        bootstrap_api_key=ROOT,
        twilio=TwilioSettings(auth_token=TOKEN),
    )
    clock = StandingClock()
    async with database.work() as work:
        await ensure(work.connection, NOW)
        await work.commit()
    intake, inbox, corrections, changes = StandInIntake(), Recorder(), Recorder(), Recorder(answer=[])
    sandbox, wording = StandInSandbox(clock), Wording.load()
    asking = Asking(clock, StandInMessages(), settings.zone)
    services = Services(
        settings=settings,
        database=database,
        clock=clock,
        imports=StandInImports(),
        notices=StandInNotices(),
        previews=StandInPreviews(),
        policy=PolicyBook(clock, PolicyTable()),
        outages=Outages(clock, settings.zone),
        texts=Texts(clock, TextKeeper(database, clock, wording), wording),
        ladder=Recorder(),
        messages=StandInMessages(),
        intake=intake,
        inbox=inbox,
        proofs=Recorder(),
        corrections=corrections,
        findings=Findings(corrections),  # type: ignore[arg-type]
        cases=Cases(clock, lift_of_case, CaseTexts(StandInMessages(), language="zh-CN")),
        repeats=Repeats(clock),
        warnings=Warnings(clock),
        cards=Cards(clock),
        commitments=Commitments(clock, Telling(StandInMessages(), language="zh-CN"), region="CN"),
        followups=Followups(clock, asking.ask, settings.zone),
        ratings=Ratings(clock),
        series=Series(clock, settings.zone),
        deputies=Deputies(clock, settings.zone),
        independent=asking,
        changes=changes,
        lanes=LaneSwitch(clock),
        retention=Retention(database, clock, (), (), zone=settings.zone),
        sweeping=TrustSweeper(database, clock, stop_links, zone=settings.zone),
        twilio_verifier=twilio_webhooks.WebhookVerifier(auth_token=TOKEN, public_url=PUBLIC),
        twilio_wire=twilio_webhooks,
        sandbox=sandbox,
    )
    server = TestServer(make_app(services))
    client = TestClient(server)
    await server.start_server(**SERVER_OPTIONS)
    yield House(client, database, clock, intake, inbox, corrections, changes, sandbox, services)
    await client.close()
