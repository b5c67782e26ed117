"""What is done about a failed attempt, row by row of the table (DESIGN §5)."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools_app import conf
from tools_app.exceptions import (
    BadArguments,
    BadOutput,
    ChildDied,
    ContextTooLong,
    Misconfigured,
    Overloaded,
    Refused,
    Unreachable,
)
from tools_app.retry import AGAIN, Attempt, Decision, RetryPolicy, backoff_s, choose, decide
from tutor.strategies import TABLE, Strategy

ERRORS: dict[str, BaseException] = {
    "timeout": TimeoutError(),
    "unreachable": Unreachable("down"),
    "overloaded": Overloaded("busy", 1.0),
    "context_too_long": ContextTooLong("9,000 tokens"),
    "bad_output": BadOutput("odd"),
    "killed": ChildDied("out of memory"),
    "out_of_memory": MemoryError(),
    "tool_bug": ZeroDivisionError(),
    "misconfigured": Misconfigured("key"),
    "bad_arguments": BadArguments("odd"),
    "refused": Refused("no"),
}
#: Everything is possible.
FIRST = Attempt(1, 60.0, has_offline=True, can_compact=True)
#: The rows about tool calls.
REASONS = [*ERRORS, "lost_contact"]


def chosen(reason: str, attempt: Attempt) -> Decision:
    error = ERRORS.get(reason)
    return choose(reason, attempt) if error is None else decide(error, attempt)


@pytest.mark.parametrize("reason", ERRORS)
def test_an_error_is_put_into_its_row(reason: str) -> None:
    assert decide(ERRORS[reason], FIRST).reason == reason


@pytest.mark.parametrize("reason", REASONS)
def test_at_first_the_first_strategy_of_the_row_is_applied(reason: str) -> None:
    assert chosen(reason, FIRST).strategy is TABLE[reason].tries[0].strategy


@pytest.mark.parametrize("reason", REASONS)
def test_no_attempt_follows_the_last_one(reason: str) -> None:
    last = replace(FIRST, number=conf.MAX_ATTEMPTS)
    offline = Strategy.OFFLINE in {one.strategy for one in TABLE[reason].tries}

    assert chosen(reason, last).strategy is (Strategy.OFFLINE if offline else Strategy.STOP)
    assert chosen(reason, replace(last, has_offline=False)).strategy is Strategy.STOP


@pytest.mark.parametrize("reason", REASONS)
def test_a_tool_that_must_not_run_twice_does_not(reason: str) -> None:
    strategy = chosen(reason, replace(FIRST, repeatable=False)).strategy

    assert strategy not in {Strategy.RETRY, Strategy.REPAIR}
    if TABLE[reason].last_alone:  # nobody knows whether it ran
        assert strategy is Strategy.PARK


def test_a_history_is_compacted_once_and_only_where_something_compacts() -> None:
    once = replace(FIRST, number=2, used={Strategy.COMPACT: 1})

    assert chosen("context_too_long", once).strategy is Strategy.OFFLINE
    assert chosen("context_too_long", replace(FIRST, can_compact=False)).strategy is Strategy.OFFLINE


def test_an_output_is_repaired_twice_at_most() -> None:
    twice = replace(FIRST, number=2, used={Strategy.REPAIR: 2})

    assert chosen("bad_output", replace(twice, used={Strategy.REPAIR: 1})).strategy is Strategy.REPAIR
    assert chosen("bad_output", twice).strategy is Strategy.OFFLINE


@pytest.mark.parametrize("reason", ["lost_contact", "killed", "out_of_memory"])
def test_the_last_attempt_after_a_lost_process_runs_alone(reason: str) -> None:
    assert [chosen(reason, replace(FIRST, number=number)).alone for number in (1, 2)] == [False, True]


@pytest.mark.parametrize("reason", sorted(set(REASONS) - {"lost_contact", "killed", "out_of_memory"}))
def test_no_other_attempt_runs_alone(reason: str) -> None:
    assert not any(chosen(reason, replace(FIRST, number=number)).alone for number in (1, 2, 3))


def test_an_overloaded_service_is_asked_again_when_it_said() -> None:
    assert decide(Overloaded("busy", 7.0), FIRST).after_s == 7.0


def test_a_wait_longer_than_the_time_that_is_left_is_answered_offline() -> None:
    assert decide(Overloaded("busy", 50.0), replace(FIRST, left_s=45.0)).strategy is Strategy.OFFLINE


@given(attempts=st.integers(1, conf.MAX_ATTEMPTS), number=st.integers(1, 5), reason=st.sampled_from(REASONS))
def test_a_tools_own_policy_bounds_its_attempts(attempts: int, number: int, reason: str) -> None:
    decision = chosen(reason, replace(FIRST, number=number, policy=RetryPolicy(attempts=attempts)))

    assert number < attempts or decision.strategy not in AGAIN


@pytest.mark.parametrize("attempts", [0, conf.MAX_ATTEMPTS + 1])
def test_a_policy_beyond_the_cap_is_refused(attempts: int) -> None:
    with pytest.raises(ValueError, match="attempts"):
        RetryPolicy(attempts=attempts)


@given(
    attempt=st.integers(1, 12),
    seed=st.integers(),
    first=st.floats(0.01, 5),
    most=st.floats(5, 60),
)
def test_the_pause_grows_with_jitter_and_is_bounded(attempt: int, seed: int, first: float, most: float) -> None:
    policy = RetryPolicy(backoff_s=first, backoff_most_s=most)
    pause = backoff_s(attempt, policy, random_=random.Random(seed))

    assert 0 < pause <= min(most, first * 2 ** (attempt - 1))
