"""Misconceptions, the same slip twice, practice without progress, hints in a rush."""

from __future__ import annotations

from tests.unit.tutor.machine.lesson import remediating
from tests.unit.tutor.observers.hand_log import HandLog
from tutor.interactions import EstimateContested, HintRefused, RemediationFinished


def test_the_same_wrong_answer_twice_is_told() -> None:
    log = HandLog()
    log.ask()
    first = log.answer("wrong", " 7 ")
    second = log.answer("wrong", "7")

    assert log.told("cognitive") == [
        ("teacher", "same_wrong_answer", (first, second)),
        ("tutor", "same_wrong_answer", (first, second)),
    ]


def test_another_wrong_answer_or_the_same_one_to_another_question_is_not() -> None:
    log = HandLog()
    log.ask()
    log.answer("wrong", "7")
    log.answer("wrong", "8")
    log.ask("q2")
    log.answer("wrong", "8", "q2")

    assert log.told("cognitive") == []


def test_its_remarks_and_its_view_keep_no_words_of_the_learner() -> None:
    log = HandLog()
    log.ask()
    log.answer("wrong", "my secret")
    log.answer("wrong", "my secret")

    assert "secret" not in str(log.looked("cognitive").view)
    assert "secret" not in str(log.remarks("cognitive"))


def test_three_sightings_of_a_known_error_are_a_misconception_once() -> None:
    log, seen = HandLog(), []
    for number in range(5):
        log.ask(f"q{number}")
        seen.append(log.answer("known_error", f"{number}", f"q{number}", known_error="same_sign"))

    assert log.told("cognitive") == [
        ("teacher", "misconception", tuple(seen[:3])),
        ("tutor", "misconception", tuple(seen[:3])),
    ]


def test_an_error_that_is_back_after_its_treatment_is_a_relapse() -> None:
    log = HandLog()
    log.answer("known_error", "1", known_error="same_sign")
    treated = log.add(RemediationFinished(known_error="same_sign", outcome="passed"))
    back = log.answer("known_error", "2", known_error="same_sign")

    assert log.told("cognitive") == [("teacher", "relapse", (treated, back))]


def test_an_error_that_stood_after_two_explanations_is_told_as_row_31_asks() -> None:
    lesson = remediating().say("10").verdict("wrong").offline().say("11").verdict("wrong")
    log = HandLog().all(lesson.facts)

    assert [(one.audience, one.about) for one in log.remarks("cognitive")] == [("teacher", "probe_failed")]
    assert "two explanations" in log.remarks("cognitive")[0].text


def test_eight_tries_without_progress_are_wheel_spinning_until_there_is_progress() -> None:
    log = HandLog()
    for tries in range(1, 8):
        log.mastery(0.2, tries)
    eighth = log.mastery(0.2, 8)
    log.mastery(0.3, 9)
    log.mastery(0.7, 10)
    again = log.mastery(0.5, 11)

    assert [(one, about, at) for one, about, at in log.told("cognitive") if one == "teacher"] == [
        ("teacher", "wheel_spinning", (eighth,)),
        ("teacher", "wheel_spinning", (again,)),
    ]


def test_three_wishes_for_hints_within_ten_seconds_are_a_rush_given_or_not() -> None:
    log = HandLog()
    log.ask()
    wishes = [log.hint(1), *(log.add(HintRefused(question="q1", level=1), 3) for _ in range(2))]
    log.add(HintRefused(question="q1", level=1), 1)

    assert log.told("cognitive") == [
        ("teacher", "hint_rush", tuple(wishes)),
        ("learner", "hint_rush", tuple(wishes)),
    ]


def test_hints_that_are_read_are_no_rush() -> None:
    log = HandLog()
    log.ask()
    for level in (1, 2, 3):
        log.hint(level, after_s=6)

    assert log.told("cognitive") == []


def test_sightings_that_the_learner_contests_do_not_count() -> None:
    log = HandLog()
    for number in range(2):
        log.answer("known_error", f"{number}", known_error="same_sign")
    log.add(EstimateContested(claim="not_mine", known_error="same_sign"))
    log.answer("known_error", "3", known_error="same_sign")

    assert log.told("cognitive") == []
