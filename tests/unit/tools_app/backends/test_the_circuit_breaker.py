"""Who cannot be reached is left alone for a while, then tried by one request."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tools_app.backends.breaker import Breaker, Circuit

BREAKER = Breaker(threshold=3, open_s=30)


def failed(times: int, now: float = 0.0) -> Circuit:
    circuit = Circuit()
    for _ in range(times):
        circuit = BREAKER.failed(circuit, now)
    return circuit


def test_it_opens_after_so_many_failures_in_a_row() -> None:
    assert BREAKER.admit(failed(2), 1)[0]
    assert not BREAKER.admit(failed(3), 1)[0]
    assert BREAKER.opens_in(failed(3), 1) == 29


def test_a_success_between_them_counts_from_the_beginning() -> None:
    circuit = BREAKER.failed(BREAKER.succeeded(failed(2)), 0)
    assert BREAKER.admit(circuit, 0)[0]


def test_after_its_time_one_request_tries_and_the_others_wait_for_what_it_says() -> None:
    admitted, circuit = BREAKER.admit(failed(3), 31)
    assert admitted
    assert not BREAKER.admit(circuit, 32)[0]

    assert BREAKER.admit(BREAKER.succeeded(circuit), 33)[0]
    assert not BREAKER.admit(BREAKER.failed(circuit, 33), 34)[0]


def test_a_try_that_is_never_heard_of_again_does_not_close_it_for_good() -> None:
    _, circuit = BREAKER.admit(failed(3), 31)
    assert BREAKER.admit(circuit, 31 + 30)[0]


@given(st.lists(st.tuples(st.sampled_from(["ask", "succeeded", "failed"]), st.floats(0.1, 20)), max_size=60))
def test_it_never_admits_two_tries_at_once_nor_stays_open_for_ever(steps: list[tuple[str, float]]) -> None:
    circuit, now = Circuit(), 0.0
    for what, passed in steps:
        now += passed
        if what == "succeeded":
            circuit = BREAKER.succeeded(circuit)
        elif what == "failed":
            circuit = BREAKER.failed(circuit, now)
        else:
            admitted, circuit = BREAKER.admit(circuit, now)
            if admitted and circuit.open_until is not None:
                assert not BREAKER.admit(circuit, now)[0]
    assert BREAKER.admit(circuit, now + 60)[0]
