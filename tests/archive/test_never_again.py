"""Contacts against a model: random orders of imports, replies, corrections, reverts, transfers and sends.

Whatever happens in between: no text leaves on a link that is suspended, revoked or in question; no import brings a
stopped link back; a revert restores exactly; a correction with an undecided link is neither applied nor signed.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from gateway.archive import completing, upstream
from gateway.kernel.database import Database
from gateway.kernel.errors import Conflict, InvalidInput
from gateway.notices.wording import Wording
from gateway.outbox import claiming, lanes
from gateway.outbox.streams import Streams
from tests.archive.test_corrections import Contact, Decision
from tests.conftest import EMPTY
from tests.importing import Office
from tests.inbox.conftest import Town, settled
from tests.outbox.world import lane_spec

T = TypeVar("T")
Pick = Callable[[Sequence[Any]], Any]

ACCOUNTS = ("4100000011", "4100000022", "4100000033", "4100000044")
OWNERS = ("王强", "王强", "李娜", "岚州明达机械有限公司")
NUMBERS = tuple(f"+861381234000{last}" for last in range(1, 6))
NOBODYS = ("+8613912340001", "+8613912340002")
STOPPED = ("suspended", "revoked")
pick_account = st.integers(0, len(ACCOUNTS) - 1)
pick_number = st.integers(0, len(NUMBERS) - 1)
pairs = st.lists(st.tuples(pick_account, pick_number), min_size=1, max_size=8, unique=True)
#: What there is to pick from depends on the world, so a rule draws a seed and picks by that.
seeds = st.integers(0, 2**32)

WORDING = Wording.load()


class Contacts(RuleBasedStateMachine):
    """Four accounts, five numbers, an upstream that never learns, and people who decide at random."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.run(self._begin())
        #: Each applied case with its links as they stood before each was first decided.
        self.applied: dict[UUID, dict[int, Any]] = {}
        self.revoked: set[int] = set()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    async def _begin(self) -> None:
        self.database = Database(self.url, size=6)
        await self.database.start()
        async with self.database.connection() as connection:
            await connection.execute(EMPTY)
            await lanes.ensure(connection, lane_spec())
            (self.lane,) = await lanes.enabled(connection)
        self.town: Town = settled(self.database, WORDING)
        self.office = Office(self.database, Path(self.folder.name), clock=self.town.clock)
        self.running = asyncio.create_task(self.town.intake.run())
        for account, owner in zip(ACCOUNTS, OWNERS, strict=True):
            await self.town.account(account, customer=owner)
        for place, account in enumerate(ACCOUNTS):
            await self.town.link(account, NUMBERS[place])
        await self.town.link(ACCOUNTS[2], NUMBERS[0], is_default=False)

    def teardown(self) -> None:
        async def end() -> None:
            self.running.cancel()
            await asyncio.gather(self.running, return_exceptions=True)
            await self.database.close()

        self.run(end())
        self.runner.close()
        self.folder.cleanup()

    async def _links(self) -> dict[int, Any]:
        return {row["id"]: row for row in await self.town.rows("SELECT * FROM contact_link ORDER BY id")}

    async def _cases(self, *states: str) -> list[UUID]:
        return await self.town.values("SELECT id FROM correction WHERE state = ANY($1::text[]) ORDER BY id", states)

    # What the world does.

    @rule(rows=pairs, default=st.booleans())
    def an_upstream_export_arrives(self, rows: Sequence[tuple[int, int]], default: bool) -> None:
        async def arrive() -> None:
            before = await self._links()
            lines = ["户号,联系类型,姓名,移动电话,是否默认"]
            lines += [f"{ACCOUNTS[a]},户主,王强,{NUMBERS[n]},{'是' if default else '否'}" for a, n in rows]
            loaded = await self.office.load("contacts", "\n".join([*lines, ""]))
            assert loaded["state"] == "done", loaded["error"]
            after = await self._links()
            for id_, link in before.items():
                if link["state"] in STOPPED:
                    assert after[id_] == link, "an import touched a stopped link"

        self.run(arrive())

    @rule(account=pick_account, owner=st.sampled_from(["王强", "李娜", "赵敏"]))
    def an_account_is_transferred(self, account: int, owner: str) -> None:
        async def transfer() -> None:
            lines = [
                "户号,户名,客户编号,用电地址",
                f"{ACCOUNTS[account]},{owner},C-{owner},东湖区章家河{account}号",
                "",
            ]
            before = await self._links()
            await self.office.load("accounts", "\n".join(lines))
            assert await self._links() == before

        self.run(transfer())

    @rule(
        number=pick_number,
        words=st.sampled_from(["打错了", "打错了，我不是王强", "我早就搬走了，房子卖了", "wrong number"]),
    )
    def somebody_disowns(self, number: int, words: str) -> None:
        self.run(self._hears(NUMBERS[number], words))

    @rule(number=st.sampled_from([*NUMBERS, *NOBODYS]), yes=st.booleans())
    def a_contact_check_is_answered(self, number: str, yes: bool) -> None:
        async def answer() -> None:
            await self._send()
            await self._hears(number, "1" if yes else "2")

        self.run(answer())

    async def _hears(self, number: str, words: str) -> None:
        before, decided = await self._links(), await self._cases("verifying", "applied", "watching")
        self.town.clock.on(minutes=5)
        await self.town.hears(number, words)
        after = await self._links()
        kept = await self.town.values(
            """SELECT c.link_id FROM correction_link c JOIN correction x ON x.id = c.correction_id
               JOIN contact_link l ON l.id = c.link_id
               WHERE x.id = ANY($1::uuid[]) AND x.state = 'open' AND c.decision IS NOT NULL AND l.state <> 'revoked'""",
            decided,
        )
        assert kept == [], "a case that was opened again takes old decisions for new ones"
        for id_, link in before.items():
            if link["state"] == "revoked":
                assert after[id_]["state"] == "revoked", "a word alone brought a revoked link back"

    # What the gateway sends.

    @rule(account=pick_account, number=pick_number)
    def a_text_is_queued(self, account: int, number: int) -> None:
        self.run(self.town.text(NUMBERS[number], "arrears", [ACCOUNTS[account]], state="queued"))

    @rule()
    def what_is_due_leaves(self) -> None:
        self.run(self._send())

    async def _send(self) -> None:
        streams = Streams("sms")
        self.town.clock.on(minutes=1)
        now = self.town.clock.now()
        async with self.database.connection() as connection:
            await streams.look(connection, now)
            claimed = await claiming.claim(
                connection, self.lane, node=uuid4(), now=now, limit=50, shares=streams.share(50)
            )
        left = [one.id for one in claimed.claimed]
        stopped = await self.town.rows(
            """SELECT a.account_no, m.to_address, l.state FROM message_account a JOIN message m USING (id)
               JOIN contact_link l ON l.id = a.link_id
               WHERE m.id = ANY($1::uuid[]) AND (l.state = ANY($2::text[]) OR l.questioned_at IS NOT NULL)""",
            left,
            list(STOPPED),
        )
        assert stopped == [], "a text left on a stopped link"
        await self.town.do("UPDATE message SET state = 'sent', sent_at = $2 WHERE id = ANY($1::uuid[])", left, now)

    # What people do.

    @rule(account=pick_account, number=pick_number, reason=st.sampled_from(["ticket", "transfer", "near_miss"]))
    def staff_open_a_case(self, account: int, number: int, reason: str) -> None:
        async def work(session: Any) -> None:
            await self.town.corrections.open_case(
                session, account_no=ACCOUNTS[account], number=NUMBERS[number], reason=reason, evidence="95598工单",
                new_contacts=[], note=None, actor="staff:E1",
            )  # fmt: skip

        self.run(self._try(work))

    @rule(seed=seeds)
    def a_case_is_applied(self, seed: int) -> None:
        self.do_apply(random.Random(seed).choice)

    def do_apply(self, pick: Pick) -> None:
        cases = self.run(self._cases("open", "reverted"))
        if not cases:
            return
        case = pick(cases)
        listed = self.run(self._undecided(case))
        decide = ["revoke", "revoke", "keep", "change_role"]
        decisions = [Decision(account, number, pick(decide), "payer") for account, number in listed]
        new = [Contact(pick([*NUMBERS, *NOBODYS]), "holder", pick(ACCOUNTS))] if pick([True, False]) else []
        self.run(self._apply(case, decisions, new, forget=bool(decisions) and pick([True, False, False])))

    async def _undecided(self, case: UUID) -> list[tuple[str, str]]:
        rows = await self.town.rows(
            """SELECT a.account_no, p.address FROM correction_link c JOIN contact_link l ON l.id = c.link_id
               JOIN account a ON a.id = l.account_id JOIN contact_point p ON p.id = l.contact_point_id
               WHERE c.correction_id = $1 AND c.decision IS NULL ORDER BY l.id""",
            case,
        )
        return [(row["account_no"], row["address"]) for row in rows]

    async def _apply(self, case: UUID, decisions: list[Decision], new: list[Contact], *, forget: bool) -> None:
        before = await self._links()
        asked = decisions[1:] if forget else decisions

        async def work(session: Any) -> None:
            await self.town.corrections.apply(session, case, links=asked, new_contacts=new, note=None, actor="staff:E1")

        refused = await self._try(work)
        if forget:
            assert isinstance(refused, InvalidInput), "a case with an undecided link was applied"
        if refused is not None:
            assert await self._links() == before, "a refusal left something half done"
            return
        assert await self._undecided(case) == []
        was = self.applied.setdefault(case, {})
        for link in await self.town.values("SELECT link_id FROM correction_link WHERE correction_id = $1", case):
            was.setdefault(link, before[link])

    @rule(seed=seeds)
    def a_case_is_dismissed(self, seed: int) -> None:
        self.do_dismiss(random.Random(seed).choice)

    def do_dismiss(self, pick: Pick) -> None:
        cases = self.run(self._cases("open"))
        if cases:
            case = pick(cases)
            dismiss = self.town.corrections.dismiss
            self.run(self._try(lambda session: dismiss(session, case, note=None, actor="staff:E1")))

    @rule(seed=seeds)
    def a_case_is_reverted(self, seed: int) -> None:
        self.do_revert(random.Random(seed).choice)

    def do_revert(self, pick: Pick) -> None:
        decided = self.run(self._cases("open", "verifying", "applied", "watching", "closed"))
        cases = [case for case in decided if case in self.applied]
        if cases:
            self.run(self._revert(pick(cases), only_decisions=pick([True, False])))

    async def _revert(self, case: UUID, *, only_decisions: bool) -> None:
        mine = await self.town.rows(
            """SELECT link_id, before::text AS before, after::text AS after, suspended_at IS NOT NULL AS stopped
               FROM correction_link WHERE correction_id = $1""",
            case,
        )
        contacts = await self.town.rows("SELECT link_id, before FROM correction_contact WHERE correction_id = $1", case)
        brought = {row["link_id"] for row in contacts}
        now = await self._links()

        async def work(session: Any) -> None:
            await self.town.corrections.revert(
                session, case, note=None, actor="staff:E1", only_decisions=only_decisions
            )

        refused = await self._try(work)
        after = await self._links()
        if refused is not None:
            assert after == now, "a revert that was refused left something half done"
            return
        self.revoked = {id_ for id_ in self.revoked if after.get(id_, {}).get("state") == "revoked"}
        was = self.applied.pop(case)
        changed = {row["link_id"] for row in mine if row["before"] is not None and row["before"] != row["after"]}
        settles = ("state", "role", "reason", "state_since", "is_default", "verified_at", "verified_how", "needs_proof")
        for row in mine:
            id_ = row["link_id"]
            if id_ in brought or id_ not in changed:
                continue
            wanted = dict(was[id_])
            if not only_decisions and after[id_]["state"] in ("unverified", "verified"):
                # What the case itself had stopped, or another had and let go since, stands as it did before.
                assert wanted["state"] in ("suspended", after[id_]["state"])
                wanted |= {name: after[id_][name] for name in ("state", "reason", "state_since")}
            elif only_decisions and row["stopped"] and after[id_]["state"] == "suspended":
                # What the case stopped once it had been decided stays stopped.
                wanted |= {name: after[id_][name] for name in ("state", "reason", "state_since")}
            assert [after[id_][name] for name in settles] == [wanted[name] for name in settles]
        for row in contacts:
            assert (row["link_id"] in after) == (row["before"] is not None), "a contact that the case brought stayed"
        if not only_decisions:
            assert not any(after[row["link_id"]]["questioned_at"] for row in mine if row["link_id"] in after)
        for id_ in after.keys() - brought - {row["link_id"] for row in mine}:
            assert after[id_] == now[id_], "a revert touched what the case had not"

    @rule(seed=seeds)
    def a_case_is_signed(self, seed: int) -> None:
        self.do_sign(random.Random(seed).choice)

    def do_sign(self, pick: Pick) -> None:
        cases = self.run(self._cases("verifying", "applied"))
        if not cases:
            return
        case, actor = pick(cases), pick(["staff:E1", "staff:E2"])
        asked = {"waive": pick([[], ["unproven", "upstream", "import"]]), "note": "现场核实", "two_people": False}
        sign = self.town.corrections.sign
        refused = self.run(self._try(lambda session: sign(session, case, actor=actor, **asked)))
        assert actor == "staff:E2" or refused is not None, "whoever decided signed too"
        if refused is None:
            assert self.run(self._undecided(case)) == [], "a case was signed with an undecided link"

    @rule()
    def the_customer_system_takes_over(self) -> None:
        async def take() -> None:
            async with self.database.work() as work:
                newest = await work.value("SELECT coalesce(max(id), 0) FROM change")
                await upstream.acknowledge(work.connection, "erp", newest, actor="key:erp", at=self.town.clock.now())
                await work.commit()

        self.run(take())

    @rule(days=st.sampled_from([1, 10, 40]))
    def time_passes(self, days: int) -> None:
        async def wait() -> None:
            self.town.clock.on(days=days)
            async with self.database.work() as work:
                await completing.keep_time(work.connection, self.town.clock.now())
                await work.commit()

        self.run(wait())

    async def _try(self, work: Any) -> Exception | None:
        """Do something in a transaction of its own; what refused it, if anything did."""
        try:
            async with self.database.session() as session:
                await work(session)
                await session.commit()
        except (Conflict, InvalidInput) as refused:
            return refused
        except Exception as error:
            if type(error).__name__ == "Forbidden":
                return error
            raise
        return None

    @invariant()
    def decided_cases_leave_nothing_undecided(self) -> None:
        found = self.run(
            self.town.values(
                """SELECT c.id FROM correction c JOIN correction_link l ON l.correction_id = c.id
                   WHERE c.state IN ('verifying', 'applied', 'watching', 'closed') AND l.decision IS NULL"""
            )
        )
        assert found == []

    @invariant()
    def what_an_open_case_stopped_stays_stopped(self) -> None:
        """Until that case is decided: another case on the same link lifts nothing."""
        found = self.run(
            self.town.values(
                """SELECT l.id FROM correction_link c JOIN correction x ON x.id = c.correction_id AND x.state = 'open'
                   JOIN contact_link l ON l.id = c.link_id
                   WHERE c.suspended AND c.lifted_at IS NULL AND c.decision IS NULL
                     AND l.state NOT IN ('suspended', 'revoked')"""
            )
        )
        assert found == []

    @invariant()
    def what_is_in_question_waits_for_a_decision(self) -> None:
        """Whatever is in question can be settled: an open case asks for a decision on it."""
        found = self.run(
            self.town.values(
                """SELECT l.id FROM contact_link l WHERE l.questioned_at IS NOT NULL AND NOT EXISTS (
                     SELECT 1 FROM correction_link c JOIN correction x ON x.id = c.correction_id AND x.state = 'open'
                     WHERE c.link_id = l.id AND c.decision IS NULL)"""
            )
        )
        assert found == []

    @invariant()
    def only_a_revert_brings_a_revoked_link_back(self) -> None:
        revoked = set(self.run(self.town.values("SELECT id FROM contact_link WHERE state = 'revoked'")))
        assert self.revoked <= revoked
        self.revoked = revoked

    @invariant()
    def changes_say_what_the_archive_says(self) -> None:
        """The last change about a link agrees with it; what a revert took away an import may bring as new."""
        rows = self.run(
            self.town.rows(
                """SELECT DISTINCT ON (c.account_no, c.number) c.kind, l.state, l.import_id FROM change c
                   JOIN account a ON a.account_no = c.account_no JOIN contact_point p ON p.address = c.number
                   LEFT JOIN contact_link l ON l.account_id = a.id AND l.contact_point_id = p.id
                   WHERE c.kind <> 'still_wrong' ORDER BY c.account_no, c.number, c.id DESC"""
            )
        )
        for row in rows:
            gone = row["state"] in (None, "revoked")
            assert (row["kind"] == "link_revoked") == gone or (not gone and row["import_id"] is not None), row


