from __future__ import annotations

import pytest

from tutor.evals import (
    Case,
    Finding,
    Violation,
    all_passed,
    assert_contains,
    assert_max_length,
    available_assertions,
    check,
    evaluate,
    metric,
    recording,
)
from tutor.evals.registry import ASSERTIONS, METRICS

TRIBUNAL = {
    "assert_contains", "refute_contains", "assert_contains_any", "assert_contains_all", "assert_regex", "assert_json",
    "assert_max_tokens", "assert_latency_ms", "assert_starts_with", "assert_ends_with", "assert_equals",
    "assert_min_length", "assert_max_length", "assert_word_count", "assert_url", "assert_email", "assert_levenshtein",
    "refute_toxic", "assert_refusal", "assert_faithful", "assert_relevant", "assert_correctness",
    "refute_hallucination", "refute_bias", "refute_toxicity", "refute_harmful", "refute_jailbreak", "refute_pii",
    "assert_judge", "assert_similar",
}  # fmt: skip
TUTORS = {
    "refute_answer_leak", "assert_asks_question", "assert_one_question", "assert_reading_level",
    "assert_addresses_misconception", "assert_feedback_consistent", "assert_state_path", "refute_score_changed_by_text",
}  # fmt: skip


def test_all_assertions_exist_under_their_names() -> None:
    assert set(available_assertions()) == TRIBUNAL | TUTORS


def test_a_bare_assertion_is_a_gate() -> None:
    with pytest.raises(Violation, match="does not contain") as raised:
        assert_contains(Case(input="When?", output="in 60 days"), "30 days")

    assert "in 60 days" in str(raised.value)
    assert "When?" in str(raised.value)


def test_in_an_evaluation_failures_are_taken_down() -> None:
    with recording("eval") as taken:
        assert not assert_contains("in 60 days", "30 days").passed
        assert assert_max_length("in 60 days", 20).passed

    assert [result.status for _, result in taken.entries] == ["failed", "passed"]


def test_after_the_block_it_is_a_gate_again() -> None:
    with recording("eval"):
        pass
    with pytest.raises(Violation):
        assert_contains("a", "b")


def test_checks_can_be_chained_and_stop_at_the_first_violation() -> None:
    good = check("within 30 days").assert_contains("30").refute_pii().assert_max_length(20)
    assert all_passed(good.results)
    assert len(good.results) == 3

    bad = check("within 30 days")
    with pytest.raises(Violation):
        bad.assert_contains("60").assert_max_length(20)
    assert len(bad.results) == 1


def test_an_assertion_that_does_not_exist_is_named() -> None:
    with pytest.raises(AttributeError, match="assert_nothing"):
        check("x").assert_nothing()


@pytest.mark.parametrize(
    "expected", [{"no_such_metric": {}}, {"contains": {"texts": "x"}}, {"faithful": {}}, {"is_url": "x"}]
)
def test_what_cannot_be_run_is_an_error_and_no_pass(expected: dict[str, object]) -> None:
    (result,) = evaluate("an output", expected)

    assert result.status == "error"
    assert result.reason


def test_a_project_adds_a_metric_in_three_lines() -> None:
    @metric("shouts", kind="deterministic")
    def refute_shouting(case: Case) -> Finding:
        """The output does not shout."""
        return Finding(passed=not case.output.isupper(), reason="shouts")

    try:
        assert refute_shouting("quiet").passed
        assert evaluate("LOUD", ["shouts"])[0].reason == "shouts"
    finally:
        del METRICS["shouts"], ASSERTIONS["refute_shouting"]


def test_two_metrics_cannot_have_one_name() -> None:
    with pytest.raises(TypeError, match="two metrics"):

        @metric("contains")
        def assert_something(case: Case) -> Finding:
            return Finding(passed=bool(case.output))
