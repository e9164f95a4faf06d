"""What is claimed and not begun."""

from __future__ import annotations

from uuid import uuid4

import pytest

from gateway.outbox.claiming import Claimed
from gateway.outbox.ready import Ready


def _claimed(priority: int) -> Claimed:
    return Claimed(uuid4(), "+8613900000001", "停电通知", None, 1, None, priority)


def test_a_code_goes_before_a_notice_and_each_kind_in_its_order() -> None:
    ready = Ready()
    notices, codes = [_claimed(3), _claimed(3)], [_claimed(0), _claimed(0)]
    for message in (notices[0], codes[0], notices[1], codes[1]):
        ready.add(message, 1.0)
    assert len(ready) == 4
    assert list(ready) == [*codes, *notices]
    assert [ready.take()[0] for _ in range(4)] == [*codes, *notices]
    assert not ready
    with pytest.raises(IndexError):
        ready.take()


def test_one_that_was_judged_long_ago_is_seen_whatever_stands_before_it() -> None:
    ready = Ready()
    assert not ready.stale(9.0)
    ready.add(_claimed(3), 1.0)
    ready.add(_claimed(0), 5.0)
    assert ready.stale(1.5)
    assert not ready.stale(1.0)
    ready.clear()
    assert not ready.stale(9.0)
    assert len(ready) == 0
