"""What the report makes of its runs."""

from __future__ import annotations

from typing import Any

from tests.bench import report, targets


def _run(program: str, number: int, turns_per_s: float, **more: Any) -> dict[str, Any]:
    return {
        "program": program,
        "round": number,
        "sessions": 64,
        "turns_per_s": turns_per_s,
        "p50_ms": 10.0,
        "p99_ms": 20.0,
        "cpu_s_per_1000": 2.0,
        "cpu_s_per_1000_by_role": {"web": 1.5, "worker": 0.5},
        "rss_mb_by_role": {"web": 50.0},
        "client_cpu_share": 0.1,
        "foreign_cpu_share": 0.0,
        **more,
    }


def test_a_ratio_compares_runs_of_the_same_round_so_that_a_slow_phase_cancels_out() -> None:
    runs = [_run("floor", n, speed) for n, speed in enumerate((100.0, 50.0, 100.0))]
    runs += [_run("turn", n, speed) for n, speed in enumerate((200.0, 100.0, 200.0))]

    entry = report.summarise(runs, "floor")[1]

    assert entry["turns_per_s"] == {"median": 200.0, "min": 100.0, "max": 200.0, "ratio": 2.0}


def test_a_program_without_its_floor_has_no_ratio() -> None:
    (entry,) = report.summarise([_run("turn", 0, 100.0)], "floor")

    assert entry["turns_per_s"]["ratio"] is None


def test_figures_that_mean_less_than_they_seem_carry_a_warning() -> None:
    suspicious = {"client_cpu_share": 0.9, "foreign_cpu_share": 0.5, "refusals": {"busy": 2}, "stuck": 1}

    (entry,) = report.summarise([_run("turn", 0, 100.0, outcomes={"completed": 5, "failed": 1}, **suspicious)], "floor")

    assert entry["warnings"] == [
        "load client near its limit",
        "other work on the machine",
        "refusals: {'busy': 2}",
        "stuck turns: 1",
        "turns that did not complete: {'failed': 1}",
    ]


def test_a_target_is_judged_only_where_both_its_programs_were_measured() -> None:
    target = targets.TARGETS[0]
    runs = [_run(target.base, 0, 100.0), _run(target.program, 0, 100.0 * target.ratio)]

    judged = targets.judge(report.summarise(runs, target.base))

    assert [one["met"] for one in judged if one["target"] == target.text] == [True]
    assert not any("tutoring" in one["target"] for one in judged)
