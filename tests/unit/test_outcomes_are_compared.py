"""The comparison behind the crash points can fail."""

from __future__ import annotations

import pytest

from tests.crash_points.outcome import difference

LIVED = {"log": [["step", 1], ["turn.finished", 1]], "row": {"state": "a"}}


def test_equal_outcomes_do_not_differ() -> None:
    assert difference(LIVED, {"log": [["step", 1], ["turn.finished", 1]], "row": {"state": "a"}}) is None


@pytest.mark.parametrize(
    ("killed", "words"),
    [
        ({**LIVED, "row": {"state": "b"}}, ".row.state: the run that lived has 'a'"),
        ({**LIVED, "log": [["step", 1]]}, ".log: 1 lost, the first is ['turn.finished', 1]"),
        ({**LIVED, "log": [*LIVED["log"], ["step", 1]]}, ".log: 1 too many"),
        ({**LIVED, "log": [["step", 2], ["turn.finished", 1]]}, ".log[0][1]: the run that lived has 1"),
        ({"log": LIVED["log"]}, ".row: the run that lived has {'state': 'a'}"),
    ],
)
def test_what_differs_is_named(killed: object, words: str) -> None:
    found = difference(LIVED, killed)

    assert found is not None
    assert found.startswith(words)
