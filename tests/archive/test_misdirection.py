from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.archive.misdirection import DISOWNING, HeldLink, concerned
from gateway.archive.signals import is_dead

SENT = datetime(2025, 11, 4, tzinfo=UTC)


def held(number: int, **more: Any) -> HeldLink:
    fields = {"premise_id": number, "address": f"晴川路{number}号", "state": "unverified", "verified_at": None}
    return HeldLink(link_id=number, account_id=number, account_no=f"41{number:08d}", **{**fields, **more})


links = st.lists(
    st.builds(
        held,
        st.integers(1, 6),
        premise_id=st.integers(1, 3),
        state=st.sampled_from(["unverified", "verified", "suspended", "revoked"]),
        verified_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    ),
    unique_by=lambda link: link.link_id,
)
accounts = st.sets(st.integers(1, 6))


@given(st.sampled_from(DISOWNING), links, accounts, accounts)
def test_no_link_is_judged_twice_and_none_that_sends_nothing_is_judged(
    intent: Any, held_links: list[HeldLink], answered: set[int], told: set[int]
) -> None:
    concern = concerned(intent, held_links, answered=answered, told=told, since=SENT)
    judged = [*concern.stopped, *concern.asked, *concern.doubtful]
    assert len({link.link_id for link in judged}) == len(judged)
    assert all(link.state in ("unverified", "verified") for link in judged)
    assert all(link.verified_at is None or link.verified_at <= SENT for link in concern.stopped)


@given(links, accounts, accounts)
def test_a_mover_stops_no_more_than_a_stranger(held_links: list[HeldLink], answered: set[int], told: set[int]) -> None:
    mover = concerned("moved_or_sold", held_links, answered=answered, told=told, since=SENT)
    stranger = concerned("wrong_number", held_links, answered=answered, told=told, since=SENT)
    assert {link.link_id for link in mover.stopped} <= {link.link_id for link in stranger.stopped}
    assert not stranger.asked


def test_a_landlord_who_sold_one_flat_keeps_the_others_and_is_asked_about_them() -> None:
    flats = [held(1), held(2), held(3)]
    concern = concerned("moved_or_sold", flats, answered={1}, told={1, 2}, since=SENT)
    assert [link.link_id for link in concern.stopped] == [1]
    assert [link.link_id for link in concern.asked] == [2]


def test_a_family_that_moved_out_has_both_its_meters_stopped() -> None:
    home = {"premise_id": 7, "address": "东湖路9号"}
    concern = concerned("moved_or_sold", [held(1, **home), held(2, **home)], answered={1}, told={1, 2}, since=SENT)
    assert [link.link_id for link in concern.stopped] == [1, 2]


@pytest.mark.parametrize(
    ("kind", "hours", "dead"),
    [
        ("unallocated", [0, 24], True),
        ("unallocated", [0, 23.9], False),
        ("unallocated", [0], False),
        ("temporary", [0, 24], False),
        ("temporary", [0, 100, 14 * 24], True),
        ("temporary", [0, 14 * 24], False),
        ("temporary", [0, 1, 2, 3, 4], False),
        ("blocked", [0, 1000, 2000], False),
        ("no_sms", [0, 1000, 2000], False),
    ],
)
def test_when_a_number_is_dead(kind: str, hours: list[float], dead: bool) -> None:
    moments = {kind: [SENT + timedelta(hours=hour) for hour in hours]}
    assert (is_dead(moments) is not None) is dead