def test_no_mistake_comes_back(new_database_url: str) -> None:
    Contacts.url = new_database_url
    run_state_machine_as_test(
        Contacts,
        settings=settings(
            max_examples=20,
            stateful_step_count=30,
            derandomize=True,
            deadline=None,
            # Shrinking would take minutes over a real database; a long failure is told sooner.
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_long_time(new_database_url: str, seed: int) -> None:
    """One long walk instead of many short ones: what only many things together bring about."""
    Contacts.url = new_database_url
    world, draw = Contacts(), random.Random(seed)
    pick: Pick = draw.choice

    def some_pairs() -> list[tuple[int, int]]:
        found = {(draw.randrange(len(ACCOUNTS)), draw.randrange(len(NUMBERS))) for _ in range(draw.randint(1, 8))}
        return sorted(found)

    def one(things: Sequence[Any]) -> int:
        return draw.randrange(len(things))

    disowns, reasons = ["打错了，我不是王强", "房子卖了，搬走了"], ["ticket", "silence"]
    steps: list[tuple[int, Callable[[], None]]] = [
        (4, lambda: world.an_upstream_export_arrives(some_pairs(), pick([True, False]))),
        (1, lambda: world.an_account_is_transferred(one(ACCOUNTS), pick(["王强", "李娜", "赵敏"]))),
        (
            4,
            lambda: world.somebody_disowns(one(NUMBERS), pick(disowns)),
        ),
        (3, lambda: world.a_contact_check_is_answered(pick([*NUMBERS, *NOBODYS]), pick([True, True, False]))),
        (5, lambda: world.a_text_is_queued(one(ACCOUNTS), one(NUMBERS))),
        (3, world.what_is_due_leaves),
        (
            2,
            lambda: world.staff_open_a_case(one(ACCOUNTS), one(NUMBERS), pick(reasons)),
        ),
        (8, lambda: world.do_apply(pick)),
        (1, lambda: world.do_dismiss(pick)),
        (3, lambda: world.do_revert(pick)),
        (3, lambda: world.do_sign(pick)),
        (2, world.the_customer_system_takes_over),
        (1, lambda: world.time_passes(pick([1, 10, 40]))),
    ]
    try:
        for step in draw.choices([step for _, step in steps], [weight for weight, _ in steps], k=250):
            step()
            world.decided_cases_leave_nothing_undecided()
            world.what_an_open_case_stopped_stays_stopped()
            world.only_a_revert_brings_a_revoked_link_back()
            world.changes_say_what_the_archive_says()
    finally:
        world.teardown()
