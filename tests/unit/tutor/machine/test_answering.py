"""Rows 5-23: the question, hints, putting off, giving up, and every verdict."""

from __future__ import annotations

import msgspec
import pytest

from tests.unit.tutor.machine.lesson import MACHINE, Lesson, asked, checking_answer, reviewing
from tutor import events, interactions
from tutor.statem import Event, EventType, KeepState, Postpone


def test_row_5_a_question_opens_with_all_that_a_client_shows() -> None:
    lesson = asked()
    fact = lesson.fact(interactions.QuestionAsked)

    assert lesson.state == "awaiting_answer"
    assert fact.number == 1
    assert fact.why == "It is the first one on “Undo an addition”."
    assert fact.prompt.startswith("Solve")
    assert fact.format["type"] == "number"
    assert fact.prompt not in lesson.said


def test_row_5_the_same_session_seed_asks_the_same_question() -> None:
    assert asked().data.question == asked().data.question


def test_row_5_what_a_client_sees_of_a_choice_does_not_tell_the_right_one() -> None:
    lesson = Lesson(auto=True).start()
    while lesson.data.topic != "names" or lesson.state != "awaiting_answer":
        lesson.submit(lesson.right()) if lesson.state == "awaiting_answer" else lesson.go_on()

    shown = msgspec.json.encode(lesson.fact(interactions.QuestionAsked)).decode()

    assert "correct" not in shown
    assert "feedback" not in shown


def test_row_6_an_exhausted_bank_is_noted_for_the_author_and_ends_the_topic() -> None:
    lesson = asked()
    notes = []
    for _ in range(100):
        if lesson.state == "topic_complete":
            break
        if lesson.state == "awaiting_answer":
            lesson.give_up()
        else:
            lesson.go_on().offline()
        notes += [fact.note for fact in lesson.facts if isinstance(fact, interactions.AuthorNoted)]

    assert lesson.state == "topic_complete"
    assert any("mastery is not reached" in note for note in notes)
    assert lesson.data.finished == {"one_step": "practised"}
    assert "needs more practice" in lesson.said


def test_row_7_a_message_that_comes_before_the_question_is_decided_after_it() -> None:
    lesson = asked()
    message = Event(EventType.CAST, events.UserMessage(text="5"))
    result = MACHINE.handle(message, "setting_question", lesson.data)

    assert MACHINE.row_for(message, "setting_question", lesson.data).id == "7"
    assert isinstance(result, KeepState)
    assert Postpone() in result.actions


def test_row_8_hints_come_one_by_one_and_are_not_repeated_in_words() -> None:
    lesson = asked().hint()
    first = lesson.fact(interactions.HintGiven)
    lesson.rest().hint()
    second = lesson.fact(interactions.HintGiven)

    assert (first.level, first.text, first.bottom_out) == (1, "What is done to $x$?", False)
    assert (second.level, second.text) == (2, "Undo it on both sides.")
    assert lesson.said == ""
    assert lesson.state == "awaiting_answer"


def test_row_8_the_next_hint_comes_only_after_a_moment() -> None:
    lesson = asked().hint().hint()

    assert lesson.dispositions == ["noop"]
    assert "moment" in lesson.said
    assert lesson.data.question is not None
    assert lesson.data.question.hint_level == 1


def test_row_9_after_the_last_hint_comes_the_solution() -> None:
    lesson = asked().hint().rest().hint().rest().hint()
    fact = lesson.fact(interactions.HintGiven)

    assert fact.bottom_out
    assert lesson.state == "reviewing_solution"
    assert "and why?" in lesson.said


def test_row_10_a_question_about_the_question_is_explained_and_leaves_it_open() -> None:
    lesson = checking_answer("why?").verdict("not_an_answer", intent="clarify")

    assert lesson.state == "awaiting_tool_result"
    (call,) = lesson.calls
    assert call.tool == "clarify_concept"
    assert call.args["question"] == "undo1"

    lesson.succeed({"text": "Think of a balance."})
    assert lesson.state == "awaiting_answer"
    assert "Think of a balance." in lesson.said


def test_row_10_an_interleaved_question_is_explained_from_its_own_topic() -> None:
    lesson = Lesson(auto=True).start()
    while lesson.data.topic != "names" or lesson.data.question is None or lesson.data.question.skill != "undo":
        lesson.submit(lesson.right()) if lesson.state == "awaiting_answer" else lesson.go_on()
    lesson.auto = False

    lesson.say("why?").verdict("not_an_answer", intent="clarify")

    assert lesson.calls[0].args["topic"] == "one_step"


def test_row_11_who_gives_up_at_once_is_offered_a_hint_once() -> None:
    lesson = asked().give_up()

    assert lesson.state == "awaiting_answer"
    assert "hint" in lesson.said


