"""Row A9: the tutor tells of files where that interrupts nothing, and looks into them when it is asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.tutor.machine.lesson import Lesson, asked, checking_answer, reading, reviewing, topic_done
from tutor import events, wording
from tutor.interactions import OutputCommitted, QuestionAsked
from tutor.statem import Event, EventType

OFFER = "Shall I use it"


def ready(lesson: Lesson, file: str = "f1", name: str = "notes.pdf") -> Lesson:
    return lesson.feed(Event(EventType.INFO, events.FileReady(file=file, name=name, sections=3, pages=2)))


def failed(lesson: Lesson) -> Lesson:
    why = "It is protected by a password."
    return lesson.feed(Event(EventType.INFO, events.FileFailed(file="f9", name="secret.pdf", message=why)))


# --- telling -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [reading, topic_done])
def test_where_no_question_is_open_it_is_offered_at_once(at: Callable[[], Lesson]) -> None:
    lesson = ready(at())

    assert OFFER in lesson.said
    assert "“notes.pdf” (2 pages)" in lesson.said


@pytest.mark.parametrize("at", [asked, checking_answer, reviewing])
def test_an_open_question_is_not_interrupted(at: Callable[[], Lesson]) -> None:
    lesson = at()
    before = (lesson.state, lesson.data.question, dict(lesson.snapshot.timers))

    ready(failed(lesson))

    assert lesson.facts == []
    assert (lesson.state, lesson.data.question, dict(lesson.snapshot.timers)) == before


def test_between_two_questions_it_is_mentioned_before_the_next() -> None:
    lesson = ready(asked())
    lesson.say(lesson.right()).verdict("correct")

    kinds = [type(fact) for fact in lesson.facts if isinstance(fact, OutputCommitted | QuestionAsked)]
    told = [fact.text for fact in lesson.facts if isinstance(fact, OutputCommitted)]
    assert told[-1].startswith("By the way: I have read your file “notes.pdf”")
    assert OFFER not in lesson.said
    assert kinds[-1] is QuestionAsked


def test_it_is_told_of_once() -> None:
    lesson = ready(reading()).go_on().go_on()
    lesson.say(lesson.right()).verdict("correct")

    assert "notes.pdf" not in lesson.said


def test_a_file_that_cannot_be_read_is_told_of_honestly_and_forgotten() -> None:
    lesson = failed(reading())

    assert lesson.said == "I could not read your file “secret.pdf”. It is protected by a password."
    assert lesson.data.files == {}


def test_at_the_end_of_a_topic_the_summary_comes_first() -> None:
    lesson = asked()
    while lesson.state != "topic_complete":
        lesson.say(lesson.right())
        ready(lesson, f"f{lesson.data.number}")
        lesson.verdict("correct")

    texts = [fact.text for fact in lesson.facts if isinstance(fact, OutputCommitted)]
    assert OFFER in texts[-1]
    assert len(texts) > 2


def test_who_needs_a_person_is_not_told_of_files() -> None:
    lesson = reading().say("I want to die")
    ready(lesson)

    assert lesson.facts == []


def test_a_name_shows_as_it_is_whatever_stands_in_it() -> None:
    lesson = ready(reading(), name="[x](http://evil.example) **bold** $y$.pdf")

    assert "\\[x\\](http://evil.example) \\*\\*bold\\*\\* \\$y\\$.pdf" in lesson.said


# --- "shall I use it?" -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["yes", "Yes, please.", "ok", "sure, use it"])
def test_yes_means_to_look_into_it_first(text: str) -> None:
    lesson = ready(reading()).say(text)
    assert lesson.said == wording.file_wanted("“notes.pdf”")

    lesson.say("what is a balance?")
    assert (lesson.running.args["files"], lesson.running.args["files_first"]) == (["f1"], True)


@pytest.mark.parametrize("text", ["no", "No, thanks.", "don't use it", "please leave it aside"])
def test_no_means_to_leave_it_alone_until_it_is_asked_about(text: str) -> None:
    lesson = ready(reading()).say(text)
    assert lesson.said == wording.file_left("“notes.pdf”")

    lesson.say("what is a balance?")
    assert "files" not in lesson.running.args
    lesson.succeed({"text": "A scale."}).say("what do my notes say about a balance?")
    assert lesson.running.args["files"] == ["f1"]


def test_without_an_answer_it_may_be_used_and_a_later_yes_is_a_thought() -> None:
    lesson = ready(reading()).say("what is a balance?")
    assert lesson.running.args["files"] == ["f1"]

    lesson.succeed({"text": "A scale."}).say("yes")
    assert lesson.running.tool == "clarify_concept"


def test_ok_goes_on_where_nothing_is_offered() -> None:
    assert reading().say("ok").rows()[0] == "22"


def test_a_question_about_the_open_question_may_use_the_file() -> None:
    lesson = ready(asked()).say("why?").verdict("not_an_answer", intent="clarify")

    assert (lesson.running.tool, lesson.running.args["files"]) == ("clarify_concept", ["f1"])


# --- "show me page 2" --------------------------------------------------------------------------------------------


def test_a_page_is_shown_in_the_files_own_words() -> None:
    lesson = ready(reading()).say("show me page 2 of my notes")
    assert (lesson.running.tool, lesson.running.args) == ("read_file", {"file": "f1", "page": 2})
    part = {
        "file": "f1",
        "name": "notes.pdf",
        "section": 2,
        "heading": "",
        "page": 2,
        "text": "A * B.",
        "marked_up": False,
    }

    lesson.succeed({"parts": [part]})

    assert lesson.said.startswith("From your file “notes.pdf”, page 2:\n\n> A \\* B.")
    assert lesson.state == "exposition"


def test_of_several_files_the_one_that_is_named() -> None:
    lesson = ready(ready(reading()), "f2", "week 2.pdf").say("read section 1 of notes.pdf please")

    assert lesson.running.args == {"file": "f1", "section": 1}


@pytest.mark.parametrize("text", ["show me page 3 of my notes", "show me section 0 of my notes"])
def test_what_is_not_there_is_said_and_nothing_runs(text: str) -> None:
    lesson = ready(reading()).say(text)

    assert lesson.calls == []
    assert "there is no such" in lesson.said


def test_a_result_without_the_tools_form_is_a_failure_like_any_other() -> None:
    lesson = ready(reading()).say("show me page 2 of my notes").succeed({"parts": "all of them"})

    assert lesson.rows() == ["S4"]
    assert lesson.state == "exposition"


def test_without_a_file_the_same_words_ask_for_an_explanation() -> None:
    assert reading().say("show me page 2 of my notes").running.tool == "clarify_concept"
