"""Programs on which the engine once differed from OTP 25, as shrunk by ``tests/otp/fuzz.py``, with OTP's traces."""

from __future__ import annotations

import json

import pytest

from tests.otp.interpreter import play


def one_event(result: str) -> str:
    """A program that gets one plain message in state c and does this."""
    return f'[false, 200, "c", 0, [], [[1, "c", [{result}]]], [], [[["info", 1]]]]'


FOUND = {
    "a repeated enter call keeps its old state until the transition is over": (
        """[true, 200, "a", 0, [], [[1, "a", [["next", "c", null, []]]],
            [8, "c", [["keep", null, [["timeout", "state", 0, 16]]]]], [16, "c", [["next", "a", null, []]]]],
            [["a", [["repeat", 1, []], ["next", "a", 0, []], ["keep", null, []]]]],
            [[["call", 1, 1]], [["info", 8]]]]""",
        "enter a a 0;enter a a 1;call:1 1 a 0;enter a c 0;info 8 c 0;state_timeout 16 c 0;enter c a 0;enter c a 1;"
        "alive a 0 postponed timeouts",
    ),
    "a negative time is a bad action": (
        one_event('["keep", null, [["bad", 1]]]'),
        "info 1 c 0;crash bad action",
    ),
    "inserting an enter event is a bad action": (
        one_event('["keep", null, [["bad", 2]]]'),
        "info 1 c 0;crash bad action",
    ),
    "a reply to nobody is a bad action": (
        one_event('["keep", null, [["bad", 3]]]'),
        "info 1 c 0;crash bad action",
    ),
    "a postpone that is neither true nor false is a bad action": (
        one_event('["keep", null, [["bad", 4]]]'),
        "info 1 c 0;crash bad action",
    ),
    "inserting a call without its caller is a bad action": (
        one_event('["keep", null, [["bad", 6]]]'),
        "info 1 c 0;crash bad action",
    ),
    "a bad reply keeps a machine from stopping in order": (
        one_event('["stop", "finished", null, [["bad", 3]]]'),
        "info 1 c 0;crash bad action",
    ),
}


@pytest.mark.parametrize("found", FOUND)
def test_it_runs_as_in_otp(found: str) -> None:
    program, otp = FOUND[found]
    assert play(json.loads(program)).trace == otp.split(";")
