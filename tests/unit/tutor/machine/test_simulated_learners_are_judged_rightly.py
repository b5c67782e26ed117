"""A few learners whose minds are known; `make simulate` takes a thousand of them (docs/mastery.md)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tests.simulation import table
from tests.simulation.lessons import Outcome, take, without_remediation
from tests.simulation.mind import PROFILES, Profile
from tutor.course_format import read
from tutor.machine import TutoringMachine

COURSE = read(Path(__file__).resolve().parents[4] / "tutor" / "courses" / "linear-equations").course
OF: dict[str, Profile] = {profile.name: profile for profile in PROFILES}


@cache
def machine(*, treated: bool) -> TutoringMachine:
    return TutoringMachine(COURSE if treated else without_remediation(COURSE))


@cache
def lessons(profile: str, learners: int, *, treated: bool = True) -> list[Outcome]:
    return [take(machine(treated=treated), OF[profile], seed) for seed in range(learners)]


def test_who_knows_it_is_called_a_master_soon() -> None:
    strong = table.row("strong", lessons("strong", 3))

    assert (strong.precision, strong.recall) == (1.0, 1.0)
    assert strong.questions < 30


def test_who_guesses_is_not() -> None:
    guessing = table.row("guessing", lessons("guessing", 1))

    assert (guessing.known, guessing.called) == (0, 0)


def test_treatment_cures_misconceptions_that_verdicts_alone_leave() -> None:
    treated, untreated = (table.row("weak", lessons("weak", 3, treated=treated)) for treated in (True, False))

    assert treated.held == untreated.held > 0
    assert (treated.cured or 0) > (untreated.cured or 0)
    assert treated.known >= untreated.known


def test_the_same_seed_is_the_same_learner() -> None:
    assert take(machine(treated=True), OF["strong"], 1) == lessons("strong", 3)[1]


def test_the_table_says_what_was_seen() -> None:
    outcome = Outcome(
        "weak", questions=10, called={"a": True, "b": False}, known={"a": True, "c": True}, held=4, cured=3
    )
    one = table.row("weak", [outcome])

    assert (one.precision, one.recall, one.cured) == (0.5, 0.5, 0.75)
    assert table.written([one]).splitlines()[2] == (
        "| 1 weak | 10 | 2 | 2 (100.0 %) | 2 (100.0 %) | 50.0 % | 50.0 % | 75.0 % of 4 |"
    )