@pytest.mark.parametrize("hint_first", [True, False])
def test_row_12_who_insists_sees_the_solution_and_owes_a_retest(hint_first: bool) -> None:
    lesson = asked()
    lesson.hint() if hint_first else lesson.give_up()
    lesson.give_up()

    assert lesson.state == "reviewing_solution"
    assert "So $x = " in lesson.said
    assert [retest.skill for retest in lesson.data.retests] == ["undo"]
    assert lesson.fact(interactions.MasteryChanged).p < 0.25


def test_row_13_a_question_put_off_comes_again_and_changes_no_mastery() -> None:
    lesson = asked()
    before = lesson.data.skills["undo"].p

    lesson.skip()

    assert lesson.state == "awaiting_answer"
    assert lesson.data.question is not None
    assert lesson.data.question.id != "undo1"
    assert lesson.data.put_off == ("undo1",)
    assert lesson.data.skills["undo"].p == before


def test_row_13_the_third_time_putting_off_is_giving_up() -> None:
    lesson = asked().skip().skip().skip()

    assert lesson.state == "reviewing_solution"


def test_row_14_a_dispute_is_heard_and_costs_nothing() -> None:
    lesson = checking_answer("99").verdict("wrong")
    before = lesson.data

    lesson.cast(events.DisputeRaised())

    assert lesson.state == "awaiting_answer"
    assert lesson.data.skills == before.skills
    assert lesson.data.question == before.question
    assert "99" in lesson.fact(interactions.AuthorNoted).note


def test_row_15_a_right_answer_is_explained_counted_and_followed_by_the_next_question() -> None:
    lesson = checking_answer().verdict("correct")

    assert lesson.fact(interactions.AnswerChecked).verdict == "correct"
    assert lesson.fact(interactions.MasteryChanged).p == pytest.approx(0.7167, abs=1e-4)
    assert "So $x = " in lesson.said
    assert lesson.fact(interactions.QuestionAsked).number == 2


def test_row_15_three_right_answers_without_help_finish_a_topic_of_one_skill() -> None:
    lesson = asked()
    for expected in ("awaiting_answer", "awaiting_answer", "topic_complete"):
        lesson.say("…").verdict("correct")
        assert lesson.state == expected


def test_row_15_what_is_said_and_the_verdicts_sentence_are_not_the_same() -> None:
    for verdict in ("correct", "wrong", "malformed", "partial", "form_issue", "undecided", "not_an_answer"):
        lesson = checking_answer().verdict(verdict)
        assert lesson.fact(interactions.AnswerChecked).feedback not in lesson.said.split("\n")


def test_row_16_another_form_is_asked_for_twice_and_then_taken() -> None:
    lesson = checking_answer().verdict("form_issue", feedback="Please simplify.")
    assert lesson.state == "awaiting_answer"
    assert "Please simplify." in lesson.said
    lesson.say("2/4").verdict("form_issue")
    assert lesson.data.question is not None
    assert lesson.data.question.attempts == 0

    lesson.say("2/4").verdict("form_issue")

    assert lesson.data.question.number == 2
    assert lesson.data.skills["undo"].unassisted == 1


def test_row_18_a_wrong_answer_is_pointed_at_and_a_hint_offered() -> None:
    lesson = checking_answer().verdict("wrong", feedback="Check the sign.")

    assert lesson.state == "awaiting_answer"
    assert "Check the sign." in lesson.said
    assert "hint" in lesson.said
    assert lesson.data.question is not None
    assert lesson.data.question.attempts == 1


def test_row_18_the_same_wrong_answer_twice_is_named() -> None:
    lesson = checking_answer("9").verdict("wrong").say("9").verdict("wrong")

    assert "“9” is what you had before" in lesson.said


def test_row_18_only_the_first_counted_attempt_is_evidence() -> None:
    lesson = checking_answer().verdict("wrong")
    before = lesson.data.skills

    lesson.say("2").verdict("wrong").say("3").verdict("correct")

    assert lesson.data.skills == before


def test_row_19_the_third_wrong_answer_shows_the_solution() -> None:
    lesson = checking_answer("1").verdict("wrong").say("2").verdict("wrong").say("3").verdict("wrong")

    assert lesson.state == "reviewing_solution"
    assert "So $x = " in lesson.said


def at_scaffold() -> Lesson:
    """Three wrong answers to the one question of the small course that has a sub-question."""
    lesson = asked()
    while lesson.data.question is not None and lesson.data.question.id != "undo4":
        lesson.skip() if lesson.data.skills["undo"].skips < 2 else lesson.say("x").verdict("correct")
    return lesson.say("1").verdict("wrong").say("2").verdict("wrong").say("3").verdict("wrong")


def test_row_19_the_third_wrong_answer_leads_to_a_smaller_step_where_there_is_one() -> None:
    lesson = at_scaffold()

    assert lesson.state == "awaiting_answer"
    assert "Which number is taken away?" in lesson.said
    assert lesson.say("5").calls[0].args["part"] == "scaffold:1"


def test_row_19_the_smaller_step_leads_back_to_the_question() -> None:
    lesson = at_scaffold().say("5").verdict("correct")

    assert lesson.state == "awaiting_answer"
    assert lesson.say("5").calls[0].args["part"] == "main"


