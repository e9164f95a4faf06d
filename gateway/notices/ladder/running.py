"""The day's stages: every open bill is looked at once, what is due is taken once, and each stage told in one notice.

Two steps, each resumable. First the stages are taken, a chunk of bills a transaction: a row for each says that it is
done, so nothing is ever taken twice. Then what was taken and not yet told is drafted, run by run; after a crash in
between, the next look drafts what the last one left.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from gateway.kernel.clock import Clock
from gateway.kernel.database import Database, driver, plan_anew
from gateway.kernel.ids import new_id
from gateway.kernel.logs import logger
from gateway.notices.control import Draft, Notices
from gateway.notices.ladder import feed
from gateway.notices.ladder.bills import day_at, facts_of, open_bills
from gateway.notices.ladder.offers import OFFER, take_offers
from gateway.notices.ladder.rules import STAGES, Day, Ladder, Stage, Standing, standing
from gateway.notices.ladder.texts import RUN
from gateway.notices.ladder.tones import Draw, draw_tones
from gateway.notices.policy import Policy, PolicyTable
from gateway.outbox.hours import is_public_holiday
from gateway.staff.tasks import NewTask, open_tasks

log = logger(__name__)

#: The draw that nobody can foresee.
by_chance: Final[Draw] = random.SystemRandom().random

_LOCK: Final = 0x4C616D6C
#: Days that a person has for a call or a visit.
_TASK_LASTS: Final = timedelta(days=3)
_ACTOR: Final = "ladder"

# A person's task for a stage gives way to its text, once nobody would go any more; tasks keep it.
_STEPS: Final = """
INSERT INTO dunning_step
  (bill_id, account_id, stage, day, outcome, run_id, tone, taken_at, because, policy_version)
SELECT bill_id, account_id, stage, day, outcome, run_id, tone, $8, because, $9
FROM unnest($1::int[], $2::int[], $3::text[], $4::smallint[], $5::text[], $6::uuid[], $7::text[], $10::text[])
  AS step(bill_id, account_id, stage, day, outcome, run_id, tone, because)
ON CONFLICT (bill_id, stage) DO UPDATE SET
  outcome = 'text', run_id = excluded.run_id, notice_id = NULL, tone = excluded.tone, taken_at = excluded.taken_at,
  because = excluded.because, policy_version = excluded.policy_version
