"""``make simulate``: five kinds of learners take a whole course, with treatment of known errors and without it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import repeat
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.simulation import table
from tests.simulation.lessons import Outcome, take, without_remediation
from tests.simulation.mind import PROFILES
from tutor.course_format import read
from tutor.machine import TutoringMachine

COURSES = Path(__file__).resolve().parents[2] / "tutor" / "courses"


@cache
def machine(course: str, *, treated: bool) -> TutoringMachine:
    """The machine over a course of the project, in this process."""
    content = read(COURSES / course).course
    return TutoringMachine(content if treated else without_remediation(content))


def one(course: str, treated: bool, profile: int, seed: int) -> Outcome:
    """One lesson, in whatever process."""
    return take(machine(course, treated=treated), PROFILES[profile], seed)


def simulated(course: str, learners: int, seed: int, pool: ProcessPoolExecutor, *, treated: bool) -> Iterator[Outcome]:
    """So many learners of each profile, profile by profile."""
    jobs = [(profile, seed + number) for profile in range(len(PROFILES)) for number in range(learners)]
    profiles, seeds = zip(*jobs, strict=True)
    yield from pool.map(one, repeat(course), repeat(treated), profiles, seeds, chunksize=4)


def main() -> None:
    """Simulate, and print what docs/mastery.md shows."""
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--course", default="linear-equations", help="a course of tutor/courses")
    parser.add_argument("--learners", type=int, default=200, help="of each of the five profiles")
    parser.add_argument("--seed", type=int, default=1, help="the first learner's; the others count on from it")
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    met: list[Outcome] = []
    with Progress(*columns, console=Console(stderr=True)) as bar, ProcessPoolExecutor(options.processes) as pool:
        for treated in (True, False):
            words = "with treatment" if treated else "without treatment"
            task = bar.add_task(f"Lessons {words}", total=options.learners * len(PROFILES))
            outcomes: list[Outcome] = []
            for outcome in simulated(options.course, options.learners, options.seed, pool, treated=treated):
                outcomes.append(outcome)
                bar.advance(task)
            rows = [
                table.row(profile.name, [one for one in outcomes if one.profile == profile.name])
                for profile in PROFILES
            ]
            print(f"\n{options.course}, {words} (seed {options.seed}):\n\n{table.written(rows)}", flush=True)
            met = met or outcomes
    questions, correlation = table.stability(met)
    print(f"\nElo ratings of {questions} questions, one half of the learners against the other: r = {correlation:.2f}")


if __name__ == "__main__":
    main()
