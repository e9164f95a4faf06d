"""Every measure against figures reckoned anew from the bare rows, month by month and organisation by organisation."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.kernel.ids import new_id
from gateway.outbox import reaching
from tests.importing import ZONE
from tests.inbox.conftest import Town

SINCE, UNTIL = datetime(2025, 8, 31, 16, tzinfo=UTC), datetime(2025, 12, 31, 16, tzinfo=UTC)
MONTHS = ("2025-09", "2025-10", "2025-11", "2025-12")
PLACES = ("东湖区", "青石县", "")
NOW = datetime(2025, 12, 20, tzinfo=UTC)
REASONS = ("reply: wrong_number", "ticket", "bounce", "proposal", "taken back", "invalid_format", "transfer")
SAID = ("wrong_number", "ticket", "staff_report", "confirmed", "shared_number", "silence", "lookup_match")


class Past:
    """Months that happened at random, and their bare rows."""

    def __init__(self, town: Town, seed: int) -> None:
        self.town = town
        self.draw = random.Random(seed)

    def moment(self, first: datetime = datetime(2025, 8, 20, tzinfo=UTC), last: datetime = NOW) -> datetime:
        """Some time, to the second, and now and then the first of a month at home."""
        if self.draw.random() < 0.1:
            return self.draw.choice([SINCE, datetime(2025, 10, 31, 16, tzinfo=UTC)])
        return first + timedelta(seconds=self.draw.randrange(int((last - first).total_seconds())))

    def perhaps(self, chance: float, **more: Any) -> datetime | None:
        return self.moment(**more) if self.draw.random() < chance else None

    async def happen(self) -> None:
        town, draw = self.town, self.draw
        accounts = [f"41000000{place:02d}" for place in range(12)]
        numbers = [f"+86138123400{place:02d}" for place in range(8)]
        for account in accounts:
            await town.account(account)
        for place, name in enumerate(PLACES):
            await town.do("UPDATE premise SET district = nullif($1, '') WHERE id % 3 = $2::int", name, place)
        links = {
            await town.link(account, number, is_default=False)
            for account in accounts
            for number in draw.sample(numbers, draw.randint(1, 3))
        }
        for link in sorted(links):
            state = draw.choice(["unverified", "verified", "suspended", "revoked", "revoked"])
            await town.do(
                """UPDATE contact_link SET state = $2, reason = $3, state_since = $4, verified_at = $5 WHERE id = $1""",
                link, state, draw.choice(REASONS), self.moment(), self.perhaps(0.4),
            )  # fmt: skip
        for _ in range(80):
            number = draw.choice(numbers)
            town.clock.at = self.moment()
            message = await town.text(number, "arrears", draw.sample(accounts, draw.choice([1, 1, 2])),
                                      state=draw.choice(["delivered", "delivered", "sent", "undelivered"]))  # fmt: skip
            delivered = town.clock.at + timedelta(minutes=draw.choice([0, 5, 3000]))
            await town.do(
                """UPDATE message SET claimed_at = $2,
                     delivered_at = CASE WHEN state = 'delivered' THEN $3::timestamptz END WHERE id = $1""",
                message, self.perhaps(0.5) and town.clock.at, delivered,
            )  # fmt: skip
        for place in range(15):
            await self._case(sorted(links), sorted(draw.sample(accounts, 1)) if place % 3 else [])
        for _ in range(60):
            await town.do(
                """INSERT INTO signal (contact_point_id, account_id, kind, at, evidence)
                   SELECT contact_point_id, CASE WHEN $2::boolean THEN account_id END, $3, $4, '{}'
                   FROM contact_link WHERE id = $1""",
                draw.choice(sorted(links)), draw.random() < 0.7, draw.choice(SAID), self.moment(),
            )  # fmt: skip
        loaded = new_id(SINCE)
        await town.do(
            """INSERT INTO import (id, kind, state, filename, path, requested_by, requested_at)
               VALUES ($1, 'contacts', 'done', 'a.csv', 'a.csv', 'key:test', $2)""",
            loaded, SINCE,
        )  # fmt: skip
        for row, link in enumerate(draw.sample(sorted(links), len(links) // 2)):
            await town.do(
                """INSERT INTO conflict (link_id, import_id, at, row_number, link_state) VALUES ($1, $2, $3, $4, $5)""",
                link, loaded, self.moment(), row, draw.choice(["revoked", "suspended"]),
            )  # fmt: skip
        for month in MONTHS[:3]:
            for name in PLACES:
                known = draw.randint(4, 9)
                await town.do(
                    "INSERT INTO contact_coverage VALUES ($1, $2, 9, $3, $4, $5)",
                    month, name, known, draw.randint(0, known), NOW,
                )  # fmt: skip
        town.clock.at = NOW

    async def _case(self, links: list[int], account: list[str]) -> None:
        town, draw, case, applied = self.town, self.draw, new_id(self.moment()), self.perhaps(0.8)
        signed = applied and self.perhaps(0.6, first=applied, last=applied + timedelta(days=9))
        await town.do(
            """INSERT INTO correction (id, state, reason, opened_at, opened_by, due_at, applied_at, signed_at, reopened,
                                       recurred_at, account_id)
               VALUES ($1, 'closed', 'reply', $2, 'gateway', $2, $3, $4, $5, $6,
                       (SELECT id FROM account WHERE account_no = $7))""",
            case, (applied or self.moment()) - timedelta(days=draw.randint(1, 20)), applied, signed,
            draw.choice([0, 0, 1]), applied and self.perhaps(0.4, first=applied, last=applied + timedelta(days=60)),
            account[0] if account else None,
        )  # fmt: skip
        for link in draw.sample(links, draw.randint(1, 4)):
            stopped = self.perhaps(0.7)
            lifted = stopped and self.perhaps(0.4, first=stopped, last=stopped + timedelta(days=5))
            await town.do(
                """INSERT INTO correction_link (correction_id, link_id, decision, decided_at, suspended, suspended_at,
                                                lifted_at, before_case)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, '{}')""",
                case, link, draw.choice(["revoke", "keep", "change_role"]), self.perhaps(0.8), stopped is not None,
                stopped, lifted,
            )  # fmt: skip


def month(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%Y-%m}"


class Reckoned:
    """The measures from every row there is, one after the other, as domain notes §5.4 define them."""

    def __init__(self, rows: dict[str, list[dict[str, Any]]]) -> None:
        self.rows = rows
        self.links = {row["id"]: row for row in rows["contact_link"]}
        self.messages = {row["id"]: row for row in rows["message"]}
        place = {row["id"]: row["district"] or "" for row in rows["premise"]}
        self.of = {row["id"]: place[row["premise_id"]] for row in rows["account"]}
        self.seen: dict[tuple[str, str, str], list[Any]] = {}
        self.listed = sorted(rows["correction_link"], key=lambda row: row["link_id"])

    def note(self, name: str, at: datetime | None, place: str, value: Any) -> None:
        if at is not None and SINCE <= at < UNTIL:
            self.seen.setdefault((name, month(at), place), []).append(value)

    def wrong(self, link: dict[str, Any]) -> bool:
        """Revoked or stopped on somebody's word, and not merely dead, given up, or taken back."""
        if link["state"] == "revoked":
            return link["reason"] not in ("bounce", "invalid_format", "proposal", "taken back")
        return link["state"] == "suspended" and link["reason"] in ("reply: wrong_number", "ticket")

    def reckon(self) -> None:
        for message in self.messages.values():
            parts = sorted(
                (row for row in self.rows["message_account"] if row["id"] == message["id"]),
                key=lambda row: row["position"],
            )
            if message["state"] == "delivered":
                missed = any(
                    self.wrong(link) and (link["verified_at"] is None or message["delivered_at"] > link["verified_at"])
                    for link in (self.links[part["link_id"]] for part in parts if part["link_id"] is not None)
                )
                self.note("misdirected", message["delivered_at"], self.of[parts[0]["account_id"]], missed)
        for link in self.links.values():
            self._link(link)
        for case in self.rows["correction"]:
            self._case(case)
        for row in self.rows["conflict"]:
            if row["link_state"] == "revoked":
                self.note("blocked", row["at"], self.of[self.links[row["link_id"]]["account_id"]], 1)
        for row in self.rows["contact_coverage"]:
            for name in ("reachable", "verified"):
                self.seen[name, row["month"], row["organisation"]] = [(row[name], row["accounts"])]

    def _link(self, link: dict[str, Any]) -> None:
        place = self.of[link["account_id"]]
        if link["state"] == "revoked":
            for name in MONTHS:
                if month(link["state_since"]) <= name:
                    self.seen.setdefault(("tombstones", name, place), []).append(1)
        mine = [row for row in self.listed if row["link_id"] == link["id"]]
        if self.wrong(link) and any(row["suspended"] for row in mine):
            standing = [row["suspended_at"] for row in mine if row["suspended_at"] and row["lifted_at"] is None]
            stopped = min(standing, default=link["state_since"])
            late = 0
            for part in self.rows["message_account"]:
                message = self.messages[part["id"]]
                left = message["claimed_at"] or message["sent_at"]
                late += part["link_id"] == link["id"] and (left - stopped).total_seconds() > 1
            self.note("after_report", stopped, place, late)
        for row in mine:
            self.note("falsely_suspended", row["suspended_at"], place, row["lifted_at"] is not None)
            if row["lifted_at"] is not None:
                gone = (row["lifted_at"] - row["suspended_at"]).total_seconds()
                self.note("falsely_stopped_for", row["suspended_at"], place, gone)
            said = [
                one["at"] for one in self.rows["signal"]
                if one["contact_point_id"] == link["contact_point_id"]
                and one["account_id"] in (None, link["account_id"])
                and one["kind"] in ("wrong_number", "ticket", "staff_report")
                and row["suspended_at"] is not None and one["at"] <= row["suspended_at"]
                and (link["verified_at"] is None or one["at"] > link["verified_at"])
            ]  # fmt: skip
            if said:
                took = (row["suspended_at"] - min(said)).total_seconds()
                self.note("to_stop", row["suspended_at"], place, took)

    def _case(self, case: dict[str, Any]) -> None:
        account = case["account_id"] or next(
            self.links[row["link_id"]]["account_id"] for row in self.listed if row["correction_id"] == case["id"]
        )
        place, applied, signed, again = self.of[account], case["applied_at"], case["signed_at"], case["recurred_at"]
        self.note("recurred", applied, place, again is not None and (again - applied) <= timedelta(days=30))
        self.note("thorough_first", signed, place, case["reopened"] == 0 and again is None)
        if signed is not None:
            self.note("to_complete", signed, place, (signed - case["opened_at"]).total_seconds())

    def of_cell(self, name: str, when: str | None, where: str | None) -> list[Any]:
        """What was noted in a month and place, or (None) in all of them."""
        return [
            value
            for (noted, at, place), values in self.seen.items()
            if noted == name and when in (None, at) and where in (None, place)
            for value in values
        ]

    def share(self, name: str, when: str | None, where: str | None) -> tuple[int, int]:
        values = self.of_cell(name, when, where)
        if name == "resurrections_blocked":
            return len(self.of_cell("blocked", when, where)), len(self.of_cell("tombstones", when, where))
        if name in ("reachable", "verified"):
            return sum(part for part, _ in values), sum(whole for _, whole in values)
        return int(sum(values)), len(values)


