"""Every example of AGENTS.md's pages and of docs/evals.md runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from config.services.data_folder import CHECKOUT
from tests.unit.tutor.observers.hand_log import HandLog
from tools_app import registry
from tutor import course_rules
from tutor.course_format import parse
from tutor.evals import dataset, suites
from tutor.evals.judges.metrics import JUDGED
from tutor.evals.registry import ASSERTIONS, METRICS
from tutor.evals.run import run
from tutor.observers import registry as observers

RULES = CHECKOUT / "docs" / "usage-rules"


def examples(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)


def executed(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "usage_rules"}
    exec(compile(code, "usage_rules.py", "exec"), names)  # noqa: S102 — the project's own pages
    return names


@pytest.fixture(autouse=True)
def _examples_leave_nothing_behind() -> Any:
    tables: list[Any] = [METRICS, ASSERTIONS, JUDGED, registry._online, registry._offline, observers._observers]
    known = [dict(table) for table in tables]
    yield
    for table, before in zip(tables, known, strict=True):
        table.clear()
        table.update(before)


def test_a_tool() -> None:
    (code,) = examples(RULES / "tool.md", "python")
    names = executed(code)

    tool, _ = registry.find("count_words")
    assert tool.function is names["count_words"]
    assert tool.bind({"text": "three small words"}) == {"text": "three small words"}
    assert names["count_words"](None, "three small words") == {"words": 3}


def test_a_course() -> None:
    (text,) = examples(RULES / "course.md", "yaml")
    source = parse(text, Path("course.yaml"))

    assert course_rules.findings(source) == []
    assert suites.violations(run(list(suites.gate(source.course)))) == []


def test_a_machine() -> None:
    (code,) = examples(RULES / "machine.md", "python")

    assert executed(code)["outcome"].after.data == 1


def test_an_observer() -> None:
    (code,) = examples(RULES / "observer.md", "python")
    executed(code)
    log = HandLog()
    places = tuple(log.answer("malformed") for _ in range(3))
    log.answer("malformed")

    assert log.told("typing") == [("teacher", "typing", places)]


def test_an_evaluation(tmp_path: Path) -> None:
    for code in examples(RULES / "evaluation.md", "python"):
        executed(code)
    (rows,) = examples(RULES / "evaluation.md", "yaml")
    (tmp_path / "kind.yaml").write_text(rows)

    entries = run(list(suites.tasks_of(dataset.load(tmp_path / "kind.yaml"), None)))

    assert suites.violations(entries) == []
    assert "is_kind" in JUDGED


def test_the_page_about_evaluations() -> None:
    (code,) = examples(CHECKOUT / "docs" / "evals.md", "python")
    names = executed(code)

    names["test_the_answer_keeps_to_its_source"]()
    names["test_the_same_in_one_line"]()
    page = (CHECKOUT / "docs" / "evals.md").read_text()
    assert {f"`{name}`" for name in METRICS} <= set(re.findall(r"`[a-z_]+`", page))


def test_links_lead_somewhere() -> None:
    for page in (CHECKOUT / "AGENTS.md", CHECKOUT / "docs" / "evals.md", *RULES.glob("*.md")):
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if "://" not in link:
                assert (page.parent / link).exists(), (page.name, link)


def test_every_page_is_in_the_table() -> None:
    linked = set(re.findall(r"docs/usage-rules/([a-z]+\.md)\)", (CHECKOUT / "AGENTS.md").read_text()))

    assert linked == {page.name for page in RULES.glob("*.md")}
