"""Repeats against orders that were labelled by the definition before the detector was read (domain notes S2.2–S2.6).

`labelled/repeats.csv`: orders of a hotline as it exports them, with the event each belongs to and what becomes of it:
`count`, or the code under which it is taken out. The detector is to find every event, whole, and no other.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.cases.repeats import Contact, find
from gateway.kernel.phones import InvalidPhone, parse

_ZONE = ZoneInfo("Asia/Shanghai")
_FOLDER = Path(__file__).parent / "labelled"


def _number(text: str) -> str:
    try:
        return parse(text, "CN").e164
    except InvalidPhone:
        return text


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=_ZONE) if text else None


def _contact(row: dict[str, str]) -> Contact:
    opened_at = _moment(row["opened_at"])
    assert opened_at is not None
    return Contact(
        work_order_no=row["wo_id"],
        kind=row["biz_type"],
        topic=row["subtype"],
        number=_number(row["caller_number"]),
        caller=row.get("caller_name") or None,
        account_no=row["account_no"] or None,
        content=row["content"],
        opened_at=opened_at,
        due_at=_moment(row["due_at"]),
        closed_at=_moment(row["closed_at"]),
        once_done=row["once_done"] == "Y",
        determination=row["determination"] or None,
        related_no=row["related_wo"] or None,
        relation_kind=row["relation_kind"] or None,
        address=row.get("address") or None,
        holder=row.get("holder") or None,
        found_account=row.get("found_account") or None,
    )


def _rows(name: str) -> list[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_labelled_event_is_found_and_no_other() -> None:
    rows = _rows("repeats.csv")
    events: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        if row["event"]:
            events[row["event"], row["label"]].add(row["wo_id"])
    wanted = {frozenset(orders): label for (_, label), orders in events.items()}
    found = {
        frozenset(one.work_order_no for one in event.contacts): "count"
        if event.counted
        else event.exclusion and event.exclusion.code
        for event in find(_contact(row) for row in rows)
    }
    assert found == wanted
    assert len(wanted) == 122 and sum(label == "count" for label in wanted.values()) == 80


def test_a_spring_of_orders_counts_what_its_writer_counted() -> None:
    """`repeats_2026.csv`: written and labelled from the definition alone, by somebody who had never seen the detector.
    What the definition leaves to a person is not in it."""
    rows = _rows("repeats_2026.csv")
    events: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row["event"]:
            events[row["event"]].add(row["wo_id"])
    counted = [event for event in find(_contact(row) for row in rows) if event.counted]
    assert {frozenset(one.work_order_no for one in event.contacts) for event in counted} == {
        frozenset(orders) for orders in events.values()
    }
    assert len(events) == 54


def test_a_summer_of_orders_in_the_words_of_many_clerks() -> None:
    """`repeats_2025.csv`: written and labelled likewise, each order in words of its own; what the archive says of an
    account stands beside it. `person` is what the definition leaves to a person, as whether one who only urged in time
    stands in the event: those that do not count by themselves are left out of the comparison."""
    rows = _rows("repeats_2025.csv")
    events: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        events[row["event"]].add(row["wo_id"])
    left, _ = events.pop("person"), events.pop("")
    counted = [
        frozenset(one.work_order_no for one in event.contacts if one.work_order_no not in event.exclusions)
        for event in find(_contact(row) for row in rows)
        if event.counted
    ]
    assert {orders for orders in counted if not orders <= left} == {frozenset(orders) for orders in events.values()}
    assert len(events) == 74
