"""Every deterministic metric on an output that passes and on one that fails."""

from __future__ import annotations

from typing import Any

import pytest

from tutor.evals import Case, evaluate
from tutor.evals.exceptions import BadOptions
from tutor.evals.registry import METRICS, find

SCHEMA = {"type": "object", "required": ["x"], "properties": {"x": {"type": "integer", "minimum": 1}}}

TABLE: list[tuple[str, Any, str, str]] = [
    ("contains", "30 days", "within 30 days", "within 60 days"),
    ("contains", ["30", "receipt"], "30 days, receipt", "30 days"),
    ("not_contains", ["answer", "7"], "try a step", "it is 7"),
    ("contains_any", ["9am", "9:00"], "open at 9:00", "open at nine"),
    ("contains_all", ["a", "b"], "b and a", "only b"),
    ("regex", r"^\d+$", "42", "42 or so"),
    ("is_json", {}, '{"x": 1}', "{x: 1}"),
    ("is_json", {"schema": SCHEMA}, '{"x": 1}', '{"x": 0}'),
    ("is_json", {"schema": SCHEMA}, '{"x": 1, "y": 2}', '{"y": 2}'),
    ("max_tokens", 2, "12345678", "123456789"),
    ("latency_ms", {"max": 5, "actual": 5}, "any", ""),
    ("starts_with", "Let us", "Let us see", "We see. Let us"),
    ("ends_with", "?", "What next?", "Next."),
    ("equals", "seven", "seven", "Seven"),
    ("min_length", 3, "abc", "ab"),
    ("max_length", 3, "abc", "abcd"),
    ("word_count", {"min": 2, "max": 3}, "two words", "one"),
    ("word_count", 2, "two words", "now three words"),
    ("is_url", {}, "https://example.org/a?b=c", "example.org or so"),
    ("is_email", {}, "ada@example.org", "ada at example.org"),
    ("levenshtein", {"text": "kitten", "max_distance": 3}, "sitting", "sailing on"),
    ("toxic", {}, "Not yet: check the sign.", "You idiot."),
    ("similar", "the opposite operation on both sides", "do the opposite operation to both sides", "a red bus"),
]


@pytest.mark.parametrize(("metric", "options", "good", "bad"), [row for row in TABLE if row[3]])
def test_a_metric_tells_good_from_bad(metric: str, options: Any, good: str, bad: str) -> None:
    (passed,), (failed,) = evaluate(good, {metric: options}), evaluate(bad, {metric: options})

    assert (passed.status, failed.status) == ("passed", "failed"), (passed, failed)
    assert failed.reason
    assert not passed.reason


def test_the_table_has_every_deterministic_metric() -> None:
    deterministic = {metric.name for metric in METRICS.values() if metric.kind in {"deterministic", "similarity"}}

    assert deterministic == {row[0] for row in TABLE}


def test_latency_comes_from_the_case_or_the_option() -> None:
    assert evaluate(Case(metadata={"latency_ms": 4.9}), {"latency_ms": 5})[0].passed
    assert not evaluate(Case(metadata={"latency_ms": 5.1}), {"latency_ms": 5})[0].passed
    with pytest.raises(BadOptions, match="latency_ms"):
        find("latency_ms").run(Case(), 5)


def test_a_schema_that_is_none_is_the_writers_error() -> None:
    assert evaluate("{}", {"is_json": {"schema": {"type": "nothing"}}})[0].status == "error"


def test_an_embedder_of_ones_own_decides_likeness() -> None:
    found = find("similar").run(Case(output="a"), "b", embedder=lambda text: [1.0, 0.0] if text == "a" else [0.0, 1.0])

    assert (found.status, found.score) == ("failed", 0.0)
