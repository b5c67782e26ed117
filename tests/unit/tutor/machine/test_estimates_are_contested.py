"""A14: what the tutor believes can be read with its reasons, and contested."""

from __future__ import annotations

from tests.unit.tutor.machine.lesson import MACHINE, Lesson, asked, topic_done
from tutor import events
from tutor.interactions import EstimateContested, MasteryChanged, QuestionAsked


def contest(lesson: Lesson, claim: str, **about: str) -> Lesson:
    return lesson.cast(events.EstimateContested(claim=claim, **about))  # type: ignore[arg-type]


def test_who_says_they_know_it_is_put_to_the_test_and_the_open_question_stays() -> None:
    lesson = asked()
    open_question = lesson.data.question
    contest(lesson, "known", skill="undo")

    assert lesson.fact(EstimateContested).claim == "known"
    assert lesson.data.question == open_question
    assert lesson.data.skills["undo"].p == 0.25, "nothing is believed unseen"
    lesson.say("…").verdict("correct")
    assert "You said you know this" in lesson.fact(QuestionAsked).why


def test_who_doubts_it_is_believed_and_the_skill_is_open_again() -> None:
    lesson = contest(topic_done(), "unsure", skill="undo")

    changed = lesson.fact(MasteryChanged)
    assert (changed.mastered, changed.p) == (False, 0.5)
    assert changed.why == "You said that you are not sure of it yet."
    card = lesson.data.skills["undo"].card
    assert card is not None
    assert card.due_ms == lesson.now


def test_a_known_error_that_is_not_theirs_is_taken_off_until_it_is_seen_again() -> None:
    lesson = asked().say("1").verdict("known_error", known_error="same_sign")
    contest(lesson, "not_mine", known_error="same_sign")

    assert lesson.data.known_errors["same_sign"].standing == "contested"
    lesson.say("…").verdict("correct").say("1").verdict("known_error", known_error="same_sign")
    assert lesson.data.known_errors["same_sign"].standing == "relapsed"


def test_what_nobody_believes_cannot_be_contested() -> None:
    assert contest(asked(), "known", skill="unheard_of").refused
    assert contest(asked(), "not_mine", known_error="same_sign").refused


def test_a_known_error_has_its_evidence_and_is_resolved_by_a_later_question() -> None:
    lesson = asked().say("99").verdict("known_error", known_error="same_sign").say("4").verdict("correct")
    record = lesson.data.known_errors["same_sign"]
    assert (record.standing, record.skill) == ("treated", "undo")
    assert [sighting.given for sighting in record.sightings] == ["99"]

    lesson.say("…").verdict("correct")
    assert lesson.data.known_errors["same_sign"].standing == "treated", "the same question is no re-test"
    lesson.say("…").verdict("correct")
    record = lesson.data.known_errors["same_sign"]
    assert (record.standing, record.passed) == ("resolved", 1)


def test_the_page_gets_every_estimate_with_its_reason() -> None:
    lesson = asked().say("99").verdict("known_error", known_error="same_sign").say("4").verdict("correct")
    lesson.say("…").verdict("correct").say("…").verdict("correct")
    view = MACHINE.standing(lesson.data, lesson.now)

    (skill,) = view["skills"]
    assert skill["skill"] == "undo"
    assert skill["why"] == (
        "1 of 2 right at the first attempt without help; the newest: not yet, right "
        "(not yet: 2 more right without help)."
    )
    (error,) = view["known_errors"]
    assert error["name"] == "Adds instead of subtracting"
    assert error["evidence"] == [{"question": "undo1", "number": 1, "given": "99"}]
    assert view["why"] == lesson.data.question.why  # type: ignore[union-attr]
    assert (view["mastered"], view["taught"], view["next_review"]) == (0, 2, None)


def test_a_mastered_skill_says_when_it_comes_again() -> None:
    view = MACHINE.standing(topic_done().data, 3 * 86_400_000)

    (skill,) = view["skills"]
    assert skill["mastered"]
    assert skill["next_review"] == "1970-01-03T00:00:00+00:00"
    assert view["due"] == 1
    assert 0.8 < skill["remembered"] < 0.9
