"""Living through months from outside: nightly files, bills, reminders, outages, contact checks, people who answer.

Everything goes through the HTTP interface and a carrier. What is measured is judged by the town's truth, which
the gateway never sees.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.walks import files
from tests.walks.carrier import OutsideCarrier
from tests.walks.gateway import Gateway
from tests.world.people import Account, Contact, Town

ZONE: Final = ZoneInfo("Asia/Shanghai")
#: Reasons that come out of looking through the archive rather than out of somebody's word.
SWEEP: Final = frozenset(
    ("shared_number", "staff_number", "name_mismatch", "transfer", "newer_number", "near_miss", "placeholder",
     "invalid_format", "upstream_conflict", "silence")
)  # fmt: skip
#: Somebody who belongs to an account and is shut out for longer than this was wrongly stopped.
PATIENCE: Final = timedelta(days=3)
_WRONG: Final = (
    "发错了,我不是{name}", "打错了", "你们发错人了", "不认识这个人,别发了", "我不用这个户号",
    "这个号码换人了,我不是{name}",
)  # fmt: skip
_YES: Final = ("1", "1", "1", "是", "是的")
_NO: Final = ("2", "2", "2", "不是")


@dataclass
class Month:
    """What a month's texts came to."""

    delivered: int = 0
    misdirected: int = 0
    wanted: int = 0
    reached: int = 0
    #: Of those wanted, those of accounts for which the file, the admin or the customer has given a right number.
    reachable: int = 0
    #: What would have been, had every text gone to the default number of the file.
    idle_delivered: int = 0
    idle_misdirected: int = 0
    idle_reached: int = 0
    checks: int = 0
    replies: int = 0
    corrections: Counter[str] = field(default_factory=Counter)

    @property
    def share(self) -> float:
        """Misdirected of delivered."""
        return self.misdirected / max(1, self.delivered)

    @property
    def idle_share(self) -> float:
        """The same where nobody does anything."""
        return self.idle_misdirected / max(1, self.idle_delivered)

    @property
    def reach(self) -> float:
        """Of the texts that were wanted, those which reached somebody who belongs to the account."""
        return self.reached / max(1, self.wanted)

    @property
    def reach_of_known(self) -> float:
        """The same of those whom a number is known for at all: nobody can be reached at one that nobody gave."""
        return self.reached / max(1, self.reachable)


@dataclass
class Tally:
    """All that was counted."""

    months: list[Month] = field(default_factory=list)
    after_report: list[str] = field(default_factory=list)
    recurrences: list[str] = field(default_factory=list)
    #: Account → number → since when somebody rightful is shut out.
    shut_out: dict[tuple[str, str], datetime] = field(default_factory=dict)
    wrongly_stopped: set[str] = field(default_factory=set)
    checks: Counter[str] = field(default_factory=Counter)
    #: By reason: findings right, findings in all; and the same link by link.
    findings: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    #: Wrong default links at the end, by what made them so.
    left: Counter[str] = field(default_factory=Counter)
    #: Findings that were wrong, and rightful links that were stopped, in words.
    wrongs: list[tuple[str, str, str]] = field(default_factory=list)
    stopped_words: list[str] = field(default_factory=list)


