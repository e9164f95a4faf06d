"""The pace of a lane."""

from __future__ import annotations

from gateway.outbox.pace import Pace


def test_nothing_is_known_before_the_first_span_is_complete() -> None:
    pace = Pace()
    assert pace.a_second(100.0) == 0
    pace.landed()
    assert pace.a_second(100.1) == 0


def test_what_ended_in_a_span_is_told_for_the_next() -> None:
    pace = Pace()
    pace.a_second(100.0)
    for _ in range(50):
        pace.landed()
    assert pace.a_second(100.5) == 100
    assert pace.a_second(100.6) == 100


def test_a_lane_that_stands_still_has_no_pace() -> None:
    pace = Pace()
    pace.a_second(100.0)
    pace.landed()
    assert pace.a_second(101.0) == 1
    assert pace.a_second(102.0) == 0
