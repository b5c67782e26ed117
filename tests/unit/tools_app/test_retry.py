"""What is done about a failed attempt, row by row of the table."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools_app import conf
from tools_app.exceptions import BadArguments, BadOutput, ChildDied, Misconfigured, Overloaded, Refused, Unreachable
from tools_app.retry import backoff_s, decide

ERRORS: dict[str, Exception] = {
    "timeout": TimeoutError(),
    "unreachable": Unreachable("down"),
    "overloaded": Overloaded("busy", 1.0),
    "bad_output": BadOutput("odd"),
    "misconfigured": Misconfigured("key"),
    "tool_bug": ZeroDivisionError(),
    "bad_arguments": BadArguments("odd"),
    "refused": Refused("no"),
    "killed": ChildDied("out of memory"),
}


@pytest.mark.parametrize("reason", ERRORS)
def test_an_error_is_put_into_its_row(reason: str) -> None:
    assert decide(ERRORS[reason], 1, has_offline=True, left_s=60).reason == reason


@pytest.mark.parametrize(
    ("reason", "again"),
    [("timeout", "retry"), ("unreachable", "retry"), ("overloaded", "wait"), ("bad_output", "repair")],
)
def test_what_may_pass_is_tried_again_then_answered_offline_then_given_up(reason: str, again: str) -> None:
    error = ERRORS[reason]

    assert decide(error, 1, has_offline=True, left_s=60).strategy == again
    assert decide(error, conf.MAX_ATTEMPTS, has_offline=True, left_s=60).strategy == "offline"
    assert decide(error, conf.MAX_ATTEMPTS, has_offline=False, left_s=60).strategy == "stop"


@pytest.mark.parametrize("reason", ["misconfigured", "tool_bug"])
def test_what_will_not_pass_is_answered_offline_at_once(reason: str) -> None:
    assert decide(ERRORS[reason], 1, has_offline=True, left_s=60).strategy == "offline"


@pytest.mark.parametrize("reason", ["bad_arguments", "refused"])
def test_what_must_not_run_ends_at_once(reason: str) -> None:
    assert decide(ERRORS[reason], 1, has_offline=True, left_s=60).strategy == "stop"


def test_an_overloaded_service_is_asked_again_when_it_said() -> None:
    assert decide(Overloaded("busy", 7.0), 1, has_offline=True, left_s=60).after_s == 7.0


def test_a_wait_longer_than_the_time_that_is_left_is_answered_offline() -> None:
    assert decide(Overloaded("busy", 50.0), 1, has_offline=True, left_s=45).strategy == "offline"


@given(attempt=st.integers(1, 12), seed=st.integers())
def test_the_pause_grows_with_jitter_and_is_bounded(attempt: int, seed: int) -> None:
    pause = backoff_s(attempt, random_=random.Random(seed))

    assert 0 < pause <= conf.BACKOFF_MOST_S
    assert pause <= conf.BACKOFF_S * 2 ** (attempt - 1)