def middle(values: list[float], part: float) -> float | None:
    """A quantile, between neighbours in proportion."""
    if not values:
        return None
    ordered, place = sorted(values), part * (len(values) - 1)
    low = int(place)
    return ordered[low] + (place - low) * (ordered[min(low + 1, len(ordered) - 1)] - ordered[low])


TABLES = ("contact_link", "message", "message_account", "premise", "account", "correction", "correction_link",
          "conflict", "contact_coverage", "signal")  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_measure_is_what_its_rows_come_to(town: Town, seed: int) -> None:
    await Past(town, seed).happen()
    rows = {table: await town.rows(f"SELECT * FROM {table}") for table in TABLES}
    # The month that runs was swept by nobody: what is so now is told.
    again = Reckoned(rows)
    again.reckon()
    told = 0
    groups: tuple[reaching.By, ...] = ("month", "organisation", "both", "all")
    for by in groups:
        async with town.database.work() as work:
            found = await reaching.measures(
                work.connection, by, since=SINCE, until=UNTIL, now=UNTIL + timedelta(days=1), zone="Asia/Shanghai"
            )
        cells = {(one.month, one.organisation): one for one in found}
        assert len(cells) == len(found)
        for (when, where), one in cells.items():
            for name in reaching.SHARES:
                share = getattr(one, name)
                part, whole = again.share(name, when, where)
                assert (share.numerator, share.denominator) == (part, whole), (name, when, where)
                per = 10_000 if name == "misdirected" else 1
                assert share.value == (round(part / whole * per, 4) if whole else None)
                told += part > 0
            for name in reaching.TIMES:
                times, values = getattr(one, name), again.of_cell(name, when, where)
                assert times.n == len(values), (name, when, where)
                for told_as, part_of in ((times.median, 0.5), (times.p95, 0.95)):
                    assert told_as == pytest.approx(middle(values, part_of), abs=0.06) if values else told_as is None
                told += len(values) > 0
    assert told > 100, "a past in which nothing happened shows nothing"


