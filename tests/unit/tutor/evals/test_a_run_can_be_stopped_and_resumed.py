from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tutor.evals import Case, evaluate
from tutor.evals.report import report
from tutor.evals.reports import FORMATS
from tutor.evals.run import Entry, Journal, Task, run
from tutor.evals.suites import entry


def tasks(count: int, before: Callable[[int], None] = lambda _n: None) -> list[Task]:
    def task(number: int) -> Task:
        def evaluated() -> Entry:
            before(number)
            case = Case(input=f"question {number}", output=f"answer {number}")
            return entry(f"t{number}", "s", case, evaluate(case, {"contains": "1"}))

        return Task(f"t{number}", "s", evaluated)

    return [task(number) for number in range(count)]


def test_the_report_is_the_same_whatever_ends_first() -> None:
    def a_while(_number: int) -> None:
        time.sleep(random.random() / 200)

    reports = [
        [make(report("r", run(tasks(60, a_while), concurrency=n))) for _, make in FORMATS.values()] for n in (1, 8, 8)
    ]

    assert reports[0] == reports[1] == reports[2]


def test_a_task_that_raises_is_an_error_and_the_others_go_on() -> None:
    def third_fails(number: int) -> None:
        if number == 2:
            raise RuntimeError("out of ink")

    entries = run(tasks(5, third_fails), concurrency=2)

    assert [one.id for one in entries] == ["t0", "t1", "t2", "t3", "t4"]
    assert [(result.status, result.reason) for result in entries[2].results] == [("error", "RuntimeError: out of ink")]


def test_what_was_done_is_not_done_again(tmp_path: Path) -> None:
    file = tmp_path / "journal"
    done: list[int] = []

    def stopped_at_ten(number: int) -> None:
        if number == 10:
            raise KeyboardInterrupt
        done.append(number)

    with pytest.raises(KeyboardInterrupt), Journal(file, tasks(20)) as journal:
        run(tasks(20, stopped_at_ten), journal=journal)
    first = len(done)
    assert 0 < first <= 19

    with Journal(file, tasks(20)) as journal:
        kept = len(journal.entries)
        entries = run(tasks(20, done.append), journal=journal)

    assert kept >= 10
    assert [one.id for one in entries] == [f"t{number}" for number in range(20)]
    assert report("r", entries) == report("r", run(tasks(20)))


def test_a_line_that_was_cut_off_by_a_kill_is_done_again(tmp_path: Path) -> None:
    file = tmp_path / "journal"
    with Journal(file, tasks(3)) as journal:
        run(tasks(3), journal=journal)
    file.write_bytes(file.read_bytes()[:-20])

    with Journal(file, tasks(3)) as journal:
        assert set(journal.entries) == {"t0", "t1"}
        run(tasks(3), journal=journal)
    with Journal(file, tasks(3)) as journal:
        assert set(journal.entries) == {"t0", "t1", "t2"}


def test_another_list_of_tasks_begins_anew(tmp_path: Path) -> None:
    file = tmp_path / "journal"
    with Journal(file, tasks(3)) as journal:
        run(tasks(3), journal=journal)

    assert Journal(file, tasks(4)).entries == {}
    assert Journal(file, tasks(3), "another judge").entries == {}


def test_so_many_run_at_once() -> None:
    together = threading.Barrier(4, timeout=10)

    def meet(_number: int) -> None:
        together.wait()

    entries = run(tasks(4, meet), concurrency=4)

    assert all(result.status != "error" for one in entries for result in one.results)
