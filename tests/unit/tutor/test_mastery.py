"""Bayesian knowledge tracing: the measured streaks, the evidence rule, and when a skill is mastered."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.course import Bkt, Mastery
from tutor.mastery import Evidence, SkillRecord, guess, mastered, spinning, witness

DEFAULT = Bkt()
probabilities = st.floats(0.001, 0.999)


def streak(evidence: list[Evidence], *, choices: int = 0) -> list[float]:
    """P after each piece of evidence, from the default start."""
    record, seen = SkillRecord(p=DEFAULT.L0), []
    for one in evidence:
        record = witness(record, DEFAULT, one, choices=choices)
        seen.append(round(record.p, 2))
    return seen


@pytest.mark.parametrize(
    ("choices", "expected"), [(0, [0.72, 0.95, 0.99]), (4, [0.61, 0.87, 0.97]), (2, [0.47, 0.67, 0.82, 0.91, 0.95])]
)
def test_right_answers_in_a_row_reach_mastery_as_measured(choices: int, expected: Any) -> None:
    unassisted = [Evidence.UNASSISTED] * len(expected)

    assert streak(unassisted, choices=choices) == pytest.approx(expected, abs=0.02)


def test_one_slip_after_a_streak_does_not_undo_it() -> None:
    assert streak([Evidence.UNASSISTED] * 3 + [Evidence.NOT_YET])[-1] == pytest.approx(0.95, abs=0.01)


def test_one_hint_and_then_right_is_learning_and_nothing_else() -> None:
    assert streak([Evidence.AFTER_HINT]) == [pytest.approx(0.25 + 0.75 * 0.15, abs=0.01)]


def test_solved_with_more_help_counts_for_the_model_like_not_knowing_but_is_kept_as_solved() -> None:
    helped = witness(SkillRecord(p=0.5), DEFAULT, Evidence.WITH_HELP)
    missed = witness(SkillRecord(p=0.5), DEFAULT, Evidence.NOT_YET)

    assert helped.p == missed.p
    assert (helped.helped, missed.helped) == (1, 0)


def test_fewer_choices_make_a_right_answer_say_less() -> None:
    assert guess(DEFAULT, 0) < guess(DEFAULT, 4) < guess(DEFAULT, 2) == 0.5


@given(probabilities, st.sampled_from(list(Evidence)), st.integers(0, 6))
def test_p_stays_a_probability(p: float, evidence: Evidence, choices: int) -> None:
    assert 0 < witness(SkillRecord(p=p), DEFAULT, evidence, choices=choices).p <= 1


@given(probabilities, st.integers(0, 6))
def test_a_right_answer_raises_p_and_says_more_than_a_wrong_one(p: float, choices: int) -> None:
    right = witness(SkillRecord(p=p), DEFAULT, Evidence.UNASSISTED, choices=choices)
    wrong = witness(SkillRecord(p=p), DEFAULT, Evidence.NOT_YET, choices=choices)

    assert right.p >= round(p, 6)
    assert right.p >= wrong.p


@pytest.mark.parametrize(
    ("record", "typed_in_bank", "expected"),
    [
        (SkillRecord(p=0.96, unassisted=3, unassisted_typed=1), True, True),
        (SkillRecord(p=0.94, unassisted=3, unassisted_typed=1), True, False),
        (SkillRecord(p=0.99, unassisted=2, unassisted_typed=2), True, False),
        (SkillRecord(p=0.99, unassisted=5, unassisted_typed=0), True, False),
        (SkillRecord(p=0.99, unassisted=5, unassisted_typed=0), False, True),
    ],
)
def test_mastery_needs_a_high_p_shown_alone_and_not_only_by_choosing(
    record: SkillRecord, typed_in_bank: bool, expected: Any
) -> None:
    assert mastered(record, Mastery(), typed_in_bank=typed_in_bank) is expected


def test_many_opportunities_without_progress_are_wheel_spinning() -> None:
    assert spinning(SkillRecord(p=0.3, opportunities=8))
    assert not spinning(SkillRecord(p=0.3, opportunities=7))
    assert not spinning(SkillRecord(p=0.7, opportunities=20))