@pytest.mark.parametrize("seed", [3])
async def test_how_often_evidence_was_right_is_what_its_rows_come_to(town: Town, seed: int) -> None:
    await Past(town, seed).happen()
    links = await town.rows("SELECT * FROM contact_link")
    decided = await town.rows("SELECT * FROM correction_link WHERE decided_at IS NOT NULL ORDER BY decided_at")
    right: dict[str, set[int]] = {}
    whole: dict[str, set[int]] = {}
    for signal in await town.rows("SELECT * FROM signal"):
        for link in links:
            about = signal["account_id"] in (None, link["account_id"])
            if not about or signal["contact_point_id"] != link["contact_point_id"] or not SINCE <= signal["at"] < UNTIL:
                continue
            after = [row for row in decided if row["link_id"] == link["id"] and row["decided_at"] >= signal["at"]]
            if after:
                whole.setdefault(signal["kind"], set()).add(link["id"])
                speaks_for = signal["kind"] in ("confirmed", "lookup_match")
                if (after[0]["decision"] == "revoke") is not speaks_for:
                    right.setdefault(signal["kind"], set()).add(link["id"])
    async with town.database.work() as work:
        found = await reaching.precision(work.connection, "all", since=SINCE, until=UNTIL, zone="Asia/Shanghai")
    assert {one.kind: (one.right.numerator, one.right.denominator) for one in found} == {
        kind: (len(right.get(kind, ())), len(of)) for kind, of in whole.items()
    }
    assert len(whole) > 3
