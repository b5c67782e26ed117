from __future__ import annotations

import io
import json
import time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tutor.evals import Case


def answer(case: Case) -> str:
    return "It is level, within 30 days." if case.input else ""


def evaluate(*arguments: str) -> str:
    out = io.StringIO()
    call_command("evaluate", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.timeout(400)  # two whole evaluations; what is promised is measured in CPU time
def test_more_than_five_hundred_cases_offline_give_the_same_bytes_within_a_minute(tmp_path: Path) -> None:
    chosen = ("--suite", "texts", "--suite", "prompts", "--suite", "lessons", "--course", "linear-equations")
    began = time.process_time()
    evaluate(*chosen, "--output", str(tmp_path / "one"), "--concurrency", "4")
    taken_s = time.process_time() - began
    evaluate(*chosen, "--output", str(tmp_path / "other"), "--concurrency", "1")

    assert json.loads((tmp_path / "one" / "report.json").read_text())["total"] > 1_000
    assert taken_s < 60
    names = {path.name for path in (tmp_path / "one").iterdir()}
    assert names == {"report.txt", "report.json", "report.xml", "report.github.txt", "report.html"}
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.json"
    cases = [{"input": f"q{n}", "expected": {"contains": "30" if n else "60"}} for n in range(4)]
    path.write_text(json.dumps(cases))
    return path


PROVIDER = ("--provider", "tests.evals.test_the_evaluate_command:answer")


def test_it_only_reports_unless_told_what_a_failure_is(rows: Path) -> None:
    assert "4 cases, 3 passed (75.0%)" in evaluate(str(rows), *PROVIDER)
    assert "PASSED" in evaluate(str(rows), *PROVIDER, "--threshold", "0.75")
    for demanded in (["--threshold", "0.8"], ["--strict"]):
        with pytest.raises(CommandError, match="failed"):
            evaluate(str(rows), *PROVIDER, *demanded)


def test_worse_than_the_baseline_fails(rows: Path, tmp_path: Path) -> None:
    kept = str(tmp_path / "baseline.json")
    evaluate(str(rows), *PROVIDER, "--save-baseline", kept)
    evaluate(str(rows), *PROVIDER, "--baseline", kept)
    rows.write_text(rows.read_text().replace('"30"', '"90"'))

    with pytest.raises(CommandError):
        evaluate(str(rows), *PROVIDER, "--baseline", kept)


def test_it_goes_on_where_it_was(rows: Path, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    first = evaluate(str(rows), *PROVIDER, "--resume", str(journal))
    # The second run finds everything done: its provider would make every case fail.
    again = evaluate(str(rows), "--provider", "builtins:repr", "--resume", str(journal))

    assert first == again


@pytest.mark.parametrize(
    "arguments", [["no-such-file.yaml"], ["--course", "no-such-course"], ["--baseline", "no-such-baseline"]]
)
def test_what_cannot_be_read_is_told_in_a_sentence(arguments: list[str]) -> None:
    with pytest.raises(CommandError, match="no-such"):
        evaluate(*arguments, "--suite", "prompts")
