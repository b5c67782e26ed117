"""What works, and how a lesson went in numbers."""

from __future__ import annotations

from tests.unit.tutor.observers.hand_log import HandLog
from tutor.interactions import SessionClosed, SessionPaused


def test_a_slip_that_the_learner_found_is_praised_to_the_learner() -> None:
    log = HandLog()
    asked = log.ask()
    log.answer("wrong")
    right = log.answer("correct")

    assert log.told("solution_focus") == [("learner", "found_it", (asked, right))]


def test_after_a_hint_it_was_the_hint() -> None:
    log = HandLog()
    log.ask()
    log.answer("wrong")
    log.hint()
    log.answer("correct")

    assert log.told("solution_focus") == []


def test_four_right_at_once_are_told_to_the_tutor_and_counted_anew() -> None:
    log, right = HandLog(), []
    for number in range(7):
        log.ask(f"q{number}")
        right.append(log.answer("correct", question=f"q{number}"))

    assert log.told("solution_focus") == [("tutor", "streak", tuple(right[:4]))]


def test_a_skill_that_is_there_is_told_to_the_tutor_once() -> None:
    log = HandLog()
    there = log.mastery(0.96, mastered=True)
    log.mastery(0.97, mastered=True)

    assert log.told("solution_focus") == [("tutor", "mastered", (there,))]


def test_the_end_of_a_lesson_is_summed_up_for_the_teacher() -> None:
    log = HandLog()
    log.ask("q1")
    log.answer("correct", question="q1")
    log.ask("q2")
    log.answer("wrong", question="q2")
    log.hint(question="q2")
    log.answer("correct", question="q2")
    log.ask("q3")
    log.answer("wrong", question="q3")
    closed = log.add(SessionClosed(why="ended"), after_s=90)

    (summary,) = log.remarks("solution_focus")
    assert (summary.audience, summary.about, summary.evidence) == ("teacher", "summary", (1, closed))
    assert "1 right at once and alone, 1 after a slip or with help, 1 not solved, 1 hints, 2 min" in summary.text


def test_the_same_question_shown_again_after_a_treatment_is_one_asking() -> None:
    log = HandLog()
    log.ask("q1", seed=4)
    log.answer("known_error", known_error="e")
    log.ask("q1", part="probe:e")
    log.answer("correct", part="probe:e")
    log.ask("q1", seed=4)
    log.answer("correct")
    log.add(SessionPaused(why="asked"))

    assert "0 right at once and alone, 1 after a slip" in log.remarks("solution_focus")[-1].text


def test_each_part_between_two_pauses_is_summed_up_alone_and_nothing_is_not() -> None:
    log = HandLog()
    log.ask()
    log.answer("correct")
    first = log.add(SessionPaused(why="asked"))
    log.add(SessionPaused(why="asked"))

    assert [at[-1] for _, about, at in log.told("solution_focus") if about == "summary"] == [first]
