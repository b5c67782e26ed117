"""A learner's program can compute and nothing else; what fails for want of a machine is never called wrong."""

from __future__ import annotations

import platform
import time
from pathlib import Path

import pytest

from tests.unit.tutor.checking.every_format import CODE
from tutor.checking import check, sandbox
from tutor.leak_gate import leaks

pytestmark = pytest.mark.skipif(
    platform.system() != "Linux" or platform.machine() not in {"x86_64", "aarch64"},
    reason="elsewhere no program is run at all",
)


def test_a_right_program_is_correct_and_a_wrong_one_is_told_where() -> None:
    assert check(CODE, "def add(a, b):\n    return a + b").verdict == "correct"
    assert check(CODE, "```python\ndef add(a, b):\n    return sum([a, b])\n```").verdict == "correct"
    partly = check(CODE, "def add(a, b):\n    return abs(a + b)")
    assert (partly.verdict, partly.score) == ("partial", 0.5)
    assert "add(0, -1) gives 1" in partly.feedback
    assert check(CODE, "def add(a, b):\n    return a - b").verdict == "wrong"


def test_what_is_no_program_is_malformed() -> None:
    assert check(CODE, "def add(a, b)\n    return a").code == "syntax"
    assert check(CODE, "def plus(a, b):\n    return a + b").code == "no_function"


@pytest.mark.parametrize(
    "body",
    [
        "open('{mark}', 'w').write('x')",
        "open('/etc/passwd').read()",
        "__import__('os').system('touch {mark}') and 1 / 0",
        "__import__('os').open('{mark}', 64 | 1)",
        "__import__('os').fork()",
        "__import__('os').kill(__import__('os').getppid(), 9)",
        "__import__('os').execv('/bin/sh', ['sh'])",
        "__import__('os').mkdir('{mark}')",
        "__import__('os').listdir('/')",
        "__import__('socket').create_connection(('127.0.0.1', 9))",
        "__import__('ctypes').CDLL(None).socket(2, 1, 0) < 0 and 1 / 0",
        "__import__('subprocess').run(['touch', '{mark}'])",
        "__import__('threading').Thread(target=print).start()",
        "__import__('resource').setrlimit(0, (-1, -1))",
    ],
)
def test_no_file_no_process_no_network(body: str, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    verdict = check(CODE, f"def add(a, b):\n    {body.format(mark=mark)}\n    return 'reached'")

    assert not mark.exists()
    assert verdict.verdict == "wrong"
    assert "reached" not in verdict.feedback


@pytest.mark.parametrize(
    "source",
    [
        "def add(a, b):\n    while True: pass",
        "def add(a, b):\n    return [0] * 10**10",
        "import os\nwhile True: os.write(1, b'x' * 4096)",
        "x = 'a'\nwhile True: x += x",
        "def add(a, b): return add(a, b)",
        "import os\nos._exit(0)",
        "def add(a, b): return 10**10**8",
        "import sys\ndef add(a, b): return '9' * 10**7",
    ],
)
def test_what_does_not_end_is_ended(source: str) -> None:
    started = time.monotonic()
    verdict = check(CODE, source)

    assert verdict.verdict in {"wrong", "undecided"}
    assert time.monotonic() - started < sandbox.parent.DEADLINE_S + 2


def test_the_right_results_are_not_where_the_program_runs() -> None:
    spy = "import gc\ndef add(a, b): return [o for o in gc.get_objects() if isinstance(o, dict) and 'expect' in o]"

    assert check(CODE, spy).verdict == "wrong"


def test_forged_output_proves_nothing() -> None:
    forged = 'import os\nos.write(1, b\'{"results": [{"value": true}, {"value": true}]}\')\nos._exit(0)'

    assert check(CODE, forged).verdict == "wrong"


def test_without_a_locked_process_the_verdict_is_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(*_: object) -> None:
        raise sandbox.Unavailable("no seccomp here")

    monkeypatch.setattr(sandbox, "run", unavailable)

    assert check(CODE, "def add(a, b): return a + b").verdict == "undecided"


def test_the_reference_solution_is_not_shown() -> None:
    assert leaks("Write def add(a, b): return a + b.", CODE)
    assert not leaks("Your function should return the sum.", CODE)
