"""2,400 random programs as real OTP 25 ran them (``tests/otp/golden.jsonl.xz``): the engine does the same.

``tests/otp/fuzz.py`` does this with new programs where Erlang is installed; ``tests/otp/record.py`` makes the file.
"""

from __future__ import annotations

import pickle
from collections import Counter

import pytest

from tests.otp.interpreter import differs, play
from tests.otp.program import Program
from tests.otp.record import recorded
from tutor.statem import Snapshot


@pytest.fixture(scope="module")
def programs() -> list[tuple[Program, list[str]]]:
    return list(recorded())


def test_every_recorded_program_runs_as_it_did_in_otp(programs: list[tuple[Program, list[str]]]) -> None:
    diverging = [number for number, (program, otp) in enumerate(programs) if differs(play(program), otp)]
    assert diverging == []
    assert len(programs) >= 2_000


def test_a_machine_that_moves_to_another_process_between_any_two_events_runs_the_same(
    programs: list[tuple[Program, list[str]]],
) -> None:
    def moved(snapshot: Snapshot) -> Snapshot:
        copy = pickle.loads(pickle.dumps(snapshot))  # noqa: S301 - our own bytes
        assert isinstance(copy, Snapshot)
        return copy

    for program, otp in programs[:300]:
        assert not differs(play(program, between=moved), otp)


def test_the_recorded_programs_meet_every_ending_and_kind_of_event(programs: list[tuple[Program, list[str]]]) -> None:
    words = Counter(text.split(" ")[0].split(":")[0] for _, otp in programs for text in otp)
    kinds = {"call", "cast", "info", "internal", "timeout", "state_timeout", "named", "enter", "reply"}
    assert set(words) >= kinds | {"alive", "stopped", "crash", "cap"}
    assert min(words[kind] for kind in kinds) > 1_000
    ends = Counter(otp[-1] for _, otp in programs if otp[-1].startswith("crash"))
    assert set(ends) == {"crash bad return", "crash bad action", "crash boom"}
