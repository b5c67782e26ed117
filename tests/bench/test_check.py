"""What a change is held to, and the whole report, are judged on figures made up here."""

from __future__ import annotations

from tests.bench import check, everything
from tests.bench.check import Bound
from tests.bench.programs import ECHO_TURN, FLOORS, TUTORING_TURN


def reports(cpu: list[float]) -> dict[str, object]:
    """Reports of a run whose echo turn took so much CPU of the floor's, round by round."""
    runs = [
        {
            "program": program, "round": number, "sessions": sessions, "turns_per_s": 100.0, "p50_ms": 1.0,
            "cpu_s_per_1000": ratio if program == ECHO_TURN else 1.0,
        }
        for number, ratio in enumerate(cpu)
        for sessions in (1, 64)
        for program in (FLOORS["steps"], ECHO_TURN, TUTORING_TURN)
    ]  # fmt: skip
    slots = {"rounds": [{"ratio": 1.1, "rss_mb": 150.0}]}
    return {"check": {"runs": runs}, "tools": {"figures": {"slots": slots}}, "idle": {"kb_each": 36.0}}


def cpu_bound(cpu: list[float]) -> tuple[float, bool]:
    bound: Bound = check.BOUNDS[0]
    return bound.best(reports(cpu)), bound.holds(reports(cpu))


def test_a_bound_is_compared_with_the_best_of_the_rounds() -> None:
    assert cpu_bound([3.0, 0.7, 2.0]) == (0.7, True)
    assert cpu_bound([3.0, 1.1, 2.0]) == (1.1, False)


def test_every_bound_finds_its_figures_in_the_reports() -> None:
    assert [holds for _, _, holds in check.judge(reports([0.7]))] == [True] * len(check.BOUNDS)


def test_a_part_that_failed_is_told_as_a_promise_that_was_not_met() -> None:
    found = {"parts": {"idle": {"report": None, "code": 1}}}

    ((name, line),) = everything.lines(found)

    assert (name, line.met) == ("idle", False)
