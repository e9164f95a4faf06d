"""The breaker, a pure automaton: opened by failures, closed by one success, probed by one message at a time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.outbox.breaker import Breaker, BreakerState
from gateway.outbox.carriers import Accepted, Outcome, Refused, Throttled, Unknown

GOOD = Accepted(carrier_id="SM1")
NO_SUCH = Refused(code="21211", for_good=True, why="not a number")
DOWN = Refused(code="not_connected", for_good=False, why="ConnectorError")
LOST = Unknown(why="TimeoutError")
BUSY = Throttled(after=1, code="20429")


def _after(*outcomes: Outcome, at: float = 100.0) -> Breaker:
    breaker = Breaker()
    for outcome in outcomes:
        breaker.ended(outcome, at, 0.5)
    return breaker


def test_a_few_failures_are_not_enough() -> None:
    assert _after(DOWN, DOWN, DOWN, DOWN).state(100) is BreakerState.CLOSED
    assert _after(*[GOOD, LOST] * 20).state(100) is BreakerState.CLOSED
    assert _after(*[BUSY] * 50).state(100) is BreakerState.CLOSED
    assert _after(*[NO_SUCH] * 50).state(100) is BreakerState.CLOSED


def test_a_run_of_failures_opens_it_and_old_ones_are_forgotten() -> None:
    breaker = _after(DOWN, LOST, DOWN, DOWN)
    breaker.ended(DOWN, 101, 0.5)
    assert breaker.state(101) is BreakerState.OPEN
    assert breaker.reason == "ConnectorError"
    slow = Breaker()
    for at in range(0, 1000, 20):
        slow.ended(DOWN, at, 0.5)
        assert slow.state(at) is BreakerState.CLOSED


def test_one_try_at_a_time() -> None:
    breaker = _after(*[DOWN] * 5)
    assert breaker.room(100.5, 16) == 0
    now = 100 + breaker.wait(100)
    assert breaker.state(now) is BreakerState.HALF_OPEN
    assert breaker.room(now, 16) == 1
    assert breaker.begin()
    assert breaker.room(now, 16) == 0
    breaker.not_begun(trying=True)
    assert breaker.room(now, 16) == 1


def test_the_try_decides() -> None:
    breaker = _after(*[DOWN] * 5)
    now = 102.0
    first_rest = breaker.wait(100)
    breaker.begin()
    breaker.ended(LOST, now, 0.5, trying=True)
    assert breaker.state(now) is BreakerState.OPEN
    assert breaker.wait(now) > first_rest
    now += breaker.wait(now)
    breaker.begin()
    breaker.ended(GOOD, now, 0.5, trying=True)
    assert breaker.state(now) is BreakerState.CLOSED
    assert breaker.room(now, 16) == 16
    assert breaker.reason == ""


def test_what_was_under_way_when_it_opened_does_not_count_as_the_try() -> None:
    breaker = _after(*[DOWN] * 5)
    breaker.begin()
    breaker.ended(DOWN, 105, 0.5, trying=False)
    assert breaker.room(105, 16) == 0
    breaker.ended(GOOD, 105, 0.5, trying=False)
    assert breaker.state(105) is BreakerState.CLOSED


def test_throttling_in_the_try_leaves_it_half_open_for_the_next() -> None:
    breaker = _after(*[DOWN] * 5)
    breaker.begin()
    breaker.ended(BUSY, 105, 0.5, trying=True)
    assert breaker.room(105, 16) == 1


@given(st.lists(st.tuples(st.sampled_from([GOOD, NO_SUCH, DOWN, LOST, BUSY]), st.floats(0, 40)), max_size=80))
def test_it_never_stays_shut_for_good(story: list[tuple[Outcome, float]]) -> None:
    breaker, now = Breaker(), 0.0
    for outcome, later in story:
        now += later
        trying = breaker.room(now, 4) > 0 and breaker.begin()
        breaker.ended(outcome, now, 0.9, trying=trying)
        assert breaker.wait(now) <= 40
    assert breaker.room(now + breaker.wait(now), 4) > 0