def test_row_19_a_smaller_step_missed_twice_is_left_and_counts_nothing() -> None:
    lesson = at_scaffold()
    assert lesson.data.question is not None
    attempts = lesson.data.question.attempts
    lesson.say("8").verdict("wrong").say("8").verdict("wrong")

    assert lesson.data.question.attempts == attempts
    assert lesson.say("5").calls[0].args["part"] == "main"


def test_row_19_after_the_smaller_step_another_wrong_answer_shows_the_solution() -> None:
    lesson = at_scaffold().say("5").verdict("correct").say("1").verdict("wrong")

    assert lesson.state == "reviewing_solution"


def test_row_20_what_is_right_is_kept_and_the_rest_asked_for() -> None:
    lesson = checking_answer().verdict("partial", score=0.5, feedback="One value is missing.")

    assert lesson.state == "awaiting_answer"
    assert "One value is missing." in lesson.said
    assert lesson.data.question is not None
    assert lesson.data.question.attempts == 1


@pytest.mark.parametrize("verdict", ["malformed", "undecided"])
def test_row_21_what_cannot_be_read_is_not_counted(verdict: str) -> None:
    lesson = checking_answer().verdict(verdict)

    assert lesson.state == "awaiting_answer"
    assert lesson.said
    assert lesson.data.question is not None
    assert lesson.data.question.attempts == 0
    assert lesson.data.skills["undo"].opportunities == 0


@pytest.mark.parametrize(
    ("intent", "row"), [("hint", "8"), ("give_up", "11"), ("skip", "13"), ("dispute", "14"), ("clarify", "10")]
)
def test_row_22_a_wish_is_decided_as_the_command_it_means(intent: str | None, row: str) -> None:
    lesson = checking_answer("please").verdict("not_an_answer", intent=intent)

    assert row in lesson.rows()
    assert lesson.data.skills["undo"].opportunities == 0


@pytest.mark.parametrize("intent", ["continue", "cancel", None, "off_topic"])
def test_row_22_anything_else_leaves_the_question_open(intent: str | None) -> None:
    lesson = checking_answer("please").verdict("not_an_answer", intent=intent)

    assert lesson.state == "awaiting_answer"
    assert lesson.said


def test_row_22_off_topic_three_times_running_offers_a_pause() -> None:
    lesson = asked()
    for _ in range(3):
        assert "pause" not in lesson.said
        lesson.say("football").verdict("not_an_answer", intent="off_topic")

    assert "pause" in lesson.said
    assert lesson.data.question is not None
    assert lesson.data.question.attempts == 0


def test_row_24_the_offline_tool_is_mentioned_once() -> None:
    lesson = checking_answer().succeed({"verdict": "wrong"}, fallback=True)
    assert "own material" in lesson.said

    lesson.say("2").succeed({"verdict": "wrong"}, fallback=True)
    assert "own material" not in lesson.said


def test_row_27_a_result_of_another_call_changes_nothing() -> None:
    lesson = checking_answer()
    before = lesson.snapshot

    lesson.succeed({"verdict": "correct"}, ref="c99")

    assert lesson.rows() == ["27"]
    assert lesson.facts == []
    assert (lesson.snapshot.state, lesson.snapshot.data) == (before.state, before.data)


def test_row_27_a_result_after_the_cancel_changes_nothing() -> None:
    lesson = checking_answer().cast(events.CancelRequested())
    before = lesson.snapshot

    lesson.succeed({"verdict": "correct"})

    assert (lesson.snapshot.state, lesson.snapshot.data) == (before.state, before.data)


def test_row_33_an_explanation_is_read_by_its_key_terms() -> None:
    lesson = reviewing().say("you do the opposite")
    assert lesson.calls[0].tool == "check_explanation"
    assert lesson.calls[0].args["text"] == "you do the opposite"

    lesson.succeed({"covered": ["opposite"], "missing": ["both sides"]})

    assert "**opposite**" in lesson.said
    assert "**both sides**" in lesson.said
    assert lesson.state == "awaiting_answer"


def test_row_34_after_the_solution_a_similar_question_comes_within_five() -> None:
    lesson = reviewing()
    for distance in range(1, 6):
        lesson.go_on() if lesson.state == "reviewing_solution" else lesson.say("…").verdict("correct")
        lesson.offline()
        if "seen the solution" in lesson.fact(interactions.QuestionAsked).why:
            assert 2 <= distance <= 5
            return
    raise AssertionError("no re-test came")


def test_an_answer_to_a_question_that_is_not_open_is_refused() -> None:
    lesson = asked().submit("5", question="undo3")

    assert lesson.refused
    assert lesson.state == "awaiting_answer"


def test_an_answer_from_the_questions_own_control_is_only_an_answer() -> None:
    lesson = asked().submit("12")

    assert lesson.calls[0].args["typed"] is True