WHERE dunning_step.outcome = 'task' AND excluded.outcome = 'text' RETURNING bill_id
"""
_DISCONNECTIONS: Final = """
INSERT INTO disconnection (id, bill_id, account_id, run_id, proposed_at)
SELECT id, bill_id, account_id, $4, $5 FROM unnest($1::uuid[], $2::int[], $3::int[]) AS new(id, bill_id, account_id)
ON CONFLICT (bill_id) WHERE state NOT IN ('cancelled', 'restored') DO NOTHING
"""
_UNDRAFTED: Final = """
SELECT run_id, stage, tone, outcome, count(*) AS bills FROM dunning_step
WHERE notice_id IS NULL AND outcome <> 'task' GROUP BY run_id, stage, tone, outcome ORDER BY min(id)
"""
_OUTCOMES: Final[Mapping[str, str]] = {"text": "text", "person": "task", "legal": "proposed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A notice that tells a stage, and how many bills it is about."""

    stage: str
    tone: str | None
    notice_id: UUID
    bills: int
    approved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a look at all open bills brought."""

    looked_at: int
    notices: Sequence[Told]
    #: Stage → bills for which a person has a task.
    tasks: Mapping[str, int]
    #: Reason → bills that are frozen, and why bills wait.
    frozen: Mapping[str, int]
    waiting: Mapping[str, int]


@dataclass(slots=True)
class _Run:
    """One look in progress."""

    day: Day
    table: PolicyTable
    only: str | None
    runs: dict[tuple[str, str | None], UUID] = field(default_factory=dict)
    looked_at: int = 0
    tasks: Counter[str] = field(default_factory=Counter)
    frozen: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)

    def run_of(self, stage: str, tone: str | None) -> UUID:
        """The run under which a stage is told in a tone."""
        return self.runs.setdefault((stage, tone), new_id(self.day.now))


class LadderRunner:
    """Takes the stages that are due. One node at a time does it; a second waits for the first."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        notices: Notices,
        policy: Policy,
        *,
        zone: ZoneInfo,
        region: str,
        draw: Draw = by_chance,
    ) -> None:
        self._database = database
        self._clock = clock
        self._notices = notices
        self._policy = policy
        self._zone = zone
        self.region = region
        self._draw = draw

    async def day(self, connection: Any) -> Day:
        """Today at the utility's home, and what it allows."""
        now, table = self._clock.now(), self._policy()
        known = await feed.read(connection, now, table.ladder.feed_may_lag)
        return Day(
            now=now,
            zone=self._zone,
            holiday=is_public_holiday(now.astimezone(self._zone).date(), self.region),
            feed_late=known.late,
            person_instead=frozenset(segment for segment, kinds in table.person_instead.items() if "arrears" in kinds),
        )

    async def run(self, *, approve: bool, only: str | None = None, actor: str = _ACTOR) -> Ran:
        """Take every stage due now, or `only` that stage, and draft what tells them.

        With `approve` what the stages leave to the clock is approved at once; else everything stays a draft.
        """
        async with self._database.connection() as holder:
            await holder.execute("SELECT pg_advisory_lock($1)", _LOCK)
            try:
                run = _Run(day=await self.day(holder), table=self._policy(), only=only)
                await self._take(run)
                if only in (None, OFFER) and not run.day.holiday:
                    await self._offer(run)
                told = await self._tell(run.table.ladder, approve, actor)
            finally:
                if not holder.is_closed():
                    await holder.execute("SELECT pg_advisory_unlock($1)", _LOCK)
        return Ran(looked_at=run.looked_at, notices=told, tasks=run.tasks, frozen=run.frozen, waiting=run.waiting)

    async def run_if_due(self) -> Ran | None:
        """Take today's stages, once the hour has come and they are not taken yet.

        A day on which the payment feed is late is looked at again, until the feed has caught up.
        """
        async with self._database.connection() as connection:
            day = await self.day(connection)
            done = await connection.fetchrow("SELECT taken FROM dunning_day WHERE day = $1", day.today)
        if day.now < self._opens(day.today) or (done is not None and not _again(done["taken"], day)):
            return None
        ran = await self.run(approve=True)
        async with self._database.connection() as connection:
            await connection.execute(
                """INSERT INTO dunning_day (day, ran_at, taken)
                   VALUES ($1, $2, jsonb_build_object('looked_at', $3::int, 'notices', $4::int, 'feed_late', $5::bool))
                   ON CONFLICT (day) DO UPDATE SET ran_at = excluded.ran_at, taken = excluded.taken""",
                day.today,
                day.now,
                ran.looked_at,
                len(ran.notices),
                day.feed_late is not None,
            )
        log.info("ladder", looked_at=ran.looked_at, notices=len(ran.notices), feed_late=day.feed_late is not None)
        return ran

    async def next_due(self, connection: Any, now: datetime) -> datetime | None:
        """When the next day's stages are taken."""
        today = now.astimezone(self._zone).date()
        opens = self._opens(today)
        return opens if opens > now else self._opens(today + timedelta(days=1))

    def _opens(self, day: Any) -> datetime:
        return datetime.combine(day, self._policy().ladder.runs_at or time(), self._zone)

    async def _take(self, run: _Run) -> None:
        behind = 0
        while True:
            async with self._database.work() as work:
                await plan_anew(work.connection)
                rows = await open_bills(work.connection, run.day, run.table.ladder, behind)
                if not rows:
                    return
                behind = rows[-1]["id"]
                run.looked_at += len(rows)
                await self._take_chunk(work.connection, run, rows)
                await work.commit()

    async def _take_chunk(self, connection: Any, run: _Run, rows: Sequence[Any]) -> None:
        due: list[tuple[Any, Standing]] = []
        for row in rows:
            at = standing(facts_of(row), run.table.ladder, day_at(row, run.day, self._zone, self.region))
            if at.next is None or (run.only is not None and at.next.name != run.only):
                continue
            if at.state == "due":
                due.append((row, at))
            elif at.freeze is not None:
                run.frozen[at.freeze.value] += 1
            elif at.on is None or at.on <= run.day.today:
                run.waiting[at.because] += 1
        if not due:
            return
        tones = await self._tones(connection, run, due)
        await self._keep(connection, run, due, tones)

    async def _tones(self, connection: Any, run: _Run, due: Sequence[tuple[Any, Standing]]) -> dict[int, str | None]:
        """Bill → tone: the segment's, or the drawn one, or the stage's own."""
        tones: dict[int, str | None] = {}
        to_draw: dict[int, int] = {}
        for row, at in due:
            assert at.next is not None
            of_segment = run.table.tone_of(facts_of(row).segments)
            if at.by != "text" or at.next.tone is None:
                tones[row["id"]] = None
            elif of_segment is not None:
                tones[row["id"]] = of_segment
            elif at.next.tone == "draw":
                to_draw[row["id"]] = row["account_id"]
            else:
                tones[row["id"]] = at.next.tone
        drawn = await draw_tones(
            connection,
            sorted(set(to_draw.values())),
            warm_share=run.table.ladder.warm_share,
            draw=self._draw,
            at=run.day.now,
        )
        return tones | {bill: drawn[account] for bill, account in to_draw.items()}

    async def _keep(
        self, connection: Any, run: _Run, due: Sequence[tuple[Any, Standing]], tones: Mapping[int, str | None]
    ) -> None:
        steps = [(row, at, at.next) for row, at in due if at.next is not None and at.by is not None]
        written = await connection.fetch(
            _STEPS,
            [row["id"] for row, _, _ in steps],
            [row["account_id"] for row, _, _ in steps],
            [stage.name for _, _, stage in steps],
            [stage.day for _, _, stage in steps],
            [_OUTCOMES[at.by or "text"] for _, at, _ in steps],
            [run.run_of(stage.name, tones[row["id"]]) for row, _, stage in steps],
            [tones[row["id"]] for row, _, _ in steps],
            run.day.now,
            run.table.version,
            [at.because for _, at, _ in steps],
        )
        taken = {row["bill_id"] for row in written}
        steps = [step for step in steps if step[0]["id"] in taken]
        # What is reminded of as overdue is overdue, whether a list has said so or not: holds stop its grounds.
        overdue = [row["id"] for row, _, stage in steps if stage.kind == "arrears"]
        await connection.execute("UPDATE bill SET overdue = true WHERE id = ANY($1::int[]) AND NOT overdue", overdue)
        tasks = [_task(row, run.day.now) for row, at, _ in steps if at.by == "person"]
        await open_tasks(connection, tasks, at=run.day.now, actor=_ACTOR)
        run.tasks.update(stage.name for _, at, stage in steps if at.by == "person")
        legal: defaultdict[str, list[Any]] = defaultdict(list)
        for row, at, stage in steps:
            if at.by == "legal":
                legal[stage.name].append(row)
        for name, rows in legal.items():
            await connection.execute(
                _DISCONNECTIONS,
                [new_id(run.day.now) for _ in rows],
                [row["id"] for row in rows],
                [row["account_id"] for row in rows],
                run.run_of(name, None),
                run.day.now,
            )

    async def _offer(self, run: _Run) -> None:
        async with self._database.work() as work:
            await take_offers(work.connection, run.table, run.day, run.run_of(OFFER, "warm"))
            await work.commit()

    async def _tell(self, ladder: Ladder, approve: bool, actor: str) -> list[Told]:
        """Draft a notice for each run that has none."""
        async with self._database.connection() as connection:
            runs = await connection.fetch(_UNDRAFTED)
        return [told for row in runs if (told := await self._draft(ladder, row, approve, actor)) is not None]

    async def _draft(self, ladder: Ladder, run: Any, approve: bool, actor: str) -> Told | None:
        stage = _stage(ladder, run["stage"])
        if stage is None:
            log.error("a stage that was taken is in no policy any more", stage=run["stage"])
            return None
        now = self._clock.now()
        by_itself = approve and stage.by_itself and run["bills"] <= ladder.confirm_above and stage.by != "legal"
        about = {"stage": stage.name, "template": stage.template, RUN: str(run["run_id"])}
        kind = "legal_notice" if stage.by == "legal" else "advice" if stage.name == OFFER else stage.kind
        draft = Draft(
            kind=kind,
            about={"stage": "legal", RUN: about[RUN]} if stage.by == "legal" else about,
            tone=run["tone"],
            expires_at=None if stage.by == "legal" else now + stage.lasts,
        )
        async with self._database.session() as session:
            notice_id = await self._notices.draft(session, draft, actor=actor)
            connection = await driver(session)
            for table in ("dunning_step", "disconnection"):
                await connection.execute(
                    f"UPDATE {table} SET notice_id = $2 WHERE run_id = $1 AND notice_id IS NULL",
                    run["run_id"],
                    notice_id,
                )
            state = await connection.fetchval("SELECT state FROM notice WHERE id = $1", notice_id)
            if by_itself and state == "draft":
                await self._notices.approve(session, notice_id, actor="policy:ladder", two_people=False)
            await session.commit()
        return Told(
            stage=run["stage"],
            tone=run["tone"],
            notice_id=notice_id,
            bills=run["bills"],
            approved=by_itself or state != "draft",
        )


def _again(taken: Any, day: Day) -> bool:
    """Whether a day that was looked at is looked at again: its payments were late, and are not any more."""
    return '"feed_late": true' in taken and day.feed_late is None


def _stage(ladder: Ladder, name: str) -> Stage | None:
    """A stage as it is now, or as the product has it."""
    if name == OFFER:
        return Stage(name=OFFER, day=0)
    return ladder.stage(name) or next((stage for stage in STAGES if stage.name == name), None)


def _task(row: Any, now: datetime) -> NewTask:
    manager = "vip" in facts_of(row).segments
    words = f"account {row['account_no']}: {row['owed']} open for {row['billing_month']}, due {row['due_date']}; "
    return NewTask(
        kind="account_manager" if manager else "visit",
        subject=f"bill:{row['account_no']}:{row['billing_month']}",
        words=words + ("speak to the customer before any reminder" if manager else "call or visit, offer help"),
        due_at=now + _TASK_LASTS,
        account_id=row["account_id"],
        unit="key_accounts" if manager else "customer_service",
        owner_no=row["manager_no"] if manager else None,
    )
