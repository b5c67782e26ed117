"""A project of its own, outside of this checkout, with nothing but ``-p tutor.evals.plugin``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from config.services.data_folder import CHECKOUT

TESTS = """
import pytest
from tutor.evals import Case, assert_contains, assert_faithful, check, refute_hallucination, refute_pii

CONTEXT = ["Returns are accepted within 30 days with a receipt."]


def policy(case):
    return "Within 30 days, with a receipt." if "return" in case.input else "Call +44 20 7946 0958."


def test_a_gate():
    answer = policy(Case(input="Can I return it?"))
    assert_contains(answer, "30 days")
    assert_faithful(answer, context=CONTEXT)
    refute_hallucination(answer, context=CONTEXT)
    refute_pii(answer)


def test_a_gate_that_fails():
    refute_pii(policy(Case(input="Who are you?")))


@pytest.mark.tribunal(mode="eval")
@pytest.mark.parametrize("text", ["within 30 days", "within 60 days"])
def test_an_evaluation(text):
    check(Case(input="When?", output=text, context=CONTEXT)).assert_faithful().assert_max_length(20)


@pytest.mark.tribunal(mode="eval")
@pytest.mark.tribunal_dataset("cases.yaml", provider=policy)
def test_rows(row, results):
    assert len(results) == len(row.expected)
"""
DATASET = """
- {id: returns, input: "Can I return it?", expected: {contains: 30 days, pii: {}}}
- {id: who, input: "Who are you?", expected: {contains: 30 days, pii: {}}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "test_policy.py").write_text(TESTS)
    (tmp_path / "cases.yaml").write_text(DATASET)
    return tmp_path


def pytest_in(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DJANGO_", "JUDGE_"))}
    ours["PYTHONPATH"] = str(CHECKOUT)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tutor.evals.plugin", "-p", "no:cacheprovider", *arguments],
        cwd=project, env=ours, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip


def test_gates_fail_at_once_and_evaluations_are_taken_down(project: Path) -> None:
    ran = pytest_in(project)

    assert "1 failed, 5 passed" in ran.stdout, ran.stdout + ran.stderr
    assert 'pii: says "international phone number' in ran.stdout
    assert "nothing supports the number 60" in ran.stdout
    assert ran.returncode == 1


@pytest.mark.parametrize(("threshold", "status"), [("0.4", 0), ("0.9", 1)])
def test_the_threshold_decides_about_a_run_of_evaluations(project: Path, threshold: str, status: int) -> None:
    ran = pytest_in(project, "-k", "evaluation or rows", "--tribunal-threshold", threshold)

    assert ran.returncode == status, ran.stdout + ran.stderr
    assert "4 passed" in ran.stdout


def test_reports_and_a_baseline(project: Path) -> None:
    chosen = ("-k", "evaluation or rows", "--tribunal-output", "out")
    first = pytest_in(project, *chosen, "--tribunal-report", "json,html,junit,github", "--tribunal-save-baseline", "b")
    assert first.returncode == 0, first.stdout + first.stderr
    written = json.loads((project / "out" / "report.json").read_text())
    assert (written["passed"], written["total"]) == (2, 4)
    assert {path.name for path in (project / "out").iterdir()} == {
        "report.json", "report.html", "report.xml", "report.github.txt",
    }  # fmt: skip

    (project / "cases.yaml").write_text(DATASET.replace("30 days", "90 days"))
    worse = pytest_in(project, *chosen, "--tribunal-baseline", "b")

    assert worse.returncode == 1
    assert "contains: 0.00%, in the baseline 50.00%" in worse.stdout


def test_an_option_that_does_not_exist_is_told_before_any_test_runs(project: Path) -> None:
    ran = pytest_in(project, "--tribunal-report", "pdf")

    assert ran.returncode == 4
    assert "there is no report 'pdf'" in ran.stderr


def test_it_needs_no_django(project: Path) -> None:
    (project / "test_policy.py").write_text(
        "import sys\ndef test_it(): assert not {'django', 'celery', 'redis', 'channels'} & set(sys.modules)\n"
    )
    ran = pytest_in(project, "-p", "no:django")

    assert "1 passed" in ran.stdout, ran.stdout + ran.stderr


def test_the_entry_point_names_the_plugin() -> None:
    declared = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]

    assert declared == {"tribunal": "tutor.evals.plugin"}
    assert callable(import_module(declared["tribunal"]).pytest_addoption)
