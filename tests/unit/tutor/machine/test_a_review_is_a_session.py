"""Row 43: a completed session is reviewed in a new one, which begins with what is known."""

from __future__ import annotations

from typing import Any

from tests.unit.tutor.machine.lesson import MACHINE, Lesson
from tutor import events
from tutor.interactions import MasteryChanged, SessionClosed

DAY = 86_400_000


def completed() -> Lesson:
    """A whole lesson, everything right."""
    lesson = Lesson(auto=True).start()
    while lesson.state != "completed":
        lesson.submit(lesson.right()) if lesson.state == "awaiting_answer" else lesson.go_on()
    return lesson


def next_session(lesson: Lesson, days: int = 3, **more: Any) -> Lesson:
    """The learner's next session of the course, so many days later."""
    context = {**MACHINE.handed_on(lesson.data), **more}
    return Lesson(auto=True, seed=8, now=lesson.now + days * DAY, context=context).start()


def test_a_completed_lesson_offers_a_review_and_says_when_it_is_due() -> None:
    lesson = completed().say("and now?")

    assert "begin a review" in lesson.said
    assert "due on 3 January 1970" in lesson.said
    assert "session.review" in MACHINE.allowed(lesson.state, lesson.data)


def test_asking_for_it_ends_the_session_and_says_so_to_the_next() -> None:
    lesson = completed().cast(events.ReviewRequested())

    assert lesson.fact(SessionClosed).why == "review"
    assert MACHINE.handed_on(lesson.data)["review"] is True


def test_a_lesson_that_goes_on_is_not_reviewed() -> None:
    assert Lesson().start().cast(events.ReviewRequested()).refused


def test_the_review_asks_one_question_a_skill_and_gives_the_next_dates() -> None:
    lesson = next_session(completed().cast(events.ReviewRequested()))

    assert lesson.state == "awaiting_answer"
    assert "This is a review: 2 short questions" in lesson.said
    reviewed = []
    while lesson.state == "awaiting_answer":
        assert lesson.data.question is not None
        reviewed.append(lesson.data.question.skill)
        lesson.submit(lesson.right())
    assert sorted(reviewed) == ["naming", "undo"]
    assert lesson.state == "topic_complete"
    assert lesson.said.count(" January 1970") == 2
    assert lesson.go_on().state == "completed"


def test_a_lapse_is_seen_and_practised_again() -> None:
    lesson = next_session(completed(), days=30, review=True)
    before = lesson.data.question
    assert before is not None
    lesson.give_up().give_up()

    changed = lesson.fact(MasteryChanged)
    assert changed.skill == before.skill
    assert changed.p < 0.99
    assert changed.next_review == "1970-02-01", "two days later, as if it were new"
    lesson.go_on()
    rest: list[str] = []
    while lesson.state == "awaiting_answer" and len(rest) < 10:
        assert lesson.data.question is not None
        rest.append(lesson.data.question.skill)
        lesson.submit(lesson.right())
    assert before.skill in rest, "a re-test is owed"
    assert lesson.state == "topic_complete"


def test_whoever_takes_the_course_again_keeps_what_they_know() -> None:
    half = Lesson(auto=True).start().go_on().go_on()
    while half.state == "awaiting_answer":
        half.submit(half.right())
    assert half.data.finished == {"one_step": "mastered"}
    again = next_session(half)

    assert again.state == "exposition"
    assert again.data.finished == {"one_step": "mastered"}
    assert again.data.topic == "names"
    assert "What you had mastered counts" in again.said


def test_a_learner_who_is_new_gets_a_lesson() -> None:
    lesson = Lesson(context={}).start()

    assert lesson.state == "exposition"
    assert lesson.data.revision is None


def test_skills_that_a_newer_version_has_not_any_more_are_left_behind() -> None:
    context = MACHINE.handed_on(completed().data)
    context["skills"]["gone"] = context["skills"]["undo"]

    assert set(Lesson(context=context).data.skills) == {"undo", "naming"}


def test_reviews_come_inside_a_later_lesson_too() -> None:
    lesson = Lesson(auto=True).start().go_on().go_on()
    while lesson.state == "awaiting_answer":
        lesson.submit(lesson.right())
    lesson.now += 5 * DAY
    lesson.go_on().go_on()
    asked: list[tuple[str, str]] = []
    while lesson.state == "awaiting_answer" and len(asked) < 8:
        assert lesson.data.question is not None
        asked.append((lesson.data.question.skill, lesson.data.question.why))
        lesson.submit(lesson.right())

    assert any(skill == "undo" and "before it fades" in why for skill, why in asked)
