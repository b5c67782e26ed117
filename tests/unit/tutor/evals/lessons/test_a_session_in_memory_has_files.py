"""Files that are handed in to a session in memory reach the machine and its tools as they do in the product."""

from __future__ import annotations

from tutor import events
from tutor.evals import subject, suites
from tutor.evals.lessons.session import LessonSession
from tutor.evals.lessons.shelf import LearnersFile
from tutor.evals.lessons.tools import OFFLINE, Complete, worded_by
from tutor.machine import TutoringMachine
from tutor.prompts import ChatMessage

MACHINE = TutoringMachine(subject.course("linear-equations"))
NOTES = LearnersFile("photosynthesis 1.txt", "Chlorophyll makes leaves green.")


def session(complete: Complete | None = None) -> LessonSession:
    """One in its first exposition."""
    return suites.seat_at(MACHINE, OFFLINE if complete is None else worded_by(complete), None)


def test_a_file_is_offered_and_quoted_with_its_source() -> None:
    seat = session()

    assert "“photosynthesis 1.txt” (1 section). Shall I use it" in seat.hand_in(NOTES).said[0]
    (told,) = seat.do(events.UserMessage(text="what does my file say about chlorophyll?")).said
    assert "From your file “photosynthesis 1.txt”, section 1:\n\n> Chlorophyll makes leaves green." in told


def test_a_file_without_text_cannot_be_read() -> None:
    turn = session().hand_in(LearnersFile("empty.txt", ""))

    assert turn.said == [
        "I could not read your file “empty.txt”. There is no text in it. Please upload a file with text."
    ]
    assert [line.text for line in turn.lines if line.who == "learner"] == [
        "[hands in the file “empty.txt”, which cannot be read]"
    ]


def test_files_of_one_session_are_not_those_of_another() -> None:
    session().hand_in(NOTES)

    (told,) = session().do(events.UserMessage(text="what does my file say about chlorophyll?")).said
    assert "leaves" not in told


def test_a_model_is_shown_what_stands_in_them_as_data() -> None:
    shown: list[ChatMessage] = []

    def complete(messages: list[ChatMessage]) -> str:
        shown.extend(messages)
        return "Look at the second line."

    seat = session(complete)
    seat.hand_in(NOTES)
    seat.do(events.UserMessage(text="what does my file say about chlorophyll?"))

    system, *others = shown
    assert "Chlorophyll makes" not in system["content"]
    assert any("Chlorophyll makes leaves green." in message["content"] for message in others)
