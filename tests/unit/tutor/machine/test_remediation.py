"""Rows 17 and 28-32, and A1: a known error is recognised, contrasted, probed, and left behind."""

from __future__ import annotations

from tests.unit.tutor.machine.lesson import Lesson, asked, checking_answer, reading, remediating, reviewing, topic_done
from tests.unit.tutor.observers.hand_log import HandLog
from tutor import events, interactions

FORCED = events.RemediationForced(known_error="same_sign", actor="teacher:1")


def test_row_17_a_known_error_counts_as_an_attempt_and_is_treated() -> None:
    lesson = remediating()

    assert lesson.state == "remediating_known_error"
    assert lesson.fact(interactions.RemediationStarted).known_error == "same_sign"
    assert lesson.fact(interactions.MasteryChanged).p < 0.25
    assert lesson.data.question is not None
    assert lesson.data.question.attempts == 1
    assert lesson.data.known_errors["same_sign"].seen == 1


def test_row_28_the_contrast_and_the_probe_are_shown_once() -> None:
    lesson = remediating()
    assert "10 + 3 is not 7" in lesson.said
    assert lesson.fact(interactions.QuestionAsked).prompt == "Which number plus 3 makes 7?"

    lesson.say("4").fail()

    assert lesson.state == "remediating_known_error"
    assert not [fact for fact in lesson.facts if isinstance(fact, interactions.QuestionAsked)]


def test_row_28_the_probe_is_asked_as_a_question_of_its_own() -> None:
    lesson = remediating()
    question = lesson.data.question
    probe = lesson.fact(interactions.QuestionAsked)
    current = lesson.machine.current_question(lesson.state, lesson.data)

    assert question is not None
    assert (probe.question, probe.part, probe.number) == (question.id, "probe:same_sign", question.number)
    assert current is not None
    assert current["part"] == "probe:same_sign"
    assert lesson.submit("4").calls[0].args["part"] == "probe:same_sign"


def test_row_28_a_hint_is_the_remedy() -> None:
    lesson = remediating().hint()

    assert "walk 3 steps back" in lesson.said
    assert lesson.state == "remediating_known_error"


def test_row_29_an_answer_is_checked_against_the_probe() -> None:
    lesson = remediating().say("4")

    assert lesson.calls[0].tool == "check_answer"
    assert lesson.calls[0].args["part"] == "probe:same_sign"


def test_row_30_after_the_probe_the_question_is_open_again() -> None:
    lesson = remediating().say("4").verdict("correct")

    assert lesson.state == "awaiting_answer"
    assert lesson.fact(interactions.RemediationFinished).outcome == "passed"
    assert lesson.data.known_errors["same_sign"].remediated == 1
    assert lesson.data.question is not None
    assert lesson.data.question.attempts == 1
    again = lesson.fact(interactions.QuestionAsked)
    assert (again.question, again.part, again.number) == (lesson.data.question.id, "main", 1)


def test_row_31_a_missed_probe_is_explained_in_another_way() -> None:
    lesson = remediating().say("10").verdict("wrong")
    assert lesson.calls[0].tool == "remediate"
    lesson.offline()

    assert lesson.state == "remediating_known_error"
    assert "walk 3 steps back" in lesson.said
    assert lesson.data.question is not None
    assert lesson.data.question.attempts == 1


def test_row_31_a_probe_missed_twice_shows_the_solution() -> None:
    lesson = remediating().say("10").verdict("wrong").offline().say("11").verdict("wrong")

    assert lesson.state == "reviewing_solution"
    assert "So $x = " in lesson.said
    assert lesson.fact(interactions.RemediationFinished).outcome == "not_yet"


def test_row_32_giving_up_the_probe_shows_the_solution() -> None:
    lesson = remediating().give_up()

    assert lesson.state == "reviewing_solution"
    assert lesson.fact(interactions.RemediationFinished).outcome == "given_up"


def test_the_same_known_error_again_in_one_question_is_not_treated_again() -> None:
    lesson = remediating().say("4").verdict("correct").say("30").verdict("known_error", known_error="same_sign")

    assert lesson.state == "awaiting_answer"
    assert lesson.data.known_errors["same_sign"].seen == 2


