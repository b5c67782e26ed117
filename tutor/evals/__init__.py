"""Evaluation of what a tutor (or any text-producing program) says. The page: docs/evals.md.

    from tutor.evals import Case, assert_contains, check, evaluate, refute_pii

    assert_contains("Returns within 30 days.", "30 days")
    check(Case(input="…", output="…", context=["…"])).assert_faithful().refute_pii()
    evaluate(case, {"contains": "30 days", "faithful": {"threshold": 0.9}})

Tests get the same in pytest with ``-p tutor.evals.plugin``. Knows no Django.
"""

from __future__ import annotations

from tutor.evals.case import Case, Finding, Judgement, Result
from tutor.evals.deterministic import (
    assert_contains,
    assert_contains_all,
    assert_contains_any,
    assert_email,
    assert_ends_with,
    assert_equals,
    assert_json,
    assert_latency_ms,
    assert_levenshtein,
    assert_max_length,
    assert_max_tokens,
    assert_min_length,
    assert_regex,
    assert_starts_with,
    assert_url,
    assert_word_count,
    refute_contains,
    refute_toxic,
)
from tutor.evals.fluent import Check, check
from tutor.evals.judged import (
    assert_correctness,
    assert_faithful,
    assert_judge,
    assert_refusal,
    assert_relevant,
    refute_bias,
    refute_hallucination,
    refute_harmful,
    refute_jailbreak,
    refute_pii,
    refute_toxicity,
)
from tutor.evals.recording import Recording, Violation, recording
from tutor.evals.red_team.attacks import generate_attacks
from tutor.evals.registry import all_passed, available_assertions, evaluate, metric
from tutor.evals.similarity import assert_similar
from tutor.evals.tutoring import (
    assert_addresses_misconception,
    assert_asks_question,
    assert_feedback_consistent,
    assert_one_question,
    assert_reading_level,
    assert_state_path,
    refute_answer_leak,
    refute_score_changed_by_text,
)

__all__ = [
    "Case",
    "Check",
    "Finding",
    "Judgement",
    "Recording",
    "Result",
    "Violation",
    "all_passed",
    "assert_addresses_misconception",
    "assert_asks_question",
    "assert_contains",
    "assert_contains_all",
    "assert_contains_any",
    "assert_correctness",
    "assert_email",
    "assert_ends_with",
    "assert_equals",
    "assert_faithful",
    "assert_feedback_consistent",
    "assert_json",
    "assert_judge",
    "assert_latency_ms",
    "assert_levenshtein",
    "assert_max_length",
    "assert_max_tokens",
    "assert_min_length",
    "assert_one_question",
    "assert_reading_level",
    "assert_refusal",
    "assert_regex",
    "assert_relevant",
    "assert_similar",
    "assert_starts_with",
    "assert_state_path",
    "assert_url",
    "assert_word_count",
    "available_assertions",
    "check",
    "evaluate",
    "generate_attacks",
    "metric",
    "recording",
    "refute_answer_leak",
    "refute_bias",
    "refute_contains",
    "refute_hallucination",
    "refute_harmful",
    "refute_jailbreak",
    "refute_pii",
    "refute_score_changed_by_text",
    "refute_toxic",
    "refute_toxicity",
]
