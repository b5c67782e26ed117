from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from config.restart_history import LONGEST_PAUSE_S, PERIOD_S, RESTARTS_ALLOWED, RestartHistory


def test_the_first_restart_comes_at_once() -> None:
    assert RestartHistory().next_pause_s(now=100.0) == 0.0


def test_restarts_in_a_row_come_ever_later_and_then_not_at_all() -> None:
    history = RestartHistory()

    pauses = [history.next_pause_s(now=100.0) for _ in range(RESTARTS_ALLOWED + 1)]

    allowed = [pause for pause in pauses[:-1] if pause is not None]
    assert len(allowed) == RESTARTS_ALLOWED
    assert allowed == sorted(allowed)
    assert max(allowed) == LONGEST_PAUSE_S
    assert pauses[-1] is None


@given(st.lists(st.integers(int(PERIOD_S), int(10 * PERIOD_S)), max_size=50))
def test_restarts_a_period_apart_go_on_for_ever(gaps: list[int]) -> None:
    history, now = RestartHistory(), 0.0

    for gap in gaps:
        now += gap
        assert history.next_pause_s(now) == 0.0


@given(st.lists(st.integers(0, int(PERIOD_S)), min_size=1, max_size=200))
def test_no_period_sees_more_restarts_than_allowed(gaps: list[int]) -> None:
    history, now, granted = RestartHistory(), 0.0, []

    for gap in gaps:
        now += gap
        if history.next_pause_s(now) is not None:
            granted.append(now)

    for begin in granted:
        assert sum(begin <= at < begin + PERIOD_S for at in granted) <= RESTARTS_ALLOWED
