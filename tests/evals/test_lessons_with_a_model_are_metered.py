"""With a model behind the explanations, a report says what a lesson takes: tokens, and cost where prices are known."""

from __future__ import annotations

import io

import httpx
import pytest
from django.core.management import CommandError, call_command

from tutor.evals import subject, suites
from tutor.evals.endpoint import Endpoint, Prices
from tutor.evals.report import lesson_table, report
from tutor.evals.run import run

COURSE = subject.course("linear-equations")
TEXT = "Think of a balance: what is done on one side is done on the other. What would you undo first?"


def model(status: int = 200) -> Endpoint:
    def answer(_request: httpx.Request) -> httpx.Response:
        usage = {"prompt_tokens": 200, "completion_tokens": 30}
        return httpx.Response(status, json={"choices": [{"message": {"content": TEXT}}], "usage": usage})

    return Endpoint("http://model.test/v1", "m-1", prices=Prices(1.0, 2.0), transport=httpx.MockTransport(answer))


def test_each_lesson_counts_its_own_tokens_whatever_runs_beside_it() -> None:
    tasks = list(suites.lessons(COURSE, each=2, profiles=("weak", "off_topic"), model=model()))

    alone, together = run(tasks), run(tasks, concurrency=4)

    assert alone == together
    assert all(entry.input_tokens % 200 == entry.output_tokens % 30 == 0 for entry in alone)
    asked = [entry.input_tokens // 200 for entry in alone]
    assert sum(asked) > 0
    assert [entry.cost for entry in alone] == [pytest.approx(times * 260e-6) for times in asked]
    assert any(TEXT in line.text for entry in alone for line in entry.lines)


def test_the_report_has_means_of_a_lesson_by_learner() -> None:
    entries = run(list(suites.lessons(COURSE, each=2, profiles=("off_topic",), model=model())))

    figures = lesson_table(entries)["linear-equations", "off_topic"]

    assert (figures.lessons, figures.finished) == (2, 2)
    assert figures.input_tokens == sum(entry.input_tokens for entry in entries) / 2
    assert report("r", entries).usage.cost == pytest.approx(2 * (figures.cost or 0))


def test_a_model_that_fails_costs_nothing_and_the_lesson_goes_on() -> None:
    (entry,) = run(list(suites.lessons(COURSE, each=1, profiles=("weak",), model=model(500))))

    assert (entry.input_tokens, entry.cost) == (0, 0.0)
    assert next(result for result in entry.results if result.metric == "lesson_finished").passed


def test_without_a_model_there_are_turns_and_no_cost() -> None:
    figures = lesson_table(run(list(suites.lessons(COURSE, each=1, profiles=("strong",)))))[
        "linear-equations", "strong"
    ]

    assert figures.turns > 5
    assert (figures.input_tokens, figures.cost) == (0, None)


def test_to_ask_for_a_model_that_nobody_named_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLM_BASE_URL", raising=False)

    with pytest.raises(CommandError, match="LLM_BASE_URL"):
        call_command("evaluate", "--suite", "lessons", "--model", stdout=io.StringIO())
