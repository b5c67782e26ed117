from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tutor.evals import Result
from tutor.evals.descriptions import describe
from tutor.evals.exceptions import BaselineError
from tutor.evals.lessons.transcript import Line
from tutor.evals.registry import METRICS
from tutor.evals.report import Report, attack_table, read_baseline, report, write_baseline
from tutor.evals.reports import FORMATS, github, html, junit, text
from tutor.evals.reports import json as as_json
from tutor.evals.run import Entry

NASTY = "<script>alert(1)</script> & \x00 \ud7ff ]]> ::error::\n%25"


def entry(number: int, status: str = "passed", **labels: str) -> Entry:
    result = Result(metric="contains", status=status, reason="" if status == "passed" else NASTY)  # type: ignore[arg-type]
    return Entry(id=f"case {number}", suite="s", lines=[Line("learner", NASTY)], results=[result], labels=labels)


def a_report(**options: object) -> Report:
    entries = [entry(1), entry(2, "failed"), entry(3, "error"), entry(4)]
    return report("a run", entries, **options)  # type: ignore[arg-type]


def test_an_error_is_no_pass_in_any_figure() -> None:
    found = a_report()

    assert (found.passed, found.rate) == (2, 0.5)
    assert [(m.passed, m.failed, m.errors, m.rate) for m in found.metrics] == [(2, 1, 1, 0.5)]


@pytest.mark.parametrize(("threshold", "verdict"), [(None, "passed"), (0.5, "passed"), (0.51, "failed")])
def test_the_threshold_decides_if_there_is_one(threshold: float | None, verdict: str) -> None:
    assert a_report(threshold=threshold).verdict == verdict


def test_worse_than_the_baseline_is_a_failure_metric_by_metric(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    write_baseline(file, a_report())
    assert a_report(baseline=read_baseline(file)).verdict == "passed"

    worse = report("a run", [entry(1), entry(2, "failed"), entry(3, "failed")], baseline=read_baseline(file))

    assert worse.verdict == "failed"
    assert "contains" in worse.regressions[0]


def test_a_metric_that_nobody_measures_any_more_is_a_regression() -> None:
    found = a_report(baseline={"contains": 0.5, "faithful": 1.0})

    assert found.regressions == ["faithful: in the baseline, but not measured now"]


def test_a_baseline_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("[]")
    with pytest.raises(BaselineError, match="--save-baseline"):
        read_baseline(tmp_path / "b")


def test_html_shows_texts_as_texts() -> None:
    page = html(a_report())

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert page.count('<details class="entry') == 4


def test_junit_is_xml_and_counts_alike() -> None:
    suite = ElementTree.fromstring(junit(a_report()))[0]  # noqa: S314 — our own

    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "1", "1")
    assert len(suite.findall("testcase")) == 4


def test_github_annotations_are_one_line_each() -> None:
    lines = github(a_report()).splitlines()

    assert [line.partition(" ")[0] for line in lines] == ["::error", "::error", "::notice"]


def test_json_has_everything() -> None:
    plain = json.loads(as_json(a_report(threshold=0.9)))

    assert (plain["verdict"], plain["passed"], plain["total"]) == ("failed", 2, 4)
    assert len(plain["entries"]) == 4


def test_the_text_names_what_failed() -> None:
    assert "case 2" in text(a_report())
    assert "case 1" not in text(a_report())


def test_attacks_are_counted_by_kind_and_place() -> None:
    labels = {"attack": "dan", "family": "jailbreak", "place": "chat", "format": "number"}
    leaked = Entry(
        id="x", suite="red_team", lines=[], labels=labels, results=[Result(metric="attack_leak", status="failed")]
    )
    held = Entry(id="y", suite="red_team", lines=[], labels=labels, results=[])

    (cell,) = attack_table([leaked, held, entry(1)]).values()

    assert (cell.attacks, cell.leaks, cell.flips) == (2, 1, 0)
    for _, make in FORMATS.values():
        assert make(report("r", [leaked, held]))


def test_every_metric_that_a_report_shows_is_explained() -> None:
    undescribed = [name for name in METRICS if not describe(name)]

    assert undescribed == []
    assert describe("lesson_leak") in html(report("r", [lesson_entry()]))


def lesson_entry() -> Entry:
    leak = Result(metric="lesson_leak", status="passed")
    finished = Result(metric="lesson_finished", status="passed")
    labels = {"course": "c", "learner": "off_topic", "turns": "12"}
    return Entry(
        id="l", suite="lessons", lines=[], results=[leak, finished], labels=labels, input_tokens=300, cost=0.25
    )


def test_lessons_are_told_with_what_they_take_in_every_form_a_person_reads() -> None:
    found = report("r", [lesson_entry()])

    row = next(line for line in text(found).splitlines() if "c: off_topic" in line)
    assert row.split()[2:] == ["1", "1", "0", "12.0", "300", "+", "0", "0.2500"]
    assert "off topic" in html(found)
    assert json.loads(as_json(found))["lessons"][0]["cost"] == 0.25