def test_a_known_error_without_a_probe_is_a_wrong_answer_with_a_name() -> None:
    lesson = checking_answer().verdict("known_error", known_error="nobody_wrote_it", feedback="You divided.")

    assert lesson.state == "awaiting_answer"
    assert "You divided." in lesson.said


def test_a_wish_in_remediation_is_decided_there() -> None:
    lesson = remediating().say("hint?").verdict("not_an_answer", intent="hint")

    assert lesson.state == "remediating_known_error"
    assert "walk 3 steps back" in lesson.said


def test_an_error_that_comes_back_after_its_treatment_is_a_relapse() -> None:
    lesson = remediating()
    assert lesson.data.known_errors["same_sign"].relapsed == 0

    lesson.say("4").verdict("correct").say("30").verdict("known_error", known_error="same_sign")

    assert lesson.data.known_errors["same_sign"].relapsed == 1


def test_the_teacher_is_told_once_of_an_error_that_keeps_coming() -> None:
    lesson = remediating()
    log = HandLog().all(lesson.facts)
    lesson.say("4").verdict("correct")
    for _ in range(6):
        lesson.say("30").verdict("known_error", known_error="same_sign")
        log.all(lesson.facts)
        while lesson.state != "awaiting_answer":
            lesson.say("4").verdict("correct") if lesson.state == "remediating_known_error" else lesson.go_on()

    assert lesson.data.known_errors["same_sign"].seen == 7
    told = [about for audience, about, _ in log.told("cognitive") if audience == "teacher"]
    assert told.count("misconception") == 1


# --- A1 ----------------------------------------------------------------------------------------------------------


def after_treatment(lesson: Lesson) -> str:
    """The state after a teacher's treatment was passed."""
    lesson.cast(FORCED)
    assert lesson.state == "remediating_known_error"
    assert lesson.fact(interactions.RemediationStarted).by == "teacher:1"
    assert "Your teacher" in lesson.said
    return lesson.say("4").verdict("correct").state


def test_a1_a_teacher_may_ask_for_it_while_reading() -> None:
    assert after_treatment(reading()) == "exposition"


def test_a1_a_teacher_may_ask_for_it_while_a_question_is_open_and_it_stays_open() -> None:
    lesson = asked()
    question = lesson.data.question

    assert after_treatment(lesson) == "awaiting_answer"
    assert lesson.data.question == question


def test_a1_a_teacher_may_ask_for_it_after_a_solution() -> None:
    assert after_treatment(reviewing()) == "awaiting_answer"


def test_a1_a_teacher_may_ask_for_it_at_the_end_of_a_topic() -> None:
    lesson = topic_done()

    assert after_treatment(lesson) == "topic_complete"
    assert "That completes" not in lesson.said


def test_a1_a_running_treatment_gives_way() -> None:
    lesson = remediating().cast(FORCED)

    assert lesson.fact(interactions.RemediationFinished).outcome == "replaced"
    assert lesson.fact(interactions.QuestionAsked).prompt == "Which number plus 3 makes 7?"
    assert lesson.say("4").verdict("correct").state == "awaiting_answer"


def test_a1_while_a_tool_runs_the_treatment_waits_for_its_result() -> None:
    lesson = checking_answer().cast(FORCED)
    assert lesson.state == "awaiting_tool_result"
    assert lesson.facts == []

    lesson.verdict("wrong")

    assert lesson.state == "remediating_known_error"


def test_a1_in_a_paused_session_the_treatment_waits_for_the_return() -> None:
    lesson = asked().cast(events.PauseRequested()).cast(FORCED)
    assert lesson.state == "paused"

    assert lesson.cast(events.ResumeRequested()).state == "remediating_known_error"


def test_a1_out_of_the_blue_a_missed_probe_leads_back_where_it_came_from() -> None:
    lesson = reading().cast(FORCED).say("1").verdict("wrong").offline().say("2").verdict("wrong")

    assert lesson.state == "exposition"
    assert lesson.data.remediation is None
    assert reading().cast(FORCED).give_up().state == "exposition"


def test_a1_a_known_error_that_cannot_be_treated_is_refused() -> None:
    lesson = asked().cast(events.RemediationForced(known_error="unheard_of", actor="teacher:1"))

    assert lesson.refused
    assert lesson.state == "awaiting_answer"