class Life:
    """The town's life with one gateway. The gateway's clock stands at the town's start when it begins."""

    def __init__(
        self,
        town: Town,
        gateway: Gateway,
        carrier: OutsideCarrier,
        *,
        seed: int = 1,
        nights: int = 3,
        say: Callable[[str], None] = lambda _words: None,
    ) -> None:
        self.town = town
        self.gateway = gateway
        self.carrier = carrier
        self.draw = random.Random(seed * 7 + 1)
        self.nights = nights
        self.tally = Tally()
        self._say = say
        self._seen: set[str] = set()
        self._reported: dict[tuple[str, str], tuple[datetime, str]] = {}
        self._revoked: set[tuple[str, str]] = set()
        self._given: defaultdict[str, set[str]] = defaultdict(set)
        self._late: set[str] = set()
        self._counted: set[str] = set()
        self._tickets: list[list[object]] = []
        self._orders = 0
        self._now = datetime.combine(town.start, datetime.min.time(), ZONE)
        self._since = self._now
        self.month = Month()
        carrier.undelivered = _Dead(town)

    async def run(self, months: int) -> Tally:
        """Live through so many months."""
        await self.gateway.set_clock(f"{self.town.start:%Y-%m-%d}T00:30:00")
        await self.gateway.imported("staff", self.town.staff_file())
        await self._night()
        first = self.town.start
        for _ in range(months):
            self.month = Month()
            self.tally.months.append(self.month)
            await self._live(first)
            self._say(f"{first:%Y-%m}: {self.month.share:.2%} misdirected, {self.month.reach:.2%} reached")
            first = (first.replace(day=28) + timedelta(days=7)).replace(day=1)
        for number in sorted(self._late)[:12]:
            self.tally.stopped_words += await self._heard_from(number)
        for number in self.town.accounts:
            row = self.town.default(number)
            if row is not None and not self.town.right(number, row.mobile):
                self.tally.left[row.cause or "moved"] += 1
        return self.tally

    async def _live(self, first: date) -> None:
        month = f"{first:%Y%m}"
        nights = iter([first + timedelta(days=day) for day in (5, 13, 22, 9, 17, 26)[: self.nights]])
        await self._to(first + timedelta(days=1), 9)
        await self._notice({"kind": "contact_confirm", "due": True})
        await self._evening(first + timedelta(days=1), wanted=False)
        await self._happen(first)
        await self._night_at(next(nights, None))
        await self._to(first + timedelta(days=7), 9)
        due = f"{first.replace(day=25)}"
        bills = [
            ("billing_month", "account_no", "amount", "due_date"),
            *((month, one, "88.00", due) for one in self.town.accounts),
        ]
        await self.gateway.import_file("bills", files.sheet(bills).encode())
        await self._notice({"kind": "bill", "billing_month": month})
        await self._evening(first + timedelta(days=7))
        await self._night_at(next(nights, None))
        await self._to(first + timedelta(days=15), 9)
        text = {"text": "计划停电通知:您所在台区明日9:00-15:00检修停电。"}
        told = sorted(self.draw.sample(sorted(self.town.accounts), len(self.town.accounts) // 3))
        audience: dict[str, object] = {"kind": "announcement", "template": "announcement", "values": text}
        for place in range(0, len(told), 5000):
            await self._notice({**audience, "audience": {"accounts": told[place : place + 5000]}})
        await self._evening(first + timedelta(days=15))
        await self._night_at(next(nights, None))
        await self._to(first + timedelta(days=25), 9)
        owing = [one for one in self.town.accounts.values() if self.draw.random() < 0.2]
        rows = [files.ARREARS, *(files.owes(one.number, one.holder, "88.00") for one in owing)]
        await self.gateway.import_file(
            "arrears",
            files.sheet([[*row[:0], month, *row[1:]] if place else row for place, row in enumerate(rows)]).encode(),
        )
        await self._notice({"kind": "arrears", "billing_month": month})
        await self._evening(first + timedelta(days=25))
        await self._settle_half()
        await self._evening(first + timedelta(days=27), wanted=False)

    async def _to(self, day: date, hour: int) -> None:
        self._now = datetime(day.year, day.month, day.day, hour, tzinfo=ZONE)
        await self.gateway.post("/sandbox/clock", {"now": self._now.isoformat()})
        await self._look()

    async def _night_at(self, day: date | None) -> None:
        if day is not None:
            await self._to(day, 1)
            await self._night()

    async def _night(self) -> None:
        """The nightly import of the upstream file, and what the hotline took down."""
        accounts, contacts = self.town.export()
        await self.gateway.import_file("accounts", accounts)
        await self.gateway.import_file("contacts", contacts)
        if self._tickets:
            head = ["wo_id", "biz_type", "subtype", "channel", "caller_number", "account_no", "content", "opened_at"]
            await self.gateway.import_file("work_orders", files.sheet([head, *self._tickets]).encode())
            for row in self._tickets:
                self._reported.setdefault((str(row[5]), f"+86{row[4]}"), (self._now, "ticket"))
            self._tickets = []

    async def _notice(self, asked: dict[str, Any]) -> None:
        draft = await self.gateway.post("/notices", asked, status=201)
        await self.gateway.post(f"/notices/{draft['id']}/approve")
        await self.gateway.idle(300)

    async def _evening(self, day: date, *, wanted: bool = True) -> None:
        """Let the day's texts out, let people answer, and let what their answers cause go out too."""
        for hour in (12, 21):
            await self._to(day, hour)
            await self.carrier.settled()
            await self._hear(wanted=wanted)
        await self._to(day + timedelta(days=1), 12)
        await self._hear(wanted=wanted)

    async def _hear(self, *, wanted: bool) -> None:
        since = (self._now - timedelta(days=4)).isoformat()
        messages = [one for one in await self.gateway.messages(since=since) if one["id"] not in self._seen]
        for message in sorted(messages, key=lambda one: one["id"]):
            if message["state"] in ("queued", "sending", "sent", "uncertain"):
                continue
            self._seen.add(message["id"])
            if message["kind"] == "contact_confirm":
                await self._checked(message)
            elif message["accounts"]:
                await self._told(message, wanted)
        await self.gateway.idle(120)

    async def _checked(self, message: dict[str, Any]) -> None:
        if message["state"] not in ("delivered", "undelivered"):
            return
        self.month.checks += 1
        number, account = message["to"], message["account_no"]
        self._must_be_allowed(message, [account])
        if message["state"] == "undelivered":
            return
        person = self._person(number)
        if person is None or not person.answers:
            self.tally.checks[number] += 1
            return
        if self.draw.random() < 0.8:
            right = self.town.right(account, number)
            await self._reply(number, self.draw.choice(_YES if right else _NO), [] if right else [account])

    async def _told(self, message: dict[str, Any], wanted: bool) -> None:
        number, accounts = message["to"], message["accounts"]
        delivered = message["state"] == "delivered"
        if delivered:
            self._must_be_allowed(message, accounts)
        wrong = [one for one in accounts if number is None or not self.town.right(one, number)]
        self.month.delivered += delivered
        self.month.misdirected += delivered and bool(wrong)
        if wanted:
            for account in accounts:
                self._idle(account)
                self.month.wanted += 1
                self.month.reached += delivered and account not in wrong
                self.month.reachable += self._is_known(account)
        if delivered:
            await self._react(message, number, accounts, wrong)

    async def _react(self, message: dict[str, Any], number: str, accounts: list[str], wrong: list[str]) -> None:
        person = self._person(number)
        if person is None:
            return
        if wrong and len(wrong) == len(accounts):
            if person.answers and self.draw.random() < 0.3:
                name = self.town.accounts[wrong[0]].holder
                await self._reply(number, self.draw.choice(_WRONG).format(name=name), wrong)
            elif self.draw.random() < 0.01:
                self._orders += 1
                words = f"客户反映收到其他客户户号{wrong[0]}的短信,本人不在该地址,要求取消短信。"
                self._tickets.append(
                    [f"WO{self._orders:08d}", "opinion", "短信错发", "phone", number.removeprefix("+86"), wrong[0],
                     words, f"{self._now:%Y-%m-%d %H:%M:%S}"]
                )  # fmt: skip
        elif person.answers and not wrong and self.draw.random() < 0.01:
            await self._reply(number, "好的,谢谢", [])

    def _is_known(self, account: str) -> bool:
        """Whether anybody has given a number at which somebody answers who belongs to the account."""
        numbers = {f"+86{row.mobile}" for row in self.town.rows(account)} | self._given[account]
        return any(self.town.right(account, number) for number in numbers)

    def _idle(self, account: str) -> None:
        """What the default number of the file would have come to."""
        row = self.town.default(account)
        if row is None or row.mobile not in self.town.holders:
            return
        right = self.town.right(account, row.mobile)
        self.month.idle_delivered += 1
        self.month.idle_misdirected += not right
        self.month.idle_reached += right

    def _must_be_allowed(self, message: dict[str, Any], accounts: list[str]) -> None:
        sent = datetime.fromisoformat(message["sent_at"] or message["created_at"])
        for account in accounts:
            link = (account, message["to"])
            reported = self._reported.get(link)
            if reported is not None and sent > reported[0] + timedelta(minutes=1):
                words = f"{message['kind']} at {sent} to {link}, reported {reported}: {self._whose(message['to'])}"
                self.tally.after_report.append(words)
                self._late.add(message["to"])
            if link in self._revoked:
                self.tally.recurrences.append(f"{message['id']} {link} {message['kind']}")

    def _person(self, number: str) -> Any:
        who = self.town.holders.get(number.removeprefix("+86"))
        return None if who is None else self.town.people[who]

    async def _reply(self, number: str, words: str, disowned: list[str]) -> None:
        assert await self.carrier.reply(number, words) in (200, 204)
        self.month.replies += 1
        for account in disowned:
            self._reported.setdefault((account, number), (self._now + timedelta(minutes=5), words))

    async def _happen(self, first: date) -> None:
        """What happens to people in a month: new numbers, sold flats. Some tell, and the file may hear of it late."""
        town, draw = self.town, self.draw
        numbers = sorted(town.accounts)
        for account in self._some(numbers, 0.006):
            row, owner = town.default(account.number), town.people[account.owner]
            if row is None or row.mobile != owner.mobile or not town.right(account.number, row.mobile):
                continue
            row.cause = row.cause or "moved"
            old = town._move_on(owner)
            told = draw.random()
            if told < 0.35:
                town.add(
                    Contact(
                        account.number,
                        "holder",
                        owner.name,
                        owner.mobile,
                        draw.choice(["counter", "app"]),
                        first,
                        first,
                        True,
                    )
                )
            elif told < 0.5:
                await self._report(account, f"+86{old}", f"+86{owner.mobile}")
            if draw.random() < 0.5:
                town.reissue(old)
        for account in self._some(numbers, 0.003):
            if len(account.people) <= 2 and account.segment == "individual":
                town.sell(account, first + timedelta(days=draw.randint(0, 3)), fresh=draw.random() < 0.4)

    def _some(self, numbers: list[str], share: float) -> Iterator[Account]:
        for number in self.draw.sample(numbers, int(len(numbers) * share)):
            yield self.town.accounts[number]

    async def _report(self, account: Account, old: str, new: str) -> None:
        """The customer tells the hotline of a new number."""
        asked = {
            "account_no": account.number,
            "reason": "proposal",
            "evidence": "客户来电:换号了",
            "new_contacts": [{"number": new, "role": "holder"}],
        }
        await self.gateway.post("/corrections", asked, status=201)
        self._given[account.number].add(new)

    async def _settle_half(self) -> None:
        """The admin settles half of what is open, by what is true."""
        cases = await self.gateway.every("/corrections", state="open", limit="200")
        self._judge(await self.gateway.every("/corrections", limit="200"))
        for case in cases:
            if self.draw.random() < 0.5:
                await self._settle(case)

    async def _settle(self, case: dict[str, Any]) -> None:
        town = self.town
        links = [
            {
                "account_no": link["account_no"],
                "number": link["number"],
                "decision": "keep" if town.right(link["account_no"], link["number"]) else "revoke",
            }
            for link in case["links"]
        ]
        revoked = {(link["account_no"], link["number"]) for link in links if link["decision"] == "revoke"}
        kept = {link["account_no"] for link in links if link["decision"] == "keep"}
        proposed = {hint["account_no"] for hint in case["hints"] if hint.get("kind") == "new_contact"}
        contacts = []
        for account in sorted({one for one, _ in revoked} | proposed):
            owner = town.people[town.accounts[account].owner]
            if account not in kept and (account in proposed or self.draw.random() < 0.5):
                number = f"+86{owner.mobile}"
                if (account, number) not in self._revoked:
                    contacts.append({"account_no": account, "number": number, "role": "holder"})
        status, answer = await self.gateway.ask(
            "POST", f"/corrections/{case['id']}/apply", json={"links": links, "new_contacts": contacts}
        )
        assert status in (200, 409), (status, answer)
        if status == 200:
            self._revoked |= revoked
            for contact in contacts:
                self._given[contact["account_no"]].add(contact["number"])

    def _judge(self, cases: list[dict[str, Any]]) -> None:
        """Whether findings were right, by what is true on the day they are looked at first."""
        for case in cases:
            if case["id"] in self._counted:
                continue
            self._counted.add(case["id"])
            self.month.corrections[case["reason"]] += 1
            if case["reason"] in SWEEP:
                found = self.tally.findings[case["reason"]]
                of_number = [link for link in case["links"] if case["number"] in (None, link["number"])]
                wrong = [link for link in of_number if not self.town.right(link["account_no"], link["number"])]
                named = [link for link in of_number if link["account_no"] == case["account_no"]] or of_number
                found["cases"] += 1
                found["right"] += bool(wrong)
                found["named_right"] += any(link in wrong for link in named)
                found["links"] += len(of_number)
                found["links_right"] += len(wrong)
                if not wrong:
                    self.tally.wrongs.append((case["reason"], str(case["number"]), str(case["hints"])))

    async def _heard_from(self, number: str) -> list[str]:
        """What a number said and what became of it, for whoever looks into a text after a report."""
        return [
            f"{number} said {one['text']!r} at {one['received_at']}: {(one['reading'] or {}).get('intents')}"
            f" {one['effects']} {one['state']} {one['remark']}"
            for one in await self.gateway.every("/inbound", **{"from": number})
        ]

    async def _look(self) -> None:
        """Who is shut out though they belong to the account."""
        stopped = await self.gateway.every("/links", state="suspended,revoked", limit="500")
        now: set[tuple[str, str]] = set()
        for link in stopped:
            key = (link["account_no"], link["number"])
            if self.town.right(*key):
                now.add(key)
                since = self.tally.shut_out.setdefault(key, self._now)
                if self._now - since > PATIENCE and link["account_no"] not in self.tally.wrongly_stopped:
                    self.tally.wrongly_stopped.add(link["account_no"])
                    self.tally.stopped_words.append(f"{key} {link['reason']}: {self._whose(key[1])}")
                    self._late.add(key[1])
        for key in set(self.tally.shut_out) - now:
            del self.tally.shut_out[key]

    def _whose(self, number: str) -> str:
        rows = [one for one in self.town.contacts if one.mobile == number.removeprefix("+86")]
        return "; ".join(
            f"{one.account} of {self.town.accounts[one.account].holder}: {one.role} {one.name} {one.registered}"
            f" {one.cause or 'right'}"
            for one in rows[:6]
        )


class _Dead(dict[str, int]):
    """The receipt of a number that nobody has: unallocated."""

    def __init__(self, town: Town) -> None:
        super().__init__()
        self._town = town

    def get(self, number: str, otherwise: Any = None) -> Any:  # type: ignore[override]
        return otherwise if number.removeprefix("+86") in self._town.holders else 30005
