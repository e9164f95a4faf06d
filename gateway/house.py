"""The house: its rooms, furnished over one database and one clock. The command line uses it too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any

import bots
from bots import forgetting as keeps_chats
from bots.platform import Platform, Speech
from gateway.archive import completing
from gateway.archive import forgetting as keeps_files
from gateway.archive.corrections import Corrections
from gateway.archive.findings import Findings
from gateway.archive.forgetting import Uploads
from gateway.archive.importing import (
    ACCOUNTS,
    CONTACTS,
    FLAT,
    NUMBER_CHECKS,
    TOPOLOGY,
    ImportKind,
    ImportRunner,
)
from gateway.archive.trust.sweeping import TrustSweeper
from gateway.cases import explained, unexplained
from gateway.cases import forgetting as keeps_cases
from gateway.cases.closing import CaseTexts
from gateway.cases.commitments.due import DueCommitments
from gateway.cases.commitments.importing import COMMITMENTS
from gateway.cases.commitments.keeping import Commitments
from gateway.cases.commitments.telling import Telling
from gateway.cases.due import DueCases
from gateway.cases.importing import WORK_ORDERS
from gateway.cases.keeping import Cases
from gateway.cases.marking import Repeats
from gateway.cases.warnings.cards import Cards
from gateway.cases.warnings.importing import WARNINGS
from gateway.cases.warnings.importing_cards import SUPERVISION_CARDS
from gateway.cases.warnings.keeping import DueWarnings, Warnings
from gateway.evaluations import Ratings, handled_accounts, must_not_have_handled, open_invitations
from gateway.evaluations import forgetting as keeps_evaluations
from gateway.evaluations.asking import Surveying
from gateway.evaluations.noting import Events
from gateway.evaluations.outside import OUTSIDE
from gateway.evaluations.surveys import Surveys
from gateway.followups import (
    DEPUTIES,
    FOLLOWUPS,
    VISIT_PROGRAMMES,
    Asking,
    Deputies,
    DueFollowups,
    Followups,
    Series,
    open_followups,
)
from gateway.followups import forgetting as keeps_followups
from gateway.inbox import Answers, Inbox, Intake, Proofs, Reader, Tools, hear, note_unheard
from gateway.inbox import forgetting as keeps_replies
from gateway.kernel import embedded
from gateway.kernel.clock import Clock, ShiftedClock, SystemClock
from gateway.kernel.database import Database
from gateway.kernel.migrating import migrate
from gateway.kernel.settings import Settings
from gateway.notices import (
    Acceptor,
    Announcements,
    Arrears,
    Bills,
    CheckRounds,
    Composer,
    ContactChecks,
    DemandResponse,
    Finder,
    NoticeKind,
    NoticeRunner,
    Notices,
    PolicyBook,
    PolicyTable,
    Previewer,
    Previews,
    Recomposer,
    Successors,
    Wording,
    amounts,
    catch_up,
    lift_of_case,
    pause,
)
from gateway.notices import forgetting as keeps_notices
from gateway.notices.billing import billing_kinds
from gateway.notices.ladder.desk import LadderDesk
from gateway.notices.ladder.disconnections import Disconnections
from gateway.notices.ladder.running import LadderRunner
from gateway.notices.ladder.texts import LegalNotices, PrepaymentOffers
from gateway.notices.outages import following
from gateway.notices.outages.control import Outages
from gateway.notices.outages.desk import OutageDesk
from gateway.notices.outages.explaining import Earlier
from gateway.notices.outages.importing import OutagesKind
from gateway.notices.outages.telling import OUTAGE_NOTICES, OutageTexts
from gateway.notices.policy import USUAL
from gateway.notices.texts import TextKeeper, Texts
from gateway.notices.wording import purposes_in_words
from gateway.outbox import forgetting as keeps_texts
from gateway.outbox import partitions, stop_links, waiting
from gateway.outbox.switching import LaneSwitch
from gateway.retention import of_audit as keeps_audit
from gateway.retention.keeping import Retention
from gateway.sandbox.clock import TestClock
from gateway.staff.importing import STAFF


class House:
    """The rooms, furnished over one database and one clock."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        wording: Wording | None = None,
        *,
        platforms: Sequence[Platform] = bots.PLATFORMS,
    ) -> None:
        self.settings = settings
        self.database = database
        self.clock = clock
        zone, region, language = settings.zone, settings.region, settings.language
        self.wording = wording or Wording.load(
            sender_name=settings.senders,
            languages=("en", "zh-CN") if language == "en" else ("zh-CN", "en"),
            zone=zone,
            bot=settings.telegram.username,
        )
        standard = PolicyTable(opt_out_scope=settings.opt_out_scope, mask_unproven=settings.mask_unproven)

        async def go_by(connection: Any, table: PolicyTable) -> None:
            await following.go_by(connection, clock.now(), zone, table.outages)

        channels = [*USUAL, *bots.channels(settings, platforms)]
        self.policy = policy = PolicyBook(clock, standard, channels, changed=go_by, region=region)
        self.lanes = LaneSwitch(clock)
        self.composer = Composer(self.wording, zone=zone, region=region, policy=policy)
        self.finder = Finder(zone=zone, region=region, policy=policy)
        self.events = Events(self.finder, self.composer, zone)
        notice_kinds: tuple[NoticeKind, ...] = (
            Arrears(policy),
            Bills(policy),
            LegalNotices(policy, region, zone),
            PrepaymentOffers(),
            Surveys(self.events, zone),
            Announcements(self.wording),
            DemandResponse(clock),
            *(OutageTexts(name, zone, region, timetable=policy.timetable) for name in OUTAGE_NOTICES),
            checks := ContactChecks(clock, lambda: policy().trust_lasts),
        )
        self.notice_kinds: Mapping[str, NoticeKind] = {kind.name: kind for kind in notice_kinds}
        self.text_keeper = TextKeeper(database, clock, self.wording)
        self.texts = Texts(clock, self.text_keeper, self.wording)
        self.previewer = Previewer(
            clock, self.composer, self.notice_kinds, self.finder, zone=zone, segment_price=settings.segment_price
        )
        self.previews = Previews(database, clock, self.previewer)
        self.acceptor = Acceptor(
            self.wording, zone=zone, region=region, language=language, policy=policy, channels=channels
        )
        disconnections = Disconnections(database, clock, policy, self.acceptor, zone=zone, region=region)
        self.notices = Notices(
            database,
            clock,
            self.notice_kinds,
            self.previewer,
            policy,
            auto_approve=settings.auto_approve,
            channels=channels,
            on_approval={"legal_notice": disconnections.approve},
        )
        self.surveying = Surveying(
            database, self.notices, self.acceptor, self.events, zone, automatic=settings.automatic_surveys
        )
        runner = LadderRunner(database, clock, self.notices, policy, zone=zone, region=region)
        self.ladder = LadderDesk(
            clock, policy, self.notices, runner, disconnections, automatic=settings.automatic_ladder
        )
        self.check_rounds = CheckRounds(
            database, clock, self.notices, checks, zone=zone, automatic=settings.automatic_contact_checks
        )
        self.notice_runner = NoticeRunner(database, clock, self.composer, self.notice_kinds, self.finder, policy)
        self.recomposer = Recomposer(self.wording, clock, self.notice_kinds, zone, policy)
        self.successors = Successors(region=region, policy=policy)
        earlier = Earlier(unexplained=unexplained, explained=explained)
        self.outages = Outages(clock, zone, policy.timetable, earlier)
        kinds: tuple[ImportKind[Any], ...] = (
            *(FLAT, ACCOUNTS, CONTACTS, NUMBER_CHECKS, TOPOLOGY, STAFF, WORK_ORDERS),
            *(COMMITMENTS, WARNINGS, SUPERVISION_CARDS, FOLLOWUPS, DEPUTIES, VISIT_PROGRAMMES, OUTSIDE),
            OutagesKind(policy.timetable, earlier),
        )
        self.import_kinds: Mapping[str, ImportKind[Any]] = {
            kind.name: kind for kind in (*kinds, *billing_kinds(self.recomposer.of_grounds))
        }
        self.imports = ImportRunner(
            database,
            clock,
            self.import_kinds,
            zone=zone,
            region=region,
            finished=(completing.after_import, self.surveying.after_import),
            handled=handled_accounts,
        )
        answers = Answers(
            self.wording, purposes_in_words, zone=zone, region=region, language=language, hours=policy.hours
        )
        self.tools = Tools(
            answers=answers,
            region=region,
            pause=pause,
            outages=OutageDesk(zone, policy.timetable),
            alert_numbers=settings.alert_numbers,
            catch_up=catch_up,
            amounts=amounts,
            opt_out_scope=settings.opt_out_scope,
            bot_link=bool(settings.telegram.token.get_secret_value() and settings.telegram.username),
        )
        self.intake = Intake(database, clock, hear, region=region)
        self.reader = Reader(database, clock, self.tools)
        self.inbox = Inbox(clock, self.tools)
        self.proofs = Proofs(clock, self.tools)
        self.cases = Cases(clock, lift_of_case, CaseTexts(self.acceptor, language=language), region=region)
        self.due_cases = DueCases(database)
        telling = Telling(self.acceptor, language=language)
        self.commitments = Commitments(clock, telling, region=region)
        self.due_commitments = DueCommitments(database, telling)
        self.warnings = Warnings(clock)
        self.cards = Cards(clock)
        self.due_warnings = DueWarnings(database, zone)
        self.repeats = Repeats(clock)
        self.corrections = Corrections(
            clock,
            stop_links,
            answers.check_contacts,
            rooms=(waiting, open_invitations, open_followups),
            catch_up=catch_up,
            guard=must_not_have_handled,
            region=region,
        )
        self.findings = Findings(self.corrections)
        self.independent = Asking(clock, self.acceptor, zone)
        self.followups = Followups(clock, self.independent.ask, zone)
        self.ratings = Ratings(clock)
        self.series = Series(clock, zone)
        self.deputies = Deputies(clock, zone)
        self.due_followups = DueFollowups(database, self.independent, self.acceptor, zone, freeze=self.events.freeze)
        self.trust_sweeper = TrustSweeper(database, clock, stop_links, zone=zone, notes=[note_unheard])
        self.platforms = bots.open_platforms(self, platforms)
        self.retention = Retention(
            database,
            clock,
            (
                Uploads(settings.data_dir / "uploads"),
                *keeps_files.RULES,
                *keeps_texts.RULES,
                *keeps_replies.RULES,
                *keeps_notices.RULES,
                *keeps_evaluations.RULES,
                *keeps_cases.RULES,
                *keeps_followups.RULES,
                *keeps_chats.RULES,
                *keeps_audit.RULES,
            ),
            (keeps_files.HELD, keeps_cases.HELD, keeps_evaluations.HELD, keeps_notices.HELD),
            zone=zone,
        )

    @cached_property
    def speech(self) -> Speech:
        """What things are called in the language of staff. Read when a bot first asks: nodes without one need none."""
        from gateway.web.console import speech

        return speech.Speech()


@asynccontextmanager
async def furnished(settings: Settings) -> AsyncIterator[House]:
    """A house over a started, migrated database: what every command begins with."""
    url = settings.database_url or embedded.ensure_running(settings.data_dir / "postgresql")
    await migrate(url)
    database = Database(url, size=24)
    await database.start()
    try:
        clock: Clock = SystemClock()
        if settings.sandbox:
            clock = ShiftedClock()
            await TestClock(database, clock).refresh()
        async with database.connection() as connection:
            await partitions.ensure(connection, clock.now())
        house = House(settings, database, clock)
        async with database.connection() as connection:
            await house.policy.refresh(connection)
        await house.text_keeper.start()
        yield house
    finally:
        await database.close()
