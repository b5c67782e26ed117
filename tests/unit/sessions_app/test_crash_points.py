"""Crash points: named once, passed by the code, deadly only when armed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sessions_app import crash_points

ROOT = Path(__file__).resolve().parents[3]


def process(code: str, variable: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"from sessions_app import crash_points\n{code}"],
        cwd=ROOT,
        env={**os.environ, crash_points.VARIABLE: variable},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_named_point_is_passed_somewhere_and_every_passed_point_is_named() -> None:
    passed = {
        point
        for folder in ("sessions_app", "tools_app")
        for file in (ROOT / folder).rglob("*.py")
        if file.name != "crash_points.py"
        for point in re.findall(r'crash_points\.reach\("([^"]+)"\)', file.read_text())
    }

    assert passed == crash_points.POINTS.keys()


def test_a_process_dies_at_the_passage_it_was_told() -> None:
    done = process("for n in (1, 2, 3): crash_points.reach('tool.ran'); print(n, flush=True)", "tool.ran:2")

    assert done.returncode == -signal.SIGKILL
    assert done.stdout == "1\n"


def test_without_the_variable_nothing_happens() -> None:
    done = process("crash_points.reach('tool.ran'); print('alive')")

    assert (done.returncode, done.stdout) == (0, "alive\n")


@pytest.mark.parametrize("variable", ["tool.runs", "tool.ran:0", "tool.ran:x", ":1"])
def test_a_variable_that_names_no_passage_is_said_at_the_start(variable: str) -> None:
    done = process("", variable)

    assert done.returncode == 1
    assert crash_points.VARIABLE in done.stderr
